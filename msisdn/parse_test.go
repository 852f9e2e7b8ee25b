package msisdn_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unsafe"

	"spaza/msisdn"

	"pgregory.net/rapid"
)

func TestParseMakesEverySpellingCanonical(t *testing.T) {
	const want = "27821234567"
	for _, s := range []string{
		"27821234567", "0821234567", "+27821234567", "0027821234567",
		" 27821234567", "  0821234567  ", "082 123 4567", "082-123-4567", "082.123.4567", "(082) 123-4567", "[082]1234567",
		"+27 82 123 4567", "+27 (82) 123-4567", "00 27 82 123 4567", "082/1234567", "082\u00a0123\u20094567", "082‑123–4567",
		"０８２１２３４５６７", "＋２７８２１２３４５６７", "٠٨٢١٢٣٤٥٦٧", "۰۸۲۱۲۳۴۵۶۷", "+٢٧821234567",
		"\u202a+27 82 123 4567\u202c", "\t0821234567\r\n",
	} {
		if got, err := msisdn.Parse(s); got != want || err != nil {
			t.Errorf("%q is %q (%v), want %q", s, got, err, want)
		}
	}
}

func TestParseKnowsTheMobileRanges(t *testing.T) {
	mobile := regexp.MustCompile(`^([67]\d|8[1-5])`)
	for prefix := range 100 {
		nine := string([]byte{byte('0' + prefix/10), byte('0' + prefix%10)}) + "1234567"
		if strings.HasPrefix(nine, "0") {
			continue // no number starts with two zeros; see the refusals
		}
		got, err := msisdn.Parse("0" + nine)
		if mobile.MatchString(nine) {
			if got != "27"+nine || err != nil {
				t.Errorf("0%s is %q (%v)", nine, got, err)
			}
		} else if got != "" || !errors.Is(err, msisdn.ErrNotMobile) {
			t.Errorf("0%s is %q (%v), want ErrNotMobile", nine, got, err)
		}
	}
	if got, err := msisdn.Parse("27600001234"); got != "27600001234" || err != nil {
		t.Errorf("a number of the 0600 range is %q (%v)", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, in string
		err      error
	}{
		{"nothing", "", msisdn.ErrFormat},
		{"blanks", "   ", msisdn.ErrFormat},
		{"a plus", "+", msisdn.ErrFormat},
		{"words", "my number", msisdn.ErrFormat},
		{"letters among digits", "082l234567", msisdn.ErrFormat},
		{"nine digits without the zero", "821234567", msisdn.ErrFormat},
		{"one digit short", "082123456", msisdn.ErrFormat},
		{"one digit more", "08212345678", msisdn.ErrFormat},
		{"a zero kept after 27", "270821234567", msisdn.ErrFormat},
		{"international, one short", "+2782123456", msisdn.ErrFormat},
		{"international, one more", "+278212345678", msisdn.ErrFormat},
		{"0027, one short", "002782123456", msisdn.ErrFormat},
		{"0027, one more", "00278212345678", msisdn.ErrFormat},
		{"a plus before the national form", "+0821234567", msisdn.ErrFormat},
		{"two pluses", "++27821234567", msisdn.ErrFormat},
		{"a plus inside", "27+821234567", msisdn.ErrFormat},
		{"a plus and zeros", "+0027821234567", msisdn.ErrFormat},
		{"an endless number", strings.Repeat("0", 1000), msisdn.ErrFormat},
		{"a voucher's PIN", "1234567890123456", msisdn.ErrFormat},
		{"a USSD code", "*120*1234#", msisdn.ErrFormat},
		{"two numbers", "0821234567,0831234567", msisdn.ErrFormat},
		{"bytes that are no UTF-8", "082123456\xb7", msisdn.ErrFormat},
		{"a neighbour", "+26771234567", msisdn.ErrForeign},
		{"a neighbour, with zeros", "0026771234567", msisdn.ErrForeign},
		{"the longest there is", "00999123456789012", msisdn.ErrForeign},
		{"longer than any", "009991234567890123", msisdn.ErrFormat},
		{"Johannesburg", "0111234567", msisdn.ErrNotMobile},
		{"free of charge", "0800123456", msisdn.ErrNotMobile},
		{"shared cost", "0861234567", msisdn.ErrNotMobile},
		{"voice over IP", "+27871234567", msisdn.ErrNotMobile},
		{"zeros", "27001234567", msisdn.ErrNotMobile},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := msisdn.Parse(c.in)
			if got != "" || !errors.Is(err, c.err) {
				t.Errorf("%q is %q (%v), want %v", c.in, got, err, c.err)
			}
		})
	}
}

func TestARefusalDoesNotRepeatTheNumber(t *testing.T) {
	for _, s := range []string{"0111234567", "+26771234567", "08212345678"} {
		if _, err := msisdn.Parse(s); err == nil || strings.Contains(err.Error(), s[4:]) {
			t.Errorf("the refusal says %v", err)
		}
	}
}

func TestParseReturnsACanonicalNumberAsItIs(t *testing.T) {
	s := strings.Clone("27821234567")
	got, err := msisdn.Parse(s)
	if err != nil || unsafe.StringData(got) != unsafe.StringData(s) {
		t.Errorf("%q came back as another string, %q (%v)", s, got, err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = msisdn.Parse(s) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = msisdn.Parse("+27821234567") }); n > 1 {
		t.Errorf("%v allocations, want at most the number itself", n)
	}
}

func TestEverySpellingOfANumberIsTheSameNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nine := rapid.StringMatching(`([67][0-9]|8[1-5])[0-9]{7}`).Draw(t, "nine digits")
		blank := rapid.SampledFrom([]string{"", " ", "-", ".", " - "})
		s := rapid.SampledFrom([]string{"0", "27", "+27", "0027", " 27", "+27 "}).Draw(t, "prefix")
		for _, d := range nine {
			s += blank.Draw(t, "separator") + string(d)
		}
		if got, err := msisdn.Parse(s); got != "27"+nine || err != nil {
			t.Fatalf("%q is %q (%v), want 27%s", s, got, err, nine)
		}
	})
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for _, c := range []struct{ number, local, mask string }{
		{"27821234567", "0821234567", "082***4567"},
		{"27600001234", "0600001234", "060***1234"},
		{"", "", "***"},
		{"0821234567", "0821234567", "***"},
		{"27111234567", "27111234567", "***"},
		{"a web session", "a web session", "***"},
	} {
		if got := msisdn.Local(c.number); got != c.local {
			t.Errorf("%q is written %q, want %q", c.number, got, c.local)
		}
		if got := msisdn.Mask(c.number); got != c.mask {
			t.Errorf("%q is masked %q, want %q", c.number, got, c.mask)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0821234567", "+27 (82) 123-4567", "0027821234567", "０８２", "+٢٧821234567", "\xff", "+26771234567"} {
		f.Add(s)
	}
	canonical := regexp.MustCompile(`^27([67][0-9]|8[1-5])[0-9]{7}$`)
	f.Fuzz(func(t *testing.T, s string) {
		number, err := msisdn.Parse(s)
		if err != nil {
			if number != "" {
				t.Fatalf("%q is refused (%v) and yet %q", s, err, number)
			}
			return
		}
		if !canonical.MatchString(number) {
			t.Fatalf("%q is %q, which is not canonical", s, number)
		}
		for _, spelling := range []string{number, msisdn.Local(number), "+" + number, "00" + number} {
			if again, err := msisdn.Parse(spelling); again != number || err != nil {
				t.Fatalf("%q is %q (%v), want %q", spelling, again, err, number)
			}
		}
	})
}

func BenchmarkParseOfACanonicalNumber(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = msisdn.Parse("27821234567")
	}
}

func BenchmarkParseOfATypedNumber(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = msisdn.Parse("082 123 4567")
	}
}
