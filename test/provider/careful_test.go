package provider_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/test/provider"
	"spaza/vend"
)

// The messages about an earlier one.
const (
	question     word = "what became of it"
	confirmation word = "it stands"
	undoing      word = "it must not be"
)

// told is what a host does that is told how sales end; the caller holds the lock.
func (h *host) told(ref string, o order) reply {
	was, known := h.sales[ref]
	fate := h.fates[ref]
	switch {
	case o.about == question && known:
		return was
	case o.about == question, o.about == confirmation && !known:
		return reply{word: missing}
	case o.about == confirmation && fate.Undone, o.about == undoing && fate.Confirmed:
		return reply{word: settled}
	case o.about == confirmation:
		h.fates[ref] = provider.Fate{Confirmed: true, Paid: o.worth}
	case !fate.Undone:
		if was.word == soldIt {
			h.money += was.worth
		}
		h.fates[ref] = provider.Fate{Undone: true}
	}
	return reply{word: taken}
}

func (h *host) Fate(ref string) provider.Fate {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fates[ref]
}

// careful is a provider of the other kind that keeps its contract: its host
// refuses what it had before, wants to be told which sales stand, and can be asked
// after one, or told to undo it.
type careful struct {
	honest
	undoes bool
}

var carefulKinds = []vend.Kind{vend.KindAirtime, vend.KindVoucher}

func (careful) Can(k vend.Kind) vend.Capability {
	return vend.Capability{Sells: slices.Contains(carefulKinds, k)}
}

func (p careful) Products(ctx context.Context) ([]vend.Product, error) {
	list, err := p.honest.Products(ctx)
	for i := range list {
		list[i].Reversible = false
	}
	return list, err
}

func (p careful) Prepare(s vend.Sale) (vend.Request, error) {
	if !p.Can(s.Kind).Sells || s.Original != "" {
		return vend.Request{}, vend.ErrRefused
	}
	return p.honest.Prepare(s)
}

// message sends something about a sale.
func (p careful) message(ctx context.Context, o order) reply {
	if p.host == nil {
		return reply{word: absent}
	}
	return p.host.serve(ctx, o.ref, o)
}

// patience is how long, and how often in a row, a sale must not be there before it
// is believed to be lost.
const (
	patience      = 2 * time.Minute
	patienceTimes = 3
)

func (p careful) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	o := read(r)
	if past.Again && p.undoes {
		return vend.Answer{Code: "undone", Advice: p.advice(o, undoing)}
	}
	if past.Again {
		o.about = question
	}
	return p.judge(o, p.message(ctx, o), past)
}

// judge says what a reply to a sale, or to the question after it, means.
func (p careful) judge(o order, said reply, past vend.Past) vend.Answer {
	a := vend.Answer{Code: string(said.word)}
	switch said.word {
	case soldIt:
		a.Outcome, a.ProviderRef, a.Advice = vend.Delivered, "7", p.advice(o, confirmation)
		if said.goods != "" {
			a.Goods.Voucher = &vend.Voucher{PIN: secret.New(said.goods)}
		}
	case goodless:
		a.Owed = !p.undoes
	case refused:
		a.Outcome, a.Reason = vend.Declined, vend.ReasonNumberBarred
	case missing:
		if past.Code == a.Code && past.Times+1 >= patienceTimes && past.Age >= patience {
			a.Outcome, a.Reason = vend.Declined, vend.ReasonTryLater
		}
	case gate, absent:
		a.Alert = said.word == gate
		if !past.Again {
			a.Outcome, a.Reason = vend.Declined, vend.ReasonTryLater
			if a.Alert {
				a.Reason = vend.ReasonUnavailable
			}
		}
	}
	if a.Outcome == vend.Unknown && p.undoes {
		a.Advice = p.advice(o, undoing)
	}
	return a
}

// advice words what the host must be told of a sale.
func (careful) advice(o order, about word) *vend.Advice {
	return &vend.Advice{Undo: about == undoing, Request: vend.Request{
		Op: string(about), Ref: o.ref, Body: secret.New(fmt.Sprintf("%s %d", o.ref, o.worth)),
	}}
}

func (p careful) Advise(ctx context.Context, a vend.Advice) vend.Advised {
	o := order{about: word(a.Op), ref: a.Ref}
	_, _ = fmt.Sscanf(a.Body.Reveal(), "%s %d", &o.ref, &o.worth)
	said := p.message(ctx, o).word
	return vend.Advised{
		Final: said == taken || said == missing || said == settled, Taken: said == taken, Alert: said == missing || said == settled || said == gate, Code: string(said),
	}
}

// carefulBench puts such a provider before a host in memory.
func carefulBench(undoes bool, over func(*host) vend.Provider) func(*testing.T) provider.Bench {
	return func(*testing.T) provider.Bench {
		h := newHost()
		h.once = true
		b := benchOf(h, over)
		b.Confirms = func(vend.Kind) bool { return true }
		b.Remedy = func(vend.Kind) provider.Remedy {
			if undoes {
				return provider.Undone
			}
			return provider.AskedAfter
		}
		b.Worth = func(s vend.Sale) ledger.Cents { return s.Amount }
		return b
	}
}
