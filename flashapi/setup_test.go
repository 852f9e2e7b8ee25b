package flashapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/secret"
)

// Obviously made-up secrets; tests look for them where they must not be.
const (
	testKey   = "VEVTVC1LRVktbm90LXJlYWw="
	testToken = "TEST-TOKEN-not-real"
	testPIN   = "5000500000000001"
	testRef   = "R-01JTEST0000000000000001"
)

// longDigits are what is left of a PIN that was not scrubbed.
var longDigits = regexp.MustCompile(`\d(?:[ .\-]?\d){8,}`)

// basePath makes the base URL anything but the root, so that a path that
// forgets it fails loudly.
const basePath = "/somewhere/else"

// bench is a client with a server of its own on a real socket.
type bench struct {
	t      *testing.T
	client *Client
	mux    *http.ServeMux // below basePath
	server *httptest.Server

	mu       sync.Mutex
	observed []string // "op outcome"
}

// setup makes a bench whose token endpoint works. change may alter the options.
func setup(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, mux: http.NewServeMux()}
	top := http.NewServeMux()
	top.Handle(basePath+"/", http.StripPrefix(basePath, b.mux))
	top.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("request to %s, outside the base path", r.URL.Path)
		http.Error(w, "outside the base path", http.StatusTeapot)
	})
	b.server = httptest.NewServer(top)
	t.Cleanup(b.server.Close)
	b.mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) { giveToken(w, testToken, 3600) })

	o := Options{
		BaseURL: b.server.URL + basePath, APIKey: secret.New(testKey), AccountNumber: "1000200030004000",
		HTTPTimeout: patience, BreakerFailures: 1000, Rate: 1e6, Burst: 1e6,
		Observe: func(op, outcome string, _ time.Duration) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.observed = append(b.observed, op+" "+outcome)
		},
	}
	for _, c := range change {
		c(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b.client = c
	return b
}

func giveToken(w http.ResponseWriter, token string, seconds any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": token, "scope": "default", "token_type": "Bearer", "expires_in": seconds,
	})
}

// handleOp answers a POST operation.
func (b *bench) handleOp(op Op, h http.HandlerFunc) {
	b.mux.HandleFunc("POST /aggregation/4.0/"+string(op), h)
}

// answerOp answers a POST operation with one status and body.
func (b *bench) answerOp(op Op, status int, body string) {
	b.handleOp(op, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func (b *bench) observations() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.observed, "; ")
}

// build makes a message or ends the test.
func (b *bench) build(r Request) Message {
	b.t.Helper()
	m, err := b.client.Build(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func redeemAll() RedeemFull { return RedeemFull{Reference: testRef, PIN: secret.New(testPIN)} }

func tenRand() Pinless {
	return Pinless{Reference: testRef, ProductCode: "101", Amount: 10_00, MobileNumber: "27821234567"}
}

// sending words whether a message was sent before.
func sending(again bool) Sending {
	if again {
		return Again
	}
	return First
}

// transportFunc is a transport made of a function.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
