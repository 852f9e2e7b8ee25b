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
	common, err := c.common(p.Reference, p.Metadata)
	switch {
	case err != nil:
		return OpPinlessPurchase, nil, err
	case !validProductCode(p.ProductCode):
		return OpPinlessPurchase, nil, fmt.Errorf("%w: product code must be a positive integer", ErrInvalid)
	case p.Amount <= 0:
		return OpPinlessPurchase, nil, fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	case !validMobile(p.MobileNumber):
		return OpPinlessPurchase, nil, fmt.Errorf("%w: mobile number must be 11 digits beginning with 27", ErrInvalid)
	case !only(p.PaymentMethod, alphanumerics):
		return OpPinlessPurchase, nil, fmt.Errorf("%w: payment method must be letters and digits", ErrInvalid)
	}
	return OpPinlessPurchase, pinlessBody{
		common: common, Amount: p.Amount, ProductCode: c.productCode(p.ProductCode),
		MobileNumber: p.MobileNumber, PaymentMethod: p.PaymentMethod,
	}, nil
}

// PinlessSale is a recharge that was made.
type PinlessSale struct {
	Reference       string
	TransactionID   string
	TransactionDate string // as given; the format is not documented
	Amount          Cents  // as the answer says it; zero when it does not
	RechargeType    string
	CallCentre      string // the network's help line, for the receipt
	Vendor          string
	// Alert says that the answer was not quite what was asked for, and Detail
	// how.
	Alert  bool
	Detail string
}

// PurchasePinless makes a recharge. An error is ErrInvalid or an *Error. again
// says that the same request may have been sent before; see Judge.
func (c *Client) PurchasePinless(ctx context.Context, p Pinless, again bool) (*PinlessSale, error) {
	m, err := c.Build(p)
	if err != nil {
		return nil, err
	}
	x := c.Post(ctx, m)
	v := Judge(m, x, again)
	if v.Settled != Happened {
		return nil, failure(m, x, v)
	}
	w, err := decodePinless([]byte(x.Body.Reveal()))
	if err != nil { // cannot be: Judge has read the same bytes
		return nil, failure(m, x, contradicts(v, err.Error()))
	}
	return &PinlessSale{
		Reference: m.Reference, TransactionID: v.TransactionID, TransactionDate: string(w.TransactionDate),
		Amount: v.Amount, CallCentre: v.CallCentre, Alert: v.Alert, Detail: v.Detail,
		RechargeType: string(w.RechargeDetails.is.RechargeType), Vendor: string(w.RechargeDetails.is.RechargeVendor),
	}, nil
}

// pinlessWire is the answer to a recharge (section 3.1.22).
type pinlessWire struct {
	envelope
	Amount          whole                   `json:"amount"`
	RechargeDetails object[rechargeDetails] `json:"rechargeDetails"`
}

type rechargeDetails struct {
	RechargeType   text `json:"rechargeType"`
	CallCentre     text `json:"callCentre"`
	RechargeVendor text `json:"rechargeVendor"`
}

func decodePinless(body []byte) (w pinlessWire, err error) {
	err = decodeObject(body, &w)
	return w, err
}

// judgePinless believes a success: the recharge has no goods to show. An amount
// that differs is for the operator.
func judgePinless(a asked, w pinlessWire, v Verdict) Verdict {
	v.Settled = Happened
	switch {
	case w.Amount.bad:
		v.Alert, v.Detail = true, "recharged, but the amount cannot be read"
	case w.Amount.present && Cents(w.Amount.n) != a.Amount:
		v.Amount = Cents(w.Amount.n)
		v.Alert, v.Detail = true, "recharged with another amount than was asked for"
	default:
		v.Amount = Cents(w.Amount.n)
	}
	return v
}
