package locales_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spaza/gsm7"
	"spaza/locales"

	"golang.org/x/text/unicode/norm"
)

// speaker is the interface of a caller: it is met without either package
// importing the other.
type speaker interface {
	Say(lang, key string, args ...struct{ Name, Value string }) string
}

var (
	_ speaker = (*locales.Catalogue)(nil)
	_ speaker = (*locales.Live)(nil)
)

// room is what a screen and an SMS hold, in septets.
const room = 160

// longest is the longest realistic value of every placeholder but {what} and
// {why}, which are texts themselves.
var longest = map[string]string{
	"amount": "R1000.50", "balance": "R1000.50", "missing": "R1000.50", "held": "R1000.50",
	"min": "R10.50", "max": "R1000", "number": "0821234567", "network": "Networks",
	"ref": "7F3K2A", "help": "0821234567", "callcentre": "0821234567", "code": "*120*12345#",
	"date": "21/11 14:05", "time": "14:05", "wait": "59", "n": "12",
	"most": "R1000.50", "left": "R1000.50", "worth": "R1000.50", "part": "R1000.50", "net": "R1000.50", "vat": "R1000.50",
	"expires": "2029-11-21", "serial": "123456789012345678", "utility": "Nelson Mandela Bay Municipality", "meter": "07012345678",
	"units": "1234.5 kWh", "label": "Telkom Mobile", "tariff": "Homepower 4 60A Block", "receipt": "TS/JE/12345678",
	"vatno": "4740101508", "phone": "0860 123 456", "biller": "City of Johannesburg", "account": "11053012345678901234",
	"holder": "T*** M*****", "supplier": "Nelson Mandela Bay", "arrears": "R1000.50", "owed": "R1000.50",
	"line": "R1000.50 Telkom Mobile 21/11", "name": "Grandmother", "group": "Social, night, video", "operator": "Gogo's Airtime", "chat": "WhatsApp", "chats": "Telegram, WhatsApp", "dial": "*120*12345#", "page": "gogo.co.za/terms",
}

// budget is how many septets a text may take, filled in and folded: the entry
// that is its key, or the longest beginning of it. That screens fit is for the
// walk through them (flows); here are the lists, whose lines must stay short, and
// the messages, which have two parts at most.
var budget = map[string]int{
	"":     room,
	"nav.": 10, "resume.go": 16, "resume.restart": 16, "what.": 32, "language.name": 16,
	"menu.": 26, "menu.prompt": 40, "menu.again": 80, "more.": 30, "more.ask": 40, "account.": room, "number.mine": 22, "number.other": 22,
	"brief.": 50, "pay.": 176, "pay.confirm.pay": 30, "pay.confirm.cancel": 22, "amount.other": 22, "data.group.": 30, "data.group.ask": room,
	"who.": 500, "who.share": 40, "who.code.again": 40, "who.code.other": 40, "who.sms": room, "who.sms.linked": 2 * 153, "who.sms.ended": 2 * 153,
	"chats.pick": 22, "chats.item": 36, "chats.end.yes": 22, "idle.new": 36, "idle.sure.yes": 22, "verb.": 400,
	"why.": 80, "sms.": 2 * 153, "sms.pin.": 90, "sms.power.": 90, "sms.phone": 50, "sms.tail": 40,
}

func load(t *testing.T) *locales.Catalogue {
	t.Helper()
	c, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// say fills a text in with the longest values. The texts that a {why} or {what}
// may be are given by the beginnings of their keys.
func say(t *testing.T, c *locales.Catalogue, lang, key string, inner ...string) string {
	t.Helper()
	var args []locales.Arg
	for _, name := range c.Placeholders(key) {
		value, ok := longest[name]
		if !ok && (name == "what" || name == "why") && len(inner) > 0 {
			value, ok = longestOf(t, c, lang, inner), true
		}
		if !ok {
			t.Fatalf("%s: say in this test what the longest {%s} is", key, name)
		}
		args = append(args, locales.Arg{Name: name, Value: value})
	}
	return c.Say(lang, key, args...)
}

// longestOf is the longest of the texts whose keys begin with any of starts.
func longestOf(t *testing.T, c *locales.Catalogue, lang string, starts []string) string {
	t.Helper()
	var found string
	for _, key := range c.Keys() {
		if slices.ContainsFunc(starts, func(s string) bool { return strings.HasPrefix(key, s) }) {
			if s := say(t, c, lang, key, innerOf(key)...); septets(t, s) > septets(t, found) {
				found = s
			}
		}
	}
	if found == "" {
		t.Fatalf("no key begins with any of %q", starts)
	}
	return found
}

func septets(t *testing.T, s string) int {
	t.Helper()
	n, ok := gsm7.Cost(gsm7.Fold(s))
	if !ok {
		t.Fatalf("%q does not fold into the alphabet", s)
	}
	return n
}

// innerOf is what a text's {why} or {what} may be.
func innerOf(key string) []string {
	switch {
	case key == "resume.prompt":
		return []string{"what."}
	case strings.HasPrefix(key, "thing."), strings.HasPrefix(key, "menu."), strings.HasPrefix(key, "last."), key == "voucher.added.continue", key == "walletpin.continue":
		return []string{"brief."}
	case key == "pay.declined", strings.HasPrefix(key, "pay.declined."), key == "pay.fix":
		return airtimeReasons
	case strings.HasPrefix(key, "pay."), strings.HasPrefix(key, "walletpin."), strings.HasPrefix(key, "purchases."):
		return []string{"thing."}
	case strings.HasPrefix(key, "voucher.") || key == "sms.refused" || key == "sms.voucher.kept":
		return voucherReasons
	default:
		return airtimeReasons
	}
}

// Which refusals each product has.
var (
	airtimeReasons = []string{"why.unavailable", "why.try_later", "why.product_gone", "why.amount", "why.number", "why.wrong_network", "why.customer"}
	voucherReasons = []string{"why.unavailable", "why.try_later", "why.product_gone", "why.customer", "why.voucher"}
)

func TestEveryTextFitsWithItsLongestValues(t *testing.T) {
	c := load(t)
	for _, l := range c.Languages() {
		for _, key := range c.Keys() {
			limit, match := 0, -1
			for start, n := range budget {
				if strings.HasPrefix(key, start) && len(start) > match {
					limit, match = n, len(start)
				}
			}
			if strings.HasSuffix(key, ".chat") {
				limit = 500 // no screen of a phone
			}
			s := say(t, c, l.Code, key, innerOf(key)...)
			if n := septets(t, s); n > limit {
				t.Errorf("%s %s takes %d septets, may take %d: %q", l.Code, key, n, limit, s)
			}
		}
	}
}

func TestEveryTextFoldsWithoutLoss(t *testing.T) {
	c := load(t)
	for _, l := range c.Languages() {
		for _, key := range c.Keys() {
			s := say(t, c, l.Code, key, innerOf(key)...)
			if folded := gsm7.Fold(s); strings.Count(folded, "?") != strings.Count(s, "?") {
				t.Errorf("%s %s loses letters: %q folds to %q", l.Code, key, s, folded)
			}
			if !norm.NFC.IsNormalString(s) {
				t.Errorf("%s %s has marks that are not part of their letters: %+q", l.Code, key, s)
			}
			if strings.Contains(s, "  ") {
				t.Errorf("%s %s has two blanks in a row: %q", l.Code, key, s)
			}
		}
	}
}

func TestEveryReasonHasAText(t *testing.T) {
	c := load(t)
	file, err := parser.ParseFile(token.NewFileSet(), "../vend/reason.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	reasons := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
			return true
		}
		for _, v := range spec.Values {
			reason, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			reasons++
			if !slices.Contains(c.Keys(), "why."+reason) {
				t.Errorf("why.%s is missing", reason)
			}
		}
		return true
	})
	if reasons == 0 {
		t.Error("found no reasons; have they moved?")
	}
}

func TestEveryFailureSaysWhereTheMoneyIs(t *testing.T) {
	says := map[string][]string{
		"en":  {"Nothing was bought", "Nothing more was bought", "money", "balance", "oucher is still good", "safe"},
		"zu":  {"Akukho okuthengiwe", "Akukho okunye okuthengiwe", "mali", "Ivawusha yakho isasebenza"},
		"xh":  {"Akukho nto ithengiweyo", "Akukho nto yimbi ithengiweyo", "mali", "isasebenza"},
		"ss":  {"Kute lokutsengiwe", "Kute lokunye lokutsengiwe", "mali", "isasebenta"},
		"nr":  {"Akunalitho elithengiweko", "Akunalitho elinye elithengiweko", "mali", "isasebenza"},
		"af":  {"Niks ", "geld", "balans", "nog goed", "is veilig"},
		"st":  {"Ha ho letho", "tjhelete", "Tjhelete", "balanse", "bolokehile", "e ntse e sebetsa"},
		"tn":  {"Ga go sepe", "madi", "Madi", "balanse", "abalesegile", "e sa ntse e dira"},
		"nso": {"Ga go selo", "tšhelete", "Tšhelete", "balanse", "bolokegile", "e sa šoma"},
		"ts":  {"Ku hava leswi", "Ku hava swin'wana", "hlayisekile", "mali", "Mali", "balansi", "ya ha tirha"},
		"ve":  {"A hu na tsho rengwaho", "A hu na tshiṅwe", "tshelede", "Tshelede", "balansi", "tsireledzea", "i kha ḓi shuma"},
	}
	c := load(t)
	for _, l := range c.Languages() {
		if says[l.Code] == nil {
			t.Errorf("say in this test how %s speaks of money", l.Name)
		}
		for _, key := range []string{
			"again.end", "again.limit", "broken", "busy", "conflict", "unsure",
			"shop.none", "pay.pending", "pay.declined", "pay.declined.plain", "pay.cancelled", "pay.declined.house", "pay.undone", "pay.undone.plain",
			"pay.undone.house", "pay.twice.kept", "last.undone", "last.declined", "last.checking",
			"meter.silent", "meter.often", "meter.least", "meter.most", "bill.silent", "bill.often", "payback.none",
			"walletpin.locked", "walletpin.locked.day", "account.held",
			"limit.sale", "limit.day", "limit.sales", "limit.house", "limit.house.none", "voucher.undone",
			"sms.declined.house", "sms.not", "sms.not.house", "sms.free.not", "sms.refund.not", "sms.undone", "sms.undone.refund",
			"sms.undone.voucher", "sms.person.other", "sms.refund.person",
			"voucher.pin.locked", "voucher.pin.locked.day", "voucher.declined", "voucher.checking", "pay.fix",
			"sms.declined", "sms.refused", "sms.person", "sms.voucher.person", "sms.voucher.kept", "last.voucher.kept",
		} {
			s := c.Say(l.Code, key)
			if !slices.ContainsFunc(says[l.Code], func(p string) bool { return strings.Contains(s, p) }) {
				t.Errorf("%s %s says nothing of the money: %q", l.Code, key, s)
			}
		}
	}
}

// TestWhatIsPaidIsNeverSaidNotToBeBought holds for the texts of an order whose
// goods are still to come.
func TestWhatIsPaidIsNeverSaidNotToBeBought(t *testing.T) {
	says := map[string][2]string{
		"en": {"aid", "othing was bought"}, "zu": {"khokhiwe", "kukho okuthengiwe"}, "xh": {"hlawulwe", "kukho nto ithengiweyo"},
		"ss": {"khokhiwe", "ute lokutsengiwe"}, "nr": {"bhadelwe", "kunalitho elithengiweko"}, "af": {"etaal", "iks is gekoop"},
		"st": {"efilwe", "a ho letho le rekilweng"}, "tn": {"uetswe", "a go sepe se se rekilweng"}, "nso": {"efilwe", "a go selo seo se rekilwego"},
		"ts": {"akeriwile", "u hava leswi xaviweke"}, "ve": {"badelwa", " hu na tsho rengwaho"},
	}
	c := load(t)
	for _, l := range c.Languages() {
		for _, key := range []string{"pay.owed", "last.owed", "sms.owed", "sms.owed.number"} {
			if says[l.Code][0] == "" {
				t.Fatalf("say in this test how %s speaks of what is paid", l.Name)
			}
			if s := c.Say(l.Code, key); !strings.Contains(s, says[l.Code][0]) || strings.Contains(s, says[l.Code][1]) {
				t.Errorf("%s %s: %q", l.Code, key, s)
			}
		}
	}
}

// TestABadPINIsOneThing keeps whoever guesses from learning which PINs there are:
// one that was never sold, was used or has expired is answered alike.
func TestABadPINIsOneThing(t *testing.T) {
	c := load(t)
	for _, l := range c.Languages() {
		want := c.Say(l.Code, "why.voucher_not_found")
		for _, key := range c.Keys() {
			if strings.HasPrefix(key, "why.voucher_") && c.Say(l.Code, key) != want {
				t.Errorf("%s %s says more than that the PIN is no good: %q", l.Code, key, c.Say(l.Code, key))
			}
		}
	}
}

func TestTextsUseWordsOfTheCounter(t *testing.T) {
	c := load(t)
	for _, l := range c.Languages() {
		for _, key := range c.Keys() {
			if strings.HasPrefix(key, "verb.") {
				continue // these are what customers say
			}
			s := strings.ToLower(c.Say(l.Code, key))
			for _, word := range []string{"transaction", "initiat", "invalid", "redeem", "denominat", "error", "failed", "session", "terminat"} {
				if strings.Contains(s, word) {
					t.Errorf("%s %s says %q", l.Code, key, word)
				}
			}
		}
	}
}

func TestWaitingForAPINIsCountedInTheLanguage(t *testing.T) {
	c := load(t)
	for _, tc := range []struct{ lang, n, want string }{
		{"en", "0", " 0 minutes,"}, {"en", "1", " 1 minute,"}, {"en", "2", " 2 minutes,"},
		{"zu", "0", " umzuzu 0,"}, {"zu", "1", " umzuzu 1,"}, {"zu", "2", " imizuzu 2,"},
	} {
		if got := c.Say(tc.lang, "voucher.pin.locked", locales.Arg{Name: "wait", Value: tc.n}); !strings.Contains(got, tc.want) {
			t.Errorf("%s, %s: %q lacks %q", tc.lang, tc.n, got, tc.want)
		}
	}
}
