package store

import (
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"sync"
)

// tape is what was sent to a database, statement by statement.
type tape struct {
	mu    sync.Mutex
	calls []*call
}

// call is one statement with its values, and what came back.
type call struct {
	write bool    // on the pool that writes
	tx    *sql.Tx // nil: by itself
	query string  // as the driver has it
	args  []driver.Value
	rows  [][]any
}

// record has a tape hear everything that is sent from now on. It must be called
// before the database is used by more than one goroutine.
func record(s *SQL) *tape {
	t := &tape{}
	s.read.watch = t.watch(false)
	s.write.watch = t.watch(true)
	return t
}

func (t *tape) watch(write bool) func(*sql.Tx, string, []any) func(*sql.Rows) {
	return func(tx *sql.Tx, query string, args []any) func(*sql.Rows) {
		c := &call{write: write, tx: tx, query: query}
		for _, a := range args {
			v, err := driver.DefaultParameterConverter.ConvertValue(a)
			if err != nil {
				panic(err)
			}
			c.args = append(c.args, v)
		}
		t.mu.Lock()
		t.calls = append(t.calls, c)
		t.mu.Unlock()
		return func(rows *sql.Rows) {
			row, err := scanAny(rows)
			if err != nil {
				panic(err)
			}
			t.mu.Lock()
			c.rows = append(c.rows, row)
			t.mu.Unlock()
		}
	}
}

// scanAny reads a row of whatever columns.
func scanAny(rows *sql.Rows) ([]any, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	row, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		dest[i] = &row[i]
	}
	return row, rows.Scan(dest...)
}

// take empties the tape and returns what it had, transaction by transaction in
// the order of their beginnings. A statement by itself is one.
func (t *tape) take() [][]*call {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all [][]*call
	at := map[*sql.Tx]int{}
	for _, c := range t.calls {
		i, began := at[c.tx]
		if c.tx == nil || !began {
			i = len(all)
			all = append(all, nil)
			at[c.tx] = i
		}
		all[i] = append(all[i], c)
	}
	t.calls = nil
	return all
}

// about says whether a transaction is about any of the words: the others are
// the runner's, which looks for work.
func about(tx []*call, words ...string) bool {
	return slices.ContainsFunc(tx, func(c *call) bool {
		return slices.ContainsFunc(c.args, func(v driver.Value) bool {
			s, ok := v.(string)
			return ok && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
		})
	})
}

// of splits transactions into those about a sale and the others.
func (b buyer) of(txs [][]*call) (sale, others [][]*call) {
	for _, tx := range txs {
		if about(tx, b.ref, b.id, b.msisdn) {
			sale = append(sale, tx)
		} else {
			others = append(others, tx)
		}
	}
	return sale, others
}

func statements(txs [][]*call) int {
	n := 0
	for _, tx := range txs {
		n += len(tx)
	}
	return n
}
