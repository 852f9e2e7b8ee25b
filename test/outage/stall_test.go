//go:build unix

package outage

import (
	"sync"
	"testing"
	"time"
)

// stalls are the times in which this machine stood still, as seen from here: what
// passed in them is nobody's fault.
type stalls struct {
	mu   sync.Mutex
	last time.Time
	all  []span
}

// watchMachine looks for stalls until the test has ended.
func watchMachine(t *testing.T) *stalls {
	s := &stalls{last: time.Now()}
	repeat(t, 50*time.Millisecond, func() { s.look(time.Now()) })
	return s
}

// look is to be called many times a second.
func (s *stalls) look(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.last) > 500*time.Millisecond {
		s.all = append(s.all, span{s.last, now})
	}
	s.last = now
}

// within is how much of the time between from and to was one.
func (s *stalls) within(from, to time.Time) (sum time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		begun, ended := one.from, one.to
		if begun.Before(from) {
			begun = from
		}
		if ended.After(to) {
			ended = to
		}
		sum += max(0, ended.Sub(begun))
	}
	return sum
}

// TestWhatAStallTookIsNoOnesFault is of the watch itself.
func TestWhatAStallTookIsNoOnesFault(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.Unix(0, 0).Add(time.Duration(ms) * time.Millisecond) }
	s := &stalls{last: at(0)}
	for _, ms := range []int{50, 150, 3150, 3200, 3600, 6000, 6050} {
		s.look(at(ms))
	}
	for _, c := range []struct{ from, to, want int }{
		{0, 150, 0}, {0, 6050, 5400}, {1150, 3600, 2000}, {2000, 2500, 500}, {3150, 3600, 0}, {5000, 9000, 1000},
	} {
		if got := s.within(at(c.from), at(c.to)); got != time.Duration(c.want)*time.Millisecond {
			t.Errorf("from %d to %d it stood still for %s, want %d ms", c.from, c.to, got, c.want)
		}
	}
}
