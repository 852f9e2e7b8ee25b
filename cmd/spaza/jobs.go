package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

// jobsCommand is for what the service gave up doing.
type jobsCommand struct {
	List  jobsListCommand  `cmd:"" help:"Jobs that were given up, such as messages that could not be sent, oldest first."`
	Retry jobsRetryCommand `cmd:"" help:"Have given up jobs done after all: a running service does them at once."`
	Drop  jobsDropCommand  `cmd:"" help:"Forget messages that were given up. What sees an order through is never dropped."`
}

type jobsListCommand struct {
	Waiting bool     `help:"Those that are still to be done instead."`
	Kind    []string `help:"Only of this kind, such as order or notice." placeholder:"KIND"`
	Key     string   `help:"Only those about this, as the list has it." placeholder:"KEY"`
	Limit   int      `help:"How many." default:"100"`
	After   int64    `help:"Only those with a higher number." placeholder:"NUMBER"`
	JSON    bool     `help:"Write it as JSON."`
}

// deadReport is a job for a program.
type deadReport struct {
	ID         int64     `json:"id"`
	Kind       jobs.Kind `json:"kind"`
	Key        string    `json:"key"`
	Lane       string    `json:"lane,omitempty"`
	FirstRunAt string    `json:"first_run_at"`
	RunAt      string    `json:"run_at"`
	Until      string    `json:"until,omitempty"`
	Attempt    int       `json:"attempt"`
	Owner      string    `json:"owner,omitempty"`
	Behind     bool      `json:"behind"`
	BuriedAt   string    `json:"buried_at,omitempty"`
	Note       string    `json:"note,omitempty"`
}

// Run lists jobs.
func (l jobsListCommand) Run(ctx context.Context, c console) error {
	if l.Limit < 1 || l.Limit > 10_000 {
		return usage("--limit is 1 to 10000")
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	f := store.JobFilter{Dead: !l.Waiting, Key: l.Key, Limit: l.Limit, After: l.After}
	for _, k := range l.Kind {
		f.Kinds = append(f.Kinds, jobs.Kind(k))
	}
	rows, err := d.books.ListJobs(ctx, f)
	if err != nil {
		return err
	}
	list := []deadReport{}
	for _, j := range rows {
		list = append(list, deadReport{
			j.ID, j.Kind, j.Key, j.Lane, stamp(j.FirstRunAt), stamp(j.RunAt), stamp(j.Until), j.Attempt, j.Owner, j.Behind, stamp(j.DiedAt), j.Note,
		})
	}
	switch {
	case l.JSON:
		if err := writeJSON(c.out, list, "  "); err != nil {
			return err
		}
	case len(rows) > 0:
		l.table(c, rows)
	}
	switch {
	case len(rows) > 0:
		return nil
	case l.Waiting:
		return errors.New("no job waits")
	}
	return errors.New("no job was given up")
}

func (l jobsListCommand) table(c console, rows []store.JobRow) {
	when := "GIVEN UP"
	if l.Waiting {
		when = "DUE"
	}
	fmt.Fprintf(c.out, "%8s  %-9s  %-31s  %5s  %-19s  %s\n", "NUMBER", "KIND", "ABOUT", "TRIES", when, "")
	for _, j := range rows {
		at, state := j.DiedAt, ""
		if l.Waiting {
			at = j.RunAt
			switch {
			case j.Owner != "" && j.LeaseUntil.After(time.Now()):
				state = "being done"
			case j.Behind:
				state = "behind another"
			}
		}
		line := fmt.Sprintf("%8d  %-9s  %-31s  %5d  %-19s  %s", j.ID, plain(string(j.Kind)), plain(j.Key), j.Attempt, clockSecond(at), state)
		fmt.Fprintln(c.out, strings.TrimRight(line, " "))
		if j.Note != "" {
			fmt.Fprintf(c.out, "%21s%s\n", "", plain(j.Note))
		}
	}
}

type jobsRetryCommand struct {
	Numbers []int64 `arg:"" name:"number" help:"The job's number in the list."`
	Deed    `embed:""`
}

// Run has jobs done after all.
func (r jobsRetryCommand) Run(ctx context.Context, c console) error {
	return exhume(ctx, c, r.Deed, r.Numbers, "retry", "is done after all", func(d *desk, j store.JobRow) error {
		return d.books.RetryJob(ctx, j.ID, time.Now())
	})
}

type jobsDropCommand struct {
	Numbers []int64 `arg:"" name:"number" help:"The job's number in the list."`
	Deed    `embed:""`
}

// mayBeDropped are the kinds of job without which nobody loses money.
func mayBeDropped() []jobs.Kind { return []jobs.Kind{vend.JobNotice, vend.JobLinked, vend.JobCode} }

// Run forgets jobs.
func (r jobsDropCommand) Run(ctx context.Context, c console) error {
	return exhume(ctx, c, r.Deed, r.Numbers, "drop", "is forgotten", func(d *desk, j store.JobRow) error {
		if !slices.Contains(mayBeDropped(), j.Kind) {
			return fmt.Errorf("job %d is not a message, and is never dropped: retry it, or see spaza orders show", j.ID)
		}
		return d.books.DropJob(ctx, j.ID, mayBeDropped())
	})
}

// exhume does something with jobs that were given up, one after the other, and
// stops at the first that it cannot be done with.
func exhume(ctx context.Context, c console, deed Deed, numbers []int64, verb, done string, do func(*desk, store.JobRow) error) error {
	by, why, err := deed.check(c)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	for _, n := range numbers {
		rows, err := d.books.ListJobs(ctx, store.JobFilter{Dead: true, After: n - 1, Limit: 1})
		if err != nil {
			return err
		}
		gone := fmt.Errorf("there is no job %d that was given up", n)
		if len(rows) == 0 || rows[0].ID != n {
			return gone
		}
		what := fmt.Sprintf("%s job %d, %s %s", verb, n, rows[0].Kind, rows[0].Key)
		err = d.do(ctx, by, what, why, func() error {
			err := do(d, rows[0])
			if errors.Is(err, jobs.ErrNoJob) { // somebody else was quicker
				return gone
			}
			return err
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "Job %d (%s %s) %s.\n", n, plain(string(rows[0].Kind)), plain(rows[0].Key), done)
	}
	return nil
}
