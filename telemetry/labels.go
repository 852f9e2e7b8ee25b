package telemetry

import "sync/atomic"

// Label values that stand for others.
const (
	none  = "none"  // an empty one
	other = "other" // one that cannot be a name from code
)

// maxLabel is the longest label value that is taken for a name from code.
const maxLabel = 64

// named returns s as a label value.
func named(s string) string {
	if s == "" {
		return none
	}
	return s
}

// names says whether all values can be names from code: letters, digits and
// . _ - : / in moderate length, and nothing that Mask would hide.
func names(values ...string) bool {
	for _, s := range values {
		if len(s) > maxLabel || suspicious(s) {
			return false
		}
		for i := range len(s) {
			switch c := s[i]; {
			case letter(c), digit(c), c == '.', c == '_', c == '-', c == ':', c == '/':
			default:
				return false
			}
		}
	}
	return true
}

// cacheLimit is how many keys a cache takes. All keys come from code (names of
// channels, flows, states); the limit only matters when one does not, and then
// keeps memory and the number of time series bounded.
const cacheLimit = 4096

// cache is a map that is read all the time and hardly ever written: reading
// takes no lock and allocates nothing, writing copies. It is safe for
// concurrent use.
type cache[K comparable, V any] struct {
	entries atomic.Pointer[map[K]V]
}

func (c *cache[K, V]) get(k K) (v V, found bool) {
	if m := c.entries.Load(); m != nil {
		v, found = (*m)[k]
	}
	return v, found
}

// full says whether put would refuse.
func (c *cache[K, V]) full() bool {
	m := c.entries.Load()
	return m != nil && len(*m) >= cacheLimit
}

// put adds an entry where there is room.
func (c *cache[K, V]) put(k K, v V) {
	for !c.full() {
		old := c.entries.Load()
		next := map[K]V{k: v}
		if old != nil {
			next = make(map[K]V, len(*old)+1)
			for key, value := range *old {
				next[key] = value
			}
			next[k] = v
		}
		if c.entries.CompareAndSwap(old, &next) {
			return
		}
	}
}
