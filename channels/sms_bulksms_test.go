package channels

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/gsm7"
	"spaza/test/chatfake"
)

const (
	bulkSecret = "canary-token-secret-4711"
	// bulkM1 is what the one message of these tests is called to the API, and the
	// two ids under which it may be sent.
	bulkM1       = "lxenk7utmtts7nducg6a"
	bulkM1First  = "769414181"
	bulkM1Second = "1915227596"
)

// bulkOne is an answer about one message.
func bulkOne(own, status string) string {
	return `[{"id":"4023457654","type":"SENT","from":"","to":"27821234567","body":"canary","encoding":"TEXT","protocolId":0,"messageClass":0,` +
		`"numberOfParts":null,"creditCost":null,"submission":{"id":"1-1","date":"2026-11-21T08:00:00Z"},"status":` + status + `,"userSuppliedId":"` + own + `"}]`
}

const bulkAccepted = `{"id":"ACCEPTED.null","type":"ACCEPTED","subtype":null}`

func newBulk(t *testing.T, base string, change ...func(*BulkSMSOptions)) *BulkSMS {
	t.Helper()
	o := BulkSMSOptions{BaseURL: base, TokenID: "token", TokenSecret: key(bulkSecret)}
	for _, f := range change {
		f(&o)
	}
	m, err := NewBulkSMS(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBulkSMSIsSentAsTheAPIWantsIt(t *testing.T) {
	type request struct{ Line, Type, Accept, Authorization, Body string }
	var got request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = request{r.Method + " " + r.RequestURI, r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("Authorization"), string(body)}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, bulkOne(bulkM1, bulkAccepted))
	}))
	defer srv.Close()

	for _, c := range []struct{ name, base, sender, routing, text, body, more string }{
		{"a plain text", srv.URL, "", "", "R5 MTN airtime: done. Ref 12", `R5 MTN airtime: done. Ref 12`, ""},
		{"a base with a slash", srv.URL + "/", "", "", "x", "x", ""},
		{"a sender by name", srv.URL, "SPAZA", "", "x", "x", `,"from":{"type":"ALPHANUMERIC","address":"SPAZA"}`},
		{"a sender by number", srv.URL, "27101234567", "", "x", "x", `,"from":{"type":"INTERNATIONAL","address":"27101234567"}`},
		{"a short code", srv.URL, "43210", "", "x", "x", `,"from":{"type":"SHORTCODE","address":"43210"}`},
		{"a routing", srv.URL, "", "PREMIUM", "x", "x", ""},
		{"fields of a template", srv.URL, "", "", "Owed by {F0###} {fn}: {", "Owed by (F0###) (fn): (", ""},
		{"signs of JSON", srv.URL, "", "", "say \"a\\b\"\n2", `say \"a\\b\"\n2`, ""},
		{"letters outside the alphabet", srv.URL, "", "", "Tšhelete “R5” – ṱhogomela…", `Tshelete \"R5\" - thogomela...`, ""},
		{"letters inside the alphabet", srv.URL, "", "", "é Ñ € @", "é Ñ € @", ""},
		{"a picture", srv.URL, "", "", "ok 🙂", "ok ?", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newBulk(t, c.base, func(o *BulkSMSOptions) { o.Sender, o.Routing = c.sender, c.routing })
			taken, err := m.Send(t.Context(), Message{ID: "m1", To: smsTo, Text: c.text})
			if err != nil || taken != "bulksms:4023457654" {
				t.Fatalf("%q, %v", taken, err)
			}
			routing := ""
			if c.routing != "" {
				routing = `,"routingGroup":"` + c.routing + `"`
			}
			want := request{
				"POST /v1/messages?deduplication-id=" + bulkM1First + "&auto-unicode=false", "application/json", "application/json",
				"Basic " + base64.StdEncoding.EncodeToString([]byte("token:"+bulkSecret)),
				`{"to":"+27821234567","body":"` + c.body + `"` + c.more + `,"encoding":"TEXT","deliveryReports":"ALL","userSuppliedId":"` + bulkM1 +
					`","longMessageMaxParts":10` + routing + `}`,
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("request (-want +got):\n%s", d)
			}
		})
	}
}

func TestBulkSMSIsTakenOnlyWhereItSaysSo(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   error // nil where it was taken
	}{
		{"accepted", 201, bulkOne(bulkM1, bulkAccepted), nil},
		{"accepted, as 200", 200, bulkOne(bulkM1, bulkAccepted), nil},
		{"to go later", 201, bulkOne(bulkM1, `{"type":"SCHEDULED"}`), nil},
		{"gone", 201, bulkOne(bulkM1, `{"type":"SENT"}`), nil},
		{"there already", 201, bulkOne(bulkM1, `{"type":"DELIVERED"}`), nil},
		{"nobody knows", 201, bulkOne(bulkM1, `{"type":"UNKNOWN"}`), nil},
		{"a word that is new", 201, bulkOne(bulkM1, `{"type":"TELEPORTED"}`), nil},
		{"no status", 201, `[{"id":"4023457654"}]`, nil},
		{"with more fields and blanks", 201, " [ {\"x\":[1,{}],\"id\":\"4023457654\",\"status\":{\"type\":\"SENT\",\"z\":1}} ]\n", nil},

		{"failed", 201, bulkOne(bulkM1, `{"type":"FAILED"}`), ErrSMSRefused},
		{"blocked", 201, bulkOne(bulkM1, `{"type":"FAILED","subtype":"BLOCKED"}`), ErrSMSRefused},
		{"failed for a reason that is new", 201, bulkOne(bulkM1, `{"type":"FAILED","subtype":"canary-token to 27821234567"}`), ErrSMSRefused},
		{"nobody", 201, `[]`, ErrSMSRefused},
		{"nothing", 201, "", errSMSUnclear},
		{"a text", 201, "Sent canary-token to +27821234567", errSMSUnclear},
		{"a page", 201, "<html>canary</html>", errSMSUnclear},
		{"no list", 201, `{"id":"1"}`, errSMSUnclear},
		{"null", 201, "null", errSMSUnclear},
		{"a list of something else", 201, `["canary"]`, errSMSUnclear},
		{"a status that is something else", 201, `[{"id":"1","status":"FAILED"}]`, errSMSUnclear},
		{"cut off", 201, bulkOne(bulkM1, bulkAccepted)[:200], errSMSUnclear},
		{"twice", 201, "[]" + bulkOne(bulkM1, bulkAccepted), errSMSUnclear},
		{"deep", 201, strings.Repeat("[", 60<<10), errSMSUnclear},
		{"far too long", 201, strings.Repeat(" ", 1<<20) + "[]", errSMSUnclear},

		{"a bad request", 400, `{"type":"x","title":"Bad Request","status":400,"detail":"canary-token"}`, ErrSMSRefused},
		{"a refusal of the token", 401, bulkSecret, ErrSMSAccount},
		{"no credit", 403, `{"title":"Insufficient Credits","status":403}`, ErrSMSAccount},
		{"another path", 404, "", ErrSMSRefused},
		{"too many", 429, "", ErrSMSRefused},
		{"moved", 308, "", ErrSMSRefused},
		{"a fault", 500, bulkOne(bulkM1, bulkAccepted), errSMSUnclear},
		{"a proxy", 504, "<html>canary</html>", errSMSUnclear},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := send(t.Context(), t, newBulk(t, answering(t, c.status, c.body)))
			refused := errors.Is(c.want, ErrSMSRefused) || errors.Is(c.want, ErrSMSAccount)
			if !errors.Is(err, c.want) || errors.Is(err, ErrSMSRefused) != refused || errors.Is(err, ErrSMSUnsent) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestBulkSMSIsCalledByTheGatewaysID(t *testing.T) {
	for _, c := range []struct{ name, id, want string }{
		{"an id", `"4023457654"`, "bulksms:4023457654"},
		{"an empty one", `""`, ""},
		{"null", `null`, ""},
		{"an object", `{"id":"canary"}`, ""},
		{"one with a blank", `"40 23"`, ""},
		{"one with a line end", `"4023\n"`, ""},
		{"one beyond ASCII", `"é"`, ""},
		{"one as long as can be", `"` + strings.Repeat("4", smsID) + `"`, "bulksms:" + strings.Repeat("4", smsID)},
		{"one beyond bounds", `"` + strings.Repeat("4", smsID+1) + `"`, ""},
	} {
		m := newBulk(t, answering(t, 201, `[{"id":`+c.id+`,"status":{"type":"SENT"}}]`))
		if got, err := m.Send(t.Context(), Message{ID: "m1", To: smsTo, Text: "x"}); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// TestBulkSMSIsSentAgainOnlyWhereAnotherWasInItsPlace gives answers about another
// message, as they come when two have the same deduplication id.
func TestBulkSMSIsSentAgainOnlyWhereAnotherWasInItsPlace(t *testing.T) {
	mine, others := bulkOne(bulkM1, bulkAccepted), strings.Replace(bulkOne("aaaaaaaaaaaaaaaaaaaa", bulkAccepted), "4023457654", "11", 1)
	for _, c := range []struct {
		name    string
		answers []string
		under   []string
		taken   string
	}{
		{"its own", []string{mine}, []string{bulkM1First}, "bulksms:4023457654"},
		{"its own, in capitals", []string{bulkOne(strings.ToUpper(bulkM1), bulkAccepted)}, []string{bulkM1First}, "bulksms:4023457654"},
		{"one without the name that it was given", []string{bulkOne("", bulkAccepted)}, []string{bulkM1First}, "bulksms:4023457654"},
		{"another's", []string{others, mine}, []string{bulkM1First, bulkM1Second}, "bulksms:4023457654"},
		{"another's whatever it is sent under", []string{others, others}, []string{bulkM1First, bulkM1Second}, "bulksms:11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var under []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				under = append(under, r.URL.Query().Get("deduplication-id"))
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, c.answers[len(under)-1])
			}))
			defer srv.Close()
			taken, err := newBulk(t, srv.URL).Send(t.Context(), Message{ID: "m1", To: smsTo, Text: "x"})
			if err != nil || taken != c.taken || !slices.Equal(under, c.under) {
				t.Errorf("%q, %v, under %v; want %q under %v", taken, err, under, c.taken, c.under)
			}
		})
	}
}

func TestBulkSMSArrivesOnceWhenItsAnswerIsLost(t *testing.T) {
	var came atomic.Int64
	host := chatfake.NewSMS(func(chatfake.SMSMessage) chatfake.SMSHow {
		if came.Add(1) == 1 {
			return chatfake.SMSLost
		}
		return chatfake.SMSTaken
	})
	defer host.Close()
	m := newBulk(t, host.URL())
	if err := send(t.Context(), t, m); err == nil || errors.Is(err, ErrSMSRefused) || errors.Is(err, ErrSMSUnsent) {
		t.Fatalf("the answer was lost, and it says %v", err)
	}
	if err := send(t.Context(), t, newBulk(t, host.URL())); err != nil { // another replica
		t.Fatal(err)
	}
	for _, other := range []Message{{ID: "m2", To: smsTo, Text: smsText}, {ID: "m1", To: "27821234568", Text: smsText}} {
		if _, err := m.Send(t.Context(), other); err != nil {
			t.Fatal(err)
		}
	}
	if n, calls := len(host.All()), host.Calls(chatfake.BulkSMS); n != 3 || calls != 4 {
		t.Errorf("%d messages arrived, of %d requests: %+v", n, calls, host.All())
	}
}

// TestBulkSMSArrivesOnceWhenItsAnswerIsLate has another replica send the message
// while the answer to the first is still to come.
func TestBulkSMSArrivesOnceWhenItsAnswerIsLate(t *testing.T) {
	host := chatfake.NewSMS(func(chatfake.SMSMessage) chatfake.SMSHow { return chatfake.SMSLate })
	defer host.Close()
	type answer struct {
		taken string
		err   error
	}
	answers := make(chan answer, 2)
	for range 2 {
		m := newBulk(t, host.URL())
		go func() {
			taken, err := m.Send(t.Context(), Message{ID: "m1", To: smsTo, Text: smsText})
			answers <- answer{taken, err}
		}()
		if err := host.AwaitLate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(answers) != 0 {
		t.Error("it was answered before its time")
	}
	host.Release()
	first, second := <-answers, <-answers
	if first != second || first.err != nil || first.taken == "" || len(host.All()) != 1 {
		t.Errorf("%+v and %+v, of %d messages", first, second, len(host.All()))
	}
}

func TestABulkSMSMessengerPrintsNoSecret(t *testing.T) {
	m := newBulk(t, "https://api.example")
	if s := fmt.Sprintf("%v %+v %#v %+v", m.opt, m.opt, m.opt, m); strings.Contains(s, "canary") {
		t.Errorf("%s", s)
	}
}

func TestBulkSMSDrawsAreSpreadAndValid(t *testing.T) {
	var mu sync.Mutex
	seen, owns := map[string]bool{}, map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		_, own, _ := strings.Cut(string(body), `"userSuppliedId":"`)
		own, _, _ = strings.Cut(own, `"`)
		draw := r.URL.Query().Get("deduplication-id")
		var n int32
		if _, err := fmt.Sscan(draw, &n); err != nil || n < 0 || len(own) != 20 {
			t.Errorf("drew %q, called %q: %v", draw, own, err)
		}
		seen[draw], owns[own] = true, true
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, bulkOne(own, bulkAccepted))
	}))
	defer srv.Close()
	m := newBulk(t, srv.URL)
	const n = 200
	for i := range n {
		if _, err := m.Send(t.Context(), Message{ID: fmt.Sprint("P-1/ended#", i), To: smsTo, Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != n || len(owns) != n {
		t.Errorf("%d messages drew %d ids and %d names", n, len(seen), len(owns))
	}
}

func TestBulkSMSFollowsNoRedirectAndEndsWithItsContext(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the token was taken elsewhere") }))
	defer thief.Close()
	srv := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	if err := send(t.Context(), t, newBulk(t, srv.URL)); !errors.Is(err, ErrSMSRefused) {
		t.Errorf("got %v", err)
	}
	host := chatfake.NewSMS(func(chatfake.SMSMessage) chatfake.SMSHow { return chatfake.SMSLate })
	defer host.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if err := host.AwaitLate(t.Context()); err != nil {
			t.Error(err)
		}
		cancel()
	}()
	if err := send(ctx, t, newBulk(t, host.URL())); !errors.Is(err, context.Canceled) || errors.Is(err, ErrSMSUnsent) {
		t.Errorf("got %v", err)
	}
}

func TestBulkSMSMessengerIsMadeOfAWholeAccount(t *testing.T) {
	good := BulkSMSOptions{TokenID: "token", TokenSecret: key(bulkSecret)}
	if m, err := NewBulkSMS(good); err != nil || m.api.url != "https://api.bulksms.com/v1/messages" {
		t.Errorf("%+v, %v", m, err)
	}
	for _, ok := range []string{"SPAZA", "Spaza Shop1", "27101234567", "+27101234567", "1", "123456"} {
		o := good
		o.Sender = ok
		if _, err := NewBulkSMS(o); err != nil {
			t.Errorf("sender %q: %v", ok, err)
		}
	}
	for name, change := range map[string]func(*BulkSMSOptions){
		"no token id":           func(o *BulkSMSOptions) { o.TokenID = "" },
		"no token secret":       func(o *BulkSMSOptions) { o.TokenSecret = key("") },
		"a token id of two":     func(o *BulkSMSOptions) { o.TokenID = "canary:canary" },
		"no scheme":             func(o *BulkSMSOptions) { o.BaseURL = "api.bulksms.com" },
		"a URL with a login":    func(o *BulkSMSOptions) { o.BaseURL = "https://canary:canary@api.example" },
		"a URL with a query":    func(o *BulkSMSOptions) { o.BaseURL = "https://api.example/?canary=1" },
		"a sender too long":     func(o *BulkSMSOptions) { o.Sender = "canarycanary" },
		"a sender of letters":   func(o *BulkSMSOptions) { o.Sender = "canarý" },
		"a sender of 16 digits": func(o *BulkSMSOptions) { o.Sender = "1234567890123456" },
		"a short code and plus": func(o *BulkSMSOptions) { o.Sender = "+4321" },
		"a plus":                func(o *BulkSMSOptions) { o.Sender = "+" },
		"another routing":       func(o *BulkSMSOptions) { o.Routing = "canary" },
	} {
		o := good
		change(&o)
		if m, err := NewBulkSMS(o); err == nil || m != nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzBulkSMSBody(f *testing.F) {
	for _, s := range []string{"", "x", "{F0###}", "}{", "é€[]", "\xff", "\u2028<&>", "\u0312"} {
		f.Add(s)
	}
	host := chatfake.NewSMS(nil)
	f.Cleanup(host.Close)
	m, err := NewBulkSMS(BulkSMSOptions{BaseURL: host.URL(), TokenID: "token", TokenSecret: key(bulkSecret)})
	if err != nil {
		f.Fatal(err)
	}
	n := 0
	f.Fuzz(func(t *testing.T, text string) {
		n++
		_, err := m.Send(t.Context(), Message{ID: fmt.Sprint("m", n), To: smsTo, Text: text})
		if gsm7.Fold(text) == "" { // nothing to say, and refused
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		all := host.All()
		got := all[len(all)-1].Text
		if _, ok := gsm7.Cost(got); !ok || strings.ContainsAny(got, "{}") || got != bulkBraces.Replace(gsm7.Fold(text)) {
			t.Fatalf("%q is shown as %q", text, got)
		}
	})
}

func FuzzBulkSMSAnswer(f *testing.F) {
	for _, s := range []string{
		bulkOne(bulkM1, bulkAccepted), bulkOne("", `{"type":"FAILED","subtype":"EXPIRED"}`), "", "null", "[]", "[{}]", "[null]", `[{"ID":"1","STATUS":{"TYPE":"FAILED"}}]`, "\xff",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		taken, own, err := bulkAnswer(body)
		if id, ok := strings.CutPrefix(taken, bulkTaken); taken != "" && (!ok || id == "" || len(id) > smsID || !printable(id)) {
			t.Fatalf("%q is called %q, %v", body, taken, err)
		}
		if err != nil && (taken != "" || own != "" || errors.Is(err, ErrSMSRefused) == errors.Is(err, errSMSUnclear) || len(err.Error()) > 100) {
			t.Fatalf("%q: %q, %q, %v", body, taken, own, err)
		}
		if err == nil && !strings.Contains(string(body), "{") && !strings.Contains(string(body), "null") {
			t.Fatalf("%q is a message taken", body)
		}
	})
}
