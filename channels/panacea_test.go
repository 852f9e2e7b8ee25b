package channels

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/dialog"
)

func newTestPanacea(e Engine) *Panacea {
	return NewPanacea(e, PanaceaOptions{Sorry: atSorry, Foreign: atForeign, Code: ussdOurs})
}

func panQuery(changed ...string) string {
	return fields([]string{
		"ussd_msisdn", "27821234567", "ussd_session_id", "8f31", "ussd_type", "1", "ussd_request", ussdOurs, "ussd_network_name", "MTN",
	}, changed)
}

func panTurn(change func(t *dialog.Turn)) dialog.Turn {
	t := dialog.Turn{
		Channel: "panacea", User: "27821234567", Session: "8f31", Dial: true, Code: ussdOurs, Network: "mtn", Caps: dialog.Caps{Septets: 160},
	}
	change(&t)
	return t
}

func TestPanaceaDecodesCallbacks(t *testing.T) {
	same := func(*dialog.Turn) {}
	input := func(s string) func(*dialog.Turn) { return func(t *dialog.Turn) { t.Dial, t.Text = false, s } }
	typed := func(s string) string { return panQuery("ussd_type", "2", "ussd_request", s) }
	for _, c := range []struct {
		name, query string
		change      func(*dialog.Turn)
	}{
		{"a dial", panQuery(), same},
		{"a dial with the key", "key=hunter2&" + panQuery(), same},
		{"a dial with inputs", panQuery("ussd_request", "*120*2654*1553*1*2#"), func(t *dialog.Turn) { t.Deep = "1*2" }},
		{"another code", panQuery("ussd_request", "*134*1#"), func(t *dialog.Turn) { t.Code = "*134*1#" }},
		{"a dial that is no code", panQuery("ussd_request", "0"), same},
		{"a dial without what was dialled", panQuery("ussd_request", "-"), same},
		{"a dial without a type", panQuery("ussd_type", "-"), same},
		{"an input", typed("1"), input("1")},
		{"an input of another type", panQuery("ussd_type", "", "ussd_request", "1"), input("1")},
		{"an input without a type", panQuery("ussd_type", "-", "ussd_request", "1"), input("1")},
		{"an empty input", typed(""), input("")},
		{"stars and hashes", typed("1**2*#*"), input("1**2*#*")},
		{"blanks", typed(" a b "), input(" a b ")},
		{"digits of another keyboard", typed("١２"), input("١２")},
		{"letters beyond ASCII", typed("Žofie & 🙂"), input("Žofie & 🙂")},
		{"the code as an input", typed(ussdOurs), input(ussdOurs)},
		{"the longest input", typed(strings.Repeat("é", 182)), input(strings.Repeat("é", 182))},
		{"fields that are not used", panQuery() + "&ussd_node_name=a&ussd_node_name=b&ussd_response_a=%zz", same},
		{"a number with its plus", panQuery("ussd_msisdn", "+27821234567"), same},
		{"a plus that nobody encoded", "ussd_msisdn=+27821234567&" + panQuery("ussd_msisdn", "-"), same},
		{"a number in the national form", panQuery("ussd_msisdn", "0821234567"), same},
		{"no network", panQuery("ussd_network_name", "-"), func(t *dialog.Turn) { t.Network = "" }},
		{"Vodacom", panQuery("ussd_network_name", "Vodacom SA"), func(t *dialog.Turn) { t.Network = "vodacom" }},
	} {
		ussdDecode{c.name, "GET", c.query, "", panTurn(c.change)}.run(t, func(e Engine) ussdChannel { return newTestPanacea(e) })
	}
}

func panEnd(text string) Answer {
	return Answer{Body: []byte(text), Header: [][2]string{{"Cache-Control", "no-store"}, {"X-ussd-close", "1"}}}
}

func TestPanaceaRefusesWhatCanNotBeUsed(t *testing.T) {
	for _, c := range []ussdRefuse{
		{name: "nothing"},
		{name: "no number", query: panQuery("ussd_msisdn", "-")},
		{name: "an empty number", query: panQuery("ussd_msisdn", "")},
		{name: "a number that is none", query: panQuery("ussd_msisdn", "anonymous")},
		{name: "no session id", query: panQuery("ussd_session_id", "-")},
		{name: "an empty session id", query: panQuery("ussd_session_id", "")},
		{name: "a session id that is too long", query: panQuery("ussd_session_id", strings.Repeat("1", 129))},
		{name: "a session id with a blank", query: panQuery("ussd_session_id", "1 2")},
		{name: "neither start nor input", query: panQuery("ussd_type", "2", "ussd_request", "-")},
		{name: "two numbers", query: panQuery() + "&ussd_msisdn=27831234567"},
		{name: "two requests", query: panQuery() + "&ussd_request=1"},
		{name: "two types", query: panQuery() + "&ussd_type=1"},
		{name: "two session ids", query: panQuery() + "&ussd_session_id=8f31"},
		{name: "two networks", query: panQuery() + "&ussd_network_name="},
		{name: "a broken code", query: panQuery() + "%zz"},
		{name: "an input that is too long", query: panQuery("ussd_type", "2", "ussd_request", strings.Repeat("1", 365))},
		{name: "an input that is not UTF-8", query: panQuery("ussd_type", "2", "ussd_request", "\xff")},
		{name: "an input with a NUL", query: panQuery("ussd_type", "2", "ussd_request", "\x00")},
		{name: "a number of Kenya", query: panQuery("ussd_msisdn", "254712345678"), want: ErrForeign},
		{name: "a landline", query: panQuery("ussd_msisdn", "27111234567"), want: ErrForeign},
	} {
		c.method = "GET"
		c.run(t, func(e Engine) ussdChannel { return newTestPanacea(e) }, panEnd(atSorry), panEnd(atForeign))
	}
	ussdGuarded(t, newTestPanacea(nil), panEnd(atSorry))
}

func TestPanaceaEncodesReplies(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply dialog.Reply
		want  Answer
	}{
		{"a screen", dialog.Reply{Text: "1 Airtime\n2 Power"}, Answer{Body: []byte("1 Airtime\n2 Power"), Header: [][2]string{{"Cache-Control", "no-store"}}}},
		{"the last screen", dialog.Reply{Text: "Bye", End: true}, panEnd("Bye")},
		{"an empty screen", dialog.Reply{}, panEnd(atSorry)},
		{"signs that mean something elsewhere", dialog.Reply{Text: `R5 & <b> "x"`, End: true}, panEnd(`R5 & <b> "x"`)},
		{"other letters", dialog.Reply{Text: "Žofie é €", End: true}, panEnd("Zofie é €")},
		{"too large a screen", dialog.Reply{Text: strings.Repeat("x", 200), End: true}, panEnd(strings.Repeat("x", 160))},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, err := range []error{nil, errors.New("redis is away")} {
				if d := cmp.Diff(c.want, knock(t, newTestPanacea(&recorder{reply: c.reply, err: err}), "GET", panQuery(), "")); d != "" {
					t.Errorf("answer (-want +got):\n%s", d)
				}
			}
		})
	}
}

func FuzzPanaceaDecode(f *testing.F) {
	for _, q := range []string{
		"", panQuery(), panQuery("ussd_type", "2", "ussd_request", "1*2#"), panQuery("ussd_type", "-"), panQuery() + "&ussd_type=1",
		panQuery("ussd_request", "*120*2654*1553*1*2#"), panQuery("ussd_msisdn", "254712345678"), "&&=&%=%",
	} {
		f.Add(q)
	}
	ch := newTestPanacea(nil)
	f.Fuzz(func(t *testing.T, query string) {
		got, err := ch.Decode(&Callback{RawQuery: query})
		ussdSound(t, ch, got, err)
	})
}
