//go:build unix

package outage

import (
	"testing"
	"time"
)

// TestTheAnswerComesAtTheLastMoment has no outage but a provider that takes as
// long as a screen waits: what is read for the screen once the answer is there
// must not be cut off with the wait.
func TestTheAnswerComesAtTheLastMoment(t *testing.T) {
	t.Parallel()
	notShort(t)
	s := openShop(t, settings{})
	proof(t, s, func(int, *crowd) {
		for _, d := range []time.Duration{980, 990, 1000, 1010} {
			s.slow(d * time.Millisecond)
			time.Sleep(2000 * time.Millisecond) // sales go on meanwhile
		}
	})
}
