package flows

import (
	"context"
	"strings"

	"spaza/dialog"
)

const (
	languageFirst  dialog.StateID = "language.first"
	languageAsk    dialog.StateID = "language.ask"
	languageSaving dialog.StateID = "language.saving"
)

// language is asked at the first dial, and can be changed at any other.
func language(s Shop) []dialog.State {
	f := languageFlow{s}
	return []dialog.State{
		{
			// Nothing is known yet, so there is nowhere to go back to.
			ID: languageFirst, First: true, Free: true,
			Ask: f.askFirst, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "picked", To: languageSaving}},
		},
		{
			ID: languageAsk, Back: menuStart, What: "what.language", Free: true,
			Ask: f.ask, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "picked", To: languageSaving}},
		},
		{
			ID: languageSaving, Do: f.save,
			Edges: []dialog.Edge{{Move: "saved", To: menuStart}},
		},
	}
}

type languageFlow struct{ Shop }

// askFirst is the one screen that cannot be in the customer's language. Each
// name is in its own.
func (f languageFlow) askFirst(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("language.first")
	f.list(s)
}

func (f languageFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("language.ask")
	f.list(s)
}

func (f languageFlow) list(s *dialog.Screen) {
	for _, l := range f.Languages() {
		s.Add(l.Code, l.Name)
	}
}

// pick takes a language from the list, or by its name: "zulu" is isiZulu.
func (f languageFlow) pick(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	code := in.Option
	for _, l := range f.Languages() {
		if typed := strings.ToLower(in.Text); len(typed) >= nameLeast && code == "" && strings.Contains(strings.ToLower(l.Name), typed) {
			code = l.Code
		}
	}
	if code == "" {
		return t.AgainPick(t.Options())
	}
	t.SetText(chosenLang, code)
	return "picked", nil
}

// nameLeast is how many letters of a language's name are enough.
const nameLeast = 4

func (f languageFlow) save(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	lang := t.Text(chosenLang)
	if err := f.Members.SetLanguage(ctx, t.User, lang); err != nil {
		return dialog.Stay, err
	}
	t.SetLang(lang)
	t.Note("language.done")
	return "saved", nil
}
