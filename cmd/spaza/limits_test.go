package main

import (
	"strings"
	"testing"

	"spaza/ledger"
	"spaza/vend"

	"github.com/google/go-cmp/cmp"
)

func TestTheLimitsAreTheShopsOwnUntilTheyAreSet(t *testing.T) {
	change := func(f func(*vend.Limits)) vend.Limits {
		l := vend.DefaultLimits()
		f(&l)
		return l
	}
	for name, c := range map[string]struct {
		env  []string
		want vend.Limits
	}{
		"nothing":     {nil, vend.DefaultLimits()},
		"empty texts": {set("SPAZA_LIMIT_SALE=", "SPAZA_LIMIT_DAY=", "SPAZA_LIMIT_DAY_SALES="), vend.DefaultLimits()},
		"all of them": {
			set("SPAZA_LIMIT_SALE=airtime:300, electricity:0,", "SPAZA_LIMIT_DAY=3000", "SPAZA_LIMIT_DAY_PIN=7000", "SPAZA_LIMIT_DAY_SALES=20",
				"SPAZA_LIMIT_MERCHANT_DAY=5000", "SPAZA_LIMIT_MERCHANT_CUSTOMER=50"),
			change(func(l *vend.Limits) {
				l.Sale[vend.KindAirtime], l.Sale[vend.KindElectricity] = ledger.Rand(300), 0
				l.DayWithPIN = ledger.Rand(7000)
				l.Day, l.DaySales, l.MerchantDay, l.MerchantEach = ledger.Rand(3000), 20, ledger.Rand(5000), ledger.Rand(50)
			}),
		},
		"none": {
			set("SPAZA_LIMIT_DAY=0", "SPAZA_LIMIT_DAY_PIN=0", "SPAZA_LIMIT_DAY_SALES=0", "SPAZA_LIMIT_MERCHANT_DAY=0", "SPAZA_LIMIT_MERCHANT_CUSTOMER=0"),
			change(func(l *vend.Limits) { l.Day, l.DayWithPIN, l.DaySales, l.MerchantDay, l.MerchantEach = 0, 0, 0, 0, 0 }),
		},
	} {
		cfg, err := readConfig(c.env)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := cfg.limits()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestHowManyMetersMayBeAskedAboutIsConfigured(t *testing.T) {
	for env, want := range map[string]int{
		"SPAZA_LIMIT_ENQUIRIES=": 3, "SPAZA_LIMIT_ENQUIRIES=3": 3, "SPAZA_LIMIT_ENQUIRIES=1": 1, "SPAZA_LIMIT_ENQUIRIES=50": 50,
		"SPAZA_LIMIT_ENQUIRIES=0": -1, // as vend.Options says no limit
	} {
		cfg, err := readConfig(set(env))
		if got := cfg.enquiries(); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", env, got, err, want)
		}
	}
}

func TestLimitsThatAreNoneAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ env, want string }{
		"a kind that is not there":     {"SPAZA_LIMIT_SALE=airtme:500", "SPAZA_LIMIT_SALE"},
		"a kind that is not bought":    {"SPAZA_LIMIT_SALE=redeem:500", "SPAZA_LIMIT_SALE"},
		"a kind alone":                 {"SPAZA_LIMIT_SALE=airtime", "SPAZA_LIMIT_SALE"},
		"a number alone":               {"SPAZA_LIMIT_SALE=500", "SPAZA_LIMIT_SALE"},
		"a kind twice":                 {"SPAZA_LIMIT_SALE=airtime:500,airtime:400", "SPAZA_LIMIT_SALE"},
		"cents":                        {"SPAZA_LIMIT_SALE=airtime:500.50", "SPAZA_LIMIT_SALE"},
		"less than nothing at once":    {"SPAZA_LIMIT_SALE=airtime:-1", "SPAZA_LIMIT_SALE"},
		"another way to part them":     {"SPAZA_LIMIT_SALE=airtime:500;electricity:100", "SPAZA_LIMIT_SALE"},
		"more than all money":          {"SPAZA_LIMIT_SALE=airtime:99999999999999999999", "SPAZA_LIMIT_SALE"},
		"a policy that is none":        {"SPAZA_WALLET_PIN=maybe", "SPAZA_WALLET_PIN"},
		"less than nothing with a PIN": {"SPAZA_LIMIT_DAY_PIN=-1", "LimitPIN"},
		"less than nothing a day":      {"SPAZA_LIMIT_DAY=-1", "LimitDay"},
		"too much a day":               {"SPAZA_LIMIT_DAY=10000001", "LimitDay"},
		"words":                        {"SPAZA_LIMIT_DAY=much", "LimitDay"},
		"less than no meter":           {"SPAZA_LIMIT_ENQUIRIES=-1", "LimitAsk"},
		"less than no sale":            {"SPAZA_LIMIT_DAY_SALES=-1", "LimitSales"},
		"less than nothing for all":    {"SPAZA_LIMIT_MERCHANT_DAY=-5", "LimitHouse"},
		"less than nothing for each":   {"SPAZA_LIMIT_MERCHANT_CUSTOMER=-5", "LimitEach"},
		"a fund that is not there":     {"SPAZA_FUNDING=bank", "SPAZA_FUNDING"},
		"a fund in another spelling":   {"SPAZA_FUNDING=Merchant", "SPAZA_FUNDING"},
		"a limit as it is not written": {"SPAZA_LIMIT_MERCHANT_EACH=5", ""},
	} {
		_, err := readConfig(set(c.env))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheMerchantsFloatIsNotOpenInProduction switches the limits of it off.
func TestTheMerchantsFloatIsNotOpenInProduction(t *testing.T) {
	const day, each = "SPAZA_LIMIT_MERCHANT_DAY=0", "SPAZA_LIMIT_MERCHANT_CUSTOMER=0"
	for name, c := range map[string]struct {
		env  []string
		good bool
	}{
		"by default":                 {live("SPAZA_FUNDING=merchant"), true},
		"only for all":               {live("SPAZA_FUNDING=merchant", each), true},
		"only for each":              {live("SPAZA_FUNDING=merchant", day), true},
		"not at all":                 {live("SPAZA_FUNDING=merchant", day, each), false},
		"not at all, and not needed": {live("SPAZA_FUNDING=balance", day, each), true},
		"not at all, in development": {set("SPAZA_FUNDING=merchant", day, each), true},
	} {
		_, err := readConfig(c.env)
		if (err == nil) != c.good || err != nil && !strings.Contains(err.Error(), "SPAZA_LIMIT_MERCHANT_DAY") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
