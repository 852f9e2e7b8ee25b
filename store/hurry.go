package store

import (
	"fmt"
	"time"

	"spaza/jobs"
)

// hurryJob brings a buried job back to the end of its lane, with as much time
// before it as it had at first.
const hurryJob = `UPDATE jobs SET run_at = CASE WHEN run_at < ? THEN run_at ELSE ? END, dead = 0, died_at = 0,
behind = CASE WHEN dead = 1 AND lane <> '' THEN 1 ELSE behind END,
until_at = CASE WHEN dead = 0 THEN until_at WHEN until_at <= first_run_at THEN 0 ELSE ? + until_at - first_run_at END
WHERE kind = ? AND key = ?`

// HurryJob implements vend.Tx.
func (t *sqlTx) HurryJob(k jobs.Kind, key string, now time.Time) (bool, error) {
	n, err := t.exec(hurryJob, millis(now), millis(now), millis(now), string(k), key)
	if err != nil {
		return false, fmt.Errorf("hurry job: %w", err)
	}
	return n > 0, nil
}
