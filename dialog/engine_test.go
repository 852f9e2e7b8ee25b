package dialog

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAConversationGoesThroughItsStates(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative text": cumulative, "last input with a key": keyed, "last input alone": unkeyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t, 1).phone(k).plays(`
> dial
Library. What do you need?
1 Borrow
2 My card
3 Hours
4 Language
5 About us
> 1
Which book?
1 Mafeking Road
2 Jock
3 Mine Boy
4 Ah But Your Land
5 Cry
0 Back
9 More
> 9
6 Fiela
7 Nervous Conditions
8 Chaka
10 Mhudi
11 Indaba My Children
0 Back
9 More
> 9
12 Kringe
13 Zoo City
0 Back
> 0
6 Fiela
7 Nervous Conditions
8 Chaka
10 Mhudi
11 Indaba My Children
0 Back
9 More
> x
Choose 1 to 13.
Which book?
1 Mafeking Road
2 Jock
3 Mine Boy
4 Ah But Your Land
5 Cry
0 Back
9 More
> 9
6 Fiela
7 Nervous Conditions
8 Chaka
10 Mhudi
11 Indaba My Children
0 Back
9 More
> 2
Jock: for how many days?
0 Back 00 Menu
> 7
Jock for 7 days?
1 Yes
2 No
0 Back 00 Menu
> 0
Jock: for how many days?
0 Back 00 Menu
> 8
Jock for 8 days?
1 Yes
2 No
0 Back 00 Menu
> 1
Jock is yours until day 8. Loan L1.
(end)
`)
		})
	}
}

func TestARepeatedTurnIsAnsweredWithTheIdenticalScreen(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := w.phone(k)
			for i, step := range []func() Reply{
				func() Reply { return p.dial() },
				func() Reply { return p.types("1") },
				func() Reply { return p.types("9") },
				func() Reply { return p.types("77") }, // not understood: a notice is above the screen
				func() Reply { return p.types("9") },
				func() Reply { return p.types("3") },
				func() Reply { return p.types("5") },
				func() Reply { return p.types("1") }, // lends
			} {
				first := step()
				before := w.store.get(w.key(p))
				for range 2 {
					if again := p.send(); again != first {
						t.Errorf("step %d was answered with %q, its repetition with %q", i, first.Text, again.Text)
					}
					if o := w.last().Outcome; o != Replayed {
						t.Errorf("step %d: the repetition is reported as %s", i, o)
					}
				}
				if w.store.get(w.key(p)) != before {
					t.Errorf("step %d: its repetition changed the session", i)
				}
			}
			if runs, _ := w.lib.effects(); runs != 1 {
				t.Errorf("the loan was asked for %d times", runs)
			}
		})
	}
}

func TestConcurrentRepetitionsAreOneStep(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed, "unkeyed": unkeyed} {
		for what, input := range map[string]string{"that has an effect": "1", "that only asks": "0"} {
			t.Run(name+" "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1)
					gate := make(chan struct{})
					w.lib.hold = gate
					p := w.phone(k)
					p.dial()
					p.types("1", "2", "7")
					p.typed = append(p.typed, input)
					if input == "0" {
						w.store.set(func() { w.store.onSave = func(int) (bool, error) { <-gate; return false, nil } })
					}
					replies := make([]Reply, 8)
					var wg sync.WaitGroup
					for i := range replies {
						wg.Go(func() { replies[i] = p.send() })
					}
					synctest.Wait() // until the first is at work, and the others can not go on
					close(gate)
					wg.Wait()
					for _, r := range replies {
						if r != replies[0] || !strings.Contains(r.Text, "Jock") || r.End != (input == "1") {
							t.Errorf("one repetition was answered with %q, another with %q", replies[0].Text, r.Text)
						}
					}
					if runs, _ := w.lib.effects(); runs > 1 {
						t.Errorf("the loan was asked for %d times", runs)
					}
				})
			})
		}
	}
}

func TestACumulativeTextThatContradictsIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string][]string{
		"shorter":                     {"1"},
		"opening twice":               nil,
		"another first input":         {"3", "2", "9"},
		"another last input":          {"1", "3"},
		"another, and one more":       {"1", "3", "1"},
		"the same without its border": {"1", "22"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := w.phone(cumulative)
			p.dial()
			p.types("1", "2")
			before := w.store.get(w.key(p))
			good := p.typed

			p.typed = typed
			r := p.send()
			if r.Text != english[KeyConflict] || !r.End || w.last().Outcome != Conflict {
				t.Errorf("answered with %+v, reported as %s", r, w.last().Outcome)
			}
			if w.store.get(w.key(p)) != before {
				t.Errorf("the session changed")
			}
			p.typed = good
			p.types("7").shows(t, "Jock for 7 days?")
		})
	}
}

func TestAStarWithinAnInputIsPartOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.dial()
	p.types("1", "2")
	for _, in := range []string{"*", "5*5", "***"} { // none of them is a number of days
		if r := p.types(in); strings.HasPrefix(in, "5") {
			// "5*5" begins with a number, which this book reads.
			r.shows(t, "Jock for 5 days?")
			p.types("0")
		} else {
			r.shows(t, "A number, 1 to 30.")
		}
	}
	p.types("9").shows(t, "Jock for 9 days?")
}

func TestAnEmptyFirstInputIsFollowedByTheNext(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).phone(cumulative)
	first := p.dial()
	if r := p.send(); r != first { // an empty input looks like the dial itself
		t.Errorf("answered with %q", r.Text)
	}
	p.typed = []string{"", "1"}
	p.send().shows(t, "Which book?")
}

func TestWhatComesAfterTheEnd(t *testing.T) {
	t.Parallel()
	t.Run("in a cumulative text is a contradiction", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := w.phone(cumulative)
		p.dial()
		p.types("1", "2", "7", "2") // no
		before := w.store.get(w.key(p))
		if r := p.types("1"); r.Text != english[KeyConflict] || !r.End {
			t.Errorf("answered with %+v", r)
		}
		if w.store.get(w.key(p)) != before {
			t.Errorf("the session changed")
		}
	})
	t.Run("without a key is one too, since it may be a repetition", func(t *testing.T) {
		t.Parallel()
		p := newWorld(t, 1).phone(unkeyed)
		p.dial()
		p.types("1", "2", "7", "1").shows(t, "Loan L1")
		for range 8 {
			if r := p.send(); r.Text != english[KeyConflict] || !r.End {
				t.Errorf("answered with %+v", r)
			}
		}
	})
	t.Run("with a key opens anew, as in a chat", func(t *testing.T) {
		t.Parallel()
		p := newWorld(t, 1).phone(keyed)
		p.dial()
		p.types("1", "2", "7", "2")
		if r := p.types("hello"); r.End {
			t.Errorf("ended again: %q", r.Text)
		} else {
			r.shows(t, "Library. What do you need?")
		}
		p.types("1").shows(t, "Which book?")
	})
}

func TestMenuAndBackLeadOutOfEverywhere(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).phone(keyed)
	p.dial()
	p.types("1", "2", "00").shows(t, "What do you need?")
	p.types("00").shows(t, "What do you need?") // the start again
	p.types("1", "2", "0").shows(t, "Which book?")
	p.types("0").shows(t, "What do you need?")
	p.types("0").shows(t, "Choose 1 to 5.") // there is no way back from the start
}

func TestALastScreenOfSeveralPagesEndsWithItsLastPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.plays(`
> dial 3
We open at nine and close at five, but for Wednesdays, when the school comes, and for the days on which the river stands over the road and nobody can
9 More
> 9
come at all. Books can be left in the box beside the door then, dry.
(end)
> repeat
come at all. Books can be left in the box beside the door then, dry.
(end)
`)
	p.dial("3")
	if r := p.types("x"); !r.End { // whatever is typed turns the page
		t.Errorf("answered with %+v", r)
	}
	if r := p.types("9"); r.Text != english[KeyConflict] {
		t.Errorf("after the end: %+v", r)
	}
}

func TestANoticeDoesNotLoseWhatIsOnFurtherPages(t *testing.T) {
	t.Parallel()
	p := newWorld(t, 1).phone(keyed)
	p.room = 70
	p.dial()
	p.types("1")
	r := p.types("88") // refused: a line more above the screen
	r.shows(t, "Choose 1 to 13.")
	seen := r.Text
	for strings.Contains(r.Text, "9 More") {
		r = p.types("9")
		seen += "\n" + r.Text
	}
	for i, x := range titles {
		if n := strings.Count(seen, "\n"+strconv.Itoa(number(i))+" "+x+"\n"); n != 1 {
			t.Errorf("%q is there %d times", x, n)
		}
	}
	p.types("13").shows(t, "Zoo City: for how many")
}

func TestTheLanguageIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.dial("4")
	p.types("1").shows(t, "zu:Library")
	p.types("1").shows(t, "zu:Which book?")
	p.dial().shows(t, "zu:Go on with zu:a loan?")
	p.types("2").shows(t, "zu:Library")
	p.types("x").shows(t, "zu:Choose 1 to 5.")
	w.wait(time.Hour)
	p.dial().shows(t, "zu:Library") // Open had nothing better to say
	w.lib.lang = "st"
	p.dial().shows(t, "st:Library")
	w.store.set(func() { w.store.onSave = func(int) (bool, error) { return false, errDown } })
	p.types("1").shows(t, "st:We are busy.")
}

func TestVariablesAreForgottenAtTheEndAndAtTheStartButForThoseToKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.dial()
	p.types("1", "2", "7")
	v := w.record(p).vars
	if v.find(uint8(titleVar)) == nil {
		t.Fatalf("before: %+v", v.slot[:v.n])
	}
	p.types("1") // the last screen
	if v = w.record(p).vars; v.find(uint8(titleVar)) != nil || v.find(uint8(lastVar)) == nil {
		t.Fatalf("at the end: %+v", v.slot[:v.n])
	}
	p.dial().shows(t, "Last loan: L1.\nLibrary")
	if v = w.record(p).vars; v.n != 0 { // the start has spoken of the last loan, and forgot it
		t.Errorf("after: %+v", v.slot[:v.n])
	}
	p.types("1", "2", "00")
	if v = w.record(p).vars; v.n != 0 {
		t.Errorf("after the menu: %+v", v.slot[:v.n])
	}
}

func TestAFirstQuestionOffersNoMenu(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(Book{Start: "a.menu", States: []State{
		{
			ID: "a.menu", Ask: says("menu"), Answer: stays, Edges: []Edge{{"first", "a.first"}},
			Enter: func(_ context.Context, t *Talk) (Move, error) {
				if t.Lang() == "" {
					return "first", nil
				}
				return Stay, nil
			},
		},
		{ID: "a.first", First: true, Ask: says("first"), Free: true, Edges: []Edge{{"menu", "a.menu"}}, Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
			if in.Text != "zu" {
				return t.AgainPick(0)
			}
			t.SetLang("zu")
			return "menu", nil
		}},
	}})}
	p := w.phone(cumulative)
	if r := p.dial(); r.Text != "first" {
		t.Errorf("dialled: %q", r.Text)
	}
	if r := p.types("00"); !strings.HasSuffix(r.Text, "first") || r.Text == "first" {
		t.Errorf("00 leads to %q", r.Text)
	}
	if r := p.types("zu"); !strings.HasSuffix(r.Text, "menu") {
		t.Errorf("answered: %q", r.Text)
	}
}
