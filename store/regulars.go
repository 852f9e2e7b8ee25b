package store

import (
	"context"
	"database/sql"
	"fmt"

	"spaza/vend"
)

const (
	// stands leaves the orders that happened, or whose goods are owed.
	stands = ` AND (state IN ('delivered', 'owed') OR state = 'resolved' AND resolution = 'vended')`

	// regularOrders is vend.RegularOrders, in a form that tells PostgreSQL's planner
	// no number: of one that is larger than what most customers have, it concludes
	// that it may as well read all orders, and sort them.
	regularOrders = "(SELECT 500)"

	// It reads a customer's orders from the newest on by their index, and no more
	// of them than are looked through.
	selectRegulars = `SELECT kind, product, label, target, amount, created_at FROM (
SELECT kind, product, label, target, amount, created_at, row_number() OVER (PARTITION BY kind, target ORDER BY created_at DESC, ref DESC) AS nth
FROM (SELECT ref, kind, product, label, target, amount, state, resolution, created_at FROM orders WHERE customer = ?
ORDER BY created_at DESC, ref DESC LIMIT ` + regularOrders + `) AS newest
WHERE target NOT IN ('', '` + vend.ErasedTarget + `')` + stands + ` AND kind IN (`
	selectRegulars2 = `)) AS bought WHERE nth = 1 ORDER BY created_at DESC, kind, target`

	selectBoughtFor = `SELECT 1 FROM orders WHERE target = ? AND target <> '' AND customer = ? AND kind = ?` + stands + ` LIMIT 1`

	selectSaved  = `SELECT kind, target, nickname, named_at, forgotten_at FROM regulars WHERE customer = ?`
	selectSaved1 = selectSaved + ` AND kind = ? AND target = ?`
	upsertSaved  = `INSERT INTO regulars (customer, kind, target, nickname, named_at, forgotten_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (customer, kind, target) DO UPDATE SET nickname = excluded.nickname, named_at = excluded.named_at, forgotten_at = excluded.forgotten_at`
	deleteSaved     = `DELETE FROM regulars WHERE customer = ? AND kind = ? AND target = ?`
	deleteSavedOwn  = `DELETE FROM regulars WHERE customer = ?`
	deleteSavedElse = `DELETE FROM regulars WHERE target = ?`
)

// Regulars implements vend.Store.
func (s *SQL) Regulars(ctx context.Context, customer string, kinds []vend.Kind) ([]vend.Regular, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	args := []any{customer}
	for _, k := range kinds {
		args = append(args, string(k))
	}
	var all []vend.Regular
	err := s.reading().each(ctx, selectRegulars+marks(len(kinds))+selectRegulars2, args, func(rows *sql.Rows) error {
		var r vend.Regular
		var at int64
		err := rows.Scan(&r.Kind, &r.Product, &r.Label, &r.Target, &r.Amount, &at)
		r.At = fromMillis(at)
		all = append(all, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read regulars: %w", err)
	}
	return all, nil
}

// SavedRegulars implements vend.Store.
func (s *SQL) SavedRegulars(ctx context.Context, customer string) ([]vend.SavedRegular, error) {
	var all []vend.SavedRegular
	err := s.reading().each(ctx, selectSaved+" ORDER BY kind, target", []any{customer}, func(rows *sql.Rows) error {
		r, err := scanSaved(rows)
		all = append(all, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read saved regulars: %w", err)
	}
	return all, nil
}

func scanSaved(rows *sql.Rows) (vend.SavedRegular, error) {
	var r vend.SavedRegular
	var named, forgotten int64
	err := rows.Scan(&r.Kind, &r.Target, &r.Nickname, &named, &forgotten)
	r.NamedAt, r.ForgottenAt = fromMillis(named), fromMillis(forgotten)
	return r, err
}

// BoughtFor implements vend.Tx.
func (t *sqlTx) BoughtFor(customer string, k vend.Kind, target string) (bool, error) {
	var one int
	found, err := t.row(selectBoughtFor, []any{target, customer, string(k)}, &one)
	if err != nil {
		return false, fmt.Errorf("look for purchase: %w", err)
	}
	return found, nil
}

// SavedRegular implements vend.Tx.
func (t *sqlTx) SavedRegular(customer string, k vend.Kind, target string) (vend.SavedRegular, error) {
	r := vend.SavedRegular{Kind: k, Target: target}
	err := t.each(selectSaved1, []any{customer, string(k), target}, func(rows *sql.Rows) (err error) {
		r, err = scanSaved(rows)
		return err
	})
	if err != nil {
		return vend.SavedRegular{}, fmt.Errorf("read saved regular: %w", err)
	}
	return r, nil
}

// SaveRegular implements vend.Tx.
func (t *sqlTx) SaveRegular(customer string, r vend.SavedRegular) error {
	var err error
	if r.Nickname == "" && r.ForgottenAt.IsZero() {
		_, err = t.exec(deleteSaved, customer, string(r.Kind), r.Target)
	} else {
		_, err = t.exec(upsertSaved, customer, string(r.Kind), r.Target, r.Nickname, millis(r.NamedAt), millis(r.ForgottenAt))
	}
	if err != nil {
		return fmt.Errorf("save regular: %w", err)
	}
	return nil
}

// DropRegulars implements vend.ForgetTx.
func (t *sqlTx) DropRegulars(customer, msisdn string) (n int, err error) {
	for query, arg := range map[string]string{deleteSavedOwn: customer, deleteSavedElse: msisdn} {
		gone, err := t.exec(query, arg)
		if err != nil {
			return 0, fmt.Errorf("drop regulars: %w", err)
		}
		n += int(gone)
	}
	return n, nil
}
