package channels

import (
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

// refusals knows the line to say at each door, and tells of what was turned
// away: never more than the path of a route and a status.
type refusals struct {
	log  *slog.Logger
	told func(path string, status int)
	now  func() time.Time

	doors map[string]refusalDoor // by path
	rooms map[string]string      // by first segment: the line of its first gateway door
	first string                 // the line of the first gateway door of all

	mu     sync.Mutex
	second int64 // of the lines counted
	lines  int
	unsaid int // since the last line
}

type refusalDoor struct {
	line    string
	gateway bool
}

func newRefusals(log *slog.Logger, told func(string, int), now func() time.Time) *refusals {
	return &refusals{log: log, told: told, now: now, doors: map[string]refusalDoor{}, rooms: map[string]string{}}
}

// add makes a door known.
func (r *refusals) add(route Route) {
	d := refusalDoor{line: route.Sorry, gateway: route.Guard == GuardGateway}
	if d.line == "" {
		d.line = "refused"
	}
	r.doors[route.Path] = d
	if !d.gateway {
		return
	}
	if room := firstSegment(route.Path); r.rooms[room] == "" {
		r.rooms[room] = d.line
	}
	if r.first == "" {
		r.first = d.line
	}
}

// refuse counts a refusal and gives the line for it. path is empty where it is
// not known: then, and beside a gateway's door, a customer may be waiting for
// what the gateway shows, so the line is one for a gateway; it hurts nobody
// else.
func (r *refusals) refuse(path string, status int) (line string, gateway bool) {
	d, known := r.doors[path]
	if !known {
		line := r.rooms[firstSegment(path)]
		if path == "" {
			line = r.first
		}
		d = refusalDoor{line: line, gateway: line != ""}
		if !d.gateway {
			d.line = "refused"
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
	return d.line, d.gateway
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
