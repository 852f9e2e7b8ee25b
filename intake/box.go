package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"spaza/jobs"
)

var (
	// ErrFull is returned when as many letters wait to be written as may.
	ErrFull = errors.New("too many letters wait to be written")
	// ErrClosed is returned before Start and from Close on.
	ErrClosed = errors.New("no letters are taken now")
)

const (
	// mostBody is how large the body of a letter may be, in bytes; what adapters
	// take from a surface is smaller.
	mostBody = 64 << 10
	// commitTime bounds one transaction. Senders wait no longer.
	commitTime = 5 * time.Second
	// tellEvery is how often it is logged that letters are dropped.
	tellEvery = time.Minute
)

// Runner runs jobs; jobs.Runner is one.
type Runner interface {
	// Owner is the name under which this process claims jobs, Lease how long a
	// claim lasts.
	Owner() string
	Lease() time.Duration
	// Places is how many jobs of this kind Adopt would take now.
	Places(k jobs.Kind) int
	// Adopt runs a job that was added as claimed by this process, or gives it
	// back to be claimed by whoever has room.
	Adopt(j jobs.Job) bool
	// Wake says that a job was added.
	Wake()
}

// Options are the options of New. Store, Seal, Runner and Handle are required;
// zero values of the others take the defaults.
type Options struct {
	Store  Store
	Seal   Sealer
	Runner Runner
	// Handle works on a letter. Those of one sender come one at a time, and none
	// before the ones ahead of it had their fate, unless that was Never. Its
	// context ends when the lease of the job is lost or the service shuts down.
	// It may be called again for a letter, and must be idempotent. What it costs
	// in time is its own to bound.
	Handle func(ctx context.Context, l Letter) Fate
	// Lasts is how long after it came a letter is tried; default 10 minutes. One
	// that could not be begun in time is handled once all the same.
	Lasts time.Duration
	// Batch is how many letters one transaction writes at most; default 256.
	Batch int
	// Waiting is how many letters may wait to be written; default 4,096. Past it
	// Take returns ErrFull.
	Waiting int
	// PerSender is how many letters of one sender may wait to be worked on, beside
	// the one that is being worked on; default 50. What is more is dropped as if
	// it had been taken: a stranger may not fill the table. It is counted in the
	// transaction that would write them.
	PerSender int

	Logger *slog.Logger
	Now    func() time.Time
	// Observe is told what became of letters: "taken", "known", "dropped" (too
	// many of one sender, too large, or without a name), "full" or "failed".
	Observe func(what string, letters int)
}

// Box takes letters in. Make one with New; it is safe for concurrent use.
type Box struct {
	o     Options
	begun sync.Once
	ended chan struct{} // closed when nothing is written any more

	mu      sync.Mutex
	more    sync.Cond // of mu: something waits, or the box was closed
	state   boxState
	pending []*envelope
	waiting int // letters in pending

	burst   burst
	endings endings

	// Of the goroutine that commits.
	told    time.Time // when it was last logged that letters were dropped
	dropped int       // since then
}

type boxState uint8

const (
	boxNew boxState = iota
	boxOpen
	boxClosed
)

// envelope is the letters of one call of Take, or a part of them.
type envelope struct {
	ctx  context.Context
	kept []Kept
	done chan error // takes one
}

// New makes a box that takes nothing until Start. Its Work is the Handler of
// JobChat.
func New(o Options) *Box {
	if o.Lasts <= 0 {
		o.Lasts = 10 * time.Minute
	}
	for n, def := range map[*int]int{&o.Batch: 256, &o.Waiting: 4096, &o.PerSender: 50} {
		if *n <= 0 {
			*n = def
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, int) {}
	}
	b := &Box{o: o, ended: make(chan struct{})}
	b.more.L = &b.mu
	return b
}

// Start begins to take letters. The end of ctx does not end that: Close does, and
// must be called, while the Runner still runs.
func (b *Box) Start(ctx context.Context) {
	b.begun.Do(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.state == boxNew {
			b.state = boxOpen
			go b.run(context.WithoutCancel(ctx))
		}
	})
}

// Close takes no more letters, waits until those that wait are written, and
// returns ctx's error when that ends first: then they are written all the same, or
// their senders are told that they were not.
func (b *Box) Close(ctx context.Context) error {
	b.mu.Lock()
	was := b.state
	b.state = boxClosed
	b.more.Broadcast()
	b.mu.Unlock()
	if was == boxNew {
		return nil
	}
	select {
	case <-b.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close intake: %w", ctx.Err())
	}
}

// Take keeps letters. It returns nil when all of them are kept, now or before, and
// will be worked on; or were dropped, as Options.PerSender says. On any error the
// sender should bring all of them again: ErrFull, ErrClosed, the end of ctx, or a
// failure of the store, after which some may be kept all the same. Nothing that a
// letter says can cause one.
func (b *Box) Take(ctx context.Context, letters []Letter) error {
	for some := range slices.Chunk(letters, b.o.Batch) {
		if err := b.take(ctx, some); err != nil {
			return fmt.Errorf("take letters: %w", err)
		}
	}
	return nil
}

func (b *Box) take(ctx context.Context, letters []Letter) error {
	now := b.o.Now()
	e := &envelope{ctx: ctx, kept: make([]Kept, 0, len(letters)), done: make(chan error, 1)}
	for _, l := range letters {
		if l.ID != "" && l.From != "" && l.Body.Len() <= mostBody {
			e.kept = append(e.kept, b.keep(l, now))
		}
	}
	if useless := len(letters) - len(e.kept); useless > 0 {
		b.o.Observe("dropped", useless)
	}
	if len(e.kept) == 0 {
		return nil
	}
	if err := b.queue(e); err != nil {
		return err
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Box) queue(e *envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.state != boxOpen:
		return ErrClosed
	case b.waiting+len(e.kept) > b.o.Waiting && b.waiting > 0:
		b.o.Observe("full", len(e.kept))
		return ErrFull
	}
	b.pending = append(b.pending, e)
	b.waiting += len(e.kept)
	b.more.Signal()
	return nil
}

// next waits for something to write, and takes as much as makes a batch; false when
// the box is closed and empty. Whoever has gone away meanwhile will bring theirs
// again, so that nothing may be left of it.
func (b *Box) next() (batch []*envelope, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.pending) == 0 && b.state == boxOpen {
		b.more.Wait()
	}
	ok = len(b.pending) > 0
	for n := 0; len(b.pending) > 0; {
		e := b.pending[0]
		if n > 0 && n+len(e.kept) > b.o.Batch {
			break
		}
		b.pending[0] = nil
		b.pending = b.pending[1:]
		b.waiting -= len(e.kept)
		if err := e.ctx.Err(); err != nil {
			e.done <- err
			continue
		}
		n += len(e.kept)
		batch = append(batch, e)
	}
	return batch, ok
}

// waits says whether there is more to be written.
func (b *Box) waits() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.pending) > 0
}

// run writes what waits until the box is closed and empty.
func (b *Box) run(ctx context.Context) {
	defer close(b.ended)
	defer b.burst.end()
	for {
		batch, ok := b.next()
		if !ok {
			return
		}
		switch {
		case len(batch) > 0:
			b.commit(ctx, batch)
		case !b.waits():
			b.burst.end()
		}
	}
}

// commit writes the letters of some calls in one transaction, tells the callers,
// and sees that work begins.
func (b *Box) commit(ctx context.Context, batch []*envelope) {
	all, known := Batch{Owner: b.o.Runner.Owner(), Room: b.o.Runner.Places(JobChat), Waiting: b.o.PerSender}, 0
	seen := map[string]bool{}
	for _, e := range batch {
		for _, k := range e.kept {
			if seen[k.Key] {
				known++
				continue
			}
			seen[k.Key] = true
			all.Letters = append(all.Letters, k)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	all.LeaseUntil = b.o.Now().Add(b.o.Runner.Lease())
	b.burst.writing()
	added, err := b.o.Store.AddLetters(ctx, all)
	b.burst.wrote(len(batch) == 1 && !b.waits())
	for _, e := range batch {
		e.done <- err
	}
	if err != nil {
		b.o.Observe("failed", len(all.Letters)+known)
		b.o.Logger.Error("letters were not written", "letters", len(all.Letters), "err", err)
		return
	}
	wake := false
	for _, j := range added.Jobs {
		if j.Owner != "" {
			b.o.Runner.Adopt(j)
		} else {
			wake = true
		}
	}
	if wake {
		b.o.Runner.Wake()
	}
	b.tell(added, known+len(all.Letters)-len(added.Jobs)-len(added.Dropped))
}

// tell says what became of the letters of a transaction.
func (b *Box) tell(added Added, known int) {
	for _, c := range []struct {
		what string
		n    int
	}{{"taken", len(added.Jobs)}, {"known", known}, {"dropped", len(added.Dropped)}} {
		if c.n > 0 {
			b.o.Observe(c.what, c.n)
		}
	}
	if len(added.Dropped) == 0 {
		return
	}
	b.dropped += len(added.Dropped)
	if now := b.o.Now(); now.Sub(b.told) >= tellEvery {
		b.o.Logger.Warn("letters are dropped: too many wait of one sender", "lane", added.Dropped[0], "letters", b.dropped)
		b.told, b.dropped = now, 0
	}
}
