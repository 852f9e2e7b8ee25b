package dialog

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"spaza/gsm7"
)

// Options are the engine's limits and connections. Zero values take the
// defaults.
type Options struct {
	// Hash is a keyed hash (required): what it is given can not be learned
	// from its result.
	Hash func(purpose, s string) [32]byte
	// Life is how long a session is kept after its last turn; default 10
	// minutes.
	Life time.Duration
	// ResumeWithin is how long after its last turn a dropped conversation is
	// offered again; default 5 minutes.
	ResumeWithin time.Duration
	// Budget is how long an answer waits for an effect; default 3 seconds.
	Budget time.Duration
	// MaxTurns bounds the turns of one conversation; default 100.
	MaxTurns int
	// MaxStrikes is how many answers in a row may not be understood; default 3.
	MaxStrikes int
	// Hints is for how many sessions the last record is remembered; default
	// 16,384, which is about 6 MB.
	Hints int
	// Observe is told of every turn; default nobody.
	Observe func(Report)
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Random makes stamps unique; default math/rand/v2, since a stamp is no
	// secret.
	Random func() uint64
}

// Outcome says what became of a turn.
type Outcome string

// The outcomes of a turn.
const (
	Answered Outcome = "answered" // one step, one screen
	Replayed Outcome = "replayed" // a repetition; the stored screen again
	Offered  Outcome = "offered"  // a dropped conversation was offered again
	Conflict Outcome = "conflict" // it contradicts what came before; nothing changed
	Busy     Outcome = "busy"     // sessions can not be kept; nothing was done
	Broken   Outcome = "broken"   // a defect of ours; nothing was done
	Unsure   Outcome = "unsure"   // an effect did not come to its end
	Stale    Outcome = "stale"    // it answers a screen that does not stand any more; the one that does again
	Hangup   Outcome = "hangup"   // the customer's side ended the conversation
)

// Report is what there is to know of one turn, without a word of what was said.
type Report struct {
	Channel  string
	Who      string // keyed hash of the customer: the same for all their turns
	From, To StateID
	Outcome  Outcome
	Status   string // of a hang-up: how the gateway says it ended
	Took     time.Duration
	Trips    int // round trips to the store
	Err      error
}

// Engine holds conversations. It is safe for concurrent use, and any number of
// processes may share one Store.
type Engine struct {
	m     *machine
	words Words
	store Store
	opt   Options
	hints *hints
	plans sync.Pool // of *plan

	flights flights
}

// New checks the book and makes an engine of it.
func New(b Book, w Words, s Store, o Options) (*Engine, error) {
	if o.Hash == nil {
		return nil, errors.New("make dialog engine: a keyed hash is required")
	}
	m, err := compile(b)
	if err != nil {
		return nil, err
	}
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	num := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def(&o.Life, 10*time.Minute)
	def(&o.ResumeWithin, 5*time.Minute)
	def(&o.Budget, 3*time.Second)
	num(&o.MaxTurns, 100)
	num(&o.MaxStrikes, 3)
	num(&o.Hints, 16384)
	if o.Observe == nil {
		o.Observe = func(Report) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Uint64
	}
	e := &Engine{m: m, words: w, store: s, opt: o, hints: newHints(o.Hints)}
	e.flights.m = map[string]*flight{}
	e.plans.New = func() any { return new(plan) }
	return e, nil
}

// turn is one Turn being handled.
type turn struct {
	Turn
	who    string // channel and user
	key    string // of the session in the store
	hint   string // the session's record as this process knew it last
	hinted bool   // there is one
	seen   string // session and what was typed; its start is what turns before were
	hash   [turnHashSize]byte
	keyed  bool   // hash tells repetitions
	raced  bool   // an equal turn was saved while this one was being decided
	doing  bool   // an effect was begun
	lang   string // of the customer, once known
	report Report
}

// Handle answers one turn. The Reply can always be shown, also when there is an
// error: the error says what went wrong, for the log, and is already reported.
func (e *Engine) Handle(ctx context.Context, in Turn) (reply Reply, err error) {
	begin := e.opt.Now()
	if in.At.IsZero() {
		in.At = begin
	}
	var t turn
	e.identify(&t, in)
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
			// Past the save an effect may have begun, so "nothing was done" can
			// not be said any more.
			reply, t.report.Outcome = e.sorry(&t, KeyBroken), Broken
			if t.doing {
				reply, t.report.Outcome = e.sorry(&t, KeyUnsure), Unsure
			}
		}
		t.report.Err = err
		t.report.Took = e.opt.Now().Sub(begin)
		e.opt.Observe(t.report)
	}()
	switch {
	case in.Event == Ended:
		return Reply{}, e.ended(ctx, &t)
	case t.keyed:
		return e.handle(ctx, &t)
	}
	return e.handleUnkeyed(ctx, &t)
}

// handleUnkeyed answers a turn of a gateway that does not tell repetitions: an
// equal one that comes while the first is still being worked on is one.
func (e *Engine) handleUnkeyed(ctx context.Context, t *turn) (Reply, error) {
	id := t.key + string(t.hash[:])
	reply, joined, settled, err := e.flights.take(ctx, id, func() (Reply, bool, error) {
		reply, err := e.handle(ctx, t)
		return reply, true, err
	})
	switch {
	case !settled:
		return e.handle(ctx, t)
	case joined:
		return e.join(t, reply, err)
	}
	return reply, err
}

// identify works out under which names a turn is known. What the customer typed
// is in none of them in clear.
func (e *Engine) identify(t *turn, in Turn) {
	t.Turn = in
	text := in.Text
	t.keyed = in.Cumulative
	if !in.Cumulative && in.Key != "" {
		text, t.keyed = in.Key, true
	}
	all := in.Channel + "\x00" + in.User + "\x00" + in.Session + "\x00" + text
	n := len(in.Channel) + 1 + len(in.User)
	t.who, t.seen = all[:n], all[n+1:]
	t.hash = e.turnHash(t.seen)
	known, ok := e.hints.get(t.who)
	if !ok {
		known.key = e.key(t.who)
	}
	t.key, t.hint, t.hinted = known.key, known.record, ok
	t.report = Report{Channel: in.Channel, Who: t.key[3 : 3+keySize], Outcome: Answered}
}

// keySize is how many characters name a customer in a key: 96 bits of a hash.
const keySize = 16

// key is where a customer's session is stored. The braces keep all that is ever
// stored of one customer in one slot of a cluster.
func (e *Engine) key(who string) string {
	sum := e.opt.Hash("who", who)
	var buf [len("s:{}") + keySize]byte
	b := append(buf[:0], "s:{"...)
	b = base64.RawURLEncoding.AppendEncode(b, sum[:keySize*3/4])
	return string(append(b, '}'))
}

// turnHash tells turns apart, across sessions.
func (e *Engine) turnHash(seen string) (h [turnHashSize]byte) {
	sum := e.opt.Hash("turn", seen)
	copy(h[:], sum[:])
	return h
}

// sessionHash tells the sessions of one customer apart.
func (e *Engine) sessionHash(t *turn) (h [sessionHashSize]byte) {
	sum := e.opt.Hash("session", t.Session)
	copy(h[:], sum[:])
	return h
}

func (e *Engine) handle(ctx context.Context, t *turn) (Reply, error) {
	current, hinted := t.hint, t.hinted
	// Nothing remembered: ask. But a first dial is tried as if there were
	// nothing, which the save then confirms or corrects.
	ask := !hinted && (!t.Cumulative || t.Text != "")
	const tries = 5
	for range tries {
		if ask {
			var err error
			t.report.Trips++
			if current, err = e.store.Load(ctx, t.key); err != nil {
				return e.busy(t, "load session", err)
			}
			ask = false
		}
		p := e.plans.Get().(*plan)
		if err := e.decide(ctx, t, p, current); err != nil {
			return e.broken(t, err)
		}
		if hinted && !p.save && t.report.Outcome != Replayed {
			// No save would tell whether the hint was current.
			hinted, ask = false, true
			e.release(p)
			continue
		}
		reply, winner, settled, err := e.settle(ctx, t, p, current)
		if !t.doing {
			e.release(p)
		}
		if settled {
			return reply, err
		}
		t.raced = !hinted && follows(winner, current)
		current, hinted = winner, false
	}
	return e.busy(t, "save session", errors.New("lost every race for it"))
}

// settle saves a plan and has its effect. It is not settled when another turn
// was saved meanwhile: then the record that is there comes back.
func (e *Engine) settle(ctx context.Context, t *turn, p *plan, current string) (reply Reply, winner string, settled bool, err error) {
	if p.do == nil {
		return e.save(ctx, t, p, current)
	}
	id := t.key + string(p.rec.session[:])
	if t.keyed {
		id += string(t.hash[:])
	}
	winner = current
	reply, joined, settled, err := e.flights.take(ctx, id, func() (reply Reply, settled bool, err error) {
		if known, ok := e.hints.get(t.who); ok && !p.save && known.record != current {
			// It may have been had here since this was decided, which no save would tell.
			t.report.Trips++
			if winner, err = e.store.Load(ctx, t.key); err != nil {
				reply, err = e.busy(t, "load session", err)
				return reply, true, err
			}
			if winner != current {
				return Reply{}, false, nil
			}
		}
		reply, winner, settled, err = e.save(ctx, t, p, current)
		return reply, settled, err
	})
	if joined && settled {
		reply, err = e.join(t, reply, err)
	}
	return reply, winner, settled, err
}

func (e *Engine) save(ctx context.Context, t *turn, p *plan, current string) (reply Reply, winner string, settled bool, err error) {
	if p.save {
		rec := e.encode(&p.rec, current)
		t.report.Trips++
		winner, saved, err := e.store.Save(ctx, t.key, stamp(current), rec, e.opt.Life)
		if err != nil {
			e.hints.drop(t.who)
			reply, err = e.busy(t, "save session", err)
			return reply, "", true, err
		}
		if !saved {
			return Reply{}, winner, false, nil
		}
		e.hints.put(t.who, hint{t.key, rec})
		current = rec
	}
	if p.do == nil {
		return p.reply, "", true, nil
	}
	reply, err = e.effect(ctx, t, p, current)
	return reply, "", true, err
}

// ended notes where a customer left. Nothing changes: the session waits for a
// redial.
func (e *Engine) ended(ctx context.Context, t *turn) error {
	t.report.Outcome, t.report.Status = Hangup, t.Status
	rec := t.hint
	if !t.hinted {
		var err error
		t.report.Trips++
		if rec, err = e.store.Load(ctx, t.key); err != nil {
			return fmt.Errorf("load session: %w", err)
		}
	}
	var r record
	if err := r.decode(rec); err == nil && r.session == e.sessionHash(t) {
		if n := e.m.byHash[r.state]; n != nil {
			t.report.From, t.report.To = n.ID, n.ID
		}
	}
	return nil
}

// release gives a plan back for another turn. One that had an effect is not
// given back: what it started may still hold on to the Talk.
func (e *Engine) release(p *plan) {
	options := p.screen.Options[:cap(p.screen.Options)]
	clear(options)
	*p = plan{}
	p.screen.Options = options[:0]
	e.plans.Put(p)
}

// encode makes the record that replaces current.
func (e *Engine) encode(r *record, current string) string {
	var buf [512]byte
	return string(r.next(buf[:0], stamp(current), e.opt.Random()))
}

// panicked says where a panic was, and what only where the runtime made it:
// another value can hold what a customer typed.
func panicked(p any) error {
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok { //nolint:errorlint // the value of a panic, never wrapped
		what = e.Error()
	}
	return fmt.Errorf("panic in turn: %s\n%s", what, debug.Stack())
}

func (e *Engine) sorry(t *turn, key string) Reply {
	text := e.words.Say(t.lang, own(t.Caps.Chat, key), e.m.book.Common...)
	if t.Caps.Septets > 0 {
		text = gsm7.Fold(text)
	}
	r := Reply{Text: text, End: true}
	if t.Caps.Chat {
		r.Chat = &Parts{Prompt: text}
	}
	return r
}

func (e *Engine) busy(t *turn, doing string, err error) (Reply, error) {
	t.report.Outcome = Busy
	return e.sorry(t, KeyBusy), fmt.Errorf("%s: %w", doing, err)
}

func (e *Engine) broken(t *turn, err error) (Reply, error) {
	t.report.Outcome = Broken
	return e.sorry(t, KeyBroken), err
}

func (e *Engine) unsure(t *turn, err error) (Reply, error) {
	t.report.Outcome = Unsure
	return e.sorry(t, KeyUnsure), err
}
