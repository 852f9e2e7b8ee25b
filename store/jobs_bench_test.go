package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/test/schema"
)

// plainClaim is a claim that knows neither lanes nor limits, and plainTable what
// it needs: the yardstick of BenchmarkClaim.
const (
	plainTable = `CREATE TABLE plain_jobs (id BIGINT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL,
run_at BIGINT NOT NULL, attempt BIGINT NOT NULL, owner TEXT NOT NULL DEFAULT '', lease_until BIGINT NOT NULL DEFAULT 0,
dead SMALLINT NOT NULL DEFAULT 0, UNIQUE (kind, key))`

	plainClaim = `WITH due AS MATERIALIZED (SELECT id FROM plain_jobs
WHERE dead = 0 AND run_at <= ? AND lease_until <= ? AND kind IN (%s) ORDER BY run_at, id LIMIT ?%s)
UPDATE plain_jobs SET owner = ?, lease_until = ?, attempt = attempt + 1
WHERE id IN (SELECT id FROM due) RETURNING id, kind, key, data, run_at, attempt`
)

// BenchmarkClaim compares a claim with one that knows neither lanes nor limits,
// by turns, and reports how many times as long it takes (the median of each):
// where one job is due, where many are of each kind, and where those that may be
// claimed stand behind a long queue of a kind that is full.
func BenchmarkClaim(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchClaim(b, "sqlite:"+filepath.Join(b.TempDir(), "spaza.db")) })
	b.Run("postgres", func(b *testing.B) { benchClaim(b, schema.Fresh(b)) })
}

func benchClaim(b *testing.B, rawURL string) {
	s, err := OpenSQL(b.Context(), rawURL, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	exec := func(query string, args ...any) {
		if _, err := s.writing().exec(b.Context(), query, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec(plainTable)
	if s.d.numbered {
		exec("ALTER TABLE plain_jobs SET (fillfactor = 70)")
	}
	exec("CREATE INDEX plain_due ON plain_jobs (run_at, id) WHERE dead = 0")
	// A queue, due before all others; a few of two kinds; and one of a kind.
	const queue = 20_000
	for _, table := range []struct{ name, more string }{{"jobs", ", first_run_at"}, {"plain_jobs", ", id"}} {
		exec(fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= %[1]d + 40)
INSERT INTO %[2]s (kind, key, data, run_at, attempt%[3]s)
SELECT CASE WHEN i <= %[1]d THEN 'queue' WHEN i > %[1]d + 40 THEN 'one' WHEN i %% 2 = 0 THEN 'order' ELSE 'notice' END,
CAST(i AS TEXT), '', i, 0, i FROM n`, queue, table.name, table.more))
	}
	exec("ANALYZE")
	for _, c := range []struct {
		name  string
		kinds []jobs.Kind
		due   int
	}{
		{"one job of two kinds", []jobs.Kind{"one", "none"}, 1},
		{"many of one kind", []jobs.Kind{"queue"}, 8},
		{"many of three kinds", []jobs.Kind{"notice", "order", "queue"}, 8},
		{"behind a queue", []jobs.Kind{"notice", "order"}, 8},
	} {
		b.Run(c.name, func(b *testing.B) {
			now := time.UnixMilli(1_795_000_000_000)
			var store, plain []time.Duration
			for b.Loop() {
				// The leases of the last time have ended: the same are claimed.
				now = now.Add(time.Second)
				began := time.Now()
				got, err := s.Claim(b.Context(), c.kinds, 8, "me", now, now.Add(time.Millisecond))
				store = append(store, time.Since(began))
				if err != nil || len(got) != c.due {
					b.Fatal(len(got), err)
				}
				began = time.Now()
				n, err := claimPlain(b.Context(), s, c.kinds, now)
				plain = append(plain, time.Since(began))
				if err != nil || n != c.due {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(median(store).Microseconds()), "store-µs")
			b.ReportMetric(float64(median(plain).Microseconds()), "plain-µs")
			b.ReportMetric(float64(median(store))/float64(median(plain)), "ratio")
		})
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func claimPlain(ctx context.Context, s *SQL, kinds []jobs.Kind, now time.Time) (int, error) {
	query := fmt.Sprintf(plainClaim, marks(len(kinds)), s.d.skipLocked)
	args := append([]any{millis(now), millis(now)}, kindArgs(kinds)...)
	n := 0
	err := s.writing().each(ctx, query, append(args, 8, "me", millis(now.Add(time.Millisecond))), func(rows *sql.Rows) error {
		n++
		var j jobs.Job
		var runAt int64
		return rows.Scan(&j.ID, &j.Kind, &j.Key, &j.Data, &runAt, &j.Attempt)
	})
	return n, err
}
