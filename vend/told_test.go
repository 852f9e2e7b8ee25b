package vend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// declined is a step after which no receipt is sent: the screen is the only one
// to tell, or a message that is sent for that reason alone.
func declined() step { return step{taking: declines, reason: vend.ReasonNumberBarred} }

func TestACustomerWhoLeftIsSentAMessage(t *testing.T) {
	for name, s := range map[string]step{"delivered": {taking: sells}, "declined": declined()} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				s.during = func() { time.Sleep(20 * time.Second) }
				w.provider.expect(s)
				o, err := p.buy("P-1", 1, ledger.Rand(20))
				want(t, o, err, vend.StateSending)
				if got := w.messages("P-1"); got != "" {
					t.Errorf("messages before the end: %q", got)
				}
				pass(time.Minute)
				if o := w.state(t, "P-1"); !o.State.Final() || o.Told {
					t.Errorf("got %s, told %v", o.State, o.Told)
				}
				if got := w.messages("P-1"); got != "ended" {
					t.Errorf("messages: %q", got)
				}
			})
		})
	}
}

func TestAScreenStaysALittleLongerForAnAnswerThatIsBeingWritten(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(declined())
		p.gate.breakOn("commit", 2, fault{works: true, slow: func() { time.Sleep(patient + 500*time.Millisecond) }})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDeclined)
		pass(time.Hour)
		if got := w.messages("P-1"); got != "" {
			t.Errorf("messages: %q", got)
		}
	})
}

func TestAScreenThatCouldNotStayForTheAnswerIsReplacedByAMessage(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(declined())
		p.gate.breakOn("commit", 2, fault{works: true, slow: func() { time.Sleep(patient + 1500*time.Millisecond) }})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateSending)
		pass(2 * time.Second)
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
	})
}

// The screen reads the order by itself before it is told.
func TestAScreenThatFoundTheAnswerNeedsNoMessage(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(declined())
		p.gate.breakOn("commit", 2, fault{works: true, later: func() { time.Sleep(time.Second) }})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDeclined)
		pass(time.Hour)
		if got := w.messages("P-1"); got != "" {
			t.Errorf("messages: %q", got)
		}
	})
}

func TestAScreenDoesNotStayForAnAnswerThatCannotBeWritten(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(declined())
		for n := 2; n < 11; n++ { // some five seconds
			p.gate.breakOn("commit", n, fault{})
		}
		began := time.Now()
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateSending)
		if took := time.Since(began); took != patient {
			t.Errorf("it stayed for %s", took)
		}
		pass(time.Minute)
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
	})
}

// The message that replaces a screen cannot be let go at that moment.
func TestAMessageIsNotLostWithTheDatabase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(declined())
		p.gate.breakOn("commit", 2, fault{works: true, slow: func() {
			time.Sleep(patient + 1500*time.Millisecond)
			p.gate.breakOn("begin", 1, fault{})
		}})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateSending)
		pass(time.Minute)
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
	})
}

// The answer is written and its reply lost, while the screen had to go.
func TestAMessageIsNotLostWithTheReplyOfTheDatabase(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(declined())
		p.gate.breakOn("commit", 2, fault{after: true, slow: func() { time.Sleep(patient + 1500*time.Millisecond) }})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateSending)
		pass(time.Minute)
		if got := w.messages("P-1"); got != "ended" {
			t.Errorf("messages: %q", got)
		}
		p.balance(t, 1, ledger.Rand(100), 0)
	})
}

// The answer is written, the screen is told, and cannot read the order.
func TestAScreenThatIsToldNeedsTheDatabaseNoMore(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.expect(declined())
		p.gate.breakOn("commit", 2, fault{works: true, slow: func() { p.gate.breakAll("order") }})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		p.gate.breakAll("")
		want(t, o, err, vend.StateDeclined)
		pass(time.Minute)
		if got := w.messages("P-1"); got != "" {
			t.Errorf("messages: %q", got)
		}
	})
}

// The process dies after it wrote the answer and before the screen has it.
func TestAScreenThatDiesWithItsProcessIsReplacedByAMessage(t *testing.T) {
	for name, s := range map[string]step{"delivered": {taking: sells}, "declined": declined()} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				other := w.start(keyring(0))
				defer other.stop()
				w.provider.expect(s)
				p.gate.breakOn("commit", 2, fault{after: true, die: true})
				o, err := p.buy("P-1", 1, ledger.Rand(20))
				want(t, o, err, vend.StateSending)
				pass(time.Minute)
				if got := w.messages("P-1"); got != "ended" {
					t.Errorf("messages: %q", got)
				}
			})
		})
	}
}

// TestAnAnswerInHandIsNotThrownAway: asked a second time, the provider would
// refuse the repetition, which settles nothing, and the money would be held
// until a person came.
func TestAnAnswerInHandIsNotThrownAway(t *testing.T) {
	for name, f := range map[string]fault{"a commit that fails": {}, "a commit whose reply is lost": {after: true}} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				w.provider.forever(&step{taking: refuses, reason: vend.ReasonUnavailable})
				for n := 2; n < 7; n++ {
					p.gate.breakOn("commit", n, f)
				}
				o, err := p.buy("P-1", 1, ledger.Rand(20))
				want(t, o, err, vend.StateDeclined)
				p.balance(t, 1, ledger.Rand(100), 0)
				pass(time.Minute)
				if n := len(w.provider.sendings()); n != 1 {
					t.Errorf("sent %d times", n)
				}
			})
		})
	}
}

// TestADatabaseThatStaysAwayIsNotWaitedForForEver: the lease ends, and whoever
// has the job next asks again.
func TestADatabaseThatStaysAwayIsNotWaitedForForEver(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		p.gate.breakOn("commit", 2, fault{slow: func() { p.gate.breakAll("begin") }})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateSending)
		pass(20 * time.Minute)
		// Not even that it is taken over can be written.
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
		p.gate.mend()
		pass(4 * time.Minute)
		if o := w.state(t, "P-1"); o.State != vend.StateDelivered {
			t.Errorf("order is %s", o.State)
		}
	})
}

// TestWhatTheBooksRefuseIsAPersonsAtOnce: somebody ended the hold behind the
// order's back.
func TestWhatTheBooksRefuseIsAPersonsAtOnce(t *testing.T) {
	d := freshSQLite(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = w.close() }()
		p := w.start(keyring(0))
		defer p.stop()
		if err := w.fund(t.Context(), 1, ledger.Rand(100)); err != nil {
			t.Fatal(err)
		}
		w.provider.expect(step{taking: sells, during: func() {
			c, err := w.sql.Customer(t.Context(), number(1))
			if err == nil {
				err = w.sql.InTx(t.Context(), func(tx vend.Tx) error {
					return tx.Post(ledger.Release("P-1", ledger.CustomerPays(c.ID), ledger.Rand(20)), time.Now())
				})
			}
			if err != nil {
				t.Error(err)
			}
		}})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StatePerson)
		pass(time.Hour)
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
		if got := w.messages("P-1"); got != "person" {
			t.Errorf("messages: %q", got)
		}
		if faults, err := w.sql.CheckBooks(t.Context()); err != nil || len(faults) != 0 {
			t.Errorf("the books: %v, %v", faults, err)
		}
	})
}

// A commit is cut off by the end of the customer's time, and made all the same.
func TestAnOrderWhoseCommitSeemedToFailIsStartedAtOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		w.provider.issue(pinA, ledger.Rand(50))
		p.gate.breakOn("commit", 1, fault{after: true})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDelivered)
		p.gate.breakOn("commit", 1, fault{after: true})
		o, err = p.redeem("R-1", 1, pinA)
		want(t, o, err, vend.StateDelivered)
		for _, s := range w.provider.sendings() {
			if s.again {
				t.Errorf("%s was sent as a repetition", s.ref)
			}
		}
		pass(time.Minute)
		if n := len(w.provider.sendings()); n != 2 {
			t.Errorf("sent %d times", n)
		}
	})
}

// A commit fails, and before this process has looked, another one writes the same
// purchase and starts on it.
func TestAnOrderThatAnotherWroteMeanwhileIsStartedOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		other := w.start(keyring(0))
		defer other.stop()
		w.provider.expect(step{taking: sells, during: func() { time.Sleep(2 * time.Second) }})
		p.gate.breakOn("commit", 1, fault{})
		p.gate.breakOn("order", 1, fault{works: true, slow: func() {
			o, err := other.within(time.Millisecond, func(ctx context.Context) (vend.Order, error) {
				return other.service.Buy(ctx, purchase("P-1", 1, ledger.Rand(20)))
			})
			want(t, o, err, vend.StateSending)
		}})
		o, err := p.buy("P-1", 1, ledger.Rand(20))
		want(t, o, err, vend.StateDelivered)
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
		pass(time.Minute)
	})
}

// TestAnOrderThatNobodyKnewOfIsSeenThrough: the commit was made, and neither
// its reply nor a look at the order came through. The customer knows nothing,
// and does not dial again.
func TestAnOrderThatNobodyKnewOfIsSeenThrough(t *testing.T) {
	for name, c := range map[string]struct {
		step   step
		states []vend.State
	}{
		"sold":       {step{taking: sells}, []vend.State{vend.StateDelivered}},
		"declined":   {declined(), []vend.State{vend.StateDeclined}},
		"not looked": {step{taking: refuses}, []vend.State{vend.StateDelivered}},
	} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				w.provider.expect(c.step)
				p.gate.breakOn("commit", 1, fault{after: true, slow: func() { p.gate.breakOn("order", 1, fault{}) }})
				if o, err := p.buy("P-1", 1, ledger.Rand(20)); err == nil {
					t.Fatalf("the customer was told that it is %s", o.State)
				}
				p.balance(t, 1, ledger.Rand(80), ledger.Rand(20))
				// Asked again meanwhile, the order is found, also by a
				// transaction that fails.
				p.gate.breakOn("commit", 1, fault{})
				o, err := p.buy("P-1", 1, ledger.Rand(20))
				want(t, o, err, vend.StateSending)
				pass(2 * time.Minute)
				if o := w.state(t, "P-1"); o.State != c.states[0] {
					t.Errorf("order is %s", o.State)
				}
				if got := w.messages("P-1"); got != "ended" {
					t.Errorf("messages: %q", got)
				}
			})
		})
	}
}

// TestAProcessThatIsOvertakenWritesNothing: it stood still in the middle of a
// sending, another took its job and finished it.
func TestAProcessThatIsOvertakenWritesNothing(t *testing.T) {
	for name, second := range map[string]step{"sold": {taking: sells}, "unclear": {taking: unclear}} {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, p := rich(t, d)
				other := w.start(keyring(0))
				defer other.stop()
				// It cannot renew its lease, and its late refusal is of a request
				// that it believes to be the first.
				w.provider.expect(step{taking: refuses, reason: vend.ReasonTryLater, during: func() {
					p.gate.breakAll("renew")
					time.Sleep(time.Minute)
				}}, second)
				o, err := p.buy("P-1", 1, ledger.Rand(20))
				want(t, o, err, vend.StateSending)
				pass(10 * time.Minute)
				if o := w.state(t, "P-1"); o.State != vend.StateDelivered {
					t.Errorf("order is %s", o.State)
				}
				p.balance(t, 1, ledger.Rand(80), 0)
			})
		})
	}
}

// TestEveryoneWhoWaitsIsToldOrSentAMessage lets many customers come and go, on
// two processes, while answers are written, quickly or for longer than anybody
// stays.
func TestEveryoneWhoWaitsIsToldOrSentAMessage(t *testing.T) {
	for name, c := range map[string]struct {
		orders    int
		lag, wait time.Duration
	}{
		"quick": {40, 0, 40 * time.Millisecond}, "slow": {8, 2 * time.Second, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if c.lag == 0 {
				onEachDatabase(t, func(t *testing.T, d database) { comeAndGo(t, d, c.orders, 0, c.wait) })
				return
			}
			// Not on PostgreSQL: whoever waits there for a row that sleeps here
			// keeps the bubble's time from passing.
			d := freshSQLite(t.TempDir())
			synctest.Test(t, func(t *testing.T) { comeAndGo(t, d, c.orders, c.lag, c.wait) })
		})
	}
}

func comeAndGo(t *testing.T, d database, orders int, lag, wait time.Duration) {
	w, p := startWorld(t, d, vend.Options{})
	other := w.start(keyring(0))
	defer other.stop()
	for _, on := range []*process{p, other} {
		on.gate.lag = func() time.Duration { return rand.N(lag + 1) }
	}
	some := func() time.Duration { return rand.N(wait) }
	w.provider.forever(&step{taking: declines, reason: vend.ReasonNumberBarred, during: func() { time.Sleep(some()) }})
	var wg sync.WaitGroup
	for i := range orders {
		if err := w.fund(t.Context(), i, ledger.Rand(100)); err != nil {
			t.Fatal(err)
		}
		for n := range 5 {
			wg.Go(func() {
				time.Sleep(some())
				waits := some()
				if n == 0 && i%2 == 0 {
					waits = time.Hour
				}
				// Without time enough nothing may have been bought, which the
				// audit knows.
				on := []*process{p, other}[rand.N(2)]
				_, _ = on.within(waits, func(ctx context.Context) (vend.Order, error) {
					return on.service.Buy(ctx, purchase(fmt.Sprintf("P-%d", i), i, ledger.Rand(20)))
				})
			})
		}
	}
	wg.Wait()
	for _, wrong := range w.audit() {
		t.Error(wrong)
	}
	pass(time.Minute)
	b, err := w.read()
	if err != nil || len(b.orders) < orders/2 || len(b.jobs) != 0 {
		t.Errorf("%d orders, jobs %v, %v", len(b.orders), b.jobs, err)
	}
}

// TestACustomerWhoLeavesAtAnyMomentHarmsNobody cuts calls off in the middle of
// their statements and commits. The bubble's time stands still meanwhile, so the
// moment is counted in turns of the scheduler.
func TestACustomerWhoLeavesAtAnyMomentHarmsNobody(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.forever(&step{taking: declines, reason: vend.ReasonNumberBarred})
		const orders = 60
		written := 0
		for i := range orders {
			if err := w.fund(t.Context(), i, ledger.Rand(100)); err != nil {
				t.Fatal(err)
			}
			_, err := p.within(time.Hour, func(ctx context.Context) (vend.Order, error) {
				ctx, leave := context.WithCancel(ctx)
				defer leave()
				go func() {
					for range rand.N(2 << (i % 20)) {
						runtime.Gosched()
					}
					leave()
				}()
				return p.service.Buy(ctx, purchase(fmt.Sprintf("P-%d", i), i, ledger.Rand(20)))
			})
			if err == nil {
				written++
			}
		}
		pass(2 * time.Minute)
		b, err := w.read()
		if err != nil || len(b.jobs) != 0 {
			t.Errorf("jobs %v, %v", b.jobs, err)
		}
		t.Logf("%d calls came back with an order, %d orders were written", written, len(b.orders))
		if len(b.orders) < written {
			t.Errorf("%d orders for %d calls", len(b.orders), written)
		}
		for i := range orders {
			p.balance(t, i, ledger.Rand(100), 0)
		}
	})
}
