package store

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"time"
)

// twin is a sale as the bare driver makes it: the statements that were recorded
// of a sale, with the values of another, in the same transactions on the same
// pools.
type twin struct {
	s   *SQL
	txs [][]line
	// prepared is what SQLite needs prepared; PostgreSQL's driver sees to it.
	prepared map[*sqlPool]map[string]*sql.Stmt
	// float is the operator's account for a worker, so that what one row for all
	// of them costs can be measured; nil: one row.
	float func(worker int) string
}

// line is one statement of a twin.
type line struct {
	write, alone bool
	query        string
	args         []arg
	reads        bool
}

// arg is how a value of a recorded sale becomes that of another.
type arg struct {
	value driver.Value
	// pieces, where there are any, are joined by what the marks name.
	pieces []string
	marks  []mark
	// since says that value is a time, so long after the sale began.
	since bool
	// id says that it is a number which an earlier statement gave.
	id             bool
	tx, stmt, cell int
}

type mark uint8

const (
	markRef mark = iota
	markID
	markMSISDN
)

// takeTwin records sales until two in a row took the same path, and learns from
// their difference what of a sale is its own.
func takeTwin(t testing.TB, p *shop, tape *tape, next func() buyer, what sale) *twin {
	t.Helper()
	var before [][]*call
	var whose buyer
	var began time.Time
	for range 20 {
		b, now := next(), time.Now()
		tape.take()
		if err := p.do(t.Context(), b, what); err != nil {
			t.Fatal(err)
		}
		sale, _ := b.of(tape.take())
		if samePath(before, sale) {
			w := &twin{s: p.sql, prepared: map[*sqlPool]map[string]*sql.Stmt{}}
			for i := range sale {
				var tx []line
				for k, c := range sale[i] {
					l := line{write: c.write, alone: c.tx == nil, query: c.query, reads: len(c.rows) > 0 || strings.HasPrefix(c.query, "SELECT")}
					for n := range c.args {
						a, err := learn(before, sale, i, k, n, whose, b, began, now)
						if err != nil {
							t.Fatalf("%s\nvalue %d: %v", c.query, n+1, err)
						}
						l.args = append(l.args, a)
					}
					tx = append(tx, l)
				}
				w.txs = append(w.txs, tx)
			}
			w.prepare(t)
			return w
		}
		before, whose, began = sale, b, now
	}
	t.Fatal("no two sales took the same path")
	return nil
}

// samePath says whether two sales sent the same statements.
func samePath(a, b [][]*call) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return false
		}
		for k := range a[i] {
			if a[i][k].query != b[i][k].query || len(a[i][k].rows) != len(b[i][k].rows) {
				return false
			}
		}
	}
	return true
}

// learn understands one value of b, of which a is the same in the sale before.
func learn(a, b [][]*call, tx, stmt, n int, whoA, whoB buyer, atA, atB time.Time) (arg, error) {
	va, vb := a[tx][stmt].args[n], b[tx][stmt].args[n]
	switch v := vb.(type) {
	case string:
		pieces, marks := whoB.cut(v)
		if other, _ := whoA.cut(va.(string)); strings.Join(other, "\x00") != strings.Join(pieces, "\x00") {
			return arg{}, fmt.Errorf("%q and %q differ by more than the customer and the reference", va, vb)
		}
		return arg{value: v, pieces: pieces, marks: marks}, nil
	case int64:
		const lately, soon = time.Minute, 100 * time.Hour
		if d := v - atB.UnixMilli(); -d < lately.Milliseconds() && d < soon.Milliseconds() && va.(int64)-atA.UnixMilli() > -lately.Milliseconds() {
			return arg{value: d, since: true}, nil
		}
		if va == vb {
			return arg{value: v}, nil
		}
		for i := range tx + 1 {
			for k := range b[i] {
				if i == tx && k == stmt {
					break
				}
				for cell := range firstRow(b[i][k]) {
					if firstRow(b[i][k])[cell] == vb && firstRow(a[i][k])[cell] == va {
						return arg{id: true, tx: i, stmt: k, cell: cell}, nil
					}
				}
			}
		}
		return arg{}, fmt.Errorf("%d and %d came from nowhere", va, vb)
	case []byte: // sealed: no two are alike
		if other, ok := va.([]byte); !ok || len(v) != len(other) && !bytes.Equal(v, other) {
			return arg{}, fmt.Errorf("bytes of different lengths")
		}
	default:
		if va != vb {
			return arg{}, fmt.Errorf("%v and %v", va, vb)
		}
	}
	return arg{value: vb}, nil
}

func firstRow(c *call) []any {
	if len(c.rows) == 0 {
		return nil
	}
	return c.rows[0]
}

// cut takes a text apart at what is the buyer's own.
func (b buyer) cut(s string) (pieces []string, marks []mark) {
	own := []string{markRef: b.ref, markID: b.id, markMSISDN: b.msisdn}
	for {
		at, which := -1, mark(0)
		for m, word := range own {
			if i := strings.Index(s, word); i >= 0 && (at < 0 || i < at) {
				at, which = i, mark(m)
			}
		}
		if at < 0 {
			return append(pieces, s), marks
		}
		pieces, marks = append(pieces, s[:at]), append(marks, which)
		s = s[at+len(own[which]):]
	}
}

func (w *twin) pool(l line) *sqlPool {
	if l.write {
		return w.s.write
	}
	return w.s.read
}

// prepare readies what the store would have prepared.
func (w *twin) prepare(t testing.TB) {
	t.Helper()
	if !w.s.d.prepare {
		return
	}
	for _, tx := range w.txs {
		for _, l := range tx {
			p := w.pool(l)
			if w.prepared[p] == nil {
				w.prepared[p] = map[string]*sql.Stmt{}
			}
			if w.prepared[p][l.query] != nil {
				continue
			}
			stmt, err := p.db.PrepareContext(t.Context(), l.query)
			if err != nil {
				t.Fatal(err)
			}
			w.prepared[p][l.query] = stmt
			t.Cleanup(func() { _ = stmt.Close() })
		}
	}
}

// sell makes a sale.
func (w *twin) sell(ctx context.Context, worker int, b buyer) error {
	now := time.Now().UnixMilli()
	got := make([][][]any, len(w.txs))
	for i, lines := range w.txs {
		got[i] = make([][]any, len(lines))
		var tx *sql.Tx
		if !lines[0].alone {
			var err error
			if tx, err = w.pool(lines[0]).db.BeginTx(ctx, &sql.TxOptions{Isolation: w.s.d.isolation}); err != nil {
				return err
			}
		}
		for k, l := range lines {
			row, err := w.send(ctx, tx, l, w.values(l, worker, b, now, got))
			if err != nil {
				if tx != nil {
					_ = tx.Rollback()
				}
				return fmt.Errorf("%s: %w", l.query, err)
			}
			got[i][k] = row
		}
		if tx != nil {
			if err := tx.Commit(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *twin) values(l line, worker int, b buyer, now int64, got [][][]any) []any {
	own := [...]string{markRef: b.ref, markID: b.id, markMSISDN: b.msisdn}
	values := make([]any, len(l.args))
	for n, a := range l.args {
		switch {
		case a.id:
			values[n] = got[a.tx][a.stmt][a.cell]
		case a.since:
			values[n] = now + a.value.(int64)
		case len(a.marks) > 0:
			s := a.pieces[0]
			for i, m := range a.marks {
				s += own[m] + a.pieces[i+1]
			}
			values[n] = s
		case w.float != nil && a.value == "flash:float":
			values[n] = w.float(worker)
		default:
			values[n] = a.value
		}
	}
	return values
}

// send sends one statement and returns the first row of its answer.
func (w *twin) send(ctx context.Context, tx *sql.Tx, l line, args []any) ([]any, error) {
	p := w.pool(l)
	stmt := w.prepared[p][l.query]
	if !l.reads {
		var err error
		switch {
		case stmt != nil && tx != nil:
			_, err = tx.StmtContext(ctx, stmt).ExecContext(ctx, args...) //nolint:sqlclosecheck // it ends with its transaction
		case stmt != nil:
			_, err = stmt.ExecContext(ctx, args...)
		case tx != nil:
			_, err = tx.ExecContext(ctx, l.query, args...)
		default:
			_, err = p.db.ExecContext(ctx, l.query, args...)
		}
		return nil, err
	}
	var rows *sql.Rows
	var err error
	switch {
	case stmt != nil && tx != nil:
		rows, err = tx.StmtContext(ctx, stmt).QueryContext(ctx, args...) //nolint:sqlclosecheck // it ends with its transaction
	case stmt != nil:
		rows, err = stmt.QueryContext(ctx, args...)
	case tx != nil:
		rows, err = tx.QueryContext(ctx, l.query, args...)
	default:
		rows, err = p.db.QueryContext(ctx, l.query, args...)
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var first []any
	for rows.Next() {
		row, err := scanAny(rows)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = row
		}
	}
	return first, rows.Err()
}
