package jobs_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

func TestAJobIsGivenUpWhenItsTimeIsOver(t *testing.T) {
	again := func(d time.Duration) jobs.Handler {
		return func(context.Context, jobs.Job) jobs.Result { return jobs.Again(time.Now().Add(d), "busy") }
	}
	const until = time.Minute
	for name, c := range map[string]struct {
		handler  jobs.Handler
		runs     int
		died     time.Duration // after it was added
		note     string
		observed []string
	}{
		"where it would be put off past it": {
			again(25 * time.Second), 3, 50 * time.Second, "busy", []string{"again", "again", "buried"},
		},
		"not where it is put off to just before its end": {
			again(29500 * time.Millisecond), 3, 59 * time.Second, "busy", []string{"again", "again", "buried"},
		},
		"where a panic would be tried again past it": {
			func(context.Context, jobs.Job) jobs.Result { time.Sleep(time.Hour); panic("oops") },
			1, time.Hour, "panic", []string{"buried"},
		},
		"but not where its end comes in a run that is done": {
			func(context.Context, jobs.Job) jobs.Result { time.Sleep(time.Hour); return jobs.Done() },
			1, 0, "", []string{"done"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				born := time.Now()
				j := m.add(jobs.Job{Kind: kind, RunAt: born, Until: born.Add(until)})
				runs := 0
				var observed []string
				start(t, m, func(ctx context.Context, j jobs.Job) jobs.Result {
					runs++
					return c.handler(ctx, j)
				}, func(o *jobs.Options) {
					o.Observe = func(_, result string, _ time.Duration) { observed = append(observed, result) }
				})
				pass(2 * time.Hour)
				got, there := m.get(j.ID)
				if runs != c.runs || !slices.Equal(observed, c.observed) {
					t.Errorf("%d runs, observed %v; want %d, %v", runs, observed, c.runs, c.observed)
				}
				if there != (c.died > 0) {
					t.Fatalf("it is there: %t", there)
				}
				// A claim that met another waits a moment and looks again.
				late := got.DiedAt.Sub(born.Add(c.died))
				if there && (!got.dead || late < 0 || late > time.Second || !strings.Contains(got.note, "its time is over") || !strings.Contains(got.note, c.note)) {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func TestAJobThatIsLateWhenItIsClaimedIsRunOnlyIfItNeverWas(t *testing.T) {
	for name, c := range map[string]struct {
		job  jobs.Job
		runs int
	}{
		"never claimed":                  {jobs.Job{}, 1},
		"handed back each time":          {jobs.Job{Attempt: 3, Unrun: 3}, 1},
		"run before and put off":         {jobs.Job{Attempt: 1}, 0},
		"run once, then handed back":     {jobs.Job{Attempt: 4, Unrun: 3}, 0},
		"claimed by a process that died": {jobs.Job{Attempt: 1, Owner: "dead"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				j := m.add(jobs.Job{Kind: kind, Lane: "l", RunAt: time.Now().Add(-time.Hour), Until: time.Now().Add(-time.Minute)})
				next := m.add(jobs.Job{Kind: kind, Key: "next", Lane: "l", RunAt: time.Now()})
				m.rows[j.ID].Attempt, m.rows[j.ID].Unrun, m.rows[j.ID].Owner = c.job.Attempt, c.job.Unrun, c.job.Owner
				runs := 0
				start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
					if j.Key != "next" {
						runs++
					}
					return jobs.Done()
				}, func(o *jobs.Options) { o.Poll = time.Hour })
				synctest.Wait()
				got, there := m.get(j.ID)
				if runs != c.runs || there != (c.runs == 0) {
					t.Errorf("%d runs, it is there: %t", runs, there)
				}
				if there && (!got.dead || !got.DiedAt.Equal(time.Now()) || !strings.Contains(got.note, "its time was over at 1999-12-31T23:59:00Z")) {
					t.Errorf("got %+v", got)
				}
				if _, there := m.get(next.ID); there {
					t.Error("it held up its lane")
				}
			})
		})
	}
}

func TestAnAdoptedJobWhoseTimeIsOverIsRunOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		runs := 0
		r := start(t, m, func(context.Context, jobs.Job) jobs.Result {
			runs++
			return jobs.Again(time.Now(), "late")
		})
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now(), Until: time.Now().Add(-1), Owner: "me", LeaseUntil: time.Now().Add(15 * time.Second)})
		r.Adopt(j)
		pass(time.Minute)
		if got, _ := m.get(j.ID); runs != 1 || !got.dead {
			t.Errorf("%d runs, %+v", runs, got)
		}
	})
}
