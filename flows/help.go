package flows

import (
	"context"

	"spaza/dialog"
)

const (
	helpShow   dialog.StateID = "help.show"
	helpPrices dialog.StateID = "help.prices"
	helpTerms  dialog.StateID = "help.terms"
)

// help says what the shop is, what it costs, and whom to phone.
func help(s Shop) []dialog.State {
	f := helpFlow{s}
	only := func(_ context.Context, t *dialog.Talk, _ dialog.Input) (dialog.Move, error) { return t.AgainPick(0) }
	return []dialog.State{
		{
			ID: helpShow, Back: menuStart,
			Ask:    f.show,
			Answer: picked,
			Edges:  []dialog.Edge{{Move: "prices", To: helpPrices}, {Move: "terms", To: helpTerms}, {Move: "chats", To: chatsList}},
		},
		{ID: helpPrices, Back: helpShow, Ask: says("help.prices"), Answer: only},
		{ID: helpTerms, Back: helpShow, Ask: f.terms, Answer: only},
	}
}

type helpFlow struct{ Shop }

func (f helpFlow) show(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.byFund("help.show", "help.show.house"), text("operator", f.Operator), text("help", f.Help), text("code", f.Code))
	s.Add("prices", t.Say("help.prices.pick"))
	s.Add("terms", t.Say("help.terms.pick"))
	s.Offer(len(f.ChatsOn) > 0, "chats", t.Say("chats.pick"))
}

func (f helpFlow) terms(t *dialog.Talk, s *dialog.Screen) {
	if s.Text = t.Say("help.terms", text("help", f.Help)); f.Terms != "" {
		s.Text += " " + t.Say("help.terms.page", text("page", f.Terms))
	}
}
