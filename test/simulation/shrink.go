package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shrinks is how many runs may be spent on making one failure small.
const shrinks = 1500

// shrink leaves out of a failed run what it does not need to fail in the same
// way: as many draws as can be are made those of an ordinary day.
func (s *stage) shrink(t *testing.T, failed outcome) (script, outcome) {
	t.Helper()
	kept, best := failed.drawn, failed
	tries := 0
	without := func(gone func(i int, draw string) bool) bool {
		only := map[string]bool{}
		for i, draw := range kept {
			if !gone(i, draw) {
				only[draw] = true
			}
		}
		if len(only) == len(kept) || tries >= shrinks {
			return false
		}
		tries++
		o := s.run(t, script{seed: failed.seed, only: only}, false)
		if !same(o, failed) {
			return false
		}
		kept, best = o.drawn, o
		return true
	}
	// Whole sorts of draws first, then scene by scene, then what is left in ever
	// smaller pieces.
	for _, sort := range []string{
		"weather ", "order of ", "delay of ", "way of ", "jitter of ", "pause of ", "fate of ", "pace of ", "kind of lie ", "lie ", "late ",
		"stuck ", "slow ", "gate ", "mood ", "loss of ", "patience of ", "gateway of ", "report",
	} {
		without(func(_ int, draw string) bool { return strings.HasPrefix(draw, sort) })
	}
	for n := most; n > 0; n-- {
		scene := regexp.MustCompile(fmt.Sprintf(`scene %d\b`, n))
		without(func(_ int, draw string) bool { return scene.MatchString(draw) })
	}
	for _, draw := range slices.Clone(kept) {
		if strings.HasPrefix(draw, "weather ") {
			without(func(_ int, other string) bool { return other == draw })
		}
	}
	for size := len(kept) / 2; size > 0 && tries < shrinks; size = min(size/2, len(kept)/2) {
		for at := 0; at < len(kept); {
			if !without(func(i int, _ string) bool { return i >= at && i < at+size }) {
				at += size
			}
		}
	}
	only := map[string]bool{}
	for _, draw := range kept {
		only[draw] = true
	}
	return script{seed: failed.seed, only: only}, best
}

var particular = regexp.MustCompile(`[0-9][0-9.]*`)

// same says whether two runs failed in the same way: the words are, whatever the
// numbers in them.
func same(a, b outcome) bool {
	return len(a.wrongs) > 0 && len(b.wrongs) > 0 && general(a.wrongs[0]) == general(b.wrongs[0])
}

func general(s string) string { return particular.ReplaceAllString(s, "0") }

// lines are the draws of a script, sorted.
func (p script) lines() []string {
	var all []string
	for draw := range p.only {
		all = append(all, draw)
	}
	slices.Sort(all)
	return all
}

// firstDifference is where two traces part.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			from := max(0, i-10)
			return strings.Join(x[from:i], "\n") + "\n  one: " + x[i] + "\n  two: " + y[i]
		}
	}
	return "one is longer"
}
