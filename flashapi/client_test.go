package flashapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"spaza/flashapi/sandbox"
	"spaza/hostcall"
	"spaza/secret"
	"spaza/test/provider"
)

func TestNewNamesWhatIsMissingAndCallsNobody(t *testing.T) {
	calls := 0
	good := Options{
		BaseURL: "https://flash.example", APIKey: secret.New(testKey), AccountNumber: "1",
		Transport: transportFunc(func(*http.Request) (*http.Response, error) { calls++; return nil, io.EOF }),
	}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Options)
		says   string
	}{
		"no host":          {func(o *Options) { o.BaseURL = "" }, "base URL"},
		"other scheme":     {func(o *Options) { o.BaseURL = "ftp://flash.example" }, "http"},
		"password":         {func(o *Options) { o.BaseURL = "https://u:hunter2@flash.example" }, "password"},
		"query":            {func(o *Options) { o.BaseURL = "https://flash.example/?a=b" }, "query"},
		"unparsable":       {func(o *Options) { o.BaseURL = "https://flash.example/%zz" }, "not a URL"},
		"token elsewhere":  {func(o *Options) { o.TokenURL = "flash" }, "token URL"},
		"no key":           {func(o *Options) { o.APIKey = secret.Text{} }, "API key"},
		"key with newline": {func(o *Options) { o.APIKey = secret.New("a\nb") }, "API key"},
		"no account":       {func(o *Options) { o.AccountNumber = "" }, "account"},
		"store in words":   {func(o *Options) { o.StoreID = "my store" }, "store"},
	} {
		o := good
		c.change(&o)
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v, want mention of %q", name, err, c.says)
		}
	}
	if calls != 0 {
		t.Errorf("New made %d calls", calls)
	}
}

func TestARefusedConnectionIsKnownNotToBeSent(t *testing.T) {
	b := setup(t)
	if err := b.client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.client.base = provider.Nobody
	x := b.client.Post(t.Context(), b.build(tenRand()))
	if x.Sent || x.Err == nil {
		t.Errorf("refused connection: %+v", x)
	}
	if got := b.observations(); got != "token ok; cellular/pinless/purchase not_sent" {
		t.Errorf("observed %s", got)
	}
}

func TestAnUnknownNameIsKnownNotToBeSent(t *testing.T) {
	noName := &net.DNSError{Err: "no such host", Name: "flash.invalid", IsNotFound: true}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, c := range map[string]struct {
		err  error
		sent bool
	}{
		"DNS":            {noName, false},
		"dial":           {refused, false},
		"read":           {&net.OpError{Op: "read", Net: "tcp", Err: errors.New("reset")}, true},
		"something else": {io.ErrUnexpectedEOF, true},
	} {
		// This transport reports nothing to httptrace, as one in between may.
		b := setup(t, func(o *Options) {
			o.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/token") {
					return http.DefaultTransport.RoundTrip(r)
				}
				return nil, c.err
			})
		})
		if x := b.client.Post(t.Context(), b.build(tenRand())); x.Sent != c.sent || x.Err == nil {
			t.Errorf("%s: sent %v, want %v (%v)", name, x.Sent, c.sent, x.Err)
		}
	}
}

// brokenBody gives its words and then an error.
type brokenBody struct {
	io.Reader
	err error
}

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = b.err
	}
	return n, err
}

func (brokenBody) Close() error { return nil }

func TestATransportThatBreaksItsWordSettlesNothing(t *testing.T) {
	body := func(length int64, err error) *http.Response {
		return &http.Response{StatusCode: 200, ContentLength: length, Body: brokenBody{strings.NewReader(`{"responseCode":2402}`), err}}
	}
	for name, c := range map[string]struct {
		answer *http.Response
		want   Settled
	}{
		"nothing at all":           {nil, Open},
		"no body":                  {&http.Response{StatusCode: 200}, Open},
		"an end that is not one":   {body(-1, fmt.Errorf("cut off: %w", io.EOF)), Open},
		"a broken body":            {body(-1, io.ErrUnexpectedEOF), Open},
		"a length beyond all":      {body(1<<62, io.EOF), Open},
		"a length that is told":    {body(21, io.EOF), Refused},
		"a length that is not":     {body(-1, io.EOF), Refused},
		"a length that is too low": {body(3, io.EOF), Refused},
	} {
		b := setup(t, func(o *Options) {
			o.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/token") {
					return http.DefaultTransport.RoundTrip(r)
				}
				return c.answer, nil
			})
		})
		m := b.build(tenRand())
		x := b.client.Post(t.Context(), m)
		if v := Judge(m, x, First); !x.Sent || v.Settled != c.want || (c.want == Open) != (x.Err != nil) {
			t.Errorf("%s: %v, %+v", name, x, v)
		}
	}
}

// rawHost answers the nth connection (from 1) with a function of its own, after
// the token call, which is answered properly.
func rawHost(t *testing.T, answer func(n int, c net.Conn, r *http.Request)) (base string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					answer(int(requests.Add(1)), c, r)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String(), requests
}

func TestWhateverHappensAfterSendingIsUnknown(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, answer := range map[string]string{
		"cut at once":        "",
		"cut in the status":  "HTTP/1.1 20",
		"cut in the headers": "HTTP/1.1 200 OK\r\nContent-Le",
		"not HTTP":           "5000500000000001 hello\r\n\r\n",
		"body cut short":     head + "Content-Length: 100\r\n\r\n{\"responseCode\":0}",
		"chunk cut short":    head + "Transfer-Encoding: chunked\r\n\r\n40\r\n{\"responseCode\":0}",
		"no body":            head + "Content-Length: 0\r\n\r\n",
		"headers too long":   "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n",
		"body too long":      head + "Connection: close\r\n\r\n{\"responseCode\":0,\"x\":\"" + strings.Repeat("x", maxAnswer) + "\"}",
		"bad gzip":           head + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
	} {
		t.Run(name, func(t *testing.T) {
			base, requests := rawHost(t, func(_ int, c net.Conn, r *http.Request) {
				_, _ = io.WriteString(c, answer)
				_ = c.Close()
			})
			b := setup(t)
			b.client.base = base
			m := b.build(tenRand())
			x := b.client.Post(t.Context(), m)
			if !x.Sent {
				t.Errorf("counts as not sent: %v", x.Err)
			}
			if v := Judge(m, x, First); v.Settled != Open || v.Class != ClassUnknown {
				t.Errorf("verdict %+v", v)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("the host saw %d requests, want 1", n)
			}
			if x.Err != nil && (strings.Contains(x.Err.Error(), "5000500000000001") || len(x.Err.Error()) > hostcall.MaxWords+10) {
				t.Errorf("error quotes the host: %v", x.Err)
			}
		})
	}
}

func TestAKeptConnectionThatDiesUnderARequestIsNotRepeatedInSilence(t *testing.T) {
	base, requests := rawHost(t, func(n int, c net.Conn, r *http.Request) {
		if n == 1 {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"responseCode\":0}")
			return
		}
		_ = c.Close() // the second request was read whole
	})
	b := setup(t)
	b.client.base = base
	m := b.build(tenRand())
	if v := Judge(m, b.client.Post(t.Context(), m), First); v.Settled != Happened {
		t.Fatalf("first: %+v", v)
	}
	x := b.client.Post(t.Context(), m)
	if !x.Sent || x.Status != 0 || requests.Load() != 2 {
		t.Errorf("sent %v, HTTP %d, requests %d", x.Sent, x.Status, requests.Load())
	}
}

// untilGone waits until the caller has closed the connection, which a server
// sees only once it has read the body.
func untilGone(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestASilentHostIsUnknownAfterTheTimeout(t *testing.T) {
	b := setup(t, func(o *Options) { o.HTTPTimeout = 500 * time.Millisecond })
	gone := make(chan struct{})
	b.handleOp(OpPinlessPurchase, func(_ http.ResponseWriter, r *http.Request) {
		untilGone(r)
		close(gone)
	})
	if err := b.client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := b.build(tenRand())
	x := b.client.Post(t.Context(), m)
	if !x.Sent || !errors.Is(x.Err, context.DeadlineExceeded) {
		t.Errorf("sent %v, error %v", x.Sent, x.Err)
	}
	if v := Judge(m, x, First); v.Settled != Open {
		t.Errorf("verdict %+v", v)
	}
	<-gone
}

func TestACallerWhoLeavesAfterSendingKnowsNothing(t *testing.T) {
	b := setup(t, func(o *Options) { o.BreakerFailures = 1 })
	arrived := make(chan struct{}, 2)
	b.handleOp(OpPinlessPurchase, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		untilGone(r)
	})
	for range 2 { // the second gets through: leaving does not open the breaker
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		m := b.build(tenRand())
		x := b.client.Post(ctx, m)
		if !x.Sent || !errors.Is(x.Err, context.Canceled) {
			t.Errorf("sent %v, error %v", x.Sent, x.Err)
		}
		if v := Judge(m, x, First); v.Settled != Open {
			t.Errorf("verdict %+v", v)
		}
	}
}

func TestACallerWhoLeftBeforeSendingKnowsThatNothingWasSent(t *testing.T) {
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if x := b.client.Post(ctx, b.build(tenRand())); x.Sent || !errors.Is(x.Err, context.Canceled) {
		t.Errorf("sent %v, error %v", x.Sent, x.Err)
	}
}

func TestAClosedClientLeavesNothingRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server := httptest.NewServer(sandbox.New(sandbox.Options{}))
	c, err := New(Options{BaseURL: server.URL, APIKey: secret.New(sandbox.DefaultAPIKey), AccountNumber: sandbox.DefaultAccount})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Products(t.Context()); err != nil {
		t.Error(err)
	}
	c.Close()
	server.Close()
	goleak.VerifyNone(t, before)
}

func TestNoRedirectIsFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		b := setup(t)
		b.handleOp(OpRedeem, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, basePath+"/elsewhere", status)
		})
		b.mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { t.Errorf("HTTP %d was followed", status) })
		m := b.build(redeemAll())
		x := b.client.Post(t.Context(), m)
		if v := Judge(m, x, First); x.Status != status || v.Settled != Open || !v.Alert {
			t.Errorf("HTTP %d: %+v", status, v)
		}
	}
}

func TestAnUnknownOperationIsNotPosted(t *testing.T) {
	b := setup(t)
	x := b.client.Post(t.Context(), Message{Op: "1voucher/../../token", Reference: testRef, Body: secret.New("{}")})
	if x.Sent || !errors.Is(x.Err, ErrInvalid) || b.observations() != "" {
		t.Errorf("%+v, observed %q", x, b.observations())
	}
}

func TestOurOwnRateLimitIsKnownNotToBeSent(t *testing.T) {
	b := setup(t, func(o *Options) { o.Rate, o.Burst, o.HTTPTimeout = 1e-6, 1, time.Minute })
	b.answerOp(OpPinlessPurchase, 200, `{"responseCode":0}`)
	m := b.build(tenRand())
	if x := b.client.Post(t.Context(), m); x.Status != 200 {
		t.Fatalf("first: %v", x.Err)
	}
	x := b.client.Post(t.Context(), m)
	if x.Sent || !errors.Is(x.Err, ErrRateLimited) {
		t.Errorf("sent %v, error %v", x.Sent, x.Err)
	}
}

func TestTheBreakerOfALaneOpensAndClosesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var status, calls atomic.Int32
		status.Store(503)
		c, err := New(Options{
			BaseURL: "http://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", BreakerFailures: 3, BreakerOpenFor: time.Minute,
			Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				switch {
				case r.URL.Path == "/token":
					giveToken(w, testToken, 3600)
				case strings.HasSuffix(r.URL.Path, "/products"):
					_, _ = io.WriteString(w, "[]")
				default:
					calls.Add(1)
					w.WriteHeader(int(status.Load()))
					if status.Load() == 503 {
						_, _ = io.WriteString(w, "<html>")
					} else {
						_, _ = io.WriteString(w, `{"responseCode":2001}`)
					}
				}
				return w.Result(), nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		m := message(redeemAll())
		for range 3 {
			if x := c.Post(t.Context(), m); x.Status != 503 {
				t.Fatalf("before: HTTP %d, %v", x.Status, x.Err)
			}
		}
		x := c.Post(t.Context(), m)
		if x.Sent || !errors.Is(x.Err, ErrBreakerOpen) || calls.Load() != 3 {
			t.Errorf("open: sent %v, error %v, calls %d", x.Sent, x.Err, calls.Load())
		}
		if _, err := c.Products(t.Context()); err != nil {
			t.Errorf("another lane is closed too: %v", err)
		}
		time.Sleep(time.Minute + time.Second) // of the test's own time
		status.Store(500)
		for range 10 { // answers with a code, however many, are a healthy host
			if x := c.Post(t.Context(), m); x.Status != 500 {
				t.Fatalf("after: HTTP %d, %v", x.Status, x.Err)
			}
		}
	})
}

func TestAnOpenBreakerHoldsBackAllButOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ill atomic.Bool
		var posts atomic.Int32
		ill.Store(true)
		gate := make(chan struct{})
		c, err := New(Options{
			BaseURL: "http://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", BreakerFailures: 5, BreakerOpenFor: time.Minute, Rate: 1e6, Burst: 1e6,
			Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				if r.URL.Path == "/token" {
					giveToken(w, testToken, 36000)
					return w.Result(), nil
				}
				posts.Add(1)
				<-gate
				if ill.Load() {
					return nil, io.ErrUnexpectedEOF
				}
				_, _ = io.WriteString(w, `{"responseCode":0}`)
				return w.Result(), nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		const callers = 64
		m := message(tenRand())
		// storm makes the calls, and lets the host answer once all that will be
		// sent is.
		storm := func() (settled [3]int, sent int32) {
			var all sync.WaitGroup
			exchanges := make([]Exchange, callers)
			for i := range exchanges {
				all.Go(func() { exchanges[i] = c.Post(t.Context(), m) })
			}
			synctest.Wait()
			sent = posts.Swap(0)
			for range sent {
				gate <- struct{}{}
			}
			all.Wait()
			for _, x := range exchanges {
				if v := Judge(m, x, Again); !x.Sent && (!errors.Is(x.Err, ErrBreakerOpen) || v.Settled != Open) {
					t.Errorf("not sent: %v, %+v", x.Err, v)
				}
				settled[Judge(m, x, First).Settled]++
			}
			return settled, sent
		}
		want := func(when string, open, happened, refused int, sent int32) {
			t.Helper()
			if got, n := storm(); got != [3]int{Open: open, Happened: happened, Refused: refused} || n != sent {
				t.Errorf("%s: %d open, %d happened, %d refused, %d sent", when, got[Open], got[Happened], got[Refused], n)
			}
		}
		want("all at once", callers, 0, 0, callers) // all were out before the first failed
		want("open", 0, 0, callers, 0)
		time.Sleep(time.Minute + time.Second)
		want("one tries and fails", 1, 0, callers-1, 1)
		want("open again", 0, 0, callers, 0)
		time.Sleep(time.Minute + time.Second)
		ill.Store(false)
		want("one tries and succeeds", 0, 1, callers-1, 1)
		want("closed", 0, callers, 0, callers)
	})
}

func TestCallsKeepApartUnderConcurrency(t *testing.T) {
	b := setup(t)
	b.handleOp(OpPinlessPurchase, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, reference, _ := strings.Cut(string(body), `"reference":"`)
		reference, _, _ = strings.Cut(reference, `"`)
		_, _ = io.WriteString(w, `{"responseCode":0,"reference":"`+reference+`"}`)
	})
	done := make(chan error)
	for i := range 40 {
		go func() {
			p := tenRand()
			p.Reference = "A-" + string(rune('A'+i%26)) + string(rune('a'+i/26))
			_, err := b.client.PurchasePinless(t.Context(), p, First)
			done <- err
		}()
	}
	for range 40 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
