package dialog

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// confirm brings a phone to the yes that lends a book.
func confirm(w *world, k kind) *phone {
	w.t.Helper()
	p := w.phone(k)
	p.dial()
	p.types("1", "2", "7").shows(w.t, "Jock for 7 days?")
	return p
}

func TestAnEffectComesAfterTheSave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := confirm(w, cumulative)
	var at StateID
	w.wait(time.Minute)
	w.lib.trip = func(_ context.Context, talk *Talk) (Move, error) {
		r := w.record(p)
		at = w.engines[0].m.byHash[r.state].ID
		if ref := r.vars.find(uint8(loanVar)); ref == nil || ref.text != talk.Text(loanVar) {
			t.Errorf("the stored session lacks the reference")
		}
		return "lent", nil
	}
	p.types("1").shows(t, "Jock is yours")
	if at != "loan.lending" {
		t.Errorf("while it was done the stored session was at %q", at)
	}
	if w.last().Trips != 2 {
		t.Errorf("it made %d trips to the store", w.last().Trips)
	}
	if d := w.lib.did[0]; !d.since.Equal(w.now) || d.resumed {
		t.Errorf("done as %+v at %v", d, w.now)
	}
}

func TestNothingIsDoneWhereTheSaveIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := confirm(w, cumulative)
	before := w.store.get(w.key(p))
	w.store.onSave = func(int) (bool, error) { return false, errDown }
	r, err := p.types("1"), w.last().Err
	if r.Text != english[KeyBusy] || !r.End || !errors.Is(err, errDown) || w.last().Outcome != Busy {
		t.Errorf("answered with %+v, reported as %+v", r, w.last())
	}
	if runs, _ := w.lib.effects(); runs != 0 {
		t.Errorf("something was lent")
	}
	if w.store.get(w.key(p)) != before {
		t.Errorf("the session changed")
	}
	w.store.onSave = nil
	p.send().shows(t, "Jock is yours") // the gateway tries again
	if runs, _ := w.lib.effects(); runs != 1 {
		t.Errorf("the loan was asked for %d times", runs)
	}
}

func TestNothingIsDoneWhereTheSaveIsOvertaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	p := confirm(w, cumulative)
	// The other engine takes a redial between the decision and the save.
	w.store.onSave = func(n int) (bool, error) {
		w.store.onSave = nil
		q := *p
		q.at = 1
		q.dial().shows(t, "Go on with a loan?")
		return false, nil
	}
	n := p.dials
	p.types("1") // is now a dial string of another session than the stored one
	if runs, _ := w.lib.effects(); runs != 0 || p.dials != n {
		t.Errorf("something was lent")
	}
}

func TestALostReplyOfTheSaveDoesNoHarm(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := w.phone(k)
			p.dial()
			for i, in := range []string{"1", "2", "7"} {
				w.store.onSave = func(int) (bool, error) { return true, nil }
				if r := p.types(in); r.Text != english[KeyBusy] {
					t.Fatalf("step %d was answered with %q", i, r.Text)
				}
				w.store.onSave = nil
				first := p.send()
				if w.last().Outcome != Replayed || first.End {
					t.Errorf("step %d: its repetition is reported as %s: %q", i, w.last().Outcome, first.Text)
				}
			}
			w.store.onSave = func(int) (bool, error) { return true, nil }
			if r := p.types("1"); r.Text != english[KeyBusy] {
				t.Errorf("answered with %q", r.Text)
			}
			if runs, _ := w.lib.effects(); runs != 0 {
				t.Errorf("the customer was told that nothing was done, and %d things were", runs)
			}
			w.store.onSave = nil
			p.send().shows(t, "Jock is yours")
			if len(w.lib.did) != 1 || w.lib.did[0].resumed {
				t.Errorf("done: %+v", w.lib.did)
			}
		})
	}
}

func TestAStoreThatFailsAfterTheEffectKeepsItsAnswer(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"not written": false, "written, and the reply lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := confirm(w, cumulative)
			saves := 0
			w.store.onSave = func(int) (bool, error) {
				if saves++; saves == 2 {
					return lost, errDown
				}
				return false, nil
			}
			first := p.types("1")
			first.shows(t, "Jock is yours")
			if !errors.Is(w.last().Err, errDown) {
				t.Errorf("the failure is reported as %v", w.last().Err)
			}
			w.store.onSave = nil
			if again := p.send(); again != first {
				t.Errorf("the repetition was answered with %q", again.Text)
			}
			if _, refs := w.lib.effects(); refs != 1 {
				t.Errorf("%d loans were made", refs)
			}
		})
	}
}

func TestAStoreThatIsDownIsSaidSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(keyed)
	w.store.onLoad = func(int) error { return errDown }
	if r := p.dial(); r.Text != english[KeyBusy] || !r.End || w.last().Outcome != Busy || !errors.Is(w.last().Err, errDown) {
		t.Errorf("answered with %+v, reported as %+v", r, w.last())
	}
	in := p.turn()
	in.Event = Ended
	if _, err := w.engines[0].Handle(t.Context(), in); !errors.Is(err, errDown) {
		t.Errorf("a hang-up is reported with %v", err)
	}
}

// crash lets the process die while it lends.
func crash(w *world) *phone {
	w.t.Helper()
	p := confirm(w, cumulative)
	w.lib.trip = func(context.Context, *Talk) (Move, error) { panic("power cut") }
	r := p.types("1")
	if r.Text != english[KeyUnsure] || !r.End || w.last().Outcome != Unsure || w.last().Err == nil {
		w.t.Errorf("answered with %+v, reported as %+v", r, w.last())
	}
	w.lib.trip = nil
	w.engines = []*Engine{w.engine(w.lib.book())} // a new process, without hints
	return p
}

func TestACrashBetweenSaveAndEffectIsMadeGood(t *testing.T) {
	t.Parallel()
	t.Run("by the gateway's repetition", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := crash(w)
		p.send().shows(t, "Jock is yours until day 7. Loan L1.")
		if got := w.lib.did[1]; got.ref != "L1" || got.resumed || !got.since.Equal(w.now) {
			t.Errorf("done as %+v", got)
		}
	})
	t.Run("by a redial, which the effect is told of", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := crash(w)
		began := w.now
		w.wait(time.Minute)
		p.dial().shows(t, "Jock is yours until day 7. Loan L1.")
		if got := w.lib.did[1]; got.ref != "L1" || !got.resumed || !got.since.Equal(began) {
			t.Errorf("done as %+v, and not since %v", got, began)
		}
		p.dial().shows(t, "Last loan: L1.\nLibrary")
	})
	t.Run("by a redial that crashes too, and its repetition", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := crash(w)
		began := w.now
		w.lib.trip = func(context.Context, *Talk) (Move, error) { panic("power cut") }
		w.wait(time.Minute)
		p.dial()
		w.wait(time.Minute)
		w.lib.trip = nil
		p.send().shows(t, "Jock is yours")
		p.dial().shows(t, "Last loan: L1.")
		for i, got := range w.lib.did[1:] {
			if got.ref != "L1" || !got.resumed || !got.since.Equal(began) {
				t.Errorf("try %d was done as %+v, not resumed since %v", i, got, began)
			}
		}
	})
	t.Run("by a redial, from which time counts anew", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := crash(w)
		w.lib.trip = func(context.Context, *Talk) (Move, error) { return "shelf", nil }
		w.wait(4 * time.Minute)
		p.dial().shows(t, "Which book?")
		w.wait(4 * time.Minute)
		p.dial().shows(t, "Go on with a loan?")
	})
	t.Run("by a dial string, of which nothing is taken", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1)
		p := crash(w)
		p.dial("3").shows(t, "Jock is yours")
	})
}

func TestAnEffectWithoutAnOutcomeIsSaidToBeUnsure(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"cumulative": cumulative, "keyed": keyed, "unkeyed": unkeyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := confirm(w, k)
			began := w.now
			down := errors.New("printer is down")
			w.lib.trip = func(_ context.Context, talk *Talk) (Move, error) {
				talk.SetText(titleVar, "half done")
				return "refused", down
			}
			if r := p.types("1"); r.Text != english[KeyUnsure] || !r.End || !errors.Is(w.last().Err, down) || w.last().Outcome != Unsure {
				t.Errorf("answered with %+v, reported as %+v", r, w.last())
			}
			// What is typed meanwhile answers nothing that was asked.
			w.wait(time.Second)
			if r := p.types("00"); r.Text != english[KeyUnsure] {
				t.Errorf("answered with %+v", r)
			}
			w.lib.trip = nil
			w.wait(time.Second)
			p.types("1").shows(t, "Jock is yours until day 7. Loan L1.")
			if len(w.lib.did) != 3 {
				t.Errorf("done: %+v", w.lib.did)
			}
			for i, d := range w.lib.did {
				if d.ref != "L1" || d.resumed || !d.since.Equal(began) {
					t.Errorf("try %d was done as %+v, not since %v", i, d, began)
				}
			}
		})
	}
}

func TestAnEffectHasABudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(o *Options) { o.Budget = 2 * time.Second })
		p := confirm(w, cumulative)
		w.lib.trip = func(ctx context.Context, _ *Talk) (Move, error) {
			<-ctx.Done()
			return Stay, ctx.Err()
		}
		begin := time.Now()
		if r := p.types("1"); r.Text != english[KeyUnsure] || !errors.Is(w.last().Err, context.DeadlineExceeded) {
			t.Errorf("answered with %+v, %v", r, w.last().Err)
		}
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAnOutcomeIsKeptThoughNobodyWaitsAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := confirm(w, cumulative)
	ctx, cancel := context.WithCancel(t.Context())
	w.lib.trip = func(_ context.Context, talk *Talk) (Move, error) {
		cancel() // the gateway hangs up just as it is done
		talk.SetText(lastVar, talk.Text(loanVar))
		return "lent", nil
	}
	p.typed = append(p.typed, "1")
	if r, err := p.try(ctx); err != nil {
		t.Errorf("answered with %+v, %v", r, err)
	}
	p.send().shows(t, "Jock is yours")
	p.dial().shows(t, "Last loan: L1.")
	if runs, _ := w.lib.effects(); runs != 1 {
		t.Errorf("the loan was asked for %d times", runs)
	}
}

func TestAnEffectMayLeadBackToAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := confirm(w, cumulative)
	w.lib.trip = func(_ context.Context, talk *Talk) (Move, error) {
		talk.Note("refused")
		return "shelf", nil
	}
	p.types("1").shows(t, "Not today.\nWhich book?")
	w.lib.trip = nil
	p.types("3", "2", "1").shows(t, "Mine Boy is yours until day 2. Loan L2.") // another book, another reference
}

func TestAnEffectThatMovesWhereItMayNotIsUnsure(t *testing.T) {
	t.Parallel()
	for _, move := range []Move{"fly", Stay, moveHome, moveStop} {
		w := newWorld(t, 1)
		p := confirm(w, cumulative)
		w.lib.trip = func(context.Context, *Talk) (Move, error) { return move, nil }
		if r := p.types("1"); r.Text != english[KeyUnsure] || !errors.Is(w.last().Err, ErrMove) {
			t.Errorf("the move %q was answered with %+v, %v", move, r, w.last().Err)
		}
	}
}
