package conformance

import "slices"

// operation is one POST operation of the document. Every one takes reference,
// accountNumber (required) and metadata beside what is listed.
type operation struct {
	path    string // below /aggregation/4.0/; the one exception is in wire.go
	section string
	// moves is true where something is sold, redeemed or undone: there a request
	// that is not meant to succeed must be one that can not.
	moves    bool
	required []string
	optional []string
	// refuses are the codes that fit a request for something that does not
	// exist.
	refuses codes
}

func (o operation) takes(property string) bool {
	return slices.Contains(o.required, property) || slices.Contains(o.optional, property)
}

// The POST operations, by the names that checks use.
const (
	voucherPurchase   = "1voucher/purchase"
	voucherDisburse   = "1voucher/disburse"
	voucherRedeem     = "1voucher/redeem"
	voucherRefund     = "1voucher/refund"
	voucherReverse    = "1voucher/reverse"
	giftPurchase      = "gift-voucher/purchase"
	cashOutPurchase   = "cash-out-pin/purchase"
	cashOutCancel     = "cash-out-pin/cancel"
	cashOutLookup     = "cash-out-pin/lookup"
	cashOutReverse    = "cash-out-pin/reverse"
	exclusivePurchase = "exclusive-voucher/purchase"
	exclusiveCancel   = "exclusive-voucher/cancel"
	exclusiveReverse  = "exclusive-voucher/reverse"
	exclusiveRedeem   = "exclusive-voucher/redeem"
	tokenPurchase     = "flash-token/purchase"
	tokenReverse      = "flash-token/reverse"
	pinlessPurchase   = "cellular/pinless/purchase"
	internationalLook = "cellular/international/lookup"
	eeziPurchase      = "eezi-voucher/purchase"
	eeziReverse       = "eezi-voucher/reverse"
	utilityLookup     = "prepaid-utilities/lookup"
	utilityPurchase   = "prepaid-utilities/purchase"
	billerBalance     = "flash-pay/balance"
	billerPurchase    = "flash-pay/purchase"
	billerDisburse    = "flash-pay/disburse"
)

// operations are the 25 POST operations of chapter 2; the other three are the
// product lists.
func operations() []operation {
	till := []string{"storeId", "terminalId"}
	paid := []string{"storeId", "terminalId", "paymentMethod"}
	sale := amountCodes().or(productCodes())
	serial := noVoucherCodes().or(productCodes())
	return []operation{
		{voucherPurchase, "2.3.1", true, []string{"amount"}, paid, sale},
		{voucherDisburse, "2.3.2", true, []string{"amount"}, till, sale},
		{voucherRedeem, "2.3.3", true, []string{"pin", "amount"}, append([]string{"mobileNumber"}, till...), noVoucherCodes()},
		{voucherRefund, "2.3.4", true, []string{"amount"}, append([]string{"mobileNumber"}, till...), sale.or(some(2003, 2410))},
		{voucherReverse, "2.3.5", true, []string{"originalReference"}, nil, noSuchSaleCodes()},
		{giftPurchase, "2.4.1", true, []string{"amount", "productCode", "storeId", "terminalId"}, []string{"paymentMethod"}, sale},
		{cashOutPurchase, "2.5.1", true, []string{"amount", "productCode"}, paid, sale},
		{cashOutCancel, "2.5.2", true, []string{"serialNumber", "productCode"}, till, serial},
		{cashOutLookup, "2.5.3", false, []string{"serialNumber", "productCode"}, nil, serial},
		{cashOutReverse, "2.5.4", true, []string{"originalReference"}, nil, noSuchSaleCodes()},
		{exclusivePurchase, "2.6.1", true, []string{"amount", "productCode"}, paid, sale},
		{exclusiveCancel, "2.6.2", true, []string{"serialNumber", "productCode"}, till, serial},
		{exclusiveReverse, "2.6.3", true, []string{"originalReference"}, nil, noSuchSaleCodes()},
		{exclusiveRedeem, "2.6.4", true, []string{"pin", "amount"}, append([]string{"mobileNumber", "productCode"}, till...), noVoucherCodes()},
		{tokenPurchase, "2.7.1", true, []string{"amount"}, paid, sale},
		{tokenReverse, "2.7.2", true, []string{"originalReference"}, nil, noSuchSaleCodes()},
		{pinlessPurchase, "2.8.1", true, []string{"amount", "productCode", "mobileNumber"}, paid, sale},
		{internationalLook, "2.8.2", false, []string{"mobileNumber", "destinationMobileNumber"}, paid, nil},
		{eeziPurchase, "2.9.1", true, []string{"amount", "productCode"}, paid, sale},
		{eeziReverse, "2.9.2", true, []string{"originalReference"}, nil, noSuchSaleCodes()},
		{utilityLookup, "2.10.1", false, []string{"amount", "meterNumber"}, []string{"isFBE"}, noMeterCodes()},
		{utilityPurchase, "2.10.2", true, []string{"amount", "meterNumber"}, append([]string{"isFBE"}, paid...), noMeterCodes().or(amountCodes())},
		{billerBalance, "2.11.1", false, []string{"accountReference"}, till, noBillerCodes()},
		{billerPurchase, "2.11.2", true, []string{"accountReference", "amount"}, paid, noBillerCodes().or(amountCodes())},
		{billerDisburse, "2.11.3", true, []string{"accountReference", "amount"}, nil, noBillerCodes().or(amountCodes())},
	}
}

// fields are a request's properties.
type fields map[string]any

// with is a copy in which some properties are others; nil takes one out.
func (f fields) with(more fields) fields {
	out := fields{}
	for _, from := range []fields{f, more} {
		for name, value := range from {
			if value == nil {
				delete(out, name)
			} else {
				out[name] = value
			}
		}
	}
	return out
}

// noSuchPIN is well formed; no voucher has it.
const noSuchPIN = "0000000000000000"

// noSuchProduct is the largest product code that the examples show.
const noSuchProduct = 2147483647

// petty is the amount in requests that are to be refused anyway: less than any
// product costs, in cents.
const petty = 99

// nothing is a well-formed request for something that does not exist: even a
// server that forgets to refuse it can give nothing for it, or a rand's worth.
// Where nothing but the amount says what is wanted, it is zero: a voucher of 99
// cents may well be had.
func (t *trial) nothing(op operation) fields {
	f := t.head(op)
	for _, property := range op.required {
		switch property {
		case "amount":
			f[property] = petty
			if len(op.required) == 1 {
				f[property] = 0
			}
		case "productCode":
			f[property] = noSuchProduct
		case "pin":
			f[property] = noSuchPIN
		case "serialNumber":
			f[property] = "NOSUCHSERIAL00"
		case "originalReference":
			f[property] = f["reference"].(string) + "-NONE"
		case "mobileNumber":
			f[property] = t.run.target.Fixture.mobile()
		case "destinationMobileNumber":
			f[property] = "27600000000"
		case "meterNumber":
			f[property] = "00000000001" // its check digit is wrong
			if m := t.run.target.Fixture.Meters.Unknown.Number; m != "" {
				f[property] = m
			}
		case "accountReference":
			f[property] = "0000000000"
			if a := t.run.target.Fixture.NoBiller; a != "" {
				f[property] = a
			}
		case "storeId", "terminalId":
			if f[property] == nil {
				f[property] = "1"
			}
		}
	}
	return f
}

// head makes the properties that every request has, under a new reference.
func (t *trial) head(op operation) fields {
	f := fields{"reference": t.run.reference(), "accountNumber": t.run.target.Account}
	if s := t.run.target.StoreID; s != "" && op.takes("storeId") {
		f["storeId"] = s
	}
	if s := t.run.target.Terminal; s != "" && op.takes("terminalId") {
		f["terminalId"] = s
	}
	return f
}
