package vend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/secret"
)

// PINPolicy says whether spending asks for the wallet PIN.
type PINPolicy string

// The policies.
const (
	PINOff      PINPolicy = "off"      // of nobody; those that are set are kept
	PINOptional PINPolicy = "optional" // of customers who set one
	PINRequired PINPolicy = "required" // of everybody: without one nothing is spent
)

// PINState is how a customer stands with the wallet PIN.
type PINState struct {
	Policy      PINPolicy
	Set         bool
	ProvedAt    time.Time // when it was last right for CheckPIN; zero: not since it was set
	LockedUntil time.Time // zero: not locked
}

var (
	// ErrPINWrong is returned for a PIN that is not the customer's, and for any
	// while it is locked; it is a *PINError.
	ErrPINWrong = errors.New("wrong wallet PIN")
	// ErrPINNeeded is returned where a PIN is asked for and none was given, and
	// where it was changed while it was looked at.
	ErrPINNeeded = errors.New("wallet PIN needed")
	// ErrPINNotSet is returned where a PIN is asked for and the customer has
	// none.
	ErrPINNotSet = errors.New("wallet PIN not set")
	// ErrPINWeak is returned for a new PIN that is not five digits, or among the
	// first that a thief would try.
	ErrPINWeak = errors.New("wallet PIN too easy to guess")
)

// PINError is the ErrPINWrong of one try.
type PINError struct {
	Left   int           // tries that are left before it is locked; zero while it is
	Locked time.Duration // how long it stays locked; zero: it is not
}

func (e *PINError) Error() string {
	if e.Locked > 0 {
		return fmt.Sprintf("%s: locked for %s", ErrPINWrong, e.Locked)
	}
	return fmt.Sprintf("%s: %d tries left", ErrPINWrong, e.Left)
}

// Is makes every PINError an ErrPINWrong.
func (*PINError) Is(target error) bool { return target == ErrPINWrong }

// PIN says how a customer stands with the wallet PIN. It is asked for where the
// policy is not off and one is set; with PINRequired, who has none spends
// nothing (ErrPINNotSet).
func (s *Service) PIN(ctx context.Context, msisdn string) (PINState, error) {
	state := PINState{Policy: s.opt.PIN}
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil {
		return state, fmt.Errorf("read wallet PIN: %w", err)
	}
	if state.Set, state.ProvedAt = c.PIN, c.PINProved; !c.PIN {
		return state, nil
	}
	tries, err := s.store.PINTries(ctx, c.ID)
	if err != nil {
		return state, fmt.Errorf("read wallet PIN: %w", err)
	}
	if until := lockedUntil(tries); until.After(s.opt.Now()) {
		state.LockedUntil = until
	}
	return state, nil
}

// CheckPIN returns nil for a customer's own PIN, and whatever it is where the
// policy is off; otherwise a *PINError, ErrPINNeeded for an empty one where one is
// set, or ErrPINNotSet. A try is counted before it is looked at, so that of many
// at once no more are than may be; also when it fails for another reason, as when
// ctx ends.
func (s *Service) CheckPIN(ctx context.Context, msisdn string, pin secret.Text) error {
	if s.opt.PIN == PINOff {
		return nil
	}
	proved := func(tx Tx, c Customer) error { return tx.ProvePIN(c.ID, s.opt.Now()) }
	if err := s.provePIN(ctx, msisdn, pin, proved); err != nil {
		return fmt.Errorf("check wallet PIN: %w", err)
	}
	return nil
}

// pinProvedFor is how long a PIN that was right need not be given again to set
// another.
const pinProvedFor = 10 * time.Minute

// WeakPIN says that a customer's SetPIN would be ErrPINWeak.
func WeakPIN(msisdn string, chosen secret.Text) bool { return weakPIN(chosen.Reveal(), msisdn) }

// SetPIN sets the PIN of a customer, new ones too. Where one is set, old must be
// it, and is a try like any other: errors are then those of CheckPIN. An empty old
// will do, once, within ten minutes of a right CheckPIN that no wrong try came
// after. ErrPINWeak is said first, and costs no try. ErrIdle where there is none and
// the wallet is idle: it would be a stranger's.
func (s *Service) SetPIN(ctx context.Context, msisdn string, old, chosen secret.Text) error {
	if weakPIN(chosen.Reveal(), msisdn) {
		return ErrPINWeak
	}
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil {
		return fmt.Errorf("set wallet PIN: %w", err)
	}
	set := func(tx Tx, c Customer, pin string) error { return tx.SetPIN(c.ID, pin, s.opt.Now()) }
	if c.PIN {
		if old.Empty() && !s.proved(c) {
			return fmt.Errorf("set wallet PIN: %w", ErrPINNeeded)
		}
		hash, err := s.hashPIN(ctx, c.ID, chosen) // nothing slow is done inside a transaction
		switch {
		case err != nil:
		case old.Empty():
			err = s.setProved(ctx, c, hash)
		default:
			err = s.provePIN(ctx, msisdn, old, func(tx Tx, c Customer) error { return set(tx, c, hash) })
		}
		if err != nil {
			return fmt.Errorf("set wallet PIN: %w", err)
		}
		return nil
	}
	now := s.opt.Now()
	newID := NewCustomerID()
	if c.ID == "" {
		err = s.store.InTx(ctx, func(tx Tx) error {
			c, err = tx.EnsureCustomer(msisdn, newID, now)
			return err
		})
		if err != nil {
			return fmt.Errorf("set wallet PIN: %w", err)
		}
	}
	hash, err := s.hashPIN(ctx, c.ID, chosen)
	if err != nil {
		return fmt.Errorf("set wallet PIN: %w", err)
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		switch there, err := tx.EnsureCustomer(msisdn, newID, now); {
		case err != nil:
			return err
		case there.PIN: // somebody was faster
			return ErrPINNeeded
		case there.ID != c.ID:
			return errors.New("the customer was erased meanwhile")
		}
		if err := s.awakeIn(tx, c, now); err != nil {
			return err
		}
		if err := tx.DropPINTries(c.ID, 0); err != nil { // those of one that was taken away
			return err
		}
		return set(tx, c, hash)
	})
	if err != nil {
		return fmt.Errorf("set wallet PIN: %w", err)
	}
	return nil
}

// proved says that a customer's PIN was right lately.
func (s *Service) proved(c Customer) bool {
	return !c.PINProved.IsZero() && s.opt.Now().Sub(c.PINProved) < pinProvedFor
}

// setProved sets what is kept of a PIN in place of one that was right lately,
// unless a try came in between: it may be another's.
func (s *Service) setProved(ctx context.Context, c Customer, hash string) error {
	now, newID := s.opt.Now(), NewCustomerID()
	return s.store.InTx(ctx, func(tx Tx) error {
		there, err := tx.EnsureCustomer(c.MSISDN, newID, now)
		switch {
		case err != nil:
			return err
		case there.ID != c.ID || !there.PIN:
			return ErrPINNotSet
		case !s.proved(there):
			return ErrPINNeeded
		}
		switch _, tries, err := tx.PIN(c.ID); {
		case err != nil:
			return err
		case len(tries) > 0 && tries[0].InRun:
			return ErrPINNeeded
		}
		return tx.SetPIN(c.ID, hash, now)
	})
}

// RemovePIN takes a customer's PIN away; old must be it, as in SetPIN. With
// PINRequired there must be one: ErrPINNeeded.
func (s *Service) RemovePIN(ctx context.Context, msisdn string, old secret.Text) error {
	if s.opt.PIN == PINRequired {
		return ErrPINNeeded
	}
	remove := func(tx Tx, c Customer) error { return tx.SetPIN(c.ID, "", s.opt.Now()) }
	if err := s.provePIN(ctx, msisdn, old, remove); err != nil {
		return fmt.Errorf("remove wallet PIN: %w", err)
	}
	return nil
}

// ResetPIN takes a customer's PIN and its lock away, for the operator, whose
// business it is to know that the customer is the one who asks; so an idle wallet
// is alive again. ErrPINNotSet where there is none.
func (s *Service) ResetPIN(ctx context.Context, msisdn, by, why string) error {
	if by == "" || why == "" {
		return errors.New("reset wallet PIN: who does it, and why, is required")
	}
	now, newID := s.opt.Now(), NewCustomerID()
	err := s.store.InTx(ctx, func(tx Tx) error {
		c, err := tx.EnsureCustomer(msisdn, newID, now)
		switch {
		case err != nil:
			return err
		case !c.PIN:
			return ErrPINNotSet // nor is a customer made
		}
		if err := tx.DropPINTries(c.ID, 0); err != nil {
			return err
		}
		return tx.SetPIN(c.ID, "", now)
	})
	if err != nil {
		return fmt.Errorf("reset wallet PIN: %w", err)
	}
	s.opt.Logger.Info("wallet PIN reset", "by", by)
	return nil
}

// pinTrusted is how long a wallet must have had a PIN before Limits.DayWithPIN is
// its limit. Whoever finds a phone whose wallet has none can set one, and must not
// buy more for it. Within a day its owner has missed the phone and had the SIM
// barred, or is back at it.
const pinTrusted = 24 * time.Hour

// guarded says that a customer's wallet asks for a PIN, and did for long enough.
func (s *Service) guarded(c Customer, now time.Time) bool {
	return s.opt.PIN != PINOff && c.PIN && !c.PINSince.IsZero() && now.Sub(c.PINSince) >= pinTrusted
}

// errPINFirst says that a PIN is to be checked before a transaction of the
// customer's can be written.
var errPINFirst = errors.New("wallet PIN comes first")

// mayPay returns errPINFirst, or ErrPINNotSet, when a customer may not spend as
// things are; proven says that the PIN was checked.
func (s *Service) mayPay(c Customer, proven bool) error {
	switch {
	case s.opt.PIN == PINOff, proven:
		return nil
	case c.PIN:
		return errPINFirst
	case s.opt.PIN == PINRequired:
		return ErrPINNotSet
	}
	return nil
}

// spend writes an order of a customer's own that costs money, by write, and has
// the PIN checked where that is needed. An order that is there already is joined
// without: write does so before it asks mayPay.
func (s *Service) spend(ctx context.Context, msisdn, ref string, pin secret.Text, write func(proven bool) (Order, error)) (Order, error) {
	for {
		o, err := write(false)
		if !errors.Is(err, errPINFirst) {
			return o, err
		}
		// Repetitions of one call are one try at a time: otherwise those under way
		// would count as wrong ones.
		waited, leave, err := s.proving.enter(ctx, ref)
		if err != nil {
			return Order{}, fmt.Errorf("%w: check wallet PIN: %w", ErrNotWritten, err)
		}
		if waited { // whoever was there may have written it
			leave()
			continue
		}
		err = s.provePIN(ctx, msisdn, pin, nil)
		leave()
		if err == nil {
			return write(true)
		}
		// The same purchase may have been written meanwhile, by a repetition of
		// this call that had the try.
		if _, there := s.store.Order(ctx, ref); there == nil {
			if o, again := write(false); again == nil || !errors.Is(again, errPINFirst) {
				return o, again
			}
		}
		return Order{}, fmt.Errorf("%w: check wallet PIN: %w", ErrNotWritten, err)
	}
}
