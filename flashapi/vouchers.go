package flashapi

import (
	"context"
	"fmt"

	"spaza/secret"
)

// RedeemFull takes a 1Voucher in for its whole value (section 2.3.3). It is a
// type of its own because the API says "all of it" with an amount of zero,
// which nobody should send by leaving a field out.
type RedeemFull struct {
	Reference string
	PIN       secret.Text // 16 digits
	Metadata  Metadata
}

// RedeemPart takes part of a 1Voucher in. The rest comes back as a new voucher:
// as an SMS from Flash when MobileNumber is set, otherwise in the answer.
// Merchants that are set up for reversals must leave MobileNumber empty (code
// 2279).
type RedeemPart struct {
	Reference    string
	PIN          secret.Text // 16 digits
	Amount       Cents       // more than zero
	MobileNumber string      // optional; 11 digits, 27...
	Metadata     Metadata
}

// redeemBody is the wire form of both.
type redeemBody struct {
	common
	PIN          string `json:"pin"`
	Amount       Cents  `json:"amount"`
	MobileNumber string `json:"mobileNumber,omitempty"`
}

func (r RedeemFull) reference() string { return r.Reference }

func (r RedeemFull) build(c *Client) (Op, any, error) {
	common, err := c.common(r.Reference, r.Metadata)
	switch {
	case err != nil:
		return OpRedeem, nil, err
	case !validPIN(r.PIN.Reveal()):
		return OpRedeem, nil, fmt.Errorf("%w: PIN must be 16 digits", ErrInvalid)
	}
	return OpRedeem, redeemBody{common: common, PIN: r.PIN.Reveal()}, nil
}

func (r RedeemPart) reference() string { return r.Reference }

func (r RedeemPart) build(c *Client) (Op, any, error) {
	common, err := c.common(r.Reference, r.Metadata)
	switch {
	case err != nil:
		return OpRedeem, nil, err
	case !validPIN(r.PIN.Reveal()):
		return OpRedeem, nil, fmt.Errorf("%w: PIN must be 16 digits", ErrInvalid)
	case r.Amount <= 0:
		return OpRedeem, nil, fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	case r.MobileNumber != "" && !validMobile(r.MobileNumber):
		return OpRedeem, nil, fmt.Errorf("%w: mobile number must be 11 digits beginning with 27", ErrInvalid)
	}
	return OpRedeem, redeemBody{common: common, PIN: r.PIN.Reveal(), Amount: r.Amount, MobileNumber: r.MobileNumber}, nil
}

// Redemption is a voucher taken in.
type Redemption struct {
	Reference       string
	TransactionID   string
	TransactionDate string // as given; the format is not documented
	Amount          Cents  // the value to credit
	Change          *Voucher
	// Alert says that the answer was not quite what was asked for, and Detail
	// how; the amount stands all the same.
	Alert  bool
	Detail string
}

// Voucher is a voucher in an answer.
type Voucher struct {
	PIN          secret.Text // worth cash to whoever has it
	Amount       Cents
	SerialNumber string
	ExpiryDate   string // as given
	Status       string
	Instructions string // how to redeem it, as given
}

// RedeemFull takes a whole voucher in. An error is ErrInvalid or an *Error.
// again says that the same request may have been sent before; see Judge.
func (c *Client) RedeemFull(ctx context.Context, r RedeemFull, again bool) (*Redemption, error) {
	return c.redeem(ctx, r, again)
}

// RedeemPart takes part of a voucher in; otherwise as RedeemFull.
func (c *Client) RedeemPart(ctx context.Context, r RedeemPart, again bool) (*Redemption, error) {
	return c.redeem(ctx, r, again)
}

func (c *Client) redeem(ctx context.Context, r Request, again bool) (*Redemption, error) {
	m, err := c.Build(r)
	if err != nil {
		return nil, err
	}
	x := c.Post(ctx, m)
	v := Judge(m, x, again)
	if v.Settled != Happened {
		return nil, failure(m, x, v)
	}
	w, err := decodeRedemption([]byte(x.Body.Reveal()))
	if err != nil { // cannot be: Judge has read the same bytes
		return nil, failure(m, x, contradicts(v, err.Error()))
	}
	out := &Redemption{
		Reference: m.Reference, TransactionID: v.TransactionID, TransactionDate: string(w.TransactionDate),
		Amount: v.Amount, Alert: v.Alert, Detail: v.Detail,
	}
	if w.hasChange(readAsked(m)) {
		out.Change = w.Voucher.is.voucher()
	}
	return out, nil
}

// voucherWire is the voucher object of answers (section 3.1.6).
type voucherWire struct {
	Amount       whole           `json:"amount"`
	ExpiryDate   text            `json:"expiryDate"`
	PIN          pinText         `json:"pin"`
	SerialNumber text            `json:"serialNumber"`
	Status       text            `json:"status"`
	Content      object[content] `json:"content"`
}

// content is the printed matter of a voucher or product.
type content struct {
	RedemptionInstructions text `json:"redemptionInstructions"`
	TermsAndConditions     text `json:"termsAndConditions"`
}

func (v voucherWire) voucher() *Voucher {
	return &Voucher{
		PIN: v.PIN.Text, Amount: Cents(v.Amount.n), SerialNumber: string(v.SerialNumber),
		ExpiryDate: string(v.ExpiryDate), Status: string(v.Status), Instructions: string(v.Content.is.RedemptionInstructions),
	}
}

// redemptionWire is the answer to a redemption.
type redemptionWire struct {
	envelope
	Amount  whole               `json:"amount"`
	Voucher object[voucherWire] `json:"voucher"`
}

func decodeRedemption(body []byte) (w redemptionWire, err error) {
	err = decodeObject(body, &w)
	return w, err
}

// hasChange says whether the answer's voucher is a new one, worth money of its
// own: it has a PIN, and not the one that was sent.
func (w redemptionWire) hasChange(a asked) bool {
	return !w.Voucher.is.PIN.Empty() && (a.Amount > 0 || !w.Voucher.is.PIN.Equal(a.PIN.Reveal()))
}

// judgeRedemption finds the value to credit. The document does not say whether
// the redemption of a whole voucher answers with the value or echoes the zero
// that was sent, so the amount counts when there is one, and the voucher's
// amount otherwise. Where neither speaks, or the voucher is another one, nothing
// is credited without a person.
func judgeRedemption(a asked, w redemptionWire, v Verdict) Verdict {
	change := w.hasChange(a)
	said, inVoucher := Cents(w.Amount.n), Cents(w.Voucher.is.Amount.n)
	value := said
	switch {
	case w.Amount.bad:
		return contradicts(v, "redeemed, but the amount cannot be read")
	case said > 0:
	case a.Amount > 0:
		return contradicts(v, "redeemed in part, but no amount is given")
	case change:
		return contradicts(v, "redeemed in full, but only a change voucher is given")
	case inVoucher > 0:
		value = inVoucher
	default:
		return contradicts(v, "redeemed, but no amount is given")
	}
	if value > maxVoucher {
		return contradicts(v, "redeemed, but the amount is beyond belief")
	}
	v.Settled, v.Amount = Happened, value
	switch {
	case a.Amount > 0 && value != a.Amount:
		v.Alert, v.Detail = true, "another amount was redeemed than was asked for"
	case a.Amount == 0 && change:
		v.Alert, v.Detail = true, "a change voucher came back though all was redeemed"
	case w.Voucher.bad:
		v.Alert, v.Detail = true, "redeemed, but the voucher cannot be read"
	case a.Amount == 0 && inVoucher > 0 && inVoucher != value:
		v.Alert, v.Detail = true, "the amount differs from the voucher's"
	}
	return v
}
