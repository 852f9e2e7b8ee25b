package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

const (
	resend jobs.Kind = "resend"
	tell   jobs.Kind = "tell"
)

func addJob(t testing.TB, s *store.SQL, j jobs.Job) jobs.Job {
	t.Helper()
	inTx(t, s, func(tx vend.Tx) (err error) { j, err = tx.AddJob(j); return err })
	return j
}

// claim claims for owner at a time, for a minute.
func claim(t testing.TB, s *store.SQL, n int, owner string, at time.Time, kinds ...jobs.Kind) []jobs.Job {
	t.Helper()
	got, err := s.Claim(t.Context(), kinds, n, owner, at, at.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func keys(all []jobs.Job) []string {
	var k []string
	for _, j := range all {
		k = append(k, j.Key)
	}
	return k
}

func TestDueJobsAreClaimedOldestFirst(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addJob(t, s, jobs.Job{Kind: resend, Key: "third", RunAt: noon})
		addJob(t, s, jobs.Job{Kind: tell, Key: "first", Data: "words", RunAt: noon.Add(-time.Minute)})
		addJob(t, s, jobs.Job{Kind: resend, Key: "second", RunAt: noon.Add(-time.Second)})
		addJob(t, s, jobs.Job{Kind: resend, Key: "not due", RunAt: noon.Add(time.Millisecond)})
		addJob(t, s, jobs.Job{Kind: "other", Key: "not ours", RunAt: noon.Add(-time.Hour)})
		first := claim(t, s, 2, "a", noon, resend, tell)
		if diff := cmp.Diff([]jobs.Job{
			{Kind: tell, Key: "first", Data: "words", RunAt: noon.Add(-time.Minute), Attempt: 1, Owner: "a", LeaseUntil: noon.Add(time.Minute)},
			{Kind: resend, Key: "second", RunAt: noon.Add(-time.Second), Attempt: 1, Owner: "a", LeaseUntil: noon.Add(time.Minute)},
		}, first, cmpopts.IgnoreFields(jobs.Job{}, "ID")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"third"}, keys(claim(t, s, 9, "b", noon, resend, tell))); diff != "" {
			t.Error(diff)
		}
		if got := claim(t, s, 9, "b", noon, resend, tell); len(got) != 0 {
			t.Errorf("claimed twice: %v", got)
		}
		for _, none := range [][]jobs.Job{claim(t, s, 0, "b", noon.Add(time.Hour), resend), claim(t, s, 9, "b", noon.Add(time.Hour))} {
			if len(none) != 0 {
				t.Errorf("asked for none, got %v", none)
			}
		}
		if _, err := s.Claim(t.Context(), []jobs.Kind{resend}, 1, "", noon, noon); err == nil {
			t.Error("nobody may claim")
		}
	})
}

func TestAJobIsAddedOnceUntilItIsFinished(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		first := addJob(t, s, jobs.Job{Kind: resend, Key: "r1", Data: "one", RunAt: noon.Add(time.Microsecond)})
		if want := (jobs.Job{ID: first.ID, Kind: resend, Key: "r1", Data: "one", RunAt: noon}); first != want || first.ID == 0 {
			t.Errorf("got %+v", first)
		}
		again := addJob(t, s, jobs.Job{Kind: resend, Key: "r1", Data: "two", RunAt: noon.Add(time.Hour), Owner: "a", LeaseUntil: noon.Add(time.Hour)})
		if again != first {
			t.Errorf("got %+v, want the first one, %+v", again, first)
		}
		if other := addJob(t, s, jobs.Job{Kind: tell, Key: "r1", RunAt: noon.Add(time.Hour)}); other.ID == first.ID {
			t.Error("another kind met the first one")
		}
		got := claim(t, s, 9, "b", noon, resend, tell)
		if len(got) != 1 || got[0].Data != "one" {
			t.Fatalf("claimed %+v", got)
		}
		if held := addJob(t, s, jobs.Job{Kind: resend, Key: "r1"}); held != got[0] {
			t.Errorf("got %+v, want the one that is held", held)
		}
		if err := s.Finish(t.Context(), got[0]); err != nil {
			t.Fatal(err)
		}
		if fresh := addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon}); fresh.ID == first.ID || fresh.Attempt != 0 {
			t.Errorf("after the first was finished: %+v", fresh)
		}
	})
}

func TestAJobMayBeAddedAsClaimed(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		j := addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon, Owner: "a", LeaseUntil: noon.Add(time.Minute)})
		if j.Attempt != 1 || j.Owner != "a" || !j.LeaseUntil.Equal(noon.Add(time.Minute)) {
			t.Errorf("got %+v", j)
		}
		if got := claim(t, s, 1, "b", noon.Add(time.Minute-time.Millisecond), resend); len(got) != 0 {
			t.Errorf("claimed by another: %+v", got)
		}
		got := claim(t, s, 1, "b", noon.Add(time.Minute), resend)
		if len(got) != 1 || got[0].Attempt != 2 {
			t.Errorf("after its lease: %+v", got)
		}
		if err := s.Finish(t.Context(), j); !errors.Is(err, jobs.ErrLost) {
			t.Errorf("the first holder's fate was written: %v", err)
		}
		if err := s.Finish(t.Context(), got[0]); err != nil {
			t.Error(err)
		}
	})
}

func TestOnlyTheHolderWritesAJobsFate(t *testing.T) {
	later := noon.Add(time.Hour)
	for name, write := range map[string]func(*testing.T, *store.SQL, jobs.Job) error{
		"renew":   func(t *testing.T, s *store.SQL, j jobs.Job) error { return s.Renew(t.Context(), j, later) },
		"finish":  func(t *testing.T, s *store.SQL, j jobs.Job) error { return s.Finish(t.Context(), j) },
		"put off": func(t *testing.T, s *store.SQL, j jobs.Job) error { return s.PutOff(t.Context(), j, later, "") },
		"bury":    func(t *testing.T, s *store.SQL, j jobs.Job) error { return s.Bury(t.Context(), j, "") },
		"finish in a transaction": func(t *testing.T, s *store.SQL, j jobs.Job) error {
			return s.InTx(t.Context(), func(tx vend.Tx) error { return tx.FinishJob(j) })
		},
		"put off in a transaction": func(t *testing.T, s *store.SQL, j jobs.Job) error {
			return s.InTx(t.Context(), func(tx vend.Tx) error { return tx.PutOffJob(j, later, "") })
		},
		"bury in a transaction": func(t *testing.T, s *store.SQL, j jobs.Job) error {
			return s.InTx(t.Context(), func(tx vend.Tx) error { return tx.BuryJob(j, "") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				s := d.open(t)
				free := addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon})
				old := claim(t, s, 1, "a", noon, resend)[0]
				held := claim(t, s, 1, "a", noon.Add(time.Minute), resend)[0]
				for what, j := range map[string]jobs.Job{
					"never claimed":     free,
					"an earlier claim":  old,
					"another's":         {ID: held.ID, Owner: "b", Attempt: held.Attempt},
					"one that is not":   {ID: held.ID + 1, Owner: "a", Attempt: held.Attempt},
					"a claim to come":   {ID: held.ID, Owner: "a", Attempt: held.Attempt + 1},
					"nobody's by name":  {ID: held.ID, Attempt: held.Attempt},
					"nobody's and free": {ID: free.ID},
				} {
					if err := write(t, s, j); !errors.Is(err, jobs.ErrLost) {
						t.Errorf("%s: %v, want ErrLost", what, err)
					}
				}
				if err := write(t, s, held); err != nil {
					t.Errorf("the holder: %v", err)
				}
				if err := write(t, s, held); name != "renew" && !errors.Is(err, jobs.ErrLost) {
					t.Errorf("the holder again: %v, want ErrLost", err)
				}
			})
		})
	}
}

func TestAFateIsWhatItSays(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		later := noon.Add(time.Hour)
		next := func() time.Time {
			t.Helper()
			at, err := s.Next(t.Context(), []jobs.Kind{resend})
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		if at := next(); !at.IsZero() {
			t.Errorf("nothing to do, and the next is at %s", at)
		}
		addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon})
		addJob(t, s, jobs.Job{Kind: tell, Key: "r1", RunAt: noon.Add(-time.Hour)})
		if at := next(); !at.Equal(noon) {
			t.Errorf("next at %s", at)
		}
		j := claim(t, s, 1, "a", noon, resend)[0]
		if at := next(); !at.IsZero() {
			t.Errorf("the only one is held, and the next is at %s", at)
		}
		if err := s.Renew(t.Context(), j, noon.Add(10*time.Minute)); err != nil {
			t.Error(err)
		}
		if got := claim(t, s, 1, "b", noon.Add(9*time.Minute), resend); len(got) != 0 {
			t.Error("a renewed job was claimed")
		}
		if err := s.PutOff(t.Context(), j, later, "busy \x00\xff line"); err != nil {
			t.Error(err)
		}
		if at := next(); !at.Equal(later) {
			t.Errorf("put off: next at %s", at)
		}
		if got := claim(t, s, 1, "b", later.Add(-1), resend); len(got) != 0 {
			t.Error("claimed before it was due")
		}
		j = claim(t, s, 1, "b", later, resend)[0]
		if j.Attempt != 2 {
			t.Errorf("attempt %d", j.Attempt)
		}
		if err := s.Bury(t.Context(), j, "hopeless"); err != nil {
			t.Error(err)
		}
		if got := claim(t, s, 1, "b", later.Add(time.Hour), resend); len(got) != 0 || !next().IsZero() {
			t.Error("a dead job is still to be done")
		}
		dead := addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon, Owner: "a", LeaseUntil: later})
		if dead.ID != j.ID || dead.Owner != "" {
			t.Errorf("adding it again made %+v", dead)
		}
		var note string
		if err := d.raw(t).QueryRow("SELECT note FROM jobs WHERE dead = 1").Scan(&note); err != nil || note != "hopeless" {
			t.Errorf("note %q, %v", note, err)
		}
	})
}

func TestAJobOfATransactionThatFailedIsNotThere(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		oops := errors.New("oops")
		err := s.InTx(t.Context(), func(tx vend.Tx) error {
			if _, err := tx.AddJob(jobs.Job{Kind: resend, Key: "r1", RunAt: noon}); err != nil {
				return err
			}
			return oops
		})
		if !errors.Is(err, oops) {
			t.Error(err)
		}
		if got := claim(t, s, 1, "a", noon, resend); len(got) != 0 {
			t.Errorf("claimed %v", got)
		}
	})
}

func TestManyClaimingAtOnceShareTheJobsOut(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		const n = 60
		inTx(t, s, func(tx vend.Tx) error {
			for _, key := range refs("r", n) {
				if _, err := tx.AddJob(jobs.Job{Kind: resend, Key: key, RunAt: noon}); err != nil {
					return err
				}
			}
			return nil
		})
		var wg sync.WaitGroup
		var mu sync.Mutex
		times := map[string]int{}
		for _, owner := range refs("owner", 6) {
			wg.Go(func() {
				for {
					got, err := s.Claim(t.Context(), []jobs.Kind{resend}, 4, owner, noon, noon.Add(time.Minute))
					if err != nil {
						t.Error(err)
					}
					if len(got) > 4 {
						t.Errorf("asked for 4, got %d", len(got))
					}
					if len(got) == 0 {
						return
					}
					mu.Lock()
					for _, j := range got {
						times[j.Key]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		// A claim passes over what another is just taking: look once more.
		for _, j := range claim(t, s, n, "last", noon, resend) {
			times[j.Key]++
		}
		for key, k := range times {
			if k != 1 {
				t.Errorf("%s was claimed %d times", key, k)
			}
		}
		if len(times) != n {
			t.Errorf("%d jobs were claimed, want %d", len(times), n)
		}
	})
}

func TestStatsSayWhatIsUnderWay(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		empty, err := s.Stats(t.Context(), noon)
		if err != nil || len(empty.Orders)+len(empty.Jobs) != 0 {
			t.Errorf("of nothing: %+v, %v", empty, err)
		}
		inTx(t, s, func(tx vend.Tx) error {
			for i, state := range []vend.State{vend.StateSending, vend.StateUnknown, vend.StateUnknown, vend.StateDelivered, vend.StatePerson} {
				o := order(refs("r", 9)[i])
				o.State, o.UpdatedAt = state, noon.Add(-time.Duration(i)*time.Minute)
				if _, _, err := tx.AddOrder(o); err != nil {
					return err
				}
			}
			return nil
		})
		addJob(t, s, jobs.Job{Kind: resend, Key: "late", RunAt: noon.Add(-time.Minute)})
		addJob(t, s, jobs.Job{Kind: resend, Key: "later", RunAt: noon.Add(time.Minute)})
		addJob(t, s, jobs.Job{Kind: resend, Key: "held", RunAt: noon.Add(-time.Hour), Owner: "a", LeaseUntil: noon.Add(time.Millisecond)})
		addJob(t, s, jobs.Job{Kind: resend, Key: "given up", RunAt: noon.Add(-30 * time.Second), Owner: "a", LeaseUntil: noon})
		addJob(t, s, jobs.Job{Kind: tell, Key: "later", RunAt: noon.Add(time.Minute)})
		dead := addJob(t, s, jobs.Job{Kind: tell, Key: "dead", RunAt: noon.Add(-time.Hour), Owner: "a", LeaseUntil: noon.Add(time.Hour)})
		if err := s.Bury(t.Context(), dead, ""); err != nil {
			t.Fatal(err)
		}
		got, err := s.Stats(t.Context(), noon)
		if err != nil {
			t.Fatal(err)
		}
		want := store.Stats{
			Orders: []store.OrderStats{
				{State: vend.StatePerson, Count: 1, Oldest: 4 * time.Minute},
				{State: vend.StateSending, Count: 1},
				{State: vend.StateUnknown, Count: 2, Oldest: 2 * time.Minute},
			},
			Jobs: []store.JobStats{
				{Kind: resend, Waiting: 3, Held: 1, Lag: time.Minute},
				{Kind: tell, Waiting: 1, Dead: 1},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
