package vend

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"spaza/secret"
)

// PINTry is one try at a wallet PIN that was not right, or of which that is not
// known yet.
type PINTry struct {
	ID int64 // a later one of the same customer has a higher one
	At time.Time
	// InRun says that no right one came after it, and no lock.
	InRun bool
}

const (
	// pinRun wrong tries in a row lock a PIN for pinRunLock, and pinDay of them
	// within pinDayLock for pinDayLock.
	pinRun, pinDay         = 3, 5
	pinRunLock, pinDayLock = 15 * time.Minute, 24 * time.Hour
	// PINTriesKept is how many of a customer's newest tries say all, and
	// pinTriesFor how long they do: the first of five that lock a PIN can be a day
	// old when they do, and they do so for a day.
	PINTriesKept = pinDay
	pinTriesFor  = 2 * pinDayLock
)

// pinCount is how many of some tries, the newest first, are a day old or less at a
// time, and how many of these are in the run.
func pinCount(tries []PINTry, at time.Time) (day, run int) {
	for _, t := range tries {
		if at.Sub(t.At) >= pinDayLock {
			continue
		}
		day++
		if t.InRun {
			run++
		}
	}
	return day, run
}

// lockedUntil is until when some tries, the newest first, lock a PIN; the zero
// time when they do not.
func lockedUntil(tries []PINTry) time.Time {
	if len(tries) == 0 {
		return time.Time{}
	}
	last := tries[0].At
	switch day, run := pinCount(tries, last); {
	case day >= pinDay:
		return last.Add(pinDayLock)
	case run >= pinRun:
		return last.Add(pinRunLock) // the newest is of the run, if any is
	}
	return time.Time{}
}

// provePIN counts a try, looks whether it is right, and then does what follows
// from that (nothing, when nil) in the transaction that takes the try back. An
// unknown customer, or one without a PIN, takes as long to be told.
func (s *Service) provePIN(ctx context.Context, msisdn string, pin secret.Text, follows func(Tx, Customer) error) error {
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil {
		return err
	}
	switch {
	case c.PIN && pin.Empty():
		return ErrPINNeeded
	case !c.PIN && pin.Empty():
		return ErrPINNotSet
	}
	// Before the try is counted: one that only waited is none.
	if err := s.hashing.begin(ctx); err != nil {
		return err
	}
	hash, try, wrong, err := s.countTry(ctx, msisdn, c)
	if err != nil {
		if !c.PIN {
			pinMatches("", s.pepper(c.ID, pin), s.opt.PINCost)
		}
		s.hashing.end()
		return err
	}
	right := pinMatches(hash, s.pepper(c.ID, pin), s.opt.PINCost)
	s.hashing.end()
	if !right {
		return wrong
	}
	// What is known is written, also when the customer's time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	now, newID := s.opt.Now(), NewCustomerID()
	return s.store.InTx(ctx, func(tx Tx) error {
		switch there, err := tx.EnsureCustomer(msisdn, newID, now); {
		case err != nil:
			return err
		case there.ID != c.ID || !there.PIN:
			return ErrPINNotSet
		}
		switch kept, _, err := tx.PIN(c.ID); {
		case err != nil:
			return err
		case subtle.ConstantTimeCompare([]byte(kept), []byte(hash)) != 1:
			return ErrPINNeeded
		}
		if err := tx.DropPINTries(c.ID, try); err != nil {
			return err
		}
		if err := tx.EndPINRun(c.ID, try); err != nil {
			return err
		}
		if follows == nil {
			return nil
		}
		return follows(tx, c)
	})
}

// countTry counts a try at a customer's PIN, in a transaction of its own that has
// the customer locked. wrong is what is to be said should it not be right.
func (s *Service) countTry(ctx context.Context, msisdn string, c Customer) (hash string, try int64, wrong *PINError, err error) {
	if !c.PIN {
		return "", 0, nil, ErrPINNotSet
	}
	now, newID := s.opt.Now(), NewCustomerID()
	err = s.store.InTx(ctx, func(tx Tx) error {
		there, err := tx.EnsureCustomer(msisdn, newID, now)
		if err != nil {
			return err
		}
		var tries []PINTry
		if hash, tries, err = tx.PIN(c.ID); err != nil {
			return err
		}
		if there.ID != c.ID || hash == "" {
			return ErrPINNotSet
		}
		switch until := lockedUntil(tries); {
		case until.After(now):
			return &PINError{Locked: until.Sub(now)}
		case !until.IsZero(): // that lock is over, and another run begins
			if err := tx.EndPINRun(c.ID, tries[0].ID); err != nil {
				return err
			}
			for i := range tries {
				tries[i].InRun = false
			}
		}
		if try, err = tx.AddPINTry(c.ID, now); err != nil {
			return err
		}
		tries = slices.Insert(tries, 0, PINTry{ID: try, At: now, InRun: true})
		day, run := pinCount(tries, now)
		wrong = &PINError{Left: max(0, min(pinDay-day, pinRun-run))}
		if until := lockedUntil(tries); until.After(now) {
			wrong = &PINError{Locked: until.Sub(now)}
		}
		return nil
	})
	if err != nil {
		return "", 0, nil, err
	}
	return hash, try, wrong, nil
}

// hashPIN is what is kept of a customer's PIN.
func (s *Service) hashPIN(ctx context.Context, customer string, pin secret.Text) (string, error) {
	if err := s.hashing.begin(ctx); err != nil {
		return "", err
	}
	defer s.hashing.end()
	return newPINHash(s.pepper(customer, pin), s.opt.PINCost), nil
}

// pepper is a PIN under the key of the service, without which what is kept of it
// cannot be guessed at; and bound to its customer.
func (s *Service) pepper(customer string, pin secret.Text) [32]byte {
	return s.seal.Hash("wallet pin "+customer, pin.Reveal())
}

// slots bound how much is done at once.
type slots chan struct{}

func (l slots) begin(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn: %w", ctx.Err())
	}
}

func (l slots) end() { <-l }

// weakPIN says that a PIN is not five digits, or among the first that a thief
// would try: one digit only, a run up or down (0 is next to 9 on some keys, and
// 1 on others), or either end of the own number.
func weakPIN(pin, msisdn string) bool {
	const size = 5
	if len(pin) != size {
		return true
	}
	step := map[int]int{}
	for i := range size {
		if !digit(pin[i]) {
			return true
		}
		if i > 0 {
			step[(int(pin[i])-int(pin[i-1])+10)%10]++
		}
	}
	for _, s := range []int{0, 1, 9} {
		if step[s] == size-1 {
			return true
		}
	}
	return slices.ContainsFunc(waysToWrite(msisdn), func(n string) bool {
		return len(n) >= size && (n[:size] == pin || n[len(n)-size:] == pin)
	})
}

// waysToWrite are the ways in which a South African number is written, digits only.
func waysToWrite(msisdn string) []string {
	ways := []string{msisdn}
	if core := coreOf(msisdn); len(core) == 9 {
		ways = append(ways, "0"+core, core)
	}
	return ways
}
