package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"spaza/ledger"
	"spaza/vend"
)

// southAfrica is the time that everybody at the desk lives in; it has no summer
// time.
func southAfrica() *time.Location { return time.FixedZone("SAST", 2*60*60) }

// clockDay is a moment to the minute, clockSecond to the second.
func clockDay(t time.Time) string    { return clockAs(t, "2006-01-02 15:04") }
func clockSecond(t time.Time) string { return clockAs(t, time.DateTime) }

// stamp is a moment for a program; empty for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(southAfrica()).Format("2006-01-02T15:04:05.000Z07:00")
}

func clockAs(t time.Time, layout string) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(southAfrica()).Format(layout)
}

// readDay reads a day in South Africa, and returns when it began.
func readDay(s string, now time.Time) (time.Time, error) {
	now = now.In(southAfrica())
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch strings.ToLower(s) {
	case "today":
		return today, nil
	case "yesterday":
		return today.AddDate(0, 0, -1), nil
	}
	for _, layout := range []string{"2006-01-02", "2006/01/02"} {
		if t, err := time.ParseInLocation(layout, s, southAfrica()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("%q is no day: write 2026-11-21, today or yesterday", plain(s))
}

// readAge reads how long ago something was: 10m, 2h30m, 3d.
func readAge(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	age, err := time.ParseDuration(s)
	if err != nil || age < 0 {
		return 0, usage("%q is no length of time: write 10m, 2h or 3d", plain(s))
	}
	return age, nil
}

// readAmount reads an amount of rand as people write it: R50, 50, 50.00, 50,00,
// R1 234,50. What could be meant in two ways is refused.
func readAmount(s string) (ledger.Cents, error) {
	unclear := usage("the amount %q is not clear: write it as R50 or R50.00", plain(s))
	rest := strings.TrimSpace(strings.ReplaceAll(s, "\u00a0", " "))
	if r, ok := strings.CutPrefix(strings.ToUpper(rest), "R"); ok {
		rest = strings.TrimSpace(r)
	}
	whole, cents := rest, "00"
	if at := strings.IndexAny(rest, ".,"); at >= 0 {
		whole, cents = rest[:at], rest[at+1:]
	}
	if groups := strings.Split(whole, " "); len(groups) > 1 {
		for i, g := range groups {
			if len(g) != 3 && (i > 0 || g == "" || len(g) > 3) {
				return 0, unclear
			}
		}
		whole = strings.Join(groups, "")
	}
	if whole == "" || len(whole) > 9 || len(cents) != 2 || strings.Trim(whole+cents, "0123456789") != "" ||
		len(whole) > 1 && whole[0] == '0' {
		return 0, unclear
	}
	n, err := strconv.ParseInt(whole+cents, 10, 64)
	if err != nil {
		return 0, unclear
	}
	if n == 0 {
		return 0, usage("the amount must be more than nothing")
	}
	return ledger.Cents(n), nil
}

// readRef reads a reference as people read it out: whole, or its last six
// letters (short), in small letters, with other dashes and blanks or none.
func readRef(typed string) (ref string, short bool, err error) {
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsSpace(r), unicode.Is(unicode.Dash, r), r == '_', r == '.':
		default:
			return "", false, usage("%q is no reference: it has letters and digits", plain(typed))
		}
	}
	ref = b.String()
	if strings.ContainsAny(ref, "0O1I") {
		return "", false, usage("%q is no reference: they have no 0, O, 1 or I", plain(typed))
	}
	switch len(ref) {
	case 6:
		return ref, true, nil
	case 21:
		return ref[:1] + "-" + ref[1:], false, nil
	}
	return "", false, usage("%q is no reference: want all of it (22 characters), or the six that the customer was told", plain(typed))
}

// stateWords is where an order stands, for a table.
func stateWords(s vend.State, r vend.Resolution) string {
	switch s {
	case vend.StateConfirmed:
		return "not begun"
	case vend.StateSending:
		return "being sent"
	case vend.StateUnknown:
		return "unclear"
	case vend.StateOwed:
		return "goods owed"
	case vend.StatePerson:
		return "needs a person"
	case vend.StateDeclined:
		return "refused"
	case vend.StateResolved:
		if r == vend.ResolvedVended {
			return "decided: vended"
		}
		return "decided: refused"
	}
	return string(s) // delivered, reversed
}

// kindWords is a kind of sale, short.
func kindWords(k vend.Kind) string {
	switch k {
	case vend.KindAirtimePIN:
		return "airtime PIN"
	case vend.KindVoucher:
		return "1Voucher"
	case vend.KindGift:
		return "gift voucher"
	case vend.KindCashOut:
		return "cash PIN"
	case vend.KindRedeem:
		return "1Voucher in"
	case vend.KindReverse:
		return "reversal"
	}
	return string(k) // airtime, data, electricity, bill, refund
}

// what is a sale in a few words.
func what(o vend.Order) string {
	if o.Label == "" || o.Kind == vend.KindRefund || o.Kind == vend.KindVoucher {
		return kindWords(o.Kind)
	}
	return kindWords(o.Kind) + " " + plain(o.Label)
}

// amount is the price of an order, or what a voucher brought.
func amount(o vend.Order) string {
	if o.Kind == vend.KindRedeem && o.Amount == 0 {
		return "-" // not known before it is taken
	}
	return o.Amount.String()
}

// masked is a number of which the last four characters are shown.
func masked(number string) string {
	switch number {
	case "":
		return "-"
	case vend.ErasedTarget:
		return number
	}
	r := []rune(plain(number))
	if len(r) <= 4 {
		return "*"
	}
	return "*" + string(r[len(r)-4:])
}

// cut makes text no longer than n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-2]) + ".."
}

// plain is text from the database, or from a person, as a terminal may have it:
// whatever would move the cursor, colour the screen or turn the direction of
// writing is written out.
func plain(s string) string {
	if !slices.ContainsFunc([]rune(s), func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return b.String()
}

// writeJSON writes a value, on one line or several. Characters that a terminal
// would act on are escaped, which JSON leaves to the writer.
func writeJSON(to io.Writer, v any, indent string) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	var out strings.Builder
	for _, r := range b.String() {
		if r == '\n' || unicode.IsPrint(r) {
			out.WriteRune(r)
		} else {
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		}
	}
	_, err := io.WriteString(to, out.String())
	return err
}
