package gsm7_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"spaza/gsm7"

	"pgregory.net/rapid"
)

// alphabet is every character that may appear in a folded text, basic first,
// then those of two septets.
const (
	basicChars = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extendedChars = "\f^{}\\[~]|€"
)

// anyText draws texts of the alphabet.
func anyText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.SampledFrom([]rune(basicChars + extendedChars)))
}

func TestTheAlphabetHasExactlyItsCharacters(t *testing.T) {
	want := map[rune]int{}
	for _, r := range basicChars {
		want[r] = 1
	}
	for _, r := range extendedChars {
		want[r] = 2
	}
	if len(want) != 127+10 {
		t.Fatalf("the test names %d characters, the standard 137", len(want))
	}
	for r := rune(0); r <= 0x1FFFF; r++ {
		if r >= 0xD800 && r <= 0xDFFF {
			continue // no characters, and no UTF-8
		}
		got, ok := gsm7.Cost(string(r))
		if septets, inside := want[r]; ok != inside || got != septets {
			t.Errorf("%q costs %d (%v), want %d (%v)", r, got, ok, septets, inside)
		}
	}
}

func TestCostCountsSeptets(t *testing.T) {
	for _, c := range []struct {
		text    string
		septets int
		ok      bool
	}{
		{"", 0, true},
		{"R20", 3, true},
		{"[R20]", 7, true},
		{"€ é", 4, true},
		{strings.Repeat("a", 160), 160, true},
		{"it’s", 0, false},
		{"non\u00a0breaking", 0, false},
		{"tab\t", 0, false},
		{"\x1b", 0, false},
		{"not utf-8 \xff", 0, false},
		{"\x00", 0, false},
	} {
		if got, ok := gsm7.Cost(c.text); got != c.septets || ok != c.ok {
			t.Errorf("%q costs %d (%v), want %d (%v)", c.text, got, ok, c.septets, c.ok)
		}
	}
}

func TestUCS2LenCountsUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if got, want := gsm7.UCS2Len(s), len(utf16.Encode([]rune(s))); got != want {
			t.Fatalf("%q has %d units, want %d", s, got, want)
		}
	})
	if got := gsm7.UCS2Len("a😀b"); got != 4 {
		t.Errorf("a character outside the basic plane takes %d units in all, want 4", got)
	}
}

func TestMeasuringDoesNotAllocate(t *testing.T) {
	plain, marked := strings.Repeat("Airtime ", 20), strings.Repeat("é€ ", 20)
	if n := testing.AllocsPerRun(100, func() {
		gsm7.Cost(plain)
		gsm7.Cost(marked)
		gsm7.UCS2Len(marked)
		gsm7.Fold(plain)
		gsm7.Fold(marked)
		gsm7.Cut(plain, 100)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkCost(b *testing.B) {
	s := strings.Repeat("Airtime ", 20)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		gsm7.Cost(s)
	}
}
