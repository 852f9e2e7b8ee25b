package vend_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/store"
	"spaza/test/schema"
	"spaza/test/tables"
)

// database is a fresh, empty database.
type database struct {
	numbered    bool // arguments are written $1, not ?
	url         string
	driver, dsn string // to open it behind the store's back
}

// onEachDatabase runs a test in a bubble of its own time, over a SQLite file and,
// where there is a server, over PostgreSQL.
func onEachDatabase(t *testing.T, test func(*testing.T, database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		d := freshSQLite(t.TempDir())
		synctest.Test(t, func(t *testing.T) { test(t, d) })
	})
	t.Run("postgres", func(t *testing.T) {
		d := freshPostgres(t)
		synctest.Test(t, func(t *testing.T) { test(t, d) })
	})
}

// freshSQLite is an empty database in a folder. Where the file cannot be made
// beforehand, whoever opens it makes it.
func freshSQLite(dir string) database {
	path := filepath.Join(dir, "x.db")
	if b, err := tables.Empty(); err == nil {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			_ = os.WriteFile(path, b, 0o600)
		}
	}
	return database{url: "sqlite:" + path, driver: "sqlite", dsn: "file:" + path + "?_pragma=busy_timeout(5000)"}
}

func freshPostgres(t *testing.T) database {
	t.Helper()
	u := schema.Fresh(t)
	return database{numbered: true, url: u, driver: "pgx", dsn: u}
}

// open opens the store and, beside it, the database itself. Both belong to the
// bubble that they are opened in.
func (d database) open(ctx context.Context) (*store.SQL, *sql.DB, error) {
	s, err := store.OpenSQL(ctx, d.url, store.Options{Conns: 6})
	if err != nil {
		return nil, nil, err
	}
	raw, err := sql.Open(d.driver, d.dsn)
	return s, raw, err
}

// bind writes ? as the database wants it; for queries of one argument.
func (d database) bind(query string) string {
	if d.numbered {
		return strings.Replace(query, "?", "$1", 1)
	}
	return query
}

// opening is when every test begins.
var opening = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)
