package dialog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The parts of small books.
func stays(context.Context, *Talk, Input) (Move, error) { return Stay, nil }
func does(context.Context, *Talk) (Move, error)         { return "ok", nil }

// sound is a small book without a fault: a question, an effect, an end.
func sound() Book {
	return Book{Start: "a.ask", States: []State{
		{ID: "a.ask", Ask: says("ask"), Answer: stays, Edges: []Edge{{"go", "a.do"}, {"end", "a.end"}}},
		{ID: "a.do", Do: does, Edges: []Edge{{"ok", "a.end"}, {"again", "a.ask"}}},
		{ID: "a.end", Ask: says("end"), End: true},
	}}
}

func TestASoundBookCompiles(t *testing.T) {
	t.Parallel()
	if _, err := compile(sound()); err != nil {
		t.Error(err)
	}
	if _, err := compile((&library{}).book()); err != nil {
		t.Error(err)
	}
}

func TestEveryFaultOfABookIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(b *Book)
		fault  string
	}{
		"a name twice":          {func(b *Book) { b.States = append(b.States, b.States[2]) }, `state "a.end" is there twice`},
		"no start":              {func(b *Book) { b.Start = "a.nowhere" }, `start "a.nowhere" is not a state`},
		"no states":             {func(b *Book) { b.States = nil }, `start "a.ask" is not a state`},
		"no name":               {func(b *Book) { b.States[2].ID = "" }, `state "" has a name that is not for a flow`},
		"a name of the engine":  {func(b *Book) { b.States[2].ID = "dialog.end" }, `state "dialog.end" has a name that is not for a flow`},
		"unreachable":           {func(b *Book) { b.States = append(b.States, State{ID: "a.isle", Ask: says("x"), End: true}) }, `state "a.isle" can not be reached`},
		"an undeclared target":  {func(b *Book) { b.States[0].Edges[0].To = "a.gone" }, `state "a.ask" moves by "go" to "a.gone", which is not there`},
		"an undeclared Back":    {func(b *Book) { b.States[0].Back = "a.gone" }, `state "a.ask" moves by "back" to "a.gone", which is not there`},
		"a move twice":          {func(b *Book) { b.States[0].Edges[1].Move = "go" }, `state "a.ask" declares the move "go" twice`},
		"a move of the engine":  {func(b *Book) { b.States[0].Edges[1].Move = moveStop }, `state "a.ask" declares the move "stop" twice`},
		"the empty move":        {func(b *Book) { b.States[0].Edges[1].Move = Stay }, `state "a.ask" declares the empty move`},
		"Do and Ask":            {func(b *Book) { b.States[1].Ask = says("x") }, `state "a.do" does something, so it can not ask or end`},
		"Do and Answer":         {func(b *Book) { b.States[1].Answer = stays }, `state "a.do" does something, so it can not ask or end`},
		"Do and End":            {func(b *Book) { b.States[1].End = true }, `state "a.do" does something, so it can not ask or end`},
		"Do and Back":           {func(b *Book) { b.States[1].Back = "a.ask" }, `state "a.do" does something, so it can not ask or end`},
		"Do and Private":        {func(b *Book) { b.States[1].Private = true }, `state "a.do" does something, so it can not ask or end`},
		"Do without a way out":  {func(b *Book) { b.States[1].Edges = nil }, `state "a.do" has no way out`},
		"neither Ask nor Do":    {func(b *Book) { b.States[2].Ask = nil }, `state "a.end" neither asks nor does anything`},
		"End and Answer":        {func(b *Book) { b.States[2].Answer = stays }, `state "a.end" must either be answered or end`},
		"neither End nor Answr": {func(b *Book) { b.States[2].End = false }, `state "a.end" must either be answered or end`},
		"End and edges":         {func(b *Book) { b.States[2].Edges = []Edge{{"on", "a.ask"}} }, `state "a.end" ends, and yet has moves`},
		"End and Back":          {func(b *Book) { b.States[2].Back = "a.ask" }, `state "a.end" ends, and yet has moves`},
		"Secret and unanswered": {func(b *Book) { b.States[2].Secret = true }, `state "a.end" is not answered, so it can be neither Secret nor Confirm`},
		"Confirm and undone":    {func(b *Book) { b.States[1].Confirm = true }, `state "a.do" is not answered, so it can be neither Secret nor Confirm`},
		"Confirm without Back":  {func(b *Book) { b.States[0].Confirm = true }, `state "a.ask" confirms, and needs a Back to resume at`},
		"Confirm back to one":   {func(b *Book) { b.States[0].Confirm, b.States[0].Back = true, "a.ask" }, `state "a.ask" confirms, and needs a Back to resume at`},
		"What of a Secret":      {func(b *Book) { b.States[0].Secret, b.States[0].What = true, "w" }, `state "a.ask" can not be resumed, so it has no use for What`},
		"What of an end":        {func(b *Book) { b.States[2].What = "w" }, `state "a.end" can not be resumed, so it has no use for What`},
		"What of a Do":          {func(b *Book) { b.States[1].What = "w" }, `state "a.do" can not be resumed, so it has no use for What`},
		"a dead end": {func(b *Book) {
			b.States[1].Edges = []Edge{{"ok", "a.do"}}
		}, `state "a.do" never ends`},
		"a dead end of two": {func(b *Book) {
			b.States[1].Edges = []Edge{{"ok", "a.two"}}
			b.States = append(b.States, State{ID: "a.two", Do: does, Edges: []Edge{{"ok", "a.do"}}})
		}, `state "a.two" never ends`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := sound()
			c.change(&b)
			_, err := compile(b)
			if !errors.Is(err, ErrBook) || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("reported: %v\nwant: %s", err, c.fault)
			}
			if _, err := New(b, phrases{}, NewMemory(), Options{Hash: hash}); !errors.Is(err, ErrBook) {
				t.Errorf("an engine was made of it: %v", err)
			}
			if _, err := Diagrams(b); !errors.Is(err, ErrBook) {
				t.Errorf("it was drawn: %v", err)
			}
		})
	}
}

func TestAllFaultsAreReportedTogetherAndInOrder(t *testing.T) {
	t.Parallel()
	b := sound()
	b.States[0].Edges = append(b.States[0].Edges, Edge{"x", "a.gone"}, Edge{"go", "a.end"})
	b.States[1].End = true
	b.States = append(b.States, State{ID: "a.isle"})
	_, err := compile(b)
	if err == nil {
		t.Fatal("compiled")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 7 {
		t.Errorf("%d faults are reported:\n%v", len(lines), err)
	}
	for range 5 { // whatever the order of maps
		if _, again := compile(b); again.Error() != err.Error() {
			t.Errorf("reported again as:\n%v\nand before:\n%v", again, err)
		}
	}
}

// TestTwoNamesOfOneHashAreRefused looks for two names that meet, as they would
// by bad luck: three bytes of hash do among some thousands.
func TestTwoNamesOfOneHashAreRefused(t *testing.T) {
	t.Parallel()
	seen := map[[stateHashSize]byte]StateID{}
	for i := 0; ; i++ {
		id := StateID(fmt.Sprintf("a.%d", i))
		twin, met := seen[hashState(id)]
		seen[hashState(id)] = id
		if !met {
			continue
		}
		b := sound()
		b.States = append(b.States,
			State{ID: twin, Ask: says("x"), End: true}, State{ID: id, Ask: says("y"), End: true})
		b.States[0].Edges = append(b.States[0].Edges, Edge{"x", twin}, Edge{"y", id})
		want := fmt.Sprintf("states %q and %q have the same hash; rename the newer", id, twin)
		if _, err := compile(b); !errors.Is(err, ErrBook) || !strings.Contains(err.Error(), want) {
			t.Errorf("reported: %v\nwant: %s", err, want)
		}
		return
	}
}

func TestACompiledBookDoesNotShareItsStatesWithTheCaller(t *testing.T) {
	t.Parallel()
	b := sound()
	m, err := compile(b)
	if err != nil {
		t.Fatal(err)
	}
	b.States[0].ID = "a.other"
	if m.start.ID != "a.ask" || len(b.States) != 3 {
		t.Errorf("the start is now %q of %d states", m.start.ID, len(b.States))
	}
}

func TestAnEngineNeedsAKeyedHash(t *testing.T) {
	t.Parallel()
	if _, err := New(sound(), phrases{}, NewMemory(), Options{}); err == nil {
		t.Error("an engine was made without one")
	}
}

func TestTheFlowOfAStateIsTheNameBeforeTheDot(t *testing.T) {
	t.Parallel()
	for id, want := range map[StateID]string{"a.b": "a", "a.b.c": "a", "a": "a", "": "", ".b": "", "dialog.stopped": "dialog"} {
		if got := id.Flow(); got != want {
			t.Errorf("the flow of %q is %q, want %q", id, got, want)
		}
		if id.Builtin() != (want == "dialog") {
			t.Errorf("%q is the engine's own: %v", id, id.Builtin())
		}
	}
}
