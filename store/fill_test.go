package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// filling is a database as a shop has it that sold for a year.
type filling struct {
	orders    int
	customers int       // a tenth of the orders
	booked    int       // the newest orders, which have entries, postings and moves
	now       time.Time // when the newest was made
}

// year is how long the shop has sold.
const year = 365 * 24 * time.Hour

// fill fills an empty database, with the indexes away meanwhile. The orders of a
// year are spread evenly over it; of a hundred, sixty are airtime, twelve each
// electricity and redemptions, seven are declined; what retention erases is
// erased. The books and trails are of the newest fifth: what is asked of them is
// asked by reference.
func fill(t *testing.T, s *SQL, orders int) filling {
	t.Helper()
	f := filling{orders: orders, customers: orders / 10, booked: orders / 5, now: time.Now().Truncate(time.Second)}
	ctx := t.Context()
	c, err := s.write.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	run := func(query string) {
		t.Helper()
		began := time.Now()
		if _, err := c.ExecContext(ctx, query); err != nil {
			t.Fatalf("%.300s\n%v", query, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Logf("%6.1f s  %.70s", took.Seconds(), query)
		}
	}
	restore := s.strip(t, ctx, c, run)
	for _, query := range f.queries(s.d) {
		run(query)
	}
	restore()
	if s.d.numbered {
		for _, table := range []string{"entries", "moves", "jobs"} {
			run(fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', 'id'), (SELECT max(id) FROM %s))", table, table))
		}
		run("VACUUM ANALYZE")
	}
	return f
}

// strip takes away what makes adding many rows slow, and returns what puts it
// back: indexes, triggers, the wait for the disk.
func (s *SQL) strip(t *testing.T, ctx context.Context, c *sql.Conn, run func(string)) (restore func()) {
	t.Helper()
	find := `SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL`
	if s.d.numbered {
		find = `SELECT 'index', indexname, indexdef FROM pg_indexes i WHERE schemaname = current_schema()
AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conname = i.indexname)`
	}
	rows, err := c.QueryContext(ctx, find)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var drop, create []string
	for rows.Next() {
		var kind, name, text string
		if err := rows.Scan(&kind, &name, &text); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "goose") {
			continue
		}
		drop, create = append(drop, "DROP "+kind+" "+name), append(create, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	before := []string{"PRAGMA synchronous = off", "PRAGMA cache_size = -262144", "PRAGMA foreign_keys = off"}
	after := []string{"PRAGMA synchronous = full", "PRAGMA foreign_keys = on"}
	if s.d.numbered {
		before = []string{"SET session_replication_role = replica", "SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'"}
		after = []string{"RESET session_replication_role", "RESET synchronous_commit"}
	}
	for _, query := range append(before, drop...) {
		run(query)
	}
	return func() {
		for _, query := range append(create, after...) {
			run(query)
		}
	}
}

// queries are the rows, for either dialect. The i-th order was made
// (orders - i) * step before now.
func (f filling) queries(d dialect) []string {
	series := func(from, to int) string {
		return fmt.Sprintf("(WITH RECURSIVE s(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s) s", from, to)
	}
	pad := func(x string, width int) string { return fmt.Sprintf("printf('%%0%dd', %s)", width, x) }
	blob := func(n int) string { return fmt.Sprintf("zeroblob(%d)", n) }
	hash := "CAST(printf('%016d', i) AS BLOB)"
	given := ""
	if d.numbered {
		series = func(from, to int) string {
			return fmt.Sprintf("generate_series(%d::bigint, %d::bigint) AS s(i)", from, to)
		}
		pad = func(x string, width int) string { return fmt.Sprintf("lpad(CAST(%s AS TEXT), %d, '0')", x, width) }
		blob = func(n int) string { return fmt.Sprintf("decode(repeat('ab', %d), 'hex')", n) }
		hash = "convert_to(lpad(CAST(i AS TEXT), 16, '0'), 'UTF8')"
		given = " OVERRIDING SYSTEM VALUE"
	}
	step := year.Milliseconds() / int64(f.orders)
	at := fmt.Sprintf("(%d - (%d - i) * %d)", f.now.UnixMilli(), f.orders, step)
	// Of a kind by its place in the hundred, and of a state by a larger count.
	kind := `CASE WHEN i % 100 < 60 THEN 'airtime' WHEN i % 100 < 72 THEN 'electricity' WHEN i % 100 < 84 THEN 'redeem' WHEN i % 100 < 94 THEN 'data'
WHEN i % 100 < 97 THEN 'voucher' WHEN i % 100 < 98 THEN 'airtime_pin' WHEN i % 1000 < 990 THEN 'bill' WHEN i % 10000 < 9990 THEN 'cash_out' WHEN i % 20000 < 10000 THEN 'refund' ELSE 'reverse' END`
	open := fmt.Sprintf("i > %d - 60", f.orders)
	state := `CASE WHEN ` + open + ` THEN 'unknown' WHEN i % 5000 = 77 THEN 'person' WHEN i % 3000 = 78 THEN 'resolved' WHEN i % 4000 = 79 THEN 'reversed' WHEN (i / 100) % 14 = 0 THEN 'declined' ELSE 'delivered' END`
	days := func(n int) string { return fmt.Sprintf("i > %d", f.orders-f.orders*n/365) }
	customer := fmt.Sprintf("(1 + i * 7919 %% %d)", f.customers)
	id := "'C' || " + pad(customer, 15)
	msisdn := "'2782' || " + pad(customer, 7)
	ref := "'P-' || " + pad("i", 10) + " || " + pad("(i * 7368787 % 1000000)", 6)
	first := f.orders - f.booked + 1
	return []string{
		"INSERT INTO customers (id, msisdn, language, created_at) SELECT 'C' || " + pad("i", 15) + ", '2782' || " + pad("i", 7) + ", 'en', " + strconv.FormatInt(f.now.Add(-year).UnixMilli(), 10) + " FROM " + series(1, f.customers),
		"INSERT INTO accounts (id, balance) SELECT 'cust:C' || " + pad("i", 15) + " || ':available', 1000000 FROM " + series(1, f.customers),
		"INSERT INTO accounts (id, balance) SELECT 'cust:C' || " + pad("i", 15) + " || ':held', 0 FROM " + series(1, f.customers),
		"INSERT INTO orders (" + orderColumns + ") SELECT " + strings.Join([]string{
			ref, kind, id, "'101'", "'Vodacom'", "1200",
			"CASE WHEN i % 100 < 60 THEN " + msisdn + " WHEN i % 100 < 72 THEN '04' || " + pad(customer, 9) + " ELSE '' END",
			"CASE WHEN i % 50 = 7 THEN 'merchant' ELSE 'balance' END", state, "CASE WHEN (i / 100) % 14 = 0 THEN 'voucher_used' ELSE '' END", "'ussd'", "'purchase'",
			"CASE WHEN " + days(7) + " THEN " + blob(320) + " END", "CASE WHEN i % 100 >= 72 AND i % 100 < 84 AND " + days(90) + " THEN " + hash + " END",
			"'F' || " + pad("i", 10), "'0'", "'111'", "1", at, at, at + " + 2000",
			"CASE WHEN i % 100 >= 60 AND i % 100 < 72 AND " + days(90) + " OR i % 100 >= 94 AND i % 100 < 98 AND " + days(30) + " THEN " + blob(200) + " END",
			"1", at, "CASE WHEN i % 3000 = 78 THEN 'vended' ELSE '' END", "'sent'",
			"CASE WHEN i % 20000 >= 19990 THEN 'P-' || " + pad("i - 1000", 10) + " || " + pad("((i - 1000) * 7368787 % 1000000)", 6) + " ELSE '' END",
		}, ", ") + " FROM " + series(1, f.orders),
		"INSERT INTO entries (id, ref, kind, at, ends_hold)" + given + " SELECT 2 * i, " + ref + ", 'held', " + at + ", 0 FROM " + series(first, f.orders),
		"INSERT INTO entries (id, ref, kind, at, ends_hold)" + given + " SELECT 2 * i + 1, " + ref + ", 'captured', " + at + ", 1 FROM " + series(first, f.orders-100),
		"INSERT INTO postings (entry_id, line, account, amount) SELECT 2 * i, 0, 'cust:' || " + id + " || ':available', -1200 FROM " + series(first, f.orders),
		"INSERT INTO postings (entry_id, line, account, amount) SELECT 2 * i, 0, 'cust:' || " + id + " || ':held', 1200 FROM " + series(first, f.orders),
		"INSERT INTO postings (entry_id, line, account, amount) SELECT 2 * i + 1, 0, 'cust:' || " + id + " || ':held', -1200 FROM " + series(first, f.orders-100),
		"INSERT INTO postings (entry_id, line, account, amount) SELECT 2 * i + 1, 0, 'flash:float', 1200 FROM " + series(first, f.orders-100),
		"INSERT INTO moves (id, ref, at, from_state, to_state, delivery, cause, by_whom, attempt, code, note)" + given + " SELECT 3 * i, " + ref + ", " + at + ", '', 'sending', '', 'customer', '', 0, '', '' FROM " + series(first, f.orders),
		"INSERT INTO moves (id, ref, at, from_state, to_state, delivery, cause, by_whom, attempt, code, note)" + given + " SELECT 3 * i + 1, " + ref + ", " + at + ", 'sending', 'delivered', '', 'answer', '', 1, '0', '' FROM " + series(first, f.orders),
		"INSERT INTO moves (id, ref, at, from_state, to_state, delivery, cause, by_whom, attempt, code, note)" + given + " SELECT 3 * i + 2, " + ref + ", " + at + ", 'delivered', 'delivered', 'sent', 'message', '', 0, '', 'ATXid_' || i FROM " + series(first, f.orders),
		// Those that are open, messages that wait, and what was given up.
		"INSERT INTO jobs (id, kind, key, data, first_run_at, run_at, attempt, owner, lease_until, dead)" + given + ` SELECT i, CASE WHEN i > 1000 THEN 'order' ELSE 'notice' END, 'P-' || i, '', 1, ` +
			strconv.FormatInt(f.now.UnixMilli(), 10) + " + i * 1000, 3, CASE WHEN i % 100 = 0 THEN 'other' ELSE '' END, CASE WHEN i % 100 = 0 THEN " + strconv.FormatInt(f.now.Add(time.Hour).UnixMilli(), 10) +
			" ELSE 0 END, CASE WHEN i % 4 = 0 THEN 1 ELSE 0 END FROM " + series(1, 1500),
	}
}
