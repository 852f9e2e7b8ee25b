package channels

import (
	"sync"
	"time"
)

const (
	// largeRoom is how many bytes of bodies larger than maxBody are taken in at
	// once: some are read before it is known who sends them.
	largeRoom = 15 << 20
	// largeAgain is when to send again what there was no room for, in seconds.
	largeAgain = "5"
)

// largeDoor is a door whose bodies may be larger than maxBody.
type largeDoor struct {
	Route
	gate *gate
}

// sender is who makes a request, as far as its head tells.
type sender uint8

const (
	senderUnclear  sender = iota // not before the body is read, or where it comes from is asked
	senderStranger               // nobody whom the door expects
	senderKnown
)

// sender says who makes a request. Who signs a body is known only when all of it is
// there.
func (d *largeDoor) sender(h header, query []byte) sender {
	known := false
	switch {
	case d.Guard == GuardOwn && d.ByHead && d.Admit != nil:
		known = d.Admit(&Callback{Method: d.Method, Path: d.Path, RawQuery: string(query), Header: func(name string) string { return string(h.Peek(name)) }})
	case d.Guard == GuardOwn || !d.gate.keyed:
		return senderUnclear
	default:
		known = d.gate.fitsIn(h, query)
	}
	if known {
		return senderKnown
	}
	return senderStranger
}

// largeBodies are the requests with large bodies of who is not known yet, while they
// are read or worked on. It is safe for concurrent use.
type largeBodies struct {
	lasts time.Duration // how long one can be there
	now   func() time.Time

	mu    sync.Mutex
	room  int
	all   map[any]largeBody
	swept time.Time
}

type largeBody struct {
	path  string
	bytes int // zero: there was no room for it
	until time.Time
}

func newLargeBodies(lasts time.Duration, now func() time.Time) *largeBodies {
	return &largeBodies{lasts: lasts, now: now, room: largeRoom, all: map[any]largeBody{}}
}

// take takes room for the body of a request, and says whether there was any. The
// request is known by a pointer to it until give or turnedAway.
func (l *largeBodies) take(request any, path string, n int) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(request) // of one before it, on a connection that broke
	l.sweep(now)
	if n > l.room {
		n = 0
	}
	l.room -= n
	l.all[request] = largeBody{path, n, now.Add(l.lasts)}
	return n > 0
}

// give gives back the room of a request, where it has any.
func (l *largeBodies) give(request any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(request)
}

// turnedAway does so for one that failed, and says whether that is for want of
// room, and where it was going.
func (l *largeBodies) turnedAway(request any) (path string, crowded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, there := l.all[request]
	l.drop(request)
	return b.path, there && b.bytes == 0
}

func (l *largeBodies) drop(request any) {
	if b, there := l.all[request]; there {
		l.room += b.bytes
		delete(l.all, request)
	}
}

// sweep drops, once in a second, what can not be there any more: not every request
// that breaks off is heard of again.
func (l *largeBodies) sweep(now time.Time) {
	if since := now.Sub(l.swept); since >= 0 && since < time.Second {
		return
	}
	l.swept = now
	for request, b := range l.all {
		if now.After(b.until) {
			l.drop(request)
		}
	}
}
