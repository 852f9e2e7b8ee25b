package channels

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"

	"spaza/dialog"
)

// engineFunc is an engine made of a function.
type engineFunc func(ctx context.Context, t dialog.Turn) (dialog.Reply, error)

func (f engineFunc) Handle(ctx context.Context, t dialog.Turn) (dialog.Reply, error) {
	return f(ctx, t)
}

// echo says back what was typed.
var echo = engineFunc(func(_ context.Context, t dialog.Turn) (dialog.Reply, error) {
	return dialog.Reply{Text: "you typed " + t.Text}, nil
})

// routes is a channel that is nothing but its doors.
type routes []Route

func (routes) Name() string      { return "routes" }
func (r routes) Routes() []Route { return r }

// logbook is a log that can be read while it is written.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// house is a server on a real socket.
type house struct {
	*Server
	addr string
	log  *logbook
	idle chan string // addresses of connections as they become idle

	mu   sync.Mutex
	told []string // of refusals: path and status
}

func (h *house) refused() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

// open starts a server for the length of a test, and sees that nothing of it
// is left.
func open(t *testing.T, o ServerOptions, channels ...Channel) *house {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	h := &house{log: &logbook{}}
	o.LingerTime = time.Minute // whoever is slow here sees its answer too
	o.Logger = slog.New(slog.NewTextHandler(h.log, nil))
	o.Refused = func(path string, status int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.told = append(h.told, fmt.Sprint(path, " ", status))
	}
	h.Server = NewServer(channels, o)
	h.idle = make(chan string, 64)
	h.app.Server().ConnState = func(c net.Conn, state fasthttp.ConnState) {
		if state == fasthttp.StateIdle {
			select {
			case h.idle <- c.RemoteAddr().String():
			default: // of no interest to this test
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback, at once
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- h.Serve(l) }()
	t.Cleanup(func() {
		// t.Context is over by now.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := h.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		goleak.VerifyNone(t, leaks,
			// Two of the framework: a clock that is never stopped, and a cleaner
			// that sees only at its next round that it may go.
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
			goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
	})
	return h
}

// answer is a whole HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
	closed bool // the server will take no other request on the connection
}

// wire is one connection.
type wire struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *wire {
	t.Helper()
	c, err := net.Dial("tcp", addr) //nolint:noctx // loopback, at once
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &wire{c, bufio.NewReader(c)}
}

func (w *wire) send(t *testing.T, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatalf("send: %v", err)
	}
}

func (w *wire) read(t *testing.T, method string) answer {
	t.Helper()
	resp, err := http.ReadResponse(w.r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read body of answer: %v", err)
	}
	return answer{resp.StatusCode, resp.Header, string(body), resp.Close}
}

// ask sends the bytes of one request over a connection of its own.
func ask(t *testing.T, addr, request string) answer {
	t.Helper()
	w := dial(t, addr)
	defer func() { _ = w.Close() }()
	w.send(t, request)
	method, _, _ := strings.Cut(request, " ")
	return w.read(t, method)
}

// post is a request as a gateway sends it; headers are whole lines.
func post(target, body string, headers ...string) string {
	return request("POST", target, body, headers...)
}

func request(method, target, body string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Host:") }) {
		b.WriteString("Host: 127.0.0.1:8080\r\n")
	}
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if method == "POST" {
		fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	return b.String()
}

func TestServerAnswersAGateway(t *testing.T) {
	h := open(t, ServerOptions{}, newAT(echo))
	w := dial(t, h.addr)
	for _, text := range []string{"", "1", "1*2"} { // one connection, kept
		w.send(t, post(atDoor, callback("text", text)))
		a := w.read(t, "POST")
		if a.status != 200 || a.body != "CON you typed "+text || a.closed {
			t.Fatalf("answered %+v", a)
		}
		if got := a.header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Errorf("type %q", got)
		}
		if got := a.header.Get("Server"); got != "" {
			t.Errorf("the server calls itself %q", got)
		}
	}
	if r := h.refused(); len(r) != 0 || h.log.String() != "" {
		t.Errorf("refused %v, logged %s", r, h.log)
	}
}

func TestServerReadsChunksAndSaysToContinue(t *testing.T) {
	h := open(t, ServerOptions{}, newAT(echo))
	body := callback("text", "1*7")

	a := ask(t, h.addr, "POST "+atDoor+" HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"+
		fmt.Sprintf("5\r\n%s\r\n%x;ext=1\r\n%s\r\n0\r\n\r\n", body[:5], len(body)-5, body[5:]))
	if a.status != 200 || a.body != "CON you typed 1*7" {
		t.Errorf("chunks: answered %+v", a)
	}

	w := dial(t, h.addr)
	w.send(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", atDoor, len(body)))
	if a := w.read(t, "POST"); a.status != 100 {
		t.Fatalf("asked to continue: answered %+v", a)
	}
	w.send(t, body)
	if a := w.read(t, "POST"); a.status != 200 || a.body != "CON you typed 1*7" {
		t.Errorf("continued: answered %+v", a)
	}
}

// Gateways that copy a callback copy its type badly; what is in it decides.
func TestServerTakesAGoodFormUnderAnyType(t *testing.T) {
	h := open(t, ServerOptions{}, newAT(echo))
	body := callback("text", "1")
	for _, line := range []string{
		"", "Content-Type: \r\n", "Content-Type: text/plain\r\n", "Content-Type: application/json\r\n",
		"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n", "Content-Type: multipart/form-data; boundary=x\r\n",
	} {
		a := ask(t, h.addr, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %d\r\n\r\n%s", atDoor, line, len(body), body))
		if a.status != 200 || a.body != "CON you typed 1" {
			t.Errorf("%q: answered %+v", line, a)
		}
	}
}

func TestServerPassesOnWhatAChannelAnswers(t *testing.T) {
	h := open(t, ServerOptions{}, routes{{
		Method: "GET", Path: "/page", Guard: GuardBrowser,
		Handle: func(_ context.Context, c *Callback) Answer {
			return Answer{
				Status: 203, Type: "application/json", Header: [][2]string{{"X-One", "1"}, {"Cache-Control", "no-store"}},
				Body: fmt.Appendf(nil, "%s %s %s %s %v %s", c.Method, c.Path, c.RawQuery, c.Body, c.Remote, c.Header("x-asked")),
			}
		},
	}})
	a := ask(t, h.addr, request("GET", "/page?a=%20b&c", "", "X-Asked: yes"))
	if a.status != 203 || a.body != "GET /page a=%20b&c  127.0.0.1 yes" {
		t.Errorf("answered %+v", a)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "X-One": "1", "Cache-Control": "no-store"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestServerAnswersHealthToEverybody(t *testing.T) {
	o := ServerOptions{
		Key:   key("hunter2"),
		Live:  func(context.Context) (int, []byte) { return 200, []byte("ok\n") },
		Ready: func(context.Context) (int, []byte) { return 503, []byte("draining\n") },
	}
	h := open(t, o, newAT(echo))
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/healthz", 200, "ok\n"},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/readyz", 503, "draining\n"},
		{"HEAD", "/readyz", 503, ""},
		{"POST", "/healthz", 405, "refused"},
	} {
		a := ask(t, h.addr, request(c.method, c.path, "", "Host: health.example"))
		if a.status != c.status || a.body != c.body {
			t.Errorf("%s %s: answered %+v", c.method, c.path, a)
		}
	}

	h = open(t, ServerOptions{}, newAT(echo))
	if a := ask(t, h.addr, request("GET", "/readyz", "")); a.status != 404 {
		t.Errorf("no check: answered %+v", a)
	}
}

func TestServerLivesOnAfterAPanic(t *testing.T) {
	const canary = "canary-5000500000000001"
	type odd struct{ pin string }
	var panics atomic.Pointer[any]
	engine := engineFunc(func(_ context.Context, turn dialog.Turn) (dialog.Reply, error) {
		switch {
		case turn.Text == "index":
			return dialog.Reply{Text: turn.Text[:len(turn.Text)+len(turn.Session)]}, nil
		case turn.Text != "":
			panic(*panics.Load())
		}
		return dialog.Reply{Text: "alive"}, nil
	})
	page := routes{{Method: "GET", Path: "/page", Guard: GuardBrowser, Handle: func(context.Context, *Callback) Answer { panic(*panics.Load()) }}}
	h := open(t, ServerOptions{
		Live: func(context.Context) (int, []byte) { panic(*panics.Load()) },
	}, newAT(engine), page)
	w := dial(t, h.addr)
	want := []string{}
	for _, value := range []any{canary, errors.New(canary), odd{canary}, fmt.Errorf("%s: %w", canary, io.EOF)} {
		panics.Store(&value)
		w.send(t, post(atDoor, callback("text", canary)))
		// A gateway shows the line to the customer only when it comes with 200.
		if a := w.read(t, "POST"); a.status != 200 || a.body != "END "+atSorry {
			t.Errorf("%T: answered %+v", value, a)
		}
		for _, path := range []string{"/page", "/healthz"} {
			w.send(t, request("GET", path, ""))
			if a := w.read(t, "GET"); a.status != 500 || a.body != "refused" {
				t.Errorf("%T at %s: answered %+v", value, path, a)
			}
		}
		w.send(t, post(atDoor, callback()))
		if a := w.read(t, "POST"); a.body != "CON alive" {
			t.Errorf("after %T: answered %+v", value, a)
		}
		want = append(want, atDoor+" 500", "/page 500", "/healthz 500")
	}
	if got := h.refused(); !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
	log := h.log.String()
	if strings.Contains(log, "canary") {
		t.Errorf("the log repeats the panic: %s", log)
	}
	for _, part := range []string{"panic at a door", "path=" + atDoor, "server_test.go", "*errors.errorString", "channels.odd"} {
		if !strings.Contains(log, part) {
			t.Errorf("the log lacks %q: %s", part, log)
		}
	}

	// What the runtime says is safe and needed.
	w.send(t, post(atDoor, callback("text", "index")))
	if a := w.read(t, "POST"); a.body != "END "+atSorry {
		t.Errorf("answered %+v", a)
	}
	if log := h.log.String(); !strings.Contains(log, "slice bounds out of range") {
		t.Errorf("the log lacks the runtime's words: %s", log)
	}
}

func TestServerGivesEveryTurnItsTime(t *testing.T) {
	engine := engineFunc(func(ctx context.Context, turn dialog.Turn) (dialog.Reply, error) {
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > 30*time.Millisecond {
			return dialog.Reply{Text: fmt.Sprint("has ", left)}, nil
		}
		<-ctx.Done()
		return dialog.Reply{Text: ctx.Err().Error(), End: true}, ctx.Err()
	})
	h := open(t, ServerOptions{TurnTime: 30 * time.Millisecond}, newAT(engine))
	if a := ask(t, h.addr, post(atDoor, callback())); a.body != "END context deadline exceeded" {
		t.Errorf("answered %+v", a)
	}
	if got := (ServerOptions{}).withDefaults(); got.TurnTime != 8*time.Second || got.LingerTime != time.Second {
		t.Errorf("the defaults are %v and %v", got.TurnTime, got.LingerTime)
	}
}

// The framework uses its buffers again for the next request. What an adapter
// was given must stay what it was, and nobody may get another's answer.
func TestServerNeverMixesRequests(t *testing.T) {
	const customers, rounds = 8, 40
	type kept struct{ body, query, header, turn string }
	var mu sync.Mutex
	keep := map[string]*kept{}
	var callbacks []*Callback
	ch := newAT(engineFunc(func(_ context.Context, turn dialog.Turn) (dialog.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		keep[turn.Text].turn = turn.Session
		return dialog.Reply{Text: turn.User + " " + turn.Session + " " + turn.Text}, nil
	}))
	r := ch.Routes()[0]
	inner := r.Handle
	r.Handle = func(ctx context.Context, c *Callback) Answer {
		mu.Lock()
		callbacks = append(callbacks, c)
		keep[c.Header("X-Id")] = &kept{body: string(c.Body), query: c.RawQuery, header: c.Header("X-Id")}
		mu.Unlock()
		return inner(ctx, c)
	}
	h := open(t, ServerOptions{}, routes{r})

	var all sync.WaitGroup
	for c := range customers {
		w := dial(t, h.addr)
		all.Go(func() {
			for i := range rounds {
				// Other lengths each time, so that a mixed buffer shows.
				id := fmt.Sprintf("%d*%s*%d", c, strings.Repeat("x", (c*31+i*17)%120), i)
				number := fmt.Sprintf("2782%07d", c*1000+i)
				session := fmt.Sprint("s", c, "-", i)
				body := callback("text", id, "phoneNumber", number, "sessionId", session)
				if _, err := io.WriteString(w, post(atDoor+"?id="+id, body, "X-Id: "+id)); err != nil {
					t.Errorf("send: %v", err)
					return
				}
				resp, err := http.ReadResponse(w.r, nil)
				if err != nil {
					t.Errorf("read answer: %v", err)
					return
				}
				got, err := io.ReadAll(resp.Body)
				if want := "CON " + number + " " + session + " " + id; err != nil || string(got) != want {
					t.Errorf("got %q (%v), want %q", got, err, want)
				}
			}
		})
	}
	all.Wait()

	mu.Lock()
	defer mu.Unlock()
	if len(callbacks) != customers*rounds {
		t.Fatalf("%d callbacks", len(callbacks))
	}
	for _, c := range callbacks {
		id := strings.TrimPrefix(c.RawQuery, "id=")
		k := keep[id]
		if k == nil || k.header != id || string(c.Body) != k.body || !strings.Contains(k.body, "sessionId="+k.turn+"&") ||
			!strings.Contains(k.body, strings.ReplaceAll(id, "*", "%2A")) {
			t.Fatalf("what was kept of %q changed", id)
		}
	}
}

func TestShutdownLetsARunningTurnFinish(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	engine := engineFunc(func(_ context.Context, turn dialog.Turn) (dialog.Reply, error) {
		if turn.Text == "1" {
			close(begun)
			<-finish
		}
		return dialog.Reply{Text: "bought", End: true}, nil
	})
	h := open(t, ServerOptions{}, newAT(engine))
	idle := dial(t, h.addr)
	idle.send(t, post(atDoor, callback()))
	idle.read(t, "POST")
	// The answer is there a moment before the connection counts as idle, which a
	// shutdown closes and any other leaves to its time.
	for who := ""; who != idle.LocalAddr().String(); {
		who = <-h.idle
	}

	running := dial(t, h.addr)
	running.send(t, post(atDoor, callback("text", "1")))
	<-begun

	early, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Shutdown(early); !errors.Is(err, context.Canceled) {
		t.Errorf("shut down with a turn running and no time: %v", err)
	}
	down := make(chan error, 1)
	go func() { down <- h.Shutdown(t.Context()) }()
	if c, err := net.Dial("tcp", h.addr); err == nil { //nolint:noctx // loopback, at once
		_ = c.Close()
		t.Error("a new connection was taken")
	}
	if _, err := idle.r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the idle connection got %v", err)
	}
	close(finish)
	if a := running.read(t, "POST"); a.status != 200 || a.body != "END bought" {
		t.Errorf("the running turn was answered %+v", a)
	}
	if err := <-down; err != nil {
		t.Errorf("shut down: %v", err)
	}
}

func TestServerTakesNoMoreConnectionsThanItMay(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	engine := engineFunc(func(context.Context, dialog.Turn) (dialog.Reply, error) {
		close(begun)
		<-finish
		return dialog.Reply{Text: "first"}, nil
	})
	h := open(t, ServerOptions{Connections: 1}, newAT(engine))
	first := dial(t, h.addr)
	first.send(t, post(atDoor, callback()))
	<-begun
	second := dial(t, h.addr)
	if a := second.read(t, "POST"); a.status != 503 {
		t.Errorf("one too many was answered %+v", a)
	}
	close(finish)
	if a := first.read(t, "POST"); a.body != "CON first" {
		t.Errorf("the first was answered %+v", a)
	}
}
