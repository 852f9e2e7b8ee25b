package electrumapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"spaza/secret"
)

// canaries are what must never be said.
var canaries = map[string]string{
	"password": testPassword, "basic": base64.StdEncoding.EncodeToString([]byte(testUser + ":" + testPassword)), "bearer": testBearer,
	"PIN": testPIN, "client secret": "TEST-SECRET-not-real",
	"client's basic": base64.StdEncoding.EncodeToString([]byte("spaza-client:TEST-SECRET-not-real")), "token of a payment": strings.Repeat("a1", 16),
}

// looked says everything that a caller could log of some values and looks for canaries.
func looked(t *testing.T, where string, values ...any) {
	t.Helper()
	var b bytes.Buffer
	for _, v := range values {
		fmt.Fprintf(&b, "%v %+v %#v %s %q %x\n", v, v, v, v, v, v)
		if j, err := json.Marshal(v); err == nil {
			b.Write(j)
		}
		slog.New(slog.NewTextHandler(&b, nil)).Info("logged", "value", v)
		if err, ok := v.(error); ok {
			for e := err; e != nil; e = errors.Unwrap(e) {
				b.WriteString(e.Error())
			}
		}
	}
	for name, s := range canaries {
		if said := b.String(); strings.Contains(said, s) || strings.Contains(said, fmt.Sprintf("%x", s)) {
			t.Errorf("%s: the %s shows", where, name)
		}
	}
}

// TestNoSecretIsEverSaid sends credentials and a token of a payment to a host that
// repeats all it knows wherever an answer can hold words.
func TestNoSecretIsEverSaid(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		echoed(t, bearer)
	}
}

// echoed does it with one of the two ways to authenticate.
func echoed(t *testing.T, bearer bool) {
	var all []string
	for name, s := range canaries {
		had := name != "basic" && name != "bearer" && name != "client secret" && name != "client's basic"
		if had || bearer == (name != "basic") { // a host cannot repeat what it never had
			all = append(all, s)
		}
	}
	words, _ := json.Marshal(strings.Join(all, " and "))
	echo := strings.ReplaceAll(`{"id":W,"originalId":W,"errorType":W,"errorMessage":W,"requestType":W,"detailMessage":{"a":[W]},"providerErrorCode":W,
		"providerErrorMsg":W,"providerErrorMessage":W,"providerRef":W,"voucher":{"pin":"`+testPIN+`","serialNumber":"S1"}}`, "W", string(words))
	sold := `{"voucher":{"pin":"` + testPIN + `","serialNumber":"S1"},"paymentMethods":[{"token":` + string(words) + `}]}`
	type reply struct {
		status int
		body   string
	}
	replies := []reply{{200, sold}, {200, string(words)}, {200, `{"id":"` + testPIN}}
	for _, status := range []int{200, 302, 400, 401, 404, 429, 500, 503} {
		replies = append(replies, reply{status, echo}, reply{status, strings.Replace(echo, `"errorType":`+string(words), `"errorType":"DO_NOT_HONOR"`, 1)})
	}
	r := topUp()
	r.PaymentMethods = []PaymentMethod{{Type: PaymentAn32Token, Token: secret.New(canaries["token of a payment"]), Pin: &Pin{Type: PinClear, Pin: secret.New(testPIN)}}}
	looked(t, "request", r, r.PaymentMethods)
	for _, c := range replies {
		b := setup(t)
		if bearer {
			b = oauth(t, func(_ int32, w http.ResponseWriter, _ url.Values) {
				_, _ = fmt.Fprintf(w, `{"access_token":%q}`, testBearer)
			})
		}
		b.answer("POST /airtime/v5/purchases", c.status, c.body)
		m := b.build(r)
		x := b.client.Post(t.Context(), m)
		sale, err := b.client.PurchaseAirtime(t.Context(), r)
		looked(t, fmt.Sprintf("HTTP %d, bearer %v", c.status, bearer), m, &m, x, &x, x.Detail(), x.Err, sale, err, b.client)
		if !slices.ContainsFunc(b.requests(), func(s seen) bool { return strings.Contains(s.body, canaries["token of a payment"]) }) {
			t.Fatal("what was confided was not sent")
		}
	}
}

// TestABrokenHostQuotesNothing has hosts and transports that put what they were sent
// into their errors.
func TestABrokenHostQuotesNothing(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		change := func(o *Options) {
			o.BaseURL = "https://electrum.example"
			if bearer {
				o.TokenURL, o.ClientID, o.ClientSecret = o.BaseURL+"/oauth/token", "spaza-client", secret.New(canaries["client secret"])
			}
			o.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
				var body bytes.Buffer
				_, _ = body.ReadFrom(r.Body)
				return nil, fmt.Errorf("broken: %v %s %q", r.Header, body.String(), testPIN)
			})
		}
		b := setup(t, change)
		x := b.client.Post(t.Context(), b.build(topUp()))
		if x.Err == nil || x.Sent == bearer { // without a token nothing left
			t.Fatalf("got %v", x)
		}
		looked(t, "transport's error", x, x.Err, x.failure(x.Class()), b.client.Ready(t.Context()))
	}
}
