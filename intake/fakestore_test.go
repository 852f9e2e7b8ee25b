package intake_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"spaza/intake"
	"spaza/jobs"
)

var errDown = errors.New("database is down")

// memory is a store of letters and of their jobs that obeys both contracts, by
// looking through all there is.
type memory struct {
	mu      sync.Mutex
	lastID  int64
	jobs    map[int64]*memoryJob
	letters map[string]*intake.Kept
	commits []int // how many letters each AddLetters had
	endings []int // how many jobs each DoneLetters had
	// hang, where it is set, keeps AddLetters until it is closed.
	hang chan struct{}
	down error
}

type memoryJob struct {
	jobs.Job
	dead bool
	note string
}

func newMemory() *memory {
	return &memory{jobs: map[int64]*memoryJob{}, letters: map[string]*intake.Kept{}}
}

func (m *memory) AddLetters(ctx context.Context, b intake.Batch) (added intake.Added, err error) {
	m.mu.Lock()
	hang := m.hang
	m.mu.Unlock()
	if hang != nil {
		<-hang
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits = append(m.commits, len(b.Letters))
	if err := cmp.Or(m.down, ctx.Err()); err != nil {
		return added, err
	}
	for _, k := range b.Letters {
		if m.letters[k.Key] != nil {
			continue
		}
		first, behind := m.lane(k.Job.Lane)
		if behind >= b.Waiting {
			added.Dropped = append(added.Dropped, k.Job.Lane)
			continue
		}
		j := k.Job
		m.lastID++
		j.ID = m.lastID
		if first == nil && b.Room > 0 {
			b.Room--
			j.Owner, j.LeaseUntil, j.Attempt = b.Owner, b.LeaseUntil, 1
		}
		k.Job = jobs.Job{}
		m.letters[k.Key] = &k
		m.jobs[j.ID] = &memoryJob{Job: j}
		added.Jobs = append(added.Jobs, j)
	}
	return added, nil
}

// lane is the first of a lane that is to be done, and how many stand behind it.
// The caller has m.mu.
func (m *memory) lane(lane string) (first *memoryJob, behind int) {
	n := 0
	for id, j := range m.jobs {
		if j.Lane == lane && !j.dead {
			n++
			if first == nil || id < first.ID {
				first = j
			}
		}
	}
	return first, max(0, n-1)
}

func (m *memory) Letter(ctx context.Context, key string) (intake.Kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.down, ctx.Err()); err != nil {
		return intake.Kept{}, err
	}
	k := m.letters[key]
	if k == nil {
		return intake.Kept{}, intake.ErrNoLetter
	}
	return *k, nil
}

func (m *memory) DoneLetters(ctx context.Context, d intake.Ended) ([]jobs.Job, error) {
	m.mu.Lock()
	m.endings = append(m.endings, len(d.Jobs))
	m.mu.Unlock()
	for _, j := range d.Jobs {
		err := m.fenced(ctx, j, func(r *memoryJob) {
			if k := m.letters[r.Key]; k != nil {
				k.Body = nil
			}
			delete(m.jobs, r.ID)
		})
		if err != nil && !errors.Is(err, jobs.ErrLost) {
			return nil, err
		}
	}
	return m.Claim(ctx, []jobs.Kind{intake.JobChat}, len(d.Jobs), d.Owner, d.Now, d.LeaseUntil)
}

func (m *memory) EraseLetters(context.Context, time.Time, int) (int, error) { return 0, nil }

func (m *memory) ForgetLetters(context.Context, time.Time, int) (int, error) { return 0, nil }

func (m *memory) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, leaseUntil time.Time) ([]jobs.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.down, ctx.Err()); err != nil {
		return nil, err
	}
	var claimed []jobs.Job
	for _, j := range m.free(kinds) {
		if len(claimed) < n && !j.RunAt.After(now) && !j.LeaseUntil.After(now) {
			j.Owner, j.LeaseUntil = owner, leaseUntil
			j.Attempt++
			claimed = append(claimed, j.Job)
		}
	}
	return claimed, nil
}

// free are the first of their lanes, the oldest first. The caller has m.mu.
func (m *memory) free(kinds []jobs.Kind) (free []*memoryJob) {
	for _, id := range slices.Sorted(maps.Keys(m.jobs)) {
		j := m.jobs[id]
		if first, _ := m.lane(j.Lane); slices.Contains(kinds, j.Kind) && first == j {
			free = append(free, j)
		}
	}
	slices.SortStableFunc(free, func(a, b *memoryJob) int { return a.RunAt.Compare(b.RunAt) })
	return free
}

func (m *memory) Next(_ context.Context, kinds []jobs.Kind) (next time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.free(kinds) {
		if j.Owner == "" {
			return j.RunAt, m.down
		}
	}
	return next, m.down
}

func (m *memory) fenced(ctx context.Context, j jobs.Job, write func(*memoryJob)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.down, ctx.Err()); err != nil {
		return err
	}
	r := m.jobs[j.ID]
	if r == nil || r.dead || r.Owner == "" || r.Owner != j.Owner || r.Attempt != j.Attempt {
		return jobs.ErrLost
	}
	write(r)
	return nil
}

func (m *memory) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	return m.fenced(ctx, j, func(r *memoryJob) { r.LeaseUntil = until })
}

func (m *memory) Finish(ctx context.Context, j jobs.Job) error {
	return m.fenced(ctx, j, func(r *memoryJob) { delete(m.jobs, r.ID) })
}

func (m *memory) PutOff(ctx context.Context, j jobs.Job, at time.Time, note string) error {
	return m.fenced(ctx, j, func(r *memoryJob) {
		r.Owner, r.LeaseUntil, r.RunAt, r.Unrun, r.note = "", time.Time{}, at, j.Unrun, note
	})
}

func (m *memory) Bury(ctx context.Context, j jobs.Job, note string) error {
	return m.fenced(ctx, j, func(r *memoryJob) { r.Owner, r.LeaseUntil, r.dead, r.note = "", time.Time{}, true, note })
}

// set changes what the store does from now on.
func (m *memory) set(change func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// left are the jobs that are not finished, by id.
func (m *memory) left() (all []memoryJob) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.jobs)) {
		all = append(all, *m.jobs[id])
	}
	return all
}

// bodies is how many letters have one.
func (m *memory) bodies() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.letters {
		if k.Body != nil {
			n++
		}
	}
	return n
}
