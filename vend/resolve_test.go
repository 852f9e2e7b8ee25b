package vend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// trail is an order's trail in words: "from>to cause", by move.
func (k *till) trail(ref string) []string {
	k.t.Helper()
	moves, err := k.sql.Moves(k.t.Context(), ref)
	if err != nil {
		k.t.Fatal(err)
	}
	var all []string
	for i, m := range moves {
		all = append(all, fmt.Sprintf("%s>%s %s", m.From, m.To, m.Cause))
		if i > 0 && m.From != moves[i-1].To {
			k.t.Errorf("%s: the trail has a gap: %q after %q", ref, m.From, moves[i-1].To)
		}
	}
	return all
}

func (k *till) wantTrail(ref string, want ...string) {
	k.t.Helper()
	if got := k.trail(ref); !slices.Equal(got, want) {
		k.t.Errorf("trail of %s\n got %q\nwant %q", ref, got, want)
	}
}

// books is what the books have under a reference: "kind amount".
func (k *till) books(ref string) string {
	k.t.Helper()
	entries, err := k.sql.Entries(k.t.Context(), ref)
	if err != nil {
		k.t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%s %s", e.Kind, e.Postings[0].Amount))
	}
	return strings.Join(all, ", ")
}

func (k *till) sound() {
	k.t.Helper()
	faults, err := k.sql.CheckBooks(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	more, err := k.sql.CheckOrders(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	for _, f := range append(faults, more...) {
		if !strings.HasPrefix(f.Ref, "F-") || len(f.Ref) < 20 { // what the test itself gave
			k.t.Error(f)
		}
	}
}

func (k *till) state(ref string) vend.Order {
	k.t.Helper()
	o, err := k.sql.Order(k.t.Context(), ref)
	if err != nil {
		k.t.Fatal(err)
	}
	return o
}

func decision(ref string, as vend.Verdict) vend.Decision {
	return vend.Decision{Ref: ref, As: as, By: "thandi", Why: "provider's file of 21/11"}
}

// toPerson is a purchase of R20 that a person has.
func (k *till) toPerson(p vend.Purchase) vend.Order {
	k.t.Helper()
	if _, err := k.buy(p); err != nil {
		k.t.Fatal(err)
	}
	for range 9 {
		if o := k.attempt(); o.State == vend.StatePerson {
			return o
		}
		k.now = k.now.Add(10 * time.Minute)
	}
	k.t.Fatal("no person has it")
	return vend.Order{}
}

func TestAPersonDecides(t *testing.T) {
	for name, c := range map[string]struct {
		answers   []vend.Answer
		decisions []vend.Decision // the references are filled in
		wrong     []vend.Decision // refused before
		books     string
		available ledger.Cents
		state     vend.State
		done      bool
	}{
		"it happened": {
			answers: []vend.Answer{{}}, decisions: []vend.Decision{{As: vend.VerdictVended}},
			wrong: []vend.Decision{{As: vend.VerdictVended, Amount: ledger.Rand(21)}, {As: vend.VerdictReversed}, {As: "perhaps"}, {}},
			books: "held R20, captured R20", available: ledger.Rand(80), state: vend.StateResolved, done: true,
		},
		"it did not": {
			answers: []vend.Answer{{}}, decisions: []vend.Decision{{As: vend.VerdictNotVended}},
			books: "held R20, released R20", available: ledger.Rand(100), state: vend.StateResolved,
		},
		"it did not, and then it had": {
			answers: []vend.Answer{{}}, decisions: []vend.Decision{{As: vend.VerdictNotVended}, {As: vend.VerdictVended}},
			books: "held R20, released R20, lost R20", available: ledger.Rand(100), state: vend.StateResolved, done: true,
		},
		"it did not, then it had, and the provider undid it": {
			answers: []vend.Answer{{}}, decisions: []vend.Decision{{As: vend.VerdictNotVended}, {As: vend.VerdictVended}, {As: vend.VerdictReversed}},
			books: "held R20, released R20, lost R20, recovered R20", available: ledger.Rand(100), state: vend.StateReversed,
		},
		"it was paid, the provider gave it back, and then it had happened": {
			answers: []vend.Answer{{Owed: true}}, decisions: []vend.Decision{{As: vend.VerdictNotVended, Bears: vend.BearsProvider}, {As: vend.VerdictVended}},
			books: "held R20, captured R20, reversed R20, lost R20", available: ledger.Rand(100), state: vend.StateResolved, done: true,
		},
		"it was paid, the operator bore it, and then it had happened": {
			answers: []vend.Answer{{Owed: true}}, decisions: []vend.Decision{{As: vend.VerdictNotVended, Bears: vend.BearsOperator}, {As: vend.VerdictVended}, {As: vend.VerdictReversed}},
			books: "held R20, captured R20, compensated R20, recovered R20", available: ledger.Rand(100), state: vend.StateReversed,
		},
		"it happened, and the provider undid it": {
			answers: []vend.Answer{{}}, decisions: []vend.Decision{{As: vend.VerdictVended}, {As: vend.VerdictReversed}},
			books: "held R20, captured R20, reversed R20", available: ledger.Rand(100), state: vend.StateReversed,
		},
		"it was paid, and the goods never came": {
			answers: []vend.Answer{{Owed: true}}, decisions: []vend.Decision{{As: vend.VerdictNotVended, Bears: vend.BearsProvider}},
			wrong: []vend.Decision{{As: vend.VerdictNotVended}, {As: vend.VerdictNotVended, Bears: "me"}},
			books: "held R20, captured R20, reversed R20", available: ledger.Rand(100), state: vend.StateResolved,
		},
		"it was paid, and the operator bears it": {
			answers: []vend.Answer{{Owed: true}}, decisions: []vend.Decision{{As: vend.VerdictNotVended, Bears: vend.BearsOperator}},
			books: "held R20, captured R20, compensated R20", available: ledger.Rand(100), state: vend.StateResolved,
		},
		"it was paid, and the goods came by phone": {
			answers: []vend.Answer{{Owed: true}}, decisions: []vend.Decision{{
				As: vend.VerdictVended, Goods: vend.Goods{Utility: &vend.Utility{Tokens: []vend.Token{{Use: vend.TokenCredit, Value: secret.New(goodsToken)}}}},
			}},
			books: "held R20, captured R20", available: ledger.Rand(80), state: vend.StateResolved, done: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, c.answers...)
			o := k.toPerson(forMeter(ledger.Rand(20), false))
			for _, d := range append([]vend.Decision{{As: vend.VerdictVended, By: "x"}, {As: vend.VerdictVended, Why: "x"}}, c.wrong...) {
				d.Ref = o.Ref
				if d.By == "" && d.Why == "" {
					d.By, d.Why = "thandi", "wrong"
				}
				if _, err := k.s.Resolve(t.Context(), d); !errors.Is(err, vend.ErrNotDecidable) {
					t.Errorf("decision %+v: %v", d, err)
				}
			}
			stale := decision(o.Ref, vend.VerdictVended)
			stale.Was = vend.StateUnknown
			if _, err := k.s.Resolve(t.Context(), stale); !errors.Is(err, vend.ErrMoved) {
				t.Errorf("a stale decision: %v", err)
			}
			if got := k.state(o.Ref); got.State != vend.StatePerson {
				t.Fatalf("a refused decision made it %s", got.State)
			}
			for _, d := range c.decisions {
				d.Ref, d.By, d.Why = o.Ref, "thandi", "provider's file"
				got, err := k.s.Resolve(t.Context(), d)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := k.s.Resolve(t.Context(), d); !errors.Is(err, vend.ErrNotDecidable) {
					t.Errorf("the same decision twice: %v", err)
				}
				o = got
			}
			if o.State != c.state || o.Done() != c.done || k.books(o.Ref) != c.books {
				t.Errorf("order is %s %s, done %t; books %q", o.State, o.Resolution, o.Done(), k.books(o.Ref))
			}
			k.wantMoney(c.available, 0)
			k.sound()
			_ = k.trail(o.Ref)
			if g := c.decisions[0].Goods; !g.Empty() {
				if had, err := k.s.Goods(k.state(o.Ref)); err != nil || had.Utility.Tokens[0].Value.Reveal() != goodsToken {
					t.Errorf("goods %v, %v", had, err)
				}
			}
		})
	}
}

// A voucher that may have been taken is credited with what a person says it was
// worth, once.
func TestAPersonDecidesWhatAVoucherWasWorth(t *testing.T) {
	k := newTill(t, vend.Answer{})
	gone, leave := context.WithCancel(t.Context())
	defer leave()
	k.hand.adopt = func(jobs.Job) { leave() }
	if _, err := k.s.Redeem(gone, redemption("R-1", 1, pinA)); err != nil {
		t.Fatal(err)
	}
	k.attempt()
	if _, err := k.s.Resolve(t.Context(), decision("R-1", vend.VerdictVended)); !errors.Is(err, vend.ErrNotDecidable) {
		t.Fatalf("while it is asked for by itself: %v", err)
	}
	k.now = k.now.Add(time.Hour)
	k.attempt()
	d := decision("R-1", vend.VerdictVended)
	if _, err := k.s.Resolve(t.Context(), d); !errors.Is(err, vend.ErrNotDecidable) {
		t.Fatalf("without saying of what: %v", err)
	}
	d.Amount = ledger.Rand(50)
	o, err := k.s.Resolve(t.Context(), d)
	if err != nil || !o.Done() || o.Amount != ledger.Rand(50) || len(k.state("R-1").Sealed) != 0 {
		t.Fatalf("order %+v, %v", o.State, err)
	}
	k.wantMoney(ledger.Rand(150), 0)
	k.wantTrail("R-1", ">sending customer", "sending>unknown answer", "unknown>person window_over", "person>resolved resolve")
	k.sound()
}

func TestAnAnswerThatComesAfterADecisionMovesNoMoney(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Goods: sellable()["tokens"], Code: "0"})
	p := forMeter(ledger.Rand(20), false)
	k.p.during = func() { // a person has it, and decides, while the first sending is under way
		k.p.during = nil
		late := k.state(p.Ref)
		late.State = vend.StatePerson
		if err := k.sql.InTx(t.Context(), func(tx vend.Tx) error {
			return errors.Join(tx.UpdateOrder(late), tx.AddMove(vend.Move{Ref: p.Ref, From: vend.StateSending, To: vend.StatePerson}))
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := k.s.Resolve(t.Context(), decision(p.Ref, vend.VerdictNotVended)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.buy(p); err != nil {
		t.Fatal(err)
	}
	o := k.attempt()
	if got, err := k.s.Goods(o); !o.Refused() || err != nil || got.Empty() {
		t.Errorf("order is %s, goods %v, %v", o.State, got, err)
	}
	k.wantMoney(ledger.Rand(100), 0)
	k.sound()
	if got := k.trail(p.Ref); got[len(got)-1] != "resolved>resolved late_answer" {
		t.Errorf("trail %q", got)
	}
}

func TestWhatIsOutstandingIsSentAgain(t *testing.T) {
	k := newTill(t, vend.Answer{}, vend.Answer{Person: true, Code: "9"}, vend.Answer{Outcome: vend.Delivered, Goods: sellable()["tokens"]})
	if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
		t.Fatal(err)
	}
	ref := k.attempt().Ref
	again := func(want error) {
		t.Helper()
		if _, err := k.s.Resend(t.Context(), ref, "thandi", "customer waits"); !errors.Is(err, want) {
			t.Fatalf("resend: %v", err)
		}
	}
	if _, err := k.s.Resend(t.Context(), ref, "", "x"); !errors.Is(err, vend.ErrNotDecidable) {
		t.Errorf("nobody asks: %v", err)
	}
	again(nil) // due now
	if next, err := k.sql.Next(t.Context(), []jobs.Kind{vend.JobOrder}); err != nil || next.After(k.now) {
		t.Errorf("due %s, %v", next, err)
	}
	if o := k.attempt(); o.State != vend.StatePerson {
		t.Fatalf("order is %s", o.State)
	}
	again(nil)
	k.hand.job.Attempt = 2
	if o := k.attempt(); o.State != vend.StateDelivered {
		t.Fatalf("order is %s", o.State)
	}
	again(nil) // the message
	k.wantTrail(ref, ">sending customer", "sending>unknown answer", "unknown>unknown resend", "unknown>person answer",
		"person>unknown resend", "unknown>delivered answer", "delivered>delivered resend")

	late := newTill(t, vend.Answer{})
	o := late.toPerson(forMeter(ledger.Rand(20), false))
	if _, err := late.s.Resend(t.Context(), o.Ref, "thandi", "customer waits"); !errors.Is(err, vend.ErrNotDecidable) {
		t.Errorf("after the window: %v", err)
	}
}
