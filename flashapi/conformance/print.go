package conformance

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// mark is what a line begins with.
func (v Verdict) mark() string {
	switch v {
	case Pass:
		return "ok  "
	case Fail:
		return "FAIL"
	case Skipped:
		return "skip"
	default:
		return "?   "
	}
}

// Printer writes a run for people, as it goes: the checks by group, what failed
// with what was expected and what came; then a summary, and the answers to what
// the document leaves open.
type Printer struct {
	w     io.Writer
	group string
	err   error
}

// NewPrinter makes a Printer.
func NewPrinter(w io.Writer) *Printer { return &Printer{w: w} }

func (p *Printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// Result prints a result; it fits Options.Progress.
func (p *Printer) Result(r Result) {
	if group := groupOf(r.Check); group != p.group {
		p.group = group
		p.printf("\n%s\n", group)
	}
	p.printf("  %s  %-46s %s (%s)\n", r.Verdict.mark(), r.Check, r.Says, r.Section)
	if r.Reason != "" {
		p.printf("        %s\n", r.Reason)
	}
	for _, f := range r.Faults {
		p.printf("        %s\n          expected: %s\n          got:      %s\n", f.Tried, f.Expected, f.Got)
	}
}

// Summary prints what follows the results. It returns the first error of all
// writing.
func (p *Printer) Summary(r Report) error {
	fixture := r.Fixture
	if fixture == "" {
		fixture = "no name"
	}
	p.printf("\n%s, fixture: %s, references: %s-...\n", r.Host, fixture, r.Prefix)
	p.printf("%d checks: %d passed, %d failed, %d skipped, %d unclear; %d requests in %s\n",
		len(r.Results), r.Count(Pass), r.Count(Fail), r.Count(Skipped), r.Count(Unclear), r.Requests, r.Took.Round(time.Millisecond))
	if r.Spending {
		p.printf("Sales that were tried come to R%d.%02d.\n", r.Spent/100, r.Spent%100)
	} else {
		p.printf("Nothing was bought: spending was not allowed.\n")
	}
	if len(r.Answers) > 0 {
		p.printf("\nWhat the document leaves open, and what this server does\n")
	}
	for rest := r.Answers; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(a Answer) bool { return a.Question != rest[0].Question })
		if n < 0 {
			n = len(rest)
		}
		p.printf("\n  %s (section %s)\n", rest[0].Question, rest[0].Section)
		p.answers(rest[:n])
		rest = rest[n:]
	}
	return p.err
}

// answers prints the answers to one question, each once with all that it is
// about.
func (p *Printer) answers(list []Answer) {
	var order []string
	subjects := map[string][]string{}
	for _, a := range list {
		if _, seen := subjects[a.Answer]; !seen {
			order = append(order, a.Answer)
			subjects[a.Answer] = nil
		}
		if a.Subject != "" {
			subjects[a.Answer] = append(subjects[a.Answer], a.Subject)
		}
	}
	for _, answer := range order {
		switch about := subjects[answer]; {
		case len(order) == 1 && len(about) > 1:
			p.printf("    %s, in all of %d\n", answer, len(about))
		case len(about) > 0:
			p.printf("    %s: %s\n", answer, strings.Join(about, ", "))
		default:
			p.printf("    %s\n", answer)
		}
	}
}
