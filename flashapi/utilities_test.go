package flashapi

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUtilityRequestsAreWrittenAsTheDocumentSays(t *testing.T) {
	free := UtilityPurchase{Reference: testRef, Meter: testMeter, Free: true}
	checkWire(t, Revision2025, []wire{
		{fiftyRand(), wireBare + `,"amount":5000,"meterNumber":"` + testMeter + `"}`},
		{UtilityLookup{Reference: testRef, Meter: "A1b2", Free: true, Metadata: Metadata{"shop": "7"}},
			wireBare + `,"metadata":{"shop":"7"},"amount":0,"meterNumber":"A1b2","isFBE":true}`},
		{lightForFifty(), wireBare + `,"amount":5000,"meterNumber":"` + testMeter + `"}`},
		{UtilityPurchase{Reference: testRef, Meter: testMeter, Amount: 1, PaymentMethod: "Cash", LookupID: "257901", Till: testTill, Metadata: Metadata{"shop": "7"}},
			wireMeta + `,"amount":1,"meterNumber":"` + testMeter + `","paymentMethod":"Cash"}`},
		{free, wireBare + `,"amount":0,"meterNumber":"` + testMeter + `","isFBE":true}`},
		{UtilityPurchase{Reference: testRef, Meter: testMeter, Amount: 1, LookupID: "not for this dialect"}, wireBare + `,"amount":1,"meterNumber":"` + testMeter + `"}`},
	})
	free.LookupID = "257902"
	checkWire(t, Draft2023, []wire{
		{fiftyRand(), wireBare + `,"amount":5000,"meterNumber":"` + testMeter + `"}`},
		{UtilityLookup{Reference: testRef, Meter: testMeter, Free: true}, wireBare + `,"amount":0,"meterNumber":"` + testMeter + `","isFBE":true}`},
		{UtilityPurchase{Reference: testRef, Meter: testMeter, Amount: 50_00, PaymentMethod: "Cash", LookupID: "257901", Till: testTill},
			wireBare + `,"amount":5000,"transactionID":257901}`},
		{free, wireBare + `,"amount":0,"transactionID":257902}`},
	})
}

func TestALookupSaysNothingOfShopAndTill(t *testing.T) {
	b := setup(t, func(o *Options) { o.StoreID, o.TerminalID = "S1", "T1" })
	if got, want := b.build(fiftyRand()).Body.Reveal(), wireBare+`,"amount":5000,"meterNumber":"`+testMeter+`"}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got, want := b.build(lightForFifty()).Body.Reveal(), wireTill+`,"amount":5000,"meterNumber":"`+testMeter+`"}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestAUtilityRequestThatTheDocumentForbidsIsNotBuilt(t *testing.T) {
	lookup := func(change func(*UtilityLookup)) Request { r := fiftyRand(); change(&r); return r }
	purchase := func(change func(*UtilityPurchase)) Request {
		r := lightForFifty()
		r.LookupID = "257901"
		change(&r)
		return r
	}
	both := map[string]Request{
		"lookup: no reference":         lookup(func(r *UtilityLookup) { r.Reference = "" }),
		"lookup: no meter":             lookup(func(r *UtilityLookup) { r.Meter = "" }),
		"lookup: spaces":               lookup(func(r *UtilityLookup) { r.Meter = "1400 0000 019" }),
		"lookup: other digits":         lookup(func(r *UtilityLookup) { r.Meter = "١٤" }),
		"lookup: no amount":            lookup(func(r *UtilityLookup) { r.Amount = 0 }),
		"lookup: negative":             lookup(func(r *UtilityLookup) { r.Amount = -1 }),
		"lookup: free for money":       lookup(func(r *UtilityLookup) { r.Free = true }),
		"lookup: free for less":        lookup(func(r *UtilityLookup) { r.Free, r.Amount = true, -1 }),
		"lookup: metadata":             lookup(func(r *UtilityLookup) { r.Metadata = tenPairs() }),
		"purchase: no reference":       purchase(func(r *UtilityPurchase) { r.Reference = "" }),
		"purchase: no meter":           purchase(func(r *UtilityPurchase) { r.Meter = "" }),
		"purchase: a hyphen":           purchase(func(r *UtilityPurchase) { r.Meter = "14-00" }),
		"purchase: no amount":          purchase(func(r *UtilityPurchase) { r.Amount = 0 }),
		"purchase: negative":           purchase(func(r *UtilityPurchase) { r.Amount = -1 }),
		"purchase: free for money":     purchase(func(r *UtilityPurchase) { r.Free = true }),
		"purchase: payment method":     purchase(func(r *UtilityPurchase) { r.PaymentMethod = "Credit Card" }),
		"purchase: till":               purchase(func(r *UtilityPurchase) { r.Till.StoreID = "my store" }),
		"purchase: name of a property": purchase(func(r *UtilityPurchase) { r.Metadata = Metadata{"elevenchars": ""} }),
	}
	checkForbidden(t, Revision2025, both)
	checkForbidden(t, Draft2023, both)
	for _, id := range []string{"", "0", "-1", "0257901", "25 7901", "L1", "1.5", "1e3", `1,"amount":1`, "1234567890123456789"} {
		checkForbidden(t, Draft2023, map[string]Request{"draft: lookup " + id: purchase(func(r *UtilityPurchase) { r.LookupID = id })})
	}
}

// received notes what a server of its own is sent.
func (b *bench) received(path, answer string) *[]string {
	var got []string
	b.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		got = append(got, r.URL.Path+" "+string(body))
		_, _ = io.WriteString(w, answer)
	})
	return &got
}

func TestTheDraftSellsInTwoSteps(t *testing.T) {
	b := setup(t, func(o *Options) { o.Dialect, o.StoreID, o.TerminalID = Draft2023, "S1", "T1" })
	lookups := b.received("/v4/prepaid-utilities/lookup", swap(t, meterAnswer, `"transactionId":257901`, `"transactionId":"257900"`))
	sales := b.received("/v4/prepaid-utilities/purchase", draftSaleAnswer)

	meter, err := b.client.LookupMeter(t.Context(), fiftyRand())
	if err != nil {
		t.Fatal(err)
	}
	r := lightForFifty()
	r.LookupID, r.PaymentMethod = meter.LookupID, "Cash"
	sale, err := b.client.PurchaseUtility(t.Context(), r, First)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/v4/prepaid-utilities/lookup " + wireBare + `,"amount":5000,"meterNumber":"` + testMeter + `"}`}, *lookups); diff != "" {
		t.Errorf("lookup (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/v4/prepaid-utilities/purchase " + wireBare + `,"amount":5000,"transactionID":257900}`}, *sales); diff != "" {
		t.Errorf("purchase (-want +got):\n%s", diff)
	}
	if sale.MeterNumber != testMeter || len(sale.Tokens) != 3 || sale.Units != dec("12.05") || !sale.Bill.AddsUp {
		t.Errorf("%+v", *sale)
	}
	if got, want := b.observations(), "token ok; prepaid-utilities/lookup success; prepaid-utilities/purchase success"; got != want {
		t.Errorf("observed %s", got)
	}
}

func TestTheDocumentSellsInOneStep(t *testing.T) {
	b := setup(t)
	sales := b.received("/aggregation/4.0/prepaid-utilities/purchase", saleAnswer)
	sale, err := b.client.PurchaseUtility(t.Context(), lightForFifty(), First)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readSale(), sale, sameSecret); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/aggregation/4.0/prepaid-utilities/purchase " + wireBare + `,"amount":5000,"meterNumber":"` + testMeter + `"}`}, *sales); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
