package vend_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/test/tables"
	"spaza/vend"
)

const (
	goodPIN  = "13579"
	otherPIN = "86420"
	wrongPIN = "97531"
)

// cheap is a cost that no test waits for.
func cheap() vend.PINCost { return vend.PINCost{Memory: 8, Passes: 1, Lanes: 1} }

// safe is a till whose wallets have PINs, over a database.
type safe struct {
	*till
	policy vend.PINPolicy
	codes  map[string]secret.Text // the last one that was sent, by number
}

func newSafe(t *testing.T, d database, o vend.Options) *safe {
	t.Helper()
	k := newTill(t, vend.Answer{Outcome: vend.Delivered})
	if d.url != "" {
		sql, err := store.OpenSQL(t.Context(), d.url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sql.Close() })
		k.sql = sql
		if err := (&world{sql: sql}).fund(t.Context(), 1, ledger.Rand(100)); err != nil {
			t.Fatal(err)
		}
	}
	o.Now, o.PINCost = func() time.Time { return k.now }, cheap()
	k.s = vend.New(impatient{k.sql, k}, k.p, keyring(0), o)
	k.s.Attach(k.hand)
	return &safe{k, cmp.Or(o.PIN, vend.PINOptional), map[string]secret.Text{}}
}

// withPIN is one whose first customer has set a PIN.
func withPIN(t *testing.T, o vend.Options) *safe {
	t.Helper()
	k := newSafe(t, database{}, o)
	if err := k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(goodPIN)); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *safe) check(pin string) error {
	return k.s.CheckPIN(k.t.Context(), number(1), secret.New(pin))
}

func (k *safe) state() vend.PINState {
	k.t.Helper()
	s, err := k.s.PIN(k.t.Context(), number(1))
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

// tried is what came of a try, in a word.
func tried(err error) string {
	e, wrong := errors.AsType[*vend.PINError](err)
	switch {
	case wrong && !errors.Is(err, vend.ErrPINWrong):
		return "not one of its kind"
	case wrong && e.Locked > 0 && e.Left == 0:
		return "locked " + e.Locked.String()
	case wrong:
		return fmt.Sprint("left ", e.Left)
	}
	for word, known := range map[string]error{"ok": nil, "needed": vend.ErrPINNeeded, "not set": vend.ErrPINNotSet, "weak": vend.ErrPINWeak} {
		if errors.Is(err, known) {
			return word
		}
	}
	return err.Error()
}

func TestSpendingAsksForTheWalletPIN(t *testing.T) {
	for _, c := range []struct {
		policy     vend.PINPolicy
		set        bool
		pin        string
		want, asks string // of buying, and of asking alone
	}{
		{vend.PINOff, false, "", "ok", "ok"},
		{vend.PINOff, true, "", "ok", "ok"},
		{vend.PINOff, true, wrongPIN, "ok", "ok"},
		{vend.PINOptional, false, "", "ok", "not set"},
		{vend.PINOptional, false, goodPIN, "ok", "not set"},
		{vend.PINOptional, true, "", "needed", "needed"},
		{vend.PINOptional, true, wrongPIN, "left 2", "left 1"},
		{vend.PINOptional, true, goodPIN, "ok", "ok"},
		{"", true, "", "needed", "needed"},
		{vend.PINRequired, false, "", "not set", "not set"},
		{vend.PINRequired, false, goodPIN, "not set", "not set"},
		{vend.PINRequired, true, "", "needed", "needed"},
		{vend.PINRequired, true, "1", "left 2", "left 1"},
		{vend.PINRequired, true, goodPIN, "ok", "ok"},
	} {
		for _, what := range []string{"purchase", "refund"} {
			t.Run(fmt.Sprint(what, " ", c.policy, " ", c.set, " ", len(c.pin)), func(t *testing.T) {
				k := newSafe(t, database{}, vend.Options{PIN: c.policy})
				if c.set {
					if err := k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(goodPIN)); err != nil {
						t.Fatal(err)
					}
				}
				_, err := k.call(func(ctx context.Context) (vend.Order, error) {
					if what == "refund" {
						return k.s.Refund(ctx, vend.Refund{Ref: "F-1", MSISDN: number(1), Amount: ledger.Rand(30), PIN: secret.New(c.pin)})
					}
					p := purchase("P-1", 1, ledger.Rand(30))
					p.PIN = secret.New(c.pin)
					return k.s.Buy(ctx, p)
				})
				if got := tried(err); got != c.want || err != nil && !errors.Is(err, vend.ErrNotWritten) {
					t.Errorf("it is %q (%v), want %q", got, err, c.want)
				}
				held := ledger.Rand(30)
				if c.want != "ok" {
					held = 0
				}
				k.wantMoney(ledger.Rand(100)-held, held)
				if got := tried(k.check(c.pin)); got != c.asks {
					t.Errorf("asked alone it is %q, want %q", got, c.asks)
				}
				if got := k.state(); got.Set != c.set || got.Policy != k.policy || !got.LockedUntil.IsZero() {
					t.Errorf("it stands %+v", got)
				}
			})
		}
	}
}

func TestWhatCostsNothingAndWhatTheOperatorDoesNeedNoPIN(t *testing.T) {
	for _, policy := range []vend.PINPolicy{vend.PINOptional, vend.PINRequired} {
		k := newSafe(t, database{}, vend.Options{PIN: policy})
		if policy == vend.PINOptional {
			if err := k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(goodPIN)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := k.buy(forMeter(0, true)); err != nil {
			t.Errorf("%s: free electricity: %v", policy, err)
		}
		if _, err := k.call(func(ctx context.Context) (vend.Order, error) {
			return k.s.Refund(ctx, vend.Refund{Ref: "F-1", MSISDN: number(1), Amount: ledger.Rand(30), By: "lerato", Why: "asked"})
		}); err != nil {
			t.Errorf("%s: a refund by the operator: %v", policy, err)
		}
	}
}

func TestJoiningAnOrderIsNoTry(t *testing.T) {
	k := withPIN(t, vend.Options{})
	p := purchase("P-1", 1, ledger.Rand(10))
	p.PIN = secret.New(goodPIN)
	if _, err := k.buy(p); err != nil {
		t.Fatal(err)
	}
	for _, pin := range []string{goodPIN, "", wrongPIN, wrongPIN, wrongPIN, wrongPIN} {
		p.PIN = secret.New(pin)
		o, err := k.call(func(ctx context.Context) (vend.Order, error) { return k.s.Buy(ctx, p) })
		if err != nil || o.Ref != "P-1" {
			t.Errorf("joined %q, %v", o.Ref, err)
		}
	}
	if got := tried(k.check(wrongPIN)); got != "left 2" {
		t.Errorf("the first wrong try is %q", got)
	}
	p.Amount++
	if _, err := k.buy(p); !errors.Is(err, vend.ErrReferenceReused) {
		t.Errorf("another purchase: %v", err)
	}
	k.wantMoney(ledger.Rand(90), ledger.Rand(10))
}

func TestWrongPINsLockTheWallet(t *testing.T) {
	const min, hour = time.Minute, time.Hour
	for name, tries := range map[string][]struct {
		at   time.Duration
		pin  string
		want string
	}{
		"three in a row": {
			{0, wrongPIN, "left 2"}, {0, wrongPIN, "left 1"}, {min, wrongPIN, "locked 15m0s"},
			{2 * min, goodPIN, "locked 14m0s"}, {2 * min, wrongPIN, "locked 14m0s"}, {16*min - 1e6, goodPIN, "locked 1ms"}, {16 * min, goodPIN, "ok"},
		},
		"a right one ends the run and not the day": {
			{0, wrongPIN, "left 2"}, {0, wrongPIN, "left 1"}, {0, goodPIN, "ok"}, {0, wrongPIN, "left 2"}, {0, goodPIN, "ok"}, {0, goodPIN, "ok"},
			{hour, wrongPIN, "left 1"}, {2 * hour, wrongPIN, "locked 24h0m0s"}, {26*hour - 1e6, goodPIN, "locked 1ms"}, {26 * hour, goodPIN, "ok"},
			{26 * hour, wrongPIN, "left 2"}, {26 * hour, wrongPIN, "left 1"}, {26 * hour, wrongPIN, "locked 15m0s"},
		},
		"a lock that is over begins another run": {
			{0, wrongPIN, "left 2"}, {0, wrongPIN, "left 1"}, {0, wrongPIN, "locked 15m0s"},
			{15 * min, wrongPIN, "left 1"}, {15 * min, wrongPIN, "locked 24h0m0s"},
			{25 * hour, wrongPIN, "left 2"},
		},
		"the third is right": {{0, wrongPIN, "left 2"}, {0, wrongPIN, "left 1"}, {0, goodPIN, "ok"}, {0, wrongPIN, "left 2"}},
		"none is no try":     {{0, "", "needed"}, {0, "", "needed"}, {0, "", "needed"}, {0, "", "needed"}, {0, wrongPIN, "left 2"}},
		"a run over two days": {
			{0, wrongPIN, "left 2"}, {9 * hour, wrongPIN, "left 1"}, {18 * hour, wrongPIN, "locked 15m0s"}, {27 * hour, wrongPIN, "left 2"},
		},
		"a day is forgotten": {{0, wrongPIN, "left 2"}, {0, wrongPIN, "left 1"}, {24 * hour, wrongPIN, "left 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := withPIN(t, vend.Options{})
			for i, c := range tries {
				k.now = opening.Add(c.at)
				if got := tried(k.check(c.pin)); got != c.want {
					t.Errorf("try %d is %q, want %q", i+1, got, c.want)
				}
				locked := strings.HasPrefix(c.want, "locked")
				if s := k.state(); !s.LockedUntil.IsZero() != locked {
					t.Errorf("after try %d it is locked until %v", i+1, s.LockedUntil)
				}
			}
		})
	}
}

// TestTheRulesOfTheLockHoldForAnyTries draws tries over days, and counts them as a
// person would.
func TestTheRulesOfTheLockHoldForAnyTries(t *testing.T) {
	k := withPIN(t, vend.Options{})
	m := &memory{}
	k.s = vend.New(m, k.p, keyring(0), vend.Options{Now: func() time.Time { return k.now }, PINCost: cheap(), IdleAfter: -1})
	rapid.Check(t, func(rt *rapid.T) {
		*m = memory{hash: "some"}
		if err := k.s.ResetPIN(t.Context(), number(1), "test", "another life"); err != nil {
			rt.Fatal(err)
		}
		if err := k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(goodPIN)); err != nil {
			rt.Fatal(err)
		}
		var wrong []time.Time // all that were looked at
		run := 0
		var locked time.Time
		for range rapid.IntRange(1, 20).Draw(rt, "tries") {
			k.now = k.now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 15 * time.Minute, time.Hour, 9 * time.Hour, 25 * time.Hour}).Draw(rt, "later"))
			pin := rapid.SampledFrom([]string{goodPIN, wrongPIN, wrongPIN, wrongPIN}).Draw(rt, "PIN")
			got := tried(k.check(pin))
			if k.now.Before(locked) {
				if want := "locked " + locked.Sub(k.now).String(); got != want {
					rt.Fatalf("%q, want %q", got, want)
				}
				continue
			}
			if pin == goodPIN {
				if run = 0; got != "ok" {
					rt.Fatalf("a right one is %q", got)
				}
				continue
			}
			wrong = slices.DeleteFunc(append(wrong, k.now), func(at time.Time) bool { return k.now.Sub(at) >= aDay })
			if run++; run > len(wrong) {
				run = len(wrong) // what is older than a day is in no run
			}
			want := fmt.Sprint("left ", min(3-run, 5-len(wrong)))
			switch {
			case len(wrong) >= 5:
				locked, want, run = k.now.Add(aDay), "locked 24h0m0s", 0
			case run >= 3:
				locked, want, run = k.now.Add(15*time.Minute), "locked 15m0s", 0
			}
			if got != want {
				rt.Fatalf("%q, want %q", got, want)
			}
		}
	})
}

// memory is a store that knows the PIN of one customer, and nothing else.
type memory struct {
	vend.Store
	hash  string
	tries []vend.PINTry // the newest first
	ids   int64
}

func (m *memory) Customer(context.Context, string) (vend.Customer, error) {
	return vend.Customer{ID: "C1", PIN: m.hash != ""}, nil
}

func (m *memory) InTx(_ context.Context, do func(vend.Tx) error) error {
	hash, tries := m.hash, slices.Clone(m.tries)
	err := do(memoryTx{m: m})
	if err != nil {
		m.hash, m.tries = hash, tries
	}
	return err
}

type memoryTx struct {
	vend.Tx
	m *memory
}

func (t memoryTx) EnsureCustomer(string, string, time.Time) (vend.Customer, error) {
	return t.m.Customer(context.Background(), "")
}

func (t memoryTx) PIN(string) (string, []vend.PINTry, error) {
	return t.m.hash, slices.Clone(t.m.tries[:min(len(t.m.tries), vend.PINTriesKept)]), nil
}

func (t memoryTx) SetPIN(_, hash string, _ time.Time) error { t.m.hash = hash; return nil }

func (memoryTx) ProvePIN(string, time.Time) error { return nil }

func (t memoryTx) AddPINTry(_ string, now time.Time) (int64, error) {
	t.m.ids++
	t.m.tries = slices.Insert(t.m.tries, 0, vend.PINTry{ID: t.m.ids, At: now, InRun: true})
	return t.m.ids, nil
}

func (t memoryTx) DropPINTries(_ string, try int64) error {
	t.m.tries = slices.DeleteFunc(t.m.tries, func(p vend.PINTry) bool { return try == 0 || p.ID == try })
	return nil
}

func (t memoryTx) EndPINRun(_ string, upTo int64) error {
	for i := range t.m.tries {
		if t.m.tries[i].ID <= upTo {
			t.m.tries[i].InRun = false
		}
	}
	return nil
}

func TestGuessesAtOnceAreNoMoreThanAllowed(t *testing.T) {
	for name, d := range map[string]func(*testing.T) database{
		"sqlite": func(t *testing.T) database { return freshSQLite(t.TempDir()) }, "postgres": freshPostgres,
	} {
		t.Run(name, func(t *testing.T) {
			k := newSafe(t, d(t), vend.Options{})
			if err := k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(goodPIN)); err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			looked := 0
			var all sync.WaitGroup
			for range 24 {
				all.Go(func() {
					err := k.check(wrongPIN)
					mu.Lock()
					defer mu.Unlock()
					switch tried(err) {
					case "left 2", "left 1":
						looked++
					case "locked 15m0s":
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			tries, err := k.sql.PINTries(t.Context(), k.customer().ID)
			if err != nil || len(tries) != 3 || looked != 2 {
				t.Errorf("%d tries were counted, %d of them were told of more, %v", len(tries), looked, err)
			}
			if got := tried(k.check(goodPIN)); got != "locked 15m0s" {
				t.Errorf("the right one is %q", got)
			}
		})
	}
}

func (k *safe) customer() vend.Customer {
	k.t.Helper()
	c, err := k.s.Customer(k.t.Context(), number(1))
	if err != nil {
		k.t.Fatal(err)
	}
	return c
}

func TestARepetitionOfAPurchaseInTheSameMomentBuysOnce(t *testing.T) {
	if _, err := tables.Empty(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, repeatedPurchase) // in which a second is as long as they all need
}

func repeatedPurchase(t *testing.T) {
	time.Sleep(time.Until(opening))
	k := withPIN(t, vend.Options{})
	p := purchase("P-1", 1, ledger.Rand(10))
	p.PIN = secret.New(goodPIN)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nobody waits for the end
	var all sync.WaitGroup
	k.hand.adopt = func(jobs.Job) {}
	for range 6 {
		all.Go(func() {
			call, done := context.WithTimeout(t.Context(), time.Second)
			defer done()
			if o, err := k.s.Buy(call, p); err != nil || o.Ref != "P-1" {
				t.Errorf("%q, %v", o.Ref, err)
			}
		})
	}
	all.Wait()
	k.wantMoney(ledger.Rand(90), ledger.Rand(10))
	if got := tried(k.s.CheckPIN(ctx, number(1), secret.New(goodPIN))); !strings.Contains(got, "cancel") {
		t.Errorf("whose time is over is told %q", got)
	}
}

func TestAPINIsSetChangedAndTakenAway(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	set := func(old, chosen string) string {
		return tried(k.s.SetPIN(t.Context(), number(1), secret.New(old), secret.New(chosen)))
	}
	remove := func(old string) string { return tried(k.s.RemovePIN(t.Context(), number(1), secret.New(old))) }
	for i, c := range []struct{ got, want string }{
		{remove(goodPIN), "not set"},
		{remove(""), "not set"},
		{set("", "11111"), "weak"},
		{set("", goodPIN), "ok"},
		{set("", otherPIN), "needed"},
		{set(wrongPIN, "12345"), "weak"}, // and no try
		{set(wrongPIN, otherPIN), "left 2"},
		{set(goodPIN, otherPIN), "ok"},
		{tried(k.check(goodPIN)), "left 2"},
		{tried(k.check(otherPIN)), "ok"},
		{remove(""), "needed"},
		{remove(wrongPIN), "left 2"},
		{remove(otherPIN), "ok"},
		{remove(otherPIN), "not set"},
		{set(wrongPIN, goodPIN), "ok"}, // whatever was said for the old one
		{tried(k.check(wrongPIN)), "left 2"},
	} {
		if c.got != c.want {
			t.Errorf("step %d: %q, want %q", i+1, c.got, c.want)
		}
	}
	// A stranger becomes a customer by it.
	if err := k.s.SetPIN(t.Context(), number(9), secret.Text{}, secret.New(goodPIN)); err != nil {
		t.Fatal(err)
	}
	if c, err := k.s.Customer(t.Context(), number(9)); err != nil || !c.PIN {
		t.Errorf("%+v, %v", c, err)
	}
	// The same PIN of two customers is not the same in the books.
	if a, b := k.kept(number(1)), k.kept(number(9)); a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=8,t=1,p=1$") || strings.Contains(a+b, goodPIN) {
		t.Errorf("kept are %q and %q", a, b)
	}
}

// kept is what is stored of a PIN.
func (k *safe) kept(msisdn string) (hash string) {
	k.t.Helper()
	err := k.sql.InTx(k.t.Context(), func(tx vend.Tx) error {
		c, err := tx.EnsureCustomer(msisdn, vend.NewCustomerID(), k.now)
		if err == nil {
			hash, _, err = tx.PIN(c.ID)
		}
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return hash
}

func TestOnlyACheckOfThePINAloneLetsAnotherBeSet(t *testing.T) {
	k := withPIN(t, vend.Options{})
	set := func() string {
		return tried(k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(otherPIN)))
	}
	p := purchase("P-1", 1, ledger.Rand(10))
	p.PIN = secret.New(goodPIN)
	if _, err := k.buy(p); err != nil {
		t.Fatal(err)
	}
	if got := set(); got != "needed" { // whoever takes the phone after a purchase
		t.Errorf("after a purchase: %q", got)
	}
	for i, c := range []struct {
		do   func()
		want string
	}{
		{func() { _ = k.check(goodPIN); k.now = k.now.Add(10 * time.Minute) }, "needed"},
		{func() { _ = k.check(goodPIN); _ = k.check(wrongPIN) }, "needed"},
		{func() { _ = k.check(goodPIN); k.now = k.now.Add(9 * time.Minute) }, "ok"},
		{func() {}, "needed"}, // once
		{func() { _ = k.check(goodPIN) }, "needed"},
		{func() { _ = k.check(otherPIN) }, "ok"},
	} {
		c.do()
		if got := set(); got != c.want {
			t.Errorf("step %d: %q, want %q", i+1, got, c.want)
		}
	}
}

func TestAPINThatEverybodyMustHaveStays(t *testing.T) {
	k := withPIN(t, vend.Options{PIN: vend.PINRequired})
	if got := tried(k.s.RemovePIN(t.Context(), number(1), secret.New(goodPIN))); got != "needed" {
		t.Errorf("removing it: %q", got)
	}
	if got := tried(k.check(goodPIN)); got != "ok" {
		t.Errorf("it is %q", got)
	}
}

func TestTheOperatorResetsAPIN(t *testing.T) {
	k := withPIN(t, vend.Options{})
	for range 3 {
		_ = k.check(wrongPIN)
	}
	for _, who := range [][2]string{{"", "why"}, {"who", ""}} {
		if err := k.s.ResetPIN(t.Context(), number(1), who[0], who[1]); err == nil {
			t.Error("it was reset by nobody, or for nothing")
		}
	}
	if s := k.state(); !s.Set || !s.LockedUntil.Equal(k.now.Add(15*time.Minute)) {
		t.Fatalf("it stands %+v", s)
	}
	if err := k.s.ResetPIN(t.Context(), number(1), "lerato", "forgot it"); err != nil {
		t.Fatal(err)
	}
	if s := k.state(); s.Set || !s.LockedUntil.IsZero() {
		t.Errorf("it stands %+v", s)
	}
	if got := tried(k.s.ResetPIN(t.Context(), number(1), "lerato", "again")); got != "not set" {
		t.Errorf("once more: %q", got)
	}
	if got := tried(k.s.ResetPIN(t.Context(), number(8), "lerato", "a stranger")); got != "not set" {
		t.Errorf("a stranger: %q", got)
	}
	if c, err := k.s.Customer(t.Context(), number(8)); err != nil || c.ID != "" {
		t.Errorf("the stranger is a customer now: %+v, %v", c, err)
	}
	if got := tried(k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(otherPIN))); got != "ok" {
		t.Errorf("another is set: %q", got)
	}
	if got := tried(k.check(otherPIN)); got != "ok" {
		t.Errorf("and is %q", got)
	}
}

func TestEasyPINsAreRefused(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	const msisdn = "27829046137"
	for pin, weak := range map[string]bool{
		"": true, "1": true, "1357": true, "135790": true, "1357a": true, "１３５７９": true, "13 79": true,
		"00000": true, "11111": true, "99999": true, "01234": true, "12345": true, "56789": true, "67890": true, "54321": true, "43210": true, "09876": true,
		"46137": true, "08290": true, "27829": true, "82904": true,
		"13579": false, "11112": false, "12346": false, "12354": false, "90461": false, "29046": false, "73164": false,
	} {
		err := k.s.SetPIN(t.Context(), msisdn, secret.Text{}, secret.New(pin))
		if errors.Is(err, vend.ErrPINWeak) != weak || !weak && err != nil {
			t.Errorf("%q is %v", pin, err)
		}
		if !weak {
			if err := k.s.RemovePIN(t.Context(), msisdn, secret.New(pin)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c, err := k.s.Customer(t.Context(), msisdn); err != nil || c.PIN {
		t.Errorf("one is set: %+v, %v", c, err)
	}
}

func TestAWalletWithAPINHasTheHigherLimit(t *testing.T) {
	for _, c := range []struct {
		name     string
		day, pin ledger.Cents
		policy   vend.PINPolicy
		set      bool
		most     ledger.Cents // 0: no limit
	}{
		{"without", 30_00, 50_00, vend.PINOptional, false, 30_00},
		{"with", 30_00, 50_00, vend.PINOptional, true, 50_00},
		{"that nobody asks for", 30_00, 50_00, vend.PINOff, true, 30_00},
		{"that lowers nothing", 30_00, 20_00, vend.PINOptional, true, 30_00},
		{"and no limit", 30_00, 0, vend.PINOptional, true, 0},
		{"without, and no limit", 30_00, 0, vend.PINOptional, false, 30_00},
		{"where nobody has one", 0, 20_00, vend.PINOptional, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newSafe(t, database{}, vend.Options{PIN: c.policy, Limits: vend.Limits{Day: c.day, DayWithPIN: c.pin}})
			if c.set {
				if err := k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(goodPIN)); err != nil {
					t.Fatal(err)
				}
				k.now = k.now.Add(aDay)
			}
			for _, amount := range []ledger.Cents{10_00, 20_00, 21_00, 40_00, 41_00, 90_00} {
				p := purchase(fmt.Sprint("P-", amount), 1, amount)
				p.PIN = secret.New(goodPIN)
				may := k.s.MaySpend(t.Context(), number(1), vend.KindAirtime, amount)
				if fits := c.most == 0 || amount <= c.most; fits != (may == nil) {
					t.Errorf("%s: %v", amount, may)
				}
				if may == nil {
					continue
				}
				want, _ := errors.AsType[*vend.LimitError](may)
				_, err := k.buy(p)
				if want == nil || want.Limit != vend.LimitDay || want.Most != c.most {
					t.Errorf("%s: %v", amount, may)
				} else {
					wantLimit(t, err, *want)
				}
			}
			if c.most == 0 {
				c.most = 90_00
			}
			p := purchase("P-1", 1, c.most)
			p.PIN = secret.New(goodPIN)
			if _, err := k.buy(p); err != nil {
				t.Errorf("as much as may be: %v", err)
			}
		})
	}
}

// TestAPINCountsForTheLimitAfterADay has phones found whose wallet has no PIN, and
// owners who change theirs.
func TestAPINCountsForTheLimitAfterADay(t *testing.T) {
	const thirdPIN = "24680"
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	set := func(t *testing.T, k *safe, old, chosen string) {
		t.Helper()
		must(t, k.s.SetPIN(t.Context(), number(1), secret.New(old), secret.New(chosen)))
	}
	pass := func(k *safe, d time.Duration) { k.now = k.now.Add(d) }
	for name, c := range map[string]struct {
		policy vend.PINPolicy
		do     func(t *testing.T, k *safe) // after the good PIN was set
		pin    string                      // the last
		since  time.Duration               // from when on it counts
		counts bool
	}{
		"at once":              {"", func(*testing.T, *safe) {}, goodPIN, 0, false},
		"just before a day":    {"", func(_ *testing.T, k *safe) { pass(k, aDay-time.Millisecond) }, goodPIN, 0, false},
		"after a day":          {"", func(_ *testing.T, k *safe) { pass(k, aDay) }, goodPIN, 0, true},
		"that everybody needs": {vend.PINRequired, func(_ *testing.T, k *safe) { pass(k, aDay-1e6) }, goodPIN, 0, false},
		"changed by its owner": {"", func(t *testing.T, k *safe) {
			pass(k, aDay-time.Minute)
			set(t, k, goodPIN, otherPIN)
			pass(k, time.Minute)
		}, otherPIN, 0, true},
		"changed after it was proved": {"", func(t *testing.T, k *safe) {
			pass(k, aDay-time.Minute)
			must(t, k.check(goodPIN))
			set(t, k, "", otherPIN)
			pass(k, time.Minute)
		}, otherPIN, 0, true},
		"changed twice within a day": {"", func(t *testing.T, k *safe) {
			pass(k, time.Hour)
			set(t, k, goodPIN, otherPIN)
			set(t, k, otherPIN, thirdPIN)
			pass(k, aDay-time.Hour-1e6)
		}, thirdPIN, 0, false},
		"reset by the operator": {"", func(t *testing.T, k *safe) {
			pass(k, 2*aDay)
			must(t, k.s.ResetPIN(t.Context(), number(1), "lerato", "forgot it"))
			set(t, k, "", otherPIN)
			pass(k, aDay-1e6)
		}, otherPIN, 2 * aDay, false},
		"reset, and a day after": {"", func(t *testing.T, k *safe) {
			pass(k, time.Hour)
			must(t, k.s.ResetPIN(t.Context(), number(1), "lerato", "forgot it"))
			set(t, k, "", otherPIN)
			pass(k, aDay)
		}, otherPIN, time.Hour, true},
		"reset, and none since": {"", func(t *testing.T, k *safe) {
			pass(k, aDay)
			must(t, k.s.ResetPIN(t.Context(), number(1), "lerato", "forgot it"))
		}, "", -1, false},
		"taken away and set anew": {"", func(t *testing.T, k *safe) {
			pass(k, aDay)
			must(t, k.s.RemovePIN(t.Context(), number(1), secret.New(goodPIN)))
			set(t, k, "", goodPIN)
		}, goodPIN, aDay, false},
	} {
		t.Run(name, func(t *testing.T) {
			k := newSafe(t, database{}, vend.Options{PIN: c.policy, Limits: vend.Limits{Day: 30_00, DayWithPIN: 60_00}})
			began := k.now
			set(t, k, "", goodPIN)
			c.do(t, k)
			want := began.Add(c.since)
			if c.since < 0 {
				want = time.Time{}
			}
			if got := k.customer().PINSince; !got.Equal(want) {
				t.Errorf("it counts from %s, want %s", got, want)
			}
			p := purchase("P-1", 1, 50_00)
			p.PIN = secret.New(c.pin)
			may := k.s.MaySpend(t.Context(), number(1), vend.KindAirtime, p.Amount)
			_, err := k.buy(p)
			if c.counts {
				must(t, may)
				must(t, err)
				return
			}
			wantLimit(t, may, vend.LimitError{Limit: vend.LimitDay, Most: 30_00, Left: 30_00})
			wantLimit(t, err, vend.LimitError{Limit: vend.LimitDay, Most: 30_00, Left: 30_00})
			k.wantMoney(100_00, 0)
		})
	}
}

// hashes counts what is hashed for a wallet.
type hashes struct {
	vend.Sealer
	n int
}

func (h *hashes) Hash(purpose, s string) [32]byte {
	if strings.HasPrefix(purpose, "wallet pin") {
		h.n++
	}
	return h.Sealer.Hash(purpose, s)
}

func TestAStrangersPINIsHashedAsWell(t *testing.T) {
	k := withPIN(t, vend.Options{})
	h := &hashes{Sealer: keyring(0)}
	k.s = vend.New(k.sql, k.p, h, vend.Options{Now: func() time.Time { return k.now }, PINCost: cheap()})
	for n, msisdn := range []string{number(1), number(7)} {
		_ = k.s.CheckPIN(t.Context(), msisdn, secret.New(wrongPIN))
		if h.n != n+1 {
			t.Errorf("%d hashes for %d customers", h.n, n+1)
		}
	}
	if got := tried(k.s.CheckPIN(t.Context(), number(7), secret.New(wrongPIN))); got != "not set" {
		t.Errorf("the stranger is told %q", got)
	}
}

func TestUnderAnotherKeyNoPINIsRight(t *testing.T) {
	k := withPIN(t, vend.Options{})
	k.s = vend.New(k.sql, k.p, keyring(1), vend.Options{Now: func() time.Time { return k.now }, PINCost: cheap()})
	if got := tried(k.check(goodPIN)); got != "left 2" {
		t.Errorf("it is %q", got)
	}
}

// TestAPINThatWasJustRightMakesRoomForAnother holds the one way in which a PIN is
// changed without being given with the new one.
func TestAPINThatWasJustRightMakesRoomForAnother(t *testing.T) {
	const thirdPIN = "24680"
	for name, tc := range map[string]struct {
		between func(k *safe)
		want    string
	}{
		"at once":                 {func(*safe) {}, "ok"},
		"just in time":            {func(k *safe) { k.now = k.now.Add(10*time.Minute - time.Millisecond) }, "ok"},
		"too late":                {func(k *safe) { k.now = k.now.Add(10 * time.Minute) }, "needed"},
		"after a wrong try":       {func(k *safe) { _ = k.check(wrongPIN) }, "needed"},
		"after one that was used": {func(k *safe) { _ = k.s.SetPIN(k.t.Context(), number(1), secret.Text{}, secret.New(thirdPIN)) }, "needed"},
		"after it was changed": {func(k *safe) {
			_ = k.s.SetPIN(k.t.Context(), number(1), secret.New(goodPIN), secret.New(thirdPIN))
		}, "needed"},
		"after it was taken away and made anew": {func(k *safe) {
			_ = k.s.RemovePIN(k.t.Context(), number(1), secret.New(goodPIN))
			_ = k.s.SetPIN(k.t.Context(), number(1), secret.Text{}, secret.New(thirdPIN))
		}, "needed"},
	} {
		t.Run(name, func(t *testing.T) {
			k := withPIN(t, vend.Options{})
			_ = k.check(wrongPIN) // one before counts for nothing
			if err := k.check(goodPIN); err != nil {
				t.Fatal(err)
			}
			if at := k.state().ProvedAt; !at.Equal(k.now.Truncate(time.Millisecond)) {
				t.Errorf("it was right at %s, want %s", at, k.now)
			}
			tc.between(k)
			if got := tried(k.s.SetPIN(t.Context(), number(1), secret.Text{}, secret.New(otherPIN))); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
			if works := k.check(otherPIN) == nil; works != (tc.want == "ok") {
				t.Errorf("the new one is right: %t", works)
			}
		})
	}
}

func TestWhatProvesAPIN(t *testing.T) {
	k := withPIN(t, vend.Options{})
	if at := k.state().ProvedAt; !at.IsZero() {
		t.Errorf("a new one was right at %s", at)
	}
	p := purchase("P-1", 1, ledger.Rand(30))
	p.PIN = secret.New(goodPIN)
	if _, err := k.call(func(ctx context.Context) (vend.Order, error) { return k.s.Buy(ctx, p) }); err != nil {
		t.Fatal(err)
	}
	if at := k.state().ProvedAt; !at.IsZero() {
		t.Errorf("paying proves it, at %s", at)
	}
	_ = k.check(wrongPIN)
	if at := k.state().ProvedAt; !at.IsZero() {
		t.Errorf("a wrong one proves it, at %s", at)
	}
	// Somebody else's is not proved by it.
	if err := k.check(goodPIN); err != nil {
		t.Fatal(err)
	}
	if err := k.s.SetPIN(t.Context(), number(9), secret.Text{}, secret.New(goodPIN)); err != nil {
		t.Fatal(err)
	}
	if got := tried(k.s.SetPIN(t.Context(), number(9), secret.Text{}, secret.New(otherPIN))); got != "needed" {
		t.Errorf("%q, want needed", got)
	}
}
