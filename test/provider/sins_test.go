package provider_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"spaza/secret"
	"spaza/vend"
)

// wrong is a provider that breaks its contract in one way.
type wrong struct {
	honest
	prepare func(p honest, s vend.Sale) (vend.Request, error)
	send    func(ctx context.Context, p honest, r vend.Request, past vend.Past) vend.Answer
	can     func(vend.Capability, vend.Kind) vend.Capability
	list    func([]vend.Product) []vend.Product
}

func (w wrong) Can(k vend.Kind) vend.Capability {
	c := w.honest.Can(k)
	if w.can != nil {
		c = w.can(c, k)
	}
	return c
}

func (w wrong) Products(ctx context.Context) ([]vend.Product, error) {
	list, err := w.honest.Products(ctx)
	if w.list != nil {
		list = w.list(list)
	}
	return list, err
}

func (w wrong) Prepare(s vend.Sale) (vend.Request, error) {
	if w.prepare != nil {
		return w.prepare(w.honest, s)
	}
	return w.honest.Prepare(s)
}

func (w wrong) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	if w.send != nil {
		return w.send(ctx, w.honest, r, past)
	}
	return w.honest.Send(ctx, r, past)
}

// then changes the answers of an honest provider.
func then(change func(a *vend.Answer, r vend.Request, past vend.Past)) wrong {
	return wrong{send: func(ctx context.Context, p honest, r vend.Request, past vend.Past) vend.Answer {
		a := p.Send(ctx, r, past)
		change(&a, r, past)
		return a
	}}
}

// sin is a way to be wrong, and the part of the suite that must see it.
type sin struct {
	provider wrong
	seen     string
}

// sins are by their names.
func sins() map[string]sin {
	renamed := func(ctx context.Context, p honest, r vend.Request, past vend.Past) vend.Answer {
		if p.host != nil {
			r.Ref += "-" + fmt.Sprint(p.host.Requests())
		}
		return p.Send(ctx, r, past)
	}
	return map[string]sin{
		"takes silence for a refusal": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Code == string(unclear) {
				a.Outcome, a.Reason = vend.Declined, vend.ReasonTryLater
			}
		}), "trouble:_cut_after"},
		"takes its own echo for a refusal": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Code == string(used) {
				a.Outcome, a.Reason = vend.Declined, vend.ReasonVoucherUsed
			}
		}), "trouble:_cut_after,_then_refused"},
		"takes silence for success": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Code == string(unclear) {
				a.Outcome = vend.Delivered
			}
		}), "trouble:_cut_before"},
		"sends under another reference each time": {wrong{send: renamed}, "sent_twice_is_one_sale"},
		"tries again by itself, as another sale": {wrong{send: func(ctx context.Context, p honest, r vend.Request, past vend.Past) vend.Answer {
			a := p.Send(ctx, r, past)
			if a.Outcome == vend.Unknown && ctx.Err() == nil {
				return renamed(ctx, p, r, past)
			}
			return a
		}}, "trouble:_cut_after"},
		"delivers without goods": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) { a.Goods = vend.Goods{} }), "brings_its_goods"},
		"delivers a voucher without a PIN": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Goods.Voucher != nil {
				a.Goods.Voucher = &vend.Voucher{Serial: "1"}
			}
		}), "brings_its_goods"},
		"delivers what is owed": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Owed {
				a.Outcome, a.Owed = vend.Delivered, false
			}
		}), "success_without_the_goods"},
		"refuses what is owed": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Owed {
				a.Outcome, a.Owed = vend.Declined, false
			}
		}), "success_without_the_goods"},
		"says the PIN that it sold": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Goods.Voucher != nil {
				a.Detail = "sold " + a.Goods.Voucher.PIN.Reveal()
			}
		}), "brings_its_goods"},
		"says the PIN that it took": {then(func(a *vend.Answer, r vend.Request, _ vend.Past) { a.ProviderRef = "T" + r.Body.Reveal() }), "brings_its_goods"},
		"hands out other goods the second time": {then(func(a *vend.Answer, _ vend.Request, past vend.Past) {
			if past.Again && a.Goods.Voucher != nil {
				a.Goods.Voucher = &vend.Voucher{PIN: secret.New("8888777766665555")}
			}
		}), "sent_twice_is_one_sale"},
		"credits more than was taken": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) { a.Amount *= 2 }), "brings_its_goods"},
		"forgets that it sent before": {wrong{send: func(ctx context.Context, p honest, r vend.Request, _ vend.Past) vend.Answer {
			return p.Send(ctx, r, vend.Past{})
		}}, "declined_at_first,_and_unknown_again"},
		"never declines what was not sent": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Code == string(absent) {
				a.Outcome, a.Reason = vend.Unknown, ""
			}
		}), "declined_at_first,_and_unknown_again"},
		"keeps quiet about refused credentials": {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) { a.Alert = false }), "refused_credentials"},
		"gives another reason":                  {then(func(a *vend.Answer, _ vend.Request, _ vend.Past) { a.Reason = vend.ReasonAmount }), "a_refusal_of_the_host"},
		"undoes what never was": {then(func(a *vend.Answer, r vend.Request, _ vend.Past) {
			if r.Op == string(vend.KindReverse) {
				*a = vend.Answer{Outcome: vend.Delivered}
			}
		}), "a_sale_can_be_undone"},
		"sends to prepare": {wrong{prepare: func(p honest, s vend.Sale) (vend.Request, error) {
			r, err := p.Prepare(s)
			if err == nil && p.host != nil {
				p.host.serve(context.Background(), "Q-1", order{kind: vend.KindAirtime})
			}
			return r, err
		}}, "to_prepare_sends_nothing"},
		"prepares anything": {wrong{prepare: func(p honest, s vend.Sale) (vend.Request, error) {
			r, err := p.Prepare(s)
			if err != nil {
				return vend.Request{Op: "x", Ref: s.Ref, Body: secret.New("x")}, nil //nolint:nilerr // that is the sin
			}
			return r, nil
		}}, "a_sale_that_is_not_whole"},
		"refuses in words of its own": {wrong{prepare: func(p honest, s vend.Sale) (vend.Request, error) {
			r, err := p.Prepare(s)
			if err != nil {
				err = errors.New("no")
			}
			return r, err
		}}, "what_is_not_sold"},
		"makes another body each time": {wrong{prepare: func(p honest, s vend.Sale) (vend.Request, error) {
			r, err := p.Prepare(s)
			r.Body = secret.New(r.Body.Reveal() + fmt.Sprintf(" %p", new(int)))
			return r, err
		}}, "to_prepare_sends_nothing"},
		"lists what nobody can buy": {wrong{list: func(l []vend.Product) []vend.Product {
			return append(l, vend.Product{Code: "3", Kind: vend.KindRedeem, Name: "R", Vendor: "V", Min: 1, Max: 1})
		}}, "the_catalogue"},
		"lists nothing": {wrong{list: func([]vend.Product) []vend.Product { return nil }}, "the_catalogue"},
		"promises reversals that it does not make": {wrong{can: func(c vend.Capability, k vend.Kind) vend.Capability {
			c.Reverses = c.Sells && k != vend.KindReverse
			return c
		}}, "a_sale_can_be_undone"},
	}
}

// names are those of all the sins, in order.
func names() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name := range sins() {
			if !yield(name) {
				return
			}
		}
		for name := range carefulSins() {
			if !yield(name) {
				return
			}
		}
	})
}

// seenBy is the part of the suite that must see a sin.
func seenBy(name string) string {
	if s, ok := sins()[name]; ok {
		return s.seen
	}
	return carefulSins()[name].seen
}

// sinner is the provider of a sin over a host.
func sinner(name string) func(*host) vend.Provider {
	return func(h *host) vend.Provider {
		w := sins()[name].provider
		w.honest = honest{h}
		return w
	}
}
