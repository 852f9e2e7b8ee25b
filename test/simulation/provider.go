package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// dearest is the most that the provider's document lets one sale cost.
const dearest = 1000_00

// provider is the port to a provider that lies as far as the port's contract
// lets it: it says that it does not know, or that a person must look, whenever it
// likes; it is late, silent and throttled; but what it calls delivered was done,
// and what it calls declined was not.
type provider struct {
	w *world
	// bodies are the requests as first sent, by reference.
	bodies map[string]string
	// flying are the requests that have left and not arrived, by reference.
	flying map[string]int
	// sendings are how often requests were sent by the same name.
	sendings map[string]int
}

var _ vend.Provider = (*provider)(nil)

func newProvider(w *world) *provider {
	return &provider{w: w, bodies: map[string]string{}, flying: map[string]int{}, sendings: map[string]int{}}
}

// body is a request in the provider's own words.
type body struct {
	kind            vend.Kind
	ref, product    string
	amount          ledger.Cents
	target          string
	pin, original   string
	againstContract string // why it should not have come; empty where it may
}

func (b body) String() string {
	return fmt.Sprintf("%s|%s|%s|%d|%s|%s|%s", b.kind, b.ref, b.product, b.amount, b.target, b.pin, b.original)
}

func parseBody(s string) (b body) {
	part := strings.Split(s, "|")
	if len(part) != 7 {
		b.againstContract = "it is not one of ours"
		return b
	}
	amount, err := strconv.ParseInt(part[3], 10, 64)
	if err != nil {
		b.againstContract = "its amount does not read"
	}
	b.kind, b.ref, b.product, b.amount = vend.Kind(part[0]), part[1], part[2], ledger.Cents(amount)
	b.target, b.pin, b.original = part[4], part[5], part[6]
	return b
}

// Prepare implements vend.Provider.
func (p *provider) Prepare(s vend.Sale) (vend.Request, error) {
	switch {
	case s.Amount > dearest:
		return vend.Request{}, errors.New("the document forbids it")
	case s.Kind == vend.KindRedeem && s.PIN.Len() != 16:
		return vend.Request{}, errors.New("a PIN has 16 digits")
	case s.Kind == vend.KindReverse && s.OriginalKind == vend.KindAirtime:
		return vend.Request{}, errors.New("airtime is not taken back")
	case s.Kind == vend.KindReverse && p.w.tellsOf(s.OriginalKind):
		return vend.Request{}, errors.New("what is confirmed is not taken back")
	}
	b := body{kind: s.Kind, ref: s.Ref, product: s.Product, amount: s.Amount, target: s.Target, pin: s.PIN.Reveal(), original: s.Original}
	return vend.Request{Op: "op-" + string(s.Kind), Ref: s.Ref, Body: secret.New(b.String())}, nil
}

// wire is one request on its way, and its answer. It lives longer than whoever
// sent it.
type wire struct {
	p     *provider
	who   string
	body  body
	again bool
	back  chan vend.Answer
	// lost: the request never arrives. stubborn: whoever sent it hands the
	// answer in also after its time.
	lost, stubborn bool
	given          vend.Answer
}

// Send implements vend.Provider.
func (p *provider) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	b := parseBody(r.Body.Reveal())
	if ctx.Err() != nil || past.Again && p.w.habit == undoesAll && p.w.tellsOf(b.kind) {
		return p.consequence(b, vend.Answer{Detail: "not a byte left"})
	}
	return p.consequence(b, p.send(ctx, r, past))
}

// send sends a request, and waits for the answer.
func (p *provider) send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	m := &wire{p: p, who: p.sending(ctx), body: parseBody(r.Body.Reveal()), again: past.Again, back: make(chan vend.Answer, 1)}
	p.leaves(m, r)
	p.w.scheduler.add(&event{label: m.who + " request", plan: m.planRequest, happen: m.arrive})
	select {
	case a := <-m.back:
		return a
	case <-ctx.Done():
	}
	p.w.mu.Lock()
	stubborn := m.stubborn
	p.w.mu.Unlock()
	if stubborn {
		select {
		case a := <-m.back:
			return a
		case <-processOf(ctx).ctx.Done(): // nobody is left to hear it
		}
	}
	return vend.Answer{Detail: "no answer"}
}

// sending names a request. The same attempt of the same process comes twice where
// the operator has an order sent again, and its jobs are counted anew.
func (p *provider) sending(ctx context.Context) string {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.sendings[whoOf(ctx)]++
	if n := p.sendings[whoOf(ctx)]; n > 1 {
		return fmt.Sprintf("%s again %d", whoOf(ctx), n)
	}
	return whoOf(ctx)
}

// leaves looks at a request as it leaves the shop.
func (p *provider) leaves(m *wire, r vend.Request) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	wrong := func(format string, args ...any) {
		w.wrongLocked("%s sent %s: %s", m.who, r.Ref, fmt.Sprintf(format, args...))
	}
	b := m.body
	first, before := p.bodies[r.Ref]
	switch {
	case b.againstContract != "":
		wrong("%s", b.againstContract)
	case b.ref != r.Ref || r.Op != "op-"+string(b.kind):
		wrong("the body is another's")
	case before && first != r.Body.Reveal():
		wrong("the body is not that of the first time")
	}
	if !before {
		p.bodies[r.Ref] = r.Body.Reveal()
	}
	p.flying[r.Ref]++
	w.counts.Sent++
	o := w.book.orders[r.Ref]
	if o == nil {
		wrong("no order is committed")
		return
	}
	holds := o.Amount > 0 && o.Kind != vend.KindRedeem &&
		(o.Kind != vend.KindReverse || w.book.orders[o.Original] != nil && w.book.orders[o.Original].Kind == vend.KindRedeem)
	if len(o.entries) == 0 && holds {
		wrong("nothing is held")
	}
	if o.FirstSentAt.IsZero() || o.State == vend.StateConfirmed {
		wrong("it is not written that it is sent")
	}
	if before && !m.again && p.w.book.sentTwice(o, m.who) {
		wrong("as if for the first time")
	}
	if late := time.Since(o.FirstSentAt) - window - 2*w.weather.skew; before && late > 0 {
		wrong("%s after the time for it", late)
	}
	if !m.again {
		w.counts.First++
	}
}

// sentTwice says that whoever sends an order holds its job, so that it must know
// of the sendings before.
func (b *book) sentTwice(o *record, who string) bool {
	job := b.jobs[string(vend.JobOrder)+" "+o.Ref]
	return job != nil && strings.HasSuffix(who, fmt.Sprintf(" order %s/%d", o.Ref, job.Attempt))
}

func (m *wire) planRequest() time.Duration {
	w := m.p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	label := m.who + " request"
	m.lost = w.dice.chance("loss of "+label, w.weather.lies/8)
	m.stubborn = !m.lost && w.dice.chance("patience of "+label, w.weather.late)
	return w.weather.onTheWire(w.dice, label)
}

// arrive is the request at the provider.
func (m *wire) arrive() {
	p, w := m.p, m.p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	p.flying[m.body.ref]--
	if m.lost {
		w.counts.Lost++
		w.trace.note("the request is lost")
		return
	}
	a, silent := p.judge(m)
	w.trace.note("%s again %t: %s owed %t person %t code %q amount %s goods %t silent %t",
		m.body.ref, m.again, a.Outcome, a.Owed, a.Person, a.Code, a.Amount, !a.Goods.Empty(), silent)
	if silent {
		w.counts.Lost++
		if !m.stubborn {
			return
		}
		a = vend.Answer{Detail: "cut off"}
	}
	m.given = a
	w.scheduler.add(&event{label: m.who + " answer", plan: func() time.Duration {
		return w.weather.onTheWire(w.dice, m.who+" answer")
	}, happen: func() { m.back <- m.given }})
}
