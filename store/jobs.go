package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/jobs"
)

const (
	insertJob = `INSERT INTO jobs (kind, key, data, first_run_at, run_at, attempt, owner, lease_until)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, key) DO NOTHING RETURNING id`

	selectJob = `SELECT id, data, run_at, attempt, owner, lease_until FROM jobs WHERE kind = ? AND key = ?`

	// The CTE is materialised so that the rows are chosen, and locked, once.
	claimJobsDue = `WITH due AS MATERIALIZED (SELECT id FROM jobs
WHERE dead = 0 AND run_at <= ? AND lease_until <= ? AND kind IN (`
	claimJobsTake = `) UPDATE jobs SET owner = ?, lease_until = ?, attempt = attempt + 1
WHERE id IN (SELECT id FROM due) RETURNING id, kind, key, data, run_at, attempt`

	// fence lets only the process that holds the job pass.
	fence = ` WHERE id = ? AND owner = ? AND attempt = ? AND dead = 0`

	renewJob  = `UPDATE jobs SET lease_until = ?` + fence
	finishJob = `DELETE FROM jobs` + fence
	putOffJob = `UPDATE jobs SET owner = '', lease_until = 0, run_at = ?, note = ?` + fence
	buryJob   = `UPDATE jobs SET owner = '', lease_until = 0, dead = 1, note = ?` + fence

	selectNextJob = `SELECT min(run_at) FROM jobs WHERE dead = 0 AND owner = '' AND kind IN (`
)

// Claim implements jobs.Store.
func (s *SQL) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, leaseUntil time.Time) ([]jobs.Job, error) {
	if len(kinds) == 0 || n <= 0 {
		return nil, nil
	}
	if owner == "" {
		return nil, errors.New("claim jobs: no owner")
	}
	query := claimJobsDue + marks(len(kinds)) + `) ORDER BY run_at, id LIMIT ?` + s.d.skipLocked + claimJobsTake
	args := []any{millis(now), millis(now)}
	for _, k := range kinds {
		args = append(args, string(k))
	}
	args = append(args, n, owner, millis(leaseUntil))
	var claimed []jobs.Job
	err := retrySQL(ctx, func() error {
		claimed = claimed[:0]
		return s.writing().each(ctx, query, args, func(rows *sql.Rows) error {
			j := jobs.Job{Owner: owner, LeaseUntil: fromMillis(millis(leaseUntil))}
			var runAt int64
			if err := rows.Scan(&j.ID, &j.Kind, &j.Key, &j.Data, &runAt, &j.Attempt); err != nil {
				return err
			}
			j.RunAt = fromMillis(runAt)
			claimed = append(claimed, j)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
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
	return s.fate(ctx, j, "put off job", putOffJob, millis(at), cleanNote(note))
}

// Bury implements jobs.Store. The dead job keeps its kind and key: AddJob finds
// it and leaves it as it is, so what a person has to look at is not done behind
// their back.
func (s *SQL) Bury(ctx context.Context, j jobs.Job, note string) error {
	return s.fate(ctx, j, "bury job", buryJob, cleanNote(note))
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
	args := make([]any, 0, len(kinds))
	for _, k := range kinds {
		args = append(args, string(k))
	}
	var at sql.NullInt64
	if _, err := s.reading().row(ctx, selectNextJob+marks(len(kinds))+")", args, &at); err != nil {
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
// asked for when its Owner, Attempt and RunAt are.
func (t *sqlTx) AddJob(j jobs.Job) (jobs.Job, error) {
	j.ID, j.Attempt = 0, 0
	if j.Owner == "" {
		j.LeaseUntil = time.Time{}
	} else {
		j.Attempt = 1
	}
	// A job found by the insert can be finished, by its holder, before it is
	// read: then it can be added after all.
	for range 3 {
		added, err := t.row(insertJob, []any{string(j.Kind), j.Key, j.Data, millis(j.RunAt), millis(j.RunAt),
			j.Attempt, j.Owner, millis(j.LeaseUntil)}, &j.ID)
		if err != nil {
			return jobs.Job{}, fmt.Errorf("add job: %w", err)
		}
		if added {
			j.RunAt = fromMillis(millis(j.RunAt))
			j.LeaseUntil = fromMillis(millis(j.LeaseUntil))
			return j, nil
		}
		there := jobs.Job{Kind: j.Kind, Key: j.Key}
		var runAt, leaseUntil int64
		found, err := t.row(selectJob, []any{string(j.Kind), j.Key},
			&there.ID, &there.Data, &runAt, &there.Attempt, &there.Owner, &leaseUntil)
		if err != nil {
			return jobs.Job{}, fmt.Errorf("read job: %w", err)
		}
		if found {
			there.RunAt, there.LeaseUntil = fromMillis(runAt), fromMillis(leaseUntil)
			return there, nil
		}
	}
	return jobs.Job{}, t.note(errors.New("add job: it is neither there nor can be added"))
}

// FinishJob implements vend.Tx.
func (t *sqlTx) FinishJob(j jobs.Job) error {
	return t.fate(j, "finish job", finishJob)
}

// PutOffJob implements vend.Tx.
func (t *sqlTx) PutOffJob(j jobs.Job, at time.Time, note string) error {
	return t.fate(j, "put off job", putOffJob, millis(at), cleanNote(note))
}

// BuryJob implements vend.Tx.
func (t *sqlTx) BuryJob(j jobs.Job, note string) error {
	return t.fate(j, "bury job", buryJob, cleanNote(note))
}

func (t *sqlTx) fate(j jobs.Job, what, query string, args ...any) error {
	return writeFate(j, what, args, func(args []any) (int64, error) { return t.exec(query, args...) })
}
