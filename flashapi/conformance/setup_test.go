package conformance

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spaza/flashapi/sandbox"
	"spaza/secret"
)

// simulator starts the simulator on a real socket, behind a handler that may
// spoil what passes.
func simulator(t *testing.T, spoil func(http.Handler) http.Handler) Target {
	t.Helper()
	return serve(t, sandbox.New(sandbox.Options{SlowFor: time.Millisecond}), spoil)
}

func serve(t *testing.T, h http.Handler, spoil func(http.Handler) http.Handler) Target {
	t.Helper()
	if spoil != nil {
		h = spoil(h)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return Target{
		BaseURL: srv.URL, APIKey: secret.New(sandbox.DefaultAPIKey), Account: sandbox.DefaultAccount, Fixture: Simulator(),
	}
}

// quick is everything, at once.
func quick() Options {
	return Options{AllowSpending: true, SpendLimit: sandbox.DefaultFloat, Pace: -1, Timeout: 20 * time.Second}
}

// try runs the suite.
func try(t *testing.T, target Target, o Options) Report {
	t.Helper()
	r, err := Run(t.Context(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// result finds a check's result.
func result(t *testing.T, r Report, name string) Result {
	t.Helper()
	for _, one := range r.Results {
		if one.Check == name {
			return one
		}
	}
	t.Fatalf("no check %s was made", name)
	return Result{}
}

// exchange is a request on its way to the simulator and the answer on its way
// back. What a spoiler changes is what arrives.
type exchange struct {
	path   string // below /aggregation/, without the version
	header http.Header
	url    string
	method string
	sent   map[string]any // nil when the body is no object
	status int
	answer map[string]any // nil when the answer is no object
}

// spoiler changes an exchange: ask before the simulator sees it, tell before the
// client does. Either may be nil.
type spoiler struct {
	only string // the path that is spoilt; all when empty
	ask  func(*exchange)
	tell func(*exchange)
}

// around makes a handler of a spoiler.
func (s spoiler) around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		x := &exchange{
			path:   strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/aggregation/"), "4.0/"),
			header: r.Header, url: r.URL.Path, method: r.Method,
		}
		spoilt := s.only == "" || x.path == s.only
		if spoilt && json.Unmarshal(body, &x.sent) == nil && x.sent != nil && s.ask != nil {
			before := maps.Clone(x.sent)
			s.ask(x)
			if !equal(before, x.sent) {
				body, _ = json.Marshal(x.sent)
			}
		} else if spoilt && s.ask != nil {
			s.ask(x)
		}
		q := r.Clone(r.Context())
		q.Method, q.URL.Path, q.URL.RawPath = x.method, x.url, ""
		q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		q.Header = x.header
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, q)
		x.status = rec.Code
		raw := rec.Body.Bytes()
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if spoilt && s.tell != nil && d.Decode(&x.answer) == nil && x.answer != nil {
			s.tell(x)
			raw, _ = json.Marshal(x.answer)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(x.status)
		_, _ = w.Write(raw)
	})
}

func equal(a, b map[string]any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// success says whether the simulator had done what was asked.
func (x *exchange) success() bool { return x.answer["responseCode"] == json.Number("0") }

// inner is an object within the answer; made when it is not there.
func (x *exchange) inner(name string) map[string]any {
	m, _ := x.answer[name].(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	return m
}
