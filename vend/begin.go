package vend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"spaza/jobs"
	"spaza/ledger"
)

// begin commits an order with its request and its job, and starts on it; where
// this process has no room, the order is only confirmed, and begun when somebody
// has. why is who asked for it. extra is what else belongs in that transaction.
func (s *Service) begin(ctx context.Context, msisdn string, o Order, req Request, why Move, extra func(Tx, Customer, Order) error) (Order, error) {
	now := s.opt.Now()
	o.State, o.CreatedAt, o.UpdatedAt = StateConfirmed, now, now
	work := jobs.Job{Kind: JobOrder, Key: o.Ref, RunAt: now}
	if s.runner.Takes(JobOrder) {
		o.State, o.FirstSentAt = StateSending, now
		work.Owner, work.LeaseUntil = s.runner.Owner(), now.Add(s.runner.Lease())
	}
	o.Op, o.Sealed = req.Op, s.seal.Seal(req.Body, o.Ref)
	newID := NewCustomerID()
	var (
		order    Order
		job      jobs.Job
		added    bool
		complete bool // all is written but the commit
	)
	err := s.store.InTx(ctx, func(tx Tx) error {
		complete = false
		c, err := tx.EnsureCustomer(msisdn, newID, now)
		if err != nil {
			return err
		}
		o.Customer = c.ID
		if order, added, err = tx.AddOrder(o); err != nil {
			return err
		}
		if !added {
			if !order.Same(o) {
				return ErrReferenceReused
			}
			complete = true
			return nil
		}
		order = o
		if err := extra(tx, c, o); err != nil {
			return err
		}
		m := o.move("", why.Cause, now)
		m.By, m.Note = why.By, why.Note
		if err := tx.AddMove(m); err != nil {
			return err
		}
		job, err = tx.AddJob(work)
		complete = err == nil
		return err
	})
	switch {
	case err != nil && complete:
		order, added, err = s.committed(ctx, o, err)
	case err != nil:
		if !byRule(err) {
			s.opt.Logger.Warn("order was not written", "ref", o.Ref, "kind", string(o.Kind), "err", err)
		}
		err = fmt.Errorf("%w: %w", ErrNotWritten, err)
	}
	if err != nil {
		return Order{}, fmt.Errorf("commit order: %w", err)
	}
	return s.await(ctx, order, func() {
		if !added || order.State.Final() {
			return
		}
		s.opt.Observe(order)
		if order.State == StateConfirmed {
			s.runner.Wake()
			return
		}
		s.handed.give(job, order)
		if !s.runner.Adopt(job) {
			s.handed.take(job)
		}
	}), nil
}

// byRule says that an order was not written because a rule forbids it, which is
// the customer's to hear and nothing for the log.
func byRule(err error) bool {
	if _, held := errors.AsType[heldError](err); held {
		return true
	}
	return slices.ContainsFunc([]error{
		ledger.ErrInsufficient, ErrLimit, ErrReferenceReused, ErrTooManyTries, ErrPINTaken, ErrNotDone, ErrReversing, ErrNoOrder,
		errPINFirst, ErrPINNotSet, ErrIdle,
	}, func(rule error) bool { return errors.Is(err, rule) })
}

// committed looks whether an order was committed all the same, when its commit
// failed: the reply alone may be lost, such as when the customer's time ended
// just then. Where that cannot be learned, failed comes back; should the order
// be there, its job is done when the lease ends. Ours says that this call wrote
// it, and not another with the same purchase: no two seals are alike.
func (s *Service) committed(ctx context.Context, o Order, failed error) (there Order, ours bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	there, err = s.store.Order(ctx, o.Ref)
	switch {
	case err != nil:
		return Order{}, false, failed
	case !there.Same(o):
		return Order{}, false, ErrReferenceReused
	}
	return there, bytes.Equal(there.Sealed, o.Sealed), nil
}

// Join waits for news of an order that may be under way, like Buy does;
// ErrNoOrder when there is none.
func (s *Service) Join(ctx context.Context, ref string) (Order, error) {
	o, err := s.store.Order(ctx, ref)
	if err != nil {
		return o, err
	}
	return s.await(ctx, o, func() {}), nil
}

// await starts something and returns the order once its first answer is
// written, or as it stands when ctx ends. The process at work on it may be
// another one, so the row is looked at as well.
func (s *Service) await(ctx context.Context, o Order, start func()) (shown Order) {
	one := s.waiting.add(o.Ref)
	// Also when start panics: nobody may rely on a screen that is not there.
	defer func() { shown = s.waiting.leave(one, o) }()
	start()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for more := true; more && (o.State == StateSending || o.State == StateConfirmed); {
		var news bool
		if news, more = s.waiting.wait(ctx, one, tick.C); news {
			break
		}
		read, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		now, err := s.store.Order(read, o.Ref)
		cancel()
		if err == nil { // otherwise the database hiccups; the order is committed, so keep looking
			o = now
		}
	}
	return o
}
