package locales

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Measure folds a text into the alphabet of phones and says how many septets it
// then takes, and which of its characters are lost.
type Measure func(text string) (septets int, lost []rune)

// How much longer than in English a text may be before that is odd: both.
const (
	longerShare   = 45 // percent
	longerSeptets = 25
)

// CheckOverlay says what is wrong with an overlay of the catalogues that come
// with the program, so that Load refuses it, and what is odd: texts that lose
// characters on a phone, or that take more than a screen before anything is
// filled in.
func CheckOverlay(overlay fs.FS, measure Measure, screen int) (wrong []error, odd []string) {
	return checkOverlay(catalogues, overlay, measure, screen)
}

func checkOverlay(base, overlay fs.FS, measure Measure, screen int) (wrong []error, odd []string) {
	_, wrong = assemble(base, overlay)
	texts, _ := readFolder(overlay, overlayLabel)
	for _, code := range slices.SortedFunc(maps.Keys(texts), byOffer) {
		for _, t := range written(texts[code]) {
			septets, lost := measure(bare(t.text, false))
			if len(lost) > 0 {
				odd = append(odd, fmt.Sprintf("%s: phones cannot show %s", t, quoted(lost)))
			}
			if septets > screen {
				odd = append(odd, fmt.Sprintf("%s: takes %d septets before anything is filled in, a screen has %d", t, septets, screen))
			}
		}
	}
	return wrong, odd
}

// CheckFile says what is wrong with a catalogue that a translator made, with the
// English that comes with the program as the measure, and what is odd. Nothing
// is wrong with it when it can be added as it is.
func CheckFile(name string, data []byte, measure Measure) (wrong []error, odd []string) {
	return checkFile(catalogues, name, data, measure)
}

func checkFile(base fs.FS, name string, data []byte, measure Measure) (wrong []error, odd []string) {
	code, ok := codeOf(name)
	if !ok {
		return []error{fmt.Errorf("%s: %q is no code of a language", name, code)}, nil
	}
	source, err := fs.ReadFile(base, English+".json")
	if err != nil {
		return []error{fmt.Errorf("read English: %w", err)}, nil
	}
	english, errs := readCatalogue(English+".json", source)
	if len(errs) > 0 {
		return errs, nil
	}
	entries, wrong := readCatalogue(name, data)
	if entries == nil {
		return wrong, nil
	}
	_, errs = compileLanguage(code, entries, placeholders(english))
	wrong = append(wrong, errs...)

	quotes := quotesOf(english, entries)
	for _, t := range written(entries) {
		complain := func(format string, args ...any) {
			wrong = append(wrong, fmt.Errorf("%s: %s", t, fmt.Sprintf(format, args...)))
		}
		wonder := func(format string, args ...any) {
			odd = append(odd, fmt.Sprintf("%s: %s", t, fmt.Sprintf(format, args...)))
		}
		if strings.Contains(t.text, "  ") {
			complain("has two blanks in a row")
		}
		if !norm.NFC.IsNormalString(t.text) {
			complain("has marks that are not part of their letters (Unicode NFC is wanted)")
		}
		septets, lost := measure(bare(t.text, true))
		if len(lost) > 0 {
			complain("phones cannot show %s", quoted(lost))
		}
		if most := septetsOf(english[t.key], t.form, measure); most > 0 && septets-most > longerSeptets && 100*(septets-most) > longerShare*most {
			wonder("takes %d septets, the English %d", septets, most)
		}
		switch straight, curly := strings.ContainsAny(t.text, straightQuotes), strings.ContainsAny(t.text, curlyQuotes); {
		case curly && quotes != curlyQuotes:
			wonder("has curly quotes or apostrophes, where other texts have straight ones")
		case straight && quotes == curlyQuotes:
			wonder("has straight quotes or apostrophes, where other texts have curly ones")
		}
	}
	return wrong, odd
}

// writtenText is one text of a file; of one with plural forms, one of those.
type writtenText struct {
	file, key, form, text string
	plural                bool
}

// String says where it stands.
func (t writtenText) String() string {
	if t.plural {
		return fmt.Sprintf("%s: %s (%s)", t.file, t.key, t.form)
	}
	return t.file + ": " + t.key
}

// written lists the texts of a catalogue by key and form.
func written(entries map[string]entry) []writtenText {
	var all []writtenText
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		e := entries[key]
		for _, form := range slices.Sorted(maps.Keys(e.forms)) {
			all = append(all, writtenText{e.file, key, form, e.forms[form], e.plural})
		}
	}
	return all
}

// septetsOf is how long a text is in English, in the same form where it has
// that; 0 where there is none.
func septetsOf(english entry, form string, measure Measure) int {
	text, ok := english.forms[form]
	if !ok {
		text = english.forms[other]
	}
	septets, _ := measure(bare(text, true))
	return septets
}

// bare is a text with its placeholders left out, or with their names in their
// stead. A text whose braces do not match is left as it is.
func bare(text string, names bool) string {
	p, _, err := parse(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	for _, part := range p.parts {
		b.WriteString(part.text)
		if names {
			b.WriteString(part.name)
		}
	}
	return b.String()
}

const (
	straightQuotes = `'"`
	curlyQuotes    = "‘’‚‛“”„‟"
)

// quotesOf is which quotes are used: those of English where that is decided,
// else those that more texts of a catalogue have.
func quotesOf(english, entries map[string]entry) string {
	for _, texts := range []map[string]entry{english, entries} {
		straight, curly := 0, 0
		for _, t := range written(texts) {
			if strings.ContainsAny(t.text, straightQuotes) {
				straight++
			}
			if strings.ContainsAny(t.text, curlyQuotes) {
				curly++
			}
		}
		switch {
		case curly > straight:
			return curlyQuotes
		case straight > curly:
			return straightQuotes
		}
	}
	return straightQuotes
}

// quoted lists characters.
func quoted(chars []rune) string {
	var all []string
	for _, r := range chars {
		all = append(all, fmt.Sprintf("%q", r))
	}
	return strings.Join(slices.Compact(all), ", ")
}
