package flashapi

import (
	"testing"

	"spaza/secret"
)

func TestAnExclusiveVoucherRequestIsWrittenAsTheDocumentSays(t *testing.T) {
	pin := secret.New(testPIN)
	checkWire(t, Revision2025, []wire{
		{
			ExclusivePurchase{testRef, 20_00, "2147483647", "card", testTill, Metadata{"shop": "7"}},
			wireMeta + `,"amount":2000,"productCode":2147483647,"paymentMethod":"card"}`,
		},
		{ExclusiveCancel{testRef, "30A4", "701", testTill, nil}, wireTill + `,"serialNumber":"30A4","productCode":701}`},
		{ExclusiveReverse{testRef, "P-1", testTill, nil}, wireTill + `,"originalReference":"P-1"}`},
		{ExclusiveRedeemFull{testRef, pin, "", testTill, nil}, wireTill + `,"pin":"` + testPIN + `","amount":0}`},
		{ExclusiveRedeemFull{testRef, pin, "701", testTill, nil}, wireTill + `,"pin":"` + testPIN + `","amount":0,"productCode":701}`},
		{
			ExclusiveRedeemPart{testRef, pin, 5_00, "27821234567", "701", testTill, nil},
			wireTill + `,"pin":"` + testPIN + `","amount":500,"mobileNumber":"27821234567","productCode":701}`,
		},
		{ExclusiveRedeemPart{Reference: testRef, PIN: pin, Amount: 5_00}, wireBare + `,"pin":"` + testPIN + `","amount":500}`},
	})
}

func TestAnExclusiveVoucherRequestNeedsItsParts(t *testing.T) {
	checkForbidden(t, Revision2025, map[string]Request{
		"purchase of none":    ExclusivePurchase{Reference: testRef, Amount: 20_00},
		"purchase for naught": ExclusivePurchase{Reference: testRef, ProductCode: "701"},
		"cancellation":        ExclusiveCancel{Reference: testRef, SerialNumber: "1"},
		"part of nothing":     ExclusiveRedeemPart{Reference: testRef, PIN: secret.New(testPIN)},
	})
}
