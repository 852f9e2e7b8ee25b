package channels

import (
	"container/list"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The bounds of an Inbox: what a developer reads back, not an archive.
const (
	inboxPerNumber = 20
	inboxNumbers   = 1000
)

// Inbox is the embedded default for SMS: it keeps what would have been sent, so
// that the handsets can show it. It lives in memory, holds the last 20 messages
// of the 1,000 numbers that were written to last, and is safe for concurrent
// use.
//
// A message sent again with the ID of one that is still kept is not kept
// twice.
type Inbox struct {
	now func() time.Time

	mu      sync.Mutex
	last    int64
	numbers map[string]*list.Element // of *drawer
	order   *list.List               // front: the number written to longest ago
}

// drawer is what one number received, oldest first.
type drawer struct {
	msisdn string
	kept   []filed
}

type filed struct {
	id string
	Received
}

// Received is one message as its receiver sees it.
type Received struct {
	// ID grows with every message, across numbers and across restarts of the
	// service, and is exact as a JavaScript number.
	ID   int64
	At   time.Time
	Text string
}

// NewInbox returns an empty inbox that stamps messages with now.
func NewInbox(now func() time.Time) *Inbox {
	return &Inbox{now: now, numbers: make(map[string]*list.Element), order: list.New()}
}

// Send implements Messenger. It never fails.
func (b *Inbox) Send(_ context.Context, m Message) (taken string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()

	e, ok := b.numbers[m.To]
	if !ok {
		if b.order.Len() >= inboxNumbers {
			delete(b.numbers, b.order.Remove(b.order.Front()).(*drawer).msisdn)
		}
		e = b.order.PushBack(&drawer{msisdn: m.To})
		b.numbers[m.To] = e
	}
	d := e.Value.(*drawer)
	if i := slices.IndexFunc(d.kept, func(f filed) bool { return f.id == m.ID }); i >= 0 {
		return d.kept[i].taken(), nil
	}
	at := b.now()
	// Milliseconds, so that a reader who remembers an ID from before a restart
	// is still given what is new.
	b.last = max(b.last+1, at.UnixMilli())
	if len(d.kept) == inboxPerNumber {
		d.kept = slices.Delete(d.kept, 0, 1)
	}
	f := filed{m.ID, Received{ID: b.last, At: at, Text: m.Text}}
	d.kept = append(d.kept, f)
	b.order.MoveToBack(e)
	return f.taken(), nil
}

// taken is a message's name outside. Nothing is ever reported of it: what is in
// the inbox has arrived.
func (f filed) taken() string { return "inbox:" + strconv.FormatInt(f.ID, 10) }

// Since returns the messages of one number with an ID above after, oldest
// first.
func (b *Inbox) Since(msisdn string, after int64) []Received {
	b.mu.Lock()
	defer b.mu.Unlock()

	e, ok := b.numbers[msisdn]
	if !ok {
		return nil
	}
	var out []Received
	for _, f := range e.Value.(*drawer).kept {
		if f.ID > after {
			out = append(out, f.Received)
		}
	}
	return out
}

var _ Messenger = (*Inbox)(nil)
