package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	now     *atomic.Int64 // seconds past the start
	last    int           // of the ids that were made
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
	return l
}

// id makes a new UUID.
func (l *till) id() string {
	l.last++
	return uuid(l.last)
}

func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// props are the properties of a JSON object.
type props map[string]any

// reply is what came over the wire; the status is 0 when nothing whole did.
type reply struct {
	status int
	body   map[string]any // nil when it is no object
	text   string
	header http.Header
}

// at finds a value in the body, by its path with dots; a list's by its place.
func (r reply) at(path string) any {
	var at any = r.body
	for name := range strings.SplitSeq(path, ".") {
		switch v := at.(type) {
		case map[string]any:
			at = v[name]
		case []any:
			i := int(name[0] - '0')
			if i >= len(v) {
				return nil
			}
			at = v[i]
		default:
			return nil
		}
	}
	return at
}

// want checks status and errorType; "" for a success.
func (r reply) want(t *testing.T, what string, status int, kind string) {
	t.Helper()
	got, _ := r.body["errorType"].(string)
	if r.status != status || got != kind {
		t.Errorf("%s: HTTP %d, %s; want HTTP %d %s", what, r.status, r.text, status, kind)
	}
}

// send makes one request with the usual credentials, or as change says.
func (l *till) send(method, path, body string, change ...func(*http.Request)) reply {
	l.t.Helper()
	return l.sendUntil(l.t.Context(), method, path, body, change...)
}

func (l *till) sendUntil(ctx context.Context, method, path, body string, change ...func(*http.Request)) reply {
	l.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, l.server.URL+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.SetBasicAuth(l.sandbox.options.User, l.sandbox.options.Password)
	r.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(r)
	}
	resp, err := l.server.Client().Do(r)
	if err != nil {
		return reply{}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}
	}
	out := reply{status: resp.StatusCode, text: string(b), header: resp.Header}
	_ = json.Unmarshal(b, &out.body)
	return out
}

func (l *till) post(path string, body props) reply {
	l.t.Helper()
	return l.send("POST", path, inJSON(body))
}

func (l *till) get(path string) reply {
	l.t.Helper()
	return l.send("GET", path, "")
}

// control speaks to the control endpoint.
func (l *till) control(method, path, body string) reply {
	l.t.Helper()
	return l.send(method, controlBase+path, body, func(r *http.Request) { r.Header.Del("Authorization") })
}

// fault switches one on.
func (l *till) fault(f Fault) {
	l.t.Helper()
	if err := l.sandbox.Fault(f); err != nil {
		l.t.Fatal(err)
	}
}

// giveUp posts and hangs up once reached says so.
func (l *till) giveUp(path string, body props, reached func() bool) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	done := make(chan reply, 1)
	go func() { done <- l.sendUntil(ctx, "POST", path, inJSON(body)) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case r := <-done:
			if r.status != 0 {
				l.t.Errorf("%s was answered: HTTP %d", path, r.status)
			}
			return
		case <-tick.C:
			if reached() {
				cancel()
			}
		}
	}
}

// money checks the float, in cents, and that the books add up.
func (l *till) money(what string, float int64) {
	l.t.Helper()
	b := l.sandbox.Books()
	if b.Float != float || b.PaidIn != b.Float+b.Sold {
		l.t.Errorf("%s: float %d, want %d; sold %d of %d", what, b.Float, float, b.Sold, b.PaidIn)
	}
}

func inJSON(body props) string {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// request makes a whole request; more replaces its properties, nil takes one away.
func request(id string, more props) props {
	return with(props{
		"id": id, "time": "2025-05-01T08:00:00.000Z", "stan": "000001", "rrn": "512108000001",
		"originator": props{
			"institution": props{"id": "11111111", "name": "Spaza"}, "terminalId": "TERM0001", "channelId": "ussd",
			"merchant": props{
				"merchantType": "5411", "merchantId": "MERCHANT0000001",
				"merchantName": props{"name": "Corner Shop", "city": "Cape Town", "region": "WC", "country": "ZA"},
			},
		},
		"client":                props{"id": DefaultUser, "name": "Spaza"},
		"thirdPartyIdentifiers": []props{{"institutionId": "11111111", "transactionIdentifier": "P-" + id[len(id)-4:]}, {"institutionId": DefaultUser, "transactionIdentifier": "C-1"}},
	}, more)
}

// advice makes one about a request.
func advice(id, original string, more props) props {
	return with(props{
		"id": id, "requestId": original, "time": "2025-05-01T08:00:01.000Z",
		"thirdPartyIdentifiers": []props{{"institutionId": "11111111", "transactionIdentifier": "P-" + original[len(original)-4:]}},
	}, more)
}

func with(body, more props) props {
	for name, value := range more {
		if value == nil {
			delete(body, name)
		} else {
			body[name] = value
		}
	}
	return body
}
