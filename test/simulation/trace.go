package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"
)

// trace is what happened, line by line. It is always hashed, so that two runs can
// be compared, and kept only where somebody wants to read it.
type trace struct {
	mu    sync.Mutex
	start time.Time
	sum   hash.Hash
	keep  bool
	lines []string
}

func newTrace(keep bool) *trace { return &trace{start: time.Now(), sum: sha256.New(), keep: keep} }

// at adds a line with the time.
func (t *trace) at(line string) {
	t.add(fmt.Sprintf("%14.6f %s", time.Since(t.start).Seconds(), line))
}

// note adds what came of the line before.
func (t *trace) note(format string, args ...any) {
	t.add("               . " + fmt.Sprintf(format, args...))
}

func (t *trace) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = t.sum.Write([]byte(line))
	_, _ = t.sum.Write([]byte{'\n'})
	if t.keep {
		t.lines = append(t.lines, line)
	}
}

// String is what was kept.
func (t *trace) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// hash names the run: two with the same one were the same.
func (t *trace) hash() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return hex.EncodeToString(t.sum.Sum(nil)[:12])
}
