package jobs_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

const kind jobs.Kind = "resend"

// start runs a runner with one handler for the length of the test.
func start(t *testing.T, m jobs.Store, h jobs.Handler, change ...func(*jobs.Options)) *jobs.Runner {
	t.Helper()
	o := jobs.Options{Owner: "me", Handlers: map[jobs.Kind]jobs.Handler{kind: h}}
	for _, c := range change {
		c(&o)
	}
	r := jobs.NewRunner(m, o)
	r.Start(t.Context())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = r.Stop(ctx)
	})
	return r
}

// adoptable is a new job that the runner "me" already holds.
func adoptable(m *memory, key string) jobs.Job {
	return m.add(jobs.Job{Kind: kind, Key: key, RunAt: time.Now(), Owner: "me", LeaseUntil: time.Now().Add(15 * time.Second)})
}

// pass lets time pass in a bubble and everything that falls into it happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func done(context.Context, jobs.Job) jobs.Result { return jobs.Done() }

func TestAJobRunsAtTheMomentItFallsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		due := time.Now().Add(730 * time.Millisecond)
		m.add(jobs.Job{Kind: kind, Key: "a", RunAt: due})
		ran := make(chan time.Time, 1)
		start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			if j.Key != "a" || j.Attempt != 1 || j.Owner != "me" {
				t.Errorf("handler got %+v", j)
			}
			ran <- time.Now()
			return jobs.Done()
		})
		if at := <-ran; !at.Equal(due) {
			t.Errorf("ran %s after it was due", at.Sub(due))
		}
		synctest.Wait()
		if _, there := m.get(1); there {
			t.Error("the finished job is still there")
		}
	})
}

func TestAWakeRunsANewJobWithoutWaitingForThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		ran := make(chan time.Time, 1)
		r := start(t, m, func(context.Context, jobs.Job) jobs.Result {
			ran <- time.Now()
			return jobs.Done()
		}, func(o *jobs.Options) { o.Poll = time.Hour })
		synctest.Wait()
		added := time.Now()
		m.add(jobs.Job{Kind: kind, RunAt: added})
		r.Wake()
		if at := <-ran; !at.Equal(added) {
			t.Errorf("ran %s after the wake", at.Sub(added))
		}
	})
}

func TestAJobAddedElsewhereRunsWithinThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		ran := make(chan time.Time, 1)
		start(t, m, func(context.Context, jobs.Job) jobs.Result {
			ran <- time.Now()
			return jobs.Done()
		})
		synctest.Wait()
		added := time.Now()
		m.add(jobs.Job{Kind: kind, RunAt: added})
		if late := (<-ran).Sub(added); late > time.Second {
			t.Errorf("ran %s after it was added", late)
		}
	})
}

func TestAnAdoptedJobRunsAtOnceAndIsNeverClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		type seen struct {
			kind, result string
			lag          time.Duration
		}
		var observed []seen
		r := start(t, m, done, func(o *jobs.Options) {
			o.Workers = 1
			o.Observe = func(kind, result string, lag time.Duration) { observed = append(observed, seen{kind, result, lag}) }
		})
		synctest.Wait()
		m.claimSizes(true)
		j := adoptable(m, "a")
		if !r.Adopt(j) {
			t.Fatal("not adopted")
		}
		synctest.Wait()
		if _, there := m.get(j.ID); there {
			t.Error("the job was not finished")
		}
		if n := m.claimSizes(false); len(n) != 0 {
			t.Errorf("claims: %v", n)
		}
		if want := []seen{{"resend", "done", 0}}; !slices.Equal(observed, want) {
			t.Errorf("observed %v, want %v", observed, want)
		}
	})
}

func TestAdoptRefusesWhatItWouldNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		release := make(chan struct{})
		o := jobs.Options{Owner: "me", Adopted: 1, Handlers: map[jobs.Kind]jobs.Handler{
			kind: func(context.Context, jobs.Job) jobs.Result { <-release; return jobs.Done() },
		}}
		r := jobs.NewRunner(m, o)
		if r.Adopt(adoptable(m, "early")) {
			t.Error("adopted before Start")
		}
		m.forget()
		r.Start(t.Context())
		j := adoptable(m, "a")
		for name, change := range map[string]func(*jobs.Job){
			"another's job":      func(j *jobs.Job) { j.Owner = "you" },
			"a job never held":   func(j *jobs.Job) { j.Attempt = 0 },
			"a lease that ended": func(j *jobs.Job) { j.LeaseUntil = time.Now() },
			"an unknown kind":    func(j *jobs.Job) { j.Kind = "unheard of" },
		} {
			bad := adoptable(m, name)
			change(&bad)
			if r.Adopt(bad) {
				t.Errorf("adopted %s", name)
			}
			m.forget(bad.ID)
		}
		if !r.Adopt(j) {
			t.Error("did not adopt its own job")
		}
		over := adoptable(m, "b")
		if r.Adopt(over) {
			t.Error("adopted more than it may")
		}
		m.forget(over.ID)
		close(release)
		synctest.Wait()
		if !r.Adopt(adoptable(m, "c")) {
			t.Error("did not adopt once there was room")
		}
		synctest.Wait()
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if r.Adopt(adoptable(m, "d")) {
			t.Error("adopted after Stop")
		}
	})
}

func TestNoMoreJobsAreClaimedThanWorkersAreFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		for i := range 7 {
			m.add(jobs.Job{Kind: kind, Key: fmt.Sprint(i), RunAt: time.Now()})
		}
		var mu sync.Mutex
		running, most, total := 0, 0, 0
		start(t, m, func(context.Context, jobs.Job) jobs.Result {
			mu.Lock()
			running++
			total++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Minute) // far beyond the lease
			mu.Lock()
			running--
			mu.Unlock()
			return jobs.Done()
		}, func(o *jobs.Options) { o.Workers = 3 })
		pass(10 * time.Minute)
		if most != 3 || total != 7 {
			t.Errorf("ran %d at once and %d in all, want 3 and 7", most, total)
		}
		for _, n := range m.claimSizes(false) {
			if n < 1 || n > 3 {
				t.Errorf("claimed %d at once", n)
			}
		}
	})
}

func TestEachResultWritesItsFate(t *testing.T) {
	later := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, observed string
		result         jobs.Result
		want           *row
	}{
		{"done", "done", jobs.Done(), nil},
		{"again", "again", jobs.Again(later, "busy"), &row{Job: jobs.Job{RunAt: later}, note: "busy"}},
		{"buried", "buried", jobs.Bury("hopeless"), &row{dead: true, note: "hopeless"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
				var observed string
				start(t, m, func(context.Context, jobs.Job) jobs.Result { return c.result },
					func(o *jobs.Options) { o.Observe = func(_, result string, _ time.Duration) { observed = result } })
				synctest.Wait()
				got, there := m.get(j.ID)
				if there != (c.want != nil) {
					t.Fatalf("job is there: %t", there)
				}
				if c.want != nil {
					if got.Owner != "" || got.dead != c.want.dead || got.note != c.want.note || got.Attempt != 1 {
						t.Errorf("got %+v", got)
					}
					if !c.want.RunAt.IsZero() && !got.RunAt.Equal(c.want.RunAt) {
						t.Errorf("due at %s, want %s", got.RunAt, c.want.RunAt)
					}
				}
				if observed != c.observed {
					t.Errorf("observed %q, want %q", observed, c.observed)
				}
			})
		})
	}
}

func TestAFateThatTheHandlerWroteIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		var observed string
		start(t, m, func(ctx context.Context, j jobs.Job) jobs.Result {
			if err := m.PutOff(ctx, j, time.Now().Add(time.Hour), "by the handler"); err != nil {
				t.Error(err)
			}
			return jobs.Written()
		}, func(o *jobs.Options) { o.Observe = func(_, result string, _ time.Duration) { observed = result } })
		synctest.Wait()
		if got, there := m.get(j.ID); !there || got.note != "by the handler" || observed != "written" {
			t.Errorf("got %+v, observed %q", got, observed)
		}
	})
}

func TestAPanicPutsTheJobOffLongerEachTimeAndKeepsItsValueOutOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add(jobs.Job{Kind: kind, Key: "a", RunAt: time.Now()})
		var log bytes.Buffer
		var at []time.Time
		start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			at = append(at, time.Now())
			if len(at) == 4 {
				return jobs.Done()
			}
			panic("PIN 1234567890123456")
		}, func(o *jobs.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		pass(time.Hour)
		if len(at) != 4 {
			t.Fatalf("ran %d times, want 4", len(at))
		}
		for i, most := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			if gap := at[i+1].Sub(at[i]); gap < most/2 || gap > most+20*time.Millisecond {
				t.Errorf("after panic %d it waited %s, want %s to %s", i+1, gap, most/2, most)
			}
		}
		if !strings.Contains(log.String(), "job panicked") || !strings.Contains(log.String(), "value of type string") {
			t.Errorf("the panic was not logged:\n%s", log.String())
		}
		if strings.Contains(log.String(), "1234567890123456") {
			t.Error("the log has the value of the panic")
		}
	})
}

func TestARunnerOutlivesADatabaseThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.setDown(errDown)
		ran := make(chan struct{}, 1)
		start(t, m, func(context.Context, jobs.Job) jobs.Result {
			ran <- struct{}{}
			return jobs.Done()
		})
		m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		pass(time.Minute)
		if n := len(m.claimSizes(false)); n < 10 || n > 40 {
			t.Errorf("looked %d times in a minute; want a few, backing off to 5 s", n)
		}
		m.setDown(nil)
		back := time.Now()
		<-ran
		if late := time.Since(back); late > 5*time.Second {
			t.Errorf("went on %s after the database was back", late)
		}
	})
}

func TestADoneJobIsNotRunAgainWhenItsFateCannotBeWrittenForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		runs := 0
		start(t, m, func(context.Context, jobs.Job) jobs.Result {
			runs++
			m.setDown(errDown)
			return jobs.Done()
		})
		pass(2 * time.Minute) // many leases
		m.setDown(nil)
		pass(time.Minute)
		if _, there := m.get(j.ID); there || runs != 1 {
			t.Errorf("job is there: %t, after %d runs", there, runs)
		}
	})
}

func TestARunnerCallsWhatItWasGivenByHandle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := jobs.NewRunner(m, jobs.Options{})
		ran := make(chan string, 1)
		r.Handle("late", func(_ context.Context, j jobs.Job) jobs.Result {
			ran <- j.Owner
			return jobs.Done()
		})
		m.add(jobs.Job{Kind: "late", RunAt: time.Now()})
		r.Start(t.Context())
		if got := <-ran; got != r.Owner() || got == "" {
			t.Errorf("run by %q, the runner is %q", got, r.Owner())
		}
		if other := jobs.NewRunner(m, jobs.Options{}); other.Owner() == r.Owner() {
			t.Error("two runners have one name")
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		defer func() {
			if recover() == nil {
				t.Error("Handle after Start was allowed")
			}
		}()
		r.Handle("later", done)
	})
}

// stubborn takes every write but a job's end.
type stubborn struct{ *memory }

func (stubborn) Finish(context.Context, jobs.Job) error { return errDown }

func TestAFateThatIsNeverTakenDoesNotKeepTheWorkerOrTheJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		var attempts []int
		var observed []string
		start(t, stubborn{m}, func(_ context.Context, j jobs.Job) jobs.Result {
			attempts = append(attempts, j.Attempt)
			if j.Attempt > 1 {
				return jobs.Bury("enough")
			}
			return jobs.Done()
		}, func(o *jobs.Options) {
			o.Workers = 1
			o.Observe = func(_, result string, _ time.Duration) { observed = append(observed, result) }
		})
		pass(6 * time.Minute)
		if !slices.Equal(attempts, []int{1, 2}) || !slices.Equal(observed, []string{"unwritten", "buried"}) {
			t.Errorf("attempts %v, observed %v", attempts, observed)
		}
	})
}
