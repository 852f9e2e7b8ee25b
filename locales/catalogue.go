package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed *.json
var catalogues embed.FS

// English is the language of last resort, and the measure of the others.
const English = "en"

// nameKey is the text by which a language calls itself.
const nameKey = "language.name"

// Arg is a value for a placeholder. It is an alias of an unnamed type, so that
// an interface elsewhere can describe Say without importing this package.
type Arg = struct{ Name, Value string }

// Count is an Arg for a number; texts with plural forms choose by it.
func Count(name string, n int) Arg { return Arg{Name: name, Value: strconv.Itoa(n)} }

// Language is a language to choose from.
type Language struct {
	Code string // such as "zu"
	Name string // what it calls itself, such as "isiZulu"
}

// Catalogue is every text in every language. It does not change once loaded and
// is safe for concurrent use.
type Catalogue struct {
	languages []Language           // English first, then by code
	messages  map[string][]message // by key; one for each language, in their order
}

// Load reads the catalogues that come with the program and lays the overlays
// over them, the later over the earlier; a nil overlay is skipped. An overlay is
// a folder of catalogues: one of a language that is there already may reword any
// of its texts, one of a new language must be complete. Everything that is wrong
// anywhere is reported at once.
func Load(overlays ...fs.FS) (*Catalogue, error) { return load(catalogues, overlays...) }

func load(base fs.FS, overlays ...fs.FS) (*Catalogue, error) {
	texts, errs := readFolder(base, "")
	english, ok := texts[English]
	if !ok {
		errs = append(errs, errors.New("there is no readable "+English+".json"))
		return nil, fmt.Errorf("load catalogues: %w", errors.Join(errs...))
	}
	if _, ok := english[nameKey]; !ok {
		errs = append(errs, fmt.Errorf("%s.json: %s is missing", English, nameKey))
	}
	want := placeholders(english)

	for _, o := range overlays {
		if o == nil {
			continue
		}
		more, moreErrs := readFolder(o, "overlay ")
		errs = append(errs, moreErrs...)
		for code, entries := range more {
			if texts[code] == nil {
				texts[code] = make(map[string]entry, len(entries))
			}
			maps.Copy(texts[code], entries)
		}
	}

	codes := slices.SortedFunc(maps.Keys(texts), byEnglishFirst)
	c := &Catalogue{messages: make(map[string][]message, len(want))}
	for _, code := range codes {
		compiled, codeErrs := compileLanguage(code, texts[code], want)
		errs = append(errs, codeErrs...)
		for key := range want {
			c.messages[key] = append(c.messages[key], compiled[key])
		}
		name := compiled[nameKey]
		c.languages = append(c.languages, Language{Code: code, Name: name.say(nil)})
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("load catalogues: %w", errors.Join(errs...))
	}
	return c, nil
}

// byEnglishFirst orders language codes.
func byEnglishFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == English:
		return -1
	case b == English:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

// Say is the text of a key in a language, with the placeholders filled in. An
// unknown language is answered in English, an unknown key with the key in
// brackets. A placeholder without a value is left out, and a value that the text
// does not want is ignored.
func (c *Catalogue) Say(lang, key string, args ...Arg) string {
	in, ok := c.messages[key]
	if !ok {
		return "[" + key + "]"
	}
	return in[c.index(lang)].say(args)
}

// index is where a language stands; English for one that is unknown.
func (c *Catalogue) index(lang string) int {
	for i := range c.languages {
		if c.languages[i].Code == lang {
			return i
		}
	}
	return 0
}

// Has says whether there is a catalogue of that language.
func (c *Catalogue) Has(lang string) bool { return lang == English || c.index(lang) > 0 }

// Languages lists the languages to choose from, English first.
func (c *Catalogue) Languages() []Language { return slices.Clone(c.languages) }

// Keys lists the keys in order.
func (c *Catalogue) Keys() []string { return slices.Sorted(maps.Keys(c.messages)) }

// Placeholders lists the placeholders of a text in order; they are the same in
// every language. None for an unknown key.
func (c *Catalogue) Placeholders(key string) []string {
	in, ok := c.messages[key]
	if !ok {
		return nil
	}
	return slices.Clone(in[0].names)
}
