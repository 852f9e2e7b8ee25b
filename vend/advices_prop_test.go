package vend_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// remedy is what a provider that wants to be told does about a sale of which
// nobody knows what became of it.
type remedy string

const (
	asks  remedy = "asks"  // sends it again
	undos remedy = "undos" // has it undone
)

// toldHow is how an advice is taken.
type toldHow string

const (
	takes       toldHow = "takes"
	takesSilent toldHow = "takes, and is not heard"
	silence     toldHow = "silence"
	wont        toldHow = "refuses"
)

// told is the scripted provider as one that wants to be told how sales ended. It
// keeps to the contract of an Adviser: an undone sale is not done any more, nor
// ever will be.
type told struct {
	*provider
	remedy remedy

	mu     sync.Mutex
	script []struct {
		how    toldHow
		during func()
	}
	advices map[string]string // by reference: what was told, byte for byte
	undone  map[string]bool   // by reference
	wrongs  []string
}

func newTold(p *provider, r remedy) *told {
	return &told{provider: p, remedy: r, advices: map[string]string{}, undone: map[string]bool{}}
}

func (p *told) expect(how toldHow, during func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = append(p.script, struct {
		how    toldHow
		during func()
	}{how, during})
}

// forget has everything taken that comes from now on.
func (p *told) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = nil
}

// Send implements vend.Provider.
func (p *told) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	undo := &vend.Advice{Request: vend.Request{Op: "undo", Ref: r.Ref, Body: secret.New("undo " + r.Ref)}, Undo: true}
	p.mu.Lock()
	if strings.HasPrefix(p.advices[r.Ref], "undo") {
		p.wrongs = append(p.wrongs, r.Ref+" was sent again, and is to be undone")
	}
	p.mu.Unlock()
	if past.Again && p.remedy == undos {
		return vend.Answer{Detail: "not asked again", Advice: undo}
	}
	a := p.provider.Send(ctx, r, past)
	switch {
	case a.Person, a.Outcome == vend.Delivered:
		a.Advice = &vend.Advice{Request: vend.Request{Op: "confirm", Ref: r.Ref, Body: secret.New("confirm " + r.Ref)}}
	case a.Outcome == vend.Unknown && p.remedy == undos:
		a.Advice = undo
	}
	return a
}

// Advise implements vend.Adviser.
func (p *told) Advise(_ context.Context, a vend.Advice) vend.Advised {
	p.mu.Lock()
	how := takes
	during := func() {}
	if len(p.script) > 0 {
		how, during, p.script = p.script[0].how, p.script[0].during, p.script[1:]
	}
	wrong := func(format string, args ...any) { p.wrongs = append(p.wrongs, fmt.Sprintf(format, args...)) }
	text := a.Body.Reveal()
	word := map[bool]string{true: "undo", false: "confirm"}[a.Undo]
	if a.Op != word || text != word+" "+a.Ref {
		wrong("%s was told %q by %q, undo %t", a.Ref, text, a.Op, a.Undo)
	}
	if before, again := p.advices[a.Ref]; again && before != text {
		wrong("%s was told %q, and then %q", a.Ref, before, text)
	}
	p.advices[a.Ref] = text
	if !a.Undo && p.done(a.Ref) != 1 {
		wrong("%s is said to stand, and was done %d times", a.Ref, p.done(a.Ref))
	}
	p.mu.Unlock()
	during()
	if a.Undo && (how == takes || how == takesSilent) {
		p.reverse(a.Ref)
	}
	switch how {
	case takes:
		return vend.Advised{Final: true, Taken: true}
	case wont:
		return vend.Advised{Final: true}
	}
	return vend.Advised{}
}

// reverse undoes what was done, and keeps it from being done later.
func (p *told) reverse(ref string) {
	p.mu.Lock()
	p.undone[ref] = true
	p.mu.Unlock()
	p.provider.mu.Lock()
	defer p.provider.mu.Unlock()
	for pin, by := range p.usedBy {
		if by == ref {
			delete(p.usedBy, pin)
		}
	}
	p.executed[ref] = 0
	p.answered[ref] = vend.Answer{Code: "undone"}
}

// audit lists what must never be told, and what of orders and advices does not
// agree.
func (p *told) audit(s *store.SQL) []string {
	p.mu.Lock()
	wrongs := append([]string(nil), p.wrongs...)
	p.mu.Unlock()
	faults, err := s.CheckOrders(context.Background())
	if err != nil {
		return append(wrongs, err.Error())
	}
	for _, f := range faults {
		if f.Kind == store.FaultAdvice || f.Kind == store.FaultJob || f.Kind == store.FaultTrail {
			wrongs = append(wrongs, f.String())
		}
	}
	return wrongs
}

func drawAdvised(rt *rapid.T) event {
	e := drawEvent(rt)
	if rapid.IntRange(0, 4).Draw(rt, "advise") > 0 {
		return e
	}
	return event{
		what: "advise", process: e.process, dies: rapid.IntRange(0, 3).Draw(rt, "dies") == 0,
		told: rapid.SampledFrom([]toldHow{takes, takesSilent, silence, wont}).Draw(rt, "told"),
	}
}

// TestWhateverHappensASaleIsConfirmedOrUndone is the promise of the test of stories
// for a provider that wants to be told: besides, no sale is told both of, none is
// declined that stands, and each that stands is confirmed in the end.
func TestWhateverHappensASaleIsConfirmedOrUndone(t *testing.T) {
	most := 12
	if raced {
		most = 3
	}
	rapid.Check(t, func(rt *rapid.T) {
		if raced && rapid.IntRange(0, 3).Draw(rt, "one of four") > 0 { // opening a shop is what takes long
			return
		}
		n := rapid.IntRange(1, most).Draw(rt, "events")
		story := rapid.SliceOfN(rapid.Custom(drawAdvised), n, n).Draw(rt, "story")
		remedy := rapid.SampledFrom([]remedy{asks, undos}).Draw(rt, "remedy")
		if at, wrongs := play(t, freshSQLite(t.TempDir()), remedy, story); len(wrongs) > 0 {
			rt.Fatalf("after event %d: %s", at, strings.Join(wrongs, "\n"))
		}
	})
}

// TestOneFaultOfTheDatabaseAnywhereInAnAdviceHarmsNobody breaks every operation of
// the database on the way of an advice, as the test of sales does.
func TestOneFaultOfTheDatabaseAnywhereInAnAdviceHarmsNobody(t *testing.T) {
	const most = 80
	for _, c := range []struct {
		name   string
		script []step
		told   []toldHow
	}{
		{"confirmed", nil, []toldHow{silence}},
		{"undone", []step{{taking: loses}}, []toldHow{silence}},
		{"not to be undone", []step{{taking: loses}}, []toldHow{wont}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, idle := startWorld(t, d, vend.Options{})
				idle.stop()
				w.told = newTold(w.provider, undos)
				customer := 0
				for what, f := range map[string]fault{
					"fails": {}, "is done and its reply lost": {after: true},
					"is where the process dies": {die: true}, "is the last before the process dies": {die: true, after: true},
				} {
					every := 3 // and another offset each time
					if raced {
						every = 9
					}
					n := customer%every - every
					for happened := true; happened && n < most && !t.Failed(); {
						n = max(1, n+every)
						customer++
						w.told.forget()
						for _, how := range c.told {
							w.told.expect(how, func() {})
						}
						var wrongs []string
						happened, wrongs = story{script: c.script}.play(t.Context(), w, customer, n, f)
						for _, wrong := range wrongs {
							t.Errorf("operation %d %s: %s", n, what, wrong)
						}
					}
					if n < 10 || n >= most {
						t.Errorf("%d operations were broken", n)
					}
				}
			})
		})
	}
}
