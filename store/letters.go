package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
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

	// As insertJob does, but of many, and by one who knows their lanes.
	insertLetterJobs = `INSERT INTO jobs (kind, key, data, first_run_at, run_at, attempt, owner, lease_until, until_at, lane, behind) VALUES `
	letterJobRow     = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	newLetterJobs    = ` ON CONFLICT (kind, key) DO NOTHING RETURNING id, key`

	// lockLanes keeps all others from lanes until the transaction ends, as the
	// triggers of the lanes do, where there is more than one writer.
	lockLanes  = `SELECT pg_advisory_xact_lock(hashtextextended('spaza.jobs.lane.' || lane, 0)) FROM (VALUES `
	lockLane   = `(CAST(? AS TEXT))`
	lockLanes2 = `) AS lanes (lane)`

	// Each half has an index of its own.
	countLanes  = `SELECT lane, count(*) FROM (SELECT lane FROM jobs WHERE dead = 0 AND behind = 1 AND lane IN (`
	countLanes2 = `) UNION ALL SELECT lane FROM jobs WHERE lane <> '' AND dead = 0 AND behind = 0 AND lane IN (`
	countLanes3 = `)) AS alive GROUP BY lane`

	selectLetter  = `SELECT at, body FROM letters WHERE key = ?`
	eraseLetter   = `UPDATE letters SET body = NULL WHERE key = ?`
	deleteLetters = `DELETE FROM letters WHERE key IN (`
	eraseLetters  = `UPDATE letters SET body = NULL WHERE key IN (SELECT key FROM letters WHERE body IS NOT NULL AND at < ? ORDER BY at LIMIT ?)`
	forgetLetters = `DELETE FROM letters WHERE key IN (SELECT key FROM letters WHERE at < ? ORDER BY at LIMIT ?)`
	lettersAtOnce = 64 // a statement
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
// that waits for it: all take the lanes first, in the order of their names, and
// then the letters in that of their keys. So does whoever is done with one.
func (t *sqlTx) addLetters(b intake.Batch) (added intake.Added, err error) {
	alive, err := t.lanes(b.Letters)
	if err != nil {
		return added, err
	}
	// Where a lane is full nothing is tried: a flood of one sender costs a count.
	var letters []intake.Kept
	for _, k := range b.Letters {
		if alive[k.Job.Lane] <= b.Waiting {
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
	letters = slices.DeleteFunc(letters, func(k intake.Kept) bool { return !fresh[k.Key] })
	letters = slices.DeleteFunc(letters, func(k intake.Kept) bool {
		if alive[k.Job.Lane] <= b.Waiting {
			alive[k.Job.Lane]++
			return false
		}
		excess, added.Dropped = append(excess, k.Key), append(added.Dropped, k.Job.Lane)
		return true
	})
	err = inLists(excess, func(list string, keys []any) error {
		_, err := t.exec(deleteLetters+list+")", keys...)
		return err
	})
	if err != nil {
		return added, err
	}
	for _, k := range letters {
		alive[k.Job.Lane]--
	}
	added.Jobs, err = t.insertLetterJobs(letters, alive, b)
	return added, err
}

// lanes counts the jobs that are to be done in the lanes of letters, which nobody
// else moves until the transaction ends.
func (t *sqlTx) lanes(letters []intake.Kept) (map[string]int, error) {
	count := map[string]int{}
	for _, k := range letters {
		count[k.Job.Lane] = 0
	}
	lanes, err := t.lockLanes(slices.Collect(maps.Keys(count)))
	if err != nil {
		return nil, err
	}
	return count, inLists(lanes, func(list string, some []any) error {
		return t.each(countLanes+list+countLanes2+list+countLanes3, append(slices.Clip(some), some...), func(rows *sql.Rows) error {
			var lane string
			var n int
			err := rows.Scan(&lane, &n)
			count[lane] = n
			return err
		})
	})
}

// lockLanes keeps all others from lanes until the transaction ends, and returns
// them in the order of their names, in which they are to be taken.
func (t *sqlTx) lockLanes(names []string) (lanes []any, err error) {
	slices.Sort(names)
	for _, lane := range slices.Compact(names) {
		lanes = append(lanes, lane)
	}
	if t.d.lockNumber == "" {
		return lanes, nil
	}
	return lanes, inLists(lanes, func(_ string, some []any) error {
		return t.each(lockLanes+rowsOf(lockLane, len(some))+lockLanes2, some, func(*sql.Rows) error { return nil })
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
// those added, in that order. alive is how many there are in each lane. The first
// of an empty one is claimed as it is added, as far as there is room.
func (t *sqlTx) insertLetterJobs(letters []intake.Kept, alive map[string]int, b intake.Batch) ([]jobs.Job, error) {
	behind := make(map[string]bool, len(letters)) // by key
	all := make([]jobs.Job, 0, len(letters))
	for _, k := range letters {
		j := k.Job
		j.RunAt, j.Until = fromMillis(millis(j.RunAt)), fromMillis(millis(j.Until))
		if behind[j.Key] = alive[j.Lane] > 0; !behind[j.Key] && b.Room > 0 {
			j.Owner, j.LeaseUntil, j.Attempt = b.Owner, fromMillis(millis(b.LeaseUntil)), 1
			b.Room--
		}
		alive[j.Lane]++
		all = append(all, j)
	}
	byLane := slices.SortedStableFunc(slices.Values(all), func(a, b jobs.Job) int { return cmp.Compare(a.Lane, b.Lane) })
	ids := make(map[string]int64, len(letters))
	for some := range slices.Chunk(byLane, lettersAtOnce) {
		some = padded(some)
		var args []any
		for _, j := range some {
			args = append(args, string(j.Kind), j.Key, j.Data, millis(j.RunAt), millis(j.RunAt), j.Attempt, j.Owner, millis(j.LeaseUntil),
				millis(j.Until), j.Lane, bit(behind[j.Key]))
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
	for i := range all {
		all[i].ID = ids[all[i].Key]
	}
	// One that has a job already, from before its letter was forgotten, has none
	// more.
	return slices.DeleteFunc(all, func(j jobs.Job) bool { return j.ID == 0 }), nil
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
