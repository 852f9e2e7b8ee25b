package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/ledger"
	"spaza/recon"
	"spaza/vend"
)

// ourSide is the books as recon wants to see them, and the hand that does what
// is confirmed. The files are Flash's: orders of other providers are not in them, and
// nothing of Flash's is explained by them.
type ourSide struct {
	d     *desk
	aside map[string]int // orders of the period that were left aside, by provider
}

var (
	_ recon.Books = ourSide{}
	_ recon.Hand  = ourSide{}
)

// orderPage is how many orders are read at a time.
const orderPage = 1000

// Between implements recon.Books.
func (s ourSide) Between(ctx context.Context, from, to time.Time) iter.Seq2[recon.Ours, error] {
	return func(yield func(recon.Ours, error) bool) {
		clear(s.aside) // each time is the whole period
		q := vend.Query{From: from, To: to, Limit: orderPage}
		for {
			page, err := s.d.books.FindOrders(ctx, q)
			if err != nil {
				yield(recon.Ours{}, err)
				return
			}
			for _, o := range page {
				if other := o.Provider(); other != "" {
					s.aside[other]++
					continue
				}
				ours, err := s.ours(ctx, o)
				if !yield(ours, err) || err != nil {
					return
				}
			}
			if len(page) < orderPage {
				return
			}
			q.After = page[len(page)-1]
		}
	}
}

// ByRef implements recon.Books.
func (s ourSide) ByRef(ctx context.Context, refs []string) ([]recon.Ours, error) {
	var all []recon.Ours
	for _, ref := range refs {
		if !askable(ref) {
			continue
		}
		o, err := s.d.books.Order(ctx, ref)
		var ours recon.Ours
		switch {
		case errors.Is(err, vend.ErrNoOrder):
			if ours, err = s.booked(ctx, ref); err == nil && ours.Ref == "" {
				continue
			}
		case err == nil && o.Provider() != "": // the line is of something that nobody here knows
			continue
		case err == nil:
			ours, err = s.ours(ctx, o)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, ours)
	}
	return all, nil
}

// ByProviderRef implements recon.Books.
func (s ourSide) ByProviderRef(ctx context.Context, refs []string) ([]recon.Ours, error) {
	var all []recon.Ours
	for _, ref := range refs {
		if !askable(ref) {
			continue
		}
		orders, err := s.d.books.FindOrders(ctx, vend.Query{ProviderRef: ref})
		if err != nil {
			return nil, err
		}
		orders = slices.DeleteFunc(orders, func(o vend.Order) bool { return o.Provider() != "" })
		for _, o := range orders {
			ours, err := s.ours(ctx, o)
			if err != nil {
				return nil, err
			}
			all = append(all, ours)
		}
		if len(orders) > 0 {
			continue
		}
		ours, err := s.booked(ctx, ref)
		if err != nil {
			return nil, err
		}
		if ours.Ref != "" {
			ours.ProviderRef = ref
			all = append(all, ours)
		}
	}
	return all, nil
}

// askable says whether a reference of a file is text that a database takes; no
// other is in ours.
func askable(ref string) bool { return utf8.ValidString(ref) && !strings.ContainsRune(ref, 0) }

// leftAside says how many orders were left aside; nothing where none was.
func (s ourSide) leftAside() string {
	if len(s.aside) == 0 {
		return ""
	}
	var each []string
	for _, name := range slices.Sorted(maps.Keys(s.aside)) {
		each = append(each, fmt.Sprintf("%d of %s", s.aside[name], name))
	}
	return "left aside are orders of the period that went to another provider, whose transactions are in none of Flash's files: " + strings.Join(each, ", ") + "."
}

// booked is what was booked aside under the reference of a line; the zero Ours
// when nothing was.
func (s ourSide) booked(ctx context.Context, ref string) (recon.Ours, error) {
	entries, err := s.d.books.Entries(ctx, ref)
	if err != nil {
		return recon.Ours{}, err
	}
	for _, e := range entries {
		if e.Kind == ledger.KindSuspended {
			return recon.Ours{
				Ref: ref, Kind: string(e.Kind), Amount: e.Postings[0].Amount, Standing: recon.Done, Incoming: true, Aside: true,
			}, nil
		}
	}
	return recon.Ours{}, nil
}

// ours is an order as recon sees it: where its money stands at the provider.
func (s ourSide) ours(ctx context.Context, o vend.Order) (recon.Ours, error) {
	ours := recon.Ours{
		Ref: o.Ref, ProviderRef: o.ProviderRef, Kind: string(o.Kind), Amount: o.Amount, State: string(o.State), At: o.CreatedAt,
		Standing: recon.Open, Incoming: o.Kind == vend.KindRedeem, Handed: o.Kind.Handed(), Given: len(o.Goods) > 0, NoLine: o.Kind == vend.KindReverse,
	}
	switch {
	case o.Done():
		ours.Standing = recon.Done
	case o.Refused():
		ours.Standing = recon.Refused
	case o.State == vend.StateReversed:
		ours.Standing = recon.Reversed
	case o.State == vend.StatePerson:
		ours.Standing = recon.Person
	case o.State == vend.StateOwed:
		ours.Captured = true
	}
	if o.State != vend.StatePerson && (o.State != vend.StateResolved || ours.Standing != recon.Refused) {
		return ours, nil
	}
	// Only the books say whether its price was spent, and who bore it.
	entries, err := s.d.books.Entries(ctx, o.Ref)
	if err != nil {
		return ours, err
	}
	has := func(kinds ...ledger.Kind) bool {
		return slices.ContainsFunc(entries, func(e ledger.Entry) bool { return slices.Contains(kinds, e.Kind) })
	}
	spent := has(ledger.KindCaptured, ledger.KindPaidOut)
	switch {
	case ours.Standing == recon.Person:
		ours.Captured = spent
	case spent && has(ledger.KindReversed, ledger.KindRestored): // the provider is to have given it back
		ours.Standing = recon.Reversed
	case spent: // and the operator bore it: at the provider it stands as sold
		ours.Standing = recon.Done
	}
	return ours, nil
}

// Do implements recon.Hand. What is done is recorded before, with who and why.
func (s ourSide) Do(ctx context.Context, p recon.Proposal, d recon.Decision) error {
	why := d.Reason + " [" + p.Evidence + "]"
	return s.d.do(ctx, d.By, fmt.Sprintf("reconcile: %s %s", p.Action, p.Ref), why, func() error {
		if p.Action == recon.BookAside {
			return s.bookAside(ctx, p)
		}
		decision := vend.Decision{Ref: p.Ref, ProviderRef: p.ProviderRef, Was: vend.State(p.Was), By: d.By, Why: why}
		switch p.Action {
		case recon.ResolveVended, recon.ResolveAtLoss:
			decision.As, decision.Amount = vend.VerdictVended, p.Amount
		case recon.ResolveNotVended:
			decision.As = vend.VerdictNotVended
		case recon.GiveBack:
			decision.As = vend.VerdictReversed
			if decision.Was == vend.StatePerson { // its price is spent, and it never ended
				decision.As, decision.Bears = vend.VerdictNotVended, vend.BearsProvider
			}
		default:
			return fmt.Errorf("there is no way to do %q", p.Action)
		}
		o, err := s.d.books.Order(ctx, p.Ref)
		if err != nil {
			return plainly(p.Ref, err)
		}
		till, done, err := s.d.decidingTill(ctx, o.Provider(), decision.As)
		if err != nil {
			return err
		}
		defer done()
		_, err = till.Resolve(ctx, decision)
		return plainly(p.Ref, err)
	})
}

// bookAside books a voucher that the provider took in and nobody here knows.
func (s ourSide) bookAside(ctx context.Context, p recon.Proposal) error {
	entry, ok := ledger.Operator(ledger.KindSuspended, p.Ref, ledger.ProviderFloat, "", p.Amount)
	if !ok {
		return errors.New("the books have no entry for it")
	}
	return s.d.books.InTx(ctx, func(tx vend.Tx) error {
		switch _, err := tx.Order(p.Ref); {
		case err == nil:
			return fmt.Errorf("there is an order %s now; nothing was changed", p.Ref)
		case !errors.Is(err, vend.ErrNoOrder):
			return err
		}
		return tx.Post(entry, time.Now())
	})
}
