package vend

import (
	"context"
	"slices"
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
// waiters are promised it; a promised waiter stays a little longer; the news is
// the order itself, so that whoever was there for it can show it, and cannot
// leave without it; and whoever wrote the answer learns whether anybody was.
type waiters struct {
	mu sync.Mutex
	m  map[string][]*waiter
}

type waiter struct {
	ref      string
	wake     chan struct{} // holds one wake-up
	news     *Order
	promised bool
	gone     bool
	// knows: it left knowing how the order ended, having read it.
	knows bool
}

// add puts a waiter in line.
func (w *waiters) add(ref string) *waiter {
	one := &waiter{ref: ref, wake: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[string][]*waiter{}
	}
	w.m[ref] = append(w.m[ref], one)
	return one
}

// leave takes a waiter that knows the order as o out of line, and returns the
// order as it is to be shown: news that came meanwhile is not left behind.
func (w *waiters) leave(one *waiter, o Order) Order {
	w.mu.Lock()
	defer w.mu.Unlock()
	one.gone = true
	line := slices.DeleteFunc(w.m[one.ref], func(x *waiter) bool { return x == one })
	if w.m[one.ref] = line; len(line) == 0 {
		delete(w.m, one.ref)
	}
	if one.news != nil && !o.State.Final() {
		o = *one.news
	}
	one.knows = o.State.Final()
	return o
}

// promise tells those in line that an answer is about to be written, and
// returns them.
func (w *waiters) promise(ref string) []*waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	line := slices.Clone(w.m[ref])
	for _, one := range line {
		one.promised = true
	}
	return line
}

// tell gives those in line the order as it was written; nil says that it was
// not. It returns whether at least one of the promised was there for it, or
// knew.
func (w *waiters) tell(ref string, promised []*waiter, o *Order) (heard bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range promised {
		one.promised = false
		heard = heard || !one.gone || one.knows
	}
	if o == nil {
		return false
	}
	for _, one := range w.m[ref] {
		one.news = o
		select {
		case one.wake <- struct{}{}:
		default:
		}
	}
	return heard
}

// wait blocks until there is news, or there may be (the tick passed). Both are
// false when ctx has ended and nothing was promised, or not kept in time.
func (w *waiters) wait(ctx context.Context, one *waiter, tick <-chan time.Time) (news, look bool) {
	select {
	case <-one.wake:
		return true, false
	case <-tick:
		return false, true
	case <-ctx.Done():
	}
	w.mu.Lock()
	promised := one.promised
	w.mu.Unlock()
	if !promised {
		return false, false
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-one.wake:
		return true, false
	case <-late.C:
		return false, false
	}
}
