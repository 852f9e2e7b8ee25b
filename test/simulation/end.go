package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

const (
	// restsWithin is how long after the last trouble everything must be at rest
	// but for what a person has: the window of the last sending, the longest
	// pause between two messages, and a lease.
	restsWithin = 45 * time.Minute
	// toldWithin is the longest pause between two advices, and what restsWithin has
	// besides.
	toldWithin = 2 * time.Hour
	// rounds is how often the operator has to go through what is open at most.
	rounds = 4
)

// settle lets everything come to its end: no more troubles, the provider tells
// the truth, and the operator decides by it what is left.
func (w *world) settle() {
	w.weather = calm()
	for len(w.alive()) < 2 {
		w.trace.note("%s begins", w.open(true).name)
	}
	for round := 0; w.sound(); round++ {
		if !w.comesToRest() || !w.sound() {
			return
		}
		todo := w.outstanding()
		if len(todo) == 0 {
			return
		}
		if round == rounds {
			w.wrong("the operator does not get through: %v", todo)
			return
		}
		for _, v := range todo {
			w.resolve(v)
		}
	}
}

func (w *world) sound() bool { return len(w.wrongSoFar()) == 0 }

// outstanding is what the operator has to decide by the provider's books.
func (w *world) outstanding() (all []vend.Decision) {
	w.mu.Lock()
	refs := slices.Sorted(maps.Keys(w.book.orders))
	w.mu.Unlock()
	for _, ref := range refs {
		r := w.book.orders[ref]
		v, ok := w.verdict(r, false)
		if !ok {
			continue
		}
		if classOf(r.Order) != classPerson && !r.decided && !w.undoneUnseen(r) {
			w.wrong("%s is %s, the provider has it otherwise, and nobody had decided", ref, r.State)
		}
		all = append(all, v)
	}
	return all
}

// undoneUnseen says that a sale was undone by a reversal that a person gave up.
func (w *world) undoneUnseen(r *record) bool {
	s := w.truth.done(r.Ref)
	return s != nil && s.undone && w.book.orders[s.undoneBy] != nil && w.book.orders[s.undoneBy].decided
}

// comesToRest lets time pass until nobody has anything to do.
func (w *world) comesToRest() bool {
	until := time.Now().Add(restsWithin)
	if w.habit != toldNothing {
		until = time.Now().Add(toldWithin)
	}
	takenBy := time.Now().Add(lease + slowest + 10*time.Second)
	for w.sound() {
		w.revive() // some still die of what was drawn before
		if !w.step(time.Now().Add(time.Second)) || w.scheduler.steps%16 == 0 {
			if w.rests() {
				return true
			}
		}
		if now := time.Now(); now.After(until) {
			open, _ := w.unsettled()
			w.wrong("it does not come to rest: open %v, jobs %v", open, slices.Sorted(maps.Keys(w.book.jobs)))
		} else if now.After(takenBy) {
			w.nothingIsHeldByTheDead()
		}
	}
	return false
}

// rests says that no job is left but those that are given up, and nobody waits.
func (w *world) rests() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, j := range w.book.jobs {
		if !j.dead {
			return false
		}
	}
	for _, e := range w.scheduler.waiting {
		if strings.Contains(e.label, "call ") || strings.Contains(e.label, "decides") || strings.Contains(e.label, "resends") ||
			strings.Contains(e.label, "request") || strings.Contains(e.label, "answer") || strings.Contains(e.label, "report") {
			return false
		}
	}
	return true
}

// nothingIsHeldByTheDead looks whether the living have taken over what the dead
// had begun.
func (w *world) nothingIsHeldByTheDead() {
	for _, p := range w.replicas {
		if !p.dead.Load() {
			continue
		}
		for name, j := range w.book.jobs {
			if j.Owner == p.name {
				w.wrong("%s is still held by %s, which is dead", name, p.name)
			}
		}
	}
}

// judgement says what is wrong in the end.
func (w *world) judgement(ctx context.Context) {
	for _, ref := range slices.Sorted(maps.Keys(w.book.orders)) {
		w.judge(ctx, w.book.orders[ref])
		w.judgeAdvice(w.book.orders[ref])
	}
	for _, a := range w.asked {
		if _, there := w.book.orders[a.ref]; there && a.nothing && a.calls == 1 && !a.reused {
			w.wrong("%s: the customer was told that nothing was bought", a.ref)
		}
	}
	for name := range w.book.jobs {
		w.wrong("there is still the job %s", name)
	}
	for ref, s := range w.truth.sales {
		if s.done && w.book.orders[ref] == nil {
			w.wrong("%s was sold, and is no order", ref)
		}
	}
	w.judgeMoney(ctx)
	w.compare(ctx)
}

// judge says what is wrong with an order in the end, beside what must be right
// after every commit.
func (w *world) judge(ctx context.Context, r *record) {
	s := w.truth.done(r.Ref)
	now := classOf(r.Order)
	switch {
	case !r.State.Final():
		w.wrong("%s is %s in the end", r.Ref, r.State)
	case r.Kind == vend.KindReverse:
		if original := w.book.orders[r.Original]; (now == classDone || s != nil) && classOf(original.Order) != classReversed {
			w.wrong("%s undid %s, which is %s", r.Ref, r.Original, original.State)
		}
	case (now == classDone) != (s != nil && !s.undone):
		w.wrong("%s is %s, and the provider sold it: %t", r.Ref, r.State, s != nil)
	case now == classDone && r.Kind == vend.KindRedeem && r.Amount != s.amount:
		w.wrong("%s credited %s, and was worth %s", r.Ref, r.Amount, s.amount)
	}
	if len(r.Goods) > 0 && r.Done() {
		if r.Delivery == vend.DeliveryNone {
			w.wrong("%s has goods, and no delivery", r.Ref)
		}
		if o, err := w.sql.Order(ctx, r.Ref); err == nil {
			g, err := w.replicas[0].service.Goods(o)
			if err != nil {
				w.wrong("the goods of %s do not open: %v", r.Ref, err)
			}
			w.mu.Lock()
			w.sameGoods(o, g)
			w.mu.Unlock()
		}
	}
}

// judgeMoney says what is wrong with the money in the end: every customer has
// what is theirs by what the provider did, the provider has what is its, and what
// mistakes cost is a loss of the operator's.
func (w *world) judgeMoney(ctx context.Context) {
	want := map[string]ledger.Cents{}
	for id, n := range w.customers {
		want[id] += w.endowed(n)
	}
	var lost, merchant ledger.Cents
	for _, r := range w.book.orders {
		s := w.truth.done(r.Ref)
		if s == nil {
			continue
		}
		switch {
		case s.undone && r.Kind != vend.KindRedeem, r.Kind == vend.KindReverse && w.truth.done(r.Original).body.kind != vend.KindRedeem:
		case r.Kind == vend.KindRedeem:
			want[r.Customer] += s.amount
		case r.Kind == vend.KindReverse:
			want[r.Customer] -= r.Amount
		case r.refused:
			lost += s.amount
		case r.Fund == vend.FundMerchant:
			merchant -= s.amount
		default:
			want[r.Customer] -= s.amount
		}
	}
	for id, n := range w.customers {
		b, err := w.sql.Balance(ctx, id)
		if err != nil {
			w.wrong("balance: %v", err)
		}
		if b != (vend.Balance{Available: want[id]}) {
			w.wrong("%s has %s and %s held in the end, and should have %s", n, b.Available, b.Held, want[id])
		}
	}
	float, redemption := w.truth.positions()
	for _, n := range w.customers {
		redemption -= w.endowed(n)
	}
	for account, want := range map[ledger.Account]ledger.Cents{
		ledger.ProviderFloat: float, ledger.ProviderRedemption: redemption, ledger.ExpenseLoss: -lost,
		ledger.MerchantFunds: merchant, ledger.Held("merchant"): 0,
	} {
		if got := w.book.balances[account]; got != want {
			w.wrong("%s is at %s in the end, and should be at %s", account, got, want)
		}
	}
}

// endowed is what a customer had in the beginning.
func (w *world) endowed(n string) ledger.Cents {
	for i := 1; i <= people; i++ {
		if number(i) == n {
			return endowment
		}
	}
	return 0
}

// compare lays the database beside the simulation's own book.
func (w *world) compare(ctx context.Context) {
	w.checkBooks(ctx)
	orders, err := w.sql.FindOrders(ctx, vend.Query{Limit: 1000})
	if err != nil || len(orders) != len(w.book.orders) {
		w.wrong("there are %d orders in the database, and should be %d: %v", len(orders), len(w.book.orders), err)
	}
	for _, o := range orders {
		r := w.book.orders[o.Ref]
		if r == nil || r.State != o.State || r.Resolution != o.Resolution || r.Delivery != o.Delivery || r.Amount != o.Amount {
			w.wrong("%s is %s %s in the database", o.Ref, o.State, o.Resolution)
			continue
		}
		moves, err := w.sql.Moves(ctx, o.Ref)
		if err != nil || len(moves) != len(r.moves) {
			w.wrong("%s has %d moves in the database, and should have %d: %v", o.Ref, len(moves), len(r.moves), err)
			continue
		}
		for i, m := range moves {
			if m.From != r.moves[i].From || m.To != r.moves[i].To || m.Cause != r.moves[i].Cause {
				w.wrong("move %d of %s is from %s to %s in the database", i, o.Ref, m.From, m.To)
			}
		}
		if err := w.sameEntries(ctx, r); err != nil {
			w.wrong("%s: %v", o.Ref, err)
		}
	}
}

func (w *world) sameEntries(ctx context.Context, r *record) error {
	entries, err := w.sql.Entries(ctx, r.Ref)
	if err != nil {
		return err
	}
	if len(entries) != len(r.entries) {
		return fmt.Errorf("the database has %d entries, and should have %d", len(entries), len(r.entries))
	}
	for i, e := range entries {
		if e.Kind != r.entries[i].Kind || !slices.Equal(e.Postings, r.entries[i].Postings) {
			return fmt.Errorf("entry %d is %s in the database", i, e.Kind)
		}
	}
	return nil
}

// checkBooks has the product check its books, and lays its balances beside ours.
func (w *world) checkBooks(ctx context.Context) {
	books, err := w.sql.CheckBooks(ctx)
	orders, more := w.sql.CheckOrders(ctx)
	if err = errors.Join(err, more); err != nil {
		w.wrong("the books can not be read: %v", err)
	}
	for _, f := range append(books, orders...) {
		w.wrong("the books: %s", f)
	}
	for id, n := range w.customers {
		b, err := w.sql.Balance(ctx, id)
		if want := (vend.Balance{Available: w.book.balances[ledger.Available(id)], Held: w.book.balances[ledger.Held(id)]}); err != nil || b != want {
			w.wrong("%s has %v in the database, and should have %v: %v", n, b, want, err)
		}
	}
}
