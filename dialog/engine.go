package dialog

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"
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

	flights struct {
		sync.Mutex
		m map[string]*flight
	}
}

// flight is an effect that is being done for one turn.
type flight struct {
	done  chan struct{}
	reply Reply
	err   error
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
	return e, nil
}

// turn is one Turn being handled.
type turn struct {
	Turn
	key     string // of the session in the store
	session [sessionHashSize]byte
	hash    [turnHashSize]byte
	keyed   bool // hash tells repetitions
	doing   bool // an effect was begun
	report  Report
}

// Handle answers one turn. The Reply can always be shown, also when there is an
// error: the error says what went wrong, for the log, and is already reported.
func (e *Engine) Handle(ctx context.Context, in Turn) (reply Reply, err error) {
	begin := e.opt.Now()
	if in.At.IsZero() {
		in.At = begin
	}
	t := e.identify(in)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in turn: %v\n%s", p, debug.Stack())
			// Past the save an effect may have begun, so "nothing was done" can
			// not be said any more.
			reply, t.report.Outcome = e.sorry(KeyBroken), Broken
			if t.doing {
				reply, t.report.Outcome = e.sorry(KeyUnsure), Unsure
			}
		}
		t.report.Err = err
		t.report.Took = e.opt.Now().Sub(begin)
		e.opt.Observe(t.report)
	}()
	if in.Event == Ended {
		return Reply{}, e.ended(ctx, t)
	}
	return e.handle(ctx, t)
}

// identify works out under which names a turn is known. What the customer typed
// is in none of them in clear.
func (e *Engine) identify(in Turn) *turn {
	t := &turn{Turn: in}
	who := e.opt.Hash("who", in.Channel+"\x00"+in.User)
	var buf [20]byte
	b := append(buf[:0], "s:{"...)
	b = base64.RawURLEncoding.AppendEncode(b, who[:12])
	t.key = string(append(b, '}'))
	h := e.opt.Hash("session", in.Session)
	copy(t.session[:], h[:])
	switch {
	case in.Cumulative:
		t.hash, t.keyed = e.turnHash(t, in.Text), true
	case in.Key != "":
		t.hash, t.keyed = e.turnHash(t, in.Key), true
	}
	t.report = Report{Channel: in.Channel, Who: t.key[3:19], Outcome: Answered}
	return t
}

func (e *Engine) turnHash(t *turn, s string) (h [turnHashSize]byte) {
	sum := e.opt.Hash("turn", t.Session+"\x00"+s)
	copy(h[:], sum[:])
	return h
}

func (e *Engine) handle(ctx context.Context, t *turn) (Reply, error) {
	current, known := e.hints.get(t.key)
	if !known && !(t.Cumulative && t.Text == "") {
		// Not a first dial, and nothing remembered: ask. A first dial is tried
		// as if there were nothing, which the save then confirms or corrects.
		var err error
		t.report.Trips++
		if current, err = e.store.Load(ctx, t.key); err != nil {
			return e.busy(t, "load session", err)
		}
	}
	const tries = 5
	for range tries {
		p, err := e.decide(ctx, t, current)
		if err != nil {
			return e.broken(t, err)
		}
		if !p.save {
			if p.do == nil {
				return p.reply, nil
			}
			return e.effect(ctx, t, p, current)
		}
		rec := e.encode(&p.rec)
		t.report.Trips++
		winner, saved, err := e.store.Save(ctx, t.key, stamp(current), rec, e.opt.Life)
		if err != nil {
			e.hints.drop(t.key)
			return e.busy(t, "save session", err)
		}
		if saved {
			e.hints.put(t.key, rec)
			if p.do == nil {
				return p.reply, nil
			}
			return e.effect(ctx, t, p, rec)
		}
		current = winner
	}
	return e.busy(t, "save session", errors.New("lost every race for it"))
}

// effect does what the saved state does, and saves what came of it. Within this
// process a repetition of the same turn waits for the first.
func (e *Engine) effect(ctx context.Context, t *turn, p *plan, current string) (Reply, error) {
	id := t.key + string(t.hash[:])
	if !t.keyed {
		id = t.key
	}
	e.flights.Lock()
	if f := e.flights.m[id]; f != nil {
		e.flights.Unlock()
		select {
		case <-f.done:
			t.report.Outcome = Replayed
			return f.reply, f.err
		case <-ctx.Done():
			t.report.Outcome = Unsure
			return e.sorryIn(p.talk.lang, KeyUnsure), ctx.Err()
		}
	}
	f := &flight{done: make(chan struct{})}
	e.flights.m[id] = f
	e.flights.Unlock()
	defer func() {
		if f.reply.Text == "" { // a panic passed by
			f.reply = e.sorryIn(p.talk.lang, KeyUnsure)
		}
		e.flights.Lock()
		delete(e.flights.m, id)
		e.flights.Unlock()
		close(f.done)
	}()
	f.reply, f.err = e.doEffect(ctx, t, p, current)
	return f.reply, f.err
}

func (e *Engine) doEffect(ctx context.Context, t *turn, p *plan, current string) (Reply, error) {
	t.doing = true
	for hops := 0; p.do != nil; hops++ {
		if hops == maxHops {
			return e.broken(t, fmt.Errorf("state %q does one thing after another without end", p.do.ID))
		}
		limited, cancel := context.WithTimeout(ctx, e.opt.Budget)
		move, err := p.do.Do(limited, &p.talk)
		cancel()
		if err == nil {
			err = e.advance(ctx, t, p, p.do, move)
		}
		if err != nil {
			t.report.Outcome = Unsure
			return e.sorryIn(p.talk.lang, KeyUnsure), fmt.Errorf("do %q: %w", p.do.ID, err)
		}
		if p.do == nil {
			e.show(t, p)
		}
		rec := e.encode(&p.rec)
		t.report.Trips++
		winner, saved, err := e.store.Save(ctx, t.key, stamp(current), rec, e.opt.Life)
		switch {
		case err != nil:
			// The effect stands and the customer is told of it; the session
			// still says that it is to be done, which does no harm.
			e.hints.drop(t.key)
			if p.do == nil {
				return p.reply, fmt.Errorf("save session after effect: %w", err)
			}
			return e.busy(t, "save session between effects", err)
		case saved:
			e.hints.put(t.key, rec)
			current = rec
		default:
			e.hints.drop(t.key)
			var won record
			if won.decode(winner) == nil && won.turn == p.rec.turn && won.has(flagReply) && !won.has(flagPrivate) {
				t.report.Outcome = Replayed
				return Reply{Text: won.reply, End: won.has(flagEnd)}, nil
			}
			if p.do == nil {
				return p.reply, nil
			}
			t.report.Outcome = Unsure
			return e.sorryIn(p.talk.lang, KeyUnsure), fmt.Errorf("do %q: session moved on meanwhile", p.do.ID)
		}
	}
	return p.reply, nil
}

// ended notes where a customer left. Nothing changes: the session waits for a
// redial.
func (e *Engine) ended(ctx context.Context, t *turn) error {
	t.report.Outcome, t.report.Status = Hangup, t.Status
	rec, known := e.hints.get(t.key)
	if !known {
		var err error
		t.report.Trips++
		if rec, err = e.store.Load(ctx, t.key); err != nil {
			return fmt.Errorf("load session: %w", err)
		}
	}
	var r record
	if rec == "" || r.decode(rec) != nil || r.session != t.session {
		return nil
	}
	if n := e.m.byHash[r.state]; n != nil {
		t.report.From, t.report.To = n.ID, n.ID
	}
	return nil
}

func (e *Engine) encode(r *record) string {
	var buf [512]byte
	return string(r.next(buf[:0], r.stamp, e.opt.Random()))
}

func (e *Engine) sorry(key string) Reply { return e.sorryIn("", key) }

func (e *Engine) sorryIn(lang, key string) Reply {
	return Reply{Text: e.words.Say(lang, key, e.m.book.Common...), End: true}
}

func (e *Engine) busy(t *turn, doing string, err error) (Reply, error) {
	t.report.Outcome = Busy
	return e.sorry(KeyBusy), fmt.Errorf("%s: %w", doing, err)
}

func (e *Engine) broken(t *turn, err error) (Reply, error) {
	t.report.Outcome = Broken
	return e.sorry(KeyBroken), err
}
