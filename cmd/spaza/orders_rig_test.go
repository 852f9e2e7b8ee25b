package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/test/schema"
	"spaza/vend"
)

// opening is when sales begin here: 14:38 in South Africa, well before any test
// is run.
var opening = time.Date(2025, 6, 10, 12, 38, 0, 0, time.UTC)

const (
	thandi = "27821234567"
	sipho  = "27831112222"
)

// counter is a service's database and configuration, and what a service does with
// them, step by step at times of the test's choosing.
type counter struct {
	t       *testing.T
	environ []string
	url     string
	sql     *store.SQL
	keys    *secret.Keyring
	now     time.Time
	answers []vend.Answer // the provider's next; then it is silent
}

// inEachCounter runs a test on SQLite, and on PostgreSQL where there is one.
func inEachCounter(t *testing.T, test func(*counter)) {
	t.Helper()
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			s := &counter{t: t, environ: set("SPAZA_DATA_DIR=" + dir), url: "sqlite:" + filepath.Join(dir, "spaza.db"), now: opening}
			if kind == "postgres" {
				s.url = schema.Fresh(t)
				s.environ = append(s.environ, "SPAZA_DATABASE_URL="+s.url)
			}
			s.open()
			test(s)
		})
	}
}

func (s *counter) open() {
	s.t.Helper()
	cfg, err := readConfig(s.environ)
	s.must(err)
	s.must(makeKeyFile(cfg.DataDir))
	s.sql, err = store.OpenSQL(s.t.Context(), s.url, store.Options{})
	s.must(err)
	s.t.Cleanup(func() { _ = s.sql.Close() })
	keys, err := cfg.operatorKeys()
	s.must(err)
	s.keys, err = secret.OpenKeyring(s.t.Context(), s.sql, keys, secret.Options{})
	s.must(err)
}

func (s *counter) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// run runs a command in this counter.
func (s *counter) run(args ...string) (status int, out, errs string) {
	s.t.Helper()
	return s.feed("", args...)
}

// feed runs a command with something on its standard input.
func (s *counter) feed(in string, args ...string) (status int, out, errs string) {
	s.t.Helper()
	var o, e bytes.Buffer
	status = run(s.t.Context(), args, console{in: strings.NewReader(in), out: &o, err: &e, environ: s.environ})
	return status, o.String(), e.String()
}

// ok runs a command that must succeed, and returns what it prints.
func (s *counter) ok(args ...string) string {
	s.t.Helper()
	status, out, errs := s.run(args...)
	if status != 0 {
		s.t.Fatalf("%s: status %d: %s\n%s", strings.Join(args, " "), status, errs, out)
	}
	return out
}

// fails runs a command that must end with a status and say something.
func (s *counter) fails(status int, say string, args ...string) {
	s.t.Helper()
	got, out, errs := s.run(args...)
	if got != status || !strings.Contains(errs, say) {
		s.t.Errorf("%s: status %d, want %d; said %q, want %q\n%s", strings.Join(args, " "), got, status, errs, say, out)
	}
}

// golden compares with a file, which -update writes.
func (s *counter) golden(name, got string) {
	s.t.Helper()
	path := filepath.Join("testdata", "orders", name)
	if *update {
		s.must(os.MkdirAll(filepath.Dir(path), 0o750))
		s.must(os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	s.must(err)
	if diff := gocmp.Diff(string(want), got); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// ref is a reference that ends in six letters.
func ref(last string) string { return "P-3JUN7XAMNPQRST" + last }

// Prepare implements vend.Provider.
func (s *counter) Prepare(sale vend.Sale) (vend.Request, error) {
	return vend.Request{Op: "sell", Ref: sale.Ref, Body: secret.New("body of " + sale.Ref)}, nil
}

// Send implements vend.Provider.
func (s *counter) Send(context.Context, vend.Request, vend.Past) vend.Answer {
	if len(s.answers) == 0 {
		return vend.Answer{Code: "2211", Detail: "no answer in time"}
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a
}

// bell is a runner that rings when there is work, and does none.
type bell struct {
	vend.Elsewhere
	ring context.CancelFunc
}

// Wake implements vend.Runner.
func (b bell) Wake() { b.ring() }

// service is the service at work with a provider; ctx ends when it has written
// an order.
func (s *counter) service(p vend.Provider) (context.Context, *vend.Service) {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.t.Cleanup(cancel)
	service := vend.New(s.sql, p, s.keys, vend.Options{
		Now: func() time.Time { return s.now }, Rand: func(int64) int64 { return 0 },
	})
	service.Attach(bell{ring: cancel})
	return ctx, service
}

// customer is a customer of a fixed id with some balance.
func (s *counter) customer(number string, balance ledger.Cents) {
	s.t.Helper()
	s.must(s.sql.InTx(s.t.Context(), func(tx vend.Tx) error {
		c, err := tx.EnsureCustomer(number, "C-"+number[8:], s.now)
		if err != nil || balance == 0 {
			return err
		}
		return tx.Post(ledger.Redeemed("R-"+number[8:], c.ID, balance), s.now)
	}))
}

// buy writes an order that a customer said yes to.
func (s *counter) buy(p vend.Provider, buy vend.Purchase) {
	s.t.Helper()
	ctx, service := s.service(p)
	o, err := service.Buy(ctx, buy)
	if err != nil || o.State != vend.StateConfirmed {
		s.t.Fatalf("%s is %s, %v", o.Ref, o.State, err)
	}
}

// airtime is a purchase of airtime.
func airtime(ref, buyer, target string, cents ledger.Cents) vend.Purchase {
	return vend.Purchase{
		Ref: ref, MSISDN: buyer, Amount: cents, Target: target, Channel: "africastalking",
		Product: vend.Product{Code: "101", Kind: vend.KindAirtime, Network: "vodacom", Vendor: "Vodacom", Min: 5_00, Max: 1000_00},
	}
}

// work does what falls due until a moment, each thing at its time.
func (s *counter) work(p vend.Provider, until time.Time) {
	s.t.Helper()
	_, service := s.service(p)
	kinds := []jobs.Kind{vend.JobOrder}
	for {
		next, err := s.sql.Next(s.t.Context(), kinds)
		s.must(err)
		if next.IsZero() || next.After(until) {
			break
		}
		if next.After(s.now) {
			s.now = next
		}
		claimed, err := s.sql.Claim(s.t.Context(), kinds, 1, "replica-1", s.now, s.now.Add(15*time.Second))
		s.must(err)
		if len(claimed) == 0 {
			s.t.Fatalf("nothing can be claimed at %s", s.now)
		}
		for _, j := range claimed {
			service.Work(s.t.Context(), j)
		}
	}
	s.now = until
}

// post sends the messages that are due.
func (s *counter) post() {
	s.t.Helper()
	_, service := s.service(s)
	for {
		claimed, err := s.sql.Claim(s.t.Context(), []jobs.Kind{vend.JobNotice}, 1, "replica-1", s.now, s.now.Add(15*time.Second))
		s.must(err)
		if len(claimed) == 0 {
			return
		}
		order, _, _ := strings.Cut(claimed[0].Key, "/")
		s.must(service.Sent(s.t.Context(), claimed[0], order, "ATX-"+vend.ShortRef(order)))
	}
}

// state is where an order stands.
func (s *counter) state(ref string) vend.State {
	s.t.Helper()
	o, err := s.sql.Order(s.t.Context(), ref)
	s.must(err)
	return o.State
}

// sound fails the test when the books are not.
func (s *counter) sound() {
	s.t.Helper()
	faults, err := s.sql.CheckBooks(s.t.Context())
	s.must(err)
	for _, f := range faults {
		s.t.Error(f)
	}
}

// acts is what was recorded, the newest first, in one line each.
func (s *counter) acts() []string {
	s.t.Helper()
	list, err := s.sql.Acts(s.t.Context(), 0, 100)
	s.must(err)
	var lines []string
	for _, a := range list {
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", a.By, a.What, a.Why))
	}
	return lines
}

// eventually waits for something that a running service does.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatal(errors.New(what + " did not happen"))
		}
	}
}

// actOf is the i-th act, with what could harm a terminal.
func actOf(i int) store.Act {
	return store.Act{At: opening.Add(time.Duration(i) * time.Minute), By: "lerato", What: fmt.Sprint("resend P-", i), Why: "asked\x1b[2J again"}
}
