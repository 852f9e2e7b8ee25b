package electrumapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

func TestWhatAClientNeeds(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"no interface has an address":        func(o *Options) { o.BaseURL = "" },
		"base URL has no host":               func(o *Options) { o.BaseURL = "https://" },
		"voucher URL must begin":             func(o *Options) { o.VoucherURL = "ftp://electrum.example" },
		"utility URL must not hold a user":   func(o *Options) { o.UtilityURL = "https://a:b@electrum.example" },
		"airtime URL must not have a query":  func(o *Options) { o.AirtimeURL = "https://electrum.example?a" },
		"token URL is not a URL":             func(o *Options) { o.TokenURL = "https://electrum.example:port" },
		"user name is missing":               func(o *Options) { o.Username = "" },
		"or has a colon":                     func(o *Options) { o.Username = "a:b" },
		"password is missing":                func(o *Options) { o.Password = secret.Text{} },
		"OAuth2 client id or secret":         func(o *Options) { o.TokenURL = "https://electrum.example/token" },
		"retry path must be a path":          func(o *Options) { o.RetryPath = "vouchers" },
		"originator.terminalId must have 8":  func(o *Options) { o.Terminal = "SPAZA1" },
		"merchant.merchantId must have 15":   func(o *Options) { o.MerchantID = "1" },
		"merchant.merchantType does not":     func(o *Options) { o.MerchantType = "54x1" },
		"merchantName.name is longer":        func(o *Options) { o.MerchantName = strings.Repeat("x", 24) },
		"merchantName.city is missing":       func(o *Options) { o.MerchantCity = "" },
		"merchantName.region is longer":      func(o *Options) { o.MerchantRegion = "GPX" },
		"merchantName.country is longer":     func(o *Options) { o.MerchantCountry = "ZAF" },
		"originator.institution.name is lon": func(o *Options) { o.InstitutionName = strings.Repeat("x", 41) },
		"client.name is longer":              func(o *Options) { o.ClientName = strings.Repeat("x", 41) },
		"settlementEntity.name is longer":    func(o *Options) { o.Settlement = strings.Repeat("1", 41) },
	} {
		o := testOptions()
		o.BaseURL = "https://electrum.example"
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	o := testOptions()
	o.BaseURL, o.UtilityURL, o.Institution, o.InstitutionName, o.HTTPTimeout = "https://electrum.example/", "https://ppu.example/v3/", "", "", 0
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.bases[InterfaceAirtime] != "https://electrum.example/airtime/v5" || c.bases[InterfaceVoucher] != "https://electrum.example/suv/v1" ||
		c.bases[InterfaceUtility] != "https://ppu.example/v3" {
		t.Errorf("addresses are %v", c.bases)
	}
	if got := c.options; got.Client != testUser || got.ClientName != testUser || got.Institution != testUser || got.InstitutionName != testUser ||
		got.MerchantCountry != "ZA" || got.HTTPTimeout != time.Minute || got.RetryPath != "/vouchers/{provisionId}/retry" {
		t.Errorf("%s works with %s, %s, %s, %s", c, got.Client, got.Institution, got.MerchantCountry, got.RetryPath)
	}
	if err := c.Ready(t.Context()); err != nil {
		t.Errorf("not ready with basic authentication: %v", err)
	}
	if s := fmt.Sprintf("%v %+v %#v", c, c, c); s != "electrum client electrum client electrum client" {
		t.Errorf("prints as %s", s)
	}
}
