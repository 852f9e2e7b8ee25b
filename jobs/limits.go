package jobs

import "math"

// limit is how many jobs of a kind may run here at once.
func (r *Runner) limit(k Kind) int {
	if limit := r.o.Limits[k]; limit > 0 {
		return limit
	}
	return math.MaxInt
}

// room is how many more jobs of a kind there are places for, beside those that a
// claim under way may bring. The caller has r.mu.
func (r *Runner) room(k Kind) int { return r.limit(k) - r.running[k] - r.reserved[k] }

// open is the kinds that have room. The caller has r.mu.
func (r *Runner) open() []Kind {
	var open []Kind
	for _, k := range r.kinds {
		if r.room(k) > 0 {
			open = append(open, k)
		}
	}
	return open
}

// reserve keeps places for a claim of n jobs at most. The claim is of the kinds
// that have room, and of no more jobs than the one with the least: it may bring
// that many of any. No kinds: there is nothing that may be claimed.
func (r *Runner) reserve(n int) ([]Kind, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := r.open()
	for _, k := range open {
		n = min(n, r.room(k))
	}
	for _, k := range open {
		r.reserved[k] = n
	}
	return open, n
}

// fill gives the places kept by reserve to what was claimed.
func (r *Runner) fill(claimed []Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.reserved)
	for _, j := range claimed {
		r.running[j.Kind]++
	}
	r.unpark()
}

// leave ends the place that a job had among those of its kind.
func (r *Runner) leave(k Kind) {
	r.mu.Lock()
	full := r.room(k) <= 0
	r.running[k]--
	r.mu.Unlock()
	if full {
		r.Wake()
	}
}
