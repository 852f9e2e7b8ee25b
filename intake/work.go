package intake

import (
	"context"
	"errors"
	"time"

	"spaza/jobs"
	"spaza/secret"
)

const (
	// The wait when a letter can not be read is one of these steps, and up to as
	// much again.
	readWaitFirst, readWaitMost = 250 * time.Millisecond, 30 * time.Second
)

// Work is the Handler of JobChat: it has a letter handled, and turns its Fate into
// that of the job. A letter that is not there, or whose body was erased, is done.
func (b *Box) Work(ctx context.Context, j jobs.Job) jobs.Result {
	b.burst.wait(ctx)
	k, err := b.o.Store.Letter(ctx, j.Key)
	var l Letter
	if err == nil && len(k.Body) > 0 {
		l, err = b.open(k)
	}
	switch {
	case errors.Is(err, ErrNoLetter) || err == nil && len(k.Body) == 0:
		return jobs.Done()
	case errors.Is(err, secret.ErrSealed):
		return jobs.Bury("the letter does not open")
	case err != nil:
		again := jobs.Backoff{Steps: jobs.Doubling(readWaitFirst, readWaitMost), Jitter: 1}
		return jobs.Again(b.o.Now().Add(again.After(j.Runs())), "read letter: "+err.Error())
	}
	l.Try = j.Runs()
	switch f := b.o.Handle(ctx, l); f.verb {
	case fateLater:
		return jobs.Again(b.o.Now().Add(f.wait), f.note)
	case fateNever:
		return jobs.Bury(f.note)
	default:
		return b.done(ctx, j)
	}
}
