package vend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/jobs"
	"spaza/ledger"
)

// Decision is what a person decides about an order that the automatic means
// could not settle, or settled wrongly.
type Decision struct {
	Ref string
	As  Verdict
	// Amount is what a voucher was worth, for a redemption that happened.
	Amount ledger.Cents
	// Bears says who bears the price of a sale that was paid and did not
	// happen, where the money is spent already. It must be given there.
	Bears Bearer
	// ProviderRef is the provider's own number, where that is how it was
	// found.
	ProviderRef string
	// Goods are what the provider gave by word of mouth; empty where there is
	// nothing, or it came before.
	Goods Goods
	// Was is the state in which the person saw the order. It must not have
	// moved since. Empty: whatever it is.
	Was State
	By  string // who decides; required
	Why string // required
}

// Verdict is what a person says of an order.
type Verdict string

// The verdicts.
const (
	VerdictVended    Verdict = "vended"     // it happened
	VerdictNotVended Verdict = "not_vended" // it did not, and the money is the customer's
	VerdictReversed  Verdict = "reversed"   // it happened, and the provider has undone it
)

// Bearer is who bears a price.
type Bearer string

// The bearers.
const (
	BearsProvider Bearer = "provider" // it gives, or gave, the money back to us
	BearsOperator Bearer = "operator" // it is a loss
)

var (
	// ErrNotDecidable is returned for a decision that the order's state, kind
	// or books do not allow. Nothing was written.
	ErrNotDecidable = errors.New("not to be decided like this")
	// ErrMoved is returned when the order has moved since the person saw it.
	// Nothing was written.
	ErrMoved = errors.New("order has moved since")
)

// Resolve carries out a decision: state, money, trail and a message to the
// customer, in one transaction. Nothing is ever taken from a customer by it.
// The same decision a second time is ErrNotDecidable or ErrMoved.
func (s *Service) Resolve(ctx context.Context, d Decision) (Order, error) {
	if d.By == "" || d.Why == "" {
		return Order{}, fmt.Errorf("%w: who decides, and why, is required", ErrNotDecidable)
	}
	now := s.opt.Now()
	var o Order
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		if o, err = tx.Order(d.Ref); err != nil {
			return err
		}
		if d.Was != "" && o.State != d.Was {
			return fmt.Errorf("%w: it is %s, not %s", ErrMoved, o.State, d.Was)
		}
		entries, err := tx.Entries(d.Ref)
		if err != nil {
			return err
		}
		from := o
		money, err := decide(&o, d, entries)
		if err != nil {
			return err
		}
		if err := from.State.To(o.State); err != nil {
			return fmt.Errorf("%w: %w", ErrNotDecidable, err)
		}
		o.UpdatedAt = now
		if d.ProviderRef != "" {
			o.ProviderRef = d.ProviderRef
		}
		if !d.Goods.Empty() {
			if err := s.pack(&o, d.Goods); err != nil {
				return err
			}
		}
		if o.Kind == KindRedeem {
			o.Sealed = nil
		}
		if err := tx.UpdateOrder(o); err != nil {
			return err
		}
		m := o.move(from.State, CauseResolve, now)
		m.By, m.Note = d.By, string(d.As)+": "+d.Why
		if err := tx.AddMove(m); err != nil {
			return err
		}
		if money.follows {
			err = s.post(tx, o, from.State, o.Amount, now)
		} else if money.entry.Ref != "" {
			err = tx.Post(money.entry, now)
		}
		if err != nil {
			return err
		}
		if err := s.decideAdvice(tx, o, now); err != nil {
			return err
		}
		return s.tell(tx, o, now)
	})
	if err != nil {
		return Order{}, fmt.Errorf("resolve order: %w", err)
	}
	s.opt.Logger.Info("order resolved", "ref", o.Ref, "state", string(o.State), "as", string(d.As), "by", d.By)
	s.opt.Observe(o)
	s.runner.Wake()
	return o, nil
}

// moved is what a decision does to the books.
type moved struct {
	// follows says that it is what follows from the order's move, as with an
	// answer; otherwise entry is all, and may be none.
	follows bool
	entry   ledger.Entry
}

// decide moves an order as a person decided, with what the books have of it.
func decide(o *Order, d Decision, had []ledger.Entry) (moved, error) {
	no := func(format string, args ...any) (moved, error) {
		return moved{}, fmt.Errorf("%w: %s", ErrNotDecidable, fmt.Sprintf(format, args...))
	}
	was := *o
	spent := posted(had, ledger.KindCaptured, ledger.KindPaidOut)
	switch d.As {
	case VerdictVended:
		if was.Done() || was.State == StateReversed {
			return no("it is %s", was.State)
		}
		o.State, o.Resolution, o.Reason = StateResolved, ResolvedVended, ""
		switch {
		case o.Kind == KindRedeem && d.Amount <= 0:
			return no("say what the voucher was worth")
		case o.Kind == KindRedeem:
			o.Amount = d.Amount
			return moved{follows: true}, nil
		case d.Amount != 0 && d.Amount != o.Amount:
			return no("it was to cost %s", o.Amount)
		case was.Refused() && o.Kind == KindReverse:
			return no("look at the sale %s, not at its reversal", o.Original)
		case was.Refused() && o.Amount == 0, posted(had, ledger.KindCompensated):
			return moved{}, nil // nothing was held, or the operator bears it already
		case was.Refused(): // the customer has the money back, and keeps it
			return moved{entry: ledger.Lose(o.Ref, o.spentAt(), o.Amount)}, nil
		case spent:
			return moved{}, nil
		}
		return moved{follows: true}, nil
	case VerdictNotVended:
		if was.State != StatePerson {
			return no("it is %s", was.State)
		}
		o.State, o.Resolution = StateResolved, ResolvedNotVended
		if o.Reason == "" {
			o.Reason = ReasonUnavailable
		}
		switch {
		case !spent:
			return moved{follows: true}, nil
		case d.Bears == BearsOperator:
			return moved{entry: ledger.Compensate(o.Ref, o.payer(), o.Amount)}, nil
		case d.Bears == BearsProvider:
			return moved{entry: giveBack(*o, had)}, nil
		}
		return no("the money is spent: say who bears it")
	case VerdictReversed:
		switch {
		case !was.Done():
			return no("it is %s", was.State)
		case o.Kind == KindRedeem || o.Kind == KindReverse:
			return no("money would be taken from the customer")
		}
		o.State = StateReversed
		if o.Amount == 0 {
			return moved{}, nil
		}
		return moved{entry: giveBack(*o, had)}, nil
	}
	return no("%q is no verdict", d.As)
}

// tell adds the message that an order's state asks for, to go out at once.
func (s *Service) tell(tx Tx, o Order, now time.Time) error {
	event := notice(o)
	if event == "" {
		return nil
	}
	_, err := tx.AddJob(noticeJob(o, event, now))
	return err
}

// Resend has what is outstanding sent again, at once: an open order's request to
// the provider, or the message of one that ended to its customer and what the
// provider must be told of it. An order that a person has is handed back to the
// automatic means, as long as its request may be sent again; after that
// ErrNotDecidable, since the same request might sell a second time. An order that
// is to be undone is never sent again: its advice is.
func (s *Service) Resend(ctx context.Context, ref, by, why string) (Order, error) {
	if by == "" || why == "" {
		return Order{}, fmt.Errorf("%w: who asks, and why, is required", ErrNotDecidable)
	}
	now := s.opt.Now()
	var o Order
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		if o, err = tx.Order(ref); err != nil {
			return err
		}
		from := o.State
		undone, hurried, err := undoing(tx, o, now)
		if err != nil {
			return err
		}
		switch {
		case o.State.Final():
			if err := s.tell(tx, o, now); err != nil {
				return err
			}
			if _, err = tx.HurryJob(JobNotice, o.Ref+"/"+notice(o), now); err == nil {
				_, err = tx.HurryJob(JobAdvice, o.Ref, now)
			}
		case undone && !hurried:
			return fmt.Errorf("%w: it was to be undone, and may not be sent again", ErrNotDecidable)
		case undone && o.State == StatePerson: // since the advice could not be read
			o.State, o.UpdatedAt = StateUnknown, now
			err = tx.UpdateOrder(o)
		case undone:
		case o.State == StatePerson && (o.FirstSentAt.IsZero() || now.After(o.FirstSentAt.Add(s.opt.Window)) || len(o.Sealed) == 0):
			return fmt.Errorf("%w: the time in which it may be sent again is over", ErrNotDecidable)
		case o.State == StatePerson:
			had, err := tx.Entries(ref)
			if err != nil {
				return err
			}
			o.State, o.UpdatedAt = StateUnknown, now
			if posted(had, ledger.KindCaptured, ledger.KindPaidOut) {
				o.State = StateOwed
			}
			if err := tx.UpdateOrder(o); err != nil {
				return err
			}
			if _, err := tx.AddJob(jobs.Job{Kind: JobOrder, Key: o.Ref, RunAt: now}); err != nil {
				return err
			}
		default:
			_, err = tx.HurryJob(JobOrder, o.Ref, now)
		}
		if err != nil {
			return err
		}
		m := o.move(from, CauseResend, now)
		m.By, m.Note = by, why
		return tx.AddMove(m)
	})
	if err != nil {
		return Order{}, fmt.Errorf("send again: %w", err)
	}
	s.runner.Wake()
	return o, nil
}
