package vend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/jobs"
)

// Sent writes down that a message gateway took the message of a job (of
// JobNotice), under its own id for it, and finishes the job. It keeps trying
// while the database is away, since the message is gone. After jobs.ErrLost
// nothing was written.
func (s *Service) Sent(ctx context.Context, j jobs.Job, ref, message string) error {
	limit, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	for wait := settleWaitMin; ; wait = min(2*wait, settleWaitMax) {
		try, done := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		err := s.store.InTx(try, func(tx Tx) error {
			o, err := tx.Order(ref)
			if err != nil {
				return err
			}
			lost, err := s.lost(tx, ref, message)
			if err != nil {
				return err
			}
			if o.Done() && !lost && o.Delivery != DeliverySent && o.Delivery != DeliveryAcknowledged {
				o.Delivery = DeliverySent
				if err := tx.UpdateOrder(o); err != nil {
					return err
				}
			}
			m := o.move(o.State, CauseMessage, s.opt.Now()) // also where it told of something else
			m.Note = message
			if err := tx.AddMove(m); err != nil {
				return err
			}
			return tx.FinishJob(j)
		})
		done()
		if err == nil || errors.Is(err, jobs.ErrLost) || errors.Is(err, ErrNoOrder) {
			return err
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-limit.Done():
			pause.Stop()
			return fmt.Errorf("write that a message was sent: %w", err)
		}
	}
}

// MessageReport is what a gateway or chat reports of a message that it took.
type MessageReport struct {
	Message string // the name that it was taken under, as Sent has it
	// Own is our name for it, as "reference/event", where the report has that too:
	// it can come before Sent has written the other.
	Own     string
	Arrived bool   // the handset has it; otherwise it will not get it
	Detail  string // for support
}

// Reported writes down what is reported of a message, and returns the order of
// which it told. A report of a message that is not known is ErrNoOrder; one that
// comes twice changes nothing. What will not arrive in a chat is sent once more, by
// SMS (NoticeSMS), unless the handset has it by another message.
func (s *Service) Reported(ctx context.Context, r MessageReport) (o Order, err error) {
	message, arrived := r.Message, r.Arrived
	ref, err := s.store.RefByMessage(ctx, message)
	if own, _, named := strings.Cut(r.Own, "/"); errors.Is(err, ErrNoOrder) && named {
		ref, err = own, nil
	}
	if err != nil {
		return o, err
	}
	to := DeliveryFailed
	if arrived {
		to = DeliveryAcknowledged
	}
	var again bool
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		again = false
		if !arrived { // said before, the SMS in its place may have gone since
			if known, err := s.lost(tx, ref, message); err != nil {
				return err
			} else if known {
				o, err = tx.Order(ref)
				return err
			}
		}
		o, err = s.deliver(tx, ref, CauseMessage, r.Detail, func(o Order) Delivery {
			if !o.Done() || o.Delivery == DeliveryAcknowledged {
				return o.Delivery
			}
			return to
		})
		if again = err == nil && !arrived && s.inChat(message) && o.Delivery != DeliveryAcknowledged; again {
			again, err = s.bySMS(tx, o, message)
		}
		return err
	})
	if err == nil && again {
		s.runner.Wake()
	}
	return o, err
}

// inChat says that a message was taken by a chat and not by a phone network.
func (s *Service) inChat(message string) bool {
	channel, _, named := strings.Cut(message, ":")
	return named && slices.Contains(s.opt.Chats, channel)
}

// lost says that a message in a chat is known not to arrive.
func (s *Service) lost(tx Tx, ref, message string) (bool, error) {
	if !s.inChat(message) {
		return false, nil
	}
	return tx.HasMove(ref, CauseBySMS, message)
}

// bySMS adds the message of an order that goes by SMS, once for each that did not
// arrive.
func (s *Service) bySMS(tx Tx, o Order, message string) (added bool, err error) {
	if was, err := tx.HasMove(o.Ref, CauseBySMS, message); err != nil || was {
		return false, err
	}
	now := s.opt.Now()
	m := o.move(o.State, CauseBySMS, now)
	m.Note = message
	if err := tx.AddMove(m); err != nil {
		return false, err
	}
	_, err = tx.AddJob(noticeJob(o, NoticeSMS, now))
	return err == nil, err
}

// NoteScreen is the note of a CauseBySMS where it was no message that did not arrive
// in a chat, but the screen with which the order ended.
const NoteScreen = "screen"

// NotShown takes back that a chat showed the screen with which an order ended, and
// has it told by SMS: once, however often it is said, and not where a message of it
// went already. Of one that has not ended nothing is written: it is told when it
// has. ErrNoOrder when there is none.
func (s *Service) NotShown(ctx context.Context, ref string) error {
	var added bool
	err := s.store.InTx(ctx, func(tx Tx) error {
		added = false
		o, err := tx.Order(ref)
		if err != nil || !o.State.Final() || o.Delivery == DeliverySent || o.Delivery == DeliveryAcknowledged {
			return err
		}
		if err := s.notShown(tx, ref, "the chat did not show it"); err != nil {
			return err
		}
		added, err = s.bySMS(tx, o, NoteScreen)
		return err
	})
	if err != nil {
		return fmt.Errorf("write that a chat did not show an order: %w", err)
	}
	if added {
		s.runner.Wake()
	}
	return nil
}

// notShown takes back that a screen showed an order.
func (s *Service) notShown(tx Tx, ref, why string) error {
	_, err := s.deliver(tx, ref, CauseScreen, why, func(o Order) Delivery {
		switch {
		case o.Delivery != DeliveryShown:
			return o.Delivery
		case len(o.Goods) > 0:
			return DeliveryStored
		}
		return DeliveryNone
	})
	return err
}

// deliver moves an order's delivery, where it moves.
func (s *Service) deliver(tx Tx, ref string, why Cause, note string, to func(Order) Delivery) (Order, error) {
	o, err := tx.Order(ref)
	if err != nil {
		return o, err
	}
	next := to(o)
	if next == o.Delivery {
		return o, nil
	}
	o.Delivery = next
	if err := tx.UpdateOrder(o); err != nil {
		return o, err
	}
	m := o.move(o.State, why, s.opt.Now())
	m.Note = note
	return o, tx.AddMove(m)
}
