package flashapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"spaza/hostcall"
)

// Product is one article that the account may sell (section 2.2.1).
type Product struct {
	Code     string
	Name     string
	Min, Max Cents // limits of one sale; zero where none is given
	// LimitsUnclear says that a limit was given in a form that cannot be read.
	LimitsUnclear bool
	Status        string // the words are not documented
	Supplier      string
	Vendor        string
	Group         string // "1Voucher", "Cellular", "Prepaid Utilities", ...
	Barcode       string
	BillerCode    string
	Type          string
	AllowReversal bool
	Fixed         bool // one price; where the answer does not say, when both limits are the same
	Instructions  string
	Terms         string
}

// Products lists all products of the account. An error is an *Error.
func (c *Client) Products(ctx context.Context) ([]Product, error) {
	return c.products(ctx, "")
}

// ProductByCode looks one product up. A host may answer with an empty list where
// there is none, or with a refusal (code 2101).
func (c *Client) ProductByCode(ctx context.Context, code string) ([]Product, error) {
	return c.products(ctx, code)
}

// The groups, by the names that the document gives them (section 2.2.3).
// Exclusive vouchers are missing there.
const (
	GroupVoucher  = "1Voucher"
	GroupCashOut  = "Cash Out PIN"
	GroupCellular = "Cellular"
	GroupEezi     = "Eezi Vouchers"
	GroupToken    = "Flash Token"
	GroupGift     = "Gift Vouchers"
	GroupUtility  = "Prepaid Utilities"
	GroupPay      = "Flash Pay"
)

// ProductsInGroup lists the products of one group (GroupVoucher, ...). How a group's name is to be written in the
// address is not documented; Products and a look at Group is safer. The draft of
// 2023 has no groups: there the error is ErrNotInDialect.
func (c *Client) ProductsInGroup(ctx context.Context, group string) ([]Product, error) {
	if c.options.Dialect == Draft2023 {
		return nil, fmt.Errorf("list products of a group: %w", ErrNotInDialect)
	}
	return c.products(ctx, group)
}

func (c *Client) products(ctx context.Context, selection string) ([]Product, error) {
	address := c.base + c.api() + "accounts/" + url.PathEscape(c.options.AccountNumber) + "/products"
	if selection != "" {
		address += "/" + url.PathEscape(selection)
	}
	start := c.options.Now()
	x := c.exchange(ctx, laneLookup, hostcall.Call{Method: http.MethodGet, URL: address, Limit: maxList})
	list, err := x.products()
	outcome := ClassSuccess.String()
	if err != nil {
		outcome = err.Class.String()
		if !err.Sent {
			outcome = "not_sent"
		}
	}
	c.options.Observe(string(OpProducts), outcome, c.since(start))
	if err != nil {
		return nil, err
	}
	return list, nil
}

// products reads the answer. A list without a response code is good when the
// HTTP status is: the older interface answered with a bare array.
func (x Exchange) products() ([]Product, *Error) {
	var list []Product
	r := x.read()
	listed := false
	if x.Status == http.StatusOK && (r.code == "" || r.class == ClassSuccess) && !r.envelope.ResponseCode.bad {
		list, listed = decodeProducts([]byte(x.Body.Reveal()))
	}
	if listed {
		return list, nil
	}
	e := &Error{
		Op: OpProducts, HTTPStatus: x.Status, Code: r.code, Class: r.class, Reason: r.reason, Sent: x.Sent, Refused: true,
		Message: hostcall.Scrub(string(r.envelope.ResponseMessage), x.secrets), Err: hostcall.ScrubError(x.Err, x.secrets),
	}
	if e.Message == "" && x.Err == nil {
		e.Message = r.detail
	}
	switch e.Class {
	case ClassUnknown, ClassDuplicate, ClassSuccess: // nothing is lost by asking again
		e.Class, e.Reason = ClassRetryLater, reasonTryLater
	}
	return nil, e
}

// productWire is a product in an answer (section 3.1.1), with the names of the
// older interface beside.
type productWire struct {
	ProductCode   text            `json:"productCode"`
	ProductName   text            `json:"productName"`
	MinimumAmount whole           `json:"minimumAmount"`
	MaximumAmount whole           `json:"maximumAmount"`
	Status        text            `json:"status"`
	SupplierName  text            `json:"supplierName"`
	Vendor        text            `json:"vendor"`
	VendorName    text            `json:"vendorName"`
	ProductGroup  text            `json:"productGroup"`
	Barcode       text            `json:"barcode"`
	BillerCode    text            `json:"billerCode"`
	ProductType   text            `json:"productType"`
	AllowReversal flag            `json:"allowReversal"`
	FixedAmount   flag            `json:"fixedAmount"`
	Content       object[content] `json:"content"`
}

// decodeProducts reads a wrapped list, a bare array or a single product; ok is
// false for anything else. Entries that are no products are left out.
func decodeProducts(body []byte) (list []Product, ok bool) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	var entries []json.RawMessage
	if len(body) > 0 && body[0] == '[' {
		if json.Unmarshal(body, &entries) != nil {
			return nil, false
		}
	} else {
		var wrapped struct {
			Products    json.RawMessage `json:"products"`
			ProductCode text            `json:"productCode"`
		}
		if decodeObject(body, &wrapped) != nil {
			return nil, false
		}
		inner := bytes.TrimSpace(wrapped.Products)
		switch {
		case len(inner) > 0 && inner[0] == '[':
			if json.Unmarshal(inner, &entries) != nil {
				return nil, false
			}
		case len(inner) > 0 && inner[0] == '{':
			entries = []json.RawMessage{inner}
		case wrapped.ProductCode != "":
			entries = []json.RawMessage{body}
		default:
			return nil, false
		}
	}
	list = make([]Product, 0, len(entries))
	for _, raw := range entries {
		var w productWire
		if decodeObject(raw, &w) == nil && w.ProductCode != "" {
			list = append(list, w.product())
		}
	}
	return list, true
}

func (w productWire) product() Product {
	p := Product{
		Code: string(w.ProductCode), Name: string(w.ProductName),
		Min: Cents(w.MinimumAmount.n), Max: Cents(w.MaximumAmount.n),
		LimitsUnclear: w.MinimumAmount.bad || w.MaximumAmount.bad,
		Status:        string(w.Status), Supplier: string(w.SupplierName), Vendor: string(w.Vendor),
		Group: string(w.ProductGroup), Barcode: string(w.Barcode), BillerCode: string(w.BillerCode),
		Type: string(w.ProductType), AllowReversal: w.AllowReversal.value, Fixed: w.FixedAmount.value,
		Instructions: string(w.Content.is.RedemptionInstructions), Terms: string(w.Content.is.TermsAndConditions),
	}
	if p.Vendor == "" {
		p.Vendor = string(w.VendorName)
	}
	p.Vendor = strings.Join(strings.Fields(p.Vendor), " ")
	if !w.FixedAmount.present {
		p.Fixed = p.Min > 0 && p.Min == p.Max
	}
	return p
}
