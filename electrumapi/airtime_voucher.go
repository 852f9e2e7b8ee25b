package electrumapi

import "context"

// AirtimeVoucherPurchase buys a PIN in the older way (Airtime v5, provisionVoucher,
// deprecated): AirtimePurchase does the same and can be asked about. This one must be
// reversed when its outcome is unknown.
type AirtimeVoucherPurchase struct {
	Head           `json:"-"`
	Product        AirtimeProduct  `json:"product"`
	Amounts        *Amounts        `json:"amounts,omitempty"`
	Tenders        []Tender        `json:"tenders,omitempty"`
	PaymentMethods []PaymentMethod `json:"paymentMethods,omitempty"`
}

func (r AirtimeVoucherPurchase) build(c *Client) (Message, error) {
	return c.compose(OpAirtimeVoucher, r.Head, r)
}

// AirtimeVoucherSale is the answer (VoucherResponse).
type AirtimeVoucherSale struct {
	Transaction
	Voucher AirtimeVoucher `json:"voucher"`
	Amounts *Amounts       `json:"amounts"`
	// ResponseProduct is what was sold, where that is not what was asked for.
	ResponseProduct *AirtimeProduct `json:"responseProduct"`
}

// ProvisionAirtimeVoucher buys a PIN. After an *Error of class Unknown it must be
// reversed, never made again; after a sale it must be confirmed.
func (c *Client) ProvisionAirtimeVoucher(ctx context.Context, r AirtimeVoucherPurchase) (*AirtimeVoucherSale, error) {
	return call[AirtimeVoucherSale](ctx, c, r)
}

// AirtimeVoucherConfirmation tells that the customer has paid for a PIN and has it
// (Airtime v5, confirmVoucher). The voucher's serial number is taken from
// About.Response.
type AirtimeVoucherConfirmation struct {
	About
	Tenders []Tender
}

func (r AirtimeVoucherConfirmation) build(*Client) (Message, error) {
	type voucher struct {
		Voucher *AirtimeVoucher `json:"voucher,omitempty"`
	}
	var more voucher
	if sale, err := Decode[AirtimeVoucherSale](r.Response); err == nil && sale.Voucher.SerialNumber != "" {
		more.Voucher = &AirtimeVoucher{SerialNumber: sale.Voucher.SerialNumber, BatchNumber: sale.Voucher.BatchNumber}
		if check(more) != nil { // which Electrum may send, and we may not
			more.Voucher = nil
		}
	}
	return r.confirmation(OpAirtimeVoucherConfirm, r.Tenders, more)
}

// ConfirmAirtimeVoucher confirms the sale of a PIN. Errors and repetition are as for
// ConfirmAirtime.
func (c *Client) ConfirmAirtimeVoucher(ctx context.Context, r AirtimeVoucherConfirmation) (*BasicAdvice, error) {
	return call[BasicAdvice](ctx, c, r)
}

// AirtimeVoucherReversal tells that the sale of a PIN must not stand (Airtime v5,
// reverseVoucher). About.Response may be empty.
type AirtimeVoucherReversal struct {
	About
	Reason ReversalReason
}

func (r AirtimeVoucherReversal) build(*Client) (Message, error) {
	return r.reversal(OpAirtimeVoucherReverse, r.Reason)
}

// ReverseAirtimeVoucher reverses the sale of a PIN; that there was none is a success
// too. Errors and repetition are as for ConfirmAirtime.
func (c *Client) ReverseAirtimeVoucher(ctx context.Context, r AirtimeVoucherReversal) (*BasicAdvice, error) {
	return call[BasicAdvice](ctx, c, r)
}
