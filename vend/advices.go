package vend

import (
	"errors"
	"fmt"
	"time"

	"spaza/jobs"
	"spaza/secret"
)

// JobAdvice tells a provider how a sale ended, or undoes it there, until its answer
// is final. Its key is the order's reference. It is added with its advice, or when
// that becomes due, and is never given up as long as the advice can be read.
const JobAdvice jobs.Kind = "advice"

// advicePurpose keeps an advice apart from the request sealed under the reference.
func advicePurpose(ref string) string { return "advice " + ref }

// advised is what the advice in an answer did.
type advised uint8

const (
	// adviceNone: nothing; the answer counts as without it.
	adviceNone advised = iota
	// adviceDue: it is sent from now on. Where it undoes, nothing else is done
	// about the order.
	adviceDue
	// adviceAgainst: there is one of the other sense, so that the answer must not
	// count.
	adviceAgainst
)

// keepAdvice stores the advice of an answer, in the transaction of the answer. o is
// the order in its new state.
func (s *Service) keepAdvice(tx Tx, o Order, a heard, now time.Time) (advised, error) {
	if a.Advice.Undo && o.State != StateUnknown {
		return adviceNone, nil // what a person has is not undone behind their back
	}
	state := AdviceWaiting
	if a.Advice.Undo || o.Done() {
		state = AdviceDue
	}
	there, added, err := tx.AddAdvice(StoredAdvice{
		Ref: o.Ref, Undo: a.Advice.Undo, Op: a.Advice.Op, Sealed: s.seal.Seal(a.Advice.Body, advicePurpose(o.Ref)), State: state, MadeAt: now,
	})
	switch {
	case err != nil:
		return adviceNone, err
	case there.Undo != a.Advice.Undo:
		s.opt.Logger.Error("answer contradicts an advice", "ref", o.Ref, "undone", there.Undo, "outcome", a.Outcome.String(), "code", a.Code, "alert", true)
		return adviceAgainst, nil
	case !added && there.State == AdviceWaiting && state == AdviceDue:
		there.State = AdviceDue
		if err := tx.UpdateAdvice(there); err != nil {
			return adviceNone, err
		}
	case there.State != AdviceDue: // it waits, or is over
		return adviceNone, nil
	}
	return adviceDue, addAdviceJob(tx, o.Ref, now)
}

// addAdviceJob has an advice sent. Where there is such a job it stays as it is.
func addAdviceJob(tx Tx, ref string, now time.Time) error {
	_, err := tx.AddJob(jobs.Job{Kind: JobAdvice, Key: ref, RunAt: now})
	return err
}

// lateAdvice stores the advice of an answer that came when a person had the order,
// or it had ended: that the sale stands is told where it does, and kept where it
// may. It never undoes anything. kept says that something was written.
func (s *Service) lateAdvice(tx Tx, o Order, a heard, now time.Time) (kept bool, err error) {
	if a.Advice == nil || a.Advice.Undo || o.State != StatePerson && !o.Done() {
		return false, nil
	}
	did, err := s.keepAdvice(tx, o, a, now)
	return did == adviceDue, err
}

// decideAdvice makes the advice of an order follow what a person decided: that the
// sale stands is told when it does, and otherwise dropped; what happened is not
// undone any more. Where no answer brought an advice, the provider may want one all
// the same.
func (s *Service) decideAdvice(tx Tx, o Order, now time.Time) error {
	a, err := tx.Advice(o.Ref)
	switch {
	case err != nil:
		return err
	case a.Ref == "" && o.Done():
		return s.confirm(tx, o, now)
	case a.Ref == "" || a.State.Over():
		return nil
	case a.State == AdviceWaiting && o.Done():
		a.State = AdviceDue
		if err := addAdviceJob(tx, o.Ref, now); err != nil {
			return err
		}
	case a.State == AdviceWaiting && o.Refused(), a.Undo && o.Done():
		a.State, a.Sealed = AdviceDropped, nil
	default:
		return nil
	}
	return tx.UpdateAdvice(a)
}

// confirm tells the provider of an order that the sale stands, where it wants to be
// told. That it cannot be told any more, since the request is erased or does not
// open, stands in the way of no decision.
func (s *Service) confirm(tx Tx, o Order, now time.Time) error {
	p, ok := s.provider.(Confirmer)
	if !ok {
		return nil
	}
	body, err := s.seal.Open(o.Sealed, o.Ref)
	if err != nil && len(o.Sealed) > 0 && !errors.Is(err, secret.ErrSealed) { // the key is only out of reach
		return fmt.Errorf("open request: %w", err)
	}
	a, err := p.Confirm(Request{Op: o.Op, Ref: o.Ref, Body: body})
	switch {
	case err != nil:
		s.opt.Logger.Error("sale stands and cannot be confirmed", "ref", o.Ref, "err", err, "alert", true)
	case a != nil:
		_, err := s.keepAdvice(tx, o, heard{Answer: Answer{Advice: a}}, now)
		return err
	}
	return nil
}

// undoing says whether an order is to be undone: then its request is never sent
// again, whoever asks for it, and its advice is sent at once instead. With hurried
// false the advice is over, and only a person can go on.
func undoing(tx Tx, o Order, now time.Time) (undone, hurried bool, err error) {
	a, err := tx.Advice(o.Ref)
	if err != nil || !a.Undo || a.State != AdviceDue {
		return a.Undo, false, err
	}
	if err := addAdviceJob(tx, o.Ref, now); err != nil {
		return true, false, err
	}
	_, err = tx.HurryJob(JobAdvice, o.Ref, now)
	return true, true, err
}
