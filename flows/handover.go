package flows

import (
	"slices"
	"strings"

	"spaza/dialog"
	"spaza/vend"
)

// handover is what a screen shows of what was bought: what has to be typed
// somewhere, and how. The rest comes by message; in a chat, which has the room, it
// is there too, and no message follows.
func (s Shop) handover(t *dialog.Talk, o vend.Order, g vend.Goods) string {
	m := message{News{Order: o, Goods: g}, t.Say, nil}
	m.args = m.values(s.Help)
	must, rest := m.parts()
	switch {
	case t.Person != "":
		must = slices.Concat(must, rest)
	case o.Kind == vend.KindAirtimePIN && len(rest) > 0: // how it is loaded
		must = append(must, rest[0])
	}
	return lines(must...)
}

// copyLeast is how many digits have a line to themselves to be typed somewhere: a
// PIN or a token.
const copyLeast = 10

// copies are what will be typed somewhere else, of a text that hands it over: the
// lines that are nothing but digits.
func copies(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		digits := strings.ReplaceAll(strings.TrimSpace(line), " ", "")
		if len(digits) >= copyLeast && strings.Trim(digits, "0123456789") == "" {
			all = append(all, digits)
		}
	}
	return all
}
