package electrumapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"spaza/hostcall"
	"spaza/secret"
)

// SingleUseVoucher is a voucher that is spent once (SUV v1, Voucher). No field is
// required: who asks for one may propose a code, where the provider allows that.
type SingleUseVoucher struct {
	// Code is what the customer spends; a successful provision must have it.
	Code               secret.Text   `json:"code,omitempty" send:"max=40"`
	ExpiryDate         time.Time     `json:"expiryDate,omitempty"`
	RedeemInstructions []secret.Text `json:"redeemInstructions,omitempty"` // lines for the slip; the code may stand in them
	// SerialNumber names the voucher at its provider and cannot be spent.
	SerialNumber string `json:"serialNumber,omitempty" send:"max=40"`
	Pin          *Pin   `json:"pin,omitempty"` // wanted beside the code by some
}

// ClearPin is the PIN that must be given with the code; empty where there is none, or
// none that a customer could type.
func (v SingleUseVoucher) ClearPin() secret.Text {
	if v.Pin == nil {
		return secret.Text{}
	}
	return v.Pin.Pin
}

// SingleUseProduct is what a voucher is for (SUV v1, Product). Version 1.14 knows the
// first four fields and a ProductID of up to 20 characters; the others, and 40, came
// with 1.16.
type SingleUseProduct struct {
	ProductID              string                `json:"productId" send:"need,form=alnum,max=40"`
	Barcode                string                `json:"barcode,omitempty" send:"form=alnum,max=13"`
	Name                   string                `json:"name,omitempty" send:"max=40"`
	Amount                 *LedgerAmount         `json:"amount,omitempty"`
	MinAmount              *LedgerAmount         `json:"minAmount,omitempty"`
	MaxAmount              *LedgerAmount         `json:"maxAmount,omitempty"`
	Description            string                `json:"description,omitempty" send:"max=250"`
	IsFixedValue           *bool                 `json:"isFixedValue,omitempty"`           // nil where nobody says; only ever received
	Receiver               *Institution          `json:"receiver,omitempty"`               // who issues it
	ChannelProductListings []AirtimeChannelEntry `json:"channelProductListings,omitempty"` // the same model as in Airtime v5
}

// Confidential is part of requests and results that name a person or have what is
// worth money in plain words, as a slip does: printed, logged and written as JSON they
// show nothing. Read their fields one by one.
type Confidential struct{}

// Format implements fmt.Formatter.
func (Confidential) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "[confidential]") }

// LogValue implements slog.LogValuer.
func (Confidential) LogValue() slog.Value { return slog.StringValue("[confidential]") }

// MarshalJSON returns an error: what is left out here would be lost without a word.
func (Confidential) MarshalJSON() ([]byte, error) {
	return nil, errors.New("confidential values of electrumapi are not written as JSON")
}

var _ slog.LogValuer = Confidential{}

// earlier reads the id of a request that was made before.
func earlier(request secret.Text) (string, error) {
	t, err := Decode[Transaction](request)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: earlier request cannot be read: %w", ErrInvalid, err)
	case !forms["uuid"].MatchString(t.ID):
		return "", fmt.Errorf("%w: earlier request has no id", ErrInvalid)
	}
	return t.ID, nil
}

// callAndRead is call for a result that needs more than Decode, and for a request with
// secrets of its own: they are taken out of what is said.
func callAndRead[T any](ctx context.Context, c *Client, r Request, read func(secret.Text) (T, error), secrets ...secret.Text) (T, error) {
	var none T
	m, err := c.Build(r)
	if err != nil {
		return none, err
	}
	x := c.Post(ctx, m)
	x.secrets = append(x.secrets, secrets...)
	x.Err = hostcall.ScrubError(x.Err, secrets)
	class := x.Class()
	if success := class == Success || (class == Unknown && x.Status/100 == 2 && operations[m.Op].list); !success {
		return none, x.failure(class)
	}
	result, err := read(x.Body)
	if err != nil {
		e := x.failure(Unknown)
		e.Err = err
		return none, e
	}
	return result, nil
}
