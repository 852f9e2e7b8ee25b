package flashapi

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"spaza/secret"
)

// alarms is an operator who notes what is called out.
type alarms struct {
	mu     sync.Mutex
	shares []string
}

func (a *alarms) call(share float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shares = append(a.shares, fmt.Sprintf("%.3f", share))
}

func (a *alarms) want(t *testing.T, when string, shares ...string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.shares, shares) {
		t.Errorf("%s: alarms %v, want %v", when, a.shares, shares)
	}
}

func TestTheWatchHearsOfEveryTransactionAndOfNoLookup(t *testing.T) {
	var called alarms
	c, err := New(Options{
		BaseURL: "https://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", Alarm: called.call, AlarmAbove: 0.5, BreakerFailures: 1000,
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			body := "<html>"
			if strings.HasSuffix(r.URL.Path, "/token") {
				body = `{"access_token":"` + testToken + `","expires_in":3600}`
			}
			return &http.Response{StatusCode: 200, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * 20 {
		for _, s := range specimensThat(reads) {
			c.Post(t.Context(), s.message())
		}
	}
	called.want(t, "after look-ups only")
	sent := 0
	for sent < 20 {
		for _, s := range slices.Concat(specimensThat(sells), specimensThat(undoes)) {
			if sent == 20-1 {
				called.want(t, "before the twentieth transaction")
			}
			if sent < 20 {
				c.Post(t.Context(), s.message())
				sent++
			}
		}
	}
	called.want(t, "after twenty of unknown outcome", "1.000")
}
