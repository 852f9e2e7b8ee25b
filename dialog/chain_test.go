package dialog

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// chain is a book in which one effect follows on another.
func chain(first, second func(context.Context, *Talk) (Move, error)) Book {
	return Book{Start: "a.ask", States: []State{
		{ID: "a.ask", Ask: says("ask"), Free: true, Edges: []Edge{{"go", "a.first"}}, Answer: func(context.Context, *Talk, Input) (Move, error) { return "go", nil }},
		{ID: "a.first", Do: first, Edges: []Edge{{"go", "a.second"}, {"end", "a.end"}}},
		{ID: "a.second", Do: second, Edges: []Edge{{"go", "a.end"}, {"first", "a.first"}}},
		{ID: "a.end", Ask: func(t *Talk, s *Screen) { s.Text = "end " + t.Text(1) }, End: true},
	}}
}

func TestEffectsInARowAreSavedOneByOne(t *testing.T) {
	t.Parallel()
	firsts, seconds, dead := 0, 0, true
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(chain(
		func(_ context.Context, t *Talk) (Move, error) {
			firsts++
			t.SetText(1, "of the first")
			return "go", nil
		},
		func(context.Context, *Talk) (Move, error) {
			if seconds++; dead {
				panic("power cut")
			}
			return "go", nil
		}))}
	p := w.phone(cumulative)
	p.dial()
	p.types("x")
	dead = false
	// What the first found out is still known, and it is not done again.
	if r := p.send(); r.Text != "end of the first" || firsts != 1 || seconds != 2 {
		t.Errorf("answered with %+v after %d and %d", r, firsts, seconds)
	}
}

func TestEveryEffectInARowIsToldOfARedial(t *testing.T) {
	t.Parallel()
	var told []bool
	crash := 1 // the number of the effect that crashes, once
	do := func(n int) func(context.Context, *Talk) (Move, error) {
		return func(_ context.Context, t *Talk) (Move, error) {
			told = append(told, t.Resumed)
			if crash == n {
				crash++
				panic("power cut")
			}
			return "go", nil
		}
	}
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(chain(do(1), do(2)))}
	p := w.phone(cumulative)
	p.dial()
	p.types("x") // the first crashes
	p.dial()     // the first is done, the second crashes
	if r := p.send(); r.Text != "end " || !slices.Equal(told, []bool{false, true, true, true}) {
		t.Errorf("answered with %+v; the effects were told %v", r, told)
	}
}

func TestADialStringStopsAtAnEffect(t *testing.T) {
	t.Parallel()
	n := 0
	do := func(context.Context, *Talk) (Move, error) { n++; return "go", nil }
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(chain(do, do))}
	p := w.phone(cumulative)
	if r := p.dial("x", "y", "z"); r.Text != "end " || !r.End || n != 2 {
		t.Errorf("answered with %+v after %d effects", r, n)
	}
}

func TestAStoreThatFailsBetweenEffectsIsUnsure(t *testing.T) {
	t.Parallel()
	seconds := 0
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(chain(
		func(context.Context, *Talk) (Move, error) { return "go", nil },
		func(context.Context, *Talk) (Move, error) { seconds++; return "go", nil }))}
	p := w.phone(cumulative)
	p.dial()
	saves := 0
	w.store.onSave = func(int) (bool, error) {
		if saves++; saves == 2 {
			return false, errDown
		}
		return false, nil
	}
	if r := p.types("x"); r.Text != english[KeyUnsure] || w.last().Outcome != Unsure || seconds != 0 {
		t.Errorf("answered with %+v, reported as %s, second done %d times", r, w.last().Outcome, seconds)
	}
}

func TestEffectsWithoutEndAreCutOff(t *testing.T) {
	t.Parallel()
	n := 0
	w := newWorld(t, 0)
	count := func(move Move) func(context.Context, *Talk) (Move, error) {
		return func(context.Context, *Talk) (Move, error) { n++; return move, nil }
	}
	w.engines = []*Engine{w.engine(chain(count("go"), count("first")))}
	p := w.phone(cumulative)
	p.dial()
	// Things were done, so "nothing was done" can not be said.
	if r := p.types("x"); r.Text != english[KeyUnsure] || w.last().Outcome != Unsure || n != maxHops {
		t.Errorf("answered with %+v, reported as %s, done %d times", r, w.last().Outcome, n)
	}
}

func TestARedialWhileTheEffectIsBeingDone(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed, "unkeyed": unkeyed} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				p := confirm(w, k)
				gate, first := make(chan struct{}), true
				w.lib.trip = func(_ context.Context, talk *Talk) (Move, error) {
					if !talk.Resumed && first {
						first = false
						<-gate
					}
					return "shelf", nil // a screen that goes on
				}
				done := make(chan Reply)
				q := *p
				go func() { done <- q.types("1") }()
				synctest.Wait()
				p.dial().shows(t, "Which book?")
				close(gate)
				if r := <-done; !strings.Contains(r.Text, "Which book?") {
					t.Errorf("the first was answered with %q", r.Text)
				}
				// The session is the redial's, however late the first was.
				p.types("3").shows(t, "Mine Boy: for how many days?")
			})
		})
	}
}

// TestAnotherInputWhileTheEffectIsBeingDone: an impatient customer types on.
func TestAnotherInputWhileTheEffectIsBeingDone(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"keyed": keyed, "unkeyed": unkeyed} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				p := confirm(w, k)
				gate, runs := make(chan struct{}), 0
				w.lib.trip = func(_ context.Context, talk *Talk) (Move, error) {
					if runs++; runs == 1 {
						<-gate
						return "refused", nil
					}
					return "shelf", nil
				}
				first, second := make(chan Reply, 1), make(chan Reply, 1)
				q := *p
				go func() { first <- q.types("1") }()
				synctest.Wait()
				p.typed = append(p.typed, "1", "hello")
				q2 := *p
				go func() { second <- q2.send() }()
				synctest.Wait()
				close(gate)
				if k == unkeyed { // one effect at a time, and one answer
					(<-first).shows(t, "Not today.")
					(<-second).shows(t, "Not today.")
					p.types("0").shows(t, "Library")
					return
				}
				// Each is answered with what came of its own, and the later is kept.
				(<-first).shows(t, "Not today.")
				(<-second).shows(t, "Which book?")
				p.types("2").shows(t, "Jock: for how many days?")
			})
		})
	}
}
