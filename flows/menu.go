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
	if o.Kind == vend.KindRedeem {
		t.Note(lastVoucher(o), args...)
	} else {
		t.Note(lastAirtime(o), args...)
	}
	return dialog.Stay, nil
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
	default:
		return "last.voucher.checking"
	}
}

// lastAirtime is how it stands with a purchase of airtime. Who paid for it is
// the order's to say: that may have been otherwise then.
func lastAirtime(o vend.Order) string {
	house := o.Fund == vend.FundMerchant
	switch {
	case o.Done():
		return "last.airtime.sold"
	case o.Refused() && house:
		return "last.airtime.declined.house"
	case o.Refused():
		return "last.airtime.declined"
	case o.State == vend.StateReversed && house:
		return "last.airtime.undone.house"
	case o.State == vend.StateReversed:
		return "last.airtime.undone"
	case o.State == vend.StateOwed:
		return "last.airtime.owed"
	default:
		return "last.airtime.checking"
	}
}

// ask offers no voucher where it would become money that buys nothing.
func (f menuFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("menu.prompt")
	s.Add("airtime", t.Say("menu.airtime"))
	if !f.onTheHouse() {
		s.Add("voucher", t.Say("menu.voucher"))
	}
	s.Add("balance", t.Say("menu.balance"))
	s.Add("help", t.Say("menu.help"))
	s.Add("language", t.Say("menu.language"))
}
