package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"spaza/jobs"
)

const (
	// A job with a lane is added behind; the database moves it to the front of a
	// lane that is empty.
	insertJob = `INSERT INTO jobs (kind, key, data, first_run_at, run_at, attempt, owner, lease_until, until_at, lane, behind)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, key) DO NOTHING RETURNING id`

	takeFirstJob = `UPDATE jobs SET owner = ?, lease_until = ?, attempt = 1 WHERE id = ? AND behind = 0`

	selectJob = `SELECT id, data, run_at, attempt, owner, lease_until, until_at, lane, unrun, died_at
FROM jobs WHERE kind = ? AND key = ?`

	dueJobsOfKind = `SELECT id, run_at FROM jobs WHERE kind = ? AND dead = 0 AND behind = 0
AND run_at <= ? AND lease_until <= ?`

	claimJobsDue = `UPDATE jobs SET owner = ?, lease_until = ?, attempt = attempt + 1 WHERE id `
	jobsClaimed  = ` RETURNING id, kind, key, data, run_at, attempt, until_at, lane, unrun`

	// fence lets only the process that holds the job pass.
	fence = ` WHERE id = ? AND owner = ? AND attempt = ? AND dead = 0`

	renewJob  = `UPDATE jobs SET lease_until = ?` + fence
	finishJob = `DELETE FROM jobs` + fence
	putOffJob = `UPDATE jobs SET owner = '', lease_until = 0, run_at = ?, note = ?, unrun = ?` + fence
	buryJob   = `UPDATE jobs SET owner = '', lease_until = 0, dead = 1, died_at = ?, note = ?` + fence

	nextJobOfKind = `SELECT run_at FROM (SELECT run_at FROM jobs WHERE kind = ? AND dead = 0 AND behind = 0
AND owner = '' ORDER BY run_at, id LIMIT 1) AS of_kind`
)

// claimJobs takes the oldest n of the jobs of some kinds that are due. Each kind
// is looked for by itself: one with a long queue that is left out, because as
// many of it run as may, costs nothing.
func claimJobs(d dialect, kinds []jobs.Kind, n int, owner string, now, leaseUntil time.Time) (query string, args []any) {
	const inOrder = " ORDER BY run_at, id"
	args = []any{owner, millis(leaseUntil)}
	var of []string
	for _, k := range kinds {
		of = append(of, dueJobsOfKind)
		args = append(args, string(k), millis(now), millis(now))
	}
	// The number is written out: with an argument in its place neither database
	// could keep its plan.
	oldest := inOrder + " LIMIT " + strconv.Itoa(n)
	if d.skipLocked == "" {
		return claimJobsDue + "IN (SELECT id FROM (" + strings.Join(of, " UNION ALL ") + oldest + ") AS due)" + jobsClaimed, args
	}
	// PostgreSQL locks rows in subqueries only. An array has them chosen, and
	// locked, once.
	for i := range of {
		of[i] = "SELECT id, run_at FROM (" + of[i] + oldest + d.skipLocked + ") AS of_kind"
	}
	return claimJobsDue + "= ANY(ARRAY(SELECT id FROM (" + strings.Join(of, " UNION ALL ") + ") AS due" + oldest + "))" + jobsClaimed, args
}

// nextJob reads when the first of so many kinds falls due.
func nextJob(kinds int) string {
	return "SELECT min(run_at) FROM (" + nextJobOfKind + strings.Repeat(" UNION ALL "+nextJobOfKind, kinds-1) + ") AS next"
}

// Claim implements jobs.Store.
func (s *SQL) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, leaseUntil time.Time) ([]jobs.Job, error) {
	if len(kinds) == 0 || n <= 0 {
		return nil, nil
	}
	if owner == "" {
		return nil, errors.New("claim jobs: no owner")
	}
	c := claim{s.d, kinds, n, owner, now, leaseUntil}
	var claimed []jobs.Job
	err := retrySQL(ctx, func() (err error) {
		claimed, err = c.run(func(query string, args []any, scan func(*sql.Rows) error) error {
			return s.writing().each(ctx, query, args, scan)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	return claimed, nil
}

// claim is of up to n jobs of some kinds that are due.
type claim struct {
	d               dialect
	kinds           []jobs.Kind
	n               int
	owner           string
	now, leaseUntil time.Time
}

// run makes it, and returns the jobs, the oldest first.
func (c claim) run(each func(query string, args []any, scan func(*sql.Rows) error) error) (claimed []jobs.Job, err error) {
	query, args := claimJobs(c.d, c.kinds, c.n, c.owner, c.now, c.leaseUntil)
	err = each(query, args, func(rows *sql.Rows) error {
		j := jobs.Job{Owner: c.owner, LeaseUntil: fromMillis(millis(c.leaseUntil))}
		var runAt, until int64
		if err := rows.Scan(&j.ID, &j.Kind, &j.Key, &j.Data, &runAt, &j.Attempt, &until, &j.Lane, &j.Unrun); err != nil {
			return err
		}
		j.RunAt, j.Until = fromMillis(runAt), fromMillis(until)
		claimed = append(claimed, j)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(claimed, func(a, b jobs.Job) int {
		return cmp.Or(a.RunAt.Compare(b.RunAt), cmp.Compare(a.ID, b.ID))
	})
	return claimed, nil
}

// Renew implements jobs.Store. A lease that has ended, on a job that nobody
// claimed meanwhile, can be renewed.
func (s *SQL) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	return s.fate(ctx, j, "renew lease", renewJob, millis(until))
}

// Finish implements jobs.Store.
func (s *SQL) Finish(ctx context.Context, j jobs.Job) error {
	return s.fate(ctx, j, "finish job", finishJob)
}

// PutOff implements jobs.Store.
func (s *SQL) PutOff(ctx context.Context, j jobs.Job, at time.Time, note string) error {
	return s.fate(ctx, j, "put off job", putOffJob, millis(at), cleanNote(note), j.Unrun)
}

// Bury implements jobs.Store. The dead job keeps its kind and key: AddJob finds
// it and leaves it as it is, so what a person has to look at is not done behind
// their back.
func (s *SQL) Bury(ctx context.Context, j jobs.Job, note string) error {
	return s.fate(ctx, j, "bury job", buryJob, millis(diedAt(j)), cleanNote(note))
}

func (s *SQL) fate(ctx context.Context, j jobs.Job, what, query string, args ...any) error {
	return writeFate(j, what, args, func(args []any) (n int64, err error) {
		err = retrySQL(ctx, func() error {
			n, err = s.writing().exec(ctx, query, args...)
			return err
		})
		return n, err
	})
}

// writeFate runs a fenced statement and returns jobs.ErrLost when it changed
// nothing. A job that nobody holds is nobody's to write.
func writeFate(j jobs.Job, what string, args []any, exec func([]any) (int64, error)) error {
	if j.Owner == "" {
		return fmt.Errorf("%s: %w", what, jobs.ErrLost)
	}
	n, err := exec(append(args, j.ID, j.Owner, j.Attempt))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n == 0 {
		return fmt.Errorf("%s: %w", what, jobs.ErrLost)
	}
	return nil
}

// diedAt is since when a job that is buried is dead. Where nobody said, its lease
// ended not much later.
func diedAt(j jobs.Job) time.Time {
	if j.DiedAt.IsZero() {
		return j.LeaseUntil
	}
	return j.DiedAt
}

// maxNote bounds a note, in bytes.
const maxNote = 500

// cleanNote makes a note that every database takes: a fate must not be lost for
// the words beside it.
func cleanNote(note string) string {
	note = strings.ReplaceAll(note, "\x00", "")
	return strings.ToValidUTF8(note[:min(len(note), maxNote)], "")
}

// Next implements jobs.Store.
func (s *SQL) Next(ctx context.Context, kinds []jobs.Kind) (time.Time, error) {
	if len(kinds) == 0 {
		return time.Time{}, nil
	}
	var at sql.NullInt64
	if _, err := s.reading().row(ctx, nextJob(len(kinds)), kindArgs(kinds), &at); err != nil {
		return time.Time{}, fmt.Errorf("read next job: %w", err)
	}
	if !at.Valid {
		return time.Time{}, nil
	}
	// Due since ever is still due: not the zero time, which means none.
	return time.UnixMilli(at.Int64).UTC(), nil
}

// AddJob implements vend.Tx. A buried job counts as not finished: it stays
// buried. The job that comes back is the one in the database; it is the one
// asked for when its Owner, Attempt and RunAt are. One that has to wait in its
// lane is added unclaimed, whatever its Owner. Until the transaction ends,
// nobody else can add to that lane or take from it.
func (t *sqlTx) AddJob(j jobs.Job) (jobs.Job, error) {
	owner, leaseUntil := j.Owner, fromMillis(millis(j.LeaseUntil))
	j.ID, j.Attempt, j.Unrun, j.Owner, j.LeaseUntil, j.DiedAt = 0, 0, 0, "", time.Time{}, time.Time{}
	j.RunAt, j.Until = fromMillis(millis(j.RunAt)), fromMillis(millis(j.Until))
	if owner != "" && j.Lane == "" {
		j.Attempt, j.Owner, j.LeaseUntil = 1, owner, leaseUntil
	}
	// A job found by the insert can be finished, by its holder, before it is
	// read: then it can be added after all.
	for range 3 {
		added, err := t.row(insertJob, []any{string(j.Kind), j.Key, j.Data, millis(j.RunAt), millis(j.RunAt),
			j.Attempt, j.Owner, millis(j.LeaseUntil), millis(j.Until), j.Lane, bit(j.Lane != "")}, &j.ID)
		if err != nil {
			return jobs.Job{}, fmt.Errorf("add job: %w", err)
		}
		if added && (owner == "" || j.Lane == "") {
			return j, nil
		}
		if added {
			first, err := t.exec(takeFirstJob, owner, millis(leaseUntil), j.ID)
			if err != nil {
				return jobs.Job{}, fmt.Errorf("claim job as added: %w", err)
			}
			if first == 1 {
				j.Attempt, j.Owner, j.LeaseUntil = 1, owner, leaseUntil
			}
			return j, nil
		}
		there, found, err := t.job(j.Kind, j.Key)
		if err != nil {
			return jobs.Job{}, fmt.Errorf("read job: %w", err)
		}
		if found {
			return there, nil
		}
	}
	return jobs.Job{}, t.note(errors.New("add job: it is neither there nor can be added"))
}

// job reads one that is not finished.
func (t *sqlTx) job(kind jobs.Kind, key string) (j jobs.Job, found bool, err error) {
	j = jobs.Job{Kind: kind, Key: key}
	var runAt, leaseUntil, until, died int64
	found, err = t.row(selectJob, []any{string(kind), key},
		&j.ID, &j.Data, &runAt, &j.Attempt, &j.Owner, &leaseUntil, &until, &j.Lane, &j.Unrun, &died)
	j.RunAt, j.LeaseUntil = fromMillis(runAt), fromMillis(leaseUntil)
	j.Until, j.DiedAt = fromMillis(until), fromMillis(died)
	return j, found, err
}

// FinishJob implements vend.Tx.
func (t *sqlTx) FinishJob(j jobs.Job) error {
	return t.fate(j, "finish job", finishJob)
}

// PutOffJob implements vend.Tx.
func (t *sqlTx) PutOffJob(j jobs.Job, at time.Time, note string) error {
	return t.fate(j, "put off job", putOffJob, millis(at), cleanNote(note), j.Unrun)
}

// BuryJob implements vend.Tx.
func (t *sqlTx) BuryJob(j jobs.Job, note string) error {
	return t.fate(j, "bury job", buryJob, millis(diedAt(j)), cleanNote(note))
}

func (t *sqlTx) fate(j jobs.Job, what, query string, args ...any) error {
	return writeFate(j, what, args, func(args []any) (int64, error) { return t.exec(query, args...) })
}
