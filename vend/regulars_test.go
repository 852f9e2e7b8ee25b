package vend_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/vend"
)

// sells sells something to the first customer, with one answer of the provider.
func (k *till) sells(kind vend.Kind, target string, amount ledger.Cents, a vend.Answer) vend.Order {
	k.t.Helper()
	k.now = k.now.Add(time.Second)
	p := vend.Purchase{
		Ref: vend.NewRef(kind, k.now), MSISDN: number(1), Amount: amount, Target: target, Channel: "test",
		Product: vend.Product{Code: "c" + string(kind), Kind: kind, Vendor: "V " + string(kind), Min: 1, Max: 1000_00},
	}
	if kind == vend.KindBill {
		p.Product.Biller = target[:2]
	}
	k.p.answers = []vend.Answer{a}
	if _, err := k.buy(p); err != nil {
		k.t.Fatal(err)
	}
	return k.attempt()
}

func delivered() vend.Answer { return vend.Answer{Outcome: vend.Delivered, Goods: tokens()} }

// list is what a customer has bought for, in words.
func (k *till) list(n int, kinds ...vend.Kind) string {
	k.t.Helper()
	all, err := k.s.Regulars(k.t.Context(), number(1), n, kinds...)
	if err != nil {
		k.t.Fatal(err)
	}
	var words []string
	for _, r := range all {
		w := r.Target
		if r.Nickname != "" {
			w += " " + r.Nickname
		}
		if r.Product != "" {
			w += " " + r.Amount.String()
		}
		words = append(words, w)
	}
	return strings.Join(words, ", ")
}

func (k *till) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func TestWhatACustomerBoughtForIsListed(t *testing.T) {
	k := newTill(t)
	k.must((&world{sql: k.sql}).fund(t.Context(), 1, ledger.Rand(1000)))
	if got := k.list(5); got != "" {
		t.Errorf("before anything: %q", got)
	}
	k.sells(vend.KindElectricity, "04123456784", ledger.Rand(20), delivered())
	k.sells(vend.KindAirtime, number(1), ledger.Rand(5), vend.Answer{Outcome: vend.Delivered})
	k.sells(vend.KindAirtime, number(2), ledger.Rand(6), vend.Answer{Outcome: vend.Delivered})
	k.sells(vend.KindAirtime, number(1), ledger.Rand(7), vend.Answer{Outcome: vend.Delivered})
	k.sells(vend.KindAirtime, number(3), ledger.Rand(8), vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonNumber})
	k.sells(vend.KindAirtime, number(4), ledger.Rand(9), vend.Answer{})
	k.sells(vend.KindData, number(1), ledger.Rand(10), vend.Answer{Outcome: vend.Delivered})
	k.sells(vend.KindElectricity, "04123456785", ledger.Rand(30), vend.Answer{Owed: true})
	k.sells(vend.KindVoucher, "", ledger.Rand(11), vend.Answer{Outcome: vend.Delivered, Goods: voucherOf(ledger.Rand(11))})
	k.sells(vend.KindBill, "110155", ledger.Rand(12), vend.Answer{Outcome: vend.Delivered})
	for _, c := range []struct {
		n     int
		kinds []vend.Kind
		want  string
	}{
		{9, []vend.Kind{vend.KindAirtime}, number(1) + " R7, " + number(2) + " R6"},
		{1, []vend.Kind{vend.KindAirtime}, number(1) + " R7"},
		{0, []vend.Kind{vend.KindAirtime}, ""},
		{-1, nil, ""},
		{9, []vend.Kind{vend.KindElectricity, vend.KindBill}, "110155 R12, 04123456785 R30, 04123456784 R20"},
		{9, []vend.Kind{vend.KindAirtime, vend.KindData}, number(1) + " R10, " + number(1) + " R7, " + number(2) + " R6"},
		{9, []vend.Kind{vend.KindVoucher, vend.KindRedeem}, ""},
		{3, nil, "110155 R12, 04123456785 R30, " + number(1) + " R10"},
	} {
		if got := k.list(c.n, c.kinds...); got != c.want {
			t.Errorf("%d of %v: %q, want %q", c.n, c.kinds, got, c.want)
		}
	}
	all, err := k.s.Regulars(t.Context(), number(1), 1, vend.KindBill)
	want := vend.Regular{Kind: vend.KindBill, Product: "cbill", Label: "V bill", Target: "110155", Amount: ledger.Rand(12), At: k.now}
	if err != nil || len(all) != 1 || all[0] != want {
		t.Errorf("it is %+v, %v; want %+v", all, err, want)
	}
	if all, err := k.s.Regulars(t.Context(), number(2), 9); err != nil || len(all) != 0 {
		t.Errorf("of somebody else: %+v, %v", all, err)
	}
	if all, err := k.s.Regulars(t.Context(), number(7), 9); err != nil || len(all) != 0 {
		t.Errorf("of nobody: %+v, %v", all, err)
	}
}

func TestANumberIsNamedAndForgotten(t *testing.T) {
	k := newTill(t)
	name := func(target, nickname string) {
		t.Helper()
		k.now = k.now.Add(time.Second)
		k.must(k.s.NameRegular(t.Context(), number(1), vend.KindElectricity, target, nickname))
	}
	forget := func(target string) {
		t.Helper()
		k.now = k.now.Add(time.Second)
		k.must(k.s.ForgetRegular(t.Context(), number(1), vend.KindElectricity, target))
	}
	buy := func(target string) {
		t.Helper()
		k.sells(vend.KindElectricity, target, ledger.Rand(10), delivered())
	}
	const a, b = "04123456784", "14000000001"
	for i, c := range []struct {
		do   func()
		want string
	}{
		{func() { name(b, "  Gogo  ") }, b + " Gogo"},
		{func() { k.sells(vend.KindElectricity, a, ledger.Rand(10), vend.Answer{Owed: true}) }, a + " R10, " + b + " Gogo"},
		{func() { name(a, "Ekhaya") }, a + " Ekhaya R10, " + b + " Gogo"},
		{func() { name(a, "Home") }, a + " Home R10, " + b + " Gogo"},
		{func() { name(b, "") }, a + " Home R10"},
		{func() { name(a, "") }, a + " R10"},
		{func() { name(a, "Home"); forget(a) }, ""},
		{func() { forget(b) }, ""},
		{func() { name(a, "Back") }, a + " Back"}, // what was bought is forgotten all the same
		{func() { name(a, "") }, ""},
		{func() {
			k.p.answers = nil
			k.hand.job.Attempt = 0
			buy(a)
		}, a + " R10"},
	} {
		c.do()
		if got := k.list(9, vend.KindElectricity); got != c.want {
			t.Errorf("step %d: %q, want %q", i+1, got, c.want)
		}
		if got := k.list(9, vend.KindAirtime); got != "" {
			t.Errorf("of another kind: %q", got)
		}
	}
}

func TestNicknamesAreShortAndOfOneLine(t *testing.T) {
	k := newTill(t)
	for name, ok := range map[string]bool{
		"": true, "Gogo": true, "Ma’s house 🏠": true, strings.Repeat("é", 20): true, " " + strings.Repeat("x", 20) + " ": true,
		strings.Repeat("é", 21): false, "a\nb": false, "a\x00": false, "a\tb": false, "a\u202eb": false, "a\u2028b": false, "\xff": false, "a\ufffd": false, "a\x7f": false,
	} {
		err := k.s.NameRegular(t.Context(), number(1), vend.KindAirtime, number(2), name)
		if ok != (err == nil) || !ok && !errors.Is(err, vend.ErrNickname) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		k      vend.Kind
		target string
	}{
		"nothing": {vend.KindAirtime, ""}, "what is erased": {vend.KindAirtime, vend.ErasedTarget}, "what is not bought": {vend.KindRedeem, "1"},
		"no kind": {"x", "1"}, "too long": {vend.KindBill, strings.Repeat("1", 65)}, "two lines": {vend.KindBill, "1\n2"}, "no text": {vend.KindBill, "\xff"},
	} {
		if k.s.NameRegular(t.Context(), number(1), c.k, c.target, "x") == nil || k.s.ForgetRegular(t.Context(), number(1), c.k, c.target) == nil {
			t.Errorf("%s is kept", name)
		}
	}
	if got := k.list(9); got != "" && got != number(2)+" Gogo" && !strings.HasPrefix(got, number(2)) {
		t.Errorf("kept is %q", got)
	}
}

// TestTheListIsWhatIsRemembered draws purchases, names and wishes to forget, over
// each database, and compares with a customer of good memory.
func TestTheListIsWhatIsRemembered(t *testing.T) {
	onEachArchive(t, func(t *testing.T, fresh func() *archive) {
		a := fresh()
		life := 0
		kinds := []vend.Kind{vend.KindAirtime, vend.KindElectricity}
		rapid.Check(t, func(rt *rapid.T) {
			life++
			who := fmt.Sprintf("2772%07d", life)
			must := func(err error) {
				if err != nil {
					rt.Fatal(err)
				}
			}
			must(a.redeem(who, 900_00, &vend.Answer{Outcome: vend.Delivered, Amount: 900_00}))
			type memory struct {
				name           string
				bought, struck time.Time
				at             time.Time
				amount         ledger.Cents
			}
			all := map[vend.Kind]map[string]*memory{vend.KindAirtime: {}, vend.KindElectricity: {}}
			for range rapid.IntRange(1, 15).Draw(rt, "events") {
				a.now = a.now.Add(time.Second)
				k := rapid.SampledFrom(kinds).Draw(rt, "kind")
				target := rapid.SampledFrom([]string{"27831112222", "27831113333", "27831114444"}).Draw(rt, "target")
				m := all[k][target]
				if m == nil {
					m = &memory{}
					all[k][target] = m
				}
				switch rapid.SampledFrom([]string{"buy", "buy", "name", "unname", "forget"}).Draw(rt, "event") {
				case "buy":
					amount := ledger.Cents(rapid.IntRange(100, 1000).Draw(rt, "amount"))
					happens := rapid.Bool().Draw(rt, "happens")
					with := &vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater}
					if happens {
						with = &vend.Answer{Outcome: vend.Delivered}
						if k == vend.KindElectricity {
							with.Goods = tokens()
							with.Goods.Utility.Meter = target
						}
					}
					must(a.buy(who, vend.Product{Code: "1", Kind: k, Vendor: "V", Min: 1, Max: 1000_00}, target, amount, with))
					if happens {
						m.bought, m.amount = a.now, amount
					}
				case "name":
					m.name, m.at = rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "name"), a.now
					must(a.service.NameRegular(a.ctx, who, k, target, m.name))
				case "unname":
					m.name = ""
					must(a.service.NameRegular(a.ctx, who, k, target, ""))
				case "forget":
					m.name, m.struck = "", a.now
					must(a.service.ForgetRegular(a.ctx, who, k, target))
				}
			}
			some := kinds[:rapid.IntRange(1, 2).Draw(rt, "kinds")]
			n := rapid.IntRange(1, 6).Draw(rt, "n")
			var want []vend.Regular
			for _, k := range some {
				for target, m := range all[k] {
					switch r := (vend.Regular{Kind: k, Target: target, Nickname: m.name, At: m.at}); {
					case m.bought.After(m.struck):
						r.Product, r.Label, r.Amount, r.At = "1", "V", m.amount, m.bought
						want = append(want, r)
					case m.name != "":
						want = append(want, r)
					}
				}
			}
			slices.SortFunc(want, func(x, y vend.Regular) int { return y.At.Compare(x.At) })
			want = want[:min(n, len(want))]
			got, err := a.service.Regulars(a.ctx, who, n, some...)
			if must(err); !slices.Equal(got, want) {
				rt.Errorf("listed are\n%+v, want\n%+v", got, want)
			}
		})
	})
}
