package vend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// A sale that the provider said had happened is never given back, whatever it
// says later: the goods are owed, or a person must look.
func TestWhatIsOwedIsNotGivenBack(t *testing.T) {
	owed := map[string]vend.Answer{
		"said to be owed":       {Owed: true, Code: "0"},
		"said to be there":      {Outcome: vend.Delivered, Code: "0"},
		"a PIN that is not one": {Outcome: vend.Delivered, Code: "0", Goods: vend.Goods{Voucher: &vend.Voucher{Serial: "1"}}},
	}
	between := map[string][]vend.Answer{
		"at once": nil, "after no answer": {{}}, "after other codes": {{Code: "2105"}, {Code: "2300"}, {}},
	}
	for name, first := range owed {
		for when, unclear := range between {
			t.Run(name+", "+when, func(t *testing.T) {
				answers := append([]vend.Answer{first}, unclear...)
				k := newTill(t, append(answers, vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater, Code: "2105"})...)
				if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
					t.Fatal(err)
				}
				for range answers {
					if o := k.attempt(); o.State != vend.StateOwed {
						t.Fatalf("order is %s", o.State)
					}
				}
				if o := k.attempt(); o.State != vend.StatePerson {
					t.Errorf("order is %s", o.State)
				}
				k.wantMoney(ledger.Rand(80), 0)
			})
		}
	}
	// Nor is what an answer itself has goods of.
	for _, a := range []vend.Answer{{Outcome: vend.Declined, Goods: sellable()["tokens"]}, {Outcome: vend.Declined, Owed: true}} {
		k := newTill(t, a)
		if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
			t.Fatal(err)
		}
		if o := k.attempt(); o.State != vend.StatePerson {
			t.Errorf("declined with %v, owed %t: order is %s", a.Goods, a.Owed, o.State)
		}
		k.wantMoney(ledger.Rand(80), ledger.Rand(20))
	}
	k := newTill(t, vend.Answer{Owed: true}, vend.Answer{Outcome: vend.Delivered, Goods: sellable()["tokens"]})
	if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
		t.Fatal(err)
	}
	k.attempt()
	if o := k.attempt(); o.State != vend.StateDelivered || o.Reason != "" {
		t.Errorf("order is %s, reason %q", o.State, o.Reason)
	}
}

// Goods that hold nothing of worth are none.
func TestHollowGoodsAreOwed(t *testing.T) {
	pin, token := secret.New(goodsPIN), secret.New(goodsToken)
	for name, g := range map[string]vend.Goods{
		"nothing":                      {},
		"no tokens":                    {Utility: &vend.Utility{Meter: "04123456784"}},
		"a token without its number":   {Utility: &vend.Utility{Tokens: []vend.Token{{Use: vend.TokenCredit}}}},
		"new keys, and nothing for it": {Utility: &vend.Utility{Tokens: []vend.Token{{Use: vend.TokenKeyChange, Value: token}}}},
		"a voucher for a meter":        {Voucher: &vend.Voucher{PIN: pin}},
		"the receipt of a payment":     {Payment: &vend.Payment{Biller: "B"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(20), Goods: g})
			if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
				t.Fatal(err)
			}
			if o := k.attempt(); o.State != vend.StateOwed {
				t.Errorf("order is %s", o.State)
			}
			k.wantMoney(ledger.Rand(80), 0)
		})
	}
	for _, k := range vend.Kinds() {
		if got := (vend.Goods{}).Satisfy(k); got == k.Handed() {
			t.Errorf("nothing is enough for %s: %t", k, got)
		}
		full := vend.Goods{Voucher: &vend.Voucher{PIN: pin}, Utility: &vend.Utility{Tokens: []vend.Token{{Value: token}}}}
		if !full.Satisfy(k) {
			t.Errorf("everything is not enough for %s", k)
		}
	}
}

// Tokens for a meter that was not asked for are a person's to sort out, and
// kept.
func TestTokensForAnotherMeterAreForAPerson(t *testing.T) {
	for meter, want := range map[string]vend.State{
		"04123456784": vend.StateDelivered, "4123456784": vend.StateDelivered, "": vend.StateDelivered, "04123456792": vend.StatePerson,
	} {
		g := sellable()["tokens"]
		utility := *g.Utility
		utility.Meter = meter
		g.Utility = &utility
		k := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(20), Goods: g})
		if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
			t.Fatal(err)
		}
		o := k.attempt()
		if got, err := k.s.Goods(o); o.State != want || err != nil || len(got.Utility.Tokens) != 2 {
			t.Errorf("for %q: order is %s, goods %v, %v", meter, o.State, got, err)
		}
	}
}

// What is in hand when the books refuse is kept all the same.
func TestGoodsAreKeptWhenTheBooksRefuse(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(20), Goods: sellable()["tokens"]})
	o, err := k.buy(forMeter(ledger.Rand(20), false))
	if err != nil {
		t.Fatal(err)
	}
	err = k.sql.InTx(t.Context(), func(tx vend.Tx) error {
		return tx.Post(ledger.Release(o.Ref, ledger.CustomerPays(o.Customer), o.Amount), k.now)
	})
	if err != nil {
		t.Fatal(err)
	}
	o = k.attempt()
	if got, err := k.s.Goods(o); o.State != vend.StatePerson || err != nil || len(got.Utility.Tokens) != 2 {
		t.Errorf("order is %s, goods %v, %v", o.State, got, err)
	}
}

// An answer that comes when the order went to a person meanwhile, by another
// process, is the last one that will: its goods are kept, its money is not moved.
func TestGoodsThatComeAfterAPersonWasCalledAreKept(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(20), Goods: sellable()["tokens"], ProviderRef: "9"})
	if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
		t.Fatal(err)
	}
	k.p.during = func() {
		k.p.during = nil
		k.now = k.now.Add(4 * time.Hour) // the lease is over, and so is the window
		other, err := k.sql.Claim(context.WithoutCancel(t.Context()), []jobs.Kind{vend.JobOrder}, 1, "other", k.now, k.now.Add(time.Hour))
		if err != nil || len(other) != 1 {
			t.Fatalf("claimed %v, %v", other, err)
		}
		if res := k.s.Work(t.Context(), other[0]); res != jobs.Written() {
			t.Fatalf("the other process: %+v", res)
		}
	}
	o := k.attempt()
	if got, err := k.s.Goods(o); o.State != vend.StatePerson || err != nil || len(got.Utility.Tokens) != 2 {
		t.Errorf("order is %s, goods %v, %v", o.State, got, err)
	}
	k.wantMoney(ledger.Rand(80), ledger.Rand(20))
	if len(k.p.pasts) != 1 {
		t.Errorf("sent %d times", len(k.p.pasts))
	}
}

// An order written before codes were counted has a code, and no count: counting
// begins with the next one.
func TestAnOrderOfAnEarlierVersionBeginsToCount(t *testing.T) {
	k := newTill(t, vend.Answer{Code: "2105"})
	o, err := k.buy(forMeter(ledger.Rand(20), false))
	if err != nil {
		t.Fatal(err)
	}
	k.attempt()
	err = k.sql.InTx(t.Context(), func(tx vend.Tx) error {
		o, err = tx.Order(o.Ref)
		o.CodeTimes, o.CodeSince = 0, time.UnixMilli(0)
		return errors.Join(err, tx.UpdateOrder(o))
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		k.now = k.now.Add(time.Minute)
		k.attempt()
	}
	want := []vend.Past{
		{}, {Again: true, Code: "2105", Age: time.Minute}, {Again: true, Code: "2105", Times: 1, For: time.Minute, Age: 2 * time.Minute},
	}
	if diff := cmp.Diff(want, k.p.pasts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever a provider puts into a PIN or a token comes out as it was.
func TestSecretsOfGoodsComeBackByteForByte(t *testing.T) {
	k := newTill(t, vend.Answer{})
	there := func(t *rapid.T, g vend.Goods) {
		k.p.answers = []vend.Answer{{Outcome: vend.Delivered, Goods: g}}
		p := forMeter(0, true)
		if _, err := k.buy(p); err != nil {
			t.Fatal(err)
		}
		o := k.attempt()
		k.hand.job.Attempt = 1
		got, err := k.s.Goods(o)
		if diff := cmp.Diff(g, got, equalSecrets()); diff != "" || err != nil {
			t.Fatalf("%v (-sold +opened):\n%s", err, diff)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		odd := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x00", "a\x00b", "\xff\xfe1", "\"", `\u0000`, "</script>", "\u2028", "[secret]", "null"}))
		g := vend.Goods{Utility: &vend.Utility{Holder: rapid.String().Draw(t, "holder"), Tokens: []vend.Token{{Use: vend.TokenCredit, Value: secret.New("1")}}}}
		for range rapid.IntRange(0, 5).Draw(t, "tokens") {
			g.Utility.Tokens = append(g.Utility.Tokens, vend.Token{Label: rapid.String().Draw(t, "label"), Value: secret.New(odd.Draw(t, "token"))})
		}
		if rapid.Bool().Draw(t, "voucher") {
			g.Voucher = &vend.Voucher{PIN: secret.New(odd.Draw(t, "PIN")), HowTo: secret.New(odd.Draw(t, "words"))}
		}
		there(t, g)
	})
	many := &vend.Utility{}
	for i := range 50_000 { // more than a megabyte of them
		many.Tokens = append(many.Tokens, vend.Token{Use: vend.TokenCredit, Value: secret.New(fmt.Sprintf("%020d", i))})
	}
	k.p.answers = []vend.Answer{{Outcome: vend.Delivered, Goods: vend.Goods{Utility: many}}}
	if _, err := k.buy(forMeter(0, true)); err != nil {
		t.Fatal(err)
	}
	if got, err := k.s.Goods(k.attempt()); err != nil || len(got.Utility.Tokens) != len(many.Tokens) || !got.Utility.Tokens[49_999].Value.Equal("00000000000000049999") {
		t.Errorf("goods %v, %v", got, err)
	}
}

// Nothing that is out of order becomes a purchase, and no amount gets past the
// books.
func TestOddPurchasesAreRefused(t *testing.T) {
	limitless := vend.Product{Code: "9", Kind: vend.KindAirtime, Vendor: "V", Min: math.MinInt64, Max: math.MaxInt64}
	bill := vend.Product{Code: "9", Kind: vend.KindBill, Vendor: "V", Biller: "1101", Min: 1, Max: ledger.Rand(50)}
	bare := bill
	bare.Biller = ""
	for name, c := range map[string]struct {
		p    vend.Purchase
		want error
	}{
		"all the money there is":         {vend.Purchase{Product: limitless, Amount: math.MaxInt64}, ledger.ErrInsufficient},
		"less than nothing":              {vend.Purchase{Product: limitless, Amount: math.MinInt64}, vend.ErrRefused},
		"a cent less than nothing":       {vend.Purchase{Product: limitless, Amount: -1}, vend.ErrRefused},
		"nothing":                        {vend.Purchase{Product: limitless}, vend.ErrRefused},
		"free airtime":                   {vend.Purchase{Product: limitless, Free: true}, vend.ErrRefused},
		"a product of a lost catalogue":  {vend.Purchase{Amount: 100}, vend.ErrRefused},
		"an account at another's biller": {vend.Purchase{Product: bill, Amount: 100, Target: "220112345"}, vend.ErrRefused},
		"an account at no biller":        {vend.Purchase{Product: bare, Amount: 100, Target: "110112345"}, vend.ErrRefused},
		"nobody's account":               {vend.Purchase{Product: bill, Amount: 100}, vend.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, vend.Answer{})
			c.p.Ref, c.p.MSISDN = vend.NewRef(vend.KindAirtime, opening), number(1)
			if o, err := k.buy(c.p); !errors.Is(err, c.want) {
				t.Errorf("order %s, %v; want %v", o.State, err, c.want)
			}
			k.wantMoney(ledger.Rand(100), 0)
			if len(k.p.pasts) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

// Two presses are one purchase, also where the second comes with another look-up
// of the same meter.
func TestASecondPressWithAnotherEnquiryJoinsTheFirst(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Goods: sellable()["tokens"]})
	p := forMeter(ledger.Rand(20), false)
	p.Enquiry = "1"
	first, err := k.buy(p)
	if err != nil {
		t.Fatal(err)
	}
	p.Enquiry = strings.Repeat("2", 1<<16)
	k.attempt()
	second, err := k.s.Buy(t.Context(), p)
	if err != nil || second.State != vend.StateDelivered || !bytes.Equal(second.Sealed, first.Sealed) || len(k.p.pasts) != 1 {
		t.Errorf("joined an order that is %s, %v, sent %d times", second.State, err, len(k.p.pasts))
	}
	k.wantMoney(ledger.Rand(80), 0)
}
