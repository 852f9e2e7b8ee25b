package electrumapi

import (
	"net/http"
	"strings"
	"testing"

	"spaza/secret"
)

const soldVoucher = `{"id":"x","thirdPartyIdentifiers":[{"institutionId":"9","transactionIdentifier":"8"}],
"voucher":{"pin":"` + testPIN + `","serialNumber":"S1","batchNumber":"B1"},"responseProduct":{"productId":"MTN10"},
"amounts":{"approvedAmount":{"amount":"1000","currency":"ZAR"}}}`

func TestTheOlderVoucher(t *testing.T) {
	id := ID(LabelRequest, testRef)
	b := setup(t)
	b.answer("POST /airtime/v5/vouchers/"+id, http.StatusCreated, soldVoucher)
	b.answer("POST /airtime/v5/vouchers/"+id+"/confirmations/"+ID(LabelConfirm, testRef), http.StatusAccepted, `{"requestId":"`+id+`"}`)
	b.answer("POST /airtime/v5/vouchers/"+id+"/reversals/"+ID(LabelReverse, testRef), http.StatusAccepted, `{"requestId":"`+id+`"}`)

	r := AirtimeVoucherPurchase{Head: NewHead(testRef, noon, "ussd"), Product: AirtimeProduct{ProductID: "MTN10"}, Tenders: paid()}
	sale, err := b.client.ProvisionAirtimeVoucher(t.Context(), r)
	if err != nil || !sale.Voucher.Pin.Equal(testPIN) || sale.ResponseProduct.ProductID != "MTN10" || sale.Amounts.ApprovedAmount.Amount != 1000 {
		t.Fatalf("read %+v: %v", sale, err)
	}
	a := About{ID: ID(LabelConfirm, testRef), At: noon, Request: b.build(r).Body, Response: secret.New(soldVoucher)}
	if got, err := b.client.ConfirmAirtimeVoucher(t.Context(), AirtimeVoucherConfirmation{a, paid()}); err != nil || got.RequestID != id {
		t.Fatalf("read %+v: %v", got, err)
	}
	a.ID, a.Response = ID(LabelReverse, testRef), secret.Text{}
	if got, err := b.client.ReverseAirtimeVoucher(t.Context(), AirtimeVoucherReversal{a, ReversedCancelled}); err != nil || got.RequestID != id {
		t.Fatalf("read %+v: %v", got, err)
	}

	all := b.requests()
	if !strings.Contains(all[1].body, `"voucher":{"serialNumber":"S1","batchNumber":"B1"}`) || strings.Contains(all[1].body, testPIN) {
		t.Errorf("confirmed with %s", all[1].body)
	}
	if !strings.Contains(all[2].body, `"reversalReason":"CANCELLED"`) {
		t.Errorf("reversed with %s", all[2].body)
	}
}

func TestASerialNumberThatWeMayNotSendIsLeftOut(t *testing.T) {
	b := setup(t)
	r := AirtimeVoucherPurchase{Head: NewHead(testRef, noon, "ussd"), Product: AirtimeProduct{ProductID: "MTN10"}}
	a := About{ID: ID(LabelConfirm, testRef), At: noon, Request: b.build(r).Body, Response: secret.New(`{"voucher":{"serialNumber":"not one"}}`)}
	if m := b.build(AirtimeVoucherConfirmation{a, paid()}); strings.Contains(m.Body.Reveal(), "voucher") || !strings.Contains(m.Body.Reveal(), "tenders") {
		t.Errorf("confirmed with %s", m.Body.Reveal())
	}
}
