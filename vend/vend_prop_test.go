package vend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/vend"
)

// event is one thing that happens in a story. Which of its fields matter depends
// on what it is; numbers are taken modulo what there is to choose from, so that a
// shortened story is still one.
type event struct {
	what    string // ask, expect, break, die, join, pass, advise
	process int
	again   int // ask, join: one more than the number of an earlier call; 0 for a new one
	// ask
	customer int
	pin      string // a voucher, where it is not empty
	amount   ledger.Cents
	waits    time.Duration // pass: how long
	// expect
	taking taking
	reason vend.Reason
	during string // "", slow, very slow, overtaken, dies
	// break
	op    string
	n     int
	fault fault
	// advise
	told toldHow
	dies bool // the process, while the provider is told
}

func drawEvent(rt *rapid.T) event {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "word") }
	number := func(lo, hi int) int { return rapid.IntRange(lo, hi).Draw(rt, "number") }
	e := event{
		what: pick("ask", "ask", "ask", "ask", "expect", "expect", "break", "break", "pass", "pass", "die", "join"), process: number(0, 1),
	}
	switch e.what {
	case "ask":
		e.again, e.customer = max(0, number(-8, 4)), number(1, 3)
		e.waits = rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, patient, 30 * time.Second}).Draw(rt, "waits")
		if e.pin = pick("", pinA, pinB, "9999000000000000"); e.pin == "" {
			e.amount = rapid.SampledFrom([]ledger.Cents{ledger.Rand(5), ledger.Rand(20), ledger.Rand(70)}).Draw(rt, "amount")
		}
	case "join":
		e.again = number(1, 5)
	case "expect":
		e.taking = taking(pick(string(sells), string(declines), string(declines), string(refuses), string(unclear), string(loses),
			string(hangs), string(hangsSold), string(late), string(panics), string(panicsSold), string(contradicts), string(contradicts2),
			string(noAmount), string(otherAmount)))
		e.reason = vend.Reason(pick(string(vend.ReasonTryLater), string(vend.ReasonVoucherExpired), string(vend.ReasonNumberBarred)))
		e.during = pick("", "", "", "slow", "very slow", "overtaken", "dies")
	case "break":
		e.op, e.n = pick("commit", "commit", "commit", "begin", "order", "tx post", "finish", "put off", ""), number(1, 3)
		e.fault = fault{after: rapid.Bool().Draw(rt, "after"), die: rapid.Bool().Draw(rt, "die")}
	case "pass":
		e.waits = rapid.SampledFrom([]time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, 30 * time.Minute}).Draw(rt, "time")
	}
	return e
}

// call is what a customer asks for.
type call struct {
	ref      string
	customer int
	pin      string
	amount   ledger.Cents
}

// chaos is a shop in which everything happens: customers who repeat themselves
// and leave, a provider that is silent, late and contradicts itself, a database
// that fails, processes that die.
type chaos struct {
	w         *world
	processes []*process
	calls     []call // every order that was asked for, to be asked for again
	open      sync.WaitGroup

	mu      sync.Mutex
	asked   map[string]int  // by reference: how often
	nothing map[string]bool // by reference: a customer was told that nothing was bought
	wrongs  []string
}

// newChaos opens a shop with two processes, three customers who have R100 each,
// and two vouchers.
func newChaos(ctx context.Context, d database, remedy remedy) (*chaos, error) {
	w, err := newWorld(ctx, d)
	if err != nil {
		return nil, err
	}
	if remedy != "" {
		w.told = newTold(w.provider, remedy)
	}
	c := &chaos{w: w, asked: map[string]int{}, nothing: map[string]bool{}}
	for range 2 {
		c.processes = append(c.processes, w.start(keyring(0)))
	}
	w.provider.issue(pinA, ledger.Rand(50))
	w.provider.issue(pinB, 37_50)
	for _, customer := range []int{1, 2, 3} {
		err = errors.Join(err, w.fund(ctx, customer, ledger.Rand(100)))
	}
	return c, err
}

func (c *chaos) close() error {
	for _, p := range c.processes {
		p.stop()
	}
	pass(time.Minute) // whoever sleeps wakes up
	return c.w.close()
}

// happen makes one thing happen, until all that could go on without time has.
func (c *chaos) happen(e event) {
	on := c.processes[e.process%len(c.processes)]
	switch e.what {
	case "ask":
		c.ask(e, on)
	case "join":
		if len(c.calls) > 0 {
			ref := c.calls[e.again%len(c.calls)].ref
			c.open.Go(func() { _, _ = on.join(ref) })
		}
	case "expect":
		s := step{taking: e.taking, reason: e.reason}
		switch e.during {
		case "slow":
			s.during = func() { time.Sleep(2 * time.Second) }
		case "very slow":
			s.during = func() { time.Sleep(20 * time.Second) }
		case "overtaken":
			s.during = func() {
				on.gate.breakAll("renew")
				time.Sleep(50 * time.Second)
				on.gate.breakAll("")
			}
		case "dies":
			s.during = on.gate.die
		}
		c.w.provider.expect(s)
	case "advise":
		during := func() {}
		if e.dies {
			during = on.gate.die
		}
		c.w.told.expect(e.told, during)
	case "break":
		on.gate.breakOn(e.op, e.n, e.fault)
	case "die":
		on.crash()
	case "pass":
		time.Sleep(e.waits)
	}
	synctest.Wait()
	c.restart()
}

func (c *chaos) ask(e event, on *process) {
	it := call{fmt.Sprintf("P-%d", len(c.calls)), e.customer, e.pin, e.amount}
	if e.pin != "" {
		it.ref = fmt.Sprintf("R-%d", len(c.calls))
	}
	if e.again > 0 && len(c.calls) > 0 {
		it = c.calls[e.again%len(c.calls)]
	} else {
		c.calls = append(c.calls, it)
	}
	c.mu.Lock()
	c.asked[it.ref]++
	c.mu.Unlock()
	c.open.Go(func() {
		o, err := on.within(e.waits, func(ctx context.Context) (vend.Order, error) {
			if it.pin != "" {
				return on.service.Redeem(ctx, redemption(it.ref, it.customer, it.pin))
			}
			return on.service.Buy(ctx, purchase(it.ref, it.customer, it.amount))
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, e := range []error{ledger.ErrInsufficient, vend.ErrRefused, vend.ErrPINTaken, vend.ErrTooManyTries} {
			if errors.Is(err, e) {
				c.nothing[it.ref] = true
			}
		}
		if errors.Is(err, vend.ErrReferenceReused) || err == nil && o.Ref != it.ref && (it.pin == "" || o.Kind != vend.KindRedeem) {
			c.wrongs = append(c.wrongs, fmt.Sprintf("%s came back as %q, %v", it.ref, o.Ref, err))
		}
	})
}

// restart puts a new process in the place of each that died.
func (c *chaos) restart() {
	for i, p := range c.processes {
		if p.ctx.Err() != nil {
			p.stop()
			c.processes[i] = c.w.start(keyring(0))
		}
	}
	synctest.Wait()
}

func (c *chaos) audit() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(slices.Clone(c.wrongs), c.w.audit()...)
}

// end lets everything come to its end: the provider answers, the database works.
func (c *chaos) end() (wrongs []string) {
	for _, p := range c.processes {
		p.gate.mend()
	}
	c.open.Wait()
	c.w.provider.forever(nil)
	most := 40 // minutes; mostly two or three are enough
	if c.w.told != nil {
		c.w.told.forget()
		most = 120
	}
	pass(time.Minute)
	c.restart()
	b, err := c.w.read()
	for range most {
		if err != nil || len(b.jobs) == 0 {
			break
		}
		pass(time.Minute)
		b, err = c.w.read()
	}
	if err != nil {
		return []string{err.Error()}
	}
	for _, o := range b.orders {
		if !o.State.Final() && o.State != vend.StatePerson {
			wrongs = append(wrongs, fmt.Sprintf("%s is still %s", o.Ref, o.State))
		}
	}
	for job := range b.jobs {
		wrongs = append(wrongs, fmt.Sprintf("there is still the job %q", job))
	}
	for ref := range c.nothing {
		if _, there := b.orders[ref]; there && c.asked[ref] == 1 {
			wrongs = append(wrongs, ref+": the customer was told that nothing was bought")
		}
	}
	return append(wrongs, c.audit()...)
}

// play tells a story in a bubble of its own time, and says what is wrong after
// the event with that number, or at the end.
func play(t *testing.T, d database, remedy remedy, story []event) (at int, wrongs []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := newChaos(t.Context(), d, remedy)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.close(); err != nil {
				wrongs = append(wrongs, err.Error())
			}
		}()
		for i, e := range story {
			at = i
			c.happen(e)
			if wrongs = c.audit(); len(wrongs) > 0 {
				return
			}
		}
		at, wrongs = len(story), c.end()
	})
	return at, wrongs
}

// TestWhateverHappensMoneyIsRightAndTheCustomerKnows is the promise: after every
// step of any story, the books are right, money follows the outcome, what is
// open has somebody who sees to it, nothing is done twice, and whoever has an
// order that ended was told.
func TestWhateverHappensMoneyIsRightAndTheCustomerKnows(t *testing.T) {
	most := 25
	if raced {
		most = 4
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, most).Draw(rt, "events")
		story := rapid.SliceOfN(rapid.Custom(drawEvent), n, n).Draw(rt, "story")
		if at, wrongs := play(t, freshSQLite(t.TempDir()), "", story); len(wrongs) > 0 {
			rt.Fatalf("after event %d: %s", at, strings.Join(wrongs, "\n"))
		}
	})
}

// TestStoriesThatOnceWentWrong are what the test above found, as short as it
// could make them.
func TestStoriesThatOnceWentWrong(t *testing.T) {
	ask := func(pin string, amount ledger.Cents) event {
		return event{what: "ask", customer: 1, pin: pin, amount: amount, waits: patient}
	}
	for name, story := range map[string][]event{
		"dies with the answer to a voucher written and nobody told": {
			{what: "break", op: "commit", n: 2, fault: fault{after: true, die: true}}, ask(pinA, 0),
		},
		"dies with a refusal written and nobody told": {
			{what: "expect", taking: declines, reason: vend.ReasonNumberBarred},
			{what: "break", op: "commit", n: 2, fault: fault{after: true, die: true}}, ask("", ledger.Rand(20)),
		},
		"dies before the screen has read what it was told of": {
			{what: "expect", taking: declines, reason: vend.ReasonNumberBarred},
			{what: "break", op: "commit", n: 2, fault: fault{}},
			{what: "break", op: "commit", n: 3, fault: fault{die: true}}, ask("", ledger.Rand(20)),
		},
		"is overtaken while a refusal of a first sending comes late": {
			{what: "expect", taking: refuses, reason: vend.ReasonTryLater, during: "overtaken"}, ask("", ledger.Rand(20)),
			{what: "pass", waits: time.Minute},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if at, wrongs := play(t, freshSQLite(t.TempDir()), "", story); len(wrongs) > 0 {
				t.Errorf("after event %d: %s", at, strings.Join(wrongs, "\n"))
			}
		})
	}
}
