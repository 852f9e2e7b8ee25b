package dialog

import (
	"fmt"

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
	p.offer()
	pg := e.layout(p, t.Caps.Septets)
	p.reply = Reply{Text: pg.text, End: n.End && pg.last}
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

// ask has the state compose its screen; or composes the offer to go on with it.
func (e *Engine) ask(p *plan) {
	s, t := &p.screen, &p.talk
	s.Text, s.Options, s.Besides = "", s.Options[:0], nil
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
