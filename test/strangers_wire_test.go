package test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// poison is what a door can be given by whoever knows its secret, or has stolen
// it. None of it is anything that a person did.
func (f *fort) poison(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	laughs := `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "` + marker + `">`
	for i := 'b'; i < 'l'; i++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, i, strings.Repeat(fmt.Sprintf("&%c;", i-1), 10))
	}
	laughs += `]><ussd><msisdn>&k;</msisdn><sessionid>&k;</sessionid><type>1</type><msg>&k;</msg></ussd>`
	xml := func(head, inside string) string {
		return head + "<ussd><msisdn>" + markedNumber + "0001</msisdn><sessionid>s</sessionid><type>2</type>" + inside + "</ussd>"
	}
	long := strings.Repeat("9", 400)
	bodies := map[string]string{
		"nothing":                 "",
		"zeros":                   strings.Repeat("\x00", 4096),
		"not UTF-8":               "sessionId=" + marker + "&phoneNumber=%2B" + markedNumber + "0001&text=%ff%fe\xff\xfe",
		"another alphabet":        "\xff\xfe" + strings.Join(strings.Split(marker, ""), "\x00"),
		"ten megabytes":           strings.Repeat(marker+"=1&", 10<<20/(len(marker)+3)),
		"a field 2,000 times":     strings.Repeat("text=1&", 2000),
		"no JSON":                 `{"` + marker,
		"deep JSON":               deep + strings.Repeat("]", 100_000),
		"deep JSON, never closed": strings.Repeat(`{"message":`, 100_000),
		"deep JSON in a field":    `{"update_id":1,"object":"whatsapp_business_account","entry":` + deep,
		"JSON twice":              `{"sessionid":"s","msisdn":"` + markedNumber + `0001","msisdn":"` + markedNumber + `0002","shortcode":"*1#","messageString":"*1#"}`,
		"a key twice": `{"update_id":1,"update_id":2,"message":{"message_id":1,"chat":{"id":1,"type":"group"},"from":{"id":1},"text":"` + marker + `","text":"x"},` +
			`"object":"page","object":"whatsapp_business_account","entry":[],"entry":[]}`,
		"a long number":        `{"update_id":` + long + `,"message":{"message_id":` + long + `,"chat":{"id":-` + long + `e400}},"sessionid":` + long + `,"messageString":1e` + long + `}`,
		"a long number listed": `[{"id":` + long + `,"status":{"type":` + long + `}}]`,
		"many elements":        "[" + strings.Repeat("1,", 100_000) + "1]",
		"many entries": `{"object":"whatsapp_business_account","entry":[` + strings.Repeat(`{"changes":[{"field":"messages","value":{}}]},`, 20_000) +
			`{}],"update_id":1,"message":[` + strings.Repeat("{},", 100) + `{}]}`,
		"other types":     `{"update_id":"1","message":"` + marker + `","object":[],"entry":"x","sessionid":{},"msisdn":[],"messageString":true,"shortcode":null}`,
		"nulls":           `{"update_id":null,"message":null,"callback_query":null,"object":null,"entry":null,"sessionid":null,"msisdn":null,"messageString":null}`,
		"just null":       `null`,
		"a billion":       laughs,
		"a file":          `<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + xml("", "<msg>&x;</msg>"),
		"an address":      `<!DOCTYPE u SYSTEM "` + f.sms.URL() + `/` + marker + `">` + xml("", "<msg>1</msg>"),
		"a parameter":     `<!DOCTYPE u [<!ENTITY % p SYSTEM "` + f.sms.URL() + `/p">%p;]>` + xml("", "<msg>1</msg>"),
		"a style":         xml(`<?xml version="1.0" encoding="utf-7"?>`, "<msg>1</msg>"),
		"inclusion":       xml("", `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/><msg><b/></msg>`),
		"deep XML":        strings.Repeat("<ussd>", 100_000),
		"many attributes": `<ussd ` + strings.Repeat(`a="b" `, 20_000) + `>`,
		"a long name":     `<ussd><` + strings.Repeat("a", 12_000) + `>`,
		"a number abroad": "sessionId=s&phoneNumber=%2B" + long + "&text=",
		"no number":       "sessionId=s&phoneNumber=%2B27&text=&id=&status=",
		"a long session":  "sessionId=" + strings.Repeat(marker, 40) + "&phoneNumber=%2B" + markedNumber + "0001&text=",
	}
	queries := map[string]string{
		"nothing":      "",
		"not UTF-8":    "msisdn=" + markedNumber + "0001&sessionid=s&ussdSessionId=s&type=2&msg=%ff%fe&request=%ff%fe&ussd_msisdn=" + markedNumber + "0001&ussd_session_id=s&ussd_request=%ff",
		"control":      "msisdn=" + markedNumber + "0001&sessionid=%00&ussdSessionId=%0d%0a&type=2&msg=1&request=1&ussd_msisdn=" + markedNumber + "0001&ussd_session_id=%1b&ussd_request=1",
		"twice":        "msisdn=1&msisdn=2&sessionid=s&type=1&type=2&msg=1&request=1&request=2&ussd_msisdn=1&ussd_msisdn=2&ussd_request=1",
		"half escapes": "msisdn=%2&sessionid=%&type=%zz&msg=%u1234&request=%&ussdSessionId=%&ussd_msisdn=%2&ussd_session_id=%&ussd_request=%2",
		"long numbers": "msisdn=" + long + "&sessionid=s&type=" + long + "&msg=" + long + "&request=" + long + "&ussd_msisdn=" + long + "&ussd_request=" + long,
		"many":         strings.Repeat("a=1&", 1500),
		"too long":     "msg=" + strings.Repeat(marker, 8000),
	}
	for _, c := range fortCalls(f, rand.New(rand.NewPCG(6, 9))) {
		judge := func(what string, a answer) {
			t.Helper()
			if why := c.wrong(a); why != "" {
				t.Errorf("%s, given %s: %s", c.door, what, why)
			}
			if strings.Contains(a.body, "root:") {
				t.Errorf("%s, given %s: a file comes back", c.door, what)
			}
		}
		if c.method == "GET" {
			for what, query := range queries {
				c.query = query
				judge(what, ask(t, f.request(t, c, c.secret, false)))
			}
			continue
		}
		f.packed(t, c, judge)
		for what, body := range bodies {
			c.body = []byte(body)
			judge(what, ask(t, f.request(t, c, c.secret, false)))
			if what == "deep JSON" || what == "a billion" { // and from who is not known, at no more cost
				judge(what, ask(t, f.request(t, c, "guess", false)))
			}
		}
		f.endless(t, c)
	}
}

// packed sends what is good, in a form that no gateway sends it in.
func (f *fort) packed(t *testing.T, c call, judge func(string, answer)) {
	t.Helper()
	var small bytes.Buffer
	z := gzip.NewWriter(&small)
	_, _ = z.Write(c.body)
	_ = z.Close()
	for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "identity", "gzip, gzip"} {
		req := f.request(t, call{method: c.method, path: c.path, query: c.query, kind: c.kind, proof: c.proof, body: small.Bytes()}, c.secret, false)
		req.Header.Set("Content-Encoding", encoding)
		a := ask(t, req)
		if judge(encoding, a); a.status != http.StatusUnsupportedMediaType {
			t.Errorf("%s, packed as %s: HTTP status %d", c.door, encoding, a.status)
		}
	}
	form := "--b\r\nContent-Disposition: form-data; name=\"text\"; filename=\"" + marker + "\"\r\n\r\n" + marker + "\r\n--b--\r\n"
	req := f.request(t, call{method: c.method, path: c.path, query: c.query, kind: "multipart/form-data; boundary=b", proof: c.proof, body: []byte(form)}, c.secret, false)
	judge("files", ask(t, req))
}

// endless sends chunks for as long as they are taken.
func (f *fort) endless(t *testing.T, c call) {
	t.Helper()
	conn := f.dial(t)
	defer func() { _ = conn.Close() }()
	query := ""
	if c.proof == "key" {
		query = "?key=" + url.QueryEscape(c.secret)
	}
	_, _ = fmt.Fprintf(conn, "POST %s%s HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: %s\r\nTransfer-Encoding: chunked\r\n\r\n", c.path, query, c.secret)
	chunk := fmt.Appendf(nil, "%x\r\n%s\r\n", 64<<10, strings.Repeat("x", 64<<10))
	sent := 0
	for sent < 64<<20 {
		n, err := conn.Write(chunk)
		if sent += n; err != nil {
			break
		}
	}
	if sent >= 64<<20 {
		t.Errorf("%s: it takes a body without an end", c.door)
	}
}

// crowd brings the largest bodies that there may be, many at once, to the door at
// which it is known last who brings them.
func (f *fort) crowd(t *testing.T) {
	big := bytes.Repeat([]byte(marker), 3<<20/len(marker))
	var wg sync.WaitGroup
	for range 300 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			req, err := http.NewRequestWithContext(t.Context(), "POST", f.url+"/whatsapp/webhook", bytes.NewReader(big))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("X-Hub-Signature-256", signedBy("guess", big))
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return // it hung up
			}
			if _ = resp.Body.Close(); resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusTooManyRequests {
				t.Errorf("HTTP status %d", resp.StatusCode)
			}
		}()
	}
	wg.Wait()
	if mb := f.memory(t, "VmHWM"); mb >= 500 {
		t.Errorf("the process held %d MB", mb)
	}
}

func (f *fort) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn
}

// twoWays sends requests whose end another reader could see elsewhere, with a dial
// hidden in them that a proxy in front would not have seen.
func (f *fort) twoWays(t *testing.T) {
	hidden := func() string {
		c := fortCalls(f, rand.New(rand.NewPCG(6, 10)))[0]
		return fmt.Sprintf("POST %s?key=%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", c.path, c.secret, c.kind, len(c.body), c.body)
	}()
	door := "POST /ussd/africastalking?key=" + fortKey("africastalking") + " HTTP/1.1\r\nHost: x\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden)
	var wg sync.WaitGroup
	for what, raw := range map[string]string{
		"two lengths":                     door + "Content-Length: 0\r\nContent-Length: " + fmt.Sprint(len(hidden)) + "\r\n\r\n" + hidden,
		"two lengths, the other way":      door + "Content-Length: " + fmt.Sprint(len(hidden)) + "\r\nContent-Length: 0\r\n\r\n" + hidden,
		"a list of lengths":               door + "Content-Length: 0, " + fmt.Sprint(len(hidden)) + "\r\n\r\n" + hidden,
		"a length and chunks":             door + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"chunks and a length":             door + "Transfer-Encoding: chunked\r\nContent-Length: " + fmt.Sprint(len(chunked)) + "\r\n\r\n0\r\n\r\n" + hidden,
		"chunks in capitals and a length": door + "transfer-ENCODING: CHUNKED\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
		"chunks twice":                    door + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
		"other chunks":                    door + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
		"a blank before the colon":        door + "Content-Length : 0\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
		"a header in two lines":           door + "X: 1\r\n Content-Length: 0\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + hidden,
		"a negative length":               door + "Content-Length: -1\r\n\r\n" + hidden,
		"a signed length":                 door + "Content-Length: +0\r\n\r\n" + hidden,
		"a length in hex":                 door + "Content-Length: 0x0\r\n\r\n" + hidden,
		"a huge length":                   door + "Content-Length: 99999999999999999999999\r\n\r\n" + hidden,
		"a length that is too large":      door + "Content-Length: 17000\r\n\r\n" + hidden,
		"a chunk of a huge length":        door + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + hidden,
		"a chunk of a negative length":    door + "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + hidden,
		"an extension of a chunk":         door + "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n" + hidden,
		"an end of a chunk":               door + "Transfer-Encoding: chunked\r\n\r\n5\n0\r\n\r\n" + hidden,
		"a chunk that is longer":          door + "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n" + hidden,
		"a length in a trailer":           door + "Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\nContent-Length: 5\r\n" + strings.Repeat("X: 1\r\n", 9000) + "\r\n" + hidden,
		"a nothing in a header":           door + "X: a\x00b\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n" + hidden,
		"a header of 100 KB":              door + "X: " + strings.Repeat(marker, 100<<10/len(marker)) + "\r\n\r\n" + hidden,
		"5,000 headers":                   door + strings.Repeat("X: 1\r\n", 5000) + "\r\n" + hidden,
		"no version":                      "GET /ussd/aat?key=" + fortKey("aat") + "\r\n\r\n",
		"no HTTP":                         "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + marker,
		"another protocol":                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"an address of another host":      "GET http://" + marker + ".example/ussd/aat HTTP/1.1\r\nHost: x\r\n\r\n",
		"a tunnel":                        "CONNECT " + marker + ".example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
		"an upgrade":                      door + "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 0\r\n\r\n",
		"a blank in the address":          "GET /ussd/aat?key=" + fortKey("aat") + "&msisdn=1 2 HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			conn := f.dial(t)
			defer func() { _ = conn.Close() }()
			// What is never finished is given up when nothing more comes.
			_, _ = io.WriteString(conn, raw)
			if half, ok := conn.(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
			all, _ := io.ReadAll(io.LimitReader(conn, 1<<20))
			if bytes.Contains(all, []byte("CON ")) || bytes.Contains(all, []byte(marker)) {
				t.Errorf("%s: what was hidden came in:\n%s", what, all)
			}
			for in := bufio.NewReader(bytes.NewReader(all)); ; {
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					break
				}
				if _, _ = io.Copy(io.Discard, resp.Body); resp.StatusCode >= 500 {
					t.Errorf("%s: HTTP status %d", what, resp.StatusCode)
				}
			}
		}()
	}
	wg.Wait()
}

// mutations sends what is almost right, each with its proof: to the doors it looks
// as if it came from whom they expect.
func (f *fort) mutations(t *testing.T) {
	const each, hands = 2000, 8
	var wg sync.WaitGroup
	for hand := range hands {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewPCG(2000, uint64(hand)))
			calls := fortCalls(f, r)
			for n := range each * len(calls) / hands {
				if n%len(calls) == 0 {
					calls = fortCalls(f, r)
				}
				c, other := calls[n%len(calls)], calls[r.IntN(len(calls))]
				if c.method == "GET" {
					c.query = written(mutated(r, []byte(c.query), []byte(other.query)))
				} else {
					c.body = mutated(r, c.body, other.body)
				}
				req := f.request(t, c, c.secret, false)
				if a := ask(t, req); a.status >= 500 || c.gateway() && a.status == http.StatusOK && a.body == "" {
					t.Errorf("%s: HTTP status %d, %q, of hand %d, number %d: %q", c.door, a.status, a.body, hand, n, c.query+string(c.body))
				}
			}
		}()
	}
	wg.Wait()
}

// mutated is a text with one to four things done to it.
func mutated(r *rand.Rand, text, other []byte) []byte {
	text = bytes.Clone(text)
	words := []string{
		"\x00", "\xff", "%00", "%ff", "%", "&", "=", "*", "#", "{", "}", "[", "]", `"`, `\`, `\u0000`, `\ud800`, "null", "true", "1e999", "-1", "<", ">", "</", "<!--", "<![CDATA[", "&#0;",
		"&amp;", "\r\n", "+", "0027821234567", "99999999999999999999", "\u202e", "😀", "٣", strings.Repeat("9", 400), strings.Repeat("A", 3000),
	}
	for range 1 + r.IntN(4) {
		from := r.IntN(len(text) + 1)
		to := min(len(text), from+r.IntN(12))
		switch r.IntN(7) {
		case 0:
			if from < len(text) {
				text[from] = byte(r.IntN(256))
			}
		case 1:
			text = append(text[:from:from], text[to:]...)
		case 2:
			text = append(text[:to:to], text[from:]...)
		case 3:
			text = append(append(text[:from:from], words[r.IntN(len(words))]...), text[to:]...)
		case 4:
			text = text[:from]
		case 5:
			at := r.IntN(len(other) + 1)
			text = append(text[:from:from], other[at:]...)
		case 6:
			if from < len(text) {
				text[from] ^= 1 << r.IntN(8)
			}
		}
	}
	return text
}

// written spells what can not stand in an address.
func written(query []byte) string {
	var b strings.Builder
	for _, c := range query {
		if c <= ' ' || c >= 0x7f || c == '#' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	s := b.String()
	return s[:min(len(s), 6000)]
}
