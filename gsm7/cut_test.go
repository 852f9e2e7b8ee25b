package gsm7_test

import (
	"strings"
	"testing"

	"spaza/gsm7"

	"pgregory.net/rapid"
)

func TestCutBreaksAtAWordWherePossible(t *testing.T) {
	for _, c := range []struct {
		name       string
		text       string
		septets    int
		head, rest string
	}{
		{"what fits stays whole", "Buy airtime", 11, "Buy airtime", ""},
		{"one too many", "Buy airtime", 10, "Buy", "airtime"},
		{"a word that ends at the edge", "Buy airtime", 3, "Buy", "airtime"},
		{"the blank may be the one too many", "Buy airtime now", 11, "Buy airtime", "now"},
		{"several blanks", "Buy   airtime", 5, "Buy", "airtime"},
		{"a line end is a blank", "Buy\nairtime", 6, "Buy", "airtime"},
		{"a word longer than the room", "Kwaphindwaphindwa", 5, "Kwaph", "indwaphindwa"},
		{"a long word after blanks", "  Kwaphindwa", 5, "  Kwa", "phindwa"},
		{"never inside a pair", "aa€b", 3, "aa", "€b"},
		{"a pair that just fits", "aa€b", 4, "aa€", "b"},
		{"only blanks remain", "Buy  ", 3, "Buy", ""},
		{"no room", "Buy", 0, "", "Buy"},
		{"no room for a pair", "€", 1, "", "€"},
		{"less than no room", "Buy", -1, "", "Buy"},
		{"nothing", "", 0, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if head, rest := gsm7.Cut(c.text, c.septets); head != c.head || rest != c.rest {
				t.Errorf("got %q and %q, want %q and %q", head, rest, c.head, c.rest)
			}
		})
	}
}

// checkCut holds for every cut of a text of the alphabet.
func checkCut(t interface{ Fatalf(string, ...any) }, s string, septets int) {
	head, rest := gsm7.Cut(s, septets)
	whole, _ := gsm7.Cost(s)
	if n, ok := gsm7.Cost(head); !ok || (n > septets && head != "") {
		t.Fatalf("%q cut at %d: head %q takes %d", s, septets, head, n)
	}
	if whole <= septets && (head != s || rest != "") {
		t.Fatalf("%q fits into %d and was cut into %q and %q", s, septets, head, rest)
	}
	if !strings.HasPrefix(s, head) || !strings.HasSuffix(s, rest) || len(head)+len(rest) > len(s) {
		t.Fatalf("%q cut at %d: %q and %q are not its ends", s, septets, head, rest)
	}
	if gone := s[len(head) : len(s)-len(rest)]; strings.Trim(gone, " \n\r\f") != "" {
		t.Fatalf("%q cut at %d loses %q", s, septets, gone)
	}
	if septets >= 2 && s != "" && len(rest) >= len(s) {
		t.Fatalf("%q cut at %d goes no further", s, septets)
	}
	// Torn only when the head is a single word.
	if head != "" && rest != "" && len(head)+len(rest) == len(s) && strings.ContainsAny(strings.TrimLeft(head, " \n\r\f"), " \n\r\f") {
		t.Fatalf("%q cut at %d tears a word that had room on the next page: %q, %q", s, septets, head, rest)
	}
}

func TestCutLosesNothingButBlanks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("aaab  \n€é{@"))).Draw(rt, "text")
		checkCut(rt, s, rapid.IntRange(-1, 30).Draw(rt, "septets"))
	})
}

func FuzzCut(f *testing.F) {
	f.Add("Buy airtime", 6)
	f.Add("aa€b", 3)
	f.Add("  x", 1)
	f.Fuzz(func(t *testing.T, s string, septets int) { checkCut(t, gsm7.Fold(s), septets) })
}

func BenchmarkCut(b *testing.B) {
	s := strings.Repeat("Airtime ", 20)
	b.ReportAllocs()
	for b.Loop() {
		gsm7.Cut(s, 140)
	}
}
