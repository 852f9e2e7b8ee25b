package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"spaza/secret"
	"spaza/vend"
)

// habit is what the provider of a run wants to be told of how sales end.
type habit string

const (
	// toldNothing: nothing.
	toldNothing habit = ""
	// toldAll: that a sale stands.
	toldAll habit = "told"
	// undoesAll: that too, and an unclear sale is not asked after, but undone.
	undoesAll habit = "undoes"
)

// tellsOf says whether the provider is told how sales of a kind end.
func (w *world) tellsOf(k vend.Kind) bool {
	return w.habit != toldNothing && (k == vend.KindAirtime || k == vend.KindAirtimePIN || k == vend.KindElectricity)
}

var (
	_ vend.Adviser   = (*provider)(nil)
	_ vend.Confirmer = (*provider)(nil)
)

// advice words one; the same each time.
func advice(ref string, undo bool) *vend.Advice {
	return &vend.Advice{Request: vend.Request{Op: "advice", Ref: ref, Body: secret.New(fmt.Sprintf("%s|undo %t", ref, undo))}, Undo: undo}
}

// Confirm implements vend.Confirmer.
func (p *provider) Confirm(r vend.Request) (*vend.Advice, error) {
	b := parseBody(r.Body.Reveal())
	switch {
	case b.againstContract != "":
		return nil, errors.New(b.againstContract)
	case !p.w.tellsOf(b.kind):
		return nil, nil
	}
	return advice(r.Ref, false), nil
}

// consequence adds to an answer what the provider must be told.
func (p *provider) consequence(b body, a vend.Answer) vend.Answer {
	switch {
	case !p.w.tellsOf(b.kind):
	case a.Outcome == vend.Delivered:
		a.Advice = advice(b.ref, false)
	case a.Outcome == vend.Unknown && !a.Person && p.w.habit == undoesAll:
		a.Advice, a.Owed, a.Goods = advice(b.ref, true), false, vend.Goods{}
	}
	return a
}

// notion is one advice on its way, and its answer.
type notion struct {
	p    *provider
	who  string
	ref  string
	undo bool
	back chan vend.Advised
	lost bool
}

// Advise implements vend.Adviser.
func (p *provider) Advise(ctx context.Context, a vend.Advice) vend.Advised {
	if ctx.Err() != nil {
		return vend.Advised{Detail: "not a byte left"}
	}
	n := &notion{p: p, who: p.sending(ctx), ref: a.Ref, undo: a.Undo, back: make(chan vend.Advised, 1)}
	p.tells(n, a)
	p.w.scheduler.add(&event{label: n.who + " request", plan: n.plan, happen: n.arrive})
	select {
	case said := <-n.back:
		return said
	case <-ctx.Done():
		return vend.Advised{Detail: "no answer"}
	}
}

// tells looks at an advice as it leaves the shop.
func (p *provider) tells(n *notion, a vend.Advice) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	there := w.book.advices[a.Ref]
	switch {
	case there.Ref == "" || there.Undo != a.Undo:
		w.wrongLocked("%s told of %s what is not written: undo %t", n.who, a.Ref, a.Undo)
	case a.Body.Reveal() != advice(a.Ref, a.Undo).Body.Reveal() || a.Op != "advice":
		w.wrongLocked("%s told of %s something else than the provider had worded", n.who, a.Ref)
	}
	w.counts.Told++
}

func (n *notion) plan() time.Duration {
	w := n.p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	n.lost = w.dice.chance("loss of "+n.who, w.weather.lies/8)
	return w.weather.onTheWire(w.dice, n.who+" request")
}

// arrive is the advice at the provider.
func (n *notion) arrive() {
	w := n.p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if n.lost {
		w.counts.Lost++
		w.trace.note("the advice is lost")
		return
	}
	said, silent := n.answer()
	w.trace.note("%s undo %t: final %t taken %t silent %t", n.ref, n.undo, said.Final, said.Taken, silent)
	if silent {
		w.counts.Lost++
		return
	}
	w.scheduler.add(&event{label: n.who + " answer", plan: func() time.Duration {
		return w.weather.onTheWire(w.dice, n.who+" answer")
	}, happen: func() { n.back <- said }})
}

// answer is what the provider does about an advice, and what it says. A refusal is
// final, and nothing was done then.
func (n *notion) answer() (said vend.Advised, silent bool) {
	w, label := n.p.w, "answer to "+n.who
	how := "plain"
	if w.dice.chance("lie "+label, w.weather.lies) {
		w.counts.Lies++
		how = pick(w.dice, "kind of lie "+label, "silence", "later", "late", "done and silent", "refused")
	}
	if how == "silence" || how == "later" || how == "refused" {
		return vend.Advised{Final: how == "refused", Code: "500", Detail: how}, how == "silence"
	}
	taken := w.truth.told(n.ref, n.undo, time.Now())
	if w.truth.both(n.ref) {
		w.wrongLocked("%s was confirmed and undone", n.ref)
	}
	return vend.Advised{Final: how == "plain", Taken: how == "plain" && taken, Code: "202", Detail: how}, how == "done and silent"
}

// told is what the provider does about an advice; false where it does not take it.
// One that undoes comes also before what it undoes, which then is refused.
func (t *truth) told(ref string, undo bool, now time.Time) (taken bool) {
	s := t.sales[ref]
	switch {
	case !undo && (s == nil || !s.done):
		return false
	case !undo:
		s.confirmed = true
		return true
	case s == nil:
		t.sales[ref] = &sale{body: body{ref: ref}, first: now, reason: vend.ReasonTryLater, voided: true}
		return true
	case s.confirmed:
		return false
	}
	if s.done && s.body.kind == vend.KindElectricity && s.body.amount == 0 {
		delete(t.free, s.body.target)
	}
	s.done, s.voided, s.reason = false, true, vend.ReasonTryLater
	return true
}

// both says that a sale was confirmed and undone.
func (t *truth) both(ref string) bool {
	s := t.sales[ref]
	return s != nil && s.confirmed && s.voided
}

// takeAdvices takes down what became of advices: whether one undoes never changes,
// and one that is over stays so.
func (b *book) takeAdvices(w writes, touched map[string]bool) (wrongs []string) {
	for _, a := range w.advices {
		was := b.advices[a.Ref]
		switch {
		case was.Ref == "":
		case was.Undo != a.Undo:
			wrongs = append(wrongs, fmt.Sprintf("%s turned the advice of %s into its contrary", w.who, a.Ref))
		case was.State.Over() && a.State != was.State:
			wrongs = append(wrongs, fmt.Sprintf("%s moved the advice of %s on, which was %s", w.who, a.Ref, was.State))
		}
		b.advices[a.Ref] = a
		touched[a.Ref] = true
	}
	return wrongs
}

// toBeUndone says that nothing else is done about an order.
func (b *book) toBeUndone(ref string) bool {
	a := b.advices[ref]
	return a.Ref != "" && a.Undo && a.State == vend.AdviceDue
}

// checkAdvice lists what is wrong with what the provider is told of an order.
func (b *book) checkAdvice(r *record) (wrongs []string) {
	a := b.advices[r.Ref]
	if a.Ref == "" {
		return nil
	}
	wrong := func(format string, args ...any) { wrongs = append(wrongs, fmt.Sprintf(format, args...)) }
	job := b.jobs[string(vend.JobAdvice)+" "+r.Ref]
	if a.State == vend.AdviceDue && (job == nil || job.dead) {
		wrong("nobody tells the provider of it")
	}
	if a.State.Over() == (len(a.Sealed) > 0) {
		wrong("its advice is %s, and has %d bytes", a.State, len(a.Sealed))
	}
	now := classOf(r.Order)
	switch {
	case a.Undo && a.State == vend.AdviceTaken && (now == classDone || now == classOpen) && !r.decided:
		wrong("it is undone at the provider")
	case !a.Undo && a.State == vend.AdviceDue && now != classDone && now != classReversed:
		wrong("the provider is told that it stands")
	case a.Undo && a.State == vend.AdviceDue && now == classDone:
		wrong("the provider is told to undo it")
	}
	return wrongs
}

// judgeAdvice says what is wrong in the end with what the provider was told.
func (w *world) judgeAdvice(r *record) {
	a, s := w.book.advices[r.Ref], w.truth.sales[r.Ref]
	now := classOf(r.Order)
	switch {
	case a.Ref != "" && !a.State.Over():
		w.wrong("the provider is still to be told of %s: %s", r.Ref, a.State)
	case !w.tellsOf(r.Kind) && a.Ref != "":
		w.wrong("the provider was told of %s, and wants to be told nothing", r.Ref)
	case !w.tellsOf(r.Kind):
	case now == classDone && a.State == vend.AdviceTaken && (a.Undo || !s.confirmed):
		w.wrong("%s stands, and its advice was another: undo %t, confirmed %t", r.Ref, a.Undo, s.confirmed)
	case now == classDone && a.Ref == "":
		w.wrong("%s stands, and nobody told the provider", r.Ref)
	case now == classRefused && s != nil && s.confirmed:
		w.wrong("%s is none, and is confirmed", r.Ref)
	}
}

// adviceLine is an advice in the trace.
func adviceLine(a vend.StoredAdvice) string {
	return strings.TrimSpace(fmt.Sprintf("advice of %s undo %t %s %s", a.Ref, a.Undo, a.State, a.Code))
}
