package vend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Caller is who dials, and what they did last.
type Caller struct {
	Customer Customer // zero: nobody that is known
	// Recent are their newest orders, as Service.Recent lists them, without the
	// requests. None where the wallet is idle.
	Recent []Order
	// Idle says that the wallet was not used for so long that the caller may be
	// somebody else; see Options.IdleAfter. They have to be asked for its PIN
	// (Wake), or it is put aside (SetAside); nothing of it may be shown before.
	Idle bool
}

const (
	// callerOrders is how many orders a Caller has.
	callerOrders = 10
	// againMost is how often a message may be asked for once more, within
	// againWithin.
	againMost, againWithin = 3, 24 * time.Hour
)

// ErrTooOften is returned when something was asked for too often. Nothing was
// done.
var ErrTooOften = errors.New("asked for too often")

// Caller reads a customer and their newest ten orders, in one.
func (s *Service) Caller(ctx context.Context, msisdn string) (Caller, error) {
	c, err := s.store.Caller(ctx, msisdn, callerOrders)
	if err != nil {
		return Caller{}, err
	}
	var last time.Time
	if len(c.Recent) > 0 {
		last = c.Recent[0].CreatedAt
	}
	if s.idle(c.Customer, last, s.opt.Now()) {
		c.Recent, c.Idle = nil, true
	}
	return c, nil
}

// Recent lists the orders of a customer, the newest first, n at most:
// redemptions and refunds too, and no reversals, which are of the sale that they
// undo. ErrIdle where the wallet is idle.
func (s *Service) Recent(ctx context.Context, msisdn string, n int) ([]Order, error) {
	if n <= 0 {
		return nil, nil
	}
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil || c.ID == "" {
		return nil, err
	}
	kinds := slices.DeleteFunc(Kinds(), func(k Kind) bool { return k == KindReverse })
	list, err := s.store.FindOrders(ctx, Query{Customer: c.ID, Kinds: kinds, Limit: n})
	if err != nil {
		return nil, err
	}
	var last time.Time
	if len(list) > 0 {
		last = list[0].CreatedAt
	}
	if s.idle(c, last, s.opt.Now()) {
		return nil, ErrIdle
	}
	return list, nil
}

// SendAgain sends the message of how a customer's own order ended once more.
// ErrNoOrder for one of somebody else's; ErrNotDone for one that has not ended;
// ErrTooOften for one that was asked for three times within a day; ErrIdle where
// the wallet is idle.
func (s *Service) SendAgain(ctx context.Context, msisdn, ref string) error {
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil {
		return fmt.Errorf("send message again: %w", err)
	}
	now := s.opt.Now()
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := s.awakeIn(tx, c, now); err != nil {
			return err
		}
		o, err := tx.Order(ref)
		switch {
		case err != nil:
			return err
		case c.ID == "" || o.Customer != c.ID || o.Kind == KindReverse:
			return ErrNoOrder
		case !o.State.Final():
			return fmt.Errorf("%w: it has not ended", ErrNotDone)
		}
		n, err := tx.CountMoves(ref, CauseAgain, now.Add(-againWithin))
		switch {
		case err != nil:
			return err
		case n >= againMost:
			return ErrTooOften
		}
		if err := tx.AddMove(o.move(o.State, CauseAgain, now)); err != nil {
			return err
		}
		// One that has not gone out yet is not followed by another.
		if _, err := tx.AddJob(noticeJob(o, NoticeAgain, now)); err != nil {
			return err
		}
		_, err = tx.HurryJob(JobNotice, o.Ref+"/"+NoticeAgain, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("send message again: %w", err)
	}
	s.runner.Wake()
	return nil
}
