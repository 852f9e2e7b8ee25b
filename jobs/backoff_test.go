package jobs

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBackoffDoublesWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		failures := rapid.IntRange(-1, 1<<40).Draw(t, "failures")
		lo := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "lo"))
		hi := lo + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "more"))
		full := hi
		// Doubling is exact in floating point, and does not overflow.
		if doubled := math.Ldexp(float64(lo), min(max(failures-1, 0), 100)); doubled < float64(hi) {
			full = time.Duration(doubled)
		}
		if got := backoff(failures, lo, hi); got < full/2 || got > full {
			t.Fatalf("backoff(%d, %s, %s) = %s, want %s to %s", failures, lo, hi, got, full/2, full)
		}
	})
}
