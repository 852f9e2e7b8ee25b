package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spaza/simulator"
)

// ask asks an order of hosts' control endpoint.
func ask(order simulator.Order, contentType, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://localhost:8090/sandbox/do", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	simulator.Control([]string{"simulator"}, order)(w, r)
	return w
}

func TestControlIsForThoseWhoTestAndForNoWebPage(t *testing.T) {
	for name, c := range map[string]struct {
		host, origin, site string
		want               int
	}{
		"by name":              {"localhost:8090", "", "", 200},
		"in figures, six":      {"[::1]:8090", "", "", 200},
		"allowed name":         {"Simulator", "", "", 200},
		"own page":             {"localhost:8090", "http://localhost:8090", "same-origin", 200},
		"name that looks so":   {"localhost.evil.example", "", "", 403},
		"page of elsewhere":    {"localhost:8090", "https://evil.example", "", 403},
		"page of nowhere":      {"localhost:8090", "null", "", 403},
		"said by nothing else": {"localhost:8090", "", "cross-site", 403},
	} {
		done := false
		w := ask(simulator.Quietly(func() { done = true }), "application/json", "", func(r *http.Request) {
			r.Host = c.host
			r.Header.Set("Origin", c.origin)
			r.Header.Set("Sec-Fetch-Site", c.site)
		})
		if w.Code != c.want || done != (c.want == 200) || strings.Contains(w.Body.String(), "error") == done {
			t.Errorf("%s: HTTP %d, %s, done: %v", name, w.Code, w.Body, done)
		}
	}
}

func TestAnOrderIsReadStrictly(t *testing.T) {
	for body, want := range map[string]int{
		`{"cents":5000}`: 200, `{"cents":0}`: 200, `{"cents":-1}`: 400, `{"cents":100000000001}`: 400, `{"cents":"1"}`: 400, `{"rand":1}`: 400,
		`{}`: 400, ``: 400, `null`: 400, `[]`: 400, `{"cents":1} {}`: 400, `{"cents":` + strings.Repeat(" ", simulator.MaxControl) + `0}`: 413,
	} {
		got := int64(-1)
		w := ask(simulator.SetFloat(func(cents int64) { got = cents }), "application/json; charset=utf-8", body, nil)
		if w.Code != want || (got >= 0) != (want == 200) || want == 200 && strings.TrimSpace(w.Body.String()) != body {
			t.Errorf("%.60s: HTTP %d, %s, float %d", body, w.Code, w.Body, got)
		}
	}
	if w := ask(simulator.SetFloat(func(int64) { t.Error("the float is set by a form") }), "text/plain", `{"cents":1}`, nil); w.Code != 415 {
		t.Errorf("as text: HTTP %d", w.Code)
	}
}

func FuzzReadControl(f *testing.F) {
	for _, body := range []string{``, `{}`, `null`, `{"cents":1}`, `{"cents":1}{`, `{"cents":1e400}`} {
		f.Add(body, true)
	}
	f.Fuzz(func(t *testing.T, body string, emptyIsEnough bool) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var into struct {
			Cents *int64 `json:"cents"`
		}
		status, err := simulator.ReadControl(r, &into, emptyIsEnough)
		if (err == nil) != (status == http.StatusOK) {
			t.Errorf("HTTP %d with %v", status, err)
		}
		if into.Cents != nil && err == nil && !strings.Contains(body, "{") {
			t.Errorf("%q is read as an object", body)
		}
	})
}
