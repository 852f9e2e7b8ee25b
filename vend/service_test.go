package vend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

func TestASaleTakesTheMoneyAndSendsAReceipt(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDelivered)
		if !o.Told || o.CallCentre != "100" || o.ProviderRef != "TP-1" || o.Label != "Vodacom" {
			t.Errorf("got %+v", o)
		}
		p.balance(t, 1, ledger.Rand(80), 0)
		pass(time.Second)
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
	})
}

func TestADeclinedSaleGivesTheMoneyBackAndTheScreenSaysSo(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(step{taking: declines, reason: vend.ReasonNumberBarred})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDeclined)
		if o.Reason != vend.ReasonNumberBarred {
			t.Errorf("reason %q", o.Reason)
		}
		p.balance(t, 1, ledger.Rand(100), 0)
		pass(time.Hour)
		if got := w.messages("P-1"); got != "" {
			t.Errorf("messages besides the screen: %q", got)
		}
	})
}

// TestASaleIsFewTransactions counts what a sale costs the database, all of it:
// claiming, reading the buyer and removing the job of the message too.
func TestASaleIsFewTransactions(t *testing.T) {
	for _, c := range []struct {
		name   string
		script step
		redeem bool
		want   []string
	}{
		// Order and hold; answer; the receipt finished.
		{"a purchase", step{taking: sells}, false, []string{"commit", "commit", "finish"}},
		// Order and hold; answer; the message that the screen made unnecessary.
		{"a purchase declined", step{taking: declines}, false, []string{"commit", "commit", "commit"}},
		{"a voucher", step{taking: sells}, true, []string{"commit", "commit", "commit"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				w.provider.issue(pinA, ledger.Rand(50))
				w.provider.expect(c.script)
				var o vend.Order
				var err error
				if c.redeem {
					o, err = p.redeem("R-1", 1, pinA)
				} else {
					o, err = p.buy("P-1", 1, ledger.Rand(20))
				}
				want(t, o, err, vend.StateDelivered, vend.StateDeclined)
				pass(time.Hour)
				got := p.gate.written()
				t.Logf("%d transactions: %s", len(got), strings.Join(got, ", "))
				if !slices.Equal(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestTheSameBuyAgainJoinsTheFirst(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		other := w.start(keyring(0))
		defer other.stop()
		hold := make(chan struct{})
		w.provider.expect(step{taking: sells, during: func() { <-hold }})
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				on := []*process{p, other}[i%2]
				o, err := on.buy("P-1", 1, ledger.Rand(20))
				if err != nil || o.State != vend.StateDelivered {
					t.Errorf("buy %d: %s, %v", i, o.State, err)
				}
			})
		}
		synctest.Wait()
		close(hold)
		wg.Wait()
		for _, on := range []*process{p, other} {
			o, err := on.buy("P-1", 1, ledger.Rand(20))
			want(t, o, err, vend.StateDelivered)
			o, err = on.join("P-1")
			want(t, o, err, vend.StateDelivered)
		}
		p.balance(t, 1, ledger.Rand(80), 0)
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestAReferenceIsNotUsedForAnotherSale(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.issue(pinA, ledger.Rand(50))
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDelivered)
		if err := w.fund(t.Context(), 2, ledger.Rand(100)); err != nil {
			t.Fatal(err)
		}
		change := func(f func(*vend.Purchase)) vend.Purchase {
			p := purchase("P-1", 1, ledger.Rand(20))
			f(&p)
			return p
		}
		for name, other := range map[string]vend.Purchase{
			"another amount":   change(func(p *vend.Purchase) { p.Amount++ }),
			"another number":   change(func(p *vend.Purchase) { p.Target = number(7) }),
			"another product":  change(func(p *vend.Purchase) { p.Product.Code = "102" }),
			"another customer": change(func(p *vend.Purchase) { p.MSISDN = number(2) }),
			"a new customer":   change(func(p *vend.Purchase) { p.MSISDN = number(3) }),
		} {
			if _, err := p.service.Buy(t.Context(), other); !errors.Is(err, vend.ErrReferenceReused) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := p.redeem("P-1", 1, pinA); !errors.Is(err, vend.ErrReferenceReused) {
			t.Errorf("a voucher: %v", err)
		}
		same := change(func(p *vend.Purchase) { p.Channel, p.Product.Vendor, p.Product.Name = "other", "new", "new" })
		if o, err := p.service.Buy(t.Context(), same); err != nil || o.State != vend.StateDelivered {
			t.Errorf("the same on another channel: %v, %v", o.State, err)
		}
		p.balance(t, 1, ledger.Rand(80), 0)
		p.balance(t, 2, ledger.Rand(100), 0)
		if c, err := p.service.Customer(t.Context(), number(3)); err != nil || c.ID != "" {
			t.Errorf("a customer was made: %v, %v", c, err)
		}
	})
}

func TestNothingIsWrittenForASaleThatMayNotBe(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		change := func(f func(*vend.Purchase)) vend.Purchase {
			p := purchase("P-1", 1, ledger.Rand(20))
			f(&p)
			return p
		}
		for name, c := range map[string]struct {
			purchase vend.Purchase
			want     error
		}{
			"too dear for the balance":  {change(func(p *vend.Purchase) { p.Amount = ledger.Rand(100) + 1 }), ledger.ErrInsufficient},
			"nobody's balance":          {change(func(p *vend.Purchase) { p.MSISDN = number(9) }), ledger.ErrInsufficient},
			"less than the product":     {change(func(p *vend.Purchase) { p.Amount = ledger.Rand(5) - 1 }), vend.ErrRefused},
			"more than the product":     {change(func(p *vend.Purchase) { p.Amount = ledger.Rand(1000) + 1 }), vend.ErrRefused},
			"nothing at all":            {change(func(p *vend.Purchase) { p.Amount, p.Product.Min = 0, 0 }), vend.ErrRefused},
			"less than nothing":         {change(func(p *vend.Purchase) { p.Amount, p.Product.Min = -5, -10 }), vend.ErrRefused},
			"a voucher as a product":    {change(func(p *vend.Purchase) { p.Product.Kind = vend.KindRedeem }), vend.ErrRefused},
			"forbidden by the provider": {change(func(p *vend.Purchase) { p.Target = "27820000999" }), vend.ErrRefused},
		} {
			if _, err := p.service.Buy(t.Context(), c.purchase); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		if _, err := p.redeem("R-1", 1, "123"); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("a PIN that is none: %v", err)
		}
		b, err := w.read()
		if err != nil || len(b.orders)+len(b.jobs) != 0 || len(w.provider.sendings()) != 0 {
			t.Errorf("written: %v, %v, %v", b.orders, b.jobs, err)
		}
		if _, err := p.join("P-1"); !errors.Is(err, vend.ErrNoOrder) {
			t.Errorf("join: %v", err)
		}
		p.balance(t, 1, ledger.Rand(100), 0)
	})
}

func TestOneBalanceIsNotSpentTwice(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		other := w.start(keyring(0))
		defer other.stop()
		var wg sync.WaitGroup
		var mu sync.Mutex
		sold, short := 0, 0
		for i := range 10 {
			wg.Go(func() {
				o, err := []*process{p, other}[i%2].buy(fmt.Sprintf("P-%d", i), 1, ledger.Rand(30))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && o.State == vend.StateDelivered:
					sold++
				case errors.Is(err, ledger.ErrInsufficient):
					short++
				default:
					t.Errorf("%s, %v", o.State, err)
				}
			})
		}
		wg.Wait()
		if sold != 3 || short != 7 {
			t.Errorf("%d sold, %d short", sold, short)
		}
		p.balance(t, 1, ledger.Rand(10), 0)
	})
}

// TestARunnerThatTakesNoMoreLeavesTheOrderToALaterClaim: until then nothing was
// sent, and the first sending is no repetition.
func TestARunnerThatTakesNoMoreLeavesTheOrderToALaterClaim(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		if err := w.fund(t.Context(), 1, ledger.Rand(100)); err != nil {
			t.Fatal(err)
		}
		stopping, cancel := context.WithCancel(t.Context())
		cancel()
		_ = p.runner.Stop(stopping)
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateConfirmed)
		p.balance(t, 1, ledger.Rand(80), ledger.Rand(20))
		if n := len(w.provider.sendings()); n != 0 {
			t.Errorf("sent %d times", n)
		}
		next := w.start(keyring(0))
		defer next.stop()
		o, err = next.join("P-1")
		want(t, o, err, vend.StateDelivered)
		pass(time.Minute)
		if got := w.provider.sendings(); len(got) != 1 || got[0].again {
			t.Errorf("sent %+v", got)
		}
		o, err = next.join("P-1")
		want(t, o, err, vend.StateDelivered)
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
	})
}

func TestTheSameBytesAreSentEveryTimeUntilTheAnswerIsClear(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(step{taking: unclear}, step{taking: hangs}, step{taking: panics}, step{taking: refuses}, step{taking: loses})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateUnknown)
		p.balance(t, 1, ledger.Rand(80), ledger.Rand(20))
		pass(5 * time.Minute)
		o, err = p.join("P-1")
		want(t, o, err, vend.StateDelivered)
		sent := w.provider.sendings()
		if len(sent) != 6 {
			t.Errorf("sent %d times", len(sent))
		}
		for i, s := range sent {
			if s.body != sent[0].body || s.again != (i > 0) {
				t.Errorf("sending %d: %+v", i, s)
			}
		}
		p.balance(t, 1, ledger.Rand(80), 0)
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
	})
}

func TestAnAnswerAfterTheTimeToSendIsStillAnAnswer(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(step{taking: late})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateSending)
		pass(time.Minute)
		o, err = p.join("P-1")
		want(t, o, err, vend.StateDelivered)
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
	})
}

func TestWhenTheWindowIsOverAPersonDecidesAndTheMoneyStaysHeld(t *testing.T) {
	for name, always := range map[string]step{
		"unclear": {taking: unclear}, "no answer": {taking: hangs}, "a broken adapter": {taking: panics},
		"refusals of the repetition": {taking: refuses, reason: vend.ReasonUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				w.provider.expect(step{taking: loses})
				w.provider.forever(&always)
				w.provider.expect(step{taking: unclear})
				o, err := p.buy("P-1", 1, ledger.Rand(20))
				want(t, o, err, vend.StateUnknown)
				pass(window - time.Second)
				if o := w.state(t, "P-1"); o.State != vend.StateUnknown {
					t.Fatalf("before the window is over: %s", o.State)
				}
				// One attempt may have begun within the window, or its job been put
				// off past it by a panic.
				pass(6 * time.Minute)
				if o := w.state(t, "P-1"); o.State != vend.StatePerson {
					t.Fatalf("after the window: %s", o.State)
				}
				n := len(w.provider.sendings())
				pass(time.Hour)
				if more := len(w.provider.sendings()); more != n {
					t.Errorf("sent %d times after the window", more-n)
				}
				p.balance(t, 1, ledger.Rand(80), ledger.Rand(20))
				if got := w.messages("P-1"); got != "person" {
					t.Errorf("messages: %q", got)
				}
			})
		})
	}
}

func TestAnAnswerThatContradictsItselfMovesNoMoney(t *testing.T) {
	for _, c := range []struct {
		taking taking
		redeem bool
	}{
		{contradicts, false}, {contradicts2, false}, {otherAmount, false},
		{contradicts, true}, {contradicts2, true}, {noAmount, true},
	} {
		t.Run(fmt.Sprintf("%s, voucher %v", c.taking, c.redeem), func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				w.provider.issue(pinA, ledger.Rand(50))
				w.provider.expect(step{taking: c.taking})
				ref, held := "P-1", ledger.Rand(20)
				buy := func() (vend.Order, error) { return p.buy(ref, 1, held) }
				if c.redeem {
					ref, held = "R-1", 0
					buy = func() (vend.Order, error) { return p.redeem(ref, 1, pinA) }
				}
				o, err := buy()
				want(t, o, err, vend.StatePerson)
				pass(time.Hour)
				p.balance(t, 1, ledger.Rand(100)-held, held)
				if got := w.messages(ref); got != "person" {
					t.Errorf("messages: %q", got)
				}
				if n := len(w.provider.sendings()); n != 1 {
					t.Errorf("sent %d times", n)
				}
				o, err = buy()
				want(t, o, err, vend.StatePerson)
			})
		})
	}
}

func TestAPurchaseWithoutAnAmountInItsAnswerIsAPurchase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(step{taking: noAmount})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDelivered)
		p.balance(t, 1, ledger.Rand(80), 0)
	})
}

func TestARequestThatDoesNotOpenIsNotSent(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(step{taking: unclear})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateUnknown)
		p.crash()
		changed := w.start(keyring(1))
		defer changed.stop()
		pass(time.Minute)
		if o := w.state(t, "P-1"); o.State != vend.StatePerson {
			t.Errorf("order is %s", o.State)
		}
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
		changed.balance(t, 1, ledger.Rand(80), ledger.Rand(20))
		if got := w.messages("P-1"); got != "person" {
			t.Errorf("messages: %q", got)
		}
	})
}

func TestAJobWithoutItsOrderIsBuried(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		if err := w.sql.InTx(t.Context(), func(tx vend.Tx) error {
			_, err := tx.AddJob(jobs.Job{Kind: vend.JobOrder, Key: "P-9", RunAt: time.Now()})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		p.runner.Wake()
		pass(time.Second)
		b, err := w.read()
		if err != nil || !b.jobs["order P-9"] {
			t.Errorf("jobs %v, %v", b.jobs, err)
		}
	})
}

func TestCustomersKeepTheirLanguage(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		_, p := rich(t, d)
		for _, n := range []int{1, 2} {
			if err := p.service.SetLanguage(t.Context(), number(n), "zu"); err != nil {
				t.Fatal(err)
			}
			c, err := p.service.Customer(t.Context(), number(n))
			if err != nil || c.Language != "zu" || c.MSISDN != number(n) || c.ID == "" {
				t.Errorf("got %+v, %v", c, err)
			}
		}
		p.balance(t, 1, ledger.Rand(100), 0)
		p.balance(t, 9, 0, 0)
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDelivered)
		if c, err := p.service.Buyer(t.Context(), o); err != nil || c.MSISDN != number(1) {
			t.Errorf("got %+v, %v", c, err)
		}
		gift := purchase("P-2", 1, ledger.Rand(20))
		gift.Target = number(2)
		o, err = p.service.Buy(t.Context(), gift)
		want(t, o, err, vend.StateDelivered)
		if c, err := p.service.Buyer(t.Context(), o); err != nil || c.MSISDN != number(1) {
			t.Errorf("of a gift: got %+v, %v", c, err)
		}
		if o, err := p.service.Order(t.Context(), "P-1"); err != nil || o.Target != number(1) {
			t.Errorf("got %+v, %v", o, err)
		}
	})
}
