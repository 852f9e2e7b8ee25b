package flashapi

import (
	"context"
	"encoding/json"
	"fmt"
)

// UtilityLookup asks about a meter, and about a purchase for it, before anybody
// pays (section 2.10.1).
type UtilityLookup struct {
	Reference string
	Meter     string // letters and digits
	Amount    Cents  // more than zero; zero where Free is set
	Free      bool   // Free Basic Electricity
	Metadata  Metadata
}

// UtilityPurchase buys electricity or water for a meter (section 2.10.2). It
// cannot be reversed.
type UtilityPurchase struct {
	Reference     string
	Meter         string // letters and digits
	Amount        Cents  // more than zero; zero where Free is set
	Free          bool   // Free Basic Electricity
	PaymentMethod string // optional; letters and digits
	// LookupID is the LookupID of the Meter that was looked up before, a
	// positive integer. Draft2023 needs it, and sends it in place of Meter and
	// Free, which are then those of the lookup; Revision2025 has no use for it
	// and ignores it.
	LookupID string
	Till     Till
	Metadata Metadata
}

// utilityBody is the wire form of both.
type utilityBody struct {
	common
	Amount        Cents       `json:"amount"`
	MeterNumber   string      `json:"meterNumber,omitempty"`
	IsFBE         bool        `json:"isFBE,omitempty"`
	PaymentMethod string      `json:"paymentMethod,omitempty"`
	TransactionID json.Number `json:"transactionID,omitempty"` // of the lookup, in the draft
}

// utility checks and fills what both have.
func (c *Client) utility(reference, meter string, amount Cents, free bool, t Till, m Metadata) (utilityBody, error) {
	common, err := c.common(reference, t, m)
	switch {
	case err != nil:
		return utilityBody{}, err
	case !validName(meter):
		return utilityBody{}, fmt.Errorf("%w: meter must be letters and digits", ErrInvalid)
	case free && amount != 0:
		return utilityBody{}, fmt.Errorf("%w: amount must be zero for Free Basic Electricity", ErrInvalid)
	case !free && amount <= 0:
		return utilityBody{}, fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	}
	return utilityBody{common: common, Amount: amount, MeterNumber: meter, IsFBE: free}, nil
}

func (r UtilityLookup) reference() string { return r.Reference }

func (r UtilityLookup) build(c *Client) (Op, any, error) {
	body, err := c.utility(r.Reference, r.Meter, r.Amount, r.Free, Till{}, r.Metadata)
	body.StoreID, body.TerminalID = "", "" // section 2.10.1 has no room for the Options' either
	return OpUtilityLookup, body, err
}

func (r UtilityPurchase) reference() string { return r.Reference }

func (r UtilityPurchase) build(c *Client) (Op, any, error) {
	body, err := c.utility(r.Reference, r.Meter, r.Amount, r.Free, r.Till, r.Metadata)
	draft := c.options.Dialect == Draft2023
	switch {
	case err != nil:
	case !only(r.PaymentMethod, alphanumerics):
		err = fmt.Errorf("%w: payment method must be letters and digits", ErrInvalid)
	case !draft:
		body.PaymentMethod = r.PaymentMethod
	case !validProductCode(r.LookupID): // section 2.8.2.1 of the draft
		err = fmt.Errorf("%w: lookup must be a positive integer", ErrInvalid)
	default:
		body.MeterNumber, body.IsFBE, body.TransactionID = "", false, json.Number(r.LookupID)
	}
	return OpUtilityPurchase, body, err
}

// LookupMeter asks about a meter. It changes nothing: after any error it can be
// made again, under another reference as well. An error is ErrInvalid or an
// *Error.
func (c *Client) LookupMeter(ctx context.Context, r UtilityLookup) (*Meter, error) {
	return transact[Meter](ctx, c, r, First)
}

// PurchaseUtility buys electricity or water. An error is ErrInvalid or an
// *Error. try says whether the same request may have been sent before; see Sending.
func (c *Client) PurchaseUtility(ctx context.Context, r UtilityPurchase, try Sending) (*UtilitySale, error) {
	return transact[UtilitySale](ctx, c, r, try)
}
