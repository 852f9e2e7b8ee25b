package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spaza/store"
)

// plainHash is a hash for tests, by which a key can be told.
func plainHash(purpose, s string) (h [32]byte) {
	copy(h[:], purpose[:1]+s)
	return h
}

// limitsOn are the limits on a server of the test's own, whose clock it sets.
func limitsOn(t *testing.T) (*store.Limits, *miniredis.Miniredis) {
	t.Helper()
	m := miniredis.RunT(t)
	m.SetTime(noon)
	return patientSessions(t, "redis://"+m.Addr()).Limits(plainHash), m
}

func TestSoManyPassAndThenAsTimePasses(t *testing.T) {
	l, m := limitsOn(t)
	at := noon
	const n = 6
	for i, step := range []struct {
		pause  time.Duration
		passes int
		wait   time.Duration // of the one after them
	}{
		{0, 6, 10 * time.Second},
		{9 * time.Second, 0, time.Second},
		{time.Second, 1, 10 * time.Second},
		{25 * time.Second, 2, 5 * time.Second},
		{time.Hour, 6, 10 * time.Second},
		// The server was replaced by one whose clock is behind.
		{-time.Hour, 6, 10 * time.Second},
		{30 * time.Second, 3, 10 * time.Second},
	} {
		at = at.Add(step.pause)
		m.SetTime(at)
		for k := range step.passes {
			if ok, wait, err := l.Allow(t.Context(), "k", n, time.Minute); !ok || wait != 0 || err != nil {
				t.Errorf("step %d, %d: %v, %s, %v", i, k, ok, wait, err)
			}
		}
		if ok, wait, err := l.Allow(t.Context(), "k", n, time.Minute); ok || wait != step.wait || err != nil {
			t.Errorf("step %d: %v, %s, %v; want to wait %s", i, ok, wait, err, step.wait)
		}
		if ok, _, err := l.Allow(t.Context(), fmt.Sprint("other", i), 1, time.Minute); !ok || err != nil {
			t.Errorf("step %d: another: %v, %v", i, ok, err)
		}
	}
}

func TestALimitIsOneSmallKeyThatGoesByItself(t *testing.T) {
	l, m := limitsOn(t)
	for range 10 {
		if _, _, err := l.Allow(t.Context(), "27820001111", 4, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	all := m.Keys()
	if len(all) != 1 || strings.Contains(all[0], "2782") || !strings.HasPrefix(all[0], "l:{") || !strings.HasSuffix(all[0], "}") {
		t.Fatalf("keys are %q", all)
	}
	if ttl := m.TTL(all[0]); ttl <= 0 || ttl > time.Minute {
		t.Errorf("it lives for %s", ttl)
	}
	m.FastForward(time.Minute)
	if all := m.Keys(); len(all) != 0 {
		t.Errorf("left are %q", all)
	}
}

func TestReplicasShareALimit(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *store.Sessions) {
		l, key := s.Limits(plainHash), strings.TrimPrefix(freshKey(), "s:{test-")
		const n = 40
		var passed atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range n {
					ok, wait, err := l.Allow(context.Background(), key, n, 24*time.Hour)
					if err != nil || !ok && (wait <= 0 || wait > 24*time.Hour) {
						t.Errorf("%v, wait %s, %v", ok, wait, err)
					}
					if ok {
						passed.Add(1)
					}
				}
			})
		}
		all.Wait()
		if passed.Load() != n {
			t.Errorf("%d passed, want %d", passed.Load(), n)
		}
	})
}

func TestALimitThatIsNoneAndARedisThatIsAway(t *testing.T) {
	l, m := limitsOn(t)
	for _, c := range []struct {
		n      int
		window time.Duration
	}{{0, time.Minute}, {-1, time.Minute}, {1, 0}, {1, time.Microsecond}} {
		if ok, _, err := l.Allow(t.Context(), "k", c.n, c.window); ok || err == nil {
			t.Errorf("%d in %s: %v, %v", c.n, c.window, ok, err)
		}
	}
	if ok, _, err := l.Allow(t.Context(), "many", 1<<40, time.Second); !ok || err != nil {
		t.Errorf("more than microseconds: %v, %v", ok, err)
	}
	m.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if ok, _, err := l.Allow(ctx, "k", 1, time.Minute); ok || err == nil || strings.Contains(err.Error(), "k:") {
		t.Errorf("%v, %v", ok, err)
	}
}
