package vend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// stall is a provider that writes down what it is asked.
type stall struct {
	list
	can      map[vend.Kind]vend.Capability
	down     bool
	refuse   bool
	op       string // default "sell"
	answer   vend.Answer
	prepared []vend.Sale
	sent     []vend.Request
	advised  []vend.Advice
	asked    []string
	handle   string
}

func newStall(products ...vend.Product) *stall {
	s := &stall{op: "sell", can: map[vend.Kind]vend.Capability{}}
	for _, k := range vend.Kinds() {
		s.can[k] = vend.Capability{Sells: true, Enquires: true}
	}
	s.set(nil, products...)
	return s
}

func (s *stall) Can(k vend.Kind) vend.Capability { return s.can[k] }
func (s *stall) Down() bool                      { return s.down }

func (s *stall) Prepare(sale vend.Sale) (vend.Request, error) {
	s.prepared = append(s.prepared, sale)
	if s.refuse {
		return vend.Request{}, fmt.Errorf("stall: %w", vend.ErrRefused)
	}
	return vend.Request{Op: s.op, Ref: sale.Ref, Body: secret.New(sale.Ref + " " + sale.Product)}, nil
}

func (s *stall) Send(_ context.Context, r vend.Request, _ vend.Past) vend.Answer {
	s.sent = append(s.sent, r)
	return s.answer
}

func (s *stall) Advise(_ context.Context, a vend.Advice) vend.Advised {
	s.advised = append(s.advised, a)
	return vend.Advised{Final: true, Taken: true}
}

func (s *stall) Meter(_ context.Context, q vend.MeterQuestion) (vend.Meter, error) {
	s.asked = append(s.asked, q.Meter)
	return vend.Meter{Number: q.Meter, Handle: s.handle}, nil
}

func (s *stall) Account(_ context.Context, q vend.AccountQuestion) (vend.Account, error) {
	s.asked = append(s.asked, q.Account)
	return vend.Account{Number: q.Account}, nil
}

// mute is a provider that only sells.
type mute struct{ *stall }

// Products, Can, Meter, Account, Advise and Down are not mute's.
func (mute) Products() {}
func (mute) Can()      {}
func (mute) Meter()    {}
func (mute) Account()  {}
func (mute) Advise()   {}
func (mute) Down()     {}

func kinded(k vend.Kind, p vend.Product) vend.Product { p.Kind = k; return p }

// both routes kinds over a first provider without a name and a second that has one.
func both(t *testing.T, first, second vend.Provider, by map[vend.Kind][]string) *vend.Routes {
	t.Helper()
	r, err := vend.NewRoutes([]vend.Seller{{Provider: first}, {Name: "second", Provider: second}}, by)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRoutesThatCannotBeAreRefused(t *testing.T) {
	a, b := newStall(), newStall()
	for name, c := range map[string]struct {
		sellers []vend.Seller
		by      map[vend.Kind][]string
		want    string
	}{
		"nobody":                   {nil, nil, "no provider"},
		"a name with a mark":       {[]vend.Seller{{Name: "a@b", Provider: a}}, nil, "cannot be called"},
		"a name and nobody":        {[]vend.Seller{{Name: "a"}}, nil, "is none"},
		"one name for two":         {[]vend.Seller{{Provider: a}, {Provider: b}}, nil, "two providers"},
		"a stranger":               {[]vend.Seller{{Provider: a}}, map[vend.Kind][]string{vend.KindGift: {"b"}}, `gift goes to "b"`},
		"the same twice":           {[]vend.Seller{{Provider: a}}, map[vend.Kind][]string{vend.KindAirtime: {"", ""}}, "there twice"},
		"vouchers from either":     {[]vend.Seller{{Provider: a}, {Name: "b", Provider: b}}, map[vend.Kind][]string{vend.KindGift: {"", "b"}}, "no equivalents"},
		"redemptions, from either": {[]vend.Seller{{Provider: a}, {Name: "b", Provider: b}}, map[vend.Kind][]string{vend.KindRedeem: {"b", ""}}, "no equivalents"},
	} {
		if _, err := vend.NewRoutes(c.sellers, c.by); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOneProviderIsSoldThroughAsItIs: nothing that is stored or shown tells that it
// is behind routes.
func TestOneProviderIsSoldThroughAsItIs(t *testing.T) {
	only := newStall(of("mtn", "MTN", "21", 10, 10), kinded(vend.KindGift, of("", "Shop", "5", 1, 9)))
	only.handle, only.answer = "h1", vend.Answer{Outcome: vend.Delivered, Code: "0"}
	r, err := vend.NewRoutes([]vend.Seller{{Provider: only}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	products, err := r.Products(t.Context())
	if diff := cmp.Diff(only.products, products); diff != "" || err != nil {
		t.Errorf("products (-own +through routes):\n%s%v", diff, err)
	}
	for _, k := range append(vend.Kinds(), "lottery") {
		if got := r.Can(k); got != only.can[k] && k != vend.KindReverse {
			t.Errorf("%s: can %+v", k, got)
		}
	}
	m, err := r.Meter(t.Context(), vend.MeterQuestion{Meter: "14"})
	if err != nil || m.Handle != "h1" {
		t.Errorf("meter %+v, %v", m.Handle, err)
	}
	if a, err := r.Account(t.Context(), vend.AccountQuestion{Account: "11"}); err != nil || a.Number != "11" {
		t.Errorf("account %q, %v", a.Number, err)
	}
	for _, sale := range []vend.Sale{
		{Ref: "P-1", Kind: vend.KindAirtime, Product: "21", Amount: ledger.Rand(10), Target: "27820000001"},
		{Ref: "P-2", Kind: vend.KindElectricity, Product: "30", Amount: ledger.Rand(10), Target: "14", Enquiry: "h1"},
		{Ref: "P-3", Kind: vend.KindRedeem, PIN: secret.New("1234567890123456")},
		{Ref: "P-4", Kind: vend.KindRefund, Amount: 5},
		{Ref: "P-5", Kind: vend.KindReverse, Product: "5", Original: "P-0", OriginalKind: vend.KindGift, OriginalOp: "sell"},
	} {
		only.prepared, only.sent = nil, nil
		req, err := r.Prepare(sale)
		if err != nil || req.Op != "sell" || len(only.prepared) != 1 || cmp.Diff(sale, only.prepared[0], cmp.Comparer(sameText)) != "" {
			t.Fatalf("%s: %q, %v; asked for %+v", sale.Ref, req.Op, err, only.prepared)
		}
		if got := r.Send(t.Context(), req, vend.Past{}); got.Outcome != vend.Delivered || only.sent[0].Op != "sell" || got.Advice != nil {
			t.Errorf("%s: %+v of %+v", sale.Ref, got, only.sent)
		}
	}
	if (vend.Order{Op: "sell"}).Provider() != "" {
		t.Error("an order without a mark names a provider")
	}
	only.set(errors.New("away"))
	if _, err := r.Products(t.Context()); err == nil || err.Error() != "away" {
		t.Errorf("the provider's error becomes %v", err)
	}
	only.set(nil)
	if list, err := r.Products(t.Context()); err != nil || len(list) != 0 { // for the shelf to judge
		t.Errorf("an empty list: %v, %v", list, err)
	}
	if _, err := r.Prepare(vend.Sale{Ref: "P-9", Kind: vend.KindAirtime, Product: "VOD@second"}); !errors.Is(err, vend.ErrRefused) {
		t.Errorf("a product of a provider that is gone: %v", err)
	}
	if _, err := r.Prepare(vend.Sale{Ref: "P-9", Kind: "lottery"}); !errors.Is(err, vend.ErrRefused) {
		t.Errorf("a kind that there is not: %v", err)
	}
}

func sameText(a, b secret.Text) bool { return a.Reveal() == b.Reveal() }

func TestAKindGoesToItsProvider(t *testing.T) {
	first := newStall(of("mtn", "MTN", "21", 10, 10), kinded(vend.KindGift, of("", "Shop", "5", 1, 9)), kinded(vend.KindBill, of("", "Kasi", "9", 1, 9)))
	second := newStall(of("mtn", "MTN", "M10", 10, 10), kinded(vend.KindGift, of("", "Mall", "G@1", 1, 9)))
	second.can[vend.KindGift] = vend.Capability{Sells: true}
	second.handle = "h2"
	r := both(t, first, second, map[vend.Kind][]string{
		vend.KindAirtime: {""}, vend.KindGift: {"second"}, vend.KindElectricity: {"second"}, vend.KindRedeem: {""},
	})
	products, err := r.Products(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, p := range products {
		codes = append(codes, p.Code)
	}
	if fmt.Sprint(codes) != "[21 G@1@second]" { // bills are sold by nobody
		t.Errorf("on sale: %v", codes)
	}
	for k, want := range map[vend.Kind]vend.Capability{
		vend.KindAirtime: {Sells: true, Enquires: true}, vend.KindGift: {Sells: true}, vend.KindBill: {}, vend.KindReverse: {Sells: true},
	} {
		if got := r.Can(k); got != want {
			t.Errorf("%s: can %+v, want %+v", k, got, want)
		}
	}
	for _, c := range []struct {
		sale    vend.Sale
		to      *stall
		op      string
		product string
	}{
		{vend.Sale{Kind: vend.KindAirtime, Product: "21"}, first, "sell", "21"},
		{vend.Sale{Kind: vend.KindGift, Product: "G@1@second"}, second, "sell@second", "G@1"},
		{vend.Sale{Kind: vend.KindRedeem}, first, "sell", ""},
		{vend.Sale{Kind: vend.KindAirtime, Product: "M10@second"}, nil, "", ""}, // its kind is not routed there
		{vend.Sale{Kind: vend.KindGift, Product: "5"}, nil, "", ""},
		{vend.Sale{Kind: vend.KindGift, Product: "5@third"}, nil, "", ""},
		{vend.Sale{Kind: vend.KindBill, Product: "9"}, nil, "", ""},
		{vend.Sale{Kind: vend.KindBill}, nil, "", ""},
		// A sale is undone where it was made, wherever its kind goes by now.
		{vend.Sale{Kind: vend.KindReverse, OriginalKind: vend.KindGift, Product: "5", OriginalOp: "sell"}, first, "sell", "5"},
		{vend.Sale{Kind: vend.KindReverse, OriginalKind: vend.KindGift, Product: "5", OriginalOp: "sell@second"}, second, "sell@second", ""},
		{vend.Sale{Kind: vend.KindReverse, OriginalKind: vend.KindGift, Product: "5", OriginalOp: "sell@third"}, nil, "", ""},
	} {
		first.prepared, second.prepared = nil, nil
		req, err := r.Prepare(c.sale)
		if c.to == nil {
			if !errors.Is(err, vend.ErrRefused) || len(first.prepared)+len(second.prepared) > 0 {
				t.Errorf("%+v: %v, %v", c.sale, req.Op, err)
			}
			continue
		}
		if err != nil || req.Op != c.op || len(c.to.prepared) != 1 || c.to.prepared[0].Product != c.product || strings.Contains(c.to.prepared[0].OriginalOp, "@") {
			t.Errorf("%+v: %q, %v; asked for %+v", c.sale, req.Op, err, c.to.prepared)
		}
		if want := strings.TrimPrefix(c.op, "sell"); "@"+(vend.Order{Op: req.Op}).Provider() != want && want != "" {
			t.Errorf("%q is of provider %q", req.Op, vend.Order{Op: req.Op}.Provider())
		}
	}
	if m, err := r.Meter(t.Context(), vend.MeterQuestion{Meter: "14"}); err != nil || m.Handle != "h2@second" {
		t.Errorf("handle %q, %v", m.Handle, err)
	}
	if _, err := r.Account(t.Context(), vend.AccountQuestion{Account: "11"}); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("an account of which no provider knows: %v", err)
	}
	first.op = "sell@home"
	if _, err := r.Prepare(vend.Sale{Kind: vend.KindAirtime, Product: "21"}); !errors.Is(err, vend.ErrRefused) {
		t.Errorf("an operation that could be taken for another provider's: %v", err)
	}
}

func TestARequestGoesWhereItWasMadeForHoweverKindsAreRouted(t *testing.T) {
	first, second := newStall(), newStall()
	advice := &vend.Advice{Request: vend.Request{Op: "confirm", Ref: "P-1", Body: secret.New("x")}}
	second.answer = vend.Answer{Outcome: vend.Delivered, Advice: advice}
	r := both(t, first, second, map[vend.Kind][]string{vend.KindAirtime: {""}})
	got := r.Send(t.Context(), vend.Request{Op: "sell@second", Ref: "P-1"}, vend.Past{Again: true})
	if got.Outcome != vend.Delivered || len(second.sent) != 1 || second.sent[0].Op != "sell" || len(first.sent) != 0 {
		t.Fatalf("%+v; first got %v, second %v", got, first.sent, second.sent)
	}
	if got.Advice == nil || got.Advice.Op != "confirm@second" || advice.Op != "confirm" {
		t.Fatalf("advice %+v, the provider's own %+v", got.Advice, advice)
	}
	if told := r.Advise(t.Context(), *got.Advice); !told.Final || len(second.advised) != 1 || second.advised[0].Op != "confirm" || second.advised[0].Ref != "P-1" {
		t.Errorf("%+v; told %+v", told, second.advised)
	}
	// Nothing is sent to anybody else.
	for op, detail := range map[string]string{
		"sell@third": "provider third is not configured", "sell@<b>": "its provider is not configured",
	} {
		if a := r.Send(t.Context(), vend.Request{Op: op, Ref: "P-2"}, vend.Past{}); a.Outcome != vend.Unknown || !a.Person || !a.Alert || a.Detail != detail {
			t.Errorf("%s: %+v", op, a)
		}
		if told := r.Advise(t.Context(), vend.Advice{Request: vend.Request{Op: op}}); told.Final || told.Taken || !told.Alert || told.Detail != detail {
			t.Errorf("%s: %+v", op, told)
		}
	}
	alone, err := vend.NewRoutes([]vend.Seller{{Name: "second", Provider: mute{second}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := alone.Send(t.Context(), vend.Request{Op: "sell"}, vend.Past{}); !a.Person || !a.Alert || len(second.sent) != 1 {
		t.Errorf("an order from before there were marks: %+v", a)
	}
	if told := alone.Advise(t.Context(), *got.Advice); told.Final || !told.Alert || len(second.advised) != 1 {
		t.Errorf("a provider that takes no advice: %+v", told)
	}
}

func TestAProviderThatOnlySellsIsAskedNothingElse(t *testing.T) {
	r, err := vend.NewRoutes([]vend.Seller{{Name: "a", Provider: mute{newStall()}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Can(vend.KindGift).Sells || r.Can(vend.KindElectricity).Enquires {
		t.Errorf("can %+v", r.Can(vend.KindGift))
	}
	if _, err := r.Meter(t.Context(), vend.MeterQuestion{}); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("meter: %v", err)
	}
	if _, err := r.Products(t.Context()); err == nil {
		t.Error("there is a list of a provider that has none")
	}
	if req, err := r.Prepare(vend.Sale{Kind: vend.KindRedeem}); err != nil || req.Op != "sell@a" {
		t.Errorf("%+v, %v", req, err)
	}
}

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
