package dialog

import (
	"context"
	"fmt"
	"sync"
)

// flights are the turns under way that must not be taken twice at a time: a
// repetition that comes meanwhile waits for the first and is answered alike.
type flights struct {
	mu sync.Mutex
	m  map[string]*flight
}

type flight struct {
	done    chan struct{}
	reply   Reply
	settled bool
	err     error
}

// take runs fly, or waits for the one that is under way by that name. It is not
// settled when fly came to nothing (it was overtaken, or panicked): the turn is
// then to be decided again.
func (f *flights) take(ctx context.Context, id string, fly func() (Reply, bool, error)) (reply Reply, joined, settled bool, err error) {
	f.mu.Lock()
	if first := f.m[id]; first != nil {
		f.mu.Unlock()
		select {
		case <-first.done:
			return first.reply, true, first.settled, first.err
		case <-ctx.Done():
			return Reply{}, true, true, ctx.Err()
		}
	}
	own := &flight{done: make(chan struct{})}
	f.m[id] = own
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.m, id)
		f.mu.Unlock()
		close(own.done)
	}()
	own.reply, own.settled, own.err = fly()
	return own.reply, false, own.settled, own.err
}

// join answers with what the first of a repeated turn was answered.
func (e *Engine) join(t *turn, reply Reply, err error) (Reply, error) {
	t.report.Outcome = Replayed
	if reply.Text == "" { // it was not waited for to the end
		t.report.Outcome, reply = Unsure, e.sorry(t, KeyUnsure)
	}
	return reply, err
}

// effect does what the saved state does, and saves what came of it.
func (e *Engine) effect(ctx context.Context, t *turn, p *plan, current string) (Reply, error) {
	t.doing = true
	for hops := 0; p.do != nil; hops++ {
		if hops == maxHops {
			return e.unsure(t, fmt.Errorf("state %q does one thing after another without end", p.do.ID))
		}
		now := p.do
		limited, cancel := context.WithTimeout(ctx, e.opt.Budget)
		move, err := now.Do(limited, &p.talk)
		cancel()
		if err != nil {
			return e.unsure(t, fmt.Errorf("do %q: %w", now.ID, err))
		}
		// From here it is known how it ended, and kept though nobody may be
		// waiting for the answer any more.
		reply, rec, settled, err := e.conclude(context.WithoutCancel(ctx), t, p, now, move, current)
		if settled {
			return reply, err
		}
		current = rec
	}
	return p.reply, nil
}

// conclude makes the move of an effect and saves it. It is not settled where
// another effect follows.
func (e *Engine) conclude(ctx context.Context, t *turn, p *plan, done *node, move Move, current string) (reply Reply, rec string, settled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.opt.Budget)
	defer cancel()
	if err = e.advance(ctx, t, p, done, move); err == nil {
		err = e.show(t, p)
	}
	if err != nil {
		reply, err = e.unsure(t, fmt.Errorf("do %q: %w", done.ID, err))
		return reply, "", true, err
	}
	rec = e.encode(&p.rec, current)
	t.report.Trips++
	winner, saved, err := e.store.Save(ctx, t.key, stamp(current), rec, e.opt.Life)
	switch {
	case err != nil:
		// The effect stands and the customer is told of it; the session still
		// says that it is to be done, which does no harm.
		e.hints.drop(t.who)
		err = fmt.Errorf("save session after %q: %w", done.ID, err)
		if p.do != nil {
			reply, err = e.unsure(t, err)
			return reply, "", true, err
		}
		return p.reply, "", true, err
	case saved:
		e.hints.put(t.who, hint{t.key, rec})
		return p.reply, rec, p.do == nil, nil
	}
	// Overtaken: by the same turn elsewhere, whose answer then counts, or by a
	// later one, which is answered by itself.
	e.hints.drop(t.who)
	if reply, same := e.elsewhere(ctx, t, p, winner); same {
		e.hints.put(t.who, hint{t.key, winner})
		return reply, "", true, nil
	}
	if p.do != nil {
		reply, err = e.unsure(t, fmt.Errorf("do %q: session moved on meanwhile", p.do.ID))
		return reply, "", true, err
	}
	return p.reply, "", true, nil
}

// elsewhere is how the same turn was answered by whoever saved a record meanwhile,
// whole, as any repetition is; not same where the record is not of this turn.
func (e *Engine) elsewhere(ctx context.Context, t *turn, p *plan, winner string) (reply Reply, same bool) {
	won := e.plans.Get().(*plan)
	defer e.release(won)
	if e.begin(t, won, winner) || won.rec.session != p.rec.session || won.rec.turn != p.rec.turn {
		return Reply{}, false
	}
	if _, kept := won.rec.text(); !kept {
		return Reply{}, false
	}
	to := t.report.To
	if err := e.repeat(ctx, t, won); err != nil {
		return Reply{}, false
	}
	t.report.To = to
	return won.reply, true
}
