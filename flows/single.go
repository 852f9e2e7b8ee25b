package flows

import (
	"slices"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

// single is a kind that is as good as money and has one product of free amount.
// It is not sold where the operator pays: that would be giving money away.
type single struct {
	Shop
	flow  string
	kind  vend.Kind
	quick []ledger.Cents
}

func (f single) state(step string) dialog.StateID { return dialog.StateID(f.flow + "." + step) }

func (f single) states() []dialog.State {
	c := f.counter()
	how := amounts{
		flow: f.flow, back: moreStart, next: c.confirm(), gone: f.state("none"),
		ask:   func(t *dialog.Talk) string { return t.Say(f.flow + ".amount.ask") },
		quick: f.quick, priced: f.priced,
	}
	return slices.Concat(how.states(), checkout(f.Shop, c), []dialog.State{{ID: f.state("none"), End: true, Ask: says("shop.none")}})
}

func (f single) counter() counter {
	return counter{
		flow: f.flow, kind: f.kind, back: f.state("amount"), handed: true,
		onSale: f.onSale, product: f.product, least: f.least, cautions: pinCaution,
		mend: mendAmount(f.state("amount")),
	}
}

// pinCaution says that whoever has the PIN has the money.
func pinCaution(t *dialog.Talk) []string { return []string{t.Say("pin.caution")} }

// mendAmount leads back to the question for the amount where that was refused.
func mendAmount(to dialog.StateID) map[vend.Reason]dialog.StateID {
	return map[vend.Reason]dialog.StateID{vend.ReasonAmount: to, vend.ReasonAmountLow: to, vend.ReasonAmountHigh: to}
}

// article is the product.
func (f single) article() (vend.Product, bool) { return furthest(f.Shelf.Of(f.kind)) }

// furthest is the product that reaches furthest, and the first of those that reach
// as far.
func furthest(all []vend.Product) (best vend.Product, ok bool) {
	for _, p := range all {
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
