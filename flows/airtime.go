package flows

import (
	"slices"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

const (
	airtimeWho     dialog.StateID = "airtime.who"
	airtimeNetwork dialog.StateID = "airtime.network"
	airtimeAmount  dialog.StateID = "airtime.amount"
	airtimeNone    dialog.StateID = "airtime.none"
)

// airtime sells airtime straight onto a number: the customer's own, or another.
func airtime(s Shop) []dialog.State {
	f := airtimeFlow{s}
	c := airtimeCounter(s)
	who := whom{Shop: s, flow: c.flow, next: airtimeAmount, none: airtimeNone, networks: f.networks}
	how := amounts{
		flow: c.flow, back: airtimeNetwork, next: c.confirm(), gone: airtimeNetwork,
		ask: func(t *dialog.Talk) string {
			return t.Say("airtime.amount.ask", text("label", s.networkName(t)), who.number(t))
		},
		quick: usual(), priced: f.priced,
	}
	return slices.Concat(
		who.states(),
		how.states(),
		checkout(s, c),
		[]dialog.State{{ID: airtimeNone, End: true, Ask: says("shop.none")}},
	)
}

func airtimeCounter(s Shop) counter {
	f := airtimeFlow{s}
	return counter{
		flow: "airtime", kind: vend.KindAirtime, back: airtimeAmount,
		onSale:   func() bool { return slices.ContainsFunc(s.Shelf.Airtime(), f.hasAny) },
		product:  f.product,
		cautions: func(t *dialog.Talk) []string { return []string{t.Say("airtime.caution")} },
		least:    f.least,
		mend: map[vend.Reason]dialog.StateID{
			vend.ReasonWrongNetwork: airtimeNetwork, vend.ReasonNumber: airtimeWho,
			vend.ReasonAmount: airtimeAmount, vend.ReasonAmountLow: airtimeAmount, vend.ReasonAmountHigh: airtimeAmount,
		},
		recall: f.recall,
	}
}

type airtimeFlow struct{ Shop }

// networks are those that have airtime to sell within the shop's limit.
func (f airtimeFlow) networks() []vend.Network {
	return slices.DeleteFunc(slices.Clone(f.Shelf.Airtime()), func(n vend.Network) bool { return !f.hasAny(n) })
}

func (f airtimeFlow) hasAny(n vend.Network) bool {
	most := f.Till.MostAtOnce(vend.KindAirtime)
	within := func(c ledger.Cents) bool { return most == 0 || c <= most }
	return n.Range.Code != "" && within(wholeUp(n.Range.Min)) || slices.ContainsFunc(n.Fixed, func(p vend.Product) bool { return within(p.Min) })
}

func networkPrices(n vend.Network) prices {
	var p prices
	if n.Range.Code != "" {
		p.min, p.max = n.Range.Min, n.Range.Max
	}
	for _, f := range n.Fixed {
		p.fixed = append(p.fixed, f.Min)
	}
	return p
}

func (f airtimeFlow) priced(t *dialog.Talk) (prices, bool) {
	n, ok := f.Shelf.Network(t.Text(network))
	return networkPrices(n).capped(f.Till.MostAtOnce(vend.KindAirtime)), ok
}

// product is what sells the amount on the network; with what is above a limit
// too, which the sale refuses in words of its own.
func (f airtimeFlow) product(t *dialog.Talk) (vend.Product, bool) {
	n, _ := f.Shelf.Network(t.Text(network))
	return n.Sells(cents(t, amount))
}

// least is the smallest amount on sale.
func (f airtimeFlow) least(*dialog.Talk) ledger.Cents {
	var least ledger.Cents
	for _, n := range f.networks() {
		if c := networkPrices(n).least(); least == 0 || c < least {
			least = c
		}
	}
	return least
}

func (f airtimeFlow) recall(t *dialog.Talk, o vend.Order) bool {
	p, ok := f.Shelf.Product(vend.KindAirtime, o.Product)
	if !ok {
		return false
	}
	t.SetText(network, p.Network)
	sendAgainTo(t, o.Target)
	t.SetInt(amount, int64(o.Amount))
	_, ok = f.product(t)
	return ok
}

// sendAgainTo sets who gets it as for an earlier order.
func sendAgainTo(t *dialog.Talk, number string) {
	if number == t.User {
		number = ""
	}
	t.SetText(target, number)
}
