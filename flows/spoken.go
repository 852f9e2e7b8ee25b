package flows

import (
	"strings"
	"unicode"
)

// What people write in a chat to get somewhere, in any of the languages, whatever
// theirs is: many mix them.

// destination is somewhere that words lead to: the text that lists the words, and what is
// pressed in the menu to get there.
type destination struct {
	key    string
	inputs []string
}

// destinations are in the order in which they are looked for.
func destinations() []destination {
	return []destination{
		{"verb.menu", nil},
		{"verb.airtime", []string{"1"}},
		{"verb.data", []string{"2"}},
		{"verb.electricity", []string{"3"}},
		{"verb.voucher", []string{"4"}},
		{"verb.again", []string{"5"}},
		{"verb.account", []string{"6"}},
		{"verb.more", []string{"7"}},
		{"verb.help", []string{"8"}},
		{"verb.language", []string{"10"}},
	}
}

// spokenMost is how many words may lead somewhere: more is a story.
const spokenMost = 6

// verb is where words lead: "buy airtime", "koop krag", "thenga ugesi". A word that
// means buying or asking is left out, and what is left must be a thing that is
// listed. A command begins with a stroke.
func (s Shop) verb(typed string) (inputs []string, ok bool) {
	words := strings.FieldsFunc(strings.TrimPrefix(typed, "/"), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-'
	})
	if len(words) == 0 || len(words) > spokenMost || !hasLetter(words) {
		return nil, false
	}
	if inputs, ok = s.placeOf(words); ok {
		return inputs, true
	}
	asking := s.spoken("verb.buy")
	rest := words[:0:0]
	for _, w := range words {
		if !asking[w] {
			rest = append(rest, w)
		}
	}
	switch len(rest) {
	case 0: // "buy", and no word of what
		return nil, true
	case len(words):
		return nil, false
	}
	return s.placeOf(rest)
}

func (s Shop) placeOf(words []string) (inputs []string, ok bool) {
	said := strings.Join(words, " ")
	for _, p := range destinations() {
		if s.spoken(p.key)[said] {
			return p.inputs, true
		}
	}
	return nil, false
}

// spoken is what is listed under a key, in all languages.
func (s Shop) spoken(key string) map[string]bool {
	all := map[string]bool{}
	for _, l := range s.Languages() {
		for _, w := range Spoken(s.Words.Say(l.Code, key)) {
			all[w] = true
		}
	}
	return all
}

// Spoken takes a list of words apart: small letters, commas between.
func Spoken(list string) []string {
	var all []string
	for w := range strings.SplitSeq(strings.ToLower(list), ",") {
		if w = strings.Join(strings.Fields(w), " "); w != "" {
			all = append(all, w)
		}
	}
	return all
}

func hasLetter(words []string) bool {
	for _, w := range words {
		for _, r := range w {
			if unicode.IsLetter(r) {
				return true
			}
		}
	}
	return false
}
