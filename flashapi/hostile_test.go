package flashapi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/secret"
)

// spoken writes what stands on the wire, and says whether the connection stays.
type spoken func(c net.Conn) (keep bool)

// says writes an answer and stays; cuts writes one and hangs up.
func says(parts ...string) spoken {
	return func(c net.Conn) bool {
		_, _ = io.WriteString(c, strings.Join(parts, ""))
		return true
	}
}

func cuts(parts ...string) spoken {
	return func(c net.Conn) bool {
		_, _ = io.WriteString(c, strings.Join(parts, ""))
		return false
	}
}

// floods writes again and again for as long as somebody reads.
func floods(head, again string) spoken {
	block := strings.Repeat(again, 1+4096/len(again))
	return func(c net.Conn) bool {
		_, err := io.WriteString(c, head)
		for err == nil {
			_, err = io.WriteString(c, block)
		}
		return false
	}
}

// drips writes a byte now and then, which never comes to an end in time.
func drips(head, then string) spoken {
	return func(c net.Conn) bool {
		_, err := io.WriteString(c, head)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; err == nil; i++ {
			<-tick.C
			_, err = io.WriteString(c, then[i%len(then):][:1])
		}
		return false
	}
}

func sized(head, body string) string {
	return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

// squeezed is text under gzip.
func squeezed(text io.Reader) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.Copy(w, text)
	_ = w.Close()
	return b.String()
}

// endless is so much of a reader that never ends.
func endless(s string, n int64) io.Reader { return io.LimitReader(repeating(s), n) }

type repeating string

func (r repeating) Read(b []byte) (n int, err error) {
	for n < len(b) {
		n += copy(b[n:], r)
	}
	return n, nil
}

const (
	ok200   = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	success = `{"responseCode":0,"responseMessage":"ok","amount":1000}`
	refusal = `{"responseCode":2402,"responseMessage":"no such voucher"}`
)

// hostileAnswer is what nobody should send, and what is known of a recharge after
// it. Most hold a success or a refusal that must not count.
type hostileAnswer struct {
	answer spoken
	want   Settled
}

// drippingAnswers end with the patience of the client.
func drippingAnswers() map[string]hostileAnswer {
	return map[string]hostileAnswer{
		"drip of the status line": {drips("", "HTTP/1.1 200 OK"), Open},
		"drip of headers":         {drips(ok200, "X: y\r\n"), Open},
		"drip of a body":          {drips(ok200+"Content-Length: 100000\r\n\r\n", success), Open},
		"drip of a refusal":       {drips(ok200+"Connection: close\r\n\r\n"+refusal, " "), Open},
		"drip of chunks":          {drips(ok200+"Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"), Open},
		"drip of 1xx":             {drips("", "HTTP/1.1 102 Processing\r\n\r\n"), Open},
		"silence":                 {says(""), Open},
		"silence after a refusal": {says(ok200, "Content-Length: 1000\r\n\r\n", refusal), Open},
	}
}

// hostileAnswers end by themselves, or by what the client puts up with.
func hostileAnswers() map[string]hostileAnswer {
	secrets := testPIN + " " + testToken + " " + testKey
	all := map[string]hostileAnswer{
		"endless body":                      {floods(ok200+"Content-Length: 99999999999\r\n\r\n"+success, " "), Open},
		"endless body, length not told":     {floods(ok200+"Connection: close\r\n\r\n"+success, " "), Open},
		"endless body in chunks":            {floods(ok200+"Transfer-Encoding: chunked\r\n\r\n", "400\r\n"+strings.Repeat(" ", 1024)+"\r\n"), Open},
		"endless chunk extension":           {floods(ok200+"Transfer-Encoding: chunked\r\n\r\n5;", "x"), Open},
		"endless trailers":                  {floods(ok200+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"), Open},
		"endless header":                    {floods(ok200+"X: ", "x"), Open},
		"endless headers":                   {floods(ok200, "X: y\r\n"), Open},
		"endless status line":               {floods("HTTP/1.1 200 ", "O"), Open},
		"endless 100 Continue":              {floods("", "HTTP/1.1 100 Continue\r\n\r\n"), Open},
		"endless 103 Early Hints":           {floods("", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"), Open},
		"silence after another protocol":    {says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), Open},
		"cut in a body with its length":     {cuts(ok200, "Content-Length: 500\r\n\r\n", success), Open},
		"cut in a refusal with its length":  {cuts(ok200, "Content-Length: 500\r\n\r\n", refusal), Open},
		"cut in a body without its length":  {cuts(ok200, "Connection: close\r\n\r\n", success[:len(success)-1]), Open},
		"cut in a chunk":                    {cuts(ok200, "Transfer-Encoding: chunked\r\n\r\n100\r\n", success), Open},
		"cut after a chunk":                 {cuts(ok200, "Transfer-Encoding: chunked\r\n\r\n", fmt.Sprintf("%x\r\n%s\r\n", len(refusal), refusal)), Open},
		"chunk of nonsense":                 {says(ok200, "Transfer-Encoding: chunked\r\n\r\nzz\r\n", success, "\r\n0\r\n\r\n"), Open},
		"chunk of negative size":            {says(ok200, "Transfer-Encoding: chunked\r\n\r\n-1\r\n", success, "\r\n0\r\n\r\n"), Open},
		"chunk of monstrous size":           {says(ok200, "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", success, "\r\n0\r\n\r\n"), Open},
		"unknown transfer coding":           {says(ok200, "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), Open},
		"negative length":                   {says(ok200, "Content-Length: -1\r\n\r\n", success), Open},
		"two lengths":                       {says(ok200, "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", success), Open},
		"length in words":                   {says(ok200, "Content-Length: many\r\n\r\n", success), Open},
		"gzip that nobody asked for":        {says(sized(ok200+"Content-Encoding: gzip\r\n", squeezed(strings.NewReader(success)))), Open},
		"bomb":                              {says(sized(ok200+"Content-Encoding: gzip\r\n", squeezed(endless(" ", 4*maxAnswer)))), Open},
		"deep nesting":                      {says(sized(ok200, `{"responseCode":0,"x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}`)), Open},
		"deep nesting, never closed":        {says(sized(ok200, strings.Repeat(`{"responseCode":`, 60_000))), Open},
		"deep nesting of objects that nest": {says(sized(ok200, strings.Repeat(`{"rechargeDetails":`, 20_000)+"0"+strings.Repeat("}", 20_000))), Open},
		"200 with a page":                   {says(sized("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", "<html><!-- "+success+" --></html>")), Open},
		"200 with nothing":                  {says(sized(ok200, "")), Open},
		"204 with a body":                   {cuts("HTTP/1.1 204 No Content\r\n\r\n", refusal), Open},
		"304 with a body":                   {cuts("HTTP/1.1 304 Not Modified\r\n\r\n", refusal), Open},
		"205":                               {says(sized("HTTP/1.1 205 Reset Content\r\n", "")), Open},
		"status 000":                        {says(sized("HTTP/1.1 000 Zero\r\n", success)), Open},
		"status 999 with success":           {says(sized("HTTP/1.1 999 Strange\r\n", success)), Open},
		"status of four digits":             {says(sized("HTTP/1.1 2000 OK\r\n", refusal)), Open},
		"status in words":                   {says(sized("HTTP/1.1 OK OK\r\n", refusal)), Open},
		"HTTP/0.9":                          {cuts(refusal), Open},
		"HTTP/x":                            {says(sized("HTTP/x 200 OK\r\n", refusal)), Open},
		"TLS alert":                         {cuts("\x15\x03\x01\x00\x02\x02\x28"), Open},
		"header without a name":             {says(sized(ok200+": x\r\n", refusal)), Open},
		"NUL in a header":                   {says(sized(ok200+"X: a\x00b\r\n", refusal)), Open},

		"HTTP/1.0":               {cuts("HTTP/1.0 200 OK\r\n\r\n", success), Happened},
		"HTTP/1.0 with a length": {says(sized("HTTP/1.0 200 OK\r\n", refusal)), Refused},
		"some 1xx before":        {says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", sized(ok200, success)), Happened},
		"chunks of one byte":     {says(ok200, "Transfer-Encoding: chunked\r\n\r\n", "1\r\n"+strings.Join(strings.Split(refusal, ""), "\r\n1\r\n"), "\r\n0\r\n\r\n"), Refused},
		"no content type":        {says(sized("HTTP/1.1 200 OK\r\n", success)), Happened},
		"another content type":   {says(sized("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-16\r\n", success)), Happened},
		"cookies":                {says(sized(ok200+"Set-Cookie: a=b; Path=/\r\nSet-Cookie: "+testToken+"=1\r\n", success)), Happened},
	}
	// Bodies, under a status that alone means nothing.
	for body, want := range map[string]Settled{
		`{"responseCode":2402,"responseCode":0}`: Open, `{"responseCode":0,"responseCode":2402}`: Open,
		`{"responseCode":2402,"RESPONSECODE":"0"}`: Open, `{"responseCode":0,"reference":"A","reference":"` + testRef + `"}`: Open,
		`{"responseCode":-0}`: Open, `{"responseCode":"-0"}`: Open, `{"responseCode":"00"}`: Open, `{"responseCode":"02402"}`: Open, `{"responseCode":"+2402"}`: Open,
		`{"responseCode":0.0}`: Open, `{"responseCode":2402.0}`: Open, `{"responseCode":2.402e3}`: Open, `{"responseCode":0e0}`: Open,
		`{"responseCode":1e999999999}`: Open, `{"responseCode":1e-999999999}`: Open, `{"responseCode":` + strings.Repeat("9", 100_000) + `}`: Open,
		`{"responseCode":4294969698}`: Open, `{"responseCode":18446744073709554018}`: Open, // 2402 in 32 and in 64 bits
		`{"responseCode":[2402]}`: Open, `{"responseCode":{"responseCode":2402}}`: Open, `{"responseCode":true}`: Open, `{"responseCode":"２４０２"}`: Open,
		`{"responseCode":"2402; 0"}`: Open, `{"responseCode":"0x962"}`: Open, `{"responseCode":null}`: Open, `{"response":{"responseCode":2402}}`: Open,
		`{"responseCode":{},"responseMessage":[],"reference":7.5,"transactionId":{"a":1},"amount":true,"rechargeDetails":"x"}`: Open,
		`{"responseCode":0,"reference":[]}x`: Open, success + success: Open, refusal + "\n" + success: Open, refusal + "\x00": Open, refusal + ",": Open, "\x00" + refusal: Open,
		"[" + refusal + "]": Open, `"` + strings.ReplaceAll(refusal, `"`, `\"`) + `"`: Open, "null": Open, "0": Open, "callback(" + refusal + ")": Open, "for(;;);" + refusal: Open,
		"<?xml version=\"1.0\"?><responseCode>2402</responseCode>": Open, "responseCode=2402": Open, `{'responseCode':2402}`: Open, "{\"responseCode\":2402,}": Open,
		"\xff\xfe{\x00\"\x00r\x00": Open, "{\"responseCode\x00\":2402}": Open, "{\"responseCode\":2402,\"x\":\"\x01\"}": Open,
		"{\"re\xffsponseCode\":2402}": Open,

		"\ufeff" + success: Happened, "\ufeff \r\n\t" + refusal + "\n\n": Refused, "{\"responseCode\":2402,\"responseMessage\":\"\xff\xfe\xc0\x80\"}": Refused,
		`{"responseCode":2402,"responseMessage":{"a":[` + strings.Repeat("1,", 100_000) + `1]}}`: Refused, `{"responseCode":" 2402 "}`: Refused,
		`{"responseCode":0,"amount":-1,"rechargeDetails":[[]],"transactionId":1e400,"transactionDate":{}}`: Happened,
		`{"responseCode":2402,"responseMessage":"` + strings.Repeat(`\u0000`, 10_000) + `"}`:               Refused,
		`{"responseCode":2402,"responseMessage":"` + strings.Repeat(secrets+" ", 500) + `"}`:               Refused,
	} {
		all["body "+body[:min(len(body), 60)]] = hostileAnswer{says(sized(ok200, body)), want}
	}
	// Whatever goes wrong, the host repeats all it was told.
	told := "X-Told: " + secrets + "\r\n"
	all["secrets"] = hostileAnswer{says(told, secrets, "\r\n\r\n"), Open}
	all["secrets in the status line"] = hostileAnswer{says("HTTP/1.1 " + secrets + "\r\n\r\n"), Open}
	all["secrets in the length"] = hostileAnswer{says(ok200, "Content-Length: "+testPIN+testToken+"\r\n\r\n"), Open}
	all["secrets in a chunk"] = hostileAnswer{says(ok200, "Transfer-Encoding: chunked\r\n\r\n"+secrets+"\r\n"), Open}
	all["secrets in the coding"] = hostileAnswer{says(ok200, "Transfer-Encoding: "+testToken+"\r\n\r\n"), Open}
	all["secrets in a header's name"] = hostileAnswer{says(ok200, secrets+": x\r\n\r\n"), Open}
	all["secrets as the code"] = hostileAnswer{says(sized(ok200+told, `{"responseCode":"`+testPIN+`","responseMessage":"`+secrets+`"}`)), Open}
	return all
}

// hostileHost gives its token properly and everything else the hostile answer,
// or the other way round.
func hostileHost(t *testing.T, answer spoken, token bool) (base string, seen *atomic.Int32) {
	t.Helper()
	seen = new(atomic.Int32)
	good, _ := json.Marshal(map[string]any{"access_token": testToken, "expires_in": 3600})
	base = "http://" + listen(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			if r.Header.Get("Accept-Encoding") != "" || r.Header.Get("Cookie") != "" {
				t.Errorf("request has the headers %v", r.Header)
			}
			if (r.URL.Path == "/token") == token {
				if seen.Add(1); !answer(c) {
					return
				}
			} else if !says(sized(ok200, string(good)))(c) {
				return
			}
		}
	})
	return base, seen
}

func hostileClient(t *testing.T, base string, timeout time.Duration) *Client {
	t.Helper()
	c, err := New(Options{
		BaseURL: base, APIKey: secret.New(testKey), AccountNumber: "1", HTTPTimeout: timeout, BreakerFailures: 1000, TokenRetryGap: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

const (
	// soon is when to stop waiting for what never ends.
	soon = 300 * time.Millisecond
	// patience is how long anything else may take on a machine with other
	// things to do.
	patience = 20 * time.Second
)

// eachHostile runs a test with every hostile answer, those that drip all at
// once.
func eachHostile(t *testing.T, test func(t *testing.T, name string, h hostileAnswer, timeout time.Duration)) {
	var all sync.WaitGroup
	for name, h := range drippingAnswers() {
		all.Go(func() { test(t, name, h, soon) })
	}
	for name, h := range hostileAnswers() {
		test(t, name, h, patience)
	}
	all.Wait()
}

// untilSent makes a call again, with more time, where the machine stood still until
// the client's patience was over and nothing had left.
func untilSent(c *Client, call func() (sent bool)) {
	timeout := c.options.HTTPTimeout
	defer func() { c.options.HTTPTimeout = timeout }()
	for !call() && c.options.HTTPTimeout < patience/4 {
		c.options.HTTPTimeout *= 4
	}
}

func TestAHostileHostDecidesNothingAndLearnsNothing(t *testing.T) {
	eachHostile(t, func(t *testing.T, name string, h hostileAnswer, timeout time.Duration) {
		base, seen := hostileHost(t, h.answer, false)
		client, look := hostileClient(t, base, patience), &canary{t: t}
		if err := client.Ready(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		client.options.HTTPTimeout = timeout
		sale := message(tenRand())
		for sent := range int32(2) { // the second time over what the first one left of the connection
			start := time.Now()
			var x Exchange
			untilSent(client, func() bool { x = client.Post(t.Context(), sale); return x.Sent })
			if took := time.Since(start); took > patience {
				t.Errorf("%s: took %s", name, took)
			}
			// Where the host said more than it was asked, the next request may
			// meet what is left of that.
			if n := seen.Load(); n > sent+1 || !x.Sent {
				t.Errorf("%s: of %d the host saw %d, sent %v, %v", name, sent+1, n, x.Sent, x.Err)
			}
			first, later := Judge(sale, x, First), Judge(sale, x, Again)
			if first.Settled != h.want || (later.Settled != h.want && later.Settled != Open) {
				t.Errorf("%s: settled %d then %d, want %d: %+v, %v", name, first.Settled, later.Settled, h.want, first, x.Err)
			}
			look.look(name+", a sale", x, x.Err, first, later)
		}
		var err error
		untilSent(client, func() bool {
			_, err = client.RedeemFull(t.Context(), redeemAll(), First)
			e := new(Error)
			return !errors.As(err, &e) || e.Sent
		})
		if e := new(Error); errors.As(err, &e) && e.Refused && h.want == Open {
			t.Errorf("%s: a redemption was refused: %v", name, err)
		}
		look.look(name+", a redemption", err)
		_, err = client.Products(t.Context())
		look.look(name+", products", err)
	})
}

func TestAHostileTokenEndpointGivesNoTokenAndLearnsNothing(t *testing.T) {
	eachHostile(t, func(t *testing.T, name string, h hostileAnswer, timeout time.Duration) {
		base, _ := hostileHost(t, h.answer, true)
		client, look := hostileClient(t, base, timeout), &canary{t: t}
		start := time.Now()
		err := client.Ready(t.Context())
		x := client.Post(t.Context(), message(redeemAll()))
		if took := time.Since(start); took > 2*patience {
			t.Errorf("%s: took %s", name, took)
		}
		if err == nil || errors.Is(err, ErrCredentials) {
			t.Errorf("%s: ready: %v", name, err)
		}
		if x.Sent || x.Err == nil || errors.Is(x.Err, ErrCredentials) {
			t.Errorf("%s: sent %v, %v", name, x.Sent, x.Err)
		}
		if v := Judge(message(redeemAll()), x, Again); v.Settled != Open {
			t.Errorf("%s: a repetition without a token: %+v", name, v)
		}
		look.look(name, err, x, x.Err, Judge(message(redeemAll()), x, First))
	})
}

func TestATokenThatIsNotOneIsNotUsed(t *testing.T) {
	for _, body := range []string{
		`{"access_token":"A","access_token":"B"}`, `{"access_token":"A\r\nX: y"}`, `{"access_token":"A B"}`, `{"access_token":"é"}`, `{"access_token":""}`,
		`{"access_token":["A"]}`, `{"access_token":{"A":1}}`, `{"access_token":null}`, `{"access_token":"` + strings.Repeat("A", 9<<10) + `"}`,
		`{"access_token":"A"}{"access_token":"B"}`, `[{"access_token":"A"}]`, `{"access_token":"A"`, `{"access_token":"\ud800"}`, "{\"access_token\":\"A\xff\"}",
	} {
		if token, _, err := decodeToken([]byte(body)); err == nil {
			t.Errorf("%.60s gives the token %.20q", body, token.Reveal())
		}
	}
}

func TestNoRedirectCarriesTheTokenElsewhere(t *testing.T) {
	var visits atomic.Int32
	elsewhere := listen(t, func(net.Conn) { visits.Add(1) })
	for _, status := range []string{"300 Multiple Choices", "301 Moved", "302 Found", "303 See Other", "305 Use Proxy", "307 Temporary", "308 Permanent", "401 Unauthorized", "407 Proxy"} {
		for _, token := range []bool{false, true} {
			base, _ := hostileHost(t, says(sized("HTTP/1.1 "+status+"\r\nLocation: http://"+elsewhere+"/\r\nRefresh: 0; url=http://"+elsewhere+"/\r\nWWW-Authenticate: Basic realm=x\r\n", "")), token)
			client := hostileClient(t, base, patience)
			_, err := client.RedeemFull(t.Context(), redeemAll(), First)
			if e := new(Error); !errors.As(err, &e) || (!token && status[0] == '3' && e.Refused) {
				t.Errorf("%s: %v", status, err)
			}
			_, err = client.Products(t.Context())
			(&canary{t: t}).look(status, err)
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d connections were made elsewhere", n)
	}
}

// A host, or something before it, that compresses whenever it may is read like
// any other: by the client's own transport, which does not ask for it, and by
// one of the caller's, which asks and unpacks.
func TestCompressionChangesNothing(t *testing.T) {
	for name, transport := range map[string]*http.Transport{"own": nil, "the caller's": {}} {
		for body, want := range map[string]Settled{
			success: Happened, refusal: Refused, `{"responseCode":9999}`: Open, `{"responseCode":0`: Open, "": Open,
			success + strings.Repeat(" ", maxAnswer): Open, // longer than is read
		} {
			b := setup(t, func(o *Options) {
				if transport != nil {
					o.Transport = transport
				}
			})
			var asked atomic.Bool
			b.handleOp(OpPinlessPurchase, func(w http.ResponseWriter, r *http.Request) {
				said := body
				if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
					asked.Store(true)
					w.Header().Set("Content-Encoding", "gzip")
					said = squeezed(strings.NewReader(body))
				}
				_, _ = io.WriteString(w, said)
			})
			m := b.build(tenRand())
			x := b.client.Post(t.Context(), m)
			if v := Judge(m, x, First); v.Settled != want || asked.Load() != (transport != nil) {
				t.Errorf("%s, %.40q: settled %d, want %d; compressed %v, %v", name, body, v.Settled, want, asked.Load(), x.Err)
			}
		}
		if transport != nil {
			transport.CloseIdleConnections()
		}
	}
}

// FuzzExchange puts any bytes on the wire in answer to a sale, and holds what is
// made of them to the rules.
func FuzzExchange(f *testing.F) {
	for _, head := range []string{ok200, "HTTP/1.1 400 Bad Request\r\n", "HTTP/1.0 503 x\r\n", "HTTP/1.1 401 x\r\n", "HTTP/1.1 000 x\r\n", "HTTP/1.1 302 x\r\nLocation: /\r\n"} {
		for _, body := range append([]string{success, refusal, testPIN + testToken}, hostileJSON...) {
			f.Add([]byte(sized(head, body)))
		}
	}
	f.Add([]byte(ok200 + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"))
	var answer []byte
	client, err := New(Options{
		BaseURL: "http://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", BreakerFailures: 1 << 30, Rate: 1e9, Burst: 1e9, TokenRetryGap: 1,
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/token" {
				return http.ReadResponse(bufio.NewReader(strings.NewReader(sized(ok200, `{"access_token":"`+testToken+`"}`))), r)
			}
			return http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
		}),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		answer = raw
		for _, r := range []Request{tenRand(), redeemAll(), VoucherPurchase{Reference: testRef, Amount: 10_00}} {
			m := message(r)
			x := client.Post(t.Context(), m)
			if !x.Sent || (x.Status == 0) != (x.Err != nil) {
				t.Fatalf("%v", x)
			}
			body := bytes.TrimSpace(bytes.TrimPrefix([]byte(x.Body.Reveal()), byteOrderMark))
			object := len(body) > 0 && body[0] == '{' && json.Valid(body)
			for _, again := range []Sending{First, Again} {
				v := Judge(m, x, again)
				switch {
				case v.Settled == Happened && (!object || x.Status < 200 || x.Status > 299):
					t.Fatalf("happened by %q", raw)
				case v.Settled == Refused && !object && (again == Again || x.Status < 400 || x.Status > 499):
					t.Fatalf("refused by %q", raw)
				case v.Settled == Refused && v.Reason == "", v.Amount != 0 && v.Settled != Happened && !v.Owed:
					t.Fatalf("%+v by %q", v, raw)
				}
				if anew := Judge(m, Exchange{Sent: x.Sent, Status: x.Status, Body: x.Body, Err: x.Err, secrets: x.secrets}, again); anew.Settled != v.Settled ||
					anew.Class != v.Class || anew.Detail != v.Detail || anew.TransactionID != v.TransactionID {
					t.Fatalf("read again it is %+v, not %+v", anew, v)
				}
				said := fmt.Sprintf("%v %v %v %+v", x, x.Err, failure(m, x, v), v)
				for _, s := range []string{testKey, testToken, testPIN} {
					if strings.Contains(said, s) {
						t.Fatalf("a secret shows: %s", said)
					}
				}
			}
		}
	})
}
