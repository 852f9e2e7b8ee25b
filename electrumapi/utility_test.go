package electrumapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"spaza/secret"
)

// TestNothingOfATokenIsSaid has a host repeat tokens, a meter and a name wherever an
// answer can hold words.
func TestNothingOfATokenIsSaid(t *testing.T) {
	secrets := []string{testToken, "7777 0000 1111 2222 3333", testKey1, "Thandi", testMeter, "0821234567"}
	refused := `{"errorType":"W","errorMessage":"no W","detailMessage":{"code":["W"]},"providerErrorCode":"W","providerErrorMessage":"W"}`
	head := NewHead(testRef, noon, "ussd")
	lookup, keys := MeterLookup{Head: head, Meter: Meter{MeterID: testMeter}}, KeyChange{Head: head, Meter: Meter{MeterID: testMeter}}
	reprint := TokenReprint{Head: head, Meter: Meter{MeterID: testMeter}}
	if found := shows(saidOf(power(), TokenTrial{power()}, lookup, keys, reprint, fault(), TokenRetry{Request: secret.New(testToken)}, fmt.Sprintf("%v %+v %v", lookup.Meter, &lookup.Meter, lookup.Meter.LogValue())), secrets...); found != nil {
		t.Errorf("requests show %q", found)
	}
	for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusInternalServerError} {
		for _, body := range []string{boughtTokens, changedKeys, strings.ReplaceAll(refused, "W", testToken), strings.ReplaceAll(refused, "W", secrets[1]), testToken, `{"tokens":"` + testToken + `"}`} {
			b := setup(t)
			b.answer("/prepaidutility/v3/", status, body)
			values := []any{b.build(power()), b.build(fault()), b.build(keys)}
			keep := func(v any, err error) { values = append(values, v, err) }
			looked, err := b.client.LookupMeter(t.Context(), lookup)
			keep(looked, err)
			bought, err := b.client.PurchaseToken(t.Context(), power())
			keep(bought, err)
			tried, err := b.client.TryToken(t.Context(), TokenTrial{power()})
			keep(tried, err)
			retried, err := b.client.RetryToken(t.Context(), TokenRetry{Request: b.build(power()).Body})
			keep(retried, err)
			reprinted, err := b.client.ReprintToken(t.Context(), reprint)
			keep(reprinted, err)
			changed, err := b.client.RequestKeyChange(t.Context(), keys)
			keep(changed, err)
			reported, err := b.client.ReportFault(t.Context(), fault())
			keep(reported, err)
			if bought != nil {
				keep(bought.Tokens, nil)
				keep(bought.Slip(), nil)
				keep(bought.InOrder(), nil)
			}
			if leaks := shows(saidOf(values...), secrets...); leaks != nil {
				t.Errorf("HTTP %d %.30s: shown %q", status, body, leaks)
			}
		}
	}
}

func FuzzTokenPurchase(f *testing.F) {
	f.Add(boughtTokens)
	f.Add(changedKeys)
	f.Add(`{"tokens":[{"tokenType":7,"units":"1e99","amount":{"amount":-1,"tax":"x"},"token":12345678901234567890,"tariffCalc":[1]}],"slipData":{"messageLines":["x",{"text":1}]}}`)
	f.Add(`{"tokens":{},"debtRecoveryCharges":[{"amount":{"amount":10000}}],"purchaseTotal":{"amount":9223372036854775807},"taxTotal":{"amount":9223372036854775807}}`)
	empty := saidOf(&TokenPurchaseResult{})
	f.Fuzz(func(t *testing.T, body string) {
		text := secret.New(body)
		r, err := ReadTokenPurchase(text)
		if err != nil {
			if body != "" && strings.Contains(err.Error(), body) && len(body) > 8 {
				t.Errorf("the error quotes the answer: %v", err)
			}
			return
		}
		if r.TokensLost < 0 {
			t.Errorf("%d tokens lost", r.TokensLost)
		}
		order, others := r.InOrder(), false
		if len(order) != len(r.Tokens) {
			t.Error("a token was lost on the way into order")
		}
		for _, token := range order {
			if token.TokenType == TokenKeyChange && others {
				t.Error("a key change comes too late")
			}
			others = others || token.TokenType != TokenKeyChange
			if token.Usable() != strings.ContainsAny(token.Entry().Reveal(), "0123456789") {
				t.Error("the entry of a token differs from it")
			}
		}
		if bill := r.Bill(100_00); bill.AddsUp && (bill.Net+bill.Tax+bill.Debt+bill.Fees != 100_00 || min(bill.Net, bill.Tax, bill.Debt, bill.Fees) < 0) {
			t.Errorf("%+v does not add up", bill)
		}
		if r.AllDebt(100_00) && r.AllDebt(0) {
			t.Error("nothing was paid, and debt took it")
		}
		if sum, ok := r.UnitsOf(TokenStandard, TokenRefund, TokenFree); ok {
			if _, again := parseUnits(string(sum)); !again || len(sum) > maxUnitDigits+3 {
				t.Errorf("units of %s", sum)
			}
		}
		if saidOf(r) != empty {
			t.Error("tokens show")
		}
		if looked, err := Decode[MeterLookupResult](text); err == nil && saidOf(looked) != saidOf(&MeterLookupResult{}) {
			t.Error("a meter shows")
		}
		if changed, err := ReadKeyChange(text); err == nil && len(changed.InOrder()) != len(changed.Tokens) {
			t.Error("a token was lost on the way into order")
		}
	})
}

func FuzzWithID(f *testing.F) {
	f.Add(`{"id":"a"}`)
	f.Add(`{ "x" : {"id":"b"}, "i\u0064" : "a" , "id":"c"}`)
	f.Fuzz(func(t *testing.T, body string) {
		id := ID(LabelRetry, testRef)
		changed, err := withID(secret.New(body), id)
		if err != nil {
			if !changed.Empty() {
				t.Error("a body and an error")
			}
			return
		}
		if want := strings.Count(body, id) + 1; strings.Count(changed.Reveal(), id) < want-1 || !strings.Contains(changed.Reveal(), `"`+id+`"`) {
			t.Errorf("%q became %q", body, changed.Reveal())
		}
		if r, err := Decode[Transaction](changed); err == nil && r.ID != id && !strings.Contains(body, `\u`) {
			t.Errorf("%q has the id %q", changed.Reveal(), r.ID)
		}
	})
}
