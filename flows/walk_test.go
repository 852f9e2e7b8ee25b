package flows

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/dialog"
	"spaza/gsm7"
	"spaza/locales"
	"spaza/vend"
)

// TestWalk goes through every screen that can be reached, in every language, with
// the longest values there are, and with everything that can come of a sale. Each
// page must fit a phone, be filled in, and lead on; every state must be come to
// and every text said.
func TestWalk(t *testing.T) {
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	said := map[string]bool{}
	for _, l := range words.Languages() {
		if testing.Short() && !slices.Contains([]string{"en", "ts"}, l.Code) {
			continue
		}
		t.Run(l.Code, func(t *testing.T) {
			t.Parallel()
			reached, keys := map[dialog.StateID]bool{}, map[string]bool{}
			for _, fund := range []vend.Fund{vend.FundBalance, vend.FundMerchant} {
				w := newWalk(t, words, l.Code, fund)
				w.all()
				maps.Copy(reached, w.reached)
				maps.Copy(keys, w.words.said)
				t.Logf("from %s: %d screens, %d turns, the fullest leaves %d septets", fund, len(w.seen), w.turns, w.tightest)
			}
			for _, s := range Book(longShop(&longWorld{})).States {
				if s.Do == nil && !reached[s.ID] {
					t.Errorf("nothing led to %s", s.ID)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(said, keys)
		})
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		for _, key := range words.Keys() {
			if !said[key] && !saidElsewhere(key) {
				t.Errorf("nobody says %s", key)
			}
		}
	})
}

// saidElsewhere are the texts of messages, which have tests of their own, of
// doors, and of the engine's faults.
func saidElsewhere(key string) bool {
	return strings.HasPrefix(key, "sms.") || strings.HasPrefix(key, "verb.") || slices.Contains([]string{
		"language.name", "sorry", "foreign", "slow", "stale", "who.sms", "who.sms.linked", "who.sms.ended", dialog.KeyBusy, dialog.KeyBroken, dialog.KeyConflict, dialog.KeyTooLong, dialog.KeyUnsure,
	}, strings.TrimSuffix(key, ".chat"))
}

// recorder is a catalogue that remembers what was asked of it.
type recorder struct {
	*locales.Catalogue
	said map[string]bool
}

func (r recorder) Say(lang, key string, args ...dialog.Arg) string {
	r.said[key] = true
	return r.Catalogue.Say(lang, key, args...)
}

// walk is one walk through the book.
type walk struct {
	t        *testing.T
	lang     string
	words    recorder
	world    *longWorld
	engine   *dialog.Engine
	rec      string // the session as it is stored
	to       dialog.StateID
	ends     map[dialog.StateID]bool
	does     map[dialog.StateID]bool
	private  map[dialog.StateID]bool
	secret   map[dialog.StateID]bool
	free     map[dialog.StateID]bool
	reached  map[dialog.StateID]bool
	left     map[dialog.StateID]int  // how often a state was gone on from
	moody    map[dialog.StateID]bool // whether everything has happened there
	unsure   bool                    // the last turn did not come to its end
	plain    bool                    // only what is on the screen is typed
	seen     map[string]bool
	session  int // of the gateway: 0, or another
	turns    int
	tightest int
}

const room = 160

// shared stands for a customer's own contact card.
const shared = "(my contact)"

// room is how much a screen holds now.
func (w *walk) room() int {
	if w.world.chat {
		return 0
	}
	return room
}

func newWalk(t *testing.T, words *locales.Catalogue, lang string, fund vend.Fund) *walk {
	w := &walk{
		t: t, lang: lang, words: recorder{words, map[string]bool{}}, world: &longWorld{lang: lang, fund: fund},
		ends: map[dialog.StateID]bool{}, does: map[dialog.StateID]bool{}, private: map[dialog.StateID]bool{}, secret: map[dialog.StateID]bool{},
		free: map[dialog.StateID]bool{}, left: map[dialog.StateID]int{}, moody: map[dialog.StateID]bool{}, reached: map[dialog.StateID]bool{}, seen: map[string]bool{}, tightest: room,
	}
	w.world.words = w.words
	shop := longShop(w.world)
	for _, l := range words.Languages() {
		w.world.languages = append(w.world.languages, Language{Code: l.Code, Name: l.Name})
	}
	b := Book(shop)
	for _, s := range b.States {
		w.ends[s.ID], w.does[s.ID], w.private[s.ID], w.secret[s.ID] = s.End, s.Do != nil, s.Private, s.Secret
	}
	// What leads to a state that does something meets every mood; a PIN that is
	// not asked for is passed over.
	for _, s := range b.States {
		w.free[s.ID] = s.Free
		for _, e := range s.Edges {
			if w.does[e.To] || w.secret[e.To] && s.Confirm {
				w.world.trigger(s.ID)
			}
		}
	}
	var err error
	w.engine, err = dialog.New(b, w.words, keyed{w}, dialog.Options{
		Hash:    func(purpose, s string) [32]byte { return sha256.Sum256([]byte(purpose + "\x00" + s)) },
		Observe: func(r dialog.Report) { w.to, w.unsure = r.To, r.Outcome == dialog.Unsure; w.fail(r) },
		Budget:  time.Millisecond, // what waits, waits for nothing here
		Now:     func() time.Time { return walkNow },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// walkNow is when the walk takes place: a moment at which times are long.
var walkNow = time.Date(2026, 11, 21, 12, 45, 0, 0, time.UTC)

func (w *walk) fail(r dialog.Report) {
	if r.Err != nil && r.Outcome == dialog.Broken && !errors.Is(r.Err, errAway) {
		w.t.Errorf("%s: from %s to %s: %v", w.lang, r.From, r.To, r.Err)
	}
}

// all walks from every way in which a call can begin.
func (w *walk) all() {
	for i, begin := range w.world.beginnings() {
		if slices.Contains([]int{1, 2, 6}, i) && w.world.fund == vend.FundMerchant {
			continue // what else there is has nothing to do with who pays
		}
		begin()
		w.plain = i > 0 && i != 6
		if i < fullBeginnings { // the others differ in their first screen alone
			clear(w.left)
			clear(w.seen)
		}
		if w.world.chat {
			clear(w.moody) // what comes of a sale is said in other words there
		}
		page, rec := w.turn("", "")
		w.visit(page, rec, 0)
	}
}

// visit looks at a screen, and goes on from it in every way.
func (w *walk) visit(reply dialog.Reply, rec string, depth int) {
	at := w.to
	id := string(at) + "\x00" + reply.Text
	if w.seen[id] || depth > 40 {
		return
	}
	w.seen[id] = true
	w.reached[at] = true
	pages, recs := w.pages(at, reply, rec)
	w.judge(at, pages)
	if w.ends[at] || w.left[at] >= leftMost {
		return
	}
	moody := !w.moody[at]
	w.moody[at] = true
	w.left[at]++
	led, last := false, w.world.last
	text := strings.Join(pages, "\n")
	for _, in := range w.inputs(at, text, moody) {
		moods := w.world.moods(at, in)
		if !moody {
			moods = moods[:1]
		}
		for _, m := range moods {
			m()
			w.world.last = last // and not of another way from here
			next, after := w.turn(in, recs[0])
			to := w.to
			w.world.calm()
			led = led || to != at || next.End
			if w.to = to; !w.unsure {
				w.visit(next, after, depth+1)
			}
		}
	}
	w.world.last = last
	w.redial(at, rec)
	if !led {
		w.t.Errorf("%s: %s leads nowhere:\n%s", w.lang, at, text)
	}
}

// fullBeginnings are how many of the first beginnings change more than what
// stands above the menu.
const fullBeginnings = 12

// leftMost is from how many forms of one screen the walk goes on; every form that
// it meets is looked at.
const leftMost = 8

// redial drops the call and dials again.
func (w *walk) redial(at dialog.StateID, rec string) {
	w.session = 1
	defer func() { w.session, w.to = 0, at }()
	offer, after := w.turn("", rec)
	if w.unsure {
		return
	}
	pages, _ := w.pages(w.to, offer, after)
	w.judge(w.to, pages)
	if at == w.to { // offered to go on
		_, _ = w.turn("1", after)
	}
}

// pages are all pages of a screen.
func (w *walk) pages(at dialog.StateID, reply dialog.Reply, rec string) (pages, recs []string) {
	pages, recs = []string{reply.Text}, []string{rec}
	for strings.Contains(reply.Text, "\n9 "+gsm7.Fold(w.words.Catalogue.Say(w.lang, dialog.KeyMore))) || strings.HasSuffix(reply.Text, "\n9") {
		if len(pages) > 12 {
			w.t.Fatalf("%s: %s has pages without end: %q", w.lang, at, pages)
		}
		if reply.End {
			w.t.Errorf("%s: %s ends, and offers more: %q", w.lang, at, reply.Text)
			return pages, recs
		}
		reply, rec = w.turn("9", rec)
		pages, recs = append(pages, reply.Text), append(recs, rec)
	}
	w.to = at
	return pages, recs
}

var choicePattern = regexp.MustCompile(`(?m)^(\d{1,2}) `)

// inputs are what is typed at a screen: every choice that it shows, the ways
// back, and what a person may type where anything may be.
func (w *walk) inputs(at dialog.StateID, text string, first bool) []string {
	var all []string
	for _, m := range choicePattern.FindAllStringSubmatch(text, -1) {
		if n := m[1]; n != "9" && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	all = append(all, "0", "00", "77")
	if w.world.stranger {
		all = append(all, shared, "123456")
	}
	if w.free[at] && (!w.plain || w.secret[at] || first) {
		all = append(all, typed()...)
	}
	return all
}

// typed is what people type where anything may be.
func typed() []string {
	return []string{
		"20", "35", "1", "3.50", "999999", "0831234567", "12", "x", "04123456789", "04123456780", "123456789", "5000500000000001",
		"48213", "11111", "48214", "Gogo", "an impossible name for a meter",
	}
}

// turn makes one turn from a record, and returns the reply and the record after.
func (w *walk) turn(typed, rec string) (dialog.Reply, string) {
	if w.turns++; w.turns > 400_000 {
		w.t.Fatal("the walk has no end")
	}
	keyed{w}.put(rec)
	turn := dialog.Turn{
		Channel: "walk", User: "27821234567", Session: fmt.Sprint("s", w.session), Text: typed, Key: fmt.Sprint("k", w.turns),
		Caps: dialog.Caps{Septets: w.room(), Chat: w.world.chat}, At: walkNow, Lang: w.lang,
	}
	if w.world.chat && !w.world.stranger {
		turn.Number = turn.User
	}
	if typed == shared {
		turn.Text, turn.Contact = "", turn.User
	}
	reply, err := w.engine.Handle(w.t.Context(), turn)
	if err != nil && !w.unsure && w.to == "" && !errors.Is(err, errAway) {
		w.t.Errorf("%s: %v", w.lang, err)
	}
	return reply, keyed{w}.get()
}

// judge refuses what no phone can show, and what a person cannot take in.
func (w *walk) judge(at dialog.StateID, pages []string) {
	name := w.lang + " " + string(at)
	if w.world.chat {
		if len(pages) > 1 || strings.ContainsAny(pages[0], "{}") || strings.TrimSpace(pages[0]) == "" {
			w.t.Errorf("%s in a chat: %q", name, pages)
		}
		return
	}
	judge(w.t, name, pages, room)
	for _, p := range pages {
		n, _ := gsm7.Cost(p)
		w.tightest = min(w.tightest, room-n)
	}
	most := 1
	switch {
	case at == languageFirst, at == languageAsk:
		most = 4
	case at == purchasesList:
		most = 8 // one for each, at worst
	case w.private[at]:
		most = 4 // tokens
	case !w.ends[at] && !strings.HasSuffix(string(at), ".confirm"):
		most = 3
	}
	if strings.HasSuffix(string(at), ".bundle") || strings.HasSuffix(string(at), ".vendor") || strings.HasSuffix(string(at), ".biller") {
		most = 12
	}
	if len(pages) > most {
		w.t.Errorf("%s takes %d pages:\n%s", name, len(pages), strings.Join(pages, "\n--\n"))
	}
}

// keyed is the store of a walk, which knows its one session.
type keyed struct{ *walk }

func (k keyed) put(rec string) { k.walk.rec = rec }
func (k keyed) get() string    { return k.walk.rec }

// Load implements dialog.Store.
func (k keyed) Load(context.Context, string) (string, error) { return k.walk.rec, nil }

// Save implements dialog.Store.
func (k keyed) Save(_ context.Context, _, prev, record string, _ time.Duration) (string, bool, error) {
	if now := k.walk.rec; now[:min(len(now), dialog.StampSize)] != prev {
		return now, false, nil
	}
	k.walk.rec = record
	return "", true, nil
}
