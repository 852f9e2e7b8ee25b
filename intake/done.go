package intake

import (
	"context"
	"sync"
	"time"

	"spaza/jobs"
)

// doneTime bounds the writing of what was done, also when the service shuts down.
const doneTime = time.Second

// endings are the jobs whose letters were handled, until that is written. What
// comes while a transaction is under way is written together, in the next one.
type endings struct {
	mu      sync.Mutex
	pending []ending
	writing bool
}

type ending struct {
	job   jobs.Job
	ended chan<- jobs.Result // takes one
}

// done writes that a letter was handled, and claims what is to be handled in its
// place. Where that fails, the runner goes on trying to finish the job at least:
// what is done should not be done again, and housekeeping erases the body.
func (b *Box) done(ctx context.Context, j jobs.Job) jobs.Result {
	ended := make(chan jobs.Result, 1)
	b.endings.mu.Lock()
	b.endings.pending = append(b.endings.pending, ending{j, ended})
	first := !b.endings.writing
	b.endings.writing = true
	b.endings.mu.Unlock()
	if first {
		go b.end(context.WithoutCancel(ctx))
	}
	return <-ended
}

// end writes what was done until there is nothing more.
func (b *Box) end(ctx context.Context) {
	for {
		b.endings.mu.Lock()
		some := b.endings.pending[:min(len(b.endings.pending), b.o.Batch)]
		b.endings.pending = b.endings.pending[len(some):]
		if len(some) == 0 {
			b.endings.pending, b.endings.writing = nil, false
			b.endings.mu.Unlock()
			return
		}
		b.endings.mu.Unlock()
		b.writeEnds(ctx, some)
	}
}

// writeEnds writes some in one transaction, and tells who waits what comes next.
func (b *Box) writeEnds(ctx context.Context, some []ending) {
	ctx, cancel := context.WithTimeout(ctx, doneTime)
	defer cancel()
	now := b.o.Now()
	d := Ended{Owner: b.o.Runner.Owner(), Now: now, LeaseUntil: now.Add(b.o.Runner.Lease())}
	for _, e := range some {
		d.Jobs = append(d.Jobs, e.job)
	}
	next, err := b.o.Store.DoneLetters(ctx, d)
	if err != nil {
		b.o.Logger.Warn("letters that were handled were not written as done", "letters", len(some), "err", err)
	}
	for i, e := range some {
		switch {
		case err != nil:
			e.ended <- jobs.Done()
		case i < len(next):
			e.ended <- jobs.Then(next[i])
		default:
			e.ended <- jobs.Then(jobs.Job{})
		}
	}
}
