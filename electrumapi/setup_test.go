package electrumapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/secret"
)

// Obviously made-up secrets; tests look for them where they must not be.
const (
	testUser     = "spaza-test"
	testPassword = "TEST-PASSWORD-not-real"
	testBearer   = "TEST-BEARER-not-real"
	testPIN      = "5000500000000001"
	testRef      = "P-01JTEST0000000000000001"
)

// noon is when everything in these tests is sold.
var noon = time.Date(2026, time.November, 21, 10, 30, 15, 123_000_000, time.UTC)

// testOptions are good ones, but for an address.
func testOptions() Options {
	return Options{
		Username: testUser, Password: secret.New(testPassword),
		Institution: "100042", InstitutionName: "Corner Shops",
		Terminal: "SPAZA001", MerchantID: "SPAZA0000000001", MerchantType: "5411",
		MerchantName: "Corner Shop", MerchantCity: "Soweto", MerchantRegion: "GP",
		Settlement: "200001", Receiver: "300001",
		HTTPTimeout: 20 * time.Second, BreakerFailures: 1000, Rate: 1e6, Burst: 1e6,
	}
}

// bench is a client with a server of its own on a real socket.
type bench struct {
	t      *testing.T
	client *Client
	mux    *http.ServeMux
	server *httptest.Server

	mu       sync.Mutex
	observed []string // "op outcome"
	seen     []seen
}

// seen is a request as it arrived.
type seen struct{ method, path, query, auth, contentType, body string }

// setup makes a bench. change may alter the options.
func setup(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, mux: http.NewServeMux()}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		b.mu.Lock()
		b.seen = append(b.seen, seen{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(body)})
		b.mu.Unlock()
		b.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(b.server.Close)
	o := testOptions()
	o.BaseURL = b.server.URL
	o.Observe = func(op, outcome string, _ time.Duration) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.observed = append(b.observed, op+" "+outcome)
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

// answer answers a pattern, such as "POST /airtime/v5/purchases", always the same.
func (b *bench) answer(pattern string, status int, body string) {
	b.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// requests are all that arrived.
func (b *bench) requests() []seen {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

// only is the one request that arrived.
func (b *bench) only() seen {
	b.t.Helper()
	all := b.requests()
	if len(all) != 1 {
		b.t.Fatalf("%d requests arrived, want 1", len(all))
	}
	return all[0]
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

// transportFunc is a transport made of a function.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// topUp is a purchase of 10 rand for a number.
func topUp() AirtimePurchase {
	direct, ten := true, Rand(10_00)
	return AirtimePurchase{
		Head:            NewHead(testRef, noon, "ussd"),
		Product:         AirtimeProduct{IsDirectTopup: &direct, ProductID: "VOD10"},
		Amounts:         &Amounts{RequestAmount: &ten},
		RecipientMsisdn: &Msisdn{Msisdn: "27821234567"},
	}
}

// paid are the tenders of a sale of 10 rand.
func paid() []Tender {
	return []Tender{{AccountType: AccountDefault, Amount: Rand(10_00), Reference: testRef, TenderType: TenderWallet}}
}
