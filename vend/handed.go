package vend

import (
	"sync"

	"spaza/jobs"
)

// handed are orders that this process has committed a moment ago, for their first
// attempt: it need not read what was just written. Until then nobody else may
// write such an order, since its job is held here.
type handed struct {
	mu sync.Mutex
	m  map[int64]Order // by job
}

// give keeps an order for the first run of its job.
func (h *handed) give(j jobs.Job, o Order) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.m == nil {
		h.m = map[int64]Order{}
	}
	h.m[j.ID] = o
}

// take returns the order of a job's first run, once.
func (h *handed) take(j jobs.Job) (o Order, ok bool) {
	if j.Attempt != 1 {
		return o, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	o, ok = h.m[j.ID]
	delete(h.m, j.ID)
	return o, ok
}
