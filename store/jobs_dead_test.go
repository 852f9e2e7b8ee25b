package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spaza/jobs"
	"spaza/store"
)

// bury adds a job and buries it at a time.
func bury(t testing.TB, s *store.SQL, j jobs.Job, at time.Time) jobs.Job {
	t.Helper()
	j.Owner, j.LeaseUntil = "undertaker", noon.Add(time.Minute)
	j = addJob(t, s, j)
	j.DiedAt = at
	if err := s.Bury(t.Context(), j, "hopeless"); err != nil {
		t.Fatal(err)
	}
	return j
}

func list(t testing.TB, s *store.SQL, f store.JobFilter) []store.JobRow {
	t.Helper()
	rows, err := s.ListJobs(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func rowKeys(rows []store.JobRow) []string {
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.Key)
	}
	return keys
}

func TestSupportSeesEveryJobWithAllThatIsKnownOfIt(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addJob(t, s, jobs.Job{Kind: resend, Key: "first", Data: "words", Lane: "a", RunAt: noon, Until: noon.Add(time.Hour)})
		addJob(t, s, jobs.Job{Kind: resend, Key: "second", Lane: "a", RunAt: noon})
		j := claim(t, s, 9, "x", noon, resend)[0]
		j.Unrun++
		if err := s.PutOff(t.Context(), j, noon.Add(time.Minute), "busy"); err != nil {
			t.Fatal(err)
		}
		bury(t, s, jobs.Job{Kind: tell, Key: "dead", RunAt: noon}, noon.Add(time.Second))
		ignored := cmpopts.IgnoreFields(jobs.Job{}, "ID")
		if diff := cmp.Diff([]store.JobRow{
			{
				Job: jobs.Job{
					Kind: resend, Key: "first", Data: "words", Lane: "a", RunAt: noon.Add(time.Minute), Until: noon.Add(time.Hour),
					Attempt: 1, Unrun: 1,
				},
				FirstRunAt: noon, Note: "busy",
			},
			{Job: jobs.Job{Kind: resend, Key: "second", Lane: "a", RunAt: noon}, FirstRunAt: noon, Behind: true},
		}, list(t, s, store.JobFilter{}), ignored); diff != "" {
			t.Error(diff)
		}
		dead := []store.JobRow{{
			Job:        jobs.Job{Kind: tell, Key: "dead", RunAt: noon, Attempt: 1, DiedAt: noon.Add(time.Second)},
			FirstRunAt: noon, Note: "hopeless",
		}}
		if diff := cmp.Diff(dead, list(t, s, store.JobFilter{Dead: true}), ignored); diff != "" {
			t.Error(diff)
		}
		// Adding it again tells that it is dead.
		if got := addJob(t, s, jobs.Job{Kind: tell, Key: "dead", RunAt: noon}); !got.DiedAt.Equal(noon.Add(time.Second)) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestJobsAreListedAsTheFilterSays(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		for _, key := range []string{"1", "2", "3"} {
			addJob(t, s, jobs.Job{Kind: resend, Key: key, Lane: "lane " + key, RunAt: noon})
			addJob(t, s, jobs.Job{Kind: tell, Key: key, RunAt: noon})
			bury(t, s, jobs.Job{Kind: "other", Key: key, RunAt: noon}, noon)
		}
		all := list(t, s, store.JobFilter{})
		for name, c := range map[string]struct {
			filter store.JobFilter
			want   []string
		}{
			"all that are to be done": {store.JobFilter{}, []string{"1", "1", "2", "2", "3", "3"}},
			"the buried ones":         {store.JobFilter{Dead: true}, []string{"1", "2", "3"}},
			"of kinds":                {store.JobFilter{Kinds: []jobs.Kind{tell, "other"}}, []string{"1", "2", "3"}},
			"of a key":                {store.JobFilter{Key: "2"}, []string{"2", "2"}},
			"of a lane":               {store.JobFilter{Lane: "lane 2"}, []string{"2"}},
			"some":                    {store.JobFilter{Limit: 3}, []string{"1", "1", "2"}},
			"some more":               {store.JobFilter{Limit: 2, After: all[2].ID}, []string{"2", "3"}},
			"none":                    {store.JobFilter{Kinds: []jobs.Kind{tell}, Key: "9"}, nil},
		} {
			if diff := cmp.Diff(c.want, rowKeys(list(t, s, c.filter))); diff != "" {
				t.Errorf("%s:\n%s", name, diff)
			}
		}
	})
}

func TestABuriedJobIsGivenAnotherTryOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		later := noon.Add(24 * time.Hour)
		j := bury(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon, Until: noon.Add(time.Hour)}, noon)
		var wg sync.WaitGroup
		var tried, missed atomic.Int32
		for range 4 {
			wg.Go(func() {
				switch err := s.RetryJob(t.Context(), j.ID, later); {
				case err == nil:
					tried.Add(1)
				case errors.Is(err, jobs.ErrNoJob):
					missed.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if tried.Load() != 1 || missed.Load() != 3 {
			t.Errorf("%d retried, %d were told that another had", tried.Load(), missed.Load())
		}
		want := jobs.Job{
			ID: j.ID, Kind: resend, Key: "r1", RunAt: later, Until: later.Add(time.Hour), Attempt: 2,
			Owner: "x", LeaseUntil: later.Add(time.Minute),
		}
		if diff := cmp.Diff([]jobs.Job{want}, claim(t, s, 9, "x", later, resend)); diff != "" {
			t.Error(diff)
		}
		if err := s.RetryJob(t.Context(), j.ID+1, later); !errors.Is(err, jobs.ErrNoJob) {
			t.Errorf("one that is not: %v", err)
		}
	})
}

func TestABuriedJobThatIsTriedAgainTakesItsOldPlaceInItsLane(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		dead := bury(t, s, jobs.Job{Kind: resend, Key: "dead", Lane: "a", RunAt: noon}, noon)
		for _, key := range []string{"first", "second"} {
			addJob(t, s, jobs.Job{Kind: resend, Key: key, Lane: "a", RunAt: noon})
		}
		held := claim(t, s, 9, "x", noon, resend)
		if err := s.RetryJob(t.Context(), dead.ID, noon); err != nil {
			t.Fatal(err)
		}
		var order []string
		for len(held) > 0 {
			order = append(order, keys(held)...)
			if err := s.Finish(t.Context(), held[0]); err != nil {
				t.Fatal(err)
			}
			held = claim(t, s, 9, "x", noon, resend)
		}
		if diff := cmp.Diff([]string{"first", "dead", "second"}, order); diff != "" {
			t.Error(diff)
		}
		// And moves to the front of one that is empty.
		dead = bury(t, s, jobs.Job{Kind: resend, Key: "alone", Lane: "a", RunAt: noon}, noon)
		if err := s.RetryJob(t.Context(), dead.ID, noon); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, s, 9, "x", noon, resend); len(got) != 1 {
			t.Errorf("claimed %v", keys(got))
		}
	})
}

func TestABuriedJobIsDroppedOnlyIfItsKindIsGiven(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		alive := addJob(t, s, jobs.Job{Kind: tell, Key: "alive", RunAt: noon})
		dead := bury(t, s, jobs.Job{Kind: "order", Key: "dead", RunAt: noon}, noon)
		for name, c := range map[string]struct {
			id    int64
			kinds []jobs.Kind
		}{
			"of another kind": {dead.ID, []jobs.Kind{tell, resend}},
			"of no kind":      {dead.ID, nil},
			"that is alive":   {alive.ID, []jobs.Kind{tell}},
			"that is not":     {dead.ID + 1, []jobs.Kind{"order"}},
		} {
			if err := s.DropJob(t.Context(), c.id, c.kinds); !errors.Is(err, jobs.ErrNoJob) {
				t.Errorf("one %s: %v", name, err)
			}
		}
		for i, want := range []error{nil, jobs.ErrNoJob} {
			if err := s.DropJob(t.Context(), dead.ID, []jobs.Kind{tell, "order"}); !errors.Is(err, want) {
				t.Errorf("drop %d: %v", i, err)
			}
		}
		if diff := cmp.Diff([]string{"alive"}, rowKeys(list(t, s, store.JobFilter{}))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestThePurgeTakesTheOldestOfTheKindsItIsGivenAndNothingElse(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addJob(t, s, jobs.Job{Kind: tell, Key: "alive", RunAt: noon.Add(-time.Hour)})
		for i, key := range []string{"t3", "t1", "t2", "t4"} {
			bury(t, s, jobs.Job{Kind: tell, Key: key, Lane: "a", RunAt: noon}, noon.Add(time.Duration([]int{3, 1, 2, 4}[i])*time.Minute))
		}
		bury(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon}, noon)
		bury(t, s, jobs.Job{Kind: "order", Key: "o1", RunAt: noon}, noon)
		dead := func() []string { return rowKeys(list(t, s, store.JobFilter{Dead: true})) }
		for _, c := range []struct {
			kinds []jobs.Kind
			limit int
			n     int
			left  []string
		}{
			{nil, 10, 0, []string{"t3", "t1", "t2", "t4", "r1", "o1"}},
			{[]jobs.Kind{tell, resend}, 0, 0, []string{"t3", "t1", "t2", "t4", "r1", "o1"}},
			{[]jobs.Kind{tell, resend}, 2, 2, []string{"t3", "t4", "r1", "o1"}},
			{[]jobs.Kind{tell, resend}, 10, 2, []string{"t4", "o1"}}, // t4 died at the very time
			{[]jobs.Kind{tell, resend}, 10, 0, []string{"t4", "o1"}},
			{[]jobs.Kind{"order"}, 10, 1, []string{"t4"}},
		} {
			n, err := s.PurgeDead(t.Context(), c.kinds, noon.Add(4*time.Minute), c.limit)
			if err != nil || n != c.n {
				t.Errorf("%v, %d: %d, %v; want %d", c.kinds, c.limit, n, err, c.n)
			}
			if diff := cmp.Diff(c.left, dead()); diff != "" {
				t.Errorf("%v, %d:\n%s", c.kinds, c.limit, diff)
			}
		}
		if diff := cmp.Diff([]string{"alive"}, rowKeys(list(t, s, store.JobFilter{}))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAJobThatIsBuriedWithoutATimeDiedAtTheEndOfItsLease(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		bury(t, s, jobs.Job{Kind: tell, Key: "1", RunAt: noon}, time.Time{})
		if got := list(t, s, store.JobFilter{Dead: true})[0].DiedAt; !got.Equal(noon.Add(time.Minute)) {
			t.Errorf("died at %s", got)
		}
	})
}
