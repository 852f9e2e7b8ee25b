package flows

import (
	"spaza/dialog"
	"spaza/gsm7"
)

// onePage is the room of the smallest screen, in septets, on which a yes is
// asked for without a second page: what is read at the moment of paying must not
// be hidden behind "more".
const onePage = 160

// fitting is the first of several wordings with which a screen of two choices is
// one page, or the last of them; under a line that says that an answer was not
// understood, where there is one.
func fitting(t *dialog.Talk, s *dialog.Screen, wordings []string) string {
	rest := s.Text
	if t.Int(misread) == 1 {
		rest = t.Say(dialog.KeyPick, arg("n", 2)) + "\n" + rest
	}
	for _, o := range s.Options {
		rest += "\n1 " + o.Label
	}
	rest += "\n0 " + t.Say(dialog.KeyBack) + " 00 " + t.Say(dialog.KeyHome)
	for i, w := range wordings {
		if n, _ := gsm7.Cost(gsm7.Fold(rest + " " + w)); n <= onePage || i == len(wordings)-1 {
			return w
		}
	}
	return ""
}
