package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// event is something that is about to happen: a goroutine goes on past a step, a
// message arrives, the next scene of the story begins.
type event struct {
	// label names it in the trace and among the dice. No two events that wait
	// at the same time have the same one.
	label string
	// ctx, where there is one, makes the event due when it ends.
	ctx context.Context
	// process dies with it; nil where it is nobody's.
	process *process
	// plan draws what is to happen and how long it takes to come to that.
	plan func() time.Duration
	// happen makes it happen. It must not wait.
	happen func()

	due   time.Time
	order int // among those that are due at the same time
}

// scheduler makes one thing happen at a time. All goroutines of the product stop
// at every step that leaves their process (a transaction, a read, a request),
// and wait until the scheduler, when nothing else moves, lets one of them on: the
// one that is due first by the time that it drew. Between two events the clock
// of the bubble goes on by itself.
type scheduler struct {
	dice  *dice
	trace *trace

	mu      sync.Mutex
	arrived []*event // not planned yet
	news    chan struct{}

	waiting []*event // owned by the goroutine that calls next
	steps   int
	// trusted is a run in which the labels are known to differ.
	clash func(label string)
}

func newScheduler(d *dice, t *trace, clash func(string)) *scheduler {
	return &scheduler{dice: d, trace: t, news: make(chan struct{}, 1), clash: clash}
}

// ring wakes the scheduler while it sleeps.
func (s *scheduler) ring() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// add puts an event in line.
func (s *scheduler) add(e *event) {
	s.mu.Lock()
	s.arrived = append(s.arrived, e)
	s.mu.Unlock()
	s.ring()
}

// stop keeps the calling goroutine at a step until its time has come.
func (s *scheduler) stop(e *event) {
	on := make(chan struct{})
	e.happen = func() { close(on) }
	if e.ctx != nil && e.ctx.Done() != nil {
		defer context.AfterFunc(e.ctx, s.ring)()
	}
	s.add(e)
	<-on
}

// next makes the next thing happen, or lets time pass up to until. It returns
// false when it is until, and nothing happened.
func (s *scheduler) next(until time.Time) bool {
	s.rest()
	for {
		now := time.Now()
		e := s.first(now)
		if e == nil || e.due.After(now) {
			if !now.Before(until) {
				return false
			}
			wake := until
			if e != nil && e.due.Before(wake) {
				wake = e.due
			}
			s.sleep(wake.Sub(now))
			s.rest()
			continue
		}
		s.waiting = slices.DeleteFunc(s.waiting, func(x *event) bool { return x == e })
		s.steps++
		s.trace.at(e.label)
		e.happen()
		s.rest()
		return true
	}
}

// rest waits until nothing moves, and plans what arrived.
func (s *scheduler) rest() {
	synctest.Wait()
	s.mu.Lock()
	arrived := s.arrived
	s.arrived = nil
	s.mu.Unlock()
	slices.SortFunc(arrived, func(a, b *event) int { return strings.Compare(a.label, b.label) })
	now := time.Now()
	for _, e := range arrived {
		for _, other := range s.waiting {
			if other.label == e.label {
				s.clash(e.label)
			}
		}
		e.due = now.Add(e.plan())
		e.order = s.dice.below("order of "+e.label, 1<<16)
		s.waiting = append(s.waiting, e)
	}
}

// first is the event that comes next.
func (s *scheduler) first(now time.Time) *event {
	var first *event
	for _, e := range s.waiting {
		if e.ctx != nil && e.due.After(now) && e.ctx.Err() != nil {
			e.due = now
		}
		if first == nil || cmp.Or(e.due.Compare(first.due), cmp.Compare(e.order, first.order), strings.Compare(e.label, first.label)) < 0 {
			first = e
		}
	}
	return first
}

// drop takes every event of a process out of line and lets it happen.
func (s *scheduler) drop(p *process) {
	var gone []*event
	s.waiting = slices.DeleteFunc(s.waiting, func(e *event) bool {
		if e.process == p {
			gone = append(gone, e)
		}
		return e.process == p
	})
	for _, e := range gone {
		e.happen()
	}
}

func (s *scheduler) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.news:
	}
}
