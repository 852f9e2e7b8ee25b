package jobs_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"spaza/jobs"
)

var errDown = errors.New("database is down")

// memory is a jobs.Store that obeys the contract, by looking through all jobs,
// and can be made to fail.
type memory struct {
	mu     sync.Mutex
	lastID int64
	rows   map[int64]*row
	claims []int // the n of every Claim
	// down, when set, is what every method returns.
	down error
	// hang, when set, keeps Claim, having claimed, from returning until it is
	// closed; hangEmpty, also one that has claimed nothing.
	hang      chan struct{}
	hangEmpty bool
}

type row struct {
	jobs.Job
	dead bool
	note string
}

var _ jobs.Store = (*memory)(nil)

func newMemory() *memory { return &memory{rows: map[int64]*row{}} }

func (m *memory) add(j jobs.Job) jobs.Job {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastID++
	j.ID = m.lastID
	if !m.first(j) {
		j.Owner, j.LeaseUntil = "", time.Time{}
	}
	if j.Owner != "" {
		j.Attempt = 1
	}
	m.rows[j.ID] = &row{Job: j}
	return j
}

// first says whether no job of its lane that is to be done was added before it.
// The caller has m.mu.
func (m *memory) first(j jobs.Job) bool {
	for _, r := range m.rows {
		if j.Lane != "" && r.Lane == j.Lane && r.ID < j.ID && !r.dead {
			return false
		}
	}
	return true
}

func (m *memory) setDown(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

// toDo is how many jobs are neither finished nor buried.
func (m *memory) toDo() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, r := range m.rows {
		if !r.dead {
			n++
		}
	}
	return n
}

// forget deletes jobs: those with the given ids, or all.
func (m *memory) forget(ids ...int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.rows {
		if len(ids) == 0 || slices.Contains(ids, id) {
			delete(m.rows, id)
		}
	}
}

// claimSizes is the n of every Claim so far; forget starts anew.
func (m *memory) claimSizes(forget bool) []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	sizes := slices.Clone(m.claims)
	if forget {
		m.claims = nil
	}
	return sizes
}

// get returns a copy; ok is false when the job is finished.
func (m *memory) get(id int64) (row, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[id]
	if !ok {
		return row{}, false
	}
	return *r, true
}

func (m *memory) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, leaseUntil time.Time) ([]jobs.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.claims = append(m.claims, n)
	if err := cmp.Or(m.down, ctx.Err()); err != nil {
		return nil, err
	}
	var due []*row
	for _, r := range m.rows {
		if !r.dead && slices.Contains(kinds, r.Kind) && !r.RunAt.After(now) && !r.LeaseUntil.After(now) && m.first(r.Job) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b *row) int { return cmp.Or(a.RunAt.Compare(b.RunAt), cmp.Compare(a.ID, b.ID)) })
	var claimed []jobs.Job
	for _, r := range due[:min(n, len(due))] {
		r.Owner, r.LeaseUntil = owner, leaseUntil
		r.Attempt++
		claimed = append(claimed, r.Job)
	}
	if hang := m.hang; hang != nil && (len(claimed) > 0 || m.hangEmpty) {
		m.mu.Unlock()
		<-hang
		m.mu.Lock()
	}
	return claimed, nil
}

func (m *memory) Next(_ context.Context, kinds []jobs.Kind) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var next time.Time
	for _, r := range m.rows {
		if !r.dead && r.Owner == "" && slices.Contains(kinds, r.Kind) && m.first(r.Job) && (next.IsZero() || r.RunAt.Before(next)) {
			next = r.RunAt
		}
	}
	return next, m.down
}

func (m *memory) fenced(ctx context.Context, j jobs.Job, write func(*row)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.down, ctx.Err()); err != nil {
		return err
	}
	r, ok := m.rows[j.ID]
	if !ok || r.dead || r.Owner == "" || r.Owner != j.Owner || r.Attempt != j.Attempt {
		return jobs.ErrLost
	}
	write(r)
	return nil
}

func (m *memory) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	return m.fenced(ctx, j, func(r *row) { r.LeaseUntil = until })
}

func (m *memory) Finish(ctx context.Context, j jobs.Job) error {
	return m.fenced(ctx, j, func(r *row) { delete(m.rows, r.ID) })
}

func (m *memory) PutOff(ctx context.Context, j jobs.Job, at time.Time, note string) error {
	return m.fenced(ctx, j, func(r *row) {
		r.Owner, r.LeaseUntil, r.RunAt, r.Unrun, r.note = "", time.Time{}, at, j.Unrun, note
	})
}

func (m *memory) Bury(ctx context.Context, j jobs.Job, note string) error {
	return m.fenced(ctx, j, func(r *row) {
		r.Owner, r.LeaseUntil, r.dead, r.DiedAt, r.note = "", time.Time{}, true, j.DiedAt, note
	})
}
