package jobs

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// contended is the wait when a job is due and yet could not be claimed:
	// another process was quicker, or is about to write its fate.
	contended = 20 * time.Millisecond
	// storeBackoff bounds the wait between tries while the store fails.
	storeBackoffMin, storeBackoffMax = 100 * time.Millisecond, 5 * time.Second
)

// loop claims due jobs until ctx ends, no more at a time than there are free
// workers: leases begin with the claim.
func (r *Runner) loop(ctx context.Context) {
	failures := 0
	for {
		free := r.takeSlots(ctx)
		if free == 0 {
			return
		}
		claimed, wait, err := r.claimDue(free)
		for range free - len(claimed) {
			<-r.slots
		}
		for _, j := range claimed {
			if r.decidedHere(j) {
				<-r.slots
				continue
			}
			if ctx.Err() != nil {
				r.handBack(j)
				<-r.slots
				continue
			}
			r.running.Go(func() {
				defer func() { <-r.slots }()
				r.run(j)
			})
		}
		if err != nil {
			failures++
			wait = backoff(failures, storeBackoffMin, storeBackoffMax)
			if ctx.Err() == nil {
				r.o.Logger.Warn("looking for jobs failed", "err", err, "again_in", wait)
			}
		} else {
			failures = 0
		}
		if wait > 0 && !r.rest(ctx, wait, err == nil) {
			return
		}
	}
}

// takeSlots waits for a free worker and takes all that are free; 0 when ctx
// ends.
func (r *Runner) takeSlots(ctx context.Context) int {
	if ctx.Err() != nil {
		return 0
	}
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for free := 1; ; free++ {
		select {
		case r.slots <- struct{}{}:
		default:
			return free
		}
	}
}

// claimDue claims up to n jobs, and says how long to wait before looking again.
// It does not end with the claiming: a claim that was cut off might have been
// made, and nobody would know until its leases end.
func (r *Runner) claimDue(n int) (claimed []Job, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(r.work, r.o.Lease/2)
	defer cancel()
	now := r.o.Now()
	claimed, err = r.store.Claim(ctx, r.kinds, n, r.o.Owner, now, now.Add(r.o.Lease))
	if err != nil || len(claimed) == n {
		return claimed, 0, err
	}
	next, err := r.store.Next(ctx, r.kinds)
	if err != nil {
		return claimed, 0, err
	}
	// Some way short of Poll, so that processes started together drift apart.
	wait = r.o.Poll - rand.N(r.o.Poll/5+1)
	if !next.IsZero() {
		wait = min(wait, max(next.Sub(r.o.Now()), contended))
	}
	return claimed, wait, nil
}

// handBack lets go of a job that was claimed while the runner stopped.
func (r *Runner) handBack(j Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.work), lastWrite)
	defer cancel()
	if err := r.store.PutOff(ctx, j, r.o.Now(), "process closed before it ran"); err != nil {
		r.o.Logger.Warn("handing back a job failed", "kind", j.Kind, "err", err)
	}
}

// rest waits for the time to pass or, where wakeable, for Wake. It returns
// false when ctx ends.
func (r *Runner) rest(ctx context.Context, wait time.Duration, wakeable bool) bool {
	wake := r.wake
	if !wakeable {
		wake = nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-wake:
	}
	return true
}

// backoff is the wait after so many failures in a row: doubling from lo to hi,
// less up to half of it at random.
func backoff(failures int, lo, hi time.Duration) time.Duration {
	d := max(min(lo, hi), 1)
	for range max(failures-1, 0) {
		if d >= hi-d { // doubled it would be there, or past all numbers
			d = hi
			break
		}
		d *= 2
	}
	return d - rand.N(d/2+1)
}
