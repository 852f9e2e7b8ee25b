package dialog

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxHops bounds how many states one turn may pass through without asking.
	maxHops = 16
	// maxDeep bounds the inputs taken from one dial string.
	maxDeep = 10
	// maxInput bounds one input in bytes: what one USSD message can carry.
	maxInput = 182
)

// plan is what one turn decides: the session as it will be saved, the reply,
// and the state whose effect is to be had after the save.
type plan struct {
	rec   record
	talk  Talk
	node  *node
	do    *node
	reply Reply
	save  bool
}

// decide works out what a turn means on top of the current record. It changes
// nothing outside and can be run again on another record.
func (e *Engine) decide(ctx context.Context, t *turn, current string) (*plan, error) {
	p := &plan{save: true}
	r := &p.rec
	fresh := current == "" || r.decode(current) != nil
	if fresh {
		*r = record{stamp: stamp(current)}
	}
	p.node = e.m.byHash[r.state]
	p.talk = Talk{
		User: t.User, Channel: t.Channel, Network: t.Network, Code: t.Code, Now: t.At,
		Since: r.savedAt(), lang: r.lang, words: e.words, vars: r.vars,
	}
	t.report.From, t.report.Outcome = "", Answered
	if p.node != nil {
		t.report.From = p.node.ID
	}

	switch {
	case !fresh && r.session == t.session && t.keyed && r.turn == t.hash:
		return e.repeat(t, p)
	case !fresh && r.session == t.session:
		return e.goOn(ctx, t, p)
	default:
		return e.dialled(ctx, t, p, fresh)
	}
}

// repeat answers a turn that was seen before.
func (e *Engine) repeat(t *turn, p *plan) (*plan, error) {
	r := &p.rec
	if p.node != nil && p.node.Do != nil {
		// Its effect has not come to an end that was saved: do it (again).
		p.save, p.do = false, p.node
		return p, nil
	}
	t.report.Outcome, t.report.To = Replayed, t.report.From
	p.save = false
	if r.has(flagPrivate) && p.node != nil {
		e.show(t, p)
		return p, nil
	}
	p.reply = Reply{Text: r.reply, End: r.has(flagEnd)}
	return p, nil
}

// goOn takes the next input of a conversation under way.
func (e *Engine) goOn(ctx context.Context, t *turn, p *plan) (*plan, error) {
	r := &p.rec
	input, follows := e.newPart(t, r)
	if !follows || r.has(flagEnd) {
		t.report.Outcome, t.report.To = Conflict, t.report.From
		p.save, p.reply = false, e.sorryIn(r.lang, KeyConflict)
		return p, nil
	}
	if p.node == nil { // a state of another version of the book
		return p, e.open(ctx, t, p, nil)
	}
	if p.node.Do != nil {
		// Something is still to be done; what was typed meanwhile answers
		// nothing that was asked.
		e.stampTurn(t, r)
		p.talk.Since = r.savedAt()
		p.do = p.node
		return p, nil
	}
	if err := e.answer(ctx, t, p, input); err != nil {
		return nil, err
	}
	e.show(t, p)
	return p, nil
}

// dialled opens a conversation: a redial that finds something unfinished goes
// on with it, any other starts afresh.
func (e *Engine) dialled(ctx context.Context, t *turn, p *plan, fresh bool) (*plan, error) {
	r := &p.rec
	var deep []string
	if t.Cumulative && t.Text != "" {
		deep = strings.SplitN(t.Text, "*", maxDeep+1)
		deep = deep[:min(len(deep), maxDeep)]
	}
	if !fresh && p.node != nil {
		if p.node.Do != nil {
			p.talk.Resumed = true
			p.talk.Since = r.savedAt()
			r.turns = 0
			e.stampTurn(t, r)
			p.do = p.node
			return p, nil
		}
		at := p.node
		if at.Confirm {
			at = e.m.byID[at.Back]
		}
		if at.What != "" && deep == nil && !r.has(flagEnd) && t.At.Sub(r.savedAt()) <= e.opt.ResumeWithin {
			p.node = at
			r.state, r.flags = at.hash, flagResume
			r.strikes, r.page, r.turns = 0, 0, 0
			t.report.Outcome = Offered
			e.stampTurn(t, r)
			e.show(t, p)
			return p, nil
		}
	}
	return p, e.open(ctx, t, p, deep)
}

// open starts a conversation at the start of the book and takes the inputs of a
// dial string as far as they may go: not past a confidential answer, a yes that
// spends money, or the first that is not understood.
func (e *Engine) open(ctx context.Context, t *turn, p *plan, deep []string) error {
	r := &p.rec
	r.flags, r.strikes, r.turns = 0, 0, 0
	p.talk.Since = time.Time{}
	p.talk.lang = ""
	if e.m.book.Open != nil {
		if err := e.m.book.Open(ctx, &p.talk); err != nil {
			return fmt.Errorf("open conversation: %w", err)
		}
	}
	if err := e.arrive(ctx, t, p, e.m.start); err != nil {
		return err
	}
	for _, input := range deep {
		if p.do != nil || p.node.End || p.node.Secret || p.node.Confirm || r.strikes > 0 {
			break
		}
		p.talk.notice = ""
		e.compose(p, &Screen{}, 0) // the options that this input picks from
		if err := e.answer(ctx, t, p, input); err != nil {
			return err
		}
	}
	e.stampTurn(t, r)
	e.show(t, p)
	return nil
}

// newPart is what the customer typed since the last turn, and whether the turn
// follows on what came before.
func (e *Engine) newPart(t *turn, r *record) (input string, follows bool) {
	if !t.Cumulative {
		return t.Text, true
	}
	n := int(r.textLen)
	switch {
	case len(t.Text) <= n:
		return "", false
	case e.turnHash(t, t.Text[:n]) != r.turn:
		return "", false
	case n == 0:
		return t.Text, true
	case t.Text[n] != '*':
		return "", false
	}
	return t.Text[n+1:], true
}

// stampTurn marks the record as the answer to this turn.
func (e *Engine) stampTurn(t *turn, r *record) {
	r.session, r.turn, r.textLen = t.session, t.hash, 0
	if t.Cumulative {
		r.textLen = uint64(len(t.Text))
	}
	r.saved = uint32(t.At.Unix())
}

// answer takes one input in the state that asked.
func (e *Engine) answer(ctx context.Context, t *turn, p *plan, typed string) error {
	r, n := &p.rec, p.node
	e.stampTurn(t, r)
	r.turns++
	if r.turns > uint64(e.opt.MaxTurns) {
		return e.advance(ctx, t, p, n, moveCeil)
	}
	in := Input{Text: clean(typed)}
	if r.has(flagResume) {
		return e.resume(ctx, t, p, in)
	}

	var s Screen
	n.Ask(&p.talk, &s)
	switch in.Text {
	case digitBack:
		if r.page > 0 {
			r.page--
			return nil
		}
		if n.Back != "" {
			return e.advance(ctx, t, p, n, moveBack)
		}
	case digitHome:
		if n.ID == e.m.start.ID {
			return e.arrive(ctx, t, p, n)
		}
		return e.advance(ctx, t, p, n, moveHome)
	case digitMore:
		if !e.layout(&p.talk, &s, t.Caps.Septets, n.Back != "", n != e.m.start, false, int(r.page)).last {
			r.page++
			return nil
		}
	}
	in.Option = r.picked(in.Text, s.Options)
	p.talk.options = len(s.Options)
	move, err := Stay, error(nil)
	if in.Option == "" && !n.Free {
		_, _ = p.talk.AgainPick(len(s.Options))
	} else if move, err = n.Answer(ctx, &p.talk, in); err != nil {
		return fmt.Errorf("answer %q: %w", n.ID, err)
	}
	if move != Stay {
		return e.advance(ctx, t, p, n, move)
	}
	r.page = 0
	if p.talk.strike {
		p.talk.strike = false
		if r.strikes++; int(r.strikes) >= e.opt.MaxStrikes {
			p.talk.notice = ""
			return e.advance(ctx, t, p, n, moveStop)
		}
	}
	return nil
}

// resume takes the answer to the offer to go on.
func (e *Engine) resume(ctx context.Context, t *turn, p *plan, in Input) error {
	r := &p.rec
	switch in.Text {
	case "1":
		r.flags = 0
		return e.arrive(ctx, t, p, p.node)
	case "2", digitBack, digitHome:
		r.flags = 0
		return e.arrive(ctx, t, p, e.m.start)
	}
	_, _ = p.talk.AgainPick(2)
	p.talk.strike = false
	if r.strikes++; int(r.strikes) >= e.opt.MaxStrikes {
		p.talk.notice, r.flags = "", 0
		return e.advance(ctx, t, p, p.node, moveStop)
	}
	return nil
}

// advance makes a move and arrives where it leads.
func (e *Engine) advance(ctx context.Context, t *turn, p *plan, from *node, move Move) error {
	to, err := e.m.step(ctx, from, move)
	if err != nil {
		return err
	}
	return e.arrive(ctx, t, p, to)
}

// arrive enters a state, and goes on as long as entering says so. A state that
// does something is left standing for after the save.
func (e *Engine) arrive(ctx context.Context, t *turn, p *plan, n *node) error {
	for range maxHops {
		p.node, p.do = n, nil
		p.rec.state, p.rec.strikes, p.rec.page = n.hash, 0, 0
		if n == e.m.start {
			p.talk.vars.keep(e.m.book.Keep)
		}
		if n.Do != nil {
			p.do = n
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
		if n, err = e.m.step(ctx, n, move); err != nil {
			return err
		}
	}
	return fmt.Errorf("state %q is entered and left without end", n.ID)
}

// show composes the reply and completes the record with it.
func (e *Engine) show(t *turn, p *plan) {
	r, n := &p.rec, p.node
	t.report.To = n.ID
	r.lang, r.vars = p.talk.lang, p.talk.vars
	r.flags &= flagResume
	r.reply = ""
	if p.do != nil {
		return
	}
	p.reply = e.compose(p, &Screen{}, t.Caps.Septets)
	r.flags |= flagReply
	r.reply = p.reply.Text
	if n.End {
		r.flags |= flagEnd
	}
	if n.Private {
		r.flags |= flagPrivate
		r.reply = ""
	}
}

// compose asks the state for its screen, notes the options that it offers, and
// lays it out.
func (e *Engine) compose(p *plan, s *Screen, room int) Reply {
	r, n, t := &p.rec, p.node, &p.talk
	if r.has(flagResume) {
		s.Text = t.Say(KeyResume, Arg{Name: "what", Value: t.Say(n.What)})
		s.Add("go", t.Say(KeyResumeGo))
		s.Add("new", t.Say(KeyResumeNew))
		r.nOpt = 0
		return Reply{Text: e.layout(t, s, room, false, false, true, 0).text}
	}
	n.Ask(t, s)
	r.nOpt = min(len(s.Options), maxOptions)
	for i, o := range s.Options[:r.nOpt] {
		r.opt[i] = hashOption(o.ID)
	}
	pg := e.layout(t, s, room, n.Back != "", n != e.m.start, n.End, int(r.page))
	return Reply{Text: pg.text, End: n.End}
}

// picked is the id of the option that was shown under the typed number, if it
// is still offered.
func (r *record) picked(typed string, now []Option) string {
	i := index(typed, r.nOpt)
	if i < 0 {
		return ""
	}
	if i < len(now) && hashOption(now[i].ID) == r.opt[i] {
		return now[i].ID
	}
	for _, o := range now {
		if hashOption(o.ID) == r.opt[i] {
			return o.ID
		}
	}
	return ""
}

// clean makes what was typed plain: no blanks around it, digits of other
// scripts as ours, no closing '#', nothing that is not text, and not more than
// one message can carry (more was not typed by a person: it counts as nothing).
func clean(s string) string {
	if len(s) > maxInput {
		return ""
	}
	plain := true
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '#' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			continue
		case r > unicode.MaxASCII && unicode.IsDigit(r):
			b.WriteRune('0' + digitValue(r))
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(b.String()), "#"))
}

// digitValue is the value of a decimal digit of any script: each script has its
// ten in a row, beginning at a zero.
func digitValue(r rune) rune {
	zero := r
	for zero > 0 && unicode.IsDigit(zero-1) && r-(zero-1) < 10 {
		zero--
	}
	return r - zero
}
