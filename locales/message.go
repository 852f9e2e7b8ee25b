package locales

import (
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// message is one text in one language, ready to be said.
type message struct {
	forms [plural.Many + 1]pattern // by plural form; a plain text is at plural.Other
	names []string                 // the placeholders of all forms, in order
	count string                   // the placeholder that chooses the form; empty for a plain text
	tag   language.Tag             // whose plural rules; of plural texts only
}

// pattern is a text split at its placeholders.
type pattern struct {
	text  string // the whole, as written
	parts []part
	size  int // bytes of all that is fixed
}

// part is a piece of fixed text and the placeholder after it; the name is empty
// at the end.
type part struct{ text, name string }

// say fills in the values.
func (m *message) say(args []Arg) string {
	p := &m.forms[plural.Other]
	if m.count != "" {
		// What is no whole number takes the form that every language has.
		if n, err := strconv.Atoi(value(args, m.count)); err == nil {
			p = &m.forms[formOf(m.tag, n)]
		}
	}
	return p.fill(args)
}

// fill writes the text with its values, in one allocation, and none where the
// text has no placeholder.
func (p *pattern) fill(args []Arg) string {
	if len(p.parts) == 0 || len(p.parts) == 1 && p.parts[0].name == "" {
		return p.text
	}
	size := p.size
	for i := range p.parts {
		size += len(value(args, p.parts[i].name))
	}
	var b strings.Builder
	b.Grow(size)
	for i := range p.parts {
		b.WriteString(p.parts[i].text)
		b.WriteString(value(args, p.parts[i].name))
	}
	return b.String()
}

// value is the value for a placeholder; empty where there is none.
func value(args []Arg, name string) string {
	if name == "" {
		return ""
	}
	for i := range args {
		if args[i].Name == name {
			return args[i].Value
		}
	}
	return ""
}
