package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"

	"spaza/intake"
	"spaza/jobs"
	"spaza/vend"
)

const (
	finishLetterJobs  = `DELETE FROM jobs WHERE owner = ? AND attempt = ? AND dead = 0 AND id IN (`
	finishLetterJobs2 = `) RETURNING key`

	eraseDone = `UPDATE letters SET body = NULL WHERE key IN (`
)

// DoneLetters implements intake.Store.
func (s *SQL) DoneLetters(ctx context.Context, d intake.Ended) (next []jobs.Job, err error) {
	err = s.InTx(ctx, func(tx vend.Tx) error {
		next, err = tx.(*sqlTx).doneLetters(d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("end letters: %w", err)
	}
	return next, nil
}

// doneLetters takes lanes and letters in the same order as addLetters.
func (t *sqlTx) doneLetters(d intake.Ended) (next []jobs.Job, err error) {
	var lanes []string
	held := map[int][]any{} // ids by attempt: mostly there is one
	for _, j := range d.Jobs {
		lanes = append(lanes, j.Lane)
		held[j.Attempt] = append(held[j.Attempt], j.ID)
	}
	if _, err := t.lockLanes(lanes); err != nil {
		return nil, err
	}
	var keys []any
	for attempt, ids := range held {
		err := inLists(ids, func(list string, some []any) error {
			return t.each(finishLetterJobs+list+finishLetterJobs2, append([]any{d.Owner, attempt}, some...), func(rows *sql.Rows) error {
				var key string
				err := rows.Scan(&key)
				keys = append(keys, key)
				return err
			})
		})
		if err != nil {
			return nil, err
		}
	}
	err = inLists(keys, func(list string, some []any) error {
		_, err := t.exec(eraseDone+list+")", some...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return t.claimLetters(d)
}

// claimLetters claims as many jobs of letters as were ended: in powers of two, so
// that there are not statements of every number.
func (t *sqlTx) claimLetters(d intake.Ended) (next []jobs.Job, err error) {
	for left := len(d.Jobs); left > 0; {
		c := claim{t.d, []jobs.Kind{intake.JobChat}, 1 << (bits.Len(uint(left)) - 1), d.Owner, d.Now, d.LeaseUntil}
		claimed, err := c.run(t.each)
		if err != nil {
			return nil, err
		}
		next = append(next, claimed...)
		if len(claimed) < c.n {
			break
		}
		left -= c.n
	}
	return next, nil
}
