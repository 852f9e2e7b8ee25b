package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// opening is when every run begins: in the morning, in South Africa.
var opening = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)

// counts are what happened in a run.
type counts struct {
	Steps, Sales, Done, Refused, Reversed      int
	Redeemed, Refunds, Undone                  int
	Sent, First, Lost, Lies                    int // requests, those that were the first, lost or lied about
	Told, Confirmed, Voided                    int // advices that were sent, and what came of them
	Faults, Crashes, Stops                     int
	Replays, Decisions, Wrongly, Resent, Calls int
}

// world is one run: one database, one provider, the processes that sell, the
// customers and the operator.
type world struct {
	dice      *dice
	trace     *trace
	scheduler *scheduler
	weather   weather
	limits    vend.Limits
	habit     habit
	sabotage  sabotage
	fund      vend.Fund
	sql       *store.SQL
	keys      *secret.Keyring

	provider  *provider
	truth     *truth
	book      *book
	phones    *phones
	replicas  []*process
	processes int
	reviving  int       // replicas that are about to be started
	darkUntil time.Time // before it no replica is started
	over      bool

	asked []*ask // what customers asked for, in their order
	calls int
	pins  []string // vouchers that customers know of

	running sync.WaitGroup

	mu        sync.Mutex
	customers map[string]string // number by id
	ended     []*call
	counts    counts
	wrongs    []string
	odd       bool                   // what happens seldom was committed, so that the whole books are worth a look
	decisions map[string]vend.Bearer // by who carries them out
}

func newWorld(d *dice, keep bool, sql *store.SQL, broken sabotage) *world {
	time.Sleep(time.Until(opening))
	w := &world{dice: d, trace: newTrace(keep), sql: sql, sabotage: broken, keys: keys(), truth: newTruth(), book: newBook(),
		customers: map[string]string{}, decisions: map[string]vend.Bearer{}, fund: vend.FundBalance}
	w.provider = newProvider(w)
	w.phones = &phones{w: w, taken: map[string]string{}}
	w.scheduler = newScheduler(d, w.trace, func(label string) { w.wrong("the simulation: two events are called %q", label) })
	w.weather = drawWeather(d)
	return w
}

// number is the n-th customer's.
func number(n int) string { return fmt.Sprintf("2782000%04d", n) }

func (w *world) numberOf(customer string) string { return w.customers[customer] }

func (w *world) wrong(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrongLocked(format, args...)
}

func (w *world) wrongLocked(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	w.trace.note("WRONG: %s", what)
	w.wrongs = append(w.wrongs, what)
}

// wrongSoFar is what was found wrong.
func (w *world) wrongSoFar() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.wrongs)
}

// committed takes a transaction down and judges it.
func (w *world) committed(t writes) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if line := t.String(); line != "" {
		w.trace.note("%s", line)
	}
	for _, c := range t.customers {
		w.customers[c.ID] = c.MSISDN
	}
	wrongs := w.book.commit(t, w.decisions[t.who])
	for _, m := range t.moves {
		w.odd = w.odd || m.Cause == vend.CauseResolve || m.Cause == vend.CauseResend || m.Cause == vend.CauseUndone || m.Cause == vend.CauseLate
	}
	for _, o := range t.orders {
		wrongs = append(wrongs, w.overLimit(o)...)
	}
	for _, what := range wrongs {
		w.wrongLocked("%s", what)
	}
}

// endow gives a customer money before everything else, as the operator does who
// learns whose a voucher was.
func (w *world) endow(n int, amount ledger.Cents) error {
	t := writes{who: "the opening"}
	err := w.sql.InTx(context.Background(), func(tx vend.Tx) error {
		c, err := tx.EnsureCustomer(number(n), vend.NewCustomerID(), time.Now())
		if err != nil {
			return err
		}
		t.customers, t.entries = []vend.Customer{c}, nil
		for _, k := range []ledger.Kind{ledger.KindSuspended, ledger.KindAttributed} {
			e, _ := ledger.Operator(k, fmt.Sprintf("F-%d", n), ledger.ProviderFloat, c.ID, amount)
			t.entries = append(t.entries, e)
			err = errors.Join(err, tx.Post(e, time.Now()))
		}
		return err
	})
	if err == nil {
		w.committed(t)
	}
	return err
}

// step makes the next thing happen, and looks at what came of it; false when
// until has come.
func (w *world) step(until time.Time) bool {
	more := w.scheduler.next(until)
	w.mu.Lock()
	ended := w.ended
	w.ended = nil
	w.mu.Unlock()
	slices.SortFunc(ended, func(a, b *call) int { return a.id - b.id })
	for _, c := range ended {
		w.hangsUp(c)
	}
	w.mu.Lock()
	odd := w.odd
	w.odd = false
	w.mu.Unlock()
	if odd || w.scheduler.steps%looksEvery == 0 {
		w.checkBooks(context.Background())
	}
	return more
}

// open lists the orders that are not at their end, sorted.
func (w *world) unsettled() (open, person []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ref := range slices.Sorted(maps.Keys(w.book.orders)) {
		switch classOf(w.book.orders[ref].Order) {
		case classOpen:
			open = append(open, ref)
		case classPerson:
			person = append(person, ref)
		}
	}
	return open, person
}
