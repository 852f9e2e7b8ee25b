package dialog

import (
	"context"
	"testing"
	"time"

	"spaza/secret"
)

// sink is a store that takes everything and keeps nothing: what is measured is
// the engine alone.
type sink struct{ last string }

func (s *sink) Load(context.Context, string) (string, error) { return s.last, nil }

func (s *sink) Save(_ context.Context, _, _, record string, _ time.Duration) (string, bool, error) {
	s.last = record
	return "", true, nil
}

// mute says every text in no time.
type mute struct{}

func (mute) Say(_, key string, _ ...Arg) string { return key }

// counter is a book of two questions as they are in a shop: five options, and a
// list of amounts with three variables set on the way.
func counter() Book {
	return Book{Start: "shop.menu", States: []State{
		{
			ID: "shop.menu",
			Ask: func(t *Talk, s *Screen) {
				s.Text = t.Say("Shop. What do you need today?")
				for _, o := range [...]string{"airtime", "voucher", "balance", "help", "language"} {
					s.Add(o, t.Say(o))
				}
			},
			Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
				t.SetText(1, in.Option)
				t.SetText(2, "S7GH2K9QW4XJ0")
				t.SetInt(3, 2000)
				return "go", nil
			},
			Edges: []Edge{{"go", "shop.amount"}, {"b", "shop.end"}, {"c", "shop.end"}, {"d", "shop.end"}, {"e", "shop.end"}},
		},
		{
			ID: "shop.amount", Back: "shop.menu",
			Ask: func(t *Talk, s *Screen) {
				s.Text = t.Say("MTN airtime for 082 123 4567. How much?")
				for _, o := range [...]string{"R10", "R20", "R50", "R100", "Other amount"} {
					s.Add(o, o)
				}
			},
			Answer: byOption,
			Edges:  []Edge{{"R10", "shop.end"}, {"R20", "shop.end"}},
		},
		{ID: "shop.end", End: true, Ask: says("Done.")},
	}}
}

// benchTurns is an engine with a session in its menu, and the turn that answers it.
func benchTurns(tb testing.TB) (e *Engine, who string, before hint, dial, answer Turn) {
	keys, err := secret.NewKeyring(make([]byte, secret.KeySize))
	if err != nil {
		tb.Fatal(err)
	}
	store := &sink{}
	e, err = New(counter(), mute{}, store, Options{Hash: keys.Hash})
	if err != nil {
		tb.Fatal(err)
	}
	dial = Turn{
		Channel: "africastalking", User: "27821234567", Session: "ATUid_5d3b4c2bc589f4811820a7184eed4df5",
		Cumulative: true, Code: "*384*1234#", Network: "mtn", Caps: Caps{Septets: 160}, At: time.Unix(1_790_000_000, 0),
	}
	if _, err := e.Handle(tb.Context(), dial); err != nil {
		tb.Fatal(err)
	}
	var t turn
	e.identify(&t, dial)
	answer = dial
	answer.Text = "1"
	return e, t.who, hint{t.key, store.last}, dial, answer
}

// BenchmarkStep is one step in the middle of a conversation: the session from
// the hint, an answer, a move, a screen of five options, the record.
func BenchmarkStep(b *testing.B) {
	e, who, before, _, answer := benchTurns(b)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		e.hints.put(who, before)
		r, err := e.Handle(ctx, answer)
		if err != nil || len(r.Text) < 80 {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkReplay is a repeated turn: the stored screen again.
func BenchmarkReplay(b *testing.B) {
	e, _, _, _, answer := benchTurns(b)
	ctx := b.Context()
	want, err := e.Handle(ctx, answer)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := e.Handle(ctx, answer); err != nil || r != want {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkDial opens a conversation.
func BenchmarkDial(b *testing.B) {
	e, who, _, dial, _ := benchTurns(b)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		e.hints.drop(who)
		if r, err := e.Handle(ctx, dial); err != nil || len(r.Text) < 60 {
			b.Fatal(r, err)
		}
	}
}

func TestAStepAllocatesLittle(t *testing.T) {
	e, who, before, _, answer := benchTurns(t)
	ctx := t.Context()
	n := testing.AllocsPerRun(200, func() {
		e.hints.put(who, before)
		if _, err := e.Handle(ctx, answer); err != nil {
			t.Fatal(err)
		}
	})
	if n > 12 && !raceDetector {
		t.Errorf("a step allocates %v times, want 12 at most", n)
	}
}
