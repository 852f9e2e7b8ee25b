package electrumapi

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"spaza/secret"
)

func TestAVoucherIsLookedUp(t *testing.T) {
	b := setup(t)
	b.answer("GET /suv/v1/vouchers", http.StatusOK, `{"voucher":{"serialNumber":"S-77"},"amounts":{"approvedAmount":{"amount":5000,"currency":"710","ledgerIndicator":"CREDIT"}},
		"product":{"productId":"GAME50"},"posInfo":{},"settlementEntity":{"id":"1","name":"A"},"receiver":{"id":"2","name":"B"},"thirdPartyIdentifiers":[],"rrn":"123"}`)
	got, err := b.client.LookupSingleUse(t.Context(), SingleUseLookup{
		VoucherCode: secret.New("a&b=c/ü"), ProvisionRequestID: ID(LabelRequest, testRef), VoucherSerialNumber: "S 77", ReceiverID: "2", SettlementID: "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Voucher.SerialNumber != "S-77" || got.Amounts.ApprovedAmount.LedgerIndicator != Credit || got.Product.ProductID != "GAME50" ||
		got.SettlementEntity.ID != "1" || got.Receiver.Name != "B" || got.Rrn != "123" || string(got.ThirdPartyIdentifiers) != "[]" || got.PosInfo == nil {
		t.Errorf("read %#v", got.Voucher)
	}
	sent := b.only()
	asked, err := url.ParseQuery(sent.query)
	if err != nil || len(asked) != 5 || asked.Get("voucherCode") != "a&b=c/ü" || asked.Get("provisionRequestId") != ID(LabelRequest, testRef) ||
		asked.Get("voucherSerialNumber") != "S 77" || asked.Get("receiverInstId") != "2" || asked.Get("settlementEntityInstId") != "1" {
		t.Errorf("asked %s", sent.query)
	}
	if sent.body != "" {
		t.Errorf("sent %s", sent.body)
	}
}

func TestWhatIsNotLookedUp(t *testing.T) {
	b := setup(t)
	for want, r := range map[string]SingleUseLookup{
		"voucherCode, provisionRequestId or voucherSerialNumber is missing": {ReceiverID: "2"},
		"provisionRequestId is no UUID":                                     {ProvisionRequestID: "P-1"},
		"voucherCode is longer":                                             {VoucherCode: secret.New(strings.Repeat("9", 41))},
		"voucherSerialNumber is longer":                                     {VoucherSerialNumber: "\xff"},
	} {
		if _, err := b.client.LookupSingleUse(t.Context(), r); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "9999") {
			t.Errorf("want %q: %v", want, err)
		}
	}
	if len(b.requests()) != 0 {
		t.Error("something was sent")
	}
}

func TestSingleUseProductsAreListed(t *testing.T) {
	const one = `{"productId":"GAME50","name":"Games 50","amount":{"amount":5000,"currency":"710"}}`
	for name, c := range map[string]struct {
		body string
		want int // -1 for an error
	}{
		"array":           {`[` + one + `,{"name":"no id"},7,{"productId":"X"}]`, 2},
		"none":            {`[]`, 0},
		"object":          {`{"products":[` + one + `]}`, 1},
		"empty object":    {`{}`, -1},
		"other object":    {`{"products":{}}`, -1},
		"an error":        {`{"errorType":"GENERAL_ERROR","products":[` + one + `]}`, -1},
		"no JSON":         {`<html>`, -1},
		"nothing":         {``, -1},
		"cut":             {`[` + one, -1},
		"twice different": {`{"products":[],"products":[` + one + `]}`, -1},
	} {
		b := setup(t)
		b.answer("GET /suv/v1/products", http.StatusOK, c.body)
		got, err := b.client.ListSingleUse(t.Context())
		if len(got) != max(c.want, 0) || (err != nil) != (c.want < 0) {
			t.Errorf("%s: %d products, %v", name, len(got), err)
		}
		if c.want > 0 && (got[0].ProductID != "GAME50" || got[0].Amount.Amount != 50_00) {
			t.Errorf("%s: read %+v", name, got[0])
		}
	}
	b := setup(t)
	b.answer("GET /suv/v1/products", http.StatusNotImplemented, `[`+one+`]`)
	var e *Error
	if got, err := b.client.ListSingleUse(t.Context()); !errors.As(err, &e) || e.Class != Failed || e.HTTPStatus != http.StatusNotImplemented || got != nil {
		t.Errorf("a refusal: %v", err)
	}
}
