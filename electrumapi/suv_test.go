package electrumapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"spaza/secret"
)

// timeless leaves the time out of log lines, so that they can be compared.
var timeless = &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}}

// saidOf is everything that a caller could log of some values.
func saidOf(values ...any) string {
	var b bytes.Buffer
	for _, v := range values {
		fmt.Fprintf(&b, "%v %+v %#v %s %q %x %d\n", v, v, v, v, v, v, v)
		if j, err := json.Marshal(v); err == nil {
			b.Write(j)
		}
		slog.New(slog.NewTextHandler(&b, timeless)).Info("logged", "value", v)
		slog.New(slog.NewJSONHandler(&b, timeless)).Info("logged", "value", v)
		if err, ok := v.(error); ok {
			for e := err; e != nil; e = errors.Unwrap(e) {
				b.WriteString(e.Error())
			}
		}
	}
	return b.String()
}

// shows says which of some secrets show in what was said.
func shows(said string, secrets ...string) (all []string) {
	for _, s := range secrets {
		if strings.Contains(said, s) || strings.Contains(said, fmt.Sprintf("%x", s)) {
			all = append(all, s)
		}
	}
	return all
}

// TestNothingOfAVoucherIsSaid has a host repeat the code of a voucher wherever an
// answer can hold words.
func TestNothingOfAVoucherIsSaid(t *testing.T) {
	secrets := []string{testCode, "8642", "Thandi"}
	issued := strings.ReplaceAll(issuedGift, testGiftPN, "8642")
	refused := `{"errorType":"W","errorMessage":"no W","detailMessage":{"code":["W"]},"providerErrorCode":"W","providerErrorMessage":"W","providerRef":"W","id":"W","requestType":"W"}`
	r := gift()
	r.Voucher = &SingleUseVoucher{Code: secret.New(testCode), Pin: &Pin{Type: PinClear, Pin: secret.New("8642")}, RedeemInstructions: []secret.Text{secret.New(testCode)}}
	r.Recipient = &Customer{FirstName: "Thandi"}
	lookup := SingleUseLookup{VoucherCode: secret.New(testCode)}
	if found := shows(saidOf(r, &r, lookup, r.Voucher, *r.Voucher, SingleUseRetry{secret.New(testCode)}), secrets...); found != nil {
		t.Errorf("requests show %q", found)
	}
	for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusInternalServerError} {
		for _, body := range []string{issued, strings.ReplaceAll(refused, "W", testCode), testCode, `{"voucher":"` + testCode + `"}`, `{"id":"` + testCode + `","id":"2"}`} {
			b := setup(t)
			b.answer("/suv/v1/", status, body)
			provisioned, err1 := b.client.ProvisionSingleUse(t.Context(), r)
			retried, err2 := b.client.RetrySingleUse(t.Context(), SingleUseRetry{b.build(r).Body})
			found, err3 := b.client.LookupSingleUse(t.Context(), lookup)
			advice := SingleUseConfirmation{About: About{ID: ID(LabelConfirm, testRef), At: noon, Request: b.build(r).Body, Response: secret.New(body)}}
			said := saidOf(provisioned, err1, retried, err2, found, err3, b.build(lookup), b.build(r), advice, b.build(advice))
			if leaks := shows(said, secrets...); leaks != nil || strings.Contains(b.build(advice).Body.Reveal(), testCode) {
				t.Errorf("HTTP %d %.30s: shown %q", status, body, leaks)
			}
		}
	}
	quoting := setup(t, func(o *Options) {
		o.Transport = transportFunc(func(q *http.Request) (*http.Response, error) { return nil, fmt.Errorf("failed: %s", q.URL) })
	})
	if _, err := quoting.client.LookupSingleUse(t.Context(), lookup); err == nil || shows(saidOf(err), testCode) != nil {
		t.Errorf("a transport that quotes the address: %v", err)
	}
}

func TestConfidentialValuesAreNotWrittenAsJSON(t *testing.T) {
	for _, v := range []any{gift(), SingleUseProvisionResult{}, SingleUseLookupResult{}, power(), TokenTrial{power()}, TokenPurchaseResult{}, MeterLookupResult{}, KeyChangeResult{}, fault()} {
		if b, err := json.Marshal(v); err == nil {
			t.Errorf("%T was written as %s", v, b)
		}
	}
}

func FuzzSingleUse(f *testing.F) {
	f.Add(issuedGift)
	f.Add(`[{"productId":"GAME50","amount":{"amount":"5000"}},null,7]`)
	f.Add(`{"products":[{"productId":1,"channelProductListings":{}}]}`)
	f.Add(`{"voucher":{"pin":"1234","redeemInstructions":"x"},"amounts":{"approvedAmount":{"amount":1e3}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		text := secret.New(body)
		if r, err := Decode[SingleUseProvisionResult](text); err == nil {
			if value := r.Value(); value != 0 && r.Amounts == nil && r.Product == nil {
				t.Errorf("worth %d out of nothing", value)
			}
			_ = r.Voucher.ClearPin()
			if saidOf(r) != saidOf(&SingleUseProvisionResult{}) {
				t.Error("a voucher shows something")
			}
		}
		if r, err := Decode[SingleUseLookupResult](text); err == nil && saidOf(r) != saidOf(&SingleUseLookupResult{}) {
			t.Error("a voucher that was looked up shows something")
		}
		products, err := ReadSingleUseProducts(text)
		for _, p := range products {
			if p.ProductID == "" || err != nil {
				t.Error("a product without an id, or with an error")
			}
		}
		if id, err := earlier(text); err == nil && !forms["uuid"].MatchString(id) {
			t.Errorf("%q is no id", id)
		}
	})
}
