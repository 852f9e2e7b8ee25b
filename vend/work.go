package vend

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"spaza/jobs"
	"spaza/ledger"
)

// resend is how long after an unclear answer the same request is sent again, by
// the number of attempts made.
func resend(attempts int) time.Duration {
	steps := [...]time.Duration{
		2 * time.Second, 5 * time.Second, 15 * time.Second, 45 * time.Second,
		2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	}
	return steps[min(max(attempts, 1), len(steps))-1]
}

// settleTimeout bounds writing down an answer; it is not cut short by a
// shutdown, since the answer is in hand.
const settleTimeout = 5 * time.Second

// Work is the Handler of JobOrder: it sends an order's request and writes what
// came of it. The first attempt and every later one take this same path.
func (s *Service) Work(ctx context.Context, j jobs.Job) jobs.Result {
	o, err := s.store.Order(ctx, j.Key)
	switch {
	case errors.Is(err, ErrNoOrder):
		return jobs.Bury("no such order")
	case err != nil:
		return jobs.Again(s.opt.Now().Add(resend(1)), "read order: "+err.Error())
	case o.State.Final() || o.State == StatePerson:
		return jobs.Done()
	}
	again := j.Attempt > 1 || o.State != StateSending

	var a Answer
	if again && s.opt.Now().After(o.FirstSentAt.Add(s.opt.Window)) {
		a = Answer{Person: true, Detail: "the time to send again is over"}
	} else if body, err := s.seal.Open(o.Sealed, o.Ref); err != nil {
		// The key was changed or the row damaged: it can not be sent as it was,
		// and must not be sent as anything else.
		a = Answer{Person: true, Alert: true, Detail: "request does not open"}
	} else {
		send, cancel := context.WithTimeout(ctx, s.opt.SendTimeout)
		a = s.provider.Send(send, Request{Op: o.Op, Ref: o.Ref, Body: body}, again)
		cancel()
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	promised := s.waiting.promise(o.Ref)
	told := len(promised) > 0
	o, err = s.settle(settle, j, o.Ref, a, told)
	heard := s.waiting.tell(j.Key, promised)
	if errors.Is(err, jobs.ErrLost) {
		return jobs.Written() // another process has it now, and will learn the same
	}
	if err != nil {
		s.opt.Logger.Error("write answer of order", "ref", j.Key, "outcome", a.Outcome.String(), "err", err)
		return jobs.Again(s.opt.Now().Add(resend(1)), "write answer: "+err.Error())
	}
	if told && !heard {
		s.tellAfterAll(settle, o)
	}
	s.log(o, a, j)
	s.opt.Observe(o)
	s.runner.Wake()
	return jobs.Written()
}

// tellAfterAll adds the message that was left out because a screen was to tell,
// when the screen had gone after all.
func (s *Service) tellAfterAll(ctx context.Context, o Order) {
	event := notice(o, false)
	if event == "" {
		return
	}
	err := s.store.InTx(ctx, func(tx Tx) error {
		_, err := tx.AddJob(noticeJob(o.Ref, event, s.opt.Now()))
		return err
	})
	if err != nil {
		s.opt.Logger.Error("add message after all", "ref", o.Ref, "err", err)
	}
}

func noticeJob(ref, event string, now time.Time) jobs.Job {
	return jobs.Job{Kind: JobNotice, Key: ref + "/" + event, Data: event, RunAt: now}
}

// settle writes what follows from an answer in one transaction: the order's
// state, the money, the job's fate, and the message that tells the customer.
func (s *Service) settle(ctx context.Context, j jobs.Job, ref string, a Answer, told bool) (Order, error) {
	now := s.opt.Now()
	var o Order
	err := s.store.InTx(ctx, func(tx Tx) error {
		var err error
		if o, err = tx.Order(ref); err != nil {
			return err
		}
		if o.State.Final() || o.State == StatePerson {
			return tx.FinishJob(j)
		}
		next, entry := judge(o, a)
		if err := o.State.To(next); err != nil {
			return err
		}
		o.State, o.UpdatedAt, o.Code = next, now, a.Code
		if a.ProviderRef != "" {
			o.ProviderRef = a.ProviderRef
		}
		if next == StateUnknown {
			if err := tx.UpdateOrder(o); err != nil {
				return err
			}
			return tx.PutOffJob(j, s.nextTry(o, j, now), a.Detail)
		}
		if next == StateDeclined {
			o.Reason = a.Reason
		}
		if next == StateDelivered {
			o.CallCentre = a.CallCentre
			if o.Kind == KindRedeem {
				o.Amount = a.Amount
			}
		}
		if next.Final() {
			o.Told = told
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
		if event := notice(o, told); event != "" {
			if _, err := tx.AddJob(noticeJob(ref, event, now)); err != nil {
				return err
			}
		}
		return tx.FinishJob(j)
	})
	return o, err
}

// judge is what an answer does to an order: its next state, and the entry in
// the books, if any.
func judge(o Order, a Answer) (State, *ledger.Entry) {
	var e ledger.Entry
	switch {
	case a.Outcome == Delivered && o.Kind == KindRedeem:
		if a.Amount <= 0 { // success without saying of what: never guess money
			return StatePerson, nil
		}
		e = ledger.Redeemed(o.Ref, o.Customer, a.Amount)
		return StateDelivered, &e
	case a.Outcome == Delivered:
		e = ledger.Capture(o.Ref, o.Customer, o.Amount)
		return StateDelivered, &e
	case a.Outcome == Declined && o.Kind == KindRedeem:
		return StateDeclined, nil
	case a.Outcome == Declined:
		e = ledger.Release(o.Ref, o.Customer, o.Amount)
		return StateDeclined, &e
	case a.Person:
		return StatePerson, nil
	}
	return StateUnknown, nil
}

// notice says what the customer is to be told outside the conversation: always
// of a purchase delivered (it is the receipt), of anything else when no screen
// waits for it.
func notice(o Order, told bool) string {
	switch {
	case o.State == StatePerson:
		return NoticePerson
	case o.State == StateDelivered && o.Kind != KindRedeem:
		return NoticeEnded
	case o.State.Final() && !told:
		return NoticeEnded
	}
	return ""
}

// nextTry is when an unclear order is asked after again: sooner at first, never
// past the window, and not all at the same moment.
func (s *Service) nextTry(o Order, j jobs.Job, now time.Time) time.Time {
	wait := resend(j.Attempt)
	wait += time.Duration(rand.Int64N(int64(wait)/5 + 1))
	end := o.FirstSentAt.Add(s.opt.Window)
	if at := now.Add(wait); at.Before(end) || !now.Before(end) {
		return at
	}
	return end.Add(time.Second) // the attempt that hands it to a person
}

func (s *Service) log(o Order, a Answer, j jobs.Job) {
	level := slog.LevelInfo
	if o.State == StateUnknown {
		level = slog.LevelWarn
	}
	if a.Alert || o.State == StatePerson {
		level = slog.LevelError
	}
	s.opt.Logger.Log(context.Background(), level, "order",
		"ref", o.Ref, "kind", string(o.Kind), "state", string(o.State), "amount", o.Amount.String(),
		"attempt", j.Attempt, "code", a.Code, "reason", string(a.Reason), "detail", a.Detail, "alert", a.Alert)
}
