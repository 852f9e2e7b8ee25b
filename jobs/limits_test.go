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

const (
	order  jobs.Kind = "order"
	notice jobs.Kind = "notice"
)

// gauge counts what runs, and keeps it from ending until it is told to.
type gauge struct {
	mu         sync.Mutex
	now, most  map[jobs.Kind]int
	begun      []string
	mayEnd     chan struct{} // one element lets one end; closed: all
	beginTimes map[string]time.Time
}

func newGauge() *gauge {
	return &gauge{now: map[jobs.Kind]int{}, most: map[jobs.Kind]int{}, mayEnd: make(chan struct{}, 100), beginTimes: map[string]time.Time{}}
}

func (g *gauge) handler(_ context.Context, j jobs.Job) jobs.Result {
	g.mu.Lock()
	g.now[j.Kind]++
	g.most[j.Kind] = max(g.most[j.Kind], g.now[j.Kind])
	g.begun = append(g.begun, j.Key)
	g.beginTimes[j.Key] = time.Now()
	g.mu.Unlock()
	<-g.mayEnd
	g.mu.Lock()
	g.now[j.Kind]--
	g.mu.Unlock()
	return jobs.Done()
}

// begins is the keys of what was begun since the last call, sorted.
func (g *gauge) begins() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.begun
	g.begun = nil
	slices.Sort(b)
	return b
}

// limited runs a runner of both kinds that looks for jobs only when woken.
func (g *gauge) limited(t *testing.T, m jobs.Store, workers int, limits map[jobs.Kind]int) *jobs.Runner {
	return start(t, m, nil, func(o *jobs.Options) {
		o.Handlers = map[jobs.Kind]jobs.Handler{order: g.handler, notice: g.handler}
		o.Workers, o.Limits, o.Poll = workers, limits, time.Hour
	})
}

func ofKind(m *memory, k jobs.Kind, key string) jobs.Job {
	return m.add(jobs.Job{Kind: k, Key: key, RunAt: time.Now(), Owner: "me", LeaseUntil: time.Now().Add(15 * time.Second)})
}

func TestNoMoreOfAKindRunThanItsLimitAdoptedOnesIncluded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMemory(), newGauge()
		for i := range 9 {
			m.add(jobs.Job{Kind: notice, Key: fmt.Sprint("n", i), RunAt: time.Now()})
		}
		r := g.limited(t, m, 8, map[jobs.Kind]int{notice: 3, order: 2})
		synctest.Wait()
		if got := g.begins(); !slices.Equal(got, []string{"n0", "n1", "n2"}) {
			t.Errorf("begun: %v", got)
		}
		if r.Takes(notice) || r.Adopt(ofKind(m, notice, "adopted")) {
			t.Error("a fourth was adopted")
		}
		for _, key := range []string{"o0", "o1"} {
			if !r.Takes(order) || !r.Adopt(ofKind(m, order, key)) {
				t.Errorf("%s was not adopted", key)
			}
		}
		if r.Takes(order) || r.Adopt(ofKind(m, order, "o2")) {
			t.Error("a third was adopted")
		}
		if r.Takes("unheard of") {
			t.Error("takes a kind without a handler")
		}
		for range 12 {
			g.mayEnd <- struct{}{}
			synctest.Wait()
		}
		if g.most[notice] != 3 || g.most[order] != 2 {
			t.Errorf("ran at once: %v", g.most)
		}
		// All within the moment, though the poll is an hour.
		close(g.mayEnd)
		synctest.Wait()
		if len(m.rows) != 0 {
			t.Errorf("%d jobs are left", len(m.rows))
		}
	})
}

func TestNothingIsClaimedThatMayNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMemory(), newGauge()
		for i := range 20 {
			m.add(jobs.Job{Kind: []jobs.Kind{notice, order}[i%2], Key: fmt.Sprint(i), RunAt: time.Now().Add(time.Duration(i))})
		}
		g.limited(t, m, 8, map[jobs.Kind]int{notice: 1, order: 3})
		pass(time.Nanosecond * 30)
		for range 20 {
			held := map[jobs.Kind]int{}
			for _, r := range m.rows {
				if r.Owner != "" {
					held[r.Kind]++
				}
			}
			g.mu.Lock()
			for k, n := range held {
				if n > g.now[k] {
					t.Errorf("%d of kind %s are held, and %d run", n, k, g.now[k])
				}
			}
			g.mu.Unlock()
			g.mayEnd <- struct{}{}
			synctest.Wait()
		}
		if len(m.rows) != 0 {
			t.Errorf("%d jobs are left", len(m.rows))
		}
	})
}

func TestAFullKindDoesNotKeepTheOthersWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMemory(), newGauge()
		for i := range 50 {
			m.add(jobs.Job{Kind: notice, Key: fmt.Sprint("n", i), RunAt: time.Now().Add(-time.Hour)})
		}
		r := g.limited(t, m, 4, map[jobs.Kind]int{notice: 2})
		synctest.Wait()
		g.begins()
		m.add(jobs.Job{Kind: order, Key: "o1", RunAt: time.Now()})
		r.Wake()
		synctest.Wait()
		if got := g.begins(); !slices.Equal(got, []string{"o1"}) {
			t.Errorf("begun: %v", got)
		}
		// Nor does what cannot be claimed keep the runner looking.
		m.claimSizes(true)
		pass(time.Minute)
		if n := m.claimSizes(false); len(n) != 0 {
			t.Errorf("looked %d times", len(n))
		}
		close(g.mayEnd)
		synctest.Wait()
	})
}

func TestOfAdoptedJobsThatWaitForAClaimTheFirstOnesGetWhatItLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := newMemory(), newGauge()
		m.hang = make(chan struct{})
		m.add(jobs.Job{Kind: notice, Key: "older", RunAt: time.Now()})
		r := g.limited(t, m, 9, map[jobs.Kind]int{notice: 3})
		synctest.Wait()
		for _, key := range []string{"a", "b", "c"} {
			if !r.Adopt(ofKind(m, notice, key)) {
				t.Errorf("%s was not adopted", key)
			}
		}
		close(m.hang)
		synctest.Wait()
		if got := g.begins(); !slices.Equal(got, []string{"a", "b", "older"}) {
			t.Errorf("begun: %v", got)
		}
		close(g.mayEnd)
		synctest.Wait()
		if len(m.rows) != 0 {
			t.Errorf("%d jobs are left", len(m.rows))
		}
	})
}

func TestAnAdoptedJobWaitsForAClaimThatMayFillItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		older   bool // a job of its kind that is due before it
		stopped bool
		begun   []string
	}{
		"and runs when the claim brings none":          {begun: []string{"adopted"}},
		"and is handed back when the claim fills it":   {older: true, begun: []string{"older"}},
		"and is handed back when the runner is closed": {stopped: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, g := newMemory(), newGauge()
				m.hang, m.hangEmpty = make(chan struct{}), true
				if c.older {
					m.add(jobs.Job{Kind: notice, Key: "older", RunAt: time.Now()})
				}
				r := g.limited(t, m, 1, map[jobs.Kind]int{notice: 1})
				synctest.Wait()
				j := ofKind(m, notice, "adopted")
				if !r.Takes(notice) || !r.Adopt(j) {
					t.Error("not adopted")
				}
				if !r.Adopt(j) {
					t.Error("not adopted, as it was already")
				}
				if r.Takes(notice) {
					t.Error("takes one more")
				}
				synctest.Wait()
				if got := g.begins(); len(got) != 0 {
					t.Errorf("begun during the claim: %v", got)
				}
				stopped := make(chan error, 1)
				if c.stopped {
					go func() { stopped <- r.Stop(t.Context()) }()
					synctest.Wait()
				}
				close(m.hang)
				synctest.Wait()
				if got := g.begins(); !slices.Equal(got, c.begun) {
					t.Errorf("begun: %v, want %v", got, c.begun)
				}
				got, _ := m.get(j.ID)
				if back := got.Owner == "" && got.Unrun == 1 && got.note != ""; back == slices.Contains(c.begun, "adopted") {
					t.Errorf("the adopted one: %+v", got)
				}
				close(g.mayEnd)
				synctest.Wait()
				if c.stopped {
					if err := <-stopped; err != nil {
						t.Error(err)
					}
				} else if len(m.rows) != 0 {
					t.Errorf("%d jobs are left", len(m.rows))
				}
			})
		})
	}
}
