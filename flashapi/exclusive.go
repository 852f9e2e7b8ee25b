package flashapi

import (
	"context"
	"fmt"

	"spaza/secret"
)

// ExclusivePurchase makes a voucher that can be spent for some things only
// (section 2.6.1). The document also calls it restricted.
type ExclusivePurchase struct {
	Reference     string
	Amount        Cents  // more than zero
	ProductCode   string // a positive integer
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

// ExclusiveCancel takes back an exclusive voucher that nobody has used, by its
// serial number (section 2.6.2).
type ExclusiveCancel struct {
	Reference    string // of the cancellation, which is a transaction of its own
	SerialNumber string // letters and digits
	ProductCode  string // a positive integer
	Till         Till
	Metadata     Metadata
}

// ExclusiveReverse undoes the sale of an exclusive voucher, as though it had
// never been (section 2.6.3). One that was redeemed stands.
type ExclusiveReverse struct {
	Reference string // of the reversal, which is a transaction of its own
	Original  string // the reference of what is reversed
	Till      Till
	Metadata  Metadata
}

// ExclusiveRedeemFull takes an exclusive voucher in for its whole value (section
// 2.6.4). It is a type of its own for the reason that RedeemFull is.
type ExclusiveRedeemFull struct {
	Reference   string
	PIN         secret.Text // 16 digits
	ProductCode string      // optional; which kind of voucher it should be
	Till        Till
	Metadata    Metadata
}

// ExclusiveRedeemPart takes part of an exclusive voucher in; the rest comes back
// as RedeemPart's does.
type ExclusiveRedeemPart struct {
	Reference    string
	PIN          secret.Text // 16 digits
	Amount       Cents       // more than zero
	MobileNumber string      // optional; 11 digits, 27...
	ProductCode  string      // optional; which kind of voucher it should be
	Till         Till
	Metadata     Metadata
}

func (r ExclusivePurchase) reference() string { return r.Reference }

func (r ExclusivePurchase) build(c *Client) (Op, any, error) {
	body, err := c.article(r.Reference, r.Amount, r.ProductCode, r.PaymentMethod, r.Till, r.Metadata)
	return OpExclusivePurchase, body, err
}

func (r ExclusiveCancel) reference() string { return r.Reference }

func (r ExclusiveCancel) build(c *Client) (Op, any, error) {
	body, err := c.bySerial(r.Reference, r.SerialNumber, r.ProductCode, r.Till, r.Metadata)
	return OpExclusiveCancel, body, err
}

func (r ExclusiveReverse) reference() string { return r.Reference }

func (r ExclusiveReverse) build(c *Client) (Op, any, error) {
	body, err := c.reversal(r.Reference, r.Original, r.Till, r.Metadata)
	return OpExclusiveReverse, body, err
}

func (r ExclusiveRedeemFull) reference() string { return r.Reference }

func (r ExclusiveRedeemFull) build(c *Client) (Op, any, error) {
	body, err := c.redemption(r.Reference, r.PIN, 0, "", r.Till, r.Metadata)
	if err == nil {
		err = body.kind(c, r.ProductCode)
	}
	return OpExclusiveRedeem, body, err
}

func (r ExclusiveRedeemPart) reference() string { return r.Reference }

func (r ExclusiveRedeemPart) build(c *Client) (Op, any, error) {
	if r.Amount <= 0 { // zero would be all of it
		return OpExclusiveRedeem, nil, fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	}
	body, err := c.redemption(r.Reference, r.PIN, r.Amount, r.MobileNumber, r.Till, r.Metadata)
	if err == nil {
		err = body.kind(c, r.ProductCode)
	}
	return OpExclusiveRedeem, body, err
}

// kind names the kind of voucher, where one is given.
func (b *redeemBody) kind(c *Client, product string) error {
	switch {
	case product == "":
		return nil
	case !validProductCode(product):
		return fmt.Errorf("%w: product code must be a positive integer", ErrInvalid)
	}
	b.ProductCode = c.productCode(product)
	return nil
}

// PurchaseExclusive makes an exclusive voucher. An error is ErrInvalid,
// ErrNotInDialect or an *Error. try says whether the same request may have been
// sent before; see Sending.
func (c *Client) PurchaseExclusive(ctx context.Context, r ExclusivePurchase, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}

// CancelExclusive takes an exclusive voucher back; otherwise as
// PurchaseExclusive.
func (c *Client) CancelExclusive(ctx context.Context, r ExclusiveCancel, try Sending) (*Undone, error) {
	return transact[Undone](ctx, c, r, try)
}

// ReverseExclusive undoes the sale of an exclusive voucher; otherwise as
// PurchaseExclusive.
func (c *Client) ReverseExclusive(ctx context.Context, r ExclusiveReverse, try Sending) (*Undone, error) {
	return transact[Undone](ctx, c, r, try)
}

// RedeemExclusiveFull takes a whole exclusive voucher in; otherwise as
// PurchaseExclusive.
func (c *Client) RedeemExclusiveFull(ctx context.Context, r ExclusiveRedeemFull, try Sending) (*Redemption, error) {
	return transact[Redemption](ctx, c, r, try)
}

// RedeemExclusivePart takes part of an exclusive voucher in; otherwise as
// PurchaseExclusive.
func (c *Client) RedeemExclusivePart(ctx context.Context, r ExclusiveRedeemPart, try Sending) (*Redemption, error) {
	return transact[Redemption](ctx, c, r, try)
}
