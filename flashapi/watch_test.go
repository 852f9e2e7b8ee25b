package flashapi

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

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

// (R10) More than one transaction in twenty unknown within five minutes is a
// host in trouble.
func TestManyUnknownOutcomesCallTheOperatorOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called alarms
		var w unknownWatch
		o := Options{Alarm: called.call}.withDefaults()
		saw := func(n int, unknown bool) {
			for range n {
				w.saw(o, unknown)
			}
		}
		saw(18, false)
		saw(1, true)
		called.want(t, "too few to say anything")
		saw(1, false)
		called.want(t, "one in twenty") // which is not more than 5 %
		saw(1, true)
		called.want(t, "two in 21", "0.095")
		saw(5, true)
		called.want(t, "still too many", "0.095")
		saw(200, false)
		called.want(t, "few again", "0.095")
		saw(10, true)
		called.want(t, "too many anew", "0.095", "0.052")

		time.Sleep(watchMinutes * time.Minute) // of the test's own time
		saw(19, true)
		called.want(t, "all forgotten, and too few", "0.095", "0.052")
		saw(1, false)
		called.want(t, "another trouble, though nobody saw the end of the last", "0.095", "0.052", "0.950")
		time.Sleep((watchMinutes - 1) * time.Minute)
		saw(20, true)
		called.want(t, "the same trouble", "0.095", "0.052", "0.950")
	})
}

func TestTheWatchCountsTheLastFiveMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type seen struct {
			minute  int64
			unknown bool
		}
		var w unknownWatch
		var all []seen
		minute := rapid.Int64Range(0, 1<<32).Draw(t, "first minute")
		alarming, over := false, int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "transactions") {
			minute += max(0, rapid.Int64Range(-6, 7).Draw(t, "pause")) // most follow at once
			unknown := rapid.IntRange(0, 9).Draw(t, "unknown") == 0
			all = append(all, seen{minute, unknown})
			var n, bad int
			for _, s := range all {
				if s.minute > minute-watchMinutes {
					n++
					if s.unknown {
						bad++
					}
				}
			}
			share, fresh := w.count(time.Unix(minute*60+7, 0), 0.05, unknown)
			if n < watchLeast {
				if share != 0 || fresh {
					t.Fatalf("%d transactions: share %v, alarm %v", n, share, fresh)
				}
				continue
			}
			want := float64(bad) / float64(n)
			if share != want || fresh != (want > 0.05 && (!alarming || minute-over >= watchMinutes)) {
				t.Fatalf("%d of %d: share %v, alarm %v", bad, n, share, fresh)
			}
			if alarming = want > 0.05; alarming {
				over = minute
			}
		}
	})
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
	for range 2 * watchLeast {
		for _, s := range specimensThat(reads) {
			c.Post(t.Context(), s.message())
		}
	}
	called.want(t, "after look-ups only")
	sent := 0
	for sent < watchLeast {
		for _, s := range slices.Concat(specimensThat(sells), specimensThat(undoes)) {
			if sent == watchLeast-1 {
				called.want(t, "before the twentieth transaction")
			}
			if sent < watchLeast {
				c.Post(t.Context(), s.message())
				sent++
			}
		}
	}
	called.want(t, "after twenty of unknown outcome", "1.000")
}
