package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// Run plays the suite. open makes a fresh bench.
func Run(t *testing.T, open func(t *testing.T) Bench) {
	kinds := sold(t, open(t))
	for _, part := range []struct {
		name string
		play func(*testing.T, Bench, vend.Kind)
	}{
		{"a sale goes through, and brings its goods", goesThrough},
		{"to prepare sends nothing", preparesQuietly},
		{"a sale sent twice is one sale", twice},
		{"a sale sent by many at once is one sale", atOnce},
		{"a refusal of the host is a refusal with its reason", refusal},
		{"what was never sent is declined at first, and unknown again", unreachable},
		{"refused credentials decline at first, and settle nothing again", credentials},
		{"a caller who leaves settles nothing", leaving},
		{"a sale that is not whole is not prepared", incomplete},
		{"what has not arrived may still come", notYet},
		{"what stands is not undone", neverBoth},
		{"a sale can be undone where the provider says so, and only there", undone},
	} {
		t.Run(part.name, func(t *testing.T) {
			for _, k := range kinds {
				t.Run(string(k), func(t *testing.T) {
					t.Parallel()
					part.play(t, open(t), k)
				})
			}
		})
	}
	for _, what := range Troubles() {
		t.Run("trouble: "+string(what), func(t *testing.T) {
			for _, k := range kinds {
				t.Run(string(k), func(t *testing.T) {
					t.Parallel()
					trouble(t, open(t), k, what)
				})
				if what == CutBefore || what == ErrorBefore || what == Busy || what == Throttled {
					t.Run(string(k)+", sent again", func(t *testing.T) {
						t.Parallel()
						again(t, open(t), k, what)
					})
				}
			}
		})
	}
	t.Run("what the provider is told in the end is told until it is heard", func(t *testing.T) {
		for _, k := range kinds {
			t.Run(string(k), func(t *testing.T) {
				t.Parallel()
				advices(t, open, k)
			})
		}
	})
	t.Run("to ask about a meter or an account moves nothing", func(t *testing.T) { enquiry(t, open(t)) })
	t.Run("the catalogue lists what can be sold", func(t *testing.T) { catalogue(t, open(t)) })
	t.Run("what is not sold is not prepared", func(t *testing.T) { notSold(t, open(t), kinds) })
}

// sold are the kinds that the provider sells, beside reversals.
func sold(t *testing.T, b Bench) (kinds []vend.Kind) {
	t.Helper()
	for _, k := range vend.Kinds() {
		if k != vend.KindReverse && b.Provider.(capable).Can(k).Sells {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		t.Fatal("the provider sells nothing")
	}
	return kinds
}

const ref = "P-01SUITE0001"

// sale is a sale of a kind under the reference of the suite.
func (b Bench) sale(k vend.Kind) vend.Sale {
	s := b.Sale(k)
	s.Ref = ref
	return s
}

func (b Bench) prepare(t *testing.T, s vend.Sale) vend.Request {
	t.Helper()
	r, err := b.Provider.Prepare(s)
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	if r.Ref != s.Ref || r.Op == "" || r.Body.Empty() {
		t.Fatalf("prepared %+v", r)
	}
	return r
}

// delivered holds an answer against what a delivered sale owes.
func (b Bench) delivered(t *testing.T, s vend.Sale, a vend.Answer) {
	t.Helper()
	if a.Outcome != vend.Delivered || a.Reason != "" || a.Owed || a.Person {
		t.Fatalf("sale is %+v", a)
	}
	if s.Kind == vend.KindRedeem && a.Amount != -b.Worth(s) {
		t.Errorf("credits %s, want %s", a.Amount, -b.Worth(s))
	}
	if s.Kind != vend.KindRedeem && a.Amount != 0 && a.Amount != s.Amount {
		t.Errorf("moved %s for a price of %s", a.Amount, s.Amount)
	}
	if !a.Goods.Satisfy(s.Kind) {
		t.Error("delivered without goods")
	}
	b.silent(t, a)
}

// silent holds what an answer says about itself against its secrets.
func (b Bench) silent(t *testing.T, a vend.Answer) {
	t.Helper()
	secrets := slices.Clone(b.Secrets)
	for _, s := range confidential(a.Goods) {
		secrets = append(secrets, s.Reveal())
	}
	text := fmt.Sprintf("%+v %s %s %s %s", a, a.Code, a.Detail, a.ProviderRef, a.CallCentre)
	for _, s := range secrets {
		if len(s) > 3 && strings.Contains(text, s) {
			t.Errorf("the answer says a secret: %s", strings.ReplaceAll(text, s, "<here>"))
		}
	}
}

func confidential(g vend.Goods) (all []secret.Text) {
	if g.Voucher != nil {
		all = append(all, g.Voucher.PIN)
	}
	if g.Utility != nil {
		for _, token := range g.Utility.Tokens {
			all = append(all, token.Value)
		}
	}
	return all
}

// moved holds the host's money against what should have moved since.
func (b Bench) moved(t *testing.T, before, want ledger.Cents) {
	t.Helper()
	if got := before - b.Host.Money(); got != want {
		t.Errorf("%s left the merchant's accounts, want %s", got, want)
	}
}

func goesThrough(t *testing.T, b Bench, k vend.Kind) {
	s, before := b.sale(k), b.Host.Money()
	a := b.desk(t, s).send(t.Context(), t)
	b.delivered(t, s, a)
	if a.ProviderRef == "" {
		t.Error("the provider's own number is not there")
	}
	if a.Alert {
		t.Errorf("an ordinary sale alerts: %s", a.Detail)
	}
	b.moved(t, before, b.Worth(s))
	b.ends(t, s, a, before)
}

func preparesQuietly(t *testing.T, b Bench, k vend.Kind) {
	s := b.sale(k)
	n := b.Host.Requests()
	first, second := b.prepare(t, s), b.prepare(t, s)
	if !first.Body.Equal(second.Body.Reveal()) {
		t.Error("the same sale makes two bodies")
	}
	if got := b.Host.Requests(); got != n {
		t.Errorf("%d requests arrived", got-n)
	}
}

func twice(t *testing.T, b Bench, k vend.Kind) {
	s, before := b.sale(k), b.Host.Money()
	d := b.desk(t, s)
	first := d.send(t.Context(), t)
	b.delivered(t, s, first)
	second := d.send(t.Context(), t)
	if b.remedy(k) == Undone { // the first answer was lost, and with it what was sold
		if second.Outcome != vend.Unknown || second.Person {
			t.Errorf("again: %+v", second)
		}
		b.ends(t, s, second, before)
		return
	}
	// An advice is kept before it is sent, so that its wording need not come out the
	// same twice; that it is one advice is seen below, where both are sent.
	if diff := cmp.Diff(first, second, cmp.Comparer(func(a, b secret.Text) bool { return a.Equal(b.Reveal()) }),
		cmp.Transformer("Advice", func(a vend.Advice) string { return fmt.Sprint(a.Op, a.Ref, a.Undo) })); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	b.moved(t, before, b.Worth(s))
	b.ends(t, s, first, before)
	if second.Advice != nil {
		b.advise(t, second.Advice)
	}
	b.moved(t, before, b.Worth(s))
}

// atOnce sends the same request from many hands, as when a lease was lost. The
// first answer that says what became of the sale is the one that is kept, by the
// service's books, and all hands agree with it or know nothing.
func atOnce(t *testing.T, b Bench, k vend.Kind) {
	s, before := b.sale(k), b.Host.Money()
	r := b.prepare(t, s)
	sent := make(chan struct{}) // closes when the sending has its answer
	kept := make(chan vend.Answer, 1)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			past := vend.Past{Again: i > 0}
			for after := 0; after < 10; {
				select {
				case <-sent:
					after++
				default: // the host is at work, and may know nothing yet
				}
				a := b.Provider.Send(t.Context(), r, past)
				b.sound(t, k, a)
				if !past.Again {
					close(sent)
				}
				if a.Outcome != vend.Unknown || a.Advice != nil {
					if b.remedy(k) != Undone && a.Outcome != vend.Delivered {
						t.Errorf("hand %d: %+v", i, a)
					}
					select {
					case kept <- a:
					default:
					}
					return
				}
				past = vend.Past{Again: true, Code: a.Code, Times: 1}
			}
			t.Errorf("hand %d never knows", i)
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	b.ends(t, s, <-kept, before)
}

func refusal(t *testing.T, b Bench, k vend.Kind) {
	s, reason, ok := b.Refused(k)
	if !ok {
		t.Skip("this host has no refusal for it")
	}
	s.Ref = ref
	before := b.Host.Money()
	a := b.desk(t, s).send(t.Context(), t)
	if a.Outcome != vend.Declined || a.Reason != reason || a.Person || a.Amount != 0 || !a.Goods.Empty() {
		t.Errorf("answer %+v, want declined for %q", a, reason)
	}
	b.moved(t, before, 0)
}

func incomplete(t *testing.T, b Bench, k vend.Kind) {
	whole := b.sale(k)
	for name, change := range map[string]func(*vend.Sale){
		"no reference":      func(s *vend.Sale) { s.Ref = "" },
		"a long reference":  func(s *vend.Sale) { s.Ref = strings.Repeat("A", 31) },
		"an odd reference":  func(s *vend.Sale) { s.Ref = "P_1" },
		"a negative amount": func(s *vend.Sale) { s.Amount = -1 },
		"no kind":           func(s *vend.Sale) { s.Kind = "" },
		"an original":       func(s *vend.Sale) { s.Original = "P-0" },
	} {
		s := whole
		change(&s)
		if _, err := b.Provider.Prepare(s); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("%s: error %v, want ErrRefused", name, err)
		}
	}
	if whole.Amount > 0 {
		s := whole
		s.Amount = 0
		if _, err := b.Provider.Prepare(s); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("for nothing: error %v, want ErrRefused", err)
		}
	}
	if whole.Target != "" {
		s := whole
		s.Target = ""
		if _, err := b.Provider.Prepare(s); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("for nobody: error %v, want ErrRefused", err)
		}
	}
	if s := whole; whole.PIN.Empty() {
		s.PIN = secret.New("5000500000000001")
		if _, err := b.Provider.Prepare(s); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("with a PIN that it does not take: error %v, want ErrRefused", err)
		}
	}
}

func undone(t *testing.T, b Bench, k vend.Kind) {
	can := b.Provider.(capable).Can(k)
	s, before := b.sale(k), b.Host.Money()
	r := b.prepare(t, s)
	a := b.Provider.Send(t.Context(), r, vend.Past{})
	b.delivered(t, s, a)
	undo := vend.Sale{Ref: "V-01SUITE0001", Kind: vend.KindReverse, Original: ref, OriginalKind: k, OriginalOp: r.Op, Product: s.Product}
	if !can.Reverses {
		if _, err := b.Provider.Prepare(undo); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("a sale that stands can be undone: %v", err)
		}
		return
	}
	r = b.prepare(t, undo)
	for i, past := range []vend.Past{{}, {Again: true}} {
		if a := b.Provider.Send(t.Context(), r, past); a.Outcome != vend.Delivered || a.Person {
			t.Errorf("undone, sending %d: %+v", i, a)
		}
		b.moved(t, before, 0)
	}
	// Another hand undoes it as well: what it wants is so.
	undo.Ref = "V-01SUITE0002"
	if a := b.Provider.Send(t.Context(), b.prepare(t, undo), vend.Past{}); a.Outcome != vend.Delivered {
		t.Errorf("undone by another: %+v", a)
	}
	b.moved(t, before, 0)
	// What never was cannot be undone, and that is no success.
	undo.Ref, undo.Original = "V-01SUITE0003", "P-01NEVER"
	if a := b.Provider.Send(t.Context(), b.prepare(t, undo), vend.Past{}); a.Outcome == vend.Delivered {
		t.Errorf("undone, what never was: %+v", a)
	}
}

func catalogue(t *testing.T, b Bench) {
	p := b.Provider.(capable)
	list, err := p.Products(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	kinds := make(map[vend.Kind]int)
	for _, product := range list {
		kinds[product.Kind]++
		can := p.Can(product.Kind)
		switch {
		case !product.Kind.Bought(), !can.Sells:
			t.Errorf("on the list and not to be bought: %+v", product)
		case product.Code == "", product.Name == "", product.Vendor == "", product.Min <= 0, product.Max < product.Min:
			t.Errorf("not whole: %+v", product)
		case product.Reversible && !can.Reverses:
			t.Errorf("reversible, and nobody reverses it: %+v", product)
		case product.Kind == vend.KindBill && product.Biller == "":
			t.Errorf("a bill without a biller: %+v", product)
		case seen[product.Code]:
			t.Errorf("twice: %+v", product)
		}
		seen[product.Code] = true
	}
	for _, k := range vend.Kinds() {
		if k.Bought() && p.Can(k).Sells && kinds[k] == 0 {
			t.Errorf("nothing of kind %s is on the list", k)
		}
	}
}

func notSold(t *testing.T, b Bench, kinds []vend.Kind) {
	for _, k := range append(vend.Kinds(), "", "lottery") {
		if slices.Contains(kinds, k) || (k == vend.KindReverse && b.Provider.(capable).Can(k).Sells) {
			continue
		}
		s := b.sale(vend.KindAirtime)
		s.Kind = k
		if _, err := b.Provider.Prepare(s); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("%q: error %v, want ErrRefused", k, err)
		}
	}
}
