package flashapi

import (
	"testing"

	"spaza/secret"
)

func TestA1VoucherRequestIsWrittenAsTheDocumentSays(t *testing.T) {
	shop := Metadata{"shop": "7"}
	checkWire(t, Revision2025, []wire{
		{VoucherPurchase{testRef, 20_00, "card", testTill, shop}, wireMeta + `,"amount":2000,"paymentMethod":"card"}`},
		{VoucherPurchase{Reference: testRef, Amount: 1}, wireBare + `,"amount":1}`},
		{VoucherDisburse{testRef, 20_00, testTill, shop}, wireMeta + `,"amount":2000}`},
		{VoucherRefund{testRef, 20_00, "27821234567", testTill, shop}, wireMeta + `,"amount":2000,"mobileNumber":"27821234567"}`},
		{VoucherRefund{Reference: testRef, Amount: 20_00}, wireBare + `,"amount":2000}`},
		{VoucherReverse{testRef, "P-1", testTill, shop}, wireMeta + `,"originalReference":"P-1"}`},
	})
	checkWire(t, Draft2023, []wire{
		{VoucherPurchase{testRef, 20_00, "card", testTill, shop}, wireBare + `,"metadata":{"shop":"7"},"amount":2000}`},
		{VoucherDisburse{Reference: testRef, Amount: 20_00, Till: testTill}, wireBare + `,"amount":2000}`},
		{VoucherRefund{Reference: testRef, Amount: 20_00, MobileNumber: "27821234567"}, wireBare + `,"amount":2000,"mobileNumber":"27821234567"}`},
		{RedeemFull{Reference: testRef, PIN: secret.New(testPIN), Till: testTill}, wireBare + `,"pin":"` + testPIN + `","amount":0}`},
	})
}

func TestAn1VoucherOfNothingIsNotBuilt(t *testing.T) {
	for _, d := range []Dialect{Revision2025, Draft2023} { // where a note of the draft speaks of zero, it means redemptions
		checkForbidden(t, d, map[string]Request{
			"purchase": VoucherPurchase{Reference: testRef}, "disbursement": VoucherDisburse{Reference: testRef},
			"refund": VoucherRefund{Reference: testRef}, "part": RedeemPart{Reference: testRef, PIN: secret.New(testPIN)},
		})
	}
}
