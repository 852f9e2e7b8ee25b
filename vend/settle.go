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
//
// The life of what is written here: record, settle, and release.
func (s *Service) record(ctx context.Context, j jobs.Job, a *heard) (Order, error) {
	limit, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	for wait := settleWaitMin; ; wait = min(2*wait, settleWaitMax) {
		promised := s.waiting.promise(j.Key)
		try, done := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		w, err := s.settle(try, j, *a, len(promised) > 0)
		done()
		shown := s.waiting.tell(j.Key, promised, w.news())
		switch {
		case err == nil:
			s.release(ctx, w, shown)
			return w.order, nil
		case errors.Is(err, jobs.ErrLost):
			return Order{}, err
		case !a.Person && booksRefuse(err):
			kept := Answer{Person: true, Alert: true, Goods: a.Goods, ProviderRef: a.ProviderRef, Code: a.Code, Detail: err.Error()}
			if a.Advice != nil && !a.Advice.Undo { // it is told when a person finds that the sale stands
				kept.Outcome, kept.Advice = a.Outcome, a.Advice
			}
			*a = heard{Answer: kept, cause: CauseBooks, stands: a.stands}
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

// noticeFor is how long a message is tried: after it the customer has long
// dialled, and seen it there.
const noticeFor = 72 * time.Hour

// noticeJob is the message that tells of an event of an order. A customer's
// messages go out in the order of the events.
func noticeJob(o Order, event string, now time.Time) jobs.Job {
	return jobs.Job{
		Kind: JobNotice, Key: o.Ref + "/" + event, Data: event, RunAt: now,
		Lane: noticeLane(o.Customer), Until: now.Add(noticeFor),
	}
}

// noticeLane is where a customer's messages stand behind one another.
func noticeLane(customer string) string { return "notice " + customer }

// heard is an answer, or what stands for one, and why.
type heard struct {
	Answer
	cause Cause
	// stands says that an earlier answer brought an advice that the sale stands.
	stands bool
}

// written is what an answer left behind.
type written struct {
	order Order // zero when it is not known
	// kept is the message that a screen is to make unnecessary, sent the one
	// that is to go out; their IDs are zero when there is none.
	kept, sent jobs.Job
	// left says that there is one which whoever has room is to send.
	left bool
	// shown says that the order was written as shown, on the promise of a
	// screen.
	shown bool
}

// news is the order for those who wait for it: nil when there is none to tell.
func (w written) news() *Order {
	if w.order.Ref == "" || w.order.State == StateSending || w.order.State == StateConfirmed {
		return nil
	}
	return &w.order
}

// release lets a message go out. One that was kept is taken back when a screen
// has told the customer, and goes out when none was left to; also when the
// process dies before, at the end of its lease.
func (s *Service) release(ctx context.Context, w written, shown bool) {
	if w.sent.ID != 0 {
		defer s.runner.Adopt(w.sent)
	}
	if w.left {
		defer s.runner.Wake()
	}
	if shown && w.kept.ID != 0 {
		s.takeBack(w.kept)
	}
	if shown || w.kept.ID == 0 && !w.shown {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	err := s.store.InTx(ctx, func(tx Tx) error {
		if w.shown {
			if err := s.notShown(tx, w.order.Ref, "no screen was left to tell"); err != nil {
				return err
			}
		}
		if w.kept.ID == 0 {
			return nil
		}
		return tx.PutOffJob(w.kept, s.opt.Now(), "no screen was left to tell")
	})
	if err == nil && w.kept.ID != 0 {
		s.runner.Wake()
	}
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		s.opt.Logger.Warn("release message", "ref", w.order.Ref, "err", err)
	}
}

// settle writes what follows from an answer in one transaction: the order's
// state and trail, the money, the job's fate, and the message that tells the
// customer. Where a screen is promised the answer, the message is held by this
// process for the length of a lease. With jobs.ErrLost the order comes back as
// it is.
func (s *Service) settle(ctx context.Context, j jobs.Job, a heard, promised bool) (written, error) {
	now := s.opt.Now()
	var w written
	err := s.store.InTx(ctx, func(tx Tx) error {
		w = written{}
		o, err := tx.Order(j.Key)
		if err != nil {
			return err
		}
		w.order = o
		if o.State.Final() || o.State == StatePerson {
			w.order, err = s.late(tx, j, o, a, now)
			return err
		}
		from := o.State
		if a.cause == CauseUnsent && from != StateConfirmed {
			return jobs.ErrLost // a process that had lost the job began it all the same
		}
		o.State = judge(o, a.Answer)
		if a.stands && o.State == StateDeclined { // it was said to have happened
			o.State = StatePerson
		}
		if err := from.To(o.State); err != nil {
			return err
		}
		did := adviceNone
		if a.Advice != nil {
			if did, err = s.keepAdvice(tx, o, a, now); err != nil {
				return err
			}
		}
		if did == adviceAgainst && !a.Advice.Undo {
			o.State = from
			w.order, err = s.late(tx, j, o, a, now)
			return err
		}
		undoing := did == adviceDue && a.Advice.Undo
		w.left = did == adviceDue
		if err := s.take(&o, a, promised, now); err != nil {
			return err
		}
		if err := tx.UpdateOrder(o); err != nil {
			return err
		}
		m := o.move(from, a.cause, now)
		m.Attempt, m.Code, m.Note = j.Attempt, a.Code, a.Detail
		if err := tx.AddMove(m); err != nil {
			return err
		}
		if undoing {
			if err := tx.AddMove(o.move(o.State, CauseUndo, now)); err != nil {
				return err
			}
		}
		if err := s.post(tx, o, from, a.Amount, now); err != nil {
			return err
		}
		w.shown = o.Delivery == DeliveryShown
		if err := s.addNotice(tx, o, promised, now, &w); err != nil {
			return err
		}
		if o.State.Final() || o.State == StatePerson || undoing {
			err = tx.FinishJob(j)
		} else {
			err = tx.PutOffJob(j, s.nextTry(o, j, now), a.Detail)
		}
		if err == nil {
			w.order = o
		}
		return err
	})
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		return written{}, err // what the transaction read or wrote may not be so
	}
	if err != nil {
		return written{order: w.order}, err
	}
	return w, nil
}

// take writes into an order what an answer says of it. Its state is the new one.
func (s *Service) take(o *Order, a heard, promised bool, now time.Time) error {
	o.UpdatedAt = now
	if a.cause == CauseAnswer { // otherwise the provider said nothing
		o.heard(a.Code, now)
	}
	if !a.Goods.Empty() { // kept also where a person must look: they were paid for
		if err := s.pack(o, a.Goods); err != nil {
			return err
		}
	}
	if a.ProviderRef != "" {
		o.ProviderRef = a.ProviderRef
	}
	switch o.State {
	case StateDeclined:
		o.Reason = a.Reason
	case StateDelivered:
		o.Reason, o.CallCentre = "", a.CallCentre
		if o.Kind == KindRedeem {
			o.Amount = a.Amount
		}
		if promised {
			o.Delivery = DeliveryShown
		}
	}
	if o.State.Final() {
		o.Told = promised
		if o.Kind == KindRedeem {
			o.Sealed = nil // it holds the PIN, and nothing needs it any more
		}
	}
	return nil
}

// post writes the entry that follows from a move. A reversal that was done moves
// the sale that it undoes as well.
func (s *Service) post(tx Tx, o Order, from State, credited ledger.Cents, now time.Time) error {
	var original Order
	var had []ledger.Entry
	if o.Kind == KindReverse && (o.Done() || o.Refused()) {
		var err error
		if original, err = tx.Order(o.Original); err != nil {
			return err
		}
		if had, err = tx.Entries(o.Original); err != nil {
			return err
		}
	}
	if e, ok := books(o, original, had, from, credited); ok {
		if err := tx.Post(e, now); err != nil {
			return err
		}
	}
	if o.Kind != KindReverse || !o.Done() {
		return nil
	}
	was := original.State
	original.State, original.UpdatedAt = StateReversed, now
	if err := was.To(StateReversed); err != nil {
		return err
	}
	if err := tx.UpdateOrder(original); err != nil {
		return err
	}
	m := original.move(was, CauseUndone, now)
	m.Note = o.Ref
	return tx.AddMove(m)
}

// late keeps what comes when a person has the order, or has decided, or the
// order ended otherwise: nobody asks for it again, and the job may be lost with
// the answer in hand. No money moves; the trail tells of it.
func (s *Service) late(tx Tx, j jobs.Job, o Order, a heard, now time.Time) (Order, error) {
	news := a.Outcome == Delivered && !o.Done() || a.Outcome == Declined && !o.Refused() || a.Owed
	fresh := !a.Goods.Empty() && len(o.Goods) == 0
	kept, err := s.lateAdvice(tx, o, a, now)
	if err != nil {
		return o, err
	}
	if a.cause != CauseAnswer || !news && !fresh && !kept {
		return o, tx.FinishJob(j)
	}
	if fresh {
		if err := s.pack(&o, a.Goods); err != nil {
			return o, err
		}
		o.UpdatedAt = now
		if err := tx.UpdateOrder(o); err != nil {
			return o, err
		}
	}
	m := o.move(o.State, CauseLate, now)
	m.Attempt, m.Code, m.Note = j.Attempt, a.Code, a.Outcome.String()+": "+a.Detail
	if err := tx.AddMove(m); err != nil {
		return o, err
	}
	s.opt.Logger.Error("answer came late", "ref", o.Ref, "state", string(o.State), "outcome", a.Outcome.String(), "code", a.Code, "alert", true)
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
	if o.Delivery == DeliveryNone {
		o.Delivery = DeliveryStored
	}
	return nil
}

// addNotice adds the message that an order's state asks for, into w. One that is
// asked for only in case the promised screen does not tell is kept back.
func (s *Service) addNotice(tx Tx, o Order, promised bool, now time.Time, w *written) error {
	event := notice(o)
	if event == "" {
		return nil
	}
	j := noticeJob(o, event, now)
	keep := promised && event == NoticeEnded && !receipt(o)
	if keep { // other messages do not wait for one that is most likely not sent
		j.Lane = ""
	}
	if keep || s.runner.Takes(JobNotice) {
		j.Owner, j.LeaseUntil = s.runner.Owner(), now.Add(s.runner.Lease())
	}
	j, err := tx.AddJob(j)
	switch {
	case err == nil && j.Owner == "":
		w.left = true
	case err != nil || j.Owner != s.runner.Owner():
	case keep:
		w.kept = j
	default:
		w.sent = j
	}
	return err
}

// notice is the event of which a customer in the order's state is to be told;
// empty when there is none.
func notice(o Order) string {
	switch {
	case o.Kind == KindReverse && !o.Done(): // it changes nothing for the customer
		return ""
	case o.State == StatePerson:
		return NoticePerson
	case o.State == StateReversed:
		return NoticeDecided + "-" + string(StateReversed)
	case o.State == StateResolved:
		return NoticeDecided + "-" + string(o.Resolution)
	case o.State.Final():
		return NoticeEnded
	}
	return ""
}

// receipt says that the message is wanted even where a screen told: it is proof
// of a purchase.
func receipt(o Order) bool { return o.Done() && o.Kind != KindRedeem }
