package dialog

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
)

// What differs where people write as they talk: screens in parts, buttons that
// stay in sight long after their screen, words in place of numbers, and people
// whose number is not known.

// named says whether the surface can say which screen is answered: where it names
// every message.
func (t *turn) named() bool { return t.Caps.Chat || t.Key != "" && !t.Cumulative }

// screenName names the screen that answered a turn. It is made of the turn's hash,
// so it tells nothing and can not be made up.
func screenName(t *turn, r *record) string {
	if !t.named() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(r.turn[:6])
}

// stale says whether a turn answers a screen that is not the one that stands.
func stale(t *turn, r *record) bool { return t.Answers != "" && t.Answers != screenName(t, r) }

// outdated says whether something was written before the question was shown that
// it would answer, and that question spends money.
func outdated(t *turn, p *plan) bool {
	return p.node.Confirm && t.Answers == "" && !t.Arrived.IsZero() && t.Arrived.Unix() < int64(p.rec.saved)
}

// reshow answers with the screen that stands. Nothing changes.
func (e *Engine) reshow(ctx context.Context, t *turn, p *plan) error {
	if err := e.repeat(ctx, t, p); err != nil {
		return err
	}
	if t.report.Outcome == Replayed {
		t.report.Outcome = Stale
	}
	return nil
}

// stranger says that a turn is of somebody whose number is not known.
func (t *turn) stranger() bool { return t.Caps.Chat && t.Number == "" }

// opening is where a conversation opens for whoever is writing.
func (e *Engine) opening(t *turn) *node {
	if t.stranger() {
		return e.m.stranger
	}
	return e.m.start
}

// misplaced says whether a conversation stands where whoever writes has no
// business: who has no number, or has one by now.
func (e *Engine) misplaced(t *turn, n *node) bool {
	return t.Caps.Chat && n != nil && !n.ID.Builtin() && t.stranger() != n.Stranger
}

// spoken is where the words of a chat lead: the inputs that go there from the start.
// ok is false where the words are an answer to what was asked.
func (e *Engine) spoken(t *turn, n *node, input string) (inputs []string, ok bool) {
	if !t.Caps.Chat || t.Answers != "" || e.m.book.Verb == nil {
		return nil, false
	}
	text := strings.ToLower(clean(input))
	if n != nil && (n.Words || n.Secret) && !strings.HasPrefix(text, "/") {
		return nil, false
	}
	inputs, ok = e.m.book.Verb(text)
	return inputs[:min(len(inputs), maxDeep)], ok
}

// parts takes apart a screen whose text says all of it.
func (e *Engine) parts(t *turn, p *plan, text string, end bool) *Parts {
	if !t.Caps.Chat {
		return nil
	}
	parts := &Parts{Prompt: text, Forget: p.forget, Linked: p.talk.linked}
	switch {
	case !end && p.node != nil:
		parts.Prompt, parts.Choices = e.choices(p, text)
	case t.stranger(): // for whom there is no menu
	default:
		parts.Receipt, parts.Choices = p.talk.Text(e.m.book.Receipt), []Choice{p.wayHome()}
	}
	if p.node != nil && !p.rec.has(flagResume) {
		parts.Wants, parts.Private, parts.Copy = p.screen.Wants, p.node.Private, p.screen.Copy
	}
	return parts
}

func (p *plan) wayHome() Choice {
	return Choice{Input: digitHome, Label: p.talk.Say(KeyHome), Way: true}
}

// choices are what the screen of a plan offers, the ways out last, and what of its
// text is not they.
func (e *Engine) choices(p *plan, text string) (prompt string, all []Choice) {
	l := e.layoutOf(p, 0)
	var below strings.Builder
	below.WriteByte(' ') // so that the first begins a line
	for i, o := range p.screen.Options {
		if o.gap() {
			continue
		}
		l.option(&below, i, o.Label)
		c := Choice{Input: strconv.Itoa(number(i)), Label: o.Label}
		if o.ID == ContactOption && p.screen.Wants == WantsContact {
			c.Input = ContactOption
		}
		all = append(all, c)
	}
	l.nav(&below)
	if l.back {
		all = append(all, Choice{Input: digitBack, Label: p.talk.Say(KeyBack), Way: true})
	}
	if l.home {
		all = append(all, p.wayHome())
	}
	if prompt = strings.TrimSuffix(text, below.String()[1:]); prompt == "" {
		prompt = text
	}
	return prompt, all
}
