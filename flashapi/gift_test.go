package flashapi

import (
	"testing"
)

const testBarcode = "2900000005013"

func TestAGiftVoucherRequestIsWrittenAsTheDocumentSays(t *testing.T) {
	byCode := GiftPurchase{Reference: testRef, Amount: 50_00, ProductCode: "501", PaymentMethod: "card", Till: testTill}
	byBarcode := GiftPurchase{Reference: testRef, Amount: 50_00, Barcode: testBarcode, Till: testTill, Metadata: Metadata{"shop": "7"}}
	checkWire(t, Revision2025, []wire{
		{byCode, wireTill + `,"amount":5000,"productCode":501,"paymentMethod":"card"}`},
		{byBarcode, wireMeta + `,"amount":5000,"barcode":"2900000005013"}`},
	})

	// The draft has a till in this request alone, and the barcode beside the code.
	both := byCode
	both.Barcode = "MAKER42"
	checkWire(t, Draft2023, []wire{
		{byCode, wireTill + `,"amount":5000,"productCode":501}`},
		{both, wireTill + `,"amount":5000,"productCode":501,"barcode":"MAKER42"}`},
	})
}

func TestAGiftVoucherIsNamedByOneNumber(t *testing.T) {
	gift := func(code, barcode string) GiftPurchase {
		return GiftPurchase{Reference: testRef, Amount: 50_00, ProductCode: code, Barcode: barcode, Till: testTill}
	}
	checkForbidden(t, Revision2025, map[string]Request{
		"neither": gift("", ""), "both": gift("501", testBarcode), "short": gift("", "2900000"), "long": gift("", "290000000501312"),
		"zeros": gift("", "0000000000000"), "letters": gift("", "MAKER42SIZE13"),
	})
	checkForbidden(t, Draft2023, map[string]Request{
		"neither": gift("", ""), "barcode alone": gift("", testBarcode), "spaced": gift("501", "MAKER 42"), "odd code": gift("0", testBarcode),
	})
	b := setup(t)
	for _, barcode := range []string{"29050130", "290000050131", testBarcode, "0290000005013", "12900000050130"} {
		b.build(gift("", barcode))
	}
}

func TestAGiftVoucherNeedsAShopAndATill(t *testing.T) {
	gift := func(till Till) GiftPurchase {
		return GiftPurchase{Reference: testRef, Amount: 50_00, ProductCode: "501", Till: till}
	}
	for _, d := range []Dialect{Revision2025, Draft2023} {
		checkForbidden(t, d, map[string]Request{
			"no till": gift(Till{}), "no terminal": gift(Till{StoreID: "S1"}), "no store": gift(Till{TerminalID: "T1"}),
			"nothing to pay": GiftPurchase{Reference: testRef, ProductCode: "501", Till: testTill},
		})
		b := setup(t, func(o *Options) { o.Dialect, o.StoreID, o.TerminalID = d, "S1", "T1" })
		if got, want := b.build(gift(Till{})).Body.Reveal(), wireTill+`,"amount":5000,"productCode":501}`; got != want {
			t.Errorf("with the till of the options\n got %s\nwant %s", got, want)
		}
	}
}
