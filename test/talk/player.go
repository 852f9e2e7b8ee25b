package talk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	"spaza/dialog"
	"spaza/gsm7"
)

// player plays one transcript.
type player struct {
	World
	store dialog.Store
	verbs map[string]Verb
	calls int // dialled so far; makes session names
	// messages are counted where each has a name.
	messages int
	phone    phone
	other    map[string]phone // the phones that were laid aside, by number
}

// phone is one customer's.
type phone struct {
	session string
	open    bool         // a question is on the screen
	text    string       // typed since the dial
	last    string       // typed last
	turn    dialog.Turn  // the last callback
	reply   dialog.Reply // what it was answered
	screens int          // shown since the dial
}

// play does every step and returns what was shown under each. It must run in a
// synctest bubble. Steps that were not reached show what is written.
func (s script) play(ctx context.Context, w World) ([][]string, error) {
	p := &player{World: w, other: map[string]phone{}}
	p.store = watched{dialog.NewMemory(), w.Saved}
	if p.User == "" {
		p.User = "27821234567"
	}
	switch p.Septets {
	case 0:
		p.Septets = 160
	case noLimit:
		p.Septets = 0
	}
	if p.Tidy == nil {
		p.Tidy = func(s string) string { return s }
	}
	if p.Engine.Hash == nil {
		p.Engine.Hash = func(purpose, s string) [32]byte { return sha256.Sum256([]byte(purpose + "\x00" + s)) }
	}
	p.verbs = p.own(ctx)
	for name, v := range w.Verbs {
		if p.verbs[name] != nil {
			return nil, fmt.Errorf("verb %q is there already", name)
		}
		p.verbs[name] = prefixed(v)
	}

	shown := make([][]string, len(s.steps))
	for i, st := range s.steps {
		shown[i] = st.shown
	}
	for i, st := range s.steps {
		do := p.verbs[st.verb]
		if do == nil {
			return shown, fmt.Errorf("line %d: there is no verb %q", st.line, st.verb)
		}
		lines, err := do(st.args)
		if err != nil {
			return shown, fmt.Errorf("line %d: %s: %w", st.line, st.source(), err)
		}
		synctest.Wait() // what goes on behind the screen comes to rest
		shown[i] = lines
	}
	if p.End != nil {
		if err := p.End(); err != nil {
			return shown, fmt.Errorf("at the end: %w", err)
		}
	}
	return shown, nil
}

// watched tells of what is saved.
type watched struct {
	dialog.Store
	saved func(record string)
}

// Save implements dialog.Store.
func (w watched) Save(ctx context.Context, key, prev, record string, life time.Duration) (string, bool, error) {
	current, saved, err := w.Store.Save(ctx, key, prev, record, life)
	if saved && err == nil && w.saved != nil {
		w.saved(record)
	}
	return current, saved, err
}

func prefixed(v Verb) Verb {
	return func(args string) ([]string, error) {
		lines, err := v(args)
		for i := range lines {
			lines[i] = "= " + lines[i]
		}
		return lines, err
	}
}

// own are the verbs of every transcript.
func (p *player) own(ctx context.Context) map[string]Verb {
	return map[string]Verb{
		"dial": func(deep string) ([]string, error) {
			p.calls++
			time.Sleep(betweenCalls)
			p.phone = phone{session: "call-" + strconv.Itoa(p.calls), text: deep}
			return p.send(ctx, p.callback())
		},
		">": func(typed string) ([]string, error) {
			if err := p.typed(typed); err != nil {
				return nil, err
			}
			return p.send(ctx, p.callback())
		},
		"lean": func(args string) ([]string, error) {
			key, times, _ := strings.Cut(args, " ")
			n, err := strconv.Atoi(times)
			if err != nil || key == "" {
				return nil, errors.New("want a key and how often")
			}
			if err := p.typed(strings.Repeat(key, n)); err != nil {
				return nil, err
			}
			return p.send(ctx, p.callback())
		},
		"again": func(string) ([]string, error) {
			if p.phone.turn.Session == "" {
				return nil, errors.New("there was no callback yet")
			}
			before := p.phone.reply
			lines, err := p.send(ctx, p.phone.turn)
			if err == nil && p.phone.reply != before {
				err = fmt.Errorf("another answer to the same callback:\n%s", strings.Join(lines, "\n"))
			}
			return []string{"= the same"}, err
		},
		"retry": func(string) ([]string, error) {
			if p.phone.turn.Session == "" {
				return nil, errors.New("there was no callback yet")
			}
			return p.send(ctx, p.phone.turn)
		},
		"lost": func(typed string) ([]string, error) {
			if err := p.typed(typed); err != nil {
				return nil, err
			}
			e, _, err := p.engine()
			if err != nil {
				return nil, err
			}
			in := p.callback()
			p.phone.turn, p.phone.reply, p.phone.open = in, dialog.Reply{}, false
			go func() { _, _ = e.Handle(ctx, in) }()
			return nil, nil
		},
		"drop": func(string) ([]string, error) {
			p.phone.open = false
			return nil, nil
		},
		"hangup": func(string) ([]string, error) {
			e, _, err := p.engine()
			if err != nil {
				return nil, err
			}
			p.phone.open = false
			_, err = e.Handle(ctx, dialog.Turn{
				Channel: "talk", User: p.User, Session: p.phone.session, Event: dialog.Ended, Status: "incomplete",
			})
			return nil, err
		},
		"wait": func(args string) ([]string, error) {
			d, err := time.ParseDuration(args)
			if err != nil {
				return nil, fmt.Errorf("want a time such as 6m: %w", err)
			}
			time.Sleep(d)
			return nil, nil
		},
		"screens": func(args string) ([]string, error) {
			if got := strconv.Itoa(p.phone.screens); got != args {
				return nil, fmt.Errorf("there were %s screens since the dial", got)
			}
			return nil, nil
		},
		"network": func(name string) ([]string, error) {
			p.Network = name
			return nil, nil
		},
		"caps": func(args string) ([]string, error) {
			n, err := strconv.Atoi(args)
			if err != nil {
				return nil, fmt.Errorf("want a number of septets: %w", err)
			}
			p.Septets = n
			return nil, nil
		},
		"phone": func(number string) ([]string, error) {
			if len(number) != 11 {
				return nil, errors.New("want a number of 11 digits")
			}
			p.other[p.User] = p.phone
			p.User, p.phone = number, p.other[number]
			return nil, nil
		},
	}
}

// betweenCalls passes before each call, so that what is done in one is older than
// what is done in the next.
const betweenCalls = 10 * time.Millisecond

// typed adds an answer to what was typed since the dial.
func (p *player) typed(s string) error {
	if !p.phone.open {
		return errors.New("no question is on the screen")
	}
	if p.phone.text != "" {
		p.phone.text += "*"
	}
	p.phone.text += s
	p.phone.last = s
	return nil
}

// callback is what the gateway sends now.
func (p *player) callback() dialog.Turn {
	in := dialog.Turn{
		Channel: "talk", User: p.User, Session: p.phone.session, Text: p.phone.text, Cumulative: true,
		Network: p.Network, Caps: dialog.Caps{Septets: p.Septets},
	}
	if p.keyed {
		p.messages++
		in.Text, in.Cumulative, in.Key = p.phone.last, false, "message "+strconv.Itoa(p.messages)
	}
	return in
}

// engine makes a new engine on the old sessions: it has nothing to remember
// them by. report is filled in by the first turn that it handles.
func (p *player) engine() (e *dialog.Engine, report *dialog.Report, err error) {
	report = new(dialog.Report)
	o := p.Engine
	o.Observe = func(r dialog.Report) {
		*report = r
		if p.Engine.Observe != nil {
			p.Engine.Observe(r)
		}
	}
	e, err = dialog.New(p.Book, p.Words, p.store, o)
	return e, report, err
}

// send has a callback answered and returns the lines to stand under it.
func (p *player) send(ctx context.Context, in dialog.Turn) ([]string, error) {
	e, report, err := p.engine()
	if err != nil {
		return nil, err
	}
	reply, err := e.Handle(ctx, in)
	p.phone.turn, p.phone.reply, p.phone.open = in, reply, !reply.End
	p.phone.screens++
	var lines []string
	for l := range strings.SplitSeq(p.Tidy(reply.Text), "\n") {
		lines = append(lines, strings.TrimRight("| "+l, " "))
	}
	if note := noteOf(reply, *report); note != "" {
		lines = append(lines, "= "+note)
	}
	switch report.Outcome {
	case dialog.Answered, dialog.Replayed, dialog.Offered, dialog.Conflict:
		if err != nil {
			return lines, fmt.Errorf("handle turn: %w", err)
		}
	}
	return lines, p.fits(reply.Text)
}

// noteOf says of an answer what its text does not.
func noteOf(reply dialog.Reply, r dialog.Report) string {
	var notes []string
	if reply.End {
		notes = append(notes, "end")
	}
	switch r.Outcome {
	case dialog.Answered, dialog.Replayed, dialog.Offered:
	default:
		notes = append(notes, string(r.Outcome))
	}
	return strings.Join(notes, ", ")
}

// fits refuses a screen that the phone could not show.
func (p *player) fits(text string) error {
	if p.Septets == 0 {
		return nil
	}
	switch n, ok := gsm7.Cost(text); {
	case !ok:
		return fmt.Errorf("a letter is outside the alphabet of the phone: %q", text)
	case n > p.Septets:
		return fmt.Errorf("the screen takes %d septets and has room for %d: %q", n, p.Septets, text)
	}
	return nil
}
