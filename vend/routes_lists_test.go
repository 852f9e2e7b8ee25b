package vend_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

func TestOneListAwayTakesNothingElseOffSale(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	r, first, second := fallingBack(t)
	away, kept := errors.New("away"), &drawer{}
	o := vend.ShelfOptions{Keeper: kept, Now: func() time.Time { return now }}
	shelf := vend.NewShelf(r, o)
	has := func(s *vend.Shelf, want string) {
		t.Helper()
		var all []string
		for _, k := range vend.Kinds() {
			for _, p := range s.Of(k) {
				all = append(all, p.Code)
			}
		}
		slices.Sort(all)
		if got := strings.Join(all, " "); got != want {
			t.Errorf("on sale: %s; want %s", got, want)
		}
	}
	// A fallback's list that is away takes nothing off the shelf, and is told.
	second.set(away)
	err := shelf.Load(t.Context())
	partial, ok := errors.AsType[*vend.PartialError](err)
	if !ok || len(partial.Kinds) != 0 || !errors.Is(err, away) {
		t.Errorf("the fallback's list is away: %v", err)
	}
	has(shelf, "21 22 31 5 70 71")
	first.down = true // and the last good one is still good to stand in
	if req, err := r.Prepare(vend.Sale{Kind: vend.KindAirtime, Product: "21", Amount: ledger.Rand(10)}); err != nil || req.Op != "sell@second" {
		t.Errorf("%+v, %v", req.Op, err)
	}

	// Now the second sells gifts itself.
	r = both(t, first, second, map[vend.Kind][]string{vend.KindAirtime: {""}, vend.KindGift: {"second"}})
	shelf = vend.NewShelf(r, o)
	err = shelf.Load(t.Context())
	if partial, ok = errors.AsType[*vend.PartialError](err); !ok || fmt.Sprint(partial.Kinds) != "[gift]" || !strings.Contains(err.Error(), "(gift): away") {
		t.Errorf("a list is away: %v", err)
	}
	has(shelf, "21 22 31") // what was kept of gifts was the first's
	second.set(nil, kinded(vend.KindGift, of("", "Mall", "G1", 1, 9)))
	if err := shelf.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	has(shelf, "21 22 31 G1@second")

	// In memory, and over a restart, what is missing stays; the rest is new.
	now = now.Add(time.Hour)
	first.set(nil, of("mtn", "MTN", "23", 20, 20))
	for name, empty := range map[string]error{"away": away, "empty": nil} {
		second.set(empty)
		if err := shelf.Load(t.Context()); err == nil {
			t.Errorf("%s: nothing is said", name)
		}
		has(shelf, "23 G1@second")
		if shelf.Age() != time.Hour {
			t.Errorf("%s: age %s", name, shelf.Age())
		}
		shelf = vend.NewShelf(both(t, first, second, map[vend.Kind][]string{vend.KindAirtime: {""}, vend.KindGift: {"second"}}), o)
	}
	first.set(away)
	if err := shelf.Load(t.Context()); !errors.Is(err, away) {
		t.Errorf("both are away: %v", err)
	}
	has(shelf, "23 G1@second")
	alone := vend.NewShelf(both(t, first, second, map[vend.Kind][]string{vend.KindAirtime: {"second"}, vend.KindGift: {""}}), o)
	if err := alone.Load(t.Context()); err == nil {
		t.Error("nothing is said")
	}
	has(alone, "")
}

// TestAProvidersOwnPartialListIsHeeded: one interface of several can be away.
func TestAProvidersOwnPartialListIsHeeded(t *testing.T) {
	first, second := newStall(of("mtn", "MTN", "21", 10, 10)), newStall()
	r := both(t, first, second, map[vend.Kind][]string{vend.KindAirtime: {""}, vend.KindGift: {"second"}, vend.KindData: {"second"}})
	data, gift := kinded(vend.KindData, of("mtn", "MTN", "D", 1, 1)), kinded(vend.KindGift, of("", "Mall", "G", 1, 9))
	second.set(nil, data, gift)
	shelf := vend.NewShelf(r, vend.ShelfOptions{})
	if err := shelf.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	data.Code = "D2"
	second.set(&vend.PartialError{Kinds: []vend.Kind{vend.KindGift}, Err: errors.New("away")}, data)
	err := shelf.Load(t.Context())
	if partial, ok := errors.AsType[*vend.PartialError](err); !ok || fmt.Sprint(partial.Kinds) != "[gift]" {
		t.Errorf("%v", err)
	}
	second.set(&vend.PartialError{Kinds: []vend.Kind{vend.KindAirtime}, Err: errors.New("away")}, data, gift)
	if _, err := r.Products(t.Context()); err != nil {
		t.Errorf("a list is missed that nobody sells from: %v", err)
	}
	if d, g := shelf.Of(vend.KindData), shelf.Of(vend.KindGift); len(d) != 1 || d[0].Code != "D2@second" || len(g) != 1 || g[0].Code != "G@second" {
		t.Errorf("on sale: %v, %v", d, g)
	}
}

// TestAFallbackIsKnownAfterARestart, when the list of the first choice is away just
// because it is down.
func TestAFallbackIsKnownAfterARestart(t *testing.T) {
	_, first, second := fallingBack(t)
	kept := &drawer{}
	load := func() *vend.Routes {
		r := both(t, first, second, map[vend.Kind][]string{vend.KindAirtime: {"", "second"}})
		_ = vend.NewShelf(r, vend.ShelfOptions{Keeper: kept}).Load(t.Context())
		return r
	}
	load()
	first.set(errors.New("away"))
	first.down = true
	req, err := load().Prepare(vend.Sale{Kind: vend.KindAirtime, Product: "21", Amount: ledger.Rand(10)})
	if err != nil || req.Op != "sell@second" {
		t.Errorf("%+v, %v", req.Op, err)
	}
}
