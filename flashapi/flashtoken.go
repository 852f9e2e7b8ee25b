package flashapi

import (
	"context"
	"fmt"
)

// FlashTokenPurchase makes a Flash Token, a voucher for the services of Flash
// itself (section 2.7.1). Where it is posted is doubtful; see
// Options.TokenPurchaseUnder4.
type FlashTokenPurchase struct {
	Reference string
	Amount    Cents // more than zero
	// ProductCode is optional; a positive integer. Only an example of the
	// document has it.
	ProductCode   string
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

// FlashTokenReverse undoes the sale of a Flash Token, as though it had never
// been (section 2.7.2). One that was redeemed stands.
type FlashTokenReverse struct {
	Reference string // of the reversal, which is a transaction of its own
	Original  string // the reference of what is reversed
	Till      Till
	Metadata  Metadata
}

func (r FlashTokenPurchase) reference() string { return r.Reference }

func (r FlashTokenPurchase) build(c *Client) (Op, any, error) {
	body, err := c.issue(r.Reference, r.Amount, r.PaymentMethod, r.Till, r.Metadata)
	switch {
	case err != nil:
		return OpTokenPurchase, nil, err
	case r.ProductCode == "":
	case !validProductCode(r.ProductCode):
		return OpTokenPurchase, nil, fmt.Errorf("%w: product code must be a positive integer", ErrInvalid)
	default:
		body.ProductCode = c.productCode(r.ProductCode)
	}
	return OpTokenPurchase, body, nil
}

func (r FlashTokenReverse) reference() string { return r.Reference }

func (r FlashTokenReverse) build(c *Client) (Op, any, error) {
	body, err := c.reversal(r.Reference, r.Original, r.Till, r.Metadata)
	return OpTokenReverse, body, err
}

// PurchaseFlashToken makes a Flash Token. An error is ErrInvalid,
// ErrNotInDialect or an *Error. try says whether the same request may have been
// sent before; see Sending.
func (c *Client) PurchaseFlashToken(ctx context.Context, r FlashTokenPurchase, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}

// ReverseFlashToken undoes the sale of a Flash Token; otherwise as
// PurchaseFlashToken.
func (c *Client) ReverseFlashToken(ctx context.Context, r FlashTokenReverse, try Sending) (*Undone, error) {
	return transact[Undone](ctx, c, r, try)
}
