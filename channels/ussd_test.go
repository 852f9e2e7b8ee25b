package channels

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"spaza/dialog"
)

// ussdChannel is what the channels of all gateways can do.
type ussdChannel interface {
	Channel
	Decode(c *Callback) (dialog.Turn, error)
}

var (
	_ ussdChannel = (*AAT)(nil)
	_ ussdChannel = (*AfricasTalking)(nil)
	_ ussdChannel = (*Cweetagram)(nil)
	_ ussdChannel = (*Panacea)(nil)
	_ ussdChannel = (*TruRoute)(nil)
)

// ussdOurs is the code that customers of the tests dial.
const ussdOurs = "*120*2654*1553#"

// knock brings a callback to the first door of a channel the way the server does.
func knock(t testing.TB, ch Channel, method, query, body string) Answer {
	t.Helper()
	for _, r := range ch.Routes() {
		if r.Method == method {
			return r.Handle(t.Context(), &Callback{
				Method: method, Path: r.Path, RawQuery: query, Host: "shop.example", Body: []byte(body),
				Header: func(string) string { return "" },
			})
		}
	}
	t.Fatalf("no door for %s", method)
	return Answer{}
}

// ussdDecode is a callback and what the engine is asked for it.
type ussdDecode struct {
	name, method, query, body string
	want                      dialog.Turn
}

func (c ussdDecode) run(t *testing.T, make func(Engine) ussdChannel) {
	t.Run(c.name, func(t *testing.T) {
		e := &recorder{reply: dialog.Reply{Text: "Welcome"}}
		a := knock(t, make(e), c.method, c.query, c.body)
		if d := cmp.Diff([]dialog.Turn{c.want}, e.turns); d != "" {
			t.Errorf("turns (-want +got):\n%s", d)
		}
		if a.Status != 0 || len(a.Body) == 0 {
			t.Errorf("answered %d %q", a.Status, a.Body)
		}
	})
}

// ussdRefuse is a callback that no Turn can be made of.
type ussdRefuse struct {
	name, method, query, body string
	want                      error
}

func (c ussdRefuse) run(t *testing.T, make func(Engine) ussdChannel, sorry, foreign Answer) {
	t.Run(c.name, func(t *testing.T) {
		e := &recorder{reply: dialog.Reply{Text: "Welcome"}}
		ch := make(e)
		if c.want == nil {
			c.want = ErrMalformed
		}
		want := sorry
		if errors.Is(c.want, ErrForeign) {
			want = foreign
		}
		a := knock(t, ch, c.method, c.query, c.body)
		if d := cmp.Diff(want, a); d != "" {
			t.Errorf("answer (-want +got):\n%s", d)
		}
		if len(e.turns) != 0 {
			t.Errorf("the engine was asked: %+v", e.turns)
		}
		got, err := ch.Decode(&Callback{Method: c.method, RawQuery: c.query, Host: "shop.example", Body: []byte(c.body)})
		if !errors.Is(err, c.want) || got != (dialog.Turn{}) {
			t.Errorf("decoded %+v, %v", got, err)
		}
	})
}

// ussdGuarded fails where a door of a gateway lets strangers in, or its refusal is
// not the whole of a last screen.
func ussdGuarded(t *testing.T, ch Channel, sorry Answer) {
	t.Helper()
	for _, r := range ch.Routes() {
		got := Answer{Type: r.SorryType, Body: []byte(r.Sorry), Header: r.SorryHeader}
		if d := cmp.Diff(sorry, got); r.Guard != GuardGateway || d != "" {
			t.Errorf("%s %s: guard %d, refusal (-want +got):\n%s", r.Method, r.Path, r.Guard, d)
		}
	}
}

// ussdSound fails where what came of decoding is no whole Turn, nor a refusal.
func ussdSound(t *testing.T, ch ussdChannel, got dialog.Turn, err error) {
	t.Helper()
	if err != nil {
		if got != (dialog.Turn{}) || errors.Is(err, ErrMalformed) == errors.Is(err, ErrForeign) {
			t.Fatalf("%+v with %v", got, err)
		}
		return
	}
	switch {
	case !regexp.MustCompile(`^27([67]\d|8[1-5])\d{7}$`).MatchString(got.User):
		t.Fatalf("user %q", got.User)
	case len(got.Session) > ussdID+ussdCode || !regexp.MustCompile(`^[!-~]+$`).MatchString(got.Session):
		t.Fatalf("session %q", got.Session)
	case len(got.Text) > ussdInput || !utf8.ValidString(got.Text) || strings.ContainsRune(got.Text, 0):
		t.Fatalf("text %q", got.Text)
	case len(got.Deep) > ussdInput || !utf8.ValidString(got.Deep):
		t.Fatalf("deep %q", got.Deep)
	case len(got.Code) > ussdCode || !printable(got.Code):
		t.Fatalf("code %q", got.Code)
	case got.Dial && got.Text != "" || !got.Dial && got.Deep != "":
		t.Fatalf("%+v", got)
	case got.Event == dialog.Ended && (got.Text != "" || got.Dial || got.Status == ""):
		t.Fatalf("%+v", got)
	case got.Channel != ch.Name() || got.Cumulative || got.Event == dialog.Typed && got.Caps.Septets != 160:
		t.Fatalf("%+v", got)
	}
}

func TestWhatWasDialledIsTakenApart(t *testing.T) {
	for _, c := range []struct{ ours, dialled, code, deep string }{
		{ussdOurs, ussdOurs, ussdOurs, ""},
		{ussdOurs, "*120*2654*1553*1*2#", ussdOurs, "1*2"},
		{ussdOurs, "*120*2654*1553*1**2#", ussdOurs, "1**2"},
		{ussdOurs, "*120*2654*1553", ussdOurs, ""}, // some drop the last sign
		{ussdOurs, "*120*2654*1553*1", ussdOurs, "1"},
		{ussdOurs, "*120*2654*1553*#", ussdOurs, ""},
		{ussdOurs, "*120*2654*15531#", "*120*2654*15531#", ""}, // another code that begins alike
		{ussdOurs, "*120*2654#", "*120*2654#", ""},
		{ussdOurs, "0", ussdOurs, ""},
		{ussdOurs, "", ussdOurs, ""},
		{ussdOurs, "04123456789", ussdOurs, ""},
		{ussdOurs, "*" + strings.Repeat("1", 63) + "#", ussdOurs, ""}, // too long for a code
		{ussdOurs, "*a#", ussdOurs, ""},
		{"", ussdOurs, ussdOurs, ""},
		{"", "*1#", "*1#", ""},
		{"", "*#", "", ""},
		{"", "hello", "", ""},
	} {
		u := newUSSD(nil, "sorry", "", c.ours)
		if code, deep := u.dialled(c.dialled); code != c.code || deep != c.deep {
			t.Errorf("%q at %q is %q and %q, want %q and %q", c.dialled, c.ours, code, deep, c.code, c.deep)
		}
	}
}

func TestNamesOfNetworksAreKnown(t *testing.T) {
	for name, want := range map[string]string{
		"Vodacom": "vodacom", "VODACOM SA": "vodacom", "MTN": "mtn", "mtn-za": "mtn", "CellC": "cellc", "Cell C": "cellc", "cell_c": "cellc",
		"Telkom": "telkom", "Telkom_8ta": "telkom",
		"": "", "Safaricom": "", "voda": "", "\xff": "", strings.Repeat("Vodacom", 10): "",
	} {
		if got := ussdNetwork(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestEveryScreenFitsEveryPhone(t *testing.T) {
	u := newUSSD(nil, "Sorry.", "", "")
	for _, c := range []struct {
		name       string
		reply, out dialog.Reply
	}{
		{"as it is", dialog.Reply{Text: "Spaza\n1 é [€]", Screen: "abcdefgh"}, dialog.Reply{Text: "Spaza\n1 é [€]", Screen: "abcdefgh"}},
		{"letters that are not in the alphabet", dialog.Reply{Text: "Žofie’s ê", End: true}, dialog.Reply{Text: "Zofie's e", End: true}},
		{"exactly full", dialog.Reply{Text: strings.Repeat("x", 160)}, dialog.Reply{Text: strings.Repeat("x", 160)}},
		{"too large, by letters that count twice", dialog.Reply{Text: strings.Repeat("€", 81)}, dialog.Reply{Text: strings.Repeat("€", 80)}},
		{"too large, cut at a word", dialog.Reply{Text: strings.Repeat("x", 150) + " " + strings.Repeat("y", 50)}, dialog.Reply{Text: strings.Repeat("x", 150)}},
		{"empty", dialog.Reply{Screen: "abcdefgh"}, dialog.Reply{Text: "Sorry.", End: true}},
	} {
		if d := cmp.Diff(c.out, u.screen(c.reply)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestXMLIsReadAsItWasMeant(t *testing.T) {
	for _, s := range []string{"", "a", `R5 & <b> "x" 'y' 100% ]]>`, "1 Airtime\n2 Power", "é€Ω", "&amp;", "https://a.example/?a=b&c=d"} {
		for _, doc := range []string{
			"<a>" + string(ussdXML(nil, s)) + "</a>", `<a b="` + string(ussdXML(nil, s)) + `"></a>`,
		} {
			var got struct {
				Text string `xml:",chardata"`
				Attr string `xml:"b,attr"`
			}
			if err := xml.Unmarshal([]byte(doc), &got); err != nil || got.Text+got.Attr != s {
				t.Errorf("%s is read as %q (%v), want %q", doc, got.Text+got.Attr, err, s)
			}
		}
	}
	if got := string(ussdXML(nil, "a\x00\x1b\r\fb")); got != "a    b" {
		t.Errorf("what XML can not say became %q", got)
	}
}

// gateway plays the other side of a channel: it makes the next callback of a
// session and reads an answer as a phone would show it.
type gateway struct {
	make func(Engine) ussdChannel
	// ask is the callback for what was dialled (typed is empty) or for the last of
	// what was typed since; last is the answer before it.
	ask func(session, dialled string, typed []string, last Answer) (method, query, body string)
	// read is the text of an answer and whether it is the last.
	read func(a Answer) (text string, end bool, err error)
	// keyed says that a repetition of an input is known as one.
	keyed bool
}

const gatewayPhone = "27821234567"

func lastOf(dialled string, typed []string) string {
	if len(typed) == 0 {
		return dialled
	}
	return typed[len(typed)-1]
}

var gateways = map[string]gateway{
	"africastalking": {
		make: func(e Engine) ussdChannel { return newAT(e) }, keyed: true,
		ask: func(session, dialled string, typed []string, _ Answer) (method, query, body string) {
			if deep, _ := ussdDeep(dialled, ussdOurs); deep != "" {
				typed = append([]string{deep}, typed...)
			}
			return "POST", "", callback("sessionId", session, "serviceCode", ussdOurs, "text", strings.Join(typed, "*"))
		},
		read: func(a Answer) (string, bool, error) {
			if text, ok := strings.CutPrefix(string(a.Body), "END "); ok {
				return text, true, nil
			}
			text, ok := strings.CutPrefix(string(a.Body), "CON ")
			if !ok {
				return "", false, errors.New("neither CON nor END")
			}
			return text, false, nil
		},
	},
	"aat": {
		make: func(e Engine) ussdChannel { return newTestAAT(e) }, keyed: true,
		ask: func(session, dialled string, typed []string, last Answer) (method, query, body string) {
			if len(typed) > 0 {
				var screen aatAnswer
				if xml.Unmarshal(last.Body, &screen) == nil {
					_, query, _ = strings.Cut(screen.Option.Callback, "?")
					query += "&"
				}
			}
			return "GET", query + atBody("msisdn", gatewayPhone, "provider", "MTN", "request", lastOf(dialled, typed), "ussdSessionId", session), ""
		},
		read: func(a Answer) (string, bool, error) {
			var screen aatAnswer
			err := xml.Unmarshal(a.Body, &screen)
			return screen.Text, screen.Option.Callback == "", err
		},
	},
	"truroute": {
		make: func(e Engine) ussdChannel { return newTestTruRoute(e) },
		ask: func(session, dialled string, typed []string, _ Answer) (method, query, body string) {
			kind := "1"
			if len(typed) > 0 {
				kind = "2"
			}
			return "POST", "", truBody("type", kind, "sessionid", session, "msg", lastOf(dialled, typed))
		},
		read: func(a Answer) (string, bool, error) {
			var screen struct {
				Type string `xml:"type"`
				Msg  string `xml:"msg"`
			}
			err := xml.Unmarshal(a.Body, &screen)
			return screen.Msg, screen.Type == "3", err
		},
	},
	"cweetagram": {
		make: func(e Engine) ussdChannel { return newTestCweetagram(e) },
		ask: func(session, dialled string, typed []string, _ Answer) (method, query, body string) {
			return "POST", "", cweetBody("sessionid", session, "messageString", lastOf(dialled, typed))
		},
		read: func(a Answer) (string, bool, error) {
			var screen struct{ GetInput, MenuText string }
			err := json.Unmarshal(a.Body, &screen)
			return screen.MenuText, screen.GetInput == "false", err
		},
	},
	"panacea": {
		make: func(e Engine) ussdChannel { return newTestPanacea(e) },
		ask: func(session, dialled string, typed []string, _ Answer) (method, query, body string) {
			kind := "1"
			if len(typed) > 0 {
				kind = "2"
			}
			return "GET", atBody("ussd_msisdn", gatewayPhone, "ussd_session_id", session, "ussd_type", kind, "ussd_request", lastOf(dialled, typed)), ""
		},
		read: func(a Answer) (string, bool, error) {
			for _, h := range a.Header {
				if h == [2]string{"X-ussd-close", "1"} {
					return string(a.Body), true, nil
				}
			}
			return string(a.Body), false, nil
		},
	},
}

// line is a phone's way through a gateway, one session at a time.
type line struct {
	gateway
	ch         ussdChannel
	session    string
	dialled    string
	typed      []string
	prev, last Answer // before the callback that is due, and to it
}

// hear makes the callback that is due, once more if it was made before.
func (l *line) hear(t *testing.T) (text string, end bool) {
	t.Helper()
	method, query, body := l.ask(l.session, l.dialled, l.typed, l.prev)
	l.last = knock(t, l.ch, method, query, body)
	text, end, err := l.read(l.last)
	if err != nil || l.last.Status != 0 {
		t.Errorf("answered %d %q: %v", l.last.Status, l.last.Body, err)
	}
	return text, end
}

// dial begins another session.
func (l *line) dial(t *testing.T, session, dialled string) (text string, end bool) {
	t.Helper()
	l.session, l.dialled, l.typed, l.prev = session, dialled, nil, Answer{}
	return l.hear(t)
}

// say answers the screen that was shown last.
func (l *line) say(t *testing.T, input string) (text string, end bool) {
	t.Helper()
	l.prev, l.typed = l.last, append(l.typed, input)
	return l.hear(t)
}

// FuzzUSSDQuery holds the reader of queries against everybody's.
func FuzzUSSDQuery(f *testing.F) {
	for _, s := range []string{"", "a=1&b=2", "a=1&a=1", "a=%zz", "a=+b%20c&&=&b", "%61=1", "b=%FF"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := ussdQuery(raw, "a", "b")
		if err != nil {
			return
		}
		all, _ := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
		for name, value := range got {
			if name != "a" && name != "b" || len(all[name]) == 0 || all[name][0] != value && !strings.Contains(raw, "%61=") && !strings.Contains(raw, "%62=") {
				t.Fatalf("%q: %s is %q, others read %q", raw, name, value, all[name])
			}
		}
	})
}
