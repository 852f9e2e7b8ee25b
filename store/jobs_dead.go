package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"spaza/jobs"
)

// JobRow is a job as support sees it.
type JobRow struct {
	jobs.Job
	// FirstRunAt is when it was first to be run; RunAt, when it is next.
	FirstRunAt time.Time
	// Behind says that it waits for an earlier one of its lane.
	Behind bool
	// Note is why it was last put off or buried.
	Note string
}

// JobFilter says which jobs ListJobs lists.
type JobFilter struct {
	// Dead asks for the buried jobs; otherwise for those that are to be done.
	Dead bool
	// Kinds, Key and Lane, where they are not empty, are what the jobs have.
	Kinds []jobs.Kind
	Key   string
	Lane  string
	// Limit is how many are listed at most; default 100. After is the ID of the
	// last one seen, to go on from.
	Limit int
	After int64
}

const defaultJobs = 100

const (
	listJobs = `SELECT id, kind, key, data, lane, behind, first_run_at, run_at, until_at, attempt, unrun,
owner, lease_until, died_at, note FROM jobs WHERE dead = ? AND id > ?`

	// A lane may have moved on: the job gets behind, and the database moves it to
	// the front when nobody is there.
	retryJob = `UPDATE jobs SET dead = 0, died_at = 0, run_at = ?,
behind = CASE WHEN lane = '' THEN 0 ELSE 1 END,
until_at = CASE WHEN until_at <= first_run_at THEN 0 ELSE ? + until_at - first_run_at END
WHERE id = ? AND dead = 1`

	dropJob = `DELETE FROM jobs WHERE id = ? AND dead = 1 AND kind IN (`

	deadJobsOfKind = `SELECT id FROM jobs WHERE kind = ? AND dead = 1 AND died_at < ? ORDER BY died_at, id LIMIT ?`
)

// purgeJobs deletes the oldest of the buried jobs of a kind, passing over those
// that somebody is just giving another try. As for a claim, they are chosen once.
func purgeJobs(d dialect) string {
	return "WITH due AS MATERIALIZED (" + deadJobsOfKind + d.skipLocked + ") DELETE FROM jobs WHERE id IN (SELECT id FROM due)"
}

// ListJobs reads jobs in the order in which they were added.
func (s *SQL) ListJobs(ctx context.Context, f JobFilter) ([]JobRow, error) {
	var q strings.Builder
	q.WriteString(listJobs)
	args := []any{bit(f.Dead), f.After}
	if len(f.Kinds) > 0 {
		q.WriteString(" AND kind IN (" + marks(len(f.Kinds)) + ")")
		args = append(args, kindArgs(f.Kinds)...)
	}
	for _, is := range []struct{ column, value string }{{"key", f.Key}, {"lane", f.Lane}} {
		if is.value != "" {
			q.WriteString(" AND " + is.column + " = ?")
			args = append(args, is.value)
		}
	}
	q.WriteString(" ORDER BY id LIMIT ?")
	limit := f.Limit
	if limit <= 0 {
		limit = defaultJobs
	}
	var list []JobRow
	err := s.reading().each(ctx, q.String(), append(args, limit), func(rows *sql.Rows) error {
		var j JobRow
		var behind, firstRunAt, runAt, until, leaseUntil, died int64
		if err := rows.Scan(&j.ID, &j.Kind, &j.Key, &j.Data, &j.Lane, &behind, &firstRunAt, &runAt, &until,
			&j.Attempt, &j.Unrun, &j.Owner, &leaseUntil, &died, &j.Note); err != nil {
			return err
		}
		j.Behind = behind != 0
		j.FirstRunAt, j.RunAt, j.Until = fromMillis(firstRunAt), fromMillis(runAt), fromMillis(until)
		j.LeaseUntil, j.DiedAt = fromMillis(leaseUntil), fromMillis(died)
		list = append(list, j)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return list, nil
}

// RetryJob makes a buried job due at now. It keeps its count of attempts, takes
// its old place among those of its lane that wait (never before the one that is
// first by now), and is given as much time as it had, from now. It returns
// jobs.ErrNoJob when the job is not there or not buried, such as when another
// has done this before.
func (s *SQL) RetryJob(ctx context.Context, id int64, now time.Time) error {
	at := millis(now)
	return s.toDead(ctx, "retry job", retryJob, at, at, id)
}

// DropJob deletes a buried job, if its kind is one of those given. It returns
// jobs.ErrNoJob when there is none such.
func (s *SQL) DropJob(ctx context.Context, id int64, kinds []jobs.Kind) error {
	if len(kinds) == 0 {
		return fmt.Errorf("drop job: %w", jobs.ErrNoJob)
	}
	return s.toDead(ctx, "drop job", dropJob+marks(len(kinds))+")", append([]any{id}, kindArgs(kinds)...)...)
}

func (s *SQL) toDead(ctx context.Context, what, query string, args ...any) error {
	var n int64
	err := retrySQL(ctx, func() (err error) {
		n, err = s.writing().exec(ctx, query, args...)
		return err
	})
	if err == nil && n == 0 {
		err = jobs.ErrNoJob
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// PurgeDead deletes jobs of the given kinds, and of no other, that were buried
// before a time: the oldest of each kind first, and up to limit in all. It says
// how many; fewer than limit says that there are no more.
func (s *SQL) PurgeDead(ctx context.Context, kinds []jobs.Kind, before time.Time, limit int) (n int, err error) {
	for _, k := range kinds {
		if n >= limit {
			break
		}
		var purged int64
		err := retrySQL(ctx, func() (err error) {
			purged, err = s.writing().exec(ctx, purgeJobs(s.d), string(k), millis(before), limit-n)
			return err
		})
		n += int(purged)
		if err != nil {
			return n, fmt.Errorf("purge jobs: %w", err)
		}
	}
	return n, nil
}

func kindArgs(kinds []jobs.Kind) []any {
	args := make([]any, 0, len(kinds))
	for _, k := range kinds {
		args = append(args, string(k))
	}
	return args
}
