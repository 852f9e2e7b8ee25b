package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"spaza/simulator"
)

// trouble is what a switched-on fault does: one of the kinds, answer an error type,
// or both; neither for a delay alone. Its reference is the originator's own, or the
// id of a message or its original.
type trouble struct {
	kind faultKind
	told *refusal
}

type switched = simulator.Switched[trouble]

func (t trouble) toldInWords() string {
	if t.told == nil {
		return ""
	}
	return fmt.Sprintf("%s under HTTP %d", t.told.kind, t.told.code())
}

// strike is how a message is to be answered by what is switched on; names are all
// by which its request goes. The caller holds the lock.
func (s *Sandbox) strike(op, target string, names ...string) blow {
	b := blow{delay: s.switches.Delay}
	named := func(reference string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, reference) })
	}
	if one, met := s.switches.Strike(op, target, named); met {
		b.fault, b.told, b.delay = one.Does.kind.fault, one.Does.told, b.delay+one.Delay
	}
	return b
}
