package recon

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"spaza/ledger"
)

// Total is one bucket added up.
type Total struct {
	Bucket Bucket `json:"bucket"`
	Orders int    `json:"orders"`
	// Booked is what our books have as spent, or as credited for vouchers.
	Booked ledger.Cents `json:"booked_cents"`
	// Held is the price of sales that are not ended.
	Held  ledger.Cents `json:"held_cents"`
	Lines int          `json:"lines"`
	// Theirs is what the provider counts as sold, or as taken in.
	Theirs ledger.Cents `json:"theirs_cents"`
}

// Finding is an order with its lines, and what is to be made of them.
type Finding struct {
	Bucket   Bucket    `json:"bucket"`
	Advice   Advice    `json:"advice,omitempty"`
	Says     string    `json:"says,omitempty"` // the advice in words
	Ours     *Ours     `json:"ours,omitempty"`
	Theirs   []Line    `json:"theirs,omitempty"`
	Proposal *Proposal `json:"proposal,omitempty"`

	status Status
	sold   ledger.Cents
}

// propose makes the verdict's proposal.
func (f *Finding) propose(v verdict, ref, provider, was string, files int) {
	if v.action == "" {
		return
	}
	evidence := "no line"
	if len(f.Theirs) > 0 {
		evidence = ""
		for i, l := range f.Theirs {
			if i > 0 {
				evidence += "; "
			}
			evidence += fmt.Sprintf("%s: %s %s", l.where(files), l.Status, rands(l.Amount))
		}
	}
	f.Proposal = &Proposal{
		ID: proposalID(v.action, ref, v.amount), Action: v.action, Ref: ref, ProviderRef: provider, Was: was, Amount: v.amount, Evidence: evidence,
	}
}

// Report is what came of a comparison. All its texts are fit to be printed.
type Report struct {
	From   time.Time      `json:"from"`
	To     time.Time      `json:"to"`
	Margin time.Duration  `json:"margin_ns"`
	Unit   Unit           `json:"amounts,omitempty"`
	Zone   *time.Location `json:"-"`
	Files  []FileInfo     `json:"files"`
	Totals []Total        `json:"totals"` // every bucket, in the order of Buckets
	// Findings are all orders and lines but those that agree.
	Findings   []Finding `json:"findings"`
	Unreadable []BadLine `json:"unreadable"`
	Notes      []string  `json:"notes"`
	// Outcomes are of the proposals that were confirmed.
	Outcomes []Outcome `json:"outcomes,omitempty"`
}

func (r *Report) totals() {
	for _, b := range Buckets() {
		r.Totals = append(r.Totals, Total{Bucket: b})
	}
	r.Findings, r.Notes = []Finding{}, []string{}
	if r.Unreadable == nil {
		r.Unreadable = []BadLine{}
	}
}

// Total is one bucket's.
func (r *Report) Total(b Bucket) Total { return r.Totals[slices.Index(Buckets(), b)] }

// add counts a finding and keeps it, unless it agrees.
func (r *Report) add(f Finding) error {
	t := &r.Totals[slices.Index(Buckets(), f.Bucket)]
	t.Lines += len(f.Theirs)
	if err := sum(&t.Theirs, f.sold); err != nil {
		return err
	}
	if o := f.Ours; o != nil {
		t.Orders++
		var err error
		switch {
		case o.NoLine:
		case o.Standing == Done, o.Captured:
			err = sum(&t.Booked, o.Amount)
		case (o.Standing == Open || o.Standing == Person) && !o.Incoming:
			err = sum(&t.Held, o.Amount)
		}
		if err != nil {
			return err
		}
	}
	if f.Bucket == Agree {
		return nil
	}
	f.Says = f.Advice.says()
	if o := f.Ours; o != nil {
		shown := *o
		shown.ProviderRef, shown.Kind, shown.At = clean(o.ProviderRef, maxShown), clean(o.Kind, maxShown), o.At.In(r.Zone)
		f.Ours = &shown
	}
	r.Findings = append(r.Findings, f)
	return nil
}

// sort puts findings in the order of buckets, advice, and time.
func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Buckets(), a.Bucket), slices.Index(Buckets(), b.Bucket)),
			cmp.Compare(a.Advice, b.Advice),
			a.at().Compare(b.at()),
			cmp.Compare(a.ref(), b.ref()),
		)
	})
}

func (f Finding) at() time.Time {
	if f.Ours != nil {
		return f.Ours.At
	}
	return f.Theirs[0].At
}

func (f Finding) ref() string {
	if f.Ours != nil {
		return f.Ours.Ref
	}
	return cmp.Or(f.Theirs[0].Ref, f.Theirs[0].ProviderRef)
}

// Proposals lists all, in the order of the findings.
func (r *Report) Proposals() []Proposal {
	var list []Proposal
	for _, f := range r.Findings {
		if f.Proposal != nil {
			list = append(list, *f.Proposal)
		}
	}
	return list
}

// Differences is how many findings and unreadable lines there are that a person
// must look at: all that is neither agreed nor pending. What was confirmed and
// done is none any more.
func (r *Report) Differences() int {
	n := len(r.Unreadable)
	for _, f := range r.Findings {
		if f.Bucket != Pending && (f.Proposal == nil || !r.done(f.Proposal.ID)) {
			n++
		}
	}
	return n
}

func (r *Report) done(id string) bool {
	return slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.Proposal.ID == id && o.Error == "" })
}
