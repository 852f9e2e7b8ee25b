package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqlError is a database's refusal in words that hold no value of an argument
// or column. It does not unwrap to the driver's error, whose details do.
type sqlError struct {
	text string
	// again says that the transaction may succeed when run once more.
	again bool
}

func (e *sqlError) Error() string { return e.text }

// runAgain says whether the database asked for the transaction to be repeated.
func runAgain(err error) bool {
	e, ok := errors.AsType[*sqlError](err)
	return ok && e.again
}

// cleanSQL makes an error of a driver or of database/sql safe to log.
func cleanSQL(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return cleanPostgres(e)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		// SQLite names tables, columns and constraints, never values.
		primary := e.Code() & 0xff
		return &sqlError{
			text:  "sqlite: " + e.Error(),
			again: primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED,
		}
	}
	if safeSQL(err) {
		return err
	}
	return &sqlError{text: fmt.Sprintf("database driver: %T", err)}
}

// cleanPostgres keeps the code and the names. The server's message is kept for
// the classes of codes whose messages speak of the schema and the server; those
// of class 22 (data exception) and of raised exceptions quote data.
func cleanPostgres(e *pgconn.PgError) error {
	var b strings.Builder
	b.WriteString("postgres: SQLSTATE " + e.Code)
	for _, name := range []struct{ label, value string }{
		{"constraint", e.ConstraintName}, {"table", e.TableName}, {"column", e.ColumnName},
	} {
		if name.value != "" {
			b.WriteString(", " + name.label + " " + name.value)
		}
	}
	if len(e.Code) == 5 {
		switch e.Code[:2] {
		case "08", "25", "28", "40", "42", "53", "54", "55", "57", "58", "XX":
			b.WriteString(": " + e.Message)
		}
	}
	return &sqlError{
		text: b.String(),
		// serialization_failure and deadlock_detected
		again: e.Code == "40001" || e.Code == "40P01",
	}
}

// safeSQL lists what is known to hold no value.
func safeSQL(err error) bool {
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded, driver.ErrBadConn,
		sql.ErrConnDone, sql.ErrTxDone, sql.ErrNoRows,
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	if _, ok := errors.AsType[*sqlError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return err.Error() == "sql: database is closed"
}
