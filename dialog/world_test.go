package dialog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/secret"

	"github.com/google/go-cmp/cmp"
)

// The world of these tests is a village library that can be phoned: it lends
// books (an effect with a reference), shows a card's number to whoever knows
// its PIN (a secret), and has more books than fit on a screen.

const (
	titleVar  TextVar = 1 // id of the book picked
	daysVar   IntVar  = 2
	loanVar   TextVar = 3 // reference of the loan, allotted for this book
	lastVar   TextVar = 4 // the loan to speak of at the next dial
	membVar   TextVar = 5 // who the card belongs to
	noVar     TextVar = 6 // never set
	cardPIN           = "4711"
	cardShown         = "CARD-9083-1120"
)

// english are the texts of the library; isiZulu ones are marked with "zu:".
var english = map[string]string{
	KeyBack: "Back", KeyHome: "Menu", KeyMore: "More",
	KeyResume: "Go on with {what}?", KeyResumeGo: "Go on", KeyResumeNew: "Start again",
	KeyPick: "Choose 1 to {n}.", KeyOnlyBack: "Press 0.",
	KeyStopped: "Let us stop here. Phone {help}.", KeyTooLong: "That was long. Phone {help}.",
	KeyConflict: "We lost your place. Dial again.", KeyBusy: "We are busy. Dial again.",
	KeyBroken: "Something broke. Dial again.", KeyUnsure: "Not sure yet. Dial again.",
	KeyStale: "That was long ago.", KeyBusy + ".chat": "We are busy. Write again.", KeyStopped + ".chat": "Let us stop here. Write to {help}.",
	"who": "Who are you? Share your number.", "who.share": "Share", "who.code": "The code?", "who.known": "Welcome.",

	"desk": "Library. What do you need?", "desk.loan": "Borrow", "desk.card": "My card", "desk.hours": "Hours",
	"desk.lang": "Language", "desk.about": "About us", "desk.last": "Last loan: {loan}.",
	"shelf": "Which book?", "days": "{title}: for how many days?", "days.bad": "A number, 1 to 30.",
	"confirm": "{title} for {days} days?", "confirm.yes": "Yes", "confirm.no": "No",
	"lent": "{title} is yours until day {days}. Loan {loan}.", "refused": "Not today.", "no": "Fine.",
	"pin": "Your PIN?", "pin.bad": "Four digits.", "pin.wrong": "That is not your PIN.",
	"card": "Card of {name}: {card}", "card.done": "Thank you", "lang": "Language?",
	"hours":  "We open at nine and close at five, but for Wednesdays, when the school comes, and for the days on which the river stands over the road and nobody can come at all. Books can be left in the box beside the door then, dry.",
	"about":  strings.TrimSpace(strings.Repeat("The library is a house of one room by the river. ", 8)),
	"nice":   "How nice",
	"what.a": "a loan",
}

// phrases says the texts of the library.
type phrases struct{}

func (phrases) Say(lang, key string, args ...Arg) string {
	text, ok := english[key]
	if !ok {
		text = key
	}
	for _, a := range args {
		text = strings.ReplaceAll(text, "{"+a.Name+"}", a.Value)
	}
	if lang != "" {
		return lang + ":" + text
	}
	return text
}

var titles = []string{"Mafeking Road", "Jock", "Mine Boy", "Ah But Your Land", "Cry", "Fiela", "Nervous Conditions", "Chaka", "Mhudi", "Indaba My Children", "Kringe", "Zoo City"}

// library is the book's outside: what is lent, and how the next effect goes.
type library struct {
	mu     sync.Mutex
	loans  map[string]int // by reference: how often lending it was asked for
	pins   []string       // what came to the card desk, "" for none
	did    []done         // every effect, in order
	hold   chan struct{}  // where not nil, lending waits for it
	began  chan struct{}  // where not nil, told when lending began
	trip   func(context.Context, *Talk) (Move, error)
	opened int
	refs   int
	lang   string // of everybody
}

// done is one run of an effect.
type done struct {
	ref     string
	resumed bool
	since   time.Time
}

func (l *library) lend(ctx context.Context, t *Talk) (Move, error) {
	l.mu.Lock()
	ref, hold, began, trip := t.Text(loanVar), l.hold, l.began, l.trip
	l.loans[ref]++
	l.did = append(l.did, done{ref, t.Resumed, t.Since})
	l.mu.Unlock()
	if began != nil {
		began <- struct{}{}
	}
	if hold != nil {
		<-hold
	}
	if trip != nil {
		return trip(ctx, t)
	}
	t.SetText(lastVar, ref)
	return "lent", nil
}

// effects is how often effects ran, and for how many references.
func (l *library) effects() (runs, refs int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.did), len(l.loans)
}

func says(key string) func(*Talk, *Screen) {
	return func(t *Talk, s *Screen) { s.Text = t.Say(key) }
}

func byOption(_ context.Context, _ *Talk, in Input) (Move, error) { return Move(in.Option), nil }

// book is every conversation of the library.
func (l *library) book() Book {
	title := func(t *Talk) Arg { return Arg{"title", t.Text(titleVar)} }
	days := func(t *Talk) Arg { return Arg{"days", fmt.Sprint(t.Int(daysVar))} }
	loan := func(t *Talk) Arg { return Arg{"loan", t.Text(loanVar)} }
	return Book{
		Start: "desk.start", Stranger: "who.ask",
		Verb: func(text string) ([]string, bool) {
			inputs, ok := map[string][]string{"menu": nil, "/menu": nil, "borrow": {"1"}, "jock": {"1", "2", "7", "1"}}[text]
			return inputs, ok
		},
		Keep: []TextVar{lastVar, noVar}, Receipt: lastVar, Common: []Arg{{"help", "555"}},
		Open: func(_ context.Context, t *Talk) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.opened++
			if l.lang != "" {
				t.SetLang(l.lang)
			}
			return nil
		},
		States: []State{
			{
				ID: "desk.start",
				Enter: func(_ context.Context, t *Talk) (Move, error) {
					if last := t.Text(lastVar); last != "" {
						t.Note("desk.last", Arg{"loan", last})
						t.SetText(lastVar, "")
					}
					return Stay, nil
				},
				Ask: func(t *Talk, s *Screen) {
					s.Text = t.Say("desk")
					for _, o := range []string{"loan", "card", "hours", "lang", "about"} {
						s.Add(o, t.Say("desk."+o))
					}
				},
				Answer: byOption,
				Edges:  []Edge{{"loan", "loan.shelf"}, {"card", "card.pin"}, {"hours", "desk.hours"}, {"lang", "desk.lang"}, {"about", "desk.about"}},
			},
			{
				ID: "who.ask", Stranger: true, First: true, Free: true,
				Ask: func(t *Talk, s *Screen) {
					s.Text, s.Wants = t.Say("who"), WantsContact
					s.Add(ContactOption, t.Say("who.share"))
				},
				Answer: func(_ context.Context, t *Talk, _ Input) (Move, error) {
					if t.Contact == "" {
						return Stay, nil
					}
					return "shared", nil
				},
				Edges: []Edge{{"shared", "who.code"}},
			},
			{
				ID: "who.code", Stranger: true, First: true, Free: true, Secret: true, Ask: says("who.code"),
				Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
					if in.Text != "123456" {
						return Stay, nil
					}
					t.Linked()
					return "known", nil
				},
				Edges: []Edge{{"known", "who.known"}},
			},
			{ID: "who.known", Stranger: true, End: true, Ask: says("who.known")},
			{ID: "desk.hours", End: true, Ask: says("hours")},
			{
				ID: "desk.about", Back: "desk.start", What: "what.a",
				Ask: func(t *Talk, s *Screen) {
					s.Text = t.Say("about")
					s.Add("nice", t.Say("nice"))
				},
				Answer: func(_ context.Context, t *Talk, _ Input) (Move, error) {
					t.Note("nice")
					return Stay, nil
				},
			},
			{
				ID: "desk.lang", Back: "desk.start",
				Ask: func(t *Talk, s *Screen) {
					s.Text = t.Say("lang")
					s.Add("zu", "isiZulu")
					s.Add("en", "English")
				},
				Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
					t.SetLang(strings.TrimPrefix(in.Option, "en"))
					return "set", nil
				},
				Edges: []Edge{{"set", "desk.start"}},
			},
			{
				ID: "loan.shelf", Back: "desk.start", What: "what.a",
				Ask: func(t *Talk, s *Screen) {
					s.Text = t.Say("shelf")
					for _, x := range titles {
						s.Add(x, x)
					}
				},
				Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
					t.SetText(titleVar, in.Option)
					t.SetText(loanVar, "")
					return "picked", nil
				},
				Edges: []Edge{{"picked", "loan.days"}},
			},
			{
				ID: "loan.days", Back: "loan.shelf", What: "what.a", Free: true,
				Ask: func(t *Talk, s *Screen) { s.Text = t.Say("days", title(t)) },
				Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
					var n int64
					if _, err := fmt.Sscanf(in.Text, "%d", &n); err != nil || n < 1 || n > 30 {
						return t.Again("days.bad")
					}
					t.SetInt(daysVar, n)
					return "chosen", nil
				},
				Edges: []Edge{{"chosen", "loan.confirm"}},
			},
			{
				ID: "loan.confirm", Back: "loan.days", Confirm: true,
				Enter: func(_ context.Context, t *Talk) (Move, error) {
					if t.Text(loanVar) == "" {
						l.mu.Lock()
						defer l.mu.Unlock()
						l.refs++
						t.SetText(loanVar, fmt.Sprintf("L%d", l.refs))
					}
					return Stay, nil
				},
				Ask: func(t *Talk, s *Screen) {
					s.Text = t.Say("confirm", title(t), days(t))
					s.Add("yes", t.Say("confirm.yes"))
					s.Add("no", t.Say("confirm.no"))
				},
				Answer: byOption,
				Edges:  []Edge{{"yes", "loan.lending"}, {"no", "loan.none"}},
			},
			{ID: "loan.lending", Do: l.lend, Edges: []Edge{{"lent", "loan.lent"}, {"refused", "loan.refused"}, {"ask", "loan.confirm"}, {"shelf", "loan.shelf"}}},
			{ID: "loan.lent", End: true, Ask: func(t *Talk, s *Screen) { s.Text = t.Say("lent", title(t), days(t), loan(t)) }},
			{ID: "loan.refused", Back: "desk.start", Ask: says("refused"), Answer: byOption},
			{ID: "loan.none", End: true, Ask: says("no")},
			{
				ID: "card.pin", Back: "desk.start", Secret: true, Free: true, Ask: says("pin"),
				Answer: func(_ context.Context, t *Talk, in Input) (Move, error) {
					if len(in.Text) != 4 {
						return t.Again("pin.bad")
					}
					t.Secret = secret.New(in.Text)
					return "try", nil
				},
				Edges: []Edge{{"try", "card.checking"}},
			},
			{
				ID: "card.checking",
				Do: func(_ context.Context, t *Talk) (Move, error) {
					l.mu.Lock()
					defer l.mu.Unlock()
					l.pins = append(l.pins, t.Secret.Reveal())
					if !t.Secret.Equal(cardPIN) {
						t.Note("pin.wrong")
						return "again", nil
					}
					t.SetText(membVar, "Thandi")
					return "show", nil
				},
				Edges: []Edge{{"again", "card.pin"}, {"show", "card.show"}},
			},
			{
				ID: "card.show", Back: "desk.start", Private: true,
				Enter: func(_ context.Context, t *Talk) (Move, error) {
					t.Secret = secret.New(cardShown)
					return Stay, nil
				},
				Ask: func(t *Talk, s *Screen) {
					s.Text = t.Say("card", Arg{"name", t.Text(membVar)}, Arg{"card", t.Secret.Reveal()})
					s.Add("done", t.Say("card.done"))
					s.Copy = []string{t.Secret.Reveal()}
				},
				Answer: byOption,
				Edges:  []Edge{{"done", "loan.none"}},
			},
		},
	}
}

// world is the library, the store and the engines that serve it.
type world struct {
	t       testing.TB
	lib     *library
	store   *faulty
	engines []*Engine

	mu      sync.Mutex
	now     time.Time
	reports []Report
}

// newWorld makes one with that many engines on one store.
func newWorld(t testing.TB, engines int, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, lib: &library{loans: map[string]int{}}, now: time.Unix(1_790_000_000, 0)}
	w.store = &faulty{Memory: NewMemory()}
	for range engines {
		w.engines = append(w.engines, w.engine(w.lib.book(), change...))
	}
	return w
}

func (w *world) engine(b Book, change ...func(*Options)) *Engine {
	w.t.Helper()
	// The budget is of real time, and what tests it says so.
	o := Options{Hash: hash, Now: w.clock, Observe: w.observe, Budget: time.Hour}
	for _, c := range change {
		c(&o)
	}
	e, err := New(b, phrases{}, w.store, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func hash(purpose, s string) [32]byte { return sha256.Sum256([]byte("key\x00" + purpose + "\x00" + s)) }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) observe(r Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reports = append(w.reports, r)
}

// last is the report of the last turn.
func (w *world) last() Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reports[len(w.reports)-1]
}

// record is what the store has of a phone.
func (w *world) record(p *phone) *record {
	w.t.Helper()
	r := new(record)
	if err := r.decode(w.store.get(w.key(p))); err != nil {
		w.t.Fatalf("stored session: %v", err)
	}
	return r
}

func (w *world) key(p *phone) string {
	var t turn
	w.engines[0].identify(&t, p.turn())
	return t.key
}

// errDown is what a broken store says.
var errDown = errors.New("store is down")

// faulty is a store in memory that fails as it is told to.
type faulty struct {
	*Memory
	mu      sync.Mutex
	saves   int
	loads   int
	written []string // every record, in order
	onLoad  func(n int) error
	// onSave is asked before the save with that number (from 1): lost means
	// that the record is written, and the answer never arrives.
	onSave func(n int) (lost bool, err error)
}

func (f *faulty) Load(ctx context.Context, key string) (string, error) {
	f.mu.Lock()
	f.loads++
	n, ask := f.loads, f.onLoad
	f.mu.Unlock()
	if ask != nil {
		if err := ask(n); err != nil {
			return "", err
		}
	}
	return f.Memory.Load(ctx, key)
}

func (f *faulty) Save(ctx context.Context, key, prev, record string, life time.Duration) (string, bool, error) {
	f.mu.Lock()
	f.saves++
	n, ask := f.saves, f.onSave
	f.written = append(f.written, record)
	f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", false, err
	}
	var lost bool
	if ask != nil {
		var err error
		if lost, err = ask(n); err != nil && !lost {
			return "", false, err
		}
	}
	current, saved, err := f.Memory.Save(ctx, key, prev, record, life)
	if lost {
		return "", false, errDown
	}
	return current, saved, err
}

func (f *faulty) get(key string) string {
	rec, _ := f.Memory.Load(context.Background(), key)
	return rec
}

func (f *faulty) put(key, record string) {
	f.Memory.mu.Lock()
	defer f.Memory.mu.Unlock()
	f.Memory.m[key] = record
}

func (f *faulty) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// phone is one customer's handset behind one kind of gateway.
type phone struct {
	w       *world
	user    string
	kind    kind
	room    int
	session string
	dials   int
	typed   []string
	at      int // which engine its gateway calls
}

// kind is how a gateway tells what was typed.
type kind int

const (
	cumulative kind = iota // everything since the dial, joined by '*'
	keyed                  // the last input, with a key
	unkeyed                // the last input alone
)

func (w *world) phone(k kind) *phone { return &phone{w: w, user: "27821234567", kind: k, room: 160} }

// turn is what the gateway sends for what was typed so far.
func (p *phone) turn() Turn {
	t := Turn{Channel: "test", User: p.user, Session: p.session, Caps: Caps{Septets: p.room}, Code: "*555#"}
	switch p.kind {
	case cumulative:
		t.Text, t.Cumulative = strings.Join(p.typed, "*"), true
	case keyed:
		t.Key = fmt.Sprint(len(p.typed))
		fallthrough
	default:
		if n := len(p.typed); n > 0 {
			t.Text = p.typed[n-1]
		}
	}
	return t
}

func (p *phone) send() Reply {
	r, _ := p.try(p.w.t.Context())
	return r
}

// try sends the last turn (again).
func (p *phone) try(ctx context.Context) (Reply, error) {
	p.w.t.Helper()
	r, err := p.w.engines[p.at].Handle(ctx, p.turn())
	p.w.sane(p, r)
	return r, err
}

// sane checks what must be so of every reply.
func (w *world) sane(p *phone, r Reply) {
	w.t.Helper()
	if r.Text == "" {
		w.t.Errorf("an empty screen")
	}
	if n := septets(r.Text); p.room > 0 && n > p.room {
		w.t.Errorf("a screen of %d septets for a room of %d:\n%s", n, p.room, r.Text)
	}
}

func (p *phone) dial(deep ...string) Reply {
	p.w.t.Helper()
	p.dials++
	p.session, p.typed = fmt.Sprintf("%s-%d", p.user, p.dials), deep
	return p.send()
}

// types presses inputs one after the other, and returns the last screen.
func (p *phone) types(inputs ...string) (r Reply) {
	p.w.t.Helper()
	for _, in := range inputs {
		p.typed = append(p.typed, in)
		r = p.send()
	}
	return r
}

// plays holds a conversation, in which a line "> x" types x, "> dial x*y" dials
// (with a dial string), "> repeat" is the gateway repeating itself and "> wait
// 1m" lets time pass, and compares the screens; "(end)" is under a last one.
func (p *phone) plays(script string) {
	p.w.t.Helper()
	script = strings.TrimSpace(script) + "\n"
	var got strings.Builder
	for line := range strings.Lines(script) {
		in, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "> ")
		if !ok {
			continue
		}
		got.WriteString(line)
		var r Reply
		switch verb, rest, _ := strings.Cut(in, " "); verb {
		case "dial":
			if rest == "" {
				r = p.dial()
			} else {
				r = p.dial(strings.Split(rest, "*")...)
			}
		case "repeat":
			r = p.send()
		case "wait":
			d, err := time.ParseDuration(rest)
			if err != nil {
				p.w.t.Fatal(err)
			}
			p.w.wait(d)
			continue
		default:
			r = p.types(strings.TrimPrefix(in, "type "))
		}
		got.WriteString(r.Text + "\n")
		if r.End {
			got.WriteString("(end)\n")
		}
	}
	if diff := cmp.Diff(strings.Split(script, "\n"), strings.Split(got.String(), "\n")); diff != "" {
		p.w.t.Errorf("the conversation went differently (-want +got):\n%s", diff)
	}
}

// shows fails unless a screen has every text.
func (r Reply) shows(t testing.TB, texts ...string) {
	t.Helper()
	for _, x := range texts {
		if !strings.Contains(r.Text, x) {
			t.Errorf("the screen lacks %q:\n%s", x, r.Text)
		}
	}
}
