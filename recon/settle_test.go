package recon_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"spaza/recon"
)

type failingHand struct{ err error }

func (f failingHand) Do(context.Context, recon.Proposal, recon.Decision) error { return f.err }

// handFunc is a Hand.
type handFunc func(context.Context, recon.Proposal, recon.Decision) error

func (f handFunc) Do(ctx context.Context, p recon.Proposal, d recon.Decision) error {
	return f(ctx, p, d)
}

const three = header + "P-1,,10.00,success,2026-07-01 12:00:05,a\nP-2,,10.00,failed,2026-07-01 12:00:05,a\nP-3,,10.00,reversed,2026-07-01 12:00:05,a\n"

func threeProposals(t *testing.T) (*recon.Report, *books) {
	t.Helper()
	b := newBooks(sale("P-1", recon.Person), sale("P-2", recon.Person), sale("P-3", recon.Done))
	r := compare(t, three, b)
	if n := len(r.Proposals()); n != 3 {
		t.Fatalf("%d proposals", n)
	}
	return r, b
}

func TestOnlyWhatIsProposedCanBeConfirmed(t *testing.T) {
	r, _ := threeProposals(t)
	ids := []string{r.Proposals()[0].ID, r.Proposals()[2].ID}
	chosen, err := r.Chosen([]string{ids[1], ids[0], ids[1]})
	if err != nil || len(chosen) != 2 || chosen[0].ID != ids[1] || chosen[1].ID != ids[0] {
		t.Errorf("got %+v, %v", chosen, err)
	}
	if chosen, err = r.Chosen([]string{"all"}); err != nil || len(chosen) != 3 {
		t.Errorf("all: got %+v, %v", chosen, err)
	}
	chosen, err = r.Chosen([]string{ids[0], "abcdefghij", "\x1b[2J", "all"})
	if !errors.Is(err, recon.ErrNotProposed) || chosen != nil || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), "abcdefghij") {
		t.Errorf("got %+v, %v", chosen, err)
	}
}

func TestOneThatFailsDoesNotStopTheOthers(t *testing.T) {
	r, b := threeProposals(t)
	moved := b.orders["P-2"]
	moved.State = "resolved" // by somebody else, since the report
	b.orders["P-2"] = moved
	d := recon.Decision{By: "thandi", Reason: "statement"}
	r.Settle(t.Context(), b, r.Proposals(), d)
	if len(r.Outcomes) != 3 || r.Differences() != 1 {
		t.Fatalf("%d differences are left: %+v", r.Differences(), r.Outcomes)
	}
	for _, o := range r.Outcomes {
		want := ""
		if o.Proposal.Ref == "P-2" {
			want = "the order has moved"
		}
		if o.Error != want || o.Decision != d {
			t.Errorf("%+v", o)
		}
	}
	if b.orders["P-1"].Standing != recon.Done || b.orders["P-3"].Standing != recon.Reversed || b.available["P-3"] != 1000 {
		t.Errorf("the others were not done: %+v", b)
	}
	report := text(t, r, recon.TextOptions{})
	for _, want := range []string{"  done    P-1", "  FAILED  P-2", "the order has moved\n", "\n1 difference, 1 proposal.\n"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is not in the report:\n%s", want, report)
		}
	}
}

func TestWhatIsInterruptedIsNotBegun(t *testing.T) {
	r, _ := threeProposals(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	r.Settle(ctx, handFunc(func(context.Context, recon.Proposal, recon.Decision) error {
		done++
		cancel()
		return nil
	}), r.Proposals(), recon.Decision{By: "thandi", Reason: "statement"})
	if done != 1 || r.Outcomes[0].Error != "" || !strings.HasPrefix(r.Outcomes[1].Error, "not begun") || !strings.HasPrefix(r.Outcomes[2].Error, "not begun") {
		t.Errorf("%d were done: %+v", done, r.Outcomes)
	}
}
