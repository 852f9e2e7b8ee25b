package sandbox

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rands is a LedgerAmount.
func rands(cents int64) props { return props{"amount": cents, "currency": "710"} }

// cents is a number of an answer, 0 for none.
func cents(v any) int64 {
	n, _ := v.(float64)
	return int64(n)
}

// objects are those of a list in an answer.
func objects(v any) []reply {
	var all []reply
	some, _ := v.([]any)
	for _, one := range some {
		m, _ := one.(map[string]any)
		all = append(all, reply{body: m})
	}
	return all
}

// lookup asks about a meter.
func (l *till) lookup(meter string) reply {
	l.t.Helper()
	id := l.id()
	return l.post(utilityBase+"meterLookups/"+id, request(id, props{"meter": props{"meterId": meter}}))
}

// tokens is a PurchaseRequest.
func tokens(id, meter string, amount int64) props {
	return request(id, props{"meter": props{"meterId": meter}, "purchaseAmount": rands(amount)})
}

// buy sends a purchase with a new id.
func (l *till) buy(meter string, amount int64) (id string, r reply) {
	l.t.Helper()
	id = l.id()
	return id, l.post(utilityBase+"tokenPurchases/"+id, tokens(id, meter, amount))
}

// retry sends a purchase again.
func (l *till) retry(id, meter string, amount int64) reply {
	l.t.Helper()
	return l.post(utilityBase+"tokenPurchases/"+id+"/retry", tokens(id, meter, amount))
}

// confirm and reverse advise about a purchase.

func (l *till) confirm(id string) reply {
	l.t.Helper()
	own := l.id()
	return l.post(utilityBase+"tokenPurchases/"+id+"/confirmations/"+own, advice(own, id, nil))
}

func (l *till) reverse(id string) reply {
	l.t.Helper()
	own := l.id()
	return l.post(utilityBase+"tokenPurchases/"+id+"/reversals/"+own, advice(own, id, props{"reversalReason": "TIMEOUT"}))
}

// kinds are the types of an answer's tokens, in order.
func kinds(r reply) string {
	var all []string
	for _, token := range objects(r.at("tokens")) {
		kind, _ := token.at("tokenType").(string)
		all = append(all, kind)
	}
	return strings.Join(all, " ")
}

// codes are the tokens of an answer, in order.
func codes(r reply) string {
	var all []string
	for _, token := range objects(r.at("tokens")) {
		code, _ := token.at("token").(string)
		all = append(all, code)
	}
	return strings.Join(all, " ")
}

// wantWhole checks that a purchase adds up and that its tokens have 20 digits.
func wantWhole(t *testing.T, what string, r reply, amount int64) {
	t.Helper()
	sum, taxes, net := cents(r.at("purchaseTotal.amount"))+cents(r.at("taxTotal.amount")), int64(0), int64(0)
	for _, token := range objects(r.at("tokens")) {
		code, _ := token.at("token").(string)
		if len(code) != 20 || !allDigits(code) {
			t.Errorf("%s: a token has %d characters", what, len(code))
		}
		if token.at("tokenType") == "STD" {
			net += cents(token.at("amount.amount"))
		}
		taxes += cents(token.at("amount.tax"))
	}
	for _, name := range []string{"debtRecoveryCharges", "serviceCharges"} {
		for _, charge := range objects(r.at(name)) {
			taxes += cents(charge.at("amount.tax"))
			sum += cents(charge.at("amount.amount"))
			if words, _ := charge.at("description").(string); words == "" || len(words) > 40 {
				t.Errorf("%s: charge %v", what, charge.body)
			}
		}
	}
	if sum != amount || taxes != cents(r.at("taxTotal.amount")) || net != cents(r.at("purchaseTotal.amount")) {
		t.Errorf("%s: parts are worth %d with taxes of %d and tokens of %d; %s", what, sum, taxes, net, r.text)
	}
	if got := cents(r.at("amounts.approvedAmount.amount")); got != amount {
		t.Errorf("%s: approved %d, want %d", what, got, amount)
	}
}

func TestEveryTestMeterIsFoundAndSoldWhatItStandsFor(t *testing.T) {
	l := setup(t)
	for _, c := range []struct {
		meter         string
		amount        int64
		kinds         string
		debts, fees   int
		kind          string
		arrears, free bool
	}{
		{"14000000019", 100_00, "STD", 0, 0, "electricity", false, false},
		{"14000000027", 2000_00, "STD", 0, 0, "electricity", false, false},
		{"0014000000035", 100_00, "STD", 0, 0, "electricity", false, false},
		{"04123456784", 100_00, "STD", 0, 0, "electricity", false, false},
		{"14000000043", 100_00, "STD", 1, 0, "electricity", true, false},
		{"14000000050", 200_00, "STD", 1, 0, "electricity", true, false},
		{"14000000068", 200_00, "STD", 0, 2, "electricity", false, false},
		{"14000000076", 50_00, "STD", 0, 0, "electricity", false, false},
		{"14000000084", 100_00, "STD BSST", 0, 0, "electricity", false, true},
		{"14000000092", 0, "BSST", 0, 0, "electricity", false, true},
		{"14000000100", 100_00, "STD", 0, 0, "electricity", false, false},
		{"14000000167", 100_00, "STD", 0, 0, "electricity", false, false},
		{"14000000118", 100_00, "KC KC STD", 0, 0, "electricity", false, false},
		{"14000000126", 100_00, "KC KC KC KC STD", 0, 0, "electricity", false, false},
		{"14000000134", 1000_00, "KC KC STD BSST", 1, 2, "electricity", true, true},
		{"7012345", 50_00, "STD", 0, 1, "electricity", false, false},
		{"14000000159", 50_00, "STD", 0, 0, "water", false, false},
		{"TST001", 100_00, "STD", 0, 0, "electricity", false, false},
		{"TST002", 0, "BSST", 0, 0, "electricity", false, true},
		{"TST003", 100_00, "STD BSST", 0, 0, "electricity", false, true},
		{"TST004", 100_00, "STD", 0, 0, "electricity", false, false},
		{"TST005", 50_00, "STD REFUND", 0, 0, "electricity", false, false},
		{"TST006", 100_00, "KC KC STD", 0, 0, "electricity", false, false},
		{"TST007", 200_00, "STD", 1, 1, "electricity", true, false},
		{"TST008", 200_00, "STD", 2, 0, "electricity", true, false},
		{"TST009", 200_00, "STD", 0, 2, "electricity", false, false},
	} {
		found := l.lookup(c.meter)
		found.want(t, "lookup of "+c.meter, 201, "")
		if found.at("meter.meterId") != c.meter || found.at("meter.serviceType") != c.kind || found.at("bsstDue") != c.free ||
			(found.at("arrearsAmount") != nil) != c.arrears || found.at("customer.lastName") == nil {
			t.Errorf("lookup of %s: %s", c.meter, found.text)
		}
		if least, most := cents(found.at("minAmount.amount")), cents(found.at("maxAmount.amount")); c.amount > most || c.amount > 0 && c.amount < least {
			t.Errorf("%s is sold for %d to %d", c.meter, least, most)
		}
		_, sold := l.buy(c.meter, c.amount)
		sold.want(t, c.meter, 201, "")
		wantWhole(t, c.meter, sold, c.amount)
		if got := kinds(sold); got != c.kinds || len(objects(sold.at("debtRecoveryCharges"))) != c.debts || len(objects(sold.at("serviceCharges"))) != c.fees {
			t.Errorf("%s: tokens %s, charges %v %v", c.meter, got, sold.at("debtRecoveryCharges"), sold.at("serviceCharges"))
		}
		if sold.at("utilityType") != c.kind || sold.at("utility.name") == nil || len(objects(sold.at("thirdPartyIdentifiers"))) != 4 {
			t.Errorf("%s: %s", c.meter, sold.text)
		}
	}
}

func TestScenariosAnswerTheSameEveryTime(t *testing.T) {
	l := setup(t)
	for _, m := range scenarioMeters()[:9] {
		_, first := l.buy(m.number, m.min)
		_, again := l.buy(m.number, m.min)
		again.want(t, m.number, 201, "")
		if kinds(first) != kinds(again) || !cmp.Equal(first.at("purchaseTotal"), again.at("purchaseTotal")) {
			t.Errorf("%s: %v, then %v", m.number, first.at("tokens"), again.at("tokens"))
		}
	}
	_, blocks := l.buy("TST004", 100_00)
	if calc := objects(blocks.at("tokens.0.tariffCalc")); len(calc) != 2 || calc[0].at("rate") != 117.3 || calc[0].at("units") != 50.0 {
		t.Errorf("tariff blocks %v", calc)
	}
	_, changes := l.buy("TST006", 100_00)
	if amount, _ := changes.at("tokens.0.amount").(map[string]any); len(amount) != 1 || amount["amount"] != 0.0 {
		t.Errorf("the amount of a key change token of that server is %v", amount)
	}
	if got := changes.at("purchaseTotal.currency"); got != 710.0 {
		t.Errorf("that server writes the currency as %v", got)
	}
	_, slip := l.buy("TST010", 100_00)
	if slip.status != 201 || slip.at("tokens") != nil || len(objects(slip.at("slipData.messageLines"))) < 5 {
		t.Errorf("slip in place of the fields: %s", slip.text)
	}
}

func TestDebtsAndFreeUnitsAreOfTheMonth(t *testing.T) {
	l := setup(t)
	for i, debt := range []int64{160_00, 190_00, 0} { // 40 % of R400, R500 and R500, up to R350
		amount := int64(500_00)
		if i == 0 {
			amount = 400_00
		}
		_, sold := l.buy("14000000043", amount)
		wantWhole(t, "owing meter", sold, amount)
		paid := int64(0)
		for _, charge := range objects(sold.at("debtRecoveryCharges")) {
			paid += cents(charge.at("amount.amount"))
		}
		if paid != debt {
			t.Errorf("purchase %d pays %d off, want %d", i+1, paid, debt)
		}
	}
	_, first := l.buy("14000000084", 100_00)
	_, second := l.buy("14000000084", 100_00)
	if kinds(first) != "STD BSST" || kinds(second) != "STD" {
		t.Errorf("free units: %s, then %s", kinds(first), kinds(second))
	}
	if found := l.lookup("14000000084"); found.at("bsstDue") != false {
		t.Errorf("free units are still due: %s", found.text)
	}
	l.now.Store(30 * 86400) // 31 May
	if _, sold := l.buy("14000000084", 0); sold.at("errorType") != "NO_FREE_UNITS_DUE" {
		t.Errorf("in the same month: %s", sold.text)
	}
	l.now.Store(31 * 86400)
	if _, sold := l.buy("14000000084", 0); sold.status != 201 || kinds(sold) != "BSST" {
		t.Errorf("in the next month: HTTP %d, %s", sold.status, sold.text)
	}
	l.sandbox.Reset()
	if _, sold := l.buy("14000000084", 0); sold.status != 201 || kinds(sold) != "BSST" {
		t.Errorf("after a reset: HTTP %d, %s", sold.status, sold.text)
	}
}

func TestAMeterIsRefusedForAReason(t *testing.T) {
	l := setup(t, func(o *Options) { o.Float = 400_00 })
	for name, c := range map[string]struct {
		meter  string
		amount int64
		status int
		kind   string
	}{
		"wrong check digit":      {"04123456789", 20_00, 400, "UNKNOWN_METER_ID"},
		"ten digits":             {"0412345678", 20_00, 400, "UNKNOWN_METER_ID"},
		"letters":                {"ABCDEFGHIJK", 20_00, 400, "UNKNOWN_METER_ID"},
		"unknown sub-meter":      {"7654321", 20_00, 400, "UNKNOWN_METER_ID"},
		"unknown scenario":       {"TST012", 20_00, 400, "UNKNOWN_METER_ID"},
		"no number":              {"", 20_00, 400, "UNKNOWN_METER_ID"},
		"with a dash":            {"1400-0000019", 20_00, 400, "FORMAT_ERROR"},
		"nothing":                {"14000000019", 0, 400, "NO_FREE_UNITS_DUE"},
		"too little":             {"14000000019", 9_99, 400, "AMOUNT_TOO_LOW"},
		"too much":               {"14000000019", 5000_01, 400, "AMOUNT_TOO_HIGH"},
		"too much water":         {"14000000159", 2000_01, 400, "AMOUNT_TOO_HIGH"},
		"under the meter":        {"14000000076", 49_99, 400, "AMOUNT_TOO_LOW"},
		"over the meter":         {"14000000076", 500_01, 400, "AMOUNT_TOO_HIGH"},
		"no more than is owed":   {"14000000050", 120_00, 400, "AMOUNT_TOO_LOW"},
		"other than a scenario":  {"TST001", 99_99, 400, "AMOUNT_TOO_LOW"},
		"money for free units":   {"TST002", 10_00, 400, "AMOUNT_TOO_HIGH"},
		"float too small":        {"14000000019", 400_01, 400, "INSUFFICIENT_FUNDS"},
		"given already":          {"14000000100", 0, 400, "NO_FREE_UNITS_DUE"},
		"never due":              {"14000000167", 0, 400, "NO_FREE_UNITS_DUE"},
		"wanted: blocked":        {refusalMeter(makerRefusal, 2311), 20_00, 400, "METER_ID_BLOCKED"},
		"wanted: key":            {refusalMeter(makerRefusal, 2365), 20_00, 400, "METER_KEY_INVALID"},
		"wanted: first type":     {refusalMeter(makerRefusal, 1), 20_00, 400, errorTypes()[0]},
		"wanted at the purchase": {refusalMeter(makerRefusalAtPurchase, 2319), 20_00, 503, "UPSTREAM_UNAVAILABLE"},
	} {
		id, answer := l.buy(c.meter, c.amount)
		answer.want(t, name, c.status, c.kind)
		if answer.at("id") != id || answer.at("requestType") != "TOKEN_PURCHASE_REQUEST" || answer.at("errorMessage") == "" {
			t.Errorf("%s: %s", name, answer.text)
		}
		if l.sandbox.Done(id) {
			t.Errorf("%s was sold", name)
		}
	}
	if float := l.sandbox.Float(); float != 400_00 {
		t.Errorf("float %d", float)
	}
	for meter, kind := range map[string]string{
		"04123456789": "UNKNOWN_METER_ID", refusalMeter(makerRefusal, 2311): "METER_ID_BLOCKED",
		refusalMeter(makerRefusalAtPurchase, 2319): "", "14000000050": "",
	} {
		answer := l.lookup(meter)
		wantStatus := 201
		if kind != "" {
			wantStatus = 400
		}
		answer.want(t, "lookup of "+meter, wantStatus, kind)
	}
}

func TestAPurchaseIsCheckedAgainstTheDocument(t *testing.T) {
	l := setup(t)
	for name, c := range map[string]struct {
		more  props
		field string
	}{
		"no meter":             {props{"meter": nil}, "meter"},
		"no amount":            {props{"purchaseAmount": nil}, "purchaseAmount"},
		"amount in words":      {props{"purchaseAmount": props{"amount": "ten", "currency": "710"}}, "purchaseAmount.amount"},
		"other currency":       {props{"purchaseAmount": props{"amount": 100, "currency": "840"}}, "purchaseAmount.currency"},
		"other client":         {props{"client": props{"id": "other", "name": "Other"}}, "client.id"},
		"wrong msisdn":         {props{"msisdn": "12"}, ""},
		"msisdn of ten digits": {props{"msisdn": "0821234567"}, ""},
		"msisdn in letters":    {props{"msisdn": "none"}, "msisdn"},
		"unknown field":        {props{"surprise": 1}, "surprise"},
		"wrong supply group":   {props{"meter": props{"meterId": "14000000019", "supplyGroupCode": "4521"}}, "meter.supplyGroupCode"},
		"wrong track 2":        {props{"meter": props{"meterId": "14000000019", "track2Data": "1"}}, "meter.track2Data"},
		"tender without kind":  {props{"tenders": []any{props{"amount": rands(1)}}}, "tenders[0].tenderType"},
	} {
		id := l.id()
		body := with(tokens(id, "14000000019", 100_00), c.more)
		answer := l.post(utilityBase+"tokenPurchases/"+id, body)
		if c.field == "" {
			answer.want(t, name, 201, "")
			continue
		}
		answer.want(t, name, 400, "FORMAT_ERROR")
		if got := answer.at("detailMessage.formatErrors.0.field"); got != c.field {
			t.Errorf("%s: %v is wrong, want %s", name, got, c.field)
		}
	}
	id := l.id()
	for path, body := range map[string]props{
		"tokenPurchases/" + id:                                  tokens(l.id(), "14000000019", 100_00),
		"tokenPurchases/" + id + "/trial":                       tokens(l.id(), "14000000019", 100_00),
		"meterLookups/" + id:                                    request(l.id(), props{"meter": props{"meterId": "14000000019"}}),
		"tokenReprints/" + id:                                   request(l.id(), props{"meter": props{"meterId": "14000000019"}}),
		"tokenPurchases/" + id + "/confirmations/" + l.id():     advice(l.id(), id, nil),
		"tokenPurchases/" + l.id() + "/reversals/" + id:         advice(id, l.id(), props{"reversalReason": "TIMEOUT"}),
		"tokenPurchases/none/retry":                             tokens(l.id(), "14000000019", 100_00),
		"keyChangeTokenRequests/" + id:                          request(l.id(), props{"meter": props{"meterId": "14000000118"}}),
		"keyChangeTokenRequests/" + id + "/confirmations/" + id: advice(id, l.id(), nil),
		"tokenPurchases/" + id + "/reversals/" + id:             advice(id, id, props{"reversalReason": "BORED"}),
	} {
		answer := l.post(utilityBase+path, body)
		answer.want(t, path, 400, "FORMAT_ERROR")
	}
}
