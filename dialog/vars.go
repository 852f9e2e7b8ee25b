package dialog

// TextVar and IntVar name the variables of a session. A flow declares its own
// as constants; the numbers are stored, so they are never given to another
// meaning. They share one range, 1 to 127, and a session holds 24 of them.
type (
	TextVar uint8
	IntVar  uint8
)

// maxVars bounds the variables of one session. A turn that would go beyond fails:
// nobody must buy on half of what they said.
const maxVars = 24

type slot struct {
	id    uint8
	isInt bool
	num   int64
	text  string
}

// maxVar is the highest number of a variable.
const maxVar = 127

// vars is the small bag of a session's variables.
type vars struct {
	n    int
	slot [maxVars]slot
	bad  bool // one could not be kept: the turn must not be saved
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
	if v.n == maxVars || s.id == 0 || s.id > maxVar {
		v.bad = true
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
	kept := vars{bad: v.bad}
	for _, name := range names {
		if s := v.find(uint8(name)); s != nil {
			kept.set(*s)
		}
	}
	*v = kept
}
