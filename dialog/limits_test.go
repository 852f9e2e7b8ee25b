package dialog

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestStrikes(t *testing.T) {
	t.Parallel()
	t.Run("three end kindly", func(t *testing.T) {
		t.Parallel()
		newWorld(t, 1).phone(cumulative).plays(`
> dial 4
Language?
1 isiZulu
2 English
0 Back 00 Menu
> 3
Choose 1 to 2.
Language?
1 isiZulu
2 English
0 Back 00 Menu
> x
Choose 1 to 2.
Language?
1 isiZulu
2 English
0 Back 00 Menu
> 9
Let us stop here. Phone 555.
(end)
`)
	})
	t.Run("are forgotten after a good answer", func(t *testing.T) {
		t.Parallel()
		p := newWorld(t, 1).phone(keyed)
		p.dial()
		for range 4 {
			if r := p.types("8", "8", "4", "8", "8", "0"); r.End {
				t.Fatalf("ended with %q", r.Text)
			}
		}
	})
	t.Run("are forgotten after an answer that stays", func(t *testing.T) {
		t.Parallel()
		p := newWorld(t, 1).phone(keyed)
		p.room = 0
		p.dial()
		p.types("5")
		for range 4 {
			if r := p.types("8", "8", "1"); r.End {
				t.Fatalf("ended with %q", r.Text)
			}
		}
	})
	t.Run("are counted where nothing can be picked", func(t *testing.T) {
		t.Parallel()
		p := newWorld(t, 1).phone(keyed)
		p.w.lib.trip = func(context.Context, *Talk) (Move, error) { return "refused", nil }
		p.dial()
		p.types("1", "2", "7", "1").shows(t, "Not today.")
		p.types("1").shows(t, "Press 0.\nNot today.")
		if r := p.types("1", "1"); !r.End {
			t.Errorf("did not end: %q", r.Text)
		}
	})
}

func TestTheTurnCeilingEndsAConversation(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1, func(o *Options) { o.MaxTurns = 5 }).phone(keyed)
	p.dial()
	if r := p.types("1", "0", "1", "0", "1"); r.End {
		t.Fatalf("the fifth turn ended with %q", r.Text)
	}
	if r := p.types("0"); !r.End || r.Text != "That was long. Phone 555." {
		t.Errorf("the sixth turn was answered with %+v", r)
	}
	p.dial()
	p.types("1").shows(t, "Which book?")
}

func TestTheCeilingHoldsForAnOfferToGoOn(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1, func(o *Options) { o.MaxTurns = 1 }).phone(keyed)
	p.dial()
	p.types("1")
	p.dial().shows(t, "Go on with a loan?")
	p.types("8")
	if r := p.types("8"); !r.End || r.Text != "That was long. Phone 555." {
		t.Errorf("answered with %+v", r)
	}
}

func TestATurnThatCanNotKeepAVariableIsNotSaved(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*Talk){
		"too many":           func(t *Talk) { many(t, maxVars+1) },
		"a number too high":  func(t *Talk) { t.SetText(128, "x") },
		"the number nought":  func(t *Talk) { t.SetInt(0, 1) },
		"lost at the start":  func(t *Talk) { t.SetInt(200, 1) },
		"as many as fit, ok": func(t *Talk) { many(t, maxVars) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			to := StateID("a.two")
			if strings.Contains(name, "start") {
				to = "a.one"
			}
			w.engines = []*Engine{w.engine(Book{Start: "a.one", States: []State{
				{ID: "a.one", Ask: says("one"), Free: true, Edges: []Edge{{"go", to}, {"two", "a.two"}}, Answer: func(_ context.Context, t *Talk, _ Input) (Move, error) {
					set(t)
					return "go", nil
				}},
				{ID: "a.two", Ask: says("two"), Answer: stays, Edges: []Edge{{"on", "a.end"}}},
				{ID: "a.end", Ask: says("end"), End: true},
			}})}
			p := w.phone(cumulative)
			p.dial()
			before := w.store.get(w.key(p))
			r, err := p.types("x"), w.last().Err
			if strings.HasSuffix(name, "ok") {
				if !strings.HasPrefix(r.Text, "two") || err != nil || w.record(p).vars.n != maxVars {
					t.Errorf("answered with %+v, %v", r, err)
				}
				return
			}
			if r.Text != english[KeyBroken] || err == nil || w.last().Outcome != Broken {
				t.Errorf("answered with %+v, %v", r, err)
			}
			if w.store.get(w.key(p)) != before {
				t.Errorf("the session changed")
			}
		})
	}
}

func many(t *Talk, n int) {
	for i := range n {
		t.SetInt(IntVar(i+1), 1)
	}
}

func TestAFailingReadChangesNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	down := errors.New("catalogue is down")
	for name, s := range map[string]State{
		"in Enter":                {ID: "a.two", Ask: says("two"), End: true, Enter: func(context.Context, *Talk) (Move, error) { return Stay, down }},
		"a panic in Enter":        {ID: "a.two", Ask: says("two"), End: true, Enter: func(context.Context, *Talk) (Move, error) { panic(down) }},
		"a panic in Ask":          {ID: "a.two", Ask: func(*Talk, *Screen) { panic(down) }, End: true},
		"an undeclared move":      {ID: "a.two", Ask: says("two"), End: true, Enter: func(context.Context, *Talk) (Move, error) { return "fly", nil }},
		"entered without an end":  {ID: "a.two", Ask: says("two"), End: true, Edges: []Edge{{"on", "a.two"}}, Enter: func(context.Context, *Talk) (Move, error) { return "on", nil }},
		"the move of another one": {ID: "a.two", Ask: says("two"), End: true, Enter: func(context.Context, *Talk) (Move, error) { return "go", nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			w.engines = []*Engine{w.engine(Book{Start: "a.one", States: []State{
				{ID: "a.one", Ask: says("one"), Free: true, Edges: []Edge{{"go", "a.two"}}, Answer: func(context.Context, *Talk, Input) (Move, error) { return "go", nil }}, s,
			}})}
			p := w.phone(cumulative)
			p.dial()
			before := w.store.get(w.key(p))
			for range 3 {
				if r := p.types("x"); r.Text != english[KeyBroken] || !r.End || w.last().Outcome != Broken || w.last().Err == nil {
					t.Errorf("answered with %+v, reported as %s, %v", r, w.last().Outcome, w.last().Err)
				}
			}
			if w.store.get(w.key(p)) != before {
				t.Errorf("the session changed")
			}
		})
	}
}
