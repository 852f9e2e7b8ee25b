package dialog

import (
	"strconv"
	"strings"

	"spaza/gsm7"
)

// maxChoices is how many options one limited screen shows: more is hard to read
// on two lines and to remember.
const maxChoices = 5

// page is one rendered screen of a paged whole.
type page struct {
	text string
	last bool
}

// number is what is pressed for the option at index i. It skips the digits that
// mean "more" (9), so that a number never changes its meaning.
func number(i int) int {
	if i < 8 {
		return i + 1
	}
	return i + 2
}

// index is the inverse of number: which option a typed number picks, or -1.
func index(typed string, n int) int {
	if len(typed) == 0 || len(typed) > 2 || typed[0] == '0' {
		return -1
	}
	v, err := strconv.Atoi(typed)
	if err != nil || v < 1 || typed == digitMore {
		return -1
	}
	if v--; v > 8 {
		v--
	}
	if v >= n {
		return -1
	}
	return v
}

// layout renders page want (from 0) of a screen, under its notice and above its
// navigation. Where room is limited, what does not fit goes to a further page:
// no option is dropped and no prompt cut.
func (e *Engine) layout(t *Talk, s *Screen, room int, back, home, end bool, want int) page {
	fold := func(x string) string { return x }
	if room > 0 {
		fold = gsm7.Fold
	}
	head := s.Text
	if t.notice != "" {
		head = t.notice + "\n" + s.Text
	}
	head = fold(head)

	var b strings.Builder
	b.Grow(192)
	b.WriteString(head)
	for i, o := range s.Options {
		writeOption(&b, number(i), fold(o.Label))
	}
	long, short := e.nav(t, fold, back, home, end)
	whole := b.String()
	if room == 0 {
		return page{whole + long, true}
	}
	if len(s.Options) <= maxChoices {
		if fits(whole, long, room) {
			return page{whole + long, true}
		}
		if fits(whole, short, room) {
			return page{whole + short, true}
		}
	}
	return e.paged(t, head, s.Options, fold, short, room, want)
}

// nav is the navigation line, in full and as short as it may be.
func (e *Engine) nav(t *Talk, fold func(string) string, back, home, end bool) (long, short string) {
	if end {
		return "", ""
	}
	if back {
		short = "\n" + digitBack + " " + fold(t.Say(KeyBack))
		long = short
	}
	if home {
		word := digitHome + " " + fold(t.Say(KeyHome))
		if back {
			long += " " + word
		} else {
			long, short = "\n"+word, "\n"+word
		}
	}
	return long, short
}

// paged cuts a screen that does not fit into pages and returns page want, or
// the last one when there are fewer. Every page but the last offers 9, every
// page but the first offers 0 for the page before.
func (e *Engine) paged(t *Talk, head string, options []Option, fold func(string) string, nav string, room, want int) page {
	more := "\n" + digitMore + " " + fold(t.Say(KeyMore))
	prev := "\n" + digitBack + " " + fold(t.Say(KeyBack))
	next := 0 // the next option to be shown
	for at := 0; ; at++ {
		below := prev
		if at == 0 {
			below = nav
		}
		// First try what is left as the last page.
		var b strings.Builder
		b.WriteString(head)
		for i := next; i < len(options); i++ {
			writeOption(&b, number(i), fold(options[i].Label))
		}
		if len(options)-next <= maxChoices && fits(strings.TrimPrefix(b.String(), "\n"), below, room) {
			return page{strings.TrimPrefix(b.String(), "\n") + below, true}
		}
		// Otherwise fill it, leaving room for the way on.
		below += more
		left := room - septets(below)
		b.Reset()
		if septets(head) > left {
			var cut string
			cut, head = gsm7.Cut(head, left)
			b.WriteString(cut)
		} else {
			b.WriteString(head)
			head = ""
			for shown := 0; next < len(options) && shown < maxChoices; shown++ {
				var o strings.Builder
				writeOption(&o, number(next), fold(options[next].Label))
				line := o.String()
				if b.Len() == 0 {
					line = line[1:]
				}
				if septets(b.String())+septets(line) > left {
					if shown == 0 && b.Len() == 0 {
						line, _ = gsm7.Cut(line, left) // one label longer than a screen
					} else {
						break
					}
				}
				b.WriteString(line)
				next++
			}
		}
		if at == want {
			return page{b.String() + below, false}
		}
	}
}

func writeOption(b *strings.Builder, n int, label string) {
	b.WriteByte('\n')
	if n < 10 {
		b.WriteByte(byte('0' + n))
	} else {
		b.WriteString(strconv.Itoa(n))
	}
	b.WriteByte(' ')
	b.WriteString(label)
}

func septets(s string) int {
	n, _ := gsm7.Cost(s)
	return n
}

func fits(text, nav string, room int) bool { return septets(text)+septets(nav) <= room }
