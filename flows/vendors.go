package flows

import (
	"context"
	"slices"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

// vendors are the questions for things that several vendors sell at several
// prices: whose, and for how much. The product follows from both.
type vendors struct {
	Shop
	flow  string
	kind  vend.Kind
	quick []ledger.Cents
}

func (f vendors) state(step string) dialog.StateID { return dialog.StateID(f.flow + "." + step) }

// states are the questions, and the way from there at the flow's counter.
func (f vendors) states(c counter) []dialog.State {
	how := amounts{
		flow: f.flow, back: f.state("vendor"), next: c.confirm(), gone: f.state("vendor"),
		ask:   func(t *dialog.Talk) string { return t.Say(f.flow+".amount.ask", text("label", t.Text(label))) },
		quick: f.quick, priced: f.priced,
	}
	return slices.Concat([]dialog.State{{
		ID: f.state("vendor"), Back: moreStart, What: "what." + f.flow,
		Enter: f.any, Ask: f.askVendor, Answer: f.pickVendor,
		Edges: []dialog.Edge{{Move: "picked", To: how.list()}, {Move: "none", To: f.state("none")}},
	}}, how.states(), checkout(f.Shop, c), []dialog.State{{ID: f.state("none"), End: true, Ask: says("shop.none")}})
}

// counter is what the counters of all such flows have in common.
func (f vendors) counter() counter {
	return counter{
		flow: f.flow, kind: f.kind, back: f.state("amount"), handed: true,
		onSale: f.onSale, product: f.product, least: f.least, mend: mendAmount(f.state("amount")),
	}
}

// names are the vendors that have something to sell within the shop's limit, in
// their order.
func (f vendors) names() []string {
	var all []string
	for _, p := range f.Shelf.Of(f.kind) {
		if !slices.Contains(all, p.Vendor) && !f.pricesAt(p.Vendor).empty() {
			all = append(all, p.Vendor)
		}
	}
	return all
}

func (f vendors) onSale() bool {
	most := f.Till.MostAtOnce(f.kind)
	return slices.ContainsFunc(f.Shelf.Of(f.kind), func(p vend.Product) bool { return !pricesOf(p).capped(most).empty() })
}

// pricesAt are the prices of a vendor; of two ranges, the one that reaches
// furthest.
func (f vendors) pricesAt(vendor string) prices {
	var all prices
	for _, p := range f.Shelf.Of(f.kind) {
		switch {
		case p.Vendor != vendor:
		case p.Fixed():
			if !slices.Contains(all.fixed, p.Min) {
				all.fixed = append(all.fixed, p.Min)
			}
		case p.Max > all.max:
			all.min, all.max = p.Min, p.Max
		}
	}
	return all.capped(f.Till.MostAtOnce(f.kind))
}

func (f vendors) any(context.Context, *dialog.Talk) (dialog.Move, error) {
	if !f.onSale() {
		return "none", nil
	}
	return dialog.Stay, nil
}

func (f vendors) askVendor(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.flow + ".vendor.ask")
	for _, name := range f.names() {
		s.Add(name, name)
	}
}

func (f vendors) pickVendor(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	choose(t, label, in.Option)
	return "picked", nil
}

func (f vendors) priced(t *dialog.Talk) (prices, bool) {
	p := f.pricesAt(t.Text(label))
	return p, !p.empty()
}

// product is what the vendor sells for the amount: an exact price first.
func (f vendors) product(t *dialog.Talk) (vend.Product, bool) {
	var found vend.Product
	for _, p := range f.Shelf.Of(f.kind) {
		switch c := cents(t, amount); {
		case p.Vendor != t.Text(label) || c < p.Min || c > p.Max:
		case p.Fixed():
			return p, true
		case found.Code == "" || p.Max > found.Max:
			found = p
		}
	}
	return found, found.Code != ""
}

func (f vendors) least(t *dialog.Talk) ledger.Cents { return f.pricesAt(t.Text(label)).least() }

func (f vendors) recall(t *dialog.Talk, o vend.Order) bool {
	t.SetText(label, o.Label)
	t.SetInt(amount, int64(o.Amount))
	_, ok := f.product(t)
	return ok
}
