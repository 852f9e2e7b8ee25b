package jobs

import (
	"context"
	"errors"
)

// Adopt runs, at once, a job that was added as claimed by this runner's Owner.
// Call it after the commit, with the job as AddJob returned it, and only where
// it was this call that added it.
//
// True says that the runner has the job. False says that it will not run it: it
// is not started or stopping, runs as many as it may, has no handler of that
// kind; the lease has ended; or the process does not hold the job, such as one
// that waits in its lane. What is refused does not wait for its lease: it is
// handed back in the store, where any process can claim it; beside the caller
// or, when the runner is stopping, within about a second. Likewise, late, a job
// that was taken when a claim brings older ones of its kind at that moment.
func (r *Runner) Adopt(j Job) bool {
	if j.Owner != r.o.Owner || j.Attempt < 1 {
		r.Wake() // it may be free to be claimed
		return false
	}
	taken, closed := r.adopt(j)
	if closed {
		// Nobody may be left to wait for a goroutine.
		over, cancel := context.WithCancel(context.Background())
		cancel()
		r.handBack(over, j, "not adopted: process is closing")
	}
	return taken
}

// adopt takes a job, or sees to it that it is handed back; not where the runner
// is closed, or not yet open.
func (r *Runner) adopt(j Job) (taken, closed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.held[j.ID] != nil: // twice adopted is not twice run, and not handed back
		return true, false
	case r.state != runnerStarted:
		return false, true
	case !r.takes(j.Kind) || !j.LeaseUntil.After(r.o.Now()):
		r.all.Go(func() { r.handBack(r.work, j, "not adopted: as many ran as may") })
		return false, false
	}
	r.hold(j)
	r.adopted++
	r.running[j.Kind]++
	if r.room(j.Kind) < 0 {
		r.parked = append(r.parked, j)
	} else {
		r.runAdopted(j)
	}
	return true, false
}

// Takes says whether Adopt would take a job of this kind now: whether there is
// any use in adding one as claimed.
func (r *Runner) Takes(k Kind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.takes(k)
}

// Places is how many jobs of this kind Adopt would take now: how many there is any
// use in adding as claimed.
func (r *Runner) Places(k Kind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.takes(k) {
		return 0
	}
	return min(r.o.Adopted-r.adopted, r.limit(k)-r.running[k])
}

// takes does not mind what a claim under way may bring: mostly nothing.
func (r *Runner) takes(k Kind) bool {
	return r.state == runnerStarted && r.work.Err() == nil && r.handlers[k] != nil &&
		r.adopted < r.o.Adopted && r.limit(k) > r.running[k]
}

// runAdopted starts an adopted job that is held and counted. The caller has r.mu.
func (r *Runner) runAdopted(j Job) {
	h := r.held[j.ID]
	r.all.Go(func() {
		next := r.run(j, h)
		r.mu.Lock()
		r.adopted--
		r.mu.Unlock()
		r.goOn(j.Kind, next)
	})
}

// unpark starts the adopted jobs that waited for a claim to end, and hands back
// those that it left no place for. The caller has r.mu and runs in r.all.
func (r *Runner) unpark() {
	parked := r.parked
	r.parked = nil
	for i, j := range parked {
		waiting := 0 // of the same kind, behind this one
		for _, other := range parked[i+1:] {
			if other.Kind == j.Kind {
				waiting++
			}
		}
		if r.state == runnerStarted && r.room(j.Kind)+waiting >= 0 {
			r.runAdopted(j)
			continue
		}
		delete(r.held, j.ID)
		r.adopted--
		r.running[j.Kind]--
		r.all.Go(func() { r.handBack(r.work, j, "adopted, and older ones came first") })
	}
}

// handBack lets go of a job that this process claimed and has not begun, so that
// any process can claim it: due as it was, to keep its place among the others.
// It tries until it is done, the lease ends, or ctx does, and at least once.
func (r *Runner) handBack(ctx context.Context, j Job, why string) {
	at := j.RunAt
	if now := r.o.Now(); at.After(now) {
		at = now
	}
	given := j
	given.Unrun++
	for failures := 1; ; failures++ {
		try, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
		err := r.store.PutOff(try, given, at, why)
		cancel()
		switch {
		case err == nil:
			r.Wake()
			return
		case errors.Is(err, ErrLost):
			return
		}
		r.o.Logger.Warn("handing back a job failed", "kind", j.Kind, "key", j.Key, "err", err)
		if !r.rest(ctx, r.storeWait.After(failures), false) || !r.o.Now().Before(j.LeaseUntil) {
			return
		}
	}
}
