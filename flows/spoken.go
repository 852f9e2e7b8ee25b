package flows

import (
	"slices"
	"strings"
	"sync"
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
	known := s.spoken.as(s)
	if inputs, ok = known.to[strings.Join(words, " ")]; ok {
		return inputs, true
	}
	rest := words[:0:0]
	for _, w := range words {
		if !known.asking[w] {
			rest = append(rest, w)
		}
	}
	switch len(rest) {
	case 0: // "buy", and no word of what
		return nil, true
	case len(words):
		return nil, false
	}
	inputs, ok = known.to[strings.Join(rest, " ")]
	return inputs, ok
}

// spoken is what people say, taken apart once for the texts as they stand: an
// operator can change them while the service runs.
type spoken struct {
	mu    sync.Mutex
	lists []string // that the vocabulary was made of
	made  vocabulary
}

// vocabulary does not change once it is made.
type vocabulary struct {
	to     map[string][]string // inputs, by what is said
	asking map[string]bool     // means buying or asking, and no thing
}

// as is the vocabulary of a shop now.
func (v *spoken) as(s Shop) vocabulary {
	languages := s.Languages()
	var lists []string
	for _, d := range append(destinations(), destination{key: "verb.buy"}) {
		for _, l := range languages {
			lists = append(lists, s.Words.Say(l.Code, d.key))
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Equal(lists, v.lists) {
		v.lists, v.made = lists, newVocabulary(lists, len(languages))
	}
	return v.made
}

// newVocabulary takes lists apart: those of every destination, in each of n
// languages, and then those of asking. What stands in two leads to the first.
func newVocabulary(lists []string, n int) vocabulary {
	made := vocabulary{map[string][]string{}, map[string]bool{}}
	for _, d := range destinations() {
		for _, list := range lists[:n] {
			for _, w := range Spoken(list) {
				if _, there := made.to[w]; !there {
					made.to[w] = d.inputs
				}
			}
		}
		lists = lists[n:]
	}
	for _, list := range lists {
		for _, w := range Spoken(list) {
			made.asking[w] = true
		}
	}
	return made
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
