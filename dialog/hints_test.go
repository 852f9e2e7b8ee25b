package dialog

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

func TestHintsRememberTheLastRecord(t *testing.T) {
	t.Parallel()
	h := newHints(64)
	if _, ok := h.get("a"); ok {
		t.Error("something is known of a stranger")
	}
	h.put("a", hint{"key a", "one"})
	h.put("b", hint{"key b", "two"})
	h.put("a", hint{"key a", "three"})
	if got, ok := h.get("a"); !ok || got != (hint{"key a", "three"}) {
		t.Errorf("of a is known: %v, %v", got, ok)
	}
	h.drop("a")
	if got, ok := h.get("a"); ok {
		t.Errorf("of a is still known: %v", got)
	}
	if got, ok := h.get("b"); !ok || got.record != "two" {
		t.Errorf("of b is known: %v, %v", got, ok)
	}
}

func TestHintsAreBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 64, 1000} {
		h := newHints(n)
		for i := range 5 * n * hintShards {
			h.put(fmt.Sprint(i), hint{record: "x"})
		}
		held := 0
		for i := range h.shards {
			held += len(h.shards[i].young) + len(h.shards[i].old)
		}
		if most := max(n, 2*hintShards); held > most {
			t.Errorf("%d are held where there is room for %d", held, most)
		}
	}
}

func TestAHintOutlivesAGenerationAndIsDroppedFromBoth(t *testing.T) {
	t.Parallel()
	h := newHints(2 * hintShards * 4)
	h.put("a", hint{record: "old"})
	for i := 0; len(h.shard("a").old) == 0; i++ {
		h.put(fmt.Sprint(i), hint{record: "x"})
	}
	if got, ok := h.get("a"); !ok || got.record != "old" {
		t.Errorf("of a is known: %v, %v", got, ok)
	}
	h.put("a", hint{record: "new"})
	if got, _ := h.get("a"); got.record != "new" {
		t.Errorf("of a is known: %v", got)
	}
	h.drop("a")
	if got, ok := h.get("a"); ok {
		t.Errorf("of a is still known: %v", got)
	}
}

// TestAHintDoesNotHoldOnToWhatWasTyped: the name of the customer is cut out of
// a string that has the input too.
func TestAHintDoesNotHoldOnToWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := newHints(64)
	all := strings.Clone("27821234567\x004711")
	h.put(all[:11], hint{record: "x"})
	for who := range h.shard(all[:11]).young {
		if unsafe.StringData(who) == unsafe.StringData(all) {
			t.Error("the map keeps the whole string")
		}
	}
}

func TestHintsAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	h := newHints(32)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				who := fmt.Sprint(i % 40)
				h.put(who, hint{who, who})
				if got, ok := h.get(who); ok && got.record != who {
					t.Errorf("of %s is known %v", who, got)
				}
				if i%7 == g {
					h.drop(who)
				}
			}
		})
	}
	wg.Wait()
}
