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

// What is configured of Electrum.

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
	StatusAfter  time.Duration `env:"SPAZA_ELECTRUM_STATUS_AFTER" envDefault:"0s" doc:"how old an airtime sale of unknown outcome is before its status is asked for"`
	SettleAfter  time.Duration `env:"SPAZA_ELECTRUM_SETTLE_AFTER" envDefault:"2m" doc:"how old it is before the answer that there is no such purchase, got three times in a row, is believed and the money given back; no less than SPAZA_ELECTRUM_TIMEOUT"`
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

// remedies reads what is done about sales whose answer is not clear. Kinds that are
// not named have their default.
func (e electrumConfig) remedies() (map[vend.Kind]electrumapi.Remedy, error) {
	chosen := map[vend.Kind]electrumapi.Remedy{}
	for item := range strings.SplitSeq(e.Unknown, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		name, remedy, ok := strings.Cut(item, "=")
		kind, remedy := vend.Kind(strings.TrimSpace(name)), strings.TrimSpace(remedy)
		can := electrumapi.Remedies(kind)
		switch {
		case !ok || can == nil:
			return nil, fmt.Errorf("want kind=remedy for kinds that electrum sells, such as airtime_pin=reverse, not %s", word(item))
		case chosen[kind] != "":
			return nil, fmt.Errorf("%s is named twice", kind)
		case !slices.Contains(can, electrumapi.Remedy(remedy)):
			return nil, fmt.Errorf("%s is %s; want %s", kind, word(remedy), strings.Trim(strings.ReplaceAll(fmt.Sprint(can), " ", " or "), "[]"))
		}
		chosen[kind] = electrumapi.Remedy(remedy)
	}
	return chosen, nil
}

// utilities are what is sold for meters.
func (e electrumConfig) utilities() ([]electrumapi.UtilityType, error) {
	var all []electrumapi.UtilityType
	for name := range strings.SplitSeq(e.Utilities, ",") {
		one := electrumapi.UtilityType(strings.TrimSpace(name))
		if one != electrumapi.UtilityElectricity && one != electrumapi.UtilityWater || slices.Contains(all, one) {
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
	if e.StatusAfter < 0 || e.StatusAfter > longestWait {
		bad("SPAZA_ELECTRUM_STATUS_AFTER", "0s to 10m")
	}
	// Before that the sale itself may still be on its way.
	if e.SettleAfter < e.Timeout || e.SettleAfter > longestWait {
		bad("SPAZA_ELECTRUM_SETTLE_AFTER", "no less than SPAZA_ELECTRUM_TIMEOUT, and 10m at most")
	}
	if e.TokenURL == "" && (e.ClientID != "" || !e.ClientSecret.Empty()) {
		faults = append(faults, errors.New("SPAZA_ELECTRUM_CLIENT_ID or _CLIENT_SECRET is set, so SPAZA_ELECTRUM_TOKEN_URL is required"))
	}
	return faults
}

// longestWait is how long the outcome of a sale may be left open: after 25 minutes a
// person would have it.
const longestWait = 10 * time.Minute

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
