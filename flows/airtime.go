package flows

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

const (
	airtimeNetwork   dialog.StateID = "airtime.network"
	airtimeAmount    dialog.StateID = "airtime.amount"
	airtimeOther     dialog.StateID = "airtime.other"
	airtimeConfirm   dialog.StateID = "airtime.confirm"
	airtimeShort     dialog.StateID = "airtime.short"
	airtimePaying    dialog.StateID = "airtime.paying"
	airtimeSold      dialog.StateID = "airtime.sold"
	airtimePending   dialog.StateID = "airtime.pending"
	airtimeDeclined  dialog.StateID = "airtime.declined"
	airtimeCancelled dialog.StateID = "airtime.cancelled"
	airtimeNone      dialog.StateID = "airtime.none"
)

// airtime sells airtime for the number that is calling.
func airtime(s Shop) []dialog.State {
	f := airtimeFlow{s}
	return []dialog.State{
		{
			ID: airtimeNetwork, Back: menuStart, What: "what.airtime",
			Enter: f.anyOnSale, Ask: f.askNetwork, Answer: f.pickNetwork,
			Edges: []dialog.Edge{{Move: "picked", To: airtimeAmount}, {Move: "none", To: airtimeNone}},
		},
		{
			ID: airtimeAmount, Back: airtimeNetwork, What: "what.airtime", Free: true,
			Enter: f.onSale, Ask: f.askAmount, Answer: f.pickAmount,
			Edges: []dialog.Edge{{Move: "chosen", To: airtimeConfirm}, {Move: "other", To: airtimeOther}, {Move: "gone", To: airtimeNetwork}},
		},
		{
			ID: airtimeOther, Back: airtimeAmount, What: "what.airtime", Free: true,
			Enter: f.anyAmount, Ask: f.askOther, Answer: f.pickAmount,
			Edges: []dialog.Edge{{Move: "chosen", To: airtimeConfirm}, {Move: "gone", To: airtimeNetwork}},
		},
		{
			ID: airtimeConfirm, Back: airtimeAmount, Confirm: true,
			Enter: f.enterConfirm, Ask: f.askConfirm, Answer: f.answerConfirm,
			Edges: []dialog.Edge{{Move: "pay", To: airtimePaying}, {Move: "cancel", To: airtimeCancelled}, {Move: "short", To: airtimeShort}},
		},
		{
			ID: airtimeShort, Back: airtimeAmount, What: "what.airtime",
			Enter: f.enterShort, Ask: f.askShort, Answer: f.answerShort,
			Edges: []dialog.Edge{{Move: "voucher", To: voucherPIN}, {Move: "other", To: airtimeAmount}, {Move: "enough", To: airtimeConfirm}},
		},
		{
			ID: airtimePaying, Do: f.pay,
			Edges: []dialog.Edge{
				{Move: "sold", To: airtimeSold},
				{Move: "pending", To: airtimePending},
				{Move: "declined", To: airtimeDeclined},
				{Move: "network", To: airtimeNetwork},
				{Move: "amount", To: airtimeAmount},
				{Move: "short", To: airtimeShort},
				{Move: "ask", To: airtimeConfirm},
			},
		},
		{ID: airtimeSold, End: true, Ask: f.askSold},
		{ID: airtimePending, End: true, Ask: f.askPending},
		{ID: airtimeDeclined, End: true, Ask: f.askDeclined},
		{ID: airtimeCancelled, End: true, Ask: says("airtime.cancelled")},
		{ID: airtimeNone, End: true, Ask: says("airtime.none")},
	}
}

type airtimeFlow struct{ Shop }

func (f airtimeFlow) anyOnSale(context.Context, *dialog.Talk) (dialog.Move, error) {
	if len(f.Shelf.Airtime()) == 0 {
		return "none", nil
	}
	return dialog.Stay, nil
}

// askNetwork puts the likely network first: what the gateway says, else what
// the number's prefix says. Numbers move between networks, so it is a hint and
// the customer chooses.
func (f airtimeFlow) askNetwork(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("airtime.network.ask", own(t))
	hint := t.Network
	if hint == "" {
		hint = msisdn.Network(t.User)
	}
	if n, ok := f.Shelf.Network(hint); ok {
		s.Add(n.ID, n.Name)
	}
	for _, n := range f.Shelf.Airtime() {
		if n.ID != hint {
			s.Add(n.ID, n.Name)
		}
	}
}

func (f airtimeFlow) pickNetwork(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option != t.Text(network) {
		t.SetText(network, in.Option)
		t.SetText(buyRef, "")
	}
	return "picked", nil
}

// onSale turns back a customer whose network left the shelf since they chose it.
func (f airtimeFlow) onSale(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	if _, ok := f.Shelf.Network(t.Text(network)); !ok {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	return dialog.Stay, nil
}

// anyAmount does the same where only fixed prices are left.
func (f airtimeFlow) anyAmount(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	if n, _ := f.Shelf.Network(t.Text(network)); n.Range.Code == "" {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	return dialog.Stay, nil
}

// quick are the amounts that most people buy.
func quick() []ledger.Cents {
	return []ledger.Cents{ledger.Rand(10), ledger.Rand(20), ledger.Rand(50), ledger.Rand(100)}
}

func (f airtimeFlow) askAmount(t *dialog.Talk, s *dialog.Screen) {
	n, _ := f.Shelf.Network(t.Text(network))
	s.Text = t.Say("airtime.amount.ask", text("network", n.Name), own(t))
	offer := func(c ledger.Cents) { s.Add(strconv.FormatInt(int64(c), 10), c.String()) }
	if n.Range.Code == "" {
		for _, p := range n.Fixed {
			offer(p.Min)
		}
		return
	}
	for _, c := range quick() {
		if _, ok := n.Sells(c); ok {
			offer(c)
		}
	}
	s.Add("other", t.Say("airtime.amount.other"))
}

func (f airtimeFlow) askOther(t *dialog.Talk, s *dialog.Screen) {
	n, _ := f.Shelf.Network(t.Text(network))
	s.Text = t.Say("airtime.other.ask", money("min", wholeUp(n.Range.Min)), money("max", wholeDown(n.Range.Max)))
}

// pickAmount takes an amount from the list, or typed: whoever types 30 where a
// list is shown means R30.
func (f airtimeFlow) pickAmount(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	n, ok := f.Shelf.Network(t.Text(network))
	if !ok {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	var want ledger.Cents
	switch {
	case in.Gone:
		return t.AgainPick(t.Options())
	case in.Option == "other":
		return "other", nil
	case in.Option != "":
		c, err := strconv.ParseInt(in.Option, 10, 64)
		if err != nil {
			return t.AgainPick(t.Options())
		}
		want = ledger.Cents(c)
	default:
		c, err := ParseRand(in.Text)
		switch {
		case errors.Is(err, ErrNotWhole):
			return t.Again("airtime.amount.whole")
		case err != nil:
			return t.Again("airtime.amount.bad")
		}
		want = c
	}
	if _, ok := n.Sells(want); !ok {
		switch {
		case n.Range.Code == "" && t.Options() == 0: // any amount was asked for, and is no more
			t.Note(whyKey(vend.ReasonProductGone))
			return "gone", nil
		case n.Range.Code == "":
			return t.AgainPick(t.Options())
		case want < n.Range.Min:
			return t.Again("airtime.amount.low", money("min", wholeUp(n.Range.Min)))
		default:
			return t.Again("airtime.amount.high", money("max", wholeDown(n.Range.Max)))
		}
	}
	if want != cents(t, amount) {
		t.SetInt(amount, int64(want))
		t.SetText(buyRef, "")
	}
	return "chosen", nil
}

// enterConfirm reads the balance, and allots the reference that every way of
// saying yes to this screen will share: pressing twice, a gateway's retry, a
// redial. It stays the same until the customer changes what is bought.
func (f airtimeFlow) enterConfirm(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	b, err := f.Purse.Balance(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	t.SetInt(available, int64(b.Available))
	t.Once(available)
	if t.Text(buyRef) == "" {
		t.SetText(buyRef, vend.NewRef(vend.KindAirtime, f.Now()))
	}
	if b.Available < cents(t, amount) {
		return "short", nil
	}
	return dialog.Stay, nil
}

func (f airtimeFlow) askConfirm(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("airtime.confirm.ask", f.what(t, own(t), money("balance", cents(t, available)))...)
	s.Add("pay", t.Say("airtime.confirm.pay", money("amount", cents(t, amount))))
	s.Add("cancel", t.Say("airtime.confirm.cancel"))
}

func (airtimeFlow) answerConfirm(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return dialog.Move(in.Option), nil
}

// enterShort looks again, since money may have come in while the customer was
// away; the screen says what they have.
func (f airtimeFlow) enterShort(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if t.Once(available) {
		f.readBalance(ctx, t)
	}
	if cents(t, available) >= cents(t, amount) {
		return "enough", nil
	}
	return dialog.Stay, nil
}

func (f airtimeFlow) askShort(t *dialog.Talk, s *dialog.Screen) {
	missing := cents(t, amount) - cents(t, available)
	s.Text = t.Say("airtime.short.ask", f.what(t, money("balance", cents(t, available)), money("missing", missing))...)
	s.Add("voucher", t.Say("airtime.short.voucher"))
	s.Add("other", t.Say("airtime.short.other"))
}

func (airtimeFlow) answerShort(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option == "voucher" {
		t.SetText(backTo, airtimeConfirm.Flow())
	}
	return dialog.Move(in.Option), nil
}

// pay buys, and says how it went. A customer who said yes, was cut off before
// anything was bought, and dials again is asked once more instead: they may
// have bought elsewhere since.
func (f airtimeFlow) pay(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	o, err := f.order(ctx, t)
	switch {
	case errors.Is(err, vend.ErrNoOrder):
		return "ask", nil
	case errors.Is(err, ledger.ErrInsufficient):
		f.readBalance(ctx, t)
		return "short", nil
	case errors.Is(err, vend.ErrRefused):
		return f.refused(ctx, t, vend.ReasonProductGone)
	case errors.Is(err, vend.ErrClosing):
		return f.refused(ctx, t, vend.ReasonTryLater)
	case err != nil:
		return dialog.Stay, err
	}
	t.SetText(lastRef, o.Ref)
	if _, ok := f.Shelf.Network(t.Text(network)); !ok {
		t.SetText(label, o.Label)
	}
	switch o.State {
	case vend.StateDelivered:
		f.readBalance(ctx, t)
		return "sold", nil
	case vend.StateDeclined:
		return f.refused(ctx, t, o.Reason)
	default:
		return "pending", nil
	}
}

func (f airtimeFlow) order(ctx context.Context, t *dialog.Talk) (vend.Order, error) {
	if t.Resumed {
		return f.Till.Join(ctx, t.Text(buyRef))
	}
	n, _ := f.Shelf.Network(t.Text(network))
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

// readBalance refreshes the balance for a screen; the old one serves when it
// can not be read.
func (f airtimeFlow) readBalance(ctx context.Context, t *dialog.Talk) {
	if b, err := f.Purse.Balance(ctx, t.User); err == nil {
		t.SetInt(available, int64(b.Available))
	}
}

func (f airtimeFlow) askSold(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("airtime.sold", f.what(t, own(t), money("balance", cents(t, available)), ref(t.Text(buyRef)))...)
}

func (f airtimeFlow) askPending(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("airtime.pending", f.what(t, own(t), ref(t.Text(buyRef)))...)
}

func (f airtimeFlow) askDeclined(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("airtime.declined", text("why", t.Say(whyKey(vend.Reason(t.Text(why))))), money("balance", cents(t, available)))
}

// what is bought: amount and network, and whatever else a text wants.
func (f airtimeFlow) what(t *dialog.Talk, more ...dialog.Arg) []dialog.Arg {
	name := cmp.Or(t.Text(label), t.Text(network))
	if n, ok := f.Shelf.Network(t.Text(network)); ok {
		name = n.Name
	}
	return append([]dialog.Arg{money("amount", cents(t, amount)), text("network", name)}, more...)
}
