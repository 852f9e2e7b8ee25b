package flows

import (
	"spaza/dialog"
	"spaza/vend"
)

const eeziVendor dialog.StateID = "eezi.vendor"

// airtimePIN sells airtime as a PIN to load, for whom and when one likes.
func airtimePIN(s Shop) []dialog.State { return airtimePINFlow(s).states(airtimePINCounter(s)) }

func airtimePINCounter(s Shop) counter {
	f := airtimePINFlow(s)
	c := f.counter()
	c.recall = f.recall
	c.cautions = func(t *dialog.Talk) []string { return []string{t.Say("eezi.caution")} }
	return c
}

func airtimePINFlow(s Shop) vendors {
	return vendors{Shop: s, flow: "eezi", kind: vend.KindAirtimePIN, quick: usual()}
}
