package matrix

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"spaza/ledger"
)

var (
	update = flag.Bool("update", false, "write the tables of testdata anew; read the difference before it is kept")
	only   = flag.String("cells", "", "a regular expression: only the cells that it finds")
)

// plan is how much is to be done.
type plan struct {
	seed   uint64
	long   bool // every combination
	short  bool // a small part, chosen by the seed
	whole  bool // every cell once, on each database
	alone  bool // there is no PostgreSQL: SQLite has all of it
	window time.Duration
	only   *regexp.Regexp
}

// askedFor reads the environment and the flags.
func askedFor(t *testing.T) plan {
	t.Helper()
	p := plan{seed: rand.Uint64(), short: testing.Short(), window: 2 * time.Minute}
	p.whole = *only != "" || *update
	p.alone = os.Getenv("SPAZA_TEST_POSTGRES_URL") == ""
	if os.Getenv("SPAZA_PROOF") == "long" {
		p.long, p.window = true, 25*time.Minute
	}
	if text := os.Getenv("SPAZA_PROOF_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("SPAZA_PROOF_SEED is not a number: %q", text)
		}
		p.seed = n
	}
	var err error
	if p.only, err = regexp.Compile(*only); err != nil {
		t.Fatal(err)
	}
	return p
}

// source is a source of choices, one of its own for each name.
func (p plan) source(names ...any) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, names...)
	return rand.New(rand.NewPCG(p.seed, h.Sum64()))
}

// share is of how many cells one is played.
func (p plan) share(of trade, w when) int {
	switch {
	case p.whole:
		return 1
	case p.short:
		return 12
	}
	return of.share(w)
}

// cells are all cells, in the order of the table. Where not every combination is
// made, the seed draws who leaves, who pays, and on which of the databases.
func (p plan) cells(s *shop, rows []row, faults []string, postgres bool) (all []*cell) {
	for _, r := range rows {
		for _, f := range faults {
			for _, sending := range r.whens() {
				draw := p.source(r, f, sending)
				leaves, merchant, here := draw.IntN(2) == 0, draw.IntN(2) == 0, (draw.IntN(2) == 0) == postgres
				chosen := (here || p.whole || p.alone) && draw.IntN(p.share(s.trade, sending)) == 0
				bought := (r.kind.Bought() || r.undoes.Bought()) && !r.free
				var variants []*cell
				if p.long {
					for i := range 4 {
						variants = append(variants, &cell{leaves: i&1 != 0, merchant: i&2 != 0})
					}
				} else if chosen {
					variants = append(variants, &cell{leaves: leaves, merchant: merchant})
				}
				for i, c := range variants {
					if i >= 2 && !bought { // nobody else could pay
						break
					}
					c.shop, c.row, c.fault, c.when = s, r, f, sending
					c.merchant = c.merchant && bought
					if c.n = len(all) + 1; p.only.MatchString(c.String()) {
						all = append(all, c)
					}
				}
			}
		}
	}
	return all
}

// TestEveryFaultOfTheProviderMeetsEveryOperationThatMovesMoney is the matrix.
func TestEveryFaultOfTheProviderMeetsEveryOperationThatMovesMoney(t *testing.T) {
	matrix(t, flash{})
}

// TestEveryFaultOfElectrumMeetsEveryOperationThatMovesMoney is that of the provider
// which is told how sales ended.
func TestEveryFaultOfElectrumMeetsEveryOperationThatMovesMoney(t *testing.T) {
	matrix(t, electrum{})
}

// matrix plays the cells of one provider.
func matrix(t *testing.T, of trade) {
	t.Helper()
	t.Parallel()
	p := askedFor(t)
	t.Logf("SPAZA_PROOF_SEED=%d", p.seed)
	rows, faults := of.rows(t), faultNames(t, of)
	if !slices.Contains(faults, lost) {
		t.Fatalf("the simulator has no fault %q", lost)
	}
	for name, postgres := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			s := openShop(t, p, of, postgres)
			got, done := table{}, totals{}
			all := p.cells(s, rows, faults, postgres)
			// Not all at once: each has connections and books of its own.
			for wave := range slices.Chunk(all, 300) {
				for _, wrong := range s.play(t.Context(), wave, got, &done) {
					t.Error(wrong)
				}
			}
			done.cells = len(all)
			if err := s.raw.QueryRowContext(t.Context(), `SELECT count(*) FROM orders`).Scan(&done.orders); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, %s", done, time.Since(began).Round(time.Millisecond))
			if *update {
				if !postgres && *only == "" {
					if err := os.WriteFile(file(of), []byte(got.write(of, rows, faults)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				return
			}
			want := readTable(t, of)
			for _, differs := range compare(got, want) {
				t.Error(differs)
			}
			n := 0
			for _, r := range rows {
				n += len(r.whens()) * len(faults)
			}
			if len(want) != n {
				t.Errorf("the table has %d cells, and there are %d", len(want), n)
			}
		})
	}
}

// totals are what a run did.
type totals struct {
	cells, orders, struck, requests int
	sent                            int // messages
}

func (d totals) String() string {
	return fmt.Sprintf("%d cells, %d orders, %d faults struck, %d requests at the provider, %d messages", d.cells, d.orders, d.struck, d.requests, d.sent)
}

// play plays cells together, step by step, and returns what is wrong.
func (s *shop) play(ctx context.Context, cells []*cell, got table, done *totals) (wrong []string) {
	failed := func(what string, err error) bool {
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", what, err))
		}
		return err != nil
	}
	before, err := s.sql.Balances(ctx)
	if failed("read balances", err) {
		return wrong
	}
	if s.till != nil {
		before[ledger.ProviderRedemption] += ledger.Cents(s.till.books().redeemed)
	}
	each(cells, func(c *cell) { c.open(); c.prepare(ctx) })
	if failed("rest when all are ready", s.rest(ctx)) {
		return wrong
	}
	each(cells, func(c *cell) { c.strike(ctx) })
	if failed("rest after the first answers", s.quiet(ctx)) {
		return wrong
	}
	each(cells, func(c *cell) { c.service.Close(ctx); c.press(ctx) })
	if failed("rest until nothing is to be done", s.rest(ctx)) {
		return wrong
	}
	each(cells, func(c *cell) { c.calm(ctx); c.decide(ctx) })
	if failed("rest after the decisions", s.rest(ctx)) {
		return wrong
	}
	ends := make(map[*cell]mark, len(cells))
	for _, c := range cells { // one at a time is quick enough
		m := c.judge(ctx)
		ends[c] = m
		at := place{c.row.String(), c.fault, c.when}
		if other, known := got[at]; known && other != m {
			c.wrong("ends as %c, and as %c for another customer", m, other)
		}
		got[at] = m
	}
	wrong = append(wrong, s.books(ctx, cells, before)...)
	s.clock.reach(s.clock.Now().Add(time.Hour)) // what was done a moment ago is told again, and later refused
	each(cells, func(c *cell) { c.again(ctx) })
	if failed("rest when all is asked for again", s.rest(ctx)) {
		return wrong
	}
	wrong = append(wrong, s.books(ctx, cells, before)...)
	for _, c := range cells {
		if c.anewRef != "" {
			c.settled(ctx, c.anewRef, atOnce)
		}
		wrong = append(wrong, c.report()...)
		done.struck += c.struck
		done.requests += c.host.arrivals("")
		done.sent += len(c.told)
		s.close(c)
	}
	return wrong
}

// calm ends the fault, and looks whether it struck.
func (c *cell) calm(ctx context.Context) {
	on, struck, err := c.host.switchOff(ctx)
	c.check("switch fault off", err)
	if !on {
		struck = 1 // it is gone since it struck
	}
	c.struck = struck
	c.host.release()
	lasts := c.when == every || c.when == after // several advices may end with the first that is refused
	if struck == 0 || on != lasts && c.when != tellingOften && c.when != undoingOften {
		c.wrong("the fault struck %d times, and is still on: %t", struck, on)
	}
}

// books checks all books, and compares what they say of the provider with what
// the providers of these cells say.
func (s *shop) books(ctx context.Context, cells []*cell, before map[ledger.Account]ledger.Cents) (wrong []string) {
	faults, err := s.sql.CheckBooks(ctx)
	more, errOrders := s.sql.CheckOrders(ctx)
	jobs, errJobs := s.left(ctx)
	after, errSum := s.sql.Balances(ctx)
	for _, err := range []error{err, errOrders, errJobs, errSum} {
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	for _, f := range append(faults, more...) {
		wrong = append(wrong, fmt.Sprintf("the books: %s", f))
	}
	for _, j := range jobs {
		wrong = append(wrong, "there is still a job: "+j)
	}
	var float, redeemed, merchant int64
	for _, c := range cells {
		b := c.host.books()
		if t, known := c.host.entry(c.ref); known && c.lied() {
			b.spent -= t.spent
		}
		float, redeemed = float+b.spent, redeemed+b.redeemed
		if c.merchant {
			merchant += b.spent
		}
	}
	at := ledger.ProviderFloat
	if s.till != nil {
		redeemed += s.till.books().redeemed
		at = ledger.Float(electrumName)
	}
	// What the provider has taken is a credit here, what it owes a debit.
	for account, want := range map[ledger.Account]int64{
		at: float, ledger.ProviderRedemption: -redeemed, ledger.MerchantFunds: -merchant, ledger.ExpenseLoss: 0,
	} {
		if got := after[account] - before[account]; got != ledger.Cents(want) {
			wrong = append(wrong, fmt.Sprintf("%s moved by %s, and at the provider by %s", account, got, ledger.Cents(want)))
		}
	}
	return wrong
}
