package matrix

import (
	"context"
	"errors"
	"slices"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// decide is what a person does about an order that is theirs: they look it up in
// the provider's books, and have read out to them what the customer has not got.
func (c *cell) decide(ctx context.Context) {
	f, err := c.service.File(ctx, c.ref)
	if !c.check("read order", err) || f.Order.State != vend.StatePerson {
		return
	}
	d := vend.Decision{Ref: c.ref, Was: vend.StatePerson, By: "thandi", Why: "the provider's books say so"}
	if !c.happened(c.ref) {
		d.As = vend.VerdictNotVended
		if spent(f.Entries) {
			d.Bears = vend.BearsProvider
		}
	} else {
		d.As = vend.VerdictVended
		if t, _ := c.host.entry(c.ref); c.row.kind == vend.KindRedeem {
			d.Amount = ledger.Cents(t.redeemed)
		}
		if c.row.kind.Handed() {
			d.Goods = c.read(ctx, f.Order)
		}
	}
	_, err = c.service.Resolve(ctx, d)
	c.check("resolve", err)
	// Two people at the same desk.
	if _, err := c.service.Resolve(ctx, d); !errors.Is(err, vend.ErrMoved) {
		c.wrong("resolved twice: %v", err)
	}
}

func spent(had []ledger.Entry) bool {
	return slices.ContainsFunc(had, func(e ledger.Entry) bool { return e.Kind == ledger.KindCaptured || e.Kind == ledger.KindPaidOut })
}

// read is what the provider reads out of what an order still lacks.
func (c *cell) read(ctx context.Context, o vend.Order) vend.Goods {
	i, err := c.host.gave(ctx, c.ref)
	if !c.check("ask the provider", err) || slices.Equal(c.hand(o), i.secrets()) {
		return vend.Goods{}
	}
	if i.pin != "" {
		return vend.Goods{Voucher: &vend.Voucher{PIN: secret.New(i.pin), Serial: i.serial, Amount: ledger.Cents(i.worth)}}
	}
	u := &vend.Utility{Meter: o.Target}
	for _, t := range i.tokens {
		u.Tokens = append(u.Tokens, vend.Token{Use: vend.TokenCredit, Label: t.label, Value: secret.New(t.value), Serial: t.serial})
	}
	return vend.Goods{Utility: u}
}

// hand are the numbers worth money that the customer has of an order.
func (c *cell) hand(o vend.Order) (all []string) {
	g, err := c.service.Goods(o)
	if errors.Is(err, vend.ErrNoGoods) {
		return nil
	}
	c.check("open goods", err)
	if g.Voucher != nil && !g.Voucher.PIN.Empty() {
		all = append(all, g.Voucher.PIN.Reveal())
	}
	if g.Utility != nil {
		for _, t := range g.Utility.Tokens {
			all = append(all, t.Value.Reveal())
		}
	}
	slices.Sort(all)
	return all
}
