package flows

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMeterNumbersAreReadAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]string{
		"14000000019":               "14000000019",
		"1400 0000 019":             "14000000019",
		"1400-0000-019":             "14000000019",
		"1400.0000.019":             "14000000019",
		"  14000000019\u00a0":       "14000000019",
		"1400\u20130000\u2013019":   "14000000019",
		"0014000000035":             "0014000000035",
		"7012345":                   "7012345",
		"600727140000000193":        "14000000019",
		"6007 2714 0000 0001 93":    "14000000019",
		"000000140000000350":        "0014000000035",
		"0123456789":                "0123456789?",
		"14000000018":               "14000000018?",
		"0014000000036":             "0014000000036?",
		"600727140000000185":        "14000000018?",
		"ab 12-34":                  "AB1234?",
		"1234":                      "1234?",
		"A1234567890":               "A1234567890?",
		"12345678901234567890":      "", // a token
		"5001 0000 0000 0001":       "", // the PIN of a voucher
		"1234567890123456789A":      "1234567890123456789A?",
		"1":                         "",
		"123":                       "",
		"":                          "",
		"-- ..":                     "",
		"hello":                     "",
		"123456789012345678901":     "",
		"14000000019,5":             "",
		"1400*00019":                "",
		"#14000000019":              "",
		"R100.00":                   "R10000?",
		"🔌🔌🔌🔌":                      "",
		"مرحبا1234":                 "",
		"14000000019é":              "",
		strings.Repeat("1", 10_000): "",
	} {
		number, odd, err := ParseMeter(typed)
		got := number
		if odd {
			got += "?"
		}
		if got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, ErrNotMeter) {
			t.Errorf("%.40q is read as %q, %v; want %q", typed, got, err, want)
		}
	}
}

// checked is a number with the digit that checks it, found by trying.
func checked(t *rapid.T, payload string) string {
	for _, d := range "0123456789" {
		if luhn(payload + string(d)) {
			return payload + string(d)
		}
	}
	t.Fatalf("no digit checks %s", payload)
	return ""
}

func TestAWrongDigitOrTwoThatChangedPlacesMakeAMeterNumberOdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]string{`[0-9]{10}`, `[0-9]{12}`}).Draw(t, "form")
		good := checked(t, rapid.StringMatching(digits).Draw(t, "payload"))
		if number, odd, err := ParseMeter(good); number != good || odd || err != nil {
			t.Fatalf("%s is read as %s, odd %t, %v", good, number, odd, err)
		}
		i := rapid.IntRange(0, len(good)-1).Draw(t, "place")
		b := []byte(good)
		b[i] = '0' + (b[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, odd, _ := ParseMeter(string(b)); !odd {
			t.Fatalf("%s is not odd", b)
		}
		b = []byte(good)
		j := min(i+1, len(b)-1)
		b[i], b[j] = b[j], b[i]
		ninety := good[min(i, j):max(i, j)+1] == "09" || good[min(i, j):max(i, j)+1] == "90" // the pair that the digit does not tell apart
		if _, odd, _ := ParseMeter(string(b)); !odd && string(b) != good && !ninety {
			t.Fatalf("%s is not odd", b)
		}
	})
}

func TestTheCardOfAMeterNamesTheMeter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		own := checked(t, rapid.StringMatching(`[0-9]{10}`).Draw(t, "meter"))
		card := checked(t, "600727"+own)
		if number, odd, err := ParseMeter(card); number != own || odd || err != nil {
			t.Fatalf("card %s of %s is read as %s, odd %t, %v", card, own, number, odd, err)
		}
	})
}

func FuzzParseMeter(f *testing.F) {
	for _, s := range []string{"14000000019", "1400 0000-019", "600727140000000193", "AB12", "", "*", "\xff\xfe1234"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, odd, err := ParseMeter(s)
		if err != nil {
			if number != "" || odd || !errors.Is(err, ErrNotMeter) {
				t.Fatalf("%q: refused, and yet %q, odd %t: %v", s, number, odd, err)
			}
			return
		}
		if len(number) < meterLeast || len(number) > meterMost || strings.Trim(number, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Fatalf("%q is read as %q", s, number)
		}
		again, oddAgain, err := ParseMeter(number)
		if err != nil || again != number || oddAgain != odd {
			t.Fatalf("%q is read as %q, and that as %q, odd %t and %t: %v", s, number, again, odd, oddAgain, err)
		}
	})
}
