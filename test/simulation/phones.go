package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/vend"
)

// phones are where customers are told: by the screen of a call, and by messages
// that a gateway carries.
type phones struct {
	w     *world
	taken map[string]string // the gateway's name for a message, by its id
}

var errGateway = errors.New("the gateway does not take it")

// message sends a message that says how an order stands. The same id again is the
// same message, which the gateway takes once. It returns the gateway's name for
// it.
func (p *phones) message(ctx context.Context, from *process, id, to string, o vend.Order) (taken string, err error) {
	w, label := p.w, whoOf(ctx)+" message"
	if from.dead.Load() {
		return "", errDead
	}
	var fails, unsaid bool
	w.scheduler.stop(&event{label: label, ctx: ctx, process: from, plan: func() time.Duration {
		fails = w.dice.chance("gateway of "+label, w.weather.gateway)
		unsaid = fails && w.dice.chance("word of "+label, 500)
		return w.weather.onTheWire(w.dice, label)
	}})
	switch {
	case from.dead.Load():
		return "", errDead
	case ctx.Err() != nil && !unsaid:
		return "", ctx.Err()
	case fails && !unsaid:
		return "", errGateway
	}
	w.mu.Lock()
	taken, again := p.taken[id]
	if !again {
		taken = fmt.Sprintf("M%d", len(p.taken)+1)
		p.taken[id] = taken
		w.tellLocked(o, saidOf(o), to, "message "+taken)
	}
	w.mu.Unlock()
	w.trace.note("%s to %s says that %s is %s; again %t", taken, to, o.Ref, saidOf(o), again)
	if unsaid {
		return "", errGateway
	}
	if !again && w.dice.chance("report of "+taken, 500) {
		p.report(taken)
	}
	return taken, nil
}

// saidOf is what a message says: that somebody looks at it, where the order is
// open once more.
func saidOf(o vend.Order) class {
	if now := classOf(o); now != classOpen {
		return now
	}
	return classPerson
}

// report brings the gateway's word on what became of a message, sometimes twice.
func (p *phones) report(id string) {
	w := p.w
	arrived := !w.dice.chance("arrival of "+id, w.weather.gateway)
	for i := range pick(w.dice, "reports of "+id, 1, 1, 2) {
		w.scheduler.add(&event{label: fmt.Sprintf("report %d of %s", i, id), plan: func() time.Duration {
			return 3*time.Second + w.weather.onTheWire(w.dice, "report of "+id)
		}, happen: func() {
			on := w.alive()
			if len(on) == 0 {
				return
			}
			at := on[w.dice.below("process for report of "+id, len(on))]
			w.running.Go(func() {
				_, _ = at.service.Reported(as(at.ctx, "%s report %d of %s", at.name, i, id), vend.MessageReport{Message: id, Arrived: arrived, Detail: "reported"})
			})
		}})
	}
}

// tellLocked notes that a customer was told how an order stands.
func (w *world) tellLocked(o vend.Order, now class, to, by string) {
	r := w.book.orders[o.Ref]
	if r == nil {
		w.wrongLocked("%s told of %s, which is no order", by, o.Ref)
		return
	}
	if want := w.numberOf(r.Customer); to != want {
		w.wrongLocked("%s told %s of %s, which is %s's", by, to, o.Ref, want)
	}
	if now == classOpen {
		return // no news
	}
	r.told = append(r.told, telling{w.book.step, now, by})
	// What was said was so at some time.
	for _, s := range r.stood {
		if s.class == now {
			return
		}
	}
	w.wrongLocked("%s told that %s is %s, which it never was", by, o.Ref, now)
}
