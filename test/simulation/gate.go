package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

// gate is one process's way to the database, at which every step stops. What it
// writes is told to the books that the simulation keeps.
type gate struct {
	w       *world
	process *process
	sql     *store.SQL
	timers  atomic.Int64
}

var (
	_ vend.Store = (*gate)(nil)
	_ jobs.Store = (*gate)(nil)
)

type (
	whoKey     struct{}
	processKey struct{}
)

// as says who is at work, for the labels of its steps.
func as(ctx context.Context, format string, args ...any) context.Context {
	return context.WithValue(ctx, whoKey{}, fmt.Sprintf(format, args...))
}

func whoOf(ctx context.Context) string {
	who, ok := ctx.Value(whoKey{}).(string)
	if !ok {
		panic("a step at the database by nobody")
	}
	return who
}

// known is ctx with somebody at work: what a process does by a timer of its own
// does not say who it is, and is numbered.
func (g *gate) known(ctx context.Context) context.Context {
	if ctx.Value(whoKey{}) != nil {
		return ctx
	}
	return as(ctx, "%s timer %d", g.process.name, g.timers.Add(1))
}

// processOf is the process that ctx belongs to.
func processOf(ctx context.Context) *process { return ctx.Value(processKey{}).(*process) }

// InTx implements vend.Store.
func (g *gate) InTx(ctx context.Context, do func(vend.Tx) error) error {
	return g.pass(ctx, &step{op: "tx", tx: true}, func(ctx context.Context, keep error) error {
		var t *gateTx
		err := g.sql.InTx(ctx, func(tx vend.Tx) error {
			if g.w.sabotage.tx != nil {
				tx = g.w.sabotage.tx(tx)
			}
			t = &gateTx{Tx: tx, writes: writes{who: whoOf(ctx)}}
			if err := do(t); err != nil {
				return err
			}
			return keep
		})
		if err == nil {
			g.w.committed(t.writes)
		}
		return err
	})
}

func read[T any](ctx context.Context, g *gate, op string, do func(context.Context) (T, error)) (v T, err error) {
	err = g.pass(ctx, &step{op: op, read: true}, func(ctx context.Context, _ error) error {
		v, err = do(ctx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// Order implements vend.Store.
func (g *gate) Order(ctx context.Context, ref string) (vend.Order, error) {
	return read(ctx, g, "order", func(ctx context.Context) (vend.Order, error) { return g.sql.Order(ctx, ref) })
}

// Sale implements vend.Store.
func (g *gate) Sale(ctx context.Context, ref string) (vend.Order, vend.Customer, error) {
	type sale struct {
		o vend.Order
		c vend.Customer
	}
	s, err := read(ctx, g, "order", func(ctx context.Context) (s sale, err error) {
		s.o, s.c, err = g.sql.Sale(ctx, ref)
		return s, err
	})
	return s.o, s.c, err
}

// Customer implements vend.Store.
func (g *gate) Customer(ctx context.Context, msisdn string) (vend.Customer, error) {
	return read(ctx, g, "customer", func(ctx context.Context) (vend.Customer, error) { return g.sql.Customer(ctx, msisdn) })
}

// Balance implements vend.Store.
func (g *gate) Balance(ctx context.Context, customer string) (vend.Balance, error) {
	return read(ctx, g, "balance", func(ctx context.Context) (vend.Balance, error) { return g.sql.Balance(ctx, customer) })
}

// FindOrders implements vend.Store.
func (g *gate) FindOrders(ctx context.Context, q vend.Query) ([]vend.Order, error) {
	return read(ctx, g, "find", func(ctx context.Context) ([]vend.Order, error) { return g.sql.FindOrders(ctx, q) })
}

// Moves implements vend.Store.
func (g *gate) Moves(ctx context.Context, ref string) ([]vend.Move, error) {
	return read(ctx, g, "moves", func(ctx context.Context) ([]vend.Move, error) { return g.sql.Moves(ctx, ref) })
}

// RefByMessage implements vend.Store.
func (g *gate) RefByMessage(ctx context.Context, message string) (string, error) {
	return read(ctx, g, "message", func(ctx context.Context) (string, error) { return g.sql.RefByMessage(ctx, message) })
}

// Entries implements vend.Store.
func (g *gate) Entries(ctx context.Context, ref string) ([]ledger.Entry, error) {
	return read(ctx, g, "entries", func(ctx context.Context) ([]ledger.Entry, error) { return g.sql.Entries(ctx, ref) })
}

// Sold implements vend.Store.
func (g *gate) Sold(ctx context.Context, customer string, fund vend.Fund, since time.Time) (vend.Sold, error) {
	return read(ctx, g, "sold", func(ctx context.Context) (vend.Sold, error) { return g.sql.Sold(ctx, customer, fund, since) })
}

// Caller implements vend.Store.
func (g *gate) Caller(ctx context.Context, msisdn string, n int) (vend.Caller, error) {
	return read(ctx, g, "caller", func(ctx context.Context) (vend.Caller, error) { return g.sql.Caller(ctx, msisdn, n) })
}

// Regulars implements vend.Store.
func (g *gate) Regulars(ctx context.Context, customer string, kinds []vend.Kind) ([]vend.Regular, error) {
	return read(ctx, g, "regulars", func(ctx context.Context) ([]vend.Regular, error) { return g.sql.Regulars(ctx, customer, kinds) })
}

// SavedRegulars implements vend.Store.
func (g *gate) SavedRegulars(ctx context.Context, customer string) ([]vend.SavedRegular, error) {
	return read(ctx, g, "saved", func(ctx context.Context) ([]vend.SavedRegular, error) { return g.sql.SavedRegulars(ctx, customer) })
}

// PINTries implements vend.Store.
func (g *gate) PINTries(ctx context.Context, customer string) ([]vend.PINTry, error) {
	return read(ctx, g, "tries", func(ctx context.Context) ([]vend.PINTry, error) { return g.sql.PINTries(ctx, customer) })
}

// Linked implements vend.Store.
func (g *gate) Linked(ctx context.Context, channel, user string) (vend.Linked, error) {
	return read(ctx, g, "linked", func(ctx context.Context) (vend.Linked, error) { return g.sql.Linked(ctx, channel, user) })
}

// Links implements vend.Store.
func (g *gate) Links(ctx context.Context, customer string) ([]vend.Link, error) {
	return read(ctx, g, "links", func(ctx context.Context) ([]vend.Link, error) { return g.sql.Links(ctx, customer) })
}

// CodeByID implements vend.Store.
func (g *gate) CodeByID(ctx context.Context, id string) (vend.Code, error) {
	return read(ctx, g, "code", func(ctx context.Context) (vend.Code, error) { return g.sql.CodeByID(ctx, id) })
}

// LastOrder implements vend.Store.
func (g *gate) LastOrder(ctx context.Context, customer string) (time.Time, error) {
	return read(ctx, g, "last order", func(ctx context.Context) (time.Time, error) { return g.sql.LastOrder(ctx, customer) })
}

// Advice implements vend.Store.
func (g *gate) Advice(ctx context.Context, ref string) (vend.StoredAdvice, error) {
	return read(ctx, g, "advice", func(ctx context.Context) (vend.StoredAdvice, error) { return g.sql.Advice(ctx, ref) })
}

// Claim implements jobs.Store. Most looks for jobs find nothing; where there is
// nothing to find, by the simulation's own book, only some go to the database.
func (g *gate) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, until time.Time) (claimed []jobs.Job, err error) {
	s := &step{op: "claim"}
	err = g.pass(ctx, s, func(ctx context.Context, _ error) (err error) {
		idle := !g.w.book.due(now)
		if s.noReply = idle; idle && g.w.scheduler.steps%16 != 0 {
			return nil
		}
		claimed, err = g.sql.Claim(ctx, kinds, n, owner, now, until)
		for _, j := range claimed {
			g.w.trace.note("claims %s %s/%d", j.Kind, j.Key, j.Attempt)
			g.w.book.held(j)
		}
		if idle && len(claimed) > 0 {
			g.w.wrong("%s claimed %d jobs, and none was due", owner, len(claimed))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// Next implements jobs.Store.
func (g *gate) Next(ctx context.Context, kinds []jobs.Kind) (time.Time, error) {
	return read(ctx, g, "next", func(ctx context.Context) (time.Time, error) { return g.sql.Next(ctx, kinds) })
}

// Renew implements jobs.Store.
func (g *gate) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	return g.fate(ctx, "renew", j, func(ctx context.Context) error { return g.sql.Renew(ctx, j, until) }, func(*writes, jobs.Job) {
		j.LeaseUntil = until
		g.w.book.held(j)
	})
}

// Finish implements jobs.Store.
func (g *gate) Finish(ctx context.Context, j jobs.Job) error {
	return g.fate(ctx, "finish", j, func(ctx context.Context) error { return g.sql.Finish(ctx, j) }, (*writes).finish)
}

// PutOff implements jobs.Store.
func (g *gate) PutOff(ctx context.Context, j jobs.Job, at time.Time, note string) error {
	return g.fate(ctx, "put off", j, func(ctx context.Context) error { return g.sql.PutOff(ctx, j, at, note) }, func(w *writes, j jobs.Job) {
		w.letGo(j, at)
	})
}

// Bury implements jobs.Store.
func (g *gate) Bury(ctx context.Context, j jobs.Job, note string) error {
	return g.fate(ctx, "bury", j, func(ctx context.Context) error { return g.sql.Bury(ctx, j, note) }, (*writes).bury)
}

func (g *gate) fate(ctx context.Context, op string, j jobs.Job, do func(context.Context) error, wrote func(*writes, jobs.Job)) error {
	op = fmt.Sprintf("%s %s %s/%d", op, j.Kind, j.Key, j.Attempt)
	return g.pass(ctx, &step{op: op}, func(ctx context.Context, _ error) error {
		err := do(ctx)
		if err == nil {
			w := writes{who: whoOf(ctx)}
			wrote(&w, j)
			g.w.committed(w)
		}
		return err
	})
}

// writes is what a transaction wrote.
type writes struct {
	who      string
	orders   []vend.Order // as added or updated, in their order
	moves    []vend.Move
	entries  []ledger.Entry
	jobs     []jobs.Job // as they are now
	finished []jobs.Job
	buried   []jobs.Job
	let      []jobs.Job // put off
	hurried  []jobs.Job
	advices  []vend.StoredAdvice // as they are now

	customers []vend.Customer
}

func (w *writes) finish(j jobs.Job) { w.finished = append(w.finished, j) }
func (w *writes) bury(j jobs.Job)   { w.buried = append(w.buried, j) }

func (w *writes) letGo(j jobs.Job, at time.Time) {
	j.RunAt = at
	w.let = append(w.let, j)
}

// String is the writes in one line.
func (w *writes) String() string {
	var parts []string
	for _, m := range w.moves {
		parts = append(parts, fmt.Sprintf("%s: %s > %s (%s, %s, %q, %s)", m.Ref, m.From, m.To, m.Cause, m.Delivery, m.Code, m.Note))
	}
	for _, e := range w.entries {
		parts = append(parts, fmt.Sprintf("%s %s %s", e.Ref, e.Kind, e.Postings[0].Amount))
	}
	for _, j := range w.jobs {
		parts = append(parts, fmt.Sprintf("job %s %s of %q", j.Kind, j.Key, j.Owner))
	}
	for _, j := range w.finished {
		parts = append(parts, fmt.Sprintf("finished %s %s", j.Kind, j.Key))
	}
	for _, j := range w.let {
		parts = append(parts, fmt.Sprintf("put off %s %s", j.Kind, j.Key))
	}
	for _, j := range w.buried {
		parts = append(parts, fmt.Sprintf("buried %s %s", j.Kind, j.Key))
	}
	for _, j := range w.hurried {
		parts = append(parts, fmt.Sprintf("hurried %s %s", j.Kind, j.Key))
	}
	for _, a := range w.advices {
		parts = append(parts, adviceLine(a))
	}
	return strings.Join(parts, "; ")
}

// gateTx is a transaction whose writes are taken down.
type gateTx struct {
	vend.Tx
	writes
}

// EnsureCustomer implements vend.Tx.
func (t *gateTx) EnsureCustomer(msisdn, newID string, now time.Time) (vend.Customer, error) {
	c, err := t.Tx.EnsureCustomer(msisdn, newID, now)
	if err == nil {
		t.customers = append(t.customers, c)
	}
	return c, err
}

// AddOrder implements vend.Tx.
func (t *gateTx) AddOrder(o vend.Order) (vend.Order, bool, error) {
	there, added, err := t.Tx.AddOrder(o)
	if added && err == nil {
		t.orders = append(t.orders, o)
	}
	return there, added, err
}

// UpdateOrder implements vend.Tx.
func (t *gateTx) UpdateOrder(o vend.Order) error {
	err := t.Tx.UpdateOrder(o)
	if err == nil {
		t.orders = append(t.orders, o)
	}
	return err
}

// AddMove implements vend.Tx.
func (t *gateTx) AddMove(m vend.Move) error {
	t.moves = append(t.moves, m)
	return t.Tx.AddMove(m)
}

// Post implements vend.Tx.
func (t *gateTx) Post(e ledger.Entry, now time.Time) error {
	err := t.Tx.Post(e, now)
	if err == nil {
		t.entries = append(t.entries, e)
	}
	return err
}

// AddJob implements vend.Tx.
func (t *gateTx) AddJob(j jobs.Job) (jobs.Job, error) {
	there, err := t.Tx.AddJob(j)
	if err == nil {
		t.jobs = append(t.jobs, there)
	}
	return there, err
}

// AddAdvice implements vend.Tx.
func (t *gateTx) AddAdvice(a vend.StoredAdvice) (vend.StoredAdvice, bool, error) {
	there, added, err := t.Tx.AddAdvice(a)
	if added && err == nil {
		t.advices = append(t.advices, there)
	}
	return there, added, err
}

// UpdateAdvice implements vend.Tx.
func (t *gateTx) UpdateAdvice(a vend.StoredAdvice) error {
	err := t.Tx.UpdateAdvice(a)
	if err == nil {
		t.advices = append(t.advices, a)
	}
	return err
}

// HurryJob implements vend.Tx.
func (t *gateTx) HurryJob(k jobs.Kind, key string, now time.Time) (bool, error) {
	there, err := t.Tx.HurryJob(k, key, now)
	if there && err == nil {
		t.hurried = append(t.hurried, jobs.Job{Kind: k, Key: key, RunAt: now})
	}
	return there, err
}

// FinishJob implements vend.Tx.
func (t *gateTx) FinishJob(j jobs.Job) error {
	err := t.Tx.FinishJob(j)
	if err == nil {
		t.finish(j)
	}
	return err
}

// PutOffJob implements vend.Tx.
func (t *gateTx) PutOffJob(j jobs.Job, at time.Time, note string) error {
	err := t.Tx.PutOffJob(j, at, note)
	if err == nil {
		t.letGo(j, at)
	}
	return err
}

// BuryJob implements vend.Tx.
func (t *gateTx) BuryJob(j jobs.Job, note string) error {
	err := t.Tx.BuryJob(j, note)
	if err == nil {
		t.bury(j)
	}
	return err
}
