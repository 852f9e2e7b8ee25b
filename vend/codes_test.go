package vend_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/secret"
	"spaza/vend"
)

// not is a code that is not the given one.
func not(code secret.Text) secret.Text {
	if code.Reveal() == "000000" {
		return secret.New("00001")
	}
	return secret.New("000000")
}

// entered is what came of a code, in a word.
func entered(err error) string {
	e, wrong := errors.AsType[*vend.CodeError](err)
	switch {
	case err == nil:
		return "right"
	case wrong && !errors.Is(err, vend.ErrCodeWrong):
		return "not one of its kind"
	case wrong:
		return fmt.Sprint("left ", e.Left)
	case errors.Is(err, vend.ErrCodeOver):
		return "over"
	case errors.Is(err, vend.ErrTooOften):
		return "too often"
	}
	return err.Error()
}

func TestWhatACodeIsGoodFor(t *testing.T) {
	const me, other = "111", "222"
	for name, c := range map[string]struct {
		do   func(k *safe, code secret.Text) error
		want string
	}{
		"at once":     {func(k *safe, code secret.Text) error { return k.enters(me, code) }, "right"},
		"with blanks": {func(k *safe, code secret.Text) error { return k.enters(me, secret.New(" "+code.Reveal()+"\n")) }, "right"},
		"just in time": {func(k *safe, code secret.Text) error {
			k.pass(10*time.Minute - time.Millisecond)
			return k.enters(me, code)
		}, "right"},
		"too late":      {func(k *safe, code secret.Text) error { k.pass(10 * time.Minute); return k.enters(me, code) }, "over"},
		"by another":    {func(k *safe, code secret.Text) error { return k.enters(other, code) }, "over"},
		"another one":   {func(k *safe, code secret.Text) error { return k.enters(me, not(code)) }, "left 2"},
		"none":          {func(k *safe, code secret.Text) error { return k.enters(me, secret.Text{}) }, "left 2"},
		"part of it":    {func(k *safe, code secret.Text) error { return k.enters(me, secret.New(code.Reveal()[:5])) }, "left 2"},
		"on the third":  {func(k *safe, code secret.Text) error { k.misses(me, 2); return k.enters(me, code) }, "right"},
		"a third wrong": {func(k *safe, code secret.Text) error { k.misses(me, 2); return k.enters(me, not(code)) }, "left 0"},
		"on the fourth": {func(k *safe, code secret.Text) error { k.misses(me, 3); return k.enters(me, code) }, "over"},
		"twice":         {func(k *safe, code secret.Text) error { _ = k.enters(me, code); return k.enters(me, code) }, "over"},
		"after another was sent": {func(k *safe, code secret.Text) error {
			k.must(k.s.SendCode(k.t.Context(), "telegram", me, number(2)))
			k.sms()
			if code.Reveal() == k.codes[number(2)].Reveal() {
				return vend.ErrCodeWrong
			}
			return k.enters(me, code)
		}, "left 2"},
		"the later one": {func(k *safe, _ secret.Text) error {
			k.misses(me, 3)
			k.must(k.s.SendCode(k.t.Context(), "telegram", me, number(1)))
			k.sms()
			return k.enters(me, k.codes[number(1)])
		}, "right"},
		"in another chat": {func(k *safe, code secret.Text) error {
			_, err := k.s.CheckCode(k.t.Context(), "whatsapp", me, code)
			return err
		}, "over"},
		"under another key": {func(k *safe, code secret.Text) error {
			k.s = vend.New(k.sql, k.p, keyring(1), vend.Options{Now: func() time.Time { return k.now }})
			return k.enters(me, code)
		}, "over"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newSafe(t, database{}, vend.Options{})
			k.must(k.s.SendCode(t.Context(), "telegram", me, number(1)))
			k.wantSMS("the code", "code to 0001")
			if got := entered(c.do(k, k.codes[number(1)])); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
			n := 0
			if c.want == "right" {
				n = 1
			}
			if name != "twice" {
				k.meets("afterwards", "telegram", me, "", n)
			}
		})
	}
}

func (k *safe) pass(d time.Duration) { k.now = k.now.Add(d) }

func (k *safe) enters(user string, code secret.Text) error {
	_, err := k.s.CheckCode(k.t.Context(), "telegram", user, code)
	return err
}

// misses has somebody enter n wrong codes.
func (k *safe) misses(user string, n int) {
	for range n {
		_ = k.enters(user, not(k.codes[number(1)]))
	}
}

func TestHowOftenCodesAreSent(t *testing.T) {
	inEachSafe(t, vend.Options{CodesAll: 9}, func(t *testing.T, k *safe) {
		sent := 0
		send := func(what, user string, n int, want error) {
			t.Helper()
			if err := k.s.SendCode(t.Context(), "telegram", user, number(n)); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
			got := k.sms()
			if (got != "") != (want == nil) {
				t.Errorf("%s: sent %q", what, got)
			}
			if want == nil {
				sent++
			}
		}
		for i := range 3 {
			send("to a number", fmt.Sprint("p", i), 1, nil)
		}
		send("to a number too often", "p9", 1, vend.ErrTooOften)
		for i := range 3 {
			send("for a person", "q", 10+i, nil)
		}
		send("for a person too often", "q", 20, vend.ErrTooOften)
		for i := range 3 {
			send("for others", fmt.Sprint("r", i), 30+i, nil)
		}
		send("for all too often", "s", 40, vend.ErrTooOften)
		k.pass(time.Hour - time.Millisecond)
		send("within the hour", "q", 20, vend.ErrTooOften)
		k.pass(time.Millisecond)
		for i := range 3 {
			send("an hour later, to a number", fmt.Sprint("t", i), 1, nil)
			send("an hour later, for a person", "q", 50+i, nil)
		}
		k.pass(2 * time.Hour)
		send("six in a day, to a number", "u", 1, vend.ErrTooOften)
		send("six in a day, for a person", "q", 60, vend.ErrTooOften)
		k.pass(22 * time.Hour)
		send("a day after, to a number", "u", 1, nil)
		send("a day after, for a person", "q", 60, nil)
		if sent != 17 {
			t.Errorf("%d were sent", sent)
		}
	})
}

func TestTenWrongCodesADay(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	got := []string{}
	for i := range 5 {
		if i == 3 {
			k.pass(time.Hour)
		}
		k.must(k.s.SendCode(t.Context(), "telegram", "111", number(1)))
		k.sms()
		for range 3 {
			got = append(got, entered(k.enters("111", not(k.codes[number(1)]))))
		}
	}
	if want := strings.Repeat("left 2,left 1,left 0,", 3) + "left 2,too often,too often,too often,too often,too often"; strings.Join(got, ",") != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := entered(k.enters("111", k.codes[number(1)])); got != "too often" {
		t.Errorf("the right one is %s", got)
	}
	k.pass(24 * time.Hour)
	k.proves("telegram", "111", 1)
}

// TestOfManyTriesAtOnceThreeAreLookedAt has two replicas look at many codes of one
// person at the same time.
func TestOfManyTriesAtOnceThreeAreLookedAt(t *testing.T) {
	inEachSafe(t, vend.Options{}, func(t *testing.T, k *safe) {
		now := k.now
		replicas := []*vend.Service{
			k.s, vend.New(k.sql, k.p, keyring(0), vend.Options{Now: func() time.Time { return now }}),
		}
		replicas[1].Attach(vend.Elsewhere{})
		race := func(code func(i int) secret.Text) map[string]int {
			k.must(k.s.SendCode(t.Context(), "telegram", "111", number(1)))
			k.sms()
			var mu sync.Mutex
			var all sync.WaitGroup
			got := map[string]int{}
			for i := range 12 {
				all.Go(func() {
					_, err := replicas[i%2].CheckCode(t.Context(), "telegram", "111", code(i))
					mu.Lock()
					defer mu.Unlock()
					got[entered(err)]++
				})
			}
			all.Wait()
			return got
		}
		got := race(func(int) secret.Text { return not(k.codes[number(1)]) })
		if got["left 2"] != 1 || got["left 1"] != 1 || got["left 0"] != 1 || got["over"] != 9 {
			t.Errorf("of twelve wrong ones: %v", got)
		}
		if word := entered(k.enters("111", k.codes[number(1)])); word != "over" {
			t.Errorf("the right one after them is %s", word)
		}
		got = race(func(int) secret.Text { return k.codes[number(1)] })
		if got["right"] != 1 || got["right"]+got["over"] != 12 {
			t.Errorf("of twelve right ones: %v", got)
		}
	})
}

// TestAsManyCodesAtOnceAsMayBe has two replicas send codes to one number, for as
// many people, at the same time.
func TestAsManyCodesAtOnceAsMayBe(t *testing.T) {
	inEachSafe(t, vend.Options{}, func(t *testing.T, k *safe) {
		var mu sync.Mutex
		var all sync.WaitGroup
		sent := 0
		for i := range 12 {
			all.Go(func() {
				err := k.s.SendCode(t.Context(), "telegram", fmt.Sprint("p", i), number(1))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					sent++
				} else if !errors.Is(err, vend.ErrTooOften) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := k.sms(); sent != 3 || strings.Count(got, "code to") != 3 {
			t.Errorf("%d were sent: %q", sent, got)
		}
	})
}

func TestACodeThatIsNotNeededIsNotSent(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	claim := func() jobs.Job {
		t.Helper()
		claimed, err := k.sql.Claim(t.Context(), []jobs.Kind{vend.JobCode}, 9, "gateway", k.now, k.now.Add(time.Second))
		if err != nil || len(claimed) != 1 {
			t.Fatalf("%v, %v", claimed, err)
		}
		return claimed[0]
	}
	k.must(k.s.SetLanguage(t.Context(), number(1), "zu"))
	k.must(k.s.SendCode(t.Context(), "telegram", "111", number(1)))
	first := claim()
	if !first.Until.Equal(k.now.Add(10*time.Minute)) || first.Data != "" {
		t.Errorf("the job is %+v", first)
	}
	if to, language, _, err := k.s.Code(t.Context(), first); err != nil || to != number(1) || language != "zu" {
		t.Errorf("to %q in %q, %v", to, language, err)
	}
	k.must(k.s.SendCode(t.Context(), "telegram", "111", number(2)))
	if _, _, code, err := k.s.Code(t.Context(), first); !errors.Is(err, vend.ErrNoCode) || !code.Empty() {
		t.Errorf("one that was replaced: %v", err)
	}
	second := claim()
	k.pass(10 * time.Minute)
	if _, _, _, err := k.s.Code(t.Context(), second); !errors.Is(err, vend.ErrNoCode) {
		t.Errorf("one that is over: %v", err)
	}
}
