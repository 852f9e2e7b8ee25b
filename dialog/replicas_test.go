package dialog

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTwoEnginesHoldOneConversation(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed, "unkeyed": unkeyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			p := w.phone(k)
			turn := func(r Reply) Reply {
				t.Helper()
				if k != unkeyed { // the other engine answers a repetition alike, and so does this one
					for range 2 {
						p.at = 1 - p.at
						if again := p.send(); again != r {
							t.Errorf("engine %d answered a repetition of %q with %q", p.at, r.Text, again.Text)
						}
					}
				}
				p.at = 1 - p.at
				return r
			}
			turn(p.dial())
			for _, in := range []string{"1", "9", "0", "9", "2", "x", "0", "2", "9"} {
				turn(p.types(in))
			}
			turn(p.types("0")).shows(t, "Jock: for how many days?")
			turn(p.types("7")).shows(t, "Jock for 7 days?")
			turn(p.types("1")).shows(t, "Jock is yours until day 7. Loan L")
			if runs, _ := w.lib.effects(); runs != 1 {
				t.Errorf("the loan was asked for %d times", runs)
			}
		})
	}
}

func TestOneTurnAtTwoEnginesIsOneStep(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			p := w.phone(k)
			send := func() Reply {
				t.Helper()
				replies := make([]Reply, 6)
				var wg sync.WaitGroup
				for i := range replies {
					q := *p
					q.at = i % 2
					wg.Go(func() { replies[i] = q.send() })
				}
				wg.Wait()
				for _, r := range replies {
					if r != replies[0] {
						t.Fatalf("one was answered with %q, another with %q", replies[0].Text, r.Text)
					}
				}
				return replies[0]
			}
			p.dial()
			for range 5 {
				for _, in := range []string{"1", "9", "8", "4", "0", "0", "00"} {
					p.typed = append(p.typed, in)
					send()
				}
			}
			for _, in := range []string{"1", "2", "7"} {
				p.types(in)
			}
			p.typed = append(p.typed, "1")
			send().shows(t, "Jock is yours")
			if runs, refs := w.lib.effects(); refs != 1 || runs > 2 { // once at each engine at most
				t.Errorf("the loan was asked for %d times under %d references", runs, refs)
			}
		})
	}
}

// TestAnAnswerFromElsewhereIsWhole: the other engine has the same effect meanwhile,
// and is the first to save. Its answer counts, with all that a surface needs of it.
func TestAnAnswerFromElsewhereIsWhole(t *testing.T) {
	t.Parallel()
	meet := func(w *world, send func(other *Engine) Reply) (other *Reply) {
		other = new(Reply)
		w.lib.trip = func(context.Context, *Talk) (Move, error) {
			w.lib.trip = func(context.Context, *Talk) (Move, error) { return "shelf", nil }
			*other = send(w.engines[1])
			return "refused", nil
		}
		return other
	}
	same := func(t *testing.T, w *world, one, other Reply) {
		t.Helper()
		one.shows(t, "Which book?")
		if diff := cmp.Diff(other, one); diff != "" || one.Screen == "" || w.last().Outcome != Replayed {
			t.Errorf("answered with screen %q, %s (-there +here):\n%s", one.Screen, w.last().Outcome, diff)
		}
		if runs, refs := w.lib.effects(); runs != 2 || refs != 1 {
			t.Errorf("the loan was asked for %d times under %d references", runs, refs)
		}
	}
	t.Run("by a gateway", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2)
		p := confirm(w, keyed)
		other := meet(w, func(e *Engine) Reply {
			r, _ := e.Handle(t.Context(), p.turn())
			return r
		})
		same(t, w, p.types("1"), *other)
		p.types("3").shows(t, "Mine Boy: for how many days?")
	})
	t.Run("in a chat", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2)
		p := w.writer("27821234567")
		sure := p.writes("jock")
		other := meet(w, func(e *Engine) Reply {
			r, _ := e.Handle(t.Context(), p.last)
			return r
		})
		shelf := p.taps(sure, "Yes")
		same(t, w, shelf, *other)
		p.taps(shelf, "Mine Boy").shows(t, "Mine Boy: for how many days?")
	})
}

// TestAnEffectThatWasHadSinceIsNotHadAgain: two repetitions find it still to be done,
// and the second comes to do it when the first has.
func TestAnEffectThatWasHadSinceIsNotHadAgain(t *testing.T) {
	t.Parallel()
	for name, here := range map[string]bool{"the effect of this engine was kept": true, "that of the other was": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 3)
			p := confirm(w, keyed)
			q := *p
			q.typed = append(q.typed, "1")
			decided := ""
			repeat := func(at int) Reply {
				r := q
				r.at = at
				return r.send()
			}
			w.lib.trip = func(context.Context, *Talk) (Move, error) { // at engine 0
				decided = w.store.get(w.key(p))
				w.lib.trip = nil
				if !here {
					w.lib.trip = func(context.Context, *Talk) (Move, error) { // at engine 1
						w.lib.trip = nil
						repeat(2)
						return "lent", nil
					}
				}
				repeat(1)
				return "lent", nil
			}
			repeat(0)
			before, _ := w.lib.effects()
			e := w.engines[1]
			in := &turn{}
			e.identify(in, q.turn())
			late := new(plan)
			if err := e.decide(t.Context(), in, late, decided); err != nil || late.do == nil || late.save {
				t.Fatalf("decided %+v, %v", late, err)
			}
			if _, winner, settled, err := e.settle(t.Context(), in, late, decided); settled || err != nil || winner != w.store.get(w.key(p)) {
				t.Errorf("settled: %v, %v", settled, err)
			}
			if after, _ := w.lib.effects(); after != before {
				t.Errorf("the loan was asked for %d times more", after-before)
			}
		})
	}
}

// TestARepetitionWithoutAKeyIsSeenAcrossEngines: the second engine loads the
// session before the first has saved it, and finds it saved by an equal turn.
func TestARepetitionWithoutAKeyIsSeenAcrossEngines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	p := w.phone(unkeyed)
	p.dial()
	p.types("1", "2")
	var other Reply
	w.store.onSave = func(int) (bool, error) {
		w.store.onSave = nil
		q := *p // the other engine is as far, and quicker
		q.at = 0
		other = q.send()
		return false, nil
	}
	p.at = 1
	if r := p.types("7"); r != other {
		t.Errorf("one engine answered with %q, the other with %q", other.Text, r.Text)
	}
	p.types("0").shows(t, "Jock: for how many days?") // it was one step
}

func TestTheSameInputTwiceIsTwoSteps(t *testing.T) {
	t.Parallel()
	for name, engines := range map[string]int{"at one engine": 1, "at two": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, engines)
			p := w.phone(unkeyed)
			p.dial()
			for i, want := range []string{"Which book?", "Mafeking Road: for how many", "Mafeking Road for 1 days?"} {
				p.at = i % engines
				p.types("1").shows(t, want)
			}
			p.types("2").shows(t, "Mafeking Road is yours") // see TestARepetitionNeverSaysYes
		})
	}
}

func TestAHintThatIsBehindIsNeverBelieved(t *testing.T) {
	t.Parallel()
	t.Run("in a conversation", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2)
		p := w.phone(cumulative)
		p.dial()
		p.types("1") // engine 0 remembers this
		p.at = 1
		p.types("2", "7")
		p.at = 0
		p.types("2").shows(t, "Fine.")
	})
	t.Run("in the next conversation", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2)
		p := w.phone(cumulative)
		p.dial()
		p.types("1", "2", "7", "2")
		p.at = 1
		p.dial().shows(t, "Library")
		p.at = 0
		p.types("1").shows(t, "Which book?")
	})
	t.Run("on a contradiction", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := w.phone(cumulative)
		p.dial()
		p.types("1", "2")
		w.store.put(w.key(p), "") // its life is over, and the gateway gives the name to a new session
		p.typed = nil
		p.send().shows(t, "Library. What do you need?")
		p.types("1").shows(t, "Which book?")
	})
	t.Run("on an effect that has been had since", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2)
		p := confirm(w, cumulative)
		// Engine 0 decides, and is cut off from the store before the effect.
		w.store.onSave = func(int) (bool, error) { w.lib.trip = nil; return false, nil }
		w.lib.trip = nil
		q := *p
		q.typed = append(q.typed, "1")
		decided := w.store.get(w.key(p))
		q.at = 1
		q.send().shows(t, "Jock is yours")
		// What engine 0 remembers is a session in which it is still to be done.
		r := new(record)
		if err := r.decode(decided); err != nil {
			t.Fatal(err)
		}
		var in turn
		w.engines[0].identify(&in, q.turn())
		r.state, r.flags, r.turn, r.textLen = hashState("loan.lending"), 0, in.hash, uint64(len(q.turn().Text))
		w.engines[0].hints.put(in.who, hint{in.key, string(r.next(nil, decided, 1))})
		q.at = 0
		q.send().shows(t, "Jock is yours")
		if runs, _ := w.lib.effects(); runs != 1 {
			t.Errorf("the loan was asked for %d times", runs)
		}
	})
}

func TestTwoCustomersNeverMeet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	a, b := w.phone(cumulative), w.phone(cumulative)
	b.user = "27829999999"
	a.dial()
	b.session = a.session // a gateway may give both the same
	b.dials = 1
	b.typed = nil
	b.send().shows(t, "Library")
	a.types("1").shows(t, "Which book?")
	b.types("2").shows(t, "Your PIN?")
	if w.key(a) == w.key(b) {
		t.Errorf("both are kept under %s", w.key(a))
	}
	c := a.turn()
	c.Channel, c.User = "test\x00"+a.user, ""
	var in turn
	w.engines[0].identify(&in, c)
	if in.key == w.key(a) {
		t.Errorf("the border between channel and customer is not kept")
	}
}

func TestEveryTurnOfEveryReplicaHasItsOwnStamp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	p := confirm(w, cumulative)
	p.types("1")
	p.at = 1
	p.dial()
	seen := map[string]bool{}
	last := uint32(0)
	for _, rec := range w.store.written {
		if seen[stamp(rec)] {
			t.Errorf("a stamp was used twice")
		}
		seen[stamp(rec)] = true
		switch n := sequence(rec); {
		case n == last+1:
			last = n
		case n != 1: // a first dial tries as if there were nothing
			t.Errorf("save %d comes after save %d", n, last)
		}
	}
}

func TestASessionThatNeverSettlesIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.dial()
	n := byte(0)
	w.store.onSave = func(int) (bool, error) { // somebody is always quicker
		n++
		w.store.put(w.key(p), strings.Repeat(string(rune('a'+n)), 20))
		return false, nil
	}
	if r := p.types("1"); r.Text != english[KeyBusy] || w.last().Outcome != Busy || w.last().Err == nil {
		t.Errorf("answered with %+v", r)
	}
}

func TestARepetitionStopsWaitingWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		p := confirm(w, cumulative)
		gate := make(chan struct{})
		w.lib.hold = gate
		p.typed = append(p.typed, "1")
		done := make(chan Reply)
		go func() { done <- p.send() }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if r, err := p.try(ctx); r.Text != english[KeyUnsure] || err == nil {
			t.Errorf("the repetition was answered with %+v, %v", r, err)
		}
		close(gate)
		(<-done).shows(t, "Jock is yours")
	})
}
