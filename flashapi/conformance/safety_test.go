package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/flashapi/sandbox"
	"spaza/secret"
)

func TestNothingIsBoughtUnlessAllowed(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{SlowFor: time.Millisecond})
	o := quick()
	o.AllowSpending = false
	r := try(t, serve(t, s, nil), o)
	if b := s.Books(); b.Float != sandbox.DefaultFloat || b.RedemptionBalance != 0 || r.Spent != 0 {
		t.Errorf("float %d, redemptions %d, spent %d", b.Float, b.RedemptionBalance, r.Spent)
	}
	if r.Count(Fail) > 0 || r.Count(Pass) < 100 {
		t.Errorf("%d failed, %d passed", r.Count(Fail), r.Count(Pass))
	}
	for _, one := range r.Results {
		if one.Verdict == Skipped && !strings.Contains(one.Reason, "spending was not allowed") {
			t.Errorf("%s: %s", one.Check, one.Reason)
		}
	}
	if one := result(t, r, "1voucher.purchase.sale"); one.Verdict != Skipped {
		t.Errorf("a sale: %s", one.Verdict)
	}
}

// asks are the bodies that a run without spending sends to where money moves.
func asks(t *testing.T) (bodies map[string][]map[string]any) {
	bodies = map[string][]map[string]any{}
	var mu sync.Mutex
	o := quick()
	o.AllowSpending = false
	try(t, simulator(t, spoiler{ask: func(x *exchange) {
		mu.Lock()
		defer mu.Unlock()
		bodies[x.path] = append(bodies[x.path], x.sent)
	}}.around), o)
	return bodies
}

func TestEvenAServerThatRefusesNothingLosesNothingWithoutSpending(t *testing.T) {
	t.Parallel()
	bodies, bad := asks(t), Simulator()
	harmless := []string{noSuchPIN, bad.UsedPIN.Reveal(), bad.CancelledPIN.Reveal(), bad.ExpiredPIN.Reveal()}
	for _, op := range operations() {
		if !op.moves {
			continue
		}
		if len(bodies[op.path]) < 10 {
			t.Errorf("%s was asked %d times", op.path, len(bodies[op.path]))
		}
		for _, body := range bodies[op.path] {
			if op.takes("pin") {
				// Nothing can be redeemed that is not worth anything.
				if pin, _ := body["pin"].(string); len(pin) == 16 && !slices.Contains(harmless, pin) && strings.Trim(pin, "0123456789") == "" {
					t.Errorf("%s was asked for a PIN that may be good", op.path)
				}
				continue
			}
			if n, ok := body["amount"].(float64); ok && n > petty && n < 1e15 {
				t.Errorf("%s was asked for %v cents", op.path, n)
			}
			if code, ok := body["productCode"].(float64); ok && code > 0 && code != 1.5 && code != noSuchProduct {
				t.Errorf("%s was asked for product %v", op.path, code)
			}
		}
	}
}

func TestTheSpendingLimitHolds(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{SlowFor: time.Millisecond})
	o := quick()
	o.SpendLimit = 100_00
	r := try(t, serve(t, s, nil), o)
	if r.Spent > o.SpendLimit || r.Spent == 0 {
		t.Errorf("spent %d", r.Spent)
	}
	if one := result(t, r, "flash-pay.purchase.sale"); one.Verdict != Skipped || !strings.Contains(one.Reason, "spending limit") {
		t.Errorf("%s %s", one.Verdict, one.Reason)
	}
	// More than the limit is not even tried to be refused.
	o.Only = "1voucher.purchase.limits"
	one := result(t, try(t, serve(t, s, nil), o), o.Only)
	if one.Verdict != Pass || !strings.Contains(one.Reason, "not tried: more than the maximum") {
		t.Errorf("%s %s", one.Verdict, one.Reason)
	}
	if n := s.Books().Counts["success 1voucher/purchase"]; n > 100/20 {
		t.Errorf("%d vouchers of R20 for R100", n)
	}
}

func TestTheProductionHostIsRefused(t *testing.T) {
	good := Target{BaseURL: "https://host.example", APIKey: secret.New("key"), Account: "1"}
	for name, change := range map[string]func(*Target){
		"as base":             func(t *Target) { t.BaseURL = "https://api.flashswitch.flash-group.com" },
		"in capitals":         func(t *Target) { t.BaseURL = "https://API.FlashSwitch.Flash-Group.com/" },
		"with a port and dot": func(t *Target) { t.BaseURL = "https://api.flashswitch.flash-group.com.:443" },
		"for tokens":          func(t *Target) { t.TokenURL = "https://api.flashswitch.flash-group.com/token" },
	} {
		target := good
		change(&target)
		o := Options{Transport: unreachable{t}, AllowSpending: true}
		if _, err := Run(t.Context(), target, o); !errors.Is(err, ErrProduction) {
			t.Errorf("%s: %v", name, err)
		}
		o.AllowProduction = true
		if err := target.check(o); err != nil {
			t.Errorf("%s, allowed: %v", name, err)
		}
	}
	for name, target := range map[string]Target{
		"no key":              {BaseURL: good.BaseURL, Account: "1"},
		"no account":          {BaseURL: good.BaseURL, APIKey: good.APIKey},
		"plain http":          {BaseURL: "http://host.example", APIKey: good.APIKey, Account: "1"},
		"plain http of token": {BaseURL: good.BaseURL, TokenURL: "http://host.example/token", APIKey: good.APIKey, Account: "1"},
		"no address":          {BaseURL: "host.example", APIKey: good.APIKey, Account: "1"},
		"a user in it":        {BaseURL: "https://u:p@host.example", APIKey: good.APIKey, Account: "1"},
	} {
		if _, err := Run(t.Context(), target, Options{Transport: unreachable{t}}); err == nil || strings.Contains(err.Error(), "key\"") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// unreachable is a transport that must not be used.
type unreachable struct{ t *testing.T }

func (u unreachable) RoundTrip(q *http.Request) (*http.Response, error) {
	u.t.Errorf("%s %s was asked", q.Method, q.URL)
	return nil, errors.New("unreachable")
}

func TestARunOfNoChecksIsNoSuccess(t *testing.T) {
	asked := 0
	target := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }), nil)
	o := quick()
	o.Only = "1voucher.redem"
	r, err := Run(t.Context(), target, o)
	if !errors.Is(err, ErrNoSuchCheck) || len(r.Results) != 0 || asked != 0 {
		t.Fatalf("%d results after %d requests, error %v", len(r.Results), asked, err)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	led := false
	other := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led = true }), nil)
	target := simulator(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				h.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, other.BaseURL+r.URL.Path, http.StatusTemporaryRedirect)
		})
	})
	o := quick()
	o.Only = "accounts.list"
	one := result(t, try(t, target, o), o.Only)
	if led || one.Verdict != Fail {
		t.Errorf("led elsewhere %t, %s", led, one.Verdict)
	}
}

func TestNoSecretIsInTheReport(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	secrets := map[string]bool{sandbox.DefaultAPIKey: true}
	collect := func(v any) {}
	collect = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, below := range v {
				if s, ok := below.(string); ok && len(s) > 3 && confidential(name) {
					mu.Lock()
					secrets[s] = true
					mu.Unlock()
				}
				collect(below)
			}
		case []any:
			for _, below := range v {
				collect(below)
			}
		}
	}
	// A host that says every secret it knows in words, where it refuses and
	// where it does not, and fails in all else, so that much is reported.
	spoil := spoiler{tell: func(x *exchange) {
		collect(x.sent)
		collect(x.answer)
		words := []string{"Authorization " + x.header.Get("Authorization")}
		for _, name := range []string{"pin", "meterNumber", "accountReference", "serialNumber", "mobileNumber"} {
			if s, _ := x.sent[name].(string); s != "" {
				words = append(words, s, strings.Join(regexp.MustCompile(`.{1,4}`).FindAllString(s, -1), " "))
			}
		}
		if v, ok := x.answer["voucher"].(map[string]any); ok {
			pin, _ := v["pin"].(string)
			words = append(words, pin)
			v["status"] = "Active " + pin
		}
		if x.answer["access_token"] == nil {
			x.answer["responseMessage"] = strings.Join(words, ", ")
		}
		if len(x.path)%2 == 0 {
			delete(x.answer, "transactionDate")
		}
	}}
	target := simulator(t, spoil.around)
	var text bytes.Buffer
	p := NewPrinter(&text)
	o := quick()
	o.Progress = p.Result
	r := try(t, target, o)
	if err := p.Summary(r); err != nil {
		t.Fatal(err)
	}
	r.Took = 0 // a long number
	for i := range r.Results {
		r.Results[i].Took = 0
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(secrets) < 100 || r.Count(Fail) < 10 {
		t.Fatalf("%d secrets, %d failed: the test sees too little", len(secrets), r.Count(Fail))
	}
	for _, out := range []string{text.String(), string(data)} {
		for s := range secrets {
			if strings.Contains(out, s) && !ordinary(s) {
				t.Errorf("a secret of %d characters is in the report, %s", len(s), out[max(0, strings.Index(out, s)-200):][:250])
			}
		}
		if found := regexp.MustCompile(`.*[0-9]{9,}.*`).FindString(out); found != "" {
			t.Errorf("a long number is in the report: %q", found[:min(len(found), 300)])
		}
	}
}

// ordinary are values under confidential names that the suite itself made up, or
// that are words of every report.
func ordinary(s string) bool {
	return slices.Contains([]string{"abcdefghijk", "ABCDEFGHIJKLMNOP", "27abcdefghi", "NOSUCHSERIAL00", "A B/!", "Electricity"}, s) ||
		strings.Contains(s, " ") && !strings.ContainsAny(s, "0123456789")
}

func TestWordsOfAServerAreScrubbed(t *testing.T) {
	var s scrubber
	s.hide("TOKEN-abc")
	s.hide("TOKEN-abc-longer")
	s.hide("ab") // too short to be one
	for text, want := range map[string]string{
		"PIN 1234567890123456 is used":     "PIN [number] is used",
		"PIN 1234 5678 9012 3456":          "PIN [number]",
		"token TOKEN-abc-longer expired":   "token [hidden] expired",
		"TOKEN-abc":                        "[hidden]",
		"about code 2401":                  "about code 2401",
		"line\nbreak\x1b[31m\u0000 red":    "line break [31m red",
		strings.Repeat("word ", 100):       strings.TrimSpace(strings.Repeat("word ", 32)) + " ...",
		"amount 100000 of 5, 6 and 7 rand": "amount 100000 of 5, 6 and 7 rand",
	} {
		if got := s.scrub(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := shape("2026-05-01T10:00:00+02:00"); got != "####-##-##T##:##:##+##:##" {
		t.Errorf("shape %q", got)
	}
}

func TestAStoppedRunSaysSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	o := quick()
	o.Progress = func(r Result) {
		if r.Check == "accounts.by-code" {
			stop()
		}
	}
	r, err := Run(ctx, simulator(t, nil), o)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if r.Count(Fail) > 0 || len(r.Results) != len(checks()) {
		t.Errorf("%d failed of %d", r.Count(Fail), len(r.Results))
	}
	if one := result(t, r, "1voucher.purchase.sale"); one.Verdict != Skipped || one.Reason != "the run was stopped" {
		t.Errorf("%s %s", one.Verdict, one.Reason)
	}
}

// canned answers at once, and remembers when it was asked.
type canned struct {
	at     []time.Time
	answer func(n int) *http.Response
}

func (c *canned) RoundTrip(*http.Request) (*http.Response, error) {
	c.at = append(c.at, time.Now())
	return c.answer(len(c.at)), nil
}

func response(status int, body string, header http.Header) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func TestRequestsAreMadeAtTheirPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &canned{answer: func(int) *http.Response {
			return response(200, `{"access_token":"abcdefgh","token_type":"Bearer","expires_in":3600,"responseCode":2231,"responseMessage":"no"}`, nil)
		}}
		o := Options{Transport: c, Pace: 200 * time.Millisecond, Only: "auth."}
		try(t, Target{BaseURL: "https://host.example", APIKey: secret.New("some key"), Account: "1"}, o)
		if len(c.at) < 50 {
			t.Fatalf("%d requests", len(c.at))
		}
		for i := 1; i < len(c.at); i++ {
			if gap := c.at[i].Sub(c.at[i-1]); gap < o.Pace {
				t.Fatalf("request %d came %s after the one before", i, gap)
			}
		}
	})
}

func TestAThrottledRequestIsSentAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &canned{answer: func(n int) *http.Response {
			if n < 3 {
				return response(http.StatusTooManyRequests, "", http.Header{"Retry-After": {"7"}})
			}
			return response(200, `{"access_token":"abcdefgh","token_type":"Bearer","expires_in":3600}`, nil)
		}}
		r := try(t, Target{BaseURL: "https://host.example", APIKey: secret.New("some key"), Account: "1"},
			Options{Transport: c, Only: "auth.token-wrong-key"})
		if c.at[1].Sub(c.at[0]) < 7*time.Second || c.at[2].Sub(c.at[1]) < 7*time.Second {
			t.Errorf("asked at %v", c.at[:3])
		}
		if !slices.ContainsFunc(r.Answers, func(a Answer) bool { return strings.Contains(a.Question, "pace") }) {
			t.Errorf("%+v", r.Answers)
		}
	})
}
