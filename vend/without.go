package vend

import "strings"

// shortestName is how many characters of a number make it one: fewer would tear
// other words apart.
const shortestName = 6

// without takes names of somebody out of words that a person wrote: phone numbers
// in every way in which they are written, and others (meters, accounts) whatever
// stands between their digits.
func without(text string, names ...string) string {
	for _, name := range names {
		if core := coreOf(name); len(core) >= shortestName {
			text = withoutCore(text, core)
		}
	}
	return text
}

// coreOf is what all ways of writing a name have in common: of a phone number, the
// nine digits behind the zero or the code of the country.
func coreOf(name string) string {
	if len(name) == 11 && strings.HasPrefix(name, "27") && strings.Trim(name, "0123456789") == "" {
		return name[2:]
	}
	var b strings.Builder
	for i := range len(name) {
		if !between(name[i]) {
			b.WriteByte(upper(name[i]))
		}
	}
	return b.String()
}

// withoutCore takes a core out of a text, and a zero or a code of the country
// before it.
func withoutCore(text, core string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		end := matches(text, i, core)
		if end < 0 {
			b.WriteByte(text[i])
			i++
			continue
		}
		kept := withoutCode(b.String())
		b.Reset()
		b.WriteString(kept + erasedWord)
		i = end
	}
	return b.String()
}

// matches is where core ends in a text, if it begins at i, whatever stands between
// its characters; negative when it does not.
func matches(text string, i int, core string) int {
	at := 0
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case upper(c) == core[at]:
			if at++; at == len(core) {
				return i + 1
			}
		case at == 0 || !between(c):
			return -1
		}
	}
	return -1
}

// withoutCode is a text without what stands before the nine digits of a phone
// number at its end: a zero, the code of the country, or both, as in +27 (0).
func withoutCode(s string) string {
	s, zero := cutEnd(s, "0")
	if zero {
		s, _ = cutEnd(s, "0027", "+27")
		return s
	}
	s, _ = cutEnd(s, "0027", "+27", "27")
	return s
}

// cutEnd is a text without the first of some ends that it has, and without the
// blanks behind that; not where it is only the end of a longer number.
func cutEnd(s string, ends ...string) (string, bool) {
	bare := strings.TrimRightFunc(s, func(r rune) bool { return r == '\u00a0' || r < 0x80 && between(byte(r)) })
	for _, end := range ends {
		if rest, ok := strings.CutSuffix(bare, end); ok && (rest == "" || !digit(rest[len(rest)-1])) {
			return rest, true
		}
	}
	return s, false
}

// between says whether a character may stand inside a number. The bytes of a
// no-break space are among them.
func between(c byte) bool {
	return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/' || c == '\t' || c == 0xc2 || c == 0xa0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}
