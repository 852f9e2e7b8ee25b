package flows_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/dialog"
	"spaza/flows"
	"spaza/secret"
	"spaza/vend"
)

// dyingLocks are locks of a process that dies when the next PIN is written.
type dyingLocks struct {
	flows.Locks
	crash *death
}

func (l *dyingLocks) dying(ctx context.Context, do func(context.Context) error) error {
	switch l.crash.now() {
	case "before":
		return errDied
	case "after":
		_ = do(ctx)
		return errDied
	case "late":
		go func() {
			time.Sleep(5 * time.Second)
			_ = do(context.WithoutCancel(ctx))
		}()
		return errDied
	}
	return do(ctx)
}

func (l *dyingLocks) SetPIN(ctx context.Context, msisdn string, old, chosen secret.Text) error {
	return l.dying(ctx, func(ctx context.Context) error { return l.Locks.SetPIN(ctx, msisdn, old, chosen) })
}

func (l *dyingLocks) RemovePIN(ctx context.Context, msisdn string, old secret.Text) error {
	return l.dying(ctx, func(ctx context.Context) error { return l.Locks.RemovePIN(ctx, msisdn, old) })
}

func (l *dyingLocks) CheckPIN(ctx context.Context, msisdn string, pin secret.Text) error {
	return l.dying(ctx, func(ctx context.Context) error { return l.Locks.CheckPIN(ctx, msisdn, pin) })
}

// caller is somebody on the phone with a shop whose locks can die.
type caller struct {
	*testing.T
	house  *house
	locks  *dyingLocks
	engine *dialog.Engine
	store  *seenStore
	calls  string
	text   string
}

// seenStore keeps every record that was saved.
type seenStore struct {
	dialog.Store
	records []string
}

func (s *seenStore) Save(ctx context.Context, key, prev, record string, life time.Duration) (string, bool, error) {
	s.records = append(s.records, record)
	return s.Store.Save(ctx, key, prev, record, life)
}

func newCaller(t *testing.T, books []byte) *caller {
	t.Helper()
	h := newHouse(t, books)
	shop := h.shop()
	c := &caller{T: t, house: h, locks: &dyingLocks{Locks: shop.Locks, crash: &death{}}, store: &seenStore{Store: dialog.NewMemory()}}
	shop.Locks = c.locks
	var err error
	if c.engine, err = dialog.New(flows.Book(shop), h.words, c.store, dialog.Options{Hash: h.keys.Hash}); err != nil {
		t.Fatal(err)
	}
	return c
}

// dial begins another call, and says the rest one after the other; what the last
// screen shows comes back.
func (c *caller) dial(deep string, rest ...string) string {
	c.calls += "i"
	c.text = deep
	shown := c.send()
	for _, in := range rest {
		c.text += "*" + in
		shown = c.send()
	}
	return shown
}

func (c *caller) send() string {
	reply, _ := c.engine.Handle(c.Context(), dialog.Turn{
		Channel: "talk", User: c.house.user, Session: c.calls, Text: c.text, Cumulative: true, Caps: dialog.Caps{Septets: 160},
	})
	return reply.Text
}

func (c *caller) wants(shown, what string) {
	c.Helper()
	if !strings.Contains(shown, what) {
		c.Errorf("the screen shows\n%s\nand not %q", shown, what)
	}
}

// right says which of some PINs is the customer's.
func (c *caller) right(pins ...string) string {
	for _, pin := range pins {
		if c.house.service.CheckPIN(c.Context(), c.house.user, secret.New(pin)) == nil {
			return pin
		}
	}
	return ""
}

const (
	firstPIN  = "48213"
	secondPIN = "59324"
)

// TestADeathWhileAPINIsSetIsToldAsItWent lets the process die when a PIN is being
// made or changed: whoever dials again learns whether it was.
func TestADeathWhileAPINIsSetIsToldAsItWent(t *testing.T) {
	const set, anew, unsure = "Your PIN is set", "Choose a PIN", "We do not know yet"
	books := emptyBooks(t)
	for name, tc := range map[string]struct {
		changing  bool
		crash     string
		wait      time.Duration // until the next dial
		shown     string        // at it
		right     string
		proveOnce bool // another PIN can be chosen at once
	}{
		"making, before":                  {crash: "before", wait: 11 * time.Second, shown: anew},
		"making, before, and at once":     {crash: "before", wait: time.Second, shown: unsure},
		"making, after":                   {crash: "after", wait: time.Second, shown: set, right: firstPIN},
		"making, late":                    {crash: "late", wait: 3 * time.Second, shown: set, right: firstPIN},
		"changing, before":                {changing: true, crash: "before", wait: 11 * time.Second, shown: anew, right: firstPIN, proveOnce: true},
		"changing, before, and at once":   {changing: true, crash: "before", wait: time.Second, shown: unsure, right: firstPIN},
		"changing, after":                 {changing: true, crash: "after", wait: time.Second, shown: set, right: secondPIN},
		"changing, late":                  {changing: true, crash: "late", wait: 3 * time.Second, shown: set, right: secondPIN},
		"changing, before, much later on": {changing: true, crash: "before", wait: 9*time.Minute + 59*time.Second, shown: anew, right: firstPIN},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t, books)
				first := []string{firstPIN, firstPIN}
				if tc.changing {
					c.wants(c.dial("6*5*1", first...), set)
					c.wants(c.dial("6*5*1", firstPIN), anew)
					time.Sleep(2 * time.Second)
					c.text += "*" + secondPIN
					c.send()
					c.locks.crash.comes(tc.crash)
					c.text += "*" + secondPIN
					c.wants(c.send(), unsure)
				} else {
					c.dial("6*5*1", firstPIN)
					c.locks.crash.comes(tc.crash)
					c.text += "*" + firstPIN
					c.wants(c.send(), unsure)
				}
				time.Sleep(tc.wait)
				c.wants(c.dial(""), tc.shown)
				if tc.proveOnce {
					c.text = secondPIN
					c.send()
					c.text += "*" + secondPIN
					c.wants(c.send(), set)
					tc.right = secondPIN
				}
				if got := c.right(firstPIN, secondPIN); got != tc.right {
					t.Errorf("the PIN is %q, want %q", got, tc.right)
				}
				c.keepsNoPIN(firstPIN, secondPIN)
			})
		})
	}
}

func (c *caller) keepsNoPIN(pins ...string) {
	c.Helper()
	for _, r := range c.store.records {
		for _, pin := range pins {
			if strings.Contains(r, pin) {
				c.Errorf("a PIN is kept in the session")
			}
		}
	}
}

// TestADeathAtAPINThatIsThereAsksForItAgain does the same where a PIN is proved, or
// taken away.
func TestADeathAtAPINThatIsThereAsksForItAgain(t *testing.T) {
	const old, gone = "Type the PIN that you have now", "Your PIN is gone"
	books := emptyBooks(t)
	for name, tc := range map[string]struct {
		pick, crash, shown string
		set                bool
	}{
		"proving, before":  {"1", "before", old, true},
		"proving, after":   {"1", "after", old, true},
		"removing, before": {"2", "before", old, true},
		"removing, after":  {"2", "after", gone, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t, books)
				if err := c.house.service.SetPIN(t.Context(), c.house.user, secret.Text{}, secret.New(firstPIN)); err != nil {
					t.Fatal(err)
				}
				c.dial("6*5*" + tc.pick)
				c.locks.crash.comes(tc.crash)
				c.text += "*" + firstPIN
				c.wants(c.send(), "We do not know yet")
				c.wants(c.dial(""), tc.shown)
				if s, err := c.house.service.PIN(t.Context(), c.house.user); err != nil || s.Set != tc.set {
					t.Errorf("it stands %+v, %v", s, err)
				}
				c.keepsNoPIN(firstPIN)
			})
		})
	}
}

// TestTheOldPINIsWantedWhereOneWasMadeMeanwhile has somebody make a PIN on one
// phone while another is about to.
func TestTheOldPINIsWantedWhereOneWasMadeMeanwhile(t *testing.T) {
	books := emptyBooks(t)
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, books)
		c.dial("6*5*1", firstPIN)
		if err := c.house.service.SetPIN(t.Context(), c.house.user, secret.Text{}, secret.New(secondPIN)); err != nil {
			t.Fatal(err)
		}
		c.text += "*" + firstPIN
		c.wants(c.send(), "Type the PIN that you have now")
		if got := c.right(firstPIN, secondPIN); got != secondPIN {
			t.Errorf("the PIN is %q", got)
		}
	})
}

// TestNoAnswerToAPINIsTakenFromADialString goes at every question for one with a
// dial string that has it.
func TestNoAnswerToAPINIsTakenFromADialString(t *testing.T) {
	for _, s := range flows.Book(flows.Shop{Till: priced{}, Shelf: vend.NewShelf(nil, vend.ShelfOptions{})}).States {
		asks := s.ID.Flow() == "walletpin" && s.Free || strings.HasSuffix(string(s.ID), "pin") && s.Answer != nil
		if asks && !s.Secret {
			t.Errorf("%s is answered from a dial string", s.ID)
		}
	}
}

// priced is a till that says who pays, and no more.
type priced struct{ flows.Till }

func (priced) Fund() vend.Fund { return vend.FundBalance }
