package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

const (
	useCustomer = `UPDATE customers SET used_at = ? WHERE id = ? AND used_at < ?`
	setNumber   = `UPDATE customers SET msisdn = ?, aside = ?, aside_at = ? WHERE id = ?`

	selectAsides = `SELECT id, msisdn, language, pin <> '', pin_since, pin_proved, used_at, created_at, aside_at
FROM customers WHERE aside = ? AND aside IS NOT NULL ORDER BY aside_at DESC, id`

	selectAnyOrder = `SELECT 1 FROM orders WHERE customer = ? LIMIT 1`
)

// LastOrder implements vend.Store.
func (s *SQL) LastOrder(ctx context.Context, customer string) (time.Time, error) {
	var at int64
	if _, err := s.reading().row(ctx, lastOrder, []any{customer, ""}, &at); err != nil {
		return time.Time{}, fmt.Errorf("read newest order: %w", err)
	}
	return fromMillis(at), nil
}

// LastOrder implements vend.Tx.
func (t *sqlTx) LastOrder(customer, except string) (time.Time, error) {
	var at int64
	if _, err := t.row(lastOrder, []any{customer, except}, &at); err != nil {
		return time.Time{}, fmt.Errorf("read newest order: %w", err)
	}
	return fromMillis(at), nil
}

// CustomerByNumber implements vend.Tx.
func (t *sqlTx) CustomerByNumber(msisdn string) (vend.Customer, error) {
	return t.customer(selectCustomerByMSISDN+t.d.forUpdate, msisdn)
}

// UseCustomer implements vend.Tx.
func (t *sqlTx) UseCustomer(customer string, now time.Time) error {
	at := millis(now)
	if _, err := t.exec(useCustomer, at, customer, at); err != nil {
		return fmt.Errorf("write use of wallet: %w", err)
	}
	return nil
}

// SetNumber implements vend.Tx.
func (t *sqlTx) SetNumber(customer, msisdn string, aside []byte, at time.Time) error {
	n, err := t.exec(setNumber, msisdn, blob(aside), millis(at), customer)
	switch {
	case err != nil:
		return fmt.Errorf("set number: %w", err)
	case n == 0:
		return errors.New("set number: no such customer")
	}
	return nil
}

// Asides implements vend.Tx.
func (t *sqlTx) Asides(number []byte) ([]vend.Aside, error) {
	var all []vend.Aside
	err := t.each(selectAsides+t.d.forUpdate, []any{number}, func(rows *sql.Rows) error {
		var r customerRow
		var at int64
		err := rows.Scan(append(r.dest(), &at)...)
		all = append(all, vend.Aside{Customer: r.customer(), At: fromMillis(at)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read wallets that were put aside: %w", err)
	}
	return all, nil
}

// Used implements vend.Tx.
func (t *sqlTx) Used(customer string) (bool, error) {
	var one int
	ordered, err := t.row(selectAnyOrder, []any{customer}, &one)
	if err != nil {
		return false, fmt.Errorf("read use of wallet: %w", err)
	}
	money := false
	err = t.each(selectBalances+"?, ?)", []any{string(ledger.Available(customer)), string(ledger.Held(customer))}, func(rows *sql.Rows) error {
		var id string
		var balance ledger.Cents
		err := rows.Scan(&id, &balance)
		money = money || balance != 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read use of wallet: %w", err)
	}
	return ordered || money, nil
}
