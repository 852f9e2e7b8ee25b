package hostcall

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"spaza/secret"
)

var errMint = errors.New("no token is made")

// mint is a token endpoint: it makes T1, T2, ... and can fail or wait.
type mint struct {
	made atomic.Int32
	ttl  time.Duration
	fail atomic.Bool
	hold chan struct{} // when set, each fetch waits for one receive or its end
}

func (m *mint) fetch(ctx context.Context) (secret.Text, time.Duration, error) {
	n := m.made.Add(1)
	if m.hold != nil {
		select {
		case <-m.hold:
		case <-ctx.Done():
			return secret.Text{}, 0, ctx.Err()
		}
	}
	if m.fail.Load() {
		return secret.Text{}, 0, errMint
	}
	return secret.New(fmt.Sprintf("T%d", n)), m.ttl, nil
}

func (m *mint) source() *Tokens {
	return &Tokens{Now: time.Now, Gap: 2 * time.Second, Timeout: 10 * time.Second, Fetch: m.fetch}
}

func wantToken(t *testing.T, s *Tokens, want string) {
	t.Helper()
	got, err := s.Get(t.Context())
	if err != nil || !got.Equal(want) {
		t.Errorf("token %q, %v; want %q", got.Reveal(), err, want)
	}
}

func TestATokenIsRenewedEarlyAndServesOnMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{ttl: time.Hour}
		s := m.source()
		wantToken(t, s, "T1")
		time.Sleep(54*time.Minute - time.Second)
		wantToken(t, s, "T1")
		if n := m.made.Load(); n != 1 {
			t.Errorf("%d tokens before the renewal is due", n)
		}
		time.Sleep(time.Second)
		wantToken(t, s, "T1") // starts the renewal and does not wait for it
		synctest.Wait()
		wantToken(t, s, "T2")
	})
}

func TestAFailedRenewalLeavesTheOldTokenUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{ttl: time.Hour}
		s := m.source()
		wantToken(t, s, "T1")
		m.fail.Store(true)
		time.Sleep(55 * time.Minute)
		for range 5 { // within the gap: one try
			wantToken(t, s, "T1")
			synctest.Wait()
		}
		if n := m.made.Load(); n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
		time.Sleep(5 * time.Minute)
		if _, err := s.Get(t.Context()); !errors.Is(err, errMint) {
			t.Errorf("expired token: error %v", err)
		}
		m.fail.Store(false)
		if _, err := s.Get(t.Context()); !errors.Is(err, errMint) {
			t.Errorf("within the gap: error %v", err)
		}
		time.Sleep(2 * time.Second)
		wantToken(t, s, "T4")
	})
}

func TestAShortLivedTokenIsNotRenewedAtEveryCall(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		time.Hour: 6 * time.Minute, 10 * time.Minute: time.Minute, 2 * time.Minute: 30 * time.Second,
		time.Minute: 30 * time.Second, 20 * time.Second: 10 * time.Second, time.Second: time.Second / 2,
	} {
		if got := early(ttl); got != want {
			t.Errorf("a token of %s is renewed %s early, want %s", ttl, got, want)
		}
	}
}

func TestManyCallersShareOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{ttl: time.Hour, hold: make(chan struct{})}
		s := m.source()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { wantToken(t, s, "T1") })
		}
		synctest.Wait()
		m.hold <- struct{}{}
		all.Wait()
		if n := m.made.Load(); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
	})
}

func TestACallerWhoLeavesDisturbsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{ttl: time.Hour, hold: make(chan struct{})}
		s := m.source()
		ctx, cancel := context.WithCancel(t.Context())
		var left, stays sync.WaitGroup
		left.Go(func() { // the one whose call began the fetch
			if _, err := s.Get(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left: error %v", err)
			}
		})
		synctest.Wait()
		stays.Go(func() { wantToken(t, s, "T1") })
		synctest.Wait()
		cancel()
		left.Wait()
		m.hold <- struct{}{}
		stays.Wait()
	})
}

func TestInvalidateDropsOnlyTheTokenThatWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{ttl: time.Hour}
		s := m.source()
		wantToken(t, s, "T1")
		for range 10 { // ten calls were refused together
			s.Invalidate(secret.New("T1"))
			wantToken(t, s, "T2")
		}
		if n := m.made.Load(); n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
	})
}

func TestNoFetchBeginsInAPauseForOneWhoLookedBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{ttl: time.Hour}
		s := m.source()
		wantToken(t, s, "T1")
		s.Refuse(secret.New("T1"))
		if r := <-s.refresh(); !errors.Is(r.Err, ErrRefused) || m.made.Load() != 1 {
			t.Errorf("error %v, %d fetches", r.Err, m.made.Load())
		}
		time.Sleep(2 * time.Second)
		wantToken(t, s, "T2")
	})
}
