package flows

import (
	"slices"

	"spaza/dialog"
	"spaza/vend"
)

const (
	cashAmount dialog.StateID = "cash.amount"
	cashNone   dialog.StateID = "cash.none"
)

// cash sells a PIN to draw cash with.
func cash(s Shop) []dialog.State {
	f := single{s, vend.KindCashOut}
	c := cashCounter(s)
	how := amounts{
		flow: c.flow, back: moreStart, next: c.confirm(), gone: cashNone,
		ask:   func(t *dialog.Talk) string { return t.Say("cash.amount.ask") },
		quick: larger(), priced: f.priced,
	}
	return slices.Concat(how.states(), checkout(s, c), []dialog.State{{ID: cashNone, End: true, Ask: says("shop.none")}})
}

func cashCounter(s Shop) counter {
	f := single{s, vend.KindCashOut}
	return counter{
		flow: "cash", kind: vend.KindCashOut, back: cashAmount, handed: true,
		onSale: f.onSale, product: f.product, least: f.least,
		cautions: func(t *dialog.Talk) []string { return []string{t.Say("pin.caution")} },
		mend:     mendAmount(cashAmount),
	}
}
