package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/vend"
)

// minRatio is how fast a sale must be beside the bare driver, and enoughRounds
// from how many rounds on that can be judged.
const minRatio, enoughRounds = 0.7, 20

// BenchmarkSale compares purchases, from the customer's yes to the message that
// the gateway took, with the bare driver sending the same statements in the same
// transactions. Each round measures both, in a random order, so that whatever
// else the machine does befalls both; medians of the rounds are told. For rounds
// enough: -benchtime 30x.
func BenchmarkSale(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		for _, customers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/customers=%d", name, customers), func(b *testing.B) {
				r := newRace(b, eachDatabase()[name](b), customers)
				store, driver := r.run(b, r.sell, r.twin.sell)
				tell(b, "store", store, "driver", driver)
				if ratio := middle(ratios(store, driver)); len(store) >= enoughRounds && ratio < minRatio {
					b.Errorf("a sale is %.2f as fast as the bare driver; want %.2f at least", ratio, minRatio)
				}
			})
		}
	}
}

// BenchmarkHotRow tells what it costs that all sales move one row, the float at
// the provider: the bare driver beside itself with a row for each customer.
func BenchmarkHotRow(b *testing.B) {
	r := newRace(b, eachDatabase()["postgres"](b), 8)
	apart := *r.twin
	apart.float = func(worker int) string { return fmt.Sprintf("flash:float:%d", worker) }
	one, many := r.run(b, r.twin.sell, apart.sell)
	tell(b, "one_row", one, "row_each", many)
}

// race is two ways of selling on one database.
type race struct {
	shop      *shop
	twin      *twin
	customers int
	next      func() buyer
}

// newRace opens a shop and takes its twin.
func newRace(b *testing.B, url string, customers int) *race {
	b.Helper()
	const buyers = 20_000
	s, err := OpenSQL(b.Context(), url, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	seedBuyers(b, s, buyers)
	var sold atomic.Int64
	r := &race{customers: customers, next: func() buyer { return buyerOf(int(sold.Add(1)%buyers) + 1) }}
	tape := record(s)
	heard := openShop(b, s, vend.Options{Limits: vend.DefaultLimits()})
	r.twin = takeTwin(b, heard, tape, r.next, airtime)
	heard.close(b)
	s.read.watch, s.write.watch = nil, nil
	r.shop = openShop(b, s, vend.Options{Limits: vend.DefaultLimits()})
	b.Logf("one sale: %d transactions and single reads, %d statements", len(r.twin.txs), len(slices.Concat(r.twin.txs...)))
	return r
}

func (r *race) sell(ctx context.Context, _ int, who buyer) error { return r.shop.do(ctx, who, airtime) }

// run lets both ways sell in turns and returns the sales a second of each round.
// At the end the books must be right.
func (r *race) run(b *testing.B, ways ...func(context.Context, int, buyer) error) (first, second []float64) {
	b.Helper()
	const perCustomer = 30
	round := func(sell func(context.Context, int, buyer) error) float64 {
		var wg sync.WaitGroup
		began := time.Now()
		for worker := range r.customers {
			wg.Go(func() {
				for range perCustomer {
					if err := sell(b.Context(), worker, r.next()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		return float64(perCustomer*r.customers) / time.Since(began).Seconds()
	}
	for i := range 4 { // connections, statements and caches
		round(ways[i%2])
	}
	for b.Loop() {
		speed := make([]float64, 2)
		for _, i := range rand.Perm(2) {
			speed[i] = round(ways[i])
		}
		first, second = append(first, speed[0]), append(second, speed[1])
	}
	b.StopTimer()
	for _, check := range []func(context.Context) ([]Fault, error){r.shop.sql.CheckBooks, r.shop.sql.CheckOrders} {
		if faults, err := check(b.Context()); err != nil || len(faults) > 0 {
			b.Fatal(len(faults), faults[:min(len(faults), 5)], err)
		}
	}
	if left, err := r.shop.sql.Stats(b.Context(), time.Now()); err != nil || len(left.Orders)+len(left.Jobs) > 0 {
		b.Fatalf("left over: %+v, %v", left, err)
	}
	return first, second
}

// tell reports the medians of two ways and of their ratio.
func tell(b *testing.B, a string, as []float64, z string, zs []float64) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middle(as), a+"_sales/s")
	b.ReportMetric(middle(zs), z+"_sales/s")
	b.ReportMetric(middle(ratios(as, zs)), "ratio")
}

func ratios(as, zs []float64) []float64 {
	all := make([]float64, len(as))
	for i := range as {
		all[i] = as[i] / zs[i]
	}
	return all
}

func middle(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}
