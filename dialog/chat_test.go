package dialog

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// writer is one person in a chat.
type writer struct {
	w      *world
	user   string
	number string
	turns  int
	last   Turn
}

func (w *world) writer(number string) *writer { return &writer{w: w, user: "chat-7", number: number} }

func (p *writer) send(t Turn) Reply {
	p.w.t.Helper()
	p.turns++
	t.Channel, t.User, t.Number, t.Caps = "chat", p.user, p.number, Caps{Chat: true}
	t.Key = fmt.Sprint("m", p.turns)
	p.last = t
	return p.again()
}

// again delivers the last message once more.
func (p *writer) again() Reply {
	p.w.t.Helper()
	r, _ := p.w.engines[0].Handle(p.w.t.Context(), p.last)
	if r.Text == "" || r.Chat == nil || r.Chat.Prompt == "" {
		p.w.t.Errorf("%q is answered with %+v, %+v", p.last.Text, r, r.Chat)
	}
	return r
}

func (p *writer) writes(text string) Reply { return p.send(Turn{Text: text}) }

// taps presses a button of a screen, by its label.
func (p *writer) taps(on Reply, label string) Reply {
	p.w.t.Helper()
	for _, c := range on.Chat.Choices {
		if c.Label == label {
			return p.send(Turn{Text: c.Input, Answers: on.Screen})
		}
	}
	p.w.t.Fatalf("no button %q: %+v", label, on.Chat.Choices)
	return Reply{}
}

// outcome is what became of the last turn.
func (p *writer) outcome() Outcome { return p.w.last().Outcome }

func TestAChatGetsItsScreensInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.writer("27821234567")
	desk := p.writes("hello")
	want := &Parts{Prompt: "Library. What do you need?", Choices: []Choice{
		{Input: "1", Label: "Borrow"}, {Input: "2", Label: "My card"}, {Input: "3", Label: "Hours"},
		{Input: "4", Label: "Language"}, {Input: "5", Label: "About us"},
	}}
	if diff := cmp.Diff(want, desk.Chat); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	desk.shows(t, "1 Borrow", "5 About us")
	shelf := p.taps(desk, "Borrow")
	if n := len(shelf.Chat.Choices); n != len(titles)+2 || shelf.Chat.Choices[n-2] != (Choice{"0", "Back", true}) || shelf.Chat.Choices[n-1] != (Choice{"00", "Menu", true}) ||
		shelf.Chat.Choices[8] != (Choice{"10", titles[8], false}) {
		t.Errorf("the shelf has %+v", shelf.Chat.Choices)
	}
	// What was refused stands above the question, and is not lost when the same
	// message is delivered again.
	bad := p.writes("77")
	if bad.Chat.Prompt != "Choose 1 to 13.\nWhich book?" || bad.End {
		t.Errorf("after a wrong number: %+v", bad.Chat)
	}
	if diff := cmp.Diff(bad, p.again()); diff != "" || p.outcome() != Replayed {
		t.Errorf("delivered again (-first +again, %s):\n%s", p.outcome(), diff)
	}
	for _, in := range []string{"2", "7"} {
		p.writes(in)
	}
	lent := p.writes("1")
	if lent.Chat.Prompt != lent.Text || len(lent.Chat.Choices) != 1 || lent.Chat.Choices[0] != (Choice{"00", "Menu", true}) {
		t.Errorf("after the end: %+v", lent.Chat)
	}
	if lent.Chat.Receipt != "L1" {
		t.Errorf("it tells of %q", lent.Chat.Receipt)
	}
	if diff := cmp.Diff(lent, p.again()); diff != "" {
		t.Errorf("the end, again (-first +again):\n%s", diff)
	}
	p.taps(lent, "Menu").shows(t, "Last loan: L1.", "Library")
}

func TestWhatIsSecretIsSaidToTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.writer("27821234567")
	if ask := p.taps(p.writes("menu"), "My card"); ask.Chat.Forget || ask.Chat.Private {
		t.Errorf("the question itself: %+v", ask.Chat)
	}
	if r := p.writes("9999"); !r.Chat.Forget {
		t.Errorf("a wrong PIN stays in sight: %+v", r.Chat)
	}
	card := p.writes(cardPIN)
	if !card.Chat.Forget || !card.Chat.Private || len(card.Chat.Copy) != 1 || card.Chat.Copy[0] != cardShown {
		t.Errorf("the card: %+v", card.Chat)
	}
	// Where it could not be taken out of sight, it is when the screen comes again.
	if diff := cmp.Diff(card, p.again()); diff != "" || p.outcome() != Replayed {
		t.Errorf("the card, again (-first +again):\n%s", diff)
	}
	if r := p.writes("1"); r.Chat.Forget || p.again().Chat.Forget {
		t.Error("a choice is taken out of sight")
	}
}

func TestAButtonOfAnotherScreenChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.writer("27821234567")
	desk := p.writes("menu")
	shelf := p.taps(desk, "Borrow")
	p.writes("2")
	confirm := p.writes("7")
	confirm.shows(t, "Jock for 7 days?")
	for name, old := range map[string]Reply{"the menu": desk, "the shelf": shelf} {
		if diff := cmp.Diff(confirm, p.send(Turn{Text: "1", Answers: old.Screen})); diff != "" || p.outcome() != Stale {
			t.Errorf("a button of %s, at the confirm screen (-want +got, %s):\n%s", name, p.outcome(), diff)
		}
	}
	if runs, _ := w.lib.effects(); runs != 0 {
		t.Fatal("an old button lent a book")
	}
	lent := p.taps(confirm, "Yes")
	lent.shows(t, "Jock is yours")
	// The same button once more, and again hours later.
	if diff := cmp.Diff(lent, p.taps(confirm, "Yes")); diff != "" || p.outcome() != Stale {
		t.Errorf("a second yes (-want +got, %s):\n%s", p.outcome(), diff)
	}
	w.store.Memory = NewMemory()
	w.engines[0] = w.engine(w.lib.book())
	p.taps(confirm, "Yes").shows(t, "That was long ago.", "Library")
	if runs, refs := w.lib.effects(); runs != 1 || refs != 1 {
		t.Errorf("%d loans under %d references", runs, refs)
	}
}

// TestAnOldMessageIsNoYes: it came before the question was shown.
func TestAnOldMessageIsNoYes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.writer("27821234567")
	p.writes("menu")
	p.writes("1")
	p.writes("2")
	early := w.clock()
	w.wait(3 * time.Second)
	confirm := p.writes("7")
	if diff := cmp.Diff(confirm, p.send(Turn{Text: "1", Arrived: early})); diff != "" || p.outcome() != Stale {
		t.Errorf("a 1 from before (-want +got, %s):\n%s", p.outcome(), diff)
	}
	p.send(Turn{Text: "1", Arrived: w.clock()}).shows(t, "Jock is yours")
}

func TestWordsLeadToWhereTheySay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.writer("27821234567")
	p.writes("Borrow").shows(t, "Which book?")
	p.writes("MENU ").shows(t, "Library")
	p.writes("jock").shows(t, "Jock for 7 days?") // and never past the confirm screen
	p.writes("borrow").shows(t, "Which book?")
	p.writes("menu")
	p.writes("2")
	p.writes("borrow").shows(t, "Four digits.") // a confidential answer may be anything
	p.writes("/menu").shows(t, "Library")
	if runs, _ := w.lib.effects(); runs != 0 {
		t.Error("words lent a book")
	}
	// On a phone they are no words.
	q := w.phone(keyed)
	q.dial()
	q.types("borrow").shows(t, "Choose 1 to 5.")
}

func TestStrangersGetNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.writer("")
	for _, in := range []string{"hello", "1", "menu", "borrow", "00", "0", "123456", ""} {
		r := p.writes(in)
		r.shows(t, "Who are you?")
		if r.Chat.Wants != WantsContact || len(r.Chat.Choices) != 1 || r.Chat.Choices[0] != (Choice{Input: ContactOption, Label: "Share"}) || r.Chat.Linked {
			t.Errorf("after %q: %+v", in, r.Chat)
		}
		if p.turns%2 == 0 { // three in a row that say nothing would end it
			p.writes("menu")
		}
	}
	p.send(Turn{Contact: "27821234567"}).shows(t, "The code?")
	known := p.writes("123456")
	if known.shows(t, "Welcome."); !known.Chat.Linked || !known.Chat.Forget || len(known.Chat.Choices) != 0 {
		t.Errorf("known: %+v", known.Chat)
	}
	p.number = "27821234567"
	desk := p.writes("hello")
	desk.shows(t, "Library")
	days := p.writes("1")
	p.number = "" // no longer theirs
	p.taps(days, "Jock").shows(t, "Who are you?")
	p.writes("1").shows(t, "Who are you?")
	if w.engines[0].m.stranger.ID != "who.ask" {
		t.Errorf("strangers begin at %q", w.engines[0].m.stranger.ID)
	}
}

func TestABookWithoutAPlaceForStrangersTurnsThemAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b := w.lib.book()
	b.States = append([]State(nil), b.States...)
	b.Stranger, b.Verb = "", nil
	for i := 0; i < len(b.States); {
		if b.States[i].Stranger {
			b.States = append(b.States[:i], b.States[i+1:]...)
			continue
		}
		i++
	}
	w.engines[0] = w.engine(b)
	p := w.writer("")
	for _, in := range []string{"hello", "1", "menu"} {
		if r := p.writes(in); !r.End || len(r.Chat.Choices) != 0 {
			t.Errorf("%q: %+v", in, r)
		}
	}
}

func TestAChatIsToldToWriteAndNotToDial(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.store.set(func() { w.store.onSave = func(int) (bool, error) { return false, errDown } })
	if r := w.writer("27821234567").writes("hello"); r.Text != "We are busy. Write again." || !r.End {
		t.Errorf("got %+v", r)
	}
}

// TestARepetitionNeverSaysYes: on a gateway that does not tell its repetitions
// apart, whatever came to a question that spends money does not answer it with yes.
func TestARepetitionNeverSaysYes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, 1)
		p := w.phone(unkeyed)
		p.dial()
		p.types("1", "2")
		days := rapid.SampledFrom([]string{"1", "2", "3", "9", "10"}).Draw(rt, "days")
		first := p.types(days)
		for i := range rapid.IntRange(1, 2).Draw(rt, "repetitions") {
			if r := p.send(); r.End {
				rt.Fatalf("repetition %d of %q ended the conversation:\n%s", i+1, days, r.Text)
			}
			if w.last().To != "loan.confirm" {
				rt.Fatalf("repetition %d of %q led to %s", i+1, days, w.last().To)
			}
		}
		if runs, _ := w.lib.effects(); runs != 0 {
			rt.Fatalf("a repetition of %q lent a book; the screen was:\n%s", days, first.Text)
		}
		yes := map[string]string{"1": "2", "2": "3"}[days]
		if yes == "" {
			yes = "1"
		}
		p.types(yes).shows(t, "Jock is yours")
	})
}

func TestASessionThatBeginsTwiceBeginsOnce(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]kind{"keyed": keyed, "unkeyed": unkeyed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			p := w.phone(k)
			p.session = "s1"
			begin := p.turn()
			begin.Dial, begin.Deep = true, "1*2"
			dials := func(want ...string) {
				t.Helper()
				r, err := w.engines[0].Handle(t.Context(), begin)
				if err != nil {
					t.Error(err)
				}
				r.shows(t, want...)
			}
			dials("Jock: for how many days?")
			dials("Jock: for how many days?")
			p.types("7").shows(t, "Jock for 7 days?")
			dials("Jock for 7 days?")
			p.types("1").shows(t, "Jock is yours")
			begin.Deep = "" // a gateway that names its sessions by the number alone
			dials("Library")
			if runs, _ := w.lib.effects(); runs != 1 {
				t.Errorf("%d loans", runs)
			}
		})
	}
}
