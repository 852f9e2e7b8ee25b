package channels

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"spaza/test/chatfake"
)

func TestTelegramsRefusalsAreJudged(t *testing.T) {
	const page = "<html>canary " + tgToken + "</html>"
	refused := func(status int, words string) chatfake.TelegramFault {
		return chatfake.TelegramFault{Status: status, Description: words + " canary " + tgThandiID}
	}
	for _, c := range []struct {
		name  string
		fault chatfake.TelegramFault
		do    SendRemedy
		code  int
		wait  time.Duration
	}{
		{"too many", chatfake.TelegramFault{Status: 429, Description: "Too Many Requests: retry after 7", RetryAfter: 7}, SendLater, 429, 7 * time.Second},
		{"too many, and it does not say until when", refused(429, "Too Many Requests"), SendLater, 429, 0},
		{"too many, for longer than anybody lives", chatfake.TelegramFault{Status: 429, Description: "x", RetryAfter: 1 << 60}, SendLater, 429, 24 * time.Hour},
		{"a fault", refused(500, "Internal Server Error"), SendLater, 500, 0},
		{"a gateway's page", chatfake.TelegramFault{Status: 502, Body: page}, SendLater, 502, 0},
		{"a page that says it is well", chatfake.TelegramFault{Status: 200, Body: page}, SendLater, 200, 0},
		{"a page that says nobody is there", chatfake.TelegramFault{Status: 404, Body: page}, SendLater, 404, 0},
		{"half an answer", chatfake.TelegramFault{Status: 200, Body: `{"ok":true,"result":{"message_id":`}, SendLater, 200, 0},
		{"an answer that says nothing", chatfake.TelegramFault{Status: 200, Body: `{}`}, SendLater, 200, 0},
		{"an answer that is a list", chatfake.TelegramFault{Status: 200, Body: `[]`}, SendLater, 200, 0},
		{"somewhere else", chatfake.TelegramFault{Status: 302, Body: page}, SendLater, 302, 0},
		{"a broken connection", chatfake.TelegramFault{Drop: true}, SendLater, 0, 0},
		{"blocked", refused(403, "Forbidden: bot was blocked by the user"), SendElsewhere, 403, 0},
		{"gone", refused(403, "Forbidden: user is deactivated"), SendElsewhere, 403, 0},
		{"never met", refused(400, "Bad Request: chat not found"), SendElsewhere, 400, 0},
		{"gone, in other words", refused(400, "Bad Request: USER IS DEACTIVATED"), SendElsewhere, 400, 0},
		{"no such bot", refused(401, "Unauthorized"), SendAlarm, 401, 0},
		{"no such method or bot", refused(404, "Not Found"), SendAlarm, 404, 0},
		{"wrong", refused(400, "Bad Request: BUTTON_DATA_INVALID"), SendNever, 400, 0},
		{"wrong in a new way", refused(400, "Bad Request: canary"), SendNever, 400, 0},
		{"too large", refused(413, "Request Entity Too Large"), SendNever, 413, 0},
		{"too slow", refused(408, "Request Timeout"), SendLater, 408, 0},
		{"a refusal with the status of none", chatfake.TelegramFault{Status: 200, Body: `{"ok":false,"error_code":403,"description":"Forbidden"}`}, SendElsewhere, 403, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTG(t)
			said := b.types(t, "hi")
			c.fault.Times = 2 // a broken connection is tried once more by the transport
			b.api.Fail(c.fault)
			_, err := b.Tell(t.Context(), Person{User: tgThandiID}, Message{ID: "m", Text: "canary 4111 2222"})
			do := tgRemedy(t, err)
			e, ok := err.(*SendError) //nolint:errorlint // tgRemedy has looked
			if !ok || do != c.do || e.Code != c.code || e.Wait != c.wait || e.What == "" {
				t.Fatalf("got %#v", err)
			}
			b.api.Mend()
			b.api.Fail(c.fault)
			if got := tgRemedy(t, b.Show(t.Context(), said, tgMenuReply())); got != c.do {
				t.Errorf("shown: %q", got)
			}
		})
	}
}

func TestTelegramGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := tgInMemory(t)
		s := b.types(t, "hi")
		b.api.Fail(chatfake.TelegramFault{Late: make(chan struct{}), Times: -1})
		begin := time.Now()
		if do := tgRemedy(t, b.Show(t.Context(), s, tgMenuReply())); do != SendLater || time.Since(begin) != 10*time.Second {
			t.Errorf("%q after %v", do, time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		if do := tgRemedy(t, b.Show(ctx, s, tgMenuReply())); do != SendLater || time.Since(begin) != time.Second {
			t.Errorf("%q after %v", do, time.Since(begin))
		}
	})
}

func TestTelegramWaitsAsItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := tgInMemory(t)
		s, other := b.types(t, "hi"), b.hears(t, b.api.Text(7, 7, "hi"))
		b.api.Fail(chatfake.TelegramFault{Status: 429, Description: "Too Many Requests: retry after 7", RetryAfter: 7})
		if err := b.Show(t.Context(), s, tgMenuReply()); tgRemedy(t, err) != SendLater {
			t.Fatal(err)
		}
		calls := len(b.methods(0))
		time.Sleep(3 * time.Second)
		err := b.Show(t.Context(), s, tgMenuReply())
		if do, wait := remedy(err); do != SendLater || wait != 4*time.Second || len(b.methods(0)) != calls {
			t.Errorf("%q for %v, after %d calls", do, wait, len(b.methods(0))-calls)
		}
		b.show(t, other, tgMenuReply()) // nobody else waits
		time.Sleep(4 * time.Second)
		b.show(t, s, tgMenuReply())
		if n := b.api.Hammered(); n != 0 {
			t.Errorf("%d calls too early", n)
		}
	})
}

func TestTelegramWaitsForAllWhenManyMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newTGHolds(time.Now)
		for i := range tgMany - 1 {
			h.hold(fmt.Sprint(i), time.Minute)
		}
		if left := h.left("x"); left != 0 {
			t.Errorf("a few silence the rest for %v", left)
		}
		h.hold("10", time.Minute)
		if left := h.left("x"); left != tgPause {
			t.Errorf("all wait %v", left)
		}
		time.Sleep(tgPause)
		if h.left("x") != 0 || h.left("3") != time.Minute-tgPause {
			t.Errorf("then: %v and %v", h.left("x"), h.left("3"))
		}
		time.Sleep(time.Minute)
		h.hold("1", 0)
		if len(h.chats) != 1 || h.left("1") != tgBreath {
			t.Errorf("%d are remembered, one for %v", len(h.chats), h.left("1"))
		}
		for i := range 3 * tgHeld {
			h.hold(fmt.Sprint(i), time.Hour)
		}
		if len(h.chats) > tgHeld || h.left("x") != tgPause {
			t.Errorf("%d are remembered, and the rest waits %v", len(h.chats), h.left("x"))
		}
		h.hold("", time.Hour)
		if h.left("x") != time.Hour {
			t.Errorf("the whole bot waits %v", h.left("x"))
		}
	})
}

func TestTelegramReadsABoundedAnswer(t *testing.T) {
	read := 0
	b := newTG(t, func(o *TelegramOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			body := tgBounded{readerFunc(func(p []byte) (int, error) {
				read += len(p)
				for i := range p {
					p[i] = ' '
				}
				return len(p), nil
			}), http.NoBody}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
		})
	})
	err := b.Show(t.Context(), b.types(t, "hi"), tgMenuReply())
	if tgRemedy(t, err) != SendLater || read > tgAnswerSize {
		t.Errorf("%v after %d bytes", err, read)
	}
}

func TestTelegramFollowsNobodyElsewhere(t *testing.T) {
	asked := 0
	b := newTG(t, func(o *TelegramOptions) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			return &http.Response{StatusCode: 307, Header: http.Header{"Location": {"https://elsewhere.example/" + tgToken}}, Body: http.NoBody, Request: r}, nil
		})
	})
	if do := tgRemedy(t, b.Show(t.Context(), b.types(t, "hi"), tgMenuReply())); do != SendLater || asked != 1 {
		t.Errorf("%q after %d requests", do, asked)
	}
}
