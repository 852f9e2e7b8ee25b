package flows

import (
	"context"
	"slices"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

const (
	paybackAmount dialog.StateID = "payback.amount"
	paybackNone   dialog.StateID = "payback.none"
)

// payback makes a 1Voucher of the balance again: what a customer has is theirs.
func payback(s Shop) []dialog.State {
	f := paybackFlow{s}
	c := paybackCounter(s)
	how := amounts{
		flow: c.flow, back: moreStart, next: c.confirm(), gone: paybackNone,
		ask: func(t *dialog.Talk) string {
			return t.Say("payback.amount.ask", money("balance", cents(t, available)))
		},
		quick: usual(), priced: f.priced, all: f.all,
	}
	states := how.states()
	states[0].Enter = f.enter
	states[0].Edges = append(states[0].Edges, dialog.Edge{Move: "none", To: paybackNone})
	return slices.Concat(states, checkout(s, c), []dialog.State{{ID: paybackNone, End: true, Ask: says("payback.none")}})
}

func paybackCounter(s Shop) counter {
	f := paybackFlow{s}
	return counter{
		flow: "payback", kind: vend.KindRefund, back: paybackAmount, handed: true, refund: true,
		onSale:   func() bool { return !s.onTheHouse() && s.Till.Sells(vend.KindRefund) && !f.limits().empty() },
		product:  func(*dialog.Talk) (vend.Product, bool) { return vend.Product{}, true },
		least:    func(*dialog.Talk) ledger.Cents { return f.limits().least() },
		cautions: pinCaution,
		mend:     mendAmount(paybackAmount),
	}
}

type paybackFlow struct{ Shop }

// limits are what 1Vouchers there are: balance is made one like those on sale.
func (f paybackFlow) limits() prices {
	p, ok := furthest(f.Shelf.Of(vend.KindVoucher))
	if !ok {
		return prices{}
	}
	return pricesOf(p)
}

// enter reads the balance, which is the most that can be given back.
func (f paybackFlow) enter(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	b, err := f.Purse.Balance(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	t.SetInt(available, int64(b.Available))
	if p, _ := f.priced(t); p.empty() {
		return "none", nil
	}
	return dialog.Stay, nil
}

func (f paybackFlow) priced(t *dialog.Talk) (prices, bool) {
	p := f.limits()
	have := cents(t, available)
	if p.max = min(p.max, have); p.min > p.max {
		p.min, p.max = 0, 0
	}
	return p, true
}

// all offers the whole balance, cents and all.
func (paybackFlow) all(t *dialog.Talk) (ledger.Cents, string) {
	c := cents(t, available)
	return c, t.Say("payback.all", money("balance", c))
}
