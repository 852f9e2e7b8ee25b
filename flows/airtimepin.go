package flows

import (
	"slices"

	"spaza/dialog"
	"spaza/vend"
)

const (
	eeziVendor dialog.StateID = "eezi.vendor"
	eeziNone   dialog.StateID = "eezi.none"
)

// airtimePIN sells airtime as a PIN to load, for whom and when one likes.
func airtimePIN(s Shop) []dialog.State {
	c := airtimePINCounter(s)
	from := vendors{Shop: s, flow: c.flow, kind: c.kind, pick: eeziVendor, none: eeziNone, next: c.confirm(), quick: usual()}
	return slices.Concat(from.states(), checkout(s, c), []dialog.State{{ID: eeziNone, End: true, Ask: says("shop.none")}})
}

func airtimePINCounter(s Shop) counter {
	f := vendors{Shop: s, kind: vend.KindAirtimePIN}
	return counter{
		flow: "eezi", kind: vend.KindAirtimePIN, back: "eezi.amount", handed: true,
		onSale: f.onSale, product: f.product, least: f.least, recall: f.recall,
		cautions: func(t *dialog.Talk) []string { return []string{t.Say("eezi.caution")} },
		mend:     mendAmount("eezi.amount"),
	}
}
