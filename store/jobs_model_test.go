package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

// jobModel is what a jobs.Store should do, by looking through all jobs.
type jobModel struct {
	rows map[int64]*store.JobRow // Dead is a DiedAt that is set
}

func (m *jobModel) alive(r *store.JobRow) bool { return r.DiedAt.IsZero() }

// sorted is the jobs for which ok holds, by ID.
func (m *jobModel) sorted(ok func(*store.JobRow) bool) []*store.JobRow {
	var rows []*store.JobRow
	for _, id := range slices.Sorted(maps.Keys(m.rows)) {
		if ok(m.rows[id]) {
			rows = append(rows, m.rows[id])
		}
	}
	return rows
}

// move gives a lane without a first one its oldest job.
func (m *jobModel) move(lane string) {
	if lane == "" {
		return
	}
	inLane := m.sorted(func(r *store.JobRow) bool { return r.Lane == lane && m.alive(r) })
	if slices.ContainsFunc(inLane, func(r *store.JobRow) bool { return !r.Behind }) {
		return
	}
	for _, r := range inLane[:min(1, len(inLane))] {
		r.Behind = false
	}
}

func (m *jobModel) add(j jobs.Job) jobs.Job {
	for _, r := range m.rows {
		if r.Kind == j.Kind && r.Key == j.Key {
			return r.Job
		}
	}
	row := &store.JobRow{Job: j, FirstRunAt: j.RunAt, Behind: j.Lane != ""}
	row.Owner, row.LeaseUntil = "", time.Time{}
	m.rows[j.ID] = row
	m.move(j.Lane)
	if j.Owner != "" && !row.Behind {
		row.Owner, row.LeaseUntil, row.Attempt = j.Owner, j.LeaseUntil, 1
	}
	return row.Job
}

func (m *jobModel) claim(kinds []jobs.Kind, n int, owner string, now, until time.Time) []jobs.Job {
	due := m.sorted(func(r *store.JobRow) bool {
		return m.alive(r) && !r.Behind && slices.Contains(kinds, r.Kind) && !r.RunAt.After(now) && !r.LeaseUntil.After(now)
	})
	slices.SortStableFunc(due, func(a, b *store.JobRow) int { return a.RunAt.Compare(b.RunAt) })
	var claimed []jobs.Job
	for _, r := range due[:min(n, len(due))] {
		r.Owner, r.LeaseUntil = owner, until
		r.Attempt++
		claimed = append(claimed, r.Job)
	}
	return claimed
}

func (m *jobModel) next(kinds []jobs.Kind) time.Time {
	free := m.sorted(func(r *store.JobRow) bool {
		return m.alive(r) && !r.Behind && r.Owner == "" && slices.Contains(kinds, r.Kind)
	})
	if len(free) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(free, func(a, b *store.JobRow) int { return a.RunAt.Compare(b.RunAt) }).RunAt
}

func (m *jobModel) fate(j jobs.Job, write func(*store.JobRow)) error {
	r := m.rows[j.ID]
	if r == nil || !m.alive(r) || r.Owner == "" || r.Owner != j.Owner || r.Attempt != j.Attempt {
		return jobs.ErrLost
	}
	write(r)
	m.move(r.Lane)
	return nil
}

func (m *jobModel) retry(id int64, now time.Time) error {
	r := m.rows[id]
	if r == nil || m.alive(r) {
		return jobs.ErrNoJob
	}
	r.DiedAt, r.RunAt, r.Behind = time.Time{}, now, r.Lane != ""
	if had := r.Until.Sub(r.FirstRunAt); r.Until.IsZero() || had <= 0 {
		r.Until = time.Time{}
	} else {
		r.Until = now.Add(had)
	}
	m.move(r.Lane)
	return nil
}

func (m *jobModel) drop(id int64, kinds []jobs.Kind) error {
	r := m.rows[id]
	if r == nil || m.alive(r) || !slices.Contains(kinds, r.Kind) {
		return jobs.ErrNoJob
	}
	delete(m.rows, id)
	return nil
}

func (m *jobModel) purge(kinds []jobs.Kind, before time.Time, limit int) int {
	n := 0
	for _, k := range kinds {
		old := m.sorted(func(r *store.JobRow) bool { return r.Kind == k && !m.alive(r) && r.DiedAt.Before(before) })
		slices.SortStableFunc(old, func(a, b *store.JobRow) int { return a.DiedAt.Compare(b.DiedAt) })
		for _, r := range old[:min(len(old), limit-n)] {
			delete(m.rows, r.ID)
			n++
		}
	}
	return n
}

// jobWorld drives a store and the model side by side. Every run has kinds and
// lanes of its own.
type jobWorld struct {
	s     *store.SQL
	m     *jobModel
	kinds []jobs.Kind
	lanes []string
	now   time.Time
	seen  []jobs.Job // all jobs as they were ever given out
}

func newJobWorld(s *store.SQL, run int) *jobWorld {
	w := &jobWorld{s: s, m: &jobModel{rows: map[int64]*store.JobRow{}}, now: noon}
	for _, k := range []string{"order", "notice", "other"} {
		w.kinds = append(w.kinds, jobs.Kind(fmt.Sprintf("%s-%d", k, run)))
	}
	w.lanes = []string{"", fmt.Sprintf("a-%d", run), fmt.Sprintf("b-%d", run)}
	return w
}

func (w *jobWorld) minutes(rt *rapid.T, from, to int, name string) time.Duration {
	return time.Duration(rapid.IntRange(from, to).Draw(rt, name)) * time.Minute
}

func (w *jobWorld) someKinds(rt *rapid.T) []jobs.Kind {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(w.kinds), 0, len(w.kinds), rapid.ID).Draw(rt, "kinds")
}

// someJob is one that was given out before, as it was then.
func (w *jobWorld) someJob(rt *rapid.T) jobs.Job {
	if len(w.seen) == 0 {
		rt.Skip("no jobs yet")
	}
	return rapid.SampledFrom(w.seen).Draw(rt, "job")
}

func (w *jobWorld) same(rt *rapid.T, what string, want, got any) {
	if diff := gocmp.Diff(want, got); diff != "" {
		rt.Fatalf("%s:\n%s", what, diff)
	}
}

func (w *jobWorld) sameErr(rt *rapid.T, what string, want, got error) {
	if !errors.Is(got, want) || want == nil && got != nil {
		rt.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func (w *jobWorld) add(rt *rapid.T) {
	j := jobs.Job{
		Kind: rapid.SampledFrom(w.kinds).Draw(rt, "kind"), Key: rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "6"}).Draw(rt, "key"),
		Lane: rapid.SampledFrom(w.lanes).Draw(rt, "lane"), RunAt: w.now.Add(w.minutes(rt, -2, 2, "due in")),
	}
	if rapid.Bool().Draw(rt, "claimed") {
		j.Owner, j.LeaseUntil = "a", w.now.Add(w.minutes(rt, 1, 3, "lease"))
	}
	if rapid.Bool().Draw(rt, "ends") {
		j.Until = j.RunAt.Add(w.minutes(rt, -1, 5, "until"))
	}
	var got jobs.Job
	err := w.s.InTx(context.Background(), func(tx vend.Tx) (err error) { got, err = tx.AddJob(j); return err })
	if err != nil {
		rt.Fatal(err)
	}
	j.ID = got.ID
	w.same(rt, "add", w.m.add(j), got)
	w.seen = append(w.seen, got)
}

func (w *jobWorld) claim(rt *rapid.T) {
	kinds, n := w.someKinds(rt), rapid.IntRange(0, 4).Draw(rt, "n")
	owner, until := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "owner"), w.now.Add(w.minutes(rt, 1, 3, "lease"))
	got, err := w.s.Claim(context.Background(), kinds, n, owner, w.now, until)
	if err != nil {
		rt.Fatal(err)
	}
	w.same(rt, "claim", w.m.claim(kinds, n, owner, w.now, until), got)
	w.seen = append(w.seen, got...)
}

// fate writes a fate, by itself, in a transaction, or in one that fails.
func (w *jobWorld) fate(rt *rapid.T) {
	ctx, j := context.Background(), w.someJob(rt)
	at := w.now.Add(w.minutes(rt, -1, 3, "to"))
	oops := errors.New("oops")
	var do func() error
	var write func(*store.JobRow)
	switch what := rapid.SampledFrom([]string{"renew", "finish", "put off", "bury"}).Draw(rt, "fate"); what {
	case "renew":
		do, write = func() error { return w.s.Renew(ctx, j, at) }, func(r *store.JobRow) { r.LeaseUntil = at }
	default:
		j.Unrun += rapid.IntRange(0, 1).Draw(rt, "handed back")
		j.DiedAt = w.now
		single := map[string]func() error{
			"finish":  func() error { return w.s.Finish(ctx, j) },
			"put off": func() error { return w.s.PutOff(ctx, j, at, "busy") },
			"bury":    func() error { return w.s.Bury(ctx, j, "hopeless") },
		}[what]
		inTx := map[string]func(vend.Tx) error{
			"finish":  func(tx vend.Tx) error { return tx.FinishJob(j) },
			"put off": func(tx vend.Tx) error { return tx.PutOffJob(j, at, "busy") },
			"bury":    func(tx vend.Tx) error { return tx.BuryJob(j, "hopeless") },
		}[what]
		write = map[string]func(*store.JobRow){
			"finish": func(r *store.JobRow) { delete(w.m.rows, r.ID) },
			"put off": func(r *store.JobRow) {
				r.Owner, r.LeaseUntil, r.RunAt, r.Unrun, r.Note = "", time.Time{}, at, j.Unrun, "busy"
			},
			"bury": func(r *store.JobRow) { r.Owner, r.LeaseUntil, r.DiedAt, r.Note = "", time.Time{}, w.now, "hopeless" },
		}[what]
		switch rapid.IntRange(0, 2).Draw(rt, "how") {
		case 0:
			do = single
		case 1:
			do = func() error { return w.s.InTx(ctx, inTx) }
		default:
			err := w.s.InTx(ctx, func(tx vend.Tx) error { return cmp.Or(inTx(tx), oops) })
			if !errors.Is(err, oops) && !errors.Is(err, jobs.ErrLost) {
				rt.Fatal(err)
			}
			return
		}
	}
	w.sameErr(rt, "fate", w.m.fate(j, write), do())
}

func (w *jobWorld) support(rt *rapid.T) {
	ctx := context.Background()
	switch rapid.IntRange(0, 2).Draw(rt, "what") {
	case 0:
		id := w.someJob(rt).ID
		w.sameErr(rt, "retry", w.m.retry(id, w.now), w.s.RetryJob(ctx, id, w.now))
	case 1:
		id, kinds := w.someJob(rt).ID, w.someKinds(rt)
		w.sameErr(rt, "drop", w.m.drop(id, kinds), w.s.DropJob(ctx, id, kinds))
	default:
		kinds, before, limit := w.someKinds(rt), w.now.Add(w.minutes(rt, -3, 1, "before")), rapid.IntRange(0, 2).Draw(rt, "limit")
		n, err := w.s.PurgeDead(ctx, kinds, before, limit)
		if err != nil {
			rt.Fatal(err)
		}
		w.same(rt, "purge", w.m.purge(kinds, before, limit), n)
	}
}

func (w *jobWorld) check(rt *rapid.T) {
	ctx := context.Background()
	for _, dead := range []bool{false, true} {
		got, err := w.s.ListJobs(ctx, store.JobFilter{Dead: dead, Kinds: w.kinds})
		if err != nil {
			rt.Fatal(err)
		}
		var want []store.JobRow
		for _, r := range w.m.sorted(func(r *store.JobRow) bool { return w.m.alive(r) != dead }) {
			want = append(want, *r)
		}
		w.same(rt, "all jobs", want, got)
	}
	kinds := w.someKinds(rt)
	next, err := w.s.Next(ctx, kinds)
	if err != nil {
		rt.Fatal(err)
	}
	w.same(rt, "next", w.m.next(kinds), next)
}

func TestJobsDoWhatAModelDoesForAnySequenceOfEvents(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			run++
			w := newJobWorld(s, run)
			rt.Repeat(map[string]func(*rapid.T){
				"add":          w.add,
				"another":      w.add,
				"claim":        w.claim,
				"fate":         w.fate,
				"another fate": w.fate,
				"support":      w.support,
				"time goes by": func(rt *rapid.T) { w.now = w.now.Add(w.minutes(rt, 0, 2, "by")) },
				"":             w.check,
			})
		})
	})
}
