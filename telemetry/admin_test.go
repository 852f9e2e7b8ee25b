package telemetry

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spaza/secret"
)

const adminToken = "an-admin-token"

func ask(t *testing.T, h http.Handler, method, target string, change func(r *http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8081"+target, http.NoBody)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAdminServesTheOperator(t *testing.T) {
	m := NewMetrics(MetricsOptions{})
	m.Message("sent")
	h := AdminHandler(m, NewHealth([]Check{{"redis", fine}}, HealthOptions{}), AdminOptions{})
	for _, c := range []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/", 200, "/metrics"},
		{"GET", "/metrics", 200, `spaza_messages_total{result="sent"} 1`},
		{"GET", "/metrics", 200, "go_goroutines"},
		{"GET", "/healthz", 200, "ok"},
		{"GET", "/readyz", 200, "ready"},
		{"GET", "/debug/pprof/", 200, "goroutine"},
		{"GET", "/debug/pprof/goroutine?debug=1", 200, "goroutine profile"},
		{"GET", "/debug/pprof/cmdline", 200, "test"},
		{"GET", "/debug/pprof/symbol", 200, "num_symbols"},
		{"GET", "/debug/pprof/nothing", 404, ""},
		{"GET", "/nothing", 404, ""},
		{"GET", "/debug/vars", 404, ""},
		{"POST", "/metrics", 405, ""},
	} {
		w := ask(t, h, c.method, c.target, nil)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s %s: %d, want %d with %q: %.300s", c.method, c.target, w.Code, c.status, c.body, w.Body)
		}
	}
}

func TestAdminShowsThatTheServiceIsNotReady(t *testing.T) {
	h := AdminHandler(NewMetrics(MetricsOptions{}), NewHealth([]Check{{"sql", func(context.Context) error { return errors.New("gone") }}}, HealthOptions{}), AdminOptions{})
	if w := ask(t, h, "GET", "/readyz", nil); w.Code != 503 || w.Body.String() != "not ready: sql\n" {
		t.Errorf("readyz is %d %q", w.Code, w.Body)
	}
}

func TestAdminAsksForItsTokenEverywhereButAtHealthz(t *testing.T) {
	h := AdminHandler(NewMetrics(MetricsOptions{}), NewHealth(nil, HealthOptions{}), AdminOptions{Token: secret.New(adminToken)})
	bearer := func(v string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", v) }
	}
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	for _, path := range []string{"/", "/metrics", "/readyz", "/debug/pprof/", "/debug/pprof/cmdline", "/nothing", "/healthz/x"} {
		for name, wrong := range map[string]func(*http.Request){
			"nothing":            nil,
			"another":            bearer("Bearer another"),
			"a part":             bearer("Bearer " + adminToken[:5]),
			"an empty one":       bearer("Bearer "),
			"no scheme":          bearer(adminToken),
			"another scheme":     bearer("Token " + adminToken),
			"a wrong password":   basic("admin", "another"),
			"a name for it":      basic(adminToken, ""),
			"it in the query":    func(r *http.Request) { r.URL.RawQuery = "token=" + adminToken },
			"the redacted value": bearer("Bearer " + secret.Redacted),
		} {
			w := ask(t, h, "GET", path, wrong)
			if w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" || w.Body.String() != "unauthorized\n" {
				t.Errorf("%s with %s: %d %q", path, name, w.Code, w.Body)
			}
		}
	}
	for name, right := range map[string]func(*http.Request){
		"bearer":            bearer("Bearer " + adminToken),
		"bearer in lower":   bearer("bearer " + adminToken),
		"basic, any name":   basic("whoever", adminToken),
		"basic, no name":    basic("", adminToken),
		"by a name of ours": func(r *http.Request) { r.Host = "spaza.example"; r.SetBasicAuth("", adminToken) },
	} {
		if w := ask(t, h, "GET", "/metrics", right); w.Code != 200 {
			t.Errorf("with %s: %d %q", name, w.Code, w.Body)
		}
	}
	if w := ask(t, h, "GET", "/healthz", nil); w.Code != 200 {
		t.Errorf("healthz without a token: %d", w.Code)
	}
}

func TestAdminWithoutATokenAnswersOnlyWhoNamesThisMachine(t *testing.T) {
	h := AdminHandler(NewMetrics(MetricsOptions{}), NewHealth(nil, HealthOptions{}), AdminOptions{})
	for host, status := range map[string]int{
		"127.0.0.1:8081": 200, "localhost:8081": 200, "LOCALHOST": 200, "[::1]:8081": 200, "::1": 200,
		"rebound.example:8081": 403, "localhost.example": 403, "": 403,
	} {
		if w := ask(t, h, "GET", "/metrics", func(r *http.Request) { r.Host = host }); w.Code != status {
			t.Errorf("asked for %q: %d, want %d", host, w.Code, status)
		}
	}
}
