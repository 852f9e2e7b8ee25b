package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/electrumapi"
	"spaza/secret"
	"spaza/vend"
)

// What is configured of who sells: which kind goes to which provider, and Electrum.
// Flash, the first, has its variables in config.

// The providers, by the names that they have in SPAZA_PROVIDER.
const (
	byFlash    = "flash"
	byElectrum = "electrum"
)

// electrumConfig are the variables of Electrum.
type electrumConfig struct {
	BaseURL      string        `env:"SPAZA_ELECTRUM_BASE_URL" doc:"bare host of Electrum's interfaces, to which /airtime/v5, /suv/v1 and /prepaidutility/v3 are added; unset, like the next three: embedded simulator"`
	AirtimeURL   string        `env:"SPAZA_ELECTRUM_AIRTIME_URL" doc:"whole base address of its airtime interface, where that is elsewhere"`
	VoucherURL   string        `env:"SPAZA_ELECTRUM_VOUCHER_URL" doc:"likewise of its voucher interface"`
	UtilityURL   string        `env:"SPAZA_ELECTRUM_UTILITY_URL" doc:"likewise of its prepaid utility interface"`
	Username     string        `env:"SPAZA_ELECTRUM_USERNAME" doc:"user name there"`
	Password     secret.Text   `env:"SPAZA_ELECTRUM_PASSWORD" doc:"password there"`
	TokenURL     string        `env:"SPAZA_ELECTRUM_TOKEN_URL" doc:"where OAuth 2 tokens are had; unset: user name and password go with every request (HTTP basic)"`
	ClientID     string        `env:"SPAZA_ELECTRUM_CLIENT_ID" doc:"id of the OAuth 2 client, with SPAZA_ELECTRUM_TOKEN_URL"`
	ClientSecret secret.Text   `env:"SPAZA_ELECTRUM_CLIENT_SECRET" doc:"secret of the OAuth 2 client"`
	Client       string        `env:"SPAZA_ELECTRUM_CLIENT" doc:"institution id of who sends (client.id); default the user name"`
	ClientName   string        `env:"SPAZA_ELECTRUM_CLIENT_NAME" doc:"its name; default the id"`
	Institution  string        `env:"SPAZA_ELECTRUM_INSTITUTION" doc:"institution id of the originator, as issued by Electrum; default that of the client"`
	InstName     string        `env:"SPAZA_ELECTRUM_INSTITUTION_NAME" doc:"its name; default the id"`
	Terminal     string        `env:"SPAZA_ELECTRUM_TERMINAL" doc:"terminal id, 8 characters"`
	MerchantID   string        `env:"SPAZA_ELECTRUM_MERCHANT_ID" doc:"merchant id, 15 characters"`
	MerchantType string        `env:"SPAZA_ELECTRUM_MERCHANT_TYPE" doc:"merchant category code, 4 digits"`
	MerchantName string        `env:"SPAZA_ELECTRUM_MERCHANT_NAME" doc:"name of the merchant as registered, at most 23 characters"`
	MerchantCity string        `env:"SPAZA_ELECTRUM_MERCHANT_CITY" doc:"city, at most 13 characters"`
	MerchantProv string        `env:"SPAZA_ELECTRUM_MERCHANT_REGION" doc:"province, at most 2 characters, such as GP"`
	MerchantLand string        `env:"SPAZA_ELECTRUM_MERCHANT_COUNTRY" envDefault:"ZA" doc:"country, 2 characters"`
	Settlement   string        `env:"SPAZA_ELECTRUM_SETTLEMENT" doc:"id of the settlement entity, where Electrum wants one"`
	Receiver     string        `env:"SPAZA_ELECTRUM_RECEIVER" doc:"id of the receiver, where Electrum wants one"`
	Unknown      string        `env:"SPAZA_ELECTRUM_UNKNOWN" doc:"what is done about a sale whose answer is not clear, by kind, such as airtime_pin=reverse,gift=retry: status or reverse for airtime_pin (default status), retry or reverse for gift and electricity (default retry); what the contract allows"`
	RetryPath    string        `env:"SPAZA_ELECTRUM_RETRY_PATH" doc:"path of a voucher's retry, {provisionId} in it; default /vouchers/{provisionId}/retry, which is in none of the documents"`
	RetryID      string        `env:"SPAZA_ELECTRUM_RETRY_ID" envDefault:"same" doc:"id in the body of a retried token purchase: same, the original one, or new"`
	Messages     string        `env:"SPAZA_ELECTRUM_VOUCHER_MESSAGES" envDefault:"dual" doc:"dual: vouchers are confirmed, or single: they are not"`
	Tender       string        `env:"SPAZA_ELECTRUM_TENDER" envDefault:"WALLET" doc:"tender type by which confirmations say that was paid"`
	Utilities    string        `env:"SPAZA_ELECTRUM_UTILITIES" envDefault:"electricity" doc:"what is sold for meters: electricity, water or electricity,water"`
	Timeout      time.Duration `env:"SPAZA_ELECTRUM_TIMEOUT" envDefault:"60s" doc:"how long one call may take"`
}

// providers are all, in the order in which they are tried for what is not routed.
func providers() []string { return []string{byFlash, byElectrum} }

// soldBy says that a provider has a kind of sale at all. What a contract allows of
// it, the provider knows.
func soldBy(provider string, k vend.Kind) bool {
	if provider == byFlash {
		return k != vend.KindReverse
	}
	return slices.Contains([]vend.Kind{vend.KindAirtime, vend.KindData, vend.KindAirtimePIN, vend.KindElectricity, vend.KindGift}, k)
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

// there says that any address is configured.
func (e electrumConfig) there() bool {
	return cmp.Or(e.BaseURL, e.AirtimeURL, e.VoucherURL, e.UtilityURL) != ""
}

// address is where the interface is that sells a kind, and the variable for it.
func (e electrumConfig) address(k vend.Kind) (url, name string) {
	switch k {
	case vend.KindGift:
		return e.VoucherURL, "SPAZA_ELECTRUM_VOUCHER_URL"
	case vend.KindElectricity:
		return e.UtilityURL, "SPAZA_ELECTRUM_UTILITY_URL"
	}
	return e.AirtimeURL, "SPAZA_ELECTRUM_AIRTIME_URL"
}

// remedies are what can be done about a sale whose answer is not clear, by kind, the
// default first. Of a direct top-up only the status can be asked for.
func remedies() map[vend.Kind][]string {
	return map[vend.Kind][]string{
		vend.KindAirtime: {"status"}, vend.KindData: {"status"}, vend.KindAirtimePIN: {"status", "reverse"},
		vend.KindGift: {"retry", "reverse"}, vend.KindElectricity: {"retry", "reverse"},
	}
}

// remedies reads what is configured of them; kinds that are not named have their
// default.
func (e electrumConfig) remedies() (map[vend.Kind]string, error) {
	chosen := map[vend.Kind]string{}
	for item := range strings.SplitSeq(e.Unknown, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		name, remedy, ok := strings.Cut(item, "=")
		kind, remedy := vend.Kind(strings.TrimSpace(name)), strings.TrimSpace(remedy)
		can := remedies()[kind]
		switch {
		case !ok || can == nil:
			return nil, fmt.Errorf("want kind=remedy for kinds that electrum sells, such as airtime_pin=reverse, not %s", word(item))
		case chosen[kind] != "":
			return nil, fmt.Errorf("%s is named twice", kind)
		case !slices.Contains(can, remedy):
			return nil, fmt.Errorf("%s is %s; want %s", kind, word(remedy), strings.Join(can, " or "))
		}
		chosen[kind] = remedy
	}
	for kind, can := range remedies() {
		if chosen[kind] == "" {
			chosen[kind] = can[0]
		}
	}
	return chosen, nil
}

// utilities are what is sold for meters.
func (e electrumConfig) utilities() ([]string, error) {
	var all []string
	for one := range strings.SplitSeq(e.Utilities, ",") {
		one = strings.TrimSpace(one)
		if one != "electricity" && one != "water" || slices.Contains(all, one) {
			return nil, errors.New("want electricity, water or electricity,water")
		}
		all = append(all, one)
	}
	return all, nil
}

// options are how Electrum is reached, as configured.
func (e electrumConfig) options() electrumapi.Options {
	return electrumapi.Options{
		BaseURL: e.BaseURL, AirtimeURL: e.AirtimeURL, VoucherURL: e.VoucherURL, UtilityURL: e.UtilityURL,
		Username: e.Username, Password: e.Password, TokenURL: e.TokenURL, ClientID: e.ClientID, ClientSecret: e.ClientSecret,
		Client: e.Client, ClientName: e.ClientName, Institution: e.Institution, InstitutionName: e.InstName,
		Terminal: e.Terminal, MerchantID: e.MerchantID, MerchantType: e.MerchantType, MerchantName: e.MerchantName,
		MerchantCity: e.MerchantCity, MerchantRegion: e.MerchantProv, MerchantCountry: e.MerchantLand,
		Settlement: e.Settlement, Receiver: e.Receiver, RetryPath: e.RetryPath, HTTPTimeout: e.Timeout,
	}
}

// size is how long a field may be.
type size struct {
	name, value string
	least, most int
}

func (e electrumConfig) sizes() []size {
	return []size{
		{"SPAZA_ELECTRUM_TERMINAL", e.Terminal, 8, 8},
		{"SPAZA_ELECTRUM_MERCHANT_ID", e.MerchantID, 15, 15},
		{"SPAZA_ELECTRUM_MERCHANT_TYPE", e.MerchantType, 4, 4},
		{"SPAZA_ELECTRUM_MERCHANT_NAME", e.MerchantName, 1, 23},
		{"SPAZA_ELECTRUM_MERCHANT_CITY", e.MerchantCity, 1, 13},
		{"SPAZA_ELECTRUM_MERCHANT_REGION", e.MerchantProv, 1, 2},
		{"SPAZA_ELECTRUM_MERCHANT_COUNTRY", e.MerchantLand, 2, 2},
		{"SPAZA_ELECTRUM_CLIENT_NAME", e.ClientName, 1, 40},
		{"SPAZA_ELECTRUM_INSTITUTION_NAME", e.InstName, 1, 40},
	}
}

// missing are the variables without which Electrum cannot be called.
func (e electrumConfig) missing() []string {
	var all []string
	need := func(empty bool, name string) {
		if empty {
			all = append(all, name)
		}
	}
	need(e.Username == "", "SPAZA_ELECTRUM_USERNAME")
	need(e.Password.Empty(), "SPAZA_ELECTRUM_PASSWORD")
	need(e.TokenURL != "" && e.ClientID == "", "SPAZA_ELECTRUM_CLIENT_ID")
	need(e.TokenURL != "" && e.ClientSecret.Empty(), "SPAZA_ELECTRUM_CLIENT_SECRET")
	for _, s := range e.sizes()[:7] {
		need(s.value == "", s.name)
	}
	return all
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

// check lists what is wrong with single variables.
func (e electrumConfig) check() (faults []error) {
	bad := func(name, want string) { faults = append(faults, fmt.Errorf("%s: want %s", name, want)) }
	for _, s := range e.sizes() {
		switch n := utf8.RuneCountInString(s.value); {
		case n == 0 || n >= s.least && n <= s.most:
		case s.least == s.most:
			bad(s.name, fmt.Sprintf("%d characters, not %d", s.most, n))
		default:
			bad(s.name, fmt.Sprintf("at most %d characters, not %d", s.most, n))
		}
	}
	if strings.Trim(e.MerchantType, "0123456789") != "" {
		bad("SPAZA_ELECTRUM_MERCHANT_TYPE", "4 digits")
	}
	if _, err := e.remedies(); err != nil {
		faults = append(faults, fmt.Errorf("SPAZA_ELECTRUM_UNKNOWN: %w", err))
	}
	if e.RetryID != "same" && e.RetryID != "new" {
		bad("SPAZA_ELECTRUM_RETRY_ID", "same or new")
	}
	if e.Messages != "dual" && e.Messages != "single" {
		bad("SPAZA_ELECTRUM_VOUCHER_MESSAGES", "dual or single")
	}
	if !tenderType.MatchString(e.Tender) {
		bad("SPAZA_ELECTRUM_TENDER", "a tender type in capitals, such as WALLET or CASH")
	}
	if _, err := e.utilities(); err != nil {
		faults = append(faults, fmt.Errorf("SPAZA_ELECTRUM_UTILITIES: %w", err))
	}
	if e.RetryPath != "" && (!strings.HasPrefix(e.RetryPath, "/") || !strings.Contains(e.RetryPath, "{provisionId}")) {
		bad("SPAZA_ELECTRUM_RETRY_PATH", "a path with {provisionId} in it")
	}
	if e.Timeout < time.Second || e.Timeout > 5*time.Minute {
		bad("SPAZA_ELECTRUM_TIMEOUT", "1s to 5m")
	}
	if e.TokenURL == "" && (e.ClientID != "" || !e.ClientSecret.Empty()) {
		faults = append(faults, errors.New("SPAZA_ELECTRUM_CLIENT_ID or _CLIENT_SECRET is set, so SPAZA_ELECTRUM_TOKEN_URL is required"))
	}
	return faults
}

var tenderType = regexp.MustCompile(`^[A-Z][A-Z_]{1,39}$`)

// checkClient asks the client itself whether it can be made, which calls no network.
// What check says in words of its own is left out of the question.
func (e electrumConfig) checkClient() error {
	if !e.there() {
		return nil
	}
	for _, u := range []string{e.BaseURL, e.AirtimeURL, e.VoucherURL, e.UtilityURL, e.TokenURL} {
		if u != "" && !webAddress(u) {
			return nil
		}
	}
	client, err := electrumapi.New(e.options())
	if err != nil {
		return err
	}
	client.Close()
	return nil
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
