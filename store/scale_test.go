package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spaza/vend"
)

// mostPages is how many pages of 8 KiB a statement may touch, however large the
// tables are: those of a few thousand orders. So many are with a person or were
// decided by one, and are all read before the newest are told. The rest need far
// fewer.
const mostPages = 8000

// big are the tables that grow with every sale.
var big = regexp.MustCompile(`Seq Scan on (orders|entries|postings|moves|accounts|customers)\b`)

// TestNoStatementSlowsDownAtTenMillionOrders fills a database as it is after years
// and looks at the plan of everything that is sent while the service runs, and of
// all that support asks. It takes minutes, 10 GB and a server on which triggers
// can be put aside, and so is run on demand, with
//
//	SPAZA_PROOF=long go run ./test/run -require postgres -skip browser -timeout 1h -v -run AtTenMillion ./store
//
// SPAZA_PROOF_ORDERS is then the number of orders; on SQLite there are a fifth of
// them.
func TestNoStatementSlowsDownAtTenMillionOrders(t *testing.T) {
	if os.Getenv("SPAZA_PROOF") != "long" {
		t.Skip("takes minutes: set SPAZA_PROOF=long")
	}
	orders := 10_000_000
	if n, err := strconv.Atoi(os.Getenv("SPAZA_PROOF_ORDERS")); err == nil && n > 0 {
		orders = n
	}
	for _, name := range []string{"postgres", "sqlite"} {
		t.Run(name, func(t *testing.T) {
			n := orders
			if name == "sqlite" {
				n = orders / 5
			}
			s := openPlain(t, eachDatabase()[name](t))
			began := time.Now()
			f := fill(t, s, n)
			t.Logf("%d orders, %d customers, books and trails of the newest %d: filled in %.0f s", f.orders, f.customers, f.booked, time.Since(began).Seconds())
			o := f.some(t, s)
			all := append(spendDay(t, s, 1000, f.now), asSent(t, s, questions(o, o.Ref[len(o.Ref)-6:], f.now))...)
			c, err := s.write.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var table strings.Builder
			for _, q := range all {
				if !q.looks() {
					continue
				}
				m := measureSQLite
				if s.d.numbered {
					m = measurePostgres
				}
				got := m(t, c, q)
				fmt.Fprintf(&table, "%9.2f %7d  %-32s %s\n", got.ms, got.pages, q.name, brief(q.query, 110))
				if got.wrong != "" || got.pages > mostPages {
					t.Errorf("%s: %d pages, %.1f ms\n%s\n%s", q.name, got.pages, got.ms, brief(q.query, 1000), got.plan)
				}
			}
			t.Logf("%d statements\n       ms   pages\n%s", len(all), table.String())
		})
	}
}

// some is an order from the middle of the books.
func (f filling) some(t *testing.T, s *SQL) vend.Order {
	t.Helper()
	var r orderRow
	err := s.write.db.QueryRowContext(t.Context(), s.d.bind(findOrders+`created_at <= ? AND kind = 'airtime' ORDER BY created_at DESC LIMIT 1`),
		f.now.Add(-20*24*time.Hour).UnixMilli()).Scan(r.dest()...)
	got, err := r.read(err == nil, err)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// looks says whether a statement has anything to look for: a row of given values
// has not.
func (q sent) looks() bool {
	return !strings.HasPrefix(q.query, "PRAGMA") && (!strings.HasPrefix(q.query, "INSERT") || !strings.Contains(q.query, "VALUES"))
}

// measured is what a statement cost, and what is wrong with how.
type measured struct {
	ms    float64
	pages int
	plan  string
	wrong string
}

// measurePostgres runs a statement, undone after it, with a plan for its values
// and with one for any values, as a prepared statement gets in time, and returns
// the dearer.
func measurePostgres(t *testing.T, c *sql.Conn, q sent) (worst measured) {
	t.Helper()
	ctx := t.Context()
	exec := func(query string) {
		t.Helper()
		if _, err := c.ExecContext(ctx, query); err != nil {
			t.Fatalf("%s\n%v", query, err)
		}
	}
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		exec("BEGIN")
		exec("SET LOCAL plan_cache_mode = " + mode)
		exec("PREPARE spaza_plan AS " + q.query)
		var got measured
		for range 2 { // the second time what it needs is in memory
			exec("SAVEPOINT before")
			execute := "EXECUTE spaza_plan"
			if len(q.args) > 0 {
				execute += "(" + literals(q.args) + ")"
			}
			lines := planLines(t, c, "EXPLAIN (ANALYZE, BUFFERS) "+execute)
			exec("ROLLBACK TO before")
			got = readPlan(lines)
		}
		exec("ROLLBACK")
		exec("DEALLOCATE spaza_plan")
		got.plan = mode + "\n" + got.plan
		if worst.plan == "" || got.pages > worst.pages || got.wrong != "" {
			worst = got
		}
	}
	return worst
}

// readPlan reads PostgreSQL's account of a statement.
func readPlan(lines []string) measured {
	m := measured{plan: strings.Join(lines, "\n")}
	counted := false
	for _, line := range lines {
		if strings.Contains(line, "Planning:") {
			break // the statement's own come first, then the planner's
		}
		if !counted && strings.Contains(line, "Buffers: shared") {
			counted = true
			for _, found := range regexp.MustCompile(`(?:hit|read)=(\d+)`).FindAllStringSubmatch(line, -1) {
				n, _ := strconv.Atoi(found[1])
				m.pages += n
			}
		}
		m.wrong += big.FindString(line)
	}
	for _, line := range lines {
		if found := regexp.MustCompile(`Execution Time: ([\d.]+)`).FindStringSubmatch(line); found != nil {
			m.ms, _ = strconv.ParseFloat(found[1], 64)
		}
	}
	return m
}

// literals writes values as SQL.
func literals(args []driver.Value) string {
	var all []string
	for _, a := range args {
		switch v := a.(type) {
		case nil:
			all = append(all, "NULL")
		case int64:
			all = append(all, strconv.FormatInt(v, 10))
		case string:
			all = append(all, "'"+strings.ReplaceAll(v, "'", "''")+"'")
		case []byte:
			all = append(all, fmt.Sprintf(`'\x%x'`, v))
		default:
			panic(fmt.Sprintf("value of type %T", v))
		}
	}
	return strings.Join(all, ", ")
}

// measureSQLite runs a statement, undone after it. SQLite counts no pages.
func measureSQLite(t *testing.T, c *sql.Conn, q sent) measured {
	t.Helper()
	args := make([]any, len(q.args))
	for i, a := range q.args {
		args[i] = a
	}
	lines := planLines(t, c, "EXPLAIN QUERY PLAN "+q.query, args...)
	m := measured{plan: strings.Join(lines, "\n"), wrong: scansInSQLite(lines)}
	for range 2 {
		if _, err := c.ExecContext(t.Context(), "SAVEPOINT before"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		readAll(t, c, q.query, args)
		m.ms = float64(time.Since(began).Microseconds()) / 1000
		if _, err := c.ExecContext(t.Context(), "ROLLBACK TO before"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ExecContext(t.Context(), "RELEASE before"); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// readAll runs a statement and reads every row that comes back.
func readAll(t *testing.T, c *sql.Conn, query string, args []any) {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := scanAny(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
}

// scansInSQLite are the lines of a plan that read all of a table that grows.
func scansInSQLite(lines []string) string {
	var wrong []string
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) > 1 && f[0] == "SCAN" && slices.Contains([]string{"orders", "entries", "postings", "moves", "accounts", "customers", "o", "m", "e", "p"}, f[1]) {
			wrong = append(wrong, line)
		}
	}
	return strings.Join(wrong, "; ")
}

// planLines is the last column of what a query gives: the plan, in both dialects.
func planLines(t *testing.T, c interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, query string, args ...any) []string {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		row, err := scanAny(rows)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(row[len(row)-1]))
	}
	if err := rows.Err(); err != nil || len(lines) == 0 {
		t.Fatalf("%s\nno plan: %v", query, err)
	}
	return lines
}
