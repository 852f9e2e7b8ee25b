package flashapi

import "testing"

func TestAnEeziRequestIsWrittenAsTheDocumentSays(t *testing.T) {
	purchase := EeziPurchase{testRef, 29_00, "301", "card", testTill, Metadata{"shop": "7"}}
	checkWire(t, Revision2025, []wire{
		{purchase, wireMeta + `,"amount":2900,"productCode":301,"paymentMethod":"card"}`},
		{EeziReverse{testRef, "P-1", testTill, nil}, wireTill + `,"originalReference":"P-1"}`},
	})
	checkWire(t, Draft2023, []wire{{purchase, wireBare + `,"metadata":{"shop":"7"},"amount":2900,"productCode":301}`}})
	for _, d := range []Dialect{Revision2025, Draft2023} {
		checkForbidden(t, d, map[string]Request{
			"no product": EeziPurchase{Reference: testRef, Amount: 29_00}, "for nothing": EeziPurchase{Reference: testRef, ProductCode: "301"},
		})
	}
}
