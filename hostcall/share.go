package hostcall

import (
	"sync"
	"time"
)

// Share counts the transactions of the last five minutes and those of unknown
// outcome among them. A host that times out for everybody shows here before any
// single customer has waited long. The zero value is ready; it is safe for
// concurrent use.
type Share struct {
	mu       sync.Mutex
	minutes  [shareMinutes]struct{ at, all, unknown int64 }
	alarming bool
	over     int64 // the minute in which the share was last seen above the limit
}

const (
	shareMinutes = 5
	shareLeast   = 20 // fewer transactions than this say nothing
)

// Saw counts a transaction and gives the share of the unknown ones; fresh says
// that it has risen above the limit since it was last below, or since there was
// last enough to tell.
func (w *Share) Saw(now time.Time, limit float64, unknown bool) (share float64, fresh bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	minute := now.Unix() / 60
	slot := &w.minutes[minute%shareMinutes]
	if slot.at != minute {
		slot.at, slot.all, slot.unknown = minute, 0, 0
	}
	slot.all++
	if unknown {
		slot.unknown++
	}
	var all, bad int64
	for _, m := range w.minutes {
		if m.at > minute-shareMinutes && m.at <= minute {
			all, bad = all+m.all, bad+m.unknown
		}
	}
	if all < shareLeast {
		return 0, false
	}
	share = float64(bad) / float64(all)
	fresh = share > limit && (!w.alarming || minute-w.over >= shareMinutes)
	if w.alarming = share > limit; w.alarming {
		w.over = minute
	}
	return share, fresh
}
