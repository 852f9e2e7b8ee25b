package vend_test

import (
	"context"
	"errors"
	"testing"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// call makes a customer's or operator's call that ends once its order is taken,
// or soon where it joins one.
func (k *till) call(f func(context.Context) (vend.Order, error)) (vend.Order, error) {
	gone, leave := context.WithCancel(k.t.Context())
	defer leave()
	k.hand.adopt = func(jobs.Job) { leave() }
	k.leave = leave
	return f(gone)
}

// impatient is a till's database, and knows when a call only waits for its order:
// it looks after it then, with a limit of its own for each look. No time that passes
// before cuts a call off.
type impatient struct {
	*store.SQL
	k *till
}

func (d impatient) Order(ctx context.Context, ref string) (vend.Order, error) {
	if _, limited := ctx.Deadline(); limited && d.k.leave != nil {
		d.k.leave()
	}
	return d.SQL.Order(ctx, ref)
}

func voucherOf(amount ledger.Cents) vend.Goods {
	return vend.Goods{Voucher: &vend.Voucher{PIN: secret.New(goodsPIN), Amount: amount}}
}

func TestBalanceBecomesAVoucherAgain(t *testing.T) {
	delivered := vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(30), Goods: voucherOf(ledger.Rand(30))}
	for name, c := range map[string]struct {
		answers   []vend.Answer
		state     vend.State
		books     string
		available ledger.Cents
		held      ledger.Cents
	}{
		"at once":               {[]vend.Answer{delivered}, vend.StateDelivered, "held R30, paid_out R30", ledger.Rand(70), 0},
		"after no answer":       {[]vend.Answer{{}, delivered}, vend.StateDelivered, "held R30, paid_out R30", ledger.Rand(70), 0},
		"first without its PIN": {[]vend.Answer{{Owed: true}, delivered}, vend.StateDelivered, "held R30, paid_out R30", ledger.Rand(70), 0},
		"refused":               {[]vend.Answer{{Outcome: vend.Declined, Reason: vend.ReasonUnavailable}}, vend.StateDeclined, "held R30, released R30", ledger.Rand(100), 0},
		"open":                  {[]vend.Answer{{}}, vend.StateUnknown, "held R30", ledger.Rand(70), ledger.Rand(30)},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, c.answers...)
			ask := vend.Refund{Ref: "F-1", MSISDN: number(1), Amount: ledger.Rand(30), Channel: "test"}
			refund := func() (vend.Order, error) {
				return k.call(func(ctx context.Context) (vend.Order, error) { return k.s.Refund(ctx, ask) })
			}
			if o, err := refund(); err != nil || o.State != vend.StateSending {
				t.Fatalf("order is %s, %v", o.State, err)
			}
			if _, err := refund(); err != nil {
				t.Fatalf("the same again: %v", err)
			}
			var o vend.Order
			for range c.answers {
				o = k.attempt()
			}
			if o.State != c.state || k.books("F-1") != c.books {
				t.Errorf("order is %s, books %q", o.State, k.books("F-1"))
			}
			if g, err := k.s.Goods(o); o.Done() && (err != nil || g.Voucher.PIN.Reveal() != goodsPIN) {
				t.Errorf("goods %v, %v", g, err)
			}
			k.wantMoney(c.available, c.held)
			k.sound()
			ask.Amount++
			if _, err := refund(); !errors.Is(err, vend.ErrReferenceReused) {
				t.Errorf("another amount: %v", err)
			}
			ask.Ref, ask.Amount = "F-2", ledger.Rand(101)
			if _, err := refund(); !errors.Is(err, ledger.ErrInsufficient) {
				t.Errorf("more than there is: %v", err)
			}
			ask.Amount = 0
			if _, err := refund(); !errors.Is(err, vend.ErrRefused) {
				t.Errorf("nothing: %v", err)
			}
		})
	}
}

// sold is a till that sold a voucher of R20 as V-1.
func sold(t *testing.T, answers ...vend.Answer) *till {
	t.Helper()
	k := newTill(t, append([]vend.Answer{{Outcome: vend.Delivered, Goods: voucherOf(ledger.Rand(20))}}, answers...)...)
	_, err := k.buy(vend.Purchase{
		Ref: "V-1", MSISDN: number(1), Amount: ledger.Rand(20), Channel: "test",
		Product: vend.Product{Code: "311", Kind: vend.KindVoucher, Vendor: "1Voucher", Min: 100, Max: ledger.Rand(1000)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o := k.attempt(); !o.Done() {
		t.Fatalf("order is %s", o.State)
	}
	k.hand.job.Attempt = 1
	return k
}

func (k *till) reverse(ref, original string) (vend.Order, error) {
	return k.call(func(ctx context.Context) (vend.Order, error) {
		return k.s.Reverse(ctx, vend.Reversal{Ref: ref, Original: original, By: "thandi", Why: "bought twice"})
	})
}

func TestASaleIsUndone(t *testing.T) {
	k := sold(t, vend.Answer{}, vend.Answer{Outcome: vend.Delivered})
	if _, err := k.reverse("U-1", "V-1"); err != nil {
		t.Fatal(err)
	}
	k.wantMoney(ledger.Rand(80), 0)
	if _, err := k.reverse("U-2", "V-1"); !errors.Is(err, vend.ErrReversing) {
		t.Errorf("a second at once: %v", err)
	}
	k.attempt() // unclear
	k.wantMoney(ledger.Rand(80), 0)
	if o := k.attempt(); !o.Done() {
		t.Fatalf("reversal is %s", o.State)
	}
	if o := k.state("V-1"); o.State != vend.StateReversed {
		t.Errorf("sale is %s", o.State)
	}
	k.wantMoney(ledger.Rand(100), 0)
	if _, err := k.reverse("U-3", "V-1"); !errors.Is(err, vend.ErrNotDone) {
		t.Errorf("a second later: %v", err)
	}
	if got := k.books("V-1"); got != "held R20, captured R20, reversed R20" || k.books("U-1") != "" {
		t.Errorf("books %q and %q", got, k.books("U-1"))
	}
	k.wantTrail("V-1", ">sending customer", "sending>delivered answer", "delivered>reversed undone")
	k.wantTrail("U-1", ">sending operator", "sending>unknown answer", "unknown>delivered answer")
	k.sound()
}

func TestASaleThatIsNotUndoneStands(t *testing.T) {
	k := sold(t, vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonCannotReverse}, vend.Answer{Outcome: vend.Delivered})
	if _, err := k.reverse("U-1", "V-1"); err != nil {
		t.Fatal(err)
	}
	if o := k.attempt(); !o.Refused() || k.state("V-1").State != vend.StateDelivered {
		t.Fatalf("reversal is %s, sale %s", o.State, k.state("V-1").State)
	}
	k.wantMoney(ledger.Rand(80), 0)
	k.hand.job.Attempt = 1
	if _, err := k.reverse("U-2", "V-1"); err != nil {
		t.Fatalf("another try: %v", err)
	}
	if o := k.attempt(); !o.Done() {
		t.Fatalf("reversal is %s", o.State)
	}
	k.wantMoney(ledger.Rand(100), 0)
	k.sound()
}

// A person may decide that the sale was undone while a reversal is under way,
// which is then told so too: its money comes back once.
func TestWhatIsUndoneTwiceIsGivenBackOnce(t *testing.T) {
	k := sold(t, vend.Answer{Outcome: vend.Delivered})
	if _, err := k.reverse("U-1", "V-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.s.Resolve(t.Context(), decision("V-1", vend.VerdictReversed)); err != nil {
		t.Fatal(err)
	}
	k.wantMoney(ledger.Rand(100), 0)
	o := k.attempt()
	if o.State != vend.StatePerson {
		t.Errorf("reversal is %s", o.State)
	}
	k.wantMoney(ledger.Rand(100), 0)
	k.sound()
}

func TestARedemptionIsUndoneOutOfTheBalance(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(50)}, vend.Answer{Outcome: vend.Delivered})
	redeem := func(ctx context.Context) (vend.Order, error) { return k.s.Redeem(ctx, redemption("R-1", 1, pinA)) }
	if _, err := k.call(redeem); err != nil {
		t.Fatal(err)
	}
	k.attempt()
	k.wantMoney(ledger.Rand(150), 0)
	k.hand.job.Attempt = 1
	if _, err := k.reverse("U-1", "R-1"); err != nil {
		t.Fatal(err)
	}
	k.wantMoney(ledger.Rand(100), ledger.Rand(50))
	if o := k.attempt(); !o.Done() || k.state("R-1").State != vend.StateReversed {
		t.Errorf("reversal is %s, redemption %s", o.State, k.state("R-1").State)
	}
	k.wantMoney(ledger.Rand(100), 0)
	if got := k.books("U-1"); got != "held R50, paid_out R50" {
		t.Errorf("books %q", got)
	}
	k.sound()
	// What was spent meanwhile is not there to be taken back.
	poor := newTill(t, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(50)}, vend.Answer{Outcome: vend.Delivered, Amount: ledger.Rand(140), Goods: voucherOf(ledger.Rand(140))})
	if _, err := poor.call(func(ctx context.Context) (vend.Order, error) { return poor.s.Redeem(ctx, redemption("R-1", 1, pinA)) }); err != nil {
		t.Fatal(err)
	}
	poor.attempt()
	poor.hand.job.Attempt = 1
	if _, err := poor.call(func(ctx context.Context) (vend.Order, error) {
		return poor.s.Refund(ctx, vend.Refund{Ref: "F-1", MSISDN: number(1), Amount: ledger.Rand(140)})
	}); err != nil {
		t.Fatal(err)
	}
	poor.attempt()
	if _, err := poor.reverse("U-1", "R-1"); !errors.Is(err, ledger.ErrInsufficient) {
		t.Errorf("money that is gone: %v", err)
	}
	poor.wantMoney(ledger.Rand(10), 0)
}

func TestAPayoutIsUndone(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Goods: voucherOf(ledger.Rand(30))}, vend.Answer{Outcome: vend.Delivered})
	if _, err := k.call(func(ctx context.Context) (vend.Order, error) {
		return k.s.Refund(ctx, vend.Refund{Ref: "F-1", MSISDN: number(1), Amount: ledger.Rand(30)})
	}); err != nil {
		t.Fatal(err)
	}
	k.attempt()
	k.hand.job.Attempt = 1
	if _, err := k.reverse("U-1", "F-1"); err != nil {
		t.Fatal(err)
	}
	k.attempt()
	k.wantMoney(ledger.Rand(100), 0)
	if got := k.books("F-1"); got != "held R30, paid_out R30, restored R30" {
		t.Errorf("books %q", got)
	}
	k.sound()
}
