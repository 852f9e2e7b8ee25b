package store

import (
	"database/sql"
	"strconv"
	"strings"
)

// dialect is where SQLite and PostgreSQL differ.
type dialect struct {
	// name is the folder of the dialect's migrations.
	name string
	// numbered says that arguments are written $1, $2 instead of ?.
	numbered bool
	// prepare says that statements are kept prepared here; otherwise the
	// driver does it by itself.
	prepare bool
	// isolation is asked for by every transaction that writes.
	isolation sql.IsolationLevel
	// snapshot is asked for by a transaction of several reads.
	snapshot sql.IsolationLevel
	// forUpdate and skipLocked end a SELECT that locks its rows. SQLite has
	// one writer at a time and needs neither.
	forUpdate, skipLocked string
	// lockNumber is a statement that keeps other transactions with the same
	// number waiting until this one ends; empty where there is one writer.
	lockNumber string
}

// sqliteDialect relies on transactions being opened with the write lock
// (_txlock=immediate), which makes them serial.
func sqliteDialect() dialect {
	return dialect{name: "sqlite", prepare: true}
}

// postgresDialect asks for READ COMMITTED by name: the statements are written
// for it, whatever the server's default is.
func postgresDialect() dialect {
	return dialect{
		name:       "postgres",
		numbered:   true,
		isolation:  sql.LevelReadCommitted,
		snapshot:   sql.LevelRepeatableRead,
		forUpdate:  " FOR UPDATE",
		skipLocked: " FOR UPDATE SKIP LOCKED",
		lockNumber: "SELECT pg_advisory_xact_lock(CAST(? AS BIGINT))",
	}
}

// bind writes a statement's ? as the dialect wants them. The package's SQL has
// no ? inside a literal.
func (d dialect) bind(query string) string {
	if !d.numbered {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 32)
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// marks is n arguments for an IN list: "?, ?, ?".
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}
