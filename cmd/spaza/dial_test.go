package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/secret"
)

// shopfront is a service as the gateway sees it: it answers by the whole text,
// and writes down what it was sent.
type shopfront struct {
	screens map[string]string // by text; a function of nothing else
	vary    bool              // never the same answer twice
	key     string            // asked for as a password
	code    string            // told at /handset/about; empty: there is no such page

	mu        sync.Mutex
	callbacks []url.Values
	events    []url.Values
	messages  []string // the inbox; nil: there is no such page
}

func (s *shopfront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, password, _ := r.BasicAuth(); password != s.key {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /ussd/africastalking":
		s.callbacks = append(s.callbacks, r.PostForm)
		body, ok := s.screens[r.PostForm.Get("text")]
		if !ok {
			http.Error(w, "unexpected text", http.StatusInternalServerError)
			return
		}
		if s.vary {
			body += fmt.Sprint(len(s.callbacks))
		}
		_, _ = io.WriteString(w, body)
	case "POST /ussd/africastalking/events":
		s.events = append(s.events, r.PostForm)
	case "GET /handset/about":
		if s.code == "" {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, `{"code":%q}`, s.code)
	case "GET /handset/inbox":
		if s.messages == nil || r.Form.Get("msisdn") != "27821234567" {
			http.NotFound(w, r)
			return
		}
		var after int
		_, _ = fmt.Sscan(r.Form.Get("after"), &after)
		var out []string
		for i, m := range s.messages {
			if i+1 > after {
				out = append(out, fmt.Sprintf(`{"id":%d,"at":"2026-11-21T09:30:00Z","text":%q}`, i+1, m))
			}
		}
		_, _ = fmt.Fprintf(w, `{"messages":[%s]}`, strings.Join(out, ","))
	default:
		http.NotFound(w, r)
	}
}

func (s *shopfront) texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, c := range s.callbacks {
		out = append(out, c.Get("text"))
	}
	return out
}

func (s *shopfront) statuses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, e := range s.events {
		out = append(out, e.Get("status"))
	}
	return out
}

func shop() *shopfront {
	return &shopfront{screens: map[string]string{
		"":                      "CON Spaza\n1 Airtime\n2 Bad\n3 Voucher",
		"1":                     "CON Airtime\n1 R5\n0 Back",
		"1*1":                   "END Done. R5 airtime bought.",
		"2":                     "Hello, I am a web page",
		"3":                     "CON PIN?",
		"3*5000 5000 0000 0001": "END Thank you.",
		"3*1":                   "END\x1b[2J",
	}}
}

// patient is a dialer that waits longer than a machine stands still.
func patient(t *testing.T, o dialOptions) *dialer {
	t.Helper()
	d, err := newDialer(o)
	if err != nil {
		t.Fatal(err)
	}
	d.gateway.patience = time.Minute
	return d
}

// dialScript plays the lines to a fresh dialer and returns everything it
// printed.
func dialScript(t *testing.T, s *shopfront, o dialOptions, lines ...string) string {
	t.Helper()
	srv := httptest.NewServer(s)
	defer srv.Close()
	var out strings.Builder
	o.URL, o.Out = srv.URL, &out
	var script strings.Builder
	for _, l := range lines {
		script.WriteString(l + "\n")
	}
	o.In = strings.NewReader(script.String())
	d := patient(t, o)
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("run: %v\n%s", err, out.String())
	}
	return out.String()
}

func TestDialWritesATranscriptThatReadsWell(t *testing.T) {
	s := shop()
	got := dialScript(t, s, dialOptions{}, "1", "1", "q")
	want := `Number 27821234567. :help tells what else you can type.
Dialling *120*384#
┌─ Vodacom ────────────── 27821234567 ─┐
│ Spaza                                │
│ 1 Airtime                            │
│ 2 Bad                                │
│ 3 Voucher                            │
└─ *120*384# ───────────────── 31/160 ─┘
> 1
┌─ Vodacom ────────────── 27821234567 ─┐
│ Airtime                              │
│ 1 R5                                 │
│ 0 Back                               │
└─ *120*384# ───────────────── 19/160 ─┘
> 1
┌─ Vodacom ────────────── 27821234567 ─┐
│ Done. R5 airtime bought.             │
└─ *120*384# ───────────── END 24/160 ─┘
Press Enter to dial again, q to quit.
> q
`
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("transcript (-want +got):\n%s", d)
	}
}

func TestDialSpeaksAsTheGatewayDoes(t *testing.T) {
	s := shop()
	s.key = "the key"
	dialScript(t, s, dialOptions{Network: "65510", Key: secret.New("the key")}, "1", "1")
	if d := gocmp.Diff([]string{"", "1", "1*1"}, s.texts()); d != "" {
		t.Fatalf("texts (-want +got):\n%s", d)
	}
	id := s.callbacks[0].Get("sessionId")
	if len(id) != len("ATUid_")+32 || !strings.HasPrefix(id, "ATUid_") {
		t.Errorf("session ID %q", id)
	}
	for i, c := range s.callbacks {
		want := url.Values{
			"sessionId": {id}, "phoneNumber": {"+27821234567"}, "networkCode": {"65510"},
			"serviceCode": {"*120*384#"}, "text": c["text"],
		}
		if d := gocmp.Diff(want, c); d != "" {
			t.Errorf("callback %d (-want +got):\n%s", i, d)
		}
	}
	if len(s.events) != 1 {
		t.Fatalf("%d end notifications, want 1", len(s.events))
	}
	e := s.events[0]
	want := []string{"cost", "date", "durationInMillis", "hopsCount", "input", "lastAppResponse", "networkCode", "phoneNumber", "serviceCode", "sessionId", "status"}
	if d := gocmp.Diff(want, slices.Sorted(maps.Keys(e))); d != "" {
		t.Errorf("fields of the end notification (-want +got):\n%s", d)
	}
	if e.Get("status") != "Success" || e.Get("hopsCount") != "3" || e.Get("input") != "1*1" || e.Get("sessionId") != id {
		t.Errorf("end notification %v", e)
	}
	if _, err := time.Parse(time.DateTime, e.Get("date")); err != nil {
		t.Error(err)
	}
}

func TestDialPassesOnWhatIsDialledBehindTheCode(t *testing.T) {
	for _, tc := range []struct {
		name, shown, dialled string
		code                 string
		texts                []string
	}{
		{"the code alone starts without text", "", "*120*384#", "*120*384#", []string{""}},
		{"inputs behind the default code are the first text", "", "*120*384*1*1#", "*120*384#", []string{"1*1"}},
		{"the code that the service tells decides", "*120*384*1#", "*120*384*1*1#", "*120*384*1#", []string{"1"}},
		{"without a code the one that the service tells is dialled", "*130*7#", "", "*130*7#", []string{""}},
		{"an unknown code is a code of its own where the service tells none", "", "*134*5#", "*134*5#", []string{""}},
		{"a code that the service does not have reaches nobody", "*130*7#", "*120*384#", "*130*7#", []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := shop()
			s.code = tc.shown
			out := dialScript(t, s, dialOptions{Code: tc.dialled})
			if d := gocmp.Diff(tc.texts, s.texts()); d != "" {
				t.Fatalf("texts (-want +got):\n%s", d)
			}
			if len(tc.texts) == 0 {
				if !strings.Contains(out, "Connection problem") {
					t.Errorf("the phone did not say so:\n%s", out)
				}
			} else if got := s.callbacks[0].Get("serviceCode"); got != tc.code {
				t.Errorf("service code %q, want %q", got, tc.code)
			}
		})
	}
}

func TestDialEndsEachSessionOnceAndRightly(t *testing.T) {
	for _, tc := range []struct {
		name     string
		lines    []string
		statuses []string
		says     string
	}{
		{"a session that the service ends is a success", []string{"1", "1"}, []string{"Success"}, "Done."},
		{"the end of the script is a hang-up", []string{"1"}, []string{"Incomplete"}, ""},
		{"leaving is a hang-up", []string{":quit"}, []string{"Incomplete"}, ""},
		{"hanging up is told", []string{":end", ":end", "q"}, []string{"Incomplete"}, "No session is open."},
		{"a dropped session is told to nobody", []string{"1", ":drop", "q"}, []string{}, "Connection lost."},
		{"an answer without CON or END fails", []string{"2", "q"}, []string{"Failed"}, "neither CON nor END"},
		{"a prefix without its blank fails", []string{"3", "1"}, []string{"Failed"}, "neither CON nor END"},
		{"an HTTP error fails", []string{"9", "q"}, []string{"Failed"}, "HTTP 500"},
		{"Enter dials again", []string{"1", "1", "", "1"}, []string{"Success", "Incomplete"}, ""},
		{"a code dials that", []string{"1", "1", "*120*384*1#", "1"}, []string{"Success", "Success"}, "Dialling *120*384*1#"},
		{"another word after the end dials nothing", []string{"1", "1", "5", "q"}, []string{"Success"}, "No session is open."},
		{"an empty line is no answer", []string{"", "q"}, []string{"Failed"}, "Type an answer"}, // and q is one
		{"an unknown command changes nothing", []string{":what"}, []string{"Incomplete"}, "There is no :what."},
		{"help helps", []string{":help"}, []string{"Incomplete"}, ":twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := shop()
			out := dialScript(t, s, dialOptions{}, tc.lines...)
			if d := gocmp.Diff(tc.statuses, s.statuses()); d != "" {
				t.Errorf("end notifications (-want +got):\n%s\n%s", d, out)
			}
			if !strings.Contains(out, tc.says) {
				t.Errorf("want %q in:\n%s", tc.says, out)
			}
		})
	}
}

func TestDialGivesEverySessionItsOwnID(t *testing.T) {
	s := shop()
	dialScript(t, s, dialOptions{}, ":drop", "", ":drop", "")
	ids := map[string]bool{}
	for _, c := range s.callbacks {
		ids[c.Get("sessionId")] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d IDs for 3 sessions", len(ids))
	}
}

func TestDialSendsEveryCallbackTwiceAndComparesTheAnswers(t *testing.T) {
	s := shop()
	out := dialScript(t, s, dialOptions{}, ":twice", "1", ":twice", "1")
	if d := gocmp.Diff([]string{"", "1", "1", "1*1"}, s.texts()); d != "" {
		t.Fatalf("texts (-want +got):\n%s", d)
	}
	if d := gocmp.Diff(s.callbacks[1], s.callbacks[2]); d != "" {
		t.Errorf("the second callback is another one (-first +second):\n%s", d)
	}
	if !strings.Contains(out, "Sent twice: the same answer.") {
		t.Errorf("not said in:\n%s", out)
	}

	s = shop()
	s.vary = true
	if out := dialScript(t, s, dialOptions{}, ":twice", "1"); !strings.Contains(out, "THE ANSWERS DIFFER") {
		t.Errorf("a service that does not repeat itself was not noticed:\n%s", out)
	}
}

func TestDialSaysThatTheServiceIsAway(t *testing.T) {
	const nobody = "http://127.0.0.1:1"
	d := patient(t, dialOptions{URL: nobody, In: strings.NewReader("1\n"), Out: io.Discard})
	err := d.run(t.Context())
	if want := "No service at " + nobody + ". Start it with: spaza serve"; err == nil || err.Error() != want {
		t.Errorf("run = %v, want %q", err, want)
	}
}

func TestDialNoticesThatTheServiceWentAwayBetweenTwoSessions(t *testing.T) {
	srv := httptest.NewServer(shop())
	in, script := io.Pipe()
	d := patient(t, dialOptions{URL: srv.URL, In: in, Out: io.Discard})
	done := make(chan error, 1)
	go func() { done <- d.run(t.Context()) }()
	_, _ = io.WriteString(script, ":drop\n")
	_, _ = io.WriteString(script, ":help\n") // taken only when the first was done
	srv.Close()
	_, _ = io.WriteString(script, "\n")
	var away noServiceError
	if err := <-done; !errors.As(err, &away) {
		t.Errorf("run = %v, want that there is no service", err)
	}
	_ = script.Close()
}

func TestDialTellsThatTheServiceAsksForItsKey(t *testing.T) {
	s := shop()
	s.key = "the key"
	out := dialScript(t, s, dialOptions{Key: secret.New("another")})
	if !strings.Contains(out, "HTTP 401: the service asks for its key") || strings.Contains(out, "another") {
		t.Errorf("got:\n%s", out)
	}
}

func TestDialHidesPINsInWhatItEchoes(t *testing.T) {
	s := shop()
	out := dialScript(t, s, dialOptions{}, "3", "5000 5000 0000 0001")
	if strings.Contains(out, "5000") || !strings.Contains(out, "> **** **** **** ****\n") {
		t.Errorf("got:\n%s", out)
	}
	if got := s.texts(); got[len(got)-1] != "3*5000 5000 0000 0001" {
		t.Errorf("the service was sent %q", got)
	}
}

func TestDialShowsMessagesBetweenPrompts(t *testing.T) {
	s := shop()
	s.messages = []string{"an old message"}
	srv := httptest.NewServer(s)
	defer srv.Close()
	in, script := io.Pipe()
	out, printed := io.Pipe()
	d := patient(t, dialOptions{URL: srv.URL, In: in, Out: printed})
	tick := make(chan time.Time)
	d.tick = tick
	done := make(chan error, 1)
	go func() {
		err := d.run(t.Context())
		_ = printed.Close()
		done <- err
	}()
	all := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(out)
		all <- string(b)
	}()

	tick <- time.Time{} // at the prompt; nothing new
	s.mu.Lock()
	s.messages = append(s.messages, "R5 airtime, thank you")
	s.mu.Unlock()
	tick <- time.Time{}
	_, _ = io.WriteString(script, ":sms\nq\n")
	_ = script.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	got := <-all
	if n := strings.Count(got, "R5 airtime, thank you"); n != 2 { // once by itself, once asked for
		t.Errorf("the new message was shown %d times:\n%s", n, got)
	}
	if n := strings.Count(got, "an old message"); n != 1 {
		t.Errorf("the old message was shown %d times:\n%s", n, got)
	}
}

func TestDialDoesWithoutAnInbox(t *testing.T) {
	out := dialScript(t, shop(), dialOptions{}, ":sms")
	if !strings.Contains(out, "This service shows no messages.") {
		t.Errorf("got:\n%s", out)
	}
}

func TestDialHangsUpWhenItIsInterrupted(t *testing.T) {
	s := shop()
	srv := httptest.NewServer(s)
	defer srv.Close()
	in, script := io.Pipe()
	defer script.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	d := patient(t, dialOptions{URL: srv.URL, In: in, Out: io.Discard})
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	_, _ = io.WriteString(script, "1\n")
	_, _ = io.WriteString(script, ":help\n") // taken only when the first was answered
	interrupt()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff([]string{"Incomplete"}, s.statuses()); d != "" {
		t.Errorf("end notifications (-want +got):\n%s", d)
	}
}

func TestDialRefusesOptionsThatCannotWork(t *testing.T) {
	for name, o := range map[string]dialOptions{
		"a URL without a host":   {URL: "127.0.0.1:8080"},
		"a URL of another kind":  {URL: "ftp://127.0.0.1"},
		"a number too short":     {MSISDN: "0821234567"},
		"a number with a plus":   {MSISDN: "+2782123456"},
		"a code without its end": {Code: "*120*384"},
		"a code with letters":    {Code: "*120*x#"},
	} {
		if _, err := newDialer(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestGaugeCountsSeptetsAndHalvesTheRoomOutsideTheAlphabet(t *testing.T) {
	for _, tc := range []struct {
		text, label string
		over        bool
	}{
		{"", "0/160", false},
		{strings.Repeat("a", 160), "160/160", false},
		{strings.Repeat("a", 161), "161/160 TOO LONG", true},
		{strings.Repeat("€", 80), "160/160", false},
		{strings.Repeat("[", 81), "162/160 TOO LONG", true},
		{"š" + strings.Repeat("a", 79), "80/80 UCS-2", false},
		{"š" + strings.Repeat("a", 80), "81/80 UCS-2 TOO LONG", true},
		{"😀", "2/80 UCS-2", false},
	} {
		if label, over := gauge(tc.text); label != tc.label || over != tc.over {
			t.Errorf("gauge(%.10q…) = %q %v, want %q %v", tc.text, label, over, tc.label, tc.over)
		}
	}
}

// However odd the text, the box is straight, loses no letter, and holds
// nothing that steers a terminal.
func TestBoxIsStraightAndLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("aé \n\x1b\r0")))).Draw(t, "text")
		drawn := box(text, "left", "right", "", "0/160")
		var inside strings.Builder
		lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n != screenColumns {
				t.Fatalf("line %d is %d columns: %q", i, n, line)
			}
			if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("line %d steers: %q", i, line)
			}
			if i > 0 && i < len(lines)-1 {
				inside.WriteString(strings.TrimSuffix(strings.TrimPrefix(line, "│ "), " │"))
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if want, got := squeeze(printable(text)), squeeze(inside.String()); want != got {
			t.Fatalf("inside %q, want %q", got, want)
		}
	})
}

func TestMaskDigitsHidesPINsAndTokensOnly(t *testing.T) {
	for in, want := range map[string]string{
		"5000500000000001":         "****************",
		"5000-5000 0000-0001":      "****-**** ****-****",
		"12345678901234567890":     "********************",
		"500050000000000":          "500050000000000",
		"0821234567":               "0821234567",
		"a 1234 5678 9012 3456 78": "a **** **** **** **** **",
	} {
		if got := maskDigits(in); got != want {
			t.Errorf("maskDigits(%q) = %q, want %q", cmp.Or(in, "empty"), got, want)
		}
	}
}
