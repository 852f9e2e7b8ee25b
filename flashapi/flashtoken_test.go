package flashapi

import "testing"

func TestAFlashTokenRequestIsWrittenAsTheDocumentSays(t *testing.T) {
	checkWire(t, Revision2025, []wire{
		{
			FlashTokenPurchase{testRef, 20_00, "801", "card", testTill, Metadata{"shop": "7"}},
			wireMeta + `,"amount":2000,"productCode":801,"paymentMethod":"card"}`,
		},
		{FlashTokenPurchase{Reference: testRef, Amount: 20_00}, wireBare + `,"amount":2000}`},
		{FlashTokenReverse{testRef, "P-1", testTill, nil}, wireTill + `,"originalReference":"P-1"}`},
	})
	checkForbidden(t, Revision2025, map[string]Request{"for nothing": FlashTokenPurchase{Reference: testRef, ProductCode: "801"}})
}
