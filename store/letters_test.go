package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/intake"
	"spaza/jobs"
	"spaza/store"
)

// letter is one of a sender as intake hands it over. Its key begins with the
// sender.
func letter(key string) intake.Kept {
	sender, _, _ := strings.Cut(key, "-")
	return intake.Kept{Key: key, At: noon, Body: []byte("sealed " + key), Job: jobs.Job{
		Kind: intake.JobChat, Key: key, Lane: "chat/" + sender, RunAt: noon, Until: noon.Add(10 * time.Minute),
	}}
}

// batch is letters that are claimed for me as far as there is room.
func batch(room int, keys ...string) intake.Batch {
	b := intake.Batch{Owner: "me", LeaseUntil: noon.Add(15 * time.Second), Room: room, Waiting: 50}
	for _, k := range keys {
		b.Letters = append(b.Letters, letter(k))
	}
	return b
}

func addLetters(t testing.TB, s *store.SQL, b intake.Batch) intake.Added {
	t.Helper()
	added, err := s.AddLetters(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// held says of the jobs which are claimed.
func held(list []jobs.Job) []string {
	var all []string
	for _, j := range list {
		if j.Owner != "" {
			all = append(all, j.Key)
		}
	}
	return all
}

// done ends jobs of one owner, at a time at which none is due.
func done(s *store.SQL, all ...jobs.Job) error {
	_, err := s.DoneLetters(context.Background(), intake.Ended{Jobs: all, Owner: all[0].Owner})
	return err
}

func TestLettersAreAddedWithTheirJobsOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		for _, c := range []struct {
			name        string
			batch       intake.Batch
			added, held []string
		}{
			{"nothing", batch(9), nil, nil},
			{"the first of each lane is claimed", batch(9, "b-1", "a-1", "a-2"), []string{"b-1", "a-1", "a-2"}, []string{"b-1", "a-1"}},
			{"what is known changes nothing", batch(9, "a-2", "b-1", "a-1"), nil, nil},
			{"known and new, and a lane that is taken", batch(9, "a-1", "a-3", "c-1"), []string{"a-3", "c-1"}, []string{"c-1"}},
			{"as far as there is room", batch(1, "d-1", "e-1", "d-2"), []string{"d-1", "e-1", "d-2"}, []string{"d-1"}},
			{"with none", batch(0, "f-1"), []string{"f-1"}, nil},
		} {
			got := addLetters(t, s, c.batch)
			if diff := cmp.Diff(c.added, keys(got.Jobs)); diff != "" || len(got.Dropped) != 0 {
				t.Errorf("%s: dropped %v, added %s", c.name, got.Dropped, diff)
			}
			if diff := cmp.Diff(c.held, held(got.Jobs)); diff != "" {
				t.Errorf("%s: claimed %s", c.name, diff)
			}
			for _, j := range got.Jobs {
				want := letter(j.Key).Job
				want.ID = j.ID
				if j.Owner != "" {
					want.Owner, want.LeaseUntil, want.Attempt = "me", noon.Add(15*time.Second), 1
				}
				stored, err := s.ListJobs(t.Context(), store.JobFilter{Key: j.Key})
				if err != nil || len(stored) != 1 {
					t.Fatal(stored, err)
				}
				if diff := cmp.Diff([]jobs.Job{want, want}, []jobs.Job{j, stored[0].Job}); diff != "" {
					t.Errorf("%s: %s", c.name, diff)
				}
			}
		}
		got, err := s.Letter(t.Context(), "a-3")
		want := letter("a-3")
		want.Job = jobs.Job{}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if _, err := s.Letter(t.Context(), "nobody's"); !errors.Is(err, intake.ErrNoLetter) {
			t.Errorf("got %v", err)
		}
	})
}

func TestManyLettersKeepTheOrderOfEachSender(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		want, next := map[string][]string{}, map[string]int{}
		for _, size := range []int{1, 3, 64, 65, 256} {
			var in []string
			for range size {
				who := fmt.Sprintf("s%d", rand.IntN(20))
				next[who]++
				in = append(in, fmt.Sprintf("%s-%d", who, next[who]))
				want["chat/"+who] = append(want["chat/"+who], in[len(in)-1])
			}
			if got := addLetters(t, s, batch(0, in...)); !slices.Equal(keys(got.Jobs), in) {
				t.Fatalf("of %d letters %d were added, dropped %v", size, len(got.Jobs), got.Dropped)
			}
		}
		got := map[string][]string{}
		for {
			due := claim(t, s, 100, "you", noon, intake.JobChat)
			if len(due) == 0 {
				break
			}
			for _, j := range due {
				got[j.Lane] = append(got[j.Lane], j.Key)
				if err := done(s, j); err != nil {
					t.Fatal(err)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOfOneSenderOnlySoManyLettersWait(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		add := func(added, dropped []string, in ...string) {
			t.Helper()
			b := batch(9, in...)
			b.Waiting = 3
			got := addLetters(t, s, b)
			if diff := cmp.Diff(added, keys(got.Jobs)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(dropped, got.Dropped); diff != "" {
				t.Error(diff)
			}
		}
		add([]string{"a-0", "a-1"}, nil, "a-0", "a-1") // the first is worked on, the second waits
		// What is known takes no room from what is new.
		add([]string{"a-2", "b-0", "a-3"}, []string{"chat/a"}, "a-0", "a-1", "a-2", "b-0", "a-3", "a-4")
		add([]string{"b-1"}, []string{"chat/a", "chat/a"}, "a-1", "a-4", "b-1")
		if _, err := s.Letter(t.Context(), "a-4"); !errors.Is(err, intake.ErrNoLetter) {
			t.Errorf("what was dropped was kept: %v", err)
		}
		first, err := s.ListJobs(t.Context(), store.JobFilter{Key: "a-0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := done(s, first[0].Job); err != nil {
			t.Fatal(err)
		}
		add([]string{"a-4"}, nil, "a-0", "a-4")
	})
}

func TestALetterThatIsDoneLosesItsBodyWithItsJobAndStaysKnown(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		j := addLetters(t, s, batch(9, "a-1", "a-2")).Jobs[0]
		lost := j
		lost.Attempt++
		if err := done(s, lost); err != nil {
			t.Fatal(err)
		}
		if k, err := s.Letter(t.Context(), "a-1"); err != nil || len(k.Body) == 0 {
			t.Errorf("it lost its body to one that had lost it: %v", err)
		}
		if err := done(s, j); err != nil {
			t.Fatal(err)
		}
		if k, err := s.Letter(t.Context(), "a-1"); err != nil || k.Body != nil {
			t.Errorf("got %+v, %v", k, err)
		}
		if left, err := s.ListJobs(t.Context(), store.JobFilter{}); err != nil || len(left) != 1 || left[0].Behind {
			t.Errorf("left are %+v, %v", left, err)
		}
		if got := addLetters(t, s, batch(9, "a-1")); len(got.Jobs) != 0 {
			t.Errorf("it was added once more: %v", got.Jobs)
		}
	})
}

func TestLettersAreErasedAndForgottenInBatchesTheOldestFirst(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		b := batch(0)
		for i := range 8 {
			k := letter(fmt.Sprintf("s%d-1", i))
			k.At = noon.Add(time.Duration(i) * time.Hour)
			b.Letters = append(b.Letters, k)
		}
		addLetters(t, s, b)
		state := func() (all string) {
			for _, k := range b.Letters {
				got, err := s.Letter(t.Context(), k.Key)
				switch {
				case errors.Is(err, intake.ErrNoLetter):
					all += "-"
				case err != nil:
					t.Fatal(err)
				case got.Body == nil:
					all += "e"
				default:
					all += "b"
				}
			}
			return all
		}
		for _, c := range []struct {
			do    func(context.Context, time.Time, int) (int, error)
			until time.Duration
			n     int
			after string
		}{
			{s.EraseLetters, 0, 0, "bbbbbbbb"},
			{s.EraseLetters, 5 * time.Hour, 3, "eeebbbbb"},
			{s.EraseLetters, 5 * time.Hour, 2, "eeeeebbb"},
			{s.EraseLetters, 5 * time.Hour, 0, "eeeeebbb"},
			{s.ForgetLetters, 4 * time.Hour, 3, "---eebbb"},
			{s.ForgetLetters, 6 * time.Hour, 3, "------bb"},
			{s.ForgetLetters, 6 * time.Hour, 0, "------bb"},
		} {
			n, err := c.do(t.Context(), noon.Add(c.until), 3)
			if got := state(); err != nil || n != c.n || got != c.after {
				t.Errorf("%d, %v: %s; want %d: %s", n, err, got, c.n, c.after)
			}
		}
		// A letter without a body is one that is known.
		if got := addLetters(t, s, batch(0, "s0-1", "s7-1")); !slices.Equal(keys(got.Jobs), nil) {
			t.Errorf("added %v; the job of the first is still there", keys(got.Jobs))
		}
	})
}

func TestWithTheEndOfLettersTheOldestThatAreDueAreClaimed(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		// The first of a and b are held, the others are free.
		mine := addLetters(t, s, batch(2, "a-0", "b-0", "c-0", "a-1", "d-0", "d-1", "b-1", "e-0")).Jobs
		again := mine[1]
		if err := s.PutOff(t.Context(), again, noon, "again"); err != nil {
			t.Fatal(err)
		}
		others := claim(t, s, 1, "you", noon, intake.JobChat) // now it is another's
		if len(others) != 1 || others[0].Key != "b-0" {
			t.Fatalf("claimed %v", keys(others))
		}
		end := func(at time.Time, all ...jobs.Job) []string {
			t.Helper()
			next, err := s.DoneLetters(t.Context(), intake.Ended{Jobs: all, Owner: "me", Now: at, LeaseUntil: at.Add(time.Minute)})
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range next {
				if j.Owner != "me" || j.Attempt != 1 || !j.LeaseUntil.Equal(at.Add(time.Minute)) || j.Kind != intake.JobChat || j.Lane == "" {
					t.Errorf("claimed %+v", j)
				}
			}
			mine = append(mine, next...)
			return keys(next)
		}
		for _, c := range []struct {
			ends []int
			at   time.Time
			want []string
		}{
			{[]int{0, 1}, noon.Add(-time.Second), nil},            // none is due yet; b-0 is not mine
			{[]int{1, 1, 1}, noon, []string{"a-1", "c-0", "d-0"}}, // for as many as are ended, though they were lost
			{[]int{8, 10, 8}, noon, []string{"d-1", "e-0"}},       // the next of a lane at once; b-1 waits for another
		} {
			var all []jobs.Job
			for _, i := range c.ends {
				all = append(all, mine[i])
			}
			if diff := cmp.Diff(c.want, end(c.at, all...)); diff != "" {
				t.Error(diff)
			}
		}
		left, err := s.ListJobs(t.Context(), store.JobFilter{})
		if err != nil || len(left) != 5 { // b-0, b-1, c-0, d-1 and e-0
			t.Errorf("left are %d, %v", len(left), err)
		}
	})
}

// TestReplicasThatTakeTheSameLettersDoNotWaitForEachOtherInACircle has several
// processes write the same letters, in orders of their own, while others are done.
func TestReplicasThatTakeTheSameLettersDoNotWaitForEachOtherInACircle(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		const replicas, rounds, size = 3, 8, 40
		var all []*store.SQL
		for range replicas {
			all = append(all, d.open(t))
		}
		added := map[string]int{}
		var mu sync.Mutex
		for round := range rounds {
			var in []string
			for i := range size {
				in = append(in, fmt.Sprintf("s%d-%d-%d", i%15, round, i))
			}
			var wg sync.WaitGroup
			for _, s := range all {
				mine := slices.Clone(in)
				rand.Shuffle(len(mine), func(i, k int) { mine[i], mine[k] = mine[k], mine[i] })
				wg.Go(func() {
					got, err := s.AddLetters(context.Background(), batch(size, mine...))
					if err != nil {
						t.Error(err)
					}
					for _, j := range got.Jobs {
						mu.Lock()
						added[j.Key]++
						mu.Unlock()
						if j.Owner == "" {
							continue
						}
						if err := done(s, j); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		}
		if len(added) != rounds*size {
			t.Errorf("%d letters were added, want %d", len(added), rounds*size)
		}
		for key, n := range added {
			if n != 1 {
				t.Errorf("%s was added %d times", key, n)
			}
		}
	})
}

func TestLettersGoWithTheirVersion(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addLetters(t, s, batch(9, "a-1"))
		addJob(t, s, jobs.Job{Kind: resend, Key: "r1", RunAt: noon})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		store.Down(t, d.driver, d.dsn, d.kind, 9)
		if _, err := d.raw(t).Exec("SELECT 1 FROM letters"); err == nil {
			t.Error("the letters are still there")
		}
		again := d.open(t)
		if left, err := again.ListJobs(t.Context(), store.JobFilter{}); err != nil || len(left) != 1 || left[0].Key != "r1" {
			t.Errorf("left are %+v, %v", left, err)
		}
		if got := addLetters(t, again, batch(9, "a-1")); len(got.Jobs) != 1 {
			t.Errorf("added %v", got.Jobs)
		}
	})
}
