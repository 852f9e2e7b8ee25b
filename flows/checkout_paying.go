package flows

import (
	"cmp"
	"context"
	"errors"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// pay buys, and says how it went. A customer who said yes, was cut off before
// anything was bought, and dials again is asked once more instead: they may
// have bought elsewhere since.
func (f till) pay(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	pin := t.Secret
	t.Secret = secret.Text{}
	o, err := f.order(ctx, t, pin)
	switch {
	case errors.Is(err, vend.ErrNoOrder):
		t.SetInt(agreed, 0)
		return "ask", nil
	case errors.Is(err, vend.ErrPINWrong):
		return f.wrongPIN(t, err)
	case errors.Is(err, vend.ErrPINNeeded):
		return "pin", nil
	case errors.Is(err, vend.ErrPINNotSet):
		t.SetText(backTo, f.c.flow)
		return "make", nil
	case errors.Is(err, ledger.ErrInsufficient) && !f.costless():
		f.readBalance(ctx, t)
		t.SetInt(agreed, 0)
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
	if !o.Refused() { // it may leave the shelf before the screen does
		t.SetText(label, cmp.Or(t.Text(label), o.Label))
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

func (f till) order(ctx context.Context, t *dialog.Talk, pin secret.Text) (vend.Order, error) {
	_, onSale := f.c.product(t)
	switch { // asked anew, unless it was begun
	case t.Resumed:
		return f.begun(ctx, t, t.Text(buyRef))
	case f.c.ready != nil && !f.c.ready(t), onSale && t.Int(agreed) != f.words(t):
		return f.Till.Join(ctx, t.Text(buyRef))
	}
	o, err := f.buy(ctx, t, pin)
	if errors.Is(err, vend.ErrRefused) { // now; it may have been begun before
		if begun, joinErr := f.Till.Join(ctx, t.Text(buyRef)); joinErr == nil {
			return begun, nil
		}
	}
	return o, err
}

func (f till) buy(ctx context.Context, t *dialog.Talk, pin secret.Text) (vend.Order, error) {
	if f.c.refund {
		return f.Till.Refund(ctx, vend.Refund{Ref: t.Text(buyRef), MSISDN: t.User, Amount: cents(t, amount), Channel: t.Channel, PIN: pin})
	}
	p, ok := f.c.product(t)
	if !ok { // not on the shelf any more
		return vend.Order{}, vend.ErrRefused
	}
	o, err := f.Till.Buy(ctx, vend.Purchase{
		Ref: t.Text(buyRef), MSISDN: t.User, Product: p, Amount: cents(t, amount), Target: f.sentTo(t), Free: f.c.free,
		Enquiry: t.Text(handle), Channel: t.Channel, PIN: pin,
	})
	if errors.Is(err, vend.ErrReferenceReused) {
		// An order that was begun for the very same thing, which the catalogue
		// has under another code since, is joined.
		begun, joinErr := f.Till.Join(ctx, t.Text(buyRef))
		if joinErr == nil && begun.Label == p.Vendor && begun.Amount == cents(t, amount) && begun.Target == f.sentTo(t) {
			return begun, nil
		}
	}
	return o, err
}

// sentTo is who gets it, as the sale knows them: an account with its biller's
// prefix.
func (f till) sentTo(t *dialog.Talk) string {
	if f.c.kind == vend.KindBill {
		if p, ok := f.Shelf.Product(f.c.kind, t.Text(product)); ok {
			return p.Biller + t.Text(target)
		}
	}
	return f.basket(t, f.c.kind).target
}

// mendable are the reasons that customers can put right themselves, in the order
// of the diagrams.
func mendable() []vend.Reason {
	return []vend.Reason{
		vend.ReasonWrongNetwork, vend.ReasonNumber, vend.ReasonAmount, vend.ReasonAmountLow, vend.ReasonAmountHigh,
		vend.ReasonAmountBelowArrears, vend.ReasonMeter, vend.ReasonAccount,
	}
}

// mendMove names the move to where something is put right.
func mendMove(to dialog.StateID) dialog.Move { return dialog.Move("mend " + string(to)) }

// refused leads to where the customer can put it right, or to the end. The
// reference is spent either way; the next dial tells of an order that ended so,
// unless the customer was asked something on it here.
func (f till) refused(ctx context.Context, t *dialog.Talk, r vend.Reason) (dialog.Move, error) {
	t.SetText(buyRef, "")
	f.readBalance(ctx, t)
	if to := f.c.mend[r]; to != "" {
		t.SetText(lastRef, "")
		t.Note("pay.fix", text("why", t.Say(whyKey(r))))
		return mendMove(to), nil
	}
	t.SetText(why, string(r))
	return "declined", nil
}

// readBalance refreshes the balance for a screen; none is wanted where nobody
// needs one.
func (f till) readBalance(ctx context.Context, t *dialog.Talk) {
	if !f.costless() {
		f.Shop.readBalance(ctx, t)
	}
}

// byBalance chooses the words with the balance, where it is known and paid.
func (f till) byBalance(t *dialog.Talk, with, without, house string) string {
	switch {
	case f.costless():
		return house
	case t.Int(available) == unknownBalance:
		return without
	}
	return with
}

func (f till) balance(t *dialog.Talk) dialog.Arg { return money("balance", cents(t, available)) }

// enterSold opens what was bought, for the one screen that shows it.
func (f till) enterSold(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	o, err := f.Till.Order(ctx, t.Text(lastRef))
	if err != nil {
		return dialog.Stay, nil //nolint:nilerr // the message brings it, and the screen says so
	}
	if g, err := f.Till.Goods(o); err == nil {
		t.Secret = secret.New(f.handover(t, o, g))
	}
	return dialog.Stay, nil
}

func (f till) askSold(t *dialog.Talk, s *dialog.Screen) {
	if f.c.handed {
		s.Text = t.Say(here(t, "pay.handed.sms"), f.what(t), ref(t.Text(lastRef)))
		if !t.Secret.Empty() {
			s.Text = t.Secret.Reveal() + "\n" + t.Say(here(t, "pay.handed"), ref(t.Text(lastRef)))
			s.Copy = copies(s.Text)
		}
		return
	}
	s.Text = t.Say(f.byBalance(t, "pay.sold", "pay.sold.house", "pay.sold.house"), f.what(t), f.balance(t), ref(t.Text(lastRef)))
}

func (f till) askPending(t *dialog.Talk, s *dialog.Screen) {
	key := "pay.pending"
	if f.costless() {
		key = "pay.pending.house"
	}
	s.Text = t.Say(here(t, key), f.what(t), money("amount", cents(t, amount)), ref(t.Text(lastRef)))
}

func (f till) askOwed(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(here(t, "pay.owed"), f.what(t), ref(t.Text(lastRef)))
}

func (f till) askUndone(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byBalance(t, "pay.undone", "pay.undone.plain", "pay.undone.house"), f.balance(t), ref(t.Text(lastRef)))
}

func (f till) askDeclined(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byBalance(t, "pay.declined", "pay.declined.plain", "pay.declined.house"), text("why", t.Say(whyKey(vend.Reason(t.Text(why))))), f.balance(t))
}
