package jobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

// wantFree checks that a job can be claimed by anybody at once, and that nobody
// takes it for having been run.
func wantFree(t *testing.T, m *memory, id int64) {
	t.Helper()
	got, there := m.get(id)
	if !there || got.Owner != "" || !got.LeaseUntil.IsZero() || got.RunAt.After(time.Now()) || got.Runs() != 0 || got.note == "" {
		t.Errorf("got %+v, want it handed back", got)
	}
}

func TestWhatIsNotAdoptedIsRunByAnotherWithoutWaitingForItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		mayEnd := make(chan struct{})
		r := start(t, m, func(context.Context, jobs.Job) jobs.Result { <-mayEnd; return jobs.Done() },
			func(o *jobs.Options) { o.Limits = map[jobs.Kind]int{kind: 1} })
		ran := make(chan jobs.Job, 1)
		start(t, m, func(_ context.Context, j jobs.Job) jobs.Result { ran <- j; return jobs.Done() },
			func(o *jobs.Options) { o.Owner = "you" })
		synctest.Wait()
		if !r.Adopt(adoptable(m, "first")) {
			t.Fatal("the first was not adopted")
		}
		asked := time.Now()
		over := adoptable(m, "over")
		if r.Adopt(over) {
			t.Fatal("the second was adopted")
		}
		synctest.Wait()
		if time.Since(asked) != 0 {
			t.Error("it took time")
		}
		wantFree(t, m, over.ID)
		if j := <-ran; j.Key != "over" || j.Runs() != 1 || j.Attempt != 2 || time.Since(asked) > time.Second {
			t.Errorf("%s after it was refused, %+v was run", time.Since(asked), j)
		}
		close(mayEnd)
	})
}

func TestWhatIsNotAdoptedIsTakenByAFreeWorkerAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMemory(), newGauge()
		r := start(t, m, g.handler, func(o *jobs.Options) { o.Adopted, o.Poll = 1, time.Hour })
		synctest.Wait()
		for _, key := range []string{"a", "b"} {
			if adopted := r.Adopt(adoptable(m, key)); adopted != (key == "a") {
				t.Errorf("%s adopted: %t", key, adopted)
			}
		}
		synctest.Wait()
		if got := g.begins(); len(got) != 2 {
			t.Errorf("begun: %v", got)
		}
		close(g.mayEnd)
	})
}

func TestWhatIsRefusedBeforeStartAndAfterStopIsHandedBackBeforeAdoptReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := jobs.NewRunner(m, jobs.Options{Owner: "me", Handlers: map[jobs.Kind]jobs.Handler{kind: done}})
		early := m.add(jobs.Job{Kind: kind, Key: "early", RunAt: time.Now().Add(time.Second), Owner: "me", LeaseUntil: time.Now().Add(15 * time.Second)})
		if r.Adopt(early) {
			t.Error("adopted before Start")
		}
		wantFree(t, m, early.ID)
		m.forget()
		r.Start(t.Context())
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		late := adoptable(m, "late")
		if r.Takes(kind) || r.Adopt(late) {
			t.Error("adopted after Stop")
		}
		wantFree(t, m, late.ID)
	})
}

func TestWhatIsRefusedWhileTheRunnerDrainsIsHandedBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		mayEnd := make(chan struct{})
		r := start(t, m, func(context.Context, jobs.Job) jobs.Result { <-mayEnd; return jobs.Done() })
		r.Adopt(adoptable(m, "running"))
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(t.Context()) }()
		synctest.Wait()
		late := adoptable(m, "late")
		if r.Takes(kind) || r.Adopt(late) {
			t.Error("adopted while it drains")
		}
		wantFree(t, m, late.ID)
		close(mayEnd)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestHandingBackOutlivesADatabaseThatIsAwayAndIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var log bytes.Buffer
		r := start(t, m, done, func(o *jobs.Options) {
			o.Handlers = nil // it has none of its own to claim
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		synctest.Wait()
		j := adoptable(m, "a")
		m.setDown(errDown)
		if r.Adopt(j) {
			t.Error("adopted a kind without a handler")
		}
		pass(3 * time.Second)
		m.setDown(nil)
		pass(5 * time.Second) // less than the lease
		wantFree(t, m, j.ID)
		if !strings.Contains(log.String(), "handing back a job failed") {
			t.Errorf("log:\n%s", log.String())
		}
	})
}

func TestAJobThatIsAdoptedTwiceRunsOnceAndIsNotHandedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMemory(), newGauge()
		r := g.limited(t, m, 1, map[jobs.Kind]int{order: 1})
		j := ofKind(m, order, "o1")
		for range 2 {
			if !r.Adopt(j) {
				t.Error("not adopted")
			}
		}
		synctest.Wait()
		if got := g.begins(); len(got) != 1 {
			t.Errorf("begun: %v", got)
		}
		if got, _ := m.get(j.ID); got.Owner != "me" || got.Unrun != 0 {
			t.Errorf("got %+v", got)
		}
		close(g.mayEnd)
	})
}

func TestAJobThatWasAddedUnclaimedIsClaimedAtOnceWhenItIsOfferedForAdoption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		ran := make(chan time.Time, 1)
		r := start(t, m, func(context.Context, jobs.Job) jobs.Result { ran <- time.Now(); return jobs.Done() },
			func(o *jobs.Options) { o.Poll = time.Hour })
		synctest.Wait()
		added := time.Now()
		if r.Adopt(m.add(jobs.Job{Kind: kind, Key: "a", RunAt: added})) {
			t.Error("adopted what it does not hold")
		}
		if at := <-ran; !at.Equal(added) {
			t.Errorf("ran %s later", at.Sub(added))
		}
	})
}
