package flows

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spaza/dialog"
	"spaza/gsm7"
	"spaza/ledger"
	"spaza/locales"
	"spaza/vend"
)

// The longest values that are realistic. Amounts are not whole rands, since a
// network may have such prices.
const (
	longNetwork = "Capitec Connect"
	longAmount  = ledger.Cents(1000_50)
	longBalance = ledger.Cents(12345_50)
	longRef     = "P-23456789ABCDEFGHJKLM"
	longHelp    = "080 012 3456"
	longCode    = "*120*12345#"
)

// longShelf has so many networks as still make one screen, with long names.
type longShelf struct{ fixed bool }

func (s longShelf) Airtime() []vend.Network {
	var all []vend.Network
	for _, name := range []string{"Vodacom", "MTN", "Cell C", "Telkom Mobile", longNetwork} {
		n := vend.Network{ID: strings.ToLower(name), Name: name}
		if s.fixed {
			for i := range 12 {
				price := ledger.Rand(100) + ledger.Cents(i*50)
				n.Fixed = append(n.Fixed, vend.Product{Code: fmt.Sprint(i), Min: price, Max: price})
			}
		} else {
			n.Range = vend.Product{Code: "any", Min: 1_50, Max: longAmount}
		}
		all = append(all, n)
	}
	return all
}

func (s longShelf) Network(id string) (vend.Network, bool) {
	for _, n := range s.Airtime() {
		if n.ID == id {
			return n, true
		}
	}
	return vend.Network{}, false
}

// quietTill is a till whose shop has limits that leave everything on sale.
type quietTill struct {
	Till
	fund vend.Fund
}

func (t quietTill) Fund() vend.Fund                                               { return t.fund }
func (quietTill) MostAtOnce(vend.Kind) ledger.Cents                               { return longAmount }
func (quietTill) MaySpend(context.Context, string, vend.Kind, ledger.Cents) error { return nil }
func fitShop(shelf Shelf, fund vend.Fund) Shop {
	return Shop{
		Till: quietTill{fund: fund}, Shelf: shelf, Help: longHelp, Code: longCode,
		Languages: []Language{{"en", "English"}, {"zu", "isiZulu"}},
	}
}

// saying is one line that can stand above a question, or nothing.
type saying struct {
	name string
	say  func(*dialog.Talk)
}

func nothing() saying { return saying{"no notice", func(*dialog.Talk) {}} }

func note(key string, args ...dialog.Arg) saying {
	return saying{key, func(t *dialog.Talk) { t.Note(key, args...) }}
}

// reasons are all that a sale can be declined for, and one that is new.
func reasons() []vend.Reason {
	return []vend.Reason{
		vend.ReasonUnavailable, vend.ReasonTryLater, vend.ReasonProductGone, vend.ReasonAmount, vend.ReasonAmountLow,
		vend.ReasonAmountHigh, vend.ReasonNumber, vend.ReasonNumberBarred, vend.ReasonNumberUnreg, vend.ReasonWrongNetwork,
		vend.ReasonVoucherNotFound, vend.ReasonVoucherUsed, vend.ReasonVoucherExpired, vend.ReasonVoucherCancelled,
		vend.ReasonVoucherNotActive, vend.ReasonCustomerInactive, "something_new",
		vend.ReasonAmountBelowArrears, vend.ReasonMeter, vend.ReasonMeterNotSupported, vend.ReasonMeterBlocked, vend.ReasonArrears,
		vend.ReasonFreeNotRegistered, vend.ReasonFreeAlreadyIssued, vend.ReasonNoHistory, vend.ReasonToken, vend.ReasonAccount,
		vend.ReasonCannotReverse,
	}
}

// sayings lists what can stand above the screen of each state, the engine's own
// lines included. A state that is not in it has no screen.
func sayings() map[dialog.StateID][]saying {
	pick := note(dialog.KeyPick, arg("n", 5))
	pick2 := note(dialog.KeyPick, arg("n", 2))
	gone := note("why.product_gone")
	m := map[dialog.StateID][]saying{
		menuStart: {pick, note("language.done")},
		helpShow:  {note(dialog.KeyOnlyBack)}, languageAsk: {pick}, balanceShow: {pick2},
		airtimeNetwork: {pick, gone},
		airtimeAmount: {
			pick, note("airtime.amount.bad"), note("airtime.amount.whole"),
			note("airtime.amount.low", money("min", 1_50)), note("airtime.amount.high", money("max", longAmount)),
		},
		airtimeConfirm: {pick2}, airtimeShort: {pick2},
		airtimeOver: {pick}, airtimeLimit: nil, airtimeOwed: nil, airtimeUndone: nil, voucherUndone: nil,
		airtimeSold: nil, airtimePending: nil, airtimeDeclined: nil, airtimeCancelled: nil, airtimeNone: {gone},
		voucherPIN: {note("voucher.pin.bad")}, voucherAdded: {pick},
		voucherChecking: nil, voucherLocked: nil, voucherDeclined: nil,
	}
	m[airtimeOther] = m[airtimeAmount][1:]
	for _, r := range []vend.Reason{vend.ReasonWrongNetwork, vend.ReasonAmount, vend.ReasonAmountLow, vend.ReasonAmountHigh} {
		at := airtimeAmount
		if r == vend.ReasonWrongNetwork {
			at = airtimeNetwork
		}
		m[at] = append(m[at], saying{"airtime.fix " + string(r), func(t *dialog.Talk) {
			t.Note("airtime.fix", text("why", t.Say(whyKey(r))))
		}})
	}
	for _, r := range reasons() {
		if strings.HasPrefix(string(r), "voucher_") {
			m[voucherPIN] = append(m[voucherPIN], note(whyKey(r)))
		}
	}
	for _, key := range []string{
		"last.voucher.added", "last.voucher.refused", "last.voucher.kept", "last.voucher.checking",
		"last.airtime.sold", "last.airtime.declined", "last.airtime.checking", "last.airtime.owed", "last.airtime.undone",
		"last.airtime.declined.house", "last.airtime.undone.house", "last.voucher.undone",
	} {
		m[menuStart] = append(m[menuStart], note(key, money("amount", longAmount), text("network", longNetwork), ref(longRef)))
	}
	return m
}

// variants are the ways in which the screen of a state can differ besides.
func variants(id dialog.StateID) []saying {
	switch id {
	case airtimeDeclined, voucherDeclined:
		var all []saying
		for _, r := range reasons() {
			all = append(all, saying{string(r), func(t *dialog.Talk) { t.SetText(why, string(r)) }})
		}
		return all
	case airtimeOver, airtimeLimit:
		var all []saying
		for _, k := range []vend.LimitKind{
			vend.LimitSale, vend.LimitDay, vend.LimitDaySales, vend.LimitMerchantEach, vend.LimitMerchantDay,
		} {
			all = append(all, saying{string(k), func(t *dialog.Talk) { t.SetText(limitKind, string(k)) }})
		}
		return append(all, saying{"nothing left", func(t *dialog.Talk) {
			t.SetText(limitKind, string(vend.LimitMerchantDay))
			t.SetInt(limitLeft, 0)
		}})
	case voucherAdded:
		return []saying{
			{"to go on", func(t *dialog.Talk) { t.SetText(backTo, airtimeConfirm.Flow()) }},
			{"for itself", func(*dialog.Talk) {}},
		}
	case balanceShow:
		return []saying{
			{"held", func(t *dialog.Talk) { t.SetInt(held, int64(longBalance)) }},
			{"not held", func(*dialog.Talk) {}},
			{"nothing", func(t *dialog.Talk) { t.SetInt(available, 0) }},
		}
	}
	return []saying{{"", func(*dialog.Talk) {}}}
}

// fill sets every variable to the longest that it can be.
func fill(t *dialog.Talk) {
	t.SetText(network, strings.ToLower(longNetwork))
	t.SetInt(amount, int64(longAmount))
	t.SetText(buyRef, longRef)
	t.SetInt(available, int64(longBalance))
	t.SetText(voucherRef, longRef)
	t.SetText(lastRef, longRef)
	t.SetText(why, string(vend.ReasonVoucherNotActive))
	t.SetInt(voucherAmount, int64(longBalance))
	t.SetText(limitKind, string(vend.LimitDay))
	t.SetInt(limitMost, int64(longBalance))
	t.SetInt(limitLeft, int64(longAmount))
}

// show dials into a state, with what prepare sets, and returns its pages.
func show(t *testing.T, words *locales.Catalogue, lang string, shop Shop, id dialog.StateID, septets int, prepare func(*dialog.Talk)) []string {
	t.Helper()
	const before dialog.StateID = "fit.before"
	b := Book(shop)
	b.Open = func(_ context.Context, t *dialog.Talk) error { t.SetLang(lang); return nil }
	enter := func(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
		fill(t)
		prepare(t)
		return dialog.Stay, nil
	}
	start := dialog.State{
		ID: before, Ask: func(_ *dialog.Talk, s *dialog.Screen) { s.Add("go", "go") },
		Answer: func(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
			return dialog.Move(in.Option), nil
		},
		Edges: []dialog.Edge{{Move: "go", To: id}},
	}
	for i := range b.States {
		if b.States[i].ID == id {
			b.States[i].Enter = enter
		}
		start.Edges = append(start.Edges, dialog.Edge{Move: dialog.Move(b.States[i].ID), To: b.States[i].ID})
	}
	dialled := "1"
	if id == menuStart {
		dialled = "" // as the start of the book it has no way to the menu
	} else {
		b.Start = before
		b.States = append(b.States, start)
	}
	e, err := dialog.New(b, words, dialog.NewMemory(), dialog.Options{
		Hash: func(purpose, s string) [32]byte { return sha256.Sum256([]byte(purpose + s)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	more := "\n9 " + gsm7.Fold(words.Say(lang, dialog.KeyMore))
	var pages []string
	for typed := dialled; len(pages) < 20; {
		reply, err := e.Handle(t.Context(), dialog.Turn{
			User: "27821234567", Session: "s", Text: typed, Cumulative: true, Caps: dialog.Caps{Septets: septets},
		})
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, reply.Text)
		if !strings.HasSuffix(reply.Text, more) {
			return pages
		}
		if reply.End {
			t.Errorf("the conversation ends, and offers more: %q", reply.Text)
			return pages
		}
		if typed != "" {
			typed += "*"
		}
		typed += "9"
	}
	t.Fatalf("pages without end: %q", pages)
	return nil
}

// unfilled finds a text that is missing, or a value that was not given.
var unfilled = regexp.MustCompile(`\[[a-z0-9_.]+\]|[{}]`)

// everyScreen calls f for every state that has a screen, in every language,
// with every line that can stand above it and every form it can take, whoever
// pays for what is bought.
func everyScreen(t *testing.T, f func(t *testing.T, name string, words *locales.Catalogue, lang string, shop Shop, id dialog.StateID, prepare func(*dialog.Talk))) {
	t.Helper()
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := sayings()
	for _, s := range Book(Shop{}).States {
		above, ok := all[s.ID]
		if ok != (s.Do == nil) {
			t.Errorf("say in this test what can stand above %s", s.ID)
		}
		if s.Do != nil {
			continue
		}
		for _, l := range words.Languages() {
			for _, top := range append([]saying{nothing()}, above...) {
				for _, form := range variants(s.ID) {
					for _, fund := range []vend.Fund{vend.FundBalance, vend.FundMerchant} {
						name := fmt.Sprintf("%s %s under %q %s, from %s", l.Code, s.ID, top.name, form.name, fund)
						f(t, name, words, l.Code, fitShop(longShelf{}, fund), s.ID, func(t *dialog.Talk) {
							form.say(t)
							top.say(t)
						})
					}
				}
			}
		}
	}
}

func TestEveryScreenFitsOnOnePage(t *testing.T) {
	const room = 160
	tightest := room
	everyScreen(t, func(t *testing.T, name string, words *locales.Catalogue, lang string, shop Shop, id dialog.StateID, prepare func(*dialog.Talk)) {
		pages := show(t, words, lang, shop, id, room, prepare)
		if len(pages) > 1 {
			n, _ := gsm7.Cost(strings.Join(pages, ""))
			t.Errorf("%s takes %d pages (about %d septets):\n%s", name, len(pages), n, strings.Join(pages, "\n--\n"))
		}
		judge(t, name, pages, room)
		if n, _ := gsm7.Cost(pages[0]); room-n < tightest {
			tightest = room - n
		}
	})
	t.Logf("the fullest screen leaves %d septets", tightest)
}

// TestEveryScreenPagesWhereThereIsLittleRoom gives a screen 100 septets, and 60:
// nothing may be lost on the way.
func TestEveryScreenPagesWhereThereIsLittleRoom(t *testing.T) {
	for _, room := range []int{100, 60} {
		everyScreen(t, func(t *testing.T, name string, words *locales.Catalogue, lang string, shop Shop, id dialog.StateID, prepare func(*dialog.Talk)) {
			whole := show(t, words, lang, shop, id, 1000, prepare)
			pages := show(t, words, lang, shop, id, room, prepare)
			judge(t, name, pages, room)
			rest := plain(strings.Join(pages, "\n"))
			for _, word := range strings.Fields(plain(strings.Join(whole, "\n"))) {
				var found bool
				if _, rest, found = strings.Cut(rest, word); !found {
					if strings.HasPrefix(word, "00") || word == plain(words.Say(lang, dialog.KeyHome)) {
						continue // the way to the menu is not named where there is no room
					}
					t.Errorf("%s at %d septets loses %q:\n%s", name, room, word, strings.Join(pages, "\n--\n"))
					return
				}
			}
		})
	}
}

// plain is a text as it is folded.
func plain(s string) string { return gsm7.Fold(s) }

// TestFixedPricesPage walks a list that is longer than a screen, under every
// line that can stand above it: each price is on one page, behind its number.
func TestFixedPricesPage(t *testing.T) {
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{160, 100} {
		for _, l := range words.Languages() {
			for _, top := range append([]saying{nothing()}, sayings()[airtimeAmount]...) {
				pages := show(t, words, l.Code, fitShop(longShelf{fixed: true}, vend.FundBalance), airtimeAmount, room, top.say)
				name := fmt.Sprintf("%s under %q at %d", l.Code, top.name, room)
				judge(t, name, pages, room)
				all := strings.Join(pages, "\n") + "\n"
				n, _ := longShelf{fixed: true}.Network(strings.ToLower(longNetwork))
				for i, p := range n.Fixed {
					number := i + 1
					if number >= 9 { // 9 is the way on
						number++
					}
					if c := strings.Count(all, fmt.Sprintf("\n%d %s\n", number, p.Min)); c != 1 {
						t.Errorf("%s shows %s %d times:\n%s", name, p.Min, c, all)
					}
				}
			}
		}
	}
}

// judge refuses what no phone can show and what no person can read.
func judge(t *testing.T, name string, pages []string, room int) {
	t.Helper()
	for _, p := range pages {
		if n, ok := gsm7.Cost(p); !ok || n > room {
			t.Errorf("%s takes %d septets (in the alphabet: %t), and has room for %d:\n%s", name, n, ok, room, p)
		}
		if found := unfilled.FindString(p); found != "" {
			t.Errorf("%s shows %s:\n%s", name, found, p)
		}
		if strings.Contains(p, "  ") {
			t.Errorf("%s has a hole in it, so something is not set:\n%s", name, p)
		}
	}
}

// TestTheEnginesOwnScreensFit renders what the engine says by itself: the offer
// to go on, for every state that may be offered, and the ends.
func TestTheEnginesOwnScreensFit(t *testing.T) {
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := Book(Shop{Help: longHelp})
	for _, l := range words.Languages() {
		for _, s := range b.States {
			if s.What == "" {
				continue
			}
			offer := strings.Join([]string{
				words.Say(l.Code, dialog.KeyPick, arg("n", 2)),
				words.Say(l.Code, dialog.KeyResume, text("what", words.Say(l.Code, s.What))),
				"1 " + words.Say(l.Code, dialog.KeyResumeGo), "2 " + words.Say(l.Code, dialog.KeyResumeNew),
			}, "\n")
			judge(t, l.Code+" offer of "+string(s.ID), []string{gsm7.Fold(offer)}, 160)
		}
		for _, key := range []string{
			dialog.KeyStopped, dialog.KeyTooLong, dialog.KeyConflict, dialog.KeyBusy, dialog.KeyBroken, dialog.KeyUnsure,
		} {
			judge(t, l.Code+" "+key, []string{gsm7.Fold(words.Say(l.Code, key, b.Common...))}, 160)
		}
	}
}

// TestEveryReasonIsWalked keeps the list of reasons here as long as the one of
// the sale.
func TestEveryReasonIsWalked(t *testing.T) {
	for _, r := range declared(t) {
		if !slices.Contains(reasons(), r) {
			t.Errorf("reason %q is not walked", r)
		}
	}
}
