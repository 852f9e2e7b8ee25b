package recon

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int64{
		"10": 1000, "10.00": 1000, "10,00": 1000, "10.5": 1050, "0.05": 5, ".50": 50, "0": 0,
		"R10": 1000, "R 10.00": 1000, "r10,50": 1050, "ZAR 10.00": 1000, "zar10": 1000,
		"R 1,234.50": 123450, "1 234,50": 123450, "1\u00a0234,50": 123450, "1\u202f234,50": 123450, "1\xa0234.50": 123450,
		"1'234.50": 123450, "1\u2019234.50": 123450, "1,234": 123400, "12,345,678": 1234567800, "1.234.567,89": 123456789,
		"12.5000": 1250, "12.5000000": 1250, "12,5000": 1250,
		"-10.00": -1000, "- 10.00": -1000, "10.00-": -1000, "(10.00)": -1000, "R-10": -1000, "-R10": -1000, "\u22125.00": -500, "+5": 500,
		"(R 1 234,50)": -123450, "  7.25  ": 725, "999999999.99": 99999999999,
	} {
		got, _, err := parseAmount(text)
		if err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]bool{"10": false, "1,234": false, "1 234": false, "10.00": true, "10,5": true, "1,234.00": true} {
		if _, got, _ := parseAmount(text); got != want {
			t.Errorf("%q has digits behind a point: got %t", text, got)
		}
	}
}

func TestAmountsThatCanBeReadTwoWaysAreNotRead(t *testing.T) {
	for _, text := range []string{
		"", " ", "R", "-", "()", ".", ",", "ten", "1.2.3", "1,2,3", "12.", "12,", "1,23,456", "1234,567", "0,500", "1e5", "0x10",
		"12.500", "1.234", "1 234,567", "1 234.567", "12.345678", "5 5", "1  234", "--5", "-5-", "(-5)x", "5 R", "R5R", "10.00 CR", "1,234.5.0", "1.234,567.00",
		"1234567890", "99999999999999999999", "NaN", "Inf", "1_000", "\u0661\u0662", "5%", "=5", "+-5",
	} {
		if got, _, err := parseAmount(text); err == nil {
			t.Errorf("%q: got %d", text, got)
		}
	}
	for text, want := range map[string]error{"12.500": errThree, "1 234,567": errThree, "ten": errAmount} {
		if _, _, err := parseAmount(text); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
}

func TestEveryAmountComesBackFromEveryWayOfWritingIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(-99_999_999_999, 99_999_999_999).Draw(t, "cents")
		abs := max(want, -want)
		whole, point := fmt.Sprint(abs/100), rapid.SampledFrom([]string{".", ","}).Draw(t, "point")
		group := rapid.SampledFrom([]string{"", " ", "\u00a0", "'", map[string]string{".": ",", ",": "."}[point]}).Draw(t, "group")
		for i := len(whole) - 3; i > 0 && group != ""; i -= 3 {
			whole = whole[:i] + group + whole[i:]
		}
		text := rapid.SampledFrom([]string{"", "R", "R ", "ZAR "}).Draw(t, "currency") + whole + fmt.Sprintf("%s%02d", point, abs%100) +
			rapid.SampledFrom([]string{"", "00"}).Draw(t, "zeros")
		if want < 0 {
			text = fmt.Sprintf(rapid.SampledFrom([]string{"-%s", "(%s)", "%s-", "- %s"}).Draw(t, "minus"), text)
		}
		got, decimals, err := parseAmount(text)
		if err != nil || got != want || !decimals {
			t.Fatalf("%q: got %d, %t, %v; want %d", text, got, decimals, err, want)
		}
	})
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"R 1,234.50", "1 234,50", "(5.00)", "12.5000", "-R10", "1.234", "\xa0\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, _, err := parseAmount(s)
		if err != nil {
			return
		}
		if max(got, -got) > 99_999_999_999 {
			t.Errorf("%q: %d is too much", s, got)
		}
		// What was read is the digits that stand there, in their order.
		var seen strings.Builder
		for _, r := range s {
			if r >= '0' && r <= '9' {
				seen.WriteRune(r)
			}
		}
		digits := strings.TrimLeft(strings.TrimRight(seen.String(), "0"), "0")
		if want := strings.TrimLeft(strings.TrimRight(fmt.Sprint(max(got, -got)), "0"), "0"); digits != want {
			t.Errorf("%q was read as %d", s, got)
		}
	})
}
