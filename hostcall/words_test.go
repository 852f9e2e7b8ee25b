package hostcall

import (
	"strings"
	"testing"

	"spaza/secret"
)

func TestForeignWordsAreScrubbed(t *testing.T) {
	for in, want := range map[string]string{
		"no such voucher":               "no such voucher",
		"voucher 5000500000000001 used": "voucher [digits] used",
		"pin 5000 5000 0000 0001.":      "pin [digits].",
		"pin 5000-5000-0000-0001":       "pin [digits]",
		"code 2402 for 12345678":        "code 2402 for 12345678",
		"123456789":                     "[digits]",
		"key SECRET-KEY here":           "key [secret] here",
		"two\nlines\x00and\x1b[31m":     "two lines and [31m",
	} {
		if got := Scrub(in, []secret.Text{secret.New("SECRET-KEY"), secret.New("a")}); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := Scrub(strings.Repeat("é", 500), nil); len([]rune(got)) > MaxWords+3 {
		t.Errorf("long words stay %d characters", len([]rune(got)))
	}
}
