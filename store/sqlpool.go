package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// maxTexts bounds the statements a sqlPool keeps. The package has about forty;
// the rest are lists of other lengths.
const maxTexts = 256

// sqlPool is one pool of connections with the statements it has run.
type sqlPool struct {
	db *sql.DB
	d  dialect

	mu    sync.RWMutex
	texts map[string]*sqlText
	// unready counts texts that wait to be prepared.
	unready atomic.Int32
	// preparing lets one goroutine prepare while the others go on.
	preparing sync.Mutex

	// watch, where a test sets it before the pool is used, is told of every
	// statement as it is sent. What it returns is told of every row.
	watch func(tx *sql.Tx, bound string, args []any) func(*sql.Rows)
}

// sqlText is a statement as this pool runs it.
type sqlText struct {
	bound string
	ready atomic.Pointer[sql.Stmt] // nil until prepared
}

func newSQLPool(db *sql.DB, d dialect) *sqlPool {
	return &sqlPool{db: db, d: d, texts: map[string]*sqlText{}}
}

func (p *sqlPool) text(query string) *sqlText {
	p.mu.RLock()
	t := p.texts[query]
	p.mu.RUnlock()
	if t != nil {
		return t
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.texts[query]; t != nil {
		return t
	}
	t = &sqlText{bound: p.d.bind(query)}
	if len(p.texts) < maxTexts {
		p.texts[query] = t
		if p.d.prepare {
			p.unready.Add(1)
		}
	}
	return t
}

// prepare readies the statements that were run for the first time. It must be
// called while no transaction of the caller's is open: the pool may have one
// connection only. A statement that fails to prepare goes on being run as text.
func (p *sqlPool) prepare(ctx context.Context) {
	if p.unready.Load() == 0 || !p.preparing.TryLock() {
		return
	}
	defer p.preparing.Unlock()
	p.mu.RLock()
	texts := slices.Collect(maps.Values(p.texts))
	p.mu.RUnlock()
	// Not under p.mu: whoever has the connection needs it to go on.
	for _, t := range texts {
		if t.ready.Load() != nil {
			continue
		}
		if stmt, err := p.db.PrepareContext(ctx, t.bound); err == nil {
			t.ready.Store(stmt)
			p.unready.Add(-1)
		}
	}
}

func (p *sqlPool) close() error {
	p.preparing.Lock()
	defer p.preparing.Unlock()
	p.mu.RLock()
	defer p.mu.RUnlock()
	var errs []error
	for _, t := range p.texts {
		if stmt := t.ready.Swap(nil); stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(append(errs, p.db.Close())...)
}

// sqlConn runs statements: inside tx, or each by itself where tx is nil. Its
// errors are cleaned.
type sqlConn struct {
	p  *sqlPool
	tx *sql.Tx
}

// exec returns how many rows a statement wrote.
func (c sqlConn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	t := c.p.text(query)
	if c.p.watch != nil {
		c.p.watch(c.tx, t.bound, args)
	}
	var res sql.Result
	var err error
	switch stmt := t.ready.Load(); {
	case stmt != nil && c.tx != nil:
		res, err = c.tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	case stmt != nil:
		res, err = stmt.ExecContext(ctx, args...)
	case c.tx != nil:
		res, err = c.tx.ExecContext(ctx, t.bound, args...)
	default:
		res, err = c.p.db.ExecContext(ctx, t.bound, args...)
		c.p.prepare(ctx)
	}
	if err != nil {
		return 0, cleanSQL(err)
	}
	n, err := res.RowsAffected()
	return n, cleanSQL(err)
}

// each calls scan for every row and reads to the end, so that a statement that
// writes and returns is complete. scan's own errors are passed on cleaned.
func (c sqlConn) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	t := c.p.text(query)
	told := func(*sql.Rows) {}
	if c.p.watch != nil {
		told = c.p.watch(c.tx, t.bound, args)
	}
	var rows *sql.Rows
	var err error
	switch stmt := t.ready.Load(); {
	case stmt != nil && c.tx != nil:
		rows, err = c.tx.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	case stmt != nil:
		rows, err = stmt.QueryContext(ctx, args...)
	case c.tx != nil:
		rows, err = c.tx.QueryContext(ctx, t.bound, args...)
	default:
		rows, err = c.p.db.QueryContext(ctx, t.bound, args...)
		// The connection that the rows hold may be the only one.
		defer c.p.prepare(ctx)
	}
	if err != nil {
		return cleanSQL(err)
	}
	defer rows.Close()
	for rows.Next() {
		told(rows)
		if err := scan(rows); err != nil {
			return cleanSQL(err)
		}
	}
	return cleanSQL(rows.Err())
}

// row reads the first row into dest and says whether there was one.
func (c sqlConn) row(ctx context.Context, query string, args []any, dest ...any) (found bool, err error) {
	err = c.each(ctx, query, args, func(rows *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(dest...)
	})
	return found && err == nil, err
}
