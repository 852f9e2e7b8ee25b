package jobs

import (
	"math/rand/v2"
	"time"
)

// Backoff is how long to wait after failures in a row: so that what is away is
// not pressed, and not all who wait come back at the same moment.
type Backoff struct {
	// Steps are the shortest waits after one failure, two, and so on; the last
	// one is that of all further failures. None: no wait.
	Steps []time.Duration
	// Jitter is the share of a step by which its wait is longer at most, at
	// random: 0.2 waits for 10 to 12 s where the step is 10 s.
	Jitter float64
	// Rand returns a random number from 0 to below n; default
	// math/rand/v2.Int64N.
	Rand func(n int64) int64
}

// Doubling is steps that double from first to most.
func Doubling(first, most time.Duration) []time.Duration {
	first = max(first, 1)
	var steps []time.Duration
	for ; first < most; first *= 2 {
		steps = append(steps, first)
		if first > most/2 { // doubled it would be past most, or past all numbers
			break
		}
	}
	return append(steps, most)
}

// After is the wait after so many failures in a row.
func (b Backoff) After(failures int) time.Duration {
	if len(b.Steps) == 0 {
		return 0
	}
	step := max(0, b.Steps[min(max(failures, 1), len(b.Steps))-1])
	return lengthened(step, b.Jitter, b.Rand)
}

// lengthened is a duration with up to a share of it added at random.
func lengthened(d time.Duration, share float64, random func(int64) int64) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	more := int64(max(0, min(float64(d)*share, float64(longest/2))))
	if more == 0 {
		return d
	}
	if random == nil {
		random = rand.Int64N
	}
	more = random(more + 1)
	return d + min(time.Duration(more), longest-d)
}
