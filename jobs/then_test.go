package jobs_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

// endAndClaim is what the transaction of a handler does that returns Then.
func endAndClaim(m *memory, j jobs.Job) jobs.Result {
	ctx, now := context.Background(), time.Now()
	if err := m.Finish(ctx, j); err != nil {
		return jobs.Bury(err.Error())
	}
	next, err := m.Claim(ctx, []jobs.Kind{j.Kind}, 1, j.Owner, now, now.Add(15*time.Second))
	if err != nil {
		return jobs.Bury(err.Error())
	}
	if len(next) == 0 {
		return jobs.Then(jobs.Job{})
	}
	return jobs.Then(next[0])
}

func TestWhatWasClaimedWithTheEndOfAJobRunsInItsPlace(t *testing.T) {
	for _, way := range []string{"adopted", "claimed"} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				var mu sync.Mutex
				var keys []string
				running := 0
				note := func(change int, key ...string) {
					mu.Lock()
					defer mu.Unlock()
					if running += change; running > 1 {
						t.Error("two at once in one place")
					}
					keys = append(keys, key...)
				}
				r := start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
					note(1)
					time.Sleep(10 * time.Second)
					note(-1, j.Key)
					return endAndClaim(m, j)
				}, func(o *jobs.Options) {
					o.Poll, o.Limits, o.Workers = time.Hour, map[jobs.Kind]int{kind: 1}, 1
					o.Handlers["other"] = func(context.Context, jobs.Job) jobs.Result {
						note(0, "other")
						return jobs.Done()
					}
				})
				synctest.Wait()
				now := time.Now()
				if first := (jobs.Job{Kind: kind, Key: "a", Lane: "l", RunAt: now}); way == "adopted" {
					first.Owner, first.LeaseUntil = "me", now.Add(15*time.Second)
					r.Adopt(m.add(first))
				} else {
					m.add(first)
					r.Wake()
				}
				synctest.Wait()
				m.add(jobs.Job{Kind: kind, Key: "b", Lane: "l", RunAt: now})
				m.add(jobs.Job{Kind: kind, Key: "c", Lane: "k", RunAt: now})
				pass(15 * time.Second)
				// What follows takes no worker, of which there is one.
				m.add(jobs.Job{Kind: "other", RunAt: now})
				r.Wake()
				synctest.Wait()
				pass(15 * time.Second)
				mu.Lock()
				defer mu.Unlock()
				if want := []string{"a", "other", "b", "c"}; !slices.Equal(keys, want) {
					t.Errorf("ran %v, want %v", keys, want)
				}
				if m.toDo() != 0 || r.Places(kind) != 1 {
					t.Errorf("%d jobs are left, and %d places", m.toDo(), r.Places(kind))
				}
			})
		})
	}
}

func TestTheNextOfALaneThatWasNotClaimedWithTheEndIsLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var keys []string
		r := start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			keys = append(keys, j.Key)
			if err := m.Finish(context.Background(), j); err != nil {
				return jobs.Bury(err.Error())
			}
			// It came too late to be seen by this transaction.
			if j.Key == "a" {
				m.add(jobs.Job{Kind: kind, Key: "b", Lane: "l", RunAt: time.Now()})
			}
			return jobs.Then(jobs.Job{})
		}, func(o *jobs.Options) { o.Poll = time.Hour })
		m.add(jobs.Job{Kind: kind, Key: "a", Lane: "l", RunAt: time.Now()})
		r.Wake()
		synctest.Wait()
		if want := []string{"a", "b"}; !slices.Equal(keys, want) {
			t.Errorf("ran %v, want %v", keys, want)
		}
	})
}

func TestWhatCanNotBeRunInItsPlaceIsHandedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			time.Sleep(5 * time.Second)
			return endAndClaim(m, j)
		}, func(o *jobs.Options) { o.Poll = time.Hour })
		r.Adopt(adoptable(m, "a"))
		synctest.Wait()
		next := m.add(jobs.Job{Kind: kind, Key: "b", RunAt: time.Now()})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
		got, there := m.get(next.ID)
		if !there || got.Owner != "" || got.Runs() != 0 || !strings.Contains(got.note, "no room") {
			t.Errorf("left is %+v", got)
		}
	})
}
