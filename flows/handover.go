package flows

import "spaza/vend"

// handover is what a screen shows of what was bought: what has to be typed
// somewhere, and how. The rest comes by message.
func (s Shop) handover(say say, o vend.Order, g vend.Goods) string {
	m := message{News{Order: o, Goods: g}, say, nil}
	m.args = m.values(s.Help)
	must, _ := m.parts()
	return lines(must...)
}
