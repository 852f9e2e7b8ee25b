package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"spaza/gsm7"
)

const (
	screenColumns = 40 // of the box, edges included
	screenSeptets = 160
	screenUCS2    = 80 // UTF-16 units
)

// longDigits is a voucher PIN or a token, also when written in groups: 16
// digits and more.
var longDigits = regexp.MustCompile(`\d(?:[ -]?\d){15,}`)

// maskDigits hides voucher PINs in what is echoed.
func maskDigits(s string) string {
	return longDigits.ReplaceAllStringFunc(s, func(run string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '*'
			}
			return r
		}, run)
	})
}

// printable keeps a text from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', unicode.IsPrint(r):
			return r
		case r == '\r':
			return -1
		}
		return '?'
	}, s)
}

// gauge says how much of the room of one screen a text takes.
func gauge(text string) (label string, over bool) {
	used, limit, unit := 0, screenSeptets, ""
	if septets, ok := gsm7.Cost(text); ok {
		used = septets
	} else {
		used, limit, unit = gsm7.UCS2Len(text), screenUCS2, " UCS-2"
	}
	label = fmt.Sprintf("%d/%d%s", used, limit, unit)
	if used > limit {
		return label + " TOO LONG", true
	}
	return label, false
}

// box draws a text as a phone would show it, with a word in each corner.
func box(text, topLeft, topRight, bottomLeft, bottomRight string) string {
	var b strings.Builder
	b.WriteString(edge("┌", "┐", topLeft, topRight))
	for line := range strings.SplitSeq(strings.TrimSuffix(printable(text), "\n"), "\n") {
		for _, part := range wrap(line, screenColumns-4) {
			fmt.Fprintf(&b, "│ %s%s │\n", part, strings.Repeat(" ", screenColumns-4-utf8.RuneCountInString(part)))
		}
	}
	b.WriteString(edge("└", "┘", bottomLeft, bottomRight))
	return b.String()
}

func edge(left, right, a, z string) string {
	pad := func(s string) string {
		if s == "" {
			return ""
		}
		return " " + s + " "
	}
	a, z = pad(a), pad(z)
	line := screenColumns - 4 - utf8.RuneCountInString(a) - utf8.RuneCountInString(z)
	return left + "─" + a + strings.Repeat("─", max(line, 1)) + z + "─" + right + "\n"
}

// wrap breaks a line at blanks into parts of at most width characters, and a
// word that is longer wherever it must.
func wrap(line string, width int) []string {
	var parts []string
	rest := []rune(line)
	for len(rest) > width {
		cut := width
		for i := width; i > 0; i-- {
			if rest[i] == ' ' {
				cut = i
				break
			}
		}
		parts = append(parts, strings.TrimRight(string(rest[:cut]), " "))
		rest = rest[cut:]
		if rest[0] == ' ' {
			rest = rest[1:]
		}
	}
	return append(parts, string(rest))
}
