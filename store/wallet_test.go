package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/store"
	"spaza/vend"
)

func TestAPINAndItsTriesAreTheCustomersOwn(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		now := time.UnixMilli(1_700_000_000_000).UTC()
		var a, b vend.Customer
		inTx(t, s, func(tx vend.Tx) (err error) {
			if a, err = tx.EnsureCustomer("27820000001", "C1", now); err == nil {
				b, err = tx.EnsureCustomer("27820000002", "C2", now)
			}
			return err
		})
		if a.PIN || b.PIN {
			t.Error("a new customer has a PIN")
		}
		var ids []int64
		inTx(t, s, func(tx vend.Tx) error {
			ids = nil
			if err := tx.SetPIN(a.ID, "hash", now); err != nil {
				return err
			}
			for i := range 7 {
				id, err := tx.AddPINTry(a.ID, now.Add(time.Duration(i)*time.Second))
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			if _, err := tx.AddPINTry(b.ID, now); err != nil {
				return err
			}
			if err := tx.EndPINRun(a.ID, ids[4]); err != nil {
				return err
			}
			return tx.DropPINTries(a.ID, ids[5])
		})
		if !slices.IsSorted(ids) {
			t.Errorf("the ids are %v", ids)
		}
		want := []vend.PINTry{
			{ID: ids[6], At: now.Add(6 * time.Second), InRun: true}, {ID: ids[4], At: now.Add(4 * time.Second)}, {ID: ids[3], At: now.Add(3 * time.Second)},
			{ID: ids[2], At: now.Add(2 * time.Second)}, {ID: ids[1], At: now.Add(time.Second)},
		}
		got, err := s.PINTries(t.Context(), a.ID)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		inTx(t, s, func(tx vend.Tx) error {
			hash, tries, err := tx.PIN(a.ID)
			if diff := cmp.Diff(want, tries); diff != "" || hash != "hash" {
				t.Errorf("%q %s", hash, diff)
			}
			return err
		})
		for _, c := range []struct {
			msisdn string
			set    bool
		}{{a.MSISDN, true}, {b.MSISDN, false}} {
			if got, err := s.Customer(t.Context(), c.msisdn); err != nil || got.PIN != c.set || !got.PINProved.IsZero() {
				t.Errorf("%+v, %v", got, err)
			}
		}
		inTx(t, s, func(tx vend.Tx) error { return tx.ProvePIN(a.ID, now) })
		proved := func(what string, want time.Time) {
			t.Helper()
			one, err := s.Customer(t.Context(), a.MSISDN)
			if err != nil || !one.PINProved.Equal(want) {
				t.Errorf("%s it was right at %s, %v; want %s", what, one.PINProved, err, want)
			}
			if calling, err := s.Caller(t.Context(), a.MSISDN, 1); err != nil || calling.Customer != one {
				t.Errorf("%s the caller is %+v, %v", what, calling.Customer, err)
			}
			if among, err := s.Customers(t.Context(), []string{a.ID}); err != nil || among[a.ID] != one {
				t.Errorf("%s among others they are %+v, %v", what, among[a.ID], err)
			}
		}
		proved("proved,", now)
		inTx(t, s, func(tx vend.Tx) error { return tx.SetPIN(a.ID, "another", now.Add(time.Hour)) })
		proved("set anew,", time.Time{})
		since := func(what string, want time.Time) {
			t.Helper()
			if one, err := s.Customer(t.Context(), a.MSISDN); err != nil || !one.PINSince.Equal(want) || one.PIN == want.IsZero() {
				t.Errorf("%s there is one since %s, %v; want %s", what, one.PINSince, err, want)
			}
		}
		since("set anew,", now)
		for _, who := range []string{b.ID, "nobody"} {
			if err := s.InTx(t.Context(), func(tx vend.Tx) error { return tx.ProvePIN(who, now) }); err == nil {
				t.Errorf("%s has proved a PIN", who)
			}
		}
		inTx(t, s, func(tx vend.Tx) error {
			if err := tx.DropPINTries(a.ID, 0); err != nil {
				return err
			}
			return tx.SetPIN(a.ID, "", now)
		})
		since("taken away,", time.Time{})
		inTx(t, s, func(tx vend.Tx) error { return tx.SetPIN(a.ID, "third", now.Add(2*time.Hour)) })
		since("set once more,", now.Add(2*time.Hour))
		if left, err := s.PINTries(t.Context(), b.ID); err != nil || len(left) != 1 {
			t.Errorf("of somebody else are left %v, %v", left, err)
		}
		if err := s.InTx(t.Context(), func(tx vend.Tx) error { return tx.SetPIN("nobody", "x", now) }); err == nil {
			t.Error("nobody has a PIN")
		}
	})
}

func TestWhatOnlyCountsIsPurgedOldestFirst(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		now := time.UnixMilli(1_700_000_000_000).UTC()
		inTx(t, s, func(tx vend.Tx) error {
			for i := range 5 {
				at := now.Add(time.Duration(i) * time.Minute)
				if _, err := tx.AddPINTry("C1", at); err != nil {
					return err
				}
				if err := tx.AddEnquiry("C1", []byte(fmt.Sprint("target ", i)), at); err != nil {
					return err
				}
			}
			return nil
		})
		for name, purge := range map[string]func(before time.Time, limit int) (int, error){
			"tries":     func(before time.Time, limit int) (int, error) { return s.PurgePINTries(t.Context(), before, limit) },
			"enquiries": func(before time.Time, limit int) (int, error) { return s.PurgeEnquiries(t.Context(), before, limit) },
		} {
			for _, c := range []struct {
				before      time.Duration
				limit, want int
			}{{0, 9, 0}, {3 * time.Minute, 2, 2}, {3 * time.Minute, 9, 1}, {3 * time.Minute, 9, 0}, {time.Hour, 9, 2}} {
				if n, err := purge(now.Add(c.before), c.limit); n != c.want || err != nil {
					t.Errorf("%s of before %s: %d, %v; want %d", name, c.before, n, err, c.want)
				}
			}
		}
	})
}

func TestEnquiriesAreCountedByTargetAndTime(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		now := time.UnixMilli(1_700_000_000_000).UTC()
		target := func(n int) []byte { return []byte(fmt.Sprint("hash ", n)) }
		inTx(t, s, func(tx vend.Tx) error {
			for i, who := range []string{"C1", "C1", "C1", "C2"} {
				if err := tx.AddEnquiry(who, target(i), now.Add(time.Duration(i)*time.Minute)); err != nil {
					return err
				}
			}
			return tx.AddEnquiry("C1", target(0), now.Add(time.Hour)) // again, later
		})
		inTx(t, s, func(tx vend.Tx) error {
			for _, c := range []struct {
				target int
				since  time.Duration
				others int
				again  bool
			}{{9, -1, 3, false}, {1, -1, 2, true}, {1, time.Minute, 2, false}, {0, time.Minute, 1, true}, {3, 2 * time.Minute, 1, false}} {
				others, again, err := tx.Enquiries("C1", target(c.target), now.Add(c.since))
				if others != c.others || again != c.again || err != nil {
					t.Errorf("%d since %s: %d others, again %v, %v", c.target, c.since, others, again, err)
				}
			}
			return nil
		})
	})
}

// TestTheWalletGoesDownAndUpAgain takes the migration back and applies it once
// more, with rows in every table of it.
func TestTheWalletGoesDownAndUpAgain(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		now := time.UnixMilli(1_700_000_000_000).UTC()
		s := d.open(t)
		inTx(t, s, func(tx vend.Tx) error {
			c, err := tx.EnsureCustomer("27820000001", "C1", now)
			if err != nil {
				return err
			}
			if err := tx.SetPIN(c.ID, "hash", now); err != nil {
				return err
			}
			if err := tx.AddEnquiry(c.ID, []byte("x"), now); err != nil {
				return err
			}
			if _, err := tx.AddPINTry(c.ID, now); err != nil {
				return err
			}
			return tx.SaveRegular(c.ID, vend.SavedRegular{Kind: vend.KindAirtime, Target: "27820000002", Nickname: "x", NamedAt: now})
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		store.Down(t, d.driver, d.dsn, d.kind, 8)
		raw := d.raw(t)
		for _, table := range []string{"pin_tries", "regulars", "enquiries"} {
			if _, err := raw.Exec("SELECT 1 FROM " + table); err == nil {
				t.Errorf("%s is still there", table)
			}
		}
		if _, err := raw.Exec("SELECT pin FROM customers"); err == nil {
			t.Error("the PINs are still there")
		}
		again := d.open(t)
		if c, err := again.Customer(t.Context(), "27820000001"); err != nil || c.ID != "C1" || c.PIN {
			t.Errorf("the customer is %+v, %v", c, err)
		}
		if saved, err := again.SavedRegulars(t.Context(), "C1"); err != nil || len(saved) != 0 {
			t.Errorf("saved are %v, %v", saved, err)
		}
	})
}
