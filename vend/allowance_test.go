package vend_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/vend"

	"github.com/google/go-cmp/cmp"
)

func (g *gate) Sold(ctx context.Context, customer string, f vend.Fund, since time.Time) (sold vend.Sold, err error) {
	err = g.do("sold", func() error { sold, err = g.sql.Sold(ctx, customer, f, since); return err })
	return sold, err
}

// tight are limits that a few small sales reach, all of them at times.
func tight() vend.Limits {
	return vend.Limits{
		Sale: map[vend.Kind]ledger.Cents{vend.KindAirtime: ledger.Rand(50)},
		Day:  ledger.Rand(120), DaySales: 4, MerchantEach: ledger.Rand(100), MerchantDay: ledger.Rand(170),
	}
}

// reached is the limit that an error tells of; nil for no error.
func reached(t *testing.T, err error) *vend.LimitError {
	t.Helper()
	limit, ok := errors.AsType[*vend.LimitError](err)
	if err != nil && !ok {
		t.Fatalf("not for a limit: %v", err)
	}
	return limit
}

// TestWhatACustomerMaySpendIsWhatTheyCanBuy lets customers buy in turn, three
// days long, and compares what was said before with what came.
func TestWhatACustomerMaySpendIsWhatTheyCanBuy(t *testing.T) {
	for _, fund := range []vend.Fund{vend.FundBalance, vend.FundMerchant} {
		t.Run(string(fund), func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := startWorld(t, d, vend.Options{Fund: fund, Limits: tight()})
				seen := map[vend.LimitKind]bool{}
				r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same amounts every time
				for customer := range 3 {
					if err := w.fund(t.Context(), customer, ledger.Rand(2000)); err != nil {
						t.Fatal(err)
					}
				}
				for i := range 60 {
					if i == 20 || i == 40 { // the shop closes for the night
						p.stop()
						time.Sleep(24 * time.Hour)
						p = w.start(keyring(0))
						t.Cleanup(p.stop)
					}
					customer, amount := r.IntN(3), ledger.Rand(5+r.Int64N(50))
					said := reached(t, p.service.MaySpend(t.Context(), number(customer), vend.KindAirtime, amount))
					_, err := p.buy(fmt.Sprintf("P-ALLOWANCE%d", i), customer, amount)
					if diff := cmp.Diff(reached(t, err), said); diff != "" {
						t.Fatalf("sale %d, %s (-came +said):\n%s", i, amount, diff)
					}
					if said != nil {
						seen[said.Limit] = true
					}
				}
				want := map[vend.LimitKind]bool{vend.LimitSale: true, vend.LimitDay: true, vend.LimitDaySales: true}
				if fund == vend.FundMerchant {
					want[vend.LimitMerchantEach], want[vend.LimitMerchantDay] = true, true
				}
				if diff := cmp.Diff(want, seen); diff != "" {
					t.Errorf("the limits that were reached (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestAStrangersAllowanceIsTheirOwn looks for the sales of everybody in the
// allowance of a number that never bought.
func TestAStrangersAllowanceIsTheirOwn(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{Limits: tight()})
		if err := w.fund(t.Context(), 1, ledger.Rand(500)); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if _, err := p.buy(fmt.Sprintf("P-OTHERS%d", i), 1, ledger.Rand(50)); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.service.MaySpend(t.Context(), number(2), vend.KindAirtime, ledger.Rand(50)); err != nil {
			t.Errorf("a number that never bought: %v", err)
		}
		want := &vend.LimitError{Limit: vend.LimitDay, Most: ledger.Rand(120), Left: ledger.Rand(20)}
		if diff := cmp.Diff(want, reached(t, p.service.MaySpend(t.Context(), number(1), vend.KindAirtime, ledger.Rand(21)))); diff != "" {
			t.Errorf("the one that did (-want +got):\n%s", diff)
		}
		if err := p.service.MaySpend(t.Context(), number(1), vend.KindElectricity, 0); err != nil {
			t.Errorf("free electricity: %v", err)
		}
	})
}

func TestAnAllowanceThatCanNotBeReadIsNoLimit(t *testing.T) {
	for _, op := range []string{"customer", "sold"} {
		t.Run(op, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := startWorld(t, d, vend.Options{Fund: vend.FundMerchant, Limits: tight()})
				if err := w.fund(t.Context(), 1, ledger.Rand(5)); err != nil {
					t.Fatal(err)
				}
				p.gate.breakAll(op)
				err := p.service.MaySpend(t.Context(), number(1), vend.KindAirtime, ledger.Rand(5))
				if !errors.Is(err, errBroken) || errors.Is(err, vend.ErrLimit) {
					t.Errorf("%v", err)
				}
				// A sale that is too large for everybody needs no reading.
				if err := p.service.MaySpend(t.Context(), number(1), vend.KindAirtime, ledger.Rand(51)); !errors.Is(err, vend.ErrLimit) {
					t.Errorf("%v", err)
				}
				p.gate.breakAll("")
			})
		})
	}
}

func TestTheShopsRulesCanBeAskedFor(t *testing.T) {
	s := vend.New(nil, nil, nil, vend.Options{Limits: tight()})
	if s.Fund() != vend.FundBalance || s.MostAtOnce(vend.KindAirtime) != ledger.Rand(50) || s.MostAtOnce(vend.KindBill) != 0 {
		t.Errorf("%s, %s, %s", s.Fund(), s.MostAtOnce(vend.KindAirtime), s.MostAtOnce(vend.KindBill))
	}
	if f := vend.New(nil, nil, nil, vend.Options{Fund: vend.FundMerchant}).Fund(); f != vend.FundMerchant {
		t.Errorf("the fund is %s", f)
	}
}
