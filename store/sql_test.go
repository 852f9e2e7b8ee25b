package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

func TestOpeningTwiceKeepsWhatIsThere(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		mustPost(t, s, ledger.Redeemed("r1", "c1", 100))
		again := d.open(t)
		wantBalance(t, again, "c1", 100, 0)
		if err := again.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestATableMakerIsWaitedForInItsSchemaAlone: two shops in one database start
// without each other.
func TestATableMakerIsWaitedForInItsSchemaAlone(t *testing.T) {
	mine, other := freshPostgres(t), freshPostgres(t)
	maker, err := mine.raw(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = maker.Close() }()
	if _, err := maker.ExecContext(t.Context(), `SELECT pg_advisory_lock(hashtextextended('spaza.migrate.' || current_schema(), 0))`); err != nil {
		t.Fatal(err)
	}
	other.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if s, err := store.OpenSQL(ctx, mine.url, store.Options{}); err == nil {
		_ = s.Close()
		t.Error("whoever makes the tables was not waited for")
	}
}

func TestSeveralReplicasMayOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		var wg sync.WaitGroup
		stores := make([]*store.SQL, 3)
		for i := range stores {
			wg.Go(func() {
				s, err := store.OpenSQL(t.Context(), d.url, store.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				stores[i] = s
			})
		}
		wg.Wait()
		for i, s := range stores {
			if s == nil {
				continue
			}
			mustPost(t, s, ledger.Redeemed(refs("r", 3)[i], "c1", 100))
		}
		for _, s := range stores {
			if s != nil {
				wantBalance(t, s, "c1", 300, 0)
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestTheSQLiteFileIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new folder #1?")
	path := filepath.Join(dir, "spa za%20?.db")
	s, err := store.OpenSQL(t.Context(), "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mustPost(t, s, ledger.Redeemed("r1", "c1", 100))
	for name, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestASQLiteFileThatOthersCouldReadIsMadePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spaza.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenSQL(t.Context(), "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAURLThatCannotWorkIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, url := range []string{
		"mysql://u:hunter2@host/db",
		"hunter2",
		"sqlite:",
		"sqlite::memory:",
		"postgres://u:hunter2@host:notaport/db",
		"postgres://u:hunter2@127.0.0.1:1/db?connect_timeout=1&sslmode=disable",
	} {
		s, err := store.OpenSQL(t.Context(), url, store.Options{})
		if err == nil {
			t.Errorf("%s was opened", url)
			_ = s.Close()
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

func TestAClosedDatabaseSaysSo(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s, err := store.OpenSQL(t.Context(), d.url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("Ping: %v", err)
		}
		if err := s.InTx(t.Context(), func(vend.Tx) error { return nil }); err == nil {
			t.Error("a transaction ran")
		}
	})
}

func TestATransactionIsCommittedAsAWholeOrNotAtAll(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		oops := errors.New("oops")
		write := func(tx vend.Tx) error {
			if _, _, err := tx.AddOrder(order("r1")); err != nil {
				return err
			}
			return tx.Post(ledger.Redeemed("r1", "c1", 100), noon)
		}
		wantNothing := func(after string) {
			t.Helper()
			if _, err := s.Order(t.Context(), "r1"); !errors.Is(err, vend.ErrNoOrder) {
				t.Errorf("%s: %v", after, err)
			}
			wantBalance(t, s, "c1", 0, 0)
		}

		err := s.InTx(t.Context(), func(tx vend.Tx) error { return errors.Join(write(tx), oops) })
		if !errors.Is(err, oops) {
			t.Errorf("got %v, want the error of do", err)
		}
		wantNothing("after an error")

		func() {
			defer func() {
				if recover() != "bang" {
					t.Error("the panic was lost")
				}
			}()
			_ = s.InTx(t.Context(), func(tx vend.Tx) error {
				if err := write(tx); err != nil {
					t.Error(err)
				}
				panic("bang")
			})
		}()
		wantNothing("after a panic")

		ctx, cancel := context.WithCancel(t.Context())
		err = s.InTx(ctx, func(tx vend.Tx) error {
			defer cancel()
			return write(tx)
		})
		if err == nil {
			t.Error("committed although the context had ended")
		}
		wantNothing("after its context ended")

		inTx(t, s, write)
		wantBalance(t, s, "c1", 100, 0)
	})
}

func TestADatabaseErrorThatIsIgnoredIsNotCommittedPast(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		err := s.InTx(t.Context(), func(tx vend.Tx) error {
			if err := tx.Post(ledger.Redeemed("r1", "c1", 100), noon); err != nil {
				return err
			}
			bad := order("r2")
			bad.Amount = -1
			if _, _, err := tx.AddOrder(bad); err == nil {
				t.Error("the database took a negative amount")
			}
			return nil
		})
		if err == nil {
			t.Error("the transaction was committed")
		}
		wantBalance(t, s, "c1", 0, 0)
	})
}

func TestErrorsNeverHoldTheValuesOfArguments(t *testing.T) {
	const canary = "27829998877"
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		bad := order(canary)
		bad.Customer, bad.Target, bad.Label, bad.Sealed = canary, canary, canary, []byte(canary)
		for name, do := range map[string]func(vend.Tx) error{
			"a broken rule": func(tx vend.Tx) error {
				o := bad
				o.Amount = -27829998877
				_, _, err := tx.AddOrder(o)
				return err
			},
			"a doubled id": func(tx vend.Tx) error {
				_, err := tx.EnsureCustomer("27820000001", canary, noon)
				if err != nil {
					return err
				}
				_, err = tx.EnsureCustomer("27820000002", canary, noon)
				return err
			},
			"an overflow": func(tx vend.Tx) error {
				return errors.Join(
					tx.Post(ledger.Redeemed("r1", canary, 1<<62), noon),
					tx.Post(ledger.Redeemed("r2", canary, 1<<62), noon))
			},
		} {
			err := s.InTx(t.Context(), do)
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), canary) {
					t.Errorf("%s: the error holds the value: %v", name, e)
				}
			}
		}
		if d.kind == "postgres" {
			o := bad
			o.Label = canary + "\xff"
			err := s.InTx(t.Context(), func(tx vend.Tx) error { _, _, err := tx.AddOrder(o); return err })
			if err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("text that is not UTF-8: %v", err)
			}
		}
		wantBalance(t, s, canary, 0, 0)
	})
}
