package channels

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/dialog"
)

const aatBase = "https://shop.example.co.za"

func newTestAAT(e Engine) *AAT {
	return NewAAT(e, AATOptions{Sorry: atSorry, Foreign: atForeign, Code: ussdOurs, PublicURL: aatBase + "/"})
}

// aatAnswer is an answer as the gateway reads it.
type aatAnswer struct {
	XMLName xml.Name `xml:"request"`
	Text    string   `xml:"headertext"`
	Option  struct {
		Callback string `xml:"callback,attr"`
	} `xml:"options>option"`
}

// aatQuery is the good query of a start with the given fields changed or added.
func aatQuery(changed ...string) string {
	return fields([]string{"msisdn", "+27821234567", "provider", "Vodacom", "request", ussdOurs, "ussdSessionId", "1234"}, changed)
}

// fields writes pairs as a query, with some of them changed; a name that is not
// there is added, and one whose value is "-" is left out.
func fields(pairs, changed []string) string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		for j := 0; j < len(changed); j += 2 {
			if changed[j] == pairs[i] {
				value = changed[j+1]
			}
		}
		if value != "-" {
			out = append(out, pairs[i], value)
		}
	}
	for j := 0; j < len(changed); j += 2 {
		if !strings.Contains("&"+strings.Join(pairs, "&")+"&", "&"+changed[j]+"&") {
			out = append(out, changed[j], changed[j+1])
		}
	}
	return atBody(out...)
}

func aatTurn(change func(t *dialog.Turn)) dialog.Turn {
	t := dialog.Turn{
		Channel: "aat", User: "27821234567", Session: "1234", Dial: true, Key: "start\x00" + ussdOurs,
		Code: ussdOurs, Network: "vodacom", Caps: dialog.Caps{Septets: 160},
	}
	change(&t)
	return t
}

func TestAATDecodesCallbacks(t *testing.T) {
	same := func(*dialog.Turn) {}
	start := func(request, code, deep string) func(*dialog.Turn) {
		return func(t *dialog.Turn) { t.Key, t.Code, t.Deep = "start\x00"+request, code, deep }
	}
	input := func(s string) func(*dialog.Turn) {
		return func(t *dialog.Turn) {
			t.Dial, t.Text, t.Answers, t.Key = false, s, "Ab3_-xyz", "Ab3_-xyz\x00"+s
		}
	}
	later := func(changed ...string) string {
		return "to_addr=%2A120%2A2654%2A1553%23&t=Ab3_-xyz&" + aatQuery(changed...)
	}
	for _, c := range []struct {
		name, query string
		change      func(*dialog.Turn)
	}{
		{"a dial", aatQuery(), same},
		{"a dial with the key", "key=hunter2&" + aatQuery(), same},
		{"a dial with inputs", aatQuery("request", "*120*2654*1553*1*2#"), start("*120*2654*1553*1*2#", ussdOurs, "1*2")},
		{"another code", aatQuery("request", "*134*1#"), start("*134*1#", "*134*1#", "")},
		{"a dial that is no code", aatQuery("request", "0"), start("0", ussdOurs, "")},
		{"a dial of nothing", aatQuery("request", ""), start("", ussdOurs, "")},
		{"an input", later("request", "1"), input("1")},
		{"an empty input", later("request", ""), input("")},
		{"stars and hashes", later("request", "1**2*#*"), input("1**2*#*")},
		{"blanks", later("request", " a b "), input(" a b ")},
		{"digits of another keyboard", later("request", "١２"), input("١２")},
		{"letters beyond ASCII", later("request", "Žofie & 🙂"), input("Žofie & 🙂")},
		{"the code as an input", later("request", ussdOurs), input(ussdOurs)},
		{"the longest input", later("request", strings.Repeat("é", 182)), input(strings.Repeat("é", 182))},
		{
			"an input for another code", "to_addr=%2A134%23&t=Ab3_-xyz&" + aatQuery("request", "1"),
			func(t *dialog.Turn) { input("1")(t); t.Code = "*134#" },
		},
		{
			"an input for no code", "to_addr=&t=Ab3_-xyz&" + aatQuery("request", "1"), input("1"),
		},
		{"an input with only the screen", "t=Ab3_-xyz&" + aatQuery("request", "1"), input("1")},
		{
			"an input with only the code", "to_addr=%2A134%23&" + aatQuery("request", "1"),
			func(t *dialog.Turn) { t.Dial, t.Text, t.Key, t.Code = false, "1", "", "*134#" },
		},
		{
			"an input to a screen without a name", "to_addr=%2A134%23&t=&" + aatQuery("request", "1"),
			func(t *dialog.Turn) { t.Dial, t.Text, t.Key, t.Code = false, "1", "", "*134#" },
		},
		{"no session id", aatQuery("ussdSessionId", "-"), func(t *dialog.Turn) { t.Session = "none:" + ussdOurs }},
		{"an empty session id", later("ussdSessionId", "", "request", "1"), func(t *dialog.Turn) { input("1")(t); t.Session = "none:" + ussdOurs }},
		{"fields that are not used", aatQuery() + "&x=%zz&x=1&msisdn2=%FF", same},

		{"a number without its plus", aatQuery("msisdn", "27821234567"), same},
		{"a number in the national form", aatQuery("msisdn", "0821234567"), same},
		{"a plus that nobody encoded", "msisdn=+27821234567&" + aatQuery("msisdn", "-"), same},
		{"MTN", aatQuery("provider", "MTN"), func(t *dialog.Turn) { t.Network = "mtn" }},
		{"Cell C", aatQuery("provider", "CellC"), func(t *dialog.Turn) { t.Network = "cellc" }},
		{"a network that nobody knows", aatQuery("provider", "Any"), func(t *dialog.Turn) { t.Network = "" }},
		{"no network", aatQuery("provider", "-"), func(t *dialog.Turn) { t.Network = "" }},
	} {
		ussdDecode{c.name, "GET", c.query, "", aatTurn(c.change)}.run(t, func(e Engine) ussdChannel { return newTestAAT(e) })
	}

	got, err := NewAAT(nil, AATOptions{Sorry: atSorry}).Decode(&Callback{RawQuery: aatQuery("request", "*1*2#", "ussdSessionId", "-")})
	want := aatTurn(func(t *dialog.Turn) { t.Key, t.Code, t.Session = "start\x00*1*2#", "*1*2#", "none:*1*2#" })
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("no code configured: %v, (-want +got):\n%s", err, d)
	}
}

func aatEnd(text string) Answer {
	return Answer{
		Type: "text/xml; charset=utf-8", Header: [][2]string{{"Cache-Control", "no-store"}},
		Body: []byte("<request><headertext>" + text + "</headertext></request>"),
	}
}

func TestAATRefusesWhatCanNotBeUsed(t *testing.T) {
	for _, c := range []ussdRefuse{
		{name: "nothing"},
		{name: "no number", query: aatQuery("msisdn", "-")},
		{name: "an empty number", query: aatQuery("msisdn", "")},
		{name: "a number that is none", query: aatQuery("msisdn", "anonymous")},
		{name: "a number cut short", query: aatQuery("msisdn", "+2782123456")},
		{name: "no request", query: aatQuery("request", "-")},
		{name: "two numbers", query: aatQuery() + "&msisdn=27831234567"},
		{name: "two requests", query: aatQuery() + "&request=1"},
		{name: "two session ids", query: aatQuery() + "&ussdSessionId=1234"},
		{name: "two screens", query: aatQuery() + "&t=Ab3_-xyz&t=Ab3_-xyz"},
		{name: "two codes", query: aatQuery() + "&to_addr=*1%23&to_addr="},
		{name: "two networks", query: aatQuery() + "&provider="},
		{name: "a broken code", query: aatQuery() + "%zz"},
		{name: "a screen that was never shown", query: "t=short&" + aatQuery()},
		{name: "a screen with other letters", query: "t=Ab3%5F-x%20z&" + aatQuery()},
		{name: "a long screen", query: "t=Ab3_-xyzA&" + aatQuery()},
		{name: "a code that is too long", query: "to_addr=" + strings.Repeat("1", 65) + "&" + aatQuery()},
		{name: "a code with a line end", query: "to_addr=%0A&" + aatQuery()},
		{name: "a session id that is too long", query: aatQuery("ussdSessionId", strings.Repeat("1", 129))},
		{name: "a session id with a blank", query: aatQuery("ussdSessionId", "1 2")},
		{name: "an input that is too long", query: "t=Ab3_-xyz&" + aatQuery("request", strings.Repeat("1", 365))},
		{name: "an input that is not UTF-8", query: "t=Ab3_-xyz&" + aatQuery("request", "\xff")},
		{name: "an input with a NUL", query: "t=Ab3_-xyz&" + aatQuery("request", "\x00")},
		{name: "a number of Kenya", query: aatQuery("msisdn", "+254712345678"), want: ErrForeign},
		{name: "a number of Kenya, plus not encoded", query: "msisdn=+254712345678&" + aatQuery("msisdn", "-"), want: ErrForeign},
		{name: "a landline", query: aatQuery("msisdn", "27111234567"), want: ErrForeign},
	} {
		c.method = "GET"
		c.run(t, func(e Engine) ussdChannel { return newTestAAT(e) }, aatEnd(atSorry), aatEnd(atForeign))
	}
	ussdGuarded(t, newTestAAT(nil), aatEnd(atSorry))
}

func TestAATEncodesReplies(t *testing.T) {
	const asked = "https://shop.example.co.za/ussd/aat?to_addr=%2A120%2A2654%2A1553%23&amp;t=Ab3_-xyz"
	for _, c := range []struct {
		name, query string
		reply       dialog.Reply
		want        string
	}{
		{
			"a screen", aatQuery(), dialog.Reply{Text: "Spaza\n1 Airtime", Screen: "Ab3_-xyz"},
			`<request><headertext>Spaza&#10;1 Airtime</headertext><options><option command="1" order="1" callback="` + asked + `" display="false"/></options></request>`,
		},
		{"the last screen", aatQuery(), dialog.Reply{Text: "Bye", End: true, Screen: "Ab3_-xyz"}, "<request><headertext>Bye</headertext></request>"},
		{"an empty screen", aatQuery(), dialog.Reply{}, "<request><headertext>" + atSorry + "</headertext></request>"},
		{"signs of XML", aatQuery(), dialog.Reply{Text: `R5 & <b> "x" 'y'`, End: true}, `<request><headertext>R5 &amp; &lt;b&gt; &quot;x&quot; 'y'</headertext></request>`},
		{"other letters", aatQuery(), dialog.Reply{Text: "Žofie é €", End: true}, "<request><headertext>Zofie é €</headertext></request>"},
		{"too large a screen", aatQuery(), dialog.Reply{Text: strings.Repeat("x", 200), End: true}, "<request><headertext>" + strings.Repeat("x", 160) + "</headertext></request>"},
		{
			"with the key in the query, as it was written", `a=b&key=h%75n+ter"<2/é&` + aatQuery(), dialog.Reply{Text: "x", Screen: "Ab3_-xyz"},
			`<request><headertext>x</headertext><options><option command="1" order="1" callback="` + asked + `&amp;key=h%75n+ter&quot;&lt;2/%C3%A9" display="false"/></options></request>`,
		},
		{
			"with a screen that has no name", aatQuery(), dialog.Reply{Text: "x"},
			`<request><headertext>x</headertext><options><option command="1" order="1" callback="` + strings.TrimSuffix(asked, "&amp;t=Ab3_-xyz") + `" display="false"/></options></request>`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The reply counts, also where the engine reports an error with it.
			for _, err := range []error{nil, errors.New("redis is away")} {
				got := knock(t, newTestAAT(&recorder{reply: c.reply, err: err}), "GET", c.query, "")
				want := Answer{Type: "text/xml; charset=utf-8", Header: [][2]string{{"Cache-Control", "no-store"}}, Body: []byte(c.want)}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("answer (-want +got):\n%s", d)
				}
			}
		})
	}
}

// Without an address of ours the one by which we were called serves, and a name
// that is none is refused before anything is done.
func TestAATIsCalledBackWhereItWasCalled(t *testing.T) {
	for host, want := range map[string]string{
		"shop.example":      "https://shop.example/ussd/aat?",
		"shop.example:8443": "https://shop.example:8443/ussd/aat?",
		"192.168.1.5:8080":  "https://192.168.1.5:8080/ussd/aat?",
		"localhost:8080":    "http://localhost:8080/ussd/aat?",
		"127.0.0.1:8080":    "http://127.0.0.1:8080/ussd/aat?",
		"[::1]:8080":        "http://[::1]:8080/ussd/aat?",
		"":                  "", "a/b": "", "a@b": "", "a?b": "", "a b": "", "a#b": "", "é.example": "", ":80": "", "a.b:c": "", "[::1": "", "a:[b": "", "a\x00b": "", `a"b`: "",
	} {
		e := &recorder{reply: dialog.Reply{Text: "x", Screen: "Ab3_-xyz"}}
		a := NewAAT(e, AATOptions{Sorry: atSorry}).turn(t.Context(), &Callback{Method: "GET", RawQuery: aatQuery(), Host: host})
		var got aatAnswer
		if err := xml.Unmarshal(a.Body, &got); err != nil {
			t.Errorf("%q: %v in %s", host, err, a.Body)
		}
		if want == "" {
			if got.Text != atSorry || got.Option.Callback != "" || len(e.turns) != 0 {
				t.Errorf("%q: answered %s, engine asked %d times", host, a.Body, len(e.turns))
			}
		} else if !strings.HasPrefix(got.Option.Callback, want) || len(e.turns) != 1 {
			t.Errorf("%q: called back at %q, want %q", host, got.Option.Callback, want)
		}
	}
}

func FuzzAATDecode(f *testing.F) {
	for _, q := range []string{
		"", aatQuery(), "t=Ab3_-xyz&" + aatQuery("request", "1*2#"), "to_addr=*1%23&" + aatQuery("request", "\xff"), aatQuery() + "&t=1",
		aatQuery("msisdn", "+254712345678"), aatQuery("request", "*120*2654*1553*1*2#", "ussdSessionId", "-"), "&&=&%=%",
	} {
		f.Add(q, "shop.example")
	}
	ch := newTestAAT(nil)
	f.Fuzz(func(t *testing.T, query, host string) {
		got, err := ch.Decode(&Callback{RawQuery: query})
		ussdSound(t, ch, got, err)
		if err == nil && (got.Answers != "") != (got.Key != "" && !got.Dial) {
			t.Fatalf("%+v", got)
		}
		// Whatever was asked, what goes back is one that can be read, and leads to us.
		own := NewAAT(&recorder{reply: dialog.Reply{Text: query, Screen: "Ab3_-xyz"}}, AATOptions{Sorry: atSorry})
		a := own.turn(t.Context(), &Callback{Method: "GET", RawQuery: query, Host: host})
		var screen aatAnswer
		if err := xml.Unmarshal(a.Body, &screen); err != nil || screen.Text == "" {
			t.Fatalf("answered %q: %v", a.Body, err)
		}
		if to := screen.Option.Callback; to != "" && !strings.HasPrefix(to, "https://"+host+"/ussd/aat?") && !strings.HasPrefix(to, "http://"+host+"/ussd/aat?") {
			t.Fatalf("called back at %q for %q", to, host)
		}
	})
}
