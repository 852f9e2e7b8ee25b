package flows

import (
	"spaza/dialog"
	"spaza/vend"
)

const giftShop dialog.StateID = "gift.vendor"

// gift sells the vouchers of other shops, but where the operator pays: that would
// be giving money away.
func gift(s Shop) []dialog.State { return giftFlow(s).states(giftCounter(s)) }

func giftCounter(s Shop) counter {
	f := giftFlow(s)
	c := f.counter()
	c.onSale = func() bool { return f.onSale() && !s.onTheHouse() }
	c.cautions = pinCaution
	return c
}

func giftFlow(s Shop) vendors {
	return vendors{Shop: s, flow: "gift", kind: vend.KindGift, quick: larger()}
}
