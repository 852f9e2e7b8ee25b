package dialog

// TextVar and IntVar name the variables of a session. A flow declares its own
// as constants; the numbers are stored, so they are never given to another
// meaning. They share one range, 1 to 127.
type (
	TextVar uint8
	IntVar  uint8
)

// maxVars bounds the variables of one session.
const maxVars = 24

type slot struct {
	id    uint8
	isInt bool
	num   int64
	text  string
}

// vars is the small bag of a session's variables. It is copied by value, so a
// step that is abandoned leaves no trace.
type vars struct {
	n    int
	slot [maxVars]slot
}

func (v *vars) find(id uint8) *slot {
	for i := range v.n {
		if v.slot[i].id == id {
			return &v.slot[i]
		}
	}
	return nil
}

func (v *vars) set(s slot) {
	if have := v.find(s.id); have != nil {
		*have = s
		return
	}
	if v.n == maxVars {
		// A book with this many variables does not pass its own tests; losing
		// one is still better than growing a session without bound.
		return
	}
	v.slot[v.n] = s
	v.n++
}

func (v *vars) drop(id uint8) {
	for i := range v.n {
		if v.slot[i].id == id {
			v.n--
			v.slot[i] = v.slot[v.n]
			v.slot[v.n] = slot{}
			return
		}
	}
}

// keep drops everything but the named variables.
func (v *vars) keep(names []TextVar) {
	var kept vars
	for _, name := range names {
		if s := v.find(uint8(name)); s != nil {
			kept.set(*s)
		}
	}
	*v = kept
}
