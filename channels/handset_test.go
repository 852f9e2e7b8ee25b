package channels

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// getHandset asks a handset the way the server does.
func getHandset(t *testing.T, h *Handset, path, query string) Answer {
	t.Helper()
	for _, r := range h.Routes() {
		if r.Path == path {
			return r.Handle(t.Context(), &Callback{Method: "GET", Path: path, RawQuery: query})
		}
	}
	t.Fatalf("no route %s", path)
	return Answer{}
}

func answerHeader(a Answer, name string) string {
	for _, h := range a.Header {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

func TestHandsetAsksABrowserAtEveryDoor(t *testing.T) {
	h := NewHandset(nil, HandsetOptions{})
	if h.Name() != "handset" {
		t.Errorf("Name = %q", h.Name())
	}
	seen := map[string]bool{}
	for _, r := range h.Routes() {
		if r.Method != "GET" || r.Guard != GuardBrowser {
			t.Errorf("%s %s has guard %d, want GET and GuardBrowser", r.Method, r.Path, r.Guard)
		}
		if seen[r.Path] {
			t.Errorf("%s is mounted twice", r.Path)
		}
		seen[r.Path] = true
	}
	for _, p := range []string{"/", "/handset/app.js", "/handset/app.css", "/handset/about", "/handset/inbox"} {
		if !seen[p] {
			t.Errorf("no route %s", p)
		}
	}
}

func TestHandsetGuardsEveryAnswerWithItsHeaders(t *testing.T) {
	h := NewHandset(NewInbox(stoppedClock), HandsetOptions{})
	for _, r := range h.Routes() {
		for _, query := range []string{"", "msisdn=27821234567"} { // a refusal and an answer
			a := r.Handle(t.Context(), &Callback{Method: "GET", Path: r.Path, RawQuery: query})
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff",
				"Referrer-Policy":        "no-referrer",
				"Cache-Control":          "no-store",
			} {
				if got := answerHeader(a, name); got != want {
					t.Errorf("%s?%s: %s = %q, want %q", r.Path, query, name, got, want)
				}
			}
			policy := strings.Split(answerHeader(a, "Content-Security-Policy"), "; ")
			for _, want := range []string{
				"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'",
				"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
			} {
				if !slices.Contains(policy, want) {
					t.Errorf("%s?%s: the policy lacks %s: %v", r.Path, query, want, policy)
				}
			}
			if a.Type == "" || len(a.Body) == 0 {
				t.Errorf("%s?%s: type %q, %d bytes", r.Path, query, a.Type, len(a.Body))
			}
		}
	}
}

func TestHandsetPageHasNothingInlineAndNothingFromElsewhere(t *testing.T) {
	h := NewHandset(nil, HandsetOptions{})
	forbidden := map[string]*regexp.Regexp{
		"an inline script":       regexp.MustCompile(`(?i)<script[^>]*>[^<]`),
		"an inline style":        regexp.MustCompile(`(?i)<style|\sstyle=`),
		"an inline handler":      regexp.MustCompile(`(?i)\son[a-z]+=`),
		"another host":           regexp.MustCompile(`(?i)(src|href|url|import|fetch)\W{1,3}(https?:)?//`),
		"a way to inject markup": regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`),
	}
	for _, r := range h.Routes() {
		body := string(getHandset(t, h, r.Path, "msisdn=27821234567").Body)
		for what, re := range forbidden {
			if m := re.FindString(body); m != "" {
				t.Errorf("%s has %s: %q", r.Path, what, m)
			}
		}
	}
}

// Everything that the page, its style and its modules point at must be served.
func TestHandsetServesEveryFileItRefersTo(t *testing.T) {
	h := NewHandset(nil, HandsetOptions{})
	served := map[string]bool{}
	for _, r := range h.Routes() {
		served[r.Path] = true
	}
	refs := regexp.MustCompile(`(?:src|href)="(/[^"]*)"|from '\.(/[^']*)'|fetch\('(/handset/[^'?]*)`)
	found := 0
	for _, r := range h.Routes() {
		for _, m := range refs.FindAllStringSubmatch(string(getHandset(t, h, r.Path, "").Body), -1) {
			path := m[1] + m[3]
			if m[2] != "" {
				path = "/handset" + m[2]
			}
			found++
			if !served[path] {
				t.Errorf("%s refers to %s, which is not served", r.Path, path)
			}
		}
	}
	if found < 8 {
		t.Errorf("found %d references; the page has more", found)
	}
}

func TestHandsetTellsWhatToDial(t *testing.T) {
	type about struct {
		Code, MSISDN string
		Networks     []struct{ Code, Name string }
		Hints        []HandsetHint
	}
	decode := func(h *Handset) (got about) {
		a := getHandset(t, h, "/handset/about", "")
		if a.Type != "application/json" {
			t.Errorf("type %q", a.Type)
		}
		if err := json.Unmarshal(a.Body, &got); err != nil {
			t.Fatal(err)
		}
		return got
	}

	got := decode(NewHandset(nil, HandsetOptions{}))
	if got.Code != "*120*384#" || got.MSISDN != "27821234567" {
		t.Errorf("defaults are %q and %q", got.Code, got.MSISDN)
	}
	want := []struct{ Code, Name string }{{"65501", "Vodacom"}, {"65510", "MTN"}, {"65507", "Cell C"}, {"65502", "Telkom"}}
	if d := cmp.Diff(want, got.Networks); d != "" {
		t.Errorf("networks (-want +got):\n%s", d)
	}
	if got.Hints == nil {
		t.Error("no hints must be an empty list, not null")
	}

	hints := []HandsetHint{{"R50 voucher", "5000 5000 0000 0001"}}
	got = decode(NewHandset(nil, HandsetOptions{Code: "*130*7#", MSISDN: "27831112222", Hints: hints}))
	if got.Code != "*130*7#" || got.MSISDN != "27831112222" {
		t.Errorf("options came out as %q and %q", got.Code, got.MSISDN)
	}
	if d := cmp.Diff(hints, got.Hints); d != "" {
		t.Errorf("hints (-want +got):\n%s", d)
	}
}

func TestHandsetShowsTheMessagesOfOneNumberAfterAnID(t *testing.T) {
	b := NewInbox(stoppedClock)
	h := NewHandset(b, HandsetOptions{})
	sendSMS(t, b, "a", "27821234567", "first <b>")
	sendSMS(t, b, "b", "27821234567", "second")
	ids := b.Since("27821234567", 0)

	type answer struct {
		Messages []struct {
			ID   int64
			At   time.Time
			Text string
		}
	}
	ask := func(query string) (got answer) {
		a := getHandset(t, h, "/handset/inbox", query)
		if a.Status != 200 || a.Type != "application/json" {
			t.Fatalf("%s: %d %s", query, a.Status, a.Type)
		}
		if err := json.Unmarshal(a.Body, &got); err != nil {
			t.Fatal(err)
		}
		if got.Messages == nil {
			t.Errorf("%s: messages is null", query)
		}
		return got
	}
	got := ask("msisdn=27821234567")
	if len(got.Messages) != 2 || got.Messages[0].Text != "first <b>" || !got.Messages[0].At.Equal(stoppedClock()) || got.Messages[0].ID != ids[0].ID {
		t.Errorf("all: %+v", got)
	}
	if got := ask("after=" + strconv.FormatInt(ids[0].ID, 10) + "&msisdn=27821234567"); len(got.Messages) != 1 || got.Messages[0].Text != "second" {
		t.Errorf("after the first: %+v", got)
	}
	if got := ask("msisdn=27830000000&after=0"); len(got.Messages) != 0 {
		t.Errorf("another number: %+v", got)
	}
	h = NewHandset(nil, HandsetOptions{})
	if got := ask("msisdn=27821234567"); len(got.Messages) != 0 {
		t.Errorf("without an inbox: %+v", got)
	}
}

func TestHandsetRefusesAQueryThatIsNotANumberAndAnID(t *testing.T) {
	h := NewHandset(NewInbox(stoppedClock), HandsetOptions{})
	fixed := getHandset(t, h, "/handset/inbox", "").Body
	for name, query := range map[string]string{
		"no number":             "after=1",
		"a short number":        "msisdn=2782123456",
		"a long number":         "msisdn=278212345678",
		"a plus":                "msisdn=%2B2782123456",
		"letters":               "msisdn=2782123456x",
		"other digits":          "msisdn=%D9%A1%D9%A1%D9%A1%D9%A1%D9%A11",
		"two numbers":           "msisdn=27821234567&msisdn=27831234567",
		"a negative ID":         "msisdn=27821234567&after=-1",
		"an ID of letters":      "msisdn=27821234567&after=x",
		"an ID too large":       "msisdn=27821234567&after=9223372036854775808",
		"a query out of shape":  "msisdn=27821234567;after=1",
		"an escape out of form": "msisdn=27821234567&after=%zz",
	} {
		a := getHandset(t, h, "/handset/inbox", query)
		if a.Status != 400 || string(a.Body) != string(fixed) {
			t.Errorf("%s: %d %q, want 400 and the fixed text", name, a.Status, a.Body)
		}
	}
}

func FuzzDecodeInboxQuery(f *testing.F) {
	for _, s := range []string{"", "msisdn=27821234567", "msisdn=27821234567&after=12", "after=-1", "msisdn=%32", ";"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		msisdn, after, ok := decodeInboxQuery(raw)
		switch {
		case !ok && (msisdn != "" || after != 0):
			t.Fatalf("refused, but %q %d", msisdn, after)
		case ok && (after < 0 || !regexp.MustCompile(`^[0-9]{11}$`).MatchString(msisdn)):
			t.Fatalf("let through %q %d", msisdn, after)
		}
	})
}
