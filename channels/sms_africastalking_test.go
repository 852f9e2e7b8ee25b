package channels

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/gsm7"
)

const (
	smsKey  = "canary-api-key-4711"
	smsTo   = "27821234567"
	smsText = "canary-token 1234 5678 9012"
	// smsTaken is the answer to a message that was taken.
	smsTaken = `{"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: ZAR 0.2900","Recipients":[` +
		`{"statusCode":101,"number":"+27821234567","status":"Success","cost":"ZAR 0.2900","messageId":"ATXid_1"}]}}`
)

func newSMS(t *testing.T, base string, change ...func(*SMSOptions)) *AfricasTalkingSMS {
	t.Helper()
	o := SMSOptions{BaseURL: base, Username: "spaza", APIKey: key(smsKey)}
	for _, f := range change {
		f(&o)
	}
	m, err := NewAfricasTalkingSMS(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pointer is one as %#v prints it, whose digits may be anything.
var pointer = regexp.MustCompile(`\(0x[0-9a-f]+\)`)

// send sends the one message and sees that no error gives it, or the key, away.
func send(ctx context.Context, t *testing.T, m Messenger) error {
	t.Helper()
	taken, err := m.Send(ctx, Message{ID: "m1", To: smsTo, Text: smsText})
	if err != nil && taken != "" {
		t.Errorf("it was not taken, and is called %s", taken)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, s := range []string{fmt.Sprint(e), fmt.Sprintf("%+v", e), pointer.ReplaceAllString(fmt.Sprintf("%#v", e), "")} {
			if strings.Contains(s, "canary") || strings.Contains(s, "82123") || strings.Contains(s, "9012") {
				t.Errorf("the error gives away what was sent: %s", s)
			}
		}
	}
	return err
}

// answering is a server that says the same to every message.
func answering(t *testing.T, status int, body string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestSMSIsSentAsTheAPIWantsIt(t *testing.T) {
	type request struct {
		Method, URI, Type, Accept, Key, Authorization string
		Form                                          url.Values
	}
	var got request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Errorf("%q: %v", body, err)
		}
		got = request{
			r.Method, r.RequestURI, r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("apiKey"), r.Header.Get("Authorization"), form,
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, smsTaken)
	}))
	defer srv.Close()

	for _, c := range []struct {
		name, base, sender, text, message string
	}{
		{"a plain text", srv.URL, "", "R5 MTN airtime: done. Ref 12", "R5 MTN airtime: done. Ref 12"},
		{"a base with a slash", srv.URL + "/", "", "x", "x"},
		{"a sender", srv.URL, "SPAZA", "x", "x"},
		{"signs of forms", srv.URL, "", "a&b=c+d %20 #1", "a&b=c+d %20 #1"},
		{"letters outside the alphabet", srv.URL, "", "Tšhelete “R5” – ṱhogomela…", "Tshelete \"R5\" - thogomela..."},
		{"letters inside the alphabet", srv.URL, "", "é Ñ € @", "é Ñ € @"},
		{"a picture", srv.URL, "", "ok 🙂", "ok ?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newSMS(t, c.base, func(o *SMSOptions) { o.Sender = c.sender })
			taken, err := m.Send(t.Context(), Message{ID: "m1", To: smsTo, Text: c.text})
			if err != nil || taken != "africastalking:ATXid_1" {
				t.Fatalf("%q, %v", taken, err)
			}
			want := request{
				"POST", "/version1/messaging", "application/x-www-form-urlencoded", "application/json", smsKey, "",
				url.Values{"username": {"spaza"}, "to": {"+27821234567"}, "message": {c.message}, "bulkSMSMode": {"1"}, "enqueue": {"1"}},
			}
			if c.sender != "" {
				want.Form.Set("from", c.sender)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("request (-want +got):\n%s", d)
			}
			if _, ok := gsm7.Cost(got.Form.Get("message")); !ok {
				t.Errorf("%q is outside the alphabet", got.Form.Get("message"))
			}
		})
	}
}

func TestSMSIsTakenOnlyWhereItsRecipientIs(t *testing.T) {
	one := func(s string) string { return `{"SMSMessageData":{"Message":"x","Recipients":[` + s + `]}}` }
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   error // nil where it was taken
	}{
		{"sent", 201, smsTaken, nil},
		{"sent, as 200", 200, smsTaken, nil},
		{"processed", 201, one(`{"statusCode":100,"status":"Success"}`), nil},
		{"queued", 201, one(`{"statusCode":102,"status":"Success"}`), nil},
		{"a code and no word", 201, one(`{"statusCode":101}`), nil},
		{"a code and a word of its own", 201, one(`{"statusCode":102,"status":"Queued"}`), nil},
		{"a word and no code", 201, one(`{"status":"Success"}`), nil},
		{"with more fields and blanks", 201, " \n" + one(`{"x":[1,{}],"statusCode":101,"status":"Success"}`) + "\n", nil},

		{"nobody", 201, one(""), ErrSMSRefused},
		{"no list", 201, `{"SMSMessageData":{"Message":"InvalidSenderId"}}`, ErrSMSRefused},
		{"an empty list with a reason", 201, `{"SMSMessageData":{"Message":"canary-token to +27821234567","Recipients":[]}}`, ErrSMSRefused},
		{"a list that is null", 201, `{"SMSMessageData":{"Recipients":null}}`, ErrSMSRefused},
		{"held for risk", 201, one(`{"statusCode":401,"status":"RiskHold"}`), ErrSMSRefused},
		{"a wrong number", 201, one(`{"statusCode":403,"number":"+27821234567","status":"InvalidPhoneNumber"}`), ErrSMSRefused},
		{"no credit", 201, one(`{"statusCode":405,"status":"InsufficientBalance"}`), ErrSMSAccount},
		{"a sender that is not ours", 201, one(`{"statusCode":402,"status":"InvalidSenderId"}`), ErrSMSAccount},
		{"a network that refuses", 201, one(`{"statusCode":502,"status":"RejectedByGateway"}`), ErrSMSRefused},
		{"no route", 201, one(`{"statusCode":407,"status":"CouldNotRoute"}`), ErrSMSRefused},
		{"a fault there", 201, one(`{"statusCode":500,"status":"InternalServerError"}`), errSMSUnclear},
		{"a word against the code", 201, one(`{"statusCode":405,"status":"Success"}`), ErrSMSAccount},
		{"a code beside the good ones", 201, one(`{"statusCode":103,"status":"?"}`), errSMSUnclear},
		{"neither code nor word", 201, one(`{}`), errSMSUnclear},
		{"a word only like it", 201, one(`{"status":"success "}`), errSMSUnclear},
		{"nothing", 201, "", errSMSUnclear},
		{"a text", 201, "Sent canary-token to +27821234567", errSMSUnclear},
		{"a page", 201, "<html>canary</html>", errSMSUnclear},
		{"a list", 201, "[]", errSMSUnclear},
		{"null", 201, "null", errSMSUnclear},
		{"cut off", 201, smsTaken[:len(smsTaken)-1], errSMSUnclear},
		{"twice", 201, smsTaken + smsTaken, errSMSUnclear},
		{"a code beyond numbers", 201, one(`{"statusCode":99999999999999999999,"status":"Success"}`), errSMSUnclear},
		{"deep", 201, strings.Repeat("[", 60<<10), errSMSUnclear},
		{"far too long", 201, strings.Repeat(" ", 1<<20) + smsTaken, errSMSUnclear},

		{"a refusal of the key", 401, "The supplied authentication canary-api-key-4711 is invalid", ErrSMSAccount},
		{"no credit at all", 402, "", ErrSMSAccount},
		{"an address that may not", 403, "", ErrSMSAccount},
		{"a bad request", 400, smsTaken, ErrSMSRefused},
		{"too many", 429, "", ErrSMSRefused},
		{"a fault", 500, smsTaken, errSMSUnclear},
		{"a proxy", 502, "<html>canary</html>", errSMSUnclear},
		{"no content", 204, "", errSMSUnclear},
		{"not changed", 304, "", ErrSMSRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := send(t.Context(), t, newSMS(t, answering(t, c.status, c.body)))
			if !errors.Is(err, c.want) || errors.Is(err, ErrSMSRefused) != (errors.Is(c.want, ErrSMSRefused) || errors.Is(c.want, ErrSMSAccount)) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if c.want != nil && c.status > 299 && !strings.HasSuffix(err.Error(), fmt.Sprint("HTTP status ", c.status)) {
				t.Errorf("%v does not say the status", err)
			}
		})
	}
}

func TestSMSIsCalledByTheGatewaysID(t *testing.T) {
	for _, c := range []struct{ name, id, want string }{
		{"an id", `"ATXid_9f8e"`, "africastalking:ATXid_9f8e"},
		{"none", `"None"`, ""},
		{"an empty one", `""`, ""},
		{"null", `null`, ""},
		{"a number", `4711`, ""},
		{"an object", `{"id":"canary"}`, ""},
		{"one with a blank", `"ATXid 1"`, ""},
		{"one with a line end", `"ATXid_1\n"`, ""},
		{"one beyond ASCII", `"ATXid_é"`, ""},
		{"one as long as can be", `"` + strings.Repeat("a", atID) + `"`, "africastalking:" + strings.Repeat("a", atID)},
		{"one beyond bounds", `"` + strings.Repeat("a", atID+1) + `"`, ""},
	} {
		body := `{"SMSMessageData":{"Recipients":[{"statusCode":101,"status":"Success","messageId":` + c.id + `}]}}`
		m := newSMS(t, answering(t, 201, body))
		if got, err := m.Send(t.Context(), Message{ID: "m1", To: smsTo, Text: "x"}); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func TestAMessageIsNotPrinted(t *testing.T) {
	m := Message{ID: "P-1/ended", To: smsTo, Text: smsText}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "message", m)
	for _, s := range []string{fmt.Sprint(m), fmt.Sprintf("%+v %#v %s %q %v", m, m, m, m, &m), log.String()} {
		if !strings.Contains(s, "P-1/ended") || strings.Contains(s, "canary") || strings.Contains(s, "82123") {
			t.Errorf("%s", s)
		}
	}
}

// A redirect would take the key and the message to whoever is named in it.
func TestSMSFollowsNoRedirect(t *testing.T) {
	var followed atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		followed.Add(1)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, smsTaken)
	}))
	defer thief.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/version1/messaging" {
				followed.Add(1)
			}
			w.Header().Set("Location", map[bool]string{true: "/elsewhere", false: thief.URL + "/version1/messaging"}[status == 308])
			w.WriteHeader(status)
		}))
		if err := send(t.Context(), t, newSMS(t, srv.URL)); !errors.Is(err, ErrSMSRefused) {
			t.Errorf("%d: %v", status, err)
		}
		srv.Close()
	}
	if n := followed.Load(); n != 0 {
		t.Errorf("followed %d times", n)
	}
}

func TestSMSErrorsSayWhyAndNoMore(t *testing.T) {
	// A peer that says back what it was sent, where an error would repeat it.
	raw := func(answer func(request string) string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback, at once
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
				b := make([]byte, 4096)
				n, _ := c.Read(b)
				_, _ = io.WriteString(c, answer(string(b[:n])))
				_ = c.Close()
			}
		}()
		return "http://" + l.Addr().String()
	}
	line := func(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it would tell of the handshake that failed
	defer secure.Close()

	for _, c := range []struct {
		name, base, says string
		unsent           bool
	}{
		{"nobody there", "http://127.0.0.1:1", "connection refused", true},
		{"a certificate that nobody signed", secure.URL, "certificate", true},
		{"no HTTP, our request", raw(func(r string) string { return line(r) + "\r\n\r\n" }), "no usable answer", false},
		{"a status of our request", raw(func(r string) string { return "HTTP/1.1 " + line(r) + "\r\n\r\n" }), "no usable answer", false},
		{"a header of our request", raw(func(r string) string { return "HTTP/1.1 201 OK\r\n" + line(r) + "\x00\r\n\r\n" }), "no usable answer", false},
		{"a length of our request", raw(func(r string) string { return "HTTP/1.1 201 OK\r\nContent-Length: " + line(r) + "\r\n\r\n" }), "no usable answer", false},
		{"a broken body", raw(func(string) string { return "HTTP/1.1 201 OK\r\nContent-Length: 500\r\n\r\n{" }), "no usable answer", false},
		{"silence", raw(func(string) string { return "" }), "no usable answer", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := send(t.Context(), t, newSMS(t, c.base))
			if err == nil || errors.Is(err, ErrSMSRefused) || errors.Is(err, ErrSMSUnsent) != c.unsent || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
		})
	}
}

func TestSMSErrorsNameTheHostThatWasNotFound(t *testing.T) {
	lost := roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
	})
	err := send(t.Context(), t, newSMS(t, "https://sms.example", func(o *SMSOptions) { o.Transport = lost }))
	if err == nil || !strings.Contains(err.Error(), "lookup sms.example: no such host") {
		t.Errorf("got %v", err)
	}
}

func TestSMSTrustsTheCertificatesItIsGiven(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, smsTaken) }))
	defer srv.Close()
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer tr.CloseIdleConnections()
	if err := send(t.Context(), t, newSMS(t, srv.URL, func(o *SMSOptions) { o.Transport = tr })); err != nil {
		t.Error(err)
	}
}

func TestSMSEndsWithItsContext(t *testing.T) {
	reached, leave := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(reached)
		<-leave
	}))
	defer srv.Close()
	defer close(leave)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	if err := send(ctx, t, newSMS(t, srv.URL)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// roundTrip is a transport made of a function.
type roundTrip func(r *http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dribble is a body that comes byte by byte until the request is over.
type dribble struct{ ctx context.Context }

func (d dribble) Read(p []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	}
}
func (dribble) Close() error { return nil }

func TestSMSWaitsForASlowAnswerOnlySoLong(t *testing.T) {
	for name, answer := range map[string]roundTrip{
		"that never begins": func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() },
		"that never ends": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 201, Header: http.Header{}, Body: dribble{r.Context()}, Request: r}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := send(t.Context(), t, newSMS(t, "https://sms.example", func(o *SMSOptions) { o.Transport = answer }))
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begin); took != smsTimeout {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// A connection that is never had takes nothing of the message, however long it
// was waited for.
func TestSMSThatCouldNotConnectInTimeDidNotLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		defer close(over)
		tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			<-over
			return nil, io.EOF
		}}
		err := send(t.Context(), t, newSMS(t, "http://sms.example", func(o *SMSOptions) { o.Transport = tr }))
		if !errors.Is(err, ErrSMSUnsent) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSMSReadsABoundedAnswer(t *testing.T) {
	read := 0
	endless := roundTrip(func(r *http.Request) (*http.Response, error) {
		body := io.NopCloser(readerFunc(func(p []byte) (int, error) {
			read += len(p)
			return len(p), nil
		}))
		return &http.Response{StatusCode: 201, Header: http.Header{}, Body: body, Request: r}, nil
	})
	err := send(t.Context(), t, newSMS(t, "https://sms.example", func(o *SMSOptions) { o.Transport = endless }))
	if !errors.Is(err, errSMSUnclear) || read > smsAnswer {
		t.Errorf("%v after %d bytes", err, read)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestSMSMessengerIsMadeOfAWholeAccount(t *testing.T) {
	good := SMSOptions{BaseURL: "https://api.africastalking.com", Username: "spaza", APIKey: key(smsKey)}
	if _, err := NewAfricasTalkingSMS(good); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*SMSOptions){
		"no user":            func(o *SMSOptions) { o.Username = "" },
		"no key":             func(o *SMSOptions) { o.APIKey = key("") },
		"no URL":             func(o *SMSOptions) { o.BaseURL = "" },
		"no scheme":          func(o *SMSOptions) { o.BaseURL = "api.africastalking.com" },
		"another scheme":     func(o *SMSOptions) { o.BaseURL = "ftp://api.africastalking.com" },
		"no host":            func(o *SMSOptions) { o.BaseURL = "https:///canary" },
		"a broken URL":       func(o *SMSOptions) { o.BaseURL = "https://canary\x7f" },
		"a URL with a login": func(o *SMSOptions) { o.BaseURL = "https://canary:canary@api.example" },
		"a URL with a query": func(o *SMSOptions) { o.BaseURL = "https://api.example/?canary=1" },
	} {
		o := good
		change(&o)
		if m, err := NewAfricasTalkingSMS(o); err == nil || m != nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSMSAnswer(f *testing.F) {
	for _, s := range []string{smsTaken, "", "null", "[]", `{"SMSMessageData":{"Recipients":[{}]}}`, `{"smsmessagedata":{"recipients":[{"STATUSCODE":101}]}}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		taken, err := atSMSTaken(body)
		if id, ok := strings.CutPrefix(taken, atTaken); taken != "" && (!ok || err != nil || len(id) > atID || !printable(id)) {
			t.Fatalf("%q is called %q, %v", body, taken, err)
		}
		if err == nil && !bytes.Contains(body, []byte("10")) && !bytes.Contains(bytes.ToLower(body), []byte("success")) && !bytes.Contains(body, []byte(`\u`)) {
			t.Fatalf("%q is a message taken", body)
		}
		if err != nil && (errors.Is(err, ErrSMSRefused) == errors.Is(err, errSMSUnclear) || len(err.Error()) > 100) {
			t.Fatalf("%q: %v", body, err)
		}
	})
}
