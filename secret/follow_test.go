package secret_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/secret"
)

func TestAKeyThatAnotherReplicaMadeIsFound(t *testing.T) {
	a, _ := operator(t, 1)
	v := &vault{}
	one := open(t, v, a)
	if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{a}, "new", noon); err != nil {
		t.Fatal(err)
	}
	other := open(t, v, a)
	reads := v.reads
	for range 3 {
		if got, err := one.Open(other.Seal(secret.New(canary), "P"), "P"); err != nil || !got.Equal(canary) {
			t.Fatalf("opened %q, %v", got.Reveal(), err)
		}
	}
	if v.reads != reads+1 {
		t.Errorf("the vault was read %d times", v.reads-reads)
	}
}

func TestAKeyThatIsNotThereIsLookedForOnceInAWhile(t *testing.T) {
	a, _ := operator(t, 1)
	v, now := &vault{}, noon
	k, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{a}, secret.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	sealed := k.Seal(secret.New(canary), "P")
	sealed[2] = 99
	reads := v.reads
	for _, c := range []struct {
		after time.Duration
		reads int
	}{{0, 1}, {0, 1}, {time.Second, 1}, {time.Second, 1}, {time.Second, 2}, {time.Second, 2}} {
		now = now.Add(c.after)
		if _, err := k.Open(sealed, "P"); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("opened with a key that is not there: %v", err)
		}
		if got := v.reads - reads; got != c.reads {
			t.Errorf("the vault was read %d times, want %d", got, c.reads)
		}
	}
	sealed[2] = 2 // the hashing key
	if _, err := k.Open(sealed, "P"); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("opened with the hashing key: %v", err)
	}
}

// TestAVaultThatIsAwayIsNoJudgement is about money: what is called damaged goes
// to a person, what cannot be opened now is tried again.
func TestAVaultThatIsAwayIsNoJudgement(t *testing.T) {
	a, _ := operator(t, 1)
	b, _ := operator(t, 2)
	v, now := &vault{}, noon
	one, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{a}, secret.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{a}, "new", noon); err != nil {
		t.Fatal(err)
	}
	sealed := open(t, v, a).Seal(secret.New(canary), "P")

	away := errors.New("the database is away")
	v.away = away
	reads := v.reads
	for range 5 {
		if _, err := one.Open(sealed, "P"); !errors.Is(err, away) || errors.Is(err, secret.ErrSealed) {
			t.Errorf("judged as %v", err)
		}
	}
	if v.reads != reads+1 {
		t.Errorf("the vault that does not answer was asked %d times", v.reads-reads)
	}
	v.away, now = nil, now.Add(3*time.Second)
	if got, err := one.Open(sealed, "P"); err != nil || !got.Equal(canary) {
		t.Errorf("when it is back: %v", err)
	}

	// A replica that was not given the next key goes on with what it has, and
	// leaves the rest to others.
	good := v.rows[2].Sealed
	v.rows[2].Sealed = []byte("under another key")
	if err := one.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id, _ := secret.SealedWith(one.Seal(secret.New(canary), "P")); id != 3 {
		t.Errorf("it went back to key %d", id)
	}
	v.rows[2].Sealed = good
	open(t, v, b, a)
	if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{b}, "newer", noon); err != nil {
		t.Fatal(err)
	}
	newer := open(t, v, b).Seal(secret.New(canary), "P")
	for range 2 {
		_, err := one.Open(newer, "P")
		if e, ok := errors.AsType[*secret.LockedError](err); !ok || e.ID != 4 || errors.Is(err, secret.ErrSealed) {
			t.Errorf("judged as %v", err)
		}
	}
	if got, err := one.Open(sealed, "P"); err != nil || !got.Equal(canary) {
		t.Errorf("what it could open before: %v", err)
	}
	if id, _ := secret.SealedWith(one.Seal(secret.New(canary), "P")); id != 3 {
		t.Errorf("it seals with key %d", id)
	}
}

func TestAKeyThatTheVaultForgotSealsNoMore(t *testing.T) {
	a, _ := operator(t, 1)
	v := &vault{}
	open(t, v, a)
	before := v.rows
	if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{a}, "new", noon); err != nil {
		t.Fatal(err)
	}
	k := open(t, v, a)
	sealed := k.Seal(secret.New(canary), "P")
	v.rows = before // a standby that was behind has taken over
	if err := k.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id, _ := secret.SealedWith(k.Seal(secret.New(canary), "P")); id != 1 {
		t.Errorf("it seals with key %d, which nobody else will have", id)
	}
	if got, err := k.Open(sealed, "P"); err != nil || !got.Equal(canary) {
		t.Errorf("what it alone can open: %v", err)
	}
}

func TestARunningKeyringFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := operator(t, 1)
		v := &vault{}
		var log bytes.Buffer
		k, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{a}, secret.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go k.Follow(ctx)
		if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{a}, "new", noon); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if id, _ := secret.SealedWith(k.Seal(secret.New(canary), "P")); id != 3 {
			t.Errorf("after a minute it seals with key %d", id)
		}
		v.mu.Lock()
		v.away = errors.New("the database is away")
		v.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		synctest.Wait()
		if !strings.Contains(log.String(), "the database is away") {
			t.Errorf("not a word of it: %s", log.String())
		}
		if got, err := k.Open(k.Seal(secret.New(canary), "P"), "P"); err != nil || !got.Equal(canary) {
			t.Errorf("it does not go on: %v", err)
		}
	})
}
