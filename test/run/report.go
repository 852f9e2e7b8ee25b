//go:build unix

package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
)

// outcome is how a part went; the zero value is that it ran well.
type outcome uint8

const (
	passed outcome = iota
	failed
	skipped
)

// part is one line of the report.
type part struct {
	name    string
	with    string // what it ran with
	why     string // why it did not pass
	outcome outcome
	service service // nil where none was started
}

func (p *part) fail(why string)       { p.outcome, p.why = failed, why }
func (p *part) skip(with, why string) { p.outcome, p.with, p.why = skipped, with, why }

// missing settles a part whose service could not be started: one that is not
// installed is skipped, one that is there and does not start has failed.
func (p *part) missing(none string, err error) {
	if errors.Is(err, errNotInstalled) {
		p.skip(none, "not installed")
		return
	}
	p.with = none
	p.fail(err.Error())
}

// settle gives the tests' result to the parts. Where tests failed whose names
// speak of one store only, that store's part has failed; everything else is the
// packages' own.
func settle(packages, redis, postgres *part, seen *failures, err error) {
	others := 0
	for _, t := range seen.leaves() {
		lower := strings.ToLower(t)
		ofRedis, ofPostgres := strings.Contains(lower, "redis"), strings.Contains(lower, "postgres")
		switch {
		case ofRedis && !ofPostgres && redis.service != nil:
			redis.fail("failed: " + t)
		case ofPostgres && !ofRedis && postgres.service != nil:
			postgres.fail("failed: " + t)
		default:
			others++
		}
	}
	switch {
	case others > 0:
		packages.fail(fmt.Sprintf("%d failed", others))
	case err != nil && redis.outcome != failed && postgres.outcome != failed:
		packages.fail(err.Error())
	}
	for _, p := range []*part{redis, postgres} {
		if p.service == nil || p.outcome == failed {
			continue
		}
		n, err := p.service.clients()
		switch {
		case err != nil:
			p.fail(err.Error())
		case n == 0:
			p.skip(p.with, "no test asked for it")
		default:
			p.with += fmt.Sprintf(", %d connections", n)
		}
	}
}

// require turns what was skipped though it is required into failures, and says
// whether nothing has failed.
func require(all []part, required map[string]bool) bool {
	ok := true
	for i := range all {
		p := &all[i]
		if p.outcome == skipped && required[partOf(p.name)] {
			p.fail("required, but " + p.why)
		}
		ok = ok && p.outcome != failed
	}
	return ok
}

// partOf is the word for a part on the command line.
func partOf(name string) string {
	switch name {
	case "Redis":
		return partRedis
	case "PostgreSQL":
		return partPostgres
	default:
		return name
	}
}

// report is the table of what ran with what, and the count of parts.
func report(all []part) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "\npart\tran with\tresult")
	var count [3]int
	for _, p := range all {
		count[p.outcome]++
		result := [...]string{"passed", "FAILED", "skipped"}[p.outcome]
		if p.why != "" {
			result += ": " + p.why
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.name, p.with, result)
	}
	_ = w.Flush() // a strings.Builder takes everything
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped\n", count[passed], count[failed], count[skipped])
	return b.String()
}
