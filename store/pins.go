package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"spaza/vend"
)

const (
	selectPIN = `SELECT pin FROM customers WHERE id = ?`
	updatePIN = `UPDATE customers SET pin = ?, pin_proved = 0, used_at = ?,
pin_since = CASE WHEN ? = '' THEN 0 WHEN pin = '' THEN ? ELSE pin_since END WHERE id = ?`
	provePIN = `UPDATE customers SET pin_proved = ? WHERE id = ? AND pin <> ''`

	selectPINTries = `SELECT id, at, in_run FROM pin_tries WHERE customer = ? ORDER BY id DESC LIMIT ?`
	insertPINTry   = `INSERT INTO pin_tries (customer, at) VALUES (?, ?) RETURNING id`
	deletePINTry   = `DELETE FROM pin_tries WHERE customer = ? AND id = ?`
	deletePINTries = `DELETE FROM pin_tries WHERE customer = ?`
	endPINRun      = `UPDATE pin_tries SET in_run = 0 WHERE customer = ? AND id <= ? AND in_run = 1`

	purgePINTries = `DELETE FROM pin_tries WHERE id IN (SELECT id FROM pin_tries WHERE at < ? ORDER BY at LIMIT ?)`
)

// PINTries implements vend.Store.
func (s *SQL) PINTries(ctx context.Context, customer string) ([]vend.PINTry, error) {
	return readPINTries(customer, func(args []any, scan func(*sql.Rows) error) error {
		return s.reading().each(ctx, selectPINTries, args, scan)
	})
}

func readPINTries(customer string, each func([]any, func(*sql.Rows) error) error) ([]vend.PINTry, error) {
	var all []vend.PINTry
	err := each([]any{customer, vend.PINTriesKept}, func(rows *sql.Rows) error {
		var t vend.PINTry
		var at int64
		var run int
		err := rows.Scan(&t.ID, &at, &run)
		t.At, t.InRun = fromMillis(at), run != 0
		all = append(all, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read PIN tries: %w", err)
	}
	return all, nil
}

// PIN implements vend.Tx.
func (t *sqlTx) PIN(customer string) (hash string, tries []vend.PINTry, err error) {
	if _, err := t.row(selectPIN, []any{customer}, &hash); err != nil {
		return "", nil, fmt.Errorf("read PIN: %w", err)
	}
	tries, err = readPINTries(customer, func(args []any, scan func(*sql.Rows) error) error {
		return t.each(selectPINTries, args, scan)
	})
	return hash, tries, err
}

// SetPIN implements vend.Tx.
func (t *sqlTx) SetPIN(customer, hash string, now time.Time) error {
	n, err := t.exec(updatePIN, hash, millis(now), hash, millis(now), customer)
	switch {
	case err != nil:
		return fmt.Errorf("set PIN: %w", err)
	case n == 0:
		return errors.New("set PIN: no such customer")
	}
	return nil
}

// ProvePIN implements vend.Tx.
func (t *sqlTx) ProvePIN(customer string, at time.Time) error {
	n, err := t.exec(provePIN, millis(at), customer)
	switch {
	case err != nil:
		return fmt.Errorf("prove PIN: %w", err)
	case n == 0:
		return errors.New("prove PIN: no such customer, or none with a PIN")
	}
	return nil
}

// AddPINTry implements vend.Tx.
func (t *sqlTx) AddPINTry(customer string, now time.Time) (id int64, err error) {
	if _, err := t.row(insertPINTry, []any{customer, millis(now)}, &id); err != nil {
		return 0, fmt.Errorf("add PIN try: %w", err)
	}
	return id, nil
}

// DropPINTries implements vend.Tx.
func (t *sqlTx) DropPINTries(customer string, try int64) error {
	query, args := deletePINTries, []any{customer}
	if try != 0 {
		query, args = deletePINTry, append(args, try)
	}
	if _, err := t.exec(query, args...); err != nil {
		return fmt.Errorf("drop PIN tries: %w", err)
	}
	return nil
}

// EndPINRun implements vend.Tx.
func (t *sqlTx) EndPINRun(customer string, upTo int64) error {
	if _, err := t.exec(endPINRun, customer, upTo); err != nil {
		return fmt.Errorf("end run of PIN tries: %w", err)
	}
	return nil
}

// PurgePINTries implements vend.Eraser.
func (s *SQL) PurgePINTries(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, "purge PIN tries", purgePINTries, before, limit)
}

// purge deletes rows of before a time, by a statement that takes both.
func (s *SQL) purge(ctx context.Context, what, query string, before time.Time, limit int) (int, error) {
	var n int64
	err := retrySQL(ctx, func() (err error) {
		n, err = s.writing().exec(ctx, query, millis(before), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return int(n), nil
}
