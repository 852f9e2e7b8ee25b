package electrumapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// happy is a success about the sale of a kind, with more members.
func happy(k vend.Kind, more string) string {
	about := `"product":{"productId":"VOD10"}`
	switch k {
	case vend.KindAirtime, vend.KindData:
		about += `,"msisdn":{"msisdn":"+27821234567"}`
	case vend.KindElectricity:
		about = `"meter":{"meterId":"4123456784"}`
	}
	if more != "" {
		about += "," + more
	}
	return fmt.Sprintf(`{"id":%q,"thirdPartyIdentifiers":[{"institutionId":"100042","transactionIdentifier":"ours"},
		{"institutionId":"9","transactionIdentifier":"E1"},{"institutionId":"8","transactionIdentifier":"PROV7"}],%s}`, ID(LabelRequest, testRef), about)
}

// sameSecrets compares goods.
var sameSecrets = cmp.Comparer(func(a, b secret.Text) bool { return a.Equal(b.Reveal()) })

// sold sends a sale whose answer is a success.
func sold(t *testing.T, s vend.Sale, body string) vend.Answer {
	t.Helper()
	p, _ := hostOf(t, ProviderOptions{}, &said{201, body, nil})
	return p.Send(t.Context(), prepared(t, p, s), vend.Past{})
}

func TestVouchersAreInTheShopsWords(t *testing.T) {
	pin := secret.New(testPIN)
	for name, c := range map[string]struct {
		kind vend.Kind
		more string
		want vend.Voucher
	}{
		"airtime": {
			vend.KindAirtimePIN, `"voucher":{"pin":"` + testPIN + `","serialNumber":"S1","expiryDate":"2029-03-02T23:59:59.000+0200","redeemInstructions":["Dial *136#",""," Press call "]},"slipData":{"messageLines":[{"text":"slip"}]}`,
			vend.Voucher{PIN: pin, Amount: 10_00, Serial: "S1", Expires: "2029-03-02", HowTo: secret.New("Dial *136#\nPress call")},
		},
		"airtime, with a slip alone": {
			vend.KindAirtimePIN, `"voucher":{"pin":"` + testPIN + `"},"slipData":{"messageLines":[{"text":"Dial"},{"text":"*136#"}]}`,
			vend.Voucher{PIN: pin, Amount: 10_00, HowTo: secret.New("Dial\n*136#")},
		},
		"a PIN for a serial number": {
			vend.KindAirtimePIN, `"voucher":{"pin":"` + testPIN + `","serialNumber":"` + testPIN + `"}`, vend.Voucher{PIN: pin, Amount: 10_00},
		},
		"a gift": {
			vend.KindGift, `"voucher":{"code":"` + testPIN + `","serialNumber":"S2","redeemInstructions":["At the till"]}`,
			vend.Voucher{PIN: pin, Amount: 10_00, Serial: "S2", HowTo: secret.New("At the till")},
		},
		"a gift with a PIN beside its code": {
			vend.KindGift, `"voucher":{"code":"` + testPIN + `","pin":{"type":"CLEAR_PIN","pin":"4711"},"redeemInstructions":["At the till"]}`,
			vend.Voucher{PIN: pin, Amount: 10_00, HowTo: secret.New("PIN 4711.\nAt the till")},
		},
	} {
		a := sold(t, saleOf(c.kind), happy(c.kind, c.more))
		if a.Outcome != vend.Delivered || a.ProviderRef != "PROV7" || a.Advice == nil {
			t.Errorf("%s: %+v", name, a)
			continue
		}
		if diff := cmp.Diff(c.want, *a.Goods.Voucher, sameSecrets); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

const (
	creditToken = "12345678901234567890"
	changeOne   = "11111111111111111111"
	changeTwo   = "22222222222222222222"
	freeToken   = "33333333333333333333"
)

func TestTokensAreInTheShopsWords(t *testing.T) {
	body := happy(vend.KindElectricity, `"customer":{"firstName":"T","lastName":"Mokoena"},"utility":{"name":"Eskom","vatRegNum":"4999","message":"Save"},
		"meter":{"meterId":"4123456784","supplyGroupCode":"004521","tariffIndex":"07","keyRevisionNum":"1"},
		"purchaseTotal":{"amount":500,"currency":"710"},"taxTotal":{"amount":75,"currency":"710"},
		"amounts":{"approvedAmount":{"amount":1000,"currency":"710"}},"vatInvoiceNumber":"INV7",
		"debtRecoveryCharges":[{"amount":{"amount":225,"currency":"710"},"description":"Arrears","balance":{"amount":9,"currency":"710"}}],
		"serviceCharges":[{"amount":{"amount":200,"currency":"710"},"description":"Fee"}],
		"tokens":[{"tokenType":"STD","units":12.30,"token":"1234 5678 9012 3456 7890","receiptNum":"R1","amount":{"amount":500,"tax":75,"currency":"710"}},
		{"tokenType":"KC","units":0,"token":"`+changeOne+`"},{"tokenType":"BSST","units":"50","token":"`+freeToken+`"},
		{"tokenType":"KC","units":0,"token":"`+changeTwo+`"}],"slipData":{"messageLines":[{"text":"printed"}]}`)
	body = strings.Replace(body, `"meter":{"meterId":"4123456784"},`, "", 1)
	want := vend.Utility{
		Meter: "4123456784", Units: "12.3", Unit: "kWh", FreeUnits: "50", Holder: "T Mokoena", Utility: "Eskom", VATNumber: "4999",
		Receipt: "INV7", Message: "Save", SupplyGroup: "004521", TariffIndex: "07", KeyRevision: "1",
		Tokens: []vend.Token{
			{Use: vend.TokenKeyChange, Value: secret.New(changeOne)}, {Use: vend.TokenKeyChange, Value: secret.New(changeTwo)},
			{Use: vend.TokenCredit, Value: secret.New(creditToken), Serial: "R1"}, {Use: vend.TokenFree, Value: secret.New(freeToken)},
		},
		PartsKnown: true, Net: 500, VAT: 75, Debt: []vend.Charge{{Label: "Arrears", Amount: 225}}, Fixed: []vend.Charge{{Label: "Fee", Amount: 200}},
	}
	a := sold(t, saleOf(vend.KindElectricity), body)
	if a.Outcome != vend.Delivered || a.Amount != 10_00 {
		t.Fatalf("%+v", a)
	}
	if diff := cmp.Diff(want, *a.Goods.Utility, sameSecrets); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Parts that do not add up are not told.
	a = sold(t, saleOf(vend.KindElectricity), strings.Replace(body, `"amount":225`, `"amount":226`, 1))
	want.PartsKnown, want.Net, want.VAT, want.Debt, want.Fixed = false, 0, 0, nil, nil
	if diff := cmp.Diff(want, *a.Goods.Utility, sameSecrets); diff != "" {
		t.Errorf("parts that do not add up (-want +got):\n%s", diff)
	}
}

func TestTokensOfASlipAreFound(t *testing.T) {
	lines := func(all ...string) string {
		return happy(vend.KindElectricity, `"slipData":{"messageLines":[{"text":"`+strings.Join(all, `"},{"text":"`)+`"}]}`)
	}
	a := sold(t, saleOf(vend.KindElectricity), lines(
		"Eskom", "Meter 04123456784", "Credit 12.3 kWh", "1234 5678 9012 3456 7890", "Key change", "1111-1111-1111-1111-1111", "Free units: "+freeToken, "Paid R10.00"))
	want := []vend.Token{
		{Use: vend.TokenKeyChange, Value: secret.New(changeOne)},
		{Use: vend.TokenCredit, Value: secret.New(creditToken)}, {Use: vend.TokenFree, Value: secret.New(freeToken)},
	}
	if a.Outcome != vend.Delivered {
		t.Fatalf("%+v", a)
	}
	if diff := cmp.Diff(want, a.Goods.Utility.Tokens, sameSecrets); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := a.Goods.Utility.Message; got != "Eskom; Meter 04123456784; Credit 12.3 kWh; Key change; Paid R10.00" {
		t.Errorf("message %q", got)
	}
	for name, c := range map[string]struct {
		slip []string
		want []vend.TokenUse
	}{
		"side by side":          {[]string{"KCT: 1111 1111 1111 1111 1111 3333 3333 3333 3333 3333", "Token: 1234 5678 9012 3456 7890"}, []vend.TokenUse{"key_change", "key_change", "credit"}},
		"under one heading":     {[]string{"Token", creditToken, "KEY CHANGE TOKENS", changeOne, changeTwo}, []vend.TokenUse{"key_change", "key_change", "credit"}},
		"without a heading":     {[]string{"Key change", changeOne, changeTwo, creditToken}, []vend.TokenUse{"key_change", "key_change", "credit"}},
		"the heading before it": {[]string{"Free basic", "units: " + freeToken, "Paid", creditToken}, []vend.TokenUse{"free", "credit"}},
	} {
		var got []vend.TokenUse
		for _, token := range sold(t, saleOf(vend.KindElectricity), lines(c.slip...)).Goods.Utility.Tokens {
			got = append(got, token.Use)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// Longer and shorter numbers are none.
	for _, line := range []string{creditToken + "1", creditToken[1:], "0" + "1234 5678 9012 3456 7890", "12345 6789 0123 4567 890"} {
		if a := sold(t, saleOf(vend.KindElectricity), lines(line)); !a.Owed || a.Outcome != vend.Unknown {
			t.Errorf("%q: %+v", line, a)
		}
	}
}

func TestASuccessWithoutTheGoodsIsOwed(t *testing.T) {
	token := `{"tokenType":"STD","units":1,"token":"` + creditToken + `"}`
	for name, c := range map[string]struct {
		kind vend.Kind
		more string
	}{
		"no PIN":                   {vend.KindAirtimePIN, `"voucher":{"serialNumber":"1"}`},
		"no voucher":               {vend.KindAirtimePIN, ``},
		"no code":                  {vend.KindGift, `"voucher":{"serialNumber":"1","pin":{"type":"CLEAR_PIN","pin":"4711"}}`},
		"no tokens":                {vend.KindElectricity, ``},
		"only a token for keys":    {vend.KindElectricity, `"tokens":[{"tokenType":"KC","units":0,"token":"` + changeOne + `"}]`},
		"a token that is not read": {vend.KindElectricity, `"tokens":[` + token + `,{"tokenType":"STD","units":1,"token":null}]`},
	} {
		a := sold(t, saleOf(c.kind), happy(c.kind, c.more))
		if !a.Owed || a.Outcome != vend.Unknown || a.Person || a.Advice != nil {
			t.Errorf("%s: %+v", name, a)
		}
		p, _ := hostOf(t, reversing, &said{201, happy(c.kind, c.more), nil})
		a = p.Send(t.Context(), prepared(t, p, saleOf(c.kind)), vend.Past{})
		if a.Owed || a.Outcome != vend.Unknown || a.Advice == nil || !a.Advice.Undo || !strings.Contains(a.Advice.Body.Reveal(), `"CANCELLED"`) ||
			!strings.Contains(a.Advice.Body.Reveal(), "PROV7") { // an answer came, whose identifiers are echoed
			t.Errorf("%s, reversed: %+v", name, a)
		}
	}
}

func TestANumberMayBeWrittenOtherwise(t *testing.T) {
	token := `"tokens":[{"tokenType":"STD","units":1,"token":"` + creditToken + `"}]`
	for _, c := range []struct {
		kind     vend.Kind
		from, to string
	}{
		{vend.KindAirtime, "+27821234567", "0821234567"},
		{vend.KindAirtime, "+27821234567", "+27 82 123 4567"},
		{vend.KindData, "+27821234567", "0027821234567"},
		{vend.KindElectricity, "4123456784", "0412-345-6784"},
		{vend.KindElectricity, "4123456784", "0 412 345 6784"},
	} {
		more := ""
		if c.kind == vend.KindElectricity {
			more = token
		}
		a := sold(t, saleOf(c.kind), strings.Replace(happy(c.kind, more), c.from, c.to, 1))
		if a.Outcome != vend.Delivered || a.Person || a.Goods.Utility != nil && strings.ContainsAny(a.Goods.Utility.Meter, " -") {
			t.Errorf("%s, written %s: %+v", c.kind, c.to, a)
		}
	}
}

func TestAnAnswerThatContradictsIsAPersons(t *testing.T) {
	for name, c := range map[string]struct {
		kind     vend.Kind
		from, to string
	}{
		"another request":                  {vend.KindAirtime, ID(LabelRequest, testRef), ID(LabelRequest, "P-2")},
		"another product":                  {vend.KindAirtime, "VOD10", "VOD29"},
		"another number":                   {vend.KindAirtime, "+27821234567", "27821234568"},
		"another meter":                    {vend.KindElectricity, "4123456784", "4123456785"},
		"another amount":                   {vend.KindAirtime, `"product"`, `"amounts":{"approvedAmount":{"amount":999,"currency":"710"}},"product"`},
		"another currency":                 {vend.KindAirtime, `"product"`, `"amounts":{"approvedAmount":{"amount":1000,"currency":"840"}},"product"`},
		"another voucher":                  {vend.KindGift, "VOD10", "VOD29"},
		"all of it went to what was owed":  {vend.KindElectricity, `"meter"`, `"debtRecoveryCharges":[{"amount":{"amount":1000,"currency":"710"},"description":"Debt"}],"meter"`},
		"free units, and money was wanted": {vend.KindElectricity, `"meter"`, `"amounts":{"approvedAmount":{"amount":0,"currency":"710"}},"meter"`},
	} {
		body := strings.Replace(happy(c.kind, ""), c.from, c.to, 1)
		if body == happy(c.kind, "") {
			t.Fatalf("%s: nothing is changed", name)
		}
		if a := sold(t, saleOf(c.kind), body); !a.Person || !a.Alert || a.Outcome != vend.Unknown || a.Advice != nil || a.Detail == "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestWaterIsInKilolitres(t *testing.T) {
	token := `"tokens":[{"tokenType":"STD","units":1,"token":"` + creditToken + `"}]`
	for more, want := range map[string]string{
		`"utilityType":"Water"`: "kl", `"utility":{"name":"Rand Water"}`: "kl", `"utilityType":"electricity","utility":{"name":"Rand Water"}`: "kWh", `"utilityType":"x"`: "kWh",
	} {
		if a := sold(t, saleOf(vend.KindElectricity), happy(vend.KindElectricity, more+","+token)); a.Goods.Utility == nil || a.Goods.Utility.Unit != want {
			t.Errorf("%s: %+v, want %s", more, a.Goods.Utility, want)
		}
	}
}

func TestFreeUnitsAreDelivered(t *testing.T) {
	s := saleOf(vend.KindElectricity)
	s.Amount, s.Free = 0, true
	a := sold(t, s, happy(vend.KindElectricity, `"tokens":[{"tokenType":"BSST","units":50,"token":"`+freeToken+`"}],"amounts":{"approvedAmount":{"amount":0,"currency":"710"}}`))
	if a.Outcome != vend.Delivered || a.Amount != ledger.Cents(0) || a.Goods.Utility.FreeUnits != "50" || a.Goods.Utility.PartsKnown || a.Advice == nil {
		t.Errorf("%+v", a)
	}
}
