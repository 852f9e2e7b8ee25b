package electrumapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/electrumapi/sandbox"
	"spaza/secret"
	"spaza/vend"
)

// simulated is a provider that speaks to the simulator over a real socket.
func simulated(t *testing.T, o ProviderOptions) (*Provider, *sandbox.Sandbox) {
	t.Helper()
	s := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	options := testOptions()
	options.BaseURL, options.Username, options.Password = server.URL, sandbox.DefaultUser, secret.New(sandbox.DefaultPassword)
	c, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return NewProvider(c, o), s
}

func TestTheSimulatorsProductsAreOnTheShelf(t *testing.T) {
	p, _ := simulated(t, ProviderOptions{Utilities: []UtilityType{UtilityElectricity, UtilityWater}})
	list, err := p.Products(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []vend.Product{
		{Code: "VODAIR", Kind: vend.KindAirtime, Name: "Vodacom Airtime", Network: "vodacom", Vendor: "Vodacom", Min: 2_00, Max: 1000_00},
		{Code: "CELLCAIR29", Kind: vend.KindAirtime, Name: "Cell C Airtime R29", Network: "cellc", Vendor: "Cell C", Min: 29_00, Max: 29_00},
		{Code: "MTND1G", Kind: vend.KindData, Name: "1GB 30 days", Network: "mtn", Vendor: "MTN", Min: 85_00, Max: 85_00},
		{Code: "VODSMS50", Kind: vend.KindData, Name: "50 SMS 30 days", Network: "vodacom", Vendor: "Vodacom", Min: 12_00, Max: 12_00},
		{Code: "TELKOMPIN10", Kind: vend.KindAirtimePIN, Name: "Telkom R10 Voucher", Network: "telkom", Vendor: "Telkom", Min: 10_00, Max: 10_00},
		{Code: "VODPINVAR", Kind: vend.KindAirtimePIN, Name: "Vodacom Voucher", Network: "vodacom", Vendor: "Vodacom", Min: 2_00, Max: 1000_00},
		{
			Code: "PROTEAFASHION", Kind: vend.KindGift, Name: "Protea Fashion Gift Voucher", Network: "protea fashion", Vendor: "Protea Fashion", Min: 50_00, Max: 2000_00,
			HowTo: "Good at Protea Fashion for three years.",
		},
		{Code: "electricity", Kind: vend.KindElectricity, Name: "Prepaid Electricity", Network: "electricity", Vendor: "Electricity", Min: 10_00, Max: 5000_00},
		{Code: "water", Kind: vend.KindElectricity, Name: "Prepaid Water", Network: "water", Vendor: "Water", Min: 10_00, Max: 5000_00},
	}
	for _, w := range want {
		i := slices.IndexFunc(list, func(p vend.Product) bool { return p.Code == w.Code })
		if i < 0 {
			t.Errorf("%s is not on the list", w.Code)
		} else if diff := cmp.Diff(w, list[i]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.Code, diff)
		}
	}
	for _, code := range []string{"TELKOMDVAR", "CELLCDPIN", "productId123"} { // of free amount, a PIN of data, unlisted
		if slices.ContainsFunc(list, func(p vend.Product) bool { return p.Code == code }) {
			t.Errorf("%s is on the list", code)
		}
	}
	for _, product := range list {
		if product.Water() != (product.Code == "water") {
			t.Errorf("%s is of water: %t", product.Code, product.Water())
		}
	}
}

func TestOddAirtimeIsNotOnTheShelf(t *testing.T) {
	p, _ := hostOf(t, ProviderOptions{}, &said{})
	yes := true
	good := func() AirtimeProduct {
		return AirtimeProduct{
			IsDirectTopup: &yes, ProductID: "VOD10", Name: "Vodacom R10", Type: AirtimeFixed, Operator: &Institution{ID: "1", Name: "Vodacom"},
			ProductValues: []LedgerAmount{Rand(10_00)},
		}
	}
	if got := p.airtime([]AirtimeProduct{good(), good()}); len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	for name, change := range map[string]func(*AirtimeProduct){
		"PIN or not is not told": func(p *AirtimeProduct) { p.IsDirectTopup = nil },
		"no type":                func(p *AirtimeProduct) { p.Type = "" },
		"another type":           func(p *AirtimeProduct) { p.Type = "LOTTERY" },
		"no price":               func(p *AirtimeProduct) { p.ProductValues = nil },
		"a price elsewhere":      func(p *AirtimeProduct) { p.ProductValues = []LedgerAmount{{Amount: 10_00, Currency: "840"}} },
		"two prices":             func(p *AirtimeProduct) { p.ProductValues = append(p.ProductValues, Rand(11_00)) },
		"a negative price":       func(p *AirtimeProduct) { p.ProductValues = []LedgerAmount{Rand(-1)} },
		"a free bundle amount":   func(p *AirtimeProduct) { p.Type = AirtimeDataVariable },
		"an id with blanks":      func(p *AirtimeProduct) { p.ProductID = "VOD 10" },
		"a mark of another":      func(p *AirtimeProduct) { p.ProductID = "VOD10@flash" },
		"a long id":              func(p *AirtimeProduct) { p.ProductID = strings.Repeat("1", 21) },
		"nobody's": func(p *AirtimeProduct) {
			p.Operator, p.Name = nil, "R10"
		},
	} {
		one := good()
		change(&one)
		if got := p.airtime([]AirtimeProduct{one}); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	one := good()
	one.Operator, one.Name = nil, "MTN R10"
	if got := p.airtime([]AirtimeProduct{one}); len(got) != 1 || got[0].Network != "mtn" {
		t.Errorf("a network that only the name tells: %+v", got)
	}
	one.Operator = &Institution{Name: "Rain"}
	if got := p.airtime([]AirtimeProduct{one}); len(got) != 1 || got[0].Network != "mtn" {
		t.Errorf("a network that only the name tells, of an operator that is another: %+v", got)
	}
	one.Name, one.Channels = "", []AirtimeChannelEntry{{ChannelName: "USSD", ProductDisplayName: "Rain R10"}}
	if got := p.airtime([]AirtimeProduct{one}); len(got) != 1 || got[0].Network != "rain" || got[0].Name != "Rain R10" {
		t.Errorf("another network: %+v", got)
	}
}

func TestGiftsAreNamedByTheirListings(t *testing.T) {
	fixed, free := true, false
	ten, hundred := Rand(10_00), Rand(100_00)
	for name, c := range map[string]struct {
		product SingleUseProduct
		want    []vend.Product
	}{
		"by a listing": {
			SingleUseProduct{ProductID: "A1", Amount: &ten, ChannelProductListings: []AirtimeChannelEntry{{ProductDisplayName: "Ten", ProductDisplayCategory: "Games"}}},
			[]vend.Product{{Code: "A1", Kind: vend.KindGift, Name: "Ten", Network: "games", Vendor: "Games", Min: 10_00, Max: 10_00}},
		},
		"by its issuer": {
			SingleUseProduct{ProductID: "A1", Name: "Ten", IsFixedValue: &fixed, Amount: &ten, MinAmount: &ten, MaxAmount: &hundred, Receiver: &Institution{Name: "Shop"}},
			[]vend.Product{{Code: "A1", Kind: vend.KindGift, Name: "Ten", Network: "shop", Vendor: "Shop", Min: 10_00, Max: 10_00}},
		},
		"by nothing": {
			SingleUseProduct{ProductID: "A1", IsFixedValue: &free, Amount: &ten, MinAmount: &ten, MaxAmount: &hundred},
			[]vend.Product{{Code: "A1", Kind: vend.KindGift, Name: "A1", Network: "a1", Vendor: "A1", Min: 10_00, Max: 100_00}},
		},
		"without a price":    {SingleUseProduct{ProductID: "A1", Name: "Ten"}, nil},
		"with half a limit":  {SingleUseProduct{ProductID: "A1", MinAmount: &ten}, nil},
		"limits upside down": {SingleUseProduct{ProductID: "A1", MinAmount: &hundred, MaxAmount: &ten}, nil},
		"an odd id":          {SingleUseProduct{ProductID: "A-1", Amount: &ten}, nil},
	} {
		if diff := cmp.Diff(c.want, gifts([]SingleUseProduct{c.product})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAListThatIsAwayLeavesTheOthers(t *testing.T) {
	airtime, vouchers := `[{"productId":"A1","isDirectTopup":true,"type":"AIRTIME_VARIABLE","operator":{"name":"MTN"}}]`, `[{"productId":"G1","amount":{"amount":100,"currency":"710"}}]`
	for name, c := range map[string]struct {
		airtime, vouchers int
		codes             string
		lost              []vend.Kind
	}{
		"none":            {200, 200, "A1 G1 electricity", nil},
		"that of airtime": {501, 200, "G1 electricity", []vend.Kind{vend.KindAirtime, vend.KindData, vend.KindAirtimePIN}},
		"that of gifts":   {200, 500, "A1 electricity", []vend.Kind{vend.KindGift}},
		"both":            {503, 503, "electricity", []vend.Kind{vend.KindAirtime, vend.KindData, vend.KindAirtimePIN, vend.KindGift}},
	} {
		b := setup(t)
		b.answer("GET /airtime/v5/products", c.airtime, airtime)
		b.answer("GET /suv/v1/products", c.vouchers, vouchers)
		list, err := NewProvider(b.client, ProviderOptions{}).Products(t.Context())
		var codes []string
		for _, p := range list {
			codes = append(codes, p.Code)
		}
		if got := strings.Join(codes, " "); got != c.codes {
			t.Errorf("%s: %s, want %s", name, got, c.codes)
		}
		partly, ok := errors.AsType[*vend.PartialError](err)
		if ok != (c.lost != nil) || ok && !slices.Equal(partly.Kinds, c.lost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := setup(t, func(o *Options) { o.AirtimeURL, o.BaseURL = o.BaseURL+"/airtime/v5", "" })
	b.answer("GET /airtime/v5/products", http.StatusInternalServerError, "")
	if list, err := NewProvider(b.client, ProviderOptions{}).Products(t.Context()); err == nil || list != nil {
		t.Errorf("nothing is left: %v, %v", list, err)
	} else if _, ok := errors.AsType[*vend.PartialError](err); ok {
		t.Errorf("nothing is left, and the error says that something is: %v", err)
	}
}
