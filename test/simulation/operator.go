package main

import (
	"context"
	"fmt"
	"time"

	"spaza/vend"
)

// operate has the operator do something about an order, by a command of its own.
func (w *world) operate(s scene, name string) {
	d := w.dice
	o := w.someOrder(name, func(r *record) bool {
		return classOf(r.Order) == classPerson || d.chance(name+" any "+r.Ref, w.weather.meddles)
	})
	switch {
	case o == nil:
	case s == resends:
		w.resend(o.Ref)
	default:
		w.decide(o, name)
		if d.chance(name+" second thoughts", w.weather.meddles) {
			again := name + ", second thoughts"
			w.scheduler.add(&event{label: again, plan: func() time.Duration {
				return pick(d, again, 2*time.Second, 10*time.Millisecond, 300*time.Millisecond, 8*time.Second, time.Minute)
			}, happen: func() { w.decide(o, again) }})
		}
	}
}

// decide has the operator decide about an order: after a look at the provider's
// own books, or by guessing.
func (w *world) decide(o *record, name string) {
	d := w.dice
	if d.chance(name+" carefully", 500) {
		if v, ok := w.verdict(o, true); ok {
			w.resolve(v)
		}
		return
	}
	v := vend.Decision{
		Ref: o.Ref, As: pick(d, name+" verdict", vend.VerdictNotVended, vend.VerdictVended), By: "thandi", Why: "it seems so",
		Bears: pick(d, name+" bears", vend.BearsProvider, vend.BearsOperator, ""),
	}
	if d.chance(name+" saw it", 700) {
		v.Was = o.State
	}
	w.mu.Lock()
	original := w.book.orders[o.Original]
	w.mu.Unlock()
	switch {
	case v.As == vend.VerdictVended && (o.Kind == vend.KindRedeem || o.Kind == vend.KindReverse):
		return // what a voucher was worth nobody can guess, and money that was given is not taken back
	case original != nil && original.Kind == vend.KindRedeem:
		return // the voucher may be good again, and nothing would put it right
	}
	w.counts.Wrongly++
	w.resolve(v)
}

// verdict is what the provider's own books say of an order, where something is to
// be decided about it. patient: not while a request for it is on its way.
func (w *world) verdict(o *record, patient bool) (v vend.Decision, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v = vend.Decision{Ref: o.Ref, Was: o.State, By: "sipho", Why: "as the provider has it"}
	if patient && w.provider.flying[o.Ref] > 0 {
		return v, false
	}
	s := w.truth.done(o.Ref)
	now := classOf(o.Order)
	if o.Kind == vend.KindReverse && classOf(w.book.orders[o.Original].Order) == classReversed {
		s = nil // it was put right at the sale
	}
	switch {
	case s != nil && s.undone && now == classDone && w.book.orders[s.undoneBy] != nil && !w.book.orders[s.undoneBy].State.Final():
		return v, false // it will be, by its reversal
	case s != nil && !s.undone && (now == classPerson || now == classRefused):
		v.As, v.Goods = vend.VerdictVended, s.goods
		if o.Kind == vend.KindRedeem {
			v.Amount = s.amount
		}
		if o.Kind == vend.KindReverse && now == classRefused {
			return v, false // one looks at the sale
		}
	case s != nil && s.undone && now == classPerson: // it happened, and was undone under another reference
		v.As = vend.VerdictVended
		if o.Kind == vend.KindRedeem {
			v.Amount = s.amount
		}
	case s == nil && now == classPerson:
		v.As = vend.VerdictNotVended
		v.Bears = vend.BearsProvider
	case now == classDone && o.Kind != vend.KindRedeem && o.Kind != vend.KindReverse && (s == nil || s.undone):
		v.As = vend.VerdictReversed
	default:
		return v, false
	}
	return v, true
}

// resolve carries out a decision.
func (w *world) resolve(v vend.Decision) {
	p := w.open(false)
	w.counts.Decisions++
	who := fmt.Sprintf("%s decides", p.name)
	w.mu.Lock()
	w.decisions[who] = v.Bears
	w.mu.Unlock()
	w.trace.note("%s: %s is %s (%s bears, was %q)", who, v.Ref, v.As, v.Bears, v.Was)
	w.running.Go(func() {
		defer p.kill()
		_, err := p.service.Resolve(as(p.ctx, "%s", who), v)
		w.trace.note("%s: %v", who, err)
	})
}

// resend has what is outstanding about an order sent again.
func (w *world) resend(ref string) {
	p := w.open(false)
	w.counts.Resent++
	w.trace.note("%s sends %s again", p.name, ref)
	w.running.Go(func() {
		defer p.kill()
		_, err := p.service.Resend(as(context.WithoutCancel(p.ctx), "%s resends", p.name), ref, "thandi", "the customer called")
		w.trace.note("%s: %v", p.name, err)
	})
}
