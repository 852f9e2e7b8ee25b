package channels

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/dialog"
)

func newTestTruRoute(e Engine) *TruRoute {
	return NewTruRoute(e, TruRouteOptions{Sorry: atSorry, Foreign: atForeign, Code: ussdOurs})
}

// truBody is the document of a start with the given elements changed; "-" leaves
// one out.
func truBody(changed ...string) string {
	pairs := []string{"msisdn", "27821234567", "sessionid", "1409", "type", "1", "msg", ussdOurs}
	var b strings.Builder
	b.WriteString("<ussd>")
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		for j := 0; j < len(changed); j += 2 {
			if changed[j] == pairs[i] {
				value = changed[j+1]
			}
		}
		if value != "-" {
			b.WriteString("<" + pairs[i] + ">" + string(ussdXML(nil, value)) + "</" + pairs[i] + ">")
		}
	}
	return b.String() + "</ussd>"
}

func truQuery(changed ...string) string {
	return fields([]string{"msisdn", "27821234567", "sessionid", "1409", "type", "1", "msg", ussdOurs}, changed)
}

func truTurn(change func(t *dialog.Turn)) dialog.Turn {
	t := dialog.Turn{
		Channel: "truroute", User: "27821234567", Session: "1409", Dial: true, Code: ussdOurs, Caps: dialog.Caps{Septets: 160},
	}
	change(&t)
	return t
}

func TestTruRouteDecodesCallbacks(t *testing.T) {
	same := func(*dialog.Turn) {}
	input := func(s string) func(*dialog.Turn) { return func(t *dialog.Turn) { t.Dial, t.Text = false, s } }
	ended := func(status string) func(*dialog.Turn) {
		return func(t *dialog.Turn) {
			*t = dialog.Turn{Channel: t.Channel, User: t.User, Session: t.Session, Event: dialog.Ended, Status: status}
		}
	}
	for _, c := range []struct {
		name    string
		changed []string
		change  func(*dialog.Turn)
	}{
		{"a dial", nil, same},
		{"a dial with inputs", []string{"msg", "*120*2654*1553*1*2#"}, func(t *dialog.Turn) { t.Deep = "1*2" }},
		{"another code", []string{"msg", "*134*1#"}, func(t *dialog.Turn) { t.Code = "*134*1#" }},
		{"a dial that is no code", []string{"msg", "0"}, same},
		{"a dial of nothing", []string{"msg", ""}, same},
		{"a dial without what was dialled", []string{"msg", "-"}, same},
		{"an input", []string{"type", "2", "msg", "1"}, input("1")},
		{"an empty input", []string{"type", "2", "msg", ""}, input("")},
		{"stars and hashes", []string{"type", "2", "msg", "1**2*#*"}, input("1**2*#*")},
		{"blanks inside", []string{"type", "2", "msg", "a b"}, input("a b")},
		{"digits of another keyboard", []string{"type", "2", "msg", "١２"}, input("١２")},
		{"signs of XML", []string{"type", "2", "msg", `R&B <"x">`}, input(`R&B <"x">`)},
		{"letters beyond ASCII", []string{"type", "2", "msg", "Žofie 🙂"}, input("Žofie 🙂")},
		{"the code as an input", []string{"type", "2", "msg", ussdOurs}, input(ussdOurs)},
		{"the longest input", []string{"type", "2", "msg", strings.Repeat("é", 182)}, input(strings.Repeat("é", 182))},
		{"a release", []string{"type", "3", "msg", "-"}, ended("released")},
		{"a release that repeats something", []string{"type", "3", "msg", strings.Repeat("canary", 100)}, ended("released")},
		{"a timeout", []string{"type", "4", "msg", ""}, ended("timeout")},
		{"a charge that failed", []string{"type", "10", "msg", "no funds"}, ended("charge_failed")},
		{"a number with its plus", []string{"msisdn", "+27821234567"}, same},
		{"a number in the national form", []string{"msisdn", "0821234567"}, same},
	} {
		tr := func(e Engine) ussdChannel { return newTestTruRoute(e) }
		ussdDecode{c.name + ", by POST", "POST", "key=x", truBody(c.changed...), truTurn(c.change)}.run(t, tr)
		ussdDecode{c.name + ", by GET", "GET", "key=x&" + truQuery(c.changed...), "", truTurn(c.change)}.run(t, tr)
	}
	for name, body := range map[string]string{
		"with a head":            `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + truBody() + "\n",
		"indented":               "<ussd>\r\n\t<msisdn> 27821234567 </msisdn>\n <sessionid>1409</sessionid><type>\n1\n</type><msg>" + ussdOurs + "</msg>\n</ussd>",
		"with more elements":     strings.Replace(truBody(), "<type>", "<network>MTN</network><imsi/><premium><cost>1</cost><msg>x</msg></premium><type>", 1),
		"with notes and a CDATA": strings.Replace(truBody("msg", "-"), "</ussd>", "<!-- a --><msg><![CDATA[*120*2654*]]><!-- b -->1553#</msg></ussd>", 1),
		"with attributes":        strings.Replace(truBody(), "<ussd>", `<ussd version="1.3">`, 1),
		"in a namespace":         strings.Replace(truBody(), "<ussd>", `<ussd xmlns="urn:truteq">`, 1),
		"in another order":       "<ussd><msg>" + ussdOurs + "</msg><type>1</type><sessionid>1409</sessionid><msisdn>27821234567</msisdn></ussd>",
	} {
		ussdDecode{name, "POST", "", body, truTurn(same)}.run(t, func(e Engine) ussdChannel { return newTestTruRoute(e) })
	}
	ussdDecode{
		"in ISO 8859-1", "POST", "", `<?xml version="1.0" encoding="ISO-8859-1"?>` + strings.Replace(truBody("type", "2", "msg", "Zo?"), "?", "\xe9", 1),
		truTurn(input("Zoé")),
	}.run(t, func(e Engine) ussdChannel { return newTestTruRoute(e) })
	ussdDecode{"a plus that nobody encoded", "GET", "msisdn=+27821234567&" + truQuery("msisdn", "-"), "", truTurn(same)}.run(t, func(e Engine) ussdChannel { return newTestTruRoute(e) })
}

func truEnd(text string) Answer {
	return Answer{
		Type: "text/xml; charset=utf-8", Header: [][2]string{{"Cache-Control", "no-store"}},
		Body: []byte("<ussd><type>3</type><msg>" + text + "</msg></ussd>"),
	}
}

func TestTruRouteRefusesWhatCanNotBeUsed(t *testing.T) {
	run := func(c ussdRefuse) {
		c.run(t, func(e Engine) ussdChannel { return newTestTruRoute(e) }, truEnd(atSorry), truEnd(atForeign))
	}
	for _, c := range []struct {
		name    string
		changed []string
		want    error
	}{
		{"no number", []string{"msisdn", "-"}, nil},
		{"an empty number", []string{"msisdn", ""}, nil},
		{"a number that is none", []string{"msisdn", "anonymous"}, nil},
		{"no session id", []string{"sessionid", "-"}, nil},
		{"an empty session id", []string{"sessionid", ""}, nil},
		{"a session id that is too long", []string{"sessionid", strings.Repeat("1", 129)}, nil},
		{"a session id with a blank", []string{"sessionid", "1 2"}, nil},
		{"no type", []string{"type", "-"}, nil},
		{"a type that is none", []string{"type", "x"}, nil},
		{"a type that only we send", []string{"type", "5"}, nil},
		{"a type in other words", []string{"type", "01"}, nil},
		{"an answer without what was typed", []string{"type", "2", "msg", "-"}, nil},
		{"an input that is too long", []string{"type", "2", "msg", strings.Repeat("1", 365)}, nil},
		{"a dial that is too long", []string{"msg", "*" + strings.Repeat("1", 364) + "#"}, nil},
		{"an input with a delete character", []string{"type", "2", "msg", "1\x7f"}, nil},
		{"a release of nobody", []string{"type", "3", "msisdn", "-"}, nil},
		{"a timeout of no session", []string{"type", "4", "sessionid", "-"}, nil},
		{"a number of Kenya", []string{"msisdn", "254712345678"}, ErrForeign},
		{"a release of a number of Kenya", []string{"type", "3", "msisdn", "254712345678"}, ErrForeign},
		{"a landline", []string{"msisdn", "27111234567"}, ErrForeign},
	} {
		run(ussdRefuse{c.name + ", by POST", "POST", "", truBody(c.changed...), c.want})
		run(ussdRefuse{c.name + ", by GET", "GET", truQuery(c.changed...), "", c.want})
	}
	for name, body := range map[string]string{
		"nothing":                      "",
		"blanks":                       " \n",
		"JSON":                         `{"msisdn":"27821234567"}`,
		"a form":                       truQuery(),
		"bytes":                        "\x00\xff\xfe",
		"another element":              "<sms>" + strings.TrimPrefix(truBody(), "<ussd>"),
		"an empty element":             "<ussd/>",
		"cut off":                      strings.TrimSuffix(truBody(), "</ussd>"),
		"cut off in a value":           truBody()[:30],
		"tags crossed":                 strings.Replace(truBody(), "</ussd>", "</msg>", 1),
		"two documents":                truBody() + truBody(),
		"two numbers":                  strings.Replace(truBody(), "<type>", "<msisdn>27831234567</msisdn><type>", 1),
		"the same number twice":        strings.Replace(truBody(), "<type>", "<msisdn>27821234567</msisdn><type>", 1),
		"two inputs":                   strings.Replace(truBody(), "<type>", "<msg>1</msg><type>", 1),
		"two types, one in a space":    strings.Replace(truBody(), "<type>", `<x:type xmlns:x="urn:x">3</x:type><type>`, 1),
		"an element in a value":        strings.Replace(truBody(), "<type>1", "<type><b>1</b>", 1),
		"words beside the elements":    strings.Replace(truBody(), "<type>", "canary<type>", 1),
		"words after it":               truBody() + "canary",
		"a document type":              `<!DOCTYPE ussd>` + truBody(),
		"an entity of its own":         `<!DOCTYPE ussd [<!ENTITY a "` + strings.Repeat("1", 100) + `">]>` + truBody("msg", "-"),
		"an entity that nobody knows":  strings.Replace(truBody(), "<type>1", "<type>&a;", 1),
		"an entity of the file system": `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><ussd><msg>&b;</msg></ussd>`,
		"text that is not UTF-8":       strings.Replace(truBody(), "<msg>", "<msg>\xff", 1),
		"a NUL":                        strings.Replace(truBody(), "<msg>", "<msg>&#0;", 1),
		"a charset that nobody knows":  `<?xml version="1.0" encoding="UTF-16"?>` + truBody(),
		"many levels":                  strings.Repeat("<ussd>", 2000),
		"many levels in an unused one": "<ussd>" + strings.Repeat("<a>", 4000),
	} {
		run(ussdRefuse{name, "POST", "", body, nil})
	}
	for name, query := range map[string]string{
		"two numbers":   truQuery() + "&msisdn=27831234567",
		"two inputs":    truQuery() + "&msg=",
		"two types":     truQuery() + "&type=1",
		"a broken code": truQuery() + "%z",
		"not UTF-8":     truQuery("type", "2", "msg", "\xff"),
		"a NUL":         truQuery("type", "2", "msg", "\x00"),
	} {
		run(ussdRefuse{name, "GET", query, "", nil})
	}
	ussdGuarded(t, newTestTruRoute(nil), truEnd(atSorry))
}

func TestTruRouteEncodesReplies(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply dialog.Reply
		want  string
	}{
		{"a screen", dialog.Reply{Text: "1 Airtime\n2 Power"}, "<ussd><type>2</type><msg>1 Airtime&#10;2 Power</msg></ussd>"},
		{"the last screen", dialog.Reply{Text: "Bye", End: true}, "<ussd><type>3</type><msg>Bye</msg></ussd>"},
		{"an empty screen", dialog.Reply{}, "<ussd><type>3</type><msg>" + atSorry + "</msg></ussd>"},
		{"signs of XML", dialog.Reply{Text: `R5 & <b> "x" ]]>`}, "<ussd><type>2</type><msg>R5 &amp; &lt;b&gt; &quot;x&quot; ]]&gt;</msg></ussd>"},
		{"other letters", dialog.Reply{Text: "Žofie é €"}, "<ussd><type>2</type><msg>Zofie é €</msg></ussd>"},
		{"too large a screen", dialog.Reply{Text: strings.Repeat("x", 200)}, "<ussd><type>2</type><msg>" + strings.Repeat("x", 160) + "</msg></ussd>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, err := range []error{nil, errors.New("redis is away")} {
				want := Answer{Type: "text/xml; charset=utf-8", Header: [][2]string{{"Cache-Control", "no-store"}}, Body: []byte(c.want)}
				if d := cmp.Diff(want, knock(t, newTestTruRoute(&recorder{reply: c.reply, err: err}), "POST", "", truBody())); d != "" {
					t.Errorf("answer (-want +got):\n%s", d)
				}
			}
		})
	}
}

func TestTruRouteAnswersAnEndWithAnEnd(t *testing.T) {
	for _, kind := range []string{"3", "4", "10"} {
		// An engine that fails changes nothing, and its screen is not sent.
		e := &recorder{reply: dialog.Reply{Text: "Welcome"}, err: errors.New("redis is away")}
		if d := cmp.Diff(truEnd(""), knock(t, newTestTruRoute(e), "POST", "", truBody("type", kind))); d != "" || len(e.turns) != 1 {
			t.Errorf("%s: asked %d times, answer (-want +got):\n%s", kind, len(e.turns), d)
		}
	}
}

func TestTruRouteRedirectsWhoDials(t *testing.T) {
	e := &recorder{reply: dialog.Reply{Text: "Welcome"}}
	tr := NewTruRoute(e, TruRouteOptions{Sorry: atSorry, Redirect: "*120*99#"})
	if got := string(knock(t, tr, "POST", "", truBody()).Body); got != "<ussd><type>5</type><msg>*120*99#</msg></ussd>" {
		t.Errorf("a dial was answered %s", got)
	}
	if len(e.turns) != 0 {
		t.Errorf("the engine was asked: %+v", e.turns)
	}
	// Who was under way when the code moved comes to an end here.
	if got := string(knock(t, tr, "POST", "", truBody("type", "2", "msg", "1")).Body); got != "<ussd><type>2</type><msg>Welcome</msg></ussd>" {
		t.Errorf("an input was answered %s", got)
	}
}

func FuzzTruRouteDecode(f *testing.F) {
	for _, s := range []string{
		"", truBody(), truBody("type", "2", "msg", "1*2"), truBody("type", "10"), truBody() + truBody(), "<ussd><msg>&#0;</msg></ussd>",
		`<?xml version="1.0" encoding="ISO-8859-1"?>` + truBody("type", "2", "msg", "é"), "<!DOCTYPE ussd>" + truBody(), "<ussd><a><b/></a>",
	} {
		f.Add([]byte(s), truQuery())
	}
	f.Add([]byte(nil), truQuery("type", "2", "msg", "1"))
	ch := newTestTruRoute(nil)
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		before := string(body)
		for _, method := range []string{"POST", "GET"} {
			got, err := ch.Decode(&Callback{Method: method, RawQuery: query, Body: body})
			ussdSound(t, ch, got, err)
		}
		if string(body) != before {
			t.Fatal("the body was written to")
		}
	})
}
