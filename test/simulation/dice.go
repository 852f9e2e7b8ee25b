package main

import (
	"strconv"
	"sync"
)

// dice draws every choice of a run. A draw is named by what it is for ("fate of
// p1 order P-3/1 tx") and depends on the seed, on that name, and on how often it
// was drawn before: not on the draws in between. So a run from which something is
// left out otherwise stays the same, which is how a failure is made small.
//
// Zero is always the choice of an ordinary day: nothing breaks, nothing waits.
type dice struct {
	seed uint64
	only map[string]bool // where it is not nil, all other draws are zero

	mu    sync.Mutex
	count map[string]int
	drawn []string // the draws that were not zero, in their order
}

func newDice(seed uint64, only map[string]bool) *dice {
	return &dice{seed: seed, only: only, count: map[string]int{}}
}

// below draws a number from 0 to below n.
func (d *dice) below(name string, n int) int { return int(d.draw(name, uint64(max(n, 1)))) }

// within is below for 64 bits.
func (d *dice) within(name string, n int64) int64 { return int64(d.draw(name, uint64(max(n, 1)))) }

func (d *dice) draw(name string, n uint64) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.count[name]
	d.count[name]++
	v := mix(d.seed^mix(fnv(name)+uint64(i))) % n
	if v == 0 {
		return 0
	}
	full := name + "#" + strconv.Itoa(i)
	if d.only != nil && !d.only[full] {
		return 0
	}
	d.drawn = append(d.drawn, full)
	return v
}

// chance is true so often in a thousand.
func (d *dice) chance(name string, inThousand int) bool {
	return inThousand > 0 && d.below(name, 1000) >= 1000-inThousand
}

// pick draws one of a list; the first is that of an ordinary day.
func pick[T any](d *dice, name string, of ...T) T { return of[d.below(name, len(of))] }

// fnv is FNV-1a.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// mix is the finaliser of SplitMix64: every bit of x moves every bit of it.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
