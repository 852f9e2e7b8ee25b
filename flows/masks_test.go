package flows

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestANameIsMaskedToItsFirstLetters(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                         "",
		"   ":                      "",
		"Thabo":                    "T****",
		"Thabo Mokoena":            "T**** M*****",
		"MOKOENA THABO J":          "M***** T**** J",
		"T M Nkosi":                "T M N****",
		"T.M. Nkosi":               "T*** N****",
		"Mr  Sipho\tDlamini":       "M* S**** D*****",
		"Anna-Marie van der Merwe": "A***-M**** v** d**",
		"Nkosi-Zulu":               "N****-Z***",
		"- Thabo -":                "T****",
		"O'Neil":                   "O*****",
		"(Thabo)":                  "T*****",
		"Étienne":                  "É*****",
		"E\u0301tienne":            "E*****",
		"😀 Thabo 😀":                "T****",
		"😀":                        "",
		"***":                      "",
		"T**** M*****":             "T**** M*****",
		"8001015009087":            "",
		"12 Main Road":             "M*** R***",
		"Hubert Blaine Wolfeschlegel Steinhausen": "H***** B***** W*****",
		strings.Repeat("A", 500):                  "A*****",
		strings.Repeat("A ", 500):                 "A A A A A A A A A A",
		"محمد علي":                                "م*** ع**",
	} {
		if got := maskName(name); got != want {
			t.Errorf("%q is masked as %q, want %q", name, got, want)
		}
	}
}

func TestAMaskedNameIsShortAndTellsOneLetterOfAPart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-zéÉ'. 0-9*-]{0,60}`)).Draw(t, "name")
		masked := maskName(name)
		if n := utf8.RuneCountInString(masked); n > 20 {
			t.Errorf("%q has %d characters", masked, n)
		}
		if again := maskName(masked); again != masked {
			t.Errorf("%q is masked again as %q", masked, again)
		}
		for part := range strings.FieldsFuncSeq(masked, func(r rune) bool { return r == ' ' || r == '-' }) {
			for i, r := range part {
				if (i == 0) != unicode.IsLetter(r) || i > 0 && r != '*' {
					t.Errorf("%q of %q shows more than a letter", part, name)
				}
			}
		}
	})
}

func TestAMeterOrAccountIsMaskedToItsEnd(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"04123456789": "***6789",
		"12345678":    "***5678",
		"1234567":     "***567",
		"1234":        "***34",
		"1":           "***",
		"":            "***",
		"ABC-99é":     "***99é",
	} {
		if got := maskTail(s); got != want {
			t.Errorf("%q is masked as %q, want %q", s, got, want)
		}
	}
	if got := maskLast("123456789", 3); got != "***789" {
		t.Errorf("masked as %q", got)
	}
}
