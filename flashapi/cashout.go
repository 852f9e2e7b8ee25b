package flashapi

// CashOut is what is known of a cash-out PIN.
type CashOut struct {
	Receipt
	Voucher Voucher
}

func findCashOut(_ asked, body []byte) finding {
	var w issueWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	return finding{result: &CashOut{Voucher: *w.Voucher.is.voucher()}, amount: w.said(), secrets: w.Voucher.is.secrets()}
}
