package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

// book is what the simulation itself keeps of orders and money, made of what was
// committed and of nothing that the product says about it. It says of every
// commit what is wrong with it.
type book struct {
	orders   map[string]*record
	balances map[ledger.Account]ledger.Cents
	jobs     map[string]*work // by kind and key, those that are not finished
	advices  map[string]vend.StoredAdvice
	step     int // the commits so far
}

// record is one order.
type record struct {
	vend.Order
	moves   []vend.Move
	entries []ledger.Entry
	stood   []stood // from the first state to the present
	refused bool    // it was given up at some time
	spent   bool    // its money was spent at some time
	bears   vend.Bearer
	decided bool // a person decided
	told    []telling
}

// stood is where an order stood from a step on.
type stood struct {
	step int
	class
}

// class is what a customer can be told of an order.
type class string

const (
	classOpen     class = "open"
	classPerson   class = "with a person"
	classDone     class = "done"
	classRefused  class = "refused"
	classReversed class = "reversed"
)

func classOf(o vend.Order) class {
	switch {
	case o.State == vend.StateReversed:
		return classReversed
	case o.Done():
		return classDone
	case o.Refused():
		return classRefused
	case o.State == vend.StatePerson:
		return classPerson
	}
	return classOpen
}

// telling is that a customer was told how an order stands.
type telling struct {
	step int // up to when it was looked at
	class
	by string
}

// work is a job.
type work struct {
	jobs.Job
	dead bool
}

func newBook() *book {
	return &book{orders: map[string]*record{}, balances: map[ledger.Account]ledger.Cents{}, jobs: map[string]*work{},
		advices: map[string]vend.StoredAdvice{}}
}

func jobName(j jobs.Job) string { return string(j.Kind) + " " + j.Key }

// held notes who holds a job.
func (b *book) held(j jobs.Job) {
	if w := b.jobs[jobName(j)]; w != nil {
		w.Job = j
	}
}

// due says whether there is a job that may be claimed now.
func (b *book) due(now time.Time) bool {
	now = now.Truncate(time.Millisecond)
	for _, j := range b.jobs {
		if !j.dead && !j.RunAt.Truncate(time.Millisecond).After(now) && !j.LeaseUntil.Truncate(time.Millisecond).After(now) {
			return true
		}
	}
	return false
}

// commit takes a transaction down, and lists what is wrong with it.
func (b *book) commit(w writes, bears vend.Bearer) (wrongs []string) {
	b.step++
	wrong := func(format string, args ...any) {
		wrongs = append(wrongs, fmt.Sprintf("%s wrote: %s", w.who, fmt.Sprintf(format, args...)))
	}
	touched := map[string]bool{}
	for _, o := range w.orders {
		r := b.orders[o.Ref]
		if r == nil {
			r = &record{stood: []stood{{b.step, ""}}}
			b.orders[o.Ref] = r
		}
		amount := o.Amount
		if o.Kind != vend.KindRedeem && len(r.moves) > 0 {
			amount = r.Amount
		}
		r.Order = o
		r.Amount = amount
		touched[o.Ref] = true
	}
	for _, m := range w.moves {
		r := b.orders[m.Ref]
		if r == nil {
			wrong("a move of %s, which is no order", m.Ref)
			continue
		}
		touched[m.Ref] = true
		wrongs = append(wrongs, b.move(r, m, w.who)...)
		if m.Cause == vend.CauseResolve {
			r.decided = true
			if bears != "" {
				r.bears = bears
			}
		}
	}
	for _, e := range w.entries {
		if r := b.orders[e.Ref]; r != nil {
			touched[e.Ref] = true
		}
		wrongs = append(wrongs, b.post(e, w.who)...)
	}
	b.takeJobs(w, touched)
	for _, what := range b.takeAdvices(w, touched) {
		wrong("%s", what)
	}
	for _, ref := range slices.Sorted(maps.Keys(touched)) {
		if r := b.orders[ref]; r != nil {
			for _, what := range b.check(r) {
				wrong("%s (%s %s): %s", ref, r.State, r.Resolution, what)
			}
		}
	}
	return wrongs
}

// move adds to an order's trail.
func (b *book) move(r *record, m vend.Move, who string) (wrongs []string) {
	at := vend.State("")
	if n := len(r.moves); n > 0 {
		at = r.moves[n-1].To
	}
	if m.From != at {
		wrongs = append(wrongs, fmt.Sprintf("%s moved %s from %q, where it was not: it was %q", who, m.Ref, m.From, at))
	}
	if m.From != m.To && !slices.Contains(vend.Moves(), [2]vend.State{m.From, m.To}) {
		wrongs = append(wrongs, fmt.Sprintf("%s moved %s from %q to %q, which is no move", who, m.Ref, m.From, m.To))
	}
	r.moves = append(r.moves, m)
	return wrongs
}

// post adds an entry; the same again adds nothing.
func (b *book) post(e ledger.Entry, who string) (wrongs []string) {
	wrong := func(format string, args ...any) {
		wrongs = append(wrongs, fmt.Sprintf("%s posted %s %s: %s", who, e.Ref, e.Kind, fmt.Sprintf(format, args...)))
	}
	r := b.orders[e.Ref]
	if r != nil {
		for _, there := range r.entries {
			switch {
			case there.Kind == e.Kind && slices.Equal(there.Postings, e.Postings):
				return nil
			case there.Kind == e.Kind:
				wrong("it is there with other contents")
			case there.EndsHold() && e.EndsHold():
				wrong("the hold ended before, as %s", there.Kind)
			}
		}
		r.entries = append(r.entries, e)
	}
	for _, p := range e.Postings {
		if p.Amount <= 0 {
			wrong("%s is no amount", p.Amount)
		}
		b.balances[p.Debit] -= p.Amount
		b.balances[p.Credit] += p.Amount
		for _, a := range []ledger.Account{p.Debit, p.Credit} {
			if strings.HasPrefix(string(a), "cust:") && b.balances[a] < 0 {
				wrong("%s is at %s", a, b.balances[a])
			}
		}
	}
	return wrongs
}

// takeJobs takes down what became of jobs.
func (b *book) takeJobs(w writes, touched map[string]bool) {
	about := func(j jobs.Job) {
		ref, _, _ := strings.Cut(j.Key, "/")
		touched[ref] = true
	}
	for _, j := range w.jobs {
		if b.jobs[jobName(j)] == nil {
			b.jobs[jobName(j)] = &work{Job: j}
		}
		about(j)
	}
	for _, j := range w.finished {
		delete(b.jobs, jobName(j))
		about(j)
	}
	for _, j := range w.buried {
		if there := b.jobs[jobName(j)]; there != nil {
			there.dead, there.Owner, there.LeaseUntil = true, "", time.Time{}
		}
		about(j)
	}
	for _, j := range w.let {
		if there := b.jobs[jobName(j)]; there != nil {
			there.Owner, there.LeaseUntil, there.RunAt = "", time.Time{}, j.RunAt
		}
	}
	for _, j := range w.hurried {
		if there := b.jobs[jobName(j)]; there != nil {
			there.dead = false
			if j.RunAt.Before(there.RunAt) {
				there.RunAt = j.RunAt
			}
		}
	}
}
