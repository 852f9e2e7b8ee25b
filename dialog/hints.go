package dialog

import "sync"

// hints remembers the last record that this process wrote for a session. A hint
// only saves a round trip: the store decides in the same step that writes
// whether it was current, so a wrong one costs a trip and never a wrong state.
//
// It holds two generations; when the young one is full it becomes the old one
// and the old one is dropped, which bounds memory without keeping order.
type hints struct {
	shards [hintShards]hintShard
	limit  int // of one generation of one shard
}

const hintShards = 16

type hintShard struct {
	mu         sync.Mutex
	young, old map[string]string
}

// newHints makes room for about n sessions.
func newHints(n int) *hints {
	h := &hints{limit: max(n/hintShards/2, 1)}
	for i := range h.shards {
		h.shards[i].young = map[string]string{}
	}
	return h
}

func (h *hints) shard(key string) *hintShard {
	return &h.shards[hashOption(key)%hintShards]
}

func (h *hints) get(key string) (record string, ok bool) {
	s := h.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if record, ok = s.young[key]; !ok {
		record, ok = s.old[key]
	}
	return record, ok
}

func (h *hints) put(key, record string) {
	s := h.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= h.limit {
		s.old, s.young = s.young, make(map[string]string, h.limit)
	}
	s.young[key] = record
}

func (h *hints) drop(key string) {
	s := h.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.young, key)
	delete(s.old, key)
}
