package hostcall

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

// transportFunc is a transport made of a function.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func post(url string) Call {
	return Call{Method: http.MethodPost, URL: url, Authorization: "Basic x", Body: `{"a":1}`, Limit: 100}
}

func TestACallArrivesOnceAsItWasMade(t *testing.T) {
	var got []*http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Pattern = string(body)
		got = append(got, r)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	transport := NewTransport(5 * time.Second)
	defer transport.CloseIdleConnections()
	form := post(server.URL + "/there?a=b")
	form.ContentType = "application/x-www-form-urlencoded"
	for _, k := range []Call{post(server.URL + "/there?a=b"), form, {Method: http.MethodGet, URL: server.URL, Limit: 100}} {
		if r, err := Send(t.Context(), transport, k); err != nil || !r.Sent || r.Status != http.StatusTemporaryRedirect {
			t.Errorf("%s: %+v, %v", k.Method, r, err)
		}
	}
	if len(got) != 3 {
		t.Fatalf("%d requests arrived", len(got))
	}
	if r := got[0]; r.Pattern != `{"a":1}` || r.URL.String() != "/there?a=b" || r.Header.Get("Authorization") != "Basic x" || r.Header.Get("Content-Type") != "application/json" ||
		r.Header.Get("Accept") != "application/json" || r.Header.Get("Accept-Encoding") != "" || r.Header.Get("User-Agent") != "spaza" {
		t.Errorf("arrived with %v and %s", r.Header, r.Pattern)
	}
	if r := got[1]; r.Header.Get("Content-Type") != form.ContentType {
		t.Errorf("a form arrived as %v", r.Header)
	}
	if r := got[2]; r.Pattern != "" || r.Header.Get("Content-Type") != "" {
		t.Errorf("a GET arrived with %v and %q", r.Header, r.Pattern)
	}
}

func TestWhetherAnyByteLeft(t *testing.T) {
	// Nobody listens there, and no other test comes to: a port that was free a
	// moment ago may be given out again.
	const closed = "http://127.0.0.1:1"
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	transport := NewTransport(5 * time.Second)
	defer transport.CloseIdleConnections()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	fails := func(err error) http.RoundTripper {
		return transportFunc(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	answers := func(r *http.Response) http.RoundTripper {
		return transportFunc(func(*http.Request) (*http.Response, error) { return r, nil })
	}
	traced := func(connected bool) http.RoundTripper {
		return transportFunc(func(r *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(r.Context())
			trace.GetConn("there")
			if connected {
				trace.GotConn(httptrace.GotConnInfo{})
			}
			return nil, errors.New("it broke")
		})
	}
	for name, c := range map[string]struct {
		ctx       context.Context
		transport http.RoundTripper
		k         Call
		sent      bool
	}{
		"nobody listens":                     {transport: transport, k: post(closed)},
		"no such host":                       {transport: fails(&net.DNSError{Err: "no such host"}), k: post(closed)},
		"dialling failed":                    {transport: fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), k: post(closed)},
		"caller had left":                    {ctx: gone, transport: transport, k: post(server.URL)},
		"no URL":                             {transport: transport, k: post("http://a b/27821234567")},
		"connecting failed":                  {transport: traced(false), k: post(closed)},
		"failed when connected":              {transport: traced(true), k: post(closed), sent: true},
		"writing failed":                     {transport: fails(&net.OpError{Op: "write", Err: errors.New("reset")}), k: post(closed), sent: true},
		"nobody knows":                       {transport: fails(errors.New("it broke")), k: post(closed), sent: true},
		"host hangs up":                      {transport: transport, k: post(server.URL), sent: true},
		"nothing came, and no error":         {transport: answers(nil), k: post(closed), sent: true},
		"an answer without a body to read":   {transport: answers(&http.Response{StatusCode: 200}), k: post(closed), sent: true},
		"an answer without a status, a body": {transport: answers(&http.Response{Body: http.NoBody}), k: post(closed), sent: true},
	} {
		ctx := c.ctx
		if ctx == nil {
			ctx = t.Context()
		}
		r, err := Send(ctx, c.transport, c.k)
		if err == nil || r.Sent != c.sent || r.Status != 0 || r.Body != nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if err != nil && strings.Contains(err.Error(), "27821234567") {
			t.Errorf("%s: the address shows in %v", name, err)
		}
	}
}

func TestAnAnswerIsReadUpToItsLimit(t *testing.T) {
	for name, c := range map[string]struct {
		length int64
		body   string
		want   error
	}{
		"as long as may be":    {100, strings.Repeat("x", 100), nil},
		"of unknown length":    {-1, strings.Repeat("x", 100), nil},
		"announced too long":   {101, "", ErrTooLarge},
		"too long unannounced": {-1, strings.Repeat("x", 101), ErrTooLarge},
		"longer than it said":  {1, strings.Repeat("x", 101), ErrTooLarge},
		"empty":                {0, "", nil},
	} {
		transport := transportFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: c.length, Body: io.NopCloser(strings.NewReader(c.body))}, nil
		})
		r, err := Send(t.Context(), transport, post("http://host.example"))
		if !errors.Is(err, c.want) || !r.Sent || (c.want == nil && string(r.Body) != c.body) {
			t.Errorf("%s: %d bytes, %v", name, len(r.Body), err)
		}
	}
	endless := transportFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusSwitchingProtocols, Body: io.NopCloser(neverEnds{})}, nil
	})
	if r, err := Send(t.Context(), endless, post("http://host.example")); err != nil || r.Status != http.StatusSwitchingProtocols {
		t.Errorf("another protocol: %+v, %v", r, err)
	}
}

// neverEnds is a body of a connection that nobody closes.
type neverEnds struct{}

func (neverEnds) Read([]byte) (int, error) { return 0, errors.New("was read") }

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"https://host.example":        "https://host.example",
		"http://host.example:80/a/b/": "http://host.example:80/a/b",
	} {
		if got, err := BareURL(in); err != nil || got != want {
			t.Errorf("%s becomes %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "host.example", "ftp://host.example", "https://", "https://user:SECRET@host.example", "https://host.example?", "https://host.example#a", "https://host.example:SECRET"} {
		if _, err := BareURL(in); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", in, err)
		}
	}
	for s, want := range map[string]bool{"": true, "abc~!": true, "a b": false, "a\n": false, "é": false, "\x7f": false} {
		if HeaderSafe(s) != want {
			t.Errorf("%q can stand in a header: %v", s, !want)
		}
	}
}

func TestAScrubbedErrorKeepsItsCauseToItself(t *testing.T) {
	cause := errors.New(`malformed HTTP response "SECRET-KEY 5000500000000001"`)
	err := ScrubError(errors.Join(cause, io.ErrUnexpectedEOF), []secret.Text{secret.New("EOF")})
	if !errors.Is(err, cause) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Unwrap(err) != nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
	if ScrubError(nil, nil) != nil {
		t.Error("an error was made of none")
	}
	secrets := []secret.Text{secret.New("5000500000000001"), secret.New("abc")}
	for in, want := range map[string]string{" R-1 ": "R-1", "5000 5000 0000 0001": "", "x5000500000000001": "", strings.Repeat("x", 65): "", "abc\n1": "abc 1"} {
		if got := Field(in, secrets); got != want {
			t.Errorf("field %q becomes %q", in, got)
		}
	}
}
