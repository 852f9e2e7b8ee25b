package dialog

import (
	"fmt"
	"slices"

	"spaza/secret"
)

// show composes the reply and completes the record with it.
func (e *Engine) show(t *turn, p *plan) error {
	r, n := &p.rec, p.node
	t.report.To = n.ID
	t.lang, r.lang = p.talk.lang, p.talk.lang
	r.reply, r.septets, r.notice = "", 0, ""
	if p.talk.vars.bad {
		return fmt.Errorf("state %q was come to with more than %d variables, or one that is not 1 to 127", n.ID, maxVars)
	}
	if p.do != nil {
		r.flags &= flagRedialled
		return nil
	}
	r.saved = uint32(t.At.Unix())
	if !n.Private {
		p.talk.Secret = secret.Text{}
	}
	e.ask(p)
	e.keepApart(t, p)
	p.offer()
	pg := e.layout(p, t.Caps.Septets)
	p.reply = Reply{Text: pg.text, End: n.End && pg.last, Screen: screenName(t, r)}
	p.reply.Chat = e.parts(t, p, pg.text, p.reply.End)
	r.page = uint8(min(pg.at, maxPage))
	r.flags = r.flags&flagResume | flagReply
	if p.reply.End {
		r.flags |= flagEnd
	}
	if n.Private && !r.has(flagResume) {
		r.flags |= flagPrivate
	} else {
		r.reply, r.septets = pg.text, pg.septets
	}
	if r.has(flagPrivate) || pg.at > 0 || !pg.last {
		r.notice = p.talk.notice
	}
	if p.reply.End && !n.Private { // the screen is all that can be wanted again
		p.talk.vars.keep(e.m.book.Keep)
	}
	return nil
}

// keepApart numbers the answers to a question that spends money in another way than
// what was typed to come to it, where the gateway does not tell its repetitions
// from what is typed next: one of them must not say yes. The numbers stay while
// the question does.
func (e *Engine) keepApart(t *turn, p *plan) {
	if t.Cumulative || t.Key != "" || t.Caps.Chat || !p.node.Confirm || p.rec.has(flagResume) {
		return
	}
	free := p.gaps
	if i := index(p.typed, len(p.screen.Options)); i >= 0 {
		free = max(free, i+1)
	}
	p.screen.Options = slices.Insert(p.screen.Options, 0, make([]Option, free)...)
}

// gaps is how many numbers are left free before the first that is offered.
func (r *record) gaps() (n int) {
	for n < r.nOpt && r.opt[n] == hashOption("") {
		n++
	}
	return n
}

// ask has the state compose its screen; or composes the offer to go on with it.
func (e *Engine) ask(p *plan) {
	s, t := &p.screen, &p.talk
	*s = Screen{Options: s.Options[:0]}
	if p.rec.has(flagResume) {
		s.Text = t.Say(KeyResume, Arg{Name: "what", Value: t.Say(p.node.What)})
		s.Add("go", t.Say(KeyResumeGo))
		s.Add("new", t.Say(KeyResumeNew))
		return
	}
	p.node.Ask(t, s)
	s.Options = s.Options[:min(len(s.Options), maxOptions)]
	for n := len(s.Options); n > 0 && s.Options[n-1].gap(); n-- {
		s.Options = s.Options[:n-1]
	}
}

// offer notes which options are offered.
func (p *plan) offer() {
	r := &p.rec
	r.nOpt = 0
	if r.has(flagResume) {
		return
	}
	r.nOpt = len(p.screen.Options)
	for i := range p.screen.Options {
		r.opt[i] = hashOption(p.screen.Options[i].ID)
	}
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
