package jobs

import (
	"context"
	"time"
)

// contended is the wait when a job is due and yet could not be claimed: another
// process was quicker, or is about to write its fate.
const contended = 20 * time.Millisecond

// loop claims due jobs until ctx ends, no more at a time than there are free
// workers: leases begin with the claim.
func (r *Runner) loop(ctx context.Context) {
	failures := 0
	for {
		free := r.takeSlots(ctx)
		if free == 0 {
			return
		}
		claimed, wait, err := r.claimDue(ctx, free)
		for range free - len(claimed) {
			<-r.slots
		}
		for _, j := range claimed {
			r.begin(ctx, j)
		}
		if err != nil {
			failures++
			wait = r.storeWait.After(failures)
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

// begin starts a job just claimed, which has a worker and a place of its kind.
func (r *Runner) begin(ctx context.Context, j Job) {
	leave := func() {
		r.leave(j.Kind)
		<-r.slots
	}
	if r.decidedHere(j) {
		leave()
		return
	}
	if ctx.Err() != nil {
		r.all.Go(func() {
			defer leave()
			r.handBack(ctx, j, "process closed before it ran")
		})
		return
	}
	r.mu.Lock()
	h := r.hold(j)
	r.mu.Unlock()
	r.all.Go(func() {
		next := r.run(j, h)
		<-r.slots
		r.goOn(j.Kind, next)
	})
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
// A claim under way does not end with the claiming: one that was cut off might
// have been made, and nobody would know until its leases end.
func (r *Runner) claimDue(claiming context.Context, n int) (claimed []Job, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(r.work, r.o.Lease/2)
	defer cancel()
	// Each claim takes no more than any kind has room for; the next one goes on
	// with the kinds that still have some.
	for len(claimed) < n && claiming.Err() == nil {
		kinds, most := r.reserve(n - len(claimed))
		if len(kinds) == 0 {
			break
		}
		now := r.o.Now()
		got, err := r.store.Claim(ctx, kinds, most, r.o.Owner, now, now.Add(r.o.Lease))
		r.fill(got)
		claimed = append(claimed, got...)
		if err != nil {
			return claimed, 0, err
		}
		if len(got) < most {
			break
		}
	}
	if len(claimed) == n {
		return claimed, 0, nil
	}
	// Some way short of Poll, so that processes started together drift apart.
	wait = r.o.Poll - time.Duration(r.o.Rand(int64(r.o.Poll/5)+1))
	r.mu.Lock()
	open := r.open()
	r.mu.Unlock()
	// Of no others: whoever makes room for one wakes the loop.
	next, err := r.store.Next(ctx, open)
	if err != nil {
		return claimed, 0, err
	}
	if !next.IsZero() {
		wait = min(wait, max(next.Sub(r.o.Now()), contended))
	}
	return claimed, wait, nil
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
