package flashapi

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func toLesotho() InternationalLookup {
	return InternationalLookup{Reference: testRef, MobileNumber: "27821234567", Destination: "26650123456"}
}

func TestAnInternationalLookupIsWrittenAsTheDocumentSays(t *testing.T) {
	checkWire(t, Revision2025, []wire{
		{toLesotho(), wireBare + `,"mobileNumber":"27821234567","destinationMobileNumber":"26650123456"}`},
		{InternationalLookup{
			Reference: testRef, MobileNumber: "27821234567", Destination: "27829876543", PaymentMethod: "Cash", Till: testTill, Metadata: Metadata{"shop": "7"},
		}, wireMeta + `,"mobileNumber":"27821234567","destinationMobileNumber":"27829876543","paymentMethod":"Cash"}`},
		{InternationalLookup{Reference: testRef, MobileNumber: "27821234567", Destination: "12345678"},
			wireBare + `,"mobileNumber":"27821234567","destinationMobileNumber":"12345678"}`},
		{InternationalLookup{Reference: testRef, MobileNumber: "27821234567", Destination: "234803000000012"},
			wireBare + `,"mobileNumber":"27821234567","destinationMobileNumber":"234803000000012"}`},
	})
}

func TestAnInternationalLookupThatTheDocumentForbidsIsNotBuilt(t *testing.T) {
	with := func(change func(*InternationalLookup)) Request { r := toLesotho(); change(&r); return r }
	checkForbidden(t, Revision2025, map[string]Request{
		"no reference":         with(func(r *InternationalLookup) { r.Reference = "" }),
		"no number":            with(func(r *InternationalLookup) { r.MobileNumber = "" }),
		"a number abroad asks": with(func(r *InternationalLookup) { r.MobileNumber = "26650123456" }),
		"no destination":       with(func(r *InternationalLookup) { r.Destination = "" }),
		"a plus":               with(func(r *InternationalLookup) { r.Destination = "+26650123456" }),
		"two zeros":            with(func(r *InternationalLookup) { r.Destination = "0026650123456" }),
		"too short":            with(func(r *InternationalLookup) { r.Destination = "2665012" }),
		"too long":             with(func(r *InternationalLookup) { r.Destination = "2348030000000123" }),
		"spaces":               with(func(r *InternationalLookup) { r.Destination = "266 5012 3456" }),
		"payment method":       with(func(r *InternationalLookup) { r.PaymentMethod = "Credit Card" }),
		"till":                 with(func(r *InternationalLookup) { r.Till.StoreID = "é" }),
	})
}

func TestTheDraftKnowsNothingAbroad(t *testing.T) {
	b := setup(t, func(o *Options) { o.Dialect = Draft2023 })
	if _, err := b.client.LookupInternational(t.Context(), toLesotho()); !errors.Is(err, ErrNotInDialect) {
		t.Errorf("error %v", err)
	}
}

func TestInternationalProductsAreReadInEveryForm(t *testing.T) {
	one := []InternationalProduct{{ID: "26601", Name: "Airtime LSL 10", Price: 10_80}}
	for answer, want := range map[string]struct {
		products []InternationalProduct
		alert    bool
	}{
		`"products":[{"productId":26601,"productName":"Airtime LSL 10","price":1080}]`:     {one, false},
		`"products":[{"productId":"26601","productName":"Airtime LSL 10","price":"1080"}]`: {one, false},
		`"products":{"productId":26601,"productName":"Airtime LSL 10","price":1080.00}`:    {one, false},
		`"products":[]`:     {nil, false},
		`"products":null`:   {nil, false},
		`"x":1`:             {nil, false},
		`"products":"none"`: {nil, true},
		`"products":[null,7,{"productName":"nameless"},{"productId":26601,"productName":"Airtime LSL 10","price":1080}]`: {one, true},
		`"products":[{"productId":26601,"price":10.8}]`:                                                                  {[]InternationalProduct{{ID: "26601"}}, true},
		`"products":[{"productId":26601,"price":-1}]`:                                                                    {[]InternationalProduct{{ID: "26601"}}, true},
		`"products":[{"productId":26601}]`:                                                                               {[]InternationalProduct{{ID: "26601"}}, false},
	} {
		v := Judge(message(toLesotho()), answered(200, goodHead+`,"mobileNumber":"27821234567",`+answer+`}`), First)
		p, ok := v.Result.(*InternationalProducts)
		if !ok || v.Settled != Happened || v.Alert != want.alert || p.MobileNumber != "27821234567" || p.TransactionID != "257901" {
			t.Errorf("%s: %+v", answer, v)
			continue
		}
		if diff := cmp.Diff(want.products, p.Products); diff != "" {
			t.Errorf("%s (-want +got):\n%s", answer, diff)
		}
	}
}

func TestAnInternationalLookupGoesOverTheWire(t *testing.T) {
	b := setup(t)
	got := b.received("/aggregation/4.0/cellular/international/lookup", `{"responseCode":0,"products":[{"productId":1,"productName":"x","price":100}]}`)
	p, err := b.client.LookupInternational(t.Context(), toLesotho())
	if err != nil || len(p.Products) != 1 || p.Reference != testRef {
		t.Errorf("%v, %v", p, err)
	}
	want := []string{"/aggregation/4.0/cellular/international/lookup " + wireBare + `,"mobileNumber":"27821234567","destinationMobileNumber":"26650123456"}`}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProductsAbroadInALogNameNobody(t *testing.T) {
	p := InternationalProducts{MobileNumber: "27821234567"}
	namesNobody(t, p, "27821234567")
	namesNobody(t, &p, "27821234567")
}

func FuzzInternationalAnswer(f *testing.F) {
	for _, s := range []string{
		`{"responseCode":0,"products":[{"productId":1,"productName":"x","price":100}]}`, `{"responseCode":0,"products":{"productId":"1"}}`,
		`{"responseCode":2335}`, `{"responseCode":0,"products":[[]]}`,
	} {
		f.Add([]byte(s), 200)
	}
	m := message(toLesotho())
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		checkVerdict(t, m, body, status)
		if p, ok := Judge(m, answered(status, string(body)), First).Result.(*InternationalProducts); ok {
			for _, product := range p.Products {
				if product.ID == "" || product.Price < 0 {
					t.Fatalf("%+v", product)
				}
			}
		}
	})
}
