package flows_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/dialog"
	"spaza/flows"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// line is a customer's on one channel.
type line struct {
	user, channel string
	cumulative    bool // as a gateway that sends everything since the dial
	session       string
	text          string
	turn          dialog.Turn
	shown         string
	open          bool

	yes    *yes
	sure   bool      // wanted it once more
	looked time.Time // when the screen was shown that can be agreed to
	proved bool      // the wallet PIN was right since the call began
	typed  string
	over   bool // the last answer ended a conversation, and left nothing open
}

// yes is one answer to one screen.
type yes struct {
	screen string
	ref    string
	sure   bool
	looked time.Time
}

// request is what was asked of the shop under a reference.
type request struct {
	kind    vend.Kind
	product vend.Product
	amount  ledger.Cents
	target  string
	user    string
	screens []string
}

// street is a shop with people at its door.
type street struct {
	*house
	t       *testing.T
	lines   []*line
	engine  *dialog.Engine
	process func(watch func(dialog.Report)) *dialog.Engine // starts another
	store   *lossy
	private map[dialog.StateID]bool
	calls   int
	clock   int
	logged  bytes.Buffer

	gate   sync.Mutex
	reply  dialog.Report
	wrongs []string
	log    []string
	asked  map[string][]request
	pins   map[string]string // wallet PINs, by customer
	looks  map[string]lookup // by handle
	none   map[string]string // references of which was said that nothing came of them, and how
	given  map[string]bool   // everything that may be in no session and on no open screen
	crash  *death            // of a process with an order about to be written
	locks  *death            // and with a PIN
	late   time.Time         // when the process died last with an order about to be written
}

type lookup struct {
	meter  string
	amount ledger.Cents
}

// lossy is a store of sessions that can lose them.
type lossy struct {
	mu      sync.Mutex
	records map[string]string
	saved   func(string)
}

func (l *lossy) Load(_ context.Context, key string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.records[key], nil
}

func (l *lossy) Save(_ context.Context, key, prev, record string, _ time.Duration) (string, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.records[key]
	switch stamp := func(r string) string { return r[:min(len(r), dialog.StampSize)] }; {
	case stamp(now) == stamp(record):
		return "", true, nil
	case stamp(now) != prev:
		return now, false, nil
	}
	l.records[key] = record
	l.saved(record)
	return "", true, nil
}

const (
	ownNumber   = "27821234567"
	otherNumber = "27841234567"
	friend      = "27831234567" // is nobody's customer
	walletOne   = "48213"
	walletTwo   = "59324"
)

func newStreet(t *testing.T, books []byte, begin start) *street {
	h := newHouse(t, books)
	s := &street{
		house: h, t: t, asked: map[string][]request{}, pins: map[string]string{}, looks: map[string]lookup{}, none: map[string]string{},
		given: map[string]bool{walletOne: true, walletTwo: true}, private: map[dialog.StateID]bool{},
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(h.provider.sells("everything"))
	for _, m := range []string{
		"14000000019 holder=Thabo_Aphane supplier=City_Power", "0014000000035 holder=Bongi_Bhengu supplier=Eskom arrears=R12 debts=1 min=R20",
		"14000000159 holder=Carl_Cebekhulu supplier=Rand_Water max=R100", "14000000027 refused=meter_blocked",
	} {
		number, k, err := learn(m)
		must(err)
		h.provider.change(func(p *provider) { p.meters[number] = k })
	}
	for _, a := range []string{"110112345 holder=Dudu_Dubazana balance=R45.50", "110167890 holder=Eva_Erasmus", "110512345 holder=Fani_Fourie balance=R100"} {
		number, k, err := learn(a)
		must(err)
		h.provider.change(func(p *provider) { p.accounts[number] = k })
	}
	// Long enough that no random text has one in it.
	for _, name := range []string{"Aphane", "Bhengu", "Cebekhulu", "Dubazana", "Erasmus", "Fourie"} {
		s.given[name] = true
	}
	limits, err := limits(begin.limits)
	must(err)
	h.rule(vend.Options{
		PIN: begin.pin, Fund: begin.fund, Limits: limits, Enquiries: -1,
		Logger: slog.New(slog.NewTextHandler(&s.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	must(h.shelf.Load(t.Context()))
	must(h.service.SetLanguage(t.Context(), otherNumber, "en"))
	for i, user := range []string{ownNumber, otherNumber} {
		for _, worth := range []string{begin.has, "R75"}[i:] {
			if worth == "R0" || i == 0 && worth == "R75" {
				continue
			}
			h.deposits++
			pin := fmt.Sprintf("%016d", 4000_0000_0000_0000+h.deposits)
			must(h.provider.issue(pin + " " + worth))
			_, err := h.service.Redeem(t.Context(), vend.Redemption{Ref: vend.NewRef(vend.KindRedeem, time.Now()), MSISDN: user, PIN: secret.New(pin), Channel: "x"})
			must(err)
			synctest.Wait()
		}
	}
	if begin.already {
		must(h.service.SetPIN(t.Context(), ownNumber, secret.Text{}, secret.New(walletOne)))
		s.pins[ownNumber] = walletOne // nobody else is there yet
	}
	for i := range 4 {
		must(h.provider.issue(fmt.Sprintf("%016d R%d", 5000_5000_0000_0001+i, 15*(i+1))))
	}
	for pin := range h.provider.pins() {
		s.given[pin] = true
	}
	s.crash, s.locks = h.till.crash, &death{}
	s.store = &lossy{records: map[string]string{}, saved: s.keeps}
	s.open()
	s.lines = []*line{
		{user: ownNumber, channel: "gateway", cumulative: true}, {user: ownNumber, channel: "chat", session: "chat"},
		{user: otherNumber, channel: "gateway", cumulative: true},
	}
	return s
}

// open begins with processes that know the rules of now. Those that are there end what
// they are about under the rules they know.
func (s *street) open() {
	shop, now := s.shop(), opened{s, s.service, s.rules}
	shop.Till, shop.Desk, shop.History = streetTill{shop.Till, now}, streetDesk{shop.Desk, now}, streetHistory{shop.History, now}
	shop.Locks = &dyingLocks{Locks: streetLocks{shop.Locks, now}, crash: s.locks}
	shop.Languages = func() []flows.Language { return []flows.Language{{Code: "en", Name: "English"}} }
	book := flows.Book(shop)
	for _, state := range book.States {
		s.private[state.ID] = state.Private
	}
	s.process = func(watch func(dialog.Report)) *dialog.Engine {
		e, err := dialog.New(book, s.words, s.store, dialog.Options{Hash: s.keys.Hash, Observe: watch})
		if err != nil {
			s.t.Fatal(err)
		}
		return e
	}
	s.engine = s.process(func(r dialog.Report) { s.reply = r })
}

func (s *street) bad(format string, args ...any) {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.wrongs = append(s.wrongs, fmt.Sprintf(format, args...))
}

func (s *street) wrong() []string {
	s.gate.Lock()
	defer s.gate.Unlock()
	return slices.Clone(s.wrongs)
}

func (s *street) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

// keeps looks at a session that is stored.
func (s *street) keeps(record string) {
	for secret := range s.given {
		if strings.Contains(record, secret) {
			s.bad("%q is kept in a session", secret)
		}
	}
}

func (s *street) dial(p *line, deep string) {
	s.calls++
	if p.cumulative {
		p.session, p.text = "call "+strconv.Itoa(s.calls), deep
	} else {
		deep = pickOne(deep == "", "hello", "00")
	}
	s.gate.Lock()
	p.proved = false
	s.gate.Unlock()
	if p.over {
		p.yes, p.sure = nil, false
	}
	s.note("line %d dials %q", slices.Index(s.lines, p), deep)
	s.hear(p, s.turnOf(p, deep), true)
}

func pickOne(which bool, a, b string) string {
	if which {
		return a
	}
	return b
}

// next is the turn of typing something.
func (s *street) next(p *line, in string) dialog.Turn {
	if p.text != "" && p.cumulative {
		p.text += "*"
	}
	p.text += in
	p.typed = in
	if canAgree.MatchString(p.shown) && in == "1" {
		p.yes = &yes{screen: p.shown, sure: p.sure, looked: p.looked}
	}
	if strings.Contains(p.shown, "Once more?") && in == "2" {
		p.sure = true
	}
	return s.turnOf(p, in)
}

func (s *street) turnOf(p *line, in string) dialog.Turn {
	t := dialog.Turn{Channel: p.channel, User: p.user, Session: p.session, Caps: dialog.Caps{Septets: 160}}
	if p.cumulative {
		t.Text, t.Cumulative = p.text, true
		return t
	}
	s.clock++
	t.Text, t.Key, t.Caps.Septets = in, "message "+strconv.Itoa(s.clock), 0
	return t
}

func (s *street) say(p *line, in string) {
	s.note("line %d> %s", slices.Index(s.lines, p), in)
	s.hear(p, s.next(p, in), true)
}

// lineKey finds in a context who speaks.
type lineKey struct{}

// speaking is a line as it was when it spoke.
type speaking struct {
	line  *line
	yes   *yes
	typed string
}

func (s *street) speaker(p *line) *speaking { return &speaking{p, p.yes, p.typed} }
