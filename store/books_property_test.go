package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

// bookModel is the books as maps: what Post should do.
type bookModel struct {
	entries  map[string]ledger.Entry // by reference and kind
	ended    map[string]bool         // references whose hold has ended
	balances map[ledger.Account]ledger.Cents
}

func newBookModel() *bookModel {
	return &bookModel{map[string]ledger.Entry{}, map[string]bool{}, map[ledger.Account]ledger.Cents{}}
}

func (m *bookModel) post(e ledger.Entry) error {
	name := e.Ref + "/" + string(e.Kind)
	if there, ok := m.entries[name]; ok {
		if cmp.Equal(there, e) {
			return nil
		}
		return ledger.ErrReused
	}
	if e.EndsHold() && m.ended[e.Ref] {
		return ledger.ErrEnded
	}
	p := e.Postings[0]
	if !p.Debit.MayGoNegative() && m.balances[p.Debit] < p.Amount {
		return ledger.ErrInsufficient
	}
	m.entries[name] = e
	m.ended[e.Ref] = m.ended[e.Ref] || e.EndsHold()
	m.balances[p.Debit] -= p.Amount
	m.balances[p.Credit] += p.Amount
	return nil
}

func TestTheBooksDoWhatMapsDoForAnySequenceOfEvents(t *testing.T) {
	s := freshSQLite(t).open(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		world := bookWorld{s: s, m: newBookModel(), run: run}
		rt.Repeat(map[string]func(*rapid.T){
			"one event": func(rt *rapid.T) { world.post(rt, world.event(rt)) },
			// Few references and amounts: most sequences repeat themselves.
			"the same event twice": func(rt *rapid.T) {
				e := world.event(rt)
				world.post(rt, e)
				world.post(rt, e)
			},
			"events of a transaction that fails": world.abandon,
		})
		world.check(rt, 0)
		world.check(rt, 1)
	})
	// Books are only added to: what went wrong in any run is still wrong.
	faults, err := s.CheckBooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		// Post does not ask whether the hold that an entry ends was made: that
		// is the order's business. Here it may not have been.
		if f.Kind != store.FaultHold {
			t.Error(f)
		}
	}
}

// bookWorld drives a store and the model side by side. Every run has its own
// references and customers.
type bookWorld struct {
	s   *store.SQL
	m   *bookModel
	run int
}

func (w *bookWorld) customer(i int) string { return fmt.Sprintf("run%d-c%d", w.run, i) }

func (w *bookWorld) event(rt *rapid.T) ledger.Entry {
	ref := fmt.Sprintf("run%d-r%d", w.run, rapid.IntRange(0, 5).Draw(rt, "ref"))
	customer := w.customer(rapid.IntRange(0, 1).Draw(rt, "customer"))
	amount := rapid.SampledFrom([]ledger.Cents{1, 5_00, 10_00}).Draw(rt, "amount")
	make := rapid.SampledFrom([]func(string, string, ledger.Cents) ledger.Entry{
		ledger.Redeemed, paid(ledger.Hold), paid(capture), paid(ledger.Release), paid(ledger.PayOut),
	}).Draw(rt, "kind")
	return make(ref, customer, amount)
}

func capture(ref string, p ledger.Payer, amount ledger.Cents) ledger.Entry {
	return ledger.Capture(ref, p, ledger.ProviderFloat, amount)
}

// paid is an entry about what a customer pays.
func paid(make func(string, ledger.Payer, ledger.Cents) ledger.Entry) func(string, string, ledger.Cents) ledger.Entry {
	return func(ref, customer string, amount ledger.Cents) ledger.Entry {
		return make(ref, ledger.CustomerPays(customer), amount)
	}
}

func (w *bookWorld) post(rt *rapid.T, e ledger.Entry) {
	want := w.m.post(e)
	got := w.s.InTx(context.Background(), func(tx vend.Tx) error { return tx.Post(e, noon) })
	if !errors.Is(got, want) || (want == nil && got != nil) {
		rt.Fatalf("%+v: got %v, want %v", e, got, want)
	}
}

func (w *bookWorld) abandon(rt *rapid.T) {
	oops := errors.New("oops")
	events := rapid.SliceOfN(rapid.Custom(w.event), 1, 3).Draw(rt, "events")
	err := w.s.InTx(context.Background(), func(tx vend.Tx) error {
		for _, e := range events {
			if err := tx.Post(e, noon); err != nil && !anyLedgerError(err) {
				return err
			}
		}
		return oops
	})
	if !errors.Is(err, oops) {
		rt.Fatal(err)
	}
	w.check(rt, rapid.IntRange(0, 1).Draw(rt, "looked at"))
}

func anyLedgerError(err error) bool {
	return errors.Is(err, ledger.ErrInsufficient) || errors.Is(err, ledger.ErrReused) || errors.Is(err, ledger.ErrEnded)
}

func (w *bookWorld) check(rt *rapid.T, i int) {
	c := w.customer(i)
	got, err := w.s.Balance(context.Background(), c)
	want := vend.Balance{Available: w.m.balances[ledger.Available(c)], Held: w.m.balances[ledger.Held(c)]}
	if err != nil || got != want {
		rt.Fatalf("balance of %s: got %v, %v; want %v", c, got, err, want)
	}
}
