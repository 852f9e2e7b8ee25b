package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"spaza/ledger"
	"spaza/vend"
)

func TestTwoTransactionsThatWaitForEachOtherBothEndWell(t *testing.T) {
	d := freshPostgres(t) // SQLite runs transactions one after the other
	s := d.open(t)
	inTx(t, s, func(tx vend.Tx) error {
		_, _, err1 := tx.AddOrder(order("r1"))
		_, _, err2 := tx.AddOrder(order("r2"))
		return errors.Join(err1, err2)
	})
	var runs atomic.Int32
	var once [2]sync.Once
	var bothHold sync.WaitGroup
	bothHold.Add(2)
	var wg sync.WaitGroup
	for i, order := range [][]string{{"r1", "r2"}, {"r2", "r1"}} {
		wg.Go(func() {
			err := s.InTx(t.Context(), func(tx vend.Tx) error {
				runs.Add(1)
				if _, err := tx.Order(order[0]); err != nil {
					return err
				}
				once[i].Do(bothHold.Done)
				bothHold.Wait()
				// An error of the database is found again even where the
				// caller gives its own instead.
				o, err := tx.Order(order[1])
				if err != nil {
					return errors.New("could not lock the second order")
				}
				o.Told = true
				return tx.UpdateOrder(o)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if runs.Load() != 3 {
		t.Errorf("the transactions ran %d times, want 3: one of the two is run again", runs.Load())
	}
	for _, ref := range []string{"r1", "r2"} {
		if o, err := s.Order(t.Context(), ref); err != nil || !o.Told {
			t.Errorf("%s: told %t, %v", ref, o.Told, err)
		}
	}
}

func TestAnOrderIsLockedUntilItsTransactionEnds(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		o := order("r1")
		o.Amount = 0
		inTx(t, s, func(tx vend.Tx) error { _, _, err := tx.AddOrder(o); return err })
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				// Read, add one, write: none is lost.
				err := s.InTx(t.Context(), func(tx vend.Tx) error {
					o, err := tx.Order("r1")
					if err != nil {
						return err
					}
					o.Code += "x"
					return tx.UpdateOrder(o)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if o, err := s.Order(t.Context(), "r1"); err != nil || o.Code != "xxxxxxxx" {
			t.Errorf("got %q, %v", o.Code, err)
		}
	})
}

func TestAWriterInAnotherProcessIsWaitedFor(t *testing.T) {
	d := freshSQLite(t)
	s, other := d.open(t), d.raw(t)
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	posted := make(chan error)
	go func() { posted <- post(t, s, ledger.Redeemed("v1", "c1", 100)) }()
	// Reading goes on meanwhile.
	wantBalance(t, s, "c1", 0, 0)
	select {
	case err := <-posted:
		t.Errorf("posted while another was writing: %v", err)
	default:
	}
	if _, err := other.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-posted; err != nil {
		t.Error(err)
	}
	wantBalance(t, s, "c1", 100, 0)
}
