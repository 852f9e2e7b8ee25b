package flows

import (
	"errors"
	"strings"
	"unicode"
)

// ErrNotMeter is returned for what can not be the number of a meter.
var ErrNotMeter = errors.New("not a meter number")

// How many characters a meter number has. The provider says no more than that it
// is letters and digits (Partner API v4, section 2.10.1.1).
const meterLeast, meterMost = 4, 20

// ParseMeter reads a meter number as people type it, forgiving blanks, dashes and
// dots between its characters. Of the 18 digits on a meter's card it takes the
// meter's own. odd says that most meter numbers are otherwise: those of the
// standard (IEC 62055-41) have 11 or 13 digits, the last of which checks the
// others, and many private ones have 7. The 16 digits of a voucher's PIN and the
// 20 of a token are none.
func ParseMeter(s string) (number string, odd bool, err error) {
	var b strings.Builder
	plain := true // digits only
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
		case r >= 'a' && r <= 'z':
			r, plain = r-'a'+'A', false
		case r >= 'A' && r <= 'Z':
			plain = false
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), r == '.':
			continue
		default:
			return "", false, ErrNotMeter
		}
		if b.Len() == meterMost {
			return "", false, ErrNotMeter
		}
		b.WriteRune(r)
	}
	number = b.String()
	if len(number) < meterLeast || !strings.ContainsAny(number, "0123456789") {
		return "", false, ErrNotMeter
	}
	if plain {
		number = offCard(number)
	}
	switch len(number) {
	case 7:
		return number, false, nil
	case 11, 13:
		return number, !plain || !luhn(number), nil
	case 16, 20:
		if plain { // the PIN of a voucher, or a token: nothing to be kept or shown
			return "", false, ErrNotMeter
		}
	}
	return number, true, nil
}

// offCard is the meter's number in the 18 digits of its card: after the issuer,
// 600727 for a meter of 11 digits and 0000 for one of 13, and before the card's
// own check digit. Any other number is left as it is.
func offCard(number string) string {
	switch {
	case len(number) != 18:
		return number
	case strings.HasPrefix(number, "600727"):
		return number[6:17]
	case strings.HasPrefix(number, "0000") && luhn(number) && luhn(number[4:17]):
		return number[4:17]
	}
	return number
}

// luhn says whether the last of these digits checks the others (ISO/IEC 7812-1,
// annex B).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
