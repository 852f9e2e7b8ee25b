package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

func TestTheNextOfALaneBeginsTheMomentTheFirstEnds(t *testing.T) {
	for name, end := range map[string]func(*memory, jobs.Job) jobs.Result{
		"finished": func(*memory, jobs.Job) jobs.Result { return jobs.Done() },
		"buried":   func(*memory, jobs.Job) jobs.Result { return jobs.Bury("hopeless") },
		"finished in a transaction of the handler": func(m *memory, j jobs.Job) jobs.Result {
			if err := m.Finish(context.Background(), j); err != nil {
				return jobs.Bury(err.Error())
			}
			return jobs.Written()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				type begin struct {
					key string
					at  time.Duration
				}
				born := time.Now()
				var began []begin
				running := 0
				r := start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
					if running++; running > 1 {
						t.Error("two of one lane at once")
					}
					began = append(began, begin{j.Key, time.Since(born)})
					time.Sleep(10 * time.Second)
					running--
					return end(m, j)
				}, func(o *jobs.Options) { o.Poll, o.Workers = time.Hour, 4 })
				// The order is that of adding, not that of falling due.
				held := m.add(jobs.Job{Kind: kind, Key: "a", Lane: "l", RunAt: born, Owner: "me", LeaseUntil: born.Add(15 * time.Second)})
				m.add(jobs.Job{Kind: kind, Key: "b", Lane: "l", RunAt: born})
				m.add(jobs.Job{Kind: kind, Key: "c", Lane: "l", RunAt: born.Add(-time.Hour)})
				behind := m.add(jobs.Job{Kind: kind, Key: "d", Lane: "l", RunAt: born, Owner: "me", LeaseUntil: born.Add(15 * time.Second)})
				if !r.Adopt(held) || r.Adopt(behind) {
					t.Error("not adopted, or adopted what has to wait")
				}
				pass(time.Minute)
				want := []begin{{"a", 0}, {"b", 10 * time.Second}, {"c", 20 * time.Second}, {"d", 30 * time.Second}}
				if !slices.Equal(began, want) {
					t.Errorf("began %v, want %v", began, want)
				}
			})
		})
	}
}

func TestAJobThatIsPutOffHoldsUpItsLaneAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var mu sync.Mutex
		var keys []string
		now := time.Now()
		for _, key := range []string{"a1", "a2", "b1"} {
			m.add(jobs.Job{Kind: kind, Key: key, Lane: key[:1], RunAt: now})
		}
		start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			mu.Lock()
			defer mu.Unlock()
			keys = append(keys, j.Key)
			if j.Key == "a1" && j.Runs() == 1 {
				return jobs.Again(now.Add(time.Minute), "busy")
			}
			return jobs.Done()
		}, func(o *jobs.Options) { o.Workers = 1 })
		for _, c := range []struct {
			after time.Duration
			want  []string
		}{
			{59 * time.Second, []string{"a1", "b1"}},
			{2 * time.Second, []string{"a1", "b1", "a1", "a2"}},
		} {
			pass(c.after)
			mu.Lock()
			if !slices.Equal(keys, c.want) {
				t.Errorf("ran %v, want %v", keys, c.want)
			}
			mu.Unlock()
		}
	})
}

func TestALaneMovesToAnotherProcessWithinTheLeaseAndKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		born := time.Now()
		lost := &losable{memory: m}
		for i := range 3 {
			m.add(jobs.Job{Kind: kind, Key: fmt.Sprint(i), Lane: "l", RunAt: born})
		}
		life, die := context.WithCancel(t.Context())
		dying := jobs.NewRunner(lost, jobs.Options{Owner: "dying", Handlers: map[jobs.Kind]jobs.Handler{
			kind: func(ctx context.Context, _ jobs.Job) jobs.Result { <-ctx.Done(); return jobs.Done() },
		}})
		dying.Start(life)
		pass(7 * time.Second)
		lost.die()
		die()
		died := time.Now()
		type begin struct {
			key     string
			attempt int
		}
		var began []begin
		var first time.Time
		start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			if len(began) == 0 {
				first = time.Now()
			}
			began = append(began, begin{j.Key, j.Attempt})
			return jobs.Done()
		}, func(o *jobs.Options) { o.Owner = "heir" })
		pass(time.Minute)
		if want := []begin{{"0", 2}, {"1", 1}, {"2", 1}}; !slices.Equal(began, want) {
			t.Errorf("the heir began %v, want %v", began, want)
		}
		if late := first.Sub(died); late > 16*time.Second {
			t.Errorf("taken over %s after the death, want the lease of 15 s and a poll at most", late)
		}
		_ = dying.Stop(t.Context())
	})
}

// losable is a store whose process can lose it for ever, as one that has died
// has.
type losable struct {
	*memory
	slow time.Duration // after a claim was made, until it is known
	mu   sync.Mutex
	gone bool
}

func (l *losable) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = true
}

func (l *losable) lost() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone {
		return errDown
	}
	return nil
}

func (l *losable) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, until time.Time) ([]jobs.Job, error) {
	if err := l.lost(); err != nil {
		return nil, err
	}
	claimed, err := l.memory.Claim(ctx, kinds, n, owner, now, until)
	time.Sleep(l.slow)
	return claimed, err
}

func (l *losable) Next(ctx context.Context, kinds []jobs.Kind) (time.Time, error) {
	if err := l.lost(); err != nil {
		return time.Time{}, err
	}
	return l.memory.Next(ctx, kinds)
}

func (l *losable) write(f func() error) error {
	if err := l.lost(); err != nil {
		return err
	}
	return f()
}

func (l *losable) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	return l.write(func() error { return l.memory.Renew(ctx, j, until) })
}

func (l *losable) Finish(ctx context.Context, j jobs.Job) error {
	return l.write(func() error { return l.memory.Finish(ctx, j) })
}

func (l *losable) PutOff(ctx context.Context, j jobs.Job, at time.Time, note string) error {
	return l.write(func() error { return l.memory.PutOff(ctx, j, at, note) })
}

func (l *losable) Bury(ctx context.Context, j jobs.Job, note string) error {
	return l.write(func() error { return l.memory.Bury(ctx, j, note) })
}
