package dialog

import (
	"context"
	"strings"
	"testing"
)

// TestANumberWhoseOptionIsGoneIsNoFreeText: the customer pressed 2 for what
// stood there; that it is not offered any more does not make it a typed "2".
func TestANumberWhoseOptionIsGoneIsNoFreeText(t *testing.T) {
	t.Parallel()
	offered := []string{"R50", "R100"}
	answered := ""
	book := Book{Start: "a.amount", States: []State{
		{
			ID: "a.amount", Free: true,
			Ask: func(_ *Talk, s *Screen) {
				s.Text = "How much?"
				for _, o := range offered {
					s.Add(o, o)
				}
			},
			Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
				if in.Gone {
					return t.AgainPick(t.Options())
				}
				answered = in.Text + in.Option
				return "done", nil
			},
			Edges: []Edge{{"done", "a.end"}},
		},
		{ID: "a.end", End: true, Ask: func(_ *Talk, s *Screen) { s.Text = "end" }},
	}}
	e, err := New(book, keysAsWords{}, NewMemory(), Options{Hash: hash})
	if err != nil {
		t.Fatal(err)
	}
	say := func(text string) string {
		t.Helper()
		r, err := e.Handle(t.Context(), Turn{User: "27821234567", Session: "s", Text: text, Cumulative: true, Caps: Caps{Septets: 160}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Text
	}
	say("")
	offered = offered[:1]
	if got := say("2"); answered != "" || !strings.HasPrefix(got, KeyPick) {
		t.Fatalf("answered %q, screen %q", answered, got)
	}
	if got := say("2*30"); answered != "30" || got != "end" {
		t.Errorf("answered %q, screen %q", answered, got)
	}
}

// keysAsWords says every text by its key.
type keysAsWords struct{}

func (keysAsWords) Say(_, key string, _ ...Arg) string { return key }

// TestAPanicSaysNothingOfWhatWasTyped: the value of a panic can be anything.
func TestAPanicSaysNothingOfWhatWasTyped(t *testing.T) {
	t.Parallel()
	if err := panicked("canary 1234567890123456"); strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "string") {
		t.Errorf("%.80s", err)
	}
}
