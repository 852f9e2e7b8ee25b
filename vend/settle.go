package vend

import (
	"context"
	"errors"
	"time"

	"spaza/jobs"
	"spaza/ledger"
)

const (
	// settleTimeout bounds one try at writing down an answer; it is not cut
	// short by a shutdown, since the answer is in hand.
	settleTimeout = 5 * time.Second
	// settleFor is how long that is tried while the database is away. The
	// lease, and with it the job, can be lost earlier.
	settleFor = time.Minute
	// settleWaitMin and settleWaitMax bound the wait between tries.
	settleWaitMin, settleWaitMax = 10 * time.Millisecond, 2 * time.Second
)

// record writes an answer down and tells whoever waits for it. It keeps trying
// while the database is away, until ctx ends: what is in hand may be clearer
// than the answer to a repetition. An answer that the books refuse is changed
// into one for a person.
func (s *Service) record(ctx context.Context, j jobs.Job, a *Answer) (Order, error) {
	limit, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	for wait := settleWaitMin; ; wait = min(2*wait, settleWaitMax) {
		promised := s.waiting.promise(j.Key)
		try, done := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		w, err := s.settle(try, j, *a, len(promised) > 0)
		done()
		heard := s.waiting.tell(j.Key, promised, w.news())
		switch {
		case err == nil:
			s.release(ctx, w, heard)
			return w.order, nil
		case errors.Is(err, jobs.ErrLost):
			return Order{}, err
		case !a.Person && booksRefuse(err):
			*a = Answer{Person: true, Alert: true, Goods: a.Goods, ProviderRef: a.ProviderRef, Code: a.Code, Detail: err.Error()}
			continue
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-limit.Done():
			pause.Stop()
			return Order{}, err
		}
	}
}

// booksRefuse says that writing the same again would fail the same: the books
// and the order do not agree, which only a person can put right.
func booksRefuse(err error) bool {
	return errors.Is(err, ErrIllegalMove) || errors.Is(err, ledger.ErrEnded) || errors.Is(err, ledger.ErrReused) ||
		errors.Is(err, ledger.ErrInsufficient) || errors.Is(err, ledger.ErrUnbalanced) || errors.Is(err, ledger.ErrOverflow)
}

func noticeJob(ref, event string, now time.Time) jobs.Job {
	return jobs.Job{Kind: JobNotice, Key: ref + "/" + event, Data: event, RunAt: now}
}

// written is what an answer left behind.
type written struct {
	order Order // zero when it is not known
	// kept is the message that a screen is to make unnecessary; its ID is zero
	// when there is none.
	kept jobs.Job
}

// news is the order for those who wait for it: nil when there is none to tell.
func (w written) news() *Order {
	if w.order.Ref == "" || w.order.State == StateSending {
		return nil
	}
	return &w.order
}

// release takes a kept message back when a screen has told the customer, and
// lets it go out when none was left to. Should that fail, or the process die
// before, the message goes out when its lease ends: told twice is better than
// not at all.
func (s *Service) release(ctx context.Context, w written, heard bool) {
	if w.kept.ID == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	err := s.store.InTx(ctx, func(tx Tx) error {
		if heard {
			return tx.FinishJob(w.kept)
		}
		return tx.PutOffJob(w.kept, s.opt.Now(), "no screen was left to tell")
	})
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		s.opt.Logger.Warn("release message", "ref", w.order.Ref, "heard", heard, "err", err)
	}
}

// settle writes what follows from an answer in one transaction: the order's
// state, the money, the job's fate, and the message that tells the customer.
// Where a screen is promised the answer, the message is held by this process
// for the length of a lease. With jobs.ErrLost the order comes back as it is.
func (s *Service) settle(ctx context.Context, j jobs.Job, a Answer, promised bool) (written, error) {
	now := s.opt.Now()
	var w written
	err := s.store.InTx(ctx, func(tx Tx) error {
		w = written{}
		o, err := tx.Order(j.Key)
		if err != nil {
			return err
		}
		w.order = o
		if o.State == StatePerson && len(o.Goods) == 0 && !a.Goods.Empty() {
			w.order, err = s.keepLate(tx, j, o, a.Goods, now)
			return err
		}
		if o.State.Final() || o.State == StatePerson {
			return tx.FinishJob(j)
		}
		next, entry := judge(o, a)
		if err := o.State.To(next); err != nil {
			return err
		}
		o.State, o.UpdatedAt = next, now
		o.heard(a.Code, now)
		if !a.Goods.Empty() { // kept also where a person must look: they were paid for
			if err := s.pack(&o, a.Goods); err != nil {
				return err
			}
		}
		if a.ProviderRef != "" {
			o.ProviderRef = a.ProviderRef
		}
		switch next {
		case StateUnknown:
			if a.Owed || a.Outcome == Delivered {
				o.Reason = ReasonOwed
			}
		case StateDeclined:
			o.Reason = a.Reason
		case StateDelivered:
			o.Reason, o.CallCentre = "", a.CallCentre
			if o.Kind == KindRedeem {
				o.Amount = a.Amount
			}
		}
		if next.Final() {
			o.Told = promised
			if o.Kind == KindRedeem {
				o.Sealed = nil // it holds the PIN, and nothing needs it any more
			}
		}
		if err := tx.UpdateOrder(o); err != nil {
			return err
		}
		if entry != nil {
			if err := tx.Post(*entry, now); err != nil {
				return err
			}
		}
		kept, err := s.addNotice(tx, o, promised, now)
		if err != nil {
			return err
		}
		if next == StateUnknown {
			err = tx.PutOffJob(j, s.nextTry(o, j, now), a.Detail)
		} else {
			err = tx.FinishJob(j)
		}
		if err == nil {
			w = written{order: o, kept: kept}
		}
		return err
	})
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		return written{}, err // what the transaction read or wrote may not be so
	}
	return w, err
}

// keepLate keeps goods that come when a person has the order already: nobody asks
// for them again, and the job may be lost with the answer in hand. No money moves.
func (s *Service) keepLate(tx Tx, j jobs.Job, o Order, g Goods, now time.Time) (Order, error) {
	if err := s.pack(&o, g); err != nil {
		return o, err
	}
	o.UpdatedAt = now
	if err := tx.UpdateOrder(o); err != nil {
		return o, err
	}
	if err := tx.FinishJob(j); !errors.Is(err, jobs.ErrLost) {
		return o, err
	}
	return o, nil
}

// pack seals goods into their order.
func (s *Service) pack(o *Order, g Goods) error {
	t, err := goodsText(g)
	if err != nil {
		return err
	}
	o.Goods = s.seal.Seal(t, goodsPurpose(o.Ref))
	return nil
}

// addNotice adds the message that an order's state asks for. One that is asked
// for only in case the promised screen does not tell is kept back.
func (s *Service) addNotice(tx Tx, o Order, promised bool, now time.Time) (kept jobs.Job, err error) {
	event := notice(o)
	if event == "" {
		return jobs.Job{}, nil
	}
	j := noticeJob(o.Ref, event, now)
	keep := promised && event == NoticeEnded && !receipt(o)
	if keep {
		j.Owner, j.LeaseUntil = s.runner.Owner(), now.Add(s.runner.Lease())
	}
	if j, err = tx.AddJob(j); err != nil || !keep {
		return jobs.Job{}, err
	}
	return j, nil
}

// judge is what an answer does to an order: its next state, and the entry in
// the books, if any. It never guesses money: an answer that contradicts itself
// or the order is a person's to decide, whatever else it says.
func judge(o Order, a Answer) (State, *ledger.Entry) {
	var e ledger.Entry
	redeem := o.Kind == KindRedeem
	switch {
	case a.Person:
		return StatePerson, nil
	case a.Outcome == Delivered && redeem && a.Amount <= 0: // success without saying of what
		return StatePerson, nil
	case a.Outcome == Declined && (o.Reason == ReasonOwed || a.Owed || !a.Goods.Empty()): // it was said to have happened
		return StatePerson, nil
	case a.Outcome == Delivered && !a.Goods.Satisfy(o.Kind): // paid and not had: asked for again
		return StateUnknown, nil
	case a.Outcome == Delivered && a.Goods.elsewhere(o.Target): // something else was sold
		return StatePerson, nil
	case a.Outcome == Delivered && redeem:
		e = ledger.Redeemed(o.Ref, o.Customer, a.Amount)
		return StateDelivered, &e
	case a.Outcome == Delivered && a.Amount != 0 && a.Amount != o.Amount: // something else was sold
		return StatePerson, nil
	case a.Outcome == Delivered && o.Amount == 0: // free: nothing was held
		return StateDelivered, nil
	case a.Outcome == Declined && o.Amount == 0: // free, or a redemption
		return StateDeclined, nil
	case a.Outcome == Delivered:
		e = ledger.Capture(o.Ref, o.Customer, o.Amount)
		return StateDelivered, &e
	case a.Outcome == Declined:
		e = ledger.Release(o.Ref, o.Customer, o.Amount)
		return StateDeclined, &e
	}
	return StateUnknown, nil
}

// notice is the event of which a customer in the order's state is to be told;
// empty when there is none.
func notice(o Order) string {
	switch {
	case o.State == StatePerson:
		return NoticePerson
	case o.State.Final():
		return NoticeEnded
	}
	return ""
}

// receipt says that the message is wanted even where a screen told: it is proof
// of a purchase.
func receipt(o Order) bool { return o.State == StateDelivered && o.Kind != KindRedeem }
