package matrix

import (
	"context"
	"errors"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// again asks for everything a second time, when all is over: the same joins what
// was, anything else under its reference is refused, and what may be tried anew
// works.
func (c *cell) again(ctx context.Context) {
	was, err := c.service.Order(ctx, c.ref)
	if !c.check("read order", err) {
		return
	}
	before := c.host.arrivals("")
	o, err := c.ask(ctx, c.ref)
	if err != nil || o.Ref != c.ref || o.State != was.State || o.Resolution != was.Resolution {
		c.wrong("asked for again when it was %s: %s is %s, %v", was.State, o.Ref, o.State, err)
	}
	c.others(ctx)
	if was.Done() {
		c.beside(ctx, true)
	}
	if n := c.host.arrivals("") - before; n != 0 {
		c.wrong("asked for again when it was %s: %d more requests were sent", was.State, n)
	}
	c.money(ctx)
	if was.Refused() && !c.lied() { // what is given once a month is gone
		c.anew(ctx)
	}
}

// others asks for other things under the reference that is taken.
func (c *cell) others(ctx context.Context) {
	refuse := func(what string, ask func() (vend.Order, error)) {
		if o, err := ask(); !errors.Is(err, vend.ErrReferenceReused) {
			c.wrong("%s under its reference: %s is %s, %v", what, o.Ref, o.State, err)
		}
	}
	k := c.row.kind
	if k != vend.KindRefund {
		refuse("a refund", func() (vend.Order, error) {
			return c.service.Refund(ctx, vend.Refund{Ref: c.ref, MSISDN: c.msisdn, Amount: ledger.Rand(30), Channel: "test"})
		})
	}
	if k != vend.KindReverse {
		refuse("an undoing", func() (vend.Order, error) {
			return c.service.Reverse(ctx, vend.Reversal{Ref: c.ref, Original: c.purse, Channel: "test"})
		})
	}
	switch {
	case k.Bought():
		p := c.purchase(c.ref)
		p.MSISDN = c.friend
		refuse("somebody else's purchase", func() (vend.Order, error) { return c.service.Buy(ctx, p) })
		p = c.purchase(c.ref)
		switch {
		case c.row.free:
			p.Free, p.Amount = false, ledger.Rand(20)
		case !p.Product.Fixed():
			p.Amount += ledger.Rand(1)
		case p.Target != "":
			p.Target = target(k, c.n+1, false, terms{})
		default:
			p.Product.Code = "1" + p.Product.Code
		}
		refuse("another purchase", func() (vend.Order, error) { return c.service.Buy(ctx, p) })
	case k == vend.KindRedeem:
		refuse("another voucher", func() (vend.Order, error) {
			return c.service.Redeem(ctx, vend.Redemption{Ref: c.ref, MSISDN: c.msisdn, PIN: secret.New(voucherPIN(60, c.n)), Channel: "test"})
		})
	case k == vend.KindRefund:
		refuse("another refund", func() (vend.Order, error) {
			return c.service.Refund(ctx, vend.Refund{Ref: c.ref, MSISDN: c.msisdn, Amount: c.amount + 100, Channel: "test"})
		})
	case k == vend.KindReverse:
		refuse("another undoing", func() (vend.Order, error) {
			return c.service.Reverse(ctx, vend.Reversal{Ref: c.ref, Original: c.purse, Channel: "test"})
		})
	}
}

// beside asks for the same thing under another reference, where it is done, or
// may be: nothing of it may be sent. later says that it was done a while ago.
func (c *cell) beside(ctx context.Context, later bool) {
	was, err := c.service.Order(ctx, c.ref)
	if !c.check("read order", err) {
		return
	}
	switch c.row.kind {
	case vend.KindRedeem:
		other := vend.Redemption{Ref: c.shop.newRef(c, vend.KindRedeem), MSISDN: c.msisdn, PIN: c.pin, Channel: "test"}
		o, err := c.service.Redeem(ctx, other)
		switch {
		case later && !errors.Is(err, vend.ErrPINTaken):
			c.wrong("the same voucher again: %s is %s, %v", o.Ref, o.State, err)
		case !later && (err != nil || o.Ref != c.ref || o.State != was.State):
			c.wrong("the same voucher again while it is %s: %s is %s, %v", was.State, o.Ref, o.State, err)
		}
		other.MSISDN = c.friend
		if o, err := c.service.Redeem(ctx, other); !errors.Is(err, vend.ErrPINTaken) {
			c.wrong("the same voucher by somebody else: %s is %s, %v", o.Ref, o.State, err)
		}
	case vend.KindReverse:
		want := vend.ErrReversing
		if was.Done() {
			want = vend.ErrNotDone
		}
		o, err := c.service.Reverse(ctx, vend.Reversal{Ref: c.shop.newRef(c, vend.KindReverse), Original: c.original, Channel: "test"})
		if !errors.Is(err, want) {
			c.wrong("undone again while it is %s: %s is %s, %v", was.State, o.Ref, o.State, err)
		}
	}
}

// anew asks for the same under another reference, where it did not happen and
// nothing is in the way.
func (c *cell) anew(ctx context.Context) {
	ref := c.shop.newRef(c, c.row.kind)
	o, err := c.ask(ctx, ref)
	if err != nil || o.Ref != ref || o.State != vend.StateDelivered {
		c.wrong("it did not happen, and cannot be had now: %s is %s, code %s, %v", o.Ref, o.State, o.Code, err)
		return
	}
	c.anewRef = ref
	c.screen(o)
	c.handed(ctx, o)
	c.money(ctx)
}
