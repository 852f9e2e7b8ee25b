package vend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

const (
	goodsPIN   = "8123456789012345"
	goodsToken = "12345678901234567890"
	keyToken   = "09876543210987654321"
)

// sellable are goods of every sort.
func sellable() map[string]vend.Goods {
	return map[string]vend.Goods{
		"a PIN": {Voucher: &vend.Voucher{
			PIN: secret.New(goodsPIN), Amount: 29_00, Serial: "S1", Expires: "2029-01-01", HowTo: secret.New("Dial *130*" + goodsPIN + "#"),
		}},
		"a PIN without words": {Voucher: &vend.Voucher{PIN: secret.New(goodsPIN)}},
		"tokens": {Utility: &vend.Utility{
			Meter: "04123456784", Units: "12.3", Unit: "kWh", FreeUnits: "50", Holder: "T Mokoena", PartsKnown: true, Net: 100, VAT: 15,
			Tokens: []vend.Token{
				{Use: vend.TokenKeyChange, Label: "KCT 1", Value: secret.New(keyToken)},
				{Use: vend.TokenCredit, Label: "Credit", Value: secret.New(goodsToken), Serial: "7"},
			},
			Debt: []vend.Charge{{Label: "Arrears", Amount: 50}},
		}},
		"a payment": {Payment: &vend.Payment{Biller: "Kasi Fibre", Account: "110155", Status: "Active"}},
		"nothing":   {},
	}
}

// scripted is a provider whose answers are given.
type scripted struct {
	answers []vend.Answer
	pasts   []vend.Past
	during  func() // done while a request is under way
}

func (*scripted) Prepare(s vend.Sale) (vend.Request, error) {
	return vend.Request{Op: string(s.Kind), Ref: s.Ref, Body: secret.New(fmt.Sprintf("%s %s %d %t", s.Ref, s.Target, s.Amount, s.Free))}, nil
}

func (p *scripted) Send(_ context.Context, _ vend.Request, past vend.Past) vend.Answer {
	p.pasts = append(p.pasts, past)
	if p.during != nil {
		p.during()
	}
	a := p.answers[0]
	if len(p.answers) > 1 {
		p.answers = p.answers[1:]
	}
	return a
}

// till is a shop whose every attempt is one call.
type till struct {
	t    *testing.T
	s    *vend.Service
	db   database
	sql  *store.SQL
	p    *scripted
	hand *byHand
	now  time.Time
	// leave, where it is set, ends the call that waits for its order.
	leave func()
}

func newTill(t *testing.T, answers ...vend.Answer) *till {
	t.Helper()
	db := freshSQLite(t.TempDir())
	sql, err := store.OpenSQL(t.Context(), db.url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sql.Close() })
	k := &till{t: t, db: db, sql: sql, p: &scripted{answers: answers}, hand: &byHand{}, now: opening}
	k.s = vend.New(impatient{sql, k}, k.p, keyring(0), vend.Options{Now: func() time.Time { return k.now }})
	k.s.Attach(k.hand)
	if err := (&world{sql: sql}).fund(t.Context(), 1, ledger.Rand(100)); err != nil {
		t.Fatal(err)
	}
	return k
}

// buy writes the order; attempt then works on it.
func (k *till) buy(p vend.Purchase) (vend.Order, error) {
	gone, leave := context.WithCancel(k.t.Context())
	defer leave()
	k.hand.adopt = func(jobs.Job) { leave() }
	return k.s.Buy(gone, p)
}

// attempt sends once and returns the order as it then stands.
func (k *till) attempt() vend.Order {
	k.t.Helper()
	j := k.hand.job
	if j.Attempt > 1 {
		claimed, err := k.sql.Claim(k.t.Context(), []jobs.Kind{vend.JobOrder}, 1, "hand", k.now.Add(time.Hour), k.now.Add(2*time.Hour))
		if err != nil || len(claimed) != 1 {
			k.t.Fatalf("claimed %v, %v", claimed, err)
		}
		j = claimed[0]
	}
	if res := k.s.Work(k.t.Context(), j); res != jobs.Written() {
		k.t.Fatalf("attempt %d: %+v", j.Attempt, res)
	}
	k.hand.job.Attempt++
	o, err := k.sql.Order(k.t.Context(), j.Key)
	if err != nil {
		k.t.Fatal(err)
	}
	return o
}

func (k *till) wantMoney(available, held ledger.Cents) {
	k.t.Helper()
	b, err := k.s.Balance(k.t.Context(), number(1))
	if err != nil || b.Available != available || b.Held != held {
		k.t.Errorf("balance %v, %v; want %v and %v held", b, err, available, held)
	}
}

func forMeter(amount ledger.Cents, free bool) vend.Purchase {
	return vend.Purchase{
		Ref: vend.NewRef(vend.KindElectricity, opening), MSISDN: number(1), Amount: amount, Target: "04123456784", Free: free, Channel: "test",
		Product: vend.Product{Code: "401", Kind: vend.KindElectricity, Vendor: "Electricity", Min: ledger.Rand(10), Max: ledger.Rand(5000)},
	}
}

func equalSecrets() cmp.Option {
	return cmp.Comparer(func(a, b secret.Text) bool { return a.Equal(b.Reveal()) })
}

func TestGoodsAreKeptSealedAndOpenedWhole(t *testing.T) {
	for name, goods := range sellable() {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(20), Goods: goods})
			p := forMeter(ledger.Rand(20), false)
			if goods.Utility == nil {
				p.Product.Kind = vend.KindAirtime // brings nothing by itself, and may all the same
			}
			if _, err := k.buy(p); err != nil {
				t.Fatal(err)
			}
			o := k.attempt()
			if o.State != vend.StateDelivered {
				t.Fatalf("order is %s", o.State)
			}
			k.wantMoney(ledger.Rand(80), 0)
			for _, s := range []string{goodsPIN, goodsToken, keyToken, "Mokoena", "Kasi"} {
				if bytes.Contains(o.Goods, []byte(s)) {
					t.Errorf("the order holds %q in the open", s)
				}
			}
			got, err := k.s.Goods(o)
			if goods.Empty() {
				if !errors.Is(err, vend.ErrNoGoods) {
					t.Errorf("error %v, want ErrNoGoods", err)
				}
				return
			}
			if diff := cmp.Diff(goods, got, equalSecrets()); diff != "" || err != nil {
				t.Errorf("%v (-sold +opened):\n%s", err, diff)
			}
			o.Ref = "P-ANOTHER"
			if _, err := k.s.Goods(o); !errors.Is(err, secret.ErrSealed) {
				t.Errorf("goods of one order opened as another's: %v", err)
			}
		})
	}
}

func TestNothingPrintsGoods(t *testing.T) {
	for name, g := range sellable() {
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(b), fmt.Sprintf("%v %+v %#v %s", g, g, g, g), fmt.Sprint(vend.Answer{Goods: g}), fmt.Sprintf("%+v", &g)} {
			for _, s := range []string{goodsPIN, goodsToken, keyToken} {
				if strings.Contains(text, s) {
					t.Errorf("%s prints %q: %s", name, s, text)
				}
			}
		}
		if text := fmt.Sprintf("%+v %v", g, vend.Answer{Goods: g}); strings.Contains(text, "Mokoena") {
			t.Errorf("%s names its holder: %s", name, text)
		}
	}
	meter, account := vend.Meter{Holder: "T Mokoena", Address: "1 Long St", Number: "04123456784"}, vend.Account{Holder: "T Mokoena", Number: "5"}
	if text := fmt.Sprintf("%+v %v", meter, account); strings.Contains(text, "Mokoena") || strings.Contains(text, "Long") || strings.Contains(text, "0412") {
		t.Errorf("an enquiry names its holder: %s", text)
	}
}

func TestASaleWithoutItsGoodsIsAskedForAgain(t *testing.T) {
	tokens := sellable()["tokens"]
	for name, first := range map[string]vend.Answer{
		"said to be owed":   {Owed: true, Alert: true, Code: "0", Amount: ledger.Rand(20)},
		"said to be there":  {Outcome: vend.Delivered, Code: "0", Amount: ledger.Rand(20)},
		"another sort only": {Owed: true, Code: "0"},
		"there in part": {Owed: true, Code: "0", Goods: vend.Goods{Utility: &vend.Utility{
			Meter: "04123456784", Tokens: []vend.Token{{Use: vend.TokenKeyChange, Value: secret.New(keyToken)}},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, first, first, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(20), Goods: tokens})
			if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if o := k.attempt(); o.State != vend.StateOwed {
					t.Fatalf("order is %s", o.State)
				}
				k.wantMoney(ledger.Rand(80), 0)
			}
			o := k.attempt()
			if got, err := k.s.Goods(o); o.State != vend.StateDelivered || err != nil || len(got.Utility.Tokens) != 2 {
				t.Errorf("order is %s, goods %v, %v", o.State, got, err)
			}
			k.wantMoney(ledger.Rand(80), 0)
		})
	}
}

func TestGoodsOfAnotherValueAreKeptForAPerson(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(10), Goods: sellable()["tokens"]})
	if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
		t.Fatal(err)
	}
	o := k.attempt()
	if got, err := k.s.Goods(o); o.State != vend.StatePerson || err != nil || got.Utility == nil {
		t.Errorf("order is %s, goods %v, %v", o.State, got, err)
	}
	k.wantMoney(ledger.Rand(80), ledger.Rand(20))
}

func TestFreeElectricityCostsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		answer vend.Answer
		want   vend.State
	}{
		"issued":  {vend.Answer{Outcome: vend.Delivered, Goods: sellable()["tokens"]}, vend.StateDelivered},
		"refused": {vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonFreeAlreadyIssued}, vend.StateDeclined},
		"unclear": {vend.Answer{}, vend.StateUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, c.answer)
			if _, err := k.buy(forMeter(0, true)); err != nil {
				t.Fatal(err)
			}
			if o := k.attempt(); o.State != c.want {
				t.Errorf("order is %s", o.State)
			}
			k.wantMoney(ledger.Rand(100), 0)
			if faults, err := k.sql.CheckBooks(t.Context()); err != nil || len(faults) != 0 {
				t.Errorf("books: %v, %v", faults, err)
			}
		})
	}
	k := newTill(t, vend.Answer{})
	airtime := forMeter(0, true)
	airtime.Product.Kind = vend.KindAirtime
	for name, p := range map[string]vend.Purchase{"for money": forMeter(ledger.Rand(10), true), "unasked": forMeter(0, false), "airtime": airtime} {
		if _, err := k.buy(p); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", name, err)
		}
	}
}

func TestTheProviderIsToldWhatCameBefore(t *testing.T) {
	k := newTill(t, vend.Answer{Code: "500"}, vend.Answer{Code: "2105"}, vend.Answer{Code: "2105"}, vend.Answer{Code: "2105"},
		vend.Answer{Code: ""}, vend.Answer{Code: "2105"}, vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater, Code: "2105"})
	if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
		t.Fatal(err)
	}
	for range 7 {
		k.attempt()
		k.now = k.now.Add(time.Minute)
	}
	want := []vend.Past{
		{},
		{Again: true, Code: "500", Times: 1, For: time.Minute},
		{Again: true, Code: "2105", Times: 1, For: time.Minute},
		{Again: true, Code: "2105", Times: 2, For: 2 * time.Minute},
		{Again: true, Code: "2105", Times: 3, For: 3 * time.Minute},
		{Again: true, Code: "", Times: 1, For: time.Minute},
		{Again: true, Code: "2105", Times: 1, For: time.Minute},
	}
	for n := range want {
		want[n].Age = time.Duration(n) * time.Minute
	}
	if diff := cmp.Diff(want, k.p.pasts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	k.wantMoney(ledger.Rand(100), 0)
}

func TestWhatMovesMoneyInOtherWaysIsNotBought(t *testing.T) {
	k := newTill(t, vend.Answer{})
	for _, kind := range append([]vend.Kind{"", "lottery"}, vend.Kinds()...) {
		if kind.Bought() {
			continue
		}
		p := forMeter(ledger.Rand(20), false)
		p.Product.Kind = kind
		if _, err := k.buy(p); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("%q: %v, want ErrRefused", kind, err)
		}
	}
}
