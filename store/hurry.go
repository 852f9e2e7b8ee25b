package store

import (
	"fmt"
	"time"

	"spaza/jobs"
)

const hurryJob = `UPDATE jobs SET run_at = CASE WHEN run_at < ? THEN run_at ELSE ? END, dead = 0
WHERE kind = ? AND key = ?`

// HurryJob implements vend.Tx.
func (t *sqlTx) HurryJob(k jobs.Kind, key string, now time.Time) (bool, error) {
	n, err := t.exec(hurryJob, millis(now), millis(now), string(k), key)
	if err != nil {
		return false, fmt.Errorf("hurry job: %w", err)
	}
	return n > 0, nil
}
