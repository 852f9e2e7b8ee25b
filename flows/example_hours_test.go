package flows

import (
	"context"
	"crypto/sha256"
	"os"
	"strings"
	"testing"
	"time"

	"spaza/dialog"
)

// guide begins here: docs/writing-a-flow.md shows it.

const (
	hoursAsk  dialog.StateID = "hours.ask"
	hoursTell dialog.StateID = "hours.tell"
)

// hours says when somebody answers the phone.
func hours(s Shop) []dialog.State {
	f := hoursFlow{s}
	return []dialog.State{
		{
			ID: hoursAsk, Back: menuStart,
			Ask: f.ask, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "picked", To: hoursTell}},
		},
		{ID: hoursTell, End: true, Ask: f.tell},
	}
}

type hoursFlow struct{ Shop }

func (hoursFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("hours.ask")
	s.Add("week", t.Say("hours.week"))
	s.Add("sunday", t.Say("hours.sunday"))
}

func (hoursFlow) pick(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	t.SetText(group, in.Option)
	return "picked", nil
}

func (f hoursFlow) tell(t *dialog.Talk, s *dialog.Screen) {
	key := "hours.open"
	if t.Text(group) == "sunday" {
		key = "hours.closed"
	}
	s.Text = t.Say(key, text("help", f.Help))
}

// guide ends here.

// said are the texts of the example; those of a real flow stand in locales.
type said map[string]string

func (w said) Say(_, key string, args ...dialog.Arg) string {
	text := w[key]
	for _, a := range args {
		text = strings.ReplaceAll(text, "{"+a.Name+"}", a.Value)
	}
	return text
}

func TestTheFlowOfTheGuideIsSoundAndIsWhatTheGuideShows(t *testing.T) {
	source, err := os.ReadFile("example_hours_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), "// guide begins here: docs/writing-a-flow.md shows it.\n")
	code, _, _ = strings.Cut(code, "// guide ends here.")
	guide, err := os.ReadFile("../docs/writing-a-flow.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), strings.TrimSpace(code)) {
		t.Error("the guide shows another flow than this one")
	}
	shop := Shop{Help: "0800 123 456"}
	e, err := dialog.New(dialog.Book{Start: hoursAsk, States: withoutBack(hours(shop))}, said{
		"hours.ask": "We answer the phone. Which day?", "hours.week": "Monday to Saturday", "hours.sunday": "Sunday",
		"hours.open": "From 8 to 18: {help}", "hours.closed": "Not on Sundays.",
	}, dialog.NewMemory(), dialog.Options{Hash: func(_, s string) [32]byte { return sha256.Sum256([]byte(s)) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ typed, want string }{
		{"", "We answer the phone. Which day?\n1 Monday to Saturday\n2 Sunday"},
		{"1", "From 8 to 18: 0800 123 456"},
	} {
		r, err := e.Handle(t.Context(), dialog.Turn{User: "27821234567", Session: "s", Text: c.typed, Cumulative: true, At: time.Now()})
		if err != nil || r.Text != c.want {
			t.Errorf("%q shows %q, %v", c.typed, r.Text, err)
		}
	}
}

// withoutBack makes a flow a book of its own.
func withoutBack(states []dialog.State) []dialog.State {
	for i := range states {
		states[i].Back = ""
	}
	return states
}
