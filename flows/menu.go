package flows

import (
	"context"

	"spaza/dialog"
	"spaza/vend"
)

const menuStart dialog.StateID = "menu.start"

func menu(s Shop) []dialog.State {
	m := menuFlow{s}
	return []dialog.State{{
		ID:    menuStart,
		Enter: m.last,
		Ask:   m.ask,
		Answer: func(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
			return dialog.Move(in.Option), nil
		},
		Edges: []dialog.Edge{
			{Move: "airtime", To: airtimeNetwork},
			{Move: "voucher", To: voucherPIN},
			{Move: "balance", To: balanceShow},
			{Move: "help", To: helpShow},
			{Move: "language", To: languageAsk},
		},
	}}
}

type menuFlow struct{ Shop }

// last puts one line above the menu on how the last order went, when this is
// the first dial after it: the customer may never have seen the screen that
// said so.
func (f menuFlow) last(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	last := t.Text(lastRef)
	if last == "" {
		return dialog.Stay, nil
	}
	o, err := f.Till.Order(ctx, last)
	if err != nil {
		return dialog.Stay, nil //nolint:nilerr // the line is a courtesy; the menu works without
	}
	if o.State.Final() {
		t.SetText(lastRef, "")
	}
	args := []dialog.Arg{money("amount", o.Amount), text("network", o.Label), ref(o.Ref)}
	switch {
	case o.Kind == vend.KindRedeem && o.State == vend.StateDelivered:
		t.Note("last.voucher.added", args...)
	case o.Kind == vend.KindRedeem && o.State == vend.StateDeclined && ofVoucher(o.Reason):
		t.Note("last.voucher.refused", args...)
	case o.Kind == vend.KindRedeem && o.State == vend.StateDeclined:
		t.Note("last.voucher.kept", args...)
	case o.Kind == vend.KindRedeem:
		t.Note("last.voucher.checking", args...)
	case o.State == vend.StateDelivered:
		t.Note("last.airtime.sold", args...)
	case o.State == vend.StateDeclined:
		t.Note("last.airtime.declined", args...)
	default:
		t.Note("last.airtime.checking", args...)
	}
	return dialog.Stay, nil
}

func (menuFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("menu.prompt")
	s.Add("airtime", t.Say("menu.airtime"))
	s.Add("voucher", t.Say("menu.voucher"))
	s.Add("balance", t.Say("menu.balance"))
	s.Add("help", t.Say("menu.help"))
	s.Add("language", t.Say("menu.language"))
}
