package dialog

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"

	"github.com/looplab/fsm"
)

// The states that the engine brings along. All of them end the conversation.
const (
	stateStopped StateID = "dialog.stopped" // too many answers that were not understood
	stateTooLong StateID = "dialog.toolong" // too many turns
	stateNobody  StateID = "dialog.nobody"  // a book without a place for strangers met one
)

// Builtin says whether a state is one of the engine's own.
func (s StateID) Builtin() bool { return s.Flow() == "dialog" }

// ErrBook is what every fault of a book wraps.
var ErrBook = errors.New("book is not sound")

// ErrMove is returned when a state returns a move that it did not declare; it
// is a defect of the flow.
var ErrMove = errors.New("move is not declared")

// machine is a checked book. It does not change after compile and is shared by
// all conversations.
type machine struct {
	book  Book
	start *node
	// stranger is where people without a number begin; a state that only says
	// sorry where the book has none.
	stranger *node
	byID     map[StateID]*node
	byHash   map[[stateHashSize]byte]*node
}

// node is a state with its small state machine: only the moves that leave it.
type node struct {
	*State
	hash  [stateHashSize]byte
	fsms  sync.Pool
	edges []Edge
}

// compile checks a book and makes it ready; all faults are reported together.
func compile(b Book) (*machine, error) {
	say := func(key string) func(*Talk, *Screen) {
		return func(t *Talk, s *Screen) { s.Text = t.Say(own(t.Person != "", key), b.Common...) }
	}
	own := len(b.States)
	if b.Stranger == "" {
		b.Stranger = stateNobody
	}
	b.States = append(slices.Clone(b.States),
		State{ID: stateStopped, Ask: say(KeyStopped), End: true},
		State{ID: stateTooLong, Ask: say(KeyTooLong), End: true},
		State{ID: stateNobody, Ask: say(KeyBroken), End: true, Stranger: true})

	m := &machine{book: b, byID: map[StateID]*node{}, byHash: map[[stateHashSize]byte]*node{}}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrBook}, args...)...))
	}
	for _, s := range b.States[:own] {
		if s.ID == "" || s.ID.Builtin() {
			fault("state %q has a name that is not for a flow", s.ID)
		}
	}
	for i := range b.States {
		n := &node{State: &b.States[i], hash: hashState(b.States[i].ID)}
		n.edges = n.State.edges(b.Start)
		if m.byID[n.ID] != nil {
			fault("state %q is there twice", n.ID)
			continue
		}
		if twin := m.byHash[n.hash]; twin != nil {
			fault("states %q and %q have the same hash; rename the newer", n.ID, twin.ID)
		}
		m.byID[n.ID], m.byHash[n.hash] = n, n
	}
	if m.start = m.byID[b.Start]; m.start == nil {
		fault("start %q is not a state", b.Start)
		return nil, errors.Join(faults...)
	}
	if m.stranger = m.byID[b.Stranger]; m.stranger == nil || !m.stranger.Stranger {
		fault("%q is no state for strangers", b.Stranger)
	}
	for _, n := range m.byID {
		for _, f := range n.check(m.byID) {
			fault("state %q %s", n.ID, f)
		}
		n.prepare()
	}
	onward, backward := m.ways()
	var ends []StateID
	for id, n := range m.byID {
		if n.End {
			ends = append(ends, id)
		}
	}
	reached, ending := reach(onward, b.Start, b.Stranger), reach(backward, ends...)
	for id := range m.byID {
		if !id.Builtin() && !reached[id] {
			fault("state %q can not be reached", id)
		}
		if !ending[id] {
			fault("state %q never ends", id)
		}
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b error) int { return compareText(a.Error(), b.Error()) })
		return nil, errors.Join(faults...)
	}
	return m, nil
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// check lists what is wrong with a state by itself.
func (n *node) check(all map[StateID]*node) (faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	asks, does := n.Answer != nil, n.Do != nil
	switch {
	case does && (asks || n.Ask != nil || n.End || n.Back != "" || n.Private):
		bad("does something, so it can not ask or end")
	case !does && n.Ask == nil:
		bad("neither asks nor does anything")
	case !does && n.End == asks:
		bad("must either be answered or end")
	}
	if n.End && (len(n.Edges) > 0 || n.Back != "") && n.Enter == nil {
		bad("ends, and yet has moves")
	}
	if does && len(n.Edges) == 0 {
		bad("has no way out")
	}
	if (n.Secret || n.Confirm) && !asks {
		bad("is not answered, so it can be neither Secret nor Confirm")
	}
	if n.Stranger && !n.ID.Builtin() && n.Do == nil && !n.End && !n.First {
		bad("is for strangers, so it must be First: there is no menu for them")
	}
	if n.What != "" && (n.Secret || n.Confirm || !asks) {
		bad("can not be resumed, so it has no use for What")
	}
	if back := all[n.Back]; n.Confirm && (back == nil || back.Confirm) {
		bad("confirms, and needs a Back to resume at")
	}
	seen := map[Move]bool{}
	for _, e := range n.edges {
		if e.Move == Stay {
			bad("declares the empty move")
		}
		if seen[e.Move] {
			bad("declares the move %q twice", e.Move)
		}
		seen[e.Move] = true
		if all[e.To] == nil {
			bad("moves by %q to %q, which is not there", e.Move, e.To)
		}
	}
	return faults
}

// prepare fills the pool with state machines that know this state's moves only:
// small enough to be made quickly, and reused. One is never shared by two turns
// at a time, and one that refused is not used again.
func (n *node) prepare() {
	events := make([]fsm.EventDesc, 0, len(n.edges))
	for _, e := range n.edges {
		events = append(events, fsm.EventDesc{Name: string(e.Move), Src: []string{string(n.ID)}, Dst: string(e.To)})
	}
	n.fsms.New = func() any { return fsm.NewFSM(string(n.ID), events, fsm.Callbacks{}) }
}

// step fires one move from n and returns where it leads; ErrMove when it is not
// declared.
func (m *machine) step(n *node, mv Move) (*node, error) {
	f := n.fsms.Get().(*fsm.FSM)
	f.SetState(string(n.ID))
	if err := f.Event(context.Background(), string(mv)); err != nil {
		var same fsm.NoTransitionError
		if !errors.As(err, &same) || same.Err != nil {
			return nil, fmt.Errorf("%w: %q from %q", ErrMove, mv, n.ID)
		}
	}
	to := m.byID[StateID(f.Current())]
	n.fsms.Put(f)
	return to, nil
}

// ways are, by state, those that it can lead to at once, and those that can lead to
// it.
func (m *machine) ways() (onward, backward map[StateID][]StateID) {
	onward, backward = map[StateID][]StateID{}, map[StateID][]StateID{}
	for id, n := range m.byID {
		for _, e := range n.Edges {
			onward[id] = append(onward[id], e.To)
		}
		if n.Back != "" {
			onward[id] = append(onward[id], n.Back)
		}
		if n.Answer != nil {
			onward[id] = append(onward[id], stateStopped, stateTooLong)
		}
		for _, to := range onward[id] {
			backward[to] = append(backward[to], id)
		}
	}
	return onward, backward
}

// reach is every state that some ways lead to, with those where they begin.
func reach(ways map[StateID][]StateID, from ...StateID) map[StateID]bool {
	seen := map[StateID]bool{}
	for len(from) > 0 {
		id := from[len(from)-1]
		from = from[:len(from)-1]
		if !seen[id] {
			seen[id] = true
			from = append(from, ways[id]...)
		}
	}
	return seen
}

// hashState is how a state's name is stored: three bytes. compile refuses a
// book in which two names meet.
func hashState(id StateID) (h [stateHashSize]byte) {
	f := fnv.New32a()
	_, _ = f.Write([]byte(id))
	sum := f.Sum32()
	sum ^= sum >> 24 // fold what would be cut off
	h[0], h[1], h[2] = byte(sum>>16), byte(sum>>8), byte(sum)
	return h
}

// hashOption is how an option's id is stored: two bytes, enough to tell the few
// options of one screen apart.
func hashOption(id string) uint16 {
	h := uint32(2166136261)
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return uint16(h ^ h>>16)
}
