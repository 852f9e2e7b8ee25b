package store

import (
	"fmt"
	"strings"
	"testing"

	"spaza/intake"
	"spaza/jobs"
)

// TestLettersAreFoundByTheirIndexes holds the plans at which it does not matter how
// many letters are known.
func TestLettersAreFoundByTheirIndexes(t *testing.T) {
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			how := "EXPLAIN QUERY PLAN "
			if s.d.numbered {
				how = "EXPLAIN "
			}
			// Where there is next to nothing PostgreSQL takes any index for as good.
			addTestLetters(t, s, "known", 2000)
			if _, err := s.writing().exec(t.Context(), "ANALYZE"); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				query, index string
				args         []any
			}{
				{selectLetter, "letters", []any{"k"}},
				{eraseDone + "?, ?)", "letters", []any{"k", "l"}},
				{finishLetterJobs + "?, ?" + finishLetterJobs2, "", []any{"me", 1, 7, 8}},
				{deleteLetters + "?, ?)", "letters", []any{"k", "l"}},
				{eraseLetters, "letters_bodies", []any{1, 200}},
				{forgetLetters, "letters_at", []any{1, 200}},
				{countLanes + "?, ?" + countLanes2 + "?, ?" + countLanes3, "jobs_lane_behind", []any{"l", "m", "l", "m"}},
				{countLanes + "?, ?" + countLanes2 + "?, ?" + countLanes3, "jobs_lane_first", []any{"l", "m", "l", "m"}},
			} {
				plan := strings.Join(explain(t, s, how, c.query, c.args), "\n")
				if !strings.Contains(plan, c.index) || strings.Contains(plan, "Seq Scan on") || strings.Contains(plan, "SCAN letters") || strings.Contains(plan, "SCAN jobs") {
					t.Errorf("%s\n%s", c.query, plan)
				}
			}
		})
	}
}

// addTestLetters adds as many, each of a sender of its own.
func addTestLetters(t *testing.T, s *SQL, prefix string, n int) {
	t.Helper()
	b := intake.Batch{Owner: "me", Room: n, Waiting: 50}
	for i := range n {
		key := fmt.Sprint(prefix, " ", i)
		b.Letters = append(b.Letters, intake.Kept{Key: key, Body: []byte("x"), Job: jobs.Job{Kind: intake.JobChat, Key: key, Lane: key}})
	}
	added, err := s.AddLetters(t.Context(), b)
	if err != nil || len(added.Jobs) != n {
		t.Fatal(len(added.Jobs), err)
	}
}

// TestABatchOfLettersTakesFewStatements counts what is sent.
func TestABatchOfLettersTakesFewStatements(t *testing.T) {
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			tape := record(s)
			for _, c := range []struct{ size, most int }{{1, 4}, {64, 4}, {256, 16}} {
				tape.take()
				addTestLetters(t, s, fmt.Sprint(c.size), c.size)
				if txs := tape.take(); len(txs) != 1 || len(txs[0]) > c.most {
					t.Errorf("%d letters take %d transactions and %d statements, want %d at most", c.size, len(txs), statements(txs), c.most)
				}
			}
		})
	}
}
