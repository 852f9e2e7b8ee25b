package conformance

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/flashapi/sandbox"
)

// wrong is a way to be a wrong server, and the checks that must say so.
type wrong struct {
	name  string
	spoil func(http.Handler) http.Handler
	// fail are names of checks; with "after", where others must be made before.
	fail []string
}

// told spoils what a server answers to an operation that succeeded.
func told(path string, tell func(*exchange)) func(http.Handler) http.Handler {
	return spoiler{only: path, tell: func(x *exchange) {
		if x.success() {
			tell(x)
		}
	}}.around
}

// asked spoils what a server understands.
func asked(path string, ask func(*exchange)) func(http.Handler) http.Handler {
	return spoiler{only: path, ask: ask}.around
}

// forgives turns refusals with a code into successes.
func forgives(path string, codes ...int) func(http.Handler) http.Handler {
	return spoiler{only: path, tell: func(x *exchange) {
		code, _ := strconv.Atoi(string(numberOf(x.answer["responseCode"])))
		if some(codes...).has(code) {
			x.status, x.answer["responseCode"] = http.StatusOK, 0
		}
	}}.around
}

func numberOf(v any) json.Number {
	n, _ := v.(json.Number)
	return n
}

// drops leaves a property out of what the server understands.
func drops(names ...string) func(*exchange) {
	return func(x *exchange) {
		for _, name := range names {
			delete(x.sent, name)
		}
	}
}

// forgetful treats every request as a new one.
func forgetful(path string) func(http.Handler) http.Handler {
	var n atomic.Int64
	return func(h http.Handler) http.Handler {
		var names sync.Map
		return spoiler{only: path, ask: func(x *exchange) {
			own, _ := x.sent["reference"].(string)
			if own == "" || len(own) > 40 {
				return
			}
			fresh := own + "-" + strconv.FormatInt(n.Add(1), 10)
			names.Store(fresh, own)
			x.sent["reference"] = fresh
		}, tell: func(x *exchange) {
			if own, known := names.Load(x.answer["reference"]); known {
				x.answer["reference"] = own
			}
		}}.around(h)
	}
}

// parrot gives the first answer again for every request under its reference.
func parrot(path string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		first := map[any]map[string]any{}
		return spoiler{only: path, tell: func(x *exchange) {
			mu.Lock()
			defer mu.Unlock()
			if was, known := first[x.sent["reference"]]; known {
				x.status, x.answer = http.StatusOK, was
			} else if x.success() {
				first[x.sent["reference"]] = x.answer
			}
		}, ask: func(*exchange) {}}.around(h)
	}
}

func wrongs() []wrong {
	return []wrong{
		{"any key opens", func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					r.Header.Set("Authorization", "Basic "+sandbox.DefaultAPIKey)
				}
				h.ServeHTTP(w, r)
			})
		}, []string{"auth.token-wrong-key", "auth.token-no-key"}},
		{"no token is asked for", openDoor, []string{"auth.no-token", "auth.wrong-token", "auth.malformed-token"}},
		{"a lifetime in words", spoiler{tell: func(x *exchange) {
			if x.answer["expires_in"] != nil {
				x.answer["expires_in"] = "1h"
			}
		}}.around, []string{"auth.token"}},
		{"products without a vendor", told("accounts/"+sandbox.DefaultAccount+"/products", func(x *exchange) {
			for _, row := range x.answer["products"].([]any) {
				delete(row.(map[string]any), "vendor")
			}
		}), []string{"accounts.list"}},
		{"every group is all products", func(h http.Handler) http.Handler {
			return spoiler{ask: func(x *exchange) {
				if at, what, ok := strings.Cut(x.url, "/products/"); ok && strings.Trim(what, "0123456789") != "" {
					x.url = at + "/products"
				}
			}}.around(h)
		}, []string{"accounts.group-cellular", "accounts.group-1voucher", "accounts.unknown-group"}},
		{"any account has products", asked("", func(x *exchange) {
			if _, rest, ok := strings.Cut(x.url, "/products"); ok {
				x.url = apiPath + "accounts/" + sandbox.DefaultAccount + "/products" + rest
			}
		}), []string{"accounts.wrong-account"}},
		{"GET sells too", asked("", func(x *exchange) {
			if !strings.Contains(x.url, "accounts") {
				x.method = http.MethodPost
			}
		}), []string{"http.method"}},
		{"anything is a request", func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength == 0 && r.Method == http.MethodPost {
					_, _ = w.Write([]byte(`{"responseCode":0,"responseMessage":"Success"}`))
					return
				}
				h.ServeHTTP(w, r)
			})
		}, []string{"http.malformed"}},
		{"the amount may be missing", asked("1voucher/redeem", func(x *exchange) {
			if x.sent["amount"] == nil && x.sent["pin"] != nil {
				x.sent["amount"] = 0
			}
		}), []string{"1voucher.redeem.required"}},
		{"the store may be anything", asked("cash-out-pin/cancel", drops("storeId", "terminalId")), []string{"cash-out-pin.cancel.formats"}},
		{"metadata has no limits", asked("eezi-voucher/purchase", drops("metadata")), []string{"eezi-voucher.purchase.metadata"}},
		{"the account is not looked at", asked("", func(x *exchange) {
			if x.sent["accountNumber"] != nil {
				x.sent["accountNumber"] = sandbox.DefaultAccount
			}
		}), []string{"1voucher.purchase.foreign-account", "flash-pay.balance.foreign-account", "prepaid-utilities.lookup.foreign-account"}},
		{"references mean nothing", forgetful("1voucher/purchase"), []string{"1voucher.purchase.repeated", "1voucher.purchase.concurrent"}},
		{"redemptions are not remembered", forgetful("1voucher/redeem"), []string{"1voucher.redeem.repeated", "1voucher.redeem.concurrent"}},
		{"recharges are not remembered", forgetful("cellular/pinless/purchase"), []string{"cellular.pinless.purchase.repeated", "cellular.pinless.purchase.concurrent"}},
		{"reversals are not remembered", forgetful("1voucher/reverse"), []string{"1voucher.reverse.repeated"}},
		{"the first answer for any request", parrot("1voucher/purchase"), []string{"1voucher.purchase.repeated"}},
		{"half of what is redeemed is said", told("1voucher/redeem", func(x *exchange) {
			if n, ok := whole(x.answer["amount"]); ok {
				x.answer["amount"] = n / 2
			}
		}), []string{"1voucher.redeem.part", "1voucher.redeem.exact"}},
		{"no change", told("1voucher/redeem", func(x *exchange) { delete(x.answer, "voucher") }), []string{"1voucher.redeem.part"}},
		{"change that is no good", told("exclusive-voucher/redeem", func(x *exchange) {
			if x.inner("voucher")["pin"] != nil {
				x.inner("voucher")["pin"] = "4999999999999999"[:15] + "8"
			}
		}), []string{"exclusive-voucher.redeem.part"}},
		{"change twice, by message and in the answer", told("1voucher/redeem", func(x *exchange) {
			if x.answer["voucher"] == nil {
				x.answer["voucher"] = map[string]any{"pin": "5000500000000077", "amount": 1}
			}
		}), []string{"1voucher.redeem.part-by-message"}},
		{"a used voucher is good", forgives("1voucher/redeem", 2401), []string{"1voucher.redeem.full", "1voucher.redeem.race", "1voucher.redeem.used"}},
		{"too much is fine", forgives("1voucher/redeem", 2408), []string{"1voucher.redeem.too-much"}},
		{"another code for what is not found", spoiler{only: "1voucher/redeem", tell: func(x *exchange) {
			if x.answer["responseCode"] == json.Number("2402") {
				x.answer["responseCode"] = 2401
			}
		}}.around, []string{"1voucher.redeem.not-found", "1voucher.redeem.nothing"}},
		{"a code that no document has", spoiler{only: "eezi-voucher/purchase", tell: func(x *exchange) {
			if x.answer["responseCode"] == json.Number("2101") {
				x.answer["responseCode"] = 9999
			}
		}}.around, []string{"eezi-voucher.purchase.nothing", "eezi-voucher.purchase.foreign-product"}},
		{"no reason is given", spoiler{only: "cash-out-pin/lookup", tell: func(x *exchange) { delete(x.answer, "responseMessage") }}.around,
			[]string{"cash-out-pin.lookup.nothing", "cash-out-pin.lookup.found"}},
		{"an error inside for a wrong request", spoiler{only: "cash-out-pin/reverse", tell: func(x *exchange) {
			if x.answer["responseCode"] == json.Number("2249") {
				x.answer["responseCode"] = 2222
			}
		}}.around, []string{"cash-out-pin.reverse.nothing"}},
		{"another reference", told("gift-voucher/purchase", func(x *exchange) { x.answer["reference"] = "SOMEBODY-ELSES" }), []string{"gift-voucher.purchase.sale"}},
		{"one number for all transactions", told("1voucher/disburse", func(x *exchange) { x.answer["transactionId"] = 7 }), []string{"1voucher.disburse.repeated after 1voucher.disburse."}},
		{"one PIN for all", told("1voucher/refund", func(x *exchange) { x.inner("voucher")["pin"] = "5000500000000055" }),
			[]string{"1voucher.refund.redeemable after 1voucher.refund."}},
		{"success under HTTP 500", told("flash-token/purchase", func(x *exchange) { x.status = http.StatusInternalServerError }), []string{"flash-token.purchase.sale"}},
		{"code 0 as text", told("flash-pay/purchase", func(x *exchange) { x.answer["responseCode"] = "0" }), []string{"flash-pay.purchase.sale"}},
		{"Flash Token is not there", func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "flash-token/purchase") {
					http.NotFound(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		}, []string{"open.token-path"}},
		{"limits are for others", forgives("cellular/pinless/purchase", 2204), []string{"cellular.pinless.purchase.limits"}},
		{"any product is sold", forgives("exclusive-voucher/purchase", 2101), []string{"exclusive-voucher.purchase.foreign-product", "exclusive-voucher.purchase.nothing"}},
		{"any number is recharged", forgives("cellular/pinless/purchase", 2335, 2231), []string{"cellular.pinless.purchase.number"}},
		{"a recharge of another amount", told("cellular/pinless/purchase", func(x *exchange) { x.answer["amount"] = 1 }), []string{"cellular.pinless.purchase.sale", "cellular.pinless.purchase.each"}},
		{"tokens of 19 digits", told("prepaid-utilities/purchase", func(x *exchange) {
			for _, row := range x.answer["tokens"].([]any) {
				row.(map[string]any)["token"] = "1234567890123456789"
			}
		}), []string{"prepaid-utilities.purchase.sale", "prepaid-utilities.purchase.water", "prepaid-utilities.purchase.fbe"}},
		{"a sale without tokens", told("prepaid-utilities/purchase", func(x *exchange) { delete(x.answer, "tokens") }), []string{"prepaid-utilities.purchase.sale", "prepaid-utilities.purchase.key-change"}},
		{"free electricity costs what one likes", forgives("", 2230), []string{"prepaid-utilities.purchase.fbe-with-amount", "prepaid-utilities.lookup.fbe-with-amount"}},
		{"free electricity for all", forgives("", 2306), []string{"prepaid-utilities.purchase.fbe-not-registered", "prepaid-utilities.lookup.fbe-not-registered"}},
		{"blocked meters buy", forgives("", 2311), []string{"prepaid-utilities.purchase.blocked", "prepaid-utilities.lookup.blocked"}},
		{"arrears do not matter", forgives("prepaid-utilities/purchase", 2303), []string{"prepaid-utilities.purchase.arrears"}},
		{"a lookup that says nothing of the meter", told("prepaid-utilities/lookup", func(x *exchange) { delete(x.answer, "meterInfo") }), []string{"prepaid-utilities.lookup.good", "prepaid-utilities.lookup.water"}},
		{"a biller without a name", told("flash-pay/balance", func(x *exchange) { delete(x.inner("biller"), "name") }), []string{"flash-pay.balance.found"}},
		{"a reversal twice", forgives("eezi-voucher/reverse", 2280), []string{"eezi-voucher.reverse.whole", "eezi-voucher.reverse.concurrent"}},
		{"what was redeemed is reversed", forgives("1voucher/reverse", 2412), []string{"1voucher.reverse.redeemed", "1voucher.reverse.redeemed-in-part"}},
		{"any reversal fits", forgives("1voucher/reverse", 2268), []string{"cash-out-pin.reverse.foreign"}},
		{"a cancellation twice", forgives("cash-out-pin/cancel", 2409), []string{"cash-out-pin.cancel.whole"}},
		{"what was cancelled stays active", told("cash-out-pin/lookup", func(x *exchange) { x.inner("voucher")["status"] = "Active" }), []string{"cash-out-pin.cancel.whole"}},
		{"known refusals are sold", forgives("cellular/pinless/purchase", 2355), []string{"fixture.refusals"}},
		{"products abroad without a price", told("cellular/international/lookup", func(x *exchange) {
			for _, row := range x.answer["products"].([]any) {
				delete(row.(map[string]any), "price")
			}
		}), []string{"cellular.international.lookup.found"}},
	}
}

// openDoor lets everybody in.
func openDoor(h http.Handler) http.Handler {
	var mu sync.Mutex
	token := ""
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			mu.Lock()
			if token == "" {
				token = tokenOf(h)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			mu.Unlock()
		}
		h.ServeHTTP(w, r)
	})
}

func tokenOf(h http.Handler) string {
	q := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(grant))
	q.Header.Set("Authorization", "Basic "+sandbox.DefaultAPIKey)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, q)
	var answer struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal(rec.Body.Bytes(), &answer)
	return answer.Token
}

func TestAWrongServerFails(t *testing.T) {
	for _, w := range wrongs() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			target := simulator(t, w.spoil)
			for _, name := range w.fail {
				o := quick()
				name, before, _ := strings.Cut(name, " after ")
				o.Only = cmp.Or(before, name)
				r := try(t, target, o)
				one := result(t, r, name)
				if one.Verdict != Fail || r.Err() == nil {
					t.Errorf("%s: %s %s", name, one.Verdict, one.Reason)
				}
				for _, f := range one.Faults {
					if f.Tried == "" || f.Expected == "" || f.Got == "" {
						t.Errorf("%s: a fault says too little: %+v", name, f)
					}
				}
			}
		})
	}
}

func TestAServerThatAnswersNothingUsefulFailsAndIsSurvived(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"errors without JSON": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusBadGateway) },
		"a page":              func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"nothing":             func(w http.ResponseWriter, r *http.Request) {},
		"null":                func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("null")) },
		"deep":                func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(strings.Repeat(`{"a":`, 20_000))) },
		"wrong types": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"responseCode":0,"responseMessage":{},"products":{},"voucher":[],"tokens":"x","transactionId":{},"amount":"1"}`))
		},
		"a closed connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"everything succeeds": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"responseCode":0,"responseMessage":"Success","access_token":"abcdefgh"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sandbox.New(sandbox.Options{})
			target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					s.ServeHTTP(w, r)
					return
				}
				answer(w, r)
			}), nil)
			o := quick()
			if name == "deep" { // slow to read
				o.Only = "1voucher.redeem."
			}
			r := try(t, target, o)
			for _, one := range r.Results {
				if one.Verdict == Pass && !strings.HasPrefix(one.Check, "auth.") && !strings.HasPrefix(one.Check, "http.") {
					t.Errorf("%s passed", one.Check)
				}
			}
		})
	}
}

func TestWithoutATokenTheRestIsSkipped(t *testing.T) {
	t.Parallel()
	r := try(t, serve(t, http.NotFoundHandler(), nil), quick())
	if one := result(t, r, "auth.token"); one.Verdict != Fail {
		t.Errorf("auth.token: %s", one.Verdict)
	}
	one := result(t, r, "1voucher.redeem.required")
	if one.Verdict != Skipped || !strings.Contains(one.Reason, "no access token") {
		t.Errorf("%s: %s", one.Verdict, one.Reason)
	}
}

func TestAServerThatHangsFailsInTime(t *testing.T) {
	gone := make(chan struct{})
	h := sandbox.New(sandbox.Options{})
	target := serve(t, h, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "1voucher/redeem") {
				<-gone
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	defer close(gone)
	o := quick()
	o.Only, o.Timeout = "1voucher.redeem.not-found", 2*time.Second
	one := result(t, try(t, target, o), "1voucher.redeem.not-found")
	if one.Verdict != Fail || !strings.Contains(one.Faults[0].Got, "time limit") {
		t.Errorf("%s %+v", one.Verdict, one.Faults)
	}
}

func TestAnAnswerWithoutEndFails(t *testing.T) {
	target := simulator(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "1voucher/redeem") {
				for piece := []byte(strings.Repeat(" ", 1<<16)); ; {
					if _, err := w.Write(piece); err != nil {
						return
					}
				}
			}
			h.ServeHTTP(w, r)
		})
	})
	o := quick()
	o.Only = "1voucher.redeem.not-found"
	one := result(t, try(t, target, o), "1voucher.redeem.not-found")
	if one.Verdict != Fail || !strings.Contains(one.Faults[0].Got, "longer than") {
		t.Errorf("%s %+v", one.Verdict, one.Faults)
	}
}
