package store

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatSomebodyStillReadsIsNotCalledErased has a reader of another process stand
// on the pages of before.
func TestWhatSomebodyStillReadsIsNotCalledErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spaza.db")
	s, other := openPlain(t, "sqlite:"+path), openPlain(t, "sqlite:"+path)
	if _, err := s.write.db.ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	tx, err := other.read.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM orders").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err == nil || !strings.Contains(err.Error(), "still being read") {
		t.Errorf("while it is read: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Errorf("and then: %v", err)
	}
	// The other process goes on, with what it has prepared.
	if c, err := other.Customer(t.Context(), "27820000001"); err != nil || c.ID != "" {
		t.Errorf("%+v, %v", c, err)
	}
	seedBuyers(t, other, 3)
	if c, err := s.Customer(t.Context(), buyerOf(2).msisdn); err != nil || c.ID == "" {
		t.Errorf("%+v, %v", c, err)
	}
}
