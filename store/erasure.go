package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"spaza/ledger"
	"spaza/vend"
)

const (
	// underWay is in the words of the index orders_open.
	underWay = `state IN ('confirmed', 'sending', 'unknown', 'owed', 'person')`

	selectUnderWayOwn = `SELECT ` + orderColumns + ` FROM orders WHERE customer = ? AND ` + underWay + ` ORDER BY created_at LIMIT ?`
	selectUnderWayFor = `SELECT ` + orderColumns + ` FROM orders WHERE target = ? AND target <> '' AND customer <> ? AND ` +
		underWay + ` ORDER BY created_at LIMIT ?`

	selectNotHanded = `SELECT ` + orderColumns + ` FROM orders WHERE customer = ? AND goods IS NOT NULL
AND (state = 'delivered' OR state = 'resolved' AND resolution = 'vended') AND delivery IN (`
	selectNotHanded2 = `) ORDER BY created_at LIMIT ?`

	selectNamingOwn = `SELECT ` + orderColumns + ` FROM orders WHERE customer = ? AND ` + ended +
		` AND NOT (target IN ('', '` + vend.ErasedTarget + `') AND sealed IS NULL AND goods IS NULL) ORDER BY created_at LIMIT ?`
	selectNamingFor = `SELECT ` + orderColumns + ` FROM orders WHERE target = ? AND target <> '' AND customer <> ? AND ` + ended +
		` ORDER BY created_at LIMIT ?`

	forgetOrder    = `UPDATE orders SET target = ?, sealed = ?, goods = ? WHERE ref = ?`
	forgetCustomer = `UPDATE customers SET msisdn = ?, language = ?, pin = '', pin_since = 0, pin_proved = 0,
used_at = 0, aside = NULL, aside_at = 0 WHERE id = ?`

	selectNotes         = `SELECT id, note FROM moves WHERE ref = ? AND note <> '' ORDER BY id`
	selectCustomerNotes = `SELECT m.id, m.note FROM orders o JOIN moves m ON m.ref = o.ref WHERE o.customer = ? AND m.note <> '' ORDER BY m.id`
	updateNote          = `UPDATE moves SET note = ? WHERE id = ?`

	selectActWords = `SELECT id, what, why FROM acts`
	updateActWords = `UPDATE acts SET what = ?, why = ? WHERE id = ?`

	deleteNotices = `DELETE FROM jobs WHERE kind = 'notice' AND key IN (
SELECT ref || '/ended' FROM orders WHERE customer = ? UNION ALL SELECT ref || '/person' FROM orders WHERE customer = ?
UNION ALL SELECT ref || '/again' FROM orders WHERE customer = ? UNION ALL SELECT ref || '/sms' FROM orders WHERE customer = ?
UNION ALL SELECT ref || '/decided-vended' FROM orders WHERE customer = ?
UNION ALL SELECT ref || '/decided-not_vended' FROM orders WHERE customer = ?
UNION ALL SELECT ref || '/decided-reversed' FROM orders WHERE customer = ?)`
)

var (
	_ vend.Forgetter = (*SQL)(nil)
	_ vend.ForgetTx  = (*sqlTx)(nil)
)

// Forgetting implements vend.Forgetter.
func (s *SQL) Forgetting(ctx context.Context, do func(vend.ForgetTx) error) error {
	return s.InTx(ctx, func(tx vend.Tx) error {
		t := tx.(*sqlTx)
		if err := t.overwrite(); err != nil {
			return err
		}
		return do(t)
	})
}

// LockCustomer implements vend.ForgetTx.
func (t *sqlTx) LockCustomer(msisdn string) (vend.Customer, error) {
	return t.customer(selectCustomerByMSISDN+t.d.forUpdate, msisdn)
}

// BalanceOf implements vend.ForgetTx.
func (t *sqlTx) BalanceOf(customer string) (vend.Balance, error) {
	var b vend.Balance
	available, held := ledger.Available(customer), ledger.Held(customer)
	err := t.each(selectBalances+"?, ?)", []any{string(available), string(held)}, func(rows *sql.Rows) error {
		var id ledger.Account
		var balance ledger.Cents
		err := rows.Scan(&id, &balance)
		if id == available {
			b.Available = balance
		} else {
			b.Held = balance
		}
		return err
	})
	if err != nil {
		return vend.Balance{}, fmt.Errorf("read balance: %w", err)
	}
	return b, nil
}

// OrdersUnderWay implements vend.ForgetTx.
func (t *sqlTx) OrdersUnderWay(customer, msisdn string, limit int) ([]vend.Order, error) {
	return t.orders("read orders under way", selectUnderWayOwn, selectUnderWayFor, customer, msisdn, limit)
}

// OrdersNaming implements vend.ForgetTx.
func (t *sqlTx) OrdersNaming(customer, msisdn string, limit int) ([]vend.Order, error) {
	return t.orders("read orders of customer", selectNamingOwn+t.d.forUpdate, selectNamingFor+t.d.forUpdate, customer, msisdn, limit)
}

// orders reads a customer's orders by one query, and those of others for a number
// by another, up to limit of them together.
func (t *sqlTx) orders(what, own, others, customer, msisdn string, limit int) ([]vend.Order, error) {
	var all []vend.Order
	var err error
	if customer != "" {
		all, err = t.readOrders(own, customer, limit)
	}
	if err == nil && len(all) < limit {
		var more []vend.Order
		more, err = t.readOrders(others, msisdn, customer, limit-len(all))
		all = append(all, more...)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return all, nil
}

// GoodsNotHandedOver implements vend.ForgetTx.
func (t *sqlTx) GoodsNotHandedOver(customer string, stages []vend.Delivery, limit int) ([]vend.Order, error) {
	args := []any{customer}
	for _, s := range stages {
		args = append(args, string(s))
	}
	all, err := t.readOrders(selectNotHanded+marks(len(stages))+selectNotHanded2, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("read goods of customer: %w", err)
	}
	return all, nil
}

func (t *sqlTx) readOrders(query string, args ...any) ([]vend.Order, error) {
	var all []vend.Order
	err := t.each(query, args, func(rows *sql.Rows) error {
		var r orderRow
		o, err := r.read(true, rows.Scan(r.dest()...))
		all = append(all, o)
		return err
	})
	return all, err
}

// ForgetOrder implements vend.ForgetTx.
func (t *sqlTx) ForgetOrder(o vend.Order) error {
	if _, err := t.exec(forgetOrder, o.Target, blob(o.Sealed), blob(o.Goods), o.Ref); err != nil {
		return fmt.Errorf("forget order: %w", err)
	}
	return nil
}

// RewordMoves implements vend.ForgetTx.
func (t *sqlTx) RewordMoves(ref, customer string, reword func(string) string) (int, error) {
	query, arg := selectNotes, ref
	if ref == "" {
		query, arg = selectCustomerNotes, customer
	}
	changed := map[int64]string{}
	err := t.each(query, []any{arg}, func(rows *sql.Rows) error {
		var id int64
		var note string
		err := rows.Scan(&id, &note)
		if next := reword(note); next != note {
			changed[id] = next
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read trail: %w", err)
	}
	for id, note := range changed {
		if _, err := t.exec(updateNote, note, id); err != nil {
			return 0, fmt.Errorf("reword trail: %w", err)
		}
	}
	return len(changed), nil
}

// DropNotices implements vend.ForgetTx. One that is going out at this moment is
// let go of: whoever has it finds it gone.
func (t *sqlTx) DropNotices(customer string) (int, error) {
	n, err := t.exec(deleteNotices, customer, customer, customer, customer, customer, customer, customer)
	if err != nil {
		return 0, fmt.Errorf("drop messages: %w", err)
	}
	return int(n), nil
}

// ForgetCustomer implements vend.Tx.
func (t *sqlTx) ForgetCustomer(c vend.Customer) error {
	_, err := t.exec(forgetCustomer, c.MSISDN, c.Language, c.ID)
	for _, query := range []string{deletePINTries, deleteEnquiries, deleteLinks} {
		if err == nil {
			_, err = t.exec(query, c.ID)
		}
	}
	if err != nil {
		return fmt.Errorf("forget customer: %w", err)
	}
	return nil
}

// RewordActs implements vend.Forgetter. It reads all acts, of which there are as
// many as people have done by hand.
func (s *SQL) RewordActs(ctx context.Context, reword func(string) string) (n int, err error) {
	err = s.Forgetting(ctx, func(tx vend.ForgetTx) error {
		t := tx.(*sqlTx)
		var changed []Act
		err := t.each(selectActWords, nil, func(rows *sql.Rows) error {
			var a Act
			err := rows.Scan(&a.ID, &a.What, &a.Why)
			if what, why := reword(a.What), reword(a.Why); what != a.What || why != a.Why {
				changed = append(changed, Act{ID: a.ID, What: what, Why: why})
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range changed {
			if _, err := t.exec(updateActWords, a.What, a.Why, a.ID); err != nil {
				return err
			}
		}
		n = len(changed)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reword acts: %w", err)
	}
	return n, nil
}

// Scrub implements vend.Forgetter. Every sale moves rows between SQLite's pages, and
// leaves behind, in what is free of a page, copies that no later erasure knows of:
// so the whole file is written anew, which takes as long as copying it, and then
// the log of changes is emptied, where pages stand as they were. It fails where
// somebody reads all the while, or the disk has no room for a second file.
// PostgreSQL writes over what is erased when it vacuums.
func (s *SQL) Scrub(ctx context.Context) error {
	if s.d.numbered {
		return nil
	}
	err := retrySQL(ctx, func() error {
		_, err := s.writing().exec(ctx, "VACUUM")
		return err
	})
	var busy, pages, moved int
	if err == nil {
		// It waits for readers as long as for another writer.
		_, err = s.writing().row(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", nil, &busy, &pages, &moved)
	}
	if err == nil && busy != 0 {
		err = errors.New("what was erased is still being read")
	}
	if err != nil {
		return fmt.Errorf("scrub database: %w", err)
	}
	return nil
}
