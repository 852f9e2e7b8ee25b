package store

import (
	"context"
	"fmt"
	"time"
)

const (
	countEnquiries = `SELECT count(*), CAST(coalesce(sum(CASE WHEN target = ? THEN 1 ELSE 0 END), 0) AS BIGINT)
FROM enquiries WHERE customer = ? AND at > ?`

	insertEnquiry = `INSERT INTO enquiries (customer, target, at) VALUES (?, ?, ?)
ON CONFLICT (customer, target) DO UPDATE SET at = excluded.at`

	deleteEnquiry = `DELETE FROM enquiries WHERE customer = ? AND target = ?`

	deleteEnquiries = `DELETE FROM enquiries WHERE customer = ?`

	purgeEnquiries = `DELETE FROM enquiries WHERE (customer, target) IN (SELECT customer, target FROM enquiries WHERE at < ? ORDER BY at LIMIT ?)`
)

// Enquiries implements vend.Tx.
func (t *sqlTx) Enquiries(customer string, target []byte, since time.Time) (others int, again bool, err error) {
	var all, same int
	if _, err := t.row(countEnquiries, []any{target, customer, millis(since)}, &all, &same); err != nil {
		return 0, false, fmt.Errorf("count enquiries: %w", err)
	}
	return all - same, same > 0, nil
}

// AddEnquiry implements vend.Tx.
func (t *sqlTx) AddEnquiry(customer string, target []byte, now time.Time) error {
	if _, err := t.exec(insertEnquiry, customer, target, millis(now)); err != nil {
		return fmt.Errorf("add enquiry: %w", err)
	}
	return nil
}

// DropEnquiry implements vend.Tx.
func (t *sqlTx) DropEnquiry(customer string, target []byte) error {
	if _, err := t.exec(deleteEnquiry, customer, target); err != nil {
		return fmt.Errorf("drop enquiry: %w", err)
	}
	return nil
}

// PurgeEnquiries implements vend.Eraser.
func (s *SQL) PurgeEnquiries(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, "purge enquiries", purgeEnquiries, before, limit)
}
