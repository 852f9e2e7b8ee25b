package vend

import (
	"context"
	"time"

	"spaza/jobs"
	"spaza/ledger"
)

// File is all that is known of one order, for whoever is asked about it.
type File struct {
	Order   Order
	Trail   []Move         // from the first
	Entries []ledger.Entry // what the books have under its reference
	Undone  []Order        // the reversals of it
	Advice  StoredAdvice   // what the provider must be told of it; zero where that is nothing
}

// Find lists orders, the newest first.
func (s *Service) Find(ctx context.Context, q Query) ([]Order, error) {
	return s.store.FindOrders(ctx, q)
}

// File reads all of one order; ErrNoOrder when there is none.
func (s *Service) File(ctx context.Context, ref string) (f File, err error) {
	if f.Order, err = s.store.Order(ctx, ref); err != nil {
		return f, err
	}
	if f.Trail, err = s.store.Moves(ctx, ref); err != nil {
		return f, err
	}
	if f.Entries, err = s.store.Entries(ctx, ref); err != nil {
		return f, err
	}
	if f.Advice, err = s.store.Advice(ctx, ref); err != nil {
		return f, err
	}
	f.Undone, err = s.store.FindOrders(ctx, Query{Original: ref})
	return f, err
}

// Elsewhere is the Runner of a process that only writes what is to be done, for
// the service to do: a command of the operator's.
type Elsewhere struct{}

var _ Runner = Elsewhere{}

// Owner implements Runner; it owns nothing.
func (Elsewhere) Owner() string { return "" }

// Lease implements Runner.
func (Elsewhere) Lease() time.Duration { return 0 }

// Takes implements Runner: it takes nothing.
func (Elsewhere) Takes(jobs.Kind) bool { return false }

// Adopt implements Runner.
func (Elsewhere) Adopt(jobs.Job) bool { return false }

// Wake implements Runner. The service looks within a second.
func (Elsewhere) Wake() {}
