package channels

import (
	"container/list"
	"context"
	"sync"
	"time"

	"spaza/dialog"
)

const (
	defaultTurns     = 60
	defaultWindow    = time.Minute
	defaultCustomers = 16384
	gatewaysCounted  = 64
	// askTime is how long is waited for the shared count: a turn has better to do.
	askTime = 250 * time.Millisecond
)

// Limits count for all replicas together; store.Limits is one. Allow counts one
// against a key of which n may pass in a window, or says how long until it could.
type Limits interface {
	Allow(ctx context.Context, key string, n int, window time.Duration) (ok bool, wait time.Duration, err error)
}

// LimitedOptions are the options of NewLimited. Zero values take the defaults.
type LimitedOptions struct {
	// Customer is how many turns of one customer may pass in a window; default
	// 60. Negative: no limit.
	Customer int
	// Gateway is how many turns of all customers of a channel may; default no
	// limit.
	Gateway int
	Window  time.Duration // default a minute
	// Shared counts together with the other replicas; nil: each counts by itself.
	Shared Limits
	// Busy is what is answered to what is too much.
	Busy string
	// Customers is for how many customers is counted at once; default 16,384,
	// which is about 4 MB. Past it the one not heard of for longest is forgotten.
	Customers int
	// Observe is told of each turn that was too much, of its "customer" or of its
	// "gateway", and of each time that the shared count was not to be had
	// ("unshared").
	Observe func(channel, what string)
	Now     func() time.Time
}

// Limited is an Engine that bounds how much it is asked: how many turns of one
// customer, and of one channel, it lets pass. What is too much is answered with one
// line that ends the conversation on the surface; the engine does not hear of it,
// so nothing is lost, and the next dial finds the conversation where it stood. That
// a conversation ended always passes.
//
// A quarter of a limit each process gives by itself, which is all that people who
// use their thumbs ever need, so that they cost no round trip. Only above it the
// replicas count together. When the shared count can not be had, its part is given
// as well: who pays must not stand before a closed door because a cache is away,
// and each process still holds its own count to the whole limit. Over all of n
// processes so up to n/4 more than the limit may pass, and n times as much without
// the shared count. Windows begin with the first turn in them; across the end of
// one, twice the limit may pass.
type Limited struct {
	engine   Engine
	o        LimitedOptions
	customer *counts
	gateway  *counts
}

var _ Engine = (*Limited)(nil)

// NewLimited makes it.
func NewLimited(e Engine, o LimitedOptions) *Limited {
	if o.Customer == 0 {
		o.Customer = defaultTurns
	}
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.Customers <= 0 {
		o.Customers = defaultCustomers
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, string) {}
	}
	return &Limited{
		engine: e, o: o,
		customer: newCounts("customer", o.Customer, o.Window, o.Customers), gateway: newCounts("gateway", o.Gateway, o.Window, gatewaysCounted),
	}
}

// Handle implements Engine.
func (l *Limited) Handle(ctx context.Context, t dialog.Turn) (dialog.Reply, error) {
	if t.Event == dialog.Ended {
		return l.engine.Handle(ctx, t)
	}
	// A number is one customer through whatever gateway; the names of people in
	// chats are the chat's own.
	who := countKey{user: t.User}
	if t.Caps.Chat {
		who.channel = t.Channel
	}
	now := l.o.Now()
	// What is too much of a customer takes nothing from the channel's others.
	if !l.pass(ctx, t.Channel, l.customer, who, now) || !l.pass(ctx, t.Channel, l.gateway, countKey{channel: t.Channel}, now) {
		r := dialog.Reply{Text: l.o.Busy, End: true}
		if t.Caps.Chat {
			r.Chat = &dialog.Parts{Prompt: l.o.Busy}
		}
		return r, nil
	}
	return l.engine.Handle(ctx, t)
}

// pass counts a turn, and says whether it may pass.
func (l *Limited) pass(ctx context.Context, channel string, c *counts, k countKey, now time.Time) bool {
	switch c.count(k, now) {
	case countAsk:
		if l.o.Shared == nil {
			return true
		}
		ask, cancel := context.WithTimeout(ctx, askTime)
		ok, wait, err := l.o.Shared.Allow(ask, c.what+"/"+k.channel+"/"+k.user, c.limit-c.own, c.window)
		cancel()
		if err != nil {
			l.o.Observe(channel, "unshared")
			return true
		}
		if !ok {
			c.close(k, now.Add(wait))
			l.o.Observe(channel, c.what)
		}
		return ok
	case countOver:
		l.o.Observe(channel, c.what)
		return false
	default:
		return true
	}
}

// countKey names whom turns are counted of.
type countKey struct{ channel, user string }

// verdict is what a process can say by itself.
type verdict uint8

const (
	countPass verdict = iota
	countAsk          // the others should be asked
	countOver
)

// counts are the turns of many in windows of their own. It is safe for concurrent
// use.
type counts struct {
	what   string
	limit  int // not above zero: none
	own    int // how many a process gives by itself
	window time.Duration
	most   int // of how many is counted

	mu    sync.Mutex
	all   map[countKey]*list.Element // of *counted
	order *list.List                 // front: the one not heard of for longest
}

type counted struct {
	key    countKey
	began  time.Time
	n      int
	closed time.Time // until when it is known that the replicas together had enough
}

func newCounts(what string, limit int, window time.Duration, most int) *counts {
	return &counts{what: what, limit: limit, own: limit / 4, window: window, most: most, all: map[countKey]*list.Element{}, order: list.New()}
}

// count counts one.
func (c *counts) count(k countKey, now time.Time) verdict {
	if c.limit <= 0 {
		return countPass
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.of(k)
	if since := now.Sub(one.began); since < 0 || since >= c.window {
		one.began, one.n = now, 0
	}
	if one.n >= c.limit || now.Before(one.closed) {
		return countOver
	}
	if one.n++; one.n <= c.own {
		return countPass
	}
	return countAsk
}

// of finds or makes the count of a key, which is then the one heard of last. The
// caller has c.mu.
func (c *counts) of(k countKey) *counted {
	if e := c.all[k]; e != nil {
		c.order.MoveToBack(e)
		return e.Value.(*counted)
	}
	if c.order.Len() >= c.most {
		e := c.order.Front()
		one := e.Value.(*counted)
		delete(c.all, one.key)
		*one = counted{key: k}
		c.all[k] = e
		c.order.MoveToBack(e)
		return one
	}
	one := &counted{key: k}
	c.all[k] = c.order.PushBack(one)
	return one
}

// close lets none of a key pass until a time.
func (c *counts) close(k countKey, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of(k).closed = until
}
