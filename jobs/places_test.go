package jobs_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

func TestThereAreAsManyPlacesAsAdoptTakes(t *testing.T) {
	for _, c := range []struct {
		name           string
		adopted, limit int
		want           int
	}{
		{"bounded by what is adopted", 3, 0, 3},
		{"bounded by the kind", 9, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, g := newMemory(), newGauge()
				r := jobs.NewRunner(m, jobs.Options{
					Owner: "me", Adopted: c.adopted, Poll: time.Hour, Handlers: map[jobs.Kind]jobs.Handler{kind: g.handler}, Limits: map[jobs.Kind]int{kind: c.limit},
				})
				if r.Places(kind) != 0 {
					t.Error("there are places before Start")
				}
				r.Start(context.Background())
				synctest.Wait()
				for want := c.want; want > 0; want-- {
					if got := r.Places(kind); got != want {
						t.Errorf("%d places, want %d", got, want)
					}
					if !r.Adopt(adoptable(m, string(rune('a'+want)))) {
						t.Errorf("it was not adopted, and there were %d places", want)
					}
				}
				if r.Places(kind) != 0 || r.Places("unknown") != 0 {
					t.Error("there are places where none is")
				}
				close(g.mayEnd)
				_ = r.Stop(context.Background())
				if r.Places(kind) != 0 {
					t.Error("there are places after Stop")
				}
			})
		})
	}
}
