package flows

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"spaza/ledger"
)

func TestParseRandReadsWhatPeopleType(t *testing.T) {
	for typed, want := range map[string]ledger.Cents{
		"1": 1_00, "20": 20_00, "R20": 20_00, "r20": 20_00, "R 20": 20_00, " 20 ": 20_00, "R\t20": 20_00,
		"20.00": 20_00, "20,00": 20_00, "20.0": 20_00, "R20,0": 20_00, "020": 20_00, "000000020": 20_00,
		"1000": 1000_00, "1000000": 1_000_000_00,
	} {
		if got, err := ParseRand(typed); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", typed, got, err, want)
		}
	}
}

func TestParseRandRefusesWhatIsNoAmount(t *testing.T) {
	for typed, want := range map[string]error{
		"": ErrNotAmount, " ": ErrNotAmount, "R": ErrNotAmount, "RR20": ErrNotAmount, "20R": ErrNotAmount,
		"0": ErrNotAmount, "00": ErrNotAmount, "0.00": ErrNotAmount, "R0": ErrNotAmount,
		"-5": ErrNotAmount, "+5": ErrNotAmount, "5-": ErrNotAmount, "1e3": ErrNotAmount, "0x10": ErrNotAmount,
		"twenty": ErrNotAmount, "20 rand": ErrNotAmount, "1 000": ErrNotAmount, "1,000": ErrNotAmount, "1.000": ErrNotAmount,
		"20.": ErrNotAmount, ".5": ErrNotAmount, ",": ErrNotAmount, "20.0.0": ErrNotAmount, "20.x": ErrNotAmount, "20.-1": ErrNotAmount,
		"1000001": ErrNotAmount, "999999999": ErrNotAmount, "9999999999": ErrNotAmount, "18446744073709551617": ErrNotAmount,
		"*": ErrNotAmount, "#": ErrNotAmount, "💰": ErrNotAmount, "２０": ErrNotAmount, "20\x00": ErrNotAmount,
		strings.Repeat("5", 10_000): ErrNotAmount,
		"20.50":                     ErrNotWhole, "20,5": ErrNotWhole, "R20.01": ErrNotWhole, "0.50": ErrNotWhole,
	} {
		name := typed[:min(len(typed), 40)]
		if got, err := ParseRand(typed); !errors.Is(err, want) || got != 0 {
			t.Errorf("%q is %v (%v), want %v", name, got, err, want)
		}
	}
}

func TestParsePINReadsSixteenDigits(t *testing.T) {
	const want = "1234567890123456"
	for _, typed := range []string{
		want, "1234 5678 9012 3456", "1234-5678-9012-3456", "1234.5678.9012.3456", " 1234567890123456 ",
		"1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6", "-1234-5678 9012.3456-",
	} {
		if got, err := ParsePIN(typed); err != nil || got != want {
			t.Errorf("%q is not read: %v", typed, err)
		}
	}
	for _, typed := range []string{
		"", " ", "----", "123456789012345", "12345678901234567", "1234 5678 9012 345", "1234567890l23456",
		"1234567890123456a", "a1234567890123456", "1234_5678_9012_3456", "1234/5678/9012/3456", "+1234567890123456",
		"１２３４５６７８９０１２３４５６", "1234567890123456*1", strings.Repeat("1", 10_000), strings.Repeat(" ", 10_000),
	} {
		if got, err := ParsePIN(typed); !errors.Is(err, ErrNotPIN) || got != "" {
			t.Errorf("%.40q is read", typed)
		}
	}
}

func TestRefusingAPINDoesNotRepeatIt(t *testing.T) {
	for _, typed := range []string{"123456789012345", "1234567890123456x", "12345678901234567"} {
		if _, err := ParsePIN(typed); err == nil || strings.ContainsAny(err.Error(), "23457890") {
			t.Errorf("the error says %v", err)
		}
	}
}

func TestLimitsAreRoundedToWhatIsSold(t *testing.T) {
	for _, tc := range []struct{ in, up, down ledger.Cents }{
		{0, 0, 0}, {1, 1_00, 0}, {99, 1_00, 0}, {1_00, 1_00, 1_00}, {1_01, 2_00, 1_00}, {2_50, 3_00, 2_00}, {1000_00, 1000_00, 1000_00},
	} {
		if up, down := wholeUp(tc.in), wholeDown(tc.in); up != tc.up || down != tc.down {
			t.Errorf("%v becomes %v and %v, want %v and %v", tc.in, up, down, tc.up, tc.down)
		}
	}
}

func FuzzParseRand(f *testing.F) {
	for _, s := range []string{"20", "R20", "20.00", "20,50", "", "-5", "1e3", "٢٠", "1000001", "R 5", "0,00", "99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseRand(s)
		if err != nil {
			if c != 0 || (!errors.Is(err, ErrNotAmount) && !errors.Is(err, ErrNotWhole)) {
				t.Fatalf("%q is refused with %v and %v", s, c, err)
			}
			return
		}
		if c <= 0 || c > ledger.Rand(maxRand) || c%100 != 0 {
			t.Fatalf("%q is %v", s, c)
		}
		// It is what the first digits say, and nothing else is in front.
		bare := strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(s), "Rr"))
		end := strings.IndexFunc(bare, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(bare)
		}
		if n, err := strconv.ParseInt(bare[:end], 10, 64); err != nil || ledger.Rand(n) != c {
			t.Fatalf("%q is %v", s, c)
		}
		if again, err := ParseRand(c.String()); err != nil || again != c {
			t.Fatalf("%v does not read as itself: %v (%v)", c, again, err)
		}
	})
}

func FuzzParsePIN(f *testing.F) {
	for _, s := range []string{"1234567890123456", "1234 5678-9012.3456", "", "12345", "1234567890123456x", "１２３４"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pin, err := ParsePIN(s)
		kept := strings.Map(func(r rune) rune {
			if r == ' ' || r == '-' || r == '.' {
				return -1
			}
			return r
		}, s)
		good := len(kept) == 16 && strings.IndexFunc(kept, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsDigit(r) }) < 0
		switch {
		case good && (err != nil || pin != kept):
			t.Fatalf("a PIN is refused or changed: %v", err)
		case !good && (!errors.Is(err, ErrNotPIN) || pin != ""):
			t.Fatalf("%q is taken for a PIN", s)
		}
	})
}
