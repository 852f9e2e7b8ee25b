package test

import (
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"spaza/test/chatfake"
)

// TestStrangersAtEveryDoor sends one process everything that it should not take.
// Its parts run one after the other: what is counted is counted over all of it.
func TestStrangersAtEveryDoor(t *testing.T) {
	t.Parallel()
	f := startFort(t, map[string]string{"SPAZA_LIMIT_TURNS": "0"})
	turns, letters := f.asked(t)
	t.Run("without its secret", f.withoutSecret)
	t.Run("poison", f.poison)
	t.Run("large bodies at once", f.crowd)
	t.Run("requests that can be read in two ways", f.twoWays)
	t.Run("wrong methods and unknown paths", f.elsewhere)
	t.Run("the admin listener", f.adminListener)
	if after, kept := f.asked(t); after != turns || kept != letters {
		t.Errorf("the engine was asked %v times, and %v letters were counted", after-turns, kept-letters)
	}
	if n, m, k := len(f.sms.All()), len(f.wa.All()), len(f.tg.Calls("")); n+m+k > 0 {
		t.Errorf("somebody was written to: %d SMS, %d on WhatsApp, %d calls of Telegram", n, m, k)
	}
	if cents, sales := f.sandbox.books().sold(""); sales != 0 {
		t.Errorf("the provider sold %d cents", cents)
	}
	t.Run("two thousand mutations of each", f.mutations)
	if after, _ := f.asked(t); after < turns+1000 {
		t.Errorf("only %v of the mutations were worth a question: they are too wild", after-turns)
	}
	t.Run("and it sells", func(t *testing.T) {
		u := f.tg.Text(77, 77, "/start") // behind all that came in before it
		if status, _, err := f.tg.Post(t.Context(), f.url+"/telegram/webhook", fortTGSecret, u); err != nil || status != http.StatusOK {
			t.Fatalf("update: HTTP status %d, %v", status, err)
		}
		eventually(t, patient, "an answer on Telegram", func() bool { return strings.Contains(f.tg.Last(77).Text, "share your own cell number") })
		p := f.phone(t)
		p.topUp(50)
		p.toPay("R20")
		p.choose("Pay R20")
		p.sees("END Done: R20", "R30 left")
	})
	f.unharmed(t)
}

func (f *fort) withoutSecret(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	fixed := map[string]string{}
	for _, c := range fortCalls(f, r) {
		a := ask(t, f.request(t, c, "", true))
		if a.status != http.StatusUnauthorized || !c.screen.MatchString(a.body) {
			t.Errorf("%s, without anything: HTTP status %d, %q", c.door, a.status, a.body)
		}
		fixed[c.door] = a.body
	}
	others := append(f.secrets(), "", " ", "guess", fortOld)
	for _, c := range fortCalls(f, r) {
		refused := func(how string, req *http.Request) {
			t.Helper()
			if a := ask(t, req); a.status != http.StatusUnauthorized || a.body != fixed[c.door] {
				t.Errorf("%s, with %s: HTTP status %d, %q", c.door, how, a.status, a.body)
			}
		}
		for i, s := range others {
			if s != c.secret {
				refused("secret "+strconv.Itoa(i)+" of another", f.request(t, c, s, false))
			}
		}
		for how, s := range map[string]string{
			"capitals": strings.ToUpper(c.secret), "its beginning": c.secret[:len(c.secret)-1], "its end": c.secret[1:],
			"more behind it": c.secret + "0", "it twice in one": c.secret + c.secret, "a byte of nothing behind it": c.secret + "\x00",
			"a pattern": "*", "its own name": "SPAZA_USSD_KEY", "a long guess": strings.Repeat("x", 4<<10),
		} {
			if strings.ContainsRune(s, 0) && c.proof != "key" {
				continue // no client sends it in a header, and a signature is the same
			}
			refused(how, f.request(t, c, s, false))
		}
		// In the places of the other proofs.
		everywhere := f.request(t, c, "", true)
		everywhere.Header.Set("Authorization", "Bearer "+c.secret)
		everywhere.Header.Set("X-Api-Key", c.secret)
		everywhere.Header.Set("Cookie", "key="+c.secret)
		refused("it in other places", everywhere)
		switch c.proof {
		case "key":
			f.withoutKey(t, c, refused)
		case "token":
			two := f.request(t, c, "guess", false)
			two.Header.Add("X-Telegram-Bot-Api-Secret-Token", c.secret)
			refused("a wrong one before it", two)
		case "signature":
			f.withoutSignature(t, c, refused)
		case "handshake":
			two := f.request(t, c, c.secret, false)
			two.URL.RawQuery += "&hub.verify_token=" + c.secret
			refused("it twice", two)
		}
	}
}

func (f *fort) withoutKey(t *testing.T, c call, refused func(string, *http.Request)) {
	t.Helper()
	for how, query := range map[string]string{
		"the key twice": "&key=" + c.secret + "&key=" + c.secret, "a wrong key and the key": "&key=guess&key=" + c.secret,
		"the key in capitals": "&KEY=" + c.secret, "the key in a list": "&key[]=" + c.secret, "the key behind a semicolon": "&a=1;key=" + c.secret,
	} {
		req := f.request(t, c, "", true)
		req.URL.RawQuery = strings.TrimPrefix(req.URL.RawQuery+query, "&")
		refused(how, req)
	}
	for how, basic := range map[string]string{
		"the key as a name": c.secret + ":", "a wrong password": "gateway:guess", "the key and a line": "gateway:" + c.secret + "\n", "no colon": c.secret,
	} {
		req := f.request(t, c, "", true)
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(basic)))
		refused(how, req)
	}
	for how, header := range map[string][2]string{
		"a page of somebody else": {"Origin", "https://evil.example"}, "a browser that was sent": {"Sec-Fetch-Site", "cross-site"},
	} {
		req := f.request(t, c, c.secret, false)
		req.Header.Set(header[0], header[1])
		refused(how, req)
	}
}

func (f *fort) withoutSignature(t *testing.T, c call, refused func(string, *http.Request)) {
	t.Helper()
	good := signedBy(c.secret, c.body)
	for how, signature := range map[string]string{
		"the signature of other bytes": signedBy(c.secret, append([]byte(" "), c.body...)), "of nothing": signedBy(c.secret, nil),
		"with an old secret": signedBy(fortOld, c.body), "with an empty one": signedBy("", c.body), "with the token": signedBy(f.wa.Token, c.body),
		"in capitals": strings.ToUpper(good), "truncated": good[:len(good)-2], "empty": "", "of another scheme": strings.Replace(good, "sha256", "sha1", 1),
		"without a scheme": strings.TrimPrefix(good, "sha256="), "with more behind it": good + "00", "no digits": "sha256=" + strings.Repeat("z", 64),
	} {
		req := f.request(t, c, "", true)
		req.Header.Set("X-Hub-Signature-256", signature)
		refused(how, req)
	}
	two := f.request(t, c, "guess", false)
	two.Header.Add("X-Hub-Signature-256", good)
	refused("a wrong signature before it", two)
	old := f.request(t, c, "", true)
	old.Header.Set("X-Hub-Signature", good)
	refused("the signature under the old name", old)
}

func (f *fort) elsewhere(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 8))
	calls := fortCalls(f, r)
	opens := map[string]bool{}
	for _, c := range calls {
		opens[c.method+" "+c.path] = true
	}
	for _, c := range calls {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "SPAZA", "get"} {
			if opens[method+" "+c.path] {
				continue
			}
			req := f.request(t, c, c.secret, false)
			req.Method = method
			if a := ask(t, req); a.status < 400 || a.status >= 500 || strings.Contains(a.body, marker) {
				t.Errorf("%s %s: HTTP status %d, %q", method, c.path, a.status, a.body)
			}
		}
	}
	c := calls[0]
	for _, path := range []string{
		"/metrics", "/debug/pprof/", "/admin", "/.env", "/ussd", "/ussd/", "/ussd/africastalking/", "/USSD/africastalking", "/ussd/AfricasTalking",
		"//ussd/africastalking", "/ussd//africastalking", "/ussd/./africastalking", "/ussd/../metrics", "/ussd/africastalking%2f", "/ussd%2fafricastalking",
		"/ussd/africastalking%00", "/ussd/africastalking/events/", "/ussd/..%2f..%2fetc/passwd", "/telegram/webhook/", "/whatsapp", "/sms/reports",
		"/" + strings.Repeat("a/", 2000), "/" + marker,
	} {
		for _, method := range []string{"GET", "POST"} {
			c.path, c.method = path, method
			req := f.request(t, c, c.secret, false)
			req.URL.Opaque = path // as it is written
			a := ask(t, req)
			if a.status < 400 || a.status >= 500 || strings.Contains(a.body, "CON ") || strings.Contains(a.body, marker) {
				t.Errorf("%s %.80s: HTTP status %d, %q", method, path, a.status, a.body)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
			c.path, c.method = path, method
			if a := ask(t, f.request(t, c, c.secret, false)); a.status < 400 || a.status >= 500 {
				t.Errorf("%s %s: HTTP status %d", method, path, a.status)
			}
		}
		c.path, c.method, c.body = path, "GET", nil
		if a := ask(t, f.request(t, c, "guess", false)); a.status != http.StatusOK || strings.Contains(a.body, "/") {
			t.Errorf("GET %s: HTTP status %d, %q", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/", "/handset/inbox?after=0&msisdn=27821234567"} { // in production there are none
		c := call{method: "GET", path: path}
		if a := ask(t, f.request(t, c, "guess", true)); a.status != http.StatusUnauthorized {
			t.Errorf("GET %s: HTTP status %d", path, a.status)
		}
	}
	hand := call{method: "GET", path: "/whatsapp/webhook", proof: "handshake", secret: f.wa.VerifyToken}
	for _, query := range []string{
		"hub.mode=unsubscribe&hub.challenge=1", "hub.challenge=1", "hub.mode=subscribe", "hub.mode=subscribe&hub.challenge=", "hub.mode=subscribe&hub.challenge=1&hub.challenge=2",
		"hub.mode=subscribe&hub.challenge=%3Cscript%3Ealert(1)%3C/script%3E", "hub.mode=subscribe&hub.challenge=" + strings.Repeat("1", 257), "hub.mode=subscribe&hub.challenge=a%0d%0aSet-Cookie:a=b",
	} {
		hand.query = query
		if a := ask(t, f.request(t, hand, hand.secret, false)); a.status != http.StatusForbidden || a.body != "refused" {
			t.Errorf("handshake %.60s: HTTP status %d, %q", query, a.status, a.body)
		}
	}
	if err := f.wa.Handshake(t.Context(), f.url+hand.path); err != nil {
		t.Errorf("and one of Meta's: %v", err)
	}
}

func (f *fort) adminListener(t *testing.T) {
	base := "http://" + f.env["SPAZA_ADMIN_LISTEN"]
	get := func(method, path string, body string, header ...string) answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		return ask(t, req)
	}
	for _, path := range []string{"/", "/metrics", "/readyz", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/ussd/africastalking", "/" + marker} {
		for _, token := range append(f.secrets(), "", "guess", fortAdmin[:len(fortAdmin)-1], strings.ToUpper(fortAdmin)) {
			if token == fortAdmin {
				continue
			}
			for _, authorization := range []string{"Bearer " + token, "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:"+token)), token} {
				if a := get("GET", path, "", "Authorization", authorization); a.status != http.StatusUnauthorized || a.body != "unauthorized\n" {
					t.Fatalf("%s by a stranger: HTTP status %d, %.100q", path, a.status, a.body)
				}
			}
		}
		if a := get("GET", path+"?token="+fortAdmin, "", "X-Forwarded-For", "127.0.0.1"); a.status != http.StatusUnauthorized {
			t.Errorf("%s with the token in the address: HTTP status %d", path, a.status)
		}
		if a := get("DELETE", path, marker, "Authorization", "Bearer "+fortAdmin); a.status < 400 || a.status >= 500 {
			t.Errorf("DELETE %s by the operator: HTTP status %d", path, a.status)
		}
	}
	if a := get("POST", "/metrics", strings.Repeat(marker, 10<<20/len(marker))); a.status != 0 && a.status != http.StatusUnauthorized {
		t.Errorf("ten megabytes: HTTP status %d", a.status)
	}
}

// TestAForgedAddressOpensNothing has who comes from elsewhere say that they do not,
// with and without a proxy that is believed.
func TestAForgedAddressOpensNothing(t *testing.T) {
	t.Parallel()
	const listed, not = "196.1.2.7", "41.0.0.1"
	type try struct {
		forwarded []string // X-Forwarded-For, line by line
		other     string   // another header that some believe
		in        bool
	}
	for name, c := range map[string]struct {
		env   map[string]string
		tries []try
	}{
		"no proxy is believed": {
			map[string]string{"SPAZA_USSD_ALLOW": "africastalking=196.1.2.0/24"},
			[]try{{}, {forwarded: []string{listed}}, {forwarded: []string{listed, listed}}, {other: "X-Real-Ip"}, {other: "Forwarded"}, {other: "True-Client-Ip"}},
		},
		"a proxy is believed": {
			map[string]string{"SPAZA_USSD_ALLOW": "africastalking=196.1.2.0/24", "SPAZA_TRUSTED_PROXIES": "127.0.0.1 10.0.0.0/8"},
			[]try{
				{forwarded: []string{listed}, in: true},
				{forwarded: []string{not + ", " + listed + ", 10.0.0.9"}, in: true}, // another proxy of ours behind it
				{forwarded: []string{listed + ":4711"}, in: true},
				{}, {forwarded: []string{""}}, {forwarded: []string{not}},
				{forwarded: []string{listed + ", " + not}}, {forwarded: []string{listed, not}},
				{forwarded: []string{listed + ", unknown"}}, {forwarded: []string{listed + ","}}, {forwarded: []string{listed + "/24"}},
				{forwarded: []string{"::ffff:" + not}}, {forwarded: []string{"0196.1.2.7"}}, {forwarded: []string{strings.Repeat(listed+",", 200) + not}},
				{forwarded: []string{not}, other: "X-Real-Ip"}, {other: "Forwarded"},
			},
		},
		"no key is asked for, of this machine only": {
			map[string]string{"SPAZA_USSD_KEY": "", "SPAZA_USSD_KEYS": ""},
			[]try{{in: true}, {forwarded: []string{"127.0.0.1"}}, {forwarded: []string{""}}, {other: "X-Real-Ip"}, {other: "Forwarded"}, {other: "Via"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"SPAZA_USSD_KEY": fortShared}
			for k, v := range c.env {
				env[k] = v
			}
			f := &fort{process: startService(t, nil, env), wa: &chatfake.WhatsApp{Now: time.Now}}
			for i, try := range c.tries {
				at := fortCalls(f, rand.New(rand.NewPCG(6, uint64(i))))[0]
				at.secret = fortShared
				req := f.request(t, at, at.secret, env["SPAZA_USSD_KEY"] == "")
				for _, line := range try.forwarded {
					req.Header.Add("X-Forwarded-For", line)
				}
				if try.other != "" {
					req.Header.Set(try.other, "for="+listed)
				}
				a := ask(t, req)
				if in := a.status == http.StatusOK && strings.HasPrefix(a.body, "CON "); in != try.in || !in && (a.status != http.StatusUnauthorized || !at.screen.MatchString(a.body)) {
					t.Errorf("%+v: HTTP status %d, %q", try, a.status, a.body)
				}
			}
		})
	}
}
