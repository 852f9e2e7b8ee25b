package sandbox

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// meterBody asks about a meter, or for its units; more is JSON that follows.
func meterBody(ref, number string, cents int64, more string) string {
	return fmt.Sprintf(`{"reference":%q,"accountNumber":%q,"meterNumber":%q,"amount":%d%s}`, ref, DefaultAccount, number, cents, more)
}

const lookupShape = everyAnswer + `.transactionId=s .isFBE=b .metadata.shop=s
	.billingInfo.arrearValue=n .billingInfo.arrearDesc=s .billingInfo.maximumVendValue=n .billingInfo.minimumVendValue=n .billingInfo.tariffName=s
	.meterInfo.algorithmCode=s .meterInfo.customerInfo.address=s .meterInfo.customerInfo.name=s
	.meterInfo.keyRevisionNumber=s .meterInfo.meterNumber=s .meterInfo.supplyGroupCode=s .meterInfo.tariffIndex=s .meterInfo.tokenTechnology=s
	.meterInfo.utilityInfo.address=s .meterInfo.utilityInfo.callCentre=s .meterInfo.utilityInfo.name=s .meterInfo.utilityInfo.vatNumber=s`

func TestAMeterIsAnsweredInTheWordsOfTheDocument(t *testing.T) {
	l := setup(t)
	const more = `,"isFBE":false,"metadata":{"shop":"7"}`
	status, answer := l.post(opUtilityLookup, meterBody("A", "14000000134", 100_00, more))
	wantCode(t, "lookup", status, answer, 200, 0)
	wantShape(t, answer, lookupShape)

	status, answer = l.post(opUtilityPurchase, meterBody("B", "14000000134", 1000_00, more+`,"storeId":"S1","terminalId":"T1","paymentMethod":"Cash"`))
	wantCode(t, "purchase", status, answer, 200, 0)
	wantShape(t, answer, everyAnswer+`.transactionId=n .metadata.shop=s .storeId=s .terminalId=s
		.billingInfo.taxAmount=n .billingInfo.unitType=s .billingInfo.units=n .billingInfo.freeUnits=n .billingInfo.exclusiveAmount=n
		.billingInfo.receiptNumber=s .billingInfo.transactionNumber=n
		.charges.debt.value=n .charges.debt.description=s .charges.fixedCost[].value=n .charges.fixedCost[].description=s
		.meterinfo.meterNumber=s .meterinfo.keyRevisionNumber=n .meterinfo.supplyGroupCode=n .meterinfo.tariffIndex=n
		.meterinfo.tokenTechnology=s .meterinfo.algorithmCode=s
		.meterinfo.oldSupplyGroupCode=s .meterinfo.oldTariffIndex=s .meterinfo.oldKeyRevisionNumber=s
		.meterinfo.newSupplyGroupCode=s .meterinfo.newTariffIndex=s .meterinfo.newKeyRevisionNumber=s
		.meterinfo.customerInfo.name=s .meterinfo.customerInfo.address=s
		.meterinfo.utilityInfo.address=s .meterinfo.utilityInfo.callCentre=s .meterinfo.utilityInfo.utilityname=s .meterinfo.utilityInfo.vatNumber=s
		.meterinfo.consumerMessage=s .meterinfo.tariffName=s
		.tokens[].tokenDescription=s .tokens[].serialNumber=s .tokens[].token=s
		.tariffBlocks[].amount=n .tariffBlocks[].units=n .tariffBlocks[].costPerUnit=n .tariffBlocks[].tariffName=s`)
}

func TestAPurchaseLosesTheZerosThatALookupHas(t *testing.T) {
	l := setup(t)
	_, found := l.post(opUtilityLookup, meterBody("A", "14000000019", 0, ""))
	_, sold := l.post(opUtilityPurchase, meterBody("B", "14000000019", 20_00, ""))
	if under(found, "meterInfo", "supplyGroupCode") != "004521" || under(found, "meterInfo", "tariffIndex") != "07" ||
		number(sold, "meterinfo", "supplyGroupCode") != 4521 || number(sold, "meterinfo", "tariffIndex") != 7 {
		t.Errorf("lookup %v, purchase %v", found["meterInfo"], sold["meterinfo"])
	}
	line := l.sandbox.Books().Transactions[1]
	if found["transactionId"] != strconv.FormatInt(line.ID, 10) || line.Amount != 0 || line.Target != "meter 14000000019" {
		t.Errorf("lookup %v is in the books as %+v", found["transactionId"], line)
	}
}

// wantSum checks that money and units of a purchase add up.
func wantSum(t *testing.T, what string, answer map[string]any) {
	t.Helper()
	sum := number(answer, "billingInfo", "exclusiveAmount") + number(answer, "billingInfo", "taxAmount") + number(answer, "charges", "debt", "value")
	for _, c := range objects(answer, "charges", "fixedCost") {
		sum += number(c, "value")
	}
	var cents, units float64
	for _, b := range objects(answer, "tariffBlocks") {
		cents += number(b, "amount")
		units += 100 * number(b, "units")
	}
	if sum != number(answer, "amount") || cents != number(answer, "billingInfo", "exclusiveAmount") {
		t.Errorf("%s: %v does not add up", what, answer)
	}
	if off := units - 100*number(answer, "billingInfo", "units"); off > 0.001 || off < -0.001 {
		t.Errorf("%s: blocks of %v units, but %v", what, units/100, under(answer, "billingInfo", "units"))
	}
}

func TestEveryListedMeterSellsWhatAddsUpAndMovesTheFloat(t *testing.T) {
	l := setup(t)
	want, tokens := int64(DefaultFloat), make(map[string]bool)
	for _, m := range testMeters() {
		for i, cents := range []int64{200_00, 130_01, 499_99, 50_00} {
			what := fmt.Sprintf("%s, %d", m.number, cents)
			status, answer := l.post(opUtilityPurchase, meterBody(fmt.Sprintf("A-%s-%d", m.number, i), m.number, cents, ""))
			wantCode(t, what, status, answer, 200, 0)
			wantSum(t, what, answer)
			want -= cents
			if b := l.sandbox.Books(); b.Float != want || number(answer, "amount") != float64(cents) {
				t.Errorf("%s: float %d, want %d", what, b.Float, want)
			}
			for _, k := range objects(answer, "tokens") {
				code, _ := k["token"].(string)
				if !isDigits(code, 20) || tokens[code] {
					t.Errorf("%s: token %q, seen %v", what, code, tokens[code])
				}
				tokens[code] = true
			}
			if again, _ := l.post(opUtilityPurchase, meterBody(fmt.Sprintf("A-%s-%d", m.number, i), m.number, cents, "")); again != 200 {
				t.Errorf("%s again: HTTP %d", what, again)
			}
		}
	}
	if b := l.sandbox.Books(); b.Float != want {
		t.Errorf("float %d after repetitions, want %d", b.Float, want)
	}
}

func TestMetersDoWhatTheyAreListedFor(t *testing.T) {
	l := setup(t)
	buy := func(number string, cents int64) map[string]any {
		t.Helper()
		status, answer := l.post(opUtilityPurchase, meterBody(fmt.Sprintf("B-%s-%d", number, l.now.Add(1)), number, cents, ""))
		wantCode(t, number, status, answer, 200, 0)
		return answer
	}
	names := func(answer map[string]any) string {
		var list []string
		for _, k := range objects(answer, "tokens") {
			name, _ := k["tokenDescription"].(string)
			list = append(list, name)
		}
		return strings.Join(list, ", ")
	}

	if a := buy("14000000027", 2500_00); len(objects(a, "tariffBlocks")) != 3 {
		t.Errorf("blocks %v", a["tariffBlocks"])
	}
	if a := buy("14000000027", 100_00); len(objects(a, "tariffBlocks")) != 1 || number(objects(a, "tariffBlocks")[0], "costPerUnit") != 314.55 {
		t.Errorf("the month's next purchase: %v", a["tariffBlocks"])
	}
	if a := buy("14000000043", 100_00); number(a, "charges", "debt", "value") != 40_00 || under(a, "charges", "debt", "description") == "" {
		t.Errorf("charges %v", a["charges"])
	}
	_, found := l.post(opUtilityLookup, meterBody("L1", "14000000043", 100_00, ""))
	if number(found, "billingInfo", "arrearValue") != 310_00 || under(found, "billingInfo", "arrearDesc") == "" {
		t.Errorf("after the purchase: %v", found["billingInfo"])
	}
	if a := buy("14000000043", 2000_00); number(a, "charges", "debt", "value") != 310_00 {
		t.Errorf("charges %v", a["charges"])
	}
	if a := buy("14000000043", 100_00); number(a, "charges", "debt", "value") != 0 || under(a, "charges", "debt", "description") != "" {
		t.Errorf("out of debt: %v", a["charges"])
	}
	if a := buy("14000000068", 200_00); len(objects(a, "charges", "fixedCost")) != 2 || number(a, "billingInfo", "exclusiveAmount") != 86_96 {
		t.Errorf("charges %v", a)
	}
	if a := buy("14000000068", 300_00); len(objects(a, "charges", "fixedCost")) != 1 || number(objects(a, "charges", "fixedCost")[0], "value") != 130_00 {
		t.Errorf("what is left of the charges: %v", a["charges"])
	}
	if a := buy("14000000068", 300_00); len(objects(a, "charges", "fixedCost")) != 0 {
		t.Errorf("after the charges: %v", a["charges"])
	}
	if a := buy("7012345", 20_00); len(objects(a, "charges", "fixedCost")) != 1 || number(objects(a, "charges", "fixedCost")[0], "value") != 5_75 {
		t.Errorf("sub-meter %v", a)
	}
	if a := buy("14000000159", 50_00); under(a, "billingInfo", "unitType") != "kl" || number(a, "billingInfo", "units") != 1.81 {
		t.Errorf("water %v", a["billingInfo"])
	}
	for number, want := range map[string]string{
		"14000000019": "Credit Token",
		"14000000118": "Key Change Token 1, Key Change Token 2, Credit Token",
		"14000000126": "Key Change Token 1, Key Change Token 2, Key Change Token 3, Key Change Token 4, Credit Token",
		"14000000134": "Key Change Token 1, Key Change Token 2, Credit Token, Free Basic Electricity",
		"14000000092": "Credit Token, Free Basic Electricity",
		"14000000084": "Credit Token",
	} {
		if got := names(buy(number, 500_00)); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
	if a := buy("14000000134", 500_00); names(a) != "Key Change Token 1, Key Change Token 2, Credit Token" {
		t.Errorf("the free units come once a month, the key change always: %v", a["tokens"])
	}
	info, _ := buy("14000000126", 50_00)["meterinfo"].(map[string]any)
	if info["oldSupplyGroupCode"] != "004521" || info["oldTariffIndex"] != "07" || info["oldKeyRevisionNumber"] != "1" ||
		info["newSupplyGroupCode"] != "100405" || info["newTariffIndex"] != "03" || info["newKeyRevisionNumber"] != "2" || info["supplyGroupCode"] != 100405.0 {
		t.Errorf("key change: %v", info)
	}
	info, _ = buy("14000000019", 50_00)["meterinfo"].(map[string]any)
	if info["oldSupplyGroupCode"] != "" || info["newSupplyGroupCode"] != "" {
		t.Errorf("no key change: %v", info)
	}
	_, found = l.post(opUtilityLookup, meterBody("L2", "14000000076", 0, ""))
	if number(found, "billingInfo", "minimumVendValue") != 50_00 || number(found, "billingInfo", "maximumVendValue") != 500_00 {
		t.Errorf("limits %v", found["billingInfo"])
	}
}

func TestFreeElectricityIsClaimedOnceAMonth(t *testing.T) {
	l := setup(t, func(o *Options) { o.TokenTTL = 100 * 24 * time.Hour })
	const free = `,"isFBE":true`
	claim := func(ref, number string, cents int64) (int, map[string]any) {
		return l.post(opUtilityPurchase, meterBody(ref, number, cents, free))
	}
	status, answer := l.post(opUtilityLookup, meterBody("L1", "14000000084", 0, free))
	wantCode(t, "lookup", status, answer, 200, 0)
	if answer["isFBE"] != true {
		t.Errorf("lookup %v", answer)
	}
	status, answer = claim("A", "14000000084", 0)
	wantCode(t, "claim", status, answer, 200, 0)
	wantSum(t, "claim", answer)
	if number(answer, "billingInfo", "freeUnits") != 50 || number(answer, "billingInfo", "units") != 0 || len(objects(answer, "tokens")) != 1 || answer["amount"] != 0.0 {
		t.Errorf("claim %v", answer)
	}
	status, again := claim("A", "14000000084", 0)
	if diff := cmp.Diff(answer, again); status != 200 || diff != "" {
		t.Errorf("the same claim again:\n%s", diff)
	}
	status, answer = claim("B", "14000000084", 0)
	wantRefusal(t, "another claim", status, answer, 2312)
	status, answer = l.post(opUtilityLookup, meterBody("L2", "14000000084", 0, free))
	wantRefusal(t, "lookup for another claim", status, answer, 2312)
	for number, code := range map[string]int{"14000000019": 2306, "14000000100": 2312, "14000000167": 2356, "14000000159": 2349, "04123456784": 2306} {
		status, answer = claim("C-"+number, number, 0)
		wantRefusal(t, number, status, answer, code)
	}
	status, answer = claim("D", "14000000092", 10_00)
	wantRefusal(t, "claim with money", status, answer, 2230)
	status, answer = l.post(opUtilityLookup, meterBody("L3", "14000000092", 10_00, free))
	wantRefusal(t, "lookup with money", status, answer, 2230)
	status, answer = claim("E", "14000000092", 0)
	wantCode(t, "claim instead of waiting for a purchase", status, answer, 200, 0)
	_, answer = l.post(opUtilityPurchase, meterBody("F", "14000000092", 100_00, ""))
	if number(answer, "billingInfo", "freeUnits") != 0 || len(objects(answer, "tokens")) != 1 {
		t.Errorf("purchase after a claim: %v", answer)
	}
	if b := l.sandbox.Books(); b.Float != DefaultFloat-100_00 {
		t.Errorf("float %d", b.Float)
	}
	l.now.Add(31 * 24 * 3600)
	status, answer = claim("G", "14000000084", 0)
	wantCode(t, "next month", status, answer, 200, 0)
}

func TestAMonthBeginsAnewInSouthAfricanTime(t *testing.T) {
	l := setup(t, func(o *Options) {
		o.Now = func() time.Time { return time.Date(2025, 5, 31, 21, 59, 59, 0, time.UTC) }
	})
	body := func(ref string) string { return meterBody(ref, "14000000084", 0, `,"isFBE":true`) }
	status, answer := l.post(opUtilityPurchase, body("A"))
	wantCode(t, "the last second of May", status, answer, 200, 0)
	l.sandbox.mu.Lock()
	l.sandbox.options.Now = func() time.Time { return time.Date(2025, 5, 31, 22, 0, 0, 0, time.UTC) }
	l.sandbox.mu.Unlock()
	status, answer = l.post(opUtilityPurchase, body("B"))
	wantCode(t, "the first of June", status, answer, 200, 0)
	status, answer = l.post(opUtilityPurchase, body("C"))
	wantRefusal(t, "and again", status, answer, 2312)
}

func TestAMeterIsRefusedForAReason(t *testing.T) {
	l := setup(t, func(o *Options) { o.Float = 150_00 })
	for name, c := range map[string]struct {
		number string
		cents  int64
		more   string
		code   int
	}{
		"wrong check digit":        {"04123456789", 20_00, "", 2304},
		"ten digits":               {"0412345678", 20_00, "", 2304},
		"letters":                  {"ABCDEFGHIJK", 20_00, "", 2304},
		"unknown sub-meter":        {"7654321", 20_00, "", 2310},
		"nothing":                  {"14000000019", 0, "", 2307},
		"under the product":        {"14000000019", 9_99, "", 2204},
		"over the product":         {"14000000019", 5000_01, "", 2204},
		"water, over the product":  {"14000000159", 2000_01, "", 2204},
		"under the meter":          {"14000000076", 49_99, "", 2341},
		"over the meter":           {"14000000076", 500_01, "", 2350},
		"less than what is owed":   {"14000000050", 119_99, "", 2303},
		"no more than is owed":     {"14000000050", 120_00, "", 2303},
		"float too small":          {"14000000019", 150_01, "", 2003},
		"number with a dash":       {"1400-0000019", 20_00, "", 2231},
		"no number":                {"", 20_00, "", 2308},
		"FBE in words":             {"14000000019", 20_00, `,"isFBE":"true"`, 2231},
		"FBE as a number":          {"14000000019", 20_00, `,"isFBE":1`, 2231},
		"a property of the draft":  {"14000000019", 20_00, `,"transactionID":1`, 2231},
		"payment with a dash":      {"14000000019", 20_00, `,"paymentMethod":"Credit-Card"`, 2231},
		"wanted: blocked":          {codeMeter(makerCode, 2311), 20_00, "", 2311},
		"wanted at the purchase":   {codeMeter(makerCodeAtPurchase, 2319), 20_00, "", 2319},
		"wanted, with FBE besides": {codeMeter(makerCode, 2348), 0, `,"isFBE":true`, 2348},
	} {
		status, answer := l.post(opUtilityPurchase, meterBody(strings.NewReplacer(" ", "-", ",", "", ":", "").Replace(name), c.number, c.cents, c.more))
		wantRefusal(t, name, status, answer, c.code)
	}
	if b := l.sandbox.Books(); b.Float != 150_00 {
		t.Errorf("float %d", b.Float)
	}
	for number, code := range map[string]int{
		"04123456789": 2304, codeMeter(makerCode, 2310): 2310, codeMeter(makerCodeAtPurchase, 2319): 0, "14000000050": 0, "14000000076": 0,
	} {
		status, answer := l.post(opUtilityLookup, meterBody("L-"+number, number, 20_00, ""))
		wantRefusalOrSuccess(t, "lookup of "+number, status, answer, code)
	}
	status, answer := l.post(opUtilityLookup, meterBody("L", "14000000019", 0, `,"paymentMethod":"Cash"`))
	wantRefusal(t, "a lookup is not paid for", status, answer, 2231)
	status, answer = l.post(opUtilityPurchase, meterBody("P", "14000000019", 20_00, `,"isFBE":null`))
	wantCode(t, "FBE left open", status, answer, 200, 0)
}

func TestAFaultOfAMeterStrikesWhereItShouldAndIsRecoveredFrom(t *testing.T) {
	for _, k := range faultKinds() {
		if k.fault == faultHang || k.fault == faultHuge || k.fault == faultRedirect {
			continue // have tests of their own, or need a client that follows nothing
		}
		l := setup(t, func(o *Options) { o.SlowFor = 1 })
		late := faultMeter(makerFaultAtPurchase, k.fault)
		status, answer := l.post(opUtilityLookup, meterBody("L", late, 0, ""))
		wantCode(t, "lookup before fault "+k.fault.number(), status, answer, 200, 0)
		for _, m := range []string{late, faultMeter(makerFault, k.fault)} {
			body := meterBody("P-"+m, m, 20_00, "")
			status, first := l.post(opUtilityPurchase, body)
			whole := func(status int, a map[string]any) bool {
				return status == 200 && a["responseCode"] == 0.0 && len(objects(a, "tokens")) == 1 && a["reference"] == "P-"+m
			}
			if whole(status, first) && k.fault != faultSlow && k.fault != faultDrip && k.fault != faultDeep {
				t.Errorf("fault %s did not strike: %v", k.fault.number(), first)
			}
			var again map[string]any
			for range 4 {
				status, again = l.post(opUtilityPurchase, body)
			}
			if whole(status, again) == (k.fault == faultNoGoods) {
				t.Errorf("fault %s, repeated: HTTP %d, %v", k.fault.number(), status, again)
			}
		}
		if b := l.sandbox.Books(); b.Float != DefaultFloat-40_00 {
			t.Errorf("fault %s: float %d", k.fault.number(), b.Float)
		}
	}
}

func TestManyTillsClaimFreeElectricityOnce(t *testing.T) {
	l := setup(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := make(map[float64]int)
	for i := range 20 {
		all.Go(func() {
			_, answer := l.post(opUtilityPurchase, meterBody(fmt.Sprintf("A-%d", i), "14000000084", 0, `,"isFBE":true`))
			_, _ = l.post(opUtilityLookup, meterBody(fmt.Sprintf("L-%d", i), "14000000019", 0, ""))
			_, _ = l.post(opUtilityPurchase, meterBody(fmt.Sprintf("B-%d", i), "14000000043", 100_00, ""))
			mu.Lock()
			defer mu.Unlock()
			codes[number(answer, "responseCode")]++
		})
	}
	all.Wait()
	if want := map[float64]int{0: 1, 2312: 19}; !maps.Equal(codes, want) {
		t.Errorf("codes %v", codes)
	}
	_, found := l.post(opUtilityLookup, meterBody("L", "14000000043", 0, ""))
	if b := l.sandbox.Books(); b.Float != DefaultFloat-2000_00 || number(found, "billingInfo", "arrearValue") != 0 {
		t.Errorf("float %d, %v", b.Float, found["billingInfo"])
	}
}

func TestAResetForgetsWhatMetersWereSold(t *testing.T) {
	l := setup(t)
	body := meterBody("A", "14000000084", 0, `,"isFBE":true`)
	for range 2 {
		status, answer := l.post(opUtilityPurchase, body)
		wantCode(t, "claim", status, answer, 200, 0)
		l.sandbox.Reset()
	}
}
