package flashapi

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/secret"
)

// sameSecret compares secrets by what they hold.
var sameSecret = cmp.Comparer(func(a, b secret.Text) bool { return a.Equal(b.Reveal()) })

func TestACashOutRequestIsWrittenAsTheDocumentSays(t *testing.T) {
	shop := Metadata{"shop": "7"}
	purchase := CashOutPurchase{testRef, 20_00, "601", "card", testTill, shop}
	cancel := CashOutCancel{testRef, "30A4", "601", testTill, shop}
	checkWire(t, Revision2025, []wire{
		{purchase, wireMeta + `,"amount":2000,"productCode":601,"paymentMethod":"card"}`},
		{cancel, wireMeta + `,"serialNumber":"30A4","productCode":601}`},
		{CashOutLookup{testRef, "30A4", "601", shop}, wireBare + `,"metadata":{"shop":"7"},"serialNumber":"30A4","productCode":601}`},
		{CashOutReverse{testRef, "P-1", testTill, nil}, wireTill + `,"originalReference":"P-1"}`},
	})
	checkWire(t, Draft2023, []wire{
		{purchase, wireBare + `,"metadata":{"shop":"7"},"amount":2000,"productCode":601}`},
		{cancel, wireBare + `,"metadata":{"shop":"7"},"serial":"30A4","productCode":601}`},
	})
}

func TestALookupHasNoTillEvenWhereTheOptionsDo(t *testing.T) {
	b := setup(t, func(o *Options) { o.StoreID, o.TerminalID = "S1", "T1" })
	want := wireBare + `,"serialNumber":"30A4","productCode":601}`
	if got := b.build(CashOutLookup{Reference: testRef, SerialNumber: "30A4", ProductCode: "601"}).Body.Reveal(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestACashOutRequestNeedsItsProduct(t *testing.T) {
	for _, d := range []Dialect{Revision2025, Draft2023} {
		checkForbidden(t, d, map[string]Request{
			"purchase":     CashOutPurchase{Reference: testRef, Amount: 20_00},
			"free":         CashOutPurchase{Reference: testRef, ProductCode: "601"},
			"cancellation": CashOutCancel{Reference: testRef, SerialNumber: "1"},
			"no serial":    CashOutCancel{Reference: testRef, ProductCode: "601"},
		})
	}
	checkForbidden(t, Revision2025, map[string]Request{"lookup": CashOutLookup{Reference: testRef, SerialNumber: "1"}})
}

func TestAProductCodeCanBeWrittenAsText(t *testing.T) {
	b := setup(t, func(o *Options) { o.ProductCodeAsText = true })
	for _, s := range specimens() {
		r, ok := with(s.request, "ProductCode", "77")
		if !ok {
			continue
		}
		if got := b.build(r).Body.Reveal(); !strings.Contains(got, `"productCode":"77"`) {
			t.Errorf("%v: %s", s, got)
		}
	}
}

func TestALookupTellsOfThePINAndMayHideIt(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want *CashOut // nil for an error
	}{
		"whole": {goodCashOut, &CashOut{
			Receipt: Receipt{Reference: testRef, TransactionID: "257901", TransactionDate: "2025-05-01 10:00:00", Amount: 20_00},
			Voucher: Voucher{
				PIN: secret.New(changePIN), Amount: 20_00, SerialNumber: "300400500", ExpiryDate: "2028-05-01", Status: "Active",
				Instructions: secret.New("Enter the PIN"), Terms: secret.New("None"),
			},
		}},
		"hidden": {`{"responseCode":0,"voucher":{"amount":2000,"status":"Redeemed","redemptionDate":"2025-06-01"}}`, &CashOut{
			Receipt: Receipt{Reference: testRef, Amount: 20_00}, Voucher: Voucher{Amount: 20_00, Status: "Redeemed", RedeemedOn: "2025-06-01"},
		}},
		"odd value": {`{"responseCode":0,"voucher":{"amount":"lots","status":"Active"}}`, &CashOut{
			Receipt: Receipt{Reference: testRef, Alert: true, Detail: "looked up, but the value cannot be read"}, Voucher: Voucher{Status: "Active"},
		}},
		"no voucher":  {`{"responseCode":0}`, nil},
		"odd voucher": {`{"responseCode":0,"voucher":"none"}`, nil},
	} {
		b := setup(t)
		b.answerOp(OpCashOutLookup, 200, c.body)
		got, err := b.client.LookupCashOut(t.Context(), CashOutLookup{Reference: testRef, SerialNumber: "300400500", ProductCode: "601"})
		if diff := cmp.Diff(c.want, got, sameSecret); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		var e *Error
		if c.want == nil && (!errors.As(err, &e) || !e.Refused || e.Class != ClassRetryLater || e.Reason != "try_later") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
