package vend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"spaza/jobs"
	"spaza/secret"
)

// resends is how long after an unclear answer the same request is sent again,
// by the number of attempts made.
func resends(random func(int64) int64) jobs.Backoff {
	return jobs.Backoff{
		Steps: []time.Duration{
			2 * time.Second, 5 * time.Second, 15 * time.Second, 45 * time.Second,
			2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		},
		Jitter: 0.2, Rand: random,
	}
}

// Work is the Handler of JobOrder: it sends an order's request and writes what
// came of it. The first attempt and every later one take this same path.
func (s *Service) Work(ctx context.Context, j jobs.Job) jobs.Result {
	var err error
	o, known := s.handed.take(j)
	late := s.opt.Now().After(j.LeaseUntil)
	if !known || late {
		o, err = s.store.Order(ctx, j.Key)
	}
	switch {
	case errors.Is(err, ErrNoOrder):
		return jobs.Bury("no such order")
	case err != nil:
		return jobs.Again(s.opt.Now().Add(s.resend.After(1)), "read order: "+err.Error())
	case o.State.Final() || o.State == StatePerson:
		return jobs.Done()
	}
	// Where this process stood still for long, another may have asked after the order,
	// and heard that there is none: what was not sent is not sent any more.
	again := o.State != StateConfirmed && (j.Runs() > 1 || o.State != StateSending || late)
	if o.State == StateConfirmed || o.State == StateSending && again {
		var mine bool
		if o, mine, err = s.takeOver(ctx, o); err != nil {
			return jobs.Again(s.opt.Now().Add(s.resend.After(1)), "begin order: "+err.Error())
		}
		if o.State.Final() || o.State == StatePerson {
			return jobs.Done()
		}
		again = again || !mine && o.State != StateConfirmed
	}
	var advice StoredAdvice
	if again {
		if advice, err = s.store.Advice(ctx, o.Ref); err != nil {
			return jobs.Again(s.opt.Now().Add(s.resend.After(1)), err.Error())
		}
	}
	a := heard{Answer: Answer{Person: true, Alert: true, Detail: "it was to be undone"}, cause: CauseUndo}
	switch {
	case advice.Undo && advice.State == AdviceDue:
		return s.undoInstead(ctx, o, j)
	case !advice.Undo:
		if a, err = s.ask(ctx, o, again); err != nil { // nothing was sent
			return jobs.Again(s.opt.Now().Add(s.resend.After(1)), err.Error())
		}
		a.stands = advice.Ref != ""
	}
	o, err = s.record(ctx, j, &a)
	switch {
	case errors.Is(err, jobs.ErrLost):
		// Another process has the job now, and will learn the same; or it was
		// written by a try whose reply was lost.
		s.opt.Logger.Warn("answer of order is written elsewhere", "ref", j.Key, "attempt", j.Attempt,
			"outcome", a.Outcome.String(), "code", a.Code, "detail", a.Detail)
		return jobs.Written()
	case err != nil:
		s.opt.Logger.Error("write answer of order", "ref", j.Key, "attempt", j.Attempt,
			"outcome", a.Outcome.String(), "code", a.Code, "err", err)
		// Not put off so far that the window closes over a database that is back.
		return jobs.Again(s.opt.Now().Add(s.resend.After(min(j.Runs(), 5))), "write answer: "+err.Error())
	}
	s.log(o, a, j)
	s.opt.Observe(o)
	if !o.State.Final() { // it is asked for again; a message wakes by itself
		s.runner.Wake()
	}
	return jobs.Written()
}

// undoInstead gives up a job to send an order again that is to be undone: its fate
// is its advice's, which is sent at once.
func (s *Service) undoInstead(ctx context.Context, o Order, j jobs.Job) jobs.Result {
	now := s.opt.Now()
	err := s.store.InTx(ctx, func(tx Tx) error {
		if _, err := tx.Order(o.Ref); err != nil {
			return err
		}
		if _, _, err := undoing(tx, o, now); err != nil {
			return err
		}
		return tx.FinishJob(j)
	})
	switch {
	case errors.Is(err, jobs.ErrLost):
	case err != nil:
		return jobs.Again(now.Add(s.resend.After(1)), "leave order to its advice: "+err.Error())
	default:
		s.runner.Wake()
	}
	return jobs.Written()
}

// takeOver writes, before the first byte leaves, that a process is at work on an
// order: on one that nobody had begun, or on one that was begun by a process that
// ended, of which it is unknown how far it came. mine says that it was written
// here; otherwise another process was quicker, or it is too late to begin.
func (s *Service) takeOver(ctx context.Context, o Order) (there Order, mine bool, err error) {
	now := s.opt.Now()
	from, to, why := o.State, StateUnknown, CauseGone
	if from == StateConfirmed {
		if now.After(o.CreatedAt.Add(s.opt.Window)) {
			return o, false, nil
		}
		to, why = StateSending, CauseBegun
	}
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		mine = false
		if there, err = tx.Order(o.Ref); err != nil || there.State != from {
			return err
		}
		mine = true
		there.State, there.UpdatedAt = to, now
		if why == CauseBegun {
			there.FirstSentAt = now
		}
		if err := tx.UpdateOrder(there); err != nil {
			return err
		}
		return tx.AddMove(there.move(from, why, now))
	})
	return there, mine, err
}

// ask sends the request of an order, where that may still be done. An error says
// that it could not even be tried now.
func (s *Service) ask(ctx context.Context, o Order, again bool) (heard, error) {
	now := s.opt.Now()
	switch {
	case o.State == StateConfirmed:
		return heard{Answer: Answer{Outcome: Declined, Reason: ReasonTryLater, Detail: "not begun in time"}, cause: CauseUnsent}, nil
	case again && now.After(o.FirstSentAt.Add(s.opt.Window)):
		return heard{Answer: Answer{Person: true, Detail: "the time to send again is over"}, cause: CauseWindow}, nil
	}
	past := Past{Again: again, Code: o.Code, Times: o.CodeTimes, Age: now.Sub(o.FirstSentAt)}
	if o.CodeTimes > 0 {
		past.For = now.Sub(o.CodeSince)
	}
	body, err := s.seal.Open(o.Sealed, o.Ref)
	switch {
	case errors.Is(err, secret.ErrSealed):
		// The key is gone or the row damaged: it can not be sent as it was, and
		// must not be sent as anything else.
		return heard{Answer: Answer{Person: true, Alert: true, Detail: "request does not open"}, cause: CauseUnread}, nil
	case err != nil: // the key is only out of reach
		return heard{}, fmt.Errorf("open request: %w", err)
	}
	send, cancel := context.WithTimeout(ctx, s.opt.SendTimeout)
	defer cancel()
	return heard{Answer: s.provider.Send(send, Request{Op: o.Op, Ref: o.Ref, Body: body}, past), cause: CauseAnswer}, nil
}

// nextTry is when an unclear order is asked after again: sooner at first, never
// past the window, and not all at the same moment. When the window is over, the
// next attempt hands the order to a person.
func (s *Service) nextTry(o Order, j jobs.Job, now time.Time) time.Time {
	at := now.Add(s.resend.After(j.Runs()))
	over := o.FirstSentAt.Add(s.opt.Window + time.Second)
	if at.After(over) {
		return over
	}
	return at
}

func (s *Service) log(o Order, a heard, j jobs.Job) {
	level := slog.LevelInfo
	if o.State == StateUnknown || o.State == StateOwed {
		level = slog.LevelWarn
	}
	if a.Alert || o.State == StatePerson {
		level = slog.LevelError
	}
	s.opt.Logger.Log(context.Background(), level, "order",
		"ref", o.Ref, "kind", string(o.Kind), "state", string(o.State), "amount", o.Amount.String(),
		"attempt", j.Attempt, "code", a.Code, "reason", string(a.Reason), "detail", a.Detail, "alert", a.Alert)
}
