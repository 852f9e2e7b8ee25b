package vend_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

// limited is a till that sells everything, within limits.
func limited(t *testing.T, f vend.Fund, l vend.Limits) *till {
	t.Helper()
	k := newTill(t, vend.Answer{Outcome: vend.Delivered})
	k.s = vend.New(k.sql, k.p, keyring(0), vend.Options{Now: func() time.Time { return k.now }, Fund: f, Limits: l})
	k.s.Attach(k.hand)
	return k
}

// sell sells airtime of an amount to a customer; nil when it was sold.
func (k *till) sell(n, customer int, amount ledger.Cents) error {
	k.t.Helper()
	k.hand.job = jobs.Job{}
	if _, err := k.buy(purchase(fmt.Sprint("P-", n), customer, amount)); err != nil {
		return err
	}
	if k.hand.job.Key == "" { // it was there before
		return nil
	}
	if o := k.attempt(); !o.State.Final() {
		k.t.Fatalf("order is %s", o.State)
	}
	return nil
}

func wantLimit(t *testing.T, err error, want vend.LimitError) {
	t.Helper()
	got, ok := errors.AsType[*vend.LimitError](err)
	if !ok || *got != want || !errors.Is(err, vend.ErrLimit) {
		t.Errorf("got %v, want %v", err, &want)
	}
}

func TestTheDefaultLimitsAreThoseOfTheStreet(t *testing.T) {
	l := vend.DefaultLimits()
	if l.Sale[vend.KindAirtime] != ledger.Rand(500) || l.Sale[vend.KindElectricity] != ledger.Rand(1000) || l.Day != ledger.Rand(1000) || l.DaySales != 10 {
		t.Errorf("limits are %+v", l)
	}
	for _, k := range vend.Kinds() {
		if k.Bought() != (l.Sale[k] > 0) {
			t.Errorf("%s: at most %s", k, l.Sale[k])
		}
	}
}

func TestACustomerBuysWithinLimits(t *testing.T) {
	k := limited(t, vend.FundBalance, vend.Limits{
		Sale: map[vend.Kind]ledger.Cents{vend.KindAirtime: ledger.Rand(40)}, Day: ledger.Rand(60), DaySales: 3,
	})
	wantLimit(t, k.sell(1, 1, ledger.Rand(41)), vend.LimitError{Limit: vend.LimitSale, Most: ledger.Rand(40), Left: ledger.Rand(40)})
	if err := k.sell(2, 1, ledger.Rand(40)); err != nil {
		t.Fatal(err)
	}
	wantLimit(t, k.sell(3, 1, ledger.Rand(21)), vend.LimitError{Limit: vend.LimitDay, Most: ledger.Rand(60), Left: ledger.Rand(20)})
	k.wantMoney(ledger.Rand(60), 0)
	if err := k.sell(2, 1, ledger.Rand(40)); err != nil { // the same again is no other sale
		t.Errorf("the same again: %v", err)
	}
	// What did not happen does not count.
	k.p.answers = []vend.Answer{{Outcome: vend.Declined, Reason: vend.ReasonTryLater}}
	if err := k.sell(4, 1, ledger.Rand(20)); err != nil {
		t.Fatal(err)
	}
	k.p.answers = []vend.Answer{{Outcome: vend.Delivered}}
	for n := range 2 {
		if err := k.sell(5+n, 1, ledger.Rand(5)); err != nil {
			t.Fatal(err)
		}
	}
	wantLimit(t, k.sell(7, 1, ledger.Rand(5)), vend.LimitError{Limit: vend.LimitDaySales, Sales: 3})
	// Another day begins at midnight in South Africa, which is 22:00 UTC.
	midnight := time.Date(k.now.Year(), k.now.Month(), k.now.Day(), 22, 0, 0, 0, time.UTC)
	k.now = midnight.Add(-time.Second)
	wantLimit(t, k.sell(8, 1, ledger.Rand(5)), vend.LimitError{Limit: vend.LimitDaySales, Sales: 3})
	k.now = midnight
	if err := k.sell(9, 1, ledger.Rand(5)); err != nil {
		t.Errorf("the next day: %v", err)
	}
	k.wantMoney(ledger.Rand(45), 0)
	k.sound()
}

func TestTheOperatorsFloatPaysWithinLimits(t *testing.T) {
	k := limited(t, vend.FundMerchant, vend.Limits{Day: ledger.Rand(1000), MerchantEach: ledger.Rand(50), MerchantDay: ledger.Rand(80)})
	if err := k.sell(1, 2, ledger.Rand(50)); err != nil { // who has no balance
		t.Fatal(err)
	}
	wantLimit(t, k.sell(2, 2, ledger.Rand(5)), vend.LimitError{Limit: vend.LimitMerchantEach, Most: ledger.Rand(50)})
	wantLimit(t, k.sell(3, 3, ledger.Rand(31)), vend.LimitError{Limit: vend.LimitMerchantDay, Most: ledger.Rand(80), Left: ledger.Rand(30)})
	k.p.answers = []vend.Answer{{Outcome: vend.Declined, Reason: vend.ReasonTryLater}, {Outcome: vend.Delivered}}
	for n := range 2 { // what is declined goes back to the float
		if err := k.sell(4+n, 3, ledger.Rand(30)); err != nil {
			t.Fatal(err)
		}
	}
	k.wantMoney(ledger.Rand(100), 0) // nobody's balance is touched
	all, err := k.sql.Balances(t.Context())
	if err != nil || all[ledger.MerchantFunds] != -ledger.Rand(80) || all[ledger.Held("merchant")] != 0 || all[ledger.ProviderFloat] != ledger.Rand(80) {
		t.Errorf("balances %v, %v", all, err)
	}
	k.sound()
}

// Two phones of one customer, and many customers of one merchant, at once: the
// limit is kept to the cent.
func TestLimitsHoldAgainstThoseWhoBuyAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		fund     vend.Fund
		limits   vend.Limits
		customer func(i int) int
		sold     int64
	}{
		"one customer":          {vend.FundBalance, vend.Limits{Day: ledger.Rand(35)}, func(int) int { return 1 }, 3},
		"one customer, by tens": {vend.FundBalance, vend.Limits{DaySales: 4}, func(int) int { return 1 }, 4},
		"one merchant":          {vend.FundMerchant, vend.Limits{MerchantDay: ledger.Rand(55)}, func(i int) int { return i }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := startWorld(t, d, vend.Options{Fund: c.fund, Limits: c.limits})
				if err := w.fund(t.Context(), 1, ledger.Rand(100)); err != nil {
					t.Fatal(err)
				}
				var sold atomic.Int64
				var wg sync.WaitGroup
				for i := range 9 {
					wg.Go(func() {
						switch o, err := p.buy(fmt.Sprint("P-", i), c.customer(i), ledger.Rand(10)); {
						case err == nil && o.State == vend.StateDelivered:
							sold.Add(1)
						case !errors.Is(err, vend.ErrLimit):
							t.Errorf("%s: %v", o.State, err)
						}
					})
				}
				wg.Wait()
				if sold.Load() != c.sold {
					t.Errorf("%d sold, want %d", sold.Load(), c.sold)
				}
			})
		})
	}
}
