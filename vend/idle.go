package vend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"spaza/secret"
)

// A wallet that nobody used for long may be somebody else's number by now: mobile
// operators take back a number that is not used, and sell it again. Such a wallet
// is idle. Whoever calls from its number sees and spends nothing of it, until its
// PIN was right, or support knows who they are; or else it is put aside, whole, and
// the number begins anew.

var (
	// ErrIdle is returned where the wallet of a number is idle. Nothing was done.
	ErrIdle = errors.New("wallet is idle")
	// ErrNotIdle is returned where a wallet is to be put aside that is not idle.
	ErrNotIdle = errors.New("wallet is not idle")
	// ErrNoCustomer is returned where a number has no wallet.
	ErrNoCustomer = errors.New("no such customer")
	// ErrNotAside is returned where no wallet was put aside from a number, or not
	// the one that is named.
	ErrNotAside = errors.New("no wallet was put aside")
	// ErrSeveralAside is returned where several were, and none is named.
	ErrSeveralAside = errors.New("several wallets were put aside")
	// ErrTaken is returned where a number has a wallet of its own that was used.
	ErrTaken = errors.New("the number has a wallet that was used")
)

// asideCustomer, and the id, stand for the number of a customer whose wallet was
// put aside.
const asideCustomer = "aside:"

// Aside says that the wallet was put aside: it has no number.
func (c Customer) Aside() bool { return strings.HasPrefix(c.MSISDN, asideCustomer) }

// Reachable says that the customer can be told anything: they are neither forgotten
// nor put aside.
func (c Customer) Reachable() bool { return c.MSISDN != "" && !c.Erased() && !c.Aside() }

// lastUse is when a wallet was used last.
func lastUse(c Customer, lastOrder time.Time) time.Time {
	last := c.CreatedAt
	for _, t := range []time.Time{c.UsedAt, c.PINProved, lastOrder} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// idle says that a customer's wallet is idle; lastOrder is when they asked for
// their newest order.
func (s *Service) idle(c Customer, lastOrder, now time.Time) bool {
	return s.opt.IdleAfter > 0 && c.ID != "" && now.Sub(lastUse(c, lastOrder)) >= s.opt.IdleAfter
}

// idleIn is idle inside a transaction. except is an order that does not count. Most
// wallets need no look at the orders.
func (s *Service) idleIn(tx Tx, c Customer, except string, now time.Time) (bool, error) {
	if !s.idle(c, time.Time{}, now) {
		return false, nil
	}
	last, err := tx.LastOrder(c.ID, except)
	return s.idle(c, last, now), err
}

// awakeIn returns ErrIdle for an idle wallet.
func (s *Service) awakeIn(tx Tx, c Customer, now time.Time) error {
	idle, err := s.idleIn(tx, c, "", now)
	if err == nil && idle {
		err = ErrIdle
	}
	return err
}

// mayOrder returns ErrIdle when a customer's own order is for a wallet that is
// idle. One that is alive is noted to be, so that it is looked at the less often.
func (s *Service) mayOrder(tx Tx, c Customer, o Order) error {
	if !s.idle(c, time.Time{}, o.CreatedAt) {
		return nil
	}
	switch idle, err := s.idleIn(tx, c, o.Ref, o.CreatedAt); {
	case err != nil:
		return err
	case idle:
		return ErrIdle
	}
	return tx.UseCustomer(c.ID, o.CreatedAt)
}

// awake is awakeIn outside of a transaction.
func (s *Service) awake(ctx context.Context, c Customer) error {
	now := s.opt.Now()
	if !s.idle(c, time.Time{}, now) {
		return nil
	}
	last, err := s.store.LastOrder(ctx, c.ID)
	if err == nil && s.idle(c, last, now) {
		err = ErrIdle
	}
	return err
}

// Wake proves by its PIN that an idle wallet is the caller's: it is alive again.
// The errors are those of CheckPIN, whatever the policy; ErrPINNotSet where there
// is none. CheckPIN does the same, except where the policy is off.
func (s *Service) Wake(ctx context.Context, msisdn string, pin secret.Text) error {
	alive := func(tx Tx, c Customer) error { return tx.UseCustomer(c.ID, s.opt.Now()) }
	if err := s.provePIN(ctx, msisdn, pin, alive); err != nil {
		return fmt.Errorf("wake wallet: %w", err)
	}
	return nil
}

// WakeFor makes an idle wallet alive again, for the operator, whose business it is
// to know that the customer is the one who asks. ErrNoCustomer where there is none;
// ErrNotIdle where it is alive.
func (s *Service) WakeFor(ctx context.Context, msisdn, by, why string) error {
	if by == "" || why == "" {
		return errors.New("wake wallet: who does it, and why, is required")
	}
	now := s.opt.Now()
	err := s.store.InTx(ctx, func(tx Tx) error {
		c, err := tx.CustomerByNumber(msisdn)
		switch {
		case err != nil:
			return err
		case c.ID == "":
			return ErrNoCustomer
		}
		switch idle, err := s.idleIn(tx, c, "", now); {
		case err != nil:
			return err
		case !idle:
			return ErrNotIdle
		}
		return tx.UseCustomer(c.ID, now)
	})
	if err != nil {
		return fmt.Errorf("wake wallet: %w", err)
	}
	s.opt.Logger.Info("wallet woken", "by", by)
	return nil
}

// SetAside puts the idle wallet of a number aside, for a caller who cannot or will
// not prove that it is theirs: it keeps its id, balance, orders and PIN, but has no
// number, and support can give it back (Rejoin). The number begins anew, and the
// chats that proved it since the wallet fell idle go on with it; older ones are
// unlinked. ErrNotIdle where the wallet is alive, or there is none.
func (s *Service) SetAside(ctx context.Context, msisdn string) error {
	now, newID := s.opt.Now(), NewCustomerID()
	var old Customer
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		if old, err = tx.CustomerByNumber(msisdn); err != nil {
			return err
		}
		if !s.idle(old, time.Time{}, now) {
			return ErrNotIdle
		}
		last, err := tx.LastOrder(old.ID, "")
		switch {
		case err != nil:
			return err
		case !s.idle(old, last, now):
			return ErrNotIdle
		}
		if err := tx.SetNumber(old.ID, asideCustomer+old.ID, NumberHash(s.seal, msisdn), now); err != nil {
			return err
		}
		next, err := tx.EnsureCustomer(msisdn, newID, now)
		if err != nil {
			return err
		}
		return tx.MoveLinks(old.ID, next.ID, lastUse(old, last).Add(s.opt.IdleAfter))
	})
	if err != nil {
		return fmt.Errorf("set wallet aside: %w", err)
	}
	s.opt.Logger.Info("idle wallet put aside", "customer", old.ID)
	return nil
}

// Aside is a wallet that was put aside.
type Aside struct {
	Customer Customer
	At       time.Time
}

// Asides lists the wallets that were put aside from a number, the newest first.
func (s *Service) Asides(ctx context.Context, msisdn string) (all []Aside, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		all, err = tx.Asides(NumberHash(s.seal, msisdn))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list wallets that were put aside: %w", err)
	}
	return all, nil
}

// Rejoining gives a wallet that was put aside back to its owner.
type Rejoining struct {
	MSISDN   string // from which it was put aside
	Customer string // its id; needed only where there are several
	To       string // the owner's number now; empty: the same
	By       string // who does it at the operator; required
	Why      string // required
}

// Rejoin gives a wallet that was put aside back to its owner, for the operator,
// whose business it is to know them: it has a number again, and is alive. What
// that number has instead ends, with its chats and its PIN, if it was never used:
// ErrTaken, with nothing changed, when there are orders or there is money. The
// books are not touched. ErrNotAside and ErrSeveralAside say that it is not clear
// which wallet is meant.
func (s *Service) Rejoin(ctx context.Context, r Rejoining) (back Customer, err error) {
	if r.By == "" || r.Why == "" {
		return back, errors.New("rejoin wallet: who does it, and why, is required")
	}
	if r.To == "" {
		r.To = r.MSISDN
	}
	if !isNumber(r.To) {
		return back, errors.New("rejoin wallet: the owner's number is none")
	}
	now := s.opt.Now()
	err = s.store.InTx(ctx, func(tx Tx) error {
		list, err := tx.Asides(NumberHash(s.seal, r.MSISDN))
		if err != nil {
			return err
		}
		if back, err = chosen(list, r.Customer); err != nil {
			return err
		}
		if err := vacate(tx, r.To); err != nil {
			return err
		}
		if err := tx.SetNumber(back.ID, r.To, nil, time.Time{}); err != nil {
			return err
		}
		back.MSISDN = r.To
		return tx.UseCustomer(back.ID, now)
	})
	if err != nil {
		return Customer{}, fmt.Errorf("rejoin wallet: %w", err)
	}
	s.opt.Logger.Info("wallet rejoined", "customer", back.ID, "by", r.By)
	return back, nil
}

// chosen is the one wallet that is meant.
func chosen(list []Aside, id string) (Customer, error) {
	switch {
	case id == "" && len(list) == 1:
		return list[0].Customer, nil
	case id == "" && len(list) > 1:
		return Customer{}, ErrSeveralAside
	}
	for _, a := range list {
		if a.Customer.ID == id {
			return a.Customer, nil
		}
	}
	return Customer{}, ErrNotAside
}

// vacate takes a number from a wallet that was never used, which is forgotten.
func vacate(tx Tx, msisdn string) error {
	c, err := tx.CustomerByNumber(msisdn)
	if err != nil || c.ID == "" {
		return err
	}
	switch used, err := tx.Used(c.ID); {
	case err != nil:
		return err
	case used:
		return ErrTaken
	}
	if _, err := tx.DropRegulars(c.ID, ""); err != nil {
		return err
	}
	c.MSISDN, c.Language = ErasedMSISDN(c.ID), ""
	return tx.ForgetCustomer(c)
}
