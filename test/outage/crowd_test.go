//go:build unix

package outage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd is many customers at once. When one has gone home another comes in, until
// the doors close.
type crowd struct {
	shop    *shop
	gateway *http.Client
	paying  atomic.Int32 // turns under way that say yes to a purchase
	handing atomic.Int32 // turns under way that hand a voucher in
	numbers atomic.Int64

	enter  context.Context // ends when the doors close
	close  context.CancelFunc
	ctx    context.Context // ends when all must have left
	leave  context.CancelFunc
	inside sync.WaitGroup

	mu  sync.Mutex
	all []*customer
}

// crowd lets so many customers in at a time.
func (s *shop) crowd(together int) *crowd {
	c := &crowd{shop: s, gateway: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: together + 4}}}
	c.numbers.Store(rand.Int64N(9_000) * 1_000)
	c.ctx, c.leave = context.WithCancel(context.Background()) //nolint:fatcontext // kept for as long as the crowd is there
	c.enter, c.close = context.WithCancel(c.ctx)
	s.t.Cleanup(func() {
		c.leave()
		c.inside.Wait()
		c.gateway.CloseIdleConnections()
	})
	for range together {
		c.inside.Go(func() {
			for c.enter.Err() == nil {
				one := c.customer()
				one.pause(c.enter, time.Millisecond, 300*time.Millisecond)
				one.live(c.ctx, 1+rand.IntN(3))
			}
		})
	}
	return c
}

// customer is a new one, with a number and a voucher that nobody else has.
func (c *crowd) customer() *customer {
	worth := 40 + rand.IntN(50)
	one := &customer{
		shop: c.shop, crowd: c, worth: worth,
		number: fmt.Sprintf("2782%07d", c.numbers.Add(1)),
		pin:    fmt.Sprintf("5%05d%010d", worth, rand.Int64N(10_000_000_000)),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
	return one
}

// middle waits until several purchases and a voucher are under way at once.
func (c *crowd) middle() (under int) {
	c.shop.t.Helper()
	eventually(c.shop.t, 30*time.Second, "several sales are under way at once", func() bool {
		pays, hands := c.paying.Load(), c.handing.Load()
		under = int(pays + hands)
		return pays >= 3 && hands >= 1
	})
	return under
}

// sells waits until a new customer gets all the way from a voucher to airtime,
// which must come true by itself once an outage is over.
func (c *crowd) sells(within time.Duration) time.Duration {
	c.shop.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, within)
	defer cancel()
	begun := time.Now()
	one := c.customer()
	one.live(ctx, 1)
	if one.bought != 1 {
		c.shop.t.Fatalf("nothing can be bought %s after the outage was over; a customer's turns:\n%s", time.Since(begun), one.story())
	}
	return time.Since(begun)
}

// last is what was shown last.
func (c *customer) last() string {
	if len(c.turns) == 0 {
		return ""
	}
	t := c.turns[len(c.turns)-1]
	return fmt.Sprintf("%s %d %v", t.screen, t.status, t.err)
}

// goesHome closes the doors and waits until everybody has what they came for, or
// knows that they do not get it. Who is still waiting then has waited too long.
func (c *crowd) goesHome(within time.Duration) {
	c.shop.t.Helper()
	c.close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		c.inside.Wait()
	}()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-gone:
		return
	case <-late.C:
	}
	c.leave()
	<-gone
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		if n := len(one.turns); n > 0 && (!one.redeemed || one.bought < one.wanted) && time.Since(one.turns[n-1].ended) < within+atLast {
			c.shop.t.Errorf("after %s a customer still waits: %s, voucher in %t, bought %d of %d, last screen %q, messages %q", within,
				one.number, one.redeemed, one.bought, one.wanted, one.last(), c.shop.messages.to(one.number))
		}
	}
}

// turns are all turns of all customers, once they have left.
func (c *crowd) turns() (all []turn) {
	for _, one := range c.all {
		all = append(all, one.turns...)
	}
	return all
}

// results are what the proofs came to.
var results table

// result is one line of the table.
type result struct {
	proof                       string
	outages, customers, turns   int
	vouchers, sales, apologies  int
	under                       int // turns that moved money as outages began
	lost, doubled, untold, lies int
	balances                    int // that screens told, and were not so
	slowest, recovery           time.Duration
}

// table collects results of proofs that run at once.
type table struct {
	mu   sync.Mutex
	rows []result
}

func (t *table) add(r result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// String is the table as it is logged.
func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := fmt.Sprintf("%-34s %7s %7s %9s %7s %8s %6s %9s %5s %7s %6s %5s %14s %8s %8s\n", "proof", "outages", "under", "customers", "turns", "vouchers", "sales",
		"apologies", "lost", "doubled", "untold", "lies", "false balances", "slowest", "recovery")
	for _, r := range t.rows {
		s += fmt.Sprintf("%-34s %7d %7d %9d %7d %8d %6d %9d %5d %7d %6d %5d %14d %8s %8s\n", r.proof, r.outages, r.under, r.customers, r.turns, r.vouchers, r.sales,
			r.apologies, r.lost, r.doubled, r.untold, r.lies, r.balances, r.slowest.Round(time.Millisecond), r.recovery.Round(time.Millisecond))
	}
	return s
}

// proof runs rounds of an outage in the middle of sales and reckons up. outage
// makes one and ends it.
func proof(t *testing.T, s *shop, outage func(round int, c *crowd)) {
	t.Helper()
	const together = 16
	s.slow(500 * time.Millisecond)
	c := s.crowd(together)
	r := result{proof: t.Name()}
	for round := range rounds() {
		// Now answers come within what a screen waits for, now they do not.
		s.slow([]time.Duration{600 * time.Millisecond, 1300 * time.Millisecond}[round%2])
		s.unclear()
		r.under += c.middle()
		r.outages++
		outage(round, c)
		s.slow(200 * time.Millisecond)
		r.recovery = max(r.recovery, c.sells(time.Minute))
		eventually(t, 20*time.Second, "the service says that it is ready", s.ready)
	}
	c.goesHome(90 * time.Second)
	reckon(s, c, &r)
	results.add(r)
}
