package jobs

import (
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	defaultWorkers = 8
	defaultAdopted = 1024
	defaultLease   = 15 * time.Second
	defaultPoll    = time.Second

	// After a failure of the store or a panic, the wait is one of these steps
	// and up to as much again.
	storeWaitFirst, storeWaitMost = 50 * time.Millisecond, 2500 * time.Millisecond
	panicWaitFirst, panicWaitMost = 500 * time.Millisecond, 150 * time.Second

	// stopGrace is how long Stop waits, once it has cut handlers off, for them
	// to return and their results to be written.
	stopGrace = 2 * time.Second
	// lastWrite bounds the one try at writing a result after that.
	lastWrite = time.Second
)

// Options are the options of NewRunner.
type Options struct {
	// Owner names this process in the jobs it holds; no two processes may
	// share it. Default: the host's name and something random.
	Owner string
	// Handlers do the jobs, by kind. Handle adds more.
	Handlers map[Kind]Handler
	// Workers is how many claimed jobs run at once; default 8.
	Workers int
	// Adopted is how many adopted jobs run at once, besides; default 1024.
	// Past it Adopt refuses.
	Adopted int
	// Limits is how many jobs of a kind run at once in this process, claimed
	// and adopted ones together: what the place that they call may be asked at
	// once. A kind that is not there, or not above zero, is bounded by Workers
	// and Adopted alone. Where a slow place could take all workers, give its
	// kind fewer than Workers.
	Limits map[Kind]int
	// Lease is how long a job is held without renewal, and so how long it
	// waits when its process dies; default 15 s. Clocks of processes that
	// share a database must agree to well within a third of it.
	Lease time.Duration
	// Poll is the longest time between two looks for due jobs; default 1 s.
	Poll time.Duration
	// Now is the clock that stamps leases; default time.Now.
	Now func() time.Time
	// Rand returns a random number from 0 to below n, for all waiting; default
	// math/rand/v2.Int64N.
	Rand func(n int64) int64
	// Logger takes failures of the store and panics of handlers; default: no
	// log.
	Logger *slog.Logger
	// Observe is told of every run of a job that ended: its kind, what came of
	// it ("done", "written", "again", "buried", "panic", "lost", "unwritten")
	// and how late it started. A job that is buried because its time is over
	// counts as one.
	Observe func(kind, result string, lag time.Duration)
}

// Runner claims due jobs and runs their handlers. The zero Runner is not
// usable; make one with NewRunner.
type Runner struct {
	store    Store
	o        Options
	handlers map[Kind]Handler
	kinds    []Kind

	storeWait, panicWait Backoff

	wake  chan struct{} // holds one wake-up
	slots chan struct{} // one element for every claimed job that runs

	mu       sync.Mutex
	state    runnerState
	adopted  int
	running  map[Kind]int       // claimed and adopted jobs
	reserved map[Kind]int       // how many a claim under way may bring
	parked   []Job              // adopted ones that wait for that claim's end, counted as running
	held     map[int64]*holding // by job id
	claim    context.CancelFunc // ends the claiming
	work     context.Context    // of all handlers
	cut      context.CancelFunc // ends work
	all      sync.WaitGroup     // the claiming loop, every job, and what is handed back
}

type runnerState uint8

const (
	runnerNew runnerState = iota
	runnerStarted
	runnerStopping
)

// NewRunner makes a runner that rests until Start.
func NewRunner(s Store, o Options) *Runner {
	if o.Owner == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "host"
		}
		o.Owner = host + "-" + rand.Text()
	}
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Adopted <= 0 {
		o.Adopted = defaultAdopted
	}
	if o.Lease <= 0 {
		o.Lease = defaultLease
	}
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = mathrand.Int64N
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, string, time.Duration) {}
	}
	r := &Runner{
		storeWait: Backoff{Steps: Doubling(storeWaitFirst, storeWaitMost), Jitter: 1, Rand: o.Rand},
		panicWait: Backoff{Steps: Doubling(panicWaitFirst, panicWaitMost), Jitter: 1, Rand: o.Rand},

		store:    s,
		o:        o,
		handlers: map[Kind]Handler{},
		running:  map[Kind]int{},
		reserved: map[Kind]int{},
		held:     map[int64]*holding{},
		wake:     make(chan struct{}, 1),
		slots:    make(chan struct{}, o.Workers),
	}
	for k, h := range o.Handlers {
		r.Handle(k, h)
	}
	return r
}

// Handle sets the handler of a kind, before Start: for a handler that itself
// needs the runner. It panics when the kind has one, or the runner has started.
func (r *Runner) Handle(k Kind, h Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != runnerNew {
		panic("jobs: Handle after Start")
	}
	if r.handlers[k] != nil {
		panic("jobs: two handlers for kind " + string(k))
	}
	r.handlers[k] = h
	r.kinds = append(r.kinds, k)
	slices.Sort(r.kinds)
}

// Owner names this process in the jobs it holds.
func (r *Runner) Owner() string { return r.o.Owner }

// Lease is how long a job is held without renewal. A job added as claimed for
// Adopt has LeaseUntil that far ahead.
func (r *Runner) Lease() time.Duration { return r.o.Lease }

// Start begins to claim and run jobs. When ctx ends, no more are claimed and
// those running are cut off; Stop ends it more gently, and must be called in
// any case. A runner is started once; later calls do nothing.
func (r *Runner) Start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != runnerNew {
		return
	}
	r.state = runnerStarted
	r.work, r.cut = context.WithCancel(ctx)
	var claiming context.Context
	claiming, r.claim = context.WithCancel(r.work)
	r.all.Go(func() { r.loop(claiming) })
}

// Stop claims no more jobs and refuses to adopt any, hands back those that it
// has claimed and not begun, waits for those running to end, and when ctx ends
// first, cuts them off. It returns nil when every job that ran came to its end;
// otherwise ctx's error, and the jobs that were cut off wait for their leases to
// end. It returns soon after ctx's end even when a handler does not.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	r.state = runnerStopping
	started := r.claim != nil
	r.mu.Unlock()
	if !started {
		return nil
	}
	r.claim()
	ended := make(chan struct{})
	go func() {
		r.all.Wait()
		close(ended)
	}()
	defer r.cut()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	r.cut()
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
	}
	return ctx.Err()
}

// Wake makes the runner look for due jobs at once. Call it after committing a
// transaction that added one.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
