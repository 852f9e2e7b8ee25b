package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (l *till) draft(op, body string) (int, map[string]any) {
	l.t.Helper()
	return l.send("POST", "/v4/"+op, "Bearer "+l.token, "application/json", body)
}

// draftBody is a request with the properties that most have; more is JSON that
// follows.
func draftBody(ref, more string) string {
	return fmt.Sprintf(`{"reference":%q,"accountNumber":%q%s}`, ref, DefaultAccount, more)
}

func (l *till) raw(path string) string {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), "GET", l.server.URL+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+l.token)
	resp, err := l.server.Client().Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		l.t.Fatalf("%s: HTTP %d, %v", path, resp.StatusCode, err)
	}
	return string(b)
}

func TestTheDraftListsProductsBareAndOneFlat(t *testing.T) {
	l := setup(t)
	const products = "/v4/accounts/" + DefaultAccount + "/products"
	var list []map[string]any
	if err := json.Unmarshal([]byte(l.raw(products)), &list); err != nil {
		t.Fatal(err)
	}
	later := 0
	for _, a := range l.sandbox.catalogue {
		if a.group == groupPay || a.group == groupToken || a.group == groupExclusive {
			later++
		}
	}
	if len(list) != len(l.sandbox.catalogue)-later || later == 0 {
		t.Errorf("%d products of %d", len(list), len(l.sandbox.catalogue))
	}
	wantShape(t, list[0], `.productCode=n .productName=s .minimumAmount=n .maximumAmount=n .status=s`)

	status, one := l.get(products + "/501")
	if status != 200 || one["productCode"] != 501.0 || one["vendorName"] != "Game Store" || one["productUPC"] == "" {
		t.Errorf("HTTP %d, %v", status, one)
	}
	wantShape(t, one, `.id=n .productCode=n .productName=s .minimumAmount=n .maximumAmount=n .status=n .supplierName=s .supplierCode=n
		.vendorName=s .vendorCode=n .productType=n .productUPC=s .redemptionInstructions=s .termsAndConditions=s .created=s .updated=s`)
	for path, code := range map[string]int{products + "/901": 2101, products + "/Cellular": 2101, "/v4/accounts/1/products": 2202} {
		status, answer := l.get(path)
		wantRefusal(t, path, status, answer, code)
	}
	status, answer := l.send("GET", products, "", "", "")
	wantRefusal(t, "without a token", status, answer, 3701)
}

const draftVoucher = everyAnswer + `.transactionId=s .metadata.shop=s .voucher.amount=n .voucher.expiryDate=s .voucher.pin=s .voucher.serialNumber=s
	.voucher.content.redemptionInstructions=s .voucher.content.termsAndConditions=s`

func TestTheDraftSellsInItsOwnWords(t *testing.T) {
	l := setup(t)
	const shop = `,"metadata":{"shop":"7"}`
	for op, body := range map[string]string{
		"1voucher/purchase":      draftBody("A", `,"amount":5000`+shop),
		"1voucher/disburse":      draftBody("B", `,"amount":5000`+shop),
		"1voucher/redeem":        draftBody("C", `,"amount":1000,"pin":"5000500000000001"`+shop),
		"gift-vouchers/purchase": draftBody("D", `,"amount":5000,"productCode":501,"storeId":"S1","terminalId":"T1"`+shop),
		"cash-out-pin/purchase":  draftBody("E", `,"amount":5000,"productCode":601`+shop),
		"eezi-voucher/purchase":  draftBody("F", `,"amount":2900,"productCode":301`+shop),
	} {
		status, answer := l.draft(op, body)
		wantCode(t, op, status, answer, 200, 0)
		wantShape(t, answer, draftVoucher)
		if id, _ := answer["transactionId"].(string); !slices.ContainsFunc(l.sandbox.Books().Transactions, func(b Transaction) bool {
			return b.Reference == answer["reference"] && strconv.FormatInt(b.ID, 10) == id
		}) {
			t.Errorf("%s: transaction %q is not in the books", op, id)
		}
	}
	status, answer := l.draft("1voucher/refund", draftBody("G", `,"amount":1000`+shop))
	wantCode(t, "refund", status, answer, 200, 0)
	wantShape(t, answer, draftVoucher)
}

func TestADraftRechargeNamesASubAccount(t *testing.T) {
	l := setup(t)
	body := func(ref, more string) string {
		return fmt.Sprintf(`{"reference":%q,"amount":1000,"productCode":101,"mobileNumber":"27821234567"%s}`, ref, more)
	}
	const account = `,"subAccountNumber":"` + DefaultAccount + `"`
	status, answer := l.draft("cellular/pinless/purchase", body("A", account+`,"metadata":{"shop":"7"}`))
	wantCode(t, "recharge", status, answer, 200, 0)
	wantShape(t, answer, everyAnswer+`.transactionId=s .metaData.shop=s .rechargeDetails.rechargeType=s .rechargeDetails.callCentre=s .rechargeDetails.rechargeVendor=s`)
	for name, c := range map[string]struct {
		more string
		code int
	}{
		"account number instead": {`,"accountNumber":"` + DefaultAccount + `"`, 2231},
		"both":                   {account + `,"accountNumber":"` + DefaultAccount + `"`, 2231},
		"neither":                {"", 2308},
		"of another":             {`,"subAccountNumber":"1"`, 2202},
		"a store":                {account + `,"storeId":"S1"`, 2231},
	} {
		status, answer := l.draft("cellular/pinless/purchase", body(strings.ReplaceAll(name, " ", "-"), c.more))
		wantRefusal(t, name, status, answer, c.code)
	}
	status, answer = l.post("cellular/pinless/purchase", body("B", account))
	wantRefusal(t, "sub-account where it is not known any more", status, answer, 2308)
	if b := l.sandbox.Books(); b.Float != DefaultFloat-10_00 {
		t.Errorf("float %d", b.Float)
	}
}

func TestTheDraftMovesTheSameMoneyAndVouchers(t *testing.T) {
	l := setup(t)
	body := draftBody("A", `,"amount":5000`)
	_, sold := l.draft("1voucher/purchase", body)
	pin, _ := under(sold, "voucher", "pin").(string)
	status, again := l.draft("1voucher/purchase", body)
	if diff := cmp.Diff(sold, again); status != 200 || diff != "" {
		t.Errorf("the same again:\n%s", diff)
	}
	status, answer := l.post("1voucher/redeem", redeemBody("B", pin, "0"))
	wantCode(t, "redeemed today", status, answer, 200, 0)
	status, answer = l.draft("1voucher/redeem", redeemBody("C", pin, "0"))
	wantRefusal(t, "redeemed twice", status, answer, 2401)
	status, answer = l.draft("1voucher/redeem", redeemBody("A", pin, "0"))
	wantRefusal(t, "a reference of another request", status, answer, 2256)
	status, answer = l.post("1voucher/redeem", redeemBody("A", pin, "0"))
	wantRefusal(t, "and there", status, answer, 2256)
	status, answer = l.draft("1voucher/refund", draftBody("D", `,"amount":2000`))
	wantCode(t, "refund", status, answer, 200, 0)
	if b := l.sandbox.Books(); b.Float != DefaultFloat-50_00 || b.RedemptionBalance != 30_00 {
		t.Errorf("books %+v", b)
	}
}

func TestADraftCancellationNamesASerial(t *testing.T) {
	l := setup(t)
	for i, name := range []string{"serial", "serialNumber"} { // its table, its example
		_, sold := l.draft("cash-out-pin/purchase", draftBody(fmt.Sprintf("A-%d", i), `,"amount":5000,"productCode":601`))
		serial, _ := under(sold, "voucher", "serialNumber").(string)
		more := fmt.Sprintf(`,"productCode":601,%q:%q`, name, serial)
		status, answer := l.draft("cash-out-pin/cancel", draftBody(fmt.Sprintf("B-%d", i), more+`,"serial":"1","serialNumber":"1"`))
		wantRefusal(t, "both names", status, answer, 2231)
		status, answer = l.draft("cash-out-pin/cancel", draftBody(fmt.Sprintf("C-%d", i), more))
		wantCode(t, name, status, answer, 200, 0)
		if _, is := answer["transactionId"].(string); !is || under(answer, "voucher", "status") != nil {
			t.Errorf("%s: %v", name, answer)
		}
	}
	status, answer := l.draft("cash-out-pin/cancel", draftBody("D", `,"productCode":601`))
	wantRefusal(t, "no serial", status, answer, 2308)
	status, answer = l.post("cash-out-pin/cancel", draftBody("E", `,"productCode":601,"serial":"1"`))
	wantRefusal(t, "serial where it is not known any more", status, answer, 2308)
	if b := l.sandbox.Books(); b.Float != DefaultFloat {
		t.Errorf("float %d", b.Float)
	}
}

func TestTheDraftLacksWhatCameLater(t *testing.T) {
	l := setup(t)
	for _, op := range []string{
		"1voucher/reverse", "gift-voucher/purchase", "cash-out-pin/lookup", "cash-out-pin/reverse", "exclusive-voucher/purchase",
		"exclusive-voucher/redeem", "flash-token/purchase", "flash-token/reverse", opInternationalLookup, "eezi-voucher/reverse",
		opPayBalance, opPayPurchase, opPayDisburse,
	} {
		if status, answer := l.draft(op, draftBody("A", `,"amount":5000`)); status != 404 || answer != nil {
			t.Errorf("%s: HTTP %d, %v", op, status, answer)
		}
	}
	if status, answer := l.post("gift-vouchers/purchase", draftBody("A", `,"amount":5000`)); status != 404 || answer != nil {
		t.Errorf("the draft's path today: HTTP %d, %v", status, answer)
	}
	for name, c := range map[string]struct {
		op, more string
		code     int
	}{
		"a store":                {"1voucher/purchase", `,"amount":5000,"storeId":"S1"`, 2231},
		"a method of payment":    {"1voucher/purchase", `,"amount":5000,"paymentMethod":"Cash"`, 2231},
		"gift without a product": {"gift-vouchers/purchase", `,"amount":5000,"barcode":"2900000005013","storeId":"S1","terminalId":"T1"`, 2308},
		"gift without a store":   {"gift-vouchers/purchase", `,"amount":5000,"productCode":501,"terminalId":"T1"`, 2308},
		"barcode of another":     {"gift-vouchers/purchase", `,"amount":5000,"productCode":501,"barcode":"2900000005020","storeId":"S1","terminalId":"T1"`, 2231},
		"barcode of the product": {"gift-vouchers/purchase", `,"amount":5000,"productCode":"501","barcode":"2900000005013","storeId":"S1","terminalId":"T1"`, 0},
		"meter in the purchase":  {opUtilityPurchase, `,"amount":5000,"transactionID":1,"meterNumber":"14000000019"`, 2231},
		"no lookup":              {opUtilityPurchase, `,"amount":5000`, 2308},
		"unknown lookup":         {opUtilityPurchase, `,"amount":5000,"transactionID":1`, 2249},
		"lookup as text":         {opUtilityPurchase, `,"amount":5000,"transactionID":"1"`, 2231},
	} {
		status, answer := l.draft(c.op, draftBody(strings.ReplaceAll(name, " ", "-"), c.more))
		wantRefusalOrSuccess(t, name, status, answer, c.code)
	}
}

// findMeter looks a meter up by the draft and returns the transaction to buy with.
func (l *till) findMeter(number, more string) string {
	l.t.Helper()
	status, answer := l.draft(opUtilityLookup, meterBody(fmt.Sprintf("L-%s-%d", number, l.now.Add(1)), number, 0, more))
	wantCode(l.t, "lookup of "+number, status, answer, 200, 0)
	id, _ := answer["transactionId"].(string)
	return id
}

func (l *till) buyFound(ref, lookup string, cents int64) (int, map[string]any) {
	l.t.Helper()
	return l.draft(opUtilityPurchase, draftBody(ref, fmt.Sprintf(`,"amount":%d,"transactionID":%s`, cents, lookup)))
}

func TestADraftPurchaseIsAnsweredInItsOwnWords(t *testing.T) {
	l := setup(t)
	status, answer := l.draft(opUtilityLookup, meterBody("A", "14000000134", 0, `,"isFBE":false,"metadata":{"shop":"7"}`))
	wantCode(t, "lookup", status, answer, 200, 0)
	wantShape(t, answer, lookupShape)
	id, _ := answer["transactionId"].(string)
	status, answer = l.draft(opUtilityPurchase, draftBody("B", `,"amount":100000,"transactionID":`+id+`,"metadata":{"shop":"7"}`))
	wantCode(t, "purchase", status, answer, 200, 0)
	wantShape(t, answer, strings.Replace(lookupShape, ".isFBE=b", "", 1)+`
		.debt.value=n .debt.description=s .debt.outstanding=s .debt.tariffDescription=s .debt.tax=n .debt.taxInvoiceNumber=s
		.fixedCost[].value=n .fixedCost[].description=s .fixedCost[].tariffDescription=s .fixedCost[].tax=n
		.keyChangeTokenData.newKeyRevisionNumber=s .keyChangeTokenData.newSupplyGroupCode=s .keyChangeTokenData.newTariffIndex=s
		.keyChangeTokenData.oldKeyRevisionNumber=s .keyChangeTokenData.oldSupplyGroupCode=s .keyChangeTokenData.oldTariffIndex=s
		.tariffBlocks[].name=s
		.tokens[].value=n .tokens[].tariffDescription=s .tokens[].tariffName=s .tokens[].tax=n .tokens[].token=s
		.tokens[].tokenDescription=s .tokens[].type=s .tokens[].units.description=s .tokens[].units.quantity=n .tokens[].units.unitType=s`)
	var kinds []string
	for _, k := range objects(answer, "tokens") {
		kind, _ := k["type"].(string)
		kinds = append(kinds, kind)
	}
	if got := strings.Join(kinds, " "); got != "KCT KCT CREDIT FBE" {
		t.Errorf("tokens %s", got)
	}
	if under(answer, "debt", "outstanding") != "60000" || number(answer, "billingInfo", "arrearValue") != 600_00 ||
		under(answer, "keyChangeTokenData", "oldKeyRevisionNumber") != "1" || under(answer, "keyChangeTokenData", "newKeyRevisionNumber") != "2" {
		t.Errorf("answer %v", answer)
	}
}

func TestADraftPurchaseOfEveryListedMeterAddsUp(t *testing.T) {
	l := setup(t)
	float := int64(DefaultFloat)
	for _, m := range testMeters() {
		for i, cents := range []int64{200_00, 130_01, 499_99} {
			status, answer := l.buyFound(fmt.Sprintf("A-%s-%d", m.number, i), l.findMeter(m.number, ""), cents)
			wantCode(t, m.number, status, answer, 200, 0)
			float -= cents
			sum := number(answer, "debt", "value")
			for _, c := range append(objects(answer, "fixedCost"), objects(answer, "tokens")...) {
				sum += number(c, "value")
			}
			if sum != float64(cents) || l.sandbox.Books().Float != float {
				t.Errorf("%s for %d: %v is the sum of %v", m.number, cents, sum, answer)
			}
		}
	}
}

func TestALookupOfTheDraftIsGoodForOnePurchase(t *testing.T) {
	l := setup(t, func(o *Options) { o.TokenTTL = 24 * time.Hour })
	id := l.findMeter("14000000019", "")
	status, answer := l.buyFound("A", id, 5)
	wantRefusal(t, "too little", status, answer, 2204)
	_, sold := l.buyFound("B", id, 50_00)
	if number(sold, "responseCode") != 0 || len(objects(sold, "tokens")) != 1 {
		t.Fatalf("a refused purchase does not use it up: %v", sold)
	}
	status, again := l.buyFound("B", id, 50_00)
	if diff := cmp.Diff(sold, again); status != 200 || diff != "" {
		t.Errorf("the same again:\n%s", diff)
	}
	status, answer = l.buyFound("C", id, 50_00)
	wantRefusal(t, "used up", status, answer, 2248)

	free := l.findMeter("14000000084", `,"isFBE":true`)
	status, answer = l.buyFound("D", free, 50_00)
	wantRefusal(t, "the lookup was for free units", status, answer, 2230)
	status, answer = l.buyFound("E", free, 0)
	wantCode(t, "free units", status, answer, 200, 0)
	if kinds := objects(answer, "tokens"); len(kinds) != 1 || kinds[0]["type"] != "FBE" || number(kinds[0], "units", "quantity") != 50 {
		t.Errorf("free units: %v", answer)
	}

	_, found := l.post(opUtilityLookup, meterBody("F", "14000000019", 0, ""))
	today, _ := found["transactionId"].(string)
	status, answer = l.buyFound("G", today, 50_00)
	wantCode(t, "with a lookup of today's", status, answer, 200, 0)

	old := l.findMeter("14000000019", "")
	l.now.Add(3600)
	status, answer = l.buyFound("H", old, 50_00)
	wantCode(t, "an hour later", status, answer, 200, 0)
	old = l.findMeter("14000000027", "")
	l.now.Add(3601)
	l.findMeter("14000000019", "")
	status, answer = l.buyFound("I", old, 50_00)
	wantRefusal(t, "forgotten", status, answer, 2249)
	if b := l.sandbox.Books(); b.Float != DefaultFloat-150_00 {
		t.Errorf("float %d", b.Float)
	}
}

func TestManyTillsBuyOnceWithOneLookup(t *testing.T) {
	l := setup(t)
	id := l.findMeter("14000000019", "")
	var sold atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if status, _ := l.buyFound(fmt.Sprintf("A-%d", i), id, 50_00); status == 200 {
				sold.Add(1)
			}
		})
	}
	all.Wait()
	if b := l.sandbox.Books(); sold.Load() != 1 || b.Float != DefaultFloat-50_00 {
		t.Errorf("sold %d times, float %d", sold.Load(), b.Float)
	}
}

func TestADraftPurchaseMeetsTheFaultOfItsMeter(t *testing.T) {
	l := setup(t)
	id := l.findMeter(faultMeter(makerFaultAtPurchase, faultCutAfter), "")
	if status, answer := l.buyFound("A", id, 50_00); status != 0 {
		t.Errorf("HTTP %d, %v", status, answer)
	}
	status, answer := l.buyFound("A", id, 50_00)
	wantCode(t, "again", status, answer, 200, 0)
	id = l.findMeter(codeMeter(makerCodeAtPurchase, 2331), "")
	status, answer = l.buyFound("B", id, 50_00)
	wantRefusal(t, "wanted", status, answer, 2331)
	if b := l.sandbox.Books(); b.Float != DefaultFloat-50_00 {
		t.Errorf("float %d", b.Float)
	}
}
