package whole

import (
	"regexp"
	"strings"
)

// Screen is an answer to a callback in the form of Africa's Talking: CON or END,
// and what the phone shows. The zero value is no answer.
type Screen string

// Asks says that it waits for an answer.
func (s Screen) Asks() bool { return strings.HasPrefix(string(s), "CON ") }

// Ends says that it is the last of its call.
func (s Screen) Ends() bool { return strings.HasPrefix(string(s), "END ") }

// Has says whether words stand on it.
func (s Screen) Has(words string) bool { return strings.Contains(string(s), words) }

var option = regexp.MustCompile(`(?m)^(?:CON )?(\d{1,2}) (.+)$`)

// Find is what is pressed for the option whose label begins with these words;
// empty where the page has none.
func (s Screen) Find(label string) string {
	for _, m := range option.FindAllStringSubmatch(string(s), -1) {
		if strings.HasPrefix(m[2], label) {
			return m[1]
		}
	}
	return ""
}

// More is what is pressed for a further page; no option ever has that number.
const More = "9"

var furtherPage = regexp.MustCompile(`(?m)^` + More + `( .+)?$`)

// Pick is what is pressed to get to that option: its number or, where it may
// stand on a further page, More.
func (s Screen) Pick(label string) string {
	if n := s.Find(label); n != "" || !furtherPage.MatchString(string(s)) {
		return n
	}
	return More
}
