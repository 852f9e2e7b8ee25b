package secret_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/secret"
)

// archive is what was sealed and hashed in a run.
type archive struct {
	sealed [][]byte
	hash   *[32]byte
}

// keep seals and hashes with a keyring, and compares with what others hashed.
func (a *archive) keep(t *rapid.T, k *secret.Keyring) {
	n := len(a.sealed)
	a.sealed = append(a.sealed, k.Seal(secret.New(fmt.Sprint("text ", n)), fmt.Sprint("order ", n)))
	h := k.Hash("voucher pin", canary)
	if a.hash == nil {
		a.hash = &h
	}
	if h != *a.hash {
		t.Error("two replicas hash differently")
	}
}

// opens checks that a keyring opens everything.
func (a *archive) opens(t *rapid.T, k *secret.Keyring) {
	for n, sealed := range a.sealed {
		if got, err := k.Open(sealed, fmt.Sprint("order ", n)); err != nil || !got.Equal(fmt.Sprint("text ", n)) {
			t.Fatalf("what was sealed as number %d by %v opens as %v, %v", n, sealed[:secret.HeaderSize], got.Reveal(), err)
		}
	}
}

// start is a replica that starts and seals something.
func (a *archive) start(t *rapid.T, v secret.Vault, keys ...secret.OperatorKey) {
	k, err := secret.OpenKeyring(t.Context(), v, keys, secret.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Errorf("a replica does not start: %v", err)
		return
	}
	a.keep(t, k)
}

// TestNoOrderOfReplicasLosesARow starts replicas in the middle of one another,
// some of which rotate one way and some the other, while keys are renewed.
func TestNoOrderOfReplicasLosesARow(t *testing.T) {
	a, bare := operator(t, 1)
	b, _ := operator(t, 2)
	rapid.Check(t, func(t *rapid.T) {
		v, kept := &vault{}, &archive{}
		if rapid.Bool().Draw(t, "used before") {
			old := bare.Seal(secret.New("old"), "old order")
			v.past = secret.Past{Used: true, Samples: []secret.Sample{{Sealed: old, Purpose: "old order"}}}
			kept.sealed = append(kept.sealed, bare.Seal(secret.New("text 0"), "order 0"))
			h := bare.Hash("voucher pin", canary)
			kept.hash = &h
		}
		s := &stage{v: v, after: func() {
			for _, r := range secret.Inspect(v.rows, []secret.OperatorKey{a, b}) {
				if r.With < 0 {
					t.Fatalf("row %d does not open", r.ID)
				}
			}
		}}
		for range rapid.IntRange(1, 12).Draw(t, "processes") {
			keys := [][]secret.OperatorKey{{a, b}, {b, a}}[rapid.IntRange(0, 1).Draw(t, "current")]
			if renews := rapid.IntRange(0, 3).Draw(t, "renews") == 0; renews {
				s.enter(func(v secret.Vault) { _, _ = secret.Renew(t.Context(), v, keys, "try", noon) })
			} else {
				s.enter(func(v secret.Vault) { kept.start(t, v, keys...) })
			}
			s.play(t, rapid.IntRange(0, 6).Draw(t, "calls"))
		}
		s.finish(t)

		last, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{b, a}, secret.Options{})
		if err != nil {
			t.Fatal(err)
		}
		kept.opens(t, last)
		alone, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{b}, secret.Options{})
		if err != nil {
			t.Fatalf("after the rotation the new key is not enough: %v", err)
		}
		kept.opens(t, alone)
		if kept.hash != nil && alone.Hash("voucher pin", canary) != *kept.hash {
			t.Fatal("a voucher would not be recognised")
		}
	})
}

// TestARollingRotationRefusesNoReplica goes through the documented steps. Within
// a step replicas start with what the step before had or with what it has; the
// next begins when all have been started with this one.
func TestARollingRotationRefusesNoReplica(t *testing.T) {
	a, _ := operator(t, 1)
	b, _ := operator(t, 2)
	steps := [][]secret.OperatorKey{{a}, {a, b}, {b, a}, {b}}
	rapid.Check(t, func(t *rapid.T) {
		v, kept := &vault{}, &archive{}
		s := &stage{v: v, after: func() {}}
		replica := func(step int) func(secret.Vault) {
			return func(v secret.Vault) { kept.start(t, v, steps[step]...) }
		}
		s.enter(replica(0))
		s.finish(t)
		for step := range steps[1:] {
			for range rapid.IntRange(0, 6).Draw(t, "processes") {
				now := step + rapid.IntRange(0, 1).Draw(t, "step")
				if rapid.IntRange(0, 3).Draw(t, "renews") == 0 {
					s.enter(func(v secret.Vault) { _, _ = secret.Renew(t.Context(), v, steps[now], "try", noon) })
				} else {
					s.enter(replica(now))
				}
				s.play(t, rapid.IntRange(0, 5).Draw(t, "calls"))
			}
			s.finish(t)
			s.enter(replica(step + 1)) // the last one to be replaced
			s.finish(t)
		}
		if under := v.under(); len(under) != 1 || under[0] != b.Fingerprint() {
			t.Fatalf("keys are wrapped under %v", under)
		}
		kept.opens(t, func() *secret.Keyring {
			k, err := secret.OpenKeyring(t.Context(), v, steps[3], secret.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return k
		}())
	})
}
