package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spaza/electrumapi"
	"spaza/vend"
)

// What is configured of who sells: which kind goes to which provider, and what each
// wants. Flash has its variables in config, Electrum in electrumConfig.

// The providers, by the names that they have in SPAZA_PROVIDER.
const (
	byFlash    = "flash"
	byElectrum = "electrum"
)

// providers are all that there are.
func providers() []string { return []string{byFlash, byElectrum} }

// soldBy says that a provider has a kind of sale at all. What a contract allows of
// it, the provider knows.
func soldBy(provider string, k vend.Kind) bool {
	if provider == byFlash {
		return k != vend.KindReverse
	}
	return len(electrumapi.Remedies(k)) > 0
}

// readRoutes reads who sells what: one provider for all that it has, and then kinds
// that go elsewhere, such as "electrum,redeem=flash,airtime=electrum|flash". A kind
// that nobody is left to sell is not in what comes back. Errors repeat short words
// only, since a password may have been pasted here.
func readRoutes(text string) (map[vend.Kind][]string, error) {
	standard, rest, _ := strings.Cut(text, ",")
	standard = strings.TrimSpace(standard)
	if !slices.Contains(providers(), standard) {
		return nil, fmt.Errorf("want flash or electrum first, not %s", word(standard))
	}
	routes := map[vend.Kind][]string{}
	for _, k := range vend.Kinds() {
		if soldBy(standard, k) {
			routes[k] = []string{standard}
		}
	}
	named := map[vend.Kind]bool{}
	for item := range strings.SplitSeq(rest, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		name, choices, ok := strings.Cut(item, "=")
		kind := vend.Kind(strings.TrimSpace(name))
		switch {
		case !ok:
			return nil, fmt.Errorf("want kind=provider after the first, such as redeem=flash, not %s", word(item))
		case !soldBy(byFlash, kind) || !slices.Contains(vend.Kinds(), kind):
			return nil, fmt.Errorf("%s is no kind that is sold; want one of %s", word(string(kind)), strings.Join(routed(), ", "))
		case named[kind]:
			return nil, fmt.Errorf("%s is named twice", kind)
		}
		named[kind] = true
		all, err := readChoices(kind, choices)
		if err != nil {
			return nil, err
		}
		routes[kind] = all
	}
	return routes, nil
}

// readChoices reads who sells one kind, the first choice first.
func readChoices(k vend.Kind, text string) ([]string, error) {
	var all []string
	for one := range strings.SplitSeq(text, "|") {
		one = strings.TrimSpace(one)
		switch {
		case !slices.Contains(providers(), one):
			return nil, fmt.Errorf("%s goes to %s; want flash or electrum", k, word(one))
		case !soldBy(one, k):
			return nil, fmt.Errorf("%s does not sell %s", one, k)
		case slices.Contains(all, one):
			return nil, fmt.Errorf("%s goes to %s twice", k, one)
		}
		all = append(all, one)
	}
	if len(all) > 1 && !k.CanFallBack() {
		return nil, fmt.Errorf("%s can go to one provider only: another has no equivalent of what was chosen", k)
	}
	return all, nil
}

// routed are the kinds that can be routed.
func routed() []string {
	var all []string
	for _, k := range vend.Kinds() {
		if soldBy(byFlash, k) {
			all = append(all, string(k))
		}
	}
	return all
}

// plainWord is what can be repeated of a variable that might hold anything.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_]{1,20}$`)

func word(s string) string {
	if s = strings.TrimSpace(s); plainWord.MatchString(s) {
		return `"` + s + `"`
	}
	return "what is there"
}

// routes are who sells what; nothing where that is configured wrongly, which check
// says.
func (c *config) routes() map[vend.Kind][]string {
	all, err := readRoutes(c.Provider)
	if err != nil {
		return nil
	}
	return all
}

// uses says that a provider is a choice for any kind.
func (c *config) uses(provider string) bool {
	for _, choices := range c.routes() {
		if slices.Contains(choices, provider) {
			return true
		}
	}
	return false
}

// needs says that there is something which only this provider sells.
func (c *config) needs(provider string) bool {
	for _, choices := range c.routes() {
		if len(choices) == 1 && choices[0] == provider {
			return true
		}
	}
	return false
}

// knows says that a provider can be called: it is used, or configured, for the orders
// that it still has.
func (c *config) knows(provider string) bool {
	return c.uses(provider) || provider == byFlash && c.FlashBase != "" || provider == byElectrum && c.Electrum.there()
}

// checkProviders lists what is wrong with who sells wherever the service runs.
func (c *config) checkProviders() (faults []error) {
	if _, err := readRoutes(c.Provider); err != nil {
		return append([]error{fmt.Errorf("SPAZA_PROVIDER: %w", err)}, c.Electrum.check()...)
	}
	routes := c.routes()
	if c.fund() == vend.FundBalance && routes[vend.KindRedeem] == nil {
		faults = append(faults, errors.New(
			"SPAZA_PROVIDER has nobody who takes 1Vouchers in, so that no customer could have a balance to pay from: set SPAZA_FUNDING=merchant, or add redeem=flash to SPAZA_PROVIDER"))
	}
	if c.fund() == vend.FundBalance && routes[vend.KindRedeem] != nil && (routes[vend.KindRefund] == nil || routes[vend.KindVoucher] == nil) {
		c.warnings = append(c.warnings, "customers cannot have their balance back as a 1Voucher; for that, SPAZA_PROVIDER needs refund=flash,voucher=flash")
	}
	faults = append(faults, c.Electrum.check()...)
	if c.Electrum.there() {
		if all := c.Electrum.missing(); len(all) > 0 {
			faults = append(faults, fmt.Errorf("an address of Electrum is set, so these are required: %s", strings.Join(all, ", ")))
		}
		for _, k := range vend.Kinds() {
			url, name := c.Electrum.address(k)
			if slices.Contains(routes[k], byElectrum) && c.Electrum.BaseURL == "" && url == "" {
				faults = append(faults, fmt.Errorf("%s goes to electrum, so SPAZA_ELECTRUM_BASE_URL or %s is required", k, name))
			}
		}
	}
	if len(faults) == 0 {
		if err := c.Electrum.checkClient(); err != nil {
			faults = append(faults, fmt.Errorf("SPAZA_ELECTRUM_*: %w", err))
		}
	}
	return faults
}

// checkProductionProviders lists what of the providers must not be embedded or missing where
// real money passes through. What a provider asks for is required where anything is
// routed to it.
func (c *config) checkProductionProviders() (faults []error) {
	need := func(missing bool, name, why string) {
		if missing {
			faults = append(faults, fmt.Errorf("%s is required in production: %s", name, why))
		}
	}
	if c.uses(byFlash) {
		need(c.FlashBase == "", "SPAZA_FLASH_BASE_URL", "the embedded simulator sells nothing")
		need(c.FlashKey.Empty(), "SPAZA_FLASH_API_KEY", "Flash asks for it")
		need(c.FlashAcct == "", "SPAZA_FLASH_ACCOUNT_NUMBER", "Flash asks for it")
	}
	if c.uses(byElectrum) && !c.Electrum.there() {
		need(true, "SPAZA_ELECTRUM_BASE_URL", "the embedded simulator sells nothing")
		for _, name := range c.Electrum.missing() {
			need(true, name, "Electrum asks for it")
		}
	}
	return faults
}
