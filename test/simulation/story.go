package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// most is how many scenes a story has at most.
const most = 40

// scene is a thing that people do, or that happens to a whole process. The empty
// one is that of an ordinary day: nothing.
type scene string

const (
	buys       scene = "buys"
	redeems    scene = "redeems"
	again      scene = "again"      // the same, perhaps at once, perhaps by the other phone of the number
	others     scene = "others"     // the same reference with other contents
	looks      scene = "looks"      // joins an order
	gives      scene = "gives back" // asks for a refund
	undoes     scene = "undoes"     // asks for a reversal
	undoesMore scene = "undoes twice"
	resolves   scene = "resolves"
	resends    scene = "resends"
	crashes    scene = "crashes"
	deploys    scene = "deploys"
	grows      scene = "grows"
	balances   scene = "balances"
	goesDark   scene = "goes dark" // all processes die, and none comes for long
)

// tell adds the scenes to the line of what happens, one after the other.
func (w *world) tell(left int, n int) {
	if left == 0 || w.over {
		return
	}
	name := fmt.Sprintf("scene %d", n)
	w.scheduler.add(&event{label: "~" + name, plan: func() time.Duration {
		pause := pick(w.dice, "pause before "+name, 0, time.Millisecond, 50*time.Millisecond, time.Second, 4*time.Second, 20*time.Second,
			time.Minute, 6*time.Minute, 20*time.Minute)
		return pause + time.Duration(w.dice.below("moment of "+name, int(pause/4)+1))
	}, happen: func() {
		if w.over {
			return
		}
		w.play(name)
		w.tell(left-1, n+1)
	}})
}

// play plays one scene.
func (w *world) play(name string) {
	d := w.dice
	s := pick(d, name, "", buys, buys, buys, buys, redeems, redeems, redeems, again, again, others, looks, gives, undoes, undoesMore,
		resolves, resolves, resends, crashes, deploys, grows, balances, goesDark)
	alive := w.alive()
	if s != grows && len(alive) == 0 {
		return
	}
	choose := func(what string) *process {
		if d.chance(name+" closing "+what, 150) { // a process that closes still has its doors open for a moment
			for _, p := range w.replicas {
				if p.closing && !p.dead.Load() {
					return p
				}
			}
		}
		return alive[d.below(name+" "+what, len(alive))]
	}
	patience := func(what string) time.Duration {
		long := pick(d, name+" patience "+what, 3*time.Second, time.Millisecond, 500*time.Millisecond, 8*time.Second, 40*time.Second)
		return long + time.Duration(1+d.below(name+" phase "+what, int(50*time.Millisecond)))
	}
	switch s {
	case buys, redeems, gives, undoes, undoesMore:
		for i := range 1 + d.below(name+" at once", 2) + btoi(s == undoesMore) {
			if a := w.newAsk(s, name, i); a != nil {
				w.askFor(a, choose(fmt.Sprint("process ", i)), patience(fmt.Sprint(i)))
			}
		}
	case again, others, looks:
		if len(w.asked) == 0 {
			return
		}
		a := w.asked[len(w.asked)-1-d.below(name+" which", len(w.asked))]
		switch s {
		case again:
			w.counts.Replays++
			w.askFor(a, choose("process"), patience(""))
		case others:
			w.counts.Replays++
			w.askFor(w.other(a), choose("process"), patience(""))
		default:
			p := choose("process")
			w.trace.note("call %d: looks at %s", w.calls+1, a.ref)
			w.dial(&call{ask: a, process: p, looks: true}, patience(""), func(ctx context.Context) (vend.Order, error) { return p.service.Join(ctx, a.ref) })
		}
	case resolves, resends:
		w.operate(s, name)
	case crashes:
		w.crash(choose("process"))
	case goesDark:
		// What is asked of a process that closes is confirmed, and not begun.
		last := alive[0]
		w.stop(last, 40*time.Second)
		if a := w.newAsk(buys, name, 0); a != nil && d.chance(name+" in the doors", 700) {
			w.askFor(a, last, patience("in the doors"))
		}
		for _, p := range alive[1:] {
			w.crash(p)
		}
		w.darkUntil = time.Now().Add(pick(d, name+" until", time.Minute, 10*time.Minute, 27*time.Minute))
	case deploys:
		p := alive[d.below(name+" which", len(alive))]
		w.trace.note("%s is closed", p.name)
		w.stop(p, pick(d, name+" patience", 10*time.Second, 0, time.Second, 40*time.Second))
		w.trace.note("%s begins", w.open(true).name)
	case grows:
		if len(alive) < 3 {
			w.trace.note("%s begins", w.open(true).name)
		}
	case balances:
		p, c := choose("process"), 1+d.below(name+" customer", people)
		w.running.Go(func() {
			b, err := p.service.Balance(as(p.ctx, "%s %s", p.name, name), number(c))
			if err == nil && (b.Available < 0 || b.Held < 0) {
				w.wrong("%s is shown %s and %s", number(c), b.Available, b.Held)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// people are how many customers there are: few, so that they meet.
const people = 3

// newAsk is something new that a customer agrees to; nil where there is nothing
// to agree to.
func (w *world) newAsk(s scene, name string, i int) *ask {
	d := w.dice
	name = fmt.Sprintf("%s ask %d", name, i)
	a := &ask{ref: fmt.Sprintf("P-%03d", len(w.asked)+1), customer: 1 + d.below(name+" customer", people)}
	switch s {
	case buys:
		a.kind = pick(d, name+" kind", vend.KindAirtime, vend.KindAirtime, vend.KindAirtimePIN, vend.KindVoucher, vend.KindElectricity, vend.KindElectricity)
		a.amount = pick(d, name+" amount", ledger.Rand(20), ledger.Rand(5), ledger.Rand(70), ledger.Rand(12), 1500_00)
		switch a.kind {
		case vend.KindAirtime:
			a.target = number(1 + d.below(name+" target", people))
		case vend.KindElectricity:
			a.target = fmt.Sprintf("0411%d", a.customer)
			if d.chance(name+" free", 600) {
				a.amount = 0
			}
		}
	case redeems:
		a.kind, a.ref = vend.KindRedeem, "R"+a.ref[1:]
		if len(w.pins) > 0 {
			a.pin = w.pins[d.below(name+" pin", len(w.pins))]
		}
		if a.pin == "" || d.chance(name+" mistyped", 100) {
			a.pin = fmt.Sprintf("99990000%08d", d.below(name+" digits", 3))
		}
	case gives:
		a.kind, a.amount = vend.KindRefund, pick(d, name+" amount", ledger.Rand(10), ledger.Rand(5), ledger.Rand(60))
		a.by = pick(d, name+" by", "", "thandi")
	default:
		original := w.someOrder(name, func(r *record) bool {
			return classOf(r.Order) == classDone && r.Kind != vend.KindAirtime || d.chance(name+" any "+r.Ref, 200)
		})
		if original == nil {
			return nil
		}
		a.kind, a.original = vend.KindReverse, original.Ref
		a.by = pick(d, name+" by", "", "thandi")
		for n := 1; n <= people; n++ {
			if number(n) == w.numberOf(original.Customer) {
				a.customer = n
			}
		}
	}
	w.asked = append(w.asked, a)
	return a
}

// other is the same reference with other contents.
func (w *world) other(a *ask) *ask {
	b := *a
	a.reused, b.reused = true, true
	switch {
	case a.kind == vend.KindRedeem:
		b.pin = "9999000000000009"
	case a.kind == vend.KindReverse:
		b.original = "P-000"
	case a.amount == 0:
		b.target += "9"
	default:
		b.amount++
	}
	// It is another thing that a customer agreed to, should the first never
	// have come to be.
	w.asked = append(w.asked, &b)
	return &b
}

// someOrder draws one of the orders that are fit.
func (w *world) someOrder(name string, fit func(*record) bool) *record {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*record
	for _, ref := range slices.Sorted(maps.Keys(w.book.orders)) {
		if r := w.book.orders[ref]; fit(r) {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1-w.dice.below(name+" order", len(all))]
}
