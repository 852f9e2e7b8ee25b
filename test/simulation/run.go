package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

// endowment is what every customer has in the beginning.
const endowment = ledger.Cents(100_00)

// looksEvery is how many steps lie between two looks at the whole books at most.
// Every commit is judged by itself besides.
const looksEvery = 150

// outcome is what came of a run.
type outcome struct {
	seed   uint64
	wrongs []string
	hash   string
	trace  string   // where it was kept
	drawn  []string // the draws that were not those of an ordinary day
	counts counts
	moves  map[string]int // how often orders moved, by from, to and cause
}

// stage is where runs take place: a folder, and an empty database to begin with.
type stage struct {
	dir   string
	empty []byte
	sabotage
}

// newStage makes one, in memory where there is a file system for that.
func newStage() (*stage, error) {
	where := ""
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		where = "/dev/shm"
	}
	dir, err := os.MkdirTemp(where, "simulation-")
	if err != nil {
		return nil, fmt.Errorf("make stage: %w", err)
	}
	s := &stage{dir: dir}
	path := filepath.Join(dir, "empty.db")
	sql, err := store.OpenSQL(context.Background(), "sqlite:"+path, store.Options{})
	if err == nil {
		err = sql.Close()
	}
	if err == nil {
		s.empty, err = os.ReadFile(path)
	}
	if err != nil {
		s.strike()
		return nil, fmt.Errorf("make stage: %w", err)
	}
	return s, nil
}

// strike removes it.
func (s *stage) strike() { _ = os.RemoveAll(s.dir) }

// script is what is played: a seed and, where only is not nil, the draws that are
// not those of an ordinary day.
type script struct {
	seed uint64
	only map[string]bool
	// plain: the provider wants to be told nothing, as when the seed was found.
	plain bool
}

// sabotage breaks the product on purpose, to see that it is noticed.
type sabotage struct {
	window time.Duration // of the sending again, where it is not the right one
	// tx changes what goes through a transaction.
	tx func(vend.Tx) vend.Tx
}

// run plays a script in a bubble of its own time.
func (s *stage) run(t *testing.T, play script, keep bool) (o outcome) {
	t.Helper()
	path := filepath.Join(s.dir, "run.db")
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(path + suffix)
		}
		if p := recover(); p != nil { // somebody was still waiting when all was over, or broke
			o = outcome{seed: play.seed, wrongs: []string{fmt.Sprintf("panic: %v", p)}}
		}
	}()
	if err := os.WriteFile(path, s.empty, 0o600); err != nil {
		return outcome{seed: play.seed, wrongs: []string{err.Error()}}
	}
	// No collection in the middle: it may let another goroutine go first.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	synctest.Test(t, func(t *testing.T) {
		d := newDice(play.seed, play.only)
		o = s.play(t.Context(), d, path, play.plain, keep)
		o.seed, o.drawn = play.seed, d.drawn
	})
	return o
}

func (s *stage) play(ctx context.Context, d *dice, path string, plain, keep bool) (o outcome) {
	sql, err := store.OpenSQL(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		return outcome{wrongs: []string{err.Error()}}
	}
	w := newWorld(d, keep, sql, s.sabotage)
	if !plain {
		w.habit = pick(d, "habit of the provider", toldNothing, toldNothing, toldAll, undoesAll)
	}
	if err := w.begin(); err != nil {
		return outcome{wrongs: []string{err.Error()}}
	}
	w.tell(1+d.below("scenes", most), 1)
	for storyEnds := time.Now().Add(12 * time.Hour); w.sound() && w.unfinished() && time.Now().Before(storyEnds); {
		w.step(storyEnds)
		w.revive()
	}
	if w.sound() {
		w.settle()
	}
	if w.sound() {
		w.judgement(ctx)
	}
	w.end()
	if err := sql.Close(); err != nil {
		w.wrong("close the database: %v", err)
	}
	w.counts.Steps, w.counts.Calls = w.scheduler.steps, w.calls
	w.tally()
	return outcome{wrongs: w.wrongSoFar(), hash: w.trace.hash(), trace: w.trace.String(), counts: w.counts, moves: w.moves()}
}

// begin sets the world up: customers with money, vouchers, two replicas.
func (w *world) begin() error {
	switch pick(w.dice, "limits", 0, 0, 0, 1, 2) {
	case 1:
		w.limits = vend.Limits{Day: ledger.Rand(90), DaySales: 3, Sale: map[vend.Kind]ledger.Cents{vend.KindVoucher: ledger.Rand(50)}}
	case 2:
		w.fund = vend.FundMerchant
		w.limits = vend.Limits{MerchantDay: ledger.Rand(100), MerchantEach: ledger.Rand(60)}
	}
	for n := 1; n <= people; n++ {
		if err := w.endow(n, endowment); err != nil {
			return err
		}
	}
	for i, worth := range []ledger.Cents{ledger.Rand(50), 37_50, ledger.Rand(5)} {
		pin := fmt.Sprintf("1111%012d", i)
		w.truth.vouchers[pin] = &voucher{worth: worth}
		w.pins = append(w.pins, pin)
	}
	w.trace.note("weather %+v limits %+v fund %s, the provider is told %q", w.weather, w.limits, w.fund, w.habit)
	w.open(true)
	w.open(true)
	return nil
}

// unfinished says whether the story still has scenes to come.
func (w *world) unfinished() bool {
	w.scheduler.rest()
	for _, e := range w.scheduler.waiting {
		if e.label[0] == '~' {
			return true
		}
	}
	return false
}

// revive puts a process in the place of those that died, as an orchestrator does,
// after a while.
func (w *world) revive() {
	if len(w.alive())+w.reviving >= 2 {
		return
	}
	w.reviving++
	label := fmt.Sprintf("orchestrator %d", w.processes+w.reviving)
	w.scheduler.add(&event{label: label, plan: func() time.Duration {
		return max(0, time.Until(w.darkUntil)) +
			pick(w.dice, "pause of "+label, time.Second, 100*time.Millisecond, 10*time.Second, 40*time.Second)
	}, happen: func() {
		w.reviving--
		if len(w.alive()) < 2 && !w.over {
			w.trace.note("%s begins", w.open(true).name)
		}
	}})
}

// end closes every process, and waits until nobody is left.
func (w *world) end() {
	w.over = true
	for until := time.Now().Add(10 * time.Minute); time.Now().Before(until); {
		for _, p := range w.replicas {
			if !p.dead.Load() {
				w.gone(p)
			}
		}
		if !w.step(time.Now().Add(10*time.Second)) && len(w.scheduler.waiting) == 0 {
			return
		}
	}
}

// moves counts the moves of all orders.
func (w *world) moves() map[string]int {
	n := map[string]int{}
	for _, r := range w.book.orders {
		for _, m := range r.moves {
			n[fmt.Sprintf("%s > %s: %s", m.From, m.To, m.Cause)]++
		}
	}
	return n
}

// tally counts what the orders came to.
func (w *world) tally() {
	c := &w.counts
	for _, s := range w.truth.sales {
		if s.confirmed {
			c.Confirmed++
		}
		if s.voided {
			c.Voided++
		}
	}
	for _, r := range w.book.orders {
		c.Sales++
		switch classOf(r.Order) {
		case classDone:
			c.Done++
		case classRefused:
			c.Refused++
		case classReversed:
			c.Reversed++
		}
		switch r.Kind {
		case vend.KindRedeem:
			c.Redeemed++
		case vend.KindRefund:
			c.Refunds++
		case vend.KindReverse:
			c.Undone++
		}
	}
}
