package hostcall

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// More than one transaction in twenty unknown within five minutes is a
// host in trouble.
func TestManyUnknownOutcomesCallTheOperatorOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w Share
		var called []string
		saw := func(n int, unknown bool) {
			for range n {
				if share, fresh := w.Saw(time.Now(), 0.05, unknown); fresh {
					called = append(called, fmt.Sprintf("%.3f", share))
				}
			}
		}
		want := func(when string, shares ...string) {
			t.Helper()
			if !slices.Equal(called, shares) {
				t.Errorf("%s: alarms %v, want %v", when, called, shares)
			}
		}
		saw(18, false)
		saw(1, true)
		want("too few to say anything")
		saw(1, false)
		want("one in twenty") // which is not more than 5 %
		saw(1, true)
		want("two in 21", "0.095")
		saw(5, true)
		want("still too many", "0.095")
		saw(200, false)
		want("few again", "0.095")
		saw(10, true)
		want("too many anew", "0.095", "0.052")

		time.Sleep(shareMinutes * time.Minute) // of the test's own time
		saw(19, true)
		want("all forgotten, and too few", "0.095", "0.052")
		saw(1, false)
		want("another trouble, though nobody saw the end of the last", "0.095", "0.052", "0.950")
		time.Sleep((shareMinutes - 1) * time.Minute)
		saw(20, true)
		want("the same trouble", "0.095", "0.052", "0.950")
	})
}

func TestTheWatchCountsTheLastFiveMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type seen struct {
			minute  int64
			unknown bool
		}
		var w Share
		var all []seen
		minute := rapid.Int64Range(0, 1<<32).Draw(t, "first minute")
		alarming, over := false, int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "transactions") {
			minute += max(0, rapid.Int64Range(-6, 7).Draw(t, "pause")) // most follow at once
			unknown := rapid.IntRange(0, 9).Draw(t, "unknown") == 0
			all = append(all, seen{minute, unknown})
			var n, bad int
			for _, s := range all {
				if s.minute > minute-shareMinutes {
					n++
					if s.unknown {
						bad++
					}
				}
			}
			share, fresh := w.Saw(time.Unix(minute*60+7, 0), 0.05, unknown)
			if n < shareLeast {
				if share != 0 || fresh {
					t.Fatalf("%d transactions: share %v, alarm %v", n, share, fresh)
				}
				continue
			}
			want := float64(bad) / float64(n)
			if share != want || fresh != (want > 0.05 && (!alarming || minute-over >= shareMinutes)) {
				t.Fatalf("%d of %d: share %v, alarm %v", bad, n, share, fresh)
			}
			if alarming = want > 0.05; alarming {
				over = minute
			}
		}
	})
}
