package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
)

//go:embed *.json
var catalogues embed.FS

// Arg is a value for a placeholder. It is an alias of an unnamed type, so that
// an interface elsewhere can describe Say without importing this package.
type Arg = struct{ Name, Value string }

// Count is an Arg for a number; texts with plural forms choose by it.
func Count(name string, n int) Arg { return Arg{Name: name, Value: strconv.Itoa(n)} }

// Catalogue is every text in every language. It does not change once loaded and
// is safe for concurrent use.
type Catalogue struct {
	languages []Language           // as they are offered
	messages  map[string][]message // by key; one for each language, in their order
	english   int                  // where English stands among them
	reworded  int                  // texts that overlays brought
}

// Load reads the catalogues that come with the program and lays the overlays
// over them, the later over the earlier; a nil overlay is skipped. An overlay is
// a folder of catalogues: one of a language that is there already may reword any
// of its texts, one of a new language must be complete. Everything that is wrong
// anywhere is reported at once.
func Load(overlays ...fs.FS) (*Catalogue, error) { return load(catalogues, overlays...) }

// Builtin is the folder of the catalogues that come with the program.
func Builtin() fs.FS { return catalogues }

func load(base fs.FS, overlays ...fs.FS) (*Catalogue, error) {
	c, errs := assemble(base, overlays...)
	if len(errs) > 0 {
		return nil, fmt.Errorf("load catalogues:\n%w", errors.Join(errs...))
	}
	return c, nil
}

// assemble is load with everything that is wrong as a list; the catalogue is of
// use only when that is empty.
func assemble(base fs.FS, overlays ...fs.FS) (*Catalogue, []error) {
	texts, errs := readFolder(base, "")
	english, ok := texts[English]
	if !ok {
		return nil, append(errs, errors.New("there is no readable "+English+".json"))
	}
	if _, ok := english[nameKey]; !ok {
		errs = append(errs, fmt.Errorf("%s.json: %s is missing", English, nameKey))
	}
	want := placeholders(english)
	c := &Catalogue{messages: make(map[string][]message, len(want))}

	for _, o := range overlays {
		if o == nil {
			continue
		}
		more, moreErrs := readFolder(o, overlayLabel)
		errs = append(errs, moreErrs...)
		for code, entries := range more {
			if texts[code] == nil {
				texts[code] = make(map[string]entry, len(entries))
			}
			maps.Copy(texts[code], entries)
			c.reworded += len(entries)
		}
	}

	codes := slices.SortedFunc(maps.Keys(texts), byOffer)
	c.english = slices.Index(codes, English)
	for _, code := range codes {
		compiled, codeErrs := compileLanguage(code, texts[code], want)
		errs = append(errs, codeErrs...)
		for key := range want {
			c.messages[key] = append(c.messages[key], compiled[key])
		}
		name := compiled[nameKey]
		c.languages = append(c.languages, Language{Code: code, Name: name.say(nil)})
	}
	return c, errs
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
	return c.english
}

// Has says whether there is a catalogue of that language.
func (c *Catalogue) Has(lang string) bool { return c.languages[c.index(lang)].Code == lang }

// Languages lists the languages to choose from, in the order in which they are
// offered: the official ones of South Africa by how many speak them at home,
// then all others by code.
func (c *Catalogue) Languages() []Language { return slices.Clone(c.languages) }

// Reworded is how many texts came from overlays.
func (c *Catalogue) Reworded() int { return c.reworded }

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
