package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/electrumapi"
	"spaza/vend"
)

// electrified is a configuration of Electrum that is usable in development.
func electrified(more ...string) []string {
	return append(set(
		"SPAZA_ELECTRUM_BASE_URL=https://electrum.example", "SPAZA_ELECTRUM_USERNAME=shop", "SPAZA_ELECTRUM_PASSWORD=canary-password",
		"SPAZA_ELECTRUM_TERMINAL=12345678", "SPAZA_ELECTRUM_MERCHANT_ID=123456789012345", "SPAZA_ELECTRUM_MERCHANT_TYPE=5411",
		"SPAZA_ELECTRUM_MERCHANT_NAME=Spaza", "SPAZA_ELECTRUM_MERCHANT_CITY=Soweto", "SPAZA_ELECTRUM_MERCHANT_REGION=GP",
	), more...)
}

// without is an environment without some variables.
func without(env []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(names, name)
	})
}

func TestWhoSellsWhat(t *testing.T) {
	all := func(provider string, but ...string) map[vend.Kind][]string {
		routes := map[vend.Kind][]string{}
		for _, k := range vend.Kinds() {
			if k != vend.KindReverse && soldBy(provider, k) {
				routes[k] = []string{provider}
			}
		}
		for _, b := range but {
			k, to, _ := strings.Cut(b, "=")
			routes[vend.Kind(k)] = strings.Split(to, "|")
		}
		return routes
	}
	for text, want := range map[string]map[vend.Kind][]string{
		"flash":                 all("flash"),
		" electrum ,":           all("electrum"),
		"electrum,redeem=flash": all("electrum", "redeem=flash"),
		"electrum, redeem = flash ,voucher=flash, airtime=electrum | flash": all("electrum", "redeem=flash", "voucher=flash", "airtime=electrum|flash"),
		"flash,electricity=electrum|flash,gift=electrum":                    all("flash", "electricity=electrum|flash", "gift=electrum"),
	} {
		got, err := readRoutes(text)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, d)
		}
	}
	if electrum := all("electrum"); len(electrum) != 5 || electrum[vend.KindBill] != nil || len(all("flash")) != len(vend.Kinds())-1 {
		t.Errorf("by default: %v", electrum)
	}
}

func TestWhatOfSPAZA_PROVIDERIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"vodacom":                        `want flash or electrum first, not "vodacom"`,
		"airtime=flash":                  "want flash or electrum first, not what is there",
		",flash":                         "want flash or electrum first",
		"flash,electrum":                 `want kind=provider after the first, such as redeem=flash, not "electrum"`,
		"flash,petrol=electrum":          `"petrol" is no kind that is sold; want one of airtime, data,`,
		"flash,reverse=electrum":         `"reverse" is no kind that is sold`,
		"flash,gift=electrum,gift=flash": "gift is named twice",
		"flash,gift=":                    "gift goes to what is there; want flash or electrum",
		"flash,gift=mtn":                 `gift goes to "mtn"; want flash or electrum`,
		"flash,bill=electrum":            "electrum does not sell bill",
		"flash,airtime=flash|flash":      "airtime goes to flash twice",
		"flash,gift=flash|electrum":      "gift can go to one provider only",
		"flash,data=flash|electrum":      "data can go to one provider only",
	} {
		_, err := readConfig(set("SPAZA_PROVIDER=" + text))
		if err == nil || !strings.Contains(err.Error(), "SPAZA_PROVIDER: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"https://user:hunter2@host", "flash,user:hunter2=x@host", "flash,gift=user:hunter2@host", "flash,user:hunter2"} {
		if _, err := readConfig(set("SPAZA_PROVIDER=" + text)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAShopWithoutBalancesNeedsAPayer(t *testing.T) {
	const want = "set SPAZA_FUNDING=merchant, or add redeem=flash to SPAZA_PROVIDER"
	for _, c := range []struct {
		env  []string
		fine bool
	}{
		{set("SPAZA_PROVIDER=electrum"), false},
		{set("SPAZA_PROVIDER=electrum", "SPAZA_FUNDING=merchant"), true},
		{set("SPAZA_PROVIDER=electrum,redeem=flash"), true},
		{set("SPAZA_PROVIDER=flash,airtime=electrum"), true},
	} {
		if _, err := readConfig(c.env); (err == nil) != c.fine || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", c.env, err)
		}
	}
	for env, warned := range map[string]bool{
		"SPAZA_PROVIDER=electrum,redeem=flash": true, "SPAZA_PROVIDER=electrum,redeem=flash,refund=flash": true,
		"SPAZA_PROVIDER=electrum,redeem=flash,refund=flash,voucher=flash": false, "SPAZA_PROVIDER=flash": false,
	} {
		c, err := readConfig(set(env))
		if got := strings.Contains(strings.Join(c.warnings, ";"), "refund=flash,voucher=flash"); got != warned || err != nil {
			t.Errorf("%s: warnings %q, %v", env, c.warnings, err)
		}
	}
}

func TestWhichProvidersAreUsedNeededAndKnown(t *testing.T) {
	for _, c := range []struct {
		env  []string
		want string // used, needed, known: of Flash, and of Electrum
	}{
		{nil, "true true true, false false false"},
		{set("SPAZA_PROVIDER=electrum", "SPAZA_FUNDING=merchant"), "false false false, true true true"},
		{set("SPAZA_PROVIDER=electrum", "SPAZA_FUNDING=merchant", "SPAZA_FLASH_BASE_URL=https://flash.example", "SPAZA_FLASH_API_KEY=k", "SPAZA_FLASH_ACCOUNT_NUMBER=1"), "false false true, true true true"},
		{electrified(), "true true true, false false true"},
		{set("SPAZA_PROVIDER=flash,airtime=electrum|flash"), "true true true, true false true"},
		{set("SPAZA_PROVIDER=flash,gift=electrum"), "true true true, true true true"},
	} {
		cfg, err := readConfig(c.env)
		got := fmt.Sprint(cfg.uses(byFlash), cfg.needs(byFlash), cfg.knows(byFlash)) + ", " + fmt.Sprint(cfg.uses(byElectrum), cfg.needs(byElectrum), cfg.knows(byElectrum))
		if got != c.want || err != nil {
			t.Errorf("%v: %s, %v", c.env, got, err)
		}
	}
}

func TestElectrumReachesTheClient(t *testing.T) {
	c, err := readConfig(electrified(
		"SPAZA_ELECTRUM_TOKEN_URL=https://auth.example/token", "SPAZA_ELECTRUM_CLIENT_ID=id", "SPAZA_ELECTRUM_CLIENT_SECRET=canary-secret",
		"SPAZA_ELECTRUM_CLIENT=12", "SPAZA_ELECTRUM_CLIENT_NAME=Us", "SPAZA_ELECTRUM_INSTITUTION=34", "SPAZA_ELECTRUM_INSTITUTION_NAME=We",
		"SPAZA_ELECTRUM_SETTLEMENT=56", "SPAZA_ELECTRUM_RECEIVER=78", "SPAZA_ELECTRUM_TIMEOUT=20s", "SPAZA_ELECTRUM_RETRY_PATH=/again/{provisionId}",
		"SPAZA_ELECTRUM_AIRTIME_URL=https://airtime.example/v5", "SPAZA_ELECTRUM_UNKNOWN=airtime_pin=reverse, gift=reverse",
		"SPAZA_ELECTRUM_UTILITIES=electricity, water", "SPAZA_ELECTRUM_STATUS_AFTER=3s", "SPAZA_ELECTRUM_SETTLE_AFTER=40s",
	))
	if err != nil {
		t.Fatal(err)
	}
	o := c.Electrum.options()
	got := []string{
		o.BaseURL, o.AirtimeURL, o.Username, o.Password.Reveal(), o.TokenURL, o.ClientID, o.ClientSecret.Reveal(), o.Client, o.ClientName, o.Institution,
		o.InstitutionName, o.Terminal, o.MerchantID, o.MerchantType, o.MerchantName, o.MerchantCity, o.MerchantRegion, o.MerchantCountry,
		o.Settlement, o.Receiver, o.RetryPath, o.HTTPTimeout.String(),
	}
	want := []string{
		"https://electrum.example", "https://airtime.example/v5", "shop", "canary-password", "https://auth.example/token", "id", "canary-secret", "12", "Us", "34",
		"We", "12345678", "123456789012345", "5411", "Spaza", "Soweto", "GP", "ZA", "56", "78", "/again/{provisionId}", "20s",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("options (-want +got):\n%s", d)
	}
	remedies, err := c.Electrum.remedies()
	if d := cmp.Diff(map[vend.Kind]electrumapi.Remedy{"airtime_pin": "reverse", "gift": "reverse"}, remedies); d != "" || err != nil {
		t.Errorf("remedies: %v\n%s", err, d)
	}
	if p, err := c.Electrum.providerOptions(); p.StatusAfter != 3*time.Second || p.SettleAfter != 40*time.Second || err != nil {
		t.Errorf("provider options %+v, %v", p, err)
	}
	if u, err := c.Electrum.utilities(); fmt.Sprint(u) != "[electricity water]" || err != nil {
		t.Errorf("utilities %v, %v", u, err)
	}
	if all := c.describe() + fmt.Sprintf("%+v %#v", c, c); strings.Contains(all, "canary") {
		t.Errorf("a secret is printed:\n%s", all)
	}
	c, err = readConfig(nil)
	remedies, remedyErr := c.Electrum.remedies()
	if err != nil || remedyErr != nil || c.Electrum.Timeout != time.Minute || c.Electrum.StatusAfter != 0 || c.Electrum.SettleAfter != 2*time.Minute || c.Electrum.Tender != "WALLET" || c.Electrum.RetryID != "same" || c.Electrum.Messages != "dual" ||
		len(remedies) != 0 {
		t.Errorf("defaults: %+v, %v, %v, %v", c.Electrum, remedies, err, remedyErr)
	}
}

func TestWhatOfElectrumIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"a host without a scheme":          {electrified("SPAZA_ELECTRUM_BASE_URL=electrum.example"), "SPAZA_ELECTRUM_BASE_URL must be an http"},
		"a user in the address":            {electrified("SPAZA_ELECTRUM_BASE_URL=https://u:canary@electrum.example"), "SPAZA_ELECTRUM_*: make electrum client: base URL"},
		"a token address without scheme":   {electrified("SPAZA_ELECTRUM_TOKEN_URL=auth", "SPAZA_ELECTRUM_CLIENT_ID=i", "SPAZA_ELECTRUM_CLIENT_SECRET=s"), "SPAZA_ELECTRUM_TOKEN_URL must be"},
		"no client for tokens":             {electrified("SPAZA_ELECTRUM_TOKEN_URL=https://auth.example"), "required: SPAZA_ELECTRUM_CLIENT_ID, SPAZA_ELECTRUM_CLIENT_SECRET"},
		"a client and nowhere to use it":   {electrified("SPAZA_ELECTRUM_CLIENT_ID=i"), "so SPAZA_ELECTRUM_TOKEN_URL is required"},
		"no user":                          {without(electrified(), "SPAZA_ELECTRUM_USERNAME"), "required: SPAZA_ELECTRUM_USERNAME"},
		"no merchant":                      {without(electrified(), "SPAZA_ELECTRUM_MERCHANT_ID", "SPAZA_ELECTRUM_MERCHANT_CITY"), "required: SPAZA_ELECTRUM_MERCHANT_ID, SPAZA_ELECTRUM_MERCHANT_CITY"},
		"a short terminal":                 {electrified("SPAZA_ELECTRUM_TERMINAL=1234567"), "SPAZA_ELECTRUM_TERMINAL: want 8 characters, not 7"},
		"a long merchant id":               {electrified("SPAZA_ELECTRUM_MERCHANT_ID=1234567890123456"), "SPAZA_ELECTRUM_MERCHANT_ID: want 15 characters, not 16"},
		"a category in words":              {electrified("SPAZA_ELECTRUM_MERCHANT_TYPE=food"), "SPAZA_ELECTRUM_MERCHANT_TYPE: want 4 digits"},
		"a long name":                      {electrified("SPAZA_ELECTRUM_MERCHANT_NAME=Spaza on the long corner of 7th"), "SPAZA_ELECTRUM_MERCHANT_NAME: want at most 23 characters, not 31"},
		"a long city":                      {electrified("SPAZA_ELECTRUM_MERCHANT_CITY=Pietermaritzburg"), "SPAZA_ELECTRUM_MERCHANT_CITY: want at most 13 characters"},
		"a province in words":              {electrified("SPAZA_ELECTRUM_MERCHANT_REGION=Gauteng"), "SPAZA_ELECTRUM_MERCHANT_REGION: want at most 2"},
		"a country in words":               {electrified("SPAZA_ELECTRUM_MERCHANT_COUNTRY=RSA"), "SPAZA_ELECTRUM_MERCHANT_COUNTRY: want 2 characters"},
		"a remedy that there is not":       {set("SPAZA_ELECTRUM_UNKNOWN=airtime_pin=pray"), `SPAZA_ELECTRUM_UNKNOWN: airtime_pin is "pray"; want status or reverse`},
		"a top-up that is reversed":        {set("SPAZA_ELECTRUM_UNKNOWN=airtime=reverse"), `airtime is "reverse"; want status`},
		"a remedy for what is not sold":    {set("SPAZA_ELECTRUM_UNKNOWN=bill=retry"), "SPAZA_ELECTRUM_UNKNOWN: want kind=remedy"},
		"a remedy twice":                   {set("SPAZA_ELECTRUM_UNKNOWN=gift=retry,gift=reverse"), "gift is named twice"},
		"a retry under any id":             {set("SPAZA_ELECTRUM_RETRY_ID=any"), "SPAZA_ELECTRUM_RETRY_ID: want same or new"},
		"a retry of nothing":               {set("SPAZA_ELECTRUM_RETRY_PATH=/vouchers/retry"), "SPAZA_ELECTRUM_RETRY_PATH"},
		"triple messaging":                 {set("SPAZA_ELECTRUM_VOUCHER_MESSAGES=triple"), "SPAZA_ELECTRUM_VOUCHER_MESSAGES"},
		"paid with cowries":                {set("SPAZA_ELECTRUM_TENDER=cowries"), "SPAZA_ELECTRUM_TENDER"},
		"gas":                              {set("SPAZA_ELECTRUM_UTILITIES=gas"), "SPAZA_ELECTRUM_UTILITIES"},
		"water twice":                      {set("SPAZA_ELECTRUM_UTILITIES=water,water"), "SPAZA_ELECTRUM_UTILITIES"},
		"no time":                          {set("SPAZA_ELECTRUM_TIMEOUT=0s"), "SPAZA_ELECTRUM_TIMEOUT"},
		"asked for yesterday":              {set("SPAZA_ELECTRUM_STATUS_AFTER=-1s"), "SPAZA_ELECTRUM_STATUS_AFTER"},
		"given back too soon":              {set("SPAZA_ELECTRUM_SETTLE_AFTER=59s"), "SPAZA_ELECTRUM_SETTLE_AFTER: want no less than SPAZA_ELECTRUM_TIMEOUT"},
		"given back too late":              {set("SPAZA_ELECTRUM_SETTLE_AFTER=11m"), "SPAZA_ELECTRUM_SETTLE_AFTER"},
		"an interface without its address": {without(electrified("SPAZA_ELECTRUM_VOUCHER_URL=https://suv.example", "SPAZA_PROVIDER=flash,airtime=electrum"), "SPAZA_ELECTRUM_BASE_URL"), "airtime goes to electrum, so SPAZA_ELECTRUM_BASE_URL or SPAZA_ELECTRUM_AIRTIME_URL is required"},
	} {
		_, err := readConfig(c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: one thing is wrong, and is said twice: %v", name, err)
		}
	}
	if _, err := readConfig(electrified("SPAZA_PROVIDER=flash,electricity=electrum")); err != nil {
		t.Error(err)
	}
	if _, err := readConfig(without(electrified("SPAZA_ELECTRUM_VOUCHER_URL=https://suv.example/v1", "SPAZA_PROVIDER=flash,gift=electrum"), "SPAZA_ELECTRUM_BASE_URL")); err != nil {
		t.Error(err)
	}
}

func TestProductionWantsOfAProviderWhatIsRoutedToIt(t *testing.T) {
	flash := []string{"SPAZA_FLASH_BASE_URL", "SPAZA_FLASH_API_KEY", "SPAZA_FLASH_ACCOUNT_NUMBER"}
	alone := []string{"SPAZA_PROVIDER=electrum", "SPAZA_FUNDING=merchant"}
	for name, c := range map[string]struct {
		env  []string
		want []string // beginnings of the faults
	}{
		"all by Electrum":       {without(live(electrified(alone...)...), flash...), nil},
		"both":                  {live(electrified("SPAZA_PROVIDER=electrum,redeem=flash")...), nil},
		"Flash is missing":      {without(live(electrified("SPAZA_PROVIDER=electrum,redeem=flash")...), flash...), []string{"SPAZA_FLASH_ACCOUNT_NUMBER", "SPAZA_FLASH_API_KEY", "SPAZA_FLASH_BASE_URL"}},
		"a fallback misses":     {live("SPAZA_PROVIDER=flash,airtime=flash|electrum"), electrumWants()},
		"Electrum is missing":   {without(live(alone...), flash...), electrumWants()},
		"plain http":            {live(electrified("SPAZA_ELECTRUM_BASE_URL=http://electrum.example")...), []string{"SPAZA_ELECTRUM_BASE_URL is plain http"}},
		"plain http for tokens": {live(electrified("SPAZA_ELECTRUM_TOKEN_URL=http://auth.example", "SPAZA_ELECTRUM_CLIENT_ID=i", "SPAZA_ELECTRUM_CLIENT_SECRET=s")...), []string{"SPAZA_ELECTRUM_TOKEN_URL is plain http"}},
	} {
		_, err := readConfig(c.env)
		var got []string
		if err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func electrumWants() []string {
	return []string{
		"SPAZA_ELECTRUM_BASE_URL", "SPAZA_ELECTRUM_MERCHANT_CITY", "SPAZA_ELECTRUM_MERCHANT_ID", "SPAZA_ELECTRUM_MERCHANT_NAME", "SPAZA_ELECTRUM_MERCHANT_REGION",
		"SPAZA_ELECTRUM_MERCHANT_TYPE", "SPAZA_ELECTRUM_PASSWORD", "SPAZA_ELECTRUM_TERMINAL", "SPAZA_ELECTRUM_USERNAME",
	}
}
