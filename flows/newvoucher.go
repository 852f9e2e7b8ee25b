package flows

import (
	"slices"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

const (
	newVoucherAmount dialog.StateID = "newvoucher.amount"
	newVoucherNone   dialog.StateID = "newvoucher.none"
)

// newVoucher sells a 1Voucher, for somebody else or for another shop.
func newVoucher(s Shop) []dialog.State {
	f := single{s, vend.KindVoucher}
	c := newVoucherCounter(s)
	how := amounts{
		flow: c.flow, back: moreStart, next: c.confirm(), gone: newVoucherNone,
		ask:   func(t *dialog.Talk) string { return t.Say("newvoucher.amount.ask") },
		quick: usual(), priced: f.priced,
	}
	return slices.Concat(how.states(), checkout(s, c), []dialog.State{{ID: newVoucherNone, End: true, Ask: says("shop.none")}})
}

func newVoucherCounter(s Shop) counter {
	f := single{s, vend.KindVoucher}
	return counter{
		flow: "newvoucher", kind: vend.KindVoucher, back: newVoucherAmount, handed: true,
		onSale: f.onSale, product: f.product, least: f.least,
		cautions: func(t *dialog.Talk) []string { return []string{t.Say("pin.caution")} },
		mend:     mendAmount(newVoucherAmount),
	}
}

// mendAmount leads back to the question for the amount where that was refused.
func mendAmount(to dialog.StateID) map[vend.Reason]dialog.StateID {
	return map[vend.Reason]dialog.StateID{vend.ReasonAmount: to, vend.ReasonAmountLow: to, vend.ReasonAmountHigh: to}
}

// single is a kind that is as good as money and has one product of free amount.
// It is not sold where the operator pays: that would be giving money away.
type single struct {
	Shop
	kind vend.Kind
}

// article is the product: the one that reaches furthest, and the first of those
// that reach as far.
func (f single) article() (best vend.Product, ok bool) {
	for _, p := range f.Shelf.Of(f.kind) {
		if !ok || p.Max > best.Max {
			best, ok = p, true
		}
	}
	return best, ok
}

func (f single) onSale() bool {
	p, ok := f.priced(nil)
	return ok && !p.empty() && !f.onTheHouse()
}

func (f single) priced(*dialog.Talk) (prices, bool) {
	p, ok := f.article()
	return pricesOf(p).capped(f.Till.MostAtOnce(f.kind)), ok
}

func (f single) product(t *dialog.Talk) (vend.Product, bool) {
	p, ok := f.article()
	return p, ok && pricesOf(p).takes(cents(t, amount))
}

func (f single) least(t *dialog.Talk) ledger.Cents {
	p, _ := f.priced(t)
	return p.least()
}
