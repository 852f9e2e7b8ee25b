package vend_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/flashapi"
	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// host answers as the Partner API does, by a script.
type host struct {
	mu     sync.Mutex
	script []func(http.ResponseWriter)
	bodies []string
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { http.Error(w, http.StatusText(code), code) }
}

func answer(fields map[string]any) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(fields)
	}
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		answer(map[string]any{"access_token": "T", "token_type": "Bearer", "expires_in": 3600})(w)
		return
	}
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	h.bodies = append(h.bodies, string(body))
	next := status(http.StatusServiceUnavailable)
	if len(h.script) > 0 {
		next, h.script = h.script[0], h.script[1:]
	}
	h.mu.Unlock()
	next(w)
}

func (h *host) sent() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.bodies...)
}

// TestUnknownIsStickyWithTheRealProvider goes through the real client and its
// judge: the first answer is unclear, then the repetition is refused in every way
// that says nothing of the first, and none of them settles it.
func TestUnknownIsStickyWithTheRealProvider(t *testing.T) {
	refusals := map[string]func(http.ResponseWriter){
		"HTTP 401": status(http.StatusUnauthorized), "HTTP 403": status(http.StatusForbidden),
		"HTTP 404": status(http.StatusNotFound), "HTTP 429": status(http.StatusTooManyRequests),
		"used already": answer(map[string]any{"responseCode": 2401, "responseMessage": "x"}),
		"duplicate":    answer(map[string]any{"responseCode": 2201, "responseMessage": "x"}),
		"float empty":  answer(map[string]any{"responseCode": 2003, "responseMessage": "x"}),
		"unlisted":     answer(map[string]any{"responseCode": 9876, "responseMessage": "x"}),
		"unreadable":   func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") },
	}
	for name, refusal := range refusals {
		for _, redeem := range []bool{true, false} {
			t.Run(name+map[bool]string{true: ", voucher", false: ", airtime"}[redeem], func(t *testing.T) {
				t.Parallel()
				h := &host{script: []func(http.ResponseWriter){status(http.StatusGatewayTimeout), refusal, refusal, refusal}}
				server := httptest.NewServer(h)
				defer server.Close()
				stick(t, h, server.URL, redeem)
			})
		}
	}
}

// stick sells through the real client, by hand: every attempt is one call of the
// job's handler.
func stick(t *testing.T, h *host, url string, redeem bool) {
	client, err := flashapi.New(flashapi.Options{
		BaseURL: url, APIKey: secret.New("S0VZ"), AccountNumber: "1000200030004000",
		BreakerFailures: 1000, Rate: 1e6, Burst: 1e6, TokenRetryGap: time.Nanosecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sql, err := store.OpenSQL(t.Context(), freshSQLite(t.TempDir()).url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sql.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := vend.New(sql, flashapi.NewProvider(client, flashapi.ProviderOptions{}), keyring(0), vend.Options{})
	hand := &byHand{}
	s.Attach(hand)
	w := &world{sql: sql}
	if err := w.fund(t.Context(), 1, ledger.Rand(100)); err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(t.Context())
	hand.adopt = func(jobs.Job) { leave() }
	ref, kind := vend.NewRef(vend.KindAirtime, time.Now()), vend.KindAirtime
	var o vend.Order
	if redeem {
		ref, kind = vend.NewRef(vend.KindRedeem, time.Now()), vend.KindRedeem
		o, err = s.Redeem(gone, redemption(ref, 1, "5000500000000001"))
	} else {
		o, err = s.Buy(gone, purchase(ref, 1, ledger.Rand(20)))
	}
	want(t, o, err, vend.StateSending)
	attempt := func(state vend.State) {
		t.Helper()
		j := hand.job
		if j.Attempt > 1 {
			claimed, err := sql.Claim(t.Context(), []jobs.Kind{vend.JobOrder}, 1, "hand", time.Now().Add(time.Hour), time.Now().Add(2*time.Hour))
			if err != nil || len(claimed) != 1 {
				t.Fatalf("claimed %v, %v", claimed, err)
			}
			j = claimed[0]
		}
		if res := s.Work(t.Context(), j); res != jobs.Written() {
			t.Fatalf("attempt %d: %+v", j.Attempt, res)
		}
		hand.job.Attempt++
		if o, err = sql.Order(t.Context(), ref); err != nil || o.State != state {
			t.Fatalf("after attempt %d: %s, %v", j.Attempt, o.State, err)
		}
	}
	for range 4 {
		attempt(vend.StateUnknown)
	}
	h.mu.Lock()
	h.script = []func(http.ResponseWriter){answer(map[string]any{
		"responseCode": 0, "responseMessage": "Success", "reference": ref, "transactionId": 77, "amount": map[bool]int{true: 5000, false: 2000}[redeem],
	})}
	h.mu.Unlock()
	attempt(vend.StateDelivered)
	sent := h.sent()
	for i, body := range sent {
		if body != sent[0] || !strings.Contains(body, ref) {
			t.Errorf("body %d: %s", i, body)
		}
	}
	b, err := s.Balance(t.Context(), number(1))
	if want := map[vend.Kind]ledger.Cents{vend.KindRedeem: ledger.Rand(150), vend.KindAirtime: ledger.Rand(80)}[kind]; err != nil || b.Available != want || b.Held != 0 {
		t.Errorf("balance %v, %v", b, err)
	}
}

// byHand is a runner that keeps the job it is given.
type byHand struct {
	job   jobs.Job
	adopt func(jobs.Job)
}

func (*byHand) Owner() string        { return "hand" }
func (*byHand) Lease() time.Duration { return 3 * time.Hour }
func (*byHand) Wake()                {}

// Takes leaves messages to others.
func (*byHand) Takes(k jobs.Kind) bool { return k == vend.JobOrder }

func (b *byHand) Adopt(j jobs.Job) bool {
	b.job = j
	b.adopt(j)
	return true
}
