package jobs_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

// A job that was put off to now can be claimed again before the runner is quite
// through with it: that claim is for its next run.
func TestAJobThatIsClaimedAgainWhileItsRunEndsIsRunUnderThatClaim(t *testing.T) {
	for name, again := range map[string]func(*memory, jobs.Job) jobs.Result{
		"put off": func(*memory, jobs.Job) jobs.Result { return jobs.Again(time.Now(), "once more") },
		"put off in a transaction of the handler": func(m *memory, j jobs.Job) jobs.Result {
			_ = m.PutOff(context.Background(), j, time.Now(), "once more")
			return jobs.Written()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
				ran := make(chan jobs.Job, 9)
				end := make(chan struct{})
				start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
					ran <- j
					if j.Runs() == 1 {
						return again(m, j)
					}
					return jobs.Done()
				}, func(o *jobs.Options) { o.Observe = func(string, string, time.Duration) { <-end } })
				pass(2 * time.Second) // the runner looks for jobs meanwhile
				if got, _ := m.get(j.ID); got.Attempt < 2 {
					t.Fatalf("it was not claimed again: %+v", got)
				}
				close(end)
				synctest.Wait()
				<-ran
				select {
				case second := <-ran:
					if second.Runs() != 2 || second.Attempt != 2 {
						t.Errorf("got %+v", second)
					}
				default:
					t.Error("it was not run again at once")
				}
				if _, there := m.get(j.ID); there {
					t.Error("it was not finished")
				}
			})
		})
	}
}
