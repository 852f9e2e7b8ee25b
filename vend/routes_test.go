package vend_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		if a := r.Send(t.Context(), vend.Request{Op: op, Ref: "P-2"}, vend.Past{Again: true}); a.Outcome != vend.Unknown || !a.Person || !a.Alert || a.Detail != detail {
			t.Errorf("%s: %+v", op, a)
		}
		if a := r.Send(t.Context(), vend.Request{Op: op, Ref: "P-2"}, vend.Past{}); a.Outcome != vend.Declined || a.Reason != vend.ReasonUnavailable || a.Person || !a.Alert || a.Detail != detail {
			t.Errorf("%s, which was never sent: %+v", op, a)
		}
		if told := r.Advise(t.Context(), vend.Advice{Request: vend.Request{Op: op}}); told.Final || told.Taken || !told.Alert || told.Detail != detail {
			t.Errorf("%s: %+v", op, told)
		}
	}
	alone, err := vend.NewRoutes([]vend.Seller{{Name: "second", Provider: mute{second}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := alone.Send(t.Context(), vend.Request{Op: "sell"}, vend.Past{Again: true}); !a.Person || !a.Alert || len(second.sent) != 1 {
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
