package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

func TestMoneyMovesAsTheEntriesSay(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		wantBalance(t, s, "c1", 0, 0)
		mustPost(t, s, ledger.Redeemed("v1", "c1", 50_00))
		wantBalance(t, s, "c1", 50_00, 0)
		mustPost(t, s, ledger.Hold("r1", ledger.CustomerPays("c1"), 12_50), ledger.Hold("r2", ledger.CustomerPays("c1"), 10_00))
		wantBalance(t, s, "c1", 27_50, 22_50)
		mustPost(t, s, ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 12_50))
		wantBalance(t, s, "c1", 27_50, 10_00)
		mustPost(t, s, ledger.Release("r2", ledger.CustomerPays("c1"), 10_00))
		wantBalance(t, s, "c1", 37_50, 0)
		mustPost(t, s, ledger.Redeemed("v2", "c10", 1))
		wantBalance(t, s, "c1", 37_50, 0)
		wantBalance(t, s, "c10", 1, 0)
		wantSoundBooks(t, s)
	})
}

func TestAnEntryCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []ledger.Entry
		entry  ledger.Entry
		want   error
	}{
		{"the same again", []ledger.Entry{ledger.Hold("r1", ledger.CustomerPays("c1"), 60_00)}, ledger.Hold("r1", ledger.CustomerPays("c1"), 60_00), nil},
		{"the same again, with the money spent", []ledger.Entry{ledger.Hold("r1", ledger.CustomerPays("c1"), 100_00)}, ledger.Hold("r1", ledger.CustomerPays("c1"), 100_00), nil},
		{"a voucher again", nil, ledger.Redeemed("v1", "c1", 100_00), nil},
		{"a voucher again for more", nil, ledger.Redeemed("v1", "c1", 200_00), ledger.ErrReused},
		{"a voucher again for another", nil, ledger.Redeemed("v1", "c2", 100_00), ledger.ErrReused},
		{"another amount", []ledger.Entry{ledger.Hold("r1", ledger.CustomerPays("c1"), 1)}, ledger.Hold("r1", ledger.CustomerPays("c1"), 2), ledger.ErrReused},
		{"another amount than there is money for", []ledger.Entry{ledger.Hold("r1", ledger.CustomerPays("c1"), 100_00)}, ledger.Hold("r1", ledger.CustomerPays("c1"), 100_01), ledger.ErrReused},
		{"too much", nil, ledger.Hold("r1", ledger.CustomerPays("c1"), 100_01), ledger.ErrInsufficient},
		{"of somebody without an account", nil, ledger.Hold("r1", ledger.CustomerPays("c2"), 1), ledger.ErrInsufficient},
		{"a capture of nothing held", nil, ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 1), ledger.ErrInsufficient},
		{"captured twice", []ledger.Entry{ledger.Hold("r1", ledger.CustomerPays("c1"), 5), ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 5)}, ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 5), nil},
		{"released, then captured", []ledger.Entry{ledger.Hold("r1", ledger.CustomerPays("c1"), 5), ledger.Release("r1", ledger.CustomerPays("c1"), 5)}, ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 5), ledger.ErrEnded},
		{"captured, then released", []ledger.Entry{ledger.Hold("r1", ledger.CustomerPays("c1"), 5), ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 5)}, ledger.Release("r1", ledger.CustomerPays("c1"), 5), ledger.ErrEnded},
		{"captured, then released, with another hold open", []ledger.Entry{
			ledger.Hold("r1", ledger.CustomerPays("c1"), 5), ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 5), ledger.Hold("r2", ledger.CustomerPays("c1"), 50),
		}, ledger.Release("r1", ledger.CustomerPays("c1"), 5), ledger.ErrEnded},
		{"not well formed", nil, ledger.Hold("r1", ledger.CustomerPays("c1"), 0), ledger.ErrUnbalanced},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				s := d.open(t)
				mustPost(t, s, ledger.Redeemed("v1", "c1", 100_00))
				mustPost(t, s, c.before...)
				before, err := s.Balance(t.Context(), "c1")
				if err != nil {
					t.Fatal(err)
				}
				// The transaction goes on after a ledger error.
				inTx(t, s, func(tx vend.Tx) error {
					if err := tx.Post(c.entry, noon); !errors.Is(err, c.want) || (c.want == nil && err != nil) {
						t.Errorf("got %v, want %v", err, c.want)
					}
					return tx.Post(ledger.Redeemed("v9", "c9", 9), noon)
				})
				wantBalance(t, s, "c1", before.Available, before.Held)
				wantBalance(t, s, "c9", 9, 0)
				wantSoundBooks(t, s)
			})
		})
	}
}

func TestAnEntryMayHaveManyPostings(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		mustPost(t, s, ledger.Redeemed("v1", "c1", 60))
		// Through the customer's account goes more than is on it; what counts
		// is where it ends.
		e := ledger.Entry{Ref: "r1", Kind: "settled", Postings: []ledger.Posting{
			{Debit: ledger.Available("c1"), Credit: "bank", Amount: 150},
			{Debit: "expense:loss", Credit: ledger.Available("c1"), Amount: 100},
			{Debit: ledger.Available("c1"), Credit: ledger.Held("c1"), Amount: 10},
		}}
		mustPost(t, s, e)
		wantBalance(t, s, "c1", 0, 10)
		turned := e
		turned.Postings = slices.Clone(e.Postings)
		slices.Reverse(turned.Postings)
		mustPost(t, s, e, turned)
		turned.Postings = append(turned.Postings, turned.Postings[0])
		if err := post(t, s, turned); !errors.Is(err, ledger.ErrReused) {
			t.Errorf("with one posting more: %v", err)
		}
		wantBalance(t, s, "c1", 0, 10)
		wantSoundBooks(t, s)
	})
}

func TestManyHoldsAtOnceNeverOverdrawABalance(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		mustPost(t, s, ledger.Redeemed("v1", "c1", 10_50))
		var wg sync.WaitGroup
		var held atomic.Int32
		for _, ref := range refs("r", 24) {
			wg.Go(func() {
				switch err := post(t, s, ledger.Hold(ref, ledger.CustomerPays("c1"), 1_00)); {
				case err == nil:
					held.Add(1)
				case !errors.Is(err, ledger.ErrInsufficient):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if held.Load() != 10 {
			t.Errorf("%d holds went through, want 10", held.Load())
		}
		wantBalance(t, s, "c1", 50, 10_00)
		wantSoundBooks(t, s)
	})
}

func TestHoldsAndTheirEndsAtOnceDoNotWaitForEachOtherInACircle(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		mustPost(t, s, ledger.Redeemed("v1", "c1", 100_00), ledger.Redeemed("v2", "c2", 100_00))
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				customer := []string{"c1", "c2"}[worker%2]
				for _, ref := range refs(fmt.Sprint("r", worker), 6) {
					if err := post(t, s, ledger.Hold(ref, ledger.CustomerPays(customer), 1_00)); err != nil {
						t.Error(err)
						return
					}
					// Both ends race; one wins.
					var ends sync.WaitGroup
					var captured, released error
					ends.Go(func() {
						captured = post(t, s, ledger.Capture(ref, ledger.CustomerPays(customer), ledger.ProviderFloat, 1_00))
					})
					ends.Go(func() { released = post(t, s, ledger.Release(ref, ledger.CustomerPays(customer), 1_00)) })
					ends.Wait()
					if (captured == nil) == (released == nil) {
						t.Errorf("captured: %v, released: %v", captured, released)
					}
					for _, err := range []error{captured, released} {
						if err != nil && !errors.Is(err, ledger.ErrEnded) {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		for _, c := range []string{"c1", "c2"} {
			if b, err := s.Balance(t.Context(), c); err != nil || b.Held != 0 {
				t.Errorf("balance of %s: %v, %v", c, b, err)
			}
		}
		wantSoundBooks(t, s)
	})
}

func TestTheDatabaseItselfKeepsTheBooks(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		mustPost(t, s, ledger.Redeemed("v1", "c1", 100), ledger.Hold("r1", ledger.CustomerPays("c1"), 40), ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 40))
		db := d.raw(t)
		attempts := []string{
			`UPDATE entries SET ref = 'x'`,
			`DELETE FROM entries`,
			`UPDATE postings SET amount = amount + 1`,
			`DELETE FROM postings`,
			`UPDATE accounts SET balance = -1 WHERE id = 'cust:c1:available'`,
			`INSERT INTO postings (entry_id, line, account, amount) SELECT min(id), 9, 'cust:c1:available', -1000 FROM entries`,
			`INSERT INTO entries (ref, kind, at, ends_hold) VALUES ('r1', 'released', 0, 1)`,
			`INSERT INTO entries (ref, kind, at, ends_hold) VALUES ('r1', 'held', 0, 0)`,
		}
		if d.kind == "postgres" {
			attempts = append(attempts, `TRUNCATE postings`, `TRUNCATE entries CASCADE`)
		}
		for _, q := range attempts {
			if _, err := db.Exec(q); err == nil {
				t.Errorf("allowed: %s", q)
			}
		}
		wantBalance(t, s, "c1", 60, 0)
		wantSoundBooks(t, s)
	})
}

func TestCheckBooksFindsEveryKindOfFault(t *testing.T) {
	for _, c := range []struct {
		name string
		// harm is done behind the store's back, with the guards away.
		harm []string
		want []store.Fault
	}{
		{"an account that was moved by hand", []string{
			`UPDATE accounts SET balance = balance + 5 WHERE id = 'cust:c1:available'`,
		}, []store.Fault{
			{Kind: store.FaultBalance, Account: "cust:c1:available", Want: 60, Got: 65},
			{Kind: store.FaultTotal, Got: 5},
		}},
		{"a posting that was changed", []string{
			`UPDATE postings SET amount = amount - 7 WHERE account = 'flash:float'`,
		}, []store.Fault{
			{Kind: store.FaultEntry, Ref: "r1", Entry: ledger.KindCaptured, Got: -7},
			{Kind: store.FaultHold, Ref: "r1", Entry: ledger.KindCaptured, Want: 40, Got: 33},
			{Kind: store.FaultBalance, Account: "flash:float", Want: 33, Got: 40},
		}},
		{"an entry that lost its postings", []string{
			`DELETE FROM postings WHERE entry_id IN (SELECT id FROM entries WHERE kind = 'held')`,
		}, []store.Fault{
			{Kind: store.FaultEntry, Ref: "r1", Entry: ledger.KindHeld},
			{Kind: store.FaultHold, Ref: "r1", Entry: ledger.KindCaptured, Want: 0, Got: 40},
			{Kind: store.FaultBalance, Account: "cust:c1:available", Want: 100, Got: 60},
			{Kind: store.FaultBalance, Account: "cust:c1:held", Want: -40, Got: 0},
		}},
		{"an account that is gone", []string{
			`DELETE FROM accounts WHERE id = 'flash:redemption'`,
		}, []store.Fault{
			{Kind: store.FaultBalance, Account: "flash:redemption", Want: -100},
			{Kind: store.FaultTotal, Got: 100},
		}},
		{"a customer in debt", []string{
			`UPDATE accounts SET balance = -1 WHERE id = 'cust:c1:held'`,
		}, []store.Fault{
			{Kind: store.FaultBalance, Account: "cust:c1:held", Want: 0, Got: -1},
			{Kind: store.FaultNegative, Account: "cust:c1:held", Got: -1},
			{Kind: store.FaultTotal, Got: -1},
		}},
		{"nothing", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				s := d.open(t)
				mustPost(t, s, ledger.Redeemed("v1", "c1", 100), ledger.Hold("r1", ledger.CustomerPays("c1"), 40), ledger.Capture("r1", ledger.CustomerPays("c1"), ledger.ProviderFloat, 40))
				db := d.raw(t)
				removeGuards(t, d, db)
				for _, q := range c.harm {
					if _, err := db.Exec(q); err != nil {
						t.Fatal(err)
					}
				}
				got, err := s.CheckBooks(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func removeGuards(t *testing.T, d database, db *sql.DB) {
	t.Helper()
	var guards []string
	if d.kind == "sqlite" {
		db.SetMaxOpenConns(1) // the pragma belongs to a connection
		guards = []string{
			`DROP TRIGGER postings_keep_update`, `DROP TRIGGER postings_keep_delete`, `PRAGMA ignore_check_constraints = 1`,
		}
	} else {
		guards = []string{`DROP TRIGGER postings_keep ON postings`, `ALTER TABLE accounts DROP CONSTRAINT accounts_check`}
	}
	for _, q := range guards {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
}
