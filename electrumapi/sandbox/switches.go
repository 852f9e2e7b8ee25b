package sandbox

import (
	"slices"
	"strings"
	"time"
)

// switched is a fault that was switched on by the control endpoint. It strikes
// the next messages that fit its selectors; an empty selector fits all.
type switched struct {
	id        int64
	kind      faultKind // zero for a delay or an error type alone
	op        string
	reference string // the originator's own, or the id of a message or its original
	target    string
	told      *refusal
	left      int // how often it strikes still
	struck    int
	delay     time.Duration
}

// switches are what is switched on, oldest first. The sandbox's lock guards them.
type switches struct {
	last  int64
	list  []*switched
	delay time.Duration // of all answers
}

func (x *switches) add(one switched) *switched {
	x.last++
	one.id = x.last
	x.list = append(x.list, &one)
	return &one
}

// remove takes one away; false when there is none.
func (x *switches) remove(id int64) bool {
	before := len(x.list)
	x.list = slices.DeleteFunc(x.list, func(one *switched) bool { return one.id == id })
	return len(x.list) < before
}

// strike is how a message is to be answered by what is switched on; the oldest
// that fits wins. names are all by which its request goes.
func (x *switches) strike(op, target string, names ...string) blow {
	b := blow{delay: x.delay}
	for _, one := range x.list {
		if !one.fits(op, target, names) {
			continue
		}
		one.left--
		one.struck++
		b.fault, b.told, b.delay = one.kind.fault, one.told, b.delay+one.delay
		if one.left == 0 {
			x.remove(one.id)
		}
		break
	}
	return b
}

func (one *switched) fits(op, target string, names []string) bool {
	return (one.op == "" || one.op == op) &&
		(one.reference == "" || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, one.reference) })) &&
		(one.target == "" || one.target == target)
}
