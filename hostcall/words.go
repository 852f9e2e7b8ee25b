package hostcall

import (
	"errors"
	"regexp"
	"strings"

	"spaza/secret"
)

// scrubbed is an error whose text may be shown. It answers errors.Is for its
// cause but does not hand it out, since the cause's own text may quote what a
// broken host echoed.
type scrubbed struct {
	text  string
	cause error
}

func (s *scrubbed) Error() string        { return s.text }
func (s *scrubbed) Is(target error) bool { return errors.Is(s.cause, target) }

// ScrubError makes an error fit to be logged. errors.Is still finds its causes,
// errors.As and Unwrap do not. Nil stays nil.
func ScrubError(err error, secrets []secret.Text) error {
	if err == nil {
		return nil
	}
	return &scrubbed{text: Scrub(quotation.ReplaceAllString(err.Error(), `"..."`), secrets), cause: err}
}

// quotation is what net/http quotes of an answer that is not HTTP.
var quotation = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// longDigits are nine digits or more, also when grouped by single spaces, dots
// or hyphens: PINs, card and phone numbers.
var longDigits = regexp.MustCompile(`\d(?:[ .\-]?\d){8,}`)

// MaxWords bounds how many characters of a host's wording Scrub keeps.
const MaxWords = 200

// Scrub makes foreign text fit to be logged: the given secrets and all long
// runs of digits are taken out, unprintable characters become spaces, and the
// rest is cut to a sensible length.
func Scrub(s string, secrets []secret.Text) string {
	s = Strip(s, secrets)
	s = longDigits.ReplaceAllString(s, "[digits]")
	if r := []rune(s); len(r) > MaxWords {
		s = string(r[:MaxWords]) + "..."
	}
	return s
}

// Strip takes secrets and unprintable characters out of a short field that may
// well have long numbers of its own (a transaction's number, a help line).
func Strip(s string, secrets []secret.Text) string {
	for _, t := range secrets {
		if t.Len() >= 4 { // shorter ones would tear ordinary words apart
			s = strings.ReplaceAll(s, t.Reveal(), secret.Redacted)
		}
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0xfffd || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

// Field is Strip for a value that is kept: at most 64 bytes, and nothing at all
// when a secret is in it, also one written in groups of digits.
func Field(s string, secrets []secret.Text) string {
	clean := strings.TrimSpace(Strip(s, secrets))
	if strings.Contains(clean, secret.Redacted) || len(clean) > 64 {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, clean)
	for _, t := range secrets {
		if t.Len() >= 4 && strings.Contains(digits, t.Reveal()) {
			return ""
		}
	}
	return clean
}
