package vend_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

const (
	sleeper = 7 // the customer whose wallet falls idle
	season  = 90 * aDay
)

// founds makes a customer with money, as of now.
func (k *safe) founds(n int, amount ledger.Cents) string {
	k.t.Helper()
	id := ""
	k.must(k.sql.InTx(k.t.Context(), func(tx vend.Tx) error {
		c, err := tx.EnsureCustomer(number(n), vend.NewCustomerID(), k.now)
		if err != nil {
			return err
		}
		id = c.ID
		return tx.Post(ledger.Redeemed("F-"+vend.NewCustomerID(), c.ID, amount), k.now)
	}))
	return id
}

// buys has a customer buy airtime, and returns the reference.
func (k *safe) buys(n int, amount ledger.Cents, pin string) (string, error) {
	p := purchase(vend.NewRef(vend.KindAirtime, k.now), n, amount)
	p.PIN = secret.New(pin)
	k.hand.job, k.p.answers = jobs.Job{}, []vend.Answer{{Outcome: vend.Delivered}}
	if _, err := k.buy(p); err != nil {
		return "", err
	}
	k.attempt()
	return p.Ref, nil
}

// asleep holds whether a number's wallet is idle.
func (k *safe) asleep(what string, n int, want bool) {
	k.t.Helper()
	c, err := k.s.Caller(k.t.Context(), number(n))
	_, balance := k.s.Balance(k.t.Context(), number(n))
	if err != nil || c.Idle != want || errors.Is(balance, vend.ErrIdle) != want || want && c.Recent != nil {
		k.t.Errorf("%s: idle %v with %d orders, %v; the balance: %v; want %v", what, c.Idle, len(c.Recent), err, balance, want)
	}
}

// money is what an account holder has, by id.
func (k *safe) money(id string) ledger.Cents {
	k.t.Helper()
	b, err := k.sql.Balance(k.t.Context(), id)
	k.must(err)
	return b.Available + b.Held
}

func TestWhatKeepsAWalletAlive(t *testing.T) {
	for name, c := range map[string]struct {
		options vend.Options
		use     func(k *safe) // in the middle
		idle    bool
	}{
		"nothing":        {use: func(*safe) {}, idle: true},
		"a dial":         {use: func(k *safe) { _, _ = k.s.Caller(k.t.Context(), number(sleeper)) }, idle: true},
		"a balance":      {use: func(k *safe) { _, _ = k.s.Balance(k.t.Context(), number(sleeper)) }, idle: true},
		"a language":     {use: func(k *safe) { k.must(k.s.SetLanguage(k.t.Context(), number(sleeper), "zu")) }, idle: true},
		"a wrong PIN":    {use: func(k *safe) { _ = k.s.CheckPIN(k.t.Context(), number(sleeper), secret.New(wrongPIN)) }, idle: true},
		"never is never": {options: vend.Options{IdleAfter: -1}, use: func(*safe) {}},
		"a longer time":  {options: vend.Options{IdleAfter: 2 * season}, use: func(*safe) {}},
		"an order":       {use: func(k *safe) { _, err := k.buys(sleeper, 5_00, goodPIN); k.must(err) }},
		"a right PIN":    {use: func(k *safe) { k.must(k.s.CheckPIN(k.t.Context(), number(sleeper), secret.New(goodPIN))) }},
		"another PIN": {use: func(k *safe) {
			k.must(k.s.SetPIN(k.t.Context(), number(sleeper), secret.New(goodPIN), secret.New(otherPIN)))
		}},
		"no PIN any more":  {use: func(k *safe) { k.must(k.s.RemovePIN(k.t.Context(), number(sleeper), secret.New(goodPIN))) }},
		"support":          {use: func(k *safe) { k.must(k.s.ResetPIN(k.t.Context(), number(sleeper), "lerato", "forgot it")) }},
		"a link":           {use: func(k *safe) { k.proves("telegram", "111", sleeper) }},
		"a surface":        {use: func(k *safe) { k.meets("vouched", "whatsapp", "ZA.1", number(sleeper), sleeper) }},
		"a chat long ago":  {use: func(k *safe) { k.proves("telegram", "111", sleeper); k.pass(-60 * aDay) }, idle: false},
		"another's order":  {use: func(k *safe) { k.founds(8, 50_00); _, err := k.buys(8, 5_00, ""); k.must(err) }, idle: true},
		"a message of old": {use: func(k *safe) { k.meets("nobody", "telegram", "111", "", 0) }, idle: true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newSafe(t, database{}, c.options)
			k.founds(sleeper, 100_00)
			k.must(k.s.SetPIN(t.Context(), number(sleeper), secret.Text{}, secret.New(goodPIN)))
			k.asleep("at first", sleeper, false)
			k.pass(season - time.Millisecond)
			k.asleep("just alive", sleeper, false)
			k.pass(-30 * aDay)
			c.use(k)
			k.pass(30*aDay + time.Millisecond)
			k.asleep("a season after", sleeper, c.idle)
		})
	}
}

func TestOneWhoChatsStaysAlive(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	k.founds(sleeper, 100_00)
	k.proves("telegram", "111", sleeper)
	for range 5 {
		k.pass(season - time.Hour)
		k.meets("from time to time", "telegram", "111", "", sleeper)
		k.asleep("from time to time", sleeper, false)
	}
	k.pass(season)
	k.meets("after a long time", "telegram", "111", "", 0)
	k.asleep("after a long time", sleeper, true)
}

// TestAnIdleWalletGivesNothing tries everything that a caller can do.
func TestAnIdleWalletGivesNothing(t *testing.T) {
	inEachSafe(t, vend.Options{}, func(t *testing.T, k *safe) {
		ctx, who := t.Context(), number(sleeper)
		id := k.founds(sleeper, 100_00)
		ref, err := k.buys(sleeper, 5_00, "")
		k.must(err)
		k.proves("telegram", "111", sleeper)
		k.pass(season)
		k.asleep("now", sleeper, true)
		free := forMeter(0, true)
		free.MSISDN = who
		for what, do := range map[string]func() error{
			"buy":    func() error { _, err := k.buys(sleeper, 5_00, ""); return err },
			"free":   func() error { _, err := k.s.Buy(ctx, free); return err },
			"redeem": func() error { _, err := k.s.Redeem(ctx, redemption("R-1", sleeper, pinA)); return err },
			"refund": func() error {
				_, err := k.s.Refund(ctx, vend.Refund{Ref: "F-9", MSISDN: who, Amount: 5_00})
				return err
			},
			"balance": func() error { _, err := k.s.Balance(ctx, who); return err },
			"recent":  func() error { _, err := k.s.Recent(ctx, who, 5); return err },
			"regular": func() error { _, err := k.s.Regulars(ctx, who, 5); return err },
			"again":   func() error { return k.s.SendAgain(ctx, who, ref) },
			"name":    func() error { return k.s.NameRegular(ctx, who, vend.KindAirtime, number(3), "x") },
			"forget":  func() error { return k.s.ForgetRegular(ctx, who, vend.KindAirtime, who) },
			"PIN":     func() error { return k.s.SetPIN(ctx, who, secret.Text{}, secret.New(goodPIN)) },
			"links":   func() error { _, err := k.s.Links(ctx, who); return err },
			"unlink":  func() error { return k.s.Unlink(ctx, who, "telegram", "111") },
		} {
			if err := do(); !errors.Is(err, vend.ErrIdle) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if list, err := k.sql.FindOrders(ctx, vend.Query{Customer: id}); err != nil || len(list) != 1 || k.money(id) != 95_00 {
			t.Errorf("there are %d orders and %s, %v", len(list), k.money(id), err)
		}
		// The operator pays out to whom they know.
		gone, leave := context.WithCancel(ctx)
		defer leave()
		k.hand.adopt = func(jobs.Job) { leave() }
		if _, err := k.s.Refund(gone, vend.Refund{Ref: "F-10", MSISDN: who, Amount: 5_00, By: "lerato", Why: "knows her"}); err != nil {
			t.Errorf("the operator's refund: %v", err)
		}
	})
}

func TestAnIdleWalletWakesByItsPIN(t *testing.T) {
	for _, policy := range []vend.PINPolicy{vend.PINOptional, vend.PINOff, vend.PINRequired} {
		t.Run(string(policy), func(t *testing.T) {
			k := newSafe(t, database{}, vend.Options{PIN: policy})
			wake := func(pin string) string { return tried(k.s.Wake(t.Context(), number(sleeper), secret.New(pin))) }
			if got := wake(goodPIN); got != "not set" {
				t.Errorf("of nobody: %s", got)
			}
			k.founds(sleeper, 100_00)
			k.must(k.s.SetPIN(t.Context(), number(sleeper), secret.Text{}, secret.New(goodPIN)))
			k.pass(season)
			for pin, want := range map[string]string{"": "needed", wrongPIN: "left 2"} {
				if got := wake(pin); got != want {
					t.Errorf("%q: %s, want %s", pin, got, want)
				}
			}
			k.asleep("after a wrong one", sleeper, true)
			if got := wake(goodPIN); got != "ok" {
				t.Errorf("the right one: %s", got)
			}
			k.asleep("after the right one", sleeper, false)
			if _, err := k.buys(sleeper, 5_00, goodPIN); err != nil {
				t.Error(err)
			}
			k.pass(season)
			for range 3 {
				_ = wake(wrongPIN)
			}
			if got := wake(goodPIN); !strings.HasPrefix(got, "locked") {
				t.Errorf("after three wrong ones: %s", got)
			}
			k.asleep("locked", sleeper, true)
		})
	}
}

func TestSupportWakesAWallet(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	wake := func() error { return k.s.WakeFor(t.Context(), number(sleeper), "lerato", "id checked") }
	if err := wake(); !errors.Is(err, vend.ErrNoCustomer) {
		t.Errorf("nobody: %v", err)
	}
	k.founds(sleeper, 100_00)
	if err := wake(); !errors.Is(err, vend.ErrNotIdle) {
		t.Errorf("one that is alive: %v", err)
	}
	k.pass(season)
	for _, c := range [][2]string{{"", "why"}, {"by", ""}} {
		if err := k.s.WakeFor(t.Context(), number(sleeper), c[0], c[1]); err == nil {
			t.Errorf("by %q, for %q", c[0], c[1])
		}
	}
	k.asleep("before", sleeper, true)
	k.must(wake())
	k.asleep("after", sleeper, false)
}

func TestAWalletIsPutAsideAndGivenBack(t *testing.T) {
	inEachSafe(t, vend.Options{}, func(t *testing.T, k *safe) {
		ctx, who := t.Context(), number(sleeper)
		old := k.founds(sleeper, 100_00)
		_, err := k.buys(sleeper, 5_00, "")
		k.must(err)
		k.proves("telegram", "old", sleeper)
		k.sms()
		if err := k.s.SetAside(ctx, who); !errors.Is(err, vend.ErrNotIdle) {
			t.Errorf("one that is alive: %v", err)
		}
		if err := k.s.SetAside(ctx, number(9)); !errors.Is(err, vend.ErrNotIdle) {
			t.Errorf("nobody's: %v", err)
		}
		k.pass(season)
		k.meets("of before", "telegram", "old", "", 0)
		k.meets("vouched for", "whatsapp", "ZA.1", who, 0)
		k.proves("telegram", "new", sleeper)
		k.wantSMS("a stranger in the chat", "0007 on telegram")
		k.meets("who proved the number", "telegram", "new", "", sleeper)
		k.asleep("all the same", sleeper, true)

		k.must(k.s.SetAside(ctx, who))
		k.asleep("the number begins anew", sleeper, false)
		c, err := k.s.Caller(ctx, who)
		if err != nil || c.Customer.ID == "" || c.Customer.ID == old || c.Recent != nil || k.money(c.Customer.ID) != 0 {
			t.Errorf("the caller is %+v, %v", c, err)
		}
		if k.money(old) != 95_00 {
			t.Errorf("the old wallet has %s", k.money(old))
		}
		k.meets("of before", "telegram", "old", "", 0)
		k.meets("who proved the number", "telegram", "new", "", sleeper)
		k.meets("vouched for", "whatsapp", "ZA.1", who, sleeper)
		if err := k.s.SetAside(ctx, who); !errors.Is(err, vend.ErrNotIdle) {
			t.Errorf("twice: %v", err)
		}
		if p, ok, err := k.s.Where(ctx, old, "telegram"); err != nil || ok {
			t.Errorf("the old one is in %+v, %v", p, err)
		}

		// It comes back to its owner, on the same number while nobody used it.
		r := vend.Rejoining{MSISDN: who, By: "lerato", Why: "id checked"}
		list, err := k.s.Asides(ctx, who)
		if err != nil || len(list) != 1 || list[0].Customer.ID != old || !list[0].At.Equal(k.now) || list[0].Customer.Reachable() || !list[0].Customer.Aside() {
			t.Errorf("put aside are %+v, %v", list, err)
		}
		k.sms()
		back, err := k.s.Rejoin(ctx, r)
		if err != nil || back.ID != old || back.MSISDN != who {
			t.Errorf("given back is %+v, %v", back, err)
		}
		k.asleep("back", sleeper, false)
		if b, err := k.s.Balance(ctx, who); err != nil || b.Available != 95_00 {
			t.Errorf("its money is %+v, %v", b, err)
		}
		k.meets("a chat of the other", "telegram", "new", "", 0)
		k.meets("vouched for", "whatsapp", "ZA.1", who, sleeper)
		if _, err := k.s.Rejoin(ctx, r); !errors.Is(err, vend.ErrNotAside) {
			t.Errorf("twice: %v", err)
		}

		// Not where the number is in use; then on another.
		k.pass(season)
		k.must(k.s.SetAside(ctx, who))
		next := k.founds(sleeper, 20_00)
		for _, to := range []string{"", who} {
			r.To = to
			if _, err := k.s.Rejoin(ctx, r); !errors.Is(err, vend.ErrTaken) {
				t.Errorf("there is money: %v", err)
			}
		}
		_, err = k.buys(sleeper, 20_00, "")
		k.must(err)
		if _, err := k.s.Rejoin(ctx, r); !errors.Is(err, vend.ErrTaken) {
			t.Errorf("there are orders: %v", err)
		}
		k.pass(season)
		k.must(k.s.SetAside(ctx, who))
		r.To = number(8)
		if _, err := k.s.Rejoin(ctx, r); !errors.Is(err, vend.ErrSeveralAside) {
			t.Errorf("there are two: %v", err)
		}
		r.Customer = "C-nobody"
		if _, err := k.s.Rejoin(ctx, r); !errors.Is(err, vend.ErrNotAside) {
			t.Errorf("none of them: %v", err)
		}
		r.Customer = old
		back, err = k.s.Rejoin(ctx, r)
		if err != nil || back.MSISDN != number(8) {
			t.Errorf("on another number: %+v, %v", back, err)
		}
		if b, err := k.s.Balance(ctx, number(8)); err != nil || b.Available != 95_00 || k.money(next) != 0 {
			t.Errorf("its money is %+v, %v", b, err)
		}
		for _, no := range []vend.Rejoining{{MSISDN: who, Why: "x"}, {MSISDN: who, By: "x"}, {MSISDN: who, By: "x", Why: "x", To: "082"}} {
			if _, err := k.s.Rejoin(ctx, no); err == nil {
				t.Errorf("%+v was done", no)
			}
		}
		faults, err := k.sql.CheckBooks(ctx)
		if err != nil || len(faults) > 0 {
			t.Errorf("the books: %v, %v", faults, err)
		}
	})
}

// TestMoneyStaysWithItsWallet draws what can happen to wallets and numbers, and
// holds who has what.
func TestMoneyStaysWithItsWallet(t *testing.T) {
	asides, taken, back := 0, 0, 0
	k := newSafe(t, database{}, vend.Options{})
	lives := 0
	rapid.Check(t, func(rt *rapid.T) {
		if lives++; raced && lives > 10 {
			return
		}
		numbers := []int{10 + 2*lives, 11 + 2*lives}
		has := map[string]ledger.Cents{} // by wallet
		at := map[int]string{}           // whose the number is
		aside := map[int][]string{}      // by the number it was put aside from
		for range rapid.IntRange(20, 40).Draw(rt, "steps") {
			n := rapid.SampledFrom(numbers).Draw(rt, "number")
			switch rapid.SampledFrom([]string{"fund", "buy", "wait", "aside", "aside", "rejoin"}).Draw(rt, "what") {
			case "fund":
				id := k.founds(n, 50_00)
				if at[n] != "" && at[n] != id {
					rt.Fatalf("the wallet of %d was %s and is %s", n, at[n], id)
				}
				at[n] = id
				has[id] += 50_00
			case "buy":
				if _, err := k.buys(n, 10_00, ""); err == nil {
					has[at[n]] -= 10_00
				} else if !errors.Is(err, vend.ErrIdle) && !errors.Is(err, ledger.ErrInsufficient) {
					rt.Fatal(err)
				}
			case "wait":
				k.pass(rapid.SampledFrom([]time.Duration{season, aDay}).Draw(rt, "long"))
			case "aside":
				if err := k.s.SetAside(t.Context(), number(n)); err == nil {
					asides++
					aside[n] = append(aside[n], at[n])
					c, err := k.s.Customer(t.Context(), number(n))
					k.must(err)
					at[n] = c.ID
				}
			case "rejoin":
				if len(aside[n]) == 0 {
					continue
				}
				to := rapid.SampledFrom(numbers).Draw(rt, "to")
				id := rapid.SampledFrom(aside[n]).Draw(rt, "wallet")
				_, err := k.s.Rejoin(t.Context(), vend.Rejoining{MSISDN: number(n), Customer: id, To: number(to), By: "lerato", Why: "x"})
				switch {
				case errors.Is(err, vend.ErrTaken):
					taken++
					if has[at[to]] == 0 {
						list, err := k.sql.FindOrders(t.Context(), vend.Query{Customer: at[to]})
						if err != nil || len(list) == 0 {
							rt.Fatalf("taken by a wallet that is not used, %v", err)
						}
					}
				case err != nil:
					rt.Fatal(err)
				case has[at[to]] != 0:
					rt.Fatalf("%s was on the number", has[at[to]])
				default:
					back++
					at[to] = id
					var rest []string
					for _, other := range aside[n] {
						if other != id {
							rest = append(rest, other)
						}
					}
					aside[n] = rest
				}
			}
			for id, amount := range has {
				if got := k.money(id); got != amount {
					rt.Fatalf("%s has %s, want %s", id, got, amount)
				}
			}
		}
	})
	t.Logf("%d were put aside, %d given back, %d numbers were taken", asides, back, taken)
	if faults, err := k.sql.CheckBooks(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the books: %v, %v", faults, err)
	}
	if !raced && (asides == 0 || taken == 0 || back == 0) {
		t.Errorf("%d were put aside, %d given back, %d numbers were taken", asides, back, taken)
	}
}
