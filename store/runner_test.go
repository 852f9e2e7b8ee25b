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

// slack is what a busy machine may need once a lease is over.
const slack = 10 * time.Second

// leaseClock stamps the leases of several runners. It stands still unless it is
// moved: a machine that stands still does not end a lease.
type leaseClock struct{ past atomic.Int64 }

func (c *leaseClock) now() time.Time { return noon.Add(time.Duration(c.past.Load())) }

func (c *leaseClock) move(d time.Duration) { c.past.Add(int64(d)) }

func TestARunnerThatDiesLosesItsJobToAnotherAndCannotWriteItsFate(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s, clock := d.open(t), &leaseClock{}
		const lease = time.Second
		dying := &mortal{SQL: s}
		began, cut := make(chan jobs.Job, 1), make(chan error, 1)
		result := make(chan string, 1)
		startRunner(t, dying, jobs.Options{
			Owner: "dying", Lease: lease, Poll: 20 * time.Millisecond, Now: clock.now,
			Handlers: map[jobs.Kind]jobs.Handler{resend: func(ctx context.Context, j jobs.Job) jobs.Result {
				began <- j
				<-ctx.Done()
				cut <- context.Cause(ctx)
				return jobs.Done()
			}},
			Observe: func(_, r string, _ time.Duration) { result <- r },
		})
		addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon})
		held := <-began
		// It lives on past its first lease.
		clock.move(lease / 2)
		timeout := time.After(30 * time.Second)
		for {
			if j := addJob(t, s, jobs.Job{Kind: resend, Key: "r1"}); j.LeaseUntil.After(held.LeaseUntil) {
				break
			}
			select {
			case <-timeout:
				t.Fatal("the lease was not renewed")
			case <-time.After(10 * time.Millisecond):
			}
		}
		dying.gone.Store(true)
		taken := make(chan jobs.Job, 1)
		finish := make(chan struct{})
		startRunner(t, s, jobs.Options{
			Owner: "heir", Lease: lease, Poll: 20 * time.Millisecond, Now: clock.now,
			Handlers: map[jobs.Kind]jobs.Handler{resend: func(_ context.Context, j jobs.Job) jobs.Result {
				taken <- j
				<-finish
				return jobs.Done()
			}},
		})
		clock.move(lease)
		over := time.Now()
		got := <-taken
		if late := time.Since(over); late > slack {
			t.Errorf("taken over %s after the lease", late)
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

func TestTwoRunnersOnOneDatabaseKeepLanesAndLimits(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s, other := d.open(t), d.open(t)
		const n = 48
		watch := newLaneWatch()
		all := make(chan struct{})
		var once sync.Once
		var mu sync.Mutex
		running := map[string]int{} // of kind tell, by process
		handler := func(_ context.Context, j jobs.Job) jobs.Result {
			mu.Lock()
			if j.Kind == tell {
				if running[j.Owner]++; running[j.Owner] > 2 {
					t.Errorf("%d of kind %s run at once in %s", running[j.Owner], tell, j.Owner)
				}
			}
			mu.Unlock()
			watch.begin(j)
			again := j.Runs() == 1 && j.ID%5 == 0
			mu.Lock()
			if j.Kind == tell {
				running[j.Owner]--
			}
			mu.Unlock()
			watch.end(j, !again)
			if again {
				return jobs.Again(time.Now(), "once more")
			}
			if watch.done() == n { // the last two may both see it
				once.Do(func() { close(all) })
			}
			return jobs.Done()
		}
		o := jobs.Options{
			Handlers: map[jobs.Kind]jobs.Handler{resend: handler, tell: handler},
			Limits:   map[jobs.Kind]int{tell: 2}, Workers: 3, Poll: 50 * time.Millisecond,
		}
		a, b := startRunner(t, s, o), startRunner(t, other, o)
		for i := range n {
			lane := []string{"a", "b", "-"}[i%3]
			j := jobs.Job{Kind: []jobs.Kind{resend, tell}[i%2], Key: lane + refs("", n)[i], RunAt: time.Now()}
			if lane != "-" {
				j.Lane = lane
			}
			if i%4 == 0 {
				j.Owner, j.LeaseUntil = a.Owner(), time.Now().Add(a.Lease())
			}
			watch.adding(j.Key)
			j = addJob(t, s, j)
			watch.hasAdded(j.Key)
			if j.Owner == a.Owner() && j.Attempt == 1 {
				a.Adopt(j) // and what is refused is handed back
			}
			a.Wake()
			b.Wake()
		}
		select {
		case <-all:
		case <-time.After(30 * time.Second):
			t.Errorf("%d of %d done", watch.done(), n)
		}
		for _, r := range []*jobs.Runner{a, b} {
			if err := r.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for _, wrong := range watch.wrongs {
			t.Error(wrong)
		}
		if got, err := s.Stats(t.Context(), time.Now()); err != nil || len(got.Jobs) != 0 {
			t.Errorf("left over: %+v, %v", got.Jobs, err)
		}
	})
}

func TestALaneRunsThroughWithoutAPollAlsoWhereHandlersFinishInTheirOwnTransactions(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		const n = 6
		done := make(chan string, n)
		r := startRunner(t, s, jobs.Options{Poll: time.Hour, Handlers: map[jobs.Kind]jobs.Handler{
			resend: func(ctx context.Context, j jobs.Job) jobs.Result {
				done <- j.Key // the next of the lane can begin before this one returns
				if j.ID%2 == 0 {
					return jobs.Done()
				}
				if err := s.InTx(ctx, func(tx vend.Tx) error { return tx.FinishJob(j) }); err != nil {
					t.Error(err)
				}
				return jobs.Written()
			},
		}})
		for _, key := range refs("r", n) {
			addJob(t, s, jobs.Job{Kind: resend, Key: key, Lane: "a", RunAt: time.Now()})
		}
		r.Wake()
		for _, want := range refs("r", n) {
			select {
			case got := <-done:
				if got != want {
					t.Errorf("did %s, want %s", got, want)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s is not done", want)
			}
		}
	})
}

func TestTheLaneOfARunnerThatDiesGoesOnElsewhereInItsOrder(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s, clock := d.open(t), &leaseClock{}
		const lease = time.Second
		dying := &mortal{SQL: s}
		began := make(chan jobs.Job, 9)
		startRunner(t, dying, jobs.Options{
			Owner: "dying", Lease: lease, Poll: 20 * time.Millisecond, Now: clock.now,
			Handlers: map[jobs.Kind]jobs.Handler{resend: func(ctx context.Context, j jobs.Job) jobs.Result {
				began <- j
				<-ctx.Done()
				return jobs.Done()
			}},
		})
		for _, key := range refs("r", 3) {
			addJob(t, s, jobs.Job{Kind: resend, Key: key, Lane: "a", RunAt: noon})
		}
		<-began
		dying.gone.Store(true)
		taken := make(chan jobs.Job, 9)
		startRunner(t, s, jobs.Options{
			Owner: "heir", Lease: lease, Poll: 20 * time.Millisecond, Now: clock.now,
			Handlers: map[jobs.Kind]jobs.Handler{resend: func(_ context.Context, j jobs.Job) jobs.Result {
				taken <- j
				return jobs.Done()
			}},
		})
		clock.move(lease)
		over := time.Now()
		for i, want := range []jobs.Job{{Key: "r-0", Attempt: 2}, {Key: "r-1", Attempt: 1}, {Key: "r-2", Attempt: 1}} {
			got := <-taken
			if i == 0 && time.Since(over) > slack {
				t.Errorf("taken over %s after the lease", time.Since(over))
			}
			if got.Key != want.Key || got.Owner != "heir" || got.Attempt != want.Attempt {
				t.Errorf("got %+v, want %s, attempt %d", got, want.Key, want.Attempt)
			}
		}
		if len(began) != 0 {
			t.Error("the dead one began another")
		}
		dying.gone.Store(false)
	})
}
