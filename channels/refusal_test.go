package channels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/dialog"
)

// canary stands in every place where a stranger can put something.
const canary = "canary5000500000000001"

// secrecy fails where a log, an answer or a count repeats what was sent.
func secrecy(t *testing.T, h *house, answers ...string) {
	t.Helper()
	for what, s := range map[string]string{
		"the log": h.log.String(), "an answer": strings.Join(answers, "\n"), "the counts": strings.Join(h.refused(), "\n"),
	} {
		if strings.Contains(strings.ToLower(s), canary) || strings.Contains(s, "82123") {
			t.Errorf("%s repeats what was sent: %s", what, s)
		}
	}
}

func TestEveryRefusalIsALineOfItsDoor(t *testing.T) {
	const (
		line   = "END " + atSorry
		good   = "Host: 127.0.0.1\r\n"
		length = "Content-Length: 5\r\n"
	)
	form := callback("text", canary)
	huge := form + strings.Repeat("x", maxBody)
	cookie := "Cookie: " + canary + strings.Repeat("x", maxHeader) + "\r\n"
	cases := []struct {
		name, request string
		status        int
		body          string
		path          string // told of
	}{
		// What reaches the router.
		{"another method", request("GET", atDoor+"?text="+canary, ""), 405, line, atDoor},
		{"a method that changes", request("DELETE", atDoor, ""), 405, line, atDoor},
		{"a preflight", request("OPTIONS", atDoor, "", "Origin: https://"+canary, "Access-Control-Request-Method: POST"), 405, line, atDoor},
		{"a trace", request("TRACE", atDoor, "", "X: "+canary), 405, line, atDoor},
		{"only the head", request("HEAD", atDoor, ""), 405, "", atDoor},
		{"a method that does not exist", request("BREW", atDoor, "", "X: "+canary), 400, line, atDoor},
		{"a method in small letters", request("post", atDoor, ""), 400, line, atDoor},
		{"another method for the page", request("PUT", "/page?"+canary, ""), 405, "refused", "/page"},
		{"a door that does not exist", post("/"+canary, form), 404, "refused", "other"},
		{"the root", request("GET", "/", ""), 404, "refused", "other"},
		{"a door beside a gateway's", post("/ussd/"+canary, form), 404, line, "other"},
		{"a gateway's door in capitals", post("/USSD/AfricasTalking", form), 404, line, "other"},
		{"a gateway's door with a slash", post(atDoor+"/", form), 404, line, "other"},
		{"a gateway's door with two slashes", post("/"+atDoor, form), 404, "refused", "other"},
		{"a gateway's door with codes", post("/ussd/africast%61lking", form), 404, line, "other"},
		{"a gateway's door by a detour", post("/"+canary+"/.."+atDoor, form), 404, "refused", "other"},
		{"the page with a slash", request("GET", "/page/", ""), 404, "refused", "other"},
		{"a packed body", post(atDoor, form, "Content-Encoding: gzip"), 415, line, atDoor},
		{"a body that is said not to be packed", post(atDoor, form, "Content-Encoding: identity"), 415, line, atDoor},
		{"a packed body for the page", request("GET", "/page", "", "Content-Encoding: "+canary), 415, "refused", "/page"},

		// What does not, refused by its head.
		{"too large a body", post(atDoor, huge), 413, line, atDoor},
		{"too large a body for the page", post("/page", huge), 413, "refused", "/page"},
		{"too large a body for nobody", post("/"+canary, huge), 413, "refused", "other"},
		{
			"chunks and a length",
			"POST " + atDoor + " HTTP/1.1\r\n" + good + length + "Transfer-Encoding: chunked\r\n\r\n5\r\n" + canary[:5] + "\r\n0\r\n\r\n", 400, line, atDoor,
		},
		{
			"a length and chunks, the other way round",
			"POST " + atDoor + " HTTP/1.1\r\n" + good + "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n5\r\n" + canary[:5] + "\r\n0\r\n\r\n", 400, line, atDoor,
		},
		{
			"too large a trailer",
			"POST " + atDoor + " HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: " + canary + strings.Repeat("x", maxHeader) + "\r\n\r\n",
			431, line, atDoor,
		},

		// What does not, and nobody knows any more for whom it was.
		{
			"too large a chunk",
			"POST " + atDoor + " HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(huge), huge),
			413, line, "other",
		},
		{
			"too many chunks",
			"POST " + atDoor + " HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("400\r\n"+strings.Repeat("x", 1024)+"\r\n", 17) + "0\r\n\r\n",
			413, line, "other",
		},
		{
			"a chunk with no size",
			"POST " + atDoor + " HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\nno-size" + canary + "\r\n", 400, line, "other",
		},
		{
			"a chunk of an endless size",
			"POST " + atDoor + " HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n", 400, line, "other",
		},
		{"two lengths", "POST " + atDoor + " HTTP/1.1\r\n" + good + length + "Content-Length: 6\r\n\r\n" + canary, 400, line, "other"},
		{"the same length twice", "POST " + atDoor + " HTTP/1.1\r\n" + good + length + length + "\r\n" + canary[:5], 400, line, "other"},
		{"a negative length", "POST " + atDoor + " HTTP/1.1\r\n" + good + "Content-Length: -5\r\n\r\n" + canary, 400, line, "other"},
		{"a length that is none", "POST " + atDoor + " HTTP/1.1\r\n" + good + "Content-Length: " + canary + "\r\n\r\n", 400, line, "other"},
		{"a length with a sign", "POST " + atDoor + " HTTP/1.1\r\n" + good + "Content-Length: +5\r\n\r\n" + canary[:5], 400, line, "other"},
		{"another way to send", "POST " + atDoor + " HTTP/1.1\r\n" + good + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400, line, "other"},
		{"a header too large", "POST " + atDoor + " HTTP/1.1\r\n" + good + cookie + "\r\n", 431, line, "other"},
		{"an address too long", post(atDoor+"?"+canary+strings.Repeat("x", maxHeader), form), 431, line, "other"},
		{"a header without a name", "POST " + atDoor + " HTTP/1.1\r\n" + good + ": " + canary + "\r\n\r\n", 400, line, "other"},
		{"a blank before the colon", "POST " + atDoor + " HTTP/1.1\r\n" + good + "X-A : " + canary + "\r\n\r\n", 400, line, "other"},
		{"a NUL in a header", "POST " + atDoor + " HTTP/1.1\r\n" + good + "X-A: " + canary + "\x00\r\n\r\n", 400, line, "other"},
		{"a request without a version", "POST " + atDoor + "\r\n" + canary + "\r\n\r\n", 400, line, "other"},
		{"a version that does not exist", "POST " + atDoor + " HTTP/x.y\r\n" + canary + "\r\n\r\n", 400, line, "other"},
		{"the start of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, line, "other"},
		{"no HTTP at all", canary + "\r\n\r\n", 400, line, "other"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := &recorder{}
			h := open(t, ServerOptions{}, newAT(e), routes{{
				Method: "GET", Path: "/page", Guard: GuardBrowser,
				Handle: func(context.Context, *Callback) Answer { t.Error("the page was opened"); return Answer{} },
			}})
			a := ask(t, h.addr, c.request)
			if a.status != c.status || a.body != c.body {
				t.Errorf("answered %+v, want %d %q", a, c.status, c.body)
			}
			if got := a.header.Get("Content-Type"); got != plainText {
				t.Errorf("type %q", got)
			}
			if want := []string{fmt.Sprint(c.path, " ", c.status)}; !slices.Equal(h.refused(), want) {
				t.Errorf("told of %v, want %v", h.refused(), want)
			}
			if want := fmt.Sprintf("level=WARN msg=refused path=%s status=%d\n", c.path, c.status); !strings.HasSuffix(h.log.String(), want) || strings.Count(h.log.String(), "\n") != 1 {
				t.Errorf("logged %q, want %q", h.log, want)
			}
			if len(e.turns) != 0 {
				t.Errorf("the engine was asked: %+v", e.turns)
			}
			secrecy(t, h, a.body, fmt.Sprint(a.header))
			if a := ask(t, h.addr, post(atDoor, callback())); a.status != 200 {
				t.Errorf("afterwards the server answered %+v", a)
			}
		})
	}
}

// A length that was refused before the body was asked for is refused after it
// was, too.
func TestABodyThatIsTooLargeIsRefusedAlsoWhereTheSenderWaits(t *testing.T) {
	h := open(t, ServerOptions{}, newAT(echo))
	w := dial(t, h.addr)
	w.send(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", atDoor, maxBody+1))
	a := w.read(t, "POST")
	if a.status == 100 {
		a = w.read(t, "POST")
	}
	if a.status != 413 || a.body != "END "+atSorry || !a.closed {
		t.Errorf("answered %+v", a)
	}
}

// Closing a connection with bytes unread destroys the answer on its way: the
// sender would see a broken connection, and never why.
func TestTheSenderOfAFarTooLargeBodySeesItsRefusal(t *testing.T) {
	h := open(t, ServerOptions{}, newAT(echo))
	const parts, size = 40, 10 << 10
	w := dial(t, h.addr)
	w.send(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n", atDoor, parts*size))
	// It is refused by its head, and the server has no more to say.
	if a := w.read(t, "POST"); a.status != 413 || a.body != "END "+atSorry || !a.closed {
		t.Errorf("answered %+v", a)
	}
	if _, err := w.r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after the answer came %v", err)
	}
	// A sender that looks at the answer only when it has sent all can do so.
	for range parts {
		w.send(t, strings.Repeat("x", size))
	}
}

func TestTheServerWaitsForASenderOnlySoLong(t *testing.T) {
	for name, begin := range map[string]string{
		"with the body":  "POST " + atDoor + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\nsessionId=" + canary,
		"with a chunk":   "POST " + atDoor + " HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n" + canary,
		"with the head":  "POST " + atDoor + " HTTP/1.1\r\nX-A: " + canary,
		"with its start": "PO",
		"with all":       "",
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, ServerOptions{ReadTime: 60 * time.Millisecond}, newAT(echo))
			w := dial(t, h.addr)
			w.send(t, begin)
			if begin != "" {
				// A byte now and then buys no time.
				stop := make(chan struct{})
				defer close(stop)
				go drip(w, stop)
			}
			a := w.read(t, "POST")
			if a.status != 408 || a.body != "END "+atSorry || !a.closed {
				t.Errorf("answered %+v", a)
			}
			if want := []string{"other 408"}; !slices.Equal(h.refused(), want) {
				t.Errorf("told of %v, want %v", h.refused(), want)
			}
			secrecy(t, h, a.body)
		})
	}
}

// drip sends a byte every few milliseconds.
func drip(w io.Writer, stop <-chan struct{}) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			if _, err := io.WriteString(w, "x"); err != nil {
				return
			}
		}
	}
}

// A sender that leaves in the middle, politely or not, is no fault of ours.
func TestASenderThatLeavesIsNoFault(t *testing.T) {
	h := open(t, ServerOptions{}, newAT(echo))
	whole := post(atDoor, callback())
	for _, part := range []string{"", "POST", "POST " + atDoor + " HTTP/1.1\r\nHost: " + canary, whole[:len(whole)-20]} {
		for _, polite := range []bool{true, false} {
			c := dial(t, h.addr).Conn.(*net.TCPConn)
			if _, err := io.WriteString(c, part); err != nil {
				t.Fatal(err)
			}
			if !polite {
				if err := c.SetLinger(0); err != nil { // Close resets the connection
					t.Fatal(err)
				}
				_ = c.Close()
				continue
			}
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, c)
		}
	}
	if err := h.Shutdown(t.Context()); err != nil { // so that all were served
		t.Fatal(err)
	}
	for _, told := range h.refused() {
		if told != "other 400" {
			t.Errorf("told of %s", told)
		}
	}
	if len(h.refused()) == 0 {
		t.Error("told of nothing")
	}
	secrecy(t, h)
}

// Who reads another end of a request than we do could hide a second one in it.
func TestNothingIsReadAfterARequestWithTwoEnds(t *testing.T) {
	e := &recorder{}
	h := open(t, ServerOptions{}, newAT(e))
	hidden := post(atDoor, callback())
	w := dial(t, h.addr)
	w.send(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
		atDoor, len(hidden)+5, hidden))
	if a := w.read(t, "POST"); a.status != 400 || a.body != "END "+atSorry || !a.closed {
		t.Errorf("answered %+v", a)
	}
	if more, err := io.ReadAll(w.r); len(more) > 0 || err != nil {
		t.Errorf("then came %q, %v", more, err)
	}
	if len(e.turns) != 0 {
		t.Errorf("the engine was asked: %+v", e.turns)
	}
}

// What a channel refuses itself is not logged either: the adapter says no more
// than the line.
func TestAFormThatCanNotBeUsedLeavesNoTrace(t *testing.T) {
	h := open(t, ServerOptions{Key: key("hunter2")}, newAT(engineFunc(func(context.Context, dialog.Turn) (dialog.Reply, error) {
		t.Error("the engine was asked")
		return dialog.Reply{}, nil
	})))
	typed := func(contentType, body string) string {
		return fmt.Sprintf("POST %s?key=hunter2 HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", atDoor, contentType, len(body), body)
	}
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"malformed":        {post(atDoor+"?key=hunter2", "text="+canary), 200},
		"multipart":        {typed("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n"+canary+"\r\n--x--\r\n"), 200},
		"a multipart type": {typed("multipart/form-data; boundary=x", canary), 200},
		"with no type":     {typed("", canary), 200},
		"with no body":     {"POST " + atDoor + "?key=hunter2 HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		"the wrong key":    {post(atDoor+"?key="+canary, callback("text", canary), basic(canary, canary)), 401},
		"for both":         {post(atDoor+"?key="+canary+"&text="+canary, callback("sessionId", canary), "Cookie: "+canary), 401},
	} {
		a := ask(t, h.addr, c.request)
		if a.status != c.status || a.body != "END "+atSorry {
			t.Errorf("%s: answered %+v", name, a)
		}
		secrecy(t, h, a.body, fmt.Sprint(a.header))
	}
}

func TestTheEndOfASessionIsRefusedInAWord(t *testing.T) {
	h := open(t, ServerOptions{Key: key("hunter2")}, newAT(&recorder{}))
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"without the key": {post(atEvents, callback("text", canary)), 401},
		"malformed":       {post(atEvents+"?key=hunter2", "input="+canary+"&lastAppResponse="+canary), 400},
		"too large":       {post(atEvents+"?key=hunter2", strings.Repeat(canary, maxBody/20)), 413},
		"another method":  {request("GET", atEvents+"?key=hunter2", ""), 405},
	} {
		a := ask(t, h.addr, c.request)
		if a.status != c.status || a.body != "refused" {
			t.Errorf("%s: answered %+v", name, a)
		}
		secrecy(t, h, a.body)
	}
}

func TestRefusalsCanNotFillALog(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	log, told := &logbook{}, 0
	r := newRefusals(slog.New(slog.NewTextHandler(log, nil)), func(string, int) { told++ }, func() time.Time { return now })
	for range 50 {
		r.refuse("/"+canary, 404)
	}
	if got := strings.Count(log.String(), "\n"); got != refusalLines || told != 50 {
		t.Errorf("%d lines, told %d times", got, told)
	}
	now = now.Add(time.Second)
	r.refuse("/", 404)
	r.refuse("/", 404)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if got := lines[refusalLines]; !strings.HasSuffix(got, "path=other status=404 unsaid=40") {
		t.Errorf("the next second begins with %q", got)
	}
	if got := lines[refusalLines+1]; !strings.HasSuffix(got, "path=other status=404") {
		t.Errorf("and goes on with %q", got)
	}
}
