package telemetry

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func fine(context.Context) error { return nil }

func wantReady(t *testing.T, h *Health, status int, body string) {
	t.Helper()
	if gotStatus, gotBody := h.Readyz(); gotStatus != status || string(gotBody) != body {
		t.Errorf("readyz is %d %q, want %d %q", gotStatus, gotBody, status, body)
	}
}

func TestReadyzIsYesWhenEveryCheckPasses(t *testing.T) {
	wantReady(t, NewHealth([]Check{{"redis", fine}, {"sql", fine}}, HealthOptions{}), 200, "ready\n")
	wantReady(t, NewHealth(nil, HealthOptions{}), 200, "ready\n")
}

func TestReadyzNamesWhatFailsAndOnlyLogsTheCause(t *testing.T) {
	var out bytes.Buffer
	h := NewHealth([]Check{
		{"redis", func(context.Context) error { return errors.New("dial 10.1.2.3: refused") }},
		{"sql", fine},
		{"provider", func(context.Context) error { panic("nil map") }},
	}, HealthOptions{Logger: NewLogger(&out, LogOptions{})})
	wantReady(t, h, 503, "not ready: redis, provider\n")
	for _, cause := range []string{"dial 10.1.2.3: refused", "nil map"} {
		if !strings.Contains(out.String(), cause) {
			t.Errorf("%q is not logged: %s", cause, out.String())
		}
	}
}

func TestReadyzAsksTheStoresOnceHoweverOftenItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var probes atomic.Int32
		h := NewHealth([]Check{{"redis", func(context.Context) error {
			probes.Add(1)
			return nil
		}}}, HealthOptions{})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { wantReady(t, h, 200, "ready\n") })
		}
		all.Wait()
		if n := probes.Load(); n != 1 {
			t.Fatalf("%d probes for fifty questions", n)
		}
		time.Sleep(1100 * time.Millisecond)
		wantReady(t, h, 200, "ready\n")
		if n := probes.Load(); n != 2 {
			t.Errorf("%d probes, want a second one later", n)
		}
	})
}

func TestReadyzAnswersByItsDeadlineAndStartsNoSecondProbeThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var probes atomic.Int32
		release := make(chan struct{})
		h := NewHealth([]Check{
			{"sql", func(context.Context) error { // deaf to its context
				probes.Add(1)
				<-release
				return nil
			}},
			{"redis", fine},
			{"provider", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		}, HealthOptions{Deadline: 700 * time.Millisecond})

		begun := time.Now()
		wantReady(t, h, 503, "not ready: sql, provider\n")
		if took := time.Since(begun); took != 700*time.Millisecond {
			t.Errorf("took %v", took)
		}
		time.Sleep(2 * time.Second)
		wantReady(t, h, 503, "not ready: sql, provider\n")
		if n := probes.Load(); n != 1 {
			t.Errorf("%d probes hang, want 1", n)
		}
		close(release)
		time.Sleep(2 * time.Second)
		wantReady(t, h, 503, "not ready: provider\n")
	})
}

func TestReadyzLogsChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		err := errors.New("refused")
		h := NewHealth([]Check{{"redis", func(context.Context) error { return err }}}, HealthOptions{Logger: NewLogger(&out, LogOptions{})})
		for range 5 {
			h.Readyz()
			time.Sleep(2 * time.Second)
		}
		err = nil
		h.Readyz()
		time.Sleep(2 * time.Second)
		h.Readyz()
		if got := strings.Count(out.String(), "\n"); got != 2 || !strings.Contains(out.String(), "ready again") {
			t.Errorf("logged %d lines, want one for each change:\n%s", got, out.String())
		}
	})
}

func TestDrainingIsNotReadyAtOnceButAlive(t *testing.T) {
	h := NewHealth([]Check{{"redis", fine}}, HealthOptions{})
	wantReady(t, h, 200, "ready\n")
	h.Drain()
	wantReady(t, h, 503, "draining\n")
	if status, body := h.Healthz(); status != 200 || string(body) != "ok\n" {
		t.Errorf("healthz is %d %q", status, body)
	}
}
