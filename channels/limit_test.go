package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/dialog"
)

// passer is an engine that counts whom it was asked by.
type passer struct{ passed map[string]int }

func (p *passer) Handle(_ context.Context, t dialog.Turn) (dialog.Reply, error) {
	if p.passed == nil {
		p.passed = map[string]int{}
	}
	p.passed[t.User]++
	return dialog.Reply{Text: "menu"}, nil
}

func (p *passer) all() (n int) {
	for _, one := range p.passed {
		n += one
	}
	return n
}

// sharedCount is Limits for tests: a count from which time takes nothing away.
type sharedCount struct {
	n     map[string]int
	asked int
	gives bool // whatever was counted
	err   error
}

func (s *sharedCount) Allow(ctx context.Context, key string, n int, _ time.Duration) (bool, time.Duration, error) {
	s.asked++
	if _, bounded := ctx.Deadline(); !bounded {
		return false, 0, errors.New("asked without an end")
	}
	if s.err != nil {
		return false, 0, s.err
	}
	if s.n[key] >= n && !s.gives {
		return false, time.Second, nil
	}
	s.n[key]++
	return true, 0, nil
}

// limitClock is a clock that is set.
type limitClock struct{ at time.Time }

func (c *limitClock) now() time.Time { return c.at }

// limitTurn is "user" on a gateway, or "channel/user"; "end/user" is the end of a
// conversation.
func limitTurn(s string) dialog.Turn {
	channel, user, named := strings.Cut(s, "/")
	switch {
	case !named:
		return dialog.Turn{Channel: "ussd", User: channel}
	case channel == "end":
		return dialog.Turn{Channel: "ussd", User: user, Event: dialog.Ended}
	default:
		return dialog.Turn{Channel: channel, User: user, Caps: dialog.Caps{Chat: channel == "whatsapp"}}
	}
}

func TestTurnsPassUpToTheirLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		o      LimitedOptions
		shared sharedCount
		steps  string // a turn that passes ends in +, another in -; numbers are pauses in seconds
		asked  int
		told   string
	}{
		{"a few ask nobody", LimitedOptions{Customer: 8}, sharedCount{}, "a+ a+ b+ b+", 0, ""},
		{"above a quarter the others are asked", LimitedOptions{Customer: 8}, sharedCount{}, "a+ a+ a+ b+", 1, ""},
		{"up to the limit, and again in the next window", LimitedOptions{Customer: 4}, sharedCount{gives: true},
			"a+ 59 a+ a+ a+ a- b+ 1 a+ a+ a+ a+ a-", 6, "ussd customer 2"},
		{"through whatever gateway", LimitedOptions{Customer: 2}, sharedCount{}, "a+ aat/a+ a- aat/a- aat/b+", 3, "aat customer 1, ussd customer 1"},
		{"what others counted, until they may have room", LimitedOptions{Customer: 8}, sharedCount{n: map[string]int{"customer//a": 6}},
			"a+ a+ a- a- 1 a- b+", 2, "ussd customer 3"},
		{"the shared count is away", LimitedOptions{Customer: 4}, sharedCount{err: errors.New("Redis is away")},
			"a+ a+ a+ a+ a- b+", 3, "ussd customer 1, ussd unshared 3"},
		{"a chat's own names", LimitedOptions{Customer: 1}, sharedCount{}, "a+ a- whatsapp/a+ whatsapp/a- a-", 2, "ussd customer 2, whatsapp customer 1"},
		{"an end always passes", LimitedOptions{Customer: 1, Gateway: 1}, sharedCount{}, "a+ a- end/a+ end/a+ a-", 2, "ussd customer 2"},
		{"a gateway", LimitedOptions{Customer: 8, Gateway: 4}, sharedCount{}, "a+ b+ c+ d+ e- aat/e+ f- 60 a+", 3, "ussd gateway 2"},
		{"too much of one takes nothing from the others", LimitedOptions{Customer: 1, Gateway: 3}, sharedCount{},
			"a+ a- a- a- b+ c+ d-", 7, "ussd customer 3, ussd gateway 1"},
		{"no limit of a customer", LimitedOptions{Customer: -1}, sharedCount{}, strings.Repeat("a+ ", 200), 0, ""},
		{"the default", LimitedOptions{}, sharedCount{}, strings.Repeat("a+ ", 60) + "a-", 45, "ussd customer 1"},
		{"whoever was not heard of for longest is forgotten", LimitedOptions{Customer: 1, Customers: 2}, sharedCount{gives: true},
			"a+ b+ a- c+ b+ c-", 4, "ussd customer 2"},
		{"a clock that is set back", LimitedOptions{Customer: 1}, sharedCount{gives: true}, "a+ a- -90 a+", 2, "ussd customer 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock, engine, told := &limitClock{at: time.Unix(1_795_000_000, 0)}, &passer{}, map[string]int{}
			if c.shared.n == nil {
				c.shared.n = map[string]int{}
			}
			o := c.o
			o.Shared, o.Busy, o.Now = &c.shared, "Too busy", clock.now
			o.Observe = func(channel, what string) { told[channel+" "+what]++ }
			l := NewLimited(engine, o)
			passed := 0
			for i, step := range strings.Fields(c.steps) {
				if n, err := strconv.Atoi(step); err == nil {
					clock.at = clock.at.Add(time.Duration(n) * time.Second)
					continue
				}
				name, passes := strings.CutSuffix(step, "+")
				turn := limitTurn(strings.TrimSuffix(name, "-"))
				want := dialog.Reply{Text: "Too busy", End: true}
				if turn.Caps.Chat {
					want.Chat = &dialog.Parts{Prompt: "Too busy"}
				}
				if passes {
					want = dialog.Reply{Text: "menu"}
					passed++
				}
				got, err := l.Handle(t.Context(), turn)
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("turn %d, %s: %v %s", i+1, step, err, diff)
				}
			}
			if c.shared.asked != c.asked || engine.all() != passed {
				t.Errorf("the others were asked %d times, the engine %d; want %d and %d", c.shared.asked, engine.all(), c.asked, passed)
			}
			var all []string
			for what, n := range told {
				all = append(all, fmt.Sprint(what, " ", n))
			}
			slices.Sort(all)
			if got := strings.Join(all, ", "); got != c.told {
				t.Errorf("told %q, want %q", got, c.told)
			}
		})
	}
}

// TestNoWindowHasMoreThanItsLimit plays turns of a few people through two processes
// with one count, or with none, and looks at every window there is.
func TestNoWindowHasMoreThanItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 9).Draw(t, "limit")
		clock, shared := &limitClock{at: time.Unix(1_795_000_000, 0)}, &sharedCount{n: map[string]int{}}
		if rapid.Bool().Draw(t, "away") {
			shared.err = errors.New("away")
		}
		const window = 10 * time.Second
		most := rapid.IntRange(1, 3).Draw(t, "customers")
		var processes []*Limited
		for range 2 {
			processes = append(processes, NewLimited(&passer{}, LimitedOptions{Customer: limit, Window: window, Shared: shared, Customers: most, Now: clock.now}))
		}
		passed := map[string][]time.Time{} // by process and customer, since it was last forgotten
		for range rapid.IntRange(1, 200).Draw(t, "turns") {
			clock.at = clock.at.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "pause")) * time.Millisecond)
			who, where := fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "who")), rapid.IntRange(0, 1).Draw(t, "where")
			l := processes[where]
			if _, known := l.customer.all[countKey{user: who}]; !known {
				delete(passed, fmt.Sprint(where, who))
			}
			r, err := l.Handle(context.Background(), dialog.Turn{Channel: "ussd", User: who})
			if err != nil {
				t.Fatal(err)
			}
			if !r.End {
				key := fmt.Sprint(where, who)
				passed[key] = append(passed[key], clock.at)
				all := passed[key]
				n := 0
				for _, at := range all {
					if clock.at.Sub(at) < window {
						n++
					}
				}
				if n > 2*limit || len(all) > limit && all[0].Add(window).After(clock.at) {
					t.Fatalf("%d turns of %s passed within %s, the limit is %d", n, who, window, limit)
				}
			}
			if n := len(l.customer.all); n > most || n != l.customer.order.Len() {
				t.Fatalf("it remembers %d, want %d at most", n, most)
			}
		}
		for key, n := range shared.n {
			if n > limit-limit/4 {
				t.Fatalf("%s was counted %d times together", key, n)
			}
		}
	})
}

func TestOfManyAtOnceNoMorePassThanMay(t *testing.T) {
	const limit = 30
	var mu sync.Mutex
	passed := 0
	l := NewLimited(nothing{}, LimitedOptions{Customer: limit, Window: time.Hour})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range limit {
				r, err := l.Handle(context.Background(), limitTurn("a"))
				if err != nil {
					t.Error(err)
				}
				if !r.End {
					mu.Lock()
					passed++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if passed != limit {
		t.Errorf("%d passed, want %d", passed, limit)
	}
}

// BenchmarkLimited is what a turn of an ordinary customer costs more, of one of very
// many, and of one who writes too much.
func BenchmarkLimited(b *testing.B) {
	users := make([]string, 20000)
	for i := range users {
		users[i] = fmt.Sprint(27820000000 + i)
	}
	for _, c := range []struct {
		name  string
		users int
		limit int
	}{{"ordinary", 1000, 1 << 30}, {"forgetting", 20000, 1 << 30}, {"too much", 1, 4}} {
		b.Run(c.name, func(b *testing.B) {
			l := NewLimited(nothing{}, LimitedOptions{Customer: c.limit, Gateway: 1 << 30, Busy: "Too busy", Window: time.Hour})
			ctx := context.Background()
			for i := range c.users {
				_, _ = l.Handle(ctx, dialog.Turn{Channel: "ussd", User: users[i]})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := l.Handle(ctx, dialog.Turn{Channel: "ussd", User: users[i%c.users]}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// nothing is an engine that does nothing.
type nothing struct{}

func (nothing) Handle(context.Context, dialog.Turn) (dialog.Reply, error) { return dialog.Reply{}, nil }
