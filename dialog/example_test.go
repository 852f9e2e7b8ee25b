package dialog_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"

	"spaza/dialog"
)

// words says keys as they are, with their values behind.
type words struct{}

func (words) Say(_, key string, args ...dialog.Arg) string {
	for _, a := range args {
		key += " " + a.Value
	}
	return key
}

// A book is a list of states. This one asks for a name and greets.
func Example() {
	const name dialog.TextVar = 1
	book := dialog.Book{Start: "tea.ask", States: []dialog.State{
		{
			ID: "tea.ask", Free: true,
			Ask: func(t *dialog.Talk, s *dialog.Screen) {
				s.Text = "Who is there?"
				s.Add("nobody", "Nobody")
			},
			Answer: func(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
				if in.Option == "nobody" {
					return t.Again("Somebody must be.")
				}
				t.SetText(name, in.Text)
				return "named", nil
			},
			Edges: []dialog.Edge{{Move: "named", To: "tea.pouring"}},
		},
		{
			ID:    "tea.pouring",
			Do:    func(context.Context, *dialog.Talk) (dialog.Move, error) { return "poured", nil },
			Edges: []dialog.Edge{{Move: "poured", To: "tea.ready"}},
		},
		{ID: "tea.ready", End: true, Ask: func(t *dialog.Talk, s *dialog.Screen) { s.Text = t.Say("Your tea,", dialog.Arg{Value: t.Text(name)}) }},
	}}
	engine, err := dialog.New(book, words{}, dialog.NewMemory(), dialog.Options{Hash: func(purpose, s string) (sum [32]byte) {
		mac := hmac.New(sha256.New, []byte("the operator's key"))
		mac.Write([]byte(purpose + "\x00" + s))
		mac.Sum(sum[:0])
		return sum
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var typed []string
	for _, in := range []string{"", "1", "Thandi"} {
		if in != "" {
			typed = append(typed, in)
			fmt.Println(">", in)
		}
		reply, err := engine.Handle(context.Background(), dialog.Turn{
			Channel: "example", User: "27821234567", Session: "one",
			Text: strings.Join(typed, "*"), Cumulative: true, Caps: dialog.Caps{Septets: 160},
		})
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(reply.Text)
	}
	// Output:
	// Who is there?
	// 1 Nobody
	// > 1
	// Somebody must be.
	// Who is there?
	// 1 Nobody
	// > Thandi
	// Your tea, Thandi
}
