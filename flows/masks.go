package flows

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maskedNameMost = 20 // characters of a masked name
	maskedPartMost = 6  // characters of one part of it: a length tells names apart as well
)

// maskName writes a person's name so that who knows them recognises it, and
// nobody learns it: the first letter of every part, "T**** M******". What has no
// letter says nothing, and is left out; of a name without any, "" is left.
func maskName(name string) string {
	var b strings.Builder
	room := maskedNameMost
	for _, word := range strings.Fields(name) {
		between := " "
		for part := range strings.SplitSeq(word, "-") {
			masked := maskPart(part)
			if masked == "" {
				continue
			}
			if b.Len() == 0 {
				between = ""
			}
			if room -= len(between) + utf8.RuneCountInString(masked); room < 0 {
				return b.String()
			}
			b.WriteString(between)
			b.WriteString(masked)
			between = "-"
		}
	}
	return b.String()
}

// maskPart is the first letter of a part and a star for each character after it;
// "" where there is no letter.
func maskPart(part string) string {
	first, n := rune(0), 0
	for _, r := range part {
		switch {
		case first == 0 && unicode.IsLetter(r):
			first, n = r, 1
		case first != 0 && !unicode.IsMark(r):
			n++
		}
	}
	if first == 0 {
		return ""
	}
	return string(first) + strings.Repeat("*", min(n, maskedPartMost)-1)
}

// maskTail writes a meter or an account so that its owner knows it and others do
// not: "***4567".
func maskTail(s string) string { return maskLast(s, 4) }

// maskLast shows the last n characters, and never more than half of them.
func maskLast(s string, n int) string {
	all := []rune(s)
	n = min(n, len(all)/2)
	return "***" + string(all[len(all)-n:])
}
