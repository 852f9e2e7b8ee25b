package vend_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// taking is how a request is taken by the scripted provider.
type taking string

const (
	sells        taking = "sells"         // it is done, and said to be
	refuses      taking = "refuses"       // it is refused at the gate: not looked at
	declines     taking = "declines"      // it is looked at and refused
	unclear      taking = "unclear"       // nothing is done, and nothing clear comes back
	loses        taking = "loses"         // it is done, and nothing clear comes back
	hangs        taking = "hangs"         // nothing is done, and nothing comes back while it is waited for
	hangsSold    taking = "hangs sold"    // it is done, and nothing comes back while it is waited for
	late         taking = "late"          // it is done, and said to be after it was waited for
	panics       taking = "panics"        // nothing is done, and the adapter breaks
	panicsSold   taking = "panics sold"   // it is done, and the adapter breaks
	contradicts  taking = "contradicts"   // it is done, and the answer contradicts itself
	contradicts2 taking = "contradicts 2" // the same, in an answer that also claims success
	noAmount     taking = "no amount"     // it is done, and not said of what
	otherAmount  taking = "other amount"  // it is done, with another amount than was asked
)

// step is the script for one request.
type step struct {
	taking taking
	reason vend.Reason
	// during is done while the request is under way.
	during func()
}

// sending is one request as it arrived.
type sending struct {
	ref, body string
	again     bool
}

// provider is a scripted vend.Provider that keeps to the contract: one reference
// is one sale, a reference that was answered is answered the same way again, and
// a refusal of a repetition settles nothing.
type provider struct {
	mu       sync.Mutex
	script   []step
	always   *step // where the script is at its end; nil sells
	vouchers map[string]ledger.Cents
	usedBy   map[string]string // PIN to the reference that took it
	answered map[string]vend.Answer
	executed map[string]int
	bodies   map[string]string
	sent     []sending
	wrongs   []string // what the shop did that it must not
	// before looks at the shop as a request arrives.
	before func(r vend.Request) error
}

var _ vend.Provider = (*provider)(nil)

func newProvider() *provider {
	return &provider{
		vouchers: map[string]ledger.Cents{}, usedBy: map[string]string{}, answered: map[string]vend.Answer{},
		executed: map[string]int{}, bodies: map[string]string{},
	}
}

// expect adds steps to the script.
func (p *provider) expect(steps ...step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = append(p.script, steps...)
}

// forever is how requests are taken past the script.
func (p *provider) forever(s *step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.always = s
	p.script = nil
}

func (p *provider) issue(pin string, worth ledger.Cents) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vouchers[pin] = worth
}

func (p *provider) sendings() []sending {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]sending(nil), p.sent...)
}

func (p *provider) done(ref string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.executed[ref]
}

func (p *provider) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.wrongs...)
}

// Prepare implements vend.Provider. A target that ends in 999 is refused.
func (p *provider) Prepare(s vend.Sale) (vend.Request, error) {
	if strings.HasSuffix(s.Target, "999") {
		return vend.Request{}, errors.New("the document forbids it")
	}
	if s.Kind == vend.KindRedeem && s.PIN.Len() != 16 {
		return vend.Request{}, errors.New("a PIN has 16 digits")
	}
	body := fmt.Sprintf("%s|%s|%s|%d|%s|%s", s.Kind, s.Ref, s.Product, s.Amount, s.Target, s.PIN.Reveal())
	return vend.Request{Op: "op-" + string(s.Kind), Ref: s.Ref, Body: secret.New(body)}, nil
}

// Send implements vend.Provider.
func (p *provider) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	s := p.arrive(r, past.Again)
	if s.during != nil {
		s.during()
	}
	switch s.taking {
	case hangs, hangsSold, late:
		if s.taking != hangs {
			p.execute(r)
		}
		<-ctx.Done()
		if s.taking == late {
			return p.execute(r)
		}
		return vend.Answer{Detail: "no answer"}
	case panics, panicsSold:
		if s.taking == panicsSold {
			p.execute(r)
		}
		panic("the adapter breaks")
	case unclear:
		return vend.Answer{Code: "500", Detail: "unclear"}
	case loses:
		p.execute(r)
		return vend.Answer{Detail: "cut off"}
	case refuses, declines:
		return p.refuse(r, s, past.Again)
	case contradicts, contradicts2:
		a := p.execute(r)
		if s.taking == contradicts || a.Outcome != vend.Delivered {
			a.Outcome, a.Amount = vend.Unknown, 0
		}
		a.Person, a.Alert = true, true
		return a
	case noAmount, otherAmount:
		a := p.execute(r)
		if a.Outcome == vend.Delivered && s.taking == otherAmount {
			a.Amount += 100
		} else {
			a.Amount = 0
		}
		return a
	default:
		return p.execute(r)
	}
}

// arrive takes a request down and finds how it is to be taken.
func (p *provider) arrive(r vend.Request, again bool) step {
	var err error
	if p.before != nil {
		err = p.before(r)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	wrong := func(format string, args ...any) { p.wrongs = append(p.wrongs, fmt.Sprintf(format, args...)) }
	if err != nil {
		wrong("%s was sent: %v", r.Ref, err)
	}
	body := r.Body.Reveal()
	part := strings.Split(body, "|")
	first, repeated := p.bodies[r.Ref]
	switch {
	case len(part) != 6 || part[1] != r.Ref || r.Op != "op-"+part[0]:
		wrong("%s was sent with a body that is not its own", r.Ref)
	case repeated && first != body:
		wrong("%s was sent again with another body", r.Ref)
	case repeated && !again:
		wrong("%s was sent again as if for the first time", r.Ref)
	}
	p.bodies[r.Ref] = body
	p.sent = append(p.sent, sending{r.Ref, body, again})
	s := step{taking: sells}
	if p.always != nil {
		s = *p.always
	}
	if len(p.script) > 0 {
		s, p.script = p.script[0], p.script[1:]
	}
	return s
}

// execute does what is asked, once for a reference.
func (p *provider) execute(r vend.Request) vend.Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := p.answered[r.Ref]; ok {
		return a
	}
	var amount ledger.Cents
	part := strings.Split(r.Body.Reveal(), "|")
	a := vend.Answer{Outcome: vend.Delivered, Code: "0", ProviderRef: "T" + r.Ref, CallCentre: "100"}
	_, _ = fmt.Sscan(part[3], &amount)
	if vend.Kind(part[0]) == vend.KindRedeem {
		worth, there := p.vouchers[part[5]]
		switch {
		case !there:
			a = vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonVoucherNotFound, Code: "2402"}
		case p.usedBy[part[5]] != "":
			a = vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonVoucherUsed, Code: "2401"}
		default:
			p.usedBy[part[5]], amount = r.Ref, worth
		}
	}
	if a.Outcome == vend.Delivered {
		a.Amount = amount
		p.executed[r.Ref]++
	}
	p.answered[r.Ref] = a
	return a
}

// refuse refuses what was not answered yet. A refusal at the gate is no answer:
// the request may be made again, and nothing is said of an earlier one.
func (p *provider) refuse(r vend.Request, s step, again bool) vend.Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := vend.Answer{Outcome: vend.Declined, Reason: s.reason, Code: "2003"}
	if s.taking == refuses {
		if again {
			a.Outcome, a.Reason = vend.Unknown, ""
		}
		return a
	}
	if there, ok := p.answered[r.Ref]; ok {
		return there
	}
	p.answered[r.Ref] = a
	return a
}
