package vend

// Reason says why a sale was declined, in words that belong to no provider.
// Flows turn it into the customer's language.
type Reason string

// The reasons. An unlisted one is worded as ReasonUnavailable.
const (
	ReasonUnavailable Reason = "unavailable"  // our side or the provider's: not the customer's doing
	ReasonTryLater    Reason = "try_later"    // not accepted now
	ReasonProductGone Reason = "product_gone" // not on sale any more

	ReasonAmount             Reason = "amount"               // the amount does not suit the product
	ReasonAmountLow          Reason = "amount_low"           // too little
	ReasonAmountHigh         Reason = "amount_high"          // too much
	ReasonAmountBelowArrears Reason = "amount_below_arrears" // less than is owed on the meter

	ReasonNumber       Reason = "number"              // the phone number is wrong
	ReasonNumberBarred Reason = "number_barred"       // the network refuses this number
	ReasonNumberUnreg  Reason = "number_unregistered" // the SIM is not registered (RICA)
	ReasonWrongNetwork Reason = "wrong_network"       // the number is on another network

	ReasonVoucherNotFound  Reason = "voucher_not_found"
	ReasonVoucherUsed      Reason = "voucher_used"
	ReasonVoucherExpired   Reason = "voucher_expired"
	ReasonVoucherCancelled Reason = "voucher_cancelled"
	ReasonVoucherNotActive Reason = "voucher_not_active"

	ReasonMeter             Reason = "meter"               // no such meter
	ReasonMeterNotSupported Reason = "meter_not_supported" // this shop cannot sell for it
	ReasonMeterBlocked      Reason = "meter_blocked"       // the utility sells nothing for it
	ReasonArrears           Reason = "arrears"             // money is owed on it
	ReasonFreeNotRegistered Reason = "free_not_registered" // not registered for free basic electricity
	ReasonFreeAlreadyIssued Reason = "free_already_issued" // this month's was given
	ReasonNoHistory         Reason = "no_history"          // nothing was bought before
	ReasonToken             Reason = "token"               // the token is wrong

	ReasonAccount          Reason = "account" // no such account at the biller or utility
	ReasonCustomerInactive Reason = "customer_inactive"

	ReasonCannotReverse Reason = "cannot_reverse" // the sale stands
)
