package flows

import "spaza/vend"

// ofVoucher says whether a redemption was declined for the voucher itself. For
// every other reason, also one that is not listed, it was not taken in and is
// still good, and whoever tells of it must say so.
func ofVoucher(r vend.Reason) bool {
	switch r {
	case vend.ReasonVoucherNotFound, vend.ReasonVoucherUsed, vend.ReasonVoucherExpired,
		vend.ReasonVoucherCancelled, vend.ReasonVoucherNotActive:
		return true
	}
	return false
}

// whyKey is the one table from why a sale was declined to the words for it. A
// reason that it lacks is worded as being on our side.
func whyKey(r vend.Reason) string {
	switch r {
	case vend.ReasonTryLater, vend.ReasonProductGone,
		vend.ReasonAmount, vend.ReasonAmountLow, vend.ReasonAmountHigh, vend.ReasonAmountBelowArrears,
		vend.ReasonNumber, vend.ReasonNumberBarred, vend.ReasonNumberUnreg, vend.ReasonWrongNetwork,
		vend.ReasonVoucherNotFound, vend.ReasonVoucherUsed, vend.ReasonVoucherExpired,
		vend.ReasonVoucherCancelled, vend.ReasonVoucherNotActive,
		vend.ReasonMeter, vend.ReasonMeterNotSupported, vend.ReasonMeterBlocked, vend.ReasonArrears,
		vend.ReasonFreeNotRegistered, vend.ReasonFreeAlreadyIssued, vend.ReasonNoHistory, vend.ReasonToken,
		vend.ReasonAccount, vend.ReasonCustomerInactive, vend.ReasonCannotReverse:
		return "why." + string(r)
	}
	return "why." + string(vend.ReasonUnavailable)
}
