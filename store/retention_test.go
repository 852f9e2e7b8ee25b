package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/store"
	"spaza/vend"
)

// seen are the deliveries of goods that were handed over.
func seen() []vend.Delivery {
	return []vend.Delivery{vend.DeliveryShown, vend.DeliverySent, vend.DeliveryAcknowledged}
}

// filled is an order with everything that is erased in time.
func filled(ref string, state vend.State, updated time.Time) vend.Order {
	o := order(ref)
	o.Kind, o.State, o.UpdatedAt, o.Delivery = vend.KindVoucher, state, updated, vend.DeliverySent
	o.Sealed, o.Goods, o.PINHash = []byte("request"), []byte("goods"), []byte("hash of "+ref)
	return o
}

// erasers are the ways of erasing on schedule, and what each leaves of an order.
func erasers() map[string]struct {
	erase func(context.Context, *store.SQL, time.Time, int) (int, error)
	gone  func(*vend.Order)
} {
	return map[string]struct {
		erase func(context.Context, *store.SQL, time.Time, int) (int, error)
		gone  func(*vend.Order)
	}{
		"requests": {func(ctx context.Context, s *store.SQL, before time.Time, n int) (int, error) {
			return s.EraseRequests(ctx, before, n)
		}, func(o *vend.Order) { o.Sealed = nil }},
		"goods": {func(ctx context.Context, s *store.SQL, before time.Time, n int) (int, error) {
			return s.EraseGoods(ctx, []vend.Kind{vend.KindVoucher, vend.KindGift}, seen(), before, noon, n)
		}, func(o *vend.Order) { o.Goods = nil }},
		"hashes": {func(ctx context.Context, s *store.SQL, before time.Time, n int) (int, error) {
			return s.ErasePINHashes(ctx, before, n)
		}, func(o *vend.Order) { o.PINHash = nil }},
	}
}

func TestOnlyWhatEndedLongAgoIsErased(t *testing.T) {
	for name, e := range erasers() {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				s := d.open(t)
				old, young := noon.Add(-time.Minute), noon
				var all []vend.Order
				for _, state := range vend.States() {
					all = append(all, filled(name+" old "+string(state), state, old), filled(name+" young "+string(state), state, young))
				}
				addOrders(t, s, all...)
				n, err := e.erase(t.Context(), s, noon, 100)
				if err != nil || n != 4 {
					t.Errorf("%d were erased, %v; want 4", n, err)
				}
				for _, want := range all {
					if want.State.Final() && want.UpdatedAt.Equal(old) {
						e.gone(&want)
					}
					got, err := s.Order(t.Context(), want.Ref)
					if diff := cmp.Diff(want, got); err != nil || diff != "" {
						t.Errorf("%v %s", err, diff)
					}
				}
				if n, err := e.erase(t.Context(), s, noon, 100); err != nil || n != 0 {
					t.Errorf("once more: %d, %v", n, err)
				}
			})
		})
	}
}

func TestErasingComesInBatches(t *testing.T) {
	for name, e := range erasers() {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				s := d.open(t)
				var all []vend.Order
				for i := range 133 { // neither a multiple of a statement nor of a batch
					all = append(all, filled(fmt.Sprint(name, i), vend.StateDelivered, noon.Add(-time.Hour)))
				}
				addOrders(t, s, all...)
				var got []int
				for range 4 {
					n, err := e.erase(t.Context(), s, noon, 60)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, n)
				}
				if want := []int{60, 60, 13, 0}; !slices.Equal(got, want) {
					t.Errorf("erased %v, want %v", got, want)
				}
			})
		})
	}
}

func TestErasedGoodsLeaveAMoveAndTheirDelivery(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		gift, token, waits := filled("gift", vend.StateReversed, noon.Add(-time.Hour)), filled("token", vend.StateDelivered, noon.Add(-time.Hour)),
			filled("waits", vend.StateDelivered, noon.Add(-time.Hour))
		gift.Kind, token.Kind, waits.Delivery = vend.KindGift, vend.KindElectricity, vend.DeliveryStored
		addOrders(t, s, gift, token, waits)
		at := noon.Add(time.Hour)
		if n, err := s.EraseGoods(t.Context(), []vend.Kind{vend.KindVoucher, vend.KindGift}, seen(), noon, at, 10); err != nil || n != 1 {
			t.Fatalf("%d, %v; want the gift alone", n, err)
		}
		got, err := s.Moves(t.Context(), "gift")
		want := []vend.Move{{
			Ref: "gift", At: at, From: vend.StateReversed, To: vend.StateReversed, Delivery: vend.DeliverySent, Cause: vend.CauseErase, Note: "goods",
		}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		for _, ref := range []string{"token", "waits"} {
			if m, err := s.Moves(t.Context(), ref); err != nil || len(m) > 0 {
				t.Errorf("%s: %v, %v", ref, m, err)
			}
		}
		for _, c := range []struct {
			kinds  []vend.Kind
			stages []vend.Delivery
		}{{nil, seen()}, {vend.Kinds(), nil}} {
			if n, err := s.EraseGoods(t.Context(), c.kinds, c.stages, noon, at, 10); err != nil || n != 0 {
				t.Errorf("of nothing: %d, %v", n, err)
			}
		}
	})
}

func TestErasingWaitsForNobody(t *testing.T) {
	d := freshPostgres(t) // SQLite has one writer
	s := d.open(t)
	addOrders(t, s, filled("busy", vend.StateDelivered, noon.Add(-time.Hour)), filled("free", vend.StateDelivered, noon.Add(-time.Hour)))
	err := s.InTx(t.Context(), func(tx vend.Tx) error {
		if _, err := tx.Order("busy"); err != nil {
			return err
		}
		for name, e := range erasers() {
			if n, err := e.erase(t.Context(), s, noon, 10); err != nil || n != 1 {
				t.Errorf("%s: %d, %v; want 1", name, n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range erasers() {
		if n, err := e.erase(t.Context(), s, noon, 10); err != nil || n != 1 {
			t.Errorf("%s: %d, %v; want the one that was busy", name, n, err)
		}
	}
}
