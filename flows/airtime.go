package flows

import (
	"context"
	"errors"
	"sort"
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
	airtimeOver      dialog.StateID = "airtime.over"
	airtimeLimit     dialog.StateID = "airtime.limit"
	airtimePaying    dialog.StateID = "airtime.paying"
	airtimeSold      dialog.StateID = "airtime.sold"
	airtimePending   dialog.StateID = "airtime.pending"
	airtimeOwed      dialog.StateID = "airtime.owed"
	airtimeDeclined  dialog.StateID = "airtime.declined"
	airtimeUndone    dialog.StateID = "airtime.undone"
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
			Edges: []dialog.Edge{
				{Move: "pay", To: airtimePaying},
				{Move: "cancel", To: airtimeCancelled},
				{Move: "short", To: airtimeShort},
				{Move: "over", To: airtimeOver},
				{Move: "reached", To: airtimeLimit},
			},
		},
		{
			ID: airtimeShort, Back: airtimeAmount, What: "what.airtime",
			Enter: f.enterShort, Ask: f.askShort, Answer: f.answerShort,
			Edges: []dialog.Edge{{Move: "voucher", To: voucherPIN}, {Move: "other", To: airtimeAmount}, {Move: "enough", To: airtimeConfirm}},
		},
		{
			ID: airtimeOver, Back: airtimeAmount, What: "what.airtime",
			Enter: f.enterOver, Ask: f.askOver, Answer: f.answerOver,
			Edges: []dialog.Edge{{Move: "other", To: airtimeAmount}, {Move: "within", To: airtimeConfirm}, {Move: "reached", To: airtimeLimit}},
		},
		{ID: airtimeLimit, End: true, Ask: f.askLimit},
		{
			ID: airtimePaying, Do: f.pay,
			Edges: []dialog.Edge{
				{Move: "sold", To: airtimeSold},
				{Move: "pending", To: airtimePending},
				{Move: "owed", To: airtimeOwed},
				{Move: "declined", To: airtimeDeclined},
				{Move: "undone", To: airtimeUndone},
				{Move: "network", To: airtimeNetwork},
				{Move: "amount", To: airtimeAmount},
				{Move: "short", To: airtimeShort},
				{Move: "over", To: airtimeOver},
				{Move: "reached", To: airtimeLimit},
				{Move: "ask", To: airtimeConfirm},
			},
		},
		{ID: airtimeSold, End: true, Ask: f.askSold},
		{ID: airtimePending, End: true, Ask: f.askPending},
		{ID: airtimeOwed, End: true, Ask: f.askOwed},
		{ID: airtimeDeclined, End: true, Ask: f.askDeclined},
		{ID: airtimeUndone, End: true, Ask: f.askUndone},
		{ID: airtimeCancelled, End: true, Ask: says("airtime.cancelled")},
		{ID: airtimeNone, End: true, Ask: says("airtime.none")},
	}
}

type airtimeFlow struct{ Shop }

// offer is a network with what may be sold of it at once; not ok when that is
// nothing.
func (f airtimeFlow) offer(id string) (vend.Network, bool) {
	n, ok := f.Shelf.Network(id)
	if !ok {
		return vend.Network{}, false
	}
	return atMost(n, f.Till.MostAtOnce(vend.KindAirtime))
}

// atMost leaves of a network what costs no more than most; zero is no limit.
func atMost(n vend.Network, most ledger.Cents) (vend.Network, bool) {
	if most > 0 {
		n.Fixed = n.Fixed[:sort.Search(len(n.Fixed), func(i int) bool { return n.Fixed[i].Min > most })]
		if n.Range.Max = min(n.Range.Max, most); wholeUp(n.Range.Min) > n.Range.Max {
			n.Range = vend.Product{}
		}
	}
	return n, n.Range.Code != "" || len(n.Fixed) > 0
}

// offers are the networks that have something to sell.
func (f airtimeFlow) offers() []vend.Network {
	var all []vend.Network
	for _, n := range f.Shelf.Airtime() {
		if n, ok := atMost(n, f.Till.MostAtOnce(vend.KindAirtime)); ok {
			all = append(all, n)
		}
	}
	return all
}

func (f airtimeFlow) anyOnSale(context.Context, *dialog.Talk) (dialog.Move, error) {
	if len(f.offers()) == 0 {
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
	if n, ok := f.offer(hint); ok {
		s.Add(n.ID, n.Name)
	}
	for _, n := range f.offers() {
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
	if _, ok := f.offer(t.Text(network)); !ok {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	return dialog.Stay, nil
}

// anyAmount does the same where only fixed prices are left.
func (f airtimeFlow) anyAmount(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	if n, _ := f.offer(t.Text(network)); n.Range.Code == "" {
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
	n, _ := f.offer(t.Text(network))
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
	n, _ := f.offer(t.Text(network))
	s.Text = t.Say("airtime.other.ask", money("min", wholeUp(n.Range.Min)), money("max", wholeDown(n.Range.Max)))
}

// pickAmount takes an amount from the list, or typed: whoever types 30 where a
// list is shown means R30.
func (f airtimeFlow) pickAmount(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	n, ok := f.offer(t.Text(network))
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

// enterConfirm sees whether it may be bought, and allots the reference that every
// way of saying yes to this screen will share: pressing twice, a gateway's retry,
// a redial. It stays the same until the customer changes what is bought. Who is
// past a limit learns it before they are sent for money.
func (f airtimeFlow) enterConfirm(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if t.Text(buyRef) == "" {
		t.SetText(buyRef, vend.NewRef(vend.KindAirtime, f.Now()))
	}
	if move, err := f.mayBuy(ctx, t); move != dialog.Stay || err != nil || f.onTheHouse() {
		return move, err
	}
	b, err := f.Purse.Balance(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	t.SetInt(available, int64(b.Available))
	t.Once(available)
	if b.Available < cents(t, amount) {
		return "short", nil
	}
	return dialog.Stay, nil
}

func (f airtimeFlow) askConfirm(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byFund("airtime.confirm.ask", "airtime.confirm.ask.house"), f.what(t, own(t), money("balance", cents(t, available)))...)
	s.Add("pay", t.Say(f.byFund("airtime.confirm.pay", "airtime.confirm.pay.house"), money("amount", cents(t, amount))))
	s.Add("cancel", t.Say("airtime.confirm.cancel"))
}

func (airtimeFlow) answerConfirm(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return dialog.Move(in.Option), nil
}

// enterShort looks again, since money may have come in while the customer was
// away; the screen says what they have.
func (f airtimeFlow) enterShort(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if t.Once(available) {
		b, err := f.Purse.Balance(ctx, t.User)
		if err != nil {
			return dialog.Stay, err
		}
		t.SetInt(available, int64(b.Available))
	}
	if f.onTheHouse() || cents(t, available) >= cents(t, amount) {
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
