package kill

import "sync"

// moment is something that happens in the life of a sale.
type moment uint8

// The moments at which the killer may want to strike.
const (
	pressed  moment = iota // a yes, or a PIN, is about to be sent
	reached                // a request has come to the provider
	sold                   // the provider has done it, and is about to answer
	messaged               // a message has come to its host
	told                   // a provider hears how a sale ended
	heard                  // it has written that down, and is about to answer
)

// String names the moment for the log.
func (m moment) String() string {
	return [...]string{"yes pressed", "provider asked", "provider answers", "message sent", "provider told", "provider heard"}[m]
}

// bell rings for who waits for a moment. One may wait at a time.
type bell struct {
	mu   sync.Mutex
	want moment
	skip int
	rung chan struct{} // nil when nobody waits
}

// await returns what is closed when the moment has come, skip times later.
func (b *bell) await(m moment, skip int) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.want, b.skip, b.rung = m, skip, make(chan struct{})
	return b.rung
}

// ring says that a moment is here.
func (b *bell) ring(m moment) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil || b.want != m {
		return
	}
	if b.skip--; b.skip >= 0 {
		return
	}
	close(b.rung)
	b.rung = nil
}
