package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/ledger"
	"spaza/vend"
)

func TestAnOrderComesBackAsItWasWritten(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		full := order("full")
		full.Reason, full.PINHash, full.ProviderRef, full.Code = vend.ReasonNumber, []byte{0, 9}, "P1", "2401"
		full.CallCentre, full.Told = "082135", true
		bare := vend.Order{Ref: "bare", Kind: vend.KindRedeem, Customer: "c1", State: vend.StateSending}
		for _, o := range []vend.Order{full, bare} {
			inTx(t, s, func(tx vend.Tx) error {
				if _, err := tx.Order(o.Ref); !errors.Is(err, vend.ErrNoOrder) {
					t.Errorf("before it is there: %v", err)
				}
				added, ok, err := tx.AddOrder(o)
				if diff := cmp.Diff(o, added); diff != "" || !ok {
					t.Errorf("added %t:\n%s", ok, diff)
				}
				return err
			})
			inTx(t, s, func(tx vend.Tx) error {
				got, err := tx.Order(o.Ref)
				if diff := cmp.Diff(o, got); diff != "" {
					t.Error(diff)
				}
				return err
			})
			got, err := s.Order(t.Context(), o.Ref)
			if diff := cmp.Diff(o, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		}
		if _, err := s.Order(t.Context(), "none"); !errors.Is(err, vend.ErrNoOrder) {
			t.Error(err)
		}
	})
}

func TestUpdatingAnOrderWritesWhatMayChangeAndNothingElse(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		o := order("r1")
		inTx(t, s, func(tx vend.Tx) error { _, _, err := tx.AddOrder(o); return err })
		want := o
		want.State, want.Reason, want.Sealed, want.ProviderRef = vend.StateDeclined, vend.ReasonNumber, nil, "P9"
		want.Code, want.CallCentre, want.Told = "2203", "082135", true
		want.Goods, want.CodeTimes, want.CodeSince = []byte("sealed goods"), 3, noon.Add(time.Second)
		want.FirstSentAt, want.UpdatedAt = noon.Add(time.Minute), noon.Add(time.Hour)
		update := want
		update.Amount, update.Target, update.Customer, update.Product = 1, "27830000000", "c2", "other"
		update.Kind, update.Fund, update.Label, update.CreatedAt = vend.KindRedeem, "none", "other", noon.Add(time.Hour)
		update.PINHash = []byte("other")
		inTx(t, s, func(tx vend.Tx) error { return tx.UpdateOrder(update) })
		got, err := s.Order(t.Context(), "r1")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
		// What a voucher is worth is known in the end.
		voucher := order("v1")
		voucher.Kind, voucher.Amount = vend.KindRedeem, 0
		inTx(t, s, func(tx vend.Tx) error { _, _, err := tx.AddOrder(voucher); return err })
		voucher.Amount = 50_00
		inTx(t, s, func(tx vend.Tx) error { return tx.UpdateOrder(voucher) })
		if got, err := s.Order(t.Context(), "v1"); err != nil || got.Amount != 50_00 {
			t.Errorf("voucher of %s, %v", got.Amount, err)
		}
		err = s.InTx(t.Context(), func(tx vend.Tx) error { return tx.UpdateOrder(order("none")) })
		if !errors.Is(err, vend.ErrNoOrder) {
			t.Errorf("an order that is not there: %v", err)
		}
	})
}

func TestAReferenceIsAddedOnceHoweverManyTry(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		mustPost(t, s, ledger.Redeemed("v1", "c1", 100_00))
		var wg sync.WaitGroup
		var added atomic.Int32
		for i := range 16 {
			wg.Go(func() {
				o := order("r1")
				o.Channel = refs("ch", 16)[i]
				var mine bool
				err := s.InTx(t.Context(), func(tx vend.Tx) error {
					existing, ok, err := tx.AddOrder(o)
					if err != nil {
						return err
					}
					mine = ok
					if !ok {
						if existing.Channel == o.Channel || !existing.Same(o) {
							t.Errorf("found %+v", existing)
						}
						return nil
					}
					return tx.Post(ledger.Hold(o.Ref, ledger.CustomerPays(o.Customer), o.Amount), noon)
				})
				if err != nil {
					t.Error(err)
				}
				if mine {
					added.Add(1)
				}
			})
		}
		wg.Wait()
		if added.Load() != 1 {
			t.Errorf("added %d times", added.Load())
		}
		wantBalance(t, s, "c1", 87_50, 12_50)
		wantSoundBooks(t, s)
	})
}

func TestAVoucherIsFoundByItsNewestOrderThatWasNotDeclined(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		pin, other := []byte("hash of the PIN"), []byte("hash of another")
		add := func(ref string, at time.Time, state vend.State, hash []byte) {
			t.Helper()
			o := order(ref)
			o.Kind, o.CreatedAt, o.State, o.PINHash = vend.KindRedeem, at, state, hash
			inTx(t, s, func(tx vend.Tx) error { _, _, err := tx.AddOrder(o); return err })
		}
		want := func(hash []byte, except, ref string) {
			t.Helper()
			inTx(t, s, func(tx vend.Tx) error {
				o, err := tx.OrderByPIN(hash, except)
				switch {
				case ref == "" && !errors.Is(err, vend.ErrNoOrder):
					t.Errorf("got %q, %v; want none", o.Ref, err)
				case ref != "" && (err != nil || o.Ref != ref):
					t.Errorf("got %q, %v; want %q", o.Ref, err, ref)
				}
				return nil
			})
		}
		want(pin, "none", "")
		add("no-pin", noon, vend.StateSending, nil)
		want(nil, "none", "")
		add("declined", noon.Add(9*time.Hour), vend.StateDeclined, pin)
		want(pin, "none", "")
		add("older", noon, vend.StateDelivered, pin)
		add("newer", noon.Add(time.Hour), vend.StateUnknown, pin)
		add("unrelated", noon.Add(2*time.Hour), vend.StateUnknown, other)
		want(pin, "none", "newer")
		want(pin, "newer", "older")
		want(pin, "older", "newer")
		want(other, "none", "unrelated")
		want(other, "unrelated", "")
	})
}

func TestTwoReferencesAtOnceTakeInAVoucherOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		pin, errTaken := []byte("hash of the PIN"), errors.New("taken")
		var wg sync.WaitGroup
		var added atomic.Int32
		for _, ref := range refs("r", 12) {
			wg.Go(func() {
				err := s.InTx(t.Context(), func(tx vend.Tx) error {
					// The order is added first, and taken back when the
					// voucher turns out to be another's.
					o := order(ref)
					o.Kind, o.PINHash = vend.KindRedeem, pin
					if _, _, err := tx.AddOrder(o); err != nil {
						return err
					}
					switch _, err := tx.OrderByPIN(pin, ref); {
					case err == nil:
						return errTaken
					case errors.Is(err, vend.ErrNoOrder):
						return nil
					default:
						return err
					}
				})
				if errors.Is(err, errTaken) {
					return
				}
				if err != nil {
					t.Error(err)
				}
				added.Add(1)
			})
		}
		wg.Wait()
		if added.Load() != 1 {
			t.Errorf("the voucher was taken %d times", added.Load())
		}
	})
}

func TestDeclinedOrdersAreCountedByReasonCustomerAndTime(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		add := func(ref, customer string, kind vend.Kind, state vend.State, reason vend.Reason, at time.Time) {
			t.Helper()
			o := order(ref)
			o.Customer, o.Kind, o.State, o.Reason, o.CreatedAt = customer, kind, state, reason, at
			inTx(t, s, func(tx vend.Tx) error { _, _, err := tx.AddOrder(o); return err })
		}
		add("1", "c1", vend.KindRedeem, vend.StateDeclined, vend.ReasonVoucherNotFound, noon)
		add("2", "c1", vend.KindRedeem, vend.StateDeclined, vend.ReasonVoucherUsed, noon)
		add("3", "c2", vend.KindRedeem, vend.StateDeclined, vend.ReasonVoucherNotFound, noon)
		add("old", "c1", vend.KindRedeem, vend.StateDeclined, vend.ReasonVoucherNotFound, noon.Add(-time.Millisecond))
		add("open", "c1", vend.KindRedeem, vend.StateUnknown, vend.ReasonVoucherNotFound, noon)
		add("airtime", "c1", vend.KindAirtime, vend.StateDeclined, vend.ReasonVoucherNotFound, noon)
		add("tired", "c1", vend.KindRedeem, vend.StateDeclined, vend.ReasonTryLater, noon)
		both := []vend.Reason{vend.ReasonVoucherNotFound, vend.ReasonVoucherUsed}
		inTx(t, s, func(tx vend.Tx) error {
			for _, c := range []struct {
				reasons  []vend.Reason
				customer string
				since    time.Time
				want     int
			}{
				{both, "c1", noon, 2},
				{both, "c2", noon, 1},
				{both, "", noon, 3},
				{both[:1], "c1", noon, 1},
				{both, "", noon.Add(-time.Hour), 4},
				{both, "", noon.Add(time.Millisecond), 0},
				{both, "nobody", noon, 0},
				{nil, "", noon, 0},
			} {
				got, err := tx.CountDeclined(vend.KindRedeem, c.reasons, c.customer, c.since)
				if err != nil || got != c.want {
					t.Errorf("%v of %q since %s: got %d, %v; want %d", c.reasons, c.customer, c.since, got, err, c.want)
				}
			}
			return nil
		})
	})
}

func TestAnAnswerIsWrittenWhateverWordsStandBesideIt(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		o := order("r1")
		inTx(t, s, func(tx vend.Tx) error { _, _, err := tx.AddOrder(o); return err })
		o.State, o.ProviderRef, o.Code, o.CallCentre = vend.StateDelivered, "P\x009\xff", "0\x00", "08\xc3(21\x00"
		inTx(t, s, func(tx vend.Tx) error { return tx.UpdateOrder(o) })
		o.ProviderRef, o.Code, o.CallCentre = "P9", "0", "08(21"
		got, err := s.Order(t.Context(), "r1")
		if diff := cmp.Diff(o, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}
