package flashapi

import (
	"context"
	"fmt"
	"log/slog"
)

// InternationalLookup asks what can be sent to a mobile number abroad (section
// 2.8.2). The document has no way to buy any of it, and so this client has none.
type InternationalLookup struct {
	Reference    string
	MobileNumber string // of who asks; 11 digits, 27...
	// Destination is the number abroad: 8 to 15 digits with the country's code,
	// without a plus (ITU-T E.164). The document asks for 11 digits beginning
	// with 27, which no number abroad has.
	Destination   string
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

// internationalBody is its wire form.
type internationalBody struct {
	common
	MobileNumber            string `json:"mobileNumber"`
	DestinationMobileNumber string `json:"destinationMobileNumber"`
	PaymentMethod           string `json:"paymentMethod,omitempty"`
}

func (r InternationalLookup) reference() string { return r.Reference }

func (r InternationalLookup) build(c *Client) (Op, any, error) {
	common, err := c.common(r.Reference, r.Till, r.Metadata)
	switch {
	case err != nil:
	case !validMobile(r.MobileNumber):
		err = fmt.Errorf("%w: mobile number must be 11 digits beginning with 27", ErrInvalid)
	case !validForeign(r.Destination):
		err = fmt.Errorf("%w: destination must be 8 to 15 digits and not begin with 0", ErrInvalid)
	case !only(r.PaymentMethod, alphanumerics):
		err = fmt.Errorf("%w: payment method must be letters and digits", ErrInvalid)
	}
	return OpInternationalLookup, internationalBody{
		common: common, MobileNumber: r.MobileNumber, DestinationMobileNumber: r.Destination, PaymentMethod: r.PaymentMethod,
	}, err
}

// InternationalProducts are what can be sent to a number abroad.
type InternationalProducts struct {
	Receipt
	MobileNumber string // of who asked; a person's
	Products     []InternationalProduct
}

// InternationalProduct is airtime or data for a network abroad.
type InternationalProduct struct {
	ID    string
	Name  string
	Price Cents // zero where it is not given, or cannot be read
}

// Format implements fmt.Formatter: what is printed names nobody.
func (p InternationalProducts) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%d international products, looked up by %s", len(p.Products), p.Reference)
}

// LogValue implements slog.LogValuer, as Format does for fmt.
func (p InternationalProducts) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }

// LookupInternational asks what can be sent to a number abroad. It changes
// nothing: after any error it can be made again, under another reference as
// well. An error is ErrInvalid, ErrNotInDialect or an *Error.
func (c *Client) LookupInternational(ctx context.Context, r InternationalLookup) (*InternationalProducts, error) {
	return transact[InternationalProducts](ctx, c, r, First)
}

// internationalWire is its answer (section 3.1.23).
type internationalWire struct {
	MobileNumber text                              `json:"mobileNumber"`
	Products     several[internationalProductWire] `json:"products"`
}

type internationalProductWire struct {
	ProductID   text  `json:"productId"`
	ProductName text  `json:"productName"`
	Price       whole `json:"price"`
}

// findInternational lists what has a number to name it by. There may be nothing.
func findInternational(_ asked, body []byte) finding {
	var w internationalWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	p := &InternationalProducts{MobileNumber: string(w.MobileNumber)}
	unreadable := w.Products.bad
	for _, product := range w.Products.all {
		if product.ProductID == "" {
			unreadable = true
			continue
		}
		unreadable = unreadable || product.Price.bad
		p.Products = append(p.Products, InternationalProduct{
			ID: string(product.ProductID), Name: string(product.ProductName), Price: Cents(product.Price.n),
		})
	}
	f := finding{result: p}
	if unreadable {
		f.odd = "looked up, but a product cannot be read"
	}
	return f
}
