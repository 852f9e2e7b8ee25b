package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/store"
	"spaza/test/schema"
	"spaza/vend"
)

// database is a fresh, empty database.
type database struct {
	kind string
	url  string
	// driver and dsn open it without the store.
	driver, dsn string
}

// onEachDatabase runs a test on a fresh SQLite file, and in a fresh schema of
// PostgreSQL where there is a server.
func onEachDatabase(t *testing.T, test func(*testing.T, database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, freshSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, freshPostgres(t)) })
}

func freshSQLite(t testing.TB) database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spaza.db")
	return database{kind: "sqlite", url: "sqlite:" + path, driver: "sqlite", dsn: "file:" + path + "?_pragma=busy_timeout(5000)"}
}

func freshPostgres(t testing.TB) database {
	t.Helper()
	u := schema.Fresh(t)
	return database{kind: "postgres", url: u, driver: "pgx", dsn: u}
}

// open opens the store for the length of the test.
func (d database) open(t testing.TB) *store.SQL {
	t.Helper()
	s, err := store.OpenSQL(context.Background(), d.url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw opens the database behind the store's back.
func (d database) raw(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// inTx runs do in a transaction that must succeed.
func inTx(t testing.TB, s *store.SQL, do func(vend.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// post posts one entry in a transaction of its own.
func post(t testing.TB, s *store.SQL, e ledger.Entry) error {
	t.Helper()
	return s.InTx(t.Context(), func(tx vend.Tx) error { return tx.Post(e, noon) })
}

// mustPost posts entries that must succeed.
func mustPost(t testing.TB, s *store.SQL, entries ...ledger.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := post(t, s, e); err != nil {
			t.Fatalf("%s %s: %v", e.Kind, e.Ref, err)
		}
	}
}

func wantBalance(t testing.TB, s *store.SQL, customer string, available, held ledger.Cents) {
	t.Helper()
	got, err := s.Balance(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	if want := (vend.Balance{Available: available, Held: held}); got != want {
		t.Errorf("balance of %s: got %v, want %v", customer, got, want)
	}
}

func wantSoundBooks(t testing.TB, s *store.SQL) {
	t.Helper()
	faults, err := s.CheckBooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// order is a sale with every field set.
func order(ref string) vend.Order {
	return vend.Order{
		Ref: ref, Kind: vend.KindAirtime, Customer: "c1", Product: "VOD-AIR", Label: "Vodacom", Amount: 12_50,
		Target: "27820001111", Fund: vend.FundBalance, State: vend.StateSending, Channel: "ussd",
		Op: "purchase", Sealed: []byte{1, 0, 255}, CreatedAt: noon, FirstSentAt: noon.Add(time.Millisecond),
		UpdatedAt: noon.Add(2 * time.Millisecond),
	}
}

// refs is n references.
func refs(prefix string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("%s-%d", prefix, i))
	}
	return all
}
