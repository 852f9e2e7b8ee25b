package flows

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"spaza/gsm7"
	"spaza/vend"
)

func TestNamesAreShortAndSayable(t *testing.T) {
	for in, want := range map[string]string{
		"Home": "Home", "  Ma   Thoko ": "Ma Thoko", "2": "2", "Room 2": "Room 2", "abcdefghijkl": "abcdefghijkl",
		"Zoë": "Zoë", "Zoe\u0308": "Zoë", "Ṱhoho": "Ṱhoho", "ŉ Huis": "ŉ Huis", "Дом 12345": "Дом 12345",
		"Ma\tThoko": "Ma Thoko", "Café": "Café",
		"": "", "   ": "", "abcdefghijklm": "", "<3": "", "Home!": "", "a\x00b": "", "a\u202eb": "", "❤": "", "Gogo ❤": "", "👩‍🌾": "",
		"بيت": "", "مرحبا 2": "", "家": "", "\u0308": "", "a \u0308b": "", "Home\x1fx": "", "Home\x1ex": "", "a\xff": "", "*#": "", "a-b": "",
		"a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301": "",
		strings.Repeat("a", 10_000): "",
	} {
		if got, ok := parseName(in); got != want || ok != (want != "") {
			t.Errorf("%.40q is %q (%t), want %q", in, got, ok, want)
		}
	}
}

// FuzzParseName holds what a list of names relies on: one line, without what moves
// other text or ends a field, and short on every surface.
func FuzzParseName(f *testing.F) {
	for _, s := range []string{"Home", "Ma  Thoko", "Zoe\u0308", "ŉ", "Дом", "بيت", "a\u202eb", "\x1e", "ﷺ", "ǆ", "…"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		name, ok := parseName(in)
		if !ok {
			if name != "" {
				t.Errorf("%q is refused, and yet %q", in, name)
			}
			return
		}
		if name != strings.TrimSpace(name) || name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > vend.NicknameMost {
			t.Errorf("%q gives %q", in, name)
		}
		if strings.ContainsFunc(name, func(r rune) bool {
			return r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}) {
			t.Errorf("%q gives %q", in, name)
		}
		if again, ok := parseName(name); !ok || again != name {
			t.Errorf("%q gives %q, and that %q", in, name, again)
		}
		shown := gsm7.Fold(name)
		if strings.Contains(shown, "\n") || strings.Count(shown, "?") > len(shown)/2 {
			t.Errorf("%q is shown as %q", in, shown)
		}
	})
}
