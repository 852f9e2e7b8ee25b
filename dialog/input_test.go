package dialog

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWhatIsTypedIsMadePlain(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"":           "",
		"1":          "1",
		" 1 ":        "1",
		"1#":         "1",
		"1##":        "1",
		" 1 # # ":    "1",
		"#":          "",
		"a#b":        "a#b",
		"*":          "*",
		"R 20":       "R 20",
		"１２":         "12", // full width
		"٠١٢٣٤٥٦٧٨٩": "0123456789",
		"۰۱۲۳۴۵۶۷۸۹": "0123456789",
		"०९":         "09",
		"𝟎𝟗𝟘𝟡𝟢𝟫𝟬𝟵𝟶𝟿": "0909090909", // five tens in a row
		"\u202e1\u202c":                 "1", // right to left
		"\u200e\u2066٥\u2069":           "5",
		"\ufeff1":                       "1",
		"1\x00\x1b\x7f\u0085":           "1",
		"a\r\nb\tc":                     "abc",
		"\u00a01\u3000":                 "1",
		"1\xff":                         "1",
		"ñ é":                           "ñ é",
		"½²":                            "½²", // no decimal digits
		strings.Repeat("1", maxInput):   strings.Repeat("1", maxInput),
		strings.Repeat("1", maxInput+1): "",
		strings.Repeat("1", 10_000):     "",
		strings.Repeat("\u202e", 60):    "",
	} {
		if got := clean(typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}

// TestEveryDigitOfEveryScriptHasItsValue: each ten in a row begins at a zero,
// which has the name of one in Unicode; here the ranges must be whole tens.
func TestEveryDigitOfEveryScriptHasItsValue(t *testing.T) {
	t.Parallel()
	value := byte(0)
	last := rune(-1)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsDigit(r) {
			continue
		}
		if r != last+1 && value != 0 {
			t.Fatalf("the digits before %U are no whole ten", r)
		}
		if got := digitValue(r); got != value {
			t.Errorf("%U is read as %d, want %d", r, got, value)
		}
		value, last = (value+1)%10, r
	}
}

func TestOnlyAShownNumberPicks(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"", "0", "00", "01", "9", "-1", "+1", " 1", "1 ", "1.", "a", "100", "999999999999999999999", "１"} {
		if i := index(typed, maxOptions); i != -1 {
			t.Errorf("%q picks option %d", typed, i)
		}
	}
	for n := range maxOptions + 1 {
		for i := range maxOptions {
			want := i
			if i >= n {
				want = -1
			}
			if got := index(strconv.Itoa(number(i)), n); got != want {
				t.Errorf("of %d options %d picks %d, want %d", n, number(i), got, want)
			}
		}
	}
}

func FuzzInput(f *testing.F) {
	for _, s := range []string{"1", " 1# ", "٥", "\u202e9", "00", "*1*2#", "1\xff", "# #", "𝟿"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, typed string, n int) {
		got := clean(typed)
		if again := clean(got); again != got {
			t.Fatalf("%q is read as %q, and that as %q", typed, got, again)
		}
		if len(got) > len(typed) || !utf8.ValidString(got) || strings.TrimSpace(got) != got || strings.HasSuffix(got, "#") {
			t.Fatalf("%q is read as %q", typed, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r > unicode.MaxASCII && unicode.IsDigit(r) {
				t.Fatalf("%q is read as %q", typed, got)
			}
		}
		n = max(n%100, 0)
		if i := index(got, n); i != -1 && (i < 0 || i >= n || strconv.Itoa(number(i)) != got) {
			t.Fatalf("%q picks %d of %d", got, i, n)
		}
	})
}

// TestAHostileInputIsJustNotUnderstood goes through the whole engine.
func TestAHostileInputIsJustNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		strings.Repeat("9", 10_000), "\x00", "\xff\xfe", strings.Repeat("\u202e", 500), "+1", "-1", "99999999999999999999",
		"%s%n", "{what}", "' OR 1=1 --", "\n0 Back", "0\n1",
	} {
		for _, k := range []kind{cumulative, keyed, unkeyed} {
			p := newWorld(t, 1).phone(k)
			p.dial()
			first := p.types("1")
			if r := p.types(typed); r.Text == first.Text || !strings.HasPrefix(r.Text, "Choose 1 to 13.") {
				t.Errorf("%q was answered with %q", typed, r.Text)
			}
			p.types("2").shows(t, "Jock")
		}
	}
}
