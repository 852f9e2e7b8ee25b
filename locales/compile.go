package locales

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

const (
	// other is the plural form that every language has.
	other = "other"
	// countName is the member of a plural text that names its number.
	countName = "count"
)

// formNames is how a file calls the plural forms, by plural.Form.
var formNames = [...]string{
	plural.Other: other, plural.Zero: "zero", plural.One: "one",
	plural.Two: "two", plural.Few: "few", plural.Many: "many",
}

// placeholders is what each text of the program wants filled in, by what English
// has; nil where English can not be read, which is reported when it is compiled.
func placeholders(english map[string]entry) map[string][]string {
	want := make(map[string][]string, len(english))
	for key, e := range english {
		want[key] = nil
		if m, errs := compile(e, language.English); len(errs) == 0 && !e.broken {
			want[key] = m.names
		}
	}
	return want
}

// compileLanguage compiles the texts of one language and checks that they are
// those that are wanted.
func compileLanguage(code string, entries map[string]entry, want map[string][]string) (map[string]message, []error) {
	tag := language.Make(code)
	compiled := make(map[string]message, len(entries))
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, ok := entries[key]; !ok {
			errs = append(errs, fmt.Errorf("%s.json: %s is missing", code, key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		e := entries[key]
		complain := func(err error) { errs = append(errs, fmt.Errorf("%s: %s: %w", e.file, key, err)) }
		names, ok := want[key]
		if !ok {
			complain(errors.New("the program knows no such text"))
		}
		if !ok || e.broken {
			continue
		}
		m, wrong := compile(e, tag)
		for _, err := range wrong {
			complain(err)
		}
		if len(wrong) > 0 {
			continue
		}
		if names != nil && !slices.Equal(m.names, names) {
			complain(fmt.Errorf("has the placeholders %v, the program fills in %v", m.names, names))
		}
		compiled[key] = m
	}
	return compiled, errs
}

// compile makes a message of an entry.
func compile(e entry, tag language.Tag) (message, []error) {
	m := message{names: []string{}}
	var errs []error
	for _, form := range slices.Sorted(maps.Keys(e.forms)) {
		p, names, err := parse(e.forms[form])
		if err != nil {
			errs = append(errs, err)
		}
		m.names = append(m.names, names...)
		i := slices.Index(formNames[:], form)
		if i < 0 {
			errs = append(errs, fmt.Errorf("%q is no plural form", form))
			continue
		}
		m.forms[i] = p
	}
	slices.Sort(m.names)
	m.names = slices.Compact(m.names)
	if e.plural {
		m.tag = tag
		errs = append(errs, checkForms(e.forms, tag)...)
		switch {
		case e.count == "" && len(m.names) == 1:
			m.count = m.names[0]
		case e.count == "":
			errs = append(errs, fmt.Errorf("needs a %q that names one of %v", countName, m.names))
		case !slices.Contains(m.names, e.count):
			errs = append(errs, fmt.Errorf("no form has the placeholder {%s} that it counts", e.count))
		default:
			m.count = e.count
		}
	}
	return m, errs
}

// checkForms compares the plural forms of a text with those that whole numbers
// have in the language.
func checkForms(forms map[string]string, tag language.Tag) []error {
	uses := map[string]bool{other: true}
	for n := range 1000 {
		uses[formNames[formOf(tag, n)]] = true
	}
	uses[formNames[formOf(tag, 1_000_000)]] = true
	var errs []error
	for _, name := range formNames {
		_, has := forms[name]
		switch {
		case uses[name] && !has:
			errs = append(errs, fmt.Errorf("the plural form %q is missing", name))
		case has && !uses[name]:
			errs = append(errs, fmt.Errorf("the language has no plural form %q", name))
		}
	}
	return errs
}

// formOf is the plural form of a whole number.
func formOf(tag language.Tag, n int) plural.Form {
	if n %= 10_000_000; n < 0 { // more digits do not matter
		n = -n
	}
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)
}

// parse splits a text at its placeholders.
func parse(text string) (pattern, []string, error) {
	p := pattern{text: text}
	var names []string
	switch {
	case strings.TrimSpace(text) == "":
		return p, nil, errors.New("is empty")
	case strings.TrimSpace(text) != text:
		return p, nil, fmt.Errorf("%q begins or ends with a blank", text)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return p, nil, fmt.Errorf("%q has a control character", text)
	}
	for rest := text; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			p.parts = append(p.parts, part{text: rest})
			break
		}
		end := strings.IndexAny(rest[at+1:], "{}") + at + 1
		if rest[at] == '}' || end == at || rest[end] == '{' {
			return p, names, fmt.Errorf("%q has a brace without its other half", text)
		}
		name := rest[at+1 : end]
		if !validName(name) {
			return p, names, fmt.Errorf("%q: {%s} is no placeholder", text, name)
		}
		names = append(names, name)
		p.parts = append(p.parts, part{text: rest[:at], name: name})
		rest = rest[end+1:]
	}
	for _, part := range p.parts {
		p.size += len(part.text)
	}
	return p, names, nil
}
