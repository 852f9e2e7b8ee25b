package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"spaza/secret"
	"spaza/vend"
)

const (
	selectKeys = `SELECT id, purpose, sealed, created_at, retired_at, note FROM keys ORDER BY id`

	insertKey = `INSERT INTO keys (id, purpose, sealed, created_at, retired_at, note) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING`

	selectKeySealed = `SELECT sealed FROM keys WHERE id = ?`

	retireKeys = `UPDATE keys SET retired_at = ? WHERE purpose = 'seal' AND retired_at = 0 AND id <> ?`

	rewrapKey = `UPDATE keys SET sealed = ? WHERE id = ? AND sealed = ?`

	selectUsed = `SELECT 1 WHERE EXISTS (SELECT 1 FROM customers) OR EXISTS (SELECT 1 FROM orders)`

	// The newest, because the key may have been changed by hand at some time.
	selectSamples = `SELECT sealed, ref FROM orders WHERE sealed IS NOT NULL ORDER BY created_at DESC LIMIT 4`
	selectGoods   = `SELECT goods, 'goods ' || ref FROM orders WHERE goods IS NOT NULL ORDER BY created_at DESC LIMIT 4`
)

var _ secret.Vault = (*SQL)(nil)

// Keys implements secret.Vault.
func (s *SQL) Keys(ctx context.Context) ([]secret.KeyRow, error) {
	var keys []secret.KeyRow
	err := s.reading().each(ctx, selectKeys, nil, func(rows *sql.Rows) error {
		var r secret.KeyRow
		var createdAt, retiredAt int64
		if err := rows.Scan(&r.ID, &r.Purpose, &r.Sealed, &createdAt, &retiredAt, &r.Note); err != nil {
			return err
		}
		r.CreatedAt, r.RetiredAt = fromMillis(createdAt), fromMillis(retiredAt)
		keys = append(keys, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return keys, nil
}

// FirstKeys implements secret.Vault. Of replicas that come at once, the second
// waits for the first, and then adds nothing.
func (s *SQL) FirstKeys(ctx context.Context, rows []secret.KeyRow) (added bool, err error) {
	err = s.changeKeys(ctx, func(t *sqlTx) error {
		added = false
		for i, r := range rows {
			one, err := t.addKey(r)
			if err != nil {
				return err
			}
			if !one && i == 0 {
				return nil
			}
			if !one {
				return t.note(fmt.Errorf("key %d is there, and the first is not", r.ID))
			}
		}
		added = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("add first keys: %w", err)
	}
	return added, nil
}

// NextKey implements secret.Vault.
func (s *SQL) NextKey(ctx context.Context, row, after secret.KeyRow) (added bool, err error) {
	err = s.changeKeys(ctx, func(t *sqlTx) error {
		added = false
		var sealed []byte
		found, err := t.row(selectKeySealed+t.d.forUpdate, []any{int64(after.ID)}, &sealed)
		if err != nil || !found || !bytes.Equal(sealed, after.Sealed) {
			return err
		}
		if added, err = t.addKey(row); err != nil || !added {
			return err
		}
		_, err = t.exec(retireKeys, millis(row.CreatedAt), int64(row.ID))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("add key: %w", err)
	}
	return added, nil
}

// Rewrap implements secret.Vault.
func (s *SQL) Rewrap(ctx context.Context, id uint16, from, to []byte) (done bool, err error) {
	err = s.changeKeys(ctx, func(t *sqlTx) error {
		n, err := t.exec(rewrapKey, to, int64(id), from)
		done = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("wrap key again: %w", err)
	}
	return done, nil
}

// Past implements secret.Vault. Requests were sealed under their order's
// reference, goods under "goods " and the reference. It reads whole tables, and
// is asked for once in the life of a database.
func (s *SQL) Past(ctx context.Context) (secret.Past, error) {
	var p secret.Past
	var one int
	var err error
	if p.Used, err = s.reading().row(ctx, selectUsed, nil, &one); err != nil {
		return secret.Past{}, fmt.Errorf("look for anything stored: %w", err)
	}
	for _, query := range []string{selectSamples, selectGoods} {
		err := s.reading().each(ctx, query, nil, func(rows *sql.Rows) error {
			var one secret.Sample
			if err := rows.Scan(&one.Sealed, &one.Purpose); err != nil {
				return err
			}
			p.Samples = append(p.Samples, one)
			return nil
		})
		if err != nil {
			return secret.Past{}, fmt.Errorf("read samples: %w", err)
		}
	}
	return p, nil
}

func (s *SQL) changeKeys(ctx context.Context, do func(*sqlTx) error) error {
	return s.InTx(ctx, func(tx vend.Tx) error { return do(tx.(*sqlTx)) })
}

func (t *sqlTx) addKey(r secret.KeyRow) (bool, error) {
	n, err := t.exec(insertKey, int64(r.ID), string(r.Purpose), r.Sealed, millis(r.CreatedAt), millis(r.RetiredAt), cleanNote(r.Note))
	return n == 1, err
}

// SealedRows is how many rows of one column a data key sealed.
type SealedRows struct {
	Column string // such as orders.goods
	Key    uint16 // 0: not sealed by a keyring
	Rows   int64
}

// sealedColumns are all columns that hold something sealed.
func sealedColumns() [][2]string {
	return [][2]string{{"orders", "sealed"}, {"orders", "goods"}, {"letters", "body"}, {"codes", "sealed"}, {"advices", "sealed"}}
}

// SealedRows counts what is sealed, by column and data key. It reads whole
// tables.
func (s *SQL) SealedRows(ctx context.Context) ([]SealedRows, error) {
	var all []SealedRows
	for _, c := range sealedColumns() {
		table, column := c[0], c[1]
		count := map[uint16]int64{}
		query := fmt.Sprintf("SELECT substr(%s, 1, %d), count(*) FROM %s WHERE %s IS NOT NULL GROUP BY 1", column, secret.HeaderSize, table, column)
		err := s.reading().each(ctx, query, nil, func(rows *sql.Rows) error {
			var header []byte
			var n int64
			if err := rows.Scan(&header, &n); err != nil {
				return err
			}
			id, _ := secret.SealedWith(header)
			count[id] += n
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("count what is sealed in %s.%s: %w", table, column, err)
		}
		for id, n := range count {
			all = append(all, SealedRows{Column: table + "." + column, Key: id, Rows: n})
		}
	}
	slices.SortFunc(all, func(a, b SealedRows) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Column, b.Column))
	})
	return all, nil
}
