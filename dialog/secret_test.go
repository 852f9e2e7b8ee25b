package dialog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spaza/gsm7"
	"spaza/secret"
)

// holds says whether a record has a text anywhere in it, in clear or packed.
func holds(rec, text string) bool {
	if strings.Contains(rec, text) {
		return true
	}
	// A stored reply begins at any byte, and has its septets from there.
	for from := range rec {
		for septets := 8 * (len(rec) - from) / 7; septets > 8*(len(rec)-from)/7-2 && septets >= 0; septets-- {
			if got, ok := gsm7.Unpack(rec[from:], septets); ok && strings.Contains(got, text) {
				return true
			}
		}
	}
	return false
}

func TestASecretNeverEntersTheStore(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed, "unkeyed": unkeyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := w.phone(k)
			p.dial()
			p.types("2", "8264").shows(t, "That is not your PIN.\nYour PIN?")
			card := p.types(cardPIN)
			card.shows(t, "Card of Thandi: "+cardShown)
			p.types("7").shows(t, "Choose 1 to 1.\nCard of Thandi: "+cardShown)
			p.types("1").shows(t, "Fine.")
			if got := w.lib.pins; len(got) != 2 || got[0] != "8264" || got[1] != cardPIN {
				t.Errorf("the card desk was told %q", got)
			}
			found := false
			for _, rec := range w.store.written {
				for _, x := range []string{"8264", cardPIN, cardShown, p.user} {
					if holds(rec, x) {
						t.Errorf("%q is in a record", x)
					}
				}
				found = found || holds(rec, "That is not your PIN")
			}
			if !found {
				t.Errorf("the search finds nothing at all")
			}
			for _, r := range w.reports {
				if s := fmt.Sprintf("%+v", r); strings.Contains(s, cardPIN) || strings.Contains(s, cardShown) || strings.Contains(s, p.user) {
					t.Errorf("a report tells %s", s)
				}
			}
			for key := range w.store.m {
				if strings.Contains(key, p.user) {
					t.Errorf("a key tells %s", key)
				}
			}
		})
	}
}

func TestAPrivateScreenIsRepeatedIdentically(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	p := w.phone(cumulative)
	p.dial("2")
	for i, in := range []string{cardPIN, "7"} { // as it comes, and under a notice
		first := p.types(in)
		for at := range w.engines {
			p.at = at
			if again := p.send(); again != first {
				t.Errorf("screen %d was %q, and repeated by engine %d as %q", i, first.Text, at, again.Text)
			}
			if w.last().Outcome != Replayed {
				t.Errorf("the repetition is reported as %s", w.last().Outcome)
			}
		}
	}
	if len(w.lib.pins) != 1 {
		t.Errorf("the card desk was asked %d times", len(w.lib.pins))
	}
}

func TestAPrivateScreenHasPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.room = 40
	p.dial("2")
	p.types(cardPIN)
	r := p.types("x") // misunderstood: a notice above it
	seen := r.Text
	for range 5 {
		if !strings.Contains(r.Text, "9 More") {
			break
		}
		r = p.types("9")
		if again := p.send(); again != r {
			t.Errorf("%q was repeated as %q", r.Text, again.Text)
		}
		seen += "\n" + r.Text
	}
	for _, x := range []string{"Choose 1 to 1.", cardShown, "1 Thank you"} {
		if strings.Count(seen, x) != 1 {
			t.Errorf("%q is not there once:\n%s", x, seen)
		}
	}
	for _, rec := range w.store.written {
		if holds(rec, cardShown) {
			t.Errorf("the card is in a record")
		}
	}
	p.types("1").shows(t, "Fine.")
}

// TestASecretIsGoneAfterItsTurn: what Answer gave to Do is not there for the
// screens that follow, nor when Do is run again.
func TestASecretIsGoneAfterItsTurn(t *testing.T) {
	t.Parallel()
	var asked, done []string
	crash := true
	w := newWorld(t, 0)
	ask := func(t *Talk, s *Screen) {
		asked = append(asked, t.Secret.Reveal())
		s.Text = "ask " + t.Secret.Reveal()
	}
	w.engines = []*Engine{w.engine(Book{Start: "a.ask", States: []State{
		{ID: "a.ask", Ask: ask, Free: true, Secret: true, Edges: []Edge{{"go", "a.do"}}, Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
			t.Secret = secret.New(in.Text)
			if in.Text == "stay" {
				return Stay, nil
			}
			return "go", nil
		}},
		{ID: "a.do", Do: func(_ context.Context, t *Talk) (Move, error) {
			done = append(done, t.Secret.Reveal())
			if crash {
				panic("power cut")
			}
			return "go", nil
		}, Edges: []Edge{{"go", "a.ask"}}},
		{ID: "a.end", Ask: ask, End: true},
	}}.with("a.ask", Edge{"end", "a.end"}))}
	p := w.phone(cumulative)
	p.dial()
	p.types("stay", "canary")
	crash = false
	p.send()
	p.types("canary") // and here it comes to an end
	if strings.Join(asked, "") != "" {
		t.Errorf("screens were composed knowing %q", asked)
	}
	if !slices.Equal(done, []string{"canary", "", "canary"}) {
		t.Errorf("it was done with %q", done)
	}
	for _, rec := range w.store.written {
		if holds(rec, "canary") {
			t.Errorf("the secret is in a record")
		}
	}
}

// TestWhatAPrivateScreenShowsIsNotForWhatFollows: neither for its answer, nor
// for the effect that follows.
func TestWhatAPrivateScreenShowsIsNotForWhatFollows(t *testing.T) {
	t.Parallel()
	var known []string
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(Book{Start: "a.show", States: []State{
		{
			ID: "a.show", Private: true, Free: true, Edges: []Edge{{"go", "a.do"}},
			Enter: func(_ context.Context, t *Talk) (Move, error) { t.Secret = secret.New("canary"); return Stay, nil },
			Ask:   func(t *Talk, s *Screen) { s.Text = t.Secret.Reveal() },
			Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
				known = append(known, t.Secret.Reveal())
				if in.Text == "stay" {
					return Stay, nil
				}
				return "go", nil
			},
		},
		{ID: "a.do", Edges: []Edge{{"end", "a.end"}}, Do: func(_ context.Context, t *Talk) (Move, error) {
			known = append(known, t.Secret.Reveal())
			return "end", nil
		}},
		{ID: "a.end", Ask: says("end"), End: true},
	}})}
	p := w.phone(cumulative)
	for _, r := range []Reply{p.dial(), p.send(), p.types("stay"), p.send()} {
		if r.Text != "canary" {
			t.Errorf("the screen is %q", r.Text)
		}
	}
	p.types("go")
	if !slices.Equal(known, []string{"", "", ""}) {
		t.Errorf("known was %q", known)
	}
}

// TestNothingOfATurnIsThereForTheNext: plans are used again, for anybody.
func TestNothingOfATurnIsThereForTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(keyed)
	p.dial()
	for _, in := range []string{"2", cardPIN, "7", "x", "0", "1", "2", "99", "7"} {
		p.types(in)
		e := w.engines[0]
		got := e.plans.Get().(*plan)
		options := got.screen.Options[:cap(got.screen.Options)]
		for _, o := range options {
			if o != (Option{}) {
				t.Errorf("after %q there is still the option %+v", in, o)
			}
		}
		if diff := same(&record{vars: new(vars)}, &record{vars: &got.talk.vars}); diff != "" || got.talk.vars.bad {
			t.Errorf("after %q there are still variables:\n%s", in, diff)
		}
		k := got.talk
		if k.User != "" || !k.Secret.Empty() || k.notice != "" || k.strike || k.lang != "" || k.Resumed || got.do != nil || got.node != nil || got.reply != (Reply{}) {
			t.Errorf("after %q there is still: %+v", in, k)
		}
		got.screen.Options = nil
		e.plans.Put(got)
	}
}

// with is the book with one more edge.
func (b Book) with(id StateID, e Edge) Book {
	for i := range b.States {
		if b.States[i].ID == id {
			b.States[i].Edges = append(b.States[i].Edges, e)
		}
	}
	return b
}
