package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

// BenchmarkSale compares a whole sale, in its two transactions, with the bare
// driver that is sent the same statements on the same connections.
func BenchmarkSale(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchSale(b, "sqlite:"+filepath.Join(b.TempDir(), "spaza.db")) })
	b.Run("postgres", func(b *testing.B) {
		base := os.Getenv("SPAZA_TEST_POSTGRES_URL")
		if base == "" {
			b.Skip("set SPAZA_TEST_POSTGRES_URL to measure PostgreSQL")
		}
		u, err := url.Parse(base)
		if err != nil {
			b.Fatal("SPAZA_TEST_POSTGRES_URL is not a URL")
		}
		admin, err := sql.Open("pgx", base)
		if err != nil {
			b.Fatal(err)
		}
		schema := fmt.Sprintf("spaza_bench_%d_%d", os.Getpid(), time.Now().UnixNano())
		if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if _, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
				b.Error(err)
			}
			_ = admin.Close()
		})
		q := u.Query()
		q.Set("search_path", schema)
		u.RawQuery = q.Encode()
		benchSale(b, u.String())
	})
}

func benchSale(b *testing.B, rawURL string) {
	s, err := OpenSQL(b.Context(), rawURL, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	at := time.UnixMilli(1_795_000_000_000).UTC()
	err = s.InTx(b.Context(), func(tx vend.Tx) error {
		return tx.Post(ledger.Redeemed("fund", "c1", 1<<50), at)
	})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, who := range []struct {
		name string
		sell func(context.Context, *SQL, vend.Order, time.Time) error
	}{{"store", sellByStore}, {"driver", sellByDriver}} {
		b.Run(who.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n++
				o := vend.Order{
					Ref: fmt.Sprintf("S-%012d", n), Kind: vend.KindAirtime, Customer: "c1", Product: "VOD-AIR",
					Label: "Vodacom", Amount: 12_50, Target: "27820001111", Fund: vend.FundBalance,
					State: vend.StateSending, Channel: "ussd", Op: "purchase", Sealed: make([]byte, 300),
					CreatedAt: at, FirstSentAt: at, UpdatedAt: at,
				}
				if err := who.sell(b.Context(), s, o, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.StopTimer()
	if faults, err := s.CheckBooks(b.Context()); err != nil || len(faults) > 0 {
		b.Fatal(faults, err)
	}
}

func sellByStore(ctx context.Context, s *SQL, o vend.Order, at time.Time) error {
	var j jobs.Job
	err := s.InTx(ctx, func(tx vend.Tx) error {
		if _, _, err := tx.AddOrder(o); err != nil {
			return err
		}
		if err := tx.Post(ledger.Hold(o.Ref, ledger.CustomerPays(o.Customer), o.Amount), at); err != nil {
			return err
		}
		var err error
		j, err = tx.AddJob(jobs.Job{Kind: "sell", Key: o.Ref, RunAt: at, Owner: "me", LeaseUntil: at.Add(time.Minute)})
		return err
	})
	if err != nil {
		return err
	}
	return s.InTx(ctx, func(tx vend.Tx) error {
		o, err := tx.Order(o.Ref)
		if err != nil {
			return err
		}
		if err := tx.Post(ledger.Capture(o.Ref, ledger.CustomerPays(o.Customer), o.Amount), at); err != nil {
			return err
		}
		o.State, o.Sealed, o.ProviderRef = vend.StateDelivered, nil, "P1"
		if err := tx.UpdateOrder(o); err != nil {
			return err
		}
		if _, err := tx.AddJob(jobs.Job{Kind: "tell", Key: o.Ref, RunAt: at}); err != nil {
			return err
		}
		return tx.FinishJob(j)
	})
}

// sellByDriver sends what sellByStore makes the driver send.
func sellByDriver(ctx context.Context, s *SQL, o vend.Order, at time.Time) error {
	ms := at.UnixMilli()
	available, held := "cust:c1:available", "cust:c1:held"
	lock := func(n int) string { return s.d.bind(selectBalances + marks(n) + ") ORDER BY id" + s.d.forUpdate) }
	postings := s.d.bind(insertPostings + "(?, ?, ?, ?), (?, ?, ?, ?)")
	addJob := s.d.bind(insertJob)
	addEntry := s.d.bind(insertEntry)
	exec := func(tx *sql.Tx, query string, args ...any) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
	balances := func(tx *sql.Tx, query string, ids ...any) error {
		rows, err := tx.QueryContext(ctx, query, ids...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var balance int64
			if err := rows.Scan(&id, &balance); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	inTx := func(do func(*sql.Tx) error) error {
		tx, err := s.write.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.d.isolation})
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		return tx.Commit()
	}
	var job int64
	err := inTx(func(tx *sql.Tx) error {
		err := exec(tx, s.d.bind(insertOrder), o.Ref, string(o.Kind), o.Customer, o.Product, o.Label, int64(o.Amount),
			o.Target, string(o.Fund), string(o.State), "", o.Channel, o.Op, o.Sealed, nil, "", "", "", 0, ms, ms, ms)
		if err != nil {
			return err
		}
		if err := balances(tx, lock(2), available, held); err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRowContext(ctx, addEntry, o.Ref, "held", ms, 0).Scan(&id); err != nil {
			return err
		}
		if err := exec(tx, postings, id, 0, available, -1250, id, 0, held, 1250); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, addJob, "sell", o.Ref, "", ms, ms, 1, "me", ms+60_000).Scan(&job)
	})
	if err != nil {
		return err
	}
	return inTx(func(tx *sql.Tx) error {
		var r orderRow
		if err := tx.QueryRowContext(ctx, s.d.bind(selectOrder+s.d.forUpdate), o.Ref).Scan(r.dest()...); err != nil {
			return err
		}
		if err := balances(tx, lock(1), held); err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRowContext(ctx, addEntry, o.Ref, "captured", ms, 1).Scan(&id); err != nil {
			return err
		}
		if err := exec(tx, postings, id, 0, held, -1250, id, 0, "flash:float", 1250); err != nil {
			return err
		}
		if err := exec(tx, s.d.bind(updateOrder), "delivered", "", nil, "P1", "", "", 0, ms, ms, nil, 1, ms, int64(o.Amount), o.Ref); err != nil {
			return err
		}
		var next int64
		if err := tx.QueryRowContext(ctx, addJob, "tell", o.Ref, "", ms, ms, 0, "", 0).Scan(&next); err != nil {
			return err
		}
		return exec(tx, s.d.bind(finishJob), job, "me", 1)
	})
}
