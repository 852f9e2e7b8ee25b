package recon

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxShown bounds one text of a file in a report, in characters.
const maxShown = 64

// clean makes a text of a file fit for terminals and spreadsheets: nothing in it
// moves the cursor, changes the direction of writing or starts a formula, and it
// has at most limit characters.
func clean(s string, limit int) string {
	var b strings.Builder
	n, begun := 0, false
	for _, r := range s {
		if n == limit {
			b.WriteString("...")
			break
		}
		n++
		switch {
		case r == utf8.RuneError, !unicode.IsPrint(r) && !unicode.IsSpace(r):
			r = '?'
		case unicode.IsSpace(r):
			r = ' '
		}
		if !begun && strings.ContainsRune("=+-@", r) {
			b.WriteByte('\'')
		}
		begun = begun || r != ' '
		b.WriteRune(r)
	}
	return b.String()
}
