package provider_test

import (
	"context"
	"fmt"

	"spaza/secret"
	"spaza/vend"
)

// carefulSin is a way in which a provider that is told how sales end can be wrong,
// and the part of the suite that must see it.
type carefulSin struct {
	undoes bool
	send   func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer
	advise func(ctx context.Context, p careful, a vend.Advice) vend.Advised
	seen   string
}

// wrongCareful is the provider of such a sin.
type wrongCareful struct {
	careful
	sin carefulSin
}

func (w wrongCareful) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	if w.sin.send == nil {
		return w.careful.Send(ctx, r, past)
	}
	return w.sin.send(ctx, w.careful, r, past)
}

func (w wrongCareful) Advise(ctx context.Context, a vend.Advice) vend.Advised {
	if w.sin.advise == nil {
		return w.careful.Advise(ctx, a)
	}
	return w.sin.advise(ctx, w.careful, a)
}

// carefulSinner is the provider of a sin over a host.
func carefulSinner(name string) func(*host) vend.Provider {
	return func(h *host) vend.Provider {
		s := carefulSins()[name]
		return wrongCareful{careful{honest{h}, s.undoes}, s}
	}
}

// thenCareful changes the answers of an honest provider.
func thenCareful(undoes bool, seen string, change func(p careful, a *vend.Answer, r vend.Request, past vend.Past)) carefulSin {
	return carefulSin{undoes: undoes, seen: seen, send: func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer {
		a := p.Send(ctx, r, past)
		change(p, &a, r, past)
		return a
	}}
}

// thenAdvised changes what an honest provider says of an advice.
func thenAdvised(undoes bool, seen string, change func(said *vend.Advised)) carefulSin {
	return carefulSin{undoes: undoes, seen: seen, advise: func(ctx context.Context, p careful, a vend.Advice) vend.Advised {
		said := p.Advise(ctx, a)
		change(&said)
		return said
	}}
}

// carefulSins are by their names.
func carefulSins() map[string]carefulSin {
	const inTheEnd = "told_in_the_end_is_told"
	// sold sends a sale, under a name that may be another.
	sold := func(ctx context.Context, p careful, r vend.Request, past vend.Past, ref string) vend.Answer {
		o := read(r)
		o.ref = ref
		a := p.judge(o, p.message(ctx, o), past)
		if a.Advice != nil {
			a.Advice.Ref = r.Ref
		}
		return a
	}
	return map[string]carefulSin{
		"sends it again instead of asking": {seen: "trouble:_cut_after", send: func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer {
			return sold(ctx, p, r, past, r.Ref)
		}},
		"sends it again under a new name instead of asking": {seen: "trouble:_cut_after", send: func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer {
			if !past.Again || p.host == nil {
				return sold(ctx, p, r, past, r.Ref)
			}
			return sold(ctx, p, r, past, fmt.Sprintf("%s-%d", r.Ref, p.host.Requests()))
		}},
		"sends it again under a new name instead of undoing it": {undoes: true, seen: "sent_twice_is_one_sale", send: func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer {
			if !past.Again || p.host == nil {
				return sold(ctx, p, r, past, r.Ref)
			}
			return sold(ctx, p, r, past, r.Ref+"-2")
		}},
		"believes the first word that it is not there": thenCareful(false, "what_has_not_arrived", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Code == string(missing) {
				a.Outcome, a.Reason = vend.Declined, vend.ReasonTryLater
			}
		}),
		"believes three words at once that it is not there": thenCareful(false, "what_has_not_arrived", func(_ careful, a *vend.Answer, _ vend.Request, past vend.Past) {
			if a.Code == string(missing) && past.Times >= 2 {
				a.Outcome, a.Reason = vend.Declined, vend.ReasonTryLater
			}
		}),
		"never believes that it is not there": thenCareful(false, "trouble:_cut_before", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Code == string(missing) {
				a.Outcome, a.Reason = vend.Unknown, ""
			}
		}),
		"delivers what is not there": thenCareful(false, "trouble:_cut_before", func(p careful, a *vend.Answer, r vend.Request, _ vend.Past) {
			if a.Code == string(missing) {
				o := read(r)
				*a = p.judge(o, reply{word: soldIt, worth: o.worth, goods: "7777777777777777"}, vend.Past{})
			}
		}),
		"takes the echo of its sale for a refusal": thenCareful(false, "trouble:_cut_after,_then_refused", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Code == string(used) {
				a.Outcome, a.Reason = vend.Declined, vend.ReasonTryLater
			}
		}),
		"forgets to confirm": thenCareful(false, "brings_its_goods", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Outcome == vend.Delivered {
				a.Advice = nil
			}
		}),
		"forgets to confirm what it asked after": thenCareful(false, "trouble:_cut_after", func(_ careful, a *vend.Answer, _ vend.Request, past vend.Past) {
			if past.Again {
				a.Advice = nil
			}
		}),
		"confirms what it did not deliver": thenCareful(false, "trouble:_cut_before", func(p careful, a *vend.Answer, r vend.Request, _ vend.Past) {
			if a.Outcome == vend.Unknown {
				a.Advice = p.advice(read(r), confirmation)
			}
		}),
		"confirms what was declined": thenCareful(false, "a_refusal_of_the_host", func(p careful, a *vend.Answer, r vend.Request, _ vend.Past) {
			if a.Outcome == vend.Declined {
				a.Advice = p.advice(read(r), confirmation)
			}
		}),
		"confirms what is owed": thenCareful(false, "success_without_the_goods", func(p careful, a *vend.Answer, r vend.Request, _ vend.Past) {
			if a.Owed {
				a.Advice = p.advice(read(r), confirmation)
			}
		}),
		"confirms by itself, before it is written": {seen: "brings_its_goods", send: func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer {
			a := p.Send(ctx, r, past)
			if a.Advice != nil {
				p.Advise(ctx, *a.Advice)
			}
			return a
		}},
		"undoes by itself, before it is written": {undoes: true, seen: "sent_twice", send: func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer {
			a := p.Send(ctx, r, past)
			if a.Advice != nil && a.Advice.Undo {
				p.Advise(ctx, *a.Advice)
			}
			return a
		}},
		"confirms another amount": thenCareful(false, "brings_its_goods", func(p careful, a *vend.Answer, r vend.Request, _ vend.Past) {
			if a.Outcome == vend.Delivered {
				o := read(r)
				o.worth = 0 // the customer's payment is left out
				a.Advice = p.advice(o, confirmation)
			}
		}),
		"delivers and undoes": thenCareful(true, "brings_its_goods", func(p careful, a *vend.Answer, r vend.Request, _ vend.Past) {
			if a.Outcome == vend.Delivered {
				a.Advice = p.advice(read(r), undoing)
			}
		}),
		"delivers what it undoes": thenCareful(true, "trouble:_cut_after", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Advice != nil && a.Advice.Undo {
				a.Outcome = vend.Delivered
			}
		}),
		"declines before it is undone": thenCareful(true, "trouble:_cut_after", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Advice != nil && a.Advice.Undo {
				a.Outcome, a.Reason, a.Advice = vend.Declined, vend.ReasonTryLater, nil
			}
		}),
		"undoes what can be asked after": thenCareful(false, "trouble:_cut_after", func(p careful, a *vend.Answer, r vend.Request, _ vend.Past) {
			if a.Outcome == vend.Unknown {
				a.Advice = p.advice(read(r), undoing)
			}
		}),
		"leaves an unclear sale alone": thenCareful(true, "trouble:_cut_before", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			if a.Outcome == vend.Unknown {
				a.Advice = nil
			}
		}),
		"owes what it undoes": thenCareful(true, "success_without_the_goods", func(_ careful, a *vend.Answer, _ vend.Request, _ vend.Past) {
			a.Owed = a.Code == string(goodless)
		}),
		"undoes another sale": {undoes: true, seen: "sent_twice", send: func(ctx context.Context, p careful, r vend.Request, past vend.Past) vend.Answer {
			a := p.Send(ctx, r, past)
			if a.Advice != nil && a.Advice.Undo {
				a.Advice.Body = secret.New("P-01OTHER 1000")
			}
			return a
		}},
		"takes an unheard advice for taken": thenAdvised(false, inTheEnd, func(said *vend.Advised) { said.Final, said.Taken = true, true }),
		"takes an unheard undoing for taken": thenAdvised(true, inTheEnd, func(said *vend.Advised) {
			if said.Code == string(unclear) {
				said.Final, said.Taken = true, true
			}
		}),
		"gives an advice up":       thenAdvised(false, inTheEnd, func(said *vend.Advised) { said.Final = true }),
		"never believes an answer": thenAdvised(false, "brings_its_goods", func(said *vend.Advised) { said.Final = false }),
		"takes a refused undoing for undone": thenAdvised(true, "what_stands_is_not_undone", func(said *vend.Advised) {
			if said.Code == string(settled) {
				said.Taken, said.Alert = true, false
			}
		}),
		"keeps quiet when the host does not let it tell": thenAdvised(false, inTheEnd, func(said *vend.Advised) { said.Alert = false }),
		"says a secret of an advice": {seen: "brings_its_goods", advise: func(ctx context.Context, p careful, a vend.Advice) vend.Advised {
			said := p.Advise(ctx, a)
			said.Detail = "taken, with " + pin
			return said
		}},
	}
}
