package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"spaza/flashapi"
	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

type ordersResendCommand struct {
	Ref  string `arg:"" help:"The reference, or its last six letters."`
	Deed `embed:""`
}

// Run has what is outstanding sent again.
func (r ordersResendCommand) Run(ctx context.Context, c console) error {
	return act(ctx, c, r.Deed, r.Ref, func(d *desk, o vend.Order, by, why string) error {
		if o.State == vend.StateReversed {
			return fmt.Errorf("order %s is reversed: nothing of it is outstanding", o.Ref)
		}
		var after vend.Order
		err := d.do(ctx, by, "resend "+o.Ref, why, func() (err error) {
			after, err = d.till().Resend(ctx, o.Ref, by, why)
			return plainly(o.Ref, err)
		})
		if err != nil {
			return err
		}
		switch {
		case after.State.Final():
			fmt.Fprintf(c.out, "Order %s: its message goes out again.\n", after.Ref)
		case o.State == vend.StatePerson:
			fmt.Fprintf(c.out, "Order %s: handed back to the service, which asks the provider again until %s.\n",
				after.Ref, clockSecond(after.FirstSentAt.Add(flashapi.ResendWindow)))
		default:
			fmt.Fprintf(c.out, "Order %s: the service asks the provider again at once.\n", after.Ref)
		}
		return nil
	})
}

// act checks who and why, finds the order and does something with it.
func act(ctx context.Context, c console, deed Deed, ref string, do func(d *desk, o vend.Order, by, why string) error) error {
	by, why, err := deed.check(c)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	o, err := d.order(ctx, ref)
	if err != nil {
		return err
	}
	return do(d, o, by, why)
}

// Wait is how long a command waits for the service.
type Wait struct {
	Wait time.Duration `help:"How long to wait for what comes of it." default:"10s"`
}

// check refuses a wait in which not even the books can be written.
func (w Wait) check() error {
	if w.Wait < time.Second || w.Wait > 5*time.Minute {
		return usage("--wait is 1s to 5m")
	}
	return nil
}

type ordersReverseCommand struct {
	Ref    string `arg:"" help:"The reference of the sale, or its last six letters."`
	Deed   `embed:""`
	Timing Wait `embed:""`
}

// Run asks for a sale to be undone, and waits for what comes of it.
func (r ordersReverseCommand) Run(ctx context.Context, c console) error {
	if err := r.Timing.check(); err != nil {
		return err
	}
	return act(ctx, c, r.Deed, r.Ref, func(d *desk, sale vend.Order, by, why string) error {
		till, free, err := d.sellingTill(ctx)
		if err != nil {
			return err
		}
		defer free()
		undo := vend.Reversal{Ref: vend.NewRef(vend.KindReverse, time.Now()), Original: sale.Ref, Channel: "desk", By: by, Why: why}
		var o vend.Order
		err = d.do(ctx, by, "reverse "+sale.Ref+" by "+undo.Ref, why, func() error {
			waiting, cancel := context.WithTimeout(ctx, r.Timing.Wait)
			defer cancel()
			if o, err = till.Reverse(waiting, undo); errors.Is(err, vend.ErrRefused) {
				return fmt.Errorf("order %s (%s) cannot be undone at the provider; nothing was sent", sale.Ref, kindWords(sale.Kind))
			}
			return plainly(sale.Ref, err)
		})
		if err != nil {
			return err
		}
		return came(c, "The reversal of "+sale.Ref, o)
	})
}

type ordersRefundCommand struct {
	MSISDN string `arg:"" name:"msisdn" help:"The customer's number, however it is written."`
	Amount string `arg:"" help:"How much: R50, 50.00."`
	Again  bool   `help:"Also when there was a refund a moment ago."`
	Deed   `embed:""`
	Timing Wait `embed:""`
}

// refundPause is how long after a refund another one is taken for a mistake,
// such as a command that was run twice.
const refundPause = 30 * time.Minute

// Run turns balance into a new 1Voucher, and waits for what comes of it.
func (r ordersRefundCommand) Run(ctx context.Context, c console) error {
	if err := r.Timing.check(); err != nil {
		return err
	}
	by, why, err := r.check(c)
	if err != nil {
		return err
	}
	number, err := msisdn.Parse(r.MSISDN)
	if err != nil {
		return usage("the customer's number: %w", err)
	}
	cents, err := readAmount(r.Amount)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	if err := r.mayRefund(ctx, d, number, cents); err != nil {
		return err
	}
	till, free, err := d.sellingTill(ctx)
	if err != nil {
		return err
	}
	defer free()
	refund := vend.Refund{Ref: vend.NewRef(vend.KindRefund, time.Now()), MSISDN: number, Amount: cents, Channel: "desk", By: by, Why: why}
	var o vend.Order
	err = d.do(ctx, by, fmt.Sprintf("refund %s to %s by %s", cents, masked(number), refund.Ref), why, func() error {
		waiting, cancel := context.WithTimeout(ctx, r.Timing.Wait)
		defer cancel()
		if o, err = till.Refund(waiting, refund); errors.Is(err, vend.ErrRefused) {
			return fmt.Errorf("the provider makes no 1Voucher of %s; nothing was sent", cents)
		}
		return plainly(refund.Ref, err)
	})
	if err != nil {
		return err
	}
	return came(c, "The refund", o)
}

// mayRefund refuses what cannot be, and what looks like the same once more.
func (r ordersRefundCommand) mayRefund(ctx context.Context, d *desk, number string, cents ledger.Cents) error {
	customer, err := d.books.Customer(ctx, number)
	if err != nil {
		return err
	}
	if customer.ID == "" {
		return fmt.Errorf("%s has never bought here, and has no balance", msisdn.Local(number))
	}
	b, err := d.books.Balance(ctx, customer.ID)
	if err != nil {
		return err
	}
	if b.Available < cents {
		return fmt.Errorf("%s has %s to spend (%s is held), which is less than %s", msisdn.Local(number), b.Available, b.Held, cents)
	}
	list, err := d.books.FindOrders(ctx, vend.Query{Customer: customer.ID, Kinds: []vend.Kind{vend.KindRefund}})
	if err != nil || r.Again {
		return err
	}
	for _, o := range list {
		if !o.State.Final() || !o.Refused() && time.Since(o.CreatedAt) < refundPause {
			return fmt.Errorf("there is a refund %s of %s from %s (%s); if another one is meant: --again",
				o.Ref, o.Amount, clockDay(o.CreatedAt), stateWords(o.State, o.Resolution))
		}
	}
	return nil
}

// came prints what came of an order that the service was given. One that was
// refused makes the exit status 1.
func came(c console, name string, o vend.Order) error {
	state := stateSentence(o)
	switch {
	case o.Done():
		_, err := fmt.Fprintf(c.out, "%s is done, under %s. A message goes to the customer.\n", name, o.Ref)
		return err
	case o.Refused():
		return fmt.Errorf("%s was refused by the provider, under %s (%s)", lower(name), o.Ref, plain(string(o.Reason)))
	case o.State == vend.StateConfirmed:
		_, err := fmt.Fprintf(c.out, "%s is written, under %s, and no service has begun it yet. Look again: spaza orders show %s\n", name, o.Ref, vend.ShortRef(o.Ref))
		return err
	}
	_, err := fmt.Fprintf(c.out, "%s is under way, under %s: %s. Look again: spaza orders show %s\n", name, o.Ref, state, vend.ShortRef(o.Ref))
	return err
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// plainly says what went wrong in words for whoever answers the phone.
func plainly(ref string, err error) error {
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case err == nil:
		return nil
	case is(vend.ErrNoOrder):
		return fmt.Errorf("there is no order %s", ref)
	case is(vend.ErrMoved):
		return fmt.Errorf("order %s has moved since you looked; nothing was changed. Look again: spaza orders show %s", ref, vend.ShortRef(ref))
	case is(vend.ErrIllegalMove):
		return fmt.Errorf("order %s cannot be decided now; nothing was changed. What can be done: spaza orders show %s", ref, vend.ShortRef(ref))
	case is(vend.ErrNotDecidable):
		_, why, _ := strings.Cut(err.Error(), vend.ErrNotDecidable.Error()+": ")
		return fmt.Errorf("order %s: %s; nothing was changed", ref, inWords(why))
	case is(vend.ErrReversing):
		return fmt.Errorf("order %s is being undone already: spaza orders show %s", ref, vend.ShortRef(ref))
	case is(vend.ErrNotDone):
		return fmt.Errorf("order %s did not happen, or was undone: there is nothing to undo", ref)
	case is(ledger.ErrInsufficient):
		return fmt.Errorf("order %s: the customer's balance is too small; nothing was changed", ref)
	case is(ledger.ErrEnded), is(ledger.ErrReused):
		return fmt.Errorf("order %s: its money was moved before, and the books refuse it a second time; nothing was changed", ref)
	case is(context.DeadlineExceeded), is(context.Canceled):
		return fmt.Errorf("order %s: it is not certain whether it was written. Look first: spaza orders show %s", ref, vend.ShortRef(ref))
	}
	return err
}

// inWords says a state of an order as people do, where the core names it.
func inWords(why string) string {
	state, ok := strings.CutPrefix(why, "it is ")
	if !ok {
		return strings.Replace(why, "say who bears it", "say who bears it with --bears provider or --bears operator", 1)
	}
	switch vend.State(state) {
	case vend.StateResolved:
		return "it is decided already"
	case vend.StatePerson:
		return "it needs a person first"
	case vend.StateOwed:
		return "its goods are owed"
	}
	return "it is " + stateWords(vend.State(state), "")
}
