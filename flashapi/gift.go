package flashapi

import (
	"context"
	"fmt"
)

// GiftPurchase makes a gift voucher of a shop or service (section 2.4.1). It
// names the article by one of its two numbers, and its shop and till always:
// both parts of Till are needed, here or in the Options.
type GiftPurchase struct {
	Reference   string
	Amount      Cents  // more than zero
	ProductCode string // a positive integer; or else the barcode
	// Barcode is the EAN that Flash gave the article, in digits. In the draft
	// of 2023 it is the maker's, letters as well, and stands beside the product
	// code and never in its place.
	Barcode       string
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

func (r GiftPurchase) reference() string { return r.Reference }

func (r GiftPurchase) build(c *Client) (Op, any, error) {
	body, err := c.issue(r.Reference, r.Amount, r.PaymentMethod, r.Till, r.Metadata)
	if err == nil {
		err = r.article(c.options.Dialect)
	}
	if err != nil {
		return OpGiftPurchase, nil, err
	}
	if body.place(c, r.Till); body.StoreID == "" || body.TerminalID == "" {
		return OpGiftPurchase, nil, fmt.Errorf("%w: a gift voucher needs a store and a terminal", ErrInvalid)
	}
	if r.ProductCode != "" {
		body.ProductCode = c.productCode(r.ProductCode)
	}
	body.Barcode = r.Barcode
	return OpGiftPurchase, body, nil
}

// article checks how the article is named.
func (r GiftPurchase) article(d Dialect) error {
	draft := d == Draft2023
	switch {
	case r.ProductCode == "" && draft:
		return fmt.Errorf("%w: product code is missing", ErrInvalid)
	case r.ProductCode == "" && r.Barcode == "", r.ProductCode != "" && r.Barcode != "" && !draft:
		return fmt.Errorf("%w: either product code or barcode must be given", ErrInvalid)
	case r.ProductCode != "" && !validProductCode(r.ProductCode):
		return fmt.Errorf("%w: product code must be a positive integer", ErrInvalid)
	case r.Barcode != "" && !draft && !validBarcode(r.Barcode):
		return fmt.Errorf("%w: barcode must be %d to %d digits", ErrInvalid, minBarcode, maxBarcode)
	case r.Barcode != "" && !validName(r.Barcode):
		return fmt.Errorf("%w: barcode must be letters and digits", ErrInvalid)
	}
	return nil
}

// The shortest and the longest of the article numbers that GS1 gives out (EAN-8
// and GTIN-14).
const minBarcode, maxBarcode = 8, 14

// validBarcode takes zeros in front, which are part of a barcode, and does not
// hold the check digit against a number that is Flash's own.
func validBarcode(s string) bool {
	return len(s) >= minBarcode && len(s) <= maxBarcode && only(s, digits) && !only(s, "0")
}

// PurchaseGift makes a gift voucher. An error is ErrInvalid or an *Error. try says
// whether the same request may have been sent before; see Sending.
func (c *Client) PurchaseGift(ctx context.Context, r GiftPurchase, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}
