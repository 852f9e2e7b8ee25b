package flows

import (
	"slices"

	"spaza/dialog"
	"spaza/vend"
)

const (
	giftShop dialog.StateID = "gift.vendor"
	giftNone dialog.StateID = "gift.none"
)

// gift sells the vouchers of other shops.
func gift(s Shop) []dialog.State {
	c := giftCounter(s)
	from := vendors{Shop: s, flow: c.flow, kind: c.kind, pick: giftShop, none: giftNone, next: c.confirm(), quick: larger()}
	return slices.Concat(from.states(), checkout(s, c), []dialog.State{{ID: giftNone, End: true, Ask: says("shop.none")}})
}

func giftCounter(s Shop) counter {
	f := vendors{Shop: s, kind: vend.KindGift}
	return counter{
		flow: "gift", kind: vend.KindGift, back: "gift.amount", handed: true,
		onSale: func() bool { return f.onSale() && !s.onTheHouse() }, product: f.product, least: f.least,
		cautions: func(t *dialog.Talk) []string { return []string{t.Say("pin.caution")} },
		mend:     mendAmount("gift.amount"),
	}
}
