package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"spaza/vend"
)

const (
	// ended is in the words of the indexes that begin with orders_keep.
	ended = `state IN ('delivered', 'declined', 'resolved', 'reversed')`

	// An order that somebody else is writing is left for the next time.
	dueRequests = `SELECT ref FROM orders WHERE sealed IS NOT NULL AND ` + ended + ` AND updated_at < ? ORDER BY updated_at LIMIT ?`
	duePINs     = `SELECT ref FROM orders WHERE pin_hash IS NOT NULL AND ` + ended + ` AND updated_at < ? ORDER BY updated_at LIMIT ?`
	dueGoods    = `SELECT ref FROM orders WHERE goods IS NOT NULL AND ` + ended + ` AND kind = ? AND delivery = ?
AND updated_at < ? ORDER BY updated_at LIMIT ?`

	eraseRequests = `UPDATE orders SET sealed = NULL WHERE ref IN (`
	erasePINs     = `UPDATE orders SET pin_hash = NULL WHERE ref IN (`
	eraseGoods    = `UPDATE orders SET goods = NULL WHERE ref IN (`

	// The trail says what the order is; nothing of it moves.
	tellErased = `INSERT INTO moves (ref, at, from_state, to_state, delivery, cause, by_whom, attempt, code, note)
SELECT ref, CAST(? AS BIGINT), state, state, delivery, 'erase', '', 0, '', 'goods' FROM orders WHERE ref IN (`

	// erasedAtOnce is how many references one statement names, so that there are
	// not statements of every length.
	erasedAtOnce = 50
)

var _ vend.Eraser = (*SQL)(nil)

// EraseRequests implements vend.Eraser.
func (s *SQL) EraseRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.erase(ctx, limit, []due{{dueRequests, []any{millis(before)}}}, func(t *sqlTx, refs []any) error {
		_, err := t.exec(eraseRequests+marks(len(refs))+")", refs...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erase requests: %w", err)
	}
	return n, nil
}

// EraseGoods implements vend.Eraser.
func (s *SQL) EraseGoods(ctx context.Context, kinds []vend.Kind, stages []vend.Delivery, before, now time.Time, limit int) (int, error) {
	// Of one kind and one delivery the index has them in order, so that what is
	// read is what is erased.
	var list []due
	for _, k := range kinds {
		for _, stage := range stages {
			list = append(list, due{dueGoods, []any{string(k), string(stage), millis(before)}})
		}
	}
	n, err := s.erase(ctx, limit, list, func(t *sqlTx, refs []any) error {
		if _, err := t.exec(eraseGoods+marks(len(refs))+")", refs...); err != nil {
			return err
		}
		_, err := t.exec(tellErased+marks(len(refs))+")", append([]any{millis(now)}, refs...)...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erase goods: %w", err)
	}
	return n, nil
}

// ErasePINHashes implements vend.Eraser.
func (s *SQL) ErasePINHashes(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.erase(ctx, limit, []due{{duePINs, []any{millis(before)}}}, func(t *sqlTx, refs []any) error {
		_, err := t.exec(erasePINs+marks(len(refs))+")", refs...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("erase voucher hashes: %w", err)
	}
	return n, nil
}

// due is a query for orders to be erased from; how many is its last argument.
type due struct {
	query string
	args  []any
}

// erase does something to up to limit orders that queries choose, and says to how
// many. It is called with some references at a time, the last of them perhaps
// several times over: as often as makes erasedAtOnce.
func (s *SQL) erase(ctx context.Context, limit int, list []due, do func(t *sqlTx, refs []any) error) (n int, err error) {
	err = s.InTx(ctx, func(tx vend.Tx) error {
		t := tx.(*sqlTx)
		if err := t.overwrite(); err != nil {
			return err
		}
		var refs []any
		for _, d := range list {
			if len(refs) >= limit {
				break
			}
			err := t.each(d.query+t.d.skipLocked, append(slices.Clip(d.args), limit-len(refs)), func(rows *sql.Rows) error {
				var ref string
				err := rows.Scan(&ref)
				refs = append(refs, ref)
				return err
			})
			if err != nil {
				return err
			}
		}
		n = len(refs)
		for some := range slices.Chunk(refs, erasedAtOnce) {
			for len(some) < erasedAtOnce {
				some = append(slices.Clip(some), some[len(some)-1])
			}
			if err := do(t, some); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// overwrite has SQLite write over what is erased from a page, where otherwise it
// would stay in the file until the place is needed. In PostgreSQL that is the
// vacuum's business.
func (t *sqlTx) overwrite() error {
	if t.d.numbered {
		return nil
	}
	_, err := t.exec("PRAGMA secure_delete = fast")
	return err
}
