package dialog

import (
	"strings"
	"testing"
	"time"
)

func TestADialStringIsAnsweredAsFarAsItMayBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dial  string
		shows string
		then  string // an input more, and what it shows
		next  string
	}{
		"to a question":                      {"1*2", "Jock: for how many days?", "7", "Jock for 7 days?"},
		"not past a yes that spends":         {"1*2*7*1", "Jock for 7 days?\n1 Yes", "1", "Jock is yours"},
		"not past a yes, however often":      {"1*2*7*1*1*1", "Jock for 7 days?\n1 Yes", "2", "Fine."},
		"not past a secret":                  {"2*4711", "Your PIN?", "4711", "Card of Thandi"},
		"to the first that is no option":     {"1*x*2", "Choose 1 to 13.\nWhich book?", "2", "Jock: for how many"},
		"to the first that is refused":       {"1*2*x*7", "A number, 1 to 30.\nJock: for", "7", "Jock for 7 days?"},
		"with the keys of navigation":        {"1*2*0*00*1*3", "Mine Boy: for how", "7", "Mine Boy for 7"},
		"through pages":                      {"1*9*8", "Chaka: for how", "7", "Chaka for 7"},
		"to an end":                          {"3*1*2", "We open at nine", "9", "come at all"},
		"of empty inputs":                    {"*", "Choose 1 to 5.\nLibrary.", "1", "Which book?"},
		"with blanks and a hash":             {" 1 *2#", "Jock: for how many days?", "7", "Jock for 7 days?"},
		"of ten inputs and no more":          {"1*0*1*0*1*0*1*0*1*0*1*2", "What do you need?", "1", "Which book?"},
		"of ten thousand inputs and no more": {strings.Repeat("1*0*", 5000) + "1", "What do you need?", "1", "Which book?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := w.phone(cumulative)
			first := p.dial(strings.Split(c.dial, "*")...)
			first.shows(t, c.shows)
			if again := p.send(); again != first {
				t.Errorf("the repetition was answered with %q", again.Text)
			}
			if runs, _ := w.lib.effects(); runs != 0 || len(w.lib.pins) != 0 {
				t.Errorf("a dial string had an effect")
			}
			p.types(c.then).shows(t, c.next)
		})
	}
}

func TestTheStateOfADialIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.dial("1", "2")
	if r := w.last(); r.Outcome != Answered || r.From != "" || r.To != "loan.days" || r.Channel != "test" || len(r.Who) != keySize || r.Trips != 2 {
		t.Errorf("the dial is reported as %+v", r)
	}
	p.types("7")
	if r := w.last(); r.From != "loan.days" || r.To != "loan.confirm" || r.Trips != 1 {
		t.Errorf("the step is reported as %+v", r)
	}
	other := w.phone(cumulative)
	other.user = "27829999999"
	other.dial()
	if a, b := w.reports[0].Who, w.last().Who; a == b {
		t.Errorf("two customers are reported as one: %s", a)
	}
	if r := w.last(); r.Trips != 1 {
		t.Errorf("a first dial made %d trips to the store", r.Trips)
	}
}

// drop leaves a conversation at the question for the days.
func drop(w *world, k kind) *phone {
	p := w.phone(k)
	p.dial()
	p.types("1", "2")
	return p
}

func TestARedialOffersToGoOn(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed, "unkeyed": unkeyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := drop(w, k)
			p.plays(`
> dial
Go on with a loan?
1 Go on
2 Start again
> 1
Jock: for how many days?
0 Back 00 Menu
> dial
Go on with a loan?
1 Go on
2 Start again
> dial
Go on with a loan?
1 Go on
2 Start again
> 2
Library. What do you need?
1 Borrow
2 My card
3 Hours
4 Language
5 About us
`)
			if v := w.record(p).vars; v.n != 0 {
				t.Errorf("what was said before is still known: %+v", v.slot[:v.n])
			}
			p.dial().shows(t, "Library") // the menu is nothing to go on with
		})
	}
}

func TestAnOfferToGoOnIsRepeatedIdentically(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := drop(w, cumulative)
	first := p.dial()
	if w.last().Outcome != Offered {
		t.Errorf("reported as %s", w.last().Outcome)
	}
	if again := p.send(); again != first || w.last().Outcome != Replayed {
		t.Errorf("the repetition was answered with %q", again.Text)
	}
	for _, key := range []string{"0", "00"} {
		p := drop(w, cumulative)
		p.dial()
		p.types(key).shows(t, "Library")
	}
}

func TestAnOfferToGoOnTakesThreeStrikes(t *testing.T) {
	t.Parallel()
	p := drop(newWorld(t, 1), keyed)
	p.dial()
	p.types("9").shows(t, "Choose 1 to 2.\nGo on with a loan?")
	p.types("")
	if r := p.types("3"); !r.End || r.Text != "Let us stop here. Phone 555." {
		t.Errorf("answered with %+v", r)
	}
	p.dial().shows(t, "Library")
}

func TestAnOfferToGoOnHasPagesWhereItDoesNotFit(t *testing.T) {
	t.Parallel()
	p := drop(newWorld(t, 1), keyed)
	p.room = 40
	p.dial()
	r := p.types("7") // a notice makes it too long
	seen := r.Text
	for range 5 {
		if !strings.Contains(r.Text, "\n9 More") {
			break
		}
		r = p.types("9")
		seen += "\n" + r.Text
	}
	for _, x := range []string{"Choose 1 to 2.", "1 Go on", "2 Start again"} {
		if strings.Count(seen, x) != 1 {
			t.Errorf("%q is not there once:\n%s", x, seen)
		}
	}
	p.types("1").shows(t, "Jock")
}

func TestADroppedConversationIsOfferedOnlyForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := drop(w, cumulative)
	w.wait(5 * time.Minute)
	p.dial().shows(t, "Go on with a loan?")
	w.wait(5*time.Minute + time.Second)
	p.dial().shows(t, "Library")
}

func TestADialStringTakesNoOfferToGoOn(t *testing.T) {
	t.Parallel()
	p := drop(newWorld(t, 1), cumulative)
	p.dial("1", "3").shows(t, "Mine Boy: for how many days?")
}

func TestAConversationIsNeverResumedPastASecretOrAYes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.dial("2").shows(t, "Your PIN?")
	p.dial().shows(t, "Library")

	p.dial("1", "2", "7").shows(t, "Jock for 7 days?")
	p.plays(`
> dial
Go on with a loan?
1 Go on
2 Start again
> 1
Jock: for how many days?
0 Back 00 Menu
> 9
Jock for 9 days?
1 Yes
2 No
0 Back 00 Menu
`)
	if runs, _ := w.lib.effects(); runs != 0 {
		t.Errorf("something was lent")
	}
	p.types("1")
	p.dial().shows(t, "Library") // an end is nothing to go on with
}

func TestAStateThatIsNotKnownLeadsToASafeScreen(t *testing.T) {
	t.Parallel()
	strange := func(w *world, p *phone, change func(*record)) {
		r := w.record(p)
		r.state = hashState("loan.of.the.next.version")
		change(r)
		w.store.put(w.key(p), string(r.next(nil, "", 7)))
		w.engines = []*Engine{w.engine(w.lib.book())} // without a hint
	}
	none := func(*record) {}
	t.Run("on an input", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := drop(w, cumulative)
		strange(w, p, none)
		p.types("7").shows(t, "Library. What do you need?")
		p.types("1").shows(t, "Which book?")
	})
	t.Run("on a redial", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := drop(w, cumulative)
		strange(w, p, none)
		p.dial().shows(t, "Library. What do you need?")
	})
	t.Run("on a repetition, which has its screen", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := drop(w, cumulative)
		want := p.send()
		r := w.record(p)
		text, _ := r.text()
		strange(w, p, func(r *record) { r.reply, r.packed = text, "" })
		if got := p.send(); got != want {
			t.Errorf("answered with %q", got.Text)
		}
	})
	for name, flags := range map[string]uint8{"on a repetition of what has no screen": 0, "on a repetition of a secret": flagReply | flagPrivate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := drop(w, cumulative)
			strange(w, p, func(r *record) { r.flags = flags })
			before := w.store.get(w.key(p))
			if got := p.send(); got.Text != english[KeyUnsure] || !got.End {
				t.Errorf("answered with %+v", got)
			}
			if w.store.get(w.key(p)) != before { // the version that knows it may still go on
				t.Errorf("the session changed")
			}
		})
	}
}

func TestARecordThatDoesNotDecodeIsStartedAfresh(t *testing.T) {
	t.Parallel()
	for name, rec := range map[string]string{
		"garbage":            strings.Repeat("garbage!", 20),
		"shorter than its":   "short",
		"of another format":  strings.Repeat("\x00", StampSize) + "\x09" + strings.Repeat("x", 100),
		"cut off":            "",
		"with more behind":   "",
		"nothing but stamps": strings.Repeat("\x01", StampSize),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := drop(w, cumulative)
			key := w.key(p)
			switch name {
			case "cut off":
				rec = w.store.get(key)[:70]
			case "with more behind":
				rec = w.store.get(key) + "x"
			}
			w.store.put(key, rec)
			w.engines = []*Engine{w.engine(w.lib.book())}
			p.kind = keyed
			p.types("7").shows(t, "Library")
			p.types("1").shows(t, "Which book?")

			w.store.put(key, rec)
			w.engines = []*Engine{w.engine(w.lib.book())}
			p.kind, p.typed = cumulative, []string{"1", "2", "7"} // which says all that was lost
			p.send().shows(t, "Jock for 7 days?")
		})
	}
}

func TestAHangupIsReportedWithWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	p := drop(w, cumulative)
	before := w.store.get(w.key(p))
	for _, e := range w.engines { // the second has no hint
		in := p.turn()
		in.Event, in.Status = Ended, "incomplete"
		if r, err := e.Handle(t.Context(), in); err != nil || r != (Reply{}) {
			t.Errorf("answered with %+v, %v", r, err)
		}
		if r := w.last(); r.Outcome != Hangup || r.Status != "incomplete" || r.To != "loan.days" {
			t.Errorf("reported as %+v", r)
		}
	}
	if w.store.get(w.key(p)) != before {
		t.Errorf("the session changed")
	}
	in := p.turn()
	in.Session, in.Event = "another", Ended
	if _, err := w.engines[0].Handle(t.Context(), in); err != nil || w.last().To != "" {
		t.Errorf("the end of another session is reported as at %q, %v", w.last().To, err)
	}
}
