package matrix

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/secret"
	"spaza/store"
	"spaza/test/schema"
	"spaza/vend"
)

// clock is everybody's time. It stands still until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// reach sets the clock, and never back.
func (c *clock) reach(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// pace knows how much a runner has in hand: it counts the jobs that it claims or
// adopts, until they have come to their end.
type pace struct {
	jobs.Store

	mu    sync.Mutex
	busy  int
	turns int // of busy
	news  chan struct{}
}

func (p *pace) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy += n
	p.turns++
	select {
	case p.news <- struct{}{}:
	default:
	}
}

func (p *pace) look() (busy, turns int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.busy, p.turns
}

// Claim counts itself as well, since what it has claimed is written before it
// returns.
func (p *pace) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, leaseUntil time.Time) ([]jobs.Job, error) {
	p.add(1)
	claimed, err := p.Store.Claim(ctx, kinds, n, owner, now, leaseUntil)
	p.add(len(claimed) - 1)
	return claimed, err
}

// counted is a runner whose adoptions are counted.
type counted struct {
	*jobs.Runner
	pace *pace
}

// Adopt implements vend.Runner.
func (c counted) Adopt(j jobs.Job) bool {
	c.pace.add(1)
	ok := c.Runner.Adopt(j)
	if !ok {
		c.pace.add(-1)
	}
	return ok
}

// shop is a store on one database with the runner of its jobs, the socket on
// which all hosts listen, and the cells that share them.
type shop struct {
	plan    plan
	clock   *clock
	pace    *pace
	runner  *jobs.Runner
	sql     *store.SQL
	raw     *sql.DB
	keys    *secret.Keyring
	callers *callers
	server  *httptest.Server
	shelf   *vend.Shelf
	trade   trade
	till    *host         // takes vouchers in, where the provider does not
	cashier vend.Provider // of the till

	mu    sync.Mutex
	hosts map[string]*host // by the first part of the path
	cells map[string]*cell // by reference
}

// opening is when every shop opens.
func opening() time.Time { return time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC) }

// openShop opens a shop for the length of a test.
func openShop(t *testing.T, p plan, of trade, postgres bool) *shop {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spaza.db")
	url, driver, source := "sqlite:"+path, "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)"
	if postgres {
		url = schema.Fresh(t)
		driver, source = "pgx", url
	}
	db, err := store.OpenSQL(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	raw, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	key := make([]byte, secret.KeySize)
	_, _ = rand.Read(key)
	keys, err := secret.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{
		plan: p, trade: of, clock: &clock{now: opening()}, pace: &pace{Store: db, news: make(chan struct{}, 1)},
		sql: db, raw: raw, keys: keys, callers: newCallers(), hosts: map[string]*host{}, cells: map[string]*cell{},
	}
	s.server = httptest.NewServer(http.HandlerFunc(s.route))
	t.Cleanup(func() {
		s.callers.inner.CloseIdleConnections()
		s.server.Close()
	})
	s.runner = jobs.NewRunner(s.pace, jobs.Options{
		Workers: 24, Now: s.clock.Now, Observe: func(string, string, time.Duration) { s.pace.add(-1) },
		Handlers: map[jobs.Kind]jobs.Handler{vend.JobOrder: s.work, vend.JobNotice: s.notice, vend.JobAdvice: s.advise},
	})
	s.runner.Start(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.runner.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if _, redeems := of.(flash); !redeems {
		s.till = s.host("till", flash{})
		if s.cashier, err = (flash{}).sell(s, s.till.url, row{}); err != nil {
			t.Fatal(err)
		}
	}
	seller, err := of.sell(s, s.host("catalogue", of).url, row{})
	if err != nil {
		t.Fatal(err)
	}
	s.shelf = vend.NewShelf(seller.(vend.Cataloguer), vend.ShelfOptions{Keeper: db})
	if err := s.shelf.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// host opens a simulator.
func (s *shop) host(name string, of trade) *host {
	h := newHost(of.simulate(s.clock.Now), s.callers, s.server.URL+"/"+name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[name] = h
	return h
}

// route leads to the host that the first part of a path names.
func (s *shop) route(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	h := s.hosts[name]
	s.mu.Unlock()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	http.StripPrefix("/"+name, h).ServeHTTP(w, r)
}

// close forgets the host of a cell.
func (s *shop) close(c *cell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.hosts, c.name)
	for _, ref := range c.refs {
		delete(s.cells, ref)
	}
}

// newRef allots a reference of a cell.
func (s *shop) newRef(c *cell, k vend.Kind) string {
	ref := vend.NewRef(k, s.clock.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cells[ref], c.refs = c, append(c.refs, ref)
	return ref
}

func (s *shop) cellOf(ref string) *cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cells[ref]
}

// work is the handler of orders: each is done by the service that it was made by.
func (s *shop) work(ctx context.Context, j jobs.Job) jobs.Result {
	c := s.cellOf(j.Key)
	if c == nil {
		return jobs.Bury("an order of no cell")
	}
	return c.service.Work(ctx, j)
}

// advise is the handler of advices.
func (s *shop) advise(ctx context.Context, j jobs.Job) jobs.Result {
	c := s.cellOf(j.Key)
	if c == nil {
		return jobs.Bury("an advice of no cell")
	}
	return c.service.Advise(ctx, j)
}

// notice is the handler of messages: a gateway takes each at once.
func (s *shop) notice(ctx context.Context, j jobs.Job) jobs.Result {
	ref, event, _ := strings.Cut(j.Key, "/")
	c := s.cellOf(ref)
	if c == nil || event != j.Data {
		return jobs.Bury("a message to nobody")
	}
	o, err := c.service.Order(ctx, ref)
	if err != nil {
		return jobs.Again(s.clock.Now().Add(time.Second), err.Error())
	}
	to, err := c.service.Buyer(ctx, o)
	if err != nil {
		return jobs.Again(s.clock.Now().Add(time.Second), err.Error())
	}
	c.hear(event, to.MSISDN, o)
	if err := c.service.Sent(ctx, j, ref, fmt.Sprintf("M-%d", j.ID)); err != nil && !errors.Is(err, jobs.ErrLost) {
		return jobs.Again(s.clock.Now().Add(time.Second), err.Error())
	}
	return jobs.Written()
}

// quiet waits until nothing is in hand, at this moment of the clock.
func (s *shop) quiet(ctx context.Context) error {
	for {
		if busy, _ := s.pace.look(); busy == 0 {
			return nil
		}
		if err := s.await(ctx); err != nil {
			return err
		}
	}
}

// rest lets time pass until nothing is left to be done: whenever nothing is in
// hand, the clock is set to what falls due next.
func (s *shop) rest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		busy, turns := s.pace.look()
		if busy == 0 {
			next, err := s.next(ctx)
			if err != nil {
				return err
			}
			if _, now := s.pace.look(); now != turns {
				continue
			}
			if next.IsZero() {
				return nil
			}
			s.clock.reach(next)
			s.runner.Wake()
		}
		if err := s.await(ctx); err != nil {
			return err
		}
	}
}

// await waits until something was begun or has ended.
func (s *shop) await(ctx context.Context) error {
	select {
	case <-s.pace.news:
		return nil
	case <-ctx.Done():
		busy, _ := s.pace.look()
		return fmt.Errorf("%d jobs are in hand, and nothing happens: %w", busy, ctx.Err())
	}
}

// next is when the first job falls due, or the lease of one that is held ends;
// zero when there is none.
func (s *shop) next(ctx context.Context) (time.Time, error) {
	due, err := s.sql.Next(ctx, []jobs.Kind{vend.JobOrder, vend.JobNotice, vend.JobAdvice})
	if err != nil {
		return due, err
	}
	var lease sql.NullInt64
	if err := s.raw.QueryRowContext(ctx, `SELECT min(lease_until) FROM jobs WHERE dead = 0 AND owner <> ''`).Scan(&lease); err != nil {
		return due, fmt.Errorf("read leases: %w", err)
	}
	if at := time.UnixMilli(lease.Int64); lease.Valid && (due.IsZero() || at.Before(due)) {
		due = at
	}
	return due, nil
}

// left are the jobs that are not finished.
func (s *shop) left(ctx context.Context) (all []string, err error) {
	rows, err := s.raw.QueryContext(ctx, `SELECT kind, key, dead, attempt, coalesce(note, '') FROM jobs ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, key, note string
		var dead, attempt int
		if err := rows.Scan(&kind, &key, &dead, &attempt, &note); err != nil {
			return nil, fmt.Errorf("read jobs: %w", err)
		}
		all = append(all, fmt.Sprintf("%s %s, dead %d, attempt %d: %s", kind, key, dead, attempt, note))
	}
	return all, rows.Err()
}

// each does one step of many cells, several at a time.
func each(cells []*cell, step func(*cell)) {
	const together = 16
	next := make(chan *cell)
	var wg sync.WaitGroup
	for range together {
		wg.Go(func() {
			for c := range next {
				step(c)
			}
		})
	}
	for _, c := range cells {
		next <- c
	}
	close(next)
	wg.Wait()
}
