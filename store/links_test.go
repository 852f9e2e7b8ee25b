package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

// linkOf is a link of the n-th second.
func linkOf(channel, user, customer string, n int) vend.Link {
	at := noon.Add(time.Duration(n) * time.Second)
	return vend.Link{Channel: channel, User: user, Customer: customer, How: vend.LinkByCode, LinkedAt: at, SeenAt: at}
}

func TestALinkIsReadWithItsCustomerAndTheNewestOrder(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		var c vend.Customer
		l := linkOf("telegram", "111", "C1", 0)
		inTx(t, s, func(tx vend.Tx) (err error) {
			if c, err = tx.EnsureCustomer("27820000001", "C1", noon); err != nil {
				return err
			}
			return tx.SaveLink(l)
		})
		linked := func(what string, want vend.Linked) {
			t.Helper()
			got, err := s.Linked(t.Context(), "telegram", "111")
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", what, err, diff)
			}
		}
		linked("without an order", vend.Linked{Link: l, Customer: c})
		for i, kind := range []vend.Kind{vend.KindAirtime, vend.KindRedeem, vend.KindReverse} {
			o := filled(fmt.Sprint("P-", i), vend.StateDelivered, noon)
			o.Kind, o.Customer, o.CreatedAt = kind, "C1", noon.Add(time.Duration(i)*time.Hour)
			addOrders(t, s, o)
		}
		linked("with orders, the newest a reversal", vend.Linked{Link: l, Customer: c, LastOrder: noon.Add(time.Hour)})
		inTx(t, s, func(tx vend.Tx) error {
			for except, want := range map[string]time.Time{"": noon.Add(time.Hour), "P-1": noon, "P-0": noon.Add(time.Hour)} {
				if at, err := tx.LastOrder("C1", except); err != nil || !at.Equal(want) {
					t.Errorf("but for %q the newest is of %s, %v", except, at, err)
				}
			}
			return nil
		})
		for customer, want := range map[string]time.Time{"C1": noon.Add(time.Hour), "C2": {}} {
			if at, err := s.LastOrder(t.Context(), customer); err != nil || !at.Equal(want) {
				t.Errorf("the newest of %s is of %s, %v", customer, at, err)
			}
		}
		if none, err := s.Linked(t.Context(), "whatsapp", "111"); err != nil || none != (vend.Linked{}) {
			t.Errorf("nobody is %+v, %v", none, err)
		}
	})
}

func TestLinksAreReplacedSeenMovedAndEnded(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		a, b, other := linkOf("telegram", "111", "C1", 1), linkOf("whatsapp", "ZA.1", "C1", 2), linkOf("telegram", "222", "C2", 3)
		list := func(what, customer string, want ...vend.Link) {
			t.Helper()
			got, err := s.Links(t.Context(), customer)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", what, err, diff)
			}
		}
		inTx(t, s, func(tx vend.Tx) error {
			return errors.Join(tx.SaveLink(a), tx.SaveLink(b), tx.SaveLink(other))
		})
		list("the last seen first", "C1", b, a)
		a.SeenAt = noon.Add(time.Minute)
		inTx(t, s, func(tx vend.Tx) error {
			late, gone := a, a
			late.SeenAt, gone.Customer, gone.SeenAt = noon, "C2", noon.Add(time.Hour)
			return errors.Join(tx.SeeLink(a), tx.SeeLink(late), tx.SeeLink(gone)) // neither goes back, nor to who it is not
		})
		list("seen", "C1", a, b)
		b.Customer, b.How = "C2", vend.LinkVouched
		inTx(t, s, func(tx vend.Tx) error {
			err := tx.SaveLink(b)
			if was, readErr := tx.Link("whatsapp", "ZA.1"); readErr != nil || was != b {
				t.Errorf("it is %+v, %v", was, readErr)
			}
			if ended, dropErr := tx.DropLink(linkOf("whatsapp", "ZA.1", "C1", 0)); dropErr != nil || ended {
				t.Errorf("another's ended: %v, %v", ended, dropErr)
			}
			return err
		})
		list("another's now", "C2", other, b)
		inTx(t, s, func(tx vend.Tx) error { return tx.MoveLinks("C2", "C3", other.LinkedAt) })
		other.Customer = "C3"
		list("moved", "C3", other)
		list("too old to be moved", "C2")
		inTx(t, s, func(tx vend.Tx) error {
			if ended, err := tx.DropLink(a); err != nil || !ended {
				t.Errorf("it does not end: %v", err)
			}
			return nil
		})
		list("ended", "C1")
	})
}

func TestACodeIsTriedAsOftenAsItMayBe(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		c := vend.Code{ID: "c1", Person: []byte("p1"), Number: []byte("n1"), Hash: []byte("h"), Sealed: []byte("s"), Expires: noon.Add(time.Minute)}
		inTx(t, s, func(tx vend.Tx) error { return tx.SaveCode(c) })
		try := func(what, person string, at time.Time, want error, tries int) {
			t.Helper()
			err := s.InTx(t.Context(), func(tx vend.Tx) error {
				got, err := tx.TryCode([]byte(person), 2, at)
				c.Tries = tries
				if err == nil && cmp.Diff(c, got) != "" {
					t.Errorf("%s: %s", what, cmp.Diff(c, got))
				}
				return err
			})
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
		}
		try("once", "p1", noon, nil, 1)
		try("another's", "p2", noon, vend.ErrCodeOver, 0)
		try("too late", "p1", c.Expires, vend.ErrCodeOver, 0)
		try("just in time", "p1", c.Expires.Add(-time.Millisecond), nil, 2)
		try("too often", "p1", noon, vend.ErrCodeOver, 0)
		if got, err := s.CodeByID(t.Context(), "c1"); err != nil || got.Tries != 2 {
			t.Errorf("it is %+v, %v", got, err)
		}
		old := c.ID
		c.ID, c.Tries = "c2", 0
		inTx(t, s, func(tx vend.Tx) error {
			err := tx.SaveCode(c)
			if there, dropErr := tx.DropCode(c.Person, old); dropErr != nil || there {
				t.Errorf("the one before is there: %v", dropErr)
			}
			return err
		})
		if _, err := s.CodeByID(t.Context(), old); !errors.Is(err, vend.ErrNoCode) {
			t.Errorf("the one before: %v", err)
		}
		inTx(t, s, func(tx vend.Tx) error {
			if there, err := tx.DropCode(c.Person, "c2"); err != nil || !there {
				t.Errorf("it is not there: %v", err)
			}
			return nil
		})
	})
}

func TestCodesAreCountedByWhomAndWhen(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		x, y := []byte("x"), []byte("y")
		inTx(t, s, func(tx vend.Tx) error {
			if err := tx.LockCodes(y, x); err != nil {
				return err
			}
			var last int64
			for i, whom := range [][]byte{x, x, y, x} {
				id, err := tx.CountCode(vend.CodeToNumber, whom, noon.Add(time.Duration(i)*time.Minute))
				if err != nil || id <= last {
					t.Errorf("number %d after %d, %v", id, last, err)
				}
				last = id
			}
			if _, err := tx.CountCode(vend.CodeMissed, x, noon); err != nil {
				return err
			}
			return tx.UncountCode(last)
		})
		inTx(t, s, func(tx vend.Tx) error {
			for _, c := range []struct {
				what  vend.CodeCount
				whom  []byte
				since time.Duration
				want  int
			}{
				{vend.CodeToNumber, x, -1, 2},
				{vend.CodeToNumber, x, 0, 1},
				{vend.CodeToNumber, x, time.Minute, 0},
				{vend.CodeToNumber, nil, 0, 2},
				{vend.CodeMissed, x, -1, 1},
				{vend.CodeMissed, y, -1, 0},
				{vend.CodeForPerson, nil, -1, 0},
			} {
				if n, err := tx.CodesCounted(c.what, c.whom, noon.Add(c.since)); err != nil || n != c.want {
					t.Errorf("%s of %q since %s: %d, %v; want %d", c.what, c.whom, c.since, n, err, c.want)
				}
			}
			return nil
		})
	})
}

func TestWhatChatsLeaveIsPurgedOldestFirst(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		inTx(t, s, func(tx vend.Tx) error {
			for i := range 5 {
				at := noon.Add(time.Duration(i) * time.Minute)
				if _, err := tx.CountCode(vend.CodeMissed, []byte("x"), at); err != nil {
					return err
				}
				l := linkOf("telegram", fmt.Sprint(i), "C1", 60*i)
				c := vend.Code{ID: fmt.Sprint(i), Person: []byte{byte(i)}, Number: []byte("n"), Hash: []byte("h"), Sealed: []byte("s"), Expires: at}
				if err := errors.Join(tx.SaveLink(l), tx.SaveCode(c)); err != nil {
					return err
				}
			}
			return nil
		})
		for name, purge := range map[string]func(before time.Time, limit int) (int, error){
			"codes":  func(before time.Time, limit int) (int, error) { return s.PurgeCodes(t.Context(), before, limit) },
			"counts": func(before time.Time, limit int) (int, error) { return s.PurgeCodeCounts(t.Context(), before, limit) },
			"links":  func(before time.Time, limit int) (int, error) { return s.PurgeLinks(t.Context(), before, limit) },
		} {
			for _, c := range []struct {
				before      time.Duration
				limit, want int
			}{{0, 9, 0}, {3 * time.Minute, 2, 2}, {3 * time.Minute, 9, 1}, {3 * time.Minute, 9, 0}, {time.Hour, 9, 2}} {
				if n, err := purge(noon.Add(c.before), c.limit); n != c.want || err != nil {
					t.Errorf("%s of before %s: %d, %v; want %d", name, c.before, n, err, c.want)
				}
			}
		}
	})
}

func TestAWalletLosesAndGetsItsNumber(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		hash := []byte("0123456789abcdef")
		inTx(t, s, func(tx vend.Tx) error {
			for i, id := range []string{"C1", "C2"} {
				if _, err := tx.EnsureCustomer("27820000001", id, noon); err != nil {
					return err
				}
				if err := tx.SetNumber(id, "aside:"+id, hash, noon.Add(time.Duration(i)*time.Hour)); err != nil {
					return err
				}
			}
			if err := tx.SetNumber("nobody", "27820000009", nil, time.Time{}); err == nil {
				t.Error("nobody has a number")
			}
			if none, err := tx.CustomerByNumber("27820000001"); err != nil || none.ID != "" {
				t.Errorf("the number is of %+v, %v", none, err)
			}
			_, err := tx.EnsureCustomer("27820000001", "C3", noon)
			return err
		})
		asides := func(what, want string) {
			t.Helper()
			got := ""
			inTx(t, s, func(tx vend.Tx) error {
				list, err := tx.Asides(hash)
				got = ""
				for _, a := range list {
					got += a.Customer.ID + " " + a.At.Sub(noon).String() + " "
				}
				return err
			})
			if got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		asides("the newest first", "C2 1h0m0s C1 0s ")
		inTx(t, s, func(tx vend.Tx) error { return tx.SetNumber("C1", "27820000002", nil, time.Time{}) })
		asides("one is back", "C2 1h0m0s ")
		if c, err := s.Customer(t.Context(), "27820000002"); err != nil || c.ID != "C1" || c.Aside() || !c.Reachable() {
			t.Errorf("it is %+v, %v", c, err)
		}
		if err := s.InTx(t.Context(), func(tx vend.Tx) error { return tx.SetNumber("C2", "27820000002", nil, time.Time{}) }); err == nil {
			t.Error("two have one number")
		}
		inTx(t, s, func(tx vend.Tx) error {
			for id, want := range map[string]bool{"C1": false, "C2": false, "C3": false} {
				if used, err := tx.Used(id); err != nil || used != want {
					t.Errorf("%s is used: %v, %v", id, used, err)
				}
			}
			return tx.Post(ledger.Redeemed("F-1", "C2", 10_00), noon)
		})
		o := filled("P-1", vend.StateDeclined, noon)
		o.Customer = "C3"
		addOrders(t, s, o)
		inTx(t, s, func(tx vend.Tx) error {
			for id, want := range map[string]bool{"C1": false, "C2": true, "C3": true} {
				if used, err := tx.Used(id); err != nil || used != want {
					t.Errorf("%s is used: %v, %v", id, used, err)
				}
			}
			for _, at := range []time.Time{noon, noon.Add(time.Hour), noon} {
				if err := tx.UseCustomer("C1", at); err != nil {
					return err
				}
			}
			if c, err := tx.CustomerByID("C1"); err != nil || !c.UsedAt.Equal(noon.Add(time.Hour)) {
				t.Errorf("it was used at %s, %v", c.UsedAt, err)
			}
			return nil
		})
	})
}

// TestTheLinksGoDownAndUpAgain takes the migration back and applies it once more,
// with rows in every table of it.
func TestTheLinksGoDownAndUpAgain(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		inTx(t, s, func(tx vend.Tx) error {
			if _, err := tx.EnsureCustomer("27820000001", "C1", noon); err != nil {
				return err
			}
			if _, err := tx.CountCode(vend.CodeMissed, []byte("x"), noon); err != nil {
				return err
			}
			return errors.Join(tx.SaveLink(linkOf("telegram", "111", "C1", 0)), tx.UseCustomer("C1", noon),
				tx.SaveCode(vend.Code{ID: "c1", Person: []byte("p"), Number: []byte("n"), Hash: []byte("h"), Sealed: []byte("s"), Expires: noon}),
				tx.SetNumber("C1", "aside:C1", bytes.Repeat([]byte{1}, 16), noon))
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		store.Down(t, d.driver, d.dsn, d.kind, 10)
		raw := d.raw(t)
		for _, gone := range []string{"SELECT 1 FROM links", "SELECT 1 FROM codes", "SELECT 1 FROM code_counts", "SELECT used_at FROM customers", "SELECT aside FROM customers"} {
			if _, err := raw.Exec(gone); err == nil {
				t.Errorf("still there: %s", gone)
			}
		}
		again := d.open(t)
		if c, err := again.Customer(t.Context(), "aside:C1"); err != nil || c.ID != "C1" || !c.UsedAt.IsZero() {
			t.Errorf("the customer is %+v, %v", c, err)
		}
		if list, err := again.Links(t.Context(), "C1"); err != nil || len(list) != 0 {
			t.Errorf("the links are %v, %v", list, err)
		}
	})
}
