package vend_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/vend"
)

// fallingBack are two providers of which the second stands in for the first.
func fallingBack(t *testing.T) (r *vend.Routes, first, second *stall) {
	t.Helper()
	power := func(name, code string, most int64) vend.Product {
		return kinded(vend.KindElectricity, of("", name, code, 1, most))
	}
	first = newStall(
		of("mtn", "MTN", "21", 10, 10), of("mtn", "MTN", "22", 5, 100), of("cellc", "Cell C", "31", 5, 100),
		power("Electricity", "70", 500), power("Water", "71", 500), kinded(vend.KindGift, of("", "Shop", "5", 1, 9)),
	)
	second = newStall(
		of("mtn", "MTN", "M10", 10, 10), of("mtn", "MTN", "M30", 30, 30), of("vodacom", "Vodacom", "V", 1, 900), of("telkom", "Telkom", "T", 1, 900),
		power("Electricity", "E1", 50), power("Electricity", "E2", 300), power("Water", "W", 900), kinded(vend.KindGift, of("", "Shop", "G", 1, 9)),
	)
	first.handle, second.handle = "h1", "h2"
	r = both(t, first, second, map[vend.Kind][]string{
		vend.KindAirtime: {"", "second"}, vend.KindElectricity: {"", "second"}, vend.KindGift: {""},
	})
	if _, err := r.Products(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r, first, second
}

func TestAnEquivalentIsSoldWhileTheFirstChoiceIsDown(t *testing.T) {
	r, first, second := fallingBack(t)
	sale := func(k vend.Kind, product string, rand int64) vend.Sale {
		return vend.Sale{Ref: "P-1", Kind: k, Product: product, Amount: ledger.Rand(rand), Target: "1"}
	}
	free := sale(vend.KindElectricity, "70", 0)
	free.Free = true
	for _, c := range []struct {
		name string
		sale vend.Sale
		down string // the second is down, or refuses
		want string
	}{
		{"of exactly that price", sale(vend.KindAirtime, "21", 10), "", "M10@second"},
		{"within a range, for a fixed price", sale(vend.KindAirtime, "22", 30), "", "M30@second"},
		{"there is no such price", sale(vend.KindAirtime, "22", 20), "", "22"},
		{"there is no such network", sale(vend.KindAirtime, "31", 20), "", "31"},
		{"nobody knows any more what it was", sale(vend.KindAirtime, "99", 10), "", "99"},
		{"the other is down, too", sale(vend.KindAirtime, "21", 10), "down", "21"},
		{"the other does not want it", sale(vend.KindAirtime, "21", 10), "refuse", "21"},
		{"electricity for electricity, the one that reaches furthest", sale(vend.KindElectricity, "70", 20), "", "E2@second"},
		{"more than the other sells", sale(vend.KindElectricity, "70", 400), "", "70"},
		{"water for water", sale(vend.KindElectricity, "71", 400), "", "W@second"},
		{"free units", free, "", "E2@second"},
		{"a gift has no equivalent", sale(vend.KindGift, "5", 5), "", "5"},
	} {
		for _, down := range []bool{false, true} {
			first.down, second.down, second.refuse = down, c.down == "down", c.down == "refuse"
			want := c.sale.Product
			if down {
				want = c.want
			}
			req, err := r.Prepare(c.sale)
			_, code, _ := strings.Cut(req.Body.Reveal(), " ")
			if _, name, marked := strings.Cut(req.Op, "@"); marked {
				code += "@" + name
			}
			if err != nil || code != want {
				t.Errorf("%s, first down %t: %q, %v; want %q", c.name, down, code, err, want)
			}
		}
	}
	first.down, first.refuse, second.refuse, second.down = true, true, false, true
	if _, err := r.Prepare(sale(vend.KindAirtime, "21", 10)); !errors.Is(err, vend.ErrRefused) {
		t.Errorf("a sale that nobody takes: %v", err)
	}
}

func TestAnEnquiryStaysWithItsProvider(t *testing.T) {
	r, first, second := fallingBack(t)
	sale := vend.Sale{Ref: "P-1", Kind: vend.KindElectricity, Product: "70", Amount: ledger.Rand(20), Target: "14"}
	ask := func(rand int64) string {
		m, err := r.Meter(t.Context(), vend.MeterQuestion{Meter: "14", Amount: ledger.Rand(rand)})
		if err != nil {
			t.Fatal(err)
		}
		return m.Handle
	}
	buy := func(handle string, from *stall) string {
		sale.Enquiry = handle
		if _, err := r.Prepare(sale); err != nil {
			t.Fatal(err)
		}
		return from.prepared[len(from.prepared)-1].Enquiry
	}
	if h := ask(20); h != "h1" || buy(h, first) != "h1" || buy("h2@second", first) != "" {
		t.Errorf("the first is asked, and gets %q", h)
	}
	first.down = true
	if h := ask(20); h != "h2@second" || buy(h, second) != "h2" || buy("h1", second) != "" {
		t.Errorf("the second is asked, and gets %q", h)
	}
	if h := ask(950); h != "h1" {
		t.Errorf("for what only the first could sell, the answer is %q", h)
	}
	second.down = true
	if h := ask(20); h != "h1" {
		t.Errorf("while both are down, the answer is %q", h)
	}
	second.down = false
	second.can[vend.KindElectricity] = vend.Capability{Sells: true}
	if _, err := r.Meter(t.Context(), vend.MeterQuestion{Meter: "14", Amount: ledger.Rand(20)}); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("the one that would sell cannot be asked, and the answer is %v", err)
	}
	first.down, first.handle = false, "a@second" // a handle that looks like another's
	if h := ask(20); h != "a@second@" || buy(h, first) != "a@second" {
		t.Errorf("its handle is %q", h)
	}
}

// TestAPreparedRequestBelongsToOneProviderForEver, whatever is down, away, or
// routed otherwise meanwhile.
func TestAPreparedRequestBelongsToOneProviderForEver(t *testing.T) {
	routes := []map[vend.Kind][]string{
		{vend.KindAirtime: {"", "second"}, vend.KindElectricity: {"second", ""}},
		{vend.KindAirtime: {"second", ""}, vend.KindElectricity: {"", "second"}},
		{vend.KindAirtime: {""}, vend.KindElectricity: {"second"}}, {},
	}
	rapid.Check(t, func(rt *rapid.T) {
		_, first, second := fallingBack(t)
		stalls := map[string]*stall{"": first, "second": second}
		lists := map[string][]vend.Product{"": first.products, "second": second.products}
		by := routes[rapid.IntRange(0, 2).Draw(rt, "routes")]
		r := both(t, first, second, by)
		shelf := vend.NewShelf(r, vend.ShelfOptions{})
		weather := func() {
			for name, s := range stalls {
				s.down, s.refuse = rapid.Bool().Draw(rt, name+" down"), rapid.IntRange(0, 3).Draw(rt, name+" refuses") == 0
				if rapid.Bool().Draw(rt, name+" away") {
					s.set(errors.New("away"))
				} else {
					s.set(nil, lists[name]...)
				}
			}
			_ = shelf.Load(t.Context())
		}
		for range rapid.IntRange(1, 4).Draw(rt, "weather") {
			weather()
		}
		kind := rapid.SampledFrom([]vend.Kind{vend.KindAirtime, vend.KindElectricity}).Draw(rt, "kind")
		stock := shelf.Of(kind)
		if len(stock) == 0 {
			return
		}
		p := rapid.SampledFrom(stock).Draw(rt, "product")
		amount := ledger.Rand(rapid.Int64Range(int64(p.Min/100), int64(p.Max/100)).Draw(rt, "amount"))
		sale := vend.Sale{Ref: "P-1", Kind: kind, Product: p.Code, Amount: amount, Enquiry: rapid.SampledFrom([]string{"", "h1", "h2@second"}).Draw(rt, "enquiry")}
		req, err := r.Prepare(sale)
		if err != nil {
			return
		}
		name := vend.Order{Op: req.Op}.Provider()
		if !slices.Contains(by[kind], name) {
			rt.Fatalf("%s goes to %q, which does not sell %s", p.Code, name, kind)
		}
		if h := stalls[name].prepared[len(stalls[name].prepared)-1].Enquiry; h != "" && h != map[string]string{"": "h1", "second": "h2"}[name] {
			rt.Fatalf("%q got the enquiry %q of the other", name, h)
		}
		for range 3 {
			weather()
			later := both(t, first, second, rapid.SampledFrom(routes).Draw(rt, "later"))
			first.sent, second.sent = nil, nil
			later.Send(t.Context(), req, vend.Past{Again: true})
			if len(stalls[name].sent) != 1 || len(first.sent)+len(second.sent) != 1 || stalls[name].sent[0].Op != "sell" {
				rt.Fatalf("made for %q; first got %v, second %v", name, first.sent, second.sent)
			}
		}
	})
}

// TestAnOrderThatBeganStaysWithItsProvider, when that is down by the time it is asked
// again, and when it was begun with the second because the first was.
func TestAnOrderThatBeganStaysWithItsProvider(t *testing.T) {
	r, first, second := fallingBack(t)
	for _, downFirst := range []bool{false, true} {
		k := newTill(t)
		k.s = vend.New(k.sql, r, keyring(0), vend.Options{Now: func() time.Time { return k.now }})
		k.s.Attach(k.hand)
		begun, other := first, second
		if downFirst {
			begun, other = second, first
		}
		first.sent, second.sent, first.down, second.down = nil, nil, downFirst, false
		begun.answer = vend.Answer{Code: "2105"}
		bought := vend.Purchase{Ref: "P-1", MSISDN: number(1), Product: of("mtn", "MTN", "21", 10, 10), Amount: ledger.Rand(10), Target: number(1)}
		if _, err := k.buy(bought); err != nil {
			t.Fatal(err)
		}
		if o := k.attempt(); o.State != vend.StateUnknown || o.Provider() != map[bool]string{true: "second"}[downFirst] {
			t.Fatalf("the order is %s, by %q", o.State, o.Provider())
		}
		first.down, second.down = !downFirst, downFirst
		if o, err := k.s.Buy(t.Context(), bought); err != nil || o.State != vend.StateUnknown { // pressed twice
			t.Errorf("the same purchase is %s, %v", o.State, err)
		}
		begun.answer = vend.Answer{Outcome: vend.Delivered}
		o := k.attempt()
		if o.State != vend.StateDelivered || len(begun.sent) != 2 || len(other.sent) != 0 {
			t.Errorf("the order is %s; sent to its provider %d times, to the other %d times", o.State, len(begun.sent), len(other.sent))
		}
		if begun.sent[0].Body.Reveal() != begun.sent[1].Body.Reveal() {
			t.Error("it was not sent again as it was")
		}
		all, err := k.sql.Balances(t.Context())
		spent, spared := ledger.Float(""), ledger.Float("second")
		if downFirst {
			spent, spared = spared, spent
		}
		if err != nil || all[spent] != ledger.Rand(10) || all[spared] != 0 {
			t.Errorf("the float of whoever sold is not what paid: %v, %v", all, err)
		}
	}
}
