package flashapi

import (
	"context"
	"fmt"
)

// CashOutPurchase makes a cash-out PIN, for which a trader of Flash pays cash
// (section 2.5.1).
type CashOutPurchase struct {
	Reference     string
	Amount        Cents  // more than zero
	ProductCode   string // a positive integer
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

// CashOutCancel takes back a cash-out PIN that nobody has used, by the serial
// number that came with it (section 2.5.2).
type CashOutCancel struct {
	Reference    string // of the cancellation, which is a transaction of its own
	SerialNumber string // letters and digits
	ProductCode  string // a positive integer
	Till         Till
	Metadata     Metadata
}

// CashOutLookup asks what became of a cash-out PIN (section 2.5.3). It has a
// reference too, and no till.
type CashOutLookup struct {
	Reference    string
	SerialNumber string // letters and digits
	ProductCode  string // a positive integer
	Metadata     Metadata
}

// CashOutReverse undoes the sale of a cash-out PIN, as though it had never been
// (section 2.5.4). One that was used stands.
type CashOutReverse struct {
	Reference string // of the reversal, which is a transaction of its own
	Original  string // the reference of what is reversed
	Till      Till
	Metadata  Metadata
}

// CashOut is what is known of a cash-out PIN.
type CashOut struct {
	Receipt
	Voucher Voucher // the PIN may be hidden
}

// article makes the request for a product that has a price and a code.
func (c *Client) article(reference string, amount Cents, product, method string, t Till, m Metadata) (issueBody, error) {
	body, err := c.issue(reference, amount, method, t, m)
	switch {
	case err != nil:
		return issueBody{}, err
	case !validProductCode(product):
		return issueBody{}, fmt.Errorf("%w: product code must be a positive integer", ErrInvalid)
	}
	body.ProductCode = c.productCode(product)
	return body, nil
}

// serialBody is the wire form of every request that names a voucher by its
// serial number.
type serialBody struct {
	common
	SerialNumber string `json:"serialNumber,omitempty"`
	Serial       string `json:"serial,omitempty"` // its name in the draft
	ProductCode  any    `json:"productCode"`
}

// bySerial checks and fills it.
func (c *Client) bySerial(reference, serial, product string, t Till, m Metadata) (serialBody, error) {
	common, err := c.common(reference, t, m)
	switch {
	case err != nil:
		return serialBody{}, err
	case !validName(serial):
		return serialBody{}, fmt.Errorf("%w: serial number must be letters and digits", ErrInvalid)
	case !validProductCode(product):
		return serialBody{}, fmt.Errorf("%w: product code must be a positive integer", ErrInvalid)
	}
	body := serialBody{common: common, SerialNumber: serial, ProductCode: c.productCode(product)}
	if c.options.Dialect == Draft2023 { // by the table of its section 2.5.2; its example says otherwise
		body.SerialNumber, body.Serial = "", serial
	}
	return body, nil
}

func (r CashOutPurchase) reference() string { return r.Reference }

func (r CashOutPurchase) build(c *Client) (Op, any, error) {
	body, err := c.article(r.Reference, r.Amount, r.ProductCode, r.PaymentMethod, r.Till, r.Metadata)
	return OpCashOutPurchase, body, err
}

func (r CashOutCancel) reference() string { return r.Reference }

func (r CashOutCancel) build(c *Client) (Op, any, error) {
	body, err := c.bySerial(r.Reference, r.SerialNumber, r.ProductCode, r.Till, r.Metadata)
	return OpCashOutCancel, body, err
}

func (r CashOutLookup) reference() string { return r.Reference }

func (r CashOutLookup) build(c *Client) (Op, any, error) {
	body, err := c.bySerial(r.Reference, r.SerialNumber, r.ProductCode, Till{}, r.Metadata)
	body.StoreID, body.TerminalID = "", "" // the one request that has no room for the Options' either
	return OpCashOutLookup, body, err
}

func (r CashOutReverse) reference() string { return r.Reference }

func (r CashOutReverse) build(c *Client) (Op, any, error) {
	body, err := c.reversal(r.Reference, r.Original, r.Till, r.Metadata)
	return OpCashOutReverse, body, err
}

// PurchaseCashOut makes a cash-out PIN. An error is ErrInvalid or an *Error.
// try says whether the same request may have been sent before; see Sending.
func (c *Client) PurchaseCashOut(ctx context.Context, r CashOutPurchase, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}

// CancelCashOut takes a cash-out PIN back; otherwise as PurchaseCashOut.
func (c *Client) CancelCashOut(ctx context.Context, r CashOutCancel, try Sending) (*Undone, error) {
	return transact[Undone](ctx, c, r, try)
}

// LookupCashOut asks about a cash-out PIN. It changes nothing: after any error
// it can be made again, under another reference as well. An error is ErrInvalid,
// ErrNotInDialect or an *Error.
func (c *Client) LookupCashOut(ctx context.Context, r CashOutLookup) (*CashOut, error) {
	return transact[CashOut](ctx, c, r, First)
}

// ReverseCashOut undoes the sale of a cash-out PIN; otherwise as
// PurchaseCashOut.
func (c *Client) ReverseCashOut(ctx context.Context, r CashOutReverse, try Sending) (*Undone, error) {
	return transact[Undone](ctx, c, r, try)
}

// findCashOut wants no more than a voucher to speak of: the PIN is not for who
// asks, and a value that cannot be read is for the operator.
func findCashOut(_ asked, body []byte) finding {
	var w issueWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	v := w.Voucher.is
	f := finding{result: &CashOut{Voucher: *v.voucher()}, amount: w.said(), secrets: v.secrets()}
	switch {
	case v == voucherWire{}:
		f.contradicts = "looked up, but there is no voucher in the answer"
	case w.Amount.bad || v.Amount.bad:
		f.odd = "looked up, but the value cannot be read"
	}
	return f
}
