package channels

import (
	"cmp"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// refusalLines is how many refusals are logged in a second: what strangers do
// must not fill a disk. The others are counted.
const refusalLines = 10

// refusalLine is said where a door has no line of its own.
const refusalLine = "refused"

// refusals knows the line to say at each door, and tells of what was turned
// away: never more than the path of a route and a status.
type refusals struct {
	log  *slog.Logger
	told func(path string, status int)
	now  func() time.Time

	doors map[string]refusalDoor // by path
	rooms map[string]refusalDoor // by first segment: its first gateway door
	first refusalDoor            // the first gateway door of all

	mu     sync.Mutex
	second int64 // of the lines counted
	lines  int
	unsaid int // since the last line
}

// refusalDoor is what is said at a door, and how.
type refusalDoor struct {
	line    string
	kind    string // content type
	header  [][2]string
	gateway bool
}

func newRefusals(log *slog.Logger, told func(string, int), now func() time.Time) *refusals {
	return &refusals{log: log, told: told, now: now, doors: map[string]refusalDoor{}, rooms: map[string]refusalDoor{}}
}

// add makes a door known.
func (r *refusals) add(route Route) {
	d := refusalDoor{
		line: cmp.Or(route.Sorry, refusalLine), kind: cmp.Or(route.SorryType, plainText),
		header: route.SorryHeader, gateway: route.Guard == GuardGateway,
	}
	r.doors[route.Path] = d
	if !d.gateway {
		return
	}
	if room := firstSegment(route.Path); !r.rooms[room].gateway {
		r.rooms[room] = d
	}
	if !r.first.gateway {
		r.first = d
	}
}

// refuse counts a refusal and gives what to say. path is empty where it is
// not known: then, and beside a gateway's door, a customer may be waiting for
// what the gateway shows, so the line is one for a gateway; it hurts nobody
// else.
func (r *refusals) refuse(path string, status int) refusalDoor {
	d, known := r.doors[path]
	if !known {
		d = r.rooms[firstSegment(path)]
		if path == "" {
			d = r.first
		}
		if !d.gateway {
			d = refusalDoor{line: refusalLine, kind: plainText}
		}
		path = "other"
	}
	r.told(path, status)
	if say, unsaid := r.mayLog(); say {
		attrs := []any{"path", path, "status", status}
		if unsaid > 0 {
			attrs = append(attrs, "unsaid", unsaid)
		}
		r.log.Warn("refused", attrs...)
	}
	return d
}

// panicked logs a panic by where it was, and what only where the runtime made
// it: another value can hold what a customer typed.
func (r *refusals) panicked(path string, p any) {
	if _, known := r.doors[path]; !known {
		path = "other"
	}
	what := fmt.Sprintf("%T", p)
	//nolint:errorlint // the value of a panic, never wrapped
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	r.log.Error("panic at a door", "path", path, "panic", what, "stack", string(debug.Stack()))
}

// mayLog spends one line of this second's budget, and gives how many were kept
// back since the last one.
func (r *refusals) mayLog() (say bool, unsaid int) {
	second := r.now().Unix()
	r.mu.Lock()
	defer r.mu.Unlock()
	if second != r.second {
		r.second, r.lines = second, 0
	}
	if r.lines == refusalLines {
		r.unsaid++
		return false, 0
	}
	r.lines++
	unsaid, r.unsaid = r.unsaid, 0
	return true, unsaid
}

// firstSegment is "ussd" of /ussd/africastalking.
func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return strings.ToLower(first)
}
