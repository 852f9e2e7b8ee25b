package jobs

import (
	"context"
	"crypto/rand"
	"log/slog"
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
	// Lease is how long a job is held without renewal, and so how long it
	// waits when its process dies; default 15 s. Clocks of processes that
	// share a database must agree to well within a third of it.
	Lease time.Duration
	// Poll is the longest time between two looks for due jobs; default 1 s.
	Poll time.Duration
	// Now is the clock that stamps leases; default time.Now.
	Now func() time.Time
	// Logger takes failures of the store and panics of handlers; default: no
	// log.
	Logger *slog.Logger
	// Observe is told of every run of a job that ended: its kind, what came of
	// it ("done", "written", "again", "buried", "panic", "lost", "unwritten")
	// and how late it started.
	Observe func(kind, result string, lag time.Duration)
}

// Runner claims due jobs and runs their handlers. The zero Runner is not
// usable; make one with NewRunner.
type Runner struct {
	store    Store
	o        Options
	handlers map[Kind]Handler
	kinds    []Kind

	wake  chan struct{} // holds one wake-up
	slots chan struct{} // one element for every claimed job that runs

	mu      sync.Mutex
	state   runnerState
	adopted int
	held    map[int64]*holding // by job id
	claim   context.CancelFunc // ends the claiming
	work    context.Context    // of all handlers
	cut     context.CancelFunc // ends work
	running sync.WaitGroup     // the claiming loop and every job
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
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, string, time.Duration) {}
	}
	r := &Runner{
		store:    s,
		o:        o,
		handlers: map[Kind]Handler{},
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
	r.running.Go(func() { r.loop(claiming) })
}

// Stop claims no more jobs and refuses to adopt any, waits for those running to
// end, and when ctx ends first, cuts them off. It returns nil when every job
// that ran came to its end; otherwise ctx's error, and the jobs that were cut
// off wait for their leases to end. It returns soon after ctx's end even when a
// handler does not.
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
		r.running.Wait()
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

// Adopt runs, at once, a job that was added as claimed by this runner's Owner.
// Call it after the commit. When it returns false (the runner is not started,
// is stopping, or runs too many; the job is another's, or has no handler) the
// job waits for its lease to end.
func (r *Runner) Adopt(j Job) bool {
	if j.Owner != r.o.Owner || j.Attempt < 1 || !j.LeaseUntil.After(r.o.Now()) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != runnerStarted || r.work.Err() != nil || r.adopted >= r.o.Adopted || r.handlers[j.Kind] == nil {
		return false
	}
	r.adopted++
	r.running.Go(func() {
		defer func() {
			r.mu.Lock()
			r.adopted--
			r.mu.Unlock()
		}()
		r.run(j)
	})
	return true
}

// Takes says whether Adopt would now take a job of this kind.
func (r *Runner) Takes(k Kind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state == runnerStarted && r.work.Err() == nil && r.adopted < r.o.Adopted && r.handlers[k] != nil
}
