package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"spaza/vend"
)

// maxTxTries is how often a transaction is run before the database's wish to
// have it repeated is passed on as an error.
const maxTxTries = 8

// sqlTx is one transaction. The database errors of its methods end it: what do
// returns after one is not committed.
type sqlTx struct {
	ctx context.Context
	d   dialect
	c   sqlConn
	// failed is the first database error.
	failed error
}

var _ vend.Tx = (*sqlTx)(nil)

// InTx implements vend.Store. Ledger errors (ledger.ErrInsufficient and its
// kin) leave the transaction usable, with nothing written by the call that
// returned them; any other error of a Tx method makes InTx roll back, even
// where do returns nil. Inside, do writes through its Tx only: SQLite has one
// connection that writes, and it is taken.
func (s *SQL) InTx(ctx context.Context, do func(vend.Tx) error) error {
	return retrySQL(ctx, func() error { return s.tryTx(ctx, do) })
}

func (s *SQL) tryTx(ctx context.Context, do func(vend.Tx) error) error {
	defer s.write.prepare(ctx)
	tx, err := s.write.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.d.isolation})
	if err != nil {
		return fmt.Errorf("begin transaction: %w", cleanSQL(err))
	}
	// Also when do panics. After a commit it does nothing.
	defer func() { _ = tx.Rollback() }()
	t := &sqlTx{ctx: ctx, d: s.d, c: sqlConn{p: s.write, tx: tx}}
	err = do(t)
	if t.failed != nil && (err == nil || runAgain(t.failed)) {
		return t.failed
	}
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", cleanSQL(err))
	}
	return nil
}

// retrySQL runs do again, after a short random wait that grows, as long as the
// database asks for it.
func retrySQL(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || try == maxTxTries || !runAgain(err) {
			return err
		}
		wait := time.NewTimer(rand.N(time.Millisecond << try))
		select {
		case <-ctx.Done():
			wait.Stop()
			return fmt.Errorf("run transaction again: %w", ctx.Err())
		case <-wait.C:
		}
	}
}

// note remembers a database error, so that the transaction is not committed
// past it.
func (t *sqlTx) note(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

func (t *sqlTx) exec(query string, args ...any) (int64, error) {
	n, err := t.c.exec(t.ctx, query, args...)
	return n, t.note(err)
}

func (t *sqlTx) each(query string, args []any, scan func(*sql.Rows) error) error {
	return t.note(t.c.each(t.ctx, query, args, scan))
}

func (t *sqlTx) row(query string, args []any, dest ...any) (bool, error) {
	found, err := t.c.row(t.ctx, query, args, dest...)
	return found, t.note(err)
}
