package telemetry

import (
	"regexp"
	"strings"

	"spaza/secret"
)

const (
	// minDigits is the shortest run of digits that is taken for a number of
	// somebody or something: South African phone numbers have 9 without their
	// prefix, meter numbers 11, voucher PINs 16, electricity tokens 20.
	minDigits = 9
	// maxIDDigits is how many digits in a row an id may have: a voucher PIN has
	// more.
	maxIDDigits = 15
	// maxGap is how many separators may stand between two groups of one
	// number, as in "(082) 123-4567".
	maxGap = 3
	// maxText is the most bytes of one value that reach a line.
	maxText = 4096
)

// Mask returns s fit to be read by people who may not know what it speaks of:
// long numbers, credentials in URLs and headers, and values named like secrets
// are replaced. A South African phone number keeps its ends (2782***4567), any
// other number of 9 or more digits becomes "[digits]". References and ids, in
// which digits and letters mix, are left alone up to 15 digits in a row. Text that needs no masking
// comes back as it is, at the cost of one look at each byte.
func Mask(s string) string {
	cut := ""
	if len(s) > maxText {
		// Digits at the cut may be the head of a number too short to be
		// recognised as one, so they go as well.
		s, cut = strings.TrimRight(s[:maxText], "0123456789 -()\t\xc2\xa0"), "…"
	}
	if suspicious(s) {
		s = maskDigits(maskPairs(maskCredentials(s)))
	}
	return s + cut
}

// suspicious says whether Mask may have to change s.
func suspicious(s string) bool {
	digits, gap := 0, 0
	for i := range len(s) {
		c := s[i]
		if c-'0' <= 9 {
			gap = 0
			if digits++; digits >= minDigits {
				return true
			}
			continue
		}
		if separates(c) && gap < maxGap {
			gap++
			continue
		}
		digits, gap = 0, 0
		switch c {
		case ':', '=':
			if _, _, found := namedValue(s, i); found {
				return true
			}
			if strings.HasPrefix(s[i:], "://") && strings.IndexByte(s[i:], '@') > 0 {
				return true
			}
		case '/':
			if strings.HasPrefix(s[i:], "/bot") {
				return true
			}
		case 'b', 'B':
			if foldPrefix(s[i:], "bearer") || foldPrefix(s[i:], "basic") {
				return true
			}
		}
	}
	return false
}

// separates says whether c may stand between the groups of a number. The last
// two are the bytes of a no-break space.
func separates(c byte) bool {
	switch c {
	case ' ', '-', '(', ')', '\t', 0xc2, 0xa0:
		return true
	}
	return false
}

func digit(c byte) bool  { return c-'0' <= 9 }
func letter(c byte) bool { return c|0x20-'a' <= 'z'-'a' }

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// maskDigits replaces the long numbers of s.
func maskDigits(s string) string {
	var b strings.Builder
	last := 0
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			i++
			continue
		}
		end := numberEnd(s, i)
		from, to := withoutIDs(s, i, end)
		if masked, long := maskNumber(s[from:to]); long && !fraction(s, from, to) {
			b.WriteString(s[last:from])
			b.WriteString(masked)
			last = to
		}
		i = end
	}
	if last == 0 {
		return s
	}
	b.WriteString(s[last:])
	return b.String()
}

// numberEnd returns the end of the groups of digits that begin at i.
func numberEnd(s string, i int) int {
	for {
		end := groupEnd(s, i)
		next := end
		for next < len(s) && next-end < maxGap && separates(s[next]) {
			next++
		}
		if next == end || next == len(s) || !digit(s[next]) {
			return end
		}
		i = next
	}
}

func groupEnd(s string, i int) int {
	for i < len(s) && digit(s[i]) {
		i++
	}
	return i
}

// withoutIDs narrows s[from:to], groups of digits, by a first and a last group
// that belong to an id: a word that changes between letters and digits more
// than once, such as a reference or a hash. A word that changes once
// ("PIN1234...") is no id.
func withoutIDs(s string, from, to int) (int, int) {
	first := groupEnd(s, from)
	last := to
	for last > from && digit(s[last-1]) {
		last--
	}
	if to < len(s) && letter(s[to]) && to-last <= maxIDDigits {
		right := to
		for right < len(s) && letter(s[right]) {
			right++
		}
		if right < len(s) && digit(s[right]) || last > 0 && letter(s[last-1]) {
			to = last
		}
	}
	if from > 0 && letter(s[from-1]) && first-from <= maxIDDigits {
		left := from
		for left > 0 && letter(s[left-1]) {
			left--
		}
		if left > 0 && digit(s[left-1]) || first < len(s) && letter(s[first]) {
			from = first
		}
	}
	return from, max(from, to)
}

// maskNumber returns what stands for a number, and whether it is long enough to
// need that. Separators around it are kept.
func maskNumber(s string) (string, bool) {
	var kept [11]byte
	n, start, end := 0, len(s), 0
	for i := range len(s) {
		if !digit(s[i]) {
			continue
		}
		if n < len(kept) {
			kept[n] = s[i]
		}
		start, end = min(start, i), i+1
		n++
	}
	if n < minDigits {
		return "", false
	}
	stand := "[digits]"
	if n == len(kept) && kept[0] == '2' && kept[1] == '7' {
		stand = string(kept[:4]) + "***" + string(kept[7:])
	}
	return s[:start] + stand + s[end:], true
}

// fraction says whether s[from:to] is the fraction of a duration in
// nanoseconds, such as 1.000000001s.
func fraction(s string, from, to int) bool {
	return to-from == 9 && from > 1 && s[from-1] == '.' && digit(s[from-2]) && to < len(s) && s[to] == 's'
}

// Credentials that are known by what stands around them. The Telegram Bot API
// has its token in the path, and net/http puts the URL into its errors.
var (
	userInfo = regexp.MustCompile(`://[^\s"'?#]*@`)
	botToken = regexp.MustCompile(`/bot\d[^/\s"'?#]*`)
	bearer   = regexp.MustCompile(`(?i)\b(bearer)\s+[^\s"',;\[\](){}]{8,}`)
	// basic asks for a character that an English word ("Basic
	// authentication") has not, after its first.
	basic = regexp.MustCompile(`\b([Bb]asic|BASIC)\s+[^\s"',;\[\](){}][a-z]*[^\sa-z"',;\[\](){}][^\s"',;\[\](){}]*`)
)

func maskCredentials(s string) string {
	s = userInfo.ReplaceAllString(s, "://"+secret.Redacted+"@")
	s = botToken.ReplaceAllString(s, "/bot"+secret.Redacted)
	s = bearer.ReplaceAllString(s, "$1 "+secret.Redacted)
	return basic.ReplaceAllString(s, "$1 "+secret.Redacted)
}
