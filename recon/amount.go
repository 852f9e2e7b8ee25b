package recon

import (
	"errors"
	"strings"
	"unicode/utf8"
)

var (
	errAmount = errors.New("the amount cannot be read")
	// errThree is for 12.500: twelve and a half, or twelve thousand five
	// hundred.
	errThree = errors.New("the amount has three digits after its point")
)

// maxDigits bounds the whole part of an amount, so that sums of them fit.
const maxDigits = 9

// parseAmount reads an amount as people and spreadsheets write it: "R 1,234.50",
// "1 234,50", "(5.00)", "12.5000". The result is in hundredths of the number
// that stands there; decimals says whether it has any digits behind a point.
func parseAmount(text string) (hundredths int64, decimals bool, err error) {
	s := strings.TrimSpace(plainBlanks(text))
	negative := false
	if inner, ok := strings.CutPrefix(s, "("); ok {
		if s, ok = strings.CutSuffix(inner, ")"); !ok {
			return 0, false, errAmount
		}
		negative = true
	}
	signs := 0
	sign := func(cut func(string, string) (string, bool)) {
		for _, mark := range []string{"-", "+", "\u2212"} {
			if rest, ok := cut(s, mark); ok {
				s, negative, signs = strings.TrimSpace(rest), negative != (mark != "+"), signs+1
				return
			}
		}
	}
	sign(strings.CutPrefix)
	for _, currency := range []string{"ZAR", "R"} {
		if len(s) >= len(currency) && strings.EqualFold(s[:len(currency)], currency) {
			s = strings.TrimSpace(s[len(currency):])
			sign(strings.CutPrefix)
			break
		}
	}
	sign(strings.CutSuffix)
	if signs > 1 {
		return 0, false, errAmount
	}
	whole, fraction, err := parts(s)
	if err != nil {
		return 0, false, err
	}
	if len(fraction) > 2 && strings.Trim(fraction[2:], "0") != "" {
		return 0, false, errAmount
	}
	for _, d := range whole + (fraction + "00")[:2] {
		hundredths = hundredths*10 + int64(d-'0')
	}
	if negative {
		hundredths = -hundredths
	}
	return hundredths, fraction != "", nil
}

// parts finds the digits before and after the decimal sign.
func parts(s string) (whole, fraction string, err error) {
	at := strings.LastIndexAny(s, ".,")
	if at >= 0 {
		mark, behind := s[at], s[at+1:]
		once := strings.IndexByte(s, mark) == at
		other := strings.ContainsAny(s[:at], "., '")
		switch {
		case !once: // 1,234,567
			at = -1
		case len(behind) == 3 && mark == ',' && !other && at <= 3 && at > 0 && s[0] != '0': // 1,234
			at = -1
		case len(behind) == 3:
			return "", "", errThree
		case behind == "" || !digits(behind):
			return "", "", errAmount
		}
	}
	whole = s
	if at >= 0 {
		whole, fraction = s[:at], s[at+1:]
	}
	if groups := strings.IndexAny(whole, "., '"); groups >= 0 {
		list := strings.Split(whole, whole[groups:groups+1])
		for i, g := range list {
			if len(g) != 3 && (i > 0 || len(g) == 0 || len(g) > 3) {
				return "", "", errAmount
			}
		}
		whole = strings.Join(list, "")
	}
	if !digits(whole) || len(whole) > maxDigits || whole+fraction == "" {
		return "", "", errAmount
	}
	return whole, fraction, nil
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// plainBlanks makes every kind of blank that stands in numbers a plain one;
// 0xA0 by itself is one in the older encoding of spreadsheets.
func plainBlanks(s string) string {
	if utf8.ValidString(s) {
		return strings.Map(func(r rune) rune {
			switch r {
			case '\u00a0', '\u202f', '\u2009', '\t':
				return ' '
			case '\u2019':
				return '\''
			}
			return r
		}, s)
	}
	return strings.ReplaceAll(s, "\xa0", " ")
}
