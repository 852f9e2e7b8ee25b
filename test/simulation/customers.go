package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// ask is what a customer agreed to, under the reference that was allotted to it.
type ask struct {
	ref      string
	kind     vend.Kind
	customer int
	amount   ledger.Cents
	target   string
	pin      string
	original string
	calls    int  // how often it was asked for
	nothing  bool // somebody was told that nothing was bought
	reused   bool // it was asked for with other contents as well
	by       string
}

// call is one time that a phone, or the operator, waits for an answer.
type call struct {
	id      int
	ask     *ask
	process *process
	looks   bool // only: it agrees to nothing
	order   vend.Order
	err     error
}

// dial makes a call and notes its end.
func (w *world) dial(c *call, patience time.Duration, do func(context.Context) (vend.Order, error)) {
	w.calls++
	c.id = w.calls
	p := c.process
	w.running.Go(func() {
		ctx, cancel := context.WithTimeout(as(p.ctx, "%s call %d", p.name, c.id), patience)
		defer cancel()
		c.order, c.err = do(ctx)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = append(w.ended, c)
	})
}

// askFor asks for what was agreed to, in a process.
func (w *world) askFor(a *ask, p *process, patience time.Duration) {
	a.calls++
	w.trace.note("call %d: %s asks %s for %s %s of %s, %q, waits %s", w.calls+1, number(a.customer), p.name, a.kind, a.ref, a.amount, a.original, patience)
	w.dial(&call{ask: a, process: p}, patience, func(ctx context.Context) (vend.Order, error) {
		switch a.kind {
		case vend.KindRedeem:
			return p.service.Redeem(ctx, vend.Redemption{Ref: a.ref, MSISDN: number(a.customer), PIN: secret.New(a.pin), Channel: "test"})
		case vend.KindRefund:
			return p.service.Refund(ctx, vend.Refund{Ref: a.ref, MSISDN: number(a.customer), Amount: a.amount, Channel: "test", By: a.by, Why: a.by})
		case vend.KindReverse:
			return p.service.Reverse(ctx, vend.Reversal{Ref: a.ref, Original: a.original, Channel: "test", By: a.by, Why: a.by})
		}
		return p.service.Buy(ctx, vend.Purchase{
			Ref: a.ref, MSISDN: number(a.customer), Product: product(a.kind), Amount: a.amount, Target: a.target,
			Free: a.kind == vend.KindElectricity && a.amount == 0, Channel: "test",
		})
	})
}

// product is what is bought of a kind.
func product(k vend.Kind) vend.Product {
	code := map[vend.Kind]string{vend.KindAirtime: "101", vend.KindAirtimePIN: "102", vend.KindVoucher: "103", vend.KindElectricity: "104"}[k]
	return vend.Product{Code: code, Kind: k, Name: string(k), Vendor: "Vodacom", Min: ledger.Rand(1), Max: ledger.Rand(2000), Reversible: k != vend.KindAirtime}
}

// hangsUp looks at what a call came to.
func (w *world) hangsUp(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := c.ask
	w.trace.note("call %d ends: %s %s %v", c.id, c.order.Ref, c.order.State, c.err)
	if c.process.dead.Load() {
		return // the screen went dark
	}
	for _, e := range []error{
		ledger.ErrInsufficient, vend.ErrLimit, vend.ErrRefused, vend.ErrNotWritten, vend.ErrPINTaken, vend.ErrTooManyTries, vend.ErrNotDone, vend.ErrReversing,
	} {
		if errors.Is(c.err, e) {
			a.nothing = true
		}
	}
	if errors.Is(c.err, vend.ErrReferenceReused) && !a.reused {
		w.wrongLocked("call %d: %s is said to be another's", c.id, a.ref)
	}
	if c.err != nil {
		return
	}
	o := c.order
	r := w.book.orders[o.Ref]
	switch {
	case r == nil:
		w.wrongLocked("call %d: %s is shown, which is no order", c.id, o.Ref)
		return
	case o.Ref != a.ref && (a.kind != vend.KindRedeem || o.Kind != vend.KindRedeem || w.numberOf(r.Customer) != number(a.customer)):
		w.wrongLocked("call %d: %s came back as %s", c.id, a.ref, o.Ref)
	case o.Ref == a.ref && !c.looks && (o.Kind != a.kind || a.kind != vend.KindReverse && a.kind != vend.KindRedeem && o.Amount != a.amount ||
		o.Target != a.target || o.Original != a.original || w.numberOf(r.Customer) != number(a.customer)):
		w.wrongLocked("call %d: %s came back with other contents", c.id, a.ref)
	}
	w.tellLocked(o, classOf(o), w.numberOf(r.Customer), fmt.Sprintf("call %d", c.id))
	w.handOver(c, o)
}

// handOver looks at the goods that a screen shows.
func (w *world) handOver(c *call, o vend.Order) {
	if !o.Done() {
		return
	}
	g, err := c.process.service.Goods(o)
	switch {
	case errors.Is(err, vend.ErrNoGoods):
		if o.Kind.Handed() && o.State == vend.StateDelivered {
			w.wrongLocked("call %d: %s is delivered, and there is nothing to hand over", c.id, o.Ref)
		}
		return
	case err != nil:
		w.wrongLocked("call %d: the goods of %s do not open: %v", c.id, o.Ref, err)
		return
	}
	w.sameGoods(o, g)
	if g.Voucher != nil && (o.Kind == vend.KindVoucher || o.Kind == vend.KindRefund) {
		w.pins = append(w.pins, g.Voucher.PIN.Reveal())
	}
}

// sameGoods looks whether goods are what the provider gave for an order.
func (w *world) sameGoods(o vend.Order, g vend.Goods) {
	s := w.truth.done(o.Ref)
	if s == nil {
		w.wrongLocked("%s has goods, and was never sold", o.Ref)
		return
	}
	want, got := secretsOf(s.goods), secretsOf(g)
	// What a person calls vended may lack what never came.
	if !slices.Equal(want, got) && (o.State == vend.StateDelivered || len(got) > 0) {
		w.wrongLocked("%s has the goods of something else", o.Ref)
	}
}

// secretsOf are what goods are good for: PINs and tokens.
func secretsOf(g vend.Goods) (all []string) {
	if g.Voucher != nil && !g.Voucher.PIN.Empty() {
		all = append(all, g.Voucher.PIN.Reveal())
	}
	if g.Utility != nil {
		for _, t := range g.Utility.Tokens {
			if !t.Value.Empty() {
				all = append(all, t.Value.Reveal())
			}
		}
	}
	return all
}

// overLimit looks whether an order that was just added goes past a limit.
func (w *world) overLimit(o vend.Order) (wrongs []string) {
	r := w.book.orders[o.Ref]
	if !o.Kind.Bought() || o.Amount == 0 || len(r.moves) != 1 {
		return nil
	}
	var sum, all ledger.Cents
	sales := 0
	zone := time.FixedZone("SAST", 2*60*60)
	day := func(t time.Time) string { return t.In(zone).Format(time.DateOnly) }
	for _, other := range w.book.orders {
		if !other.Kind.Bought() || day(other.CreatedAt) != day(o.CreatedAt) || other.Amount == 0 {
			continue
		}
		if now := classOf(other.Order); now == classRefused || now == classReversed {
			continue
		}
		all += other.Amount
		if other.Customer == o.Customer {
			sum += other.Amount
			sales++
		}
	}
	over := func(k vend.LimitKind, most, got int64) {
		if most > 0 && got > most {
			wrongs = append(wrongs, fmt.Sprintf("%s goes past the limit %s: %d of %d", o.Ref, k, got, most))
		}
	}
	over(vend.LimitDay, int64(w.limits.Day), int64(sum))
	over(vend.LimitDaySales, int64(w.limits.DaySales), int64(sales))
	over(vend.LimitSale, int64(w.limits.Sale[o.Kind]), int64(o.Amount))
	if w.fund == vend.FundMerchant {
		over(vend.LimitMerchantEach, int64(w.limits.MerchantEach), int64(sum))
		over(vend.LimitMerchantDay, int64(w.limits.MerchantDay), int64(all))
	}
	return wrongs
}
