package electrumapi

import (
	"context"

	"spaza/secret"
)

// SingleUseProvision asks for a voucher (SUV v1, provisionVoucher, ProvisionRequest).
// It is sent once: what became of one whose answer did not come is found out by
// SingleUseRetry or SingleUseLookup, or undone by SingleUseReversal.
type SingleUseProvision struct {
	Confidential
	Head
	// Amounts are needed for a product without a fixed value, as RequestAmount.
	Amounts        *Amounts          `json:"amounts,omitempty"`
	Tenders        []Tender          `json:"tenders,omitempty"`
	Voucher        *SingleUseVoucher `json:"voucher,omitempty"` // a proposal
	Product        *SingleUseProduct `json:"product,omitempty"`
	PosInfo        *PosInfo          `json:"posInfo,omitempty"`
	Customer       *Customer         `json:"customer,omitempty"`  // who buys
	Recipient      *Customer         `json:"recipient,omitempty"` // who gets it
	PaymentMethods []PaymentMethod   `json:"paymentMethods,omitempty"`
}

func (r SingleUseProvision) build(c *Client) (Message, error) {
	return c.compose(OpVoucherProvision, r.Head, r)
}

// SingleUseProvisionResult is a voucher that was issued (SUV v1, ProvisionResponse).
type SingleUseProvisionResult struct {
	Confidential
	Transaction
	// Voucher has what the customer gets. One without a Code was issued, but is
	// not in the answer: a retry fetches it.
	Voucher   SingleUseVoucher  `json:"voucher"`
	Amounts   *Amounts          `json:"amounts"`
	Product   *SingleUseProduct `json:"product"`
	PosInfo   *PosInfo          `json:"posInfo"`
	Recipient *Customer         `json:"recipient"`
	Tenders   []Tender          `json:"tenders"`
}

// Value is what the voucher is worth, in cents of rand: what was approved, else what
// was asked for, else the product's. Zero where the answer does not say.
func (r SingleUseProvisionResult) Value() int64 {
	var product *LedgerAmount
	if r.Product != nil {
		product = r.Product.Amount
	}
	if r.Amounts == nil {
		return firstInRand(product)
	}
	return firstInRand(r.Amounts.ApprovedAmount, r.Amounts.RequestAmount, product)
}

// firstInRand is the first amount that there is, zero where that is not in rand.
func firstInRand(amounts ...*LedgerAmount) int64 {
	for _, a := range amounts {
		if a == nil {
			continue
		}
		if a.InRand() {
			return a.Amount
		}
		return 0
	}
	return 0
}

// ProvisionSingleUse builds, sends and reads a SingleUseProvision. The error is
// ErrInvalid or an *Error; after Unknown the voucher may have been issued.
func (c *Client) ProvisionSingleUse(ctx context.Context, r SingleUseProvision) (*SingleUseProvisionResult, error) {
	return call[SingleUseProvisionResult](ctx, c, r)
}

// SingleUseRetry asks again for the voucher of a provision whose outcome is unknown
// (SUV v1, retryProvisionVoucher): the voucher that was issued, or else a new one, or a
// refusal. Its body is the original one, byte for byte, and its path
// Options.RetryPath. It may be sent as often as wanted.
type SingleUseRetry struct {
	Request secret.Text // the body of the SingleUseProvision
}

func (r SingleUseRetry) build(*Client) (Message, error) {
	id, err := earlier(r.Request)
	if err != nil {
		return Message{}, err
	}
	return Message{Op: OpVoucherRetry, ID: id, Original: id, Body: r.Request}, nil
}

// RetrySingleUse builds, sends and reads a SingleUseRetry. The error is ErrInvalid or
// an *Error, of which only one whose Detail.Type is Definite settles the provision.
func (c *Client) RetrySingleUse(ctx context.Context, r SingleUseRetry) (*SingleUseProvisionResult, error) {
	return call[SingleUseProvisionResult](ctx, c, r)
}
