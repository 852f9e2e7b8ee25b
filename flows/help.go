package flows

import (
	"context"

	"spaza/dialog"
)

const helpShow dialog.StateID = "help.show"

func help(s Shop) []dialog.State {
	return []dialog.State{{
		ID: helpShow, Back: menuStart,
		Ask: func(t *dialog.Talk, screen *dialog.Screen) {
			screen.Text = t.Say(s.byFund("help.show", "help.show.house"), text("help", s.Help), text("code", s.Code))
		},
		Answer: func(_ context.Context, t *dialog.Talk, _ dialog.Input) (dialog.Move, error) {
			return t.AgainPick(0)
		},
	}}
}
