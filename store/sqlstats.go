package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"spaza/jobs"
	"spaza/vend"
)

// Stats is what is under way, for metrics.
type Stats struct {
	// Orders has the states that are not final; those that are grow for ever
	// and are counted as they happen. A state with no orders is not listed.
	Orders []OrderStats
	Jobs   []JobStats
}

// OrderStats is the orders in one state.
type OrderStats struct {
	State  vend.State
	Count  int
	Oldest time.Duration // since the one that moved least recently moved
}

// JobStats is the jobs of one kind.
type JobStats struct {
	Kind    jobs.Kind
	Waiting int           // due now or later, held by nobody
	Held    int           // being done
	Dead    int           // buried
	Lag     time.Duration // how long the one that has waited longest has been due
}

const (
	// The list of states is that of the index orders_open.
	statOrders = `SELECT state, count(*), min(updated_at) FROM orders
WHERE state IN ('confirmed', 'sending', 'unknown', 'owed', 'person') GROUP BY state ORDER BY state`

	statJobs = `SELECT kind,
count(CASE WHEN dead = 0 AND lease_until <= ? THEN 1 END),
count(CASE WHEN dead = 0 AND lease_until > ? THEN 1 END),
count(CASE WHEN dead = 1 THEN 1 END),
min(CASE WHEN dead = 0 AND lease_until <= ? THEN run_at END)
FROM jobs GROUP BY kind ORDER BY kind`
)

// Stats reads what is under way at now.
func (s *SQL) Stats(ctx context.Context, now time.Time) (Stats, error) {
	var st Stats
	err := s.reading().each(ctx, statOrders, nil, func(rows *sql.Rows) error {
		var o OrderStats
		var oldest int64
		if err := rows.Scan(&o.State, &o.Count, &oldest); err != nil {
			return err
		}
		o.Oldest = max(0, now.Sub(time.UnixMilli(oldest)))
		st.Orders = append(st.Orders, o)
		return nil
	})
	if err != nil {
		return Stats{}, fmt.Errorf("count orders: %w", err)
	}
	at := millis(now)
	err = s.reading().each(ctx, statJobs, []any{at, at, at}, func(rows *sql.Rows) error {
		var j JobStats
		var oldest sql.NullInt64
		if err := rows.Scan(&j.Kind, &j.Waiting, &j.Held, &j.Dead, &oldest); err != nil {
			return err
		}
		if oldest.Valid {
			j.Lag = max(0, now.Sub(time.UnixMilli(oldest.Int64)))
		}
		st.Jobs = append(st.Jobs, j)
		return nil
	})
	if err != nil {
		return Stats{}, fmt.Errorf("count jobs: %w", err)
	}
	return st, nil
}
