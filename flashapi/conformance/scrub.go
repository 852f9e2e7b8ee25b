package conformance

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// longNumber is what may be a PIN, a token, a meter or a phone, also when it is
// written in groups.
var longNumber = regexp.MustCompile(`[0-9](?:[ .-]?[0-9]){7,}`)

// wordsLimit is how much of what a server says is kept, in characters.
const wordsLimit = 160

// scrubber makes text fit for a report. It is safe for concurrent use.
type scrubber struct {
	mu     sync.Mutex
	hidden map[string]bool
}

// hide keeps a value out of everything that is scrubbed later. Short values are
// not secrets but would blot out ordinary words.
func (s *scrubber) hide(value string) {
	if len(value) < 4 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hidden == nil {
		s.hidden = map[string]bool{}
	}
	s.hidden[value] = true
}

// hideIn hides what an answer or request carries under a confidential name.
func (s *scrubber) hideIn(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			if text, ok := below.(string); ok && confidential(name) {
				s.hide(text)
			}
			s.hideIn(below)
		}
	case []any:
		for _, below := range v {
			s.hideIn(below)
		}
	}
}

// confidential names the properties whose values are nobody else's business: what
// can be spent, and whose it is.
func confidential(property string) bool {
	switch strings.ToLower(property) {
	case "pin", "token", "access_token", "refresh_token", "serialnumber", "barcode",
		"name", "address", "accountno", "cellnumber", "accountreference", "meternumber",
		"mobilenumber", "destinationmobilenumber":
		return true
	}
	return false
}

// scrub makes one line of a server's words.
func (s *scrubber) scrub(text string) string {
	s.mu.Lock()
	var hidden []string
	for value := range s.hidden {
		if strings.Contains(text, value) {
			hidden = append(hidden, value)
		}
	}
	s.mu.Unlock()
	// The longest first: one may be part of another.
	slices.SortFunc(hidden, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, value := range hidden {
		text = strings.ReplaceAll(text, value, "[hidden]")
	}
	text = longNumber.ReplaceAllString(text, "[number]")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if r := []rune(text); len(r) > wordsLimit {
		text = string(r[:wordsLimit]) + "..."
	}
	return text
}

// shape shows the form of a date without its value: every digit is a #.
func shape(text string) string {
	if text == "" {
		return "(empty)"
	}
	if len(text) > 40 {
		text = text[:40]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return '#'
		case r < ' ' || r > '~':
			return '?'
		default:
			return r
		}
	}, text)
}
