package flashapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/vend"
)

// everySeller is a provider that can sell all kinds.
func everySeller() *Provider {
	return NewProvider(&Client{options: Options{StoreID: "S1", TerminalID: "T1"}}, ProviderOptions{})
}

func TestTheSimulatorsAirtimeIsOnTheShelf(t *testing.T) {
	p, _ := simulated(t)
	list, err := p.Products(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []vend.Product
	count := make(map[vend.Kind]int)
	for _, product := range list {
		count[product.Kind]++
		if product.Kind == vend.KindAirtime {
			product.HowTo = ""
			got = append(got, product)
		}
	}
	want := []vend.Product{
		{Code: "101", Kind: vend.KindAirtime, Name: "Vodacom Airtime", Network: "vodacom", Vendor: "Vodacom", Min: 2_00, Max: 1000_00},
		{Code: "102", Kind: vend.KindAirtime, Name: "MTN Airtime", Network: "mtn", Vendor: "MTN", Min: 5_00, Max: 1000_00},
		{Code: "103", Kind: vend.KindAirtime, Name: "Cell C Airtime", Network: "cellc", Vendor: "Cell C", Min: 5_00, Max: 1000_00},
		{Code: "104", Kind: vend.KindAirtime, Name: "Telkom Airtime", Network: "telkom", Vendor: "Telkom", Min: 5_00, Max: 1000_00},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, k := range vend.Kinds() {
		// Gift vouchers need a store and a terminal, which this client lacks.
		if wanted := k.Bought() && k != vend.KindGift; (count[k] > 0) != wanted {
			t.Errorf("%d products of kind %s", count[k], k)
		}
	}
}

func TestAProductIsWhatItsGroupAndNameSay(t *testing.T) {
	good := Product{Code: "7", Name: "Rain Airtime", Min: 5_00, Max: 100_00, Status: "active", Vendor: "Rain", Group: " CELLULAR "}
	const nothing = vend.Kind("")
	for name, c := range map[string]struct {
		change func(*Product)
		kind   vend.Kind
	}{
		"as it is":              {func(*Product) {}, vend.KindAirtime},
		"fixed airtime":         {func(p *Product) { p.Fixed, p.Max = true, p.Min }, vend.KindAirtime},
		"plain name, variable":  {func(p *Product) { p.Name = "Rain Recharge" }, vend.KindAirtime},
		"no status":             {func(p *Product) { p.Status = "" }, vend.KindAirtime},
		"status 1":              {func(p *Product) { p.Status = "1" }, vend.KindAirtime},
		"one amount":            {func(p *Product) { p.Max = p.Min }, vend.KindAirtime},
		"name that has no data": {func(p *Product) { p.Name = "RMB airtime" }, vend.KindAirtime},

		"1GB":           {func(p *Product) { p.Fixed, p.Max, p.Name = true, p.Min, "Rain 1GB airtime" }, vend.KindData},
		"500 MB":        {func(p *Product) { p.Fixed, p.Max, p.Name = true, p.Min, "Rain 500 mb" }, vend.KindData},
		"voice":         {func(p *Product) { p.Fixed, p.Max, p.Name = true, p.Min, "Rain 60 minutes airtime" }, vend.KindData},
		"SMS":           {func(p *Product) { p.Fixed, p.Max, p.Name = true, p.Min, "Rain 50 SMS" }, vend.KindData},
		"no known word": {func(p *Product) { p.Fixed, p.Max, p.Name = true, p.Min, "Rain Special" }, vend.KindData},
		"of any price":  {func(p *Product) { p.Name = "Rain Data" }, nothing},

		"Eezi":        {func(p *Product) { p.Group = "Eezi Vouchers" }, vend.KindAirtimePIN},
		"1Voucher":    {func(p *Product) { p.Group = "1Voucher" }, vend.KindVoucher},
		"cash out":    {func(p *Product) { p.Group = "Cash Out PIN" }, vend.KindCashOut},
		"gift":        {func(p *Product) { p.Group = "Gift Vouchers" }, vend.KindGift},
		"utility":     {func(p *Product) { p.Group = "prepaid-utilities" }, vend.KindElectricity},
		"biller":      {func(p *Product) { p.Group, p.BillerCode = "Flash Pay", "1101" }, vend.KindBill},
		"biller, odd": {func(p *Product) { p.Group = "Flash Pay" }, nothing},
		"Flash Token": {func(p *Product) { p.Group = "Flash Token" }, nothing},
		"exclusive":   {func(p *Product) { p.Group = "Exclusive Voucher" }, nothing},
		"new group":   {func(p *Product) { p.Group = "Lottery" }, nothing},

		"inactive":          {func(p *Product) { p.Status = "INACTIVE" }, nothing},
		"disabled":          {func(p *Product) { p.Status = "Disabled" }, nothing},
		"fixed, two prices": {func(p *Product) { p.Fixed = true }, nothing},
		"abroad":            {func(p *Product) { p.Name = "Global airtime" }, nothing},
		"no minimum":        {func(p *Product) { p.Min = 0 }, nothing},
		"less than nothing": {func(p *Product) { p.Min = -5 }, nothing},
		"upside down":       {func(p *Product) { p.Max = p.Min - 1 }, nothing},
		"unreadable limits": {func(p *Product) { p.LimitsUnclear = true }, nothing},
		"no vendor":         {func(p *Product) { p.Vendor = "" }, nothing},
		"code in words":     {func(p *Product) { p.Code = "RAIN" }, nothing},
		"code zero":         {func(p *Product) { p.Code = "0" }, nothing},

		// The draft's lists have neither group nor vendor.
		"draft, airtime":     {func(p *Product) { p.Group, p.Vendor, p.Name = "", "", "MTN Airtime" }, vend.KindAirtime},
		"draft, data":        {func(p *Product) { p.Group, p.Vendor, p.Name, p.Fixed, p.Max = "", "", "MTN 1GB", true, p.Min }, vend.KindData},
		"draft, PIN":         {func(p *Product) { p.Group, p.Vendor, p.Name = "", "", "MTN Airtime Voucher R30" }, vend.KindAirtimePIN},
		"draft, electricity": {func(p *Product) { p.Group, p.Vendor, p.Name = "", "", "Prepaid Electricity" }, vend.KindElectricity},
		"draft, voucher":     {func(p *Product) { p.Group, p.Vendor, p.Name = "", "", "1Voucher" }, vend.KindVoucher},
		"draft, what?":       {func(p *Product) { p.Group, p.Vendor, p.Name = "", "", "Lottery" }, nothing},
	} {
		p := good
		c.change(&p)
		got := nothing
		if list := everySeller().shelf([]Product{p}); len(list) == 1 {
			got = list[0].Kind
		}
		if got != c.kind {
			t.Errorf("%s: kind %q, want %q", name, got, c.kind)
		}
	}
	if got := everySeller().shelf([]Product{good, good}); len(got) != 1 {
		t.Errorf("one code twice gives %d products", len(got))
	}
}

func TestNetworksHaveOneName(t *testing.T) {
	for vendor, want := range map[string][2]string{
		"Vodacom": {"vodacom", "Vodacom"}, "VODACOM SA": {"vodacom", "Vodacom"}, "mtn": {"mtn", "MTN"},
		"Cell C": {"cellc", "Cell C"}, "CellC": {"cellc", "Cell C"}, "Cell-C": {"cellc", "Cell C"},
		"Telkom": {"telkom", "Telkom"}, "8ta": {"telkom", "Telkom"}, "Telkom Mobile": {"telkom", "Telkom"},
		"Rain": {"rain", "Rain"}, "Virgin Mobile": {"virgin mobile", "Virgin Mobile"},
	} {
		network, name := networkOf(Product{Vendor: vendor})
		if got := [2]string{network, name}; got != want {
			t.Errorf("%s: %v, want %v", vendor, got, want)
		}
	}
}
