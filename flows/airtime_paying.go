package flows

import (
	"cmp"
	"context"
	"errors"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

// pay buys, and says how it went. A customer who said yes, was cut off before
// anything was bought, and dials again is asked once more instead: they may
// have bought elsewhere since.
func (f airtimeFlow) pay(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	o, err := f.order(ctx, t)
	switch {
	case errors.Is(err, vend.ErrNoOrder):
		return "ask", nil
	case errors.Is(err, ledger.ErrInsufficient) && !f.onTheHouse():
		f.readBalance(ctx, t)
		return "short", nil
	case errors.Is(err, vend.ErrLimit):
		return f.pastLimit(t, err)
	case errors.Is(err, ledger.ErrInsufficient): // not the customer's to put right
		return f.refused(ctx, t, vend.ReasonUnavailable)
	case errors.Is(err, vend.ErrRefused):
		return f.refused(ctx, t, vend.ReasonProductGone)
	case errors.Is(err, vend.ErrNotWritten):
		return f.refused(ctx, t, vend.ReasonTryLater)
	case err != nil:
		return dialog.Stay, err
	}
	t.SetText(lastRef, o.Ref)
	if _, ok := f.Shelf.Network(t.Text(network)); !ok {
		t.SetText(label, o.Label)
	}
	switch {
	case o.Done():
		f.readBalance(ctx, t)
		return "sold", nil
	case o.Refused():
		return f.refused(ctx, t, o.Reason)
	case o.State == vend.StateReversed:
		f.readBalance(ctx, t)
		return "undone", nil
	case o.State == vend.StateOwed:
		return "owed", nil
	default:
		return "pending", nil
	}
}

func (f airtimeFlow) order(ctx context.Context, t *dialog.Talk) (vend.Order, error) {
	if t.Resumed {
		return f.Till.Join(ctx, t.Text(buyRef))
	}
	n, _ := f.Shelf.Network(t.Text(network)) // with what is above a limit too: the sale says so
	p, ok := n.Sells(cents(t, amount))
	if !ok {
		// Not on the shelf any more; an order that was begun is still joined.
		o, err := f.Till.Join(ctx, t.Text(buyRef))
		if errors.Is(err, vend.ErrNoOrder) {
			return o, vend.ErrRefused
		}
		return o, err
	}
	o, err := f.Till.Buy(ctx, vend.Purchase{
		Ref: t.Text(buyRef), MSISDN: t.User, Product: p, Amount: cents(t, amount), Target: t.User, Channel: t.Channel,
	})
	if errors.Is(err, vend.ErrReferenceReused) {
		// An order that was begun for the very same thing, which the catalogue
		// has under another code since, is joined.
		begun, joinErr := f.Till.Join(ctx, t.Text(buyRef))
		if joinErr == nil && begun.Label == p.Vendor && begun.Amount == cents(t, amount) && begun.Target == t.User {
			return begun, nil
		}
	}
	return o, err
}

// refused leads to where the customer can put it right, or to the end. The
// reference is spent either way; the next dial tells of an order that ended so,
// unless the customer was asked something on it here.
func (f airtimeFlow) refused(ctx context.Context, t *dialog.Talk, r vend.Reason) (dialog.Move, error) {
	t.SetText(why, string(r))
	t.SetText(buyRef, "")
	f.readBalance(ctx, t)
	switch r {
	case vend.ReasonWrongNetwork:
		t.SetText(lastRef, "")
		t.Note("airtime.fix", text("why", t.Say(whyKey(r))))
		return "network", nil
	case vend.ReasonAmount, vend.ReasonAmountLow, vend.ReasonAmountHigh:
		t.SetInt(amount, 0)
		t.SetText(lastRef, "")
		t.Note("airtime.fix", text("why", t.Say(whyKey(r))))
		return "amount", nil
	}
	return "declined", nil
}

// readBalance refreshes the balance for a screen; none is wanted where nobody
// needs one.
func (f airtimeFlow) readBalance(ctx context.Context, t *dialog.Talk) {
	if !f.onTheHouse() {
		f.Shop.readBalance(ctx, t)
	}
}

// byBalance chooses the words with the balance, where it is known.
func (f airtimeFlow) byBalance(t *dialog.Talk, with, without, house string) string {
	if !f.onTheHouse() && t.Int(available) == unknownBalance {
		return without
	}
	return f.byFund(with, house)
}

func (f airtimeFlow) askSold(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byBalance(t, "airtime.sold", "airtime.sold.house", "airtime.sold.house"), f.what(t, own(t), money("balance", cents(t, available)), ref(t.Text(buyRef)))...)
}

func (f airtimeFlow) askPending(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byFund("airtime.pending", "airtime.pending.house"), f.what(t, own(t), ref(t.Text(buyRef)))...)
}

func (f airtimeFlow) askOwed(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("airtime.owed", f.what(t, own(t), ref(t.Text(buyRef)))...)
}

func (f airtimeFlow) askUndone(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byBalance(t, "airtime.undone", "airtime.undone.plain", "airtime.undone.house"), f.what(t, money("balance", cents(t, available)), ref(t.Text(buyRef)))...)
}

func (f airtimeFlow) askDeclined(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byBalance(t, "airtime.declined", "airtime.declined.plain", "airtime.declined.house"), text("why", t.Say(whyKey(vend.Reason(t.Text(why))))), money("balance", cents(t, available)))
}

// what is bought: amount and network, and whatever else a text wants.
func (f airtimeFlow) what(t *dialog.Talk, more ...dialog.Arg) []dialog.Arg {
	name := cmp.Or(t.Text(label), t.Text(network))
	if n, ok := f.Shelf.Network(t.Text(network)); ok {
		name = n.Name
	}
	return append([]dialog.Arg{money("amount", cents(t, amount)), text("network", name)}, more...)
}
