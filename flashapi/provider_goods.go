package flashapi

import (
	"spaza/ledger"
	"spaza/vend"
)

// goodsOf is what an answer brings for the customer, in the shop's words.
func goodsOf(result any) vend.Goods {
	switch r := result.(type) {
	case *Issue:
		if !r.Voucher.PIN.Empty() {
			return vend.Goods{Voucher: voucherOf(r.Voucher)}
		}
	case *Redemption:
		if r.Change != nil {
			return vend.Goods{Voucher: voucherOf(*r.Change)}
		}
	}
	return vend.Goods{}
}

func voucherOf(v Voucher) *vend.Voucher {
	return &vend.Voucher{
		PIN: v.PIN, Amount: ledger.Cents(v.Amount), Serial: v.SerialNumber, Expires: v.ExpiryDate, HowTo: v.Instructions,
	}
}
