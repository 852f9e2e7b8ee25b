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

// advises is how long after a try that was not final an advice is sent again, by
// the number of tries made. The last step is that of all further ones: an advice
// is never given up.
func advises(random func(int64) int64) jobs.Backoff {
	return jobs.Backoff{
		Steps: []time.Duration{
			2 * time.Second, 5 * time.Second, 15 * time.Second, 45 * time.Second,
			2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
		},
		Jitter: 0.2, Rand: random,
	}
}

// Advise is the Handler of JobAdvice: it sends an advice and writes what came of
// it. It may send it any number of times; the bytes are always the same.
func (s *Service) Advise(ctx context.Context, j jobs.Job) jobs.Result {
	a, err := s.store.Advice(ctx, j.Key)
	switch {
	case err != nil:
		return jobs.Again(s.opt.Now().Add(s.readvise.After(1)), "read advice: "+err.Error())
	case a.Ref == "":
		return jobs.Bury("no such advice")
	case a.State != AdviceDue:
		return jobs.Done()
	}
	body, err := s.seal.Open(a.Sealed, advicePurpose(a.Ref))
	lost := errors.Is(err, secret.ErrSealed)
	if err != nil && !lost { // the key is only out of reach
		return jobs.Again(s.opt.Now().Add(s.readvise.After(j.Runs())), "open advice: "+err.Error())
	}
	said := Advised{Alert: true, Detail: "advice does not open"}
	if !lost {
		said = s.advise(ctx, Advice{Request: Request{Op: a.Op, Ref: a.Ref, Body: body}, Undo: a.Undo})
	}
	promised := s.waiting.promise(j.Key)
	write, done := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	w, moved, err := s.settleAdvice(write, j, said, lost, len(promised) > 0)
	done()
	shown := s.waiting.tell(j.Key, promised, w.news())
	switch {
	case errors.Is(err, jobs.ErrLost): // another process has it, and will hear the same
		return jobs.Written()
	case err != nil:
		s.opt.Logger.Error("write answer to advice", "ref", j.Key, "undo", a.Undo, "attempt", j.Attempt, "final", said.Final, "err", err)
		return jobs.Again(s.opt.Now().Add(s.readvise.After(j.Runs())), "write answer to advice: "+err.Error())
	}
	s.release(ctx, w, shown)
	s.logAdvice(a, said, j)
	if moved {
		s.opt.Observe(w.order)
	}
	return jobs.Written()
}

// advise sends an advice.
func (s *Service) advise(ctx context.Context, a Advice) Advised {
	p, ok := s.provider.(Adviser)
	if !ok {
		return Advised{Alert: true, Detail: "nobody here takes advices"}
	}
	send, cancel := context.WithTimeout(ctx, s.opt.SendTimeout)
	defer cancel()
	return p.Advise(send, a)
}

// settleAdvice writes what follows from an answer to an advice in one transaction:
// where the advice stands, the fate of its job and, once the answer is final, that
// of an order that was to be undone. lost says that nothing was sent, and nothing
// will be, since the advice does not open. moved says that the order has moved.
func (s *Service) settleAdvice(ctx context.Context, j jobs.Job, said Advised, lost, promised bool) (w written, moved bool, err error) {
	now := s.opt.Now()
	err = s.store.InTx(ctx, func(tx Tx) error {
		w, moved = written{}, false
		o, err := tx.Order(j.Key)
		if err != nil {
			return err
		}
		a, err := tx.Advice(j.Key)
		switch {
		case err != nil:
			return err
		case a.State != AdviceDue: // a person has decided meanwhile
			return tx.FinishJob(j)
		}
		final := said.Final && !lost
		a.Code = said.Code
		if !lost {
			a.Tries++
			a.TriedAt = now
		}
		if final {
			a.Sealed, a.State = nil, AdviceRefused
			if said.Taken {
				a.State = AdviceTaken
			}
		}
		if err := tx.UpdateAdvice(a); err != nil {
			return err
		}
		var news Cause
		switch {
		case lost:
			news = CauseUnread
		case final && said.Taken && a.Undo:
			news = CauseTaken
		case final && !said.Taken:
			news = CauseNotTaken
		case !final && a.Undo && o.State == StateUnknown && now.After(o.FirstSentAt.Add(s.opt.Window)):
			news = CauseWindow
		}
		if news != "" {
			if moved, err = s.endUndo(tx, &o, a, heard{cause: news}, said, j, promised, now, &w); err != nil {
				return err
			}
		}
		if final || lost || moved {
			w.order = o
		}
		switch {
		case lost:
			return tx.BuryJob(j, said.Detail)
		case final:
			return tx.FinishJob(j)
		}
		return tx.PutOffJob(j, now.Add(s.readvise.After(j.Runs())), said.Detail)
	})
	if err != nil {
		return written{}, false, err
	}
	return w, moved, nil
}

// endUndo writes what the last word on an advice is to its order. One that was to
// be undone, and that nobody decided about meanwhile, is declined, or a person's; a
// person's also when there was no last word for as long as it could have been sent
// again, so that its money is never held with nobody to end it. Its advice goes on
// being sent then, and declines it when it is taken. Of all others the trail tells.
func (s *Service) endUndo(tx Tx, o *Order, a StoredAdvice, h heard, said Advised, j jobs.Job, promised bool, now time.Time, w *written) (moved bool, err error) {
	from := o.State
	if moved = a.Undo && (from == StateUnknown || from == StatePerson && h.cause == CauseTaken); moved {
		h.Answer = Answer{Person: true}
		if h.cause == CauseTaken {
			h.Answer = Answer{Outcome: Declined, Reason: ReasonTryLater}
			o.Goods, o.Delivery = nil, DeliveryNone // they came, and are void
		}
		o.State = judge(*o, h.Answer)
		if err := from.To(o.State); err != nil {
			return false, err
		}
		if err := s.take(o, h, promised, now); err != nil {
			return false, err
		}
		if err := tx.UpdateOrder(*o); err != nil {
			return false, err
		}
		if err := s.post(tx, *o, from, 0, now); err != nil {
			return false, err
		}
		w.shown = o.Delivery == DeliveryShown
		if err := s.addNotice(tx, *o, promised, now, w); err != nil {
			return false, err
		}
	}
	m := o.move(from, h.cause, now)
	m.Attempt, m.Code, m.Note = j.Attempt, said.Code, said.Detail
	return moved, tx.AddMove(m)
}

// confirmedWithin is how long a provider may be without word that a sale stands
// before the operator hears of it. Nobody's money waits for it, and after an hour in
// which a provider was away there are very many.
const confirmedWithin = 24 * time.Hour

// logAdvice logs a try. That an advice has been on its way for too long, an undoing
// for longer than the order could be sent, is for the operator at each try: only the
// provider can end it.
func (s *Service) logAdvice(a StoredAdvice, said Advised, j jobs.Job) {
	age, most := s.opt.Now().Sub(a.MadeAt), confirmedWithin
	if a.Undo {
		most = s.opt.Window
	}
	alert := said.Alert || said.Final && !said.Taken || !said.Final && age > most
	level := slog.LevelInfo
	switch {
	case alert:
		level = slog.LevelError
	case !said.Final:
		level = slog.LevelWarn
	}
	s.opt.Logger.Log(context.Background(), level, "advice", "ref", a.Ref, "undo", a.Undo, "final", said.Final, "taken", said.Taken,
		"attempt", j.Attempt, "age", fmt.Sprint(age.Round(time.Second)), "code", said.Code, "detail", said.Detail, "alert", alert)
}
