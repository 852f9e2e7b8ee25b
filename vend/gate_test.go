package vend_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

// errBroken is what the database says when it fails, errDead what a process that
// has died is told.
var (
	errBroken = errors.New("no way to the database")
	errDead   = errors.New("the process has died")
)

// fault is what happens at one operation of the database.
type fault struct {
	after bool // it is done first, and only its reply is lost
	die   bool // the process dies there
	works bool // it is done as always, and only slow
	// slow happens before it, and later before its reply.
	slow, later func()
}

// due is a fault that waits for its operation.
type due struct {
	op string // "": any
	n  int    // how many of them there are to go
	fault
}

// gate is one process's way to the database. It counts what passes, and breaks
// where it is told to. It is safe for concurrent use.
type gate struct {
	sql *store.SQL

	mu  sync.Mutex
	due []due
	all string // every operation of this name breaks, until mended
	// lag is how long a commit takes; nil for no time. Set before use.
	lag   func() time.Duration
	ops   []string
	dead  bool
	onDie func()
	done  []string // the transactions that were committed, single statements that write too
}

var (
	_ vend.Store = (*gate)(nil)
	_ jobs.Store = (*gate)(nil)
)

// breakAt makes the n-th operation from now on break.
func (g *gate) breakAt(n int, f fault) { g.breakOn("", n, f) }

// breakOn makes the n-th operation of a name from now on break.
func (g *gate) breakOn(op string, n int, f fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.due = append(g.due, due{op, n, f})
}

// breakAll makes every operation of a name break; "" mends.
func (g *gate) breakAll(op string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = op
}

// mend takes back every fault that has not happened, and says how many.
func (g *gate) mend() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	left := len(g.due)
	g.due, g.all = nil, ""
	return left
}

func (g *gate) die() {
	g.mu.Lock()
	was := g.dead
	g.dead = true
	g.mu.Unlock()
	if !was && g.onDie != nil {
		g.onDie()
	}
}

// take counts an operation and finds its fault.
func (g *gate) take(op string) (f fault, hit bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ops = append(g.ops, op)
	for i := range g.due {
		d := &g.due[i]
		if d.op != "" && d.op != op {
			continue
		}
		if d.n--; d.n == 0 {
			f, hit = d.fault, true
		}
	}
	g.due = slices.DeleteFunc(g.due, func(d due) bool { return d.n == 0 })
	if g.all == op {
		return fault{}, true
	}
	return f, hit
}

func (g *gate) isDead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dead
}

// enter counts an operation. It returns an error when the operation is not to be
// done, and a function that is to be asked once it was.
func (g *gate) enter(op string) (reply func() error, err error) {
	if g.isDead() {
		return nil, errDead
	}
	f, hit := g.take(op)
	if f.slow != nil {
		f.slow()
	}
	broken := func() error {
		if f.later != nil {
			f.later()
		}
		if f.works {
			return nil
		}
		if f.die {
			g.die()
			return errDead
		}
		return errBroken
	}
	switch {
	case g.isDead():
		return nil, errDead
	case !hit:
		return func() error { return nil }, nil
	case f.after, f.works:
		return broken, nil
	default:
		return nil, broken()
	}
}

func (g *gate) do(op string, f func() error) error {
	reply, err := g.enter(op)
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	return reply()
}

func (g *gate) wrote(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = append(g.done, what)
}

// written are the transactions that were committed.
func (g *gate) written() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.done)
}

// InTx implements vend.Store. A commit that breaks before is rolled back.
func (g *gate) InTx(ctx context.Context, do func(vend.Tx) error) error {
	if _, err := g.enter("begin"); err != nil {
		return err
	}
	var reply func() error
	err := g.sql.InTx(ctx, func(tx vend.Tx) (err error) {
		if err := do(gateTx{tx, tx, g}); err != nil {
			return err
		}
		if g.lag != nil {
			time.Sleep(g.lag())
		}
		reply, err = g.enter("commit")
		return err
	})
	if err != nil {
		return err
	}
	g.wrote("commit")
	return reply()
}

func (g *gate) Order(ctx context.Context, ref string) (o vend.Order, err error) {
	err = g.do("order", func() error { o, err = g.sql.Order(ctx, ref); return err })
	return o, err
}

func (g *gate) Sale(ctx context.Context, ref string) (o vend.Order, c vend.Customer, err error) {
	err = g.do("order", func() error { o, c, err = g.sql.Sale(ctx, ref); return err })
	return o, c, err
}

func (g *gate) Customer(ctx context.Context, msisdn string) (c vend.Customer, err error) {
	err = g.do("customer", func() error { c, err = g.sql.Customer(ctx, msisdn); return err })
	return c, err
}

func (g *gate) Balance(ctx context.Context, customer string) (b vend.Balance, err error) {
	err = g.do("balance", func() error { b, err = g.sql.Balance(ctx, customer); return err })
	return b, err
}

func (g *gate) Caller(ctx context.Context, msisdn string, n int) (c vend.Caller, err error) {
	err = g.do("caller", func() error { c, err = g.sql.Caller(ctx, msisdn, n); return err })
	return c, err
}

func (g *gate) Regulars(ctx context.Context, customer string, kinds []vend.Kind) (all []vend.Regular, err error) {
	err = g.do("regulars", func() error { all, err = g.sql.Regulars(ctx, customer, kinds); return err })
	return all, err
}

func (g *gate) SavedRegulars(ctx context.Context, customer string) (all []vend.SavedRegular, err error) {
	err = g.do("saved", func() error { all, err = g.sql.SavedRegulars(ctx, customer); return err })
	return all, err
}

func (g *gate) PINTries(ctx context.Context, customer string) (all []vend.PINTry, err error) {
	err = g.do("tries", func() error { all, err = g.sql.PINTries(ctx, customer); return err })
	return all, err
}

func (g *gate) Linked(ctx context.Context, channel, user string) (l vend.Linked, err error) {
	err = g.do("linked", func() error { l, err = g.sql.Linked(ctx, channel, user); return err })
	return l, err
}

func (g *gate) Links(ctx context.Context, customer string) (all []vend.Link, err error) {
	err = g.do("links", func() error { all, err = g.sql.Links(ctx, customer); return err })
	return all, err
}

func (g *gate) CodeByID(ctx context.Context, id string) (c vend.Code, err error) {
	err = g.do("code", func() error { c, err = g.sql.CodeByID(ctx, id); return err })
	return c, err
}

func (g *gate) LastOrder(ctx context.Context, customer string) (at time.Time, err error) {
	err = g.do("last order", func() error { at, err = g.sql.LastOrder(ctx, customer); return err })
	return at, err
}

func (g *gate) Advice(ctx context.Context, ref string) (a vend.StoredAdvice, err error) {
	err = g.do("advice", func() error { a, err = g.sql.Advice(ctx, ref); return err })
	return a, err
}

// What support reads is not counted.

func (g *gate) FindOrders(ctx context.Context, q vend.Query) ([]vend.Order, error) {
	return g.sql.FindOrders(ctx, q)
}

func (g *gate) Moves(ctx context.Context, ref string) ([]vend.Move, error) {
	return g.sql.Moves(ctx, ref)
}

func (g *gate) Entries(ctx context.Context, ref string) ([]ledger.Entry, error) {
	return g.sql.Entries(ctx, ref)
}

func (g *gate) RefByMessage(ctx context.Context, message string) (string, error) {
	return g.sql.RefByMessage(ctx, message)
}

// Claim is not counted: how often a runner looks for jobs is its own affair. Nor
// can it break, except for a dead process.
func (g *gate) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, until time.Time) ([]jobs.Job, error) {
	if g.isDead() {
		return nil, errDead
	}
	claimed, err := g.sql.Claim(ctx, kinds, n, owner, now, until)
	if len(claimed) > 0 {
		g.wrote("claim")
	}
	return claimed, err
}

// Next implements jobs.Store.
func (g *gate) Next(ctx context.Context, kinds []jobs.Kind) (time.Time, error) {
	return g.sql.Next(ctx, kinds)
}

func (g *gate) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	return g.do("renew", func() error { return g.sql.Renew(ctx, j, until) })
}

func (g *gate) fate(op string, f func() error) error {
	return g.do(op, func() error {
		err := f()
		if err == nil {
			g.wrote(op)
		}
		return err
	})
}

func (g *gate) Finish(ctx context.Context, j jobs.Job) error {
	return g.fate("finish", func() error { return g.sql.Finish(ctx, j) })
}

func (g *gate) PutOff(ctx context.Context, j jobs.Job, at time.Time, note string) error {
	return g.fate("put off", func() error { return g.sql.PutOff(ctx, j, at, note) })
}

func (g *gate) Bury(ctx context.Context, j jobs.Job, note string) error {
	return g.fate("bury", func() error { return g.sql.Bury(ctx, j, note) })
}

// gateTx is a transaction through a gate. What belongs to chats is not counted.
type gateTx struct {
	vend.LinkTx

	tx vend.Tx
	g  *gate
}

func (t gateTx) EnsureCustomer(msisdn, newID string, now time.Time) (c vend.Customer, err error) {
	err = t.g.do("tx customer", func() error { c, err = t.tx.EnsureCustomer(msisdn, newID, now); return err })
	return c, err
}

func (t gateTx) SetLanguage(customer, language string) error {
	return t.g.do("tx language", func() error { return t.tx.SetLanguage(customer, language) })
}

func (t gateTx) CustomerByID(id string) (c vend.Customer, err error) {
	err = t.g.do("tx buyer", func() error { c, err = t.tx.CustomerByID(id); return err })
	return c, err
}

func (t gateTx) PIN(customer string) (hash string, tries []vend.PINTry, err error) {
	err = t.g.do("tx PIN", func() error { hash, tries, err = t.tx.PIN(customer); return err })
	return hash, tries, err
}

func (t gateTx) SetPIN(customer, hash string, now time.Time) error {
	return t.g.do("tx set PIN", func() error { return t.tx.SetPIN(customer, hash, now) })
}

func (t gateTx) ProvePIN(customer string, at time.Time) error {
	return t.g.do("tx prove PIN", func() error { return t.tx.ProvePIN(customer, at) })
}

func (t gateTx) AddPINTry(customer string, now time.Time) (id int64, err error) {
	err = t.g.do("tx try", func() error { id, err = t.tx.AddPINTry(customer, now); return err })
	return id, err
}

func (t gateTx) DropPINTries(customer string, try int64) error {
	return t.g.do("tx drop tries", func() error { return t.tx.DropPINTries(customer, try) })
}

func (t gateTx) EndPINRun(customer string, upTo int64) error {
	return t.g.do("tx end run", func() error { return t.tx.EndPINRun(customer, upTo) })
}

func (t gateTx) BoughtFor(customer string, k vend.Kind, target string) (had bool, err error) {
	err = t.g.do("tx bought for", func() error { had, err = t.tx.BoughtFor(customer, k, target); return err })
	return had, err
}

func (t gateTx) SavedRegular(customer string, k vend.Kind, target string) (r vend.SavedRegular, err error) {
	err = t.g.do("tx saved", func() error { r, err = t.tx.SavedRegular(customer, k, target); return err })
	return r, err
}

func (t gateTx) SaveRegular(customer string, r vend.SavedRegular) error {
	return t.g.do("tx save", func() error { return t.tx.SaveRegular(customer, r) })
}

func (t gateTx) Enquiries(customer string, target []byte, since time.Time) (others int, again bool, err error) {
	err = t.g.do("tx enquiries", func() error { others, again, err = t.tx.Enquiries(customer, target, since); return err })
	return others, again, err
}

func (t gateTx) AddEnquiry(customer string, target []byte, now time.Time) error {
	return t.g.do("tx enquiry", func() error { return t.tx.AddEnquiry(customer, target, now) })
}

func (t gateTx) DropEnquiry(customer string, target []byte) error {
	return t.g.do("tx drop enquiry", func() error { return t.tx.DropEnquiry(customer, target) })
}

func (t gateTx) CountMoves(ref string, c vend.Cause, since time.Time) (n int, err error) {
	err = t.g.do("tx count moves", func() error { n, err = t.tx.CountMoves(ref, c, since); return err })
	return n, err
}

func (t gateTx) HasMove(ref string, c vend.Cause, note string) (had bool, err error) {
	err = t.g.do("tx has move", func() error { had, err = t.tx.HasMove(ref, c, note); return err })
	return had, err
}

func (t gateTx) AddOrder(o vend.Order) (existing vend.Order, added bool, err error) {
	err = t.g.do("tx add order", func() error { existing, added, err = t.tx.AddOrder(o); return err })
	return existing, added, err
}

func (t gateTx) Order(ref string) (o vend.Order, err error) {
	err = t.g.do("tx order", func() error { o, err = t.tx.Order(ref); return err })
	return o, err
}

func (t gateTx) UpdateOrder(o vend.Order) error {
	return t.g.do("tx update order", func() error { return t.tx.UpdateOrder(o) })
}

func (t gateTx) AddMove(m vend.Move) error {
	return t.g.do("tx move", func() error { return t.tx.AddMove(m) })
}

func (t gateTx) OrderByOriginal(original, except string) (o vend.Order, err error) {
	err = t.g.do("tx reversal", func() error { o, err = t.tx.OrderByOriginal(original, except); return err })
	return o, err
}

func (t gateTx) Sold(customer string, f vend.Fund, since time.Time, except string) (n vend.Sold, err error) {
	err = t.g.do("tx sold", func() error { n, err = t.tx.Sold(customer, f, since, except); return err })
	return n, err
}

func (t gateTx) Entries(ref string) (es []ledger.Entry, err error) {
	err = t.g.do("tx entries", func() error { es, err = t.tx.Entries(ref); return err })
	return es, err
}

func (t gateTx) HurryJob(k jobs.Kind, key string, now time.Time) (there bool, err error) {
	err = t.g.do("tx hurry job", func() error { there, err = t.tx.HurryJob(k, key, now); return err })
	return there, err
}

func (t gateTx) OrderByPIN(hash []byte, except string) (o vend.Order, err error) {
	err = t.g.do("tx order by PIN", func() error { o, err = t.tx.OrderByPIN(hash, except); return err })
	return o, err
}

func (t gateTx) CountDeclined(k vend.Kind, rs []vend.Reason, customer string, since time.Time) (n int, err error) {
	err = t.g.do("tx count", func() error { n, err = t.tx.CountDeclined(k, rs, customer, since); return err })
	return n, err
}

func (t gateTx) Post(e ledger.Entry, now time.Time) error {
	return t.g.do("tx post", func() error { return t.tx.Post(e, now) })
}

func (t gateTx) AddJob(j jobs.Job) (added jobs.Job, err error) {
	err = t.g.do("tx add job", func() error { added, err = t.tx.AddJob(j); return err })
	return added, err
}

func (t gateTx) FinishJob(j jobs.Job) error {
	return t.g.do("tx finish job", func() error { return t.tx.FinishJob(j) })
}

func (t gateTx) AddAdvice(a vend.StoredAdvice) (there vend.StoredAdvice, added bool, err error) {
	err = t.g.do("tx add advice", func() error { there, added, err = t.tx.AddAdvice(a); return err })
	return there, added, err
}

func (t gateTx) Advice(ref string) (a vend.StoredAdvice, err error) {
	err = t.g.do("tx advice", func() error { a, err = t.tx.Advice(ref); return err })
	return a, err
}

func (t gateTx) UpdateAdvice(a vend.StoredAdvice) error {
	return t.g.do("tx update advice", func() error { return t.tx.UpdateAdvice(a) })
}

func (t gateTx) PutOffJob(j jobs.Job, at time.Time, note string) error {
	return t.g.do("tx put off job", func() error { return t.tx.PutOffJob(j, at, note) })
}

func (t gateTx) BuryJob(j jobs.Job, note string) error {
	return t.g.do("tx bury job", func() error { return t.tx.BuryJob(j, note) })
}
