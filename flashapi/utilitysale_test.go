package flashapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/secret"
)

func lightForFifty() UtilityPurchase {
	return UtilityPurchase{Reference: testRef, Meter: testMeter, Amount: 50_00}
}

// Key change tokens, obviously made up.
const (
	keyToken1 = "11111111112222222222"
	keyToken2 = "33333333334444444444"
	freeToken = "55555555556666666666"
)

// saleAnswer is what the document shows as the answer to a purchase (section
// 3.1.27), with a key change.
const saleAnswer = goodHead + `,"amount":5000,
	"billingInfo":{"taxAmount":391,"unitType":"kWh","units":12.05,"freeUnits":0,"exclusiveAmount":2609,"receiptNumber":"R-7","transactionNumber":77},
	"charges":{"debt":{"value":1500,"description":"Rates"},"fixedCost":[{"value":500,"description":"Service"}]},
	"meterinfo":{"meterNumber":"` + testMeter + `","keyRevisionNumber":2,"supplyGroupCode":4521,"tariffIndex":7,"tokenTechnology":"02","algorithmCode":"07",
		"oldSupplyGroupCode":"004521","oldTariffIndex":"07","oldKeyRevisionNumber":"1",
		"newSupplyGroupCode":"004521","newTariffIndex":"07","newKeyRevisionNumber":"2",
		"customerInfo":{"name":"N Mokoena","address":"1 Main Road"},
		"utilityInfo":{"address":"PO Box 1","callCentre":"08600 37566","utilityname":"Eskom","vatNumber":"4999999901"},
		"consumerMessage":"Save water","tariffName":"Homelight 20A"},
	"tokens":[{"tokenDescription":"Credit Token","serialNumber":"S3","token":"` + lightToken + `"},
		{"tokenDescription":"Key Change Token 1","serialNumber":"S1","token":"1111 1111 1122 2222 2222"},
		{"tokenDescription":"Key Change Token 2","serialNumber":"S2","token":"` + keyToken2 + `"}],
	"tariffBlocks":[{"amount":2609,"units":12.05,"costPerUnit":216.5,"tariffName":"Energy"}]}`

// draftSaleAnswer is the same as the draft shows it (its section 3.1.13).
const draftSaleAnswer = goodHead + `,"amount":5000,
	"billingInfo":{"arrearValue":35000,"arrearDesc":"Rates","maximumVendValue":200000,"minimumVendValue":1000,"tariffName":"Homelight 20A"},
	"debt":{"value":1500,"description":"Rates","outstanding":"33500","tariffDescription":"","tax":0,"taxInvoiceNumber":"TI1"},
	"fixedCost":[{"value":500,"description":"Service","tariffDescription":"Basic","tax":0}],
	"keyChangeTokenData":{"newKeyRevisionNumber":"2","newSupplyGroupCode":"004521","newTariffIndex":"07",
		"oldKeyRevisionNumber":"1","oldSupplyGroupCode":"004521","oldTariffIndex":"07"},
	"meterInfo":{"algorithmCode":"07","customerInfo":{"address":"1 Main Road","name":"N Mokoena"},"keyRevisionNumber":"2",
		"meterNumber":"` + testMeter + `","supplyGroupCode":"004521","tariffIndex":"07","tokenTechnology":"02",
		"utilityInfo":{"address":"PO Box 1","callCentre":"08600 37566","name":"Eskom","vatNumber":"4999999901"}},
	"tariffBlocks":[{"name":"Energy"}],
	"tokens":[{"value":3000,"tariffDescription":"","tariffName":"Energy","tax":391,"token":"` + lightToken + `","tokenDescription":"Credit Token",
			"type":"CREDIT","units":{"description":"","quantity":12.05,"unitType":"kWh"}},
		{"value":0,"tax":0,"token":"` + keyToken1 + `","tokenDescription":"Key Change Token 1","type":"KCT","units":null},
		{"value":0,"tax":0,"token":"` + keyToken2 + `","tokenDescription":"Key Change Token 2","type":"KCT","units":{"quantity":0}}]}`

// dec makes a decimal of its text.
func dec(s string) Decimal {
	d, err := ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

func readSale() *UtilitySale {
	meter := readMeter()
	return &UtilitySale{
		Receipt: meter.Receipt, Supply: meter.Supply,
		Tokens: []MeterToken{
			{Use: TokenCredit, Description: "Credit Token", SerialNumber: "S3", Value: secret.New(lightToken)},
			{Use: TokenKeyChange, Description: "Key Change Token 1", SerialNumber: "S1", Value: secret.New(keyToken1)},
			{Use: TokenKeyChange, Description: "Key Change Token 2", SerialNumber: "S2", Value: secret.New(keyToken2)},
		},
		Old: Keys{"004521", "07", "1"}, New: Keys{"004521", "07", "2"},
		Units: dec("12.05"), UnitsKnown: true, UnitType: "kWh",
		Bill: Bill{
			Exclusive: 26_09, Tax: 3_91, AddsUp: true,
			Debts: []Charge{{Description: "Rates", Amount: 15_00}}, FixedCosts: []Charge{{Description: "Service", Amount: 5_00}},
		},
		TariffBlocks:  []TariffBlock{{Name: "Energy", Amount: 26_09, Units: dec("12.05"), CostPerUnit: dec("216.5")}},
		ReceiptNumber: "R-7", TransactionNumber: "77", ConsumerMessage: "Save water",
	}
}

func TestASaleOfElectricityIsReadInEveryDocumentedForm(t *testing.T) {
	for name, c := range map[string]struct {
		pairs []string
		want  func(*UtilitySale)
	}{
		"as documented":      {nil, func(*UtilitySale) {}},
		"meterInfo and name": {[]string{`"meterinfo"`, `"meterInfo"`, `"utilityname"`, `"name"`}, func(*UtilitySale) {}},
		"codes as text": {[]string{`:4521`, `:"004521"`, `"tariffIndex":7`, `"tariffIndex":"07"`, `"keyRevisionNumber":2`, `"keyRevisionNumber":"2"`},
			func(*UtilitySale) {}},
		"keys as numbers": {[]string{`"004521","oldTariffIndex":"07","oldKeyRevisionNumber":"1"`, `4521,"oldTariffIndex":7,"oldKeyRevisionNumber":1`},
			func(*UtilitySale) {}},
		"no key change": {[]string{`"004521","oldTariffIndex":"07","oldKeyRevisionNumber":"1"`, `"","oldTariffIndex":null,"oldKeyRevisionNumber":""`},
			func(s *UtilitySale) { s.Old = Keys{} }},
		"money as text": {[]string{`391`, `"391"`, `:2609`, `:"2609.00"`, `1500`, `"1500"`, `"amount":2609`, `"amount":"2609"`}, func(*UtilitySale) {}},
		"money in rand": {[]string{`391`, `3.91`, `:2609`, `:26.09`, `1500`, `15`, `"value":500`, `"value":"5.00"`, `"amount":2609`, `"amount":26.09`, `216.5`, `2.165`},
			func(s *UtilitySale) { s.Bill.InRand, s.TariffBlocks[0].CostPerUnit = true, dec("2.165") }},
		"units as text":        {[]string{`"units":12.05`, `"units":"12.050"`, `"freeUnits":0`, `"freeUnits":"0.0"`}, func(*UtilitySale) {}},
		"with free units":      {[]string{`"freeUnits":0`, `"freeUnits":50`}, func(s *UtilitySale) { s.FreeUnits = dec("50") }},
		"with units of tokens": {[]string{`"serialNumber":"S3"`, `"serialNumber":"S3","units":12.05`}, func(*UtilitySale) {}},
		"no units":             {[]string{`"units":12.05,`, ``}, func(s *UtilitySale) { s.Units, s.UnitsKnown = Decimal{}, false }},
		"debt in a list":       {[]string{`{"value":1500,"description":"Rates"}`, `[{"value":1500,"description":"Rates"}]`}, func(*UtilitySale) {}},
		"cost in no list":      {[]string{`[{"value":500,"description":"Service"}]`, `{"value":500,"description":"Service"}`}, func(*UtilitySale) {}},
		"block in no list":     {[]string{`"tariffBlocks":[`, `"tariffBlocks":`, `"tariffName":"Energy"}]`, `"tariffName":"Energy"}`}, func(*UtilitySale) {}},
		"charges at the top":   {[]string{`"charges":{`, ``, `"description":"Service"}]}`, `"description":"Service"}]`}, func(*UtilitySale) {}},
		"null where there is nothing": {[]string{`[{"value":500,"description":"Service"}]`, `null`, `{"value":1500,"description":"Rates"}`, `null`,
			`2609`, `4609`, `"tariffBlocks":[{"amount":2609,"units":12.05,"costPerUnit":216.5,"tariffName":"Energy"}]`, `"tariffBlocks":null`},
			func(s *UtilitySale) {
				s.Bill.Exclusive, s.Bill.Debts, s.Bill.FixedCosts, s.TariffBlocks = 46_09, nil, nil, nil
			}},
		"a bill that does not add up": {[]string{`391`, `392`, `1500`, `1600`}, func(s *UtilitySale) {
			s.Bill.AddsUp, s.Bill.Tax, s.Bill.Debts[0].Amount = false, 3_92, 16_00
		}},
		"the number as text": {[]string{`77},`, `"77"},`}, func(*UtilitySale) {}},
	} {
		want := readSale()
		c.want(want)
		v := Judge(message(lightForFifty()), answered(200, swap(t, saleAnswer, c.pairs...)), First)
		if diff := cmp.Diff(any(want), v.Result, sameSecret); diff != "" || v.Settled != Happened || v.Alert || v.CallCentre != "08600 37566" {
			t.Errorf("%s: %+v\n(-want +got):\n%s", name, v, diff)
		}
	}
}

func TestASaleOfTheDraftIsRead(t *testing.T) {
	want := readSale()
	for i := range want.Tokens {
		want.Tokens[i].SerialNumber = ""
	}
	want.Tokens[0].Units = dec("12.05")
	want.Bill.Debts[0].Outstanding, want.Bill.Debts[0].TaxInvoice = "33500", "TI1"
	want.Bill.FixedCosts[0].Tariff = "Basic"
	want.TariffBlocks = []TariffBlock{{Name: "Energy"}}
	want.ReceiptNumber, want.TransactionNumber, want.ConsumerMessage = "", "", ""
	for name, pairs := range map[string][]string{
		"as in the draft": nil,
		"numbers as text": {`:3000`, `:"3000"`, `:391`, `:"391"`, `12.05`, `"12.05"`},
		"meterinfo":       {`"meterInfo"`, `"meterinfo"`},
	} {
		v := Judge(message(lightForFifty()), answered(200, swap(t, draftSaleAnswer, pairs...)), First)
		if diff := cmp.Diff(any(want), v.Result, sameSecret); diff != "" || v.Alert {
			t.Errorf("%s: %+v\n(-want +got):\n%s", name, v, diff)
		}
	}
}

func TestTheUnitsOfTokensAreAddedUpWhereTheBillHasNone(t *testing.T) {
	const kct = `{"token":"1","type":"KCT","units":{"quantity":9}}`
	for tokens, want := range map[string]struct {
		units, free, kind string
		known, alert      bool
	}{
		`{"token":"2","units":{"quantity":10.1,"unitType":"kl"}}`:                                                                                 {"10.1", "0", "kl", true, false},
		`[{"token":"2","type":"credit","units":{"quantity":"10.1"}},{"token":"3","type":"credit","units":{"quantity":0.9}}]`:                      {"11", "0", "", true, false},
		`[` + kct + `,{"token":"2","type":"credit","units":{"quantity":10}},{"token":"3","type":"FBE","units":{"quantity":50,"unitType":"kWh"}}]`: {"10", "50", "kWh", true, false},
		`[{"token":"2"}]`: {"0", "0", "", false, false},
		`[{"token":"2","units":{"quantity":"many"}}]`: {"0", "0", "", false, true},
		`[{"token":"2","units":12}]`:                  {"0", "0", "", false, true},
		`[{"token":"2","type":"credit","units":{"quantity":999999999999999999}},{"token":"2","type":"credit","units":{"quantity":1}}]`: {"0", "0", "", false, true},
	} {
		v := Judge(message(lightForFifty()), answered(200, `{"responseCode":0,"tokens":`+tokens+`}`), First)
		s, ok := v.Result.(*UtilitySale)
		if !ok {
			t.Errorf("%s: %+v", tokens, v)
			continue
		}
		if s.Units.String() != want.units || s.FreeUnits.String() != want.free || s.UnitType != want.kind || s.UnitsKnown != want.known || v.Alert != want.alert {
			t.Errorf("%s: %s and %s free of %q, known %v, alert %v", tokens, s.Units, s.FreeUnits, s.UnitType, s.UnitsKnown, v.Alert)
		}
	}
}

func TestElectricityWithoutATokenIsOwed(t *testing.T) {
	for _, tokens := range []string{
		`null`, `[]`, `{}`, `"none"`, `12`, `[null]`, `[{}]`, `[{"tokenDescription":"Credit Token","token":""}]`, `[{"token":null}]`, `[{"token":{}}]`,
		`["` + lightToken + `"]`, `[{"token":1.7e19}]`,
		`[{"tokenDescription":"Key Change Token 1","token":"` + keyToken1 + `"},{"tokenDescription":"KCT2","token":"` + keyToken2 + `"}]`,
		`[{"tokenDescription":"KCT1","token":"` + keyToken1 + `"},{"tokenDescription":"Credit Token","token":" "}]`,
	} {
		for _, again := range []Sending{First, Again} {
			for _, m := range []Message{message(lightForFifty()), message(UtilityPurchase{Reference: testRef, Meter: testMeter, Free: true})} {
				v := Judge(m, answered(200, `{"responseCode":0,"tokens":`+tokens+`}`), again)
				if v.Settled != Open || !v.Owed || !v.Alert || v.Person || v.Result != nil {
					t.Errorf("%s: %+v", tokens, v)
				}
			}
		}
	}
	if v := Judge(message(lightForFifty()), answered(200, `{"responseCode":0,"amount":5000}`), First); !v.Owed || v.Amount != 50_00 {
		t.Errorf("without tokens at all: %+v", v)
	}
}

func TestASaleThatIsNotQuiteRightIsDeliveredWithAnAlert(t *testing.T) {
	for name, pairs := range map[string][]string{
		"another amount":     {`"amount":5000`, `"amount":4000`},
		"no money moved":     {`"amount":5000`, `"amount":0`},
		"an amount in words": {`"amount":5000`, `"amount":"x"`},
		"another meter":      {testMeter, "14000000027"},
		"units in words":     {`12.05`, `"many"`},
	} {
		v := Judge(message(lightForFifty()), answered(200, swap(t, saleAnswer, pairs...)), First)
		s, ok := v.Result.(*UtilitySale)
		if !ok || v.Settled != Happened || !v.Alert || !s.Alert || s.Detail == "" || len(s.Tokens) < 2 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestTokensThatWordsDoNotTellAreToldByTheKeys(t *testing.T) {
	body := swap(t, saleAnswer, "Credit Token", "Token", "Key Change Token 1", "Token", "Key Change Token 2", "Token", lightToken, keyToken1,
		"1111 1111 1122 2222 2222", keyToken2, `"`+keyToken2+`"}],`, `"`+lightToken+`"}],`)
	s := Judge(message(lightForFifty()), answered(200, body), First).Result.(*UtilitySale)
	var got []string
	for _, token := range s.InOrder() {
		got = append(got, token.Use.String()+" "+token.Value.Reveal())
	}
	want := []string{"key_change " + keyToken1, "key_change " + keyToken2, "credit " + lightToken}
	if diff := cmp.Diff(want, got); diff != "" || !s.KeysChange() {
		t.Errorf("keys change: %v (-want +got):\n%s", s.KeysChange(), diff)
	}
}

func TestKeysChangeOnlyWhereBothAreKnownAndDiffer(t *testing.T) {
	for _, c := range []struct {
		before, after Keys
		want          bool
	}{
		{Keys{}, Keys{}, false},
		{Keys{}, Keys{"004521", "07", "2"}, false},
		{Keys{"004521", "07", "1"}, Keys{}, false},
		{Keys{"004521", "07", "2"}, Keys{"004521", "07", "2"}, false},
		{Keys{"004521", "07", "1"}, Keys{"004521", "07", "2"}, true},
		{Keys{"004521", "", "1"}, Keys{"", "07", "1"}, false},
		{Keys{"004521", "07", "2"}, Keys{"100405", "07", "2"}, true},
		{Keys{"004521", "07", "2"}, Keys{"004521", "03", "2"}, true},
	} {
		if got := (UtilitySale{Old: c.before, New: c.after}).KeysChange(); got != c.want {
			t.Errorf("%v to %v: %v", c.before, c.after, got)
		}
	}
}

func TestASaleInALogShowsNeitherTokenNorName(t *testing.T) {
	v := Judge(message(lightForFifty()), answered(200, saleAnswer), First)
	words := []string{lightToken, keyToken1, keyToken2, "1111 1111", "Mokoena", "Main Road", testMeter, "Save water"}
	namesNobody(t, v.Result, words...)
	namesNobody(t, *v.Result.(*UtilitySale), words...)
	if said := fmt.Sprintf("%v %+v %#v", v, v, v); strings.Contains(said, lightToken) || strings.Contains(said, "Mokoena") {
		t.Errorf("a verdict shows it: %s", said)
	}
	namesNobody(t, v.Result.(*UtilitySale).Tokens, words...)
}

// tokensIn are the tokens of an answer, as they stand in it.
func tokensIn(body []byte) []string {
	var w saleWire
	if decodeObject(body, &w) != nil {
		return nil
	}
	var all []string
	for _, t := range w.Tokens.all {
		if t.Token.Len() >= 4 { // shorter ones are in any text
			all = append(all, t.Token.Reveal())
		}
	}
	return all
}

// oddSales are our own words about a sale, of which an odd token may be one.
const oddSales = "sold, but the amount cannot be read; sold for another amount than was asked for; sold for another meter than was asked for; " +
	"sold, but a token in the answer cannot be read; sold, but the units cannot be read"

// checkSale holds any answer to a purchase against the rules for tokens.
func checkSale(t interface{ Fatalf(string, ...any) }, m Message, body []byte, status int) {
	for _, again := range []Sending{First, Again} {
		v := Judge(m, answered(status, string(body)), again)
		sale, sold := v.Result.(*UtilitySale)
		if sold != (v.Settled == Happened) && !v.Owed || (sold && len(sale.Tokens) == 0) {
			t.Fatalf("sold without a token: %+v", v)
		}
		if !sold {
			continue
		}
		for _, token := range sale.Tokens {
			if token.Value.Empty() {
				t.Fatalf("sold with an empty token")
			}
		}
		if len(sale.InOrder()) != len(sale.Tokens) {
			t.Fatalf("%d tokens in order, of %d", len(sale.InOrder()), len(sale.Tokens))
		}
		for _, token := range tokensIn(body) {
			for where, said := range map[string]string{"detail": v.Detail, "call centre": v.CallCentre, "receipt": sale.Detail} {
				if strings.Contains(said, token) && !strings.Contains(oddSales, token) {
					t.Fatalf("a token in the %s %q", where, said)
				}
			}
		}
	}
}

func FuzzUtilityAnswer(f *testing.F) {
	for _, s := range []string{
		saleAnswer, draftSaleAnswer, `{"responseCode":0,"tokens":{"token":17432890165527340988}}`, `{"responseCode":0,"tokens":[]}`,
		`{"responseCode":0,"transactionId":"` + lightToken + `","tokens":[{"token":"` + lightToken + `"}],"meterinfo":{"utilityInfo":{"callCentre":"` + lightToken + `"}}}`,
		`{"responseCode":2303,"responseMessage":"` + lightToken + `"}`, `{"responseCode":0,"tokens":[{"token":"abc"},[]],"charges":[],"debt":{"value":1e17}}`,
	} {
		f.Add([]byte(s), 200)
	}
	paid, claimed := message(lightForFifty()), message(UtilityPurchase{Reference: testRef, Meter: testMeter, Free: true})
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, m := range []Message{paid, claimed} {
			checkVerdict(t, m, body, status)
			checkSale(t, m, body, status)
		}
	})
}

func TestAnyMixtureOfTokensIsSoldWithThemOrOwed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
		var tokens []string
		for range rapid.IntRange(0, 5).Draw(t, "tokens") {
			tokens = append(tokens, pick("token", `null`, `{}`, `{"token":"`, `{"tokenDescription":"FBE","token":"`, `{"tokenDescription":"KCT","token":"`, `{"type":"Credit","token":"`))
			if last := &tokens[len(tokens)-1]; strings.HasSuffix(*last, `"`) {
				*last += pick("value", "", lightToken, "1234 5678", keyToken1) + `"}`
			}
		}
		body := `{"responseCode":0,"amount":` + pick("amount", "5000", `"5000"`, "0", "null", `"x"`) + `,"tokens":[` + strings.Join(tokens, ",") + `],
			"meterinfo":{"oldKeyRevisionNumber":1,"newKeyRevisionNumber":` + pick("revision", "1", "2", `""`) + `},
			"responseMessage":"` + pick("words", "Success", lightToken, "1743 2890 1655 2734 0988") + `"}`
		for _, m := range []Message{message(lightForFifty()), message(UtilityPurchase{Reference: testRef, Meter: testMeter, Free: true})} {
			checkSale(t, m, []byte(body), 200)
			if v := Judge(m, answered(200, body), First); v.Settled != Happened && !v.Owed {
				t.Fatalf("%s: %+v", body, v)
			}
		}
	})
}

func TestATokenThatCannotBeReadIsOwed(t *testing.T) {
	const whole = "17432890165527340988"
	for name, c := range map[string]struct {
		tokens string
		owed   bool
	}{
		"all of them":            {`{"tokenDescription":"Credit","token":"` + whole + `"}`, false},
		"the credit":             {`{"tokenDescription":"Free Basic Electricity","token":"` + whole + `"},{"tokenDescription":"Credit","serialNumber":"5","token":""}`, true},
		"a key change":           {`{"tokenDescription":"Credit","token":"` + whole + `"},{"tokenDescription":"Key Change 1","token":null}`, true},
		"of untold use":          {`{"tokenDescription":"Credit","token":"` + whole + `"},{"serialNumber":"9","token":"****"}`, true},
		"a free one":             {`{"tokenDescription":"Credit","token":"` + whole + `"},{"tokenDescription":"FBE","token":""}`, false},
		"one for the technician": {`{"tokenDescription":"Credit","token":"` + whole + `"},{"tokenDescription":"Clear tamper","token":""}`, false},
		"an empty line":          {`{"tokenDescription":"Credit","token":"` + whole + `"},{}`, false},
		"what is no token":       {`{"tokenDescription":"Credit","token":"` + whole + `"},7`, true},
	} {
		body := `{"responseCode":0,"amount":2000,"tokens":[` + c.tokens + `]}`
		v := Judge(message(UtilityPurchase{Reference: testRef, Meter: "04123456784", Amount: 20_00}), answered(200, body), First)
		if v.Owed != c.owed || (v.Settled == Happened) == c.owed {
			t.Errorf("%s cannot be read: %+v", name, v)
			continue
		}
		// What can be read is kept either way.
		sale, ok := v.Result.(*UtilitySale)
		if !ok || len(sale.Tokens) != 1 || !sale.Tokens[0].Value.Equal(whole) {
			t.Errorf("%s cannot be read, and the rest is %v", name, v.Result)
		}
	}
}
