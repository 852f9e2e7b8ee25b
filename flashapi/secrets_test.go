package flashapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/hostcall"
	"spaza/secret"
	"spaza/vend"
)

// canary looks for secrets in everything a caller could log.
type canary struct {
	t  *testing.T
	mu sync.Mutex
	// seen collects what was said, so that a test can see that it said anything.
	seen int
}

const changePIN = "8222333344445555"

// inGroups writes digits as people do, four at a time.
func inGroups(digits, between string) string {
	var groups []string
	for group := range slices.Chunk([]byte(digits), 4) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, between)
}

func (c *canary) look(where string, values ...any) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var b bytes.Buffer
	for _, v := range values {
		fmt.Fprintf(&b, "%v %+v %#v %s %q\n", v, v, v, v, v)
		if j, err := json.Marshal(v); err == nil {
			b.Write(j)
		}
		slog.New(slog.NewTextHandler(&b, nil)).Info("logged", "value", v)
		if err, ok := v.(error); ok {
			for e := err; e != nil; e = errors.Unwrap(e) {
				b.WriteString(e.Error())
			}
		}
	}
	said := b.String()
	c.seen += len(said)
	for name, s := range map[string]string{
		"PIN": testPIN, "grouped PIN": inGroups(testPIN, "-"), "change PIN": changePIN, "grouped change PIN": inGroups(changePIN, "-"),
		"API key": testKey, "token": testToken, "electricity": lightToken, "grouped electricity": inGroups(lightToken, " "),
	} {
		if strings.Contains(said, s) {
			c.t.Errorf("%s: the %s shows", where, name)
		}
	}
}

// TestNoSecretIsEverSaid sends a PIN, the key and a token to a host that
// repeats all of them wherever an answer can hold words.
func TestNoSecretIsEverSaid(t *testing.T) {
	echo := strings.Join([]string{testPIN, inGroups(testPIN, "-"), "Bearer " + testToken, "Basic " + testKey, changePIN}, " and ")
	quoted, _ := json.Marshal(echo)
	object := func(code string) string {
		return `{"responseCode":` + code + `,"responseMessage":` + string(quoted) + `,"transactionId":` + string(quoted) + `,"path":` + string(quoted) +
			`,"pin":"` + testPIN + `","amount":5000,"rechargeDetails":{"callCentre":` + string(quoted) + `,"rechargeVendor":"x"},
			"voucher":{"amount":1,"pin":"` + changePIN + `","serialNumber":"1"}}`
	}
	type reply struct {
		status int
		body   string
	}
	replies := map[string]reply{
		"words": {200, echo}, "other reference": {200, `{"responseCode":0,"reference":"` + testPIN + `"}`},
		"PIN as number": {400, `{"responseCode":2402,"transactionId":` + testPIN + `}`}, "array": {200, "[" + string(quoted) + "]"},
		"as code": {200, `{"responseCode":"` + testPIN + `"}`}, "as amount": {200, `{"responseCode":0,"amount":"` + testPIN + `"}`},
	}
	for _, status := range []int{200, 302, 400, 401, 403, 404, 429, 500} {
		for _, code := range []string{"0", "2402", "2401", "2003", "2001", "2201", "3704", "2409", "9999", "null"} {
			replies[fmt.Sprintf("HTTP %d code %s", status, code)] = reply{status, object(code)}
		}
	}
	c := &canary{t: t}
	observe := func(op, outcome string, _ time.Duration) { c.look("observation", op, outcome) }
	for name, r := range replies {
		b := setup(t, func(o *Options) { o.Observe = observe })
		answer := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Echo", echo)
			w.WriteHeader(r.status)
			_, _ = io.WriteString(w, r.body)
		}
		b.handleOp(OpRedeem, answer)
		b.mux.HandleFunc("GET /aggregation/", answer)
		for _, again := range []Sending{First, Again} {
			_, err := b.client.RedeemFull(t.Context(), redeemAll(), again)
			c.look(name+", error", err)
			m := b.build(redeemAll())
			x := b.client.Post(t.Context(), m)
			c.look(name+", message", m, x, &x, readAsked(m))
			c.look(name+", verdict", Judge(m, x, again))
			c.look(name+", answer", NewProvider(b.client, ProviderOptions{}).Send(t.Context(), vend.Request{Op: string(m.Op), Ref: m.Reference, Body: m.Body}, vend.Past{Again: again == Again}))
		}
		_, err := b.client.Products(t.Context())
		c.look(name+", products", err)
	}

	// Hosts that do not speak HTTP, and a transport that quotes the request.
	base, _ := rawHost(t, func(_ int, conn net.Conn, _ *http.Request) {
		_, _ = io.WriteString(conn, echo+"\r\n\r\n")
		_ = conn.Close()
	})
	quoting := transportFunc(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			return http.DefaultTransport.RoundTrip(r)
		}
		body, _ := io.ReadAll(r.Body)
		return nil, fmt.Errorf("failed: %v %s", r.Header, body)
	})
	for name, change := range map[string]func(*Options){
		"raw host": func(*Options) {}, "quoting transport": func(o *Options) { o.Transport = quoting },
	} {
		b := setup(t, func(o *Options) { o.Observe = observe }, change)
		if name == "raw host" {
			b.client.base = base
		}
		_, err := b.client.RedeemFull(t.Context(), redeemAll(), First)
		c.look(name, err)
		_, err = b.client.Products(t.Context())
		c.look(name+", products", err)
	}

	// A token endpoint that repeats the key.
	for _, status := range []int{200, 302, 400, 401, 500} {
		b := setup(t, func(o *Options) { o.Observe, o.TokenURL = observe, o.BaseURL+"/mint" })
		b.mux.HandleFunc("POST /mint", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, echo)
		})
		c.look("not ready", b.client.Ready(t.Context()))
		_, err := b.client.RedeemFull(t.Context(), redeemAll(), First)
		c.look("no token", err)
	}

	// Requests that are not valid, and the things themselves.
	b := setup(t)
	_, err := b.client.Build(RedeemFull{Reference: testRef, PIN: secret.New(testPIN + "1")})
	c.look("invalid", err, b.client, redeemAll(), NewProvider(b.client, ProviderOptions{}), RedeemPart{Reference: testRef, PIN: secret.New(testPIN)}, b.client.options)
	if c.seen < 10_000 {
		t.Errorf("only %d bytes were looked at", c.seen)
	}
}

// TestNoOperationSaysASecret lets a host repeat, in all the words of its answer,
// what every operation sends and brings.
func TestNoOperationSaysASecret(t *testing.T) {
	words, _ := json.Marshal(strings.Join([]string{
		testPIN, inGroups(testPIN, "-"), changePIN, inGroups(changePIN, "-"), lightToken, inGroups(lightToken, " "), testToken, testKey,
	}, " and "))
	said := string(words)
	// What a careless caller may log is looked at in every form.
	c := &canary{t: t}
	observe := func(op, outcome string, _ time.Duration) { c.look("observation", op, outcome) }
	for _, s := range specimens() {
		talking := strings.NewReplacer(
			`"responseMessage":"Success"`, `"path":`+said+`,"responseMessage":`+said, `"transactionId":257901`, `"transactionId":`+said,
			`"transactionDate":"2025-05-01 10:00:00"`, `"transactionDate":`+said,
			`"redemptionInstructions":"Enter the PIN"`, `"redemptionInstructions":`+said,
		).Replace(s.good)
		// A result has the host's own plain fields as they came; the verdict beside
		// it has none of them.
		const helpLine = "help line"
		bodies := map[string]string{
			helpLine: regexp.MustCompile(`"callCentre":"[0-9 ]*"`).ReplaceAllLiteralString(talking, `"callCentre":`+said),
			"good":   s.good, "talking": talking, "words": said, "broken": talking[:len(talking)-1],
			"without goods": strings.NewReplacer(`"pin":`, `"pan":`, `"token":`, `"taken":`).Replace(talking),
			"another's":     strings.Replace(talking, `"reference":"`+testRef+`"`, `"reference":`+said, 1),
			"odd amount":    strings.NewReplacer(`"amount":2000`, `"amount":`+said, `"amount":1000`, `"amount":`+said).Replace(talking),
			"no message":    `{"responseCode":0,"reference":"` + testRef + `"}`,
		}
		for _, code := range []string{"2402", "2401", "2003", "2001", "2201", "2409", "2273", "3704", "9999", said, "null"} {
			bodies["code "+code] = strings.Replace(talking, `"responseCode":0`, `"responseCode":`+code, 1)
		}
		for name, body := range bodies {
			for _, status := range []int{200, 400, 500} {
				h := transportFunc(func(r *http.Request) (*http.Response, error) {
					answer, code := body, status
					if strings.HasSuffix(r.URL.Path, "/token") {
						answer, code = `{"access_token":"`+testToken+`","expires_in":3600}`, 200
					}
					return &http.Response{StatusCode: code, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(answer)), Request: r}, nil
				})
				client, err := New(Options{
					BaseURL: "https://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", Transport: h, Observe: observe,
				})
				if err != nil {
					t.Fatal(err)
				}
				where := fmt.Sprintf("%v, HTTP %d, %s", s, status, name)
				m := s.message()
				x := client.Post(t.Context(), m)
				v := Judge(m, x, Again)
				alone := v
				alone.Result = nil
				c.look(where+", verdict", m, x, &x, alone)
				result, err := s.call(client, t.Context(), First)
				c.look(where+", call", s.request, err)
				if name != helpLine {
					c.look(where+", result", v, v.Result, result)
				}
				if e := new(Error); errors.As(err, &e) {
					c.look(where+", error", *e)
				}
			}
		}
	}
	if c.seen < 1_000_000 {
		t.Errorf("only %d bytes were looked at", c.seen)
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{`{"responseCode":0}`, `{"responseCode":"x","reference":{}}`, `{"responseMessage":"5000500000000001"}`, ``, `{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var e envelope
		if decodeObject(body, &e) != nil {
			return
		}
		if n, ok := e.ResponseCode.get(); ok && n < 0 {
			t.Fatalf("code %d", n)
		}
		if words := hostcall.Scrub(string(e.ResponseMessage), []secret.Text{secret.New(testKey)}); longDigits.MatchString(words) || strings.Contains(words, testKey) {
			t.Fatalf("scrubbed words %q", words)
		}
	})
}
