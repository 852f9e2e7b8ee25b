package recon_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/recon"
)

// golden compares with a kept file, or rewrites it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *recon.Update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what came; -update rewrites it. Got:\n%s", file, got)
	}
}

// sast is where the tests are.
var sast = time.FixedZone("SAST", 2*60*60)

// noon is in the middle of the period of most tests.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, sast)

// books is our side, and does what is confirmed as the real ones must.
type books struct {
	orders map[string]recon.Ours
	// available and held are the customers' money, by order.
	available, held map[string]ledger.Cents
	asked           int // references that were looked up one by one
}

func newBooks(orders ...recon.Ours) *books {
	b := &books{orders: map[string]recon.Ours{}, available: map[string]ledger.Cents{}, held: map[string]ledger.Cents{}}
	for _, o := range orders {
		o.State = string(o.Standing)
		b.orders[o.Ref] = o
		switch {
		case o.Incoming && o.Standing == recon.Done, !o.Incoming && (o.Standing == recon.Refused || o.Standing == recon.Reversed):
			b.available[o.Ref] = o.Amount
		case !o.Incoming && (o.Standing == recon.Open || o.Standing == recon.Person) && !o.Captured:
			b.held[o.Ref] = o.Amount
		}
	}
	return b
}

func (b *books) Between(_ context.Context, from, to time.Time) iter.Seq2[recon.Ours, error] {
	return func(yield func(recon.Ours, error) bool) {
		for _, ref := range slices.Sorted(maps.Keys(b.orders)) {
			if o := b.orders[ref]; !o.Aside && !o.At.Before(from) && o.At.Before(to) && !yield(o, nil) {
				return
			}
		}
	}
}

func (b *books) ByRef(_ context.Context, refs []string) ([]recon.Ours, error) {
	b.asked += len(refs)
	return b.find(refs, func(o recon.Ours) string { return o.Ref })
}

func (b *books) ByProviderRef(_ context.Context, refs []string) ([]recon.Ours, error) {
	return b.find(refs, func(o recon.Ours) string { return o.ProviderRef })
}

func (b *books) find(refs []string, of func(recon.Ours) string) ([]recon.Ours, error) {
	if len(refs) == 0 || len(refs) > 500 {
		return nil, errors.New("asked for none, or too many")
	}
	var found []recon.Ours
	for _, ref := range slices.Sorted(maps.Keys(b.orders)) {
		if slices.Contains(refs, of(b.orders[ref])) {
			found = append(found, b.orders[ref])
		}
	}
	return found, nil
}

// Do does what a proposal says, and refuses an order that has moved.
func (b *books) Do(_ context.Context, p recon.Proposal, d recon.Decision) error {
	if d.By == "" || d.Reason == "" {
		return errors.New("nobody, or no reason")
	}
	o, there := b.orders[p.Ref]
	if p.Action == recon.BookAside {
		if there {
			return errors.New("it is booked")
		}
		b.orders[p.Ref] = recon.Ours{
			Ref: p.Ref, ProviderRef: p.ProviderRef, Kind: "suspense", Amount: p.Amount, Standing: recon.Done, Incoming: true, Aside: true,
		}
		return nil
	}
	if !there || o.State != p.Was {
		return errors.New("the order has moved")
	}
	switch p.Action {
	case recon.ResolveVended:
		if o.Incoming {
			o.Amount = p.Amount
			b.available[o.Ref] += p.Amount
		}
		b.held[o.Ref] = 0
		o.Standing = recon.Done
	case recon.ResolveNotVended:
		b.available[o.Ref] += b.held[o.Ref]
		b.held[o.Ref] = 0
		o.Standing = recon.Refused
	case recon.ResolveAtLoss:
		o.Standing = recon.Done
	case recon.GiveBack:
		b.available[o.Ref] += p.Amount
		o.Standing, o.Captured = recon.Reversed, false
	default:
		return errors.New("no such action")
	}
	o.State = string(o.Standing)
	b.orders[o.Ref] = o
	return nil
}

// table reads one file with a mapping.
func table(t testing.TB, m recon.Mapping, text string) *recon.Table {
	t.Helper()
	tab, err := recon.NewTable(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Read("day.csv", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return tab
}

// allDay is a period with noon well inside.
func allDay() recon.Options {
	return recon.Options{Now: noon.Add(24 * time.Hour), From: noon.Add(-12 * time.Hour), To: noon.Add(12 * time.Hour)}
}

// compare compares one file with orders.
func compare(t testing.TB, text string, b *books) *recon.Report {
	t.Helper()
	r, err := recon.Compare(t.Context(), table(t, recon.Mapping{}, text), b, allDay())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// found is what was made of one order, or of one line.
func found(t testing.TB, r *recon.Report, ref string) recon.Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.Ours != nil && f.Ours.Ref == ref || f.Ours == nil && (f.Theirs[0].Ref == ref || f.Theirs[0].ProviderRef == ref) {
			return f
		}
	}
	return recon.Finding{Bucket: recon.Agree}
}
