package gsm7_test

import (
	"strings"
	"testing"
	"unsafe"

	"spaza/gsm7"

	"golang.org/x/text/unicode/norm"
)

func TestFoldSpellsWithinTheAlphabet(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"Afrikaans letters the alphabet has", "ä è é ö ü Ä É Ö Ü", "ä è é ö ü Ä É Ö Ü"},
		{"Afrikaans letters it lacks", "á ê ë í î ï ó ô ú û ý", "a e e i i i o o u u y"},
		{"Afrikaans capitals", "Á È Ê Ë Í Î Ï Ó Ô Ú Û Ý", "A E E E I I I O O U U Y"},
		{"Afrikaans article", "ŉ boodskap", "'n boodskap"},
		{"Sepedi and Setswana", "Šomiša tšhelete, tlhôkômêlô", "Somisa tshelete, tlhokomelo"},
		{"Venda", "ḓ ḽ ṋ ṱ ṅ Ḓ Ḽ Ṋ Ṱ Ṅ", "d l n t n D L N T N"},
		{"a cedilla", "ç Ç", "c Ç"},
		{"quotes", "‘a’ “b” „c‟ «d» ‚e‛ `f´ 5′ 6″", `'a' "b" "c" "d" 'e' 'f' 5' 6"`},
		{"dashes", "a‐b‑c‒d–e—f―g−h", "a-b-c-d-e-f-g-h"},
		{"ellipsis", "wait…", "wait..."},
		{"bullet and middle dot", "• a · b", "* a * b"},
		{"blanks", "a\u00a0b\u2009c\u202fd\u3000e\tf", "a b c d e f"},
		{"line ends", "a\u2028b\u2029c\u0085d\ve\nf", "a\nb\nc\nd\ne\nf"},
		{"nothing to see", "a\u200bb\u00adc\ufeffd\u200de", "abcde"},
		{"a mark of its own on a letter the alphabet has", "e\u0301 u\u0308", "é ü"},
		{"a mark of its own on a letter it lacks", "s\u030c o\u0302 t\u032d", "s o t"},
		{"a mark on nothing", "\u0301a", "a"},
		{"many marks", "a" + strings.Repeat("\u0301", 99) + "b", "ab"},
		{"extension characters stay", "{€}[~]|^\\", "{€}[~]|^\\"},
		{"other Latin letters", "Łódź œuvre Đặng Kılıç Þór ẞ", "Lodz oeuvre Dang Kilic Thor ß"},
		{"the same in the other case", "ł đ ð ħ Ħ ŋ Ŋ Œ Đ Ð Þ þ", "l d d h H n N OE D D Th th"},
		{"signs", "2×3⁄4", "2x3/4"},
		{"Unicode's doubles of plain letters", "Ａirtime ２０ ﬁ ² ½ Ω", "Airtime 20 fi 2 1/2 Ω"},
		{"another script", "привет 한 中", "?????? ? ?"},
		{"emoji", "ok 👍🏽 1️⃣", "ok ?? 1"},
		{"control characters", "a\x00b\x1bc\x7f", "a?b?c?"},
		{"bytes that are no UTF-8", "a\xffb\xc3", "a?b?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := gsm7.Fold(c.in); got != c.want {
				t.Errorf("%q folds to %q, want %q", c.in, got, c.want)
			}
		})
	}
}

// TestFoldSpellsEveryLetterOfTheLanguages holds for the letters of the official
// languages of South Africa beside a to z, however their marks are written.
func TestFoldSpellsEveryLetterOfTheLanguages(t *testing.T) {
	for _, c := range []struct{ name, letters, plain string }{
		{"Afrikaans, in the alphabet", "à è é ò ä ö ü", "à è é ò ä ö ü"},
		{"Afrikaans, folded", "á í ó ú ý ê î ô û ë ï ÿ", "a i o u y e i o u e i y"},
		{"Sepedi", "š ê ô", "s e o"},
		{"Setswana", "š ê ô", "s e o"},
		{"Sesotho", "š ò ô ê è é", "s ò o e è é"},
		{"Tshivenda", "ḓ ḽ ṋ ṅ ṱ", "d l n n t"},
		{"Xitsonga, isiZulu, isiXhosa, siSwati and isiNdebele in dictionaries", "á â ǎ é ê ě í î ǐ ó ô ǒ ú û ǔ ḿ ń ṹ", "a a a é e e i i i o o o u u u m n u"},
		{"capitals in the alphabet", "É Ä Ö Ü", "É Ä Ö Ü"},
		{"capitals folded", "À È Ò Á Í Ó Ú Ý Ê Î Ô Û Ë Ï Š Ḓ Ḽ Ṋ Ṅ Ṱ", "A E O A I O U Y E I O U E I S D L N N T"},
		{"marks between", "‘a’ “b” ’n Ek–jy—ons… a\u00a0b", `'a' "b" 'n Ek-jy-ons... a b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for form, in := range map[string]string{"composed": norm.NFC.String(c.letters), "apart": norm.NFD.String(c.letters)} {
				if got := gsm7.Fold(in); got != c.plain {
					t.Errorf("%s, %q folds to %q, want %q", form, in, got, c.plain)
				}
				if lost := gsm7.Lost(in); len(lost) > 0 {
					t.Errorf("%s, %q loses %q", form, in, lost)
				}
			}
		})
	}
}

func TestLostNamesWhatCannotBeSpelled(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"Why? ？ ⁇", ""}, {"š ’ … € ½", ""}, {"a 👍 b 中 я", "👍中я"}, {"a\x00", "\x00"}, {"a\xff", "\ufffd"},
	} {
		if got := string(gsm7.Lost(c.in)); got != c.want {
			t.Errorf("%q loses %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFoldReturnsTheSameStringWhenNothingChanges(t *testing.T) {
	s := "Airtime for 0821234567? {é€}\n"
	if got := gsm7.Fold(s); unsafe.StringData(got) != unsafe.StringData(s) || got != s {
		t.Errorf("%q came back as another string, %q", s, got)
	}
}

func FuzzFoldStaysWithinTheAlphabetAndIsIdempotent(f *testing.F) {
	for _, s := range []string{"", "R20", "ŉ ê š ṱ …", "e\u0301", "½ﬁ²", "👍🏽", "\xff\xfe", "\u0344\u1fef\u2126"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := gsm7.Fold(s)
		if _, ok := gsm7.Cost(folded); !ok {
			t.Fatalf("%q folds to %q, which is outside the alphabet", s, folded)
		}
		if again := gsm7.Fold(folded); again != folded {
			t.Fatalf("%q folds to %q, and that to %q", s, folded, again)
		}
		if _, ok := gsm7.Cost(s); ok && folded != s {
			t.Fatalf("%q is within the alphabet and became %q", s, folded)
		}
	})
}

func BenchmarkFoldOfPlainText(b *testing.B) {
	s := strings.Repeat("Airtime ", 20)
	b.ReportAllocs()
	for b.Loop() {
		gsm7.Fold(s)
	}
}

func BenchmarkFoldOfMarkedText(b *testing.B) {
	s := strings.Repeat("Tšhelete ", 18)
	b.ReportAllocs()
	for b.Loop() {
		gsm7.Fold(s)
	}
}
