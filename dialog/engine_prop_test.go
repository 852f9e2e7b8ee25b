package dialog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// maze is a book of three questions, an effect and an end whose every answer is
// known beforehand: a model can walk it beside the engine. Each question counts
// the steps taken, and shows the count, so a step that is lost or doubled shows.
type maze struct {
	mu   sync.Mutex
	runs map[string][]string // by reference: what the effect was told
	fail bool                // the next effect has no outcome
}

const (
	stepsVar IntVar  = 1
	refVar   TextVar = 2
	pathVar  TextVar = 3
)

func (m *maze) book() Book {
	screen := func(name string, options ...string) func(*Talk, *Screen) {
		return func(t *Talk, s *Screen) {
			s.Text = strings.TrimSpace(fmt.Sprintf("%s %d %s", name, t.Int(stepsVar), t.Text(pathVar)))
			for _, o := range options {
				s.Add(o, o)
			}
		}
	}
	step := func(_ context.Context, t *Talk, in Input) (Move, error) {
		t.SetInt(stepsVar, t.Int(stepsVar)+1)
		path := t.Text(pathVar) + in.Option
		t.SetText(pathVar, path[max(0, len(path)-12):])
		return Move(in.Option), nil
	}
	return Book{Start: "maze.a", States: []State{
		{ID: "maze.a", Ask: screen("A", "b", "c"), Answer: step, Edges: []Edge{{"b", "maze.b"}, {"c", "maze.c"}}},
		{ID: "maze.b", Ask: screen("B", "b", "c", "p"), Answer: step, Back: "maze.c", What: "what.a", Edges: []Edge{{"b", "maze.b"}, {"c", "maze.c"}, {"p", "maze.pay"}}},
		{ID: "maze.c", Ask: screen("C", "b", "p"), Answer: step, Back: "maze.b", What: "what.a", Edges: []Edge{{"b", "maze.b"}, {"p", "maze.pay"}}},
		{
			ID: "maze.pay", Back: "maze.b", Confirm: true, Answer: step,
			Enter: func(_ context.Context, t *Talk) (Move, error) {
				if t.Text(refVar) == "" {
					t.SetText(refVar, fmt.Sprintf("%s-%d-%s-%d", t.User, t.Int(stepsVar), t.Text(pathVar), t.Now.Unix()))
				}
				return Stay, nil
			},
			Ask:   screen("Pay?", "yes", "no"),
			Edges: []Edge{{"yes", "maze.paying"}, {"no", "maze.b"}},
		},
		{
			ID: "maze.paying", Edges: []Edge{{"paid", "maze.b"}},
			Do: func(_ context.Context, t *Talk) (Move, error) {
				m.mu.Lock()
				defer m.mu.Unlock()
				ref := t.Text(refVar)
				m.runs[ref] = append(m.runs[ref], t.Text(pathVar))
				if m.fail {
					m.fail = false
					return Stay, errors.New("no outcome")
				}
				t.SetText(refVar, "")
				t.SetInt(stepsVar, t.Int(stepsVar)+1000)
				return "paid", nil
			},
		},
	}}
}

// walker is the model: where a customer is, by the rules of the maze alone.
type walker struct {
	at    string
	steps int64
	path  string
	paid  int
	dead  bool // the conversation has ended
	bad   int
}

func (m *walker) open() { *m = walker{at: "a", paid: m.paid} }

func (m *walker) take(in string) {
	options := map[string][]string{"a": {"b", "c"}, "b": {"b", "c", "p"}, "c": {"b", "p"}, "pay": {"yes", "no"}}[m.at]
	back := map[string]string{"b": "c", "c": "b", "pay": "b"}[m.at]
	i := index(in, len(options))
	switch {
	case in == "0" && back != "":
		m.at, m.bad = back, 0
	case in == "00":
		m.open()
	case i < 0:
		if m.bad++; m.bad == 3 {
			m.dead = true
		}
	default:
		m.bad = 0
		m.steps++
		m.path += options[i]
		m.path = m.path[max(0, len(m.path)-12):]
		switch options[i] {
		case "yes":
			m.at, m.steps = "b", m.steps+1000
			m.paid++
		case "no":
			m.at = "b"
		case "p":
			m.at = "pay"
		default:
			m.at = options[i]
		}
	}
}

// shows is the line that the model's screen has.
func (m *walker) shows() string {
	if m.dead {
		return "Let us stop here."
	}
	name := map[string]string{"a": "A", "b": "B", "c": "C", "pay": "Pay?"}[m.at]
	return strings.TrimSpace(fmt.Sprintf("%s %d %s", name, m.steps, m.path))
}

// TestEngineAgainstAModel lets a customer type anything, over gateways that
// repeat themselves (later, or at the same time, here and there), two engines
// that know different things, and a store that loses saves and replies. Every
// answer must be the model's, every repetition identical, and whatever happens
// every yes has its effect under one reference, once.
func TestEngineAgainstAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &maze{runs: map[string][]string{}}
		w := newWorld(t, 0)
		for range 2 {
			w.engines = append(w.engines, w.engine(m.book(), func(o *Options) { o.Hints, o.MaxTurns = 1, 1000 }))
		}
		p := w.phone(rapid.SampledFrom([]kind{cumulative, keyed}).Draw(rt, "gateway"))
		p.room = rapid.IntRange(60, 160).Draw(rt, "room")
		var model walker
		model.open()
		last := p.dial()
		answered := map[string]Reply{} // by session and text
		inputs := rapid.SampledFrom([]string{"1", "1", "1", "2", "2", "3", "0", "00", "9", "x", "", "11", "٢", "1*1"})
		input := func() string {
			in := inputs.Draw(rt, "input")
			if in == "" && p.kind == cumulative && len(p.typed) == 0 {
				return "x" // an empty first input can not be told from the dial
			}
			return in
		}
		for range rapid.IntRange(1, 25).Draw(rt, "turns") {
			w.wait(time.Second)
			p.at = rapid.IntRange(0, 1).Draw(rt, "engine")
			switch rapid.SampledFrom([]string{"type", "type", "type", "type", "repeat", "crowd", "lost save", "lost reply", "no outcome", "redial", "contradict"}).Draw(rt, "what") {
			case "repeat":
				if again := p.send(); again != last {
					rt.Fatalf("%q was repeated as %q", last.Text, again.Text)
				}
				continue
			case "contradict":
				if p.kind != cumulative || len(p.typed) < 2 {
					continue
				}
				q := *p
				q.typed = p.typed[:len(p.typed)-1]
				// An engine that is behind may know it as the repetition that it is.
				if r := q.send(); r.Text != english[KeyConflict] && r != answered[q.turn().Session+q.turn().Text] {
					rt.Fatalf("a text cut short was answered with %q", r.Text)
				}
				continue
			case "redial":
				model.open() // an offer to go on is not taken here
				if p.dial(); !strings.Contains(p.send().Text, "A 0") {
					p.types("2")
				}
				last = p.send()
			case "crowd":
				p.typed = append(p.typed, input())
				replies := make([]Reply, 4)
				var wg sync.WaitGroup
				for i := range replies {
					q := *p
					q.at = i % 2
					wg.Go(func() { replies[i] = q.send() })
				}
				wg.Wait()
				for _, r := range replies {
					if r != replies[0] {
						rt.Fatalf("one was answered with %q, another with %q", replies[0].Text, r.Text)
					}
				}
				last = replies[0]
				model.take(clean(p.typed[len(p.typed)-1]))
			case "lost save", "lost reply":
				lost := rapid.Bool().Draw(rt, "landed")
				w.store.set(func() { w.store.onSave = func(int) (bool, error) { return lost, errDown } })
				r := p.types(input())
				w.store.set(func() { w.store.onSave = nil })
				if r.Text != english[KeyBusy] {
					rt.Fatalf("a lost save was answered with %q", r.Text)
				}
				last = p.send() // the gateway tries again
				model.take(clean(p.typed[len(p.typed)-1]))
			case "no outcome":
				m.mu.Lock()
				m.fail = true
				m.mu.Unlock()
				r := p.types(input())
				m.mu.Lock()
				if m.fail == (r.Text == english[KeyUnsure]) {
					rt.Errorf("an effect was without outcome: %v; it was answered with %q", !m.fail, r.Text)
				}
				m.fail = false
				m.mu.Unlock()
				last = p.send()
				model.take(clean(p.typed[len(p.typed)-1]))
			default:
				last = p.types(input())
				model.take(clean(p.typed[len(p.typed)-1]))
			}
			if !strings.Contains(last.Text+"\n", model.shows()+"\n") && !(model.dead && strings.HasPrefix(last.Text, model.shows())) {
				rt.Fatalf("the screen is\n%s\nand should have %q", last.Text, model.shows())
			}
			if last.End != model.dead {
				rt.Fatalf("the conversation has ended: %v; it should: %v", last.End, model.dead)
			}
			answered[p.turn().Session+p.turn().Text] = last
			if model.dead {
				last = p.dial()
				model.open()
			}
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.runs) != model.paid {
			rt.Fatalf("yes was said %d times, and the effect had under %d references: %v", model.paid, len(m.runs), m.runs)
		}
		for ref, runs := range m.runs {
			for _, told := range runs {
				if told != runs[0] {
					rt.Fatalf("under %s the effect was told %v", ref, runs)
				}
			}
			if len(runs) > 2 { // again after one that had no outcome, or at both engines at once
				rt.Fatalf("under %s the effect was had %d times", ref, len(runs))
			}
		}
	})
}

// TestEngineUnderAnything has no model: any turns at all, of three customers,
// several at a time, over a store that fails at random.
func TestEngineUnderAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, 2, func(o *Options) { o.Hints = 1 })
		lends := map[string]bool{}
		w.lib.trip = func(_ context.Context, talk *Talk) (Move, error) {
			w.lib.mu.Lock()
			defer w.lib.mu.Unlock()
			lends[talk.Text(titleVar)+talk.Text(loanVar)] = true
			return "lent", nil
		}
		faults := rapid.SliceOfN(rapid.IntRange(0, 9), 8, 8).Draw(rt, "faults")
		w.store.onSave = func(n int) (bool, error) {
			switch faults[n%len(faults)] {
			case 0:
				return false, errDown
			case 1:
				return true, nil
			}
			return false, nil
		}
		w.store.onLoad = func(n int) error {
			if faults[n%len(faults)] == 2 {
				return errDown
			}
			return nil
		}
		type sent struct {
			at int
			in Turn
		}
		turns := rapid.Custom(func(t *rapid.T) sent {
			user := rapid.IntRange(0, 2).Draw(t, "user") // and their display
			in := Turn{
				Channel:    "test",
				User:       []string{"27821234567", "27821234568", ""}[user],
				Caps:       Caps{Septets: []int{0, 60, 160}[user]},
				Session:    rapid.SampledFrom([]string{"s1", "s2", ""}).Draw(t, "session"),
				Text:       rapid.OneOf(rapid.StringMatching(`([0-9]{1,2}\*){0,6}[0-9]{0,4}`), rapid.String()).Draw(t, "text"),
				Cumulative: rapid.Bool().Draw(t, "cumulative"),
				Key:        rapid.SampledFrom([]string{"", "k1", "k2", "k3"}).Draw(t, "key"),
				At:         w.now.Add(time.Duration(rapid.IntRange(-10, 400).Draw(t, "late")) * time.Second),
			}
			if rapid.IntRange(0, 9).Draw(t, "event") == 0 {
				in.Event = Ended
			}
			return sent{rapid.IntRange(0, 1).Draw(t, "engine"), in}
		})
		for _, crowd := range rapid.SliceOfN(rapid.SliceOfN(turns, 1, 3), 1, 20).Draw(rt, "turns") {
			var wg sync.WaitGroup
			for _, s := range crowd {
				wg.Go(func() {
					r, err := w.engines[s.at].Handle(t.Context(), s.in)
					if err != nil && !errors.Is(err, errDown) {
						t.Errorf("%+v failed: %v", s.in, err)
					}
					if s.in.Event == Ended {
						return
					}
					if n := septets(r.Text); r.Text == "" || s.in.Caps.Septets > 0 && n > s.in.Caps.Septets {
						t.Errorf("%+v was answered with %d septets: %q", s.in, n, r.Text)
					}
				})
			}
			wg.Wait()
		}
		for key, rec := range w.store.m {
			var r record
			if err := r.decode(rec); err != nil {
				t.Errorf("what is stored under %s: %v", key, err)
			} else if w.engines[0].m.byHash[r.state] == nil {
				t.Errorf("under %s an unknown state is stored", key)
			}
		}
		if _, refs := w.lib.effects(); len(lends) != refs {
			t.Errorf("under one reference more than one book was lent: %v", lends)
		}
	})
}
