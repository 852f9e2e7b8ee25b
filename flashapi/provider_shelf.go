package flashapi

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

// Products lists what the account may sell and this shop can.
func (p *Provider) Products(ctx context.Context) ([]vend.Product, error) {
	list, err := p.client.Products(ctx)
	if err != nil {
		return nil, fmt.Errorf("list flash products: %w", err)
	}
	stands := make(map[string]bool)
	for _, product := range list {
		if !product.AllowReversal {
			stands[product.Code] = true
		}
	}
	p.stands.Store(&stands)
	return p.shelf(list), nil
}

var (
	// bundle recognises data, SMS and voice bundles by name: "1GB", "500 MB",
	// "Daily Data", "SMS bundle".
	bundle = regexp.MustCompile(`(?i)(\d|\b)[mg]b\b|\bdata|bundle|\bsms\b|\bminutes?\b`)
	// abroad recognises recharges for foreign networks, which have no
	// documented way to be bought.
	abroad = regexp.MustCompile(`(?i)\b(international|global)\b`)
	// asleep recognises the statuses that take a product off sale; the words
	// are not documented.
	asleep = regexp.MustCompile(`(?i)\b(inactive|not active|disabled|deactivated|suspended|discontinued|deleted|unavailable)\b`)
)

// shelf picks what can be sold out of an account's products.
func (p *Provider) shelf(list []Product) []vend.Product {
	var out []vend.Product
	seen := make(map[string]bool)
	for _, product := range list {
		kind := kindOf(product)
		switch {
		case kind == "", !p.Can(kind).Sells,
			asleep.MatchString(product.Status), abroad.MatchString(product.Name),
			product.LimitsUnclear, product.Min <= 0, product.Max < product.Min,
			product.Fixed && product.Min != product.Max, // one price, and two numbers for it
			kind == vend.KindBill && !validName(product.BillerCode),
			!validProductCode(product.Code), seen[product.Code]:
			continue
		}
		network, vendor := networkOf(product)
		if vendor == "" {
			continue
		}
		seen[product.Code] = true
		out = append(out, vend.Product{
			Code: product.Code, Kind: kind, Name: product.Name, Network: network, Vendor: vendor,
			Min: ledger.Cents(product.Min), Max: ledger.Cents(product.Max),
			Reversible: product.AllowReversal && p.Can(kind).Reverses, Biller: product.BillerCode, HowTo: product.Instructions,
		})
	}
	return out
}

// kindOf is what a product is to the shop; empty for what it has no use for:
// exclusive vouchers and Flash Tokens, of which the document does not say what
// they are good for.
func kindOf(p Product) vend.Kind {
	switch squeeze(p.Group) {
	case "1voucher":
		return vend.KindVoucher
	case "cashoutpin":
		return vend.KindCashOut
	case "eezivouchers", "eezivoucher":
		return vend.KindAirtimePIN
	case "giftvouchers", "giftvoucher":
		return vend.KindGift
	case "prepaidutilities":
		return vend.KindElectricity
	case "flashpay":
		return vend.KindBill
	case "cellular":
		return cellularKind(p)
	case "":
		return kindByName(p)
	}
	return ""
}

// cellularKind tells airtime from bundles. The document has one group for both,
// and names are all there is.
func cellularKind(p Product) vend.Kind {
	bundled := bundle.MatchString(p.Name)
	switch {
	case p.Fixed && (bundled || !strings.Contains(strings.ToLower(p.Name), "airtime")):
		return vend.KindData
	case bundled: // a bundle of any price is none
		return ""
	}
	return vend.KindAirtime
}

// kindByName guesses for the lists of the draft, which have no groups and no
// vendors.
func kindByName(p Product) vend.Kind {
	name := squeeze(p.Name)
	switch {
	case name == "1voucher":
		return vend.KindVoucher
	case strings.Contains(name, "cashout"):
		return vend.KindCashOut
	case strings.Contains(name, "eezi"), strings.Contains(name, "airtimevoucher"), strings.Contains(name, "airtimepin"):
		return vend.KindAirtimePIN
	case strings.Contains(name, "gift"):
		return vend.KindGift
	case strings.Contains(name, "electricity"), strings.Contains(name, "prepaidwater"):
		return vend.KindElectricity
	case msisdn.Named(p.Name) != "":
		return cellularKind(p)
	}
	return ""
}

// squeeze takes out what people write differently.
func squeeze(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(s))
}

// networkOf is the canonical network of a product's vendor, and the name as
// people read it. Where no vendor is given, the product's own name must do.
func networkOf(p Product) (network, name string) {
	vendor := p.Vendor
	if vendor == "" {
		vendor = p.Name
		if msisdn.Named(p.Name) == "" && kindOf(p) == vend.KindAirtime {
			return "", ""
		}
	}
	if network := msisdn.Named(vendor); network != "" {
		return network, msisdn.Brand(network)
	}
	return strings.ToLower(vendor), vendor
}
