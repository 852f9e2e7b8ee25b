package flashapi

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"spaza/ledger"
	"spaza/vend"
)

// Provider fits a Client to the shop.
type Provider struct{ client *Client }

var (
	_ vend.Provider   = (*Provider)(nil)
	_ vend.Cataloguer = (*Provider)(nil)
)

// NewProvider sells through c.
func NewProvider(c *Client) *Provider { return &Provider{client: c} }

// Format implements fmt.Formatter, as the client does.
func (p *Provider) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "provider, %v", p.client) }

// shopReference is the form of the shop's references, which is narrower than
// the document's.
var shopReference = regexp.MustCompile(`^[A-Z0-9-]{1,30}$`)

// Prepare makes the request of a sale. It sends nothing; its errors are
// vend.ErrRefused.
func (p *Provider) Prepare(s vend.Sale) (vend.Request, error) {
	if !shopReference.MatchString(s.Ref) {
		return vend.Request{}, fmt.Errorf("prepare flash sale: reference: %w", vend.ErrRefused)
	}
	var r Request
	switch s.Kind {
	case vend.KindRedeem:
		if s.Amount != 0 || s.Product != "" || s.Target != "" {
			return vend.Request{}, fmt.Errorf("prepare flash redemption: takes a PIN and nothing else: %w", vend.ErrRefused)
		}
		r = RedeemFull{Reference: s.Ref, PIN: s.PIN}
	case vend.KindAirtime:
		if !s.PIN.Empty() {
			return vend.Request{}, fmt.Errorf("prepare flash airtime: takes no PIN: %w", vend.ErrRefused)
		}
		r = Pinless{Reference: s.Ref, ProductCode: s.Product, Amount: Cents(s.Amount), MobileNumber: s.Target}
	default:
		return vend.Request{}, fmt.Errorf("prepare flash sale of kind %q: %w", s.Kind, vend.ErrRefused)
	}
	m, err := p.client.Build(r)
	if err != nil {
		return vend.Request{}, fmt.Errorf("prepare flash sale: %w: %w", vend.ErrRefused, err)
	}
	return vend.Request{Op: string(m.Op), Ref: m.Reference, Body: m.Body}, nil
}

// Send sends a prepared request and says what came of it.
func (p *Provider) Send(ctx context.Context, r vend.Request, again bool) vend.Answer {
	m := Message{Op: Op(r.Op), Reference: r.Ref, Body: r.Body}
	if r.Ref == "" || readAsked(m).Reference != r.Ref {
		// The stored bytes are not those of this order. They are not sent, but
		// may have been.
		a := vend.Answer{Alert: true, Person: again, Detail: "stored request does not carry its reference"}
		if !again {
			a.Outcome, a.Reason = vend.Declined, vend.ReasonUnavailable
		}
		return a
	}
	x := p.client.Post(ctx, m)
	return answerOf(Judge(m, x, again))
}

// answerOf puts a verdict in the shop's words.
func answerOf(v Verdict) vend.Answer {
	a := vend.Answer{
		Amount: ledger.Cents(v.Amount), ProviderRef: v.TransactionID, CallCentre: v.CallCentre,
		Person: v.Person, Alert: v.Alert, Code: v.Code, Detail: v.Class.String(),
	}
	if v.Detail != "" {
		a.Detail += ": " + v.Detail
	}
	switch v.Settled {
	case Happened:
		a.Outcome = vend.Delivered
	case Refused:
		a.Outcome, a.Reason = vend.Declined, vend.Reason(v.Reason)
	}
	return a
}

// Products lists the airtime that can be bought onto a number.
func (p *Provider) Products(ctx context.Context) ([]vend.Product, error) {
	list, err := p.client.Products(ctx)
	if err != nil {
		return nil, fmt.Errorf("list flash products: %w", err)
	}
	return shelf(list), nil
}

var (
	// bundle recognises data, SMS and voice bundles by name: "1GB", "500 MB",
	// "Daily Data", "SMS bundle".
	bundle = regexp.MustCompile(`(?i)(\d|\b)[mg]b\b|\bdata|bundle|\bsms\b`)
	// abroad recognises recharges for foreign networks, which have no
	// documented way to be bought.
	abroad = regexp.MustCompile(`(?i)\b(international|global)\b`)
	// asleep recognises the statuses that take a product off sale; the words
	// are not documented.
	asleep = regexp.MustCompile(`(?i)\b(inactive|not active|disabled|deactivated|suspended|discontinued|deleted|unavailable)\b`)
)

// shelf picks the airtime out of an account's products.
func shelf(list []Product) []vend.Product {
	var out []vend.Product
	seen := make(map[string]bool)
	for _, p := range list {
		switch {
		case !strings.EqualFold(strings.TrimSpace(p.Group), "cellular"),
			asleep.MatchString(p.Status),
			bundle.MatchString(p.Name), abroad.MatchString(p.Name),
			p.LimitsUnclear, p.Min <= 0, p.Max < p.Min,
			p.Fixed && p.Min != p.Max, // one price, and two numbers for it
			p.Fixed && !strings.Contains(strings.ToLower(p.Name), "airtime"),
			p.Vendor == "", !validProductCode(p.Code), seen[p.Code]:
			continue
		}
		seen[p.Code] = true
		network, vendor := networkOf(p.Vendor)
		out = append(out, vend.Product{
			Code: p.Code, Kind: vend.KindAirtime, Name: p.Name, Network: network, Vendor: vendor,
			Min: ledger.Cents(p.Min), Max: ledger.Cents(p.Max),
		})
	}
	return out
}

// networkOf is the canonical network of a vendor's name, and the name as people
// read it.
func networkOf(vendor string) (network, name string) {
	squeezed := strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(vendor))
	for _, n := range [...]struct{ prefix, network, name string }{
		{"vodacom", "vodacom", "Vodacom"},
		{"mtn", "mtn", "MTN"},
		{"cellc", "cellc", "Cell C"},
		{"telkom", "telkom", "Telkom"},
		{"8ta", "telkom", "Telkom"},
	} {
		if strings.HasPrefix(squeezed, n.prefix) {
			return n.network, n.name
		}
	}
	return strings.ToLower(vendor), vendor
}
