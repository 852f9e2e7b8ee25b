package store

import (
	"context"
	"fmt"

	"spaza/vend"
)

const (
	adviceColumns = `ref, undo, op, sealed, state, tries, code, made_at, tried_at`

	selectAdvice = `SELECT ` + adviceColumns + ` FROM advices WHERE ref = ?`

	insertAdvice = `INSERT INTO advices (` + adviceColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO NOTHING`

	updateAdvice = `UPDATE advices SET sealed = ?, state = ?, tries = ?, code = ?, tried_at = ? WHERE ref = ?`

	// Of all advices the index has those that are not over, which are few.
	selectAdvised = `SELECT ` + orderColumns + ` FROM orders WHERE ref IN (SELECT ref FROM advices WHERE sealed IS NOT NULL)
AND (customer = ? OR target = ? AND target <> '') ORDER BY created_at LIMIT ?`
)

// adviceRow is an advice as its columns come.
type adviceRow struct {
	a               vend.StoredAdvice
	undo            int
	madeAt, triedAt int64
}

func (r *adviceRow) dest() []any {
	a := &r.a
	return []any{&a.Ref, &r.undo, &a.Op, &a.Sealed, &a.State, &a.Tries, &a.Code, &r.madeAt, &r.triedAt}
}

func (r *adviceRow) advice(err error) (vend.StoredAdvice, error) {
	if err != nil {
		return vend.StoredAdvice{}, fmt.Errorf("read advice: %w", err)
	}
	r.a.Undo, r.a.MadeAt, r.a.TriedAt = r.undo != 0, fromMillis(r.madeAt), fromMillis(r.triedAt)
	return r.a, nil
}

// Advice implements vend.Store.
func (s *SQL) Advice(ctx context.Context, ref string) (vend.StoredAdvice, error) {
	var r adviceRow
	_, err := s.reading().row(ctx, selectAdvice, []any{ref}, r.dest()...)
	return r.advice(err)
}

// Advice implements vend.Tx.
func (t *sqlTx) Advice(ref string) (vend.StoredAdvice, error) {
	var r adviceRow
	_, err := t.row(selectAdvice+t.d.forUpdate, []any{ref}, r.dest()...)
	return r.advice(err)
}

// AddAdvice implements vend.Tx.
func (t *sqlTx) AddAdvice(a vend.StoredAdvice) (vend.StoredAdvice, bool, error) {
	n, err := t.exec(insertAdvice, a.Ref, bit(a.Undo), a.Op, blob(a.Sealed), string(a.State), int64(a.Tries), cleanNote(a.Code),
		millis(a.MadeAt), millis(a.TriedAt))
	if err != nil {
		return vend.StoredAdvice{}, false, fmt.Errorf("add advice: %w", err)
	}
	if n == 1 {
		return a, true, nil
	}
	there, err := t.Advice(a.Ref)
	return there, false, err
}

// UpdateAdvice implements vend.Tx.
func (t *sqlTx) UpdateAdvice(a vend.StoredAdvice) error {
	n, err := t.exec(updateAdvice, blob(a.Sealed), string(a.State), int64(a.Tries), cleanNote(a.Code), millis(a.TriedAt), a.Ref)
	if err != nil {
		return fmt.Errorf("update advice: %w", err)
	}
	if n == 0 {
		return t.note(fmt.Errorf("update advice: %s has none", a.Ref))
	}
	return nil
}

// OrdersToAdvise implements vend.ForgetTx.
func (t *sqlTx) OrdersToAdvise(customer, msisdn string, limit int) ([]vend.Order, error) {
	all, err := t.readOrders(selectAdvised, customer, msisdn, limit)
	if err != nil {
		return nil, fmt.Errorf("read orders with an advice: %w", err)
	}
	return all, nil
}
