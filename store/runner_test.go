package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

// startRunner runs a runner for the length of the test.
func startRunner(t *testing.T, s jobs.Store, o jobs.Options) *jobs.Runner {
	t.Helper()
	r := jobs.NewRunner(s, o)
	r.Start(context.Background())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestTwoRunnersOnOneDatabaseDoEveryJobOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s, other := d.open(t), d.open(t)
		const n = 80
		var mu sync.Mutex
		runs := map[string]int{}
		var left atomic.Int32
		left.Store(n)
		all := make(chan struct{})
		handler := func(_ context.Context, j jobs.Job) jobs.Result {
			mu.Lock()
			runs[j.Key]++
			first := runs[j.Key] == 1
			mu.Unlock()
			if first && left.Add(-1) == 0 {
				close(all)
			}
			return jobs.Done()
		}
		o := jobs.Options{Handlers: map[jobs.Kind]jobs.Handler{resend: handler}, Workers: 3, Poll: 50 * time.Millisecond}
		a, b := startRunner(t, s, o), startRunner(t, other, o)
		now := time.Now()
		for i, key := range refs("r", n) {
			j := jobs.Job{Kind: resend, Key: key, RunAt: now}
			if i%4 == 0 {
				j.Owner, j.LeaseUntil = a.Owner(), time.Now().Add(a.Lease())
			}
			j = addJob(t, s, j)
			if i%4 == 0 && !a.Adopt(j) {
				t.Errorf("%s was not adopted", key)
			}
			a.Wake()
			b.Wake()
		}
		<-all
		for _, r := range []*jobs.Runner{a, b} {
			if err := r.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for key, k := range runs {
			if k != 1 {
				t.Errorf("%s was done %d times", key, k)
			}
		}
		if got, err := s.Stats(t.Context(), time.Now()); err != nil || len(got.Jobs) != 0 {
			t.Errorf("left over: %+v, %v", got.Jobs, err)
		}
	})
}

// mortal is a store whose process can lose it, as one that has died has.
type mortal struct {
	*store.SQL
	gone atomic.Bool
}

var errGone = errors.New("no way to the database")

func (m *mortal) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, until time.Time) ([]jobs.Job, error) {
	if m.gone.Load() {
		return nil, errGone
	}
	return m.SQL.Claim(ctx, kinds, n, owner, now, until)
}

func (m *mortal) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	if m.gone.Load() {
		return errGone
	}
	return m.SQL.Renew(ctx, j, until)
}

func (m *mortal) Finish(ctx context.Context, j jobs.Job) error {
	if m.gone.Load() {
		return errGone
	}
	return m.SQL.Finish(ctx, j)
}

func TestARunnerThatDiesLosesItsJobToAnotherAndCannotWriteItsFate(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		const lease = 400 * time.Millisecond
		dying := &mortal{SQL: s}
		began, cut := make(chan jobs.Job, 1), make(chan error, 1)
		result := make(chan string, 1)
		startRunner(t, dying, jobs.Options{
			Owner: "dying", Lease: lease, Poll: 20 * time.Millisecond,
			Handlers: map[jobs.Kind]jobs.Handler{resend: func(ctx context.Context, j jobs.Job) jobs.Result {
				began <- j
				<-ctx.Done()
				cut <- context.Cause(ctx)
				return jobs.Done()
			}},
			Observe: func(_, r string, _ time.Duration) { result <- r },
		})
		addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: time.Now()})
		held := <-began
		// It lives on past its first lease.
		timeout := time.After(10 * time.Second)
		for {
			if j := addJob(t, s, jobs.Job{Kind: resend, Key: "r1"}); j.LeaseUntil.After(held.LeaseUntil) {
				break
			}
			select {
			case <-timeout:
				t.Fatal("the lease was not renewed")
			default:
			}
		}
		dying.gone.Store(true)
		died := time.Now()
		taken := make(chan jobs.Job, 1)
		finish := make(chan struct{})
		startRunner(t, s, jobs.Options{
			Owner: "heir", Lease: lease, Poll: 20 * time.Millisecond,
			Handlers: map[jobs.Kind]jobs.Handler{resend: func(_ context.Context, j jobs.Job) jobs.Result {
				taken <- j
				<-finish
				return jobs.Done()
			}},
		})
		got := <-taken
		if late := time.Since(died); late > lease+time.Second {
			t.Errorf("taken over after %s", late)
		}
		if got.ID != held.ID || got.Attempt != 2 || got.Owner != "heir" {
			t.Errorf("got %+v", got)
		}
		if err := <-cut; !errors.Is(err, jobs.ErrLost) {
			t.Errorf("the dead one's handler was cut off by %v", err)
		}
		dying.gone.Store(false)
		if r := <-result; r != "lost" {
			t.Errorf("the dead one's fate: %q", r)
		}
		err := s.InTx(t.Context(), func(tx vend.Tx) error { return tx.FinishJob(held) })
		if !errors.Is(err, jobs.ErrLost) {
			t.Errorf("the dead one's transaction: %v", err)
		}
		close(finish)
	})
}
