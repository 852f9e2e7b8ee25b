package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"spaza/vend"
)

const (
	codeColumns = `person, id, number, code, sealed, tries, expires_at`

	selectCodeByID = `SELECT ` + codeColumns + ` FROM codes WHERE id = ?`
	saveCode       = `INSERT INTO codes (` + codeColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person) DO UPDATE SET
id = excluded.id, number = excluded.number, code = excluded.code, sealed = excluded.sealed, tries = excluded.tries, expires_at = excluded.expires_at`
	tryCode         = `UPDATE codes SET tries = tries + 1 WHERE person = ? AND tries < ? AND expires_at > ? RETURNING ` + codeColumns
	deleteCode      = `DELETE FROM codes WHERE person = ? AND id = ?`
	deleteCodesTo   = `DELETE FROM codes WHERE number = ?`
	insertCodeCount = `INSERT INTO code_counts (what, whom, at) VALUES (?, ?, ?) RETURNING id`
	deleteCodeCount = `DELETE FROM code_counts WHERE id = ?`
	forgetCodeCount = `DELETE FROM code_counts WHERE whom = ?`
	countCodes      = `SELECT count(*) FROM code_counts WHERE whom = ? AND what = ? AND at > ?`
	countCodesOfAll = `SELECT count(*) FROM code_counts WHERE what = ? AND at > ?`

	purgeCodes      = `DELETE FROM codes WHERE expires_at < ? AND id IN (SELECT id FROM codes WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`
	purgeCodeCounts = `DELETE FROM code_counts WHERE id IN (SELECT id FROM code_counts WHERE at < ? ORDER BY at LIMIT ?)`
)

// codeRow is a code as it is stored.
type codeRow struct {
	c         vend.Code
	expiresAt int64
}

// dest is where codeColumns go.
func (r *codeRow) dest() []any {
	return []any{&r.c.Person, &r.c.ID, &r.c.Number, &r.c.Hash, &r.c.Sealed, &r.c.Tries, &r.expiresAt}
}

func (r *codeRow) code() vend.Code {
	r.c.Expires = fromMillis(r.expiresAt)
	return r.c
}

// CodeByID implements vend.Store.
func (s *SQL) CodeByID(ctx context.Context, id string) (vend.Code, error) {
	var r codeRow
	switch found, err := s.reading().row(ctx, selectCodeByID, []any{id}, r.dest()...); {
	case err != nil:
		return vend.Code{}, fmt.Errorf("read code: %w", err)
	case !found:
		return vend.Code{}, vend.ErrNoCode
	}
	return r.code(), nil
}

// LockCodes implements vend.Tx. Whoever locks several does so in the same order as
// everybody.
func (t *sqlTx) LockCodes(hashes ...[]byte) error {
	if t.d.lockNumber == "" {
		return nil
	}
	hashes = slices.SortedFunc(slices.Values(hashes), bytes.Compare)
	for _, h := range hashes {
		var first [8]byte
		copy(first[:], h)
		if _, err := t.exec(t.d.lockNumber, int64(binary.BigEndian.Uint64(first[:]))); err != nil {
			return fmt.Errorf("lock codes: %w", err)
		}
	}
	return nil
}

// SaveCode implements vend.Tx.
func (t *sqlTx) SaveCode(c vend.Code) error {
	if _, err := t.exec(saveCode, c.Person, c.ID, c.Number, c.Hash, c.Sealed, int64(c.Tries), millis(c.Expires)); err != nil {
		return fmt.Errorf("save code: %w", err)
	}
	return nil
}

// TryCode implements vend.Tx.
func (t *sqlTx) TryCode(person []byte, most int, now time.Time) (vend.Code, error) {
	var r codeRow
	switch found, err := t.row(tryCode, []any{person, most, millis(now)}, r.dest()...); {
	case err != nil:
		return vend.Code{}, fmt.Errorf("try code: %w", err)
	case !found:
		return vend.Code{}, vend.ErrCodeOver
	}
	return r.code(), nil
}

// DropCode implements vend.Tx.
func (t *sqlTx) DropCode(person []byte, id string) (bool, error) {
	n, err := t.exec(deleteCode, person, id)
	if err != nil {
		return false, fmt.Errorf("drop code: %w", err)
	}
	return n > 0, nil
}

// DropCodes implements vend.ForgetTx.
func (t *sqlTx) DropCodes(number []byte) error {
	for _, query := range []string{deleteCodesTo, forgetCodeCount} {
		if _, err := t.exec(query, number); err != nil {
			return fmt.Errorf("drop codes: %w", err)
		}
	}
	return nil
}

// CountCode implements vend.Tx.
func (t *sqlTx) CountCode(what vend.CodeCount, whom []byte, now time.Time) (id int64, err error) {
	if _, err := t.row(insertCodeCount, []any{string(what), whom, millis(now)}, &id); err != nil {
		return 0, fmt.Errorf("count code: %w", err)
	}
	return id, nil
}

// UncountCode implements vend.Tx.
func (t *sqlTx) UncountCode(id int64) error {
	if _, err := t.exec(deleteCodeCount, id); err != nil {
		return fmt.Errorf("count code no more: %w", err)
	}
	return nil
}

// CodesCounted implements vend.Tx.
func (t *sqlTx) CodesCounted(what vend.CodeCount, whom []byte, since time.Time) (n int, err error) {
	query, args := countCodes, []any{whom, string(what), millis(since)}
	if whom == nil {
		query, args = countCodesOfAll, args[1:]
	}
	if _, err := t.row(query, args, &n); err != nil {
		return 0, fmt.Errorf("count codes: %w", err)
	}
	return n, nil
}

// PurgeCodes implements vend.Eraser. Of one that is replaced meanwhile the time is
// looked at again.
func (s *SQL) PurgeCodes(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = retrySQL(ctx, func() error {
		deleted, err := s.writing().exec(ctx, purgeCodes, millis(before), millis(before), limit)
		n = int(deleted)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge codes: %w", err)
	}
	return n, nil
}

// PurgeCodeCounts implements vend.Eraser.
func (s *SQL) PurgeCodeCounts(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.purge(ctx, "purge code counts", purgeCodeCounts, before, limit)
}
