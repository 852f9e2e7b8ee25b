package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/test/schema"
)

func openPlain(t *testing.T, rawURL string) *SQL {
	t.Helper()
	s, err := OpenSQL(t.Context(), rawURL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// frequent is every statement that runs while customers buy or jobs wait, with
// arguments of the right types.
func frequent(d dialect) map[string][]any {
	pin := []byte("0123456789abcdef")
	now := time.UnixMilli(0)
	claimOne, oneKind := claimJobs(d, []jobs.Kind{"k"}, 8, "a", now, now)
	claimTwo, twoKinds := claimJobs(d, []jobs.Kind{"k", "l"}, 8, "a", now, now)
	return map[string][]any{
		claimOne: oneKind, claimTwo: twoKinds,
		selectOrder + d.forUpdate:     {"r"},
		updateOrder:                   {"s", "", nil, "", "", "", 0, 0, 0, nil, 0, 0, "", "", 0, "r"},
		selectOrderByPIN:              {pin, ""},
		selectOrderByOriginal:         {"r", ""},
		sumSold + " AND customer = ?": {0, "", "c"},
		sumSold + " AND customer = ? AND fund = 'merchant'": {0, "", "c"},
		sumSold + " AND fund = 'merchant'":                  {0, ""},
		selectMoves:                                         {"r"},
		selectRefByMessage:                                  {"m"},
		selectEntries:                                       {"r"},
		hurryJob:                                            {0, 0, 0, "k", "r"},
		countDeclined + " AND customer = ? AND reason IN (?)": {"redeem", 0, "c", "x"},
		countDeclined + " AND reason IN (?, ?)":               {"redeem", 0, "x", "y"},
		selectCustomerByMSISDN:                                {"27"},
		selectCustomerByID:                                    {"c"},
		updateLanguage:                                        {"zu", "c"},
		callerOf(10):                                          {"27", "27"},
		selectRegulars + "?, ?" + selectRegulars2:             {"c", "airtime", "data"},
		selectBoughtFor:                                       {"27", "c", "airtime"},
		selectSaved + " ORDER BY kind, target":                {"c"},
		selectSaved1:                                          {"c", "airtime", "27"},
		deleteSaved:                                           {"c", "airtime", "27"},
		selectPIN:                                             {"c"},
		updatePIN:                                             {"", 0, "", 0, "c"},
		provePIN:                                              {1, "c"},
		selectPINTries:                                        {"c", 5},
		deletePINTry:                                          {"c", 1},
		deletePINTries:                                        {"c"},
		endPINRun:                                             {"c", 1},
		countEnquiries:                                        {pin, "c", 0},
		countMoves:                                            {"r", "again", 0},
		selectBalances + "?, ?) ORDER BY id" + d.forUpdate: {"a", "b"},
		selectEntry:                       {"r", "held"},
		selectHoldEnd:                     {"r"},
		selectJob:                         {"k", "r"},
		finishJob:                         {1, "a", 1},
		putOffJob:                         {0, "", 0, 1, "a", 1},
		buryJob:                           {0, "", 1, "a", 1},
		takeFirstJob:                      {"a", 0, 1},
		nextJob(1):                        {"k"},
		nextJob(2):                        {"k", "l"},
		retryJob:                          {0, 0, 1},
		dropJob + "?)":                    {1, "k"},
		purgeJobs(d):                      {"k", 0, 8},
		listJobs + " ORDER BY id LIMIT ?": {1, 0, 8},
		// What the triggers of a lane ask.
		"SELECT id FROM jobs WHERE lane = ? AND dead = 0 AND behind = 1 ORDER BY id LIMIT 1":   {"l"},
		"SELECT 1 FROM jobs WHERE lane = ? AND lane <> '' AND dead = 0 AND behind = 0 LIMIT 1": {"l"},
		selectLinked:    {"c", "p"},
		selectLink:      {"c", "p"},
		selectLinks:     {"c"},
		seeLink:         {1, "c", "p", "c", 1},
		deleteLink:      {"c", "p", "c"},
		deleteOlder:     {"c", 1},
		moveLinks:       {"c", "d"},
		selectCodeByID:  {"i"},
		tryCode:         {pin, 3, 1},
		deleteCode:      {pin, "i"},
		deleteCodeCount: {1},
		countCodes:      {pin, "number", 0},
		countCodesOfAll: {"number", 0},
		useCustomer:     {1, "c", 1},
		setNumber:       {"27", nil, 0, "c"},
		selectAsides:    {pin},
		selectAnyOrder:  {"c"},
		lastOrder:       {"c", ""},
		hasMove:         {"r", "by_sms", "m"},
		statOrders:      nil,
		// What a provider must be told.
		selectAdvice + d.forUpdate: {"r"},
		updateAdvice:               {nil, "taken", 1, "", 1, "r"},
	}
}

func TestNoFrequentStatementReadsAWholeTable(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s := openPlain(t, "sqlite:"+filepath.Join(t.TempDir(), "spaza.db"))
		for query, args := range frequent(s.d) {
			for _, line := range explain(t, s, "EXPLAIN QUERY PLAN ", query, args) {
				what, scan := strings.CutPrefix(line, "SCAN ")
				// What a statement has just chosen it may read to the end.
				chosen := slices.Contains([]string{"due", "of_kind", "next", "o LEFT-JOIN", "bought", "newest", "(subquery-5)", "CONSTANT ROW"}, what)
				if scan && !chosen && !strings.Contains(line, "USING") {
					t.Errorf("%s\n%s", query, line)
				}
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		s := openPlain(t, schema.Fresh(t))
		for query, args := range frequent(s.d) {
			for _, line := range explain(t, s, "EXPLAIN ", query, args) {
				if strings.Contains(line, "Seq Scan") {
					t.Errorf("%s\n%s", query, line)
				}
			}
		}
	})
}

// explain returns the lines of a statement's plan. Tables are empty here, so
// PostgreSQL is told that reading them whole is dear.
func explain(t *testing.T, s *SQL, how, query string, args []any) []string {
	t.Helper()
	tx, err := s.write.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if s.d.numbered {
		if _, err := tx.Exec("SET LOCAL enable_seqscan = off"); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := tx.QueryContext(t.Context(), how+s.d.bind(query), args...)
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		// The text is the last column in both dialects.
		lines = append(lines, fmt.Sprint(*cells[len(cells)-1].(*any)))
	}
	if err := rows.Err(); err != nil || len(lines) == 0 {
		t.Fatalf("%s\nno plan: %v", query, err)
	}
	return lines
}

func TestSQLiteRunsWithTheSettingsThatMoneyNeeds(t *testing.T) {
	s := openPlain(t, "sqlite:"+filepath.Join(t.TempDir(), "spaza.db"))
	for _, c := range []struct {
		db           *sql.DB
		pragma, want string
	}{
		{s.write.db, "journal_mode", "wal"},
		{s.write.db, "synchronous", "2"},
		{s.write.db, "foreign_keys", "1"},
		{s.write.db, "busy_timeout", "5000"},
		{s.read.db, "query_only", "1"},
	} {
		var got string
		if err := c.db.QueryRow("PRAGMA " + c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s is %q, %v; want %q", c.pragma, got, err, c.want)
		}
	}
	if _, err := s.read.db.Exec("INSERT INTO accounts (id, balance) VALUES ('bank', 1)"); err == nil {
		t.Error("the reading connections can write")
	}
}

func TestATimeIsStoredToTheMillisecondAndTheZeroTimeStaysZero(t *testing.T) {
	at := time.Date(2026, 11, 21, 14, 0, 0, 123_456_789, time.FixedZone("SAST", 2*60*60))
	if got, want := fromMillis(millis(at)), at.UTC().Truncate(time.Millisecond); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fromMillis(millis(time.Time{})); !got.IsZero() {
		t.Errorf("got %s", got)
	}
}
