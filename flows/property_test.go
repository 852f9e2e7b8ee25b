package flows_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spaza/dialog"
	"spaza/flows"
	"spaza/gsm7"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// TestWhatIsBoughtIsWhatTheScreenSaid has people walk about in the whole book at
// random, while calls drop, gateways repeat themselves, sessions are lost, the
// catalogue changes, and the provider and the process do what they may do. What is
// sold is what the screen said to which a yes was typed; what a screen says of
// money is so; and nobody sees a secret that is not theirs to see.
func TestWhatIsBoughtIsWhatTheScreenSaid(t *testing.T) {
	books := emptyBooks(t)
	sales, kinds := 0, map[vend.Kind]int{}
	rapid.Check(t, func(rt *rapid.T) {
		begin := rapid.Custom(drawOpening).Draw(rt, "opening")
		n := rapid.IntRange(20, 70).Draw(rt, "turns")
		story := rapid.SliceOfN(rapid.Custom(drawAct), n, n).Draw(rt, "story")
		var s *street
		synctest.Test(t, func(t *testing.T) {
			s = newStreet(t, books, begin)
			defer time.Sleep(time.Minute) // whatever is under way comes to its end
			for _, a := range story {
				if s.happen(a); len(s.wrong()) > 0 {
					return
				}
			}
			s.close()
		})
		if wrong := s.wrong(); len(wrong) > 0 {
			rt.Fatalf("%s\n%s", strings.Join(wrong, "\n"), strings.Join(s.log, "\n"))
		}
		for _, asked := range s.asked {
			kinds[asked[0].kind]++
			sales++
		}
	})
	t.Logf("asked for %v", kinds)
	if sales < 50 && !t.Failed() {
		t.Errorf("only %d things were bought", sales)
	}
}

// start is how a shop is when a story begins.
type start struct {
	pin     vend.PINPolicy
	fund    vend.Fund
	limits  string
	has     string // the balance
	already bool   // the customer has a PIN
}

func drawOpening(rt *rapid.T) start {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, name) }
	return start{
		pin:    vend.PINPolicy(pick("pin", "optional", "optional", "required", "off")),
		fund:   vend.Fund(pick("fund", "balance", "balance", "balance", "merchant")),
		limits: pick("limits", "", "", "", "sale R30", "day R60", "sales 3"), has: pick("has", "R0", "R55.50", "R200", "R2000"),
		already: rapid.Bool().Draw(rt, "already"),
	}
}

// act is one thing that happens. n is taken modulo what there is to choose from.
type act struct {
	what  string
	phone int
	n     int
}

func drawAct(rt *rapid.T) act {
	return act{
		what: rapid.SampledFrom(slices.Concat(
			slices.Repeat([]string{"type"}, 34), slices.Repeat([]string{"dial"}, 3),
			[]string{"deep", "retry", "lose", "forget", "wait", "wait", "mood", "mood", "shelf", "crash", "pin crash", "erase", "policy"},
		)).Draw(rt, "what"),
		phone: rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 1, 2}).Draw(rt, "phone"),
		n:     rapid.IntRange(0, 999).Draw(rt, "n"),
	}
}

// line is a customer's on one channel.
type line struct {
	user, channel string
	cumulative    bool // as a gateway that sends everything since the dial
	session       string
	text          string
	turn          dialog.Turn
	shown         string
	open          bool

	yes     *yes
	sure    bool      // wanted it once more
	looked  time.Time // when the screen was shown that can be agreed to
	proved  bool      // the wallet PIN was right since the call began
	typed   string
	outcome dialog.Outcome
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
	lines   []*line
	engines [2]*dialog.Engine // two processes
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
	locks  *dyingLocks
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
		house: h, asked: map[string][]request{}, pins: map[string]string{}, looks: map[string]lookup{}, none: map[string]string{},
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
		"14000000159 holder=Carl_Cele supplier=Rand_Water max=R100", "14000000027 refused=meter_blocked",
	} {
		number, k, err := learn(m)
		must(err)
		h.provider.meters[number] = k
	}
	for _, a := range []string{"110112345 holder=Dudu_Dube balance=R45.50", "110167890 holder=Eva_Els", "110512345 holder=Fani_Fourie balance=R100"} {
		number, k, err := learn(a)
		must(err)
		h.provider.accounts[number] = k
	}
	for _, name := range []string{"Aphane", "Bhengu", "Cele", "Dube", "Els", "Fourie"} {
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
		s.pins[ownNumber] = walletOne
	}
	for i := range 4 {
		must(h.provider.issue(fmt.Sprintf("%016d R%d", 5000_5000_0000_0001+i, 15*(i+1))))
	}
	for pin := range h.provider.vouchers {
		s.given[pin] = true
	}
	shop := h.shop()
	s.locks = &dyingLocks{Locks: streetLocks{shop.Locks, s}}
	shop.Till, shop.Locks, shop.Desk, shop.History = streetTill{shop.Till, s}, s.locks, streetDesk{shop.Desk, s}, streetHistory{shop.History, s}
	shop.Languages = func() []flows.Language { return []flows.Language{{Code: "en", Name: "English"}} }
	s.store = &lossy{records: map[string]string{}, saved: s.keeps}
	book := flows.Book(shop)
	for _, state := range book.States {
		s.private[state.ID] = state.Private
	}
	for i := range s.engines {
		s.engines[i], err = dialog.New(book, h.words, s.store, dialog.Options{Hash: h.keys.Hash, Observe: func(r dialog.Report) {
			if i == 0 {
				s.reply = r
			}
		}})
		must(err)
	}
	s.lines = []*line{
		{user: ownNumber, channel: "gateway", cumulative: true}, {user: ownNumber, channel: "chat", session: "chat"},
		{user: otherNumber, channel: "gateway", cumulative: true},
	}
	return s
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

func (s *street) happen(a act) {
	time.Sleep(20 * time.Millisecond)
	pick := func(of ...string) string { return of[a.n%len(of)] }
	p := s.lines[a.phone]
	switch a.what {
	case "type":
		if !p.open {
			s.dial(p, "")
			return
		}
		s.say(p, pick(likelyTyped(p.shown)...))
	case "dial":
		s.dial(p, "")
	case "deep":
		s.dial(p, pick("1*1*1", "1*1*2", "5*1", "5", "5*1*1*1", "3*1*2", "6*1*1", "7*3*1*1", "7*1*1*1*1", "4*5000500000000001", "6*5*1*48213*48213", "2*1*1*1*1"))
	case "retry":
		if p.turn.Channel != "" {
			s.note("line %d: the gateway repeats itself", a.phone)
			s.hear(p, p.turn, false)
		}
	case "lose":
		if !p.open {
			return
		}
		in := pick(likelyTyped(p.shown)...)
		s.note("line %d: types %q and is cut off", a.phone, in)
		turn := s.next(p, in)
		ctx := context.WithValue(context.Background(), lineKey{}, s.speaker(p))
		p.open = false
		go func() { _, _ = s.engines[1].Handle(ctx, turn) }()
		time.Sleep(time.Duration(a.n%3) * time.Second)
	case "forget":
		s.note("the sessions are lost")
		s.store.mu.Lock()
		clear(s.store.records)
		s.store.mu.Unlock()
	case "wait":
		d, _ := time.ParseDuration(pick("1s", "5s", "30s", "1m", "2m30s", "4m", "6m", "20m"))
		s.note("%s pass", d)
		time.Sleep(d)
	case "mood":
		how := pick("unknown", "lost", "owed", "slow 2s", "slow 5s", "never", "person", "declined wrong_network", "declined number", "declined amount", "declined try_later", "declined meter", "declined account", "forbids")
		s.note("the provider: %s", how)
		s.provider.mu.Lock()
		_ = s.provider.expect(how)
		s.provider.mu.Unlock()
	case "shelf":
		s.restock(a.n)
	case "crash":
		s.till.crash = pick("before", "after", "late")
		s.note("the process dies %s", s.till.crash)
	case "pin crash":
		s.locks.crash = pick("before", "after", "late")
		s.note("the process dies %s a PIN", s.locks.crash)
	case "erase":
		s.note("the friend is forgotten")
		_, err := vend.Oblivion{Store: s.sql, Now: time.Now}.Erase(context.Background(), vend.Erasure{MSISDN: friend, Unseen: true, By: "support", Why: "asked for"})
		if _, inTheWay := errors.AsType[*vend.InTheWayError](err); err != nil && !inTheWay {
			s.bad("erase: %v", err)
		}
	case "policy":
		o := s.rules
		o.PIN = vend.PINPolicy(pick("optional", "required", "off"))
		s.note("PINs are %s", o.PIN)
		s.rule(o)
	}
	synctest.Wait()
}

// restock changes what is on sale.
func (s *street) restock(n int) {
	ways := []func(*vend.Product) bool{
		func(p *vend.Product) bool { return p.Network != "vodacom" },
		func(p *vend.Product) bool { return p.Kind != vend.KindData || p.Network == "mtn" },
		func(p *vend.Product) bool { // the code means something else, at the same price
			if p.Code == "v1" {
				p.Name = "Vodacom 50MB Hourly Data"
			}
			return true
		},
		func(p *vend.Product) bool {
			if p.Kind == vend.KindData {
				p.Min, p.Max = p.Min+100, p.Max+100
			}
			return true
		},
		func(p *vend.Product) bool {
			if p.Kind == vend.KindAirtime && p.Network == "mtn" {
				p.Code, p.Min, p.Max = "mtn-r20", 2000, 2000
			}
			return true
		},
		func(p *vend.Product) bool { return p.Kind != vend.KindGift && p.Code != "w1" },
		func(p *vend.Product) bool {
			if p.Code == "b1" {
				p.Biller = "1105"
			}
			return p.Code != "b2"
		},
	}
	s.provider.mu.Lock()
	p := newProvider()
	_ = p.sells("everything")
	s.provider.products = p.products
	if way := n % (len(ways) + 2); way < len(ways) {
		s.provider.products = nil
		for _, x := range p.products {
			if ways[way](&x) {
				s.provider.products = append(s.provider.products, x)
			}
		}
		s.note("the catalogue changes: %d", way)
	} else {
		s.note("the catalogue is as it was")
	}
	s.provider.mu.Unlock()
	if err := s.shelf.Load(context.Background()); err != nil {
		s.bad("load: %v", err)
	}
}

func (s *street) dial(p *line, deep string) {
	s.calls++
	if p.cumulative {
		p.session, p.text = "call "+strconv.Itoa(s.calls), deep
	} else {
		deep = pickOne(deep == "", "hello", "00")
	}
	p.proved = false
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

var (
	canAgree  = regexp.MustCompile(`(?m)^1 (Pay R|Yes, send R|Yes, get it|Yes, R[\d.]+ back)`)
	saidHas   = regexp.MustCompile(`[Yy]ou (?:still )?have (R[\d.]*\d)`)
	saidNone  = regexp.MustCompile(`No money was taken|Nothing was bought|[Nn]othing was bought\.|Your money is still yours`)
	saidRef   = regexp.MustCompile(`Ref ([2-9A-HJ-NP-Z]{6})`)
	saidDone  = regexp.MustCompile(`(?m)^(Done|It worked): `)
	saidDoing = regexp.MustCompile(`We are (busy|checking): `)
)

// hear has a turn answered, and judges the answer.
func (s *street) hear(p *line, in dialog.Turn, fresh bool) {
	ctx := context.WithValue(context.Background(), lineKey{}, s.speaker(p))
	p.turn = in
	reply, err := s.engines[0].Handle(ctx, in)
	report := s.reply
	balance, _ := s.service.Balance(ctx, p.user)
	p.shown, p.open, p.outcome = reply.Text, !reply.End, report.Outcome
	for l := range strings.SplitSeq(reply.Text, "\n") {
		s.note("    | %s", l)
	}
	s.note("    = %s %s end=%t", report.To, report.Outcome, reply.End)
	if err != nil && report.Outcome != dialog.Unsure {
		s.bad("%s: %v", report.Outcome, err)
	}
	synctest.Wait()
	s.judge(p, reply, report, balance)
	if strings.Contains(reply.Text, "What do you need?") || strings.Contains(reply.Text, "Welcome back") {
		p.yes, p.sure = nil, false
	}
	if canAgree.MatchString(reply.Text) {
		p.looked = time.Now()
		if fresh {
			p.yes = nil
		}
	}
}

// judge looks at what a screen says.
func (s *street) judge(p *line, reply dialog.Reply, r dialog.Report, before vend.Balance) {
	ctx, text := context.Background(), reply.Text
	s.texts = append(s.texts, text)
	if n, ok := gsm7.Cost(text); p.cumulative && (!ok || n > 160) {
		s.bad("a screen takes %d septets: %q", n, text)
	}
	if strings.Contains(text, "erased") {
		s.bad("somebody erased is shown: %q", text)
	}
	plain := strings.ReplaceAll(text, " ", "")
	for secret := range s.given {
		if strings.Contains(plain, secret) && !(len(secret) >= 16 && s.private[r.To] && s.provider.vouchers[secret] == "") {
			s.bad("%q is on the screen %s: %q", secret, r.To, text)
		}
	}
	after, err := s.service.Balance(ctx, p.user)
	if err != nil {
		s.bad("balance: %v", err)
	}
	if m := saidHas.FindStringSubmatch(text); m != nil && reply.End && r.Outcome == dialog.Answered && m[1] != before.Available.String() && m[1] != after.Available.String() {
		s.bad("the customer has %s: %q", after.Available, text)
	}
	own := map[string]vend.Order{}
	s.mu.Lock()
	for ref := range s.orders {
		o, err := s.service.Order(ctx, ref)
		if c, _ := s.service.Customer(ctx, p.user); err == nil && o.Customer == c.ID {
			own[vend.ShortRef(ref)] = o
		}
	}
	s.mu.Unlock()
	for _, m := range saidRef.FindAllStringSubmatch(text, -1) {
		o, mine := own[m[1]]
		switch {
		case !mine:
			s.bad("another's order is shown: %q", text)
		case saidDone.MatchString(text) && len(own) > 0 && strings.Count(text, "Ref ") == 1 && !o.Done() && o.State != vend.StateReversed:
			s.bad("order is %s: %q", o.State, text)
		case saidDoing.MatchString(text) && o.State.Final() && o.UpdatedAt.Before(time.Now().Add(-5*time.Second)) && r.Outcome == dialog.Answered:
			s.bad("order is %s since %s: %q", o.State, o.UpdatedAt, text)
		}
	}
	if p.yes != nil && p.yes.ref != "" && saidNone.MatchString(text) && r.Outcome != dialog.Replayed && !strings.Contains(text, "Nothing was bought by this") {
		switch o, err := s.service.Order(ctx, p.yes.ref); {
		case errors.Is(err, vend.ErrNoOrder):
			s.none[p.yes.ref] = text
		case err == nil && !o.Refused() && o.State != vend.StateReversed:
			s.bad("order %s is %s: %q", p.yes.ref, o.State, text)
		}
	}
	if strings.Contains(text, "Once more?") && !s.boughtLately(p.user, text) {
		s.bad("it was not bought: %q", text)
	}
}

// boughtLately says whether something was bought within two minutes that a text
// names.
func (s *street) boughtLately(user, text string) bool {
	for ref, all := range s.asked {
		o, err := s.service.Order(context.Background(), ref)
		if err == nil && all[0].user == user && time.Since(o.CreatedAt) < 2*time.Minute+5*time.Second && strings.Contains(text, all[0].said()) {
			return true
		}
	}
	return false
}

// close ends the day, and asks the books.
func (s *street) close() {
	for range 100 {
		synctest.Wait()
		next, err := s.sql.Next(context.Background(), nil)
		if err != nil || next.IsZero() {
			break
		}
		time.Sleep(max(time.Until(next), 0) + 50*time.Millisecond)
	}
	s.account()
	s.mu.Lock()
	s.house.asked = true
	s.mu.Unlock()
	if err := s.end(); err != nil {
		s.bad("%v", err)
	}
	for secret := range s.given {
		if strings.Contains(s.logged.String(), secret) {
			s.bad("%q is in the log", secret)
		}
	}
}
