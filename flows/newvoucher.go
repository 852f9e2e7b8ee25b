package flows

import (
	"spaza/dialog"
	"spaza/vend"
)

const newVoucherAmount dialog.StateID = "newvoucher.amount"

// newVoucher sells a 1Voucher, for somebody else or for another shop.
func newVoucher(s Shop) []dialog.State { return newVoucherFlow(s).states() }

func newVoucherCounter(s Shop) counter { return newVoucherFlow(s).counter() }

func newVoucherFlow(s Shop) single {
	return single{Shop: s, flow: "newvoucher", kind: vend.KindVoucher, quick: usual()}
}
