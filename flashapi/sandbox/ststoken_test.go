package sandbox

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheCheckDigitIsLuhns(t *testing.T) {
	for number, good := range map[string]bool{
		"79927398713": true, "79927398710": false, "4539578763621486": true, "18": true, "0": false, "": false,
		"7992739871x": false, "７９９２": false,
	} {
		if luhn(number) != good {
			t.Errorf("luhn(%q) is %v", number, !good)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{1,20}`).Draw(t, "digits")
		number := digits + string(checkDigit(digits))
		if !luhn(number) {
			t.Fatalf("%s has a wrong check digit", number)
		}
		at := rapid.IntRange(0, len(number)-1).Draw(t, "at")
		other := rapid.SampledFrom([]byte("0123456789")).Filter(func(b byte) bool { return b != number[at] }).Draw(t, "other")
		if slip := number[:at] + string(other) + number[at+1:]; luhn(slip) {
			t.Fatalf("%s passes for %s", slip, number)
		}
	})
}

func TestTokensHaveTwentyDigitsAndNeverRepeat(t *testing.T) {
	s := New(Options{})
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := make(map[string]bool)
	for i := range 20_000 {
		code := s.newToken(tokenCredit, "", 0).code
		if !isDigits(code, 20) || seen[code] {
			t.Fatalf("token %d is %q, seen %v", i, code, seen[code])
		}
		seen[code] = true
	}
}

func TestEveryKeyChangeHasTwoTokens(t *testing.T) {
	s := New(Options{})
	s.mu.Lock()
	defer s.mu.Unlock()
	for changes := range 4 {
		var got []string
		for _, k := range s.changeKeys(changes) {
			got = append(got, k.description)
		}
		var want []string
		for n := range 2 * changes {
			want = append(want, fmt.Sprintf("Key Change Token %d", n+1))
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("%d changes: %v", changes, got)
		}
	}
}
