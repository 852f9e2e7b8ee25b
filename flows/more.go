package flows

import (
	"context"

	"spaza/dialog"
)

const moreStart dialog.StateID = "more.start"

// more is the second shelf: what is bought less often. Its numbers do not change
// either.
func more(s Shop) []dialog.State {
	f := moreFlow{s}
	return []dialog.State{{
		ID: moreStart, Back: menuStart,
		Ask: f.ask,
		Answer: func(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
			clearBasket(t) // it can be come back to with something in it
			return dialog.Move(in.Option), nil
		},
		Edges: []dialog.Edge{
			{Move: "eezi", To: eeziVendor},
			{Move: "water", To: waterMeterAsk},
			{Move: "free", To: freeMeterAsk},
			{Move: "bill", To: billBiller},
			{Move: "gift", To: giftShop},
			{Move: "newvoucher", To: newVoucherAmount},
			{Move: "payback", To: paybackAmount},
			{Move: "cash", To: cashAmount},
		},
	}}
}

type moreFlow struct{ Shop }

// moreOrder is the order of the list.
func moreOrder() []string {
	return []string{"eezi", "water", "free", "bill", "gift", "newvoucher", "payback", "cash"}
}

// sells says whether a flow has something to sell.
func (s Shop) sells(flow string) bool { return s.counter(flow).onSale() }

func (f moreFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("more.ask")
	for _, flow := range moreOrder() {
		s.Offer(f.sells(flow), flow, t.Say("more."+flow))
	}
}
