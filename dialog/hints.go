package dialog

import (
	"hash/maphash"
	"strings"
	"sync"
)

// hint is what this process knows of a customer's session: its key in the store
// and the last record that was written from here, or by an equal turn elsewhere.
type hint struct{ key, record string }

// hints remembers them by customer. A hint only saves a round trip and the
// working out of the key: the store decides in the same step that writes
// whether the record was current, so a wrong one costs a trip and never a wrong
// state.
//
// It holds two generations; when the young one is full it becomes the old one
// and the old one is dropped, which bounds memory without keeping order.
type hints struct {
	seed   maphash.Seed
	shards [hintShards]hintShard
	limit  int // of one generation of one shard
}

const hintShards = 16

type hintShard struct {
	mu         sync.Mutex
	young, old map[string]hint
}

// newHints makes room for about n sessions.
func newHints(n int) *hints {
	h := &hints{seed: maphash.MakeSeed(), limit: max(n/hintShards/2, 1)}
	for i := range h.shards {
		h.shards[i].young = map[string]hint{}
	}
	return h
}

func (h *hints) shard(who string) *hintShard {
	return &h.shards[maphash.String(h.seed, who)%hintShards]
}

func (h *hints) get(who string) (known hint, ok bool) {
	s := h.shard(who)
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok = s.young[who]; !ok {
		known, ok = s.old[who]
	}
	return known, ok
}

func (h *hints) put(who string, known hint) {
	s := h.shard(who)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.young[who]; !ok {
		if len(s.young) >= h.limit {
			s.old, s.young = s.young, make(map[string]hint, h.limit)
		}
		who = strings.Clone(who) // it may be the start of what also holds inputs
	}
	s.young[who] = known
}

func (h *hints) drop(who string) {
	s := h.shard(who)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.young, who)
	delete(s.old, who)
}
