package flows

import "spaza/vend"

// handover is what a screen shows of what was bought: what has to be typed
// somewhere, and how. The rest comes by message.
func (s Shop) handover(say say, o vend.Order, g vend.Goods) string {
	m := message{News{Order: o, Goods: g}, say, nil}
	m.args = m.values(s.Help)
	must, rest := m.parts()
	if o.Kind == vend.KindAirtimePIN && len(rest) > 0 { // how it is loaded
		must = append(must, rest[0])
	}
	return lines(must...)
}
