package dialog

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxInput bounds one input in bytes: what one USSD message can carry.
const maxInput = 182

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
			b.WriteByte('0' + digitValue(r))
		default:
			b.WriteRune(r)
		}
	}
	text := strings.TrimLeftFunc(b.String(), unicode.IsSpace)
	return strings.TrimRightFunc(text, func(r rune) bool { return r == '#' || unicode.IsSpace(r) })
}

// digitValue is the value of a decimal digit of any script: Unicode keeps each
// ten in a row from a zero, and some tens right behind one another.
func digitValue(r rune) byte {
	first := r
	for unicode.IsDigit(first - 1) {
		first--
	}
	return byte((r - first) % 10)
}

// number is what is pressed for the option at index i. It skips the digit that
// means "more" (9), so that a number never changes its meaning.
func number(i int) int {
	if i < 8 {
		return i + 1
	}
	return i + 2
}

// index is the inverse of number: which of n options a typed number picks, or
// -1.
func index(typed string, n int) int {
	v := 0
	for _, c := range []byte(typed) {
		if c < '0' || c > '9' {
			return -1
		}
		v = v*10 + int(c-'0')
	}
	if len(typed) == 0 || len(typed) > 2 || typed[0] == '0' || typed == digitMore {
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
