package dialog

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"spaza/secret"
)

const (
	// maxHops bounds how many states one turn may pass through without asking.
	maxHops = 16
	// maxDeep bounds the inputs taken from one dial string.
	maxDeep = 10
)

// plan is what one turn decides: the session as it will be saved, the reply,
// and the state whose effect is to be had after the save. The variables are
// those of the Talk; the record points to them.
type plan struct {
	rec    record
	talk   Talk
	screen Screen // the one that is answered, then the one that is shown
	node   *node
	do     *node
	reply  Reply
	save   bool
	forget bool // what was answered is confidential
	typed  string
	gaps   int // numbers left free at the start of the screen that typed answers
}

// decide works out what a turn means on top of the current record. It changes
// nothing outside and can be run again on another record.
func (e *Engine) decide(ctx context.Context, t *turn, p *plan, current string) error {
	p.save = true
	r, fresh := &p.rec, e.begin(t, p, current)
	t.report.From, t.report.Outcome = "", Answered
	if p.node != nil {
		t.report.From = p.node.ID
	}

	// A turn's hash covers its session, so where the hash of this turn or of
	// its start is known the session is the same.
	switch input, follows := e.newPart(t, r); {
	case fresh:
		return e.dialled(ctx, t, p, fresh)
	case r.turn == t.hash && (t.keyed || t.raced):
		return e.repeat(ctx, t, p)
	case t.Dial && r.session == e.sessionHash(t) && !r.has(flagEnd):
		return e.repeat(ctx, t, p)
	case follows, !t.Cumulative && !t.Dial && r.session == e.sessionHash(t):
		return e.goOn(ctx, t, p, input)
	case r.session == e.sessionHash(t) && !t.Dial:
		e.conflict(t, p)
		return nil
	default:
		return e.dialled(ctx, t, p, fresh)
	}
}

// begin has a plan start from a record; fresh where there is none that can be read.
func (e *Engine) begin(t *turn, p *plan, current string) (fresh bool) {
	r := &p.rec
	r.vars = &p.talk.vars
	fresh = current == "" || r.decode(current) != nil
	if fresh {
		*r = record{vars: r.vars}
		*r.vars = vars{}
	}
	p.node = e.m.byHash[r.state]
	k := &p.talk
	k.User, k.Channel, k.Network, k.Code, k.Now = t.User, t.Channel, t.Network, t.Code, t.At
	if t.Caps.Chat {
		k.User, k.Person, k.Contact = t.Number, t.User, t.Contact
	}
	k.words, k.lang = e.words, cmp.Or(r.lang, t.Lang)
	t.lang = k.lang
	if !fresh {
		k.Since = r.savedAt()
	}
	return fresh
}

// conflict refuses a turn that contradicts what came before.
func (e *Engine) conflict(t *turn, p *plan) {
	t.report.Outcome, t.report.To = Conflict, t.report.From
	p.save, p.reply = false, e.sorry(t, KeyConflict)
}

// repeat answers a turn that was seen before.
func (e *Engine) repeat(ctx context.Context, t *turn, p *plan) error {
	r := &p.rec
	p.save = false
	// Whether it was confidential is not known any more; no choice is so long.
	p.forget = len(t.Text) > len(digitHome)
	if p.node != nil && p.node.Do != nil {
		// Its effect has not come to an end that was saved: do it (again).
		p.talk.Resumed = r.has(flagRedialled)
		p.do = p.node
		return nil
	}
	t.report.Outcome, t.report.To = Replayed, t.report.From
	if text, ok := r.text(); ok {
		p.reply = Reply{Text: text, End: r.has(flagEnd), Screen: screenName(t, r)}
		if t.Caps.Chat {
			if p.node != nil && !p.reply.End {
				e.ask(p)
			}
			p.reply.Chat = e.parts(t, p, text, p.reply.End)
		}
		return nil
	}
	if p.node == nil { // another version of the book knows the rest
		t.report.Outcome, p.reply = Unsure, e.sorry(t, KeyUnsure)
		return nil
	}
	if err := e.again(ctx, p); err != nil {
		return err
	}
	return e.show(t, p)
}

// again prepares for composing the screen that was shown last once more.
func (e *Engine) again(ctx context.Context, p *plan) error {
	p.talk.notice = p.rec.shown()
	if n := p.node; n.Private && n.Enter != nil && !p.rec.has(flagResume) {
		if _, err := n.Enter(ctx, &p.talk); err != nil {
			return fmt.Errorf("enter %q again: %w", n.ID, err)
		}
	}
	return nil
}

// goOn takes the next input of a conversation under way.
func (e *Engine) goOn(ctx context.Context, t *turn, p *plan, input string) error {
	r := &p.rec
	deep, spoken := e.spoken(t, p.node, input)
	switch {
	case r.has(flagEnd) && !t.Caps.Chat && (t.Cumulative || !t.keyed):
		e.conflict(t, p)
		return nil
	case p.node != nil && p.node.Do == nil && (stale(t, r) || outdated(t, p)):
		return e.reshow(ctx, t, p)
	case p.node == nil, r.has(flagEnd), e.misplaced(t, p.node), spoken && p.node.Do == nil:
		// A state of another version of the book, or a surface that keeps one
		// name for all conversations, such as a chat.
		return e.open(ctx, t, p, deep)
	case p.node.Do != nil:
		// What was typed meanwhile answers nothing that was asked.
		p.talk.Resumed = r.has(flagRedialled)
		e.pending(t, p)
		return nil
	}
	if err := e.answer(ctx, t, p, input); err != nil {
		return err
	}
	return e.show(t, p)
}

// pending goes on with an effect that an earlier turn left to be had. The
// record keeps since when.
func (e *Engine) pending(t *turn, p *plan) {
	since := p.rec.saved
	e.stamp(t, &p.rec)
	p.rec.saved = since
	p.do = p.node
}

// dialled opens a conversation: a redial that finds something unfinished goes
// on with it, any other starts afresh.
func (e *Engine) dialled(ctx context.Context, t *turn, p *plan, fresh bool) error {
	r := &p.rec
	deep, _ := e.spoken(t, nil, t.Text)
	came := t.Deep
	if t.Cumulative {
		came = t.Text
	}
	if came != "" {
		deep = strings.SplitN(came, "*", maxDeep+1)
		deep = deep[:min(len(deep), maxDeep)]
	}
	if fresh && t.Answers != "" && t.Caps.Chat {
		p.talk.Note(KeyStale)
	}
	if fresh || p.node == nil || e.misplaced(t, p.node) {
		return e.open(ctx, t, p, deep)
	}
	if p.node.Do != nil {
		p.talk.Resumed = true
		r.flags |= flagRedialled
		r.session, r.turns = e.sessionHash(t), 0
		e.pending(t, p)
		return nil
	}
	at := p.node
	if at.Confirm {
		at = e.m.byID[at.Back]
	}
	if at.What == "" || deep != nil || t.At.Sub(r.savedAt()) > e.opt.ResumeWithin {
		return e.open(ctx, t, p, deep)
	}
	p.node = at
	r.state, r.flags = at.hash, flagResume
	r.strikes, r.page, r.turns = 0, 0, 0
	r.session = e.sessionHash(t)
	t.report.Outcome = Offered
	e.stamp(t, r)
	return e.show(t, p)
}

// open starts a conversation at the start of the book and takes the inputs of a
// dial string as far as they may go: not past a confidential answer, a yes that
// spends money, or the first that is not understood.
func (e *Engine) open(ctx context.Context, t *turn, p *plan, deep []string) error {
	r := &p.rec
	r.session, r.flags, r.strikes, r.turns, r.notice = e.sessionHash(t), 0, 0, 0, ""
	p.talk.Since, p.talk.Deep = time.Time{}, len(deep) > 0
	if e.m.book.Open != nil {
		if err := e.m.book.Open(ctx, &p.talk); err != nil {
			return fmt.Errorf("open conversation: %w", err)
		}
	}
	if err := e.arrive(ctx, t, p, e.opening(t)); err != nil {
		return err
	}
	for _, input := range deep {
		if p.do != nil || p.node.End || p.node.Secret || p.node.Confirm || r.strikes > 0 {
			break
		}
		e.ask(p)
		p.offer()
		if err := e.answer(ctx, t, p, input); err != nil {
			return err
		}
	}
	e.stamp(t, r)
	return e.show(t, p)
}

// newPart is what the customer typed since the last turn, and whether a
// cumulative text shows that the turn follows on that one.
func (e *Engine) newPart(t *turn, r *record) (input string, follows bool) {
	if !t.Cumulative {
		return t.Text, false
	}
	n := int(min(r.textLen, maxTextLen))
	if len(t.Text) <= n || e.turnHash(t.seen[:len(t.seen)-len(t.Text)+n]) != r.turn {
		return "", false
	}
	// After nothing at all comes the first input, without a '*' before it;
	// unless the first was sent empty.
	input, starred := strings.CutPrefix(t.Text[n:], "*")
	return input, starred || n == 0
}

// maxTextLen is longer than any text that a record can stand for.
const maxTextLen = 1 << 30

// stamp marks the record as the answer to this turn.
func (*Engine) stamp(t *turn, r *record) {
	r.turn, r.textLen = t.hash, 0
	if t.Cumulative {
		r.textLen = uint64(len(t.Text))
	}
	r.saved = uint32(t.At.Unix())
}

// answer takes one input in the state that asked.
func (e *Engine) answer(ctx context.Context, t *turn, p *plan, typed string) error {
	r, n, k := &p.rec, p.node, &p.talk
	p.forget = n.Secret
	e.stamp(t, r)
	strikes := r.strikes
	r.strikes = 0
	if r.turns++; r.turns > uint64(e.opt.MaxTurns) && !n.End {
		return e.advance(ctx, t, p, n, moveCeil)
	}
	if err := e.again(ctx, p); err != nil {
		return err
	}
	e.ask(p)
	in := Input{Text: clean(typed)}
	p.typed, p.gaps = in.Text, r.gaps()
	switch {
	case n.End, in.Text == digitMore:
		// A last screen that needs several pages goes on whatever is typed.
		pg := e.layout(p, t.Caps.Septets)
		if !pg.last {
			r.page = uint8(min(pg.at+1, maxPage))
		}
		if !pg.last || n.End {
			return nil
		}
	case in.Text == digitBack && r.page > 0:
		r.page--
		return nil
	}

	// What the old screen showed is not for Answer nor for the next screen.
	shown := k.Secret
	k.Secret, k.notice = secret.Text{}, ""
	moved, err := e.take(ctx, t, p, in)
	if moved || err != nil {
		return err
	}
	k.Secret, r.page = shown, 0
	if k.strike {
		k.strike = false
		if r.strikes = strikes + 1; int(r.strikes) >= e.opt.MaxStrikes {
			k.notice = ""
			return e.advance(ctx, t, p, n, moveStop)
		}
	}
	return nil
}

// take finds out what an input means to the state that asked, and whether it
// leads anywhere.
func (e *Engine) take(ctx context.Context, t *turn, p *plan, in Input) (moved bool, err error) {
	r, n := &p.rec, p.node
	switch {
	case r.has(flagResume):
		switch in.Text {
		case "1":
			return true, e.arrive(ctx, t, p, n)
		case "2", digitBack, digitHome:
			return true, e.arrive(ctx, t, p, e.m.start)
		}
		_, _ = p.talk.AgainPick(len(p.screen.Options))
		return false, nil
	case in.Text == digitBack && n.Back != "":
		return true, e.advance(ctx, t, p, n, moveBack)
	case in.Text == digitHome && n == e.m.start:
		return true, e.arrive(ctx, t, p, n)
	case in.Text == digitHome && !n.First:
		return true, e.advance(ctx, t, p, n, moveHome)
	}
	in.Option = r.picked(in.Text, p.screen.Options)
	p.talk.options = len(p.screen.Options)
	if in.Option == "" && index(in.Text, r.nOpt) >= 0 {
		in = Input{Gone: true}
	}
	if in.Option == "" && !n.Free {
		_, _ = p.talk.AgainPick(len(p.screen.Options))
		return false, nil
	}
	move, err := n.Answer(ctx, &p.talk, in)
	if err != nil {
		return false, fmt.Errorf("answer %q: %w", n.ID, err)
	}
	if move == Stay {
		return false, nil
	}
	return true, e.advance(ctx, t, p, n, move)
}

// advance makes a move and arrives where it leads.
func (e *Engine) advance(ctx context.Context, t *turn, p *plan, from *node, move Move) error {
	to, err := e.m.step(from, move)
	if err != nil {
		return err
	}
	return e.arrive(ctx, t, p, to)
}

// arrive enters a state, and goes on as long as entering says so. A state that
// does something is left standing for after the save.
func (e *Engine) arrive(ctx context.Context, t *turn, p *plan, n *node) error {
	for range maxHops {
		if e.misplaced(t, n) && !n.Stranger {
			n = e.m.stranger // whatever a flow says: nothing is shown or sold to nobody
		}
		p.node, p.do = n, nil
		p.rec.state, p.rec.strikes, p.rec.page = n.hash, 0, 0
		p.rec.flags &^= flagResume
		if n == e.m.start || n == e.m.stranger {
			p.talk.vars.keep(e.m.book.Keep)
		}
		if n.Do != nil {
			p.do = n
			p.talk.Since, p.rec.saved = t.At, uint32(t.At.Unix())
			t.report.To = n.ID
			return nil
		}
		if n.Enter == nil {
			return nil
		}
		move, err := n.Enter(ctx, &p.talk)
		if err != nil {
			return fmt.Errorf("enter %q: %w", n.ID, err)
		}
		if move == Stay {
			return nil
		}
		if n, err = e.m.step(n, move); err != nil {
			return err
		}
	}
	return fmt.Errorf("state %q is entered and left without end", n.ID)
}
