package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"spaza/vend"
)

const (
	// recentColumns are those of an order without its request, for a customer
	// who may have none.
	recentColumns = `coalesce(o.ref, ''), coalesce(o.kind, ''), coalesce(o.product, ''), coalesce(o.label, ''), coalesce(o.amount, 0),
coalesce(o.target, ''), coalesce(o.fund, ''), coalesce(o.state, ''), coalesce(o.reason, ''), coalesce(o.channel, ''), coalesce(o.op, ''),
coalesce(o.provider_ref, ''), coalesce(o.code, ''), coalesce(o.call_centre, ''), coalesce(o.told, 0), coalesce(o.created_at, 0),
coalesce(o.first_sent_at, 0), coalesce(o.updated_at, 0), o.goods, coalesce(o.code_times, 0), coalesce(o.code_since, 0),
coalesce(o.resolution, ''), coalesce(o.delivery, ''), coalesce(o.original, '')`

	// The id is looked up inside as well: so the orders of one customer are taken
	// from their index in its order, and no more of them than are wanted. How many
	// is written out: see limited.
	selectCaller = `SELECT c.id, c.msisdn, c.language, c.pin <> '', c.pin_since, c.pin_proved, c.used_at, c.created_at, ` + recentColumns + `
FROM customers c LEFT JOIN (SELECT * FROM orders WHERE customer = (SELECT id FROM customers WHERE msisdn = ?) AND kind <> 'reverse'
ORDER BY created_at DESC, ref DESC`
	selectCaller2 = `) o ON o.customer = c.id WHERE c.msisdn = ? ORDER BY o.created_at DESC, o.ref DESC`

	hasMove    = `SELECT 1 FROM moves WHERE ref = ? AND cause = ? AND note = ? LIMIT 1`
	countMoves = `SELECT count(*) FROM moves WHERE ref = ? AND cause = ? AND at >= ?`
)

// callerOf is the statement for n orders.
func callerOf(n int) string { return selectCaller + limited(n) + selectCaller2 }

// Caller implements vend.Store. It is one read.
func (s *SQL) Caller(ctx context.Context, msisdn string, n int) (vend.Caller, error) {
	var all vend.Caller
	err := s.reading().each(ctx, callerOf(n), []any{msisdn, msisdn}, func(rows *sql.Rows) error {
		var c customerRow
		var r orderRow
		o := &r.o
		err := rows.Scan(append(c.dest(), &o.Ref, &o.Kind, &o.Product, &o.Label, &o.Amount,
			&o.Target, &o.Fund, &o.State, &o.Reason, &o.Channel, &o.Op,
			&o.ProviderRef, &o.Code, &o.CallCentre, &r.told, &r.createdAt,
			&r.firstSentAt, &r.updateAt, &o.Goods, &o.CodeTimes, &r.codeSince,
			&o.Resolution, &o.Delivery, &o.Original)...)
		if err != nil {
			return err
		}
		all.Customer = c.customer()
		if o.Ref == "" {
			return nil
		}
		o.Customer = all.Customer.ID
		order, err := r.read(true, nil)
		all.Recent = append(all.Recent, order)
		return err
	})
	if err != nil {
		return vend.Caller{}, fmt.Errorf("read caller: %w", err)
	}
	return all, nil
}

// HasMove implements vend.Tx.
func (t *sqlTx) HasMove(ref string, c vend.Cause, note string) (bool, error) {
	var one int
	found, err := t.row(hasMove, []any{ref, string(c), cleanNote(note)}, &one)
	if err != nil {
		return false, fmt.Errorf("find move: %w", err)
	}
	return found, nil
}

// CountMoves implements vend.Tx.
func (t *sqlTx) CountMoves(ref string, c vend.Cause, since time.Time) (n int, err error) {
	if _, err := t.row(countMoves, []any{ref, string(c), millis(since)}, &n); err != nil {
		return 0, fmt.Errorf("count moves: %w", err)
	}
	return n, nil
}
