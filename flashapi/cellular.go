package flashapi

import (
	"context"
	"fmt"
)

// Pinless is a recharge that the network puts straight onto a number (section
// 2.8.1). It cannot be reversed.
type Pinless struct {
	Reference     string
	ProductCode   string // a positive integer
	Amount        Cents  // more than zero
	MobileNumber  string // 11 digits, 27...
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

// pinlessBody is its wire form. The document shows the number both as a string
// and as an integer; its table says string.
type pinlessBody struct {
	common
	Amount        Cents  `json:"amount"`
	ProductCode   any    `json:"productCode"`
	MobileNumber  string `json:"mobileNumber"`
	PaymentMethod string `json:"paymentMethod,omitempty"`
}

func (p Pinless) reference() string { return p.Reference }

func (p Pinless) build(c *Client) (Op, any, error) {
	issue, err := c.issue(p.Reference, p.Amount, p.PaymentMethod, p.Till, p.Metadata)
	switch {
	case err != nil:
		return OpPinlessPurchase, nil, err
	case !validProductCode(p.ProductCode):
		return OpPinlessPurchase, nil, fmt.Errorf("%w: product code must be a positive integer", ErrInvalid)
	case !validMobile(p.MobileNumber):
		return OpPinlessPurchase, nil, fmt.Errorf("%w: mobile number must be 11 digits beginning with 27", ErrInvalid)
	}
	if c.options.Dialect == Draft2023 { // section 2.6.1 of the draft, and nowhere else in it
		issue.AccountNumber, issue.SubAccountNumber = "", issue.AccountNumber
	}
	return OpPinlessPurchase, pinlessBody{
		common: issue.common, Amount: p.Amount, ProductCode: c.productCode(p.ProductCode),
		MobileNumber: p.MobileNumber, PaymentMethod: issue.PaymentMethod,
	}, nil
}

// PinlessSale is a recharge that was made.
type PinlessSale struct {
	Receipt
	RechargeType string
	CallCentre   string // the network's help line, for the receipt
	Vendor       string
}

// PurchasePinless makes a recharge. An error is ErrInvalid or an *Error. try says
// whether the same request may have been sent before; see Sending.
func (c *Client) PurchasePinless(ctx context.Context, p Pinless, try Sending) (*PinlessSale, error) {
	return transact[PinlessSale](ctx, c, p, try)
}

// pinlessWire is the answer to a recharge (section 3.1.22).
type pinlessWire struct {
	Amount          whole                   `json:"amount"`
	RechargeDetails object[rechargeDetails] `json:"rechargeDetails"`
}

type rechargeDetails struct {
	RechargeType   text `json:"rechargeType"`
	CallCentre     text `json:"callCentre"`
	RechargeVendor text `json:"rechargeVendor"`
}

// findPinless believes a success: the recharge has no goods to show. An amount
// that differs is for the operator.
func findPinless(a asked, body []byte) finding {
	var w pinlessWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	d := w.RechargeDetails.is
	f := finding{amount: Cents(w.Amount.n), callCentre: string(d.CallCentre)}
	f.result = &PinlessSale{RechargeType: string(d.RechargeType), CallCentre: string(d.CallCentre), Vendor: string(d.RechargeVendor)}
	switch {
	case w.Amount.bad:
		f.odd = "recharged, but the amount cannot be read"
	case w.Amount.present && f.amount != a.Amount:
		f.odd = "recharged with another amount than was asked for"
	}
	return f
}
