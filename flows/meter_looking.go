package flows

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

// looking are the states in which the supplier is asked whose meter it is, before
// anything is agreed to.
func (f meterFlow) looking() []dialog.State {
	c := meterCounter(f.Shop, f.utility)
	edges := []dialog.Edge{
		{Move: "known", To: c.confirm()},
		{Move: "silent", To: f.state("silent")},
		{Move: "often", To: f.state("often")},
		{Move: "gone", To: f.state("none")},
		{Move: "declined", To: c.state("declined")},
	}
	if !f.free {
		edges = append(edges, dialog.Edge{Move: "amount", To: f.state("amount")})
	}
	return []dialog.State{
		{ID: f.state("looking"), Do: f.look, Edges: append(edges, c.mends()...)},
		{
			ID: f.state("silent"), Back: f.last(), What: "what." + f.flow,
			Ask: askSilent, Answer: picked,
			Edges: []dialog.Edge{{Move: "look", To: f.state("looking")}},
		},
		{ID: f.state("often"), End: true, Ask: says("meter.often")},
	}
}

func askSilent(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("meter.silent")
	s.Add("look", t.Say("meter.silent.again"))
}

// look asks the supplier about the meter and the amount. It moves no money, so
// whatever goes wrong is said as it is.
func (f meterFlow) look(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	f.forget(t)
	p, ok := f.prices()
	if !ok || !f.free && p.empty() {
		return "gone", nil
	}
	m, err := f.Desk.AskMeter(ctx, t.User, t.Text(target), cents(t, amount), f.free)
	refusal, refused := errors.AsType[*vend.RefusalError](err)
	switch {
	case refused:
		return till{f.Shop, meterCounter(f.Shop, f.utility)}.refused(ctx, t, refusal.Reason)
	case errors.Is(err, vend.ErrTooManyEnquiries):
		return "often", nil
	case errors.Is(err, vend.ErrNoEnquiry): // nobody can be asked
		t.SetInt(lookedAt, f.Now().Unix())
		return "known", nil
	case err != nil:
		return "silent", nil //nolint:nilerr // said on the screen; the desk logs why
	}
	f.remember(t, m)
	if f.free {
		return "known", nil
	}
	return f.within(t, p, m), nil
}

// remember keeps of a meter what the confirm screen says, in as few words as it
// can be recognised by.
func (f meterFlow) remember(t *dialog.Talk, m vend.Meter) {
	t.SetText(handle, m.Handle)
	t.SetText(holder, shortened(maskName(m.Holder), holderMost))
	t.SetText(supplier, shortened(oneLine(m.Utility), supplierMost))
	t.SetInt(lookedAt, f.Now().Unix())
	if !f.free {
		t.SetInt(arrears, int64(max(m.Arrears, 0)))
	}
}

// within leads back to the amount where the meter does not take it. A limit that
// would leave nothing to buy is a mistake, and none.
func (meterFlow) within(t *dialog.Talk, p prices, m vend.Meter) dialog.Move {
	own := p.between(m.Min, m.Max)
	if own.equal(p) {
		return "known"
	}
	t.SetInt(least, int64(m.Min))
	t.SetInt(most, int64(m.Max))
	switch c := cents(t, amount); {
	case own.takes(c), !p.takes(c): // another limit than the meter's speaks for itself
		return "known"
	case c < own.least():
		t.Note("meter.least", money("min", own.least()))
	default:
		t.Note("meter.most", money("max", own.greatest()))
	}
	return "amount"
}

// lookedFor is how long what a supplier said is relied on: a purchase may name
// the lookup, which is not kept there for ever, and debts change.
const lookedFor = 5 * time.Minute

// ready says that the supplier was asked about exactly this meter and amount,
// lately.
func (f meterFlow) ready(t *dialog.Talk) bool {
	at := t.Int(lookedAt)
	return at != 0 && f.Now().Sub(time.Unix(at, 0)) < lookedFor
}

// warning says that a part of the money is not for units.
func (meterFlow) warning(t *dialog.Talk) string {
	c := cents(t, arrears)
	if c <= 0 {
		return ""
	}
	return t.Say("meter.arrears", money("arrears", c))
}

// cautions say whose meter it is, and that there is no way back; where there is
// less room, first without the last, then without who supplies.
func (f meterFlow) cautions(t *dialog.Talk) []string {
	who, by := t.Text(holder), t.Text(supplier)
	full, short := "", ""
	switch {
	case who != "":
		short = t.Say("meter.holder.short", text("holder", who))
		full = short
		if by != "" {
			full = t.Say("meter.holder", text("holder", who), text("supplier", by))
		}
	case by != "":
		full = t.Say("meter.supplier", text("supplier", by))
	}
	return []string{sentences(full, t.Say("meter.caution")), full, short}
}

// sentences joins those that say something.
func sentences(all ...string) string {
	return strings.Join(strings.Fields(strings.Join(all, " ")), " ")
}

// How long, in characters, a holder and a supplier are on the confirm screen.
const holderMost, supplierMost = 14, 18

// shortened cuts a name after the last whole word that most characters allow.
func shortened(name string, most int) string {
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	cut := string([]rune(name)[:most+1])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		return strings.TrimRight(cut[:i], " ,-&(/")
	}
	return string([]rune(name)[:most])
}

// between are the prices that two limits leave; zero is none. Limits that would
// leave nothing are ignored.
func (p prices) between(low, high ledger.Cents) prices {
	var q prices
	fits := func(c ledger.Cents) bool { return c >= low && (high == 0 || c <= high) }
	for _, c := range p.fixed {
		if fits(c) {
			q.fixed = append(q.fixed, c)
		}
	}
	if p.any() {
		q.min, q.max = max(p.min, low), p.max
		if high > 0 {
			q.max = min(q.max, high)
		}
		if wholeUp(q.min) > q.max {
			q.min, q.max = 0, 0
		}
	}
	if q.empty() {
		return p
	}
	return q
}

// equal says that two sets of prices are the same.
func (p prices) equal(q prices) bool {
	if p.min != q.min || p.max != q.max || len(p.fixed) != len(q.fixed) {
		return false
	}
	for i, c := range p.fixed {
		if q.fixed[i] != c {
			return false
		}
	}
	return true
}

// greatest is the largest; zero when there is none.
func (p prices) greatest() ledger.Cents {
	c := wholeDown(p.max)
	for _, f := range p.fixed {
		c = max(c, f)
	}
	return c
}
