package flashapi

import "spaza/secret"

// Op names an operation: its path after /aggregation/4.0/, with two exceptions:
// the token, and the products, which have the account in their path.
type Op string

// The operations, in the order of the document.
const (
	OpToken    Op = "token"             // names the token call to Options.Observe
	OpProducts Op = "accounts/products" // all three lists of section 2.2

	OpVoucherPurchase Op = "1voucher/purchase"
	OpVoucherDisburse Op = "1voucher/disburse"
	OpRedeem          Op = "1voucher/redeem"
	OpVoucherRefund   Op = "1voucher/refund"
	OpVoucherReverse  Op = "1voucher/reverse"

	OpGiftPurchase Op = "gift-voucher/purchase"

	OpCashOutPurchase Op = "cash-out-pin/purchase"
	OpCashOutCancel   Op = "cash-out-pin/cancel"
	OpCashOutLookup   Op = "cash-out-pin/lookup"
	OpCashOutReverse  Op = "cash-out-pin/reverse"

	OpExclusivePurchase Op = "exclusive-voucher/purchase"
	OpExclusiveCancel   Op = "exclusive-voucher/cancel"
	OpExclusiveReverse  Op = "exclusive-voucher/reverse"
	OpExclusiveRedeem   Op = "exclusive-voucher/redeem"

	OpTokenPurchase Op = "flash-token/purchase"
	OpTokenReverse  Op = "flash-token/reverse"

	OpPinlessPurchase     Op = "cellular/pinless/purchase"
	OpInternationalLookup Op = "cellular/international/lookup"

	OpEeziPurchase Op = "eezi-voucher/purchase"
	OpEeziReverse  Op = "eezi-voucher/reverse"

	OpUtilityLookup   Op = "prepaid-utilities/lookup"
	OpUtilityPurchase Op = "prepaid-utilities/purchase"

	OpPayBalance  Op = "flash-pay/balance"
	OpPayPurchase Op = "flash-pay/purchase"
	OpPayDisburse Op = "flash-pay/disburse"
)

// effect is what an operation does to money, and so what a failure may mean.
type effect uint8

const (
	sells  effect = iota // moves money; the careful reading is the default
	reads                // changes nothing, so that nothing is lost by asking again
	undoes               // cancels or reverses a transaction, as a transaction of its own
)

// operation is what is to be known of an operation.
type operation struct {
	effect effect
	// restores says that what it undoes may be a redemption, after which the
	// voucher must be good again (section 1.2.3).
	restores bool
	// draft is its path in the March 2023 draft, where that has it: the same
	// path, or another.
	draft string
	// find looks whether an answer with code 0 holds what the operation should
	// bring, and reads it.
	find func(a asked, body []byte) finding
}

// operations are all that are posted.
var operations = map[Op]operation{
	OpVoucherPurchase: {draft: "1voucher/purchase", find: findVoucher},
	OpVoucherDisburse: {draft: "1voucher/disburse", find: findVoucher},
	OpRedeem:          {draft: "1voucher/redeem", find: findRedemption},
	OpVoucherRefund:   {draft: "1voucher/refund", find: findVoucher},
	OpVoucherReverse:  {effect: undoes, restores: true, find: findUndone},

	OpGiftPurchase: {draft: "gift-vouchers/purchase", find: findVoucher},

	OpCashOutPurchase: {draft: "cash-out-pin/purchase", find: findVoucher},
	OpCashOutCancel:   {effect: undoes, draft: "cash-out-pin/cancel", find: findUndone},
	OpCashOutLookup:   {effect: reads, find: findCashOut},
	OpCashOutReverse:  {effect: undoes, find: findUndone},

	OpExclusivePurchase: {find: findVoucher},
	OpExclusiveCancel:   {effect: undoes, find: findUndone},
	OpExclusiveReverse:  {effect: undoes, restores: true, find: findUndone},
	OpExclusiveRedeem:   {find: findRedemption},

	OpTokenPurchase: {find: findVoucher},
	OpTokenReverse:  {effect: undoes, find: findUndone},

	OpPinlessPurchase:     {draft: "cellular/pinless/purchase", find: findPinless},
	OpInternationalLookup: {effect: reads, find: findInternational},

	OpEeziPurchase: {draft: "eezi-voucher/purchase", find: findVoucher},
	OpEeziReverse:  {effect: undoes, find: findUndone},

	OpUtilityLookup:   {effect: reads, draft: "prepaid-utilities/lookup", find: findMeter},
	OpUtilityPurchase: {draft: "prepaid-utilities/purchase", find: findUtility},

	OpPayBalance:  {effect: reads, find: findBiller},
	OpPayPurchase: {find: findBiller},
	OpPayDisburse: {find: findBiller},
}

// lane is what shares a breaker: the fate of one says nothing of another.
type lane uint8

const (
	laneToken lane = iota
	laneLookup
	lanePurchase
	lanes // how many there are
)

// route says where an operation is posted and in which lane; ok is false for
// one that the client does not post, or that its dialect does not have.
func (c *Client) route(op Op) (path string, l lane, ok bool) {
	o, ok := operations[op]
	l = lanePurchase
	if o.effect == reads {
		l = laneLookup
	}
	switch {
	case !ok:
		return "", 0, false
	case c.options.Dialect == Draft2023:
		return draftPath + o.draft, l, o.draft != ""
	case op == OpTokenPurchase && !c.options.TokenPurchaseUnder4:
		return tokenPurchasePath, l, true
	default:
		return apiPath + string(op), l, true
	}
}

// finding is what a find function made of an answer with code 0.
type finding struct {
	// result points to the answer in typed form; it embeds a Receipt.
	result interface{ stamp(Receipt) }
	// amount is what was moved, where the answer says so.
	amount     Cents
	callCentre string
	// secrets are what in the answer is worth money to who reads it.
	secrets []secret.Text

	// contradicts is why nobody but a person can say what happened.
	contradicts string
	// missing says that it happened, and that what was sold is not in the
	// answer, or not all; result is then the part that is.
	missing bool
	// odd is what the operator should look at, though it happened.
	odd string
}
