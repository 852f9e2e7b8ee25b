package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// till is somebody who speaks to the simulator by hand, without the client.
type till struct {
	t       *testing.T
	sandbox *Sandbox
	server  *httptest.Server
	token   string
	now     *atomic.Int64 // seconds past the start
}

func setup(t *testing.T, change ...func(*Options)) *till {
	t.Helper()
	l := &till{t: t, now: new(atomic.Int64)}
	start := time.Date(2025, 5, 1, 8, 0, 0, 0, time.UTC)
	o := Options{
		Now:     func() time.Time { return start.Add(time.Duration(l.now.Load()) * time.Second) },
		SlowFor: time.Millisecond,
	}
	for _, c := range change {
		c(&o)
	}
	l.sandbox = New(o)
	l.server = httptest.NewServer(l.sandbox)
	t.Cleanup(l.server.Close)
	l.server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	l.login()
	return l
}

// login gets a token.
func (l *till) login() {
	l.t.Helper()
	status, answer := l.send("POST", "/token", "Basic "+l.sandbox.options.APIKey, "application/x-www-form-urlencoded", "grant_type=client_credentials")
	token, ok := answer["access_token"].(string)
	if status != 200 || !ok {
		l.t.Fatalf("token: HTTP %d, %v", status, answer)
	}
	l.token = token
}

// send makes one request; the answer is nil when it is not a JSON object, and
// the status 0 when there is none.
func (l *till) send(method, path, authorization, contentType, body string) (int, map[string]any) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.server.URL+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	return l.do(r, authorization, contentType)
}

func (l *till) do(r *http.Request, authorization, contentType string) (int, map[string]any) {
	l.t.Helper()
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := l.server.Client().Do(r)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	var answer map[string]any
	_ = json.Unmarshal(b, &answer)
	return resp.StatusCode, answer
}

func (l *till) post(op, body string) (int, map[string]any) {
	l.t.Helper()
	return l.send("POST", "/aggregation/4.0/"+op, "Bearer "+l.token, "application/json", body)
}

func (l *till) get(path string) (int, map[string]any) {
	l.t.Helper()
	return l.send("GET", path, "Bearer "+l.token, "", "")
}

func redeemBody(ref, pin string, cents string) string {
	return `{"reference":"` + ref + `","accountNumber":"` + DefaultAccount + `","pin":"` + pin + `","amount":` + cents + `}`
}

func pinlessBody(ref, mobile, product, cents string) string {
	return `{"reference":"` + ref + `","accountNumber":"` + DefaultAccount + `","amount":` + cents +
		`,"productCode":` + product + `,"mobileNumber":"` + mobile + `"}`
}

// wantCode checks status and response code.
func wantCode(t *testing.T, what string, status int, answer map[string]any, wantStatus int, want float64) {
	t.Helper()
	got, ok := answer["responseCode"].(float64)
	if status != wantStatus || !ok || got != want {
		t.Errorf("%s: HTTP %d, answer %v; want HTTP %d, code %v", what, status, answer, wantStatus, want)
	}
}

// giveUp posts and hangs up when reached says so.
func (l *till) giveUp(op, body string, reached func() bool) error {
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", l.server.URL+"/aggregation/4.0/"+op, strings.NewReader(body))
	if err != nil {
		return err
	}
	done := make(chan int, 1)
	go func() {
		status, _ := l.do(r, "Bearer "+l.token, "application/json")
		done <- status
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case status := <-done:
			if status != 0 {
				return errors.New("was answered")
			}
			return nil
		case <-tick.C:
			if reached() {
				cancel()
			}
		}
	}
}

// props are the properties of a body besides reference and account.
type props map[string]any

// ask makes a body.
func ask(ref string, more props) string {
	all := props{"reference": ref, "accountNumber": DefaultAccount}
	maps.Copy(all, more)
	b, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// buy issues a voucher and returns it.
func (l *till) buy(op, ref string, more props) map[string]any {
	l.t.Helper()
	status, answer := l.post(op, ask(ref, more))
	wantCode(l.t, op, status, answer, 200, 0)
	voucher, _ := answer["voucher"].(map[string]any)
	if voucher == nil {
		l.t.Fatalf("%s: no voucher in %v", op, answer)
	}
	return voucher
}

// money checks float and redemption balance, in cents.
func (l *till) money(what string, float, redemption int64) {
	l.t.Helper()
	if b := l.sandbox.Books(); b.Float != float || b.RedemptionBalance != redemption {
		l.t.Errorf("%s: float %d, redemption balance %d; want %d and %d", what, b.Float, b.RedemptionBalance, float, redemption)
	}
}

// control speaks to the control endpoint.
func (l *till) control(method, path, body string) (int, map[string]any) {
	l.t.Helper()
	return l.send(method, path, "", "application/json", body)
}
