package intake

import (
	"context"
	"sync"
	"time"
)

const (
	// lull is how long nothing comes when a burst is over: a machine that is busy
	// may take as long to bring the next.
	lull = 25 * time.Millisecond
	// holdOff is how long work waits at most for the end of a burst.
	holdOff = 500 * time.Millisecond
)

// burst has work wait while many write at once. Whoever brings letters waits for
// the writing, and brings no others meanwhile, so that writing comes first on a
// machine that has not enough for both; what was written can wait a little. A
// burst that goes on holds up work no longer. The zero burst is ready for use.
type burst struct {
	mu   sync.Mutex
	calm chan struct{} // closed when work may begin; nil while there is no burst
	held bool          // calm is open
	over *time.Timer   // ends the burst
}

// writing says that a transaction begins.
func (b *burst) writing() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calm != nil {
		b.over.Stop()
	}
}

// wrote says that one has ended. What comes alone is no burst, and is worked on at
// once.
func (b *burst) wrote(alone bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.calm != nil:
		b.over.Reset(lull)
	case !alone:
		calm := make(chan struct{})
		b.calm, b.held = calm, true
		b.over = time.AfterFunc(lull, func() { b.release(calm, true) })
		time.AfterFunc(holdOff, func() { b.release(calm, false) })
	}
}

// release lets work begin that waits for the end of a burst.
func (b *burst) release(calm chan struct{}, over bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calm != calm {
		return
	}
	if b.held {
		close(calm)
		b.held = false
	}
	if over {
		b.calm = nil
	}
}

// end ends it.
func (b *burst) end() {
	b.mu.Lock()
	calm := b.calm
	b.mu.Unlock()
	if calm != nil {
		b.release(calm, true)
	}
}

// wait waits until work may begin, or for the end of ctx.
func (b *burst) wait(ctx context.Context) {
	b.mu.Lock()
	calm := b.calm
	b.mu.Unlock()
	if calm == nil {
		return
	}
	select {
	case <-calm:
	case <-ctx.Done():
	}
}
