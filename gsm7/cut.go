package gsm7

import (
	"strings"
	"unicode/utf8"
)

// blanks are where a text may be broken.
const blanks = " \n\r\f"

// Cut splits s so that head takes at most that many septets: at the last blank
// that allows it, or inside a word that is longer than all the room. The blanks
// at the cut are dropped, a character is never torn, and nothing else is lost.
// A text that fits comes back whole, as head.
//
// Characters outside the alphabet count as one septet. Where not even one
// character fits, head is empty and rest has all of s but blanks at its start.
func Cut(s string, septets int) (head, rest string) {
	used, word := 0, 0 // word: the last place to break, after the word that ends there
	started := false   // a word has begun
	for i, r := range s {
		w, blank := 1, r < utf8.RuneSelf && strings.IndexByte(blanks, byte(r)) >= 0
		if c := code(r); c != outside {
			w = width(c)
		}
		if blank && started {
			word = i
		}
		if used+w > septets {
			if word == 0 {
				word = i
			}
			return strings.TrimRight(s[:word], blanks), strings.TrimLeft(s[word:], blanks)
		}
		used += w
		started = started || !blank
	}
	return s, ""
}
