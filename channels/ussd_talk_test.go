package channels

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"spaza/dialog"
)

// shopWords says keys as they are.
type shopWords struct{}

func (shopWords) Say(_, key string, _ ...dialog.Arg) string { return key }

// shop is the engine with a small book: pick, say how much, pay. What is paid has
// a reference, so that paying it again is no other payment; hold, where it is not
// nil, is waited for while paying.
type shop struct {
	*dialog.Engine
	refs atomic.Int32
	hold chan struct{}

	mu       sync.Mutex
	paid     map[string]bool // by reference
	outcomes []dialog.Outcome
}

// payments is how many were made.
func (s *shop) payments() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.paid)
}

func newShop(t *testing.T) *shop {
	t.Helper()
	const reference dialog.TextVar = 1
	s := &shop{paid: map[string]bool{}}
	book := dialog.Book{Start: "shop.menu", States: []dialog.State{
		{
			ID:  "shop.menu",
			Ask: func(_ *dialog.Talk, sc *dialog.Screen) { sc.Text = "Menu"; sc.Add("buy", "Buy & pay") },
			Answer: func(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
				return "buy", nil
			},
			Edges: []dialog.Edge{{Move: "buy", To: "shop.amount"}},
		},
		{
			ID: "shop.amount", Free: true, Back: "shop.menu",
			Ask: func(_ *dialog.Talk, sc *dialog.Screen) { sc.Text = "How much?" },
			Answer: func(_ context.Context, t *dialog.Talk, _ dialog.Input) (dialog.Move, error) {
				t.SetText(reference, strconv.Itoa(int(s.refs.Add(1))))
				return "pay", nil
			},
			Edges: []dialog.Edge{{Move: "pay", To: "shop.paying"}},
		},
		{
			ID: "shop.paying",
			Do: func(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
				s.mu.Lock()
				s.paid[t.Text(reference)] = true
				s.mu.Unlock()
				if s.hold != nil {
					<-s.hold
				}
				return "paid", nil
			},
			Edges: []dialog.Edge{{Move: "paid", To: "shop.paid"}},
		},
		{ID: "shop.paid", End: true, Ask: func(_ *dialog.Talk, sc *dialog.Screen) { sc.Text = "Paid." }},
	}}
	engine, err := dialog.New(book, shopWords{}, dialog.NewMemory(), dialog.Options{
		Hash: func(purpose, text string) (sum [32]byte) {
			mac := hmac.New(sha256.New, []byte("key"))
			mac.Write([]byte(purpose + "\x00" + text))
			mac.Sum(sum[:0])
			return sum
		},
		Observe: func(r dialog.Report) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.outcomes = append(s.outcomes, r.Outcome)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Engine = engine
	return s
}

func (s *shop) last() dialog.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outcomes[len(s.outcomes)-1]
}

const (
	shopMenu = "Menu\n1 Buy & pay"
	shopAsks = "How much?\n0 " + dialog.KeyBack
)

// eachGateway runs a test over every gateway, with the real engine behind it.
func eachGateway(t *testing.T, run func(t *testing.T, s *shop, l *line)) {
	for name, g := range gateways {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			run(t, s, &line{gateway: g, ch: g.make(s)})
		})
	}
}

// expect fails where a screen is not the one that should be shown.
func expect(t *testing.T, what, text string, end bool, want string, wantEnd bool) {
	t.Helper()
	if !strings.HasPrefix(text, want) || end != wantEnd {
		t.Errorf("%s: shown %q (the last: %v), want %q (%v)", what, text, end, want, wantEnd)
	}
}

func TestEveryGatewayHoldsAConversation(t *testing.T) {
	eachGateway(t, func(t *testing.T, s *shop, l *line) {
		text, end := l.dial(t, "s1", ussdOurs)
		expect(t, "a dial", text, end, shopMenu, false)
		text, end = l.hear(t)
		expect(t, "the dial again", text, end, shopMenu, false)
		text, end = l.say(t, "1")
		expect(t, "a choice", text, end, shopAsks, false)
		if l.keyed {
			text, end = l.hear(t)
			expect(t, "the choice again", text, end, shopAsks, false)
			if got := s.last(); got != dialog.Replayed {
				t.Errorf("the choice again was %s", got)
			}
		}
		text, end = l.say(t, "1") // the same input, and another turn
		expect(t, "an amount", text, end, "Paid.", true)
		for range 2 {
			text, end = l.hear(t)
			if !end || l.keyed && text != "Paid." {
				t.Errorf("the amount again: shown %q (the last: %v)", text, end)
			}
		}
		if got := s.payments(); got != 1 {
			t.Errorf("paid %d times", got)
		}
		text, end = l.dial(t, "s2", ussdOurs)
		expect(t, "another dial", text, end, shopMenu, false)
	})
}

func TestEveryGatewayTakesWhatWasDialledDeep(t *testing.T) {
	eachGateway(t, func(t *testing.T, s *shop, l *line) {
		text, end := l.dial(t, "s1", "*120*2654*1553*1#")
		expect(t, "a dial with an input", text, end, shopAsks, false)
		text, end = l.hear(t)
		expect(t, "the same again", text, end, shopAsks, false)
		text, end = l.dial(t, "s2", "*120*2654*1553*1*20#")
		expect(t, "a dial with two inputs", text, end, "Paid.", true)
		if got := s.payments(); got != 1 {
			t.Errorf("paid %d times", got)
		}
	})
}

func TestEveryGatewaySurvivesALostSession(t *testing.T) {
	eachGateway(t, func(t *testing.T, s *shop, l *line) {
		l.dial(t, "s1", ussdOurs)
		l.ch = l.make(newShop(t)) // one that knows of nothing
		text, end := l.say(t, "1")
		// A text that says all that was typed is taken as far as it goes.
		want := shopMenu
		if l.ch.Name() == "africastalking" {
			want = shopAsks
		}
		expect(t, "an input of a session that is not known", text, end, want, false)
	})
}

func TestEveryGatewayPaysOnceHoweverOftenItAsksAtOnce(t *testing.T) {
	eachGateway(t, func(t *testing.T, s *shop, l *line) {
		l.dial(t, "s1", ussdOurs)
		l.say(t, "1")
		method, query, body := l.ask(l.session, l.dialled, append(slices.Clone(l.typed), "20"), l.last)

		s.hold = make(chan struct{})
		const callbacks = 8
		answers := make([]Answer, callbacks)
		var all, begun sync.WaitGroup
		begun.Add(callbacks)
		for i := range answers {
			all.Go(func() {
				begun.Done()
				answers[i] = knock(t, l.ch, method, query, body)
			})
		}
		begun.Wait()
		close(s.hold)
		all.Wait()
		first := 0
		for _, a := range answers {
			text, end, err := l.read(a)
			if err != nil || !end {
				t.Errorf("answered %q: %v", a.Body, err)
			}
			if text == "Paid." {
				first++
			}
		}
		// Without a key of the turn one that comes after the answer is another.
		if first == 0 || l.keyed && first != callbacks {
			t.Errorf("%d of %d were told that it was paid", first, callbacks)
		}
		if got := s.payments(); got != 1 {
			t.Errorf("paid %d times", got)
		}
	})
}

// What Africa's Talking says in one text: every way that it can contradict what
// came before.
func TestAfricasTalkingRefusesTextsThatContradict(t *testing.T) {
	s := newShop(t)
	ch := newAT(s)
	say := func(session, text string) string {
		return string(postAT(t, ch, atDoor, callback("sessionId", session, "text", text)).Body)
	}
	for _, text := range []string{"", "1"} {
		if got := say("s1", text); !strings.HasPrefix(got, "CON ") {
			t.Fatalf("%q: answered %q", text, got)
		}
	}
	for name, text := range map[string]string{
		"diverging": "2", "diverging and longer": "2*1", "without its star": "12", "a part of it and more": "11*1", "its start": "",
	} {
		want := "END " + dialog.KeyConflict
		if got := say("s1", text); got != want || s.last() != dialog.Conflict {
			t.Errorf("%s: answered %q, %s", name, got, s.last())
		}
	}
	if s.payments() != 0 {
		t.Error("something was paid")
	}
	// The conversation stands where it stood, and the end of it, told at any time
	// and twice, changes nothing of what is remembered.
	end := "sessionId=s1&phoneNumber=%2B27821234567&status=Incomplete&input=1*2"
	for range 2 {
		if a := postAT(t, ch, atEvents, end); string(a.Body) != "ok" || s.last() != dialog.Hangup {
			t.Errorf("the end was answered %q, %s", a.Body, s.last())
		}
	}
	if got := say("s1", "1"); !strings.HasPrefix(got, "CON "+shopAsks) || s.last() != dialog.Replayed {
		t.Errorf("the last text again: answered %q, %s", got, s.last())
	}
	if got := say("s1", "1*20"); got != "END Paid." || s.payments() != 1 {
		t.Errorf("the next text: answered %q, paid %d times", got, s.payments())
	}
	if got := say("s1", "1*20*1"); got != "END "+dialog.KeyConflict || s.payments() != 1 {
		t.Errorf("a text after the end: answered %q, paid %d times", got, s.payments())
	}
}
