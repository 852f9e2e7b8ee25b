package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The bounds of what can be switched on.
const (
	MaxSwitched = 100 // faults at once
	MaxSelector = 100 // bytes
	maxTimes    = 1_000_000
	maxDelay    = 10 * time.Minute
)

// Selectors say which requests a fault strikes; an empty one fits all.
type Selectors struct{ Op, Reference, Target string }

// Switched is a fault that was switched on by the control endpoint. It strikes the
// next requests that fit its selectors.
type Switched[D any] struct {
	ID int64
	Selectors
	Does   D // in the host's own terms; zero for a delay alone
	Left   int
	Struck int
	Delay  time.Duration // before the answer, once the work is done
}

// Aim is a fault as it is asked for, within the bounds: for as many times as said,
// which is once for nil, and one of ops. It errs in words for who asks.
func Aim[D any](does D, at Selectors, times *int, delayMs *int64, ops []string) (Switched[D], error) {
	one := Switched[D]{Selectors: at, Does: does, Left: 1}
	switch {
	case times != nil && (*times < 1 || *times > maxTimes):
		return one, fmt.Errorf("times must be from 1 to %d", maxTimes)
	case delayMs != nil && (*delayMs < 0 || *delayMs > maxDelay.Milliseconds()):
		return one, fmt.Errorf("delayMs must be from 0 to %d", maxDelay.Milliseconds())
	case at.Op != "" && !slices.Contains(ops, at.Op):
		return one, errors.New("no such op; there are " + strings.Join(ops, ", "))
	case max(len(at.Reference), len(at.Target)) > MaxSelector:
		return one, fmt.Errorf("reference and target are at most %d bytes long", MaxSelector)
	}
	if times != nil {
		one.Left = *times
	}
	if delayMs != nil {
		one.Delay = time.Duration(*delayMs) * time.Millisecond
	}
	return one, nil
}

// Switches are what is switched on. The host's lock guards them; the zero value
// is nothing.
type Switches[D any] struct {
	Delay time.Duration // of all answers
	last  int64
	list  []*Switched[D] // oldest first
}

// Add switches a fault on and numbers it. It errs when there are MaxSwitched
// already.
func (x *Switches[D]) Add(one Switched[D]) (Switched[D], error) {
	if len(x.list) >= MaxSwitched {
		return one, fmt.Errorf("%d faults are switched on already", MaxSwitched)
	}
	x.last++
	one.ID = x.last
	x.list = append(x.list, &one)
	return one, nil
}

// All are those that are switched on, oldest first.
func (x *Switches[D]) All() []Switched[D] {
	all := make([]Switched[D], 0, len(x.list))
	for _, one := range x.list {
		all = append(all, *one)
	}
	return all
}

// Clear switches everything off, the delay of all answers too.
func (x *Switches[D]) Clear() { x.list, x.Delay = nil, 0 }

// Listing is the answer to who asks what is switched on, each as wire says it.
func (x *Switches[D]) Listing(wire func(Switched[D]) any) any {
	list := make([]any, 0, len(x.list))
	for _, one := range x.list {
		list = append(list, wire(*one))
	}
	return map[string]any{"delayMs": x.Delay.Milliseconds(), "faults": list}
}

// Off is the answer to who wants the fault of a number switched off.
func (x *Switches[D]) Off(number string) (status int, answer any, err error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !x.remove(id) {
		return http.StatusNotFound, nil, errors.New("no such fault is switched on")
	}
	return http.StatusOK, struct{}{}, nil
}

// remove takes one away; false when there is none.
func (x *Switches[D]) remove(id int64) bool {
	before := len(x.list)
	x.list = slices.DeleteFunc(x.list, func(one *Switched[D]) bool { return one.ID == id })
	return len(x.list) < before
}

// Strike is the fault that a request meets: the oldest that fits, which has struck
// once more then; false for none. named says whether the request goes by a
// reference.
func (x *Switches[D]) Strike(op, target string, named func(reference string) bool) (Switched[D], bool) {
	for _, one := range x.list {
		if one.Op != "" && one.Op != op || one.Target != "" && one.Target != target || one.Reference != "" && !named(one.Reference) {
			continue
		}
		one.Left--
		one.Struck++
		if one.Left == 0 {
			x.remove(one.ID)
		}
		return *one, true
	}
	return Switched[D]{}, false
}
