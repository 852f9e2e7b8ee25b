package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// scrape returns the lines of m's own metrics, without comments.
func scrape(t *testing.T, m *Metrics) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: status %d: %s", w.Code, w.Body)
	}
	lines := map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(name, "spaza_") {
			lines[name] = value
		}
	}
	return lines
}

func wantLines(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
}

func TestMetricsCountWhatHappens(t *testing.T) {
	m := NewMetrics(MetricsOptions{Version: "v1.2.3"})
	m.Turn("aat", "airtime", "amount", "confirm", "ok", 3*time.Millisecond)
	m.Turn("aat", "airtime", "amount", "confirm", "ok", 30*time.Millisecond)
	m.Turn("aat", "airtime", "confirm", "confirm", "replay", time.Millisecond)
	m.Turn("aat", "", "", "menu", "ok", time.Millisecond)
	m.Upstream("airtime.purchase", "unknown", 3*time.Second)
	m.Job("resend", "again", 2*time.Second)
	m.Job("resend", "again", -time.Second) // a clock that is behind
	m.Message("sent")
	m.Refused("/ussd/africastalking", 401)
	m.Refused("/a b", 404)
	m.Order("airtime", "delivered", "")
	m.Order("redeem", "declined", "voucher_used")
	m.Order("redeem", "27821234567 is no state", "voucher_used")
	m.SessionEnded("africastalking", "airtime.amount", "timeout")

	wantLines(t, scrape(t, m), map[string]string{
		`spaza_turns_total{channel="aat",flow="airtime",outcome="ok"}`:                                 "2",
		`spaza_turns_total{channel="aat",flow="airtime",outcome="replay"}`:                             "1",
		`spaza_turns_total{channel="aat",flow="none",outcome="ok"}`:                                    "1",
		`spaza_turn_seconds_bucket{channel="aat",le="0.005"}`:                                          "3",
		`spaza_turn_seconds_count{channel="aat"}`:                                                      "4",
		`spaza_state_change_total{channel="aat",flow="airtime",from="amount",to="confirm"}`:            "2",
		`spaza_state_change_total{channel="aat",flow="airtime",from="confirm",to="confirm"}`:           "",
		`spaza_state_change_total{channel="aat",flow="none",from="none",to="menu"}`:                    "1",
		`spaza_upstream_total{op="airtime.purchase",outcome="unknown"}`:                                "1",
		`spaza_upstream_seconds_sum{op="airtime.purchase"}`:                                            "3",
		`spaza_jobs_total{kind="resend",result="again"}`:                                               "2",
		`spaza_job_start_delay_seconds_sum{kind="resend"}`:                                             "2",
		`spaza_messages_total{result="sent"}`:                                                          "1",
		`spaza_sessions_ended_total{channel="africastalking",state="airtime.amount",status="timeout"}`: "1",
		`spaza_refused_total{path="/ussd/africastalking",status="401"}`:                                "1",
		`spaza_refused_total{path="other",status="404"}`:                                               "1",
		`spaza_orders_total{kind="airtime",reason="none",state="delivered"}`:                           "1",
		`spaza_orders_total{kind="redeem",reason="voucher_used",state="declined"}`:                     "1",
		`spaza_orders_total{kind="other",reason="other",state="other"}`:                                "1",
		`spaza_snapshot_ok`: "",
	})
	build := false
	for name := range scrape(t, m) {
		build = build || strings.HasPrefix(name, "spaza_build_info{") && strings.Contains(name, `version="v1.2.3"`)
	}
	if !build {
		t.Error("what runs is not told")
	}
}

func TestMetricsOfTwoServicesDoNotMix(t *testing.T) {
	a, b := NewMetrics(MetricsOptions{}), NewMetrics(MetricsOptions{})
	a.Message("sent")
	if got := scrape(t, b)[`spaza_messages_total{result="sent"}`]; got != "" {
		t.Errorf("the other registry counts %s", got)
	}
}

func TestLabelsThatAreNoNamesAreCountedAsOther(t *testing.T) {
	m := NewMetrics(MetricsOptions{})
	for _, s := range []string{"27821234567", strings.Repeat("x", maxLabel+1), "<script>", "a b", "\xff", "é"} {
		m.Turn("aat", s, "a", "b", "ok", 0)
		m.Upstream(s, "ok", 0)
		m.Job("resend", s, 0)
		m.Message(s)
		m.SessionEnded("aat", "a", s)
	}
	got := scrape(t, m)
	wantLines(t, got, map[string]string{
		`spaza_turns_total{channel="other",flow="other",outcome="other"}`:          "6",
		`spaza_upstream_total{op="other",outcome="other"}`:                         "6",
		`spaza_jobs_total{kind="other",result="other"}`:                            "6",
		`spaza_messages_total{result="other"}`:                                     "6",
		`spaza_sessions_ended_total{channel="other",state="other",status="other"}`: "6",
	})
	for name := range got {
		for _, leak := range []string{"2782", "xxx", "script"} {
			if strings.Contains(name, leak) {
				t.Errorf("%s has a stranger's words", name)
			}
		}
	}
}

func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	m := NewMetrics(MetricsOptions{})
	m.Message("sent")
	for i := range cacheLimit + 50 {
		m.Message(fmt.Sprintf("made-up-%d", i))
	}
	m.Message("sent")
	got := scrape(t, m)
	wantLines(t, got, map[string]string{
		`spaza_messages_total{result="sent"}`:  "2",
		`spaza_messages_total{result="other"}`: "51",
	})
	series := 0
	for name := range got {
		if strings.HasPrefix(name, "spaza_messages_total{") {
			series++
		}
	}
	if series != cacheLimit+1 {
		t.Errorf("%d series, want %d", series, cacheLimit+1)
	}
}

func TestMetricsBearConcurrentUse(t *testing.T) {
	m := NewMetrics(MetricsOptions{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 300 {
				m.Turn("aat", "airtime", fmt.Sprint("s", i%40), "end", "ok", time.Microsecond)
			}
		})
	}
	all.Wait()
	got := scrape(t, m)
	if n := got[`spaza_turns_total{channel="aat",flow="airtime",outcome="ok"}`]; n != "2400" {
		t.Errorf("%s turns counted, want 2400", n)
	}
	if n := got[`spaza_state_change_total{channel="aat",flow="airtime",from="s7",to="end"}`]; n != "64" {
		t.Errorf("%s moves counted, want 64", n)
	}
}

func TestSnapshotIsShownAndAddedUp(t *testing.T) {
	m := NewMetrics(MetricsOptions{Snapshot: func(context.Context) (Snapshot, error) {
		return Snapshot{
			Orders: []OrderCount{{"unknown", 2, time.Minute}, {"unknown", 1, time.Hour}, {"delivered", 9, 0}, {"27821234567", 1, 0}},
			Jobs:   []JobCount{{"resend", 3, 1, 0, time.Second}, {"resend", 1, 0, 2, time.Minute}},
		}, nil
	}})
	wantLines(t, scrape(t, m), map[string]string{
		`spaza_snapshot_ok`:                            "1",
		`spaza_orders{state="unknown"}`:                "3",
		`spaza_orders_oldest_seconds{state="unknown"}`: "3600",
		`spaza_orders{state="delivered"}`:              "9",
		`spaza_orders{state="other"}`:                  "1",
		`spaza_jobs{kind="resend",status="waiting"}`:   "4",
		`spaza_jobs{kind="resend",status="held"}`:      "1",
		`spaza_jobs{kind="resend",status="dead"}`:      "2",
		`spaza_jobs_lag_seconds{kind="resend"}`:        "60",
	})
}

func TestSnapshotThatFailsIsAbsentAndLogged(t *testing.T) {
	var out bytes.Buffer
	m := NewMetrics(MetricsOptions{
		Logger: NewLogger(&out, LogOptions{}),
		Snapshot: func(context.Context) (Snapshot, error) {
			return Snapshot{Orders: []OrderCount{{"unknown", 2, 0}}}, errors.New("disk is full")
		},
	})
	wantLines(t, scrape(t, m), map[string]string{`spaza_snapshot_ok`: "0", `spaza_orders{state="unknown"}`: ""})
	if !strings.Contains(out.String(), "disk is full") {
		t.Errorf("the cause is not logged: %q", out.String())
	}
}

func TestSnapshotIsReadOnceForManyScrapesAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reads atomic.Int32
		m := NewMetrics(MetricsOptions{SnapshotFresh: 5 * time.Second, SnapshotTimeout: time.Second, Snapshot: func(ctx context.Context) (Snapshot, error) {
			if reads.Add(1) == 3 {
				<-ctx.Done() // a database that hangs
				return Snapshot{}, ctx.Err()
			}
			return Snapshot{}, nil
		}})
		for range 10 {
			scrape(t, m)
		}
		if n := reads.Load(); n != 1 {
			t.Fatalf("read %d times for ten scrapes at once", n)
		}
		time.Sleep(6 * time.Second)
		scrape(t, m)
		if n := reads.Load(); n != 2 {
			t.Fatalf("read %d times, want a second time once it was old", n)
		}
		time.Sleep(6 * time.Second)
		begun := time.Now()
		wantLines(t, scrape(t, m), map[string]string{`spaza_snapshot_ok`: "0"})
		if took := time.Since(begun); took != time.Second {
			t.Errorf("a reading that hangs held the scrape for %v", took)
		}
	})
}

func TestAScrapeThatCannotBeGatheredIsLogged(t *testing.T) {
	var out bytes.Buffer
	scrapeLog{slog.New(slog.NewTextHandler(&out, nil))}.Println("error gathering metrics:", errors.New("two of a kind"))
	if !strings.Contains(out.String(), "two of a kind") {
		t.Errorf("logged %q", out.String())
	}
}

func TestCountingATurnCostsNoAllocation(t *testing.T) {
	if raced {
		t.Skip("allocations are not those of a release under the race detector")
	}
	m := NewMetrics(MetricsOptions{})
	if n := testing.AllocsPerRun(100, func() { m.Turn("aat", "airtime", "amount", "confirm", "ok", time.Millisecond) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTurn(b *testing.B) {
	m := NewMetrics(MetricsOptions{})
	b.ReportAllocs()
	for b.Loop() {
		m.Turn("africastalking", "airtime", "amount", "confirm", "ok", time.Millisecond)
	}
}
