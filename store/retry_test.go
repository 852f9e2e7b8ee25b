package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestATransactionIsRunAgainOnlyWhenTheDatabaseAsksAndNotForEver(t *testing.T) {
	plain := errors.New("plain")
	for _, c := range []struct {
		name string
		err  error
		runs int
	}{
		{"success", nil, 1},
		{"an error of the caller", plain, 1},
		{"a broken rule", cleanSQL(&pgconn.PgError{Code: "23505"}), 1},
		{"a serialisation failure", cleanSQL(&pgconn.PgError{Code: "40001"}), maxTxTries},
		{"a deadlock, wrapped", fmt.Errorf("add order: %w", cleanSQL(&pgconn.PgError{Code: "40P01"})), maxTxTries},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runs := 0
				err := retrySQL(t.Context(), func() error { runs++; return c.err })
				if runs != c.runs || !errors.Is(err, c.err) {
					t.Errorf("ran %d times and returned %v, want %d times", runs, err, c.runs)
				}
			})
		})
	}
}

func TestATransactionIsNotRunAgainAfterItsContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	err := retrySQL(ctx, func() error {
		runs++
		cancel()
		return cleanSQL(&pgconn.PgError{Code: "40001"})
	})
	if runs != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("ran %d times and returned %v", runs, err)
	}
}

func TestAPostgresErrorKeepsItsNamesAndLosesItsValues(t *testing.T) {
	const value = "27829998877"
	for _, code := range []string{"22P02", "22003", "23505", "23514", "P0001", "odd"} {
		err := cleanSQL(&pgconn.PgError{
			Code: code, Message: "about " + value, Detail: "Key is " + value, Where: value, Hint: value,
			ConstraintName: "orders_pkey", TableName: "orders", ColumnName: "ref",
		})
		if want := "postgres: SQLSTATE " + code + ", constraint orders_pkey, table orders, column ref"; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	err := cleanSQL(&pgconn.PgError{Code: "57P01", Message: "terminating connection"})
	if !strings.HasSuffix(err.Error(), "57P01: terminating connection") {
		t.Errorf("got %q", err)
	}
	odd := cleanSQL(errors.New("sql: Scan error: converting " + value))
	if strings.Contains(odd.Error(), value) {
		t.Errorf("got %q", odd)
	}
}

func TestArgumentsAreNumberedForPostgreSQLOnly(t *testing.T) {
	const query = "SELECT a FROM b WHERE c = ? AND d IN (" + "?, ?)"
	if got := sqliteDialect().bind(query); got != query {
		t.Errorf("got %q", got)
	}
	if got, want := postgresDialect().bind(query), "SELECT a FROM b WHERE c = $1 AND d IN ($2, $3)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for n, want := range []string{"", "?", "?, ?", "?, ?, ?"} {
		if got := marks(n); got != want {
			t.Errorf("%d marks: %q", n, got)
		}
	}
}
