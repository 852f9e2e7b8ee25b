package flashapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/secret"
	"spaza/vend"
)

func decimalOf(t *testing.T, s string) Decimal {
	t.Helper()
	d, err := ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestGoodsAreInTheShopsWords(t *testing.T) {
	pin, credit, change := secret.New("8111111111111111"), secret.New("12345678901234567890"), secret.New("09876543210987654321")
	voucher := Voucher{PIN: pin, Amount: 29_00, SerialNumber: "S1", ExpiryDate: "2029-01-01", Instructions: secret.New("Dial it")}
	want := &vend.Voucher{PIN: pin, Amount: 29_00, Serial: "S1", Expires: "2029-01-01", HowTo: secret.New("Dial it")}
	sale := &UtilitySale{
		Supply: Supply{
			MeterNumber: "04123456784", Holder: "T Mokoena", Tariff: "Homelight",
			Utility: Utility{Name: "Eskom", VATNumber: "4999", CallCentre: "0860"}, Keys: Keys{"004521", "07", "1"},
		},
		Tokens: []MeterToken{
			{Use: TokenCredit, Description: "Credit", Value: credit, SerialNumber: "7"},
			{Use: TokenKeyChange, Description: "KCT", Value: change},
			{Use: TokenOther, Value: secret.New("1")}, {Use: TokenFree, Value: secret.New("2")},
		},
		Units: decimalOf(t, "12.30"), UnitsKnown: true, FreeUnits: decimalOf(t, "50"), UnitType: "kWh",
		Bill:          Bill{Exclusive: 100, Tax: 15, AddsUp: true, Debts: []Charge{{Description: "Arrears", Amount: 5}}, FixedCosts: []Charge{{Description: "Fee", Amount: 6}}},
		ReceiptNumber: "R7", ConsumerMessage: "Save water",
	}
	power := vend.Utility{
		Meter: "04123456784", Units: "12.3", Unit: "kWh", FreeUnits: "50", Holder: "T Mokoena", Utility: "Eskom", VATNumber: "4999", Phone: "0860",
		Tariff: "Homelight", Receipt: "R7", Message: "Save water", SupplyGroup: "004521", TariffIndex: "07", KeyRevision: "1",
		Tokens: []vend.Token{
			{Use: vend.TokenKeyChange, Label: "KCT", Value: change}, {Use: vend.TokenCredit, Label: "Credit", Value: credit, Serial: "7"},
			{Use: vend.TokenFree, Value: secret.New("2")}, {Use: vend.TokenOther, Value: secret.New("1")},
		},
		PartsKnown: true, Net: 100, VAT: 15, Debt: []vend.Charge{{Label: "Arrears", Amount: 5}}, Fixed: []vend.Charge{{Label: "Fee", Amount: 6}},
	}
	unclear, partless := *sale, power
	unclear.Bill.AddsUp, unclear.UnitsKnown = false, false
	partless.PartsKnown, partless.Net, partless.VAT, partless.Debt, partless.Fixed, partless.Units = false, 0, 0, nil, nil, ""
	for name, c := range map[string]struct {
		result any
		want   vend.Goods
	}{
		"a voucher":             {&Issue{Voucher: voucher}, vend.Goods{Voucher: want}},
		"a voucher by SMS":      {&Issue{SentTo: "27821234567"}, vend.Goods{}},
		"change":                {&Redemption{Change: &voucher}, vend.Goods{Voucher: want}},
		"no change":             {&Redemption{}, vend.Goods{}},
		"airtime":               {&PinlessSale{}, vend.Goods{}},
		"something undone":      {&Undone{Voucher: &voucher}, vend.Goods{}},
		"nothing":               {nil, vend.Goods{}},
		"electricity":           {sale, vend.Goods{Utility: &power}},
		"parts that do not add": {&unclear, vend.Goods{Utility: &partless}},
		"a payment": {
			&Payment{Biller: Biller{Name: "Kasi", CallCentre: "0861"}, Consumer: Consumer{Name: "T M", AccountNumber: "55", Status: "Active"}},
			vend.Goods{Payment: &vend.Payment{Biller: "Kasi", Phone: "0861", Holder: "T M", Account: "55", Status: "Active"}},
		},
	} {
		if diff := cmp.Diff(c.want, goodsOf(c.result), cmp.Comparer(func(a, b secret.Text) bool { return a.Equal(b.Reveal()) })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
