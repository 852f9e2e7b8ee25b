package vend

import (
	"context"
	"sync"
	"time"
)

// grace is how much longer than its time a screen waits for an answer that is
// being written at that moment.
const grace = time.Second

// waiters are the screens that wait for news of an order in this process.
//
// Whether a screen tells the customer decides whether a message must, and the
// two must not each rely on the other. So before an answer is written its
// waiters are promised it; a promised waiter stays a little longer; and if one
// had to go all the same, whoever wrote the answer learns of it.
type waiters struct {
	mu sync.Mutex
	m  map[string][]*waiter
}

type waiter struct {
	news     chan struct{}
	promised bool
	gone     bool
}

// add puts a waiter in line.
func (w *waiters) add(ref string) *waiter {
	one := &waiter{news: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[string][]*waiter{}
	}
	w.m[ref] = append(w.m[ref], one)
	return one
}

// leave takes a waiter out of line. It returns false, and leaves it in line,
// when it is promised an answer and may still stay.
func (w *waiters) leave(ref string, one *waiter, mayStay bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one.promised && mayStay && !one.gone {
		return false
	}
	one.gone = true
	all := w.m[ref]
	for i, x := range all {
		if x == one {
			all[i] = all[len(all)-1]
			all = all[:len(all)-1]
			break
		}
	}
	if len(all) == 0 {
		delete(w.m, ref)
	} else {
		w.m[ref] = all
	}
	return true
}

// promise tells those in line that an answer is about to be written, and
// returns them.
func (w *waiters) promise(ref string) []*waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	line := append([]*waiter(nil), w.m[ref]...)
	for _, one := range line {
		one.promised = true
	}
	return line
}

// tell gives the promised their news, and says whether at least one of them was
// still there for it; with nobody promised, nobody was.
func (w *waiters) tell(ref string, promised []*waiter) (heard bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range promised {
		heard = heard || !one.gone
		one.promised = false
	}
	for _, one := range w.m[ref] {
		select {
		case one.news <- struct{}{}:
		default:
		}
	}
	return heard
}

// wait blocks until there is news, the tick passes, or ctx ends; more is false
// when the waiter has left and is to take what it knows.
func (w *waiters) wait(ctx context.Context, ref string, one *waiter, tick <-chan time.Time) (more bool) {
	select {
	case <-one.news:
		return true
	case <-tick:
		return true
	case <-ctx.Done():
	}
	if w.leave(ref, one, true) {
		return false
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-one.news:
		return true
	case <-late.C:
		w.leave(ref, one, false)
		return false
	}
}
