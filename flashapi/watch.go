package flashapi

import (
	"sync"
	"time"
)

// unknownWatch counts the transactions of the last minutes and those of unknown
// outcome among them. A host that times out for everybody shows here before any
// single customer has waited long.
type unknownWatch struct {
	mu       sync.Mutex
	minutes  [watchMinutes]struct{ at, all, unknown int64 }
	alarming bool
	over     int64 // the minute in which the share was last seen above the limit
}

const (
	watchMinutes = 5
	watchLeast   = 20 // fewer transactions than this say nothing
)

// saw counts a transaction, and calls the alarm where the share has risen above
// the limit since it was last below, or since there was last enough to tell.
func (w *unknownWatch) saw(o Options, unknown bool) {
	share, fresh := w.count(o.Now(), o.AlarmAbove, unknown)
	if fresh {
		o.Alarm(share)
	}
}

func (w *unknownWatch) count(now time.Time, limit float64, unknown bool) (share float64, fresh bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	minute := now.Unix() / 60
	slot := &w.minutes[minute%watchMinutes]
	if slot.at != minute {
		slot.at, slot.all, slot.unknown = minute, 0, 0
	}
	slot.all++
	if unknown {
		slot.unknown++
	}
	var all, bad int64
	for _, m := range w.minutes {
		if m.at > minute-watchMinutes && m.at <= minute {
			all, bad = all+m.all, bad+m.unknown
		}
	}
	if all < watchLeast {
		return 0, false
	}
	share = float64(bad) / float64(all)
	fresh = share > limit && (!w.alarming || minute-w.over >= watchMinutes)
	if w.alarming = share > limit; w.alarming {
		w.over = minute
	}
	return share, fresh
}
