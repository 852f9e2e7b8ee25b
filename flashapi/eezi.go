package flashapi

import "context"

// EeziPurchase makes an Eezi voucher: airtime as a PIN, for a phone that is not
// at hand or not known (section 2.9.1).
type EeziPurchase struct {
	Reference     string
	Amount        Cents  // more than zero
	ProductCode   string // a positive integer
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

// EeziReverse undoes the sale of an Eezi voucher, as though it had never been
// (section 2.9.2). One that was used stands.
type EeziReverse struct {
	Reference string // of the reversal, which is a transaction of its own
	Original  string // the reference of what is reversed
	Till      Till
	Metadata  Metadata
}

func (r EeziPurchase) reference() string { return r.Reference }

func (r EeziPurchase) build(c *Client) (Op, any, error) {
	body, err := c.article(r.Reference, r.Amount, r.ProductCode, r.PaymentMethod, r.Till, r.Metadata)
	return OpEeziPurchase, body, err
}

func (r EeziReverse) reference() string { return r.Reference }

func (r EeziReverse) build(c *Client) (Op, any, error) {
	body, err := c.reversal(r.Reference, r.Original, r.Till, r.Metadata)
	return OpEeziReverse, body, err
}

// PurchaseEezi makes an Eezi voucher. An error is ErrInvalid or an *Error. try says
// whether the same request may have been sent before; see Sending.
func (c *Client) PurchaseEezi(ctx context.Context, r EeziPurchase, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}

// ReverseEezi undoes the sale of an Eezi voucher; otherwise as PurchaseEezi.
func (c *Client) ReverseEezi(ctx context.Context, r EeziReverse, try Sending) (*Undone, error) {
	return transact[Undone](ctx, c, r, try)
}
