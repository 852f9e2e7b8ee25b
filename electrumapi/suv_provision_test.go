package electrumapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

// Codes and PINs that no provider issued.
const (
	testCode   = "GIFT-AAAA-BBBB-0001"
	testGiftPN = "4321"
)

// issuedGift is an answer the way the document shows it.
const issuedGift = `{"transactionLabels":[{"name":"week","value":"47"}],"id":"1f3e6c0a-0000-4000-8000-000000000002","time":"2026-11-21T10:30:16.001Z",
"thirdPartyIdentifiers":[{"institutionId":"100042","transactionIdentifier":"P-01JTEST0000000000000001"},  {"institutionId":"300002","transactionIdentifier":"V-9"}],
"slipData":{"messageLines":[{"text":"Enjoy"}]},
"amounts":{"approvedAmount":{"amount":"5000","currency":"ZAR","ledgerIndicator":"CREDIT"}},
"voucher":{"code":"GIFT-AAAA-BBBB-0001","expiryDate":"2029-11-21T00:00:00Z","redeemInstructions":["Go to the site","Type GIFT-AAAA-BBBB-0001"],"serialNumber":"S-77","pin":{"type":"CLEAR_PIN","pin":"4321"}},
"product":{"productId":"GAME50","barcode":"600123","name":"Games 50","amount":{"amount":5000,"currency":"710"},"minAmount":{"amount":1,"currency":"710"},"maxAmount":{"amount":9,"currency":"710"},
"description":"for games","isFixedValue":false,"receiver":{"id":"300002","name":"Games"},"channelProductListings":[{"channelName":"USSD","productDisplaySortOrder":1.5}]},
"posInfo":{"entryMode":{"panEntryMode":"MANUAL","pinEntryCapability":"CAN_ACCEPT"},"posConditionCode":"SOMETHING_NEW"},
"recipient":{"firstName":"Thandi","msisdn":"27821234567","addressDetails":{"city":"Soweto"}},
"tenders":[{"tenderType":"SHELLS","amount":{"amount":5000,"currency":"710"}}]}`

// gift is the provision of a voucher of 50 rand.
func gift() SingleUseProvision {
	return SingleUseProvision{
		Head: NewHead(testRef, noon, "whatsapp"), Product: &SingleUseProduct{ProductID: "GAME50"},
		Tenders: []Tender{{Amount: Rand(50_00), Reference: testRef, TenderType: TenderWallet}},
	}
}

func TestAProvisionOnTheWire(t *testing.T) {
	b := setup(t)
	b.answer("POST /suv/v1/vouchers", http.StatusCreated, issuedGift)
	r := gift()
	r.Amounts = &Amounts{RequestAmount: &LedgerAmount{50_00, "710", Credit}}
	r.Voucher = &SingleUseVoucher{Code: secret.New("MINE-1"), Pin: &Pin{Type: PinClear, Pin: secret.New("0000")}}
	r.PosInfo = &PosInfo{EntryMode: &EntryMode{"UNKNOWN", "CANNOT_ACCEPT"}, PosConditionCode: "CUSTOMER_NOT_PRESENT"}
	r.Customer, r.Recipient = &Customer{Msisdn: "27821234567"}, &Customer{FirstName: "Thandi"}
	r.PaymentMethods = []PaymentMethod{{Type: PaymentWallet, WalletID: "W1"}}
	got, err := b.client.ProvisionSingleUse(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	v, p := got.Voucher, got.Product
	if !v.Code.Equal(testCode) || !v.ClearPin().Equal(testGiftPN) || v.SerialNumber != "S-77" || v.ExpiryDate.Year() != 2029 ||
		len(v.RedeemInstructions) != 2 || !v.RedeemInstructions[1].Equal("Type "+testCode) || got.Value() != 50_00 ||
		p.Barcode != "600123" || p.Name != "Games 50" || p.Amount.Amount != 50_00 || p.MinAmount.Amount != 1 || p.MaxAmount.Amount != 9 ||
		p.Description != "for games" || p.IsFixedValue == nil || *p.IsFixedValue || p.Receiver.Name != "Games" ||
		p.ChannelProductListings[0].ProductDisplaySortOrder != "1.5" || got.PosInfo.PosConditionCode != "SOMETHING_NEW" ||
		got.Recipient.AddressDetails.City != "Soweto" || got.Tenders[0].TenderType != "SHELLS" ||
		got.IdentifierOf("300002") != "V-9" || got.TransactionLabels[0].Value != "47" {
		t.Errorf("read %#v", got.Voucher)
	}

	var sent, want map[string]any
	if err := json.Unmarshal([]byte(b.only().body), &sent); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"originator", "client", "settlementEntity", "receiver", "thirdPartyIdentifiers", "stan", "rrn"} {
		if sent[of] == nil {
			t.Errorf("sent without %s", of)
		}
		delete(sent, of)
	}
	if err := json.Unmarshal([]byte(`{"id":"`+ID(LabelRequest, testRef)+`","time":"2026-11-21T10:30:15.123Z",
		"amounts":{"requestAmount":{"amount":5000,"currency":"710","ledgerIndicator":"CREDIT"}},
		"tenders":[{"amount":{"amount":5000,"currency":"710"},"reference":"`+testRef+`","tenderType":"WALLET"}],
		"voucher":{"code":"MINE-1","pin":{"type":"CLEAR_PIN","pin":"0000"}},"product":{"productId":"GAME50"},
		"posInfo":{"entryMode":{"panEntryMode":"UNKNOWN","pinEntryCapability":"CANNOT_ACCEPT"},"posConditionCode":"CUSTOMER_NOT_PRESENT"},
		"customer":{"msisdn":"27821234567"},"recipient":{"firstName":"Thandi"},"paymentMethods":[{"type":"WALLET","walletId":"W1"}]}`), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %v\nwant %v", sent, want)
	}
}

func TestWhatAVoucherIsWorth(t *testing.T) {
	for body, want := range map[string]int64{
		`{}`: 0,
		`{"product":{"amount":{"amount":1,"currency":"710"}}}`:                                                           1,
		`{"amounts":{},"product":{"amount":{"amount":1,"currency":"710"}}}`:                                              1,
		`{"amounts":{"requestAmount":{"amount":2,"currency":"710"}},"product":{"amount":{"amount":1,"currency":"710"}}}`: 2,
		`{"amounts":{"requestAmount":{"amount":2,"currency":"710"},"approvedAmount":{"amount":3}}}`:                      3,
		`{"amounts":{"requestAmount":{"amount":2,"currency":"710"},"approvedAmount":{"amount":3,"currency":"840"}}}`:     0,
		`{"amounts":{"requestAmount":{"amount":2,"currency":"710"},"approvedAmount":{"amount":"much"}}}`:                 2,
		`{"amounts":{"approvedAmount":"3"},"product":{"amount":{"amount":1.00,"currency":710}}}`:                         1,
		`{"amounts":[],"product":[]}`: 0,
		`{"amounts":{"approvedAmount":{"amount":null}},"product":{"productId":"X","amount":{"amount":99999999999999999999}},"id":[]}`: 0,
	} {
		r, err := Decode[SingleUseProvisionResult](secret.New(body))
		if err != nil || r.Value() != want {
			t.Errorf("%s is worth %d, want %d (%v)", body, r.Value(), want, err)
		}
	}
}

func TestARetryHasTheOriginalBytes(t *testing.T) {
	for name, c := range map[string]struct{ path, at string }{
		"inferred":   {"", "/suv/v1/vouchers/" + ID(LabelRequest, testRef) + "/retry"},
		"configured": {"/provisions/retry/{provisionId}", "/suv/v1/provisions/retry/" + ID(LabelRequest, testRef)},
	} {
		b := setup(t, func(o *Options) { o.RetryPath = c.path })
		b.answer("POST "+c.at, http.StatusAccepted, issuedGift)
		original := b.build(gift()).Body
		got, err := b.client.RetrySingleUse(t.Context(), SingleUseRetry{original})
		if err != nil || !got.Voucher.Code.Equal(testCode) {
			t.Fatalf("%s: %v", name, err)
		}
		if sent := b.only(); sent.body != original.Reveal() || sent.path != c.at {
			t.Errorf("%s: sent %s to %s", name, sent.body, sent.path)
		}
	}
}

func TestARefusedRetryThatSettlesNothing(t *testing.T) {
	for body, definite := range map[string]bool{
		`{"errorType":"TRANSACTION_NOT_SUPPORTED"}`: false, `{"errorType":"TRANSACTION_DECLINED"}`: true,
		`{"errorType":"NEVER_HEARD_OF"}`: false, `{}`: false,
	} {
		b := setup(t)
		b.answer("POST /suv/v1/vouchers/{id}/retry", http.StatusBadRequest, body)
		_, err := b.client.RetrySingleUse(t.Context(), SingleUseRetry{b.build(gift()).Body})
		var e *Error
		if !errors.As(err, &e) || e.Op != OpVoucherRetry || e.Class != Failed || e.Detail.Type.Definite() != definite {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestWhatIsNotProvisioned(t *testing.T) {
	b := setup(t)
	change := func(f func(*SingleUseProvision)) SingleUseProvision {
		r := gift()
		f(&r)
		return r
	}
	for want, r := range map[string]Request{
		"productId is missing":             change(func(r *SingleUseProvision) { r.Product.ProductID = "" }),
		"productId does not have the form": change(func(r *SingleUseProvision) { r.Product.ProductID = "GAME 50" }),
		"productId is longer than 40":      change(func(r *SingleUseProvision) { r.Product.ProductID = strings.Repeat("9", 41) }),
		"voucher.code is longer than 40":   change(func(r *SingleUseProvision) { r.Voucher = &SingleUseVoucher{Code: secret.New(strings.Repeat("9", 41))} }),
		"pin is missing (in voucher.pin)":  change(func(r *SingleUseProvision) { r.Voucher = &SingleUseVoucher{Pin: &Pin{Type: PinClear}} }),
		"voucher.pin.pin is longer than 20": change(func(r *SingleUseProvision) {
			r.Voucher = &SingleUseVoucher{Pin: &Pin{Type: PinClear, Pin: secret.New(strings.Repeat("9", 21))}}
		}),
		"tenders[0].tenderType is missing": change(func(r *SingleUseProvision) { r.Tenders[0].TenderType = "" }),
		"amounts.requestAmount.currency":   change(func(r *SingleUseProvision) { r.Amounts = &Amounts{RequestAmount: &LedgerAmount{Currency: "ZAR"}} }),
		"recipient.msisdn does not have":   change(func(r *SingleUseProvision) { r.Recipient = &Customer{Msisdn: "0821234567"} }),
		"posConditionCode does not have":   change(func(r *SingleUseProvision) { r.PosInfo = &PosInfo{PosConditionCode: "no word"} }),
		"id does not have the form":        change(func(r *SingleUseProvision) { r.ID = "P-1" }),
		"time is missing":                  change(func(r *SingleUseProvision) { r.Time = time.Time{} }),
		"own reference is missing":         change(func(r *SingleUseProvision) { r.OwnRef = "" }),
		"earlier request cannot be read":   SingleUseRetry{},
		"earlier request has no id":        SingleUseRetry{secret.New(`{"id":"../../confirmations"}`)},
	} {
		_, err := b.client.Build(r)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "9999") {
			t.Errorf("want %q: %v", want, err)
		}
	}
	if len(b.requests()) != 0 {
		t.Error("something was sent")
	}
}
