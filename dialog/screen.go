package dialog

import (
	"strconv"
	"strings"

	"spaza/gsm7"
)

// maxChoices is how many options one limited screen shows: more is hard to read
// on two lines and to remember.
const maxChoices = 5

// page is one rendered screen, of one or more pages.
type page struct {
	text    string
	septets int // of the text; 0 where it was not measured
	at      int // from 0
	last    bool
}

// layout renders the page of a plan's screen that its record asks for, under
// its notice and above its navigation. Where room is limited, what does not fit
// goes to a further page: no option is dropped and no prompt cut.
func (e *Engine) layout(p *plan, room int) page {
	l := e.layoutOf(p, room)
	return l.page(int(p.rec.page))
}

func (e *Engine) layoutOf(p *plan, room int) layout {
	n := p.node
	l := layout{talk: &p.talk, screen: &p.screen, room: room, last: n.End}
	if !n.End && !p.rec.has(flagResume) {
		l.back, l.home = n.Back != "", n != e.m.start && !n.First
	}
	return l
}

// layout is one screen on its way to pages.
type layout struct {
	talk       *Talk
	screen     *Screen
	room       int    // septets; 0: no limit, and spelling is kept
	back, home bool   // the ways out that are named below
	last       bool   // the conversation ends with it, so no way back is offered
	more       string // what is said besides
}

// page renders page want, or the last where there are fewer. What the screen
// would say besides is left out where it would make another page.
func (l *layout) page(want int) page {
	if l.room == 0 || l.shown(0) <= maxChoices {
		for i := range len(l.screen.Besides) + 1 {
			if l.more = ""; i < len(l.screen.Besides) {
				l.more = l.screen.Besides[i]
			}
			s := l.whole()
			if l.room == 0 {
				return page{text: s, last: true}
			}
			n, ok := gsm7.Cost(s)
			if !ok {
				s = gsm7.Fold(s)
				n = septets(s)
			}
			if n <= l.room {
				return page{s, n, 0, true}
			}
		}
	}
	l.more = ""
	var b strings.Builder
	l.head(&b)
	return l.paged(fold(b.String()), want)
}

// whole is the screen as one page.
func (l *layout) whole() string {
	var b strings.Builder
	b.Grow(256)
	l.head(&b)
	for i := range l.screen.Options {
		l.option(&b, i, l.screen.Options[i].Label)
	}
	l.nav(&b)
	return b.String()
}

// paged cuts a screen that does not fit into pages. Every page but the last
// offers 9, every page but the first offers 0 for the page before.
func (l *layout) paged(head string, want int) page {
	way := func(digits, word string) string {
		if w := "\n" + digits + " " + fold(l.talk.Say(word)); septets(w) <= l.room/3 {
			return w
		}
		return "\n" + digits // the word would take too much of the screen
	}
	first, prev, more := "", "", way(digitMore, KeyMore)
	if !l.last {
		prev = way(digitBack, KeyBack)
	}
	switch {
	case l.back:
		first = prev
	case l.home:
		first = way(digitHome, KeyHome)
	}
	var b strings.Builder
	options := len(l.screen.Options)
	for at, next := 0, 0; ; at++ {
		below := prev
		if at == 0 {
			below = first
		}
		if l.shown(next) <= maxChoices { // may be the last
			b.Reset()
			b.WriteString(head)
			for i := next; i < options; i++ {
				l.option(&b, i, fold(l.screen.Options[i].Label))
			}
			b.WriteString(below)
			s := b.String()
			if n := septets(s); n <= l.room {
				return page{s, n, at, true}
			}
		}
		var text string
		text, head, next = l.fill(head, next, l.room-septets(below)-septets(more))
		if at == want {
			text += below + more
			return page{text, septets(text), at, false}
		}
	}
}

// fill takes what a page has room for off the prompt, and then off the options,
// that are left. It always takes something.
func (l *layout) fill(head string, next, room int) (text, restHead string, restNext int) {
	room = max(room, 2) // one character of the alphabet
	if septets(head) > room {
		text, head = cutLines(head, room)
		return text, head, next
	}
	var b strings.Builder
	b.WriteString(head)
	for took := 0; took < maxChoices && next < len(l.screen.Options); next++ {
		if l.screen.Options[next].gap() {
			continue
		}
		took++
		full := b.Len()
		l.option(&b, next, fold(l.screen.Options[next].Label))
		if septets(b.String()) > room {
			if full > 0 {
				return b.String()[:full], "", next
			}
			text, head = gsm7.Cut(b.String(), room) // one label longer than a screen
			return text, head, next + 1
		}
	}
	return b.String(), "", next
}

// cutLines cuts a prompt at the end of a line, since a line may be a number that
// must be read as a whole; inside one only where less than half a page would be
// left.
func cutLines(s string, room int) (text, rest string) {
	text, rest = gsm7.Cut(s, room)
	end := strings.LastIndexByte(text, '\n')
	if rest == "" || s[len(text)] == '\n' || end < 0 || 2*septets(text[:end]) < room {
		return text, rest
	}
	return text[:end], s[end+1:]
}

// fold spells a text within the alphabet, without blanks at its end.
func fold(s string) string { return strings.TrimRight(gsm7.Fold(s), " \n\r\f") }

// head writes the notice and the prompt.
func (l *layout) head(b *strings.Builder) {
	for _, s := range [...]string{l.talk.notice, l.screen.Text} {
		if s == "" {
			continue
		}
		line(b)
		b.WriteString(s)
	}
	if l.more != "" {
		b.WriteByte(' ')
		b.WriteString(l.more)
	}
}

// shown is how many options are shown from one on.
func (l *layout) shown(from int) (n int) {
	for i := from; i < len(l.screen.Options); i++ {
		if !l.screen.Options[i].gap() {
			n++
		}
	}
	return n
}

// option writes one choice under its number; of a gap, nothing.
func (l *layout) option(b *strings.Builder, i int, label string) {
	if l.screen.Options[i].gap() {
		return
	}
	line(b)
	if n := number(i); n < 10 {
		b.WriteByte(byte('0' + n))
	} else {
		b.WriteString(strconv.Itoa(n))
	}
	b.WriteByte(' ')
	b.WriteString(label)
}

// nav writes the navigation line in full.
func (l *layout) nav(b *strings.Builder) {
	if l.back {
		line(b)
		l.key(b, digitBack, KeyBack)
	}
	if l.home {
		if l.back {
			b.WriteByte(' ')
		} else {
			line(b)
		}
		l.key(b, digitHome, KeyHome)
	}
}

// key writes what can be pressed, and the word for it.
func (l *layout) key(b *strings.Builder, digits, word string) {
	b.WriteString(digits)
	b.WriteByte(' ')
	b.WriteString(l.talk.Say(word))
}

// line begins a new line, unless it is the first.
func line(b *strings.Builder) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
}

func septets(s string) int {
	n, _ := gsm7.Cost(s)
	return n
}
