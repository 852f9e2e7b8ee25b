package simulator

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

var (
	//go:embed frame.html
	frameHTML string
	//go:embed page.css
	pageCSS []byte
)

// Frame is what the pages of all hosts show alike. A page's view embeds it, and
// its HTML uses the templates "head", "figures", "switched", "numbers" and
// "faults" on that view.
type Frame struct {
	Name     string // of the host that is simulated
	Style    string // path of the style sheet
	Host     string // as the caller named it
	Figures  []Figure
	Switched []SwitchedLine
	Delay    time.Duration
	Numbers  []NumberGroup
	Faults   []FaultLine
}

// Figure is a number of the books.
type Figure struct{ Name, Value string }

// SwitchedLine is a fault that is switched on, in words.
type SwitchedLine struct {
	What, For    string
	Left, Struck int
}

// FaultLine is a fault with the test numbers that bring it.
type FaultLine struct {
	Number, Name, Meaning string
	Numbers               []NumberGroup
}

// TestNumber is a number that makes a simulator do something.
type TestNumber struct {
	Kind    string // what it is given as: "mobile", "meter", ...
	Value   string // a number that works as it stands
	Meaning string
	Fault   int // the fault that it brings; 0 for none
}

// NumberGroup is test numbers of one kind, under what they are given as.
type NumberGroup struct {
	Title   string
	Numbers []TestNumber
}

// GroupNumbers sorts the test numbers of a fault by kind; those without a fault
// for 0. A kind with no title is its own.
func GroupNumbers(list []TestNumber, fault int, titles map[string]string) []NumberGroup {
	var groups []NumberGroup
	at := make(map[string]int)
	for _, n := range list {
		if n.Fault != fault {
			continue
		}
		title, known := titles[n.Kind]
		if !known {
			title = n.Kind
		}
		i, begun := at[title]
		if !begun {
			i = len(groups)
			at[title] = i
			groups = append(groups, NumberGroup{Title: title})
		}
		groups[i].Numbers = append(groups[i].Numbers, n)
	}
	return groups
}

// Line says in words what a switched-on fault does and to which requests: does are
// the host's words for the first, of which empty ones are left out.
func (one Switched[D]) Line(does ...string) SwitchedLine {
	if one.Delay != 0 {
		does = append(does, "after "+one.Delay.String())
	}
	what := listed(does...)
	whom := listed(one.Op, prefixed("reference ", one.Reference), prefixed("target ", one.Target))
	if whom == "" {
		whom = "whatever comes"
	}
	return SwitchedLine{What: what, For: whom, Left: one.Left, Struck: one.Struck}
}

// listed puts commas between words, without the empty ones.
func listed(words ...string) string {
	var parts []string
	for _, word := range words {
		if word != "" {
			parts = append(parts, word)
		}
	}
	return strings.Join(parts, ", ")
}

// prefixed is a value behind its name, or nothing.
func prefixed(name, value string) string {
	if value == "" {
		return ""
	}
	return name + value
}

// Page serves a host's page, which it gives as a template and what to show to a
// caller who named the simulator so. It panics when it is no template.
func Page(html string, view func(host string) any) http.HandlerFunc {
	words := template.FuncMap{"rand": Rand, "time": inSAST}
	page := template.Must(template.Must(template.New("page").Funcs(words).Parse(frameHTML)).Parse(html))
	return func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		if err := page.Execute(&b, view(r.Host)); err != nil {
			http.Error(w, "cannot show the page", http.StatusInternalServerError)
			return
		}
		pageHeaders(w.Header(), "text/html; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	}
}

// Style serves the style sheet of all pages.
func Style(w http.ResponseWriter, _ *http.Request) {
	pageHeaders(w.Header(), "text/css; charset=utf-8")
	_, _ = w.Write(pageCSS)
}

func pageHeaders(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// Rand writes cents as rand with two decimals.
func Rand(cents int64) string { return fmt.Sprintf("R%d.%02d", cents/100, cents%100) }

// SAST is South African time, which has no daylight saving.
func SAST() *time.Location { return time.FixedZone("SAST", 2*60*60) }

func inSAST(t time.Time) string { return t.In(SAST()).Format(time.DateTime) }
