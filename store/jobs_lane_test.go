package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

func TestOfALaneOnlyTheFirstCanBeClaimed(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		// Added in this order; a2 has been due for longer than a1.
		for _, key := range []string{"a1", "a2", "a3", "b1", "b2", "c1", "c2"} {
			j := jobs.Job{Kind: resend, Key: key, Lane: key[:1], RunAt: noon, Until: noon.Add(time.Hour)}
			if key == "a2" {
				j.RunAt = noon.Add(-time.Hour)
			}
			if key[0] == 'c' {
				j.Lane = ""
			}
			addJob(t, s, j)
		}
		first := claim(t, s, 9, "x", noon, resend)
		if diff := cmp.Diff([]string{"a1", "b1", "c1", "c2"}, keys(first)); diff != "" {
			t.Fatal(diff)
		}
		if a1 := first[0]; a1.Lane != "a" || !a1.Until.Equal(noon.Add(time.Hour)) || a1.Runs() != 1 {
			t.Errorf("got %+v", a1)
		}
		if at, err := s.Next(t.Context(), []jobs.Kind{resend}); err != nil || !at.IsZero() {
			t.Errorf("next at %s, %v; all that are not held have to wait", at, err)
		}
		if got := claim(t, s, 9, "y", noon, resend); len(got) != 0 {
			t.Errorf("claimed %v", keys(got))
		}
		// One that is put off keeps its place, and so does one whose lease ends.
		if err := s.PutOff(t.Context(), first[0], noon.Add(time.Minute), ""); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, s, 9, "y", noon, resend); len(got) != 0 {
			t.Errorf("claimed %v", keys(got))
		}
		again := claim(t, s, 9, "y", noon.Add(time.Minute), resend)
		if diff := cmp.Diff([]string{"b1", "c1", "c2", "a1"}, keys(again)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALaneMovesOnByWhateverWayItsFirstGoes(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(*testing.T, database, *store.SQL, jobs.Job) error{
		"finished": func(_ *testing.T, _ database, s *store.SQL, j jobs.Job) error { return s.Finish(ctx, j) },
		"buried":   func(_ *testing.T, _ database, s *store.SQL, j jobs.Job) error { return s.Bury(ctx, j, "") },
		"finished in a transaction": func(_ *testing.T, _ database, s *store.SQL, j jobs.Job) error {
			return s.InTx(ctx, func(tx vend.Tx) error { return tx.FinishJob(j) })
		},
		"buried in a transaction": func(_ *testing.T, _ database, s *store.SQL, j jobs.Job) error {
			return s.InTx(ctx, func(tx vend.Tx) error { return tx.BuryJob(j, "") })
		},
		"deleted behind the store's back": func(t *testing.T, d database, _ *store.SQL, j jobs.Job) error {
			_, err := d.raw(t).Exec(fmt.Sprintf("DELETE FROM jobs WHERE id = %d", j.ID))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				s := d.open(t)
				for _, key := range []string{"a1", "a2", "a3"} {
					addJob(t, s, jobs.Job{Kind: resend, Key: key, Lane: "a", RunAt: noon})
				}
				for _, want := range []string{"a1", "a2", "a3"} {
					got := claim(t, s, 9, "x", noon, resend)
					if diff := cmp.Diff([]string{want}, keys(got)); diff != "" {
						t.Fatal(diff)
					}
					if err := end(t, d, s, got[0]); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}

func TestAJobIsAddedAsClaimedOnlyWhereItIsTheFirstOfItsLane(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		add := func(tx vend.Tx, key string, wantHeld bool) jobs.Job {
			t.Helper()
			j, err := tx.AddJob(jobs.Job{Kind: resend, Key: key, Lane: "a", RunAt: noon, Owner: "x", LeaseUntil: noon.Add(time.Minute)})
			if err != nil {
				t.Fatal(err)
			}
			want := jobs.Job{ID: j.ID, Kind: resend, Key: key, Lane: "a", RunAt: noon}
			if wantHeld {
				want.Owner, want.LeaseUntil, want.Attempt = "x", noon.Add(time.Minute), 1
			}
			if diff := cmp.Diff(want, j); diff != "" {
				t.Error(diff)
			}
			return j
		}
		var first, third jobs.Job
		inTx(t, s, func(tx vend.Tx) error {
			first = add(tx, "1", true)
			add(tx, "2", false)
			return nil
		})
		inTx(t, s, func(tx vend.Tx) error {
			if err := tx.FinishJob(first); err != nil {
				return err
			}
			third = add(tx, "3", false)
			return nil
		})
		second := claim(t, s, 9, "x", noon, resend)[0]
		if err := s.Bury(t.Context(), second, ""); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, s, 9, "x", noon, resend); len(got) != 1 || got[0].ID != third.ID {
			t.Fatalf("claimed %v", keys(got))
		} else if err := s.Finish(t.Context(), got[0]); err != nil {
			t.Fatal(err)
		}
		// A buried one does not count.
		inTx(t, s, func(tx vend.Tx) error { add(tx, "4", true); return nil })
	})
}

func TestATransactionThatFailsLeavesALaneAsItWas(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		for _, key := range []string{"1", "2"} {
			addJob(t, s, jobs.Job{Kind: resend, Key: key, Lane: "a", RunAt: noon})
		}
		first := claim(t, s, 9, "x", noon, resend)[0]
		_ = s.InTx(t.Context(), func(tx vend.Tx) error {
			if err := tx.FinishJob(first); err != nil {
				t.Error(err)
			}
			return context.Canceled
		})
		if got := claim(t, s, 9, "y", noon, resend); len(got) != 0 {
			t.Errorf("claimed %v", keys(got))
		}
		if err := s.Finish(t.Context(), first); err != nil {
			t.Error(err)
		}
	})
}

func TestTheDatabaseLetsNobodyHoldAJobThatHasToWait(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addJob(t, s, jobs.Job{Kind: resend, Key: "1", Lane: "a", RunAt: noon})
		second := addJob(t, s, jobs.Job{Kind: resend, Key: "2", Lane: "a", RunAt: noon})
		for _, set := range []string{"owner = 'x'", "behind = 0"} {
			if _, err := d.raw(t).Exec(fmt.Sprintf("UPDATE jobs SET %s WHERE id = %d", set, second.ID)); err == nil {
				t.Errorf("%s was taken", set)
			}
		}
	})
}

// laneWatch notes what is done in lanes, and what must not be.
type laneWatch struct {
	mu      sync.Mutex
	clock   int
	begins  map[string]int // when its adding began
	added   map[string]int // when that was known to be over
	over    map[string]bool
	running map[string]string // by lane
	wrongs  []string
}

func newLaneWatch() *laneWatch {
	return &laneWatch{begins: map[string]int{}, added: map[string]int{}, over: map[string]bool{}, running: map[string]string{}}
}

func (w *laneWatch) tick() int { w.clock++; return w.clock }

func (w *laneWatch) adding(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begins[key] = w.tick()
}

func (w *laneWatch) hasAdded(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.added[key] = w.tick()
}

// begin is called when a job is claimed. Keys begin with their lane.
func (w *laneWatch) begin(j jobs.Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over[j.Key] {
		w.wrongs = append(w.wrongs, j.Key+" is done again")
	}
	if j.Lane == "" {
		return
	}
	if other := w.running[j.Lane]; other != "" {
		w.wrongs = append(w.wrongs, j.Key+" is claimed beside "+other)
	}
	w.running[j.Lane] = j.Key
	for earlier, at := range w.added {
		if earlier[:1] == j.Lane && at < w.begins[j.Key] && !w.over[earlier] {
			w.wrongs = append(w.wrongs, j.Key+" is claimed before "+earlier)
		}
	}
}

// end is called before a job's fate is written.
func (w *laneWatch) end(j jobs.Job, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, j.Lane)
	if over {
		w.over[j.Key] = true
	}
}

func (w *laneWatch) done() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.over)
}

func TestManyReplicasAtOnceKeepEveryLane(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		replicas := []*store.SQL{d.open(t), d.open(t)}
		const adders, each, workers = 3, 20, 4
		watch := newLaneWatch()
		stuck := time.Now().Add(30 * time.Second)
		fate := func(s *store.SQL, j jobs.Job) {
			var single, inTx func() error
			dice := rand.IntN(10)
			watch.end(j, dice < 8)
			switch {
			case dice < 6:
				single = func() error { return s.Finish(t.Context(), j) }
				inTx = func() error { return s.InTx(t.Context(), func(tx vend.Tx) error { return tx.FinishJob(j) }) }
			case dice < 8:
				single = func() error { return s.Bury(t.Context(), j, "") }
				inTx = func() error { return s.InTx(t.Context(), func(tx vend.Tx) error { return tx.BuryJob(j, "") }) }
			default:
				single = func() error { return s.PutOff(t.Context(), j, noon, "") }
				inTx = func() error { return s.InTx(t.Context(), func(tx vend.Tx) error { return tx.PutOffJob(j, noon, "") }) }
			}
			if rand.IntN(2) == 0 {
				single = inTx
			}
			if err := single(); err != nil {
				t.Errorf("%s: %v", j.Key, err)
			}
		}
		var wg sync.WaitGroup
		for a := range adders {
			s, owner := replicas[a%2], fmt.Sprint("adder-", a)
			wg.Go(func() {
				for i := range each {
					lane := []string{"a", "a", "b", "-"}[i%4]
					j := jobs.Job{Kind: resend, Key: fmt.Sprintf("%s-%d-%d", lane, a, i), RunAt: noon}
					if lane != "-" {
						j.Lane = lane
					}
					if i%2 == 0 {
						j.Owner, j.LeaseUntil = owner, noon.Add(time.Hour)
					}
					watch.adding(j.Key)
					err := s.InTx(t.Context(), func(tx vend.Tx) (err error) { j, err = tx.AddJob(j); return err })
					if err != nil {
						t.Error(err)
						return
					}
					if j.Owner == owner {
						watch.begin(j)
					}
					watch.hasAdded(j.Key)
					if j.Owner == owner {
						fate(s, j)
					}
				}
			})
		}
		for i := range workers {
			s, owner := replicas[i%2], fmt.Sprint("worker-", i)
			wg.Go(func() {
				for watch.done() < adders*each && !t.Failed() && time.Now().Before(stuck) {
					got, err := s.Claim(t.Context(), []jobs.Kind{resend, tell}, 3, owner, noon, noon.Add(time.Hour))
					if err != nil {
						t.Error(err)
						return
					}
					for _, j := range got {
						watch.begin(j)
					}
					for _, j := range got {
						fate(s, j)
					}
				}
			})
		}
		wg.Wait()
		for _, wrong := range watch.wrongs {
			t.Error(wrong)
		}
		if left, err := replicas[0].ListJobs(t.Context(), store.JobFilter{}); err != nil || len(left) != 0 {
			t.Errorf("left over: %+v, %v", left, err)
		}
	})
}
