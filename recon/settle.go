package recon

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrNotProposed is returned for an id that the comparison does not propose, or
// not any more.
var ErrNotProposed = errors.New("nothing is proposed under this id")

// Decision is who confirms, and why. Both are kept with what is done.
type Decision struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Hand does what was confirmed. It must look at the order as it stands, in the
// transaction that changes it: one that has moved on since the comparison is
// refused, and the same proposal done twice changes nothing the second time.
type Hand interface {
	Do(ctx context.Context, p Proposal, d Decision) error
}

// Outcome is what became of a proposal.
type Outcome struct {
	Proposal Proposal `json:"proposal"`
	Decision Decision `json:"decision"`
	Error    string   `json:"error,omitempty"` // empty: done
}

// Chosen finds the proposals that are confirmed by their ids; "all" is every
// one. An id that is not proposed is an error, and nothing is chosen.
func (r *Report) Chosen(ids []string) ([]Proposal, error) {
	all := r.Proposals()
	if len(ids) == 1 && ids[0] == "all" {
		return all, nil
	}
	var chosen []Proposal
	var errs []error
	for _, id := range ids {
		i := slices.IndexFunc(all, func(p Proposal) bool { return p.ID == id })
		switch {
		case i < 0:
			errs = append(errs, fmt.Errorf("%w: %s", ErrNotProposed, clean(id, maxShown)))
		case !slices.Contains(chosen, all[i]):
			chosen = append(chosen, all[i])
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return chosen, nil
}

// Settle has proposals done, one after the other. One that fails does not stop
// the others; when ctx ends the rest is not begun.
func (r *Report) Settle(ctx context.Context, hand Hand, chosen []Proposal, d Decision) {
	for _, p := range chosen {
		err := ctx.Err()
		if err == nil {
			err = hand.Do(ctx, p, d)
		} else {
			err = fmt.Errorf("not begun: %w", err)
		}
		out := Outcome{Proposal: p, Decision: d}
		if err != nil {
			out.Error = clean(err.Error(), 4*maxShown)
		}
		r.Outcomes = append(r.Outcomes, out)
	}
}
