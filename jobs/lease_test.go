package jobs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

func TestALeaseIsRenewedAsLongAsTheJobRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		start(t, m, func(ctx context.Context, _ jobs.Job) jobs.Result {
			select {
			case <-ctx.Done():
				t.Error("cut off:", context.Cause(ctx))
			case <-time.After(10 * time.Minute):
			}
			return jobs.Done()
		})
		synctest.Wait()
		start(t, m, func(context.Context, jobs.Job) jobs.Result {
			t.Error("another runner got the job")
			return jobs.Done()
		}, func(o *jobs.Options) { o.Owner = "you" })
		pass(11 * time.Minute)
		if _, there := m.get(j.ID); there {
			t.Error("the job was not finished")
		}
	})
}

func TestAHandlerIsCutOffWhenAnotherProcessHasItsJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		cause := make(chan error, 1)
		var observed string
		start(t, m, func(ctx context.Context, _ jobs.Job) jobs.Result {
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return jobs.Done()
		}, func(o *jobs.Options) { o.Observe = func(_, result string, _ time.Duration) { observed = result } })
		synctest.Wait()
		m.mu.Lock()
		m.rows[j.ID].Owner, m.rows[j.ID].Attempt = "you", 2
		m.rows[j.ID].LeaseUntil = time.Now().Add(time.Hour)
		m.mu.Unlock()
		if err := <-cause; !errors.Is(err, jobs.ErrLost) {
			t.Errorf("cut off by %v, want ErrLost", err)
		}
		synctest.Wait()
		if got, there := m.get(j.ID); !there || got.Owner != "you" || observed != "lost" {
			t.Errorf("got %+v, observed %q", got, observed)
		}
	})
}

func TestAHandlerIsCutOffAtTheEndOfALeaseThatCannotBeRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := start(t, m, func(ctx context.Context, _ jobs.Job) jobs.Result {
			began := time.Now()
			m.setDown(errDown)
			<-ctx.Done()
			if ran := time.Since(began); ran != 15*time.Second || !errors.Is(context.Cause(ctx), jobs.ErrLost) {
				t.Errorf("cut off after %s by %v, want 15s by ErrLost", ran, context.Cause(ctx))
			}
			m.setDown(nil)
			return jobs.Done()
		})
		j := adoptable(m, "a")
		r.Adopt(j)
		pass(time.Minute)
		// Nobody else claimed it: what was done is still written.
		if _, there := m.get(j.ID); there {
			t.Error("the job was not finished")
		}
	})
}

func TestAHandlerSurvivesADatabaseThatIsAwayForLessThanTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := start(t, m, func(ctx context.Context, _ jobs.Job) jobs.Result {
			time.Sleep(4 * time.Second)
			m.setDown(errDown) // from just before the first renewal, at 5 s
			time.Sleep(10 * time.Second)
			m.setDown(nil)
			select {
			case <-ctx.Done():
				t.Error("cut off:", context.Cause(ctx))
			case <-time.After(time.Minute):
			}
			return jobs.Done()
		})
		j := adoptable(m, "a")
		r.Adopt(j)
		pass(2 * time.Minute)
		if _, there := m.get(j.ID); there {
			t.Error("the job was not finished")
		}
	})
}

func TestADeadProcessLosesItsJobWithinTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		born := time.Now()
		j := m.add(jobs.Job{Kind: kind, RunAt: born, Owner: "dead", LeaseUntil: born.Add(15 * time.Second)})
		ran := make(chan jobs.Job, 1)
		start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			ran <- j
			return jobs.Done()
		})
		got := <-ran
		if got.ID != j.ID || got.Attempt != 2 {
			t.Errorf("got %+v", got)
		}
		if late := time.Since(born); late < 15*time.Second || late > 16*time.Second {
			t.Errorf("taken over after %s, want at the end of the lease and a poll at most", late)
		}
		if err := m.Finish(t.Context(), j); !errors.Is(err, jobs.ErrLost) {
			t.Errorf("the dead one's fate was written: %v", err)
		}
	})
}
