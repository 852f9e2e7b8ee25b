package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"spaza/intake"
	"spaza/jobs"
	"spaza/vend"
)

const (
	insertLetters = `INSERT INTO letters (key, at, body) VALUES `
	letterRow     = `(?, ?, ?)`
	newLetters    = ` ON CONFLICT (key) DO NOTHING RETURNING key`

	// As insertJob does, but of many, and unclaimed.
	insertLetterJobs = `INSERT INTO jobs (kind, key, data, first_run_at, run_at, attempt, until_at, lane, behind) VALUES `
	letterJobRow     = `(?, ?, ?, ?, ?, 0, ?, ?, 1)`
	newLetterJobs    = ` ON CONFLICT (kind, key) DO NOTHING RETURNING id, key`

	countBehind  = `SELECT lane, count(*) FROM jobs WHERE dead = 0 AND behind = 1 AND lane IN (`
	countBehind2 = `) GROUP BY lane`

	takeFirstJobs  = `UPDATE jobs SET owner = ?, lease_until = ?, attempt = 1 WHERE behind = 0 AND id IN (`
	takeFirstJobs2 = `) RETURNING id`

	selectLetter   = `SELECT at, body FROM letters WHERE key = ?`
	eraseLetter    = `UPDATE letters SET body = NULL WHERE key = ?`
	deleteLetters  = `DELETE FROM letters WHERE key IN (`
	eraseLetters   = `UPDATE letters SET body = NULL WHERE key IN (SELECT key FROM letters WHERE body IS NOT NULL AND at < ? ORDER BY at LIMIT ?)`
	forgetLetters  = `DELETE FROM letters WHERE key IN (SELECT key FROM letters WHERE at < ? ORDER BY at LIMIT ?)`
	lettersAtOnce  = 64 // a statement
	letterJobParts = 7  // arguments of a letterJobRow
)

var _ intake.Store = (*SQL)(nil)

// AddLetters implements intake.Store.
func (s *SQL) AddLetters(ctx context.Context, b intake.Batch) (added intake.Added, err error) {
	err = s.InTx(ctx, func(tx vend.Tx) error {
		added, err = tx.(*sqlTx).addLetters(b)
		return err
	})
	if err != nil {
		return intake.Added{}, fmt.Errorf("add letters: %w", err)
	}
	return added, nil
}

// addLetters is a handful of statements, whatever the number of letters. Of
// processes that add the same letters, or to the same lanes, none may wait for one
// that waits for it: all take the letters first, in the order of their keys, and
// then the lanes in theirs.
func (t *sqlTx) addLetters(b intake.Batch) (added intake.Added, err error) {
	behind, err := t.behind(b.Letters)
	if err != nil {
		return added, err
	}
	// Where a lane is full nothing is tried: a flood of one sender costs a count.
	var letters []intake.Kept
	for _, k := range b.Letters {
		if behind[k.Job.Lane] < b.Waiting {
			letters = append(letters, k)
		} else {
			added.Dropped = append(added.Dropped, k.Job.Lane)
		}
	}
	fresh, err := t.insertLetters(letters)
	if err != nil {
		return added, err
	}
	var excess []any
	letters = slices.DeleteFunc(letters, func(k intake.Kept) bool {
		lane := k.Job.Lane
		switch {
		case !fresh[k.Key]:
			return true
		case behind[lane] >= b.Waiting:
			excess, added.Dropped = append(excess, k.Key), append(added.Dropped, lane)
			return true
		}
		behind[lane]++
		return false
	})
	err = inLists(excess, func(list string, keys []any) error {
		_, err := t.exec(deleteLetters+list+")", keys...)
		return err
	})
	if err != nil {
		return added, err
	}
	if added.Jobs, err = t.insertLetterJobs(letters); err != nil {
		return added, err
	}
	return added, t.takeFirst(added.Jobs, b)
}

// behind counts the jobs that wait in the lanes of letters.
func (t *sqlTx) behind(letters []intake.Kept) (map[string]int, error) {
	count := map[string]int{}
	for _, k := range letters {
		count[k.Job.Lane] = 0
	}
	lanes := make([]any, 0, len(count))
	for lane := range count {
		lanes = append(lanes, lane)
	}
	return count, inLists(lanes, func(list string, some []any) error {
		return t.each(countBehind+list+countBehind2, some, func(rows *sql.Rows) error {
			var lane string
			var n int
			err := rows.Scan(&lane, &n)
			count[lane] = n
			return err
		})
	})
}

// insertLetters adds those that are not there, and returns their keys.
func (t *sqlTx) insertLetters(letters []intake.Kept) (map[string]bool, error) {
	letters = slices.SortedFunc(slices.Values(letters), func(a, b intake.Kept) int { return cmp.Compare(a.Key, b.Key) })
	fresh := make(map[string]bool, len(letters))
	for some := range slices.Chunk(letters, lettersAtOnce) {
		some = padded(some)
		args := make([]any, 0, 3*len(some))
		for _, k := range some {
			args = append(args, k.Key, millis(k.At), k.Body)
		}
		err := t.each(insertLetters+rowsOf(letterRow, len(some))+newLetters, args, func(rows *sql.Rows) error {
			var key string
			err := rows.Scan(&key)
			fresh[key] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// insertLetterJobs adds jobs, in each lane in the order of the letters, and returns
// those added, in that order.
func (t *sqlTx) insertLetterJobs(letters []intake.Kept) ([]jobs.Job, error) {
	byLane := slices.SortedStableFunc(slices.Values(letters), func(a, b intake.Kept) int { return cmp.Compare(a.Job.Lane, b.Job.Lane) })
	ids := make(map[string]int64, len(letters))
	for some := range slices.Chunk(byLane, lettersAtOnce) {
		some = padded(some)
		args := make([]any, 0, letterJobParts*len(some))
		for _, k := range some {
			j := k.Job
			args = append(args, string(j.Kind), j.Key, j.Data, millis(j.RunAt), millis(j.RunAt), millis(j.Until), j.Lane)
		}
		err := t.each(insertLetterJobs+rowsOf(letterJobRow, len(some))+newLetterJobs, args, func(rows *sql.Rows) error {
			var id int64
			var key string
			err := rows.Scan(&id, &key)
			ids[key] = id
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	added := make([]jobs.Job, 0, len(ids))
	for _, k := range letters {
		if id, ok := ids[k.Key]; ok {
			j := k.Job
			j.ID, j.RunAt, j.Until = id, fromMillis(millis(j.RunAt)), fromMillis(millis(j.Until))
			added = append(added, j)
		}
	}
	return added, nil
}

// takeFirst claims the jobs just added that are the first of their lanes, as far as
// there is room.
func (t *sqlTx) takeFirst(added []jobs.Job, b intake.Batch) error {
	at, seen := map[int64]int{}, map[string]bool{}
	var ids []any
	for i, j := range added {
		if !seen[j.Lane] && len(ids) < b.Room {
			ids = append(ids, j.ID)
			at[j.ID] = i
		}
		seen[j.Lane] = true
	}
	return inLists(ids, func(list string, some []any) error {
		args := append([]any{b.Owner, millis(b.LeaseUntil)}, some...)
		return t.each(takeFirstJobs+list+takeFirstJobs2, args, func(rows *sql.Rows) error {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			j := &added[at[id]]
			j.Owner, j.LeaseUntil, j.Attempt = b.Owner, fromMillis(millis(b.LeaseUntil)), 1
			return nil
		})
	})
}

// Letter implements intake.Store.
func (s *SQL) Letter(ctx context.Context, key string) (intake.Kept, error) {
	k := intake.Kept{Key: key}
	var at int64
	found, err := s.reading().row(ctx, selectLetter, []any{key}, &at, &k.Body)
	if err == nil && !found {
		err = intake.ErrNoLetter
	}
	if err != nil {
		return intake.Kept{}, fmt.Errorf("read letter: %w", err)
	}
	k.At = fromMillis(at)
	return k, nil
}

// DoneLetter implements intake.Store.
func (s *SQL) DoneLetter(ctx context.Context, j jobs.Job) error {
	err := s.InTx(ctx, func(tx vend.Tx) error {
		if _, err := tx.(*sqlTx).exec(eraseLetter, j.Key); err != nil {
			return err
		}
		return tx.FinishJob(j)
	})
	if err != nil {
		return fmt.Errorf("end letter: %w", err)
	}
	return nil
}

// EraseLetters implements intake.Store.
func (s *SQL) EraseLetters(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.InTx(ctx, func(tx vend.Tx) error {
		t := tx.(*sqlTx)
		if err := t.overwrite(); err != nil {
			return err
		}
		erased, err := t.exec(eraseLetters, millis(before), limit)
		n = int(erased)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erase letters: %w", err)
	}
	return n, nil
}

// ForgetLetters implements intake.Store.
func (s *SQL) ForgetLetters(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, "forget letters", forgetLetters, before, limit)
}

// padded repeats the last of a list until its length is a power of two, so that
// there are not statements of every length. Where it is inserted, the repetitions
// change nothing.
func padded[T any](list []T) []T {
	for want := 1 << bits.Len(uint(len(list)-1)); len(list) < want; {
		list = append(slices.Clip(list), list[len(list)-1])
	}
	return list
}

// inLists calls do with the arguments of an IN list, some at a time.
func inLists(all []any, do func(list string, some []any) error) error {
	for some := range slices.Chunk(all, lettersAtOnce) {
		some = padded(some)
		if err := do(marks(len(some)), some); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf is n rows of values.
func rowsOf(row string, n int) string { return row + strings.Repeat(", "+row, n-1) }
