package electrumapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"spaza/secret"
)

// Tokens that fit no meter.
const (
	testToken = "77770000111122223333"
	testKey1  = "11110000000000000001"
	testKey2  = "11110000000000000002"
)

// boughtTokens is an answer to a purchase of 100 rand, with all that the document has.
const boughtTokens = `{"id":"1f3e6c0a-0000-4000-8000-000000000003","time":"2026-11-21T10:30:16.001Z",
"thirdPartyIdentifiers":[{"institutionId":"100042","transactionIdentifier":"P-01JTEST0000000000000001"},   {"institutionId":"300003","transactionIdentifier":"E-5"}],
"meter":{"meterId":"14000000017","supplyGroupCode":"100405","keyChangeData":{"newSupplyGroupCode":"100406"}},
"customer":{"firstName":"Thandi"},"utility":{"name":"City","message":"Save water"},"utilityType":"Electricity","vatInvoiceNumber":"INV-1",
"purchaseTotal":{"amount":6000,"currency":"710"},"taxTotal":{"amount":"1300","currency":"ZAR"},
"amounts":{"approvedAmount":{"amount":10000,"currency":"710"}},
"tokens":[
{"tokenType":"STD","units":46.10,"amount":{"amount":6000,"currency":710,"tax":900,"taxType":"VAT","taxRate":15.0},"token":"7777 0000 1111 2222 3333","receiptNum":"R1","tariffCalc":[{"units":"40.5","rate":130.25},{"units":5.6,"rate":150}]},
{"tokenType":"KC","units":0,"amount":{"amount":0},"token":"11110000000000000001"},
{"tokenType":"KC","units":0,"amount":{"amount":0},"token":"11110000000000000002"},
{"tokenType":"BSST","units":50,"amount":{"amount":0},"token":"55550000111122223333"}],
"debtRecoveryCharges":[{"amount":{"amount":2000,"currency":"710","tax":300},"description":"Rates","balance":{"amount":27300,"currency":"710"},"receiptNum":"R2"}],
"serviceCharges":[{"amount":{"amount":700,"currency":"710","tax":100},"description":"Fee"}],
"slipData":{"messageLines":[{"text":"Token: 7777 0000 1111 2222 3333"}],"issuerReference":"A1"},"rrn":"1"}`

// power is a purchase of 100 rand of electricity.
func power() TokenPurchase {
	return TokenPurchase{
		Head: NewHead(testRef, noon, "ussd"), Meter: Meter{MeterID: testMeter}, PurchaseAmount: Rand(100_00), UtilityType: UtilityElectricity,
		Msisdn: "0821234567", Tenders: []Tender{{Amount: Rand(100_00), Reference: testRef, TenderType: TenderWallet}},
	}
}

const purchasePath = "/prepaidutility/v3/tokenPurchases/{id}"

func TestTokensAreBought(t *testing.T) {
	b := setup(t)
	b.answer("POST "+purchasePath, http.StatusCreated, boughtTokens)
	r := power()
	r.PaymentMethods = []PaymentMethod{{Type: PaymentAn32Token, Token: secret.New(strings.Repeat("a", 32))}}
	got, err := b.client.PurchaseToken(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	first := got.Tokens[0]
	if !first.Entry().Equal(testToken) || first.Units != "46.10" || first.Amount.Amount != 6000 || *first.Amount.Tax != 900 || first.Amount.TaxType != "VAT" ||
		first.Amount.TaxRate != "15.0" || first.ReceiptNum != "R1" || !reflect.DeepEqual(first.TariffCalc, []TariffBlock{{"40.5", "130.25"}, {"5.6", "150"}}) {
		t.Error("the token was read wrongly")
	}
	if got.PurchaseTotal.Amount != 6000 || got.TaxTotal.Amount != 1300 || got.VatInvoiceNumber != "INV-1" || got.UtilityType != "Electricity" ||
		got.Meter.KeyChangeData.NewSupplyGroupCode != "100406" || got.Utility.Message != "Save water" || got.Customer.FirstName != "Thandi" ||
		got.DebtRecoveryCharges[0].Balance.Amount != 27300 || got.DebtRecoveryCharges[0].ReceiptNum != "R2" || got.ServiceCharges[0].Description != "Fee" ||
		got.IdentifierOf("300003") != "E-5" || got.TokensLost != 0 || len(got.Slip()) != 1 || !got.Slip()[0].Equal("Token: 7777 0000 1111 2222 3333") {
		t.Error("the rest was read wrongly")
	}

	sent := b.only()
	if sent.path != "/prepaidutility/v3/tokenPurchases/"+ID(LabelRequest, testRef) {
		t.Errorf("sent to %s", sent.path)
	}
	var body, want map[string]any
	if err := json.Unmarshal([]byte(sent.body), &body); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"id", "time", "originator", "client", "settlementEntity", "receiver", "thirdPartyIdentifiers", "stan", "rrn"} {
		if body[of] == nil {
			t.Errorf("sent without %s", of)
		}
		delete(body, of)
	}
	if err := json.Unmarshal([]byte(`{"meter":{"meterId":"14000000017"},"purchaseAmount":{"amount":10000,"currency":"710"},"utilityType":"electricity","msisdn":"0821234567",
		"tenders":[{"amount":{"amount":10000,"currency":"710"},"reference":"`+testRef+`","tenderType":"WALLET"}],"paymentMethods":[{"type":"AN_32_TOKEN","token":"`+strings.Repeat("a", 32)+`"}]}`), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(body, want) {
		t.Errorf("sent %v", body)
	}
}

func TestFreeUnitsAreAskedForWithZero(t *testing.T) {
	b := setup(t)
	r := power()
	r.PurchaseAmount, r.Tenders, r.Msisdn, r.UtilityType = Rand(0), nil, "", ""
	if m := b.build(r); !strings.HasSuffix(m.Body.Reveal(), `"purchaseAmount":{"amount":0,"currency":"710"}}`) {
		t.Errorf("built %s", m.Body.Reveal())
	}
}

func TestWhatIsNotPurchased(t *testing.T) {
	b := setup(t)
	change := func(f func(*TokenPurchase)) TokenPurchase {
		r := power()
		f(&r)
		return r
	}
	for want, r := range map[string]Request{
		"is negative (in purchaseAmount":     change(func(r *TokenPurchase) { r.PurchaseAmount.Amount = -1 }),
		"purchaseAmount.currency is missing": change(func(r *TokenPurchase) { r.PurchaseAmount.Currency = "" }),
		"meter.meterId is missing":           change(func(r *TokenPurchase) { r.Meter = Meter{} }),
		"msisdn does not have the form":      change(func(r *TokenPurchase) { r.Msisdn = "082123456" }),
		"utilityType does not have the form": change(func(r *TokenPurchase) { r.UtilityType = "hot water" }),
		"paymentMethods[0].token must have": change(func(r *TokenPurchase) {
			r.PaymentMethods = []PaymentMethod{{Type: PaymentAn32Token, Token: secret.New("9999")}}
		}),
		"tenders[0].reference is longer":   change(func(r *TokenPurchase) { r.Tenders[0].Reference = strings.Repeat("9", 41) }),
		"id is missing":                    change(func(r *TokenPurchase) { r.ID = "" }),
		"tenders[0].tenderType is missing": TokenTrial{change(func(r *TokenPurchase) { r.Tenders[0].TenderType = "" })},
	} {
		if _, err := b.client.Build(r); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "9999") {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestATrialBringsNothingToKeyIn(t *testing.T) {
	b := setup(t)
	b.answer("POST "+purchasePath+"/trial", http.StatusOK, boughtTokens)
	got, err := b.client.TryToken(t.Context(), TokenTrial{power()})
	if err != nil || len(got.Tokens) != 4 || got.Tokens[0].Units != "46.10" || got.ServiceCharges[0].Amount.Amount != 700 {
		t.Fatalf("read %v", err)
	}
	for _, token := range got.Tokens {
		if token.Usable() || !token.Entry().Empty() {
			t.Error("a trial brought a token")
		}
	}
	if got.Slip() != nil || got.TokensLost != 0 {
		t.Error("a trial brought a slip")
	}
	if b.only().body != b.build(power()).Body.Reveal() {
		t.Error("a trial is not the body of a purchase")
	}
	refused := setup(t)
	refused.answer("POST "+purchasePath+"/trial", http.StatusBadRequest, `{"errorType":"FUNCTION_NOT_SUPPORTED"}`)
	var e *Error
	if _, err := refused.client.TryToken(t.Context(), TokenTrial{power()}); !errors.As(err, &e) || e.Detail.Type != ErrorUnsupported {
		t.Errorf("a provider without trials: %v", err)
	}
}

func TestAnAnswerWithoutTokens(t *testing.T) {
	for name, c := range map[string]struct {
		body        string
		lost, lines int
		debt        bool
	}{
		"only a slip":          {`{"meter":{"meterId":"1"},"slipData":{"messageLines":[{"text":"one"},{"text":"two"},7]}}`, 0, 2, false},
		"nothing":              {`{}`, 0, 0, false},
		"null":                 {`{"tokens":null,"debtRecoveryCharges":null}`, 0, 0, false},
		"all debt":             {`{"tokens":[],"debtRecoveryCharges":[{"amount":{"amount":8000,"tax":1000}}],"serviceCharges":[{"amount":{"amount":1000}}]}`, 0, 0, true},
		"all debt, tax inside": {`{"debtRecoveryCharges":[{"amount":{"amount":10000,"tax":1500}}]}`, 0, 0, true},
		"and keys":             {`{"tokens":[{"tokenType":"KC","token":"11110000000000000001"}],"serviceCharges":[{"amount":{"amount":10000}}]}`, 0, 0, true},
		"lost, and all debt":   {`{"tokens":[{"tokenType":"STD"}],"serviceCharges":[{"amount":{"amount":10000}}]}`, 1, 0, false},
		"debt in dollars":      {`{"debtRecoveryCharges":[{"amount":{"amount":10000,"currency":"840"}}]}`, 0, 0, false},
		"debt of nothing":      {`{"debtRecoveryCharges":[{"description":"x"},{"amount":{"amount":10000}}]}`, 0, 0, false},
		"less debt":            {`{"debtRecoveryCharges":[{"amount":{"amount":9999}}]}`, 0, 0, false},
		"no array":             {`{"tokens":{"token":"1"}}`, 1, 0, false},
		"some unreadable":      {`{"tokens":[{"token":"12345678901234567890"},"12345678901234567890",null,{"token":[]},{"token":"n/a"}]}`, 3, 0, false},
	} {
		r, err := ReadTokenPurchase(secret.New(c.body))
		if err != nil || r.TokensLost != c.lost || len(r.Slip()) != c.lines || r.AllDebt(100_00) != c.debt {
			t.Errorf("%s: %d lost, %d lines, all debt %v: %v", name, r.TokensLost, len(r.Slip()), r.AllDebt(100_00), err)
		}
	}
	for _, body := range []string{``, `[]`, `<html>`, `{"tokens":[`, `{"tokens":[],"tokens":[{}]}`, strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 100)} {
		if r, err := ReadTokenPurchase(secret.New(body)); err == nil || r != nil {
			t.Errorf("%q was read", body)
		}
	}
}
