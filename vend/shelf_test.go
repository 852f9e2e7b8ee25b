package vend_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/vend"
)

// list is a catalogue that can change and fail.
type list struct {
	mu       sync.Mutex
	products []vend.Product
	err      error
}

func (l *list) set(err error, products ...vend.Product) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.products, l.err = products, err
}

func (l *list) Products(context.Context) ([]vend.Product, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.products), l.err
}

func of(network, vendor, code string, lo, hi int64) vend.Product {
	return vend.Product{Code: code, Kind: vend.KindAirtime, Network: network, Vendor: vendor, Min: ledger.Rand(lo), Max: ledger.Rand(hi)}
}

func shelfOf(t *testing.T, products ...vend.Product) *vend.Shelf {
	t.Helper()
	s := vend.NewShelf(&list{products: products}, vend.ShelfOptions{})
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheShelfSortsACatalogueByNetworkAndPrice(t *testing.T) {
	voucher := of("vodacom", "Vodacom", "1", 5, 5)
	voucher.Kind = vend.KindRedeem
	s := shelfOf(t,
		of("zed", "Zed", "90", 1, 9),
		of("telkom", "Telkom", "40", 2, 100),
		of("alpha", "Alpha", "80", 1, 9),
		of("mtn", "MTN", "23", 30, 30), of("mtn", "MTN", "21", 10, 10), of("mtn", "MTN", "22", 5, 5),
		of("vodacom", "Vodacom", "12", 5, 1000), of("vodacom", "Vodacom", "11", 2, 500), of("vodacom", "Vodacom", "13", 29, 29),
		of("cellc", "Cell C", "31", 10, 10), of("cellc", "Cell C", "30", 10, 10), // two names for one price
		// What cannot be sold.
		voucher, of("", "", "2", 5, 10), of("mtn", "MTN", "3", 0, 10), of("mtn", "MTN", "4", 10, 5), of("none", "None", "5", -5, -5),
	)
	want := []vend.Network{
		{ID: "vodacom", Name: "Vodacom", Range: of("vodacom", "Vodacom", "11", 2, 500), Fixed: []vend.Product{of("vodacom", "Vodacom", "13", 29, 29)}},
		{ID: "mtn", Name: "MTN", Fixed: []vend.Product{of("mtn", "MTN", "22", 5, 5), of("mtn", "MTN", "21", 10, 10), of("mtn", "MTN", "23", 30, 30)}},
		{ID: "cellc", Name: "Cell C", Fixed: []vend.Product{of("cellc", "Cell C", "30", 10, 10)}},
		{ID: "telkom", Name: "Telkom", Range: of("telkom", "Telkom", "40", 2, 100)},
		{ID: "alpha", Name: "Alpha", Range: of("alpha", "Alpha", "80", 1, 9)},
		{ID: "zed", Name: "Zed", Range: of("zed", "Zed", "90", 1, 9)},
	}
	if diff := cmp.Diff(want, s.Airtime()); diff != "" {
		t.Errorf("shelf (-want +got):\n%s", diff)
	}
	for _, n := range want {
		if got, ok := s.Network(n.ID); !ok || cmp.Diff(n, got) != "" {
			t.Errorf("network %q: %v, %v", n.ID, got, ok)
		}
	}
	for _, id := range []string{"", "none", "Vodacom"} {
		if n, ok := s.Network(id); ok {
			t.Errorf("there is a network %q: %v", id, n)
		}
	}
}

func TestTheOrderOfACatalogueDoesNotMatter(t *testing.T) {
	all := []vend.Product{
		of("zed", "Zed", "90", 1, 9), of("telkom", "Telkom", "40", 2, 100), of("mtn", "MTN", "23", 30, 30), of("mtn", "MTN", "24", 30, 30),
		of("mtn", "MTN", "21", 10, 10), of("vodacom", "Vodacom", "12", 5, 1000), of("vodacom", "Vodacom", "11", 2, 500),
	}
	want := shelfOf(t, all...).Airtime()
	rapid.Check(t, func(rt *rapid.T) {
		s := shelfOf(t, rapid.Permutation(all).Draw(rt, "catalogue")...)
		if diff := cmp.Diff(want, s.Airtime()); diff != "" {
			rt.Fatalf("shelf (-want +got):\n%s", diff)
		}
	})
}

func TestANetworkSellsAnExactPriceFirstAndThenWithinItsRange(t *testing.T) {
	ranged := of("vodacom", "Vodacom", "11", 5, 100)
	n, _ := shelfOf(t, ranged, of("vodacom", "Vodacom", "13", 29, 29), of("vodacom", "Vodacom", "14", 200, 200)).Network("vodacom")
	fixed, _ := shelfOf(t, of("mtn", "MTN", "21", 10, 10)).Network("mtn")
	for _, c := range []struct {
		n      vend.Network
		amount ledger.Cents
		code   string
	}{
		{n, ledger.Rand(5), "11"}, {n, ledger.Rand(5) - 1, ""}, {n, ledger.Rand(100), "11"}, {n, ledger.Rand(100) + 1, ""},
		{n, ledger.Rand(29), "13"}, {n, ledger.Rand(29) + 1, "11"}, {n, ledger.Rand(200), "14"}, {n, 0, ""}, {n, -1, ""},
		{fixed, ledger.Rand(10), "21"}, {fixed, ledger.Rand(9), ""}, {fixed, 0, ""}, {vend.Network{}, 0, ""},
	} {
		p, ok := c.n.Sells(c.amount)
		if p.Code != c.code || ok != (c.code != "") {
			t.Errorf("%s of %q: %q, %v", c.amount, c.n.ID, p.Code, ok)
		}
		if ok && (c.amount < p.Min || c.amount > p.Max) {
			t.Errorf("%s is outside the limits of %q", c.amount, p.Code)
		}
	}
}

func TestTheShelfKeepsItsLastGoodCatalogue(t *testing.T) {
	now := opening
	from := &list{}
	s := vend.NewShelf(from, vend.ShelfOptions{Now: func() time.Time { return now }})
	if s.Age() != 0 || len(s.Airtime()) != 0 {
		t.Errorf("a new shelf has %v of age %s", s.Airtime(), s.Age())
	}
	broken := errors.New("no list")
	from.set(broken)
	if err := s.Load(t.Context()); !errors.Is(err, broken) || s.Age() != 0 {
		t.Errorf("got %v, age %s", err, s.Age())
	}
	from.set(nil, of("mtn", "MTN", "21", 10, 10))
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	voucher := of("mtn", "MTN", "1", 5, 5)
	voucher.Kind = vend.KindRedeem
	for name, bad := range map[string]func(){
		"an error":         func() { from.set(broken, of("vodacom", "Vodacom", "11", 5, 10)) },
		"an empty list":    func() { from.set(nil) },
		"nothing for sale": func() { from.set(nil, voucher) },
	} {
		bad()
		if err := s.Load(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
		if n, ok := s.Network("mtn"); !ok || len(s.Airtime()) != 1 || n.Fixed[0].Code != "21" || s.Age() != time.Hour {
			t.Errorf("%s: %v of age %s", name, s.Airtime(), s.Age())
		}
	}
	from.set(nil, of("vodacom", "Vodacom", "11", 5, 10))
	if err := s.Load(t.Context()); err != nil || s.Age() != 0 {
		t.Errorf("got %v, age %s", err, s.Age())
	}
	if _, ok := s.Network("mtn"); ok {
		t.Error("the old catalogue is still there")
	}
}

// TestReadersSeeOneCatalogueOrTheOther while it is loaded again and again.
func TestReadersSeeOneCatalogueOrTheOther(t *testing.T) {
	one := []vend.Product{of("vodacom", "Vodacom", "11", 5, 10), of("mtn", "MTN", "21", 5, 10)}
	two := []vend.Product{of("vodacom", "Vodacom", "12", 5, 10), of("mtn", "MTN", "22", 5, 10), of("cellc", "Cell C", "32", 5, 10)}
	from := &list{products: one}
	s := vend.NewShelf(from, vend.ShelfOptions{})
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for i := range 100 {
				switch i % 4 {
				case 0:
					from.set(nil, one...)
				case 1:
					from.set(errors.New("no list"))
				case 2:
					from.set(nil, two...)
				}
				_ = s.Load(t.Context())
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			for range 1000 {
				all := s.Airtime()
				second := len(all) == 3
				for _, n := range all {
					if n.Range.Code[1] != '1' && !second || n.Range.Code[1] != '2' && second {
						t.Errorf("a mixture: %v", all)
						return
					}
				}
				_, _ = s.Network("mtn")
				_ = s.Age()
			}
		})
	}
	wg.Wait()
}

// drawer keeps a catalogue.
type drawer struct {
	text []byte
	at   time.Time
	err  error
}

func (d *drawer) KeepCatalogue(_ context.Context, text []byte, at time.Time) error {
	if d.err == nil {
		d.text, d.at = text, at
	}
	return d.err
}

func (d *drawer) Catalogue(context.Context) ([]byte, time.Time, error) { return d.text, d.at, d.err }

func TestTheLastCatalogueOutlivesARestart(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	from, kept := &list{}, &drawer{}
	o := vend.ShelfOptions{Keeper: kept, Now: func() time.Time { return now }}
	rich := of("vodacom", "Vodacom", "11", 2, 500)
	rich.Reversible, rich.Biller, rich.HowTo, rich.Name = true, "1101", "Dial it", "Vodacom Airtime"
	from.set(nil, rich)
	first := vend.NewShelf(from, o)
	if err := first.Load(t.Context()); err != nil {
		t.Fatal(err)
	}

	from.set(errors.New("away"))
	now = now.Add(time.Hour)
	gone, cancel := context.WithCancel(t.Context())
	cancel() // the deadline was for the provider
	second := vend.NewShelf(from, o)
	if err := second.Load(gone); err == nil {
		t.Error("the outage is not told")
	}
	if diff := cmp.Diff(first.Airtime(), second.Airtime()); diff != "" || len(second.Airtime()) != 1 {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	if second.Age() != time.Hour {
		t.Errorf("age %v", second.Age())
	}

	// A newer one in memory is not replaced by what is kept.
	from.set(nil, of("mtn", "MTN", "21", 5, 500))
	kept.err = errors.New("disk is full")
	if err := second.Load(t.Context()); err == nil {
		t.Error("a catalogue that could not be kept is not told")
	}
	kept.err = nil
	from.set(errors.New("away again"))
	if err := second.Load(t.Context()); err == nil || second.Airtime()[0].ID != "mtn" {
		t.Errorf("on the shelf: %v, %v", second.Airtime(), err)
	}

	for name, d := range map[string]*drawer{
		"nothing kept": {}, "unreadable": {text: []byte("{")}, "away": {err: errors.New("away")}, "nothing to sell": {text: []byte("[]"), at: now},
	} {
		s := vend.NewShelf(from, vend.ShelfOptions{Keeper: d})
		if err := s.Load(t.Context()); err == nil || len(s.Airtime()) != 0 {
			t.Errorf("%s: %v, %v", name, s.Airtime(), err)
		}
	}
}

func TestTheShelfHasEveryKindByVendorAndPrice(t *testing.T) {
	product := func(k vend.Kind, vendor, code string, lo, hi int64) vend.Product {
		p := of("", vendor, code, lo, hi)
		p.Kind = k
		return p
	}
	data := []vend.Product{
		product(vend.KindData, "MTN", "21", 5, 5), product(vend.KindData, "MTN", "20", 10, 10), product(vend.KindData, "Vodacom", "22", 1, 1),
	}
	s := shelfOf(t, data[1], product(vend.KindBill, "Kasi", "90", 10, 20), data[2], data[0],
		product(vend.KindRedeem, "V", "1", 1, 1), product(vend.KindReverse, "V", "2", 1, 1), product("lottery", "L", "3", 1, 1),
		product(vend.KindGift, "G", "", 1, 1), product(vend.KindGift, "G", "5", 0, 1), product(vend.KindGift, "G", "6", 2, 1))
	if diff := cmp.Diff(data, s.Of(vend.KindData)); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	for _, k := range append(vend.Kinds(), "lottery") {
		want := map[vend.Kind]int{vend.KindData: 3, vend.KindBill: 1}[k]
		if got := len(s.Of(k)); got != want {
			t.Errorf("%d products of kind %s, want %d", got, k, want)
		}
	}
	if p, ok := s.Product(vend.KindBill, "90"); !ok || p.Vendor != "Kasi" {
		t.Errorf("found %v, %v", p, ok)
	}
	if _, ok := s.Product(vend.KindData, "90"); ok {
		t.Error("a bill is data")
	}
}
