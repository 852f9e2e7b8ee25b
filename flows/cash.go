package flows

import (
	"spaza/dialog"
	"spaza/vend"
)

const cashAmount dialog.StateID = "cash.amount"

// cash sells a PIN to draw cash with.
func cash(s Shop) []dialog.State { return cashFlow(s).states() }

func cashCounter(s Shop) counter { return cashFlow(s).counter() }

func cashFlow(s Shop) single {
	return single{Shop: s, flow: "cash", kind: vend.KindCashOut, quick: larger()}
}
