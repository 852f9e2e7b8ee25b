package vend

import (
	"context"
	"errors"
	"fmt"

	"spaza/ledger"
	"spaza/secret"
)

// Refund is money of a balance that is to become a 1Voucher again.
type Refund struct {
	Ref     string // allotted before the customer was asked; see NewRef
	MSISDN  string
	Amount  ledger.Cents
	Channel string
	By      string // who asked for it at the operator; empty where the customer did
	Why     string // and why
	// PIN is the wallet PIN, where one is needed and the customer asks; see
	// Service.PIN.
	PIN secret.Text
}

// Refund turns balance into a new 1Voucher: the amount is held first, and the
// voucher's PIN are the order's goods. It is as idempotent as Buy, waits in the
// same way and returns its errors. An unclear refund keeps its hold and is asked
// for again; there is never a second.
func (s *Service) Refund(ctx context.Context, r Refund) (Order, error) {
	if r.Amount <= 0 {
		return Order{}, fmt.Errorf("%w: a refund of %s", ErrRefused, r.Amount)
	}
	req, err := s.provider.Prepare(Sale{Ref: r.Ref, Kind: KindRefund, Amount: r.Amount, At: s.opt.Now(), Channel: r.Channel})
	if err != nil {
		return Order{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	o := Order{Ref: r.Ref, Kind: KindRefund, Label: "1Voucher", Amount: r.Amount, Fund: FundBalance, Channel: r.Channel}
	return s.spend(ctx, r.MSISDN, r.Ref, r.PIN, func(proven bool) (Order, error) {
		return s.begin(ctx, r.MSISDN, o, req, asked(r.By, r.Why), func(tx Tx, c Customer, o Order) error {
			if r.By == "" {
				if err := s.mayOrder(tx, c, o); err != nil {
					return err
				}
			}
			if err := s.mayPay(c, proven || r.By != ""); err != nil {
				return err
			}
			return tx.Post(ledger.Hold(o.Ref, o.payer(), o.Amount), o.CreatedAt)
		})
	})
}

// asked is the first move of an order that a customer or the operator asked for.
func asked(by, why string) Move {
	if by == "" {
		return Move{Cause: CauseCustomer}
	}
	return Move{Cause: CauseOperator, By: by, Note: why}
}

// Reversal asks for a sale to be undone.
type Reversal struct {
	Ref      string // of its own; see NewRef
	Original string // the sale's
	Channel  string
	By, Why  string // who asked for it at the operator, and why
}

var (
	// ErrNotDone is returned when a sale is to be undone that did not happen,
	// or was undone.
	ErrNotDone = errors.New("sale did not happen, or was undone")
	// ErrReversing is returned when a sale is being undone under another
	// reference.
	ErrReversing = errors.New("sale is being undone")
)

// Reverse undoes a sale that happened, where the provider can: a voucher or PIN
// that nobody used, a redemption, a refund. Its money goes the other way once the
// provider has said so; what the customer must give back (the value of a
// redemption) is held first. It is as idempotent as Buy and waits in the same
// way. Errors that say that nothing was sent: ledger.ErrInsufficient, ErrNotDone,
// ErrNoOrder, ErrReversing, ErrReferenceReused, ErrRefused.
func (s *Service) Reverse(ctx context.Context, r Reversal) (Order, error) {
	switch begun, err := s.store.Order(ctx, r.Ref); {
	case err == nil && (begun.Kind != KindReverse || begun.Original != r.Original):
		return Order{}, ErrReferenceReused
	case err == nil:
		return s.await(ctx, begun, func() {}), nil
	case !errors.Is(err, ErrNoOrder):
		return Order{}, err
	}
	sale, err := s.store.Order(ctx, r.Original)
	switch {
	case err != nil:
		return Order{}, err
	case !sale.Done(): // what it was worth may not be known yet
		return Order{}, ErrNotDone
	}
	var buyer Customer
	if buyer, err = s.Buyer(ctx, sale); err != nil {
		return Order{}, err
	}
	req, err := s.provider.Prepare(Sale{
		Ref: r.Ref, Kind: KindReverse, Product: sale.Product, Original: sale.Ref, OriginalKind: sale.Kind, OriginalOp: sale.Op,
		At: s.opt.Now(), Channel: r.Channel,
	})
	if err != nil {
		return Order{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	o := Order{
		Ref: r.Ref, Kind: KindReverse, Product: sale.Product, Label: sale.Label, Amount: sale.Amount,
		Fund: sale.Fund, Original: sale.Ref, Channel: r.Channel,
	}
	return s.begin(ctx, buyer.MSISDN, o, req, asked(r.By, r.Why), func(tx Tx, _ Customer, o Order) error {
		original, err := tx.Order(o.Original) // and locks it: one reversal at a time
		switch {
		case err != nil:
			return err
		case !original.Done() || original.Kind == KindReverse:
			return ErrNotDone
		case original.Customer != o.Customer: // whose number went to somebody else just now
			return errors.New("the customer of the sale has another number")
		}
		switch other, err := tx.OrderByOriginal(o.Original, o.Ref); {
		case err == nil && !other.Done():
			return ErrReversing
		case err == nil:
			return ErrNotDone
		case !errors.Is(err, ErrNoOrder):
			return err
		}
		if !holds(o, original) {
			return nil
		}
		return tx.Post(ledger.Hold(o.Ref, o.payer(), o.Amount), o.CreatedAt)
	})
}
