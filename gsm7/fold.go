package gsm7

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unknown stands for what can not be spelled within the alphabet.
const unknown = '?'

// Fold spells s within the alphabet. Characters that the alphabet has are kept;
// a letter with a mark that it lacks loses the mark (ê, š, ṱ become e, s, t);
// typographic characters become plain ones; what remains becomes '?'. A text
// within the alphabet comes back as it is, and costs no allocation.
func Fold(s string) string {
	if _, ok := Cost(s); ok {
		return s
	}
	// Composed first, so that e and a separate acute accent are the é that the
	// alphabet has.
	s = norm.NFC.String(s)
	b := make([]byte, 0, len(s)+8)
	for _, r := range s {
		b, _ = appendFolded(b, r)
	}
	return string(b)
}

// Lost lists the characters of s for which Fold has no spelling, in their order.
func Lost(s string) []rune {
	var lost []rune
	var b []byte
	for _, r := range norm.NFC.String(s) {
		var ok bool
		if b, ok = appendFolded(b[:0], r); !ok {
			lost = append(lost, r)
		}
	}
	return lost
}

// appendFolded writes a character as Fold does; not ok where it has no spelling.
func appendFolded(b []byte, r rune) ([]byte, bool) {
	if b, ok := appendSpelled(b, r); ok {
		return b, true
	}
	parts := norm.NFKD.PropertiesString(string(r)).Decomposition()
	start := len(b)
	for _, part := range string(parts) {
		var ok bool
		if b, ok = appendSpelled(b, part); !ok {
			return append(b[:start], unknown), false
		}
	}
	if len(parts) == 0 {
		return append(b, unknown), false
	}
	return b, true
}

// appendSpelled writes a character that needs no taking apart; marks and
// invisible characters are written as nothing.
func appendSpelled(b []byte, r rune) ([]byte, bool) {
	if code(r) != outside {
		return utf8.AppendRune(b, r), true
	}
	if s := spelling(r); s != "" {
		return append(b, s...), true
	}
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return b, true
	case unicode.Is(unicode.Zs, r):
		return append(b, ' '), true
	}
	return b, false
}

// spelling is the table for characters that Unicode does not take apart into a
// letter of the alphabet and its marks; empty for all others.
func spelling(r rune) string {
	switch r {
	case '‘', '’', '‚', '‛', '′', 'ʼ', 'ʻ', '´', '`', '‹', '›':
		return "'"
	case '“', '”', '„', '‟', '″', '«', '»':
		return `"`
	case '‐', '‑', '‒', '–', '—', '―', '−', '⁃':
		return "-"
	case '…':
		return "..."
	case '•', '·', '∙', '●', '▪':
		return "*"
	case '⁄':
		return "/"
	case '×':
		return "x"
	case 'ŉ': // Afrikaans: 'n, with an apostrophe
		return "'n"
	case 'đ', 'ð':
		return "d"
	case 'Đ', 'Ð':
		return "D"
	case 'ħ':
		return "h"
	case 'Ħ':
		return "H"
	case 'ı':
		return "i"
	case 'ł':
		return "l"
	case 'Ł':
		return "L"
	case 'ŋ':
		return "n"
	case 'Ŋ':
		return "N"
	case 'œ':
		return "oe"
	case 'Œ':
		return "OE"
	case 'þ':
		return "th"
	case 'Þ':
		return "Th"
	case 'ẞ':
		return "ß"
	case '\t':
		return " "
	case '\v', '\u0085', '\u2028', '\u2029':
		return "\n"
	}
	return ""
}
