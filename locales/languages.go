package locales

import (
	"cmp"
	"slices"
	"strings"
)

// English is the language of last resort, and the measure of the others.
const English = "en"

// nameKey is the text by which a language calls itself.
const nameKey = "language.name"

// offered are the languages in the order in which customers are offered them:
// by how many South Africans speak them at home (census of 2011).
var offered = []string{"zu", "xh", "af", English, "nso", "tn", "st", "ts", "ss", "ve", "nr"}

// Language is a language to choose from.
type Language struct {
	Code string // such as "zu"
	Name string // what it calls itself, such as "isiZulu"
}

// byOffer orders codes of languages as they are offered; those that are not
// among the offered come last, by code.
func byOffer(a, b string) int {
	return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a, b))
}

// place is where a language is offered.
func place(code string) int {
	if i := slices.Index(offered, code); i >= 0 {
		return i
	}
	return len(offered)
}
