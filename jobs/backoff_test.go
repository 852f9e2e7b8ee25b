package jobs_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/jobs"
)

func TestABackoffWaitsForItsStepAndAtMostTheJitterLonger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "step"))
		}), 1, 8).Draw(t, "steps")
		b := jobs.Backoff{Steps: steps, Jitter: rapid.Float64Range(0, 1).Draw(t, "jitter")}
		if rapid.Bool().Draw(t, "given randomness") {
			b.Rand = func(n int64) int64 { return rapid.Int64Range(0, n-1).Draw(t, "random") }
		}
		failures := rapid.IntRange(-1, 1<<40).Draw(t, "failures")
		step := steps[min(max(failures, 1), len(steps))-1]
		most := math.Nextafter(float64(step)*(1+b.Jitter), math.Inf(1)) + 1
		if got := b.After(failures); got < step || float64(got) > most {
			t.Fatalf("after %d failures %s, want %s and up to %.3f of it longer", failures, got, step, b.Jitter)
		}
	})
}

func TestABackoffIsDrawnFromTheRandomnessItWasGiven(t *testing.T) {
	var asked []int64
	b := jobs.Backoff{Steps: []time.Duration{10 * time.Second, time.Minute}, Jitter: 0.2, Rand: func(n int64) int64 {
		asked = append(asked, n)
		return n - 1
	}}
	for failures, want := range map[int]time.Duration{0: 12 * time.Second, 1: 12 * time.Second, 2: 72 * time.Second, 9: 72 * time.Second} {
		if got := b.After(failures); got != want {
			t.Errorf("after %d failures %s, want %s", failures, got, want)
		}
	}
	if len(asked) != 4 {
		t.Errorf("asked %d times, want once each", len(asked))
	}
	if got := (jobs.Backoff{}).After(3); got != 0 {
		t.Errorf("without steps: %s", got)
	}
}

func TestDoublingDoublesFromTheFirstToTheMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(t, "first"))
		most := time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(t, "most"))
		steps := jobs.Doubling(first, most)
		if steps[0] != min(first, most) || steps[len(steps)-1] != most || !slices.IsSorted(steps) {
			t.Fatalf("from %d to %d: %v", first, most, steps)
		}
		for i := range len(steps) - 2 {
			if steps[i+1] != 2*steps[i] {
				t.Fatalf("from %d to %d: %v", first, most, steps)
			}
		}
		if n := len(steps); n > 1 && steps[n-1]-steps[n-2] > steps[n-2] {
			t.Fatalf("from %d to %d: the last step more than doubles: %v", first, most, steps)
		}
	})
}
