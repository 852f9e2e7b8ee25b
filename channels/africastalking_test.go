package channels

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/dialog"
)

const (
	atSorry   = "Sorry, that did not work. Please dial again."
	atForeign = "Sorry, South African cell numbers only."
)

// recorder is an engine that answers everything alike and remembers what it was
// asked.
type recorder struct {
	reply dialog.Reply
	err   error

	mu    sync.Mutex
	turns []dialog.Turn
}

func (r *recorder) Handle(_ context.Context, t dialog.Turn) (dialog.Reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turns = append(r.turns, t)
	return r.reply, r.err
}

func newAT(e Engine) *AfricasTalking {
	return NewAfricasTalking(e, AfricasTalkingOptions{Sorry: atSorry, Foreign: atForeign})
}

// postAT brings a body to a door of the channel the way the server does.
func postAT(t *testing.T, a *AfricasTalking, path, body string) Answer {
	t.Helper()
	for _, r := range a.Routes() {
		if r.Path == path {
			return r.Handle(t.Context(), &Callback{
				Method: "POST", Path: path, Body: []byte(body), Header: func(string) string { return "" },
			})
		}
	}
	t.Fatalf("no route %s", path)
	return Answer{}
}

const (
	atDoor   = "/ussd/africastalking"
	atEvents = "/ussd/africastalking/events"
)

// atBody is a form in the order a gateway writes it, each value escaped.
func atBody(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pairs[i] + "=" + url.QueryEscape(pairs[i+1]))
	}
	return b.String()
}

// callback is a good body with the given fields changed.
func callback(changed ...string) string {
	pairs := []string{
		"sessionId", "ATUid_5d3b4c2b", "phoneNumber", "+27821234567", "networkCode", "65501", "serviceCode", "*384*1234#", "text", "",
	}
	for i := 0; i < len(changed); i += 2 {
		for j := 0; j < len(pairs); j += 2 {
			if pairs[j] == changed[i] {
				pairs[j+1] = changed[i+1]
			}
		}
	}
	return atBody(pairs...)
}

// turnOf is the Turn of a good body with a change.
func turnOf(change func(t *dialog.Turn)) dialog.Turn {
	t := dialog.Turn{
		Channel: "africastalking", User: "27821234567", Session: "ATUid_5d3b4c2b", Cumulative: true,
		Code: "*384*1234#", Network: "vodacom", Caps: dialog.Caps{Septets: 160},
	}
	change(&t)
	return t
}

func TestAfricasTalkingDecodesCallbacks(t *testing.T) {
	same := func(*dialog.Turn) {}
	text := func(s string) func(*dialog.Turn) { return func(t *dialog.Turn) { t.Text = s } }
	network := func(s string) func(*dialog.Turn) { return func(t *dialog.Turn) { t.Network = s } }
	cases := []struct {
		name, body string
		change     func(*dialog.Turn)
	}{
		{"a dial", callback(), same},
		{
			"a dial as the gateway writes it",
			"sessionId=ATUid_5d3b4c2b&phoneNumber=%2B27821234567&networkCode=65501&serviceCode=%2A384%2A1234%23&text=", same,
		},
		{"fields in another order", "text=&serviceCode=*384*1234%23&networkCode=65501&phoneNumber=%2B27821234567&sessionId=ATUid_5d3b4c2b", same},
		{"fields that are not used", callback() + "&cost=&text2=%zz&input=%FF", same},
		{"empty pairs", "&&" + callback() + "&", same},
		{"an input", callback("text", "1"), text("1")},
		{"a deep text", callback("text", "1*2*04123456789"), text("1*2*04123456789")},
		{"stars and hashes typed", callback("text", "1**2*#*"), text("1**2*#*")},
		{"blanks, written as plus and as a code", "sessionId=ATUid_5d3b4c2b&phoneNumber=%2B27821234567&networkCode=65501&serviceCode=*384*1234%23&text=1*a+b%20c", text("1*a b c")},
		{"an equals sign in the text", callback("text", "") + "1=2", text("1=2")},
		{"an ampersand in the text", callback("text", "1*R&B"), text("1*R&B")},
		{"digits of another keyboard", callback("text", "١*２"), text("١*２")},
		{"letters beyond ASCII", callback("text", "1*Žofie 🙂"), text("1*Žofie 🙂")},
		{"line ends in the text", callback("text", "1*a\r\nb"), text("1*a\r\nb")},
		{"codes in small letters", strings.ReplaceAll(callback("text", "1*2"), "%2A", "%2a"), text("1*2")},
		{"the longest text", callback("text", strings.Repeat("9*", 1000)), text(strings.Repeat("9*", 1000))},
		{"the longest session id", callback("sessionId", strings.Repeat("a", 128)), func(t *dialog.Turn) { t.Session = strings.Repeat("a", 128) }},
		{"no service code", callback("serviceCode", ""), func(t *dialog.Turn) { t.Code = "" }},

		{"a number without its plus", callback("phoneNumber", "27821234567"), same},
		{"a number in the national form", callback("phoneNumber", "0821234567"), same},
		{"a number with the international prefix", callback("phoneNumber", "0027821234567"), same},
		{"a plus that nobody encoded", "sessionId=ATUid_5d3b4c2b&phoneNumber=+27821234567&networkCode=65501&serviceCode=*384*1234%23&text=", same},

		{"Vodacom", callback("networkCode", "65501"), network("vodacom")},
		{"Telkom", callback("networkCode", "65502"), network("telkom")},
		{"Cell C", callback("networkCode", "65507"), network("cellc")},
		{"MTN", callback("networkCode", "65510"), network("mtn")},
		{"MTN by its second code", callback("networkCode", "65512"), network("mtn")},
		{"the gateway's simulator", callback("networkCode", "99999"), network("")},
		{"a network of another country", callback("networkCode", "63902"), network("")},
		{"no network", callback("networkCode", ""), network("")},
		{"a network that is none", callback("networkCode", strings.Repeat("6", 5000)), network("")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := &recorder{reply: dialog.Reply{Text: "Welcome"}}
			a := postAT(t, newAT(e), atDoor, c.body)
			if d := cmp.Diff([]dialog.Turn{turnOf(c.change)}, e.turns); d != "" {
				t.Errorf("turns (-want +got):\n%s", d)
			}
			if string(a.Body) != "CON Welcome" || a.Status != 0 {
				t.Errorf("answered %d %q", a.Status, a.Body)
			}
		})
	}
}

func TestAfricasTalkingRefusesWhatCanNotBeUsed(t *testing.T) {
	cases := []struct{ name, body string }{
		{"nothing", ""},
		{"only separators", "&=&&==&"},
		{"JSON", `{"sessionId":"a","phoneNumber":"+27821234567","text":""}`},
		{"XML", `<ussd><sessionId>a</sessionId></ussd>`},
		{"a multipart form", "--x\r\nContent-Disposition: form-data; name=\"sessionId\"\r\n\r\nATUid_1\r\n--x--\r\n"},
		{"bytes", "\x00\x01\xff\xfe"},
		{"no session id", atBody("phoneNumber", "+27821234567", "text", "")},
		{"an empty session id", callback("sessionId", "")},
		{"a session id that is too long", callback("sessionId", strings.Repeat("a", 129))},
		{"a session id with a blank", callback("sessionId", "a b")},
		{"a session id with a NUL", callback("sessionId", "a\x00b")},
		{"a session id that is not ASCII", callback("sessionId", "sésame")},
		{"no number", atBody("sessionId", "ATUid_1", "text", "")},
		{"an empty number", callback("phoneNumber", "")},
		{"a number that is none", callback("phoneNumber", "anonymous")},
		{"a number cut short", callback("phoneNumber", "+2782123456")},
		{"a number with a digit too many", callback("phoneNumber", "+278212345678")},
		{"a number with letters", callback("phoneNumber", "+2782123456O")},
		{"a number with a NUL", callback("phoneNumber", "+27821234567\x00")},
		{"two numbers in one field", callback("phoneNumber", "+27821234567,+27831234567")},
		{"a hundred digits", callback("phoneNumber", strings.Repeat("2", 100))},
		{"two session ids", callback() + "&sessionId=other"},
		{"two numbers", callback() + "&phoneNumber=%2B27831234567"},
		{"the same number twice", callback() + "&phoneNumber=%2B27821234567"},
		{"two texts", callback("text", "1") + "&text=1*2"},
		{"an empty second text", callback("text", "1") + "&text"},
		{"two networks", callback() + "&networkCode=65510"},
		{"two service codes", callback() + "&serviceCode=*1%23"},
		{"a text beyond the limit", callback("text", strings.Repeat("9", 2001))},
		{"a text that is not UTF-8", callback("text", "1*\xff")},
		{"a text cut inside a letter", callback("text", "1*\xc5")},
		{"a text with an overlong form", callback("text", "1*\xc0\xaf")},
		{"a text with half a surrogate pair", callback("text", "1*\xed\xa0\x80")},
		{"a text with a NUL", callback("text", "1*\x00")},
		{"a text with a raw NUL", callback("text", "1") + "\x00"},
		{"a text with an escape character", callback("text", "1*\x1b[2J")},
		{"a text with a delete character", callback("text", "1*\x7f")},
		{"a code cut off after the percent sign", callback("text", "1") + "%"},
		{"a code cut off after one digit", callback("text", "1") + "%2"},
		{"a code that is not hexadecimal", callback("text", "1") + "%zz"},
		{"a sign in a code", callback("text", "1") + "%+1"},
		{"a service code that is too long", callback("serviceCode", "*"+strings.Repeat("1", 64))},
		{"a service code with a line end", callback("serviceCode", "*1#\n")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := &recorder{reply: dialog.Reply{Text: "Welcome"}}
			ch := newAT(e)
			a := postAT(t, ch, atDoor, c.body)
			if string(a.Body) != "END "+atSorry || a.Status != 0 || a.Type != "" || len(a.Header) != 0 {
				t.Errorf("answered %d %q %v", a.Status, a.Body, a.Header)
			}
			if len(e.turns) != 0 {
				t.Errorf("the engine was asked: %+v", e.turns)
			}
			if got, err := ch.Decode(&Callback{Body: []byte(c.body)}); !errors.Is(err, ErrMalformed) || got != (dialog.Turn{}) {
				t.Errorf("decoded %+v, %v", got, err)
			}
		})
	}
}

func TestAfricasTalkingTellsForeignNumbersWhomItServes(t *testing.T) {
	for name, phone := range map[string]string{
		"Kenya":                             "%2B254712345678",
		"Kenya, plus not encoded":           "+254712345678",
		"Kenya, no plus":                    "254712345678",
		"Kenya, with 00":                    "00254712345678",
		"Lesotho":                           "%2B26650123456",
		"the United States":                 "%2B12025550123",
		"a landline in Johannesburg":        "%2B27111234567",
		"a free number":                     "0800123456",
		"a number of an internet telephone": "27871234567",
	} {
		body := "sessionId=ATUid_1&phoneNumber=" + phone + "&networkCode=63902&serviceCode=*384%23&text="
		e := &recorder{reply: dialog.Reply{Text: "Welcome"}}
		if a := postAT(t, newAT(e), atDoor, body); string(a.Body) != "END "+atForeign || a.Status != 0 {
			t.Errorf("%s: answered %d %q", name, a.Status, a.Body)
		}
		if a := postAT(t, newAT(e), atEvents, body+"&status=Success"); string(a.Body) != "ok" || a.Status != 0 {
			t.Errorf("%s: the end was answered %d %q", name, a.Status, a.Body)
		}
		if a := postAT(t, newAT(e), atDoor, body+"%zz"); string(a.Body) != "END "+atSorry {
			t.Errorf("%s and malformed: answered %q", name, a.Body)
		}
		if a := postAT(t, NewAfricasTalking(e, AfricasTalkingOptions{Sorry: atSorry}), atDoor, body); string(a.Body) != "END "+atSorry {
			t.Errorf("%s, no line for it: answered %q", name, a.Body)
		}
		if len(e.turns) != 0 {
			t.Errorf("%s: the engine was asked: %+v", name, e.turns)
		}
	}
}

func TestAfricasTalkingEncodesReplies(t *testing.T) {
	cases := []struct {
		name  string
		reply dialog.Reply
		want  string
	}{
		{"a screen", dialog.Reply{Text: "Spaza\n1 Airtime\n2 Voucher"}, "CON Spaza\n1 Airtime\n2 Voucher"},
		{"the last screen", dialog.Reply{Text: "Done.", End: true}, "END Done."},
		{"signs that mean something elsewhere", dialog.Reply{Text: `R5 & <b> "x" 100% \n`}, `CON R5 & <b> "x" 100% \n`},
		{"letters beyond ASCII", dialog.Reply{Text: "Ñandé €"}, "CON Ñandé €"},
		{"a text that looks like an end", dialog.Reply{Text: "END of list"}, "CON END of list"},
		{"letters that no phone of any network shows", dialog.Reply{Text: "Žofie ê 🙂"}, "CON Zofie e ?"},
		{"a screen of 160", dialog.Reply{Text: strings.Repeat("x", 160)}, "CON " + strings.Repeat("x", 160)},
		{"a screen that is too large, cut at a word", dialog.Reply{Text: strings.Repeat("spaza ", 30)}, "CON " + strings.Repeat("spaza ", 25) + "spaza"},
		{"an empty screen", dialog.Reply{}, "END " + atSorry},
		{"a blank at the start", dialog.Reply{Text: " x", End: true}, "END  x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			// The reply counts, also where the engine reports an error with it.
			for _, err := range []error{nil, errors.New("redis is away")} {
				a := postAT(t, newAT(&recorder{reply: c.reply, err: err}), atDoor, callback())
				if string(a.Body) != c.want || a.Status != 0 || a.Type != "" || len(a.Header) != 0 {
					t.Errorf("got %d %q %q %v, want %q", a.Status, a.Type, a.Body, a.Header, c.want)
				}
			}
		})
	}
}

func TestAfricasTalkingEventsEndTheSession(t *testing.T) {
	// Everything the gateway says at the end; the conversation is in two fields.
	end := func(status string) string {
		return "date=2026-11-20+10%3A11%3A12&sessionId=ATUid_9&serviceCode=*384%23&networkCode=65501&phoneNumber=%2B27821234567" +
			"&status=" + status + "&cost=ZAR+0.2&durationInMillis=10500&hopsCount=4&hopsMetadata=a%7Cb" +
			"&input=canary-input-%FF%zz&lastAppResponse=CON+canary-response%00&errorMessage=x&retryCount=0"
	}
	for status, want := range map[string]string{
		"Success": "success", "Incomplete": "incomplete", "Failed": "failed",
		"": "other", "success": "other", "Exploded": "other", "%00": "other", "%FF": "other",
	} {
		e := &recorder{err: errors.New("no such session")}
		ch := newAT(e)
		// A repetition is for the engine to know.
		for range 2 {
			a := postAT(t, ch, atEvents, end(status))
			if string(a.Body) != "ok" || a.Status != 0 || len(a.Header) != 0 {
				t.Errorf("%q: answered %d %q", status, a.Status, a.Body)
			}
		}
		one := dialog.Turn{Channel: "africastalking", User: "27821234567", Session: "ATUid_9", Event: dialog.Ended, Status: want}
		if d := cmp.Diff([]dialog.Turn{one, one}, e.turns); d != "" {
			t.Errorf("%q: turns (-want +got):\n%s", status, d)
		}
	}
}

func TestAfricasTalkingEventsRefuseWhatCanNotBeUsed(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":             "",
		"JSON":                `{"sessionId":"a"}`,
		"no session":          "phoneNumber=%2B27821234567&status=Success&input=canary",
		"a huge session":      "sessionId=" + strings.Repeat("a", 129) + "&phoneNumber=%2B27821234567&status=Success",
		"no number":           "sessionId=a&status=Success&lastAppResponse=canary",
		"a number that is no": "sessionId=a&phoneNumber=canary&status=Success",
		"two statuses":        "sessionId=a&phoneNumber=%2B27821234567&status=Success&status=Failed",
		"a broken code":       "sessionId=a&phoneNumber=%2B27821234567&status=%",
	} {
		e := &recorder{}
		a := postAT(t, newAT(e), atEvents, body)
		if a.Status != 400 || string(a.Body) != "refused" {
			t.Errorf("%s: answered %d %q", name, a.Status, a.Body)
		}
		if len(e.turns) != 0 {
			t.Errorf("%s: the engine was asked: %+v", name, e.turns)
		}
	}
}

func TestAfricasTalkingGuardsItsDoors(t *testing.T) {
	for _, r := range newAT(&recorder{}).Routes() {
		if r.Guard != GuardGateway || r.Method != "POST" || r.Sorry == "" {
			t.Errorf("%s %s: guard %d, refusal %q", r.Method, r.Path, r.Guard, r.Sorry)
		}
	}
}

// What net/url reads from a value is what the channel reads from it.
func TestAfricasTalkingReadsFormsAsEverybodyDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringMatching(`([a-z0-9 *+%]|%[0-9a-fA-F]{2}|%C5%BD|=){0,40}`).Draw(t, "raw")
		want, err := url.QueryUnescape(raw)
		usable := err == nil && utf8.ValidString(want) && !strings.ContainsFunc(want, func(r rune) bool {
			return r < ' ' && !strings.ContainsRune("\r\n\t", r) || r == 0x7f
		})
		got, err := newAT(nil).Decode(&Callback{Body: []byte("sessionId=a&phoneNumber=27821234567&text=" + raw)})
		if (err == nil) != usable {
			t.Fatalf("%q: %v, want usable %v", raw, err, usable)
		}
		if usable && got.Text != want {
			t.Fatalf("%q is %q, want %q", raw, got.Text, want)
		}
	})
}

func FuzzAfricasTalkingDecode(f *testing.F) {
	for _, body := range []string{
		"", callback(), callback("text", "1*2*04123456789"), callback("phoneNumber", "+254712345678"), callback("text", "\xff"),
		callback() + "&text=1", "sessionId=%zz", "sessionId=a&phoneNumber=+27821234567&text=a+b%20c", "&&=&%=%",
	} {
		f.Add([]byte(body))
	}
	number := regexp.MustCompile(`^27([67]\d|8[1-5])\d{7}$`)
	networks := map[string]bool{"": true, "vodacom": true, "mtn": true, "cellc": true, "telkom": true}
	ch := newAT(nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		got, err := ch.Decode(&Callback{Body: body})
		if string(body) != before {
			t.Fatal("the body was written to")
		}
		if err != nil {
			if got != (dialog.Turn{}) || errors.Is(err, ErrMalformed) == errors.Is(err, ErrForeign) {
				t.Fatalf("%+v with %v", got, err)
			}
			return
		}
		switch {
		case !number.MatchString(got.User):
			t.Fatalf("user %q", got.User)
		case got.Session == "" || len(got.Session) > ussdID || !regexp.MustCompile(`^[!-~]+$`).MatchString(got.Session):
			t.Fatalf("session %q", got.Session)
		case len(got.Text) > atText || !utf8.ValidString(got.Text) || strings.ContainsRune(got.Text, 0):
			t.Fatalf("text %q", got.Text)
		case len(got.Code) > ussdCode || !networks[got.Network]:
			t.Fatalf("code %q, network %q", got.Code, got.Network)
		case got.Channel != "africastalking" || !got.Cumulative || got.Event != dialog.Typed || got.Caps.Septets != 160:
			t.Fatalf("%+v", got)
		}
	})
}
