package channels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spaza/dialog"
	"spaza/test/chatfake"
)

// waSent is what the fake took, without its ids and times.
func waSent(h *waHouse, t *testing.T) []chatfake.WhatsAppMessage {
	t.Helper()
	if wrong := h.fake.Complaints(); len(wrong) > 0 {
		t.Errorf("requests of a wrong shape: %v", wrong)
	}
	return h.fake.All()
}

func waDiff(want, got []chatfake.WhatsAppMessage) string {
	return cmp.Diff(want, got, cmpopts.IgnoreFields(chatfake.WhatsAppMessage{}, "ID", "At"), cmpopts.EquateEmpty())
}

func TestAScreenIsShownToWhoeverSaidSomething(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Said
		r    dialog.Reply
		want []chatfake.WhatsAppMessage
	}{
		{
			"a text to a number", Said{ID: "wamid.IN", From: waNumberOf}, dialog.Reply{Text: "Hi & <bye>"},
			[]chatfake.WhatsAppMessage{{To: waNumberOf, Kind: "text", Body: "Hi & <bye>", Data: "shown:wamid.IN"}},
		},
		{
			"buttons to a user id", Said{ID: "wamid.IN", From: waUserOf, Number: waNumberOf}, waPick("Pay?", "Yes", "No"),
			[]chatfake.WhatsAppMessage{{
				To: waUserOf, Kind: "button", Body: "Pay?", Data: "shown:wamid.IN",
				Choices: []chatfake.WhatsAppChoice{{ID: "abcdefgh:1", Title: "Yes"}, {ID: "abcdefgh:2", Title: "No"}},
			}},
		},
		{
			"a list", Said{ID: "wamid.IN", From: waUserOf}, waPick("Which?", "a", "b", "c", "Back"),
			[]chatfake.WhatsAppMessage{{
				To: waUserOf, Kind: "list", Open: "Menu", Body: "Which?", Data: "shown:wamid.IN",
				Choices: []chatfake.WhatsAppChoice{{ID: "abcdefgh:1", Title: "a"}, {ID: "abcdefgh:2", Title: "b"}, {ID: "abcdefgh:3", Title: "c"}, {ID: "abcdefgh:0", Title: "Back"}},
			}},
		},
		{
			"what was said had a PIN in it", Said{ID: "wamid.IN", From: waUserOf}, dialog.Reply{Text: "Delete it", Chat: &dialog.Parts{Forget: true}},
			[]chatfake.WhatsAppMessage{{To: waUserOf, Kind: "text", Body: "Delete it", Data: "shown:wamid.IN"}},
		},
		{"nothing to say", Said{ID: "wamid.IN", From: waUserOf}, dialog.Reply{}, nil},
		{
			"a name beyond what statuses repeat", Said{ID: strings.Repeat("x", waData), From: waUserOf}, dialog.Reply{Text: "Hi"},
			[]chatfake.WhatsAppMessage{{To: waUserOf, Kind: "text", Body: "Hi"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newWhatsApp(t)
			if err := h.Show(t.Context(), c.s, c.r); err != nil {
				t.Fatal(err)
			}
			if d := waDiff(c.want, waSent(h, t)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatIsNotTakenWithButtonsIsShownWithNumbers(t *testing.T) {
	h := newWhatsApp(t)
	s, r := Said{ID: "wamid.IN", From: waUserOf}, waPick("Pay?", "Yes", "No")
	h.fake.Fail(chatfake.WhatsAppFault{Code: 131009})
	if err := h.Show(t.Context(), s, r); err != nil {
		t.Fatal(err)
	}
	want := []chatfake.WhatsAppMessage{{To: waUserOf, Kind: "text", Body: "Pay?\n1. Yes\n2. No", Data: "shown:wamid.IN"}}
	if d := waDiff(want, waSent(h, t)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !strings.Contains(h.log.String(), "kind=button code=131009") {
		t.Errorf("logged %s", h.log.String())
	}
	// What is the person's or the account's fault is not mended by another look.
	for _, code := range []int{131026, 190, 130429} {
		before := h.fake.Calls()
		h.fake.Fail(chatfake.WhatsAppFault{Code: code})
		if err := h.Show(t.Context(), s, r); err == nil || h.fake.Calls() != before+1 {
			t.Errorf("%d: %v, %d calls", code, err, h.fake.Calls()-before)
		}
	}
	h.fake.Fail(chatfake.WhatsAppFault{Code: 131009, Times: 2})
	var e *SendError
	if err := h.Show(t.Context(), s, r); !errors.As(err, &e) || e.Do != SendNever {
		t.Errorf("refused both ways: %v", err)
	}
}

func TestWhoWroteLongAgoIsToldByTheTemplate(t *testing.T) {
	const text = "Token:\n1234 5678 *9012*\n\nmeter  \t 0412\n    R50"
	const flat = "Token: 1234 5678 9012 | meter 0412 | R50"
	free := func(to string) []chatfake.WhatsAppMessage {
		return []chatfake.WhatsAppMessage{{To: to, Kind: "text", Body: "Token:\n1234 5678 9012\n\nmeter  \t 0412\n    R50", Data: "told:m1"}}
	}
	filled := func(to string) []chatfake.WhatsAppMessage {
		return []chatfake.WhatsAppMessage{{To: to, Kind: "template", Body: flat, Template: "receipt_1", Language: "zu", Data: "told:m1"}}
	}
	ago := func(d time.Duration) Person { return Person{User: waUserOf, Number: waNumberOf, Seen: waNoon.Add(-d)} }
	const window = 24*time.Hour - 5*time.Minute
	closed := []chatfake.WhatsAppFault{{Code: 131047}}
	for _, c := range []struct {
		name     string
		to       Person
		text     string
		template bool
		faults   []chatfake.WhatsAppFault
		want     []chatfake.WhatsAppMessage
		do       SendRemedy
	}{
		{"just now", ago(0), text, true, nil, free(waUserOf), ""},
		{"by a clock before ours", ago(-time.Minute), text, true, nil, free(waUserOf), ""},
		{"just in time", ago(window - time.Second), text, true, nil, free(waUserOf), ""},
		{"just too long ago", ago(window), text, true, nil, filled(waUserOf), ""},
		{"never", Person{User: waUserOf}, text, true, nil, filled(waUserOf), ""},
		{"a number alone", Person{Number: waNumberOf, Seen: waNoon}, text, true, nil, free(waNumberOf), ""},
		{"a number alone, too long ago", Person{Number: waNumberOf}, text, true, nil, filled(waNumberOf), ""},
		{"too long ago, and no template", ago(window), text, false, nil, nil, SendElsewhere},
		{"Meta says too long ago", ago(0), text, true, closed, filled(waUserOf), ""},
		{"Meta says so, and no template", ago(0), text, false, closed, nil, SendElsewhere},
		{"Meta says so of the template too", ago(0), text, true, append(closed, closed...), nil, SendElsewhere},
		{"the template is paused", ago(window), text, true, []chatfake.WhatsAppFault{{Code: 132015}}, nil, SendAlarm},
		{"a fault in time", ago(0), text, true, []chatfake.WhatsAppFault{{Code: 131000}}, nil, SendLater},
		{"too long for the template", ago(window), strings.Repeat("x", waParam+1), true, nil, nil, SendElsewhere},
		{"nothing for the template", ago(window), " \n", true, nil, nil, SendElsewhere},
		{"nobody", Person{Seen: waNoon}, text, true, nil, nil, SendNever},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newWhatsApp(t, func(o *WhatsAppOptions) {
				if c.template {
					o.Template, o.TemplateLanguage = "receipt_1", "zu"
				}
			})
			h.fake.Fail(c.faults...)
			taken, err := h.Tell(t.Context(), c.to, Message{ID: "m1", Text: c.text})
			sent := waSent(h, t)
			if d := waDiff(c.want, sent); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			var e *SendError
			if errors.As(err, &e) != (c.do != "") || e != nil && e.Do != c.do {
				t.Errorf("got %v, want %s", err, c.do)
			}
			if want := len(sent) == 1; want != (taken != "") || want && taken != "whatsapp:"+sent[0].ID {
				t.Errorf("it is called %q", taken)
			}
		})
	}
}

func TestWhatToDoAboutEachCode(t *testing.T) {
	h := newWhatsApp(t)
	by := func(do SendRemedy, codes ...int) map[int]SendRemedy {
		m := map[int]SendRemedy{}
		for _, c := range codes {
			m[c] = do
		}
		return m
	}
	for _, want := range []map[int]SendRemedy{
		by(SendLater, 1, 2, 4, 80007, 130429, 131000, 131016, 131056, 131057, 131064, 133016, 135000),
		by(SendElsewhere, 130472, 131026, 131030, 131047, 131049, 131050, 131062),
		by(SendNever, 100, 131008, 131009, 131021, 131051, 132068, 132069, 424242),
		by(SendAlarm, 3, 10, 190, 200, 250, 299, 368, 130497, 131005, 131031, 131037, 131042, 131045, 131048,
			132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016),
	} {
		for code, do := range want {
			wait := time.Duration(0)
			if code == 131056 {
				wait = 6 * time.Second
			}
			h.fake.Fail(chatfake.WhatsAppFault{Code: code})
			_, err := h.Tell(t.Context(), Person{User: waUserOf, Seen: waNoon}, Message{ID: "m1", Text: "x"})
			if code == 131047 {
				wait = 0 // no template either
			}
			var e *SendError
			if !errors.As(err, &e) || e.Do != do || e.Code != code || e.Wait != wait || e.What == "" {
				t.Errorf("%d: %v, want %s", code, err, do)
			}
		}
	}
}

func TestNoCodeIsListedTwice(t *testing.T) {
	for i, a := range waCodes {
		if a.first > a.last || a.what == "" {
			t.Errorf("%+v is none", a)
		}
		for _, b := range waCodes[:i] {
			if a.first <= b.last && b.first <= a.last {
				t.Errorf("%+v and %+v meet", a, b)
			}
		}
	}
}

func TestWhatToDoAboutAnAnswer(t *testing.T) {
	const taken = `{"messaging_product":"whatsapp","messages":[{"id":"wamid.1"}]}`
	code := func(more string) string { return `{"error":{"message":"canary",` + more + `}}` }
	for _, c := range []struct {
		name   string
		status int
		header string // Retry-After
		body   string
		do     SendRemedy // empty: taken
		code   int
		wait   time.Duration
		id     string
	}{
		{"taken", 200, "", taken, "", 0, 0, "whatsapp:wamid.1"},
		{"taken, and held for a look at it", 200, "", `{"messages":[{"id":"wamid.1","message_status":"held_for_quality_assessment"}],"x":1}`, "", 0, 0, "whatsapp:wamid.1"},
		{"taken, by an id that is none", 200, "", `{"messages":[{"id":"a b"}]}`, "", 0, 0, ""},
		{"taken, by a number", 200, "", `{"messages":[{"id":5}]}`, "", 0, 0, ""},
		{"no message", 200, "", `{"messages":[]}`, SendLater, 200, 0, ""},
		{"nothing", 200, "", "", SendLater, 200, 0, ""},
		{"a page", 200, "", "<html>canary</html>", SendLater, 200, 0, ""},
		{"cut", 200, "", taken[:len(taken)-2], SendLater, 200, 0, ""},
		{"far too long", 200, "", strings.Repeat(" ", waAnswer) + taken, SendLater, 200, 0, ""},
		{"an error with 200", 200, "", code(`"code":131026`), SendElsewhere, 131026, 0, ""},
		{"the code 0", 401, "", code(`"code":0`), SendAlarm, 0, 0, ""},
		{"an object that is not there", 400, "", code(`"code":100,"error_subcode":33`), SendAlarm, 100, 0, ""},
		{"a code that is a text", 400, "", code(`"code":"131026"`), SendNever, 400, 0, ""},
		{"a new code that passes", 400, "", code(`"code":777,"is_transient":true`), SendLater, 777, 0, ""},
		{"too many", 429, "7", "", SendLater, 429, 7 * time.Second, ""},
		{"too many, by a code", 400, "20", code(`"code":130429`), SendLater, 130429, 20 * time.Second, ""},
		{"a long wait", 503, "60000", "", SendLater, 503, time.Hour, ""},
		{"a wait until a day", 503, "Wed, 21 Oct 2026 07:28:00 GMT", "", SendLater, 503, 0, ""},
		{"one person, and a shorter wait", 400, "1", code(`"code":131056`), SendLater, 131056, 6 * time.Second, ""},
		{"a fault", 500, "", taken, SendLater, 500, 0, ""},
		{"a proxy", 502, "", "<html>", SendLater, 502, 0, ""},
		{"elsewhere", 302, "", "", SendLater, 302, 0, ""},
		{"a bad request", 400, "", "", SendNever, 400, 0, ""},
		{"not allowed", 401, "", "", SendAlarm, 401, 0, ""},
		{"not allowed at all", 403, "", "{}", SendAlarm, 403, 0, ""},
		{"not there", 404, "", "", SendAlarm, 404, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newWhatsApp(t, func(o *WhatsAppOptions) {
				o.Transport = atHand(func(r *http.Request) (*http.Response, error) {
					rec := &http.Response{StatusCode: c.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}
					if c.header != "" {
						rec.Header.Set("Retry-After", c.header)
					}
					return rec, nil
				})
			})
			id, err := h.Tell(t.Context(), Person{User: waUserOf, Seen: waNoon}, Message{ID: "m1", Text: "x"})
			var e *SendError
			switch {
			case c.do == "" && (err != nil || id != c.id):
				t.Errorf("%q, %v", id, err)
			case c.do != "" && (!errors.As(err, &e) || e.Do != c.do || e.Code != c.code || e.Wait != c.wait || id != "" || strings.Contains(e.What, "canary")):
				t.Errorf("%q, %v", id, err)
			}
		})
	}
}

// atHand answers requests without a network.
type atHand func(*http.Request) (*http.Response, error)

func (f atHand) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhatIsLostOnTheWayMayGoLater(t *testing.T) {
	h := newWhatsApp(t)
	tell := func(ctx context.Context) error {
		_, err := h.Tell(ctx, Person{User: waUserOf, Seen: waNoon}, Message{ID: "m1", Text: "x"})
		return err
	}
	is := func(name string, err error, what string) {
		t.Helper()
		if d := cmp.Diff(&SendError{Do: SendLater, What: what}, err); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	h.fake.Fail(chatfake.WhatsAppFault{Cut: true}, chatfake.WhatsAppFault{Cut: true, Taken: true}, chatfake.WhatsAppFault{Slow: true, Taken: true})
	is("a cut connection", tell(t.Context()), "no usable answer")
	is("a lost answer", tell(t.Context()), "no usable answer")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tell(ctx) }()
	if err := h.fake.WaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	is("nobody waits any longer", <-ended, "given up before there was an answer")
	if n := len(h.fake.All()); n != 2 {
		t.Errorf("%d messages went, want the two whose answers were lost", n)
	}
	synctest.Test(t, func(t *testing.T) {
		w, err := NewWhatsApp(func() WhatsAppOptions {
			o := h.options()
			o.Transport = atHand(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, fmt.Errorf("canary: %w", r.Context().Err())
			})
			return o
		}())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = w.Tell(t.Context(), Person{User: waUserOf, Seen: waNoon}, Message{ID: "m1", Text: "x"})
		is("no answer", err, "no answer in time")
		if waited := time.Since(start); waited != waTimeout {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestALongTextGoesInOrderUntilOneIsNotTaken(t *testing.T) {
	h := newWhatsApp(t)
	text := strings.Repeat("x", waMessageText) + "\n" + strings.Repeat("y", 10)
	taken, err := h.Tell(t.Context(), Person{User: waUserOf, Seen: waNoon}, Message{ID: "m1", Text: text})
	sent := waSent(h, t)
	if err != nil || len(sent) != 2 || taken != "whatsapp:"+sent[1].ID || sent[1].Body != strings.Repeat("y", 10) {
		t.Errorf("%q, %v: %d messages", taken, err, len(sent))
	}
	h.fake.Fail(chatfake.WhatsAppFault{Code: 131000})
	if _, err := h.Tell(t.Context(), Person{User: waUserOf, Seen: waNoon}, Message{ID: "m1", Text: text}); err == nil || len(h.fake.All()) != 2 {
		t.Errorf("%v, %d messages", err, len(h.fake.All()))
	}
}
