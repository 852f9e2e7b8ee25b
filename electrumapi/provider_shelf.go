package electrumapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

// Products lists what can be sold: the lists of airtime and of vouchers, and the
// utilities, of which there is no list. Where one list is away, the error is a
// *vend.PartialError.
func (p *Provider) Products(ctx context.Context) ([]vend.Product, error) {
	var all []vend.Product
	lost := &vend.PartialError{}
	if p.client.Has(InterfaceAirtime) {
		list, err := p.client.AirtimeProducts(ctx, AirtimeCatalogue{})
		p.saw(ctx, err)
		if err != nil {
			lost.Kinds = append(lost.Kinds, vend.KindAirtime, vend.KindData, vend.KindAirtimePIN)
			lost.Err = errors.Join(lost.Err, fmt.Errorf("list electrum airtime: %w", err))
		}
		all = append(all, p.airtime(list)...)
	}
	if p.client.Has(InterfaceVoucher) {
		list, err := p.client.ListSingleUse(ctx)
		p.saw(ctx, err)
		if err != nil {
			lost.Kinds = append(lost.Kinds, vend.KindGift)
			lost.Err = errors.Join(lost.Err, fmt.Errorf("list electrum vouchers: %w", err))
		}
		all = append(all, gifts(list)...)
	}
	all = append(all, p.utilities()...)
	switch {
	case lost.Err == nil:
		return all, nil
	case len(all) == 0:
		return nil, lost.Err
	}
	return all, lost
}

// saw takes note of whether the host could be reached.
func (p *Provider) saw(ctx context.Context, err error) {
	if e, ok := errors.AsType[*Error](err); ok {
		p.reach.saw(p.client.options.Now(), ctx.Err() != nil, e.Sent, e.Err)
	} else if err == nil {
		p.reach.saw(p.client.options.Now(), false, true, nil)
	}
}

// utilities are the products of tokens for meters.
func (p *Provider) utilities() []vend.Product {
	if !p.Can(vend.KindElectricity).Sells {
		return nil
	}
	var all []vend.Product
	for _, u := range p.opt.Utilities {
		name := map[UtilityType]string{UtilityElectricity: "Electricity", UtilityWater: "Water", UtilityGas: "Gas"}[u]
		name = cmp.Or(name, string(u))
		all = append(all, vend.Product{
			Code: string(u), Kind: vend.KindElectricity, Name: "Prepaid " + name, Network: string(u), Vendor: name, Min: p.opt.MinUtility, Max: p.opt.MaxUtility,
		})
	}
	return all
}

// sendable is a product's id that may be sent back (Product, productId).
var sendable = regexp.MustCompile(`^[0-9A-Za-z]{1,40}$`)

// airtime picks out of the airtime list what can be sold.
func (p *Provider) airtime(list []AirtimeProduct) []vend.Product {
	var all []vend.Product
	seen := make(map[string]bool)
	for _, product := range list {
		kind, fixed := kindOf(product)
		lo, hi := p.opt.MinAirtime, p.opt.MaxAirtime
		if fixed {
			lo = faceValue(product)
			hi = lo
		}
		network, vendor := networkOf(product)
		if kind == "" || lo <= 0 || vendor == "" || len(product.ProductID) > 20 || !sendable.MatchString(product.ProductID) || seen[product.ProductID] {
			continue
		}
		seen[product.ProductID] = true
		name := nameOf(product)
		if kind == vend.KindData {
			name = bundleName(product)
		}
		all = append(all, vend.Product{
			Code: product.ProductID, Kind: kind, Name: name, Network: network, Vendor: vendor, Min: lo, Max: hi,
		})
	}
	return all
}

// kindOf is what an airtime product is to the shop, and whether it has one price; empty
// for what it has no use for: bundles of free amount, PINs of bundles, which are not
// told from PINs of airtime by those who buy them, and what does not say whether it is
// a PIN.
func kindOf(p AirtimeProduct) (kind vend.Kind, fixed bool) {
	if p.IsDirectTopup == nil {
		return "", false
	}
	direct := *p.IsDirectTopup
	switch p.Type {
	case AirtimeFixed, AirtimeVariable:
		if direct {
			return vend.KindAirtime, p.Type == AirtimeFixed
		}
		return vend.KindAirtimePIN, p.Type == AirtimeFixed
	case AirtimeData, AirtimeDataFixed, AirtimeSMS, AirtimeVoice, AirtimeCombo, AirtimeApp:
		if direct {
			return vend.KindData, true
		}
	}
	return "", false
}

// faceValue is the price of a product in rand; zero when it is not told, or told twice
// and differently.
func faceValue(p AirtimeProduct) ledger.Cents {
	var price int64
	for _, v := range p.ProductValues {
		if !v.InRand() {
			continue
		}
		if !believable(&v) || price != 0 && v.Amount != price {
			return 0
		}
		price = v.Amount
	}
	return ledger.Cents(price)
}

// saysHowLong finds a name that tells itself how long a bundle lasts.
var saysHowLong = regexp.MustCompile(`(?i)hour|\bhr|\d ?h\b|da[yi]|\d ?d\b|week|wk|month|mth|year|annual|quarter`)

// bundleName is how a bundle is called, with how long it lasts, which is what customers
// choose by: Electrum tells it beside the name, and others in it.
func bundleName(p AirtimeProduct) string {
	name := nameOf(p)
	if p.ValidityPeriod == nil || p.ValidityPeriod.Duration <= 0 || saysHowLong.MatchString(name) {
		return name
	}
	unit := map[string]string{"HOURS": "hour", "DAYS": "day", "WEEKS": "week", "MONTHS": "month", "YEARS": "year"}[strings.ToUpper(p.ValidityPeriod.DurationUnit)]
	switch {
	case unit == "":
		return name
	case p.ValidityPeriod.Duration > 1:
		unit += "s"
	}
	return fmt.Sprintf("%s %d %s", name, p.ValidityPeriod.Duration, unit)
}

// nameOf is how a product is called.
func nameOf(p AirtimeProduct) string {
	name := p.Name
	for _, c := range p.Channels {
		name = cmp.Or(name, c.ProductDisplayName)
	}
	if p.Description != nil {
		name = cmp.Or(name, p.Description.ShortDescription, p.Description.PrimaryDescription)
	}
	return cmp.Or(name, p.ProductID)
}

// networkOf is the canonical network of a product's operator, and the name as people
// read it. Where no operator is given, the product's own name must say it.
func networkOf(p AirtimeProduct) (network, name string) {
	var said []string
	if p.Operator != nil {
		said = append(said, p.Operator.Name, p.Operator.ID)
	}
	for _, s := range append(slices.Clone(said), p.Name) {
		if network := msisdn.Named(s); network != "" {
			return network, msisdn.Brand(network)
		}
	}
	name = cmp.Or(append(said, "")...)
	return strings.ToLower(name), name
}

// gifts picks out of the list of vouchers what can be sold. A product of one price has
// an amount; one of free amount has both limits.
func gifts(list []SingleUseProduct) []vend.Product {
	var all []vend.Product
	seen := make(map[string]bool)
	for _, product := range list {
		lo, hi := rands(product.Amount), rands(product.Amount)
		if lo == 0 || product.IsFixedValue != nil && !*product.IsFixedValue {
			lo, hi = rands(product.MinAmount), rands(product.MaxAmount)
		}
		name, vendor := giftNames(product)
		if lo <= 0 || hi < lo || !sendable.MatchString(product.ProductID) || seen[product.ProductID] {
			continue
		}
		seen[product.ProductID] = true
		all = append(all, vend.Product{
			Code: product.ProductID, Kind: vend.KindGift, Name: name, Network: strings.ToLower(vendor), Vendor: vendor, Min: lo, Max: hi,
			HowTo: product.Description,
		})
	}
	return all
}

// giftNames are what a product is called, and the shop that it is of: who issues it, or
// what menus sort it under, or else its own name.
func giftNames(p SingleUseProduct) (name, vendor string) {
	name = p.Name
	for _, l := range p.ChannelProductListings {
		name = cmp.Or(name, l.ProductDisplayName)
		vendor = cmp.Or(vendor, l.ProductDisplayCategory)
	}
	if p.Receiver != nil {
		vendor = cmp.Or(p.Receiver.Name, vendor)
	}
	name = cmp.Or(name, p.Description, p.ProductID)
	return name, cmp.Or(vendor, name)
}
