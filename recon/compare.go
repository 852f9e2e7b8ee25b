package recon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"spaza/ledger"
)

// ErrPeriod is returned when it is not known which time the file is of.
var ErrPeriod = errors.New("the period is not known")

const (
	defaultMargin = time.Hour
	defaultWindow = 30 * time.Minute
	// provenShare: an absence proves something when at most one in so many
	// sales that we know of is absent.
	provenShare = 10
	// maxLines of one transaction. More have something else in common.
	maxLines = 200
)

// Options of Compare.
type Options struct {
	// Now is when the comparison is made; required.
	Now time.Time
	// From and To are the period that the files cover, From included and To
	// not. Default: from the first time in the files to the last.
	From, To time.Time
	// Margin at both ends of the period, within which an absence proves
	// nothing. Default: an hour.
	Margin time.Duration
	// Window is how long after its time an open order is left to the automatic
	// means. Default: 30 minutes.
	Window time.Duration
	// Kinds are the kinds of our orders that the files can have; default: all.
	Kinds []string
}

// comparison is one run of Compare.
type comparison struct {
	*Table
	books  Books
	opt    Options
	report *Report
	whose  []uint32 // rows that belong to an order, by its reference
	whole  bool     // the period is the files' own: every line is in it
	held   []Finding

	found, missing      int // orders with lines; orders that are done and have none
	timed, far          int // lines that can be compared with an order's time; those far from it
	equal, hundredTimes int // amounts
}

// Compare compares the files in the table with our orders.
func Compare(ctx context.Context, t *Table, books Books, o Options) (*Report, error) {
	if err := t.finish(); err != nil {
		return nil, err
	}
	for i := range t.rows { // of an earlier comparison
		t.rows[i].judged, t.rows[i].ownLen = false, 0
	}
	c := &comparison{Table: t, books: books, opt: o, report: &Report{Files: slices.Clone(t.files), Unreadable: t.bad, Unit: t.unit, Zone: t.mapping.Zone}}
	c.report.totals()
	if err := c.period(); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{c.assign, c.orders, c.others, c.nobody} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.weigh(); err != nil {
		return nil, err
	}
	c.report.sort()
	return c.report, nil
}

func (c *comparison) period() error {
	if c.opt.Margin <= 0 {
		c.opt.Margin = defaultMargin
	}
	if c.opt.Window <= 0 {
		c.opt.Window = defaultWindow
	}
	from, to := c.opt.From, c.opt.To
	if (from.IsZero() || to.IsZero()) && c.last == noTime {
		return fmt.Errorf("%w: the file has no times; say from when to when it is", ErrPeriod)
	}
	c.whole = from.IsZero() && to.IsZero()
	if from.IsZero() {
		from = time.UnixMilli(c.first)
	}
	if to.IsZero() {
		to = time.UnixMilli(c.last + 1)
	}
	if to.After(c.opt.Now) {
		to = c.opt.Now
	}
	if to.Before(from) {
		return fmt.Errorf("%w: it ends (%s) before it begins (%s)", ErrPeriod, to.In(c.mapping.Zone).Format(time.DateTime), from.In(c.mapping.Zone).Format(time.DateTime))
	}
	c.report.From, c.report.To, c.report.Margin = from.In(c.mapping.Zone), to.In(c.mapping.Zone), c.opt.Margin
	return nil
}

// within says whether a time is in the period, kept off its ends by a margin.
func (c *comparison) within(at time.Time, margin time.Duration) bool {
	return !at.Before(c.report.From.Add(margin)) && at.Before(c.report.To.Add(-margin))
}

// orders judges the orders of the period.
func (c *comparison) orders(ctx context.Context) error {
	for o, err := range c.books.Between(ctx, c.report.From, c.report.To) {
		if err != nil {
			return fmt.Errorf("read orders of the period: %w", err)
		}
		list := c.group(c.whose, c.own, o.Ref)
		switch {
		case len(list) > 0 && c.rows[list[0]].judged: // yielded twice
		case len(list) > 0:
			if err := c.judge(&o, list); err != nil {
				return err
			}
		case c.within(o.At, 0) && (len(c.opt.Kinds) == 0 || slices.Contains(c.opt.Kinds, o.Kind)):
			if err := c.judge(&o, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// others judges lines whose orders are of another time.
func (c *comparison) others(ctx context.Context) error {
	var rest []uint32
	for _, i := range c.whose {
		if !c.rows[i].judged {
			rest = append(rest, i)
		}
	}
	var failed error
	err := c.ask(ctx, c.books.ByRef, rest, c.own, func(o Ours) {
		list := c.group(rest, c.own, o.Ref)
		if failed != nil || len(list) == 0 || c.rows[list[0]].judged {
			return
		}
		if c.whole || c.within(o.At, 0) || c.anyWithin(list) {
			failed = c.judge(&o, list)
			return
		}
		c.leave(list)
	})
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("find orders of another time: %w", err)
	}
	return nil
}

// anyWithin says whether any of the lines is of the period; one without a time
// is.
func (c *comparison) anyWithin(list []uint32) bool {
	return slices.ContainsFunc(list, func(i uint32) bool {
		return c.rows[i].at == noTime || c.within(time.UnixMilli(c.rows[i].at), 0)
	})
}

// leave sets lines outside the period aside.
func (c *comparison) leave(list []uint32) {
	for _, i := range list {
		c.rows[i].judged = true
		c.report.Files[c.rows[i].file].Outside++
	}
}

// nobody judges lines that belong to no order.
func (c *comparison) nobody(context.Context) error {
	rest := c.sorted(c.key, func(r *row) bool { return !r.judged })
	for _, list := range c.groups(rest, c.key) {
		// One key may be our reference on one line and the provider's on
		// another.
		byRef, byProv := split(list, func(i uint32) bool { return c.rows[i].refLen > 0 })
		for _, list := range [][]uint32{byRef, byProv} {
			switch {
			case len(list) == 0:
			case c.whole || c.anyWithin(list):
				if err := c.judge(nil, list); err != nil {
					return err
				}
			default:
				c.leave(list)
			}
		}
	}
	return nil
}

func split(list []uint32, first func(uint32) bool) (yes, no []uint32) {
	for _, i := range list {
		if first(i) {
			yes = append(yes, i)
		} else {
			no = append(no, i)
		}
	}
	return yes, no
}

// judge judges one order with its lines; either may be missing.
func (c *comparison) judge(o *Ours, list []uint32) error {
	if len(list) > maxLines {
		return fmt.Errorf("%w: %d lines have the reference %q, so it is none of a transaction",
			ErrMapping, len(list), clean(string(c.key(&c.rows[list[0]])), maxShown))
	}
	rows := c.distinct(list)
	incoming := o != nil && o.Incoming || o == nil && rows[0].incoming
	claim := c.lines(rows, incoming)
	f := Finding{Ours: o, status: claim.status}
	for _, r := range rows {
		f.Theirs = append(f.Theirs, c.line(r, incoming))
	}
	var v verdict
	if o == nil {
		ref := string(c.key(rows[0]))
		v = judgeNobody(claim, incoming, plain(ref))
		f.propose(v, ref, c.provider(rows), "", len(c.files))
	} else {
		if len(list) == 0 && (c.mentioned[o.Ref] || o.ProviderRef != "" && c.mentioned[o.ProviderRef]) {
			claim.status = Unreadable
		}
		v = judge(*o, claim, setting{inside: c.within(o.At, c.opt.Margin), window: c.opt.Now.Sub(o.At) < c.opt.Window})
		f.propose(v, o.Ref, c.provider(rows), o.State, len(c.files))
		c.learn(*o, rows, claim, v)
	}
	f.Bucket, f.Advice = v.bucket, v.advice
	if f.sold = claim.sold; o != nil && o.NoLine {
		f.sold = 0
	}
	if v.action == ResolveNotVended && claim.status == Absent {
		c.held = append(c.held, f)
		return nil
	}
	return c.report.add(f)
}

// provider is the provider's reference on the lines, where it is fit to be kept.
func (c *comparison) provider(rows []*row) string {
	for _, r := range rows {
		if prov := string(c.prov(r)); prov != "" && plain(prov) {
			return prov
		}
	}
	return ""
}

// distinct marks lines as judged and leaves out those that repeat another one.
func (c *comparison) distinct(list []uint32) []*row {
	var rows []*row
	for _, i := range list {
		r := &c.rows[i]
		r.judged = true
		again := slices.ContainsFunc(rows, func(s *row) bool {
			return s.amount == r.amount && s.at == r.at && s.status == r.status && s.kind == r.kind &&
				string(c.ref(s)) == string(c.ref(r)) && string(c.prov(s)) == string(c.prov(r)) && (r.at != noTime || r.provLen > 0)
		})
		if again {
			c.report.Files[r.file].Duplicates++
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

// learn collects what tells whether the file is ours, its clock ours, and its
// amounts in the unit that was taken.
func (c *comparison) learn(o Ours, rows []*row, cl claim, v verdict) {
	if o.Aside || o.NoLine {
		return
	}
	switch {
	case len(rows) > 0:
		c.found++
	case v.advice == AdviceDoneAbsent:
		c.missing++
	}
	for _, r := range rows {
		if r.at == noTime || isMidnight(c.at(r)) {
			continue
		}
		c.timed++
		if d := c.at(r).Sub(o.At); d.Abs() > c.opt.Margin {
			c.far++
		}
	}
	if cl.status == Success && o.known() && o.Amount > 0 {
		switch {
		case cl.amount == o.Amount:
			c.equal++
		case cl.amount == 100*o.Amount, 100*cl.amount == o.Amount:
			c.hundredTimes++
		}
	}
}

// isMidnight says that a time is perhaps only a date.
func isMidnight(t time.Time) bool { return t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 }

// weigh decides whether absences prove anything, and adds what waited for that.
func (c *comparison) weigh() error {
	if c.hundredTimes > c.equal {
		return fmt.Errorf("%w: %d amounts are a hundred times, or a hundredth of, what our orders say; the file was read as %s", ErrUnit, c.hundredTimes, c.unit)
	}
	notes := &c.report.Notes
	if c.mapping.Columns[FieldStatus] == none {
		*notes = append(*notes, "No column says a status: every line was taken for a success.")
	}
	proven := true
	doubt := func(format string, args ...any) {
		proven = false
		*notes = append(*notes, fmt.Sprintf(format, args...)+" So an absence proves nothing here.")
	}
	if c.found == 0 && (c.missing > 0 || len(c.held) > 0) {
		doubt("No line is of an order of ours.")
	} else if c.missing*provenShare > c.found+c.missing {
		doubt("%d sales that we know of are not in the file, and %d are: it is not whole, or not of all kinds of sales.", c.missing, c.found)
	}
	if c.far*2 > c.timed {
		doubt("%d of %d lines are more than %s away from the time of their order: their zone or form is another.", c.far, c.timed, c.opt.Margin)
	}
	for _, f := range c.held {
		if !proven {
			f.Bucket, f.Advice, f.Proposal = Pending, AdviceAbsentUnproven, nil
		}
		if err := c.report.add(f); err != nil {
			return err
		}
	}
	return nil
}

// sum adds amounts; see ledger.Cents.Add.
func sum(to *ledger.Cents, c ledger.Cents) error {
	n, err := to.Add(c)
	if err != nil {
		return fmt.Errorf("add up: %w", err)
	}
	*to = n
	return nil
}
