package flows

import (
	"cmp"
	"context"
	"slices"

	"spaza/dialog"
	"spaza/vend"
)

const menuStart dialog.StateID = "menu.start"

// menu is where every conversation begins. Its numbers never change their
// meaning: what is not on offer leaves its number free.
func menu(s Shop) []dialog.State {
	f := menuFlow{s}
	edges := []dialog.Edge{
		{Move: "language", To: languageFirst},
		{Move: "airtime", To: airtimeWho},
		{Move: "data", To: dataWho},
		{Move: "electricity", To: electricityMeter},
		{Move: "voucher", To: voucherPIN},
		{Move: "account", To: accountShow},
		{Move: "more", To: moreStart},
		{Move: "help", To: helpShow},
		{Move: "languages", To: languageAsk},
		{Move: "idle", To: idleStart},
	}
	return []dialog.State{{
		ID:    menuStart,
		Enter: f.enter, Ask: f.ask, Answer: f.answer,
		Edges: append(edges, f.repeats()...),
	}}
}

type menuFlow struct{ Shop }

// repeats are the ways to buying the same again.
func (f menuFlow) repeats() []dialog.Edge {
	var all []dialog.Edge
	for _, c := range f.counters {
		if c.recall != nil {
			all = append(all, dialog.Edge{Move: repeatMove(c.flow), To: c.repeat()})
		}
	}
	return all
}

func repeatMove(flow string) dialog.Move { return dialog.Move("again " + flow) }

// enter reads who is calling. Who has not chosen a language is asked for it
// first, but for those whose dial string says where they want to go. That
// customers cannot be read closes nothing: they are served in the language that
// is known, and the help screen works.
func (f menuFlow) enter(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	caller, err := f.Members.Caller(ctx, t.User)
	if err != nil {
		if t.Lang() == "" {
			t.SetLang(f.Language)
		}
		return dialog.Stay, nil //nolint:nilerr // as above
	}
	if caller.Idle {
		t.SetLang(cmp.Or(t.Lang(), f.Language))
		return "idle", nil
	}
	switch lang := caller.Customer.Language; {
	case lang != "":
		t.SetLang(lang)
	case f.Language != "":
		t.SetLang(f.Language)
	case !t.Deep && len(f.Languages()) > 1:
		return "language", nil
	}
	if len(caller.Recent) == 0 { // nothing to look for on the way
		t.SetInt(newcomer, 1)
	}
	f.tell(ctx, t, caller.Recent)
	f.offerAgain(t, caller.Recent)
	return dialog.Stay, nil
}

// tell puts one line above the menu: on a sale that is still open, or on how the
// last order of the conversation before went, whose screen may never have been
// seen.
func (f menuFlow) tell(ctx context.Context, t *dialog.Talk, recent []vend.Order) {
	for _, o := range recent {
		if !o.State.Final() {
			f.noteLast(t, o)
			return
		}
	}
	last := t.Text(lastRef)
	if last == "" {
		return
	}
	t.SetText(lastRef, "")
	for _, o := range recent {
		if o.Ref == last {
			f.noteLast(t, o)
			return
		}
	}
	if o, err := f.Till.Order(ctx, last); err == nil {
		f.noteLast(t, o)
	}
}

func (f menuFlow) noteLast(t *dialog.Talk, o vend.Order) {
	t.Note(lastKey(o), money("amount", o.Amount), text("what", f.brief(t.Say, f.ordered(o))), ref(o.Ref))
}

// lastKey says in a line how it stands with an order. Who paid for it is the
// order's to say: that may have been otherwise then.
func lastKey(o vend.Order) string {
	if o.Kind == vend.KindRedeem {
		return lastVoucher(o)
	}
	house := o.Fund == vend.FundMerchant || o.Amount == 0
	switch {
	case o.Done():
		return "last.sold"
	case o.Refused() && house:
		return "last.declined.house"
	case o.Refused():
		return "last.declined"
	case o.State == vend.StateReversed && house:
		return "last.undone.house"
	case o.State == vend.StateReversed:
		return "last.undone"
	case o.State == vend.StateOwed:
		return "last.owed"
	case house:
		return "last.checking.house"
	}
	return "last.checking"
}

// lastVoucher is how it stands with a voucher that was handed in.
func lastVoucher(o vend.Order) string {
	switch {
	case o.Done():
		return "last.voucher.added"
	case o.Refused() && ofVoucher(o.Reason):
		return "last.voucher.refused"
	case o.Refused():
		return "last.voucher.kept"
	case o.State == vend.StateReversed:
		return "last.voucher.undone"
	}
	return "last.voucher.checking"
}

// offerAgain puts the customer's last purchase into the basket, so that the menu
// can offer it, where it is still on sale.
func (f menuFlow) offerAgain(t *dialog.Talk, recent []vend.Order) {
	for _, o := range recent {
		if o.Done() {
			if flow := f.recall(t, o); flow != "" {
				t.SetText(againFlow, flow)
				return
			}
		}
	}
}

// recall fills the basket with what an order was of, and names the flow that sells
// the same; "" where that cannot be bought again, as for somebody who was
// forgotten since.
func (s Shop) recall(t *dialog.Talk, o vend.Order) (flow string) {
	clearBasket(t)
	if o.Target == vend.ErasedTarget {
		return ""
	}
	for _, c := range s.counters {
		if c.kind == o.Kind && c.recall != nil && c.onSale() && c.recall(t, o) {
			return c.flow
		}
		clearBasket(t)
	}
	return ""
}

// clearBasket forgets what was about to be bought.
func clearBasket(t *dialog.Talk) {
	for _, v := range []dialog.TextVar{network, product, label, target, group, handle, holder, supplier, againFlow, buyRef, spare} {
		t.SetText(v, "")
	}
	for _, v := range []dialog.IntVar{amount, arrears, least, most, sure, twiceAt, lookedAt, agreed} {
		t.SetInt(v, 0)
	}
}

func (f menuFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("menu.prompt")
	for _, flow := range [...]string{"airtime", "data", "electricity"} {
		s.Offer(f.counter(flow).onSale(), flow, t.Say("menu."+flow))
	}
	s.Offer(f.takesVouchers(), "voucher", t.Say("menu.voucher"))
	if again := t.Text(againFlow); again != "" {
		what := f.brief(t.Say, f.basket(t, f.counter(again).kind))
		s.Add(string(repeatMove(again)), t.Say("menu.again", text("what", what)))
	} else {
		s.Skip()
	}
	s.Add("account", t.Say("menu.account"))
	s.Offer(slices.ContainsFunc(moreOrder(), f.sells), "more", t.Say("menu.more"))
	s.Add("help", t.Say("menu.help"))
	s.Offer(len(f.Languages()) > 1, "languages", t.Say("menu.language"))
}

func (f menuFlow) answer(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	move := dialog.Move(in.Option)
	if again := t.Text(againFlow); move != repeatMove(again) {
		clearBasket(t)
	}
	t.SetText(againFlow, "")
	return move, nil
}
