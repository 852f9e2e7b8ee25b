package vend

import (
	"strings"
	"testing"
)

func TestANumberIsTakenOutOfWordsHoweverItIsWritten(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"0821234567", "[erased]"},
		{"27821234567", "[erased]"},
		{"+27821234567", "[erased]"},
		{"0027821234567", "[erased]"},
		{"821234567", "[erased]"},
		{"+27 (0) 82 123-4567", "[erased]"},
		{"+27 82 123 4567", "[erased]"},
		{"(082) 123 4567", "([erased]"},
		{"082\u00a0123\u00a04567", "[erased]"},
		{"082/123/4567", "[erased]"},
		{"phoned from 082.123.4567 at 9", "phoned from [erased] at 9"},
		{"0821234567,0821234567 and 0831112222", "[erased],[erased] and 0831112222"},
		{"order 5 0821234567", "order 5 [erased]"},
		{"order 50 821234567", "order 50 [erased]"},
		{"x50821234567", "x50[erased]"},
		{"082 123 456", "082 123 456"},
		{"", ""},
		{"café 0821234567", "café [erased]"},
		{"082 12 34 56 82 123 45 67", "082 12 34 56 [erased]"},
	} {
		if got := without(c.text, "27821234567"); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestMetersAndAccountsAreTakenOutToo(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"14000000019", "meter 1400 0000 019 is wrong", "meter [erased] is wrong"},
		{"ab-12/34", "account AB1234!", "account [erased]!"},
		{"12345", "R12345", "R12345"}, // too short to be told from other words
		{"", "as it is", "as it is"},
	} {
		if got := without(c.text, c.name); got != c.want {
			t.Errorf("%q without %q: %q, want %q", c.text, c.name, got, c.want)
		}
	}
}

// bareDigits is the digits of a text, with a gap where something stands between
// them that is not part of a number.
func bareDigits(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch {
		case digit(s[i]):
			b.WriteByte(s[i])
		case !between(s[i]):
			b.WriteByte('|')
		}
	}
	return b.String()
}

func FuzzNothingOfANumberIsLeftInWords(f *testing.F) {
	for _, s := range []string{"0821234567", "+27 82-123 4567", "82 182 123 4567", "821821234567", "82123456 7 821234567", "[erased]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := without(text, "27821234567")
		if strings.Contains(bareDigits(got), "821234567") {
			t.Errorf("%q keeps the number: %q", text, got)
		}
		if got != text && !strings.Contains(got, erasedWord) {
			t.Errorf("%q was changed, and does not say so: %q", text, got)
		}
		if again := without(got, "27821234567"); again != got {
			t.Errorf("%q, and once more: %q", got, again)
		}
	})
}
