package vend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// story is a sale that a customer makes, in a shop where one thing breaks.
type story struct {
	name   string
	script []step
	redeem bool
	// leaves: the screen is gone before the answer comes.
	leaves bool
}

func stories() []story {
	return []story{
		{name: "a purchase"},
		{name: "a purchase that nobody waits for", leaves: true},
		{name: "a purchase declined", script: []step{{taking: declines, reason: vend.ReasonNumberBarred}}},
		{name: "a purchase declined that nobody waits for", script: []step{{taking: declines, reason: vend.ReasonNumberBarred}}, leaves: true},
		{name: "a purchase refused at the gate", script: []step{{taking: refuses, reason: vend.ReasonTryLater}}},
		{name: "a purchase unclear at first", script: []step{{taking: unclear}, {taking: loses}}},
		{name: "a purchase that contradicts itself", script: []step{{taking: contradicts}}},
		{name: "a voucher", redeem: true},
		{name: "a voucher that nobody waits for", redeem: true, leaves: true},
		{name: "a voucher declined", script: []step{{taking: declines, reason: vend.ReasonVoucherExpired}}, redeem: true},
		{name: "a voucher lost on the way", script: []step{{taking: loses}}, redeem: true},
	}
}

// play makes the sale for a customer, in a process of its own with one fault of
// the database in it, and lets time pass until all is over. It says whether the
// fault happened, and what is wrong now.
func (s story) play(ctx context.Context, w *world, customer, n int, f fault) (happened bool, wrongs []string) {
	p := w.start(keyring(0))
	defer func() { p.stop() }()
	ref, pin := fmt.Sprintf("P-%d", customer), fmt.Sprintf("%016d", customer)
	if s.redeem {
		ref = fmt.Sprintf("R-%d", customer)
	}
	if err := w.fund(ctx, customer, ledger.Rand(100)); err != nil {
		return false, []string{err.Error()}
	}
	w.provider.issue(pin, ledger.Rand(50))
	screen, leave := context.WithTimeout(p.ctx, patient)
	defer leave()
	gone := make(chan struct{})
	script := slices.Clone(s.script)
	if len(script) == 0 {
		script = []step{{taking: sells}}
	}
	if s.leaves {
		script[0].during = func() { leave(); <-gone }
	}
	w.provider.expect(script...)
	p.gate.breakAt(n, f)
	began := time.Now()
	_, err := p.within(patient, func(context.Context) (vend.Order, error) {
		defer close(gone)
		if s.redeem {
			return p.service.Redeem(screen, redemption(ref, customer, pin))
		}
		return p.service.Buy(screen, purchase(ref, customer, ledger.Rand(20)))
	})
	wrong := func(format string, args ...any) { wrongs = append(wrongs, fmt.Sprintf(format, args...)) }
	if took := time.Since(began); took > patient+3*time.Second {
		wrong("the customer waited %s", took)
	}
	for _, said := range []error{ledger.ErrInsufficient, vend.ErrReferenceReused, vend.ErrRefused, vend.ErrPINTaken} {
		if errors.Is(err, said) {
			wrong("the customer was told: %v", err)
		}
	}
	pass(time.Second)
	happened = p.gate.mend() == 0
	if p.ctx.Err() != nil {
		p.stop()
		p = w.start(keyring(0))
	}
	pass(2 * time.Minute)
	w.provider.forever(nil)
	wrongs = append(wrongs, w.audit()...)
	b, err := w.read()
	if err != nil {
		wrong("%v", err)
	}
	if o, there := b.orders[ref]; there && !o.State.Final() && o.State != vend.StatePerson {
		wrong("%s is still %s", ref, o.State)
	}
	for job := range b.jobs {
		wrong("there is still the job %q", job)
	}
	return happened, wrongs
}

// TestOneFaultOfTheDatabaseAnywhereInASaleHarmsNobody breaks every operation of
// the database that a sale makes, one at a time: it fails, or is done and its
// reply lost, or the process dies before or after it.
func TestOneFaultOfTheDatabaseAnywhereInASaleHarmsNobody(t *testing.T) {
	const most = 60
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, d database) {
				w, idle := startWorld(t, d, vend.Options{})
				idle.stop()
				customer := 0
				for what, f := range map[string]fault{
					"fails": {}, "is done and its reply lost": {after: true},
					"is where the process dies": {die: true}, "is the last before the process dies": {die: true, after: true},
				} {
					n, every := customer%4-4, 4
					if !raced {
						n, every = 0, 1
					}
					for happened := true; happened && n < most && !t.Failed(); {
						n = max(1, n+every)
						customer++
						var wrongs []string
						happened, wrongs = s.play(t.Context(), w, customer, n, f)
						for _, wrong := range wrongs {
							t.Errorf("operation %d %s: %s", n, what, wrong)
						}
					}
					if n < 10 || n == most {
						t.Errorf("%d operations were broken", n)
					}
				}
			})
		})
	}
}
