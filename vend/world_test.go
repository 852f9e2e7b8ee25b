package vend_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

const (
	lease   = 15 * time.Second
	window  = 25 * time.Minute
	patient = 3 * time.Second // how long a screen waits
	pinA    = "1111222233334444"
	pinB    = "5555666677778888"
)

// airtime is what is bought here.
func airtime() vend.Product {
	return vend.Product{
		Code: "101", Kind: vend.KindAirtime, Name: "Vodacom Airtime", Network: "vodacom", Vendor: "Vodacom",
		Min: ledger.Rand(5), Max: ledger.Rand(1000),
	}
}

// number is the n-th customer's.
func number(n int) string { return fmt.Sprintf("2782000%04d", n) }

// keyring is the operator's key, or another one.
func keyring(n byte) *secret.Keyring {
	key := make([]byte, secret.KeySize)
	key[0] = n
	k, err := secret.NewKeyring(key)
	if err != nil {
		panic(err)
	}
	return k
}

// world is a shop: one database, one provider, and the processes that sell. It
// lives in a bubble of its own time.
type world struct {
	db       database
	sql      *store.SQL
	raw      *sql.DB
	provider *provider
	told     *told // the same provider where it wants to be told; nil: it does not
	options  vend.Options

	mu        sync.Mutex
	processes int
	ends      map[string][]vend.State // by reference: the ends that screens showed
	sent      map[string][]string     // by reference: the events that messages told of
}

// newWorld opens the shop. It is to be closed at the end.
func newWorld(ctx context.Context, d database) (*world, error) {
	w := &world{db: d, provider: newProvider(), ends: map[string][]vend.State{}, sent: map[string][]string{}}
	var err error
	if w.sql, w.raw, err = d.open(ctx); err != nil {
		return nil, err
	}
	time.Sleep(time.Until(opening))
	w.provider.before = w.committed
	return w, nil
}

func (w *world) close() error { return errors.Join(w.sql.Close(), w.raw.Close()) }

// startWorld opens a shop with one process, for the length of a test that must
// leave it sound.
func startWorld(t *testing.T, d database, o vend.Options) (*world, *process) {
	t.Helper()
	w, err := newWorld(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	w.options = o
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	p := w.start(keyring(0))
	t.Cleanup(p.stop)
	t.Cleanup(func() {
		for _, wrong := range w.audit() {
			t.Error(wrong)
		}
	})
	return w, p
}

// process is one replica of the service.
type process struct {
	w       *world
	gate    *gate
	service *vend.Service
	runner  *jobs.Runner
	ctx     context.Context // ends when the process dies
	kill    context.CancelFunc
}

// start starts a replica.
func (w *world) start(k vend.Sealer) *process {
	w.mu.Lock()
	w.processes++
	owner := fmt.Sprintf("process-%d", w.processes)
	w.mu.Unlock()
	p := &process{w: w, gate: &gate{sql: w.sql}}
	p.ctx, p.kill = context.WithCancel(context.Background())
	p.gate.onDie = p.kill
	var seller vend.Provider = w.provider
	if w.told != nil {
		seller = w.told
	}
	p.service = vend.New(p.gate, seller, k, w.options)
	p.runner = jobs.NewRunner(p.gate, jobs.Options{
		Owner: owner, Lease: lease, Poll: 30 * time.Second,
		Handlers: map[jobs.Kind]jobs.Handler{vend.JobOrder: p.service.Work, vend.JobAdvice: p.service.Advise, vend.JobNotice: p.notice},
	})
	p.service.Attach(p.runner)
	p.runner.Start(p.ctx)
	return p
}

// crash ends a process in the middle of everything.
func (p *process) crash() {
	p.gate.die()
	p.stop()
}

// stop ends a process. What it has in hand is cut off.
func (p *process) stop() {
	p.kill()
	synctest.Wait()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.runner.Stop(over)
	synctest.Wait()
}

// notice is the handler of messages: it sends them.
func (p *process) notice(ctx context.Context, j jobs.Job) jobs.Result {
	ref, event, _ := strings.Cut(j.Key, "/")
	o, err := p.service.Order(ctx, ref)
	if err != nil {
		return jobs.Again(time.Now().Add(time.Second), "order")
	}
	if c, err := p.service.Buyer(ctx, o); err != nil || c.MSISDN == "" {
		return jobs.Again(time.Now().Add(time.Second), "buyer")
	}
	p.w.mu.Lock()
	p.w.sent[ref] = append(p.w.sent[ref], event)
	p.w.mu.Unlock()
	return jobs.Done()
}

// within runs a customer's call that waits at most so long, and not longer than
// the process lives, and notes the end that the screen showed.
func (p *process) within(d time.Duration, call func(context.Context) (vend.Order, error)) (vend.Order, error) {
	ctx, cancel := context.WithTimeout(p.ctx, d)
	defer cancel()
	o, err := call(ctx)
	if err == nil && o.State.Final() {
		p.w.mu.Lock()
		p.w.ends[o.Ref] = append(p.w.ends[o.Ref], o.State)
		p.w.mu.Unlock()
	}
	return o, err
}

func purchase(ref string, customer int, amount ledger.Cents) vend.Purchase {
	return vend.Purchase{Ref: ref, MSISDN: number(customer), Product: airtime(), Amount: amount, Target: number(customer), Channel: "test"}
}

func redemption(ref string, customer int, pin string) vend.Redemption {
	return vend.Redemption{Ref: ref, MSISDN: number(customer), PIN: secret.New(pin), Channel: "test"}
}

func (p *process) buy(ref string, customer int, amount ledger.Cents) (vend.Order, error) {
	return p.within(patient, func(ctx context.Context) (vend.Order, error) {
		return p.service.Buy(ctx, purchase(ref, customer, amount))
	})
}

func (p *process) redeem(ref string, customer int, pin string) (vend.Order, error) {
	return p.within(patient, func(ctx context.Context) (vend.Order, error) {
		return p.service.Redeem(ctx, redemption(ref, customer, pin))
	})
}

func (p *process) join(ref string) (vend.Order, error) {
	return p.within(patient, func(ctx context.Context) (vend.Order, error) { return p.service.Join(ctx, ref) })
}

// fund gives a customer money, as a voucher would.
func (w *world) fund(ctx context.Context, customer int, amount ledger.Cents) error {
	return w.sql.InTx(ctx, func(tx vend.Tx) error {
		c, err := tx.EnsureCustomer(number(customer), vend.NewCustomerID(), time.Now())
		if err != nil {
			return err
		}
		return tx.Post(ledger.Redeemed("F-"+rand.Text(), c.ID, amount), time.Now())
	})
}

// committed looks, over another connection, whether everything that must be
// kept before the first byte leaves is.
func (w *world) committed(r vend.Request) error {
	ctx := context.Background()
	var kind, state string
	var sealed []byte
	err := w.raw.QueryRowContext(ctx, w.db.bind(`SELECT kind, state, sealed FROM orders WHERE ref = ?`), r.Ref).Scan(&kind, &state, &sealed)
	if err != nil || len(sealed) == 0 || (state != "sending" && state != "unknown") {
		return fmt.Errorf("its order is not committed: %q with %d bytes: %w", state, len(sealed), err)
	}
	var n int
	err = w.raw.QueryRowContext(ctx, w.db.bind(`SELECT count(*) FROM jobs WHERE kind = 'order' AND dead = 0 AND key = ?`), r.Ref).Scan(&n)
	if err != nil || n != 1 {
		return fmt.Errorf("%d jobs are committed: %w", n, err)
	}
	err = w.raw.QueryRowContext(ctx, w.db.bind(`SELECT count(*) FROM entries WHERE kind = 'held' AND ref = ?`), r.Ref).Scan(&n)
	if holds := kind != string(vend.KindRedeem); err != nil || holds != (n == 1) {
		return fmt.Errorf("%d holds are committed: %w", n, err)
	}
	return nil
}

// book is everything that the database says of the sales.
type book struct {
	orders    map[string]vend.Order
	entries   map[string][]string // by reference, as "kind amount"
	jobs      map[string]bool     // "kind key" of those that are not finished; true: buried
	undoing   map[string]bool     // by reference: orders whose end is their advice's
	available map[string]ledger.Cents
	held      map[string]ledger.Cents
}

func (w *world) read() (book, error) {
	b := book{map[string]vend.Order{}, map[string][]string{}, map[string]bool{}, map[string]bool{}, map[string]ledger.Cents{}, map[string]ledger.Cents{}}
	ctx := context.Background()
	each := func(query string, row func(*sql.Rows) error) error {
		rows, err := w.raw.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := row(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	return b, errors.Join(
		each(`SELECT ref, kind, customer, amount, state, told, sealed, pin_hash FROM orders`, func(r *sql.Rows) error {
			var o vend.Order
			var told int
			err := r.Scan(&o.Ref, &o.Kind, &o.Customer, &o.Amount, &o.State, &told, &o.Sealed, &o.PINHash)
			o.Told = told == 1
			b.orders[o.Ref] = o
			return err
		}),
		each(`SELECT e.ref, e.kind, sum(p.amount) FROM entries e JOIN postings p ON p.entry_id = e.id
WHERE p.amount > 0 GROUP BY e.ref, e.kind ORDER BY e.ref, e.kind`, func(r *sql.Rows) error {
			var ref, kind string
			var amount int64
			err := r.Scan(&ref, &kind, &amount)
			b.entries[ref] = append(b.entries[ref], fmt.Sprint(kind, " ", amount))
			return err
		}),
		each(`SELECT kind, key, dead FROM jobs`, func(r *sql.Rows) error {
			var kind, key string
			var dead int
			err := r.Scan(&kind, &key, &dead)
			b.jobs[kind+" "+key] = dead == 1
			return err
		}),
		each(`SELECT ref FROM advices WHERE undo = 1 AND state = 'due'`, func(r *sql.Rows) error {
			var ref string
			err := r.Scan(&ref)
			b.undoing[ref] = true
			return err
		}),
		each(`SELECT id, balance FROM accounts`, func(r *sql.Rows) error {
			var id string
			var balance ledger.Cents
			err := r.Scan(&id, &balance)
			if part := strings.Split(id, ":"); part[0] == "cust" {
				map[string]map[string]ledger.Cents{"available": b.available, "held": b.held}[part[2]][part[1]] = balance
			}
			return err
		}),
	)
}

// audit lists everything about the shop that must never be.
func (w *world) audit() []string {
	var wrongs []string
	wrong := func(format string, args ...any) { wrongs = append(wrongs, fmt.Sprintf(format, args...)) }
	faults, err := w.sql.CheckBooks(context.Background())
	if err != nil {
		wrong("the books can not be read: %v", err)
	}
	for _, f := range faults {
		wrong("the books: %s", f)
	}
	b, err := w.read()
	if err != nil {
		return append(wrongs, err.Error())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	held := map[string]ledger.Cents{}
	for _, ref := range slices.Sorted(maps.Keys(b.orders)) {
		o := b.orders[ref]
		wrongs = append(wrongs, w.auditOrder(b, o)...)
		if !o.State.Final() && o.State != vend.StateOwed && o.Kind != vend.KindRedeem {
			held[o.Customer] += o.Amount
		}
	}
	for ref := range b.entries {
		if _, there := b.orders[ref]; !there && !strings.HasPrefix(ref, "F-") {
			wrong("the books know %s, and there is no such order", ref)
		}
	}
	for customer, amount := range b.held {
		if amount != held[customer] {
			wrong("%s of %s is held, and %s is on its way", amount, customer, held[customer])
		}
	}
	if w.told != nil {
		wrongs = append(wrongs, w.told.audit(w.sql)...)
	}
	return append(wrongs, w.provider.complaints()...)
}

// auditOrder lists what is wrong with one order.
func (w *world) auditOrder(b book, o vend.Order) (wrongs []string) {
	wrong := func(format string, args ...any) {
		wrongs = append(wrongs, fmt.Sprintf("%s (%s): %s", o.Ref, o.State, fmt.Sprintf(format, args...)))
	}
	// The money follows the state.
	amount := fmt.Sprint(" ", int64(o.Amount))
	want := map[vend.State][]string{
		vend.StateDelivered: {"captured" + amount, "held" + amount}, vend.StateDeclined: {"held" + amount, "released" + amount},
		vend.StateOwed: {"captured" + amount, "held" + amount},
	}[o.State]
	if want == nil {
		want = []string{"held" + amount}
	}
	if o.Kind == vend.KindRedeem {
		want = nil
		if o.State == vend.StateDelivered {
			want = []string{"redeemed" + amount}
		}
	}
	if got := b.entries[o.Ref]; !slices.Equal(got, want) {
		wrong("the books have %q, want %q", got, want)
	}
	// The state follows what was done.
	done := w.provider.done(o.Ref)
	if done > 1 || o.State == vend.StateDelivered && done != 1 || o.State == vend.StateDeclined && done != 0 {
		wrong("it was done %d times", done)
	}
	// Somebody sees to what is open, and nobody to what is not.
	job := "order "
	if b.undoing[o.Ref] {
		job = "advice "
	}
	dead, has := b.jobs[job+o.Ref]
	if open := !o.State.Final() && o.State != vend.StatePerson; open != has || dead {
		wrong("open %v, has a job %v, buried %v", open, has, dead)
	}
	if o.Kind == vend.KindRedeem && o.State.Final() != (len(o.Sealed) == 0) {
		wrong("%d bytes of its request are kept", len(o.Sealed))
	}
	// The customer knows, and nothing that is not so.
	event := map[vend.State]string{
		vend.StateDelivered: vend.NoticeEnded, vend.StateDeclined: vend.NoticeEnded, vend.StatePerson: vend.NoticePerson,
	}[o.State]
	_, coming := b.jobs["notice "+o.Ref+"/"+event]
	told := coming || slices.Contains(w.sent[o.Ref], event)
	if o.State == vend.StateDelivered && o.Kind != vend.KindRedeem && !told {
		wrong("there is no receipt")
	}
	if event != "" && !told && len(w.ends[o.Ref]) == 0 {
		wrong("the customer was not told")
	}
	for _, end := range w.ends[o.Ref] {
		if end != o.State {
			wrong("a screen showed that it was %s", end)
		}
	}
	return wrongs
}

// balance is what a customer is told of their money.
func (p *process) balance(t *testing.T, customer int, available, held ledger.Cents) {
	t.Helper()
	got, err := p.service.Balance(t.Context(), number(customer))
	if err != nil {
		t.Fatal(err)
	}
	if want := (vend.Balance{Available: available, Held: held}); got != want {
		t.Errorf("customer %d has %v, want %v", customer, got, want)
	}
}

// want ends a test whose order is not in one of these states.
func want(t *testing.T, o vend.Order, err error, states ...vend.State) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(states, o.State) {
		t.Fatalf("order %s is %s, want %s", o.Ref, o.State, states)
	}
}

// state is an order as the database has it.
func (w *world) state(t *testing.T, ref string) vend.Order {
	t.Helper()
	o, err := w.sql.Order(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// messages are the events that messages told of, in their order.
func (w *world) messages(ref string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.sent[ref], " ")
}

// pass lets time pass, until everything rests.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// rich starts a shop and a customer, number 1, with R100.
func rich(t *testing.T, d database) (*world, *process) {
	t.Helper()
	w, p := startWorld(t, d, vend.Options{})
	if err := w.fund(t.Context(), 1, ledger.Rand(100)); err != nil {
		t.Fatal(err)
	}
	return w, p
}
