package vend_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

func TestAVoucherIsCreditedWithWhatTheProviderSaysItIsWorth(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.issue(pinA, 37_50)
		for range 3 { // and once only
			o, err := p.redeem("R-1", 1, pinA)
			want(t, o, err, vend.StateDelivered)
			if o.Amount != 37_50 {
				t.Errorf("worth %s", o.Amount)
			}
		}
		p.balance(t, 1, 37_50, 0)
		pass(time.Hour)
		if got := w.messages("R-1"); got != "" {
			t.Errorf("messages besides the screen: %q", got)
		}
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

func TestARefusedVoucherMayBeTriedAgain(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.expect(step{taking: refuses, reason: vend.ReasonTryLater})
		w.provider.issue(pinA, ledger.Rand(50))
		o, err := p.redeem("R-1", 1, pinA)
		want(t, o, err, vend.StateDeclined)
		// By somebody else, even: it was not theirs to keep.
		o, err = p.redeem("R-2", 2, pinA)
		want(t, o, err, vend.StateDelivered)
		p.balance(t, 1, 0, 0)
		p.balance(t, 2, ledger.Rand(50), 0)
		// Whose screen was lost types it again, and hears how it went.
		if o, err = p.redeem("R-3", 2, pinA); err != nil || o.Ref != "R-2" || !o.Done() {
			t.Errorf("typed again: %s, %s, %v", o.Ref, o.State, err)
		}
		p.balance(t, 2, ledger.Rand(50), 0)
		pass(11 * time.Minute)
		for _, customer := range []int{1, 2} {
			if _, err := p.redeem(fmt.Sprintf("R-1%d", customer), customer, pinA); !errors.Is(err, vend.ErrPINTaken) {
				t.Errorf("customer %d hands it in once more: %v", customer, err)
			}
		}
	})
}

func TestAVoucherThatMayBeTakenIsNotSentUnderAnotherReference(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.issue(pinA, ledger.Rand(50))
		w.provider.expect(step{taking: loses})
		w.provider.forever(&step{taking: unclear})
		w.provider.expect(step{taking: loses})
		o, err := p.redeem("R-1", 1, pinA)
		want(t, o, err, vend.StateUnknown)
		o, err = p.redeem("R-2", 1, pinA)
		want(t, o, err, vend.StateUnknown)
		if o.Ref != "R-1" {
			t.Errorf("order %s came back", o.Ref)
		}
		if _, err := p.redeem("R-3", 2, pinA); !errors.Is(err, vend.ErrPINTaken) {
			t.Errorf("somebody else's: %v", err)
		}
		pass(window + time.Minute)
		o, err = p.redeem("R-4", 1, pinA)
		want(t, o, err, vend.StatePerson)
		if _, err := p.redeem("R-5", 2, pinA); !errors.Is(err, vend.ErrPINTaken) {
			t.Errorf("somebody else's, later: %v", err)
		}
		p.balance(t, 1, 0, 0)
		for _, s := range w.provider.sendings() {
			if s.ref != "R-1" {
				t.Errorf("%s was sent", s.ref)
			}
		}
		b, err := w.read()
		if err != nil || len(b.orders) != 1 {
			t.Errorf("orders %v, %v", b.orders, err)
		}
	})
}

// TestASecondHandInWaitsForTheFirst: the customer was cut off, dialled again and
// typed the PIN once more, while the first is on its way.
func TestASecondHandInWaitsForTheFirst(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.issue(pinA, ledger.Rand(50))
		w.provider.expect(step{taking: sells, during: func() { time.Sleep(time.Second) }})
		var first, second vend.Order
		var errs [2]error
		var wg sync.WaitGroup
		wg.Go(func() { first, errs[0] = p.redeem("R-1", 1, pinA) })
		synctest.Wait()
		wg.Go(func() { second, errs[1] = p.redeem("R-2", 1, pinA) })
		wg.Wait()
		want(t, first, errs[0], vend.StateDelivered)
		want(t, second, errs[1], vend.StateDelivered)
		if second.Ref != "R-1" {
			t.Errorf("order %s came back", second.Ref)
		}
		p.balance(t, 1, ledger.Rand(50), 0)
	})
}

func TestOneVoucherHandedInByManyAtOnceIsSentOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		other := w.start(keyring(0))
		defer other.stop()
		w.provider.issue(pinA, ledger.Rand(50))
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				_, err := []*process{p, other}[i%2].redeem(fmt.Sprintf("R-%d", i), i%3, pinA)
				if err != nil && !errors.Is(err, vend.ErrPINTaken) {
					t.Errorf("customer %d: %v", i%3, err)
				}
			})
		}
		wg.Wait()
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

// wrong hands in PINs that do not exist.
func wrongPINs(t *testing.T, p *process, customer, from, n int) {
	t.Helper()
	for i := range n {
		o, err := p.redeem(fmt.Sprintf("R-%d-%d", customer, from+i), customer, fmt.Sprintf("9%05d%010d", customer, from+i))
		want(t, o, err, vend.StateDeclined)
	}
}

func TestWrongPINsAreCountedPerCustomerInAQuarterAndInADay(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.issue(pinA, ledger.Rand(50))
		w.provider.issue(pinB, ledger.Rand(50))
		locked := func(when string) {
			t.Helper()
			n := len(w.provider.sendings())
			if _, err := p.redeem("R-x", 1, pinA); !errors.Is(err, vend.ErrTooManyTries) {
				t.Errorf("%s: %v", when, err)
			}
			if len(w.provider.sendings()) != n {
				t.Errorf("%s: it was sent", when)
			}
		}
		wrongPINs(t, p, 1, 0, 5)
		locked("after five")
		o, err := p.redeem("R-other", 2, pinB)
		want(t, o, err, vend.StateDelivered)
		// The same PIN under its own reference is no new try.
		o, err = p.redeem("R-1-4", 1, fmt.Sprintf("9%05d%010d", 1, 4))
		want(t, o, err, vend.StateDeclined)
		pass(15*time.Minute - time.Second)
		locked("just before a quarter of an hour")
		pass(2 * time.Second)
		wrongPINs(t, p, 1, 5, 5)
		locked("after ten")
		pass(16 * time.Minute)
		locked("a quarter of an hour after ten")
		p.stop()
		pass(24*time.Hour - 32*time.Minute)
		p = w.start(keyring(0))
		defer p.stop()
		locked("just before a day")
		pass(2 * time.Minute)
		o, err = p.redeem("R-right", 1, pinA)
		want(t, o, err, vend.StateDelivered)
	})
}

func TestWrongPINsOfAllTogetherAreCountedInAMinute(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{PINTriesAll: 6})
		w.provider.issue(pinA, ledger.Rand(50))
		for customer := range 3 {
			wrongPINs(t, p, customer, 0, 2)
		}
		if _, err := p.redeem("R-x", 7, pinA); !errors.Is(err, vend.ErrTooManyTries) {
			t.Errorf("the seventh: %v", err)
		}
		pass(time.Minute + time.Second)
		o, err := p.redeem("R-x", 7, pinA)
		want(t, o, err, vend.StateDelivered)
	})
}

func TestARefusalThatIsNotOfThePINIsNoWrongPIN(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{PINTries15m: 1})
		w.provider.issue(pinA, ledger.Rand(50))
		for i, reason := range []vend.Reason{vend.ReasonTryLater, vend.ReasonUnavailable, vend.ReasonCustomerInactive, ""} {
			w.provider.expect(step{taking: refuses, reason: reason})
			o, err := p.redeem(fmt.Sprintf("R-%d", i), 1, pinA)
			want(t, o, err, vend.StateDeclined)
		}
		for i, reason := range []vend.Reason{
			vend.ReasonVoucherNotFound, vend.ReasonVoucherUsed, vend.ReasonVoucherExpired, vend.ReasonVoucherCancelled, vend.ReasonVoucherNotActive,
		} {
			w.provider.expect(step{taking: declines, reason: reason})
			o, err := p.redeem(fmt.Sprintf("R-1%d", i), 2+i, pinA)
			want(t, o, err, vend.StateDeclined)
			if _, err := p.redeem(fmt.Sprintf("R-2%d", i), 2+i, pinA); !errors.Is(err, vend.ErrTooManyTries) {
				t.Errorf("after %s: %v", reason, err)
			}
		}
	})
}

// TestAPINIsNowhereInTheDatabase looks at the file itself: while the outcome is
// open, after it, and at what the file still holds of rows that are gone.
func TestAPINIsNowhereInTheDatabase(t *testing.T) {
	dir := t.TempDir()
	d := freshSQLite(dir)
	synctest.Test(t, func(t *testing.T) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.issue(pinA, ledger.Rand(50))
		look := func(when string) {
			t.Helper()
			files, err := os.ReadDir(dir)
			if err != nil || len(files) == 0 {
				t.Fatal(err)
			}
			found := false
			for _, f := range files {
				b, err := os.ReadFile(dir + "/" + f.Name())
				if err != nil {
					t.Fatal(err)
				}
				found = found || bytes.Contains(b, []byte("R-1"))
				if bytes.Contains(b, []byte(pinA)) {
					t.Errorf("%s: the PIN is in %s", when, f.Name())
				}
			}
			if !found {
				t.Errorf("%s: the order is in no file", when)
			}
		}
		w.provider.expect(step{taking: loses, during: func() { look("while it is sent") }})
		o, err := p.redeem("R-1", 1, pinA)
		want(t, o, err, vend.StateUnknown)
		open := w.state(t, "R-1")
		if len(open.Sealed) == 0 || bytes.Contains(open.Sealed, []byte(pinA)) || len(open.PINHash) != 16 {
			t.Errorf("open: %d bytes sealed, %d of the hash", len(open.Sealed), len(open.PINHash))
		}
		look("while it is open")
		pass(time.Minute)
		ended := w.state(t, "R-1")
		if ended.State != vend.StateDelivered || len(ended.Sealed) != 0 {
			t.Errorf("ended %s: %d bytes sealed", ended.State, len(ended.Sealed))
		}
		look("at the end")
		if text := fmt.Sprintf("%v %+v", ended, redemption("R-1", 1, pinA)); strings.Contains(text, pinA) {
			t.Errorf("printed: %s", text)
		}
	})
}

// TestTheHashOfAPINDependsOnTheKey, so that the column alone is of no use to
// whoever tries all PINs.
func TestTheHashOfAPINDependsOnTheKey(t *testing.T) {
	hash := func(k *secret.Keyring) []byte {
		h := k.Hash("voucher pin", pinA)
		return h[:16]
	}
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		o, err := p.redeem("R-1", 1, pinA)
		want(t, o, err, vend.StateDeclined)
		if got := w.state(t, "R-1").PINHash; !bytes.Equal(got, hash(keyring(0))) || bytes.Equal(got, hash(keyring(1))) {
			t.Errorf("hash %x", got)
		}
	})
}

func TestAVoucherWhoseRequestDoesNotOpenIsKeptForAPerson(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := startWorld(t, d, vend.Options{})
		w.provider.issue(pinA, ledger.Rand(50))
		w.provider.expect(step{taking: loses})
		o, err := p.redeem("R-1", 1, pinA)
		want(t, o, err, vend.StateUnknown)
		p.crash()
		changed := w.start(keyring(1))
		defer changed.stop()
		pass(time.Minute)
		o = w.state(t, "R-1")
		if o.State != vend.StatePerson || len(o.Sealed) == 0 {
			t.Errorf("%s with %d bytes", o.State, len(o.Sealed))
		}
		changed.balance(t, 1, 0, 0)
		if n := len(w.provider.sendings()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}
