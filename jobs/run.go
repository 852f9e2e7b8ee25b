package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// fateLimit is how long a job's fate is tried to be written. It spans the
// restart of a database; past it the store refuses this fate, and the worker is
// given up rather than the job: its lease ends.
const fateLimit = 5 * time.Minute

// holding is a job that runs here.
type holding struct {
	// attempt is the fence: that of the job, or of a later claim of it.
	attempt int
	// decided says that the handler has returned, and only the fate is to be
	// written.
	decided bool
	// later is a claim that was made since: for the fate to be written or, where
	// it has been, for the next run.
	later Job
}

// goOn runs a job in the place that another of kind k leaves, and what is to be run
// in its place after it. It takes no worker: what follows one another must not keep
// other kinds from being claimed.
func (r *Runner) goOn(k Kind, j Job) {
	for j.ID != 0 {
		h := r.succeed(j)
		if h == nil {
			break
		}
		j = r.run(j, h)
		r.mu.Lock()
		r.adopted--
		r.mu.Unlock()
	}
	r.leave(k)
}

// succeed holds a job that was claimed to be run in the place of another, and counts
// it as adopted; nil where it is not run here.
func (r *Runner) succeed(j Job) *holding {
	if r.decidedHere(j) {
		r.Wake() // the place is free for another
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != runnerStarted || r.work.Err() != nil || r.adopted >= r.o.Adopted {
		r.all.Go(func() { r.handBack(r.work, j, "claimed, and there was no room to run it") })
		return nil
	}
	r.adopted++
	return r.hold(j)
}

// run does one held job to its end: the handler, with the lease renewed beside
// it, then its fate. It returns the job to be run in its place; zero for none.
func (r *Runner) run(j Job, h *holding) (next Job) {
	written := 0 // under which attempt
	defer func() { next = r.letGo(j, h, written, next) }()
	lag := max(0, r.o.Now().Sub(j.RunAt))
	ctx, cancel := context.WithCancelCause(r.work)
	defer cancel(nil)

	// The lease is kept until the fate is written.
	keeping, stop := context.WithCancel(r.work)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		r.keep(keeping, j, func() { cancel(ErrLost) })
	}()
	defer func() {
		stop()
		<-kept
	}()

	res, panicked := r.decide(ctx, j)
	r.mu.Lock()
	h.decided = true
	r.mu.Unlock()
	result, written := r.writeFate(j, h, res)
	if j.Lane != "" && res.next.ID == 0 {
		r.Wake() // the next of the lane may be free now
	}
	if panicked && result == "again" {
		result = "panic"
	}
	r.o.Observe(string(j.Kind), result, lag)
	return res.next
}

// decide runs the handler, except where the job's time is over, and buries what
// would be put off past it.
func (r *Runner) decide(ctx context.Context, j Job) (res Result, panicked bool) {
	if j.Runs() > 1 && j.over(r.o.Now()) {
		return Bury("given up: its time was over at " + stamp(j.Until)), false
	}
	res, panicked = r.handle(ctx, j)
	if res.verb == verbPutOff && j.over(res.at) {
		res = Bury("given up, its time is over at " + stamp(j.Until) + "; last: " + res.note)
	}
	return res, panicked
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// hold notes a job as one of this process. The caller has r.mu.
func (r *Runner) hold(j Job) *holding {
	h := &holding{attempt: j.Attempt}
	r.held[j.ID] = h
	return h
}

// letGo ends a holding, and returns what is to be run in its place: next or, where
// that is none, the same job once more, where it was put off to now and claimed
// again before this run had ended.
func (r *Runner) letGo(j Job, h *holding, written int, next Job) Job {
	r.mu.Lock()
	if r.held[j.ID] == h {
		delete(r.held, j.ID)
	}
	later := h.later
	r.mu.Unlock()
	switch {
	case written == 0 || later.Attempt <= written:
		return next // there is no claim but those under which the fate was to be written
	case next.ID == 0:
		return later
	}
	r.handBack(r.work, later, "claimed before its last run had ended")
	return next
}

// decidedHere says whether a job just claimed was done here before, and only
// its fate could not be written before its lease ended. The claim then serves
// to write it: what is done is not done again.
func (r *Runner) decidedHere(j Job) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.held[j.ID]
	if h == nil || !h.decided {
		return false
	}
	h.attempt, h.later = j.Attempt, j
	return true
}

// handle runs the handler; a panic is logged and puts the job off.
func (r *Runner) handle(ctx context.Context, j Job) (res Result, panicked bool) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		wait := r.panicWait.After(j.Runs())
		r.o.Logger.Error("job panicked", "kind", j.Kind, "key", j.Key, "attempt", j.Attempt,
			"panic", panicText(p), "stack", string(debug.Stack()))
		res, panicked = Again(r.o.Now().Add(wait), "panic"), true
	}()
	return r.handlers[j.Kind](ctx, j), false
}

// panicText tells the runtime's own panics; another value may hold anything and
// is told by its type.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("value of type %T", p)
}

// keep renews the lease at every third of it until ctx ends. It calls lost when
// another process has the job, or when the lease ended and could not be
// renewed.
func (r *Runner) keep(ctx context.Context, j Job, lost func()) {
	until := j.LeaseUntil
	wait := r.o.Lease / 3
	for {
		left := until.Sub(r.o.Now())
		if !r.rest(ctx, min(wait, max(left, 0)), false) {
			return
		}
		now := r.o.Now()
		if left = until.Sub(now); left <= 0 {
			lost()
			return
		}
		try, cancel := context.WithTimeout(ctx, min(left, r.o.Lease/3))
		err := r.store.Renew(try, j, now.Add(r.o.Lease))
		cancel()
		switch {
		case err == nil:
			until = now.Add(r.o.Lease)
			wait = r.o.Lease / 3
		case errors.Is(err, ErrLost):
			lost()
			return
		case ctx.Err() != nil:
			return
		default:
			r.o.Logger.Warn("renewing a lease failed", "kind", j.Kind, "key", j.Key, "err", err)
			wait = r.o.Lease / 20
		}
	}
}

// writeFate writes what the handler decided, trying until the store takes it or
// the handlers are cut off; then once more, so that a job which is done is not
// done again. It names the result, and the attempt under which it was written: 0
// where it was not.
func (r *Runner) writeFate(j Job, h *holding, res Result) (result string, attempt int) {
	if res.verb == verbWritten {
		return "written", j.Attempt
	}
	limit, cancel := context.WithTimeout(r.work, fateLimit)
	defer cancel()
	for failures := 1; limit.Err() == nil; failures++ {
		fence := r.fence(j, h)
		err := r.tryFate(limit, r.o.Lease, fence, res)
		switch {
		case err == nil:
			return res.verb.String(), fence.Attempt
		case !errors.Is(err, ErrLost):
			r.o.Logger.Warn("writing the fate of a job failed", "kind", j.Kind, "key", j.Key, "err", err)
			r.rest(limit, r.storeWait.After(failures), false)
		case fence.Attempt == r.fence(j, h).Attempt:
			return "lost", 0
		}
	}
	if r.work.Err() == nil {
		return "unwritten", 0
	}
	fence := r.fence(j, h)
	switch err := r.tryFate(context.WithoutCancel(r.work), lastWrite, fence, res); {
	case err == nil:
		return res.verb.String(), fence.Attempt
	case errors.Is(err, ErrLost):
		return "lost", 0
	default:
		return "unwritten", 0
	}
}

// fence is the job with the fence of the claim that counts.
func (r *Runner) fence(j Job, h *holding) Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.Attempt = h.attempt
	return j
}

func (r *Runner) tryFate(ctx context.Context, limit time.Duration, j Job, res Result) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	switch res.verb {
	case verbPutOff:
		if err := r.store.PutOff(ctx, j, res.at, res.note); err != nil {
			return err
		}
		if !res.at.After(r.o.Now().Add(r.o.Poll)) {
			r.Wake()
		}
		return nil
	case verbBury:
		j.DiedAt = r.o.Now()
		return r.store.Bury(ctx, j, res.note)
	default:
		return r.store.Finish(ctx, j)
	}
}
