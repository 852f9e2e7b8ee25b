package msisdn

import "errors"

// The refusals of Parse. They do not repeat the number: it may be anybody's.
var (
	// ErrFormat is returned for what is no phone number: other characters in
	// it, or too few or too many digits.
	ErrFormat = errors.New("not a phone number")
	// ErrForeign is returned for a number of another country.
	ErrForeign = errors.New("not a South African number")
	// ErrNotMobile is returned for a South African number that is not in a
	// mobile range.
	ErrNotMobile = errors.New("not a mobile number")
)

// size is the length of a canonical number.
const size = 11

// Parse makes a number canonical: "27" and nine digits. It reads the national
// form (0821234567) and the international ones (27..., +27..., 0027..., and the
// blank that decoding a URL leaves of a plus), with blanks, hyphens, dots and
// brackets between the digits, and digits of other keyboards (full-width,
// Arabic-Indic). A canonical number costs no allocation.
func Parse(s string) (number string, err error) {
	if canonical(s) {
		return s, nil
	}
	var buf [17]byte // the longest number there is, 00 and fifteen digits
	n, plus := 0, false
	for _, r := range s {
		d, ok := digit(r)
		switch {
		case ok && n == len(buf):
			return "", ErrFormat
		case ok:
			buf[n] = d
			n++
		case (r == '+' || r == '＋') && n == 0 && !plus:
			plus = true
		case !separator(r):
			return "", ErrFormat
		}
	}
	return fromDigits(buf[:n], plus)
}

// fromDigits makes a number of its digits; plus says that a plus went before.
func fromDigits(d []byte, plus bool) (string, error) {
	international := plus
	if !plus && len(d) > 2 && d[0] == '0' && d[1] == '0' {
		d, international = d[2:], true
	}
	home := len(d) >= 2 && d[0] == '2' && d[1] == '7'
	switch {
	case home && len(d) == size:
		d = d[2:]
	case international && !home && len(d) >= 7 && d[0] != '0':
		return "", ErrForeign
	case !international && len(d) == 10 && d[0] == '0':
		d = d[1:]
	default:
		return "", ErrFormat
	}
	if !mobile(d[0], d[1]) {
		return "", ErrNotMobile
	}
	var b [size]byte
	copy(b[:], "27")
	copy(b[2:], d)
	return string(b[:]), nil
}

// canonical says whether s is what Parse returns.
func canonical(s string) bool {
	if len(s) != size || s[0] != '2' || s[1] != '7' {
		return false
	}
	for i := 2; i < size; i++ {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return mobile(s[2], s[3])
}

// mobile says whether the nine digits that begin with a and b are in a mobile
// range: 06, 07 and 081 to 085 (080 is free of charge, 086 and 087 are shared
// cost and voice over IP).
func mobile(a, b byte) bool {
	return a == '6' || a == '7' || a == '8' && b >= '1' && b <= '5'
}

// digit is r as an ASCII digit.
func digit(r rune) (byte, bool) {
	for _, zero := range [...]rune{'0', '０', '٠', '۰'} {
		if d := r - zero; d >= 0 && d <= 9 {
			return byte('0' + d), true
		}
	}
	return 0, false
}

// separator says whether r may stand between digits and mean nothing.
func separator(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', '-', '.', '(', ')', '[', ']', '/',
		'\u00a0', '\u2007', '\u2009', '\u202f', '\u3000', // blanks
		'‐', '‑', '‒', '–', '—', '−', '－', '．', '（', '）',
		'\u200b', '\u200e', '\u200f', '\u202a', '\u202c', '\u2060', '\ufeff': // invisible; contact lists add them
		return true
	}
	return false
}

// Local writes a canonical number as people do: 0821234567. Anything else is
// returned as it is.
func Local(number string) string {
	if !canonical(number) {
		return number
	}
	return "0" + number[2:]
}

// Mask writes a canonical number so that its owner knows it and others do not:
// 082***4567. Of anything else it shows nothing.
func Mask(number string) string {
	if !canonical(number) {
		return "***"
	}
	var b [10]byte
	b[0] = '0'
	copy(b[1:3], number[2:4])
	copy(b[3:6], "***")
	copy(b[6:], number[7:])
	return string(b[:])
}
