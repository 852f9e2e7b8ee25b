package flashapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/secret"
)

func TestADateIsReadInAnyFormAndInSouthAfricanTime(t *testing.T) {
	for given, want := range map[string]string{
		"2025-05-01T10:20:30Z":          "2025-05-01T12:20:30+02:00",
		"2025-05-01T10:20:30.123+02:00": "2025-05-01T10:20:30+02:00",
		"2025-05-01T10:20:30+0200":      "2025-05-01T10:20:30+02:00",
		"2025-05-01T10:20:30":           "2025-05-01T10:20:30+02:00",
		"2025-05-01T10:20:30.5":         "2025-05-01T10:20:30+02:00",
		"2025-05-01 10:20:30":           "2025-05-01T10:20:30+02:00",
		"2025/05/01 10:20:30":           "2025-05-01T10:20:30+02:00",
		"2025-05-01T10:20":              "2025-05-01T10:20:00+02:00",
		"2025-05-01":                    "2025-05-01T00:00:00+02:00",
		"2025/05/01":                    "2025-05-01T00:00:00+02:00",
		"31/05/2025":                    "2025-05-31T00:00:00+02:00",
		"":                              "",
		"never":                         "",
		"2025-13-01":                    "",
		"1746087630":                    "",
		"null":                          "",
	} {
		at, ok := Receipt{TransactionDate: given}.Time()
		ends, same := Voucher{ExpiryDate: given}.Expires()
		got := ""
		if ok {
			got = at.In(time.FixedZone("SAST", 2*60*60)).Format(time.RFC3339)
		}
		if got != want || same != ok || !ends.Equal(at) {
			t.Errorf("%q is read as %q and %v, want %q", given, got, ends, want)
		}
	}
}

func TestAVoucherThatWasMadeIsReadWhole(t *testing.T) {
	for _, s := range specimensOf(OpVoucherPurchase, OpVoucherDisburse, OpVoucherRefund, OpGiftPurchase, OpCashOutPurchase, OpExclusivePurchase,
		OpTokenPurchase, OpEeziPurchase) {
		b := setup(t)
		path, _, _ := b.client.route(s.op)
		b.mux.HandleFunc("POST "+path, write200(s.good))
		got, err := s.call(b.client, t.Context(), First)
		if err != nil {
			t.Errorf("%v: %v", s, err)
			continue
		}
		want := &Issue{
			Receipt: Receipt{Reference: testRef, TransactionID: "257901", TransactionDate: "2025-05-01 10:00:00", Amount: 20_00},
			Voucher: Voucher{
				PIN: secret.New(changePIN), Amount: 20_00, SerialNumber: "300400500", ExpiryDate: "2028-05-01", Status: "Active",
				Instructions: secret.New("Enter the PIN"), Terms: secret.New("None"),
			},
		}
		if diff := cmp.Diff(any(want), got, sameSecret); diff != "" {
			t.Errorf("%v (-want +got):\n%s", s, diff)
		}
	}
}

func TestAVoucherOfAnotherValueIsDeliveredWithAnAlert(t *testing.T) {
	for body, want := range map[string]struct {
		amount Cents
		alert  bool
	}{
		`{"responseCode":0,"amount":2000,"voucher":{"amount":2000,"pin":"8"}}`:  {20_00, false},
		`{"responseCode":0,"amount":2000,"voucher":{"pin":"8"}}`:                {20_00, false},
		`{"responseCode":0,"voucher":{"amount":2000,"pin":8}}`:                  {20_00, false},
		`{"responseCode":0,"amount":0,"voucher":{"amount":2000,"pin":"8"}}`:     {20_00, false},
		`{"responseCode":0,"voucher":{"pin":"8"}}`:                              {0, false},
		`{"responseCode":0,"amount":1000,"voucher":{"amount":1000,"pin":"8"}}`:  {10_00, true},
		`{"responseCode":0,"amount":2000,"voucher":{"amount":1000,"pin":"8"}}`:  {20_00, true},
		`{"responseCode":0,"amount":"R20","voucher":{"amount":2000,"pin":"8"}}`: {20_00, true},
		`{"responseCode":0,"amount":2000,"voucher":{"amount":[],"pin":"8"}}`:    {20_00, true},
		`{"responseCode":0,"amount":2000.5,"voucher":{"pin":"8"}}`:              {0, true},
	} {
		v := Judge(message(VoucherPurchase{Reference: testRef, Amount: 20_00}), answered(200, body), First)
		issue, ok := v.Result.(*Issue)
		if v.Settled != Happened || v.Alert != want.alert || v.Amount != want.amount || !ok {
			t.Errorf("%s: %+v", body, v)
			continue
		}
		if issue.Alert != v.Alert || issue.Detail != v.Detail || (issue.Detail != "") != issue.Alert {
			t.Errorf("%s: the receipt says %+v, the verdict %q", body, issue.Receipt, v.Detail)
		}
	}
}

func TestAnUndoingTellsWhatItKnows(t *testing.T) {
	plain := Receipt{Reference: testRef, TransactionID: "9", Amount: 20_00}
	for body, want := range map[string]*Undone{
		`{"responseCode":0,"transactionId":9,"amount":2000,"mobileNumber":"27821234567","voucher":{"amount":2000,"status":"Reversed","redemptionDate":"2025-05-01"}}`: {
			Receipt: plain, MobileNumber: "27821234567", Voucher: &Voucher{Amount: 20_00, Status: "Reversed", RedeemedOn: "2025-05-01"},
		},
		`{"responseCode":0,"transactionId":"9","voucher":{"amount":2000}}`:  {Receipt: plain, Voucher: &Voucher{Amount: 20_00}},
		`{"responseCode":0,"transactionId":9,"amount":2000}`:                {Receipt: plain},
		`{"responseCode":0,"transactionId":9,"amount":2000,"voucher":null}`: {Receipt: plain},
		`{"responseCode":0,"transactionId":9,"amount":2000,"voucher":{}}`:   {Receipt: plain},
		`{"responseCode":0}`:              {Receipt: Receipt{Reference: testRef}},
		`{"responseCode":0,"amount":"?"}`: {Receipt: Receipt{Reference: testRef, Alert: true, Detail: "cancelled, but the value cannot be read"}},
	} {
		for _, s := range specimensThat(undoes) {
			v := Judge(s.message(), answered(200, body), Again)
			if diff := cmp.Diff(any(want), v.Result, sameSecret); diff != "" || v.Settled != Happened {
				t.Errorf("%v, %s: %+v (-want +got):\n%s", s, body, v, diff)
			}
		}
	}
}

func TestASuccessThatIsOwedIsAnErrorThatSaysSo(t *testing.T) {
	b := setup(t)
	b.answerOp(OpVoucherPurchase, 200, `{"responseCode":0,"reference":"`+testRef+`","transactionId":9,"amount":2000}`)
	got, err := b.client.PurchaseVoucher(t.Context(), VoucherPurchase{Reference: testRef, Amount: 20_00}, First)
	want := &Error{
		Op: OpVoucherPurchase, HTTPStatus: 200, Code: "0", Message: "it happened, but what was bought is not, or not all, in the answer",
		Reference: testRef, TransactionID: "9", Class: ClassSuccess, Sent: true, Owed: true,
	}
	if diff := cmp.Diff(error(want), err); diff != "" || got != nil {
		t.Errorf("%+v (-want +got):\n%s", got, diff)
	}
}
