package recon

import (
	"fmt"
	"io"
	"strings"
	"time"

	"spaza/ledger"
)

// width is the most characters of a line of the report.
const width = 100

// TextOptions of Report.WriteText.
type TextOptions struct {
	// Rows is how many orders are listed under one advice; default 50, and all
	// when it is below 0.
	Rows int
	// More says how to see those that are not listed.
	More string
}

// defaultRows of one advice.
const defaultRows = 50

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// row prints a line without the blanks behind it.
func (p *printer) row(format string, args ...any) {
	p.printf("%s\n", strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// rands is an amount with both digits of its cents, so that columns align.
func rands(c ledger.Cents) string {
	sign, u := "", uint64(c)
	if c < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%sR%d.%02d", sign, u/100, u%100)
}

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	if o.Rows == 0 {
		o.Rows = defaultRows
	}
	p := &printer{w: w}
	r.head(p)
	r.table(p)
	for i := 0; i < len(r.Findings); {
		n := 1
		for i+n < len(r.Findings) && r.Findings[i+n].Bucket == r.Findings[i].Bucket && r.Findings[i+n].Advice == r.Findings[i].Advice {
			n++
		}
		r.section(p, r.Findings[i:i+n], o)
		i += n
	}
	r.unreadable(p, o)
	for _, note := range r.Notes {
		p.printf("\n")
		p.wrap("Note: ", note)
	}
	r.summary(p)
	return p.err
}

func (r *Report) head(p *printer) {
	p.printf("From %s to %s (%s), margin %s\n", r.From.Format(time.DateTime), r.To.Format(time.DateTime), r.Zone, r.Margin)
	for _, f := range r.Files {
		left := []string{fmt.Sprintf("%d transactions", f.Rows)}
		for _, part := range []struct {
			n    int
			what string
		}{
			{f.Bad, "unreadable"}, {f.Duplicates, "repeated"}, {f.Outside, "outside the period"}, {f.Totals, "totals"}, {f.Empty, "empty"},
			{f.Before, "before the header"},
		} {
			if part.n > 0 {
				left = append(left, fmt.Sprintf("%d %s", part.n, part.what))
			}
		}
		p.wrap("", fmt.Sprintf("%s: %d lines: %s", f.Name, f.Lines, strings.Join(left, ", ")))
		var columns []string
		for _, field := range fields() {
			if name, ok := f.Columns[field]; ok {
				columns = append(columns, fmt.Sprintf("%s=%s", field, name))
			}
		}
		if r.Unit != "" {
			columns = append(columns, "amounts in "+string(r.Unit))
		}
		p.wrap("  ", strings.Join(columns, ", "))
	}
}

func (r *Report) table(p *printer) {
	const line = "%-16s %8s %16s %16s %8s %16s\n"
	p.printf("\n"+line, "", "orders", "booked here", "held here", "lines", "booked there")
	var all Total
	row := func(name string, t Total) {
		p.printf(line, name, fmt.Sprint(t.Orders), rands(t.Booked), rands(t.Held), fmt.Sprint(t.Lines), rands(t.Theirs))
	}
	for _, t := range r.Totals {
		row(string(t.Bucket), t)
		all.Orders, all.Booked, all.Held = all.Orders+t.Orders, all.Booked+t.Booked, all.Held+t.Held
		all.Lines, all.Theirs = all.Lines+t.Lines, all.Theirs+t.Theirs
	}
	row("all", all)
}

// section lists findings of one advice.
func (r *Report) section(p *printer, list []Finding, o TextOptions) {
	p.printf("\n%s: %d\n", list[0].Bucket, len(list))
	p.wrap("  ", list[0].Says)
	if pr := list[0].Proposal; pr != nil {
		p.wrap("  ", "Proposed: "+pr.Action.Says()+".")
	}
	for i, f := range list {
		if i == o.Rows {
			p.printf("  and %d more%s\n", len(list)-o.Rows, o.More)
			return
		}
		f.rows(p, len(r.Files))
	}
}

// rows are what both sides say of one finding, one below the other.
func (f Finding) rows(p *printer, files int) {
	const line = "  %-10s  %-24s  %-14s  %-14s  %-10s %14s"
	id := ""
	if f.Proposal != nil {
		id = f.Proposal.ID
	}
	if o := f.Ours; o != nil {
		amount := rands(o.Amount)
		if !o.known() {
			amount = ""
		}
		p.row(line, id, cut(o.Ref, 24), cut(o.Kind, 14), stamp(o.At), o.Standing, amount)
		id = ""
	}
	if len(f.Theirs) == 0 {
		p.printf("  %-10s  no line\n", "")
	}
	for _, l := range f.Theirs {
		ref := l.Ref
		if f.Ours != nil && ref == f.Ours.Ref || ref == "" {
			ref = l.ProviderRef
		}
		p.row(line, id, cut(ref, 24), cut(fmt.Sprintf("line %d", l.Number), 14), stamp(l.At), l.Status, rands(l.Amount))
		if files > 1 {
			p.printf("  %-10s  of %s\n", "", cut(l.File, width-20))
		}
		id = ""
	}
}

// stamp is a time without its year, which the head has.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("01-02 15:04:05")
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-2]) + ".."
	}
	return s
}

func (r *Report) unreadable(p *printer, o TextOptions) {
	if len(r.Unreadable) == 0 {
		return
	}
	p.printf("\nunreadable lines: %d\n", len(r.Unreadable))
	for i, b := range r.Unreadable {
		if i == o.Rows {
			p.printf("  and %d more%s\n", len(r.Unreadable)-o.Rows, o.More)
			return
		}
		where := fmt.Sprintf("line %d", b.Number)
		if len(r.Files) > 1 {
			where = cut(b.File, 40) + " " + where
		}
		p.wrap("  ", where+": "+b.Why)
		p.row("    %s", cut(b.Text, width-4))
	}
}

// WriteOutcomes writes what became of what was confirmed, and what is left: the
// end of WriteText.
func (r *Report) WriteOutcomes(w io.Writer) error {
	p := &printer{w: w}
	r.summary(p)
	return p.err
}

// summary is what is left to be done.
func (r *Report) summary(p *printer) {
	if len(r.Outcomes) > 0 {
		p.printf("\n")
	}
	for _, o := range r.Outcomes {
		p.printf("%-10s  %s  %-24s  %s\n", o.Proposal.ID, map[bool]string{true: "done  ", false: "FAILED"}[o.Error == ""], cut(o.Proposal.Ref, 24), cut(o.Proposal.Action.Says(), 50))
		if o.Error != "" {
			p.wrap("            ", o.Error)
		}
	}
	p.printf("\n")
	n, open := r.Differences(), 0
	for _, pr := range r.Proposals() {
		if !r.done(pr.ID) {
			open++
		}
	}
	pending := r.Total(Pending)
	switch {
	case n == 0 && pending.Orders+pending.Lines == 0:
		p.printf("All agree.\n")
	case n == 0:
		p.printf("No differences; %s cannot be judged yet.\n", count(max(pending.Orders, 1), "order"))
	default:
		p.printf("%s, %s.\n", count(n, "difference"), count(open, "proposal"))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// wrap prints text in lines that fit, each behind a margin as wide as the mark.
func (p *printer) wrap(mark, text string) {
	line, n := mark, len(mark)
	indent := strings.Repeat(" ", len(mark))
	begun := false
	for word := range strings.FieldsSeq(text) {
		word = cut(word, width-len(indent))
		length := len([]rune(word))
		if begun && n+1+length > width {
			p.printf("%s\n", line)
			line, n, begun = indent, len(indent), false
		}
		if begun {
			line, n = line+" ", n+1
		}
		line, n, begun = line+word, n+length, true
	}
	p.printf("%s\n", line)
}
