package kill

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"spaza/store"
	"spaza/vend"
)

// TestKilledAtRandomMoments sells to a crowd while the process is killed again
// and again.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	p := asked(t)
	t.Logf("SPAZA_PROOF_SEED=%d", p.seed)
	sqlite, postgres := (*rig).onSQLite, func(r *rig) *rig { return r.onServers(1) }
	for _, h := range p.houses() {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			on := sqlite
			if h.servers {
				on = postgres
			}
			p := p
			p.crowd = h.crowd
			r := on(newRig(t, p, h.name, h.counter))
			people := r.crowd()
			k := killer{rig: r, choose: p.source(h.name, "killer"), moods: map[string]int{}}
			ctx, home := context.WithCancel(t.Context())
			crowd := people.gather(ctx)
			defer func() { home(); crowd.Wait() }()
			if err := k.strike(t.Context(), r.replicas[0], h.kills); err != nil {
				t.Fatalf("%v\n%s", err, r.log.about("ERROR", "level=ERROR", "spaza:", "panic"))
			}
			pause(t.Context(), time.Second)
			people.close()
			crowd.Wait()
			home()
			r.reckon(people.all, fmt.Sprintf("%d kills (%d with a sale under way: %v)", h.kills, r.count.busyKills.Load(), k.moods))
		})
	}
}

// house is a rig that is to be: where things are kept, and who sells.
type house struct {
	name         string
	servers      bool
	counter      counter
	kills, crowd int
}

// houses are those of a proof. At length every database sees both providers. The
// bounded form draws one that sells through Electrum instead of Flash, and has a
// short one that always does, since the drawn one may need a server that is not
// there.
func (p proof) houses() []house {
	either := func(name string) counter { return []counter{byElectrum, byEither}[p.source(name, "counter").IntN(2)] }
	all := []house{
		{name: "sqlite", counter: byFlash, kills: p.kills, crowd: p.crowd},
		{name: "postgres", servers: true, counter: byFlash, kills: p.kills, crowd: p.crowd},
	}
	if p.long {
		return append(all,
			house{name: "electrum, sqlite", counter: either("sqlite"), kills: p.kills, crowd: p.crowd},
			house{name: "electrum, postgres", servers: true, counter: either("postgres"), kills: p.kills, crowd: p.crowd})
	}
	drawn := &all[p.source("drawn").IntN(len(all))]
	drawn.counter = either(drawn.name)
	return append(all, house{name: "electrum", counter: byElectrum, kills: min(6, p.kills), crowd: p.crowd / 2})
}

// crowd is everybody who ever dials.
type crowd struct {
	r      *rig
	closed atomic.Bool

	mu  sync.Mutex
	all map[string]*customer
}

func (r *rig) crowd() *crowd { return &crowd{r: r, all: map[string]*customer{}} }

// gather lets customers in, some at a time, until close.
func (w *crowd) gather(ctx context.Context) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range w.r.proof.crowd {
		wg.Go(func() {
			for !w.closed.Load() && ctx.Err() == nil {
				w.next().visit(ctx)
			}
		})
	}
	return &wg
}

func (w *crowd) next() *customer {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.r.newCustomer(len(w.all))
	w.all[c.number] = c
	return c
}

func (w *crowd) close() { w.closed.Store(true) }

// reckon waits until all has ended, and lays everything side by side.
func (r *rig) reckon(customers map[string]*customer, kills string) {
	t := r.t
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), r.proof.settled+time.Minute)
	defer cancel()
	books, err := store.OpenSQL(ctx, r.database, store.Options{Conns: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = books.Close() }()
	quiet := time.Now()
	unsettled := r.settle(books)
	waited := time.Since(quiet)
	rows, err := r.raw()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()

	k := &reckoning{r: r, customers: customers}
	if err := k.read(ctx, rows); err != nil {
		t.Fatal(err)
	}
	k.tell()
	var silent []string // what nobody told, so far
	for _, s := range k.sales {
		if s.by == "" {
			silent = append(silent, s.ref)
			customers[s.msisdn].look(ctx)
		}
	}
	for _, p := range r.replicas {
		if err := p.Stop(30 * time.Second); err != nil {
			t.Errorf("stop the service: %v", err)
		}
	}
	k = &reckoning{r: r, customers: customers}
	if err := k.read(ctx, rows); err != nil {
		t.Fatal(err)
	}
	k.judge()
	k.match()
	k.tell()
	for _, s := range k.sales {
		switch {
		case s.by == "" && customers[s.msisdn].dropped(s):
			k.unheard++
		case s.by == "":
			k.fault(&k.untold, s, "nobody was told how an order ended")
		case slices.Contains(silent, s.ref):
			k.late++
		}
	}
	for _, check := range []func(context.Context) ([]store.Fault, error){books.CheckBooks, books.CheckOrders} {
		faults, err := check(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			k.fault(&k.lost, sale{}, "the books are wrong: %v", f)
		}
	}
	if unsettled != nil {
		k.fault(&k.lost, sale{}, "%v", unsettled)
	}
	k.wrong = append(k.wrong, r.errors...)
	r.t.Log(k.table(kills, waited))
	const shown = 5
	for _, w := range k.wrong[:min(len(k.wrong), shown)] {
		t.Error(w)
	}
	if more := len(k.wrong) - shown; more > 0 {
		t.Errorf("and %d more", more)
	}
}

// table is the closing count.
func (k *reckoning) table(kills string, waited time.Duration) string {
	count := map[string]int{}
	for _, s := range k.sales {
		count[fmt.Sprintf("%s %s", kindName(s.kind), s.state)]++
		count["told by "+s.by]++
	}
	n := &k.r.count
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name string, value any) { _, _ = fmt.Fprintf(w, "%s\t%v\n", name, value) }
	_, _ = fmt.Fprintf(w, "%s, sold through %s, seed %d, %s and %s of waiting for what was open\n", k.r.name, k.r.counter, k.r.proof.seed,
		time.Since(k.r.began).Round(time.Second), waited.Round(time.Second))
	line("kills", kills)
	line("customers", len(k.customers))
	line("turns", fmt.Sprintf("%d, %d without an answer, %d delivered again, %d late, %d calls dropped",
		n.turns.Load(), n.broken.Load(), n.repeated.Load(), n.late.Load(), n.dropped.Load()))
	for _, name := range slices.Sorted(maps.Keys(count)) {
		line(name, count[name])
	}
	line("faults", n.faults.Load())
	line("sent more than once", k.again)
	for _, d := range slices.Sorted(maps.Keys(k.advices)) {
		line("advices "+d, k.advices[d])
	}
	line("messages", fmt.Sprintf("%d, %d of them told the same again", len(k.r.messages.All()), k.extra))
	line("told at the next dial", k.late)
	line("told to a dropped call", k.unheard)
	line("lost", k.lost)
	line("doubled", k.twice)
	line("untold", k.untold)
	line("untrue", k.lies)
	line("wrong screens", len(k.r.errors))
	line("trails astray", k.astray)
	_ = w.Flush()
	return "\n" + b.String()
}

func kindName(k vend.Kind) string {
	switch k {
	case vend.KindRedeem:
		return "voucher"
	case vend.KindAirtimePIN:
		return "PIN"
	}
	return "sale"
}
