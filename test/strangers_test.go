package test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"spaza/test/chatfake"
)

// Whoever stands before the doors of the built service and has no business there:
// nothing comes in, nothing is learned, and it costs next to nothing. The page
// docs/threats.md says which test shows what.

// fort is a service with every door configured, and all whom it calls.
type fort struct {
	*process
	sandbox *process
	tg      *chatfake.Telegram
	wa      *chatfake.WhatsApp
	sms     *chatfake.SMS
	data    string
}

// The secrets of a fort; each gateway has a key of its own besides, see fortKey.
const (
	fortShared   = "fort-shared-key-5b1f03"
	fortAdmin    = "fort-admin-token-9d27c1"
	fortTGSecret = secretForChats
	fortSMSKey   = "fort-sms-api-key-77e0"
	fortBulk     = "fort-bulk-secret-20cd"
	fortOld      = "fort-app-secret-of-last-year"
)

var fortGateways = []string{"africastalking", "aat", "truroute", "cweetagram", "panacea"}

func fortKey(gateway string) string { return "fort-key-of-" + gateway + "-8e3b" }

// marker stands in everything that strangers send, and numbers of theirs begin so.
const (
	marker       = "sTrAnGeR"
	markedNumber = "2782999"
)

func startFort(t *testing.T, env map[string]string) *fort {
	t.Helper()
	f := &fort{
		sandbox: startSandbox(t), tg: chatfake.StartTelegram("123456:AA-fort-bot-token"), wa: chatfake.NewWhatsApp(),
		sms: chatfake.NewSMS(nil), data: t.TempDir(),
	}
	f.wa.Token, f.wa.AppSecret, f.wa.VerifyToken = "EAAG-fort-token", "fort-app-secret-0c9d", "fort-verify-token-66"
	t.Cleanup(f.tg.Close)
	t.Cleanup(f.wa.Close)
	t.Cleanup(f.sms.Close)
	var keys []string
	for _, g := range fortGateways {
		keys = append(keys, g+"="+fortKey(g))
	}
	all := map[string]string{
		"SPAZA_USSD_KEY": fortShared, "SPAZA_USSD_KEYS": strings.Join(keys, ","),
		"SPAZA_ADMIN_LISTEN": freeAddr(t), "SPAZA_ADMIN_TOKEN": fortAdmin, "SPAZA_DATA_DIR": f.data, "SPAZA_LOG_LEVEL": "debug",
		"SPAZA_TELEGRAM_TOKEN": f.tg.Token, "SPAZA_TELEGRAM_SECRET": fortTGSecret, "SPAZA_TELEGRAM_API_URL": f.tg.URL,
		"SPAZA_SMS_API_URL": f.sms.URL(), "SPAZA_SMS_USERNAME": "shop", "SPAZA_SMS_API_KEY": fortSMSKey, "SPAZA_SMS_FIRST": "africastalking",
		"SPAZA_BULKSMS_API_URL": f.sms.URL(), "SPAZA_BULKSMS_TOKEN_ID": "bulk", "SPAZA_BULKSMS_TOKEN_SECRET": fortBulk,
	}
	maps.Copy(all, whatsAppEnv(f.wa))
	maps.Copy(all, env)
	f.process = startService(t, f.sandbox, all)
	return f
}

// phone is a handset behind Africa's Talking, which knows its key.
func (f *fort) phone(t *testing.T) *phone {
	t.Helper()
	behind := &process{t: t, url: strings.Replace(f.url, "http://", "http://gateway:"+fortKey("africastalking")+"@", 1), args: f.args}
	return newPhone(t, behind)
}

// call is a request to one door as whom it expects would make it.
type call struct {
	door   string
	method string
	path   string
	query  string // written as it is sent
	kind   string
	body   []byte
	proof  string // "key", "token", "signature" or "handshake"
	secret string // what proves it
	screen *regexp.Regexp
}

// fortCalls is one good call to every door, of people that draw from r.
func fortCalls(f *fort, r *rand.Rand) []call {
	number := func() string { return fmt.Sprintf("%s%04d", markedNumber, r.IntN(10_000)) }
	id := func() string { return fmt.Sprintf("%s%x", marker, r.Uint64()) }
	form := func(v url.Values) []byte { return []byte(v.Encode()) }
	const forms, xmls, jsons = "application/x-www-form-urlencoded", "text/xml", "application/json"
	user := chatfake.WhatsAppUser{Number: number(), ID: fmt.Sprintf("ZA.%d", r.Int64())}
	chat := 1 + r.Int64N(1<<50)
	end := regexp.MustCompile
	refused := end(`^refused$`)
	return []call{
		{
			door: "africastalking", method: "POST", path: "/ussd/africastalking", kind: forms, proof: "key", screen: end(`^END `), secret: fortKey("africastalking"),
			body: form(url.Values{"sessionId": {id()}, "phoneNumber": {"+" + number()}, "networkCode": {"65501"}, "serviceCode": {"*120*384#"}, "text": {""}}),
		},
		{
			door: "africastalking events", method: "POST", path: "/ussd/africastalking/events", kind: forms, proof: "key", screen: refused, secret: fortKey("africastalking"),
			body: form(url.Values{"sessionId": {id()}, "phoneNumber": {"+" + number()}, "status": {"Success"}}),
		},
		{
			door: "aat", method: "GET", path: "/ussd/aat", proof: "key", screen: end(`^<request><headertext>[^<]+</headertext></request>$`), secret: fortKey("aat"),
			query: url.Values{"msisdn": {"+" + number()}, "provider": {"Vodacom"}, "request": {"*120*384#"}, "ussdSessionId": {id()}}.Encode(),
		},
		{
			door: "truroute post", method: "POST", path: "/ussd/truroute", kind: xmls, proof: "key", screen: end(`^<ussd><type>3</type>`), secret: fortKey("truroute"),
			body: []byte("<ussd><msisdn>" + number() + "</msisdn><sessionid>" + id() + "</sessionid><type>1</type><msg>*120*384#</msg></ussd>"),
		},
		{
			door: "truroute get", method: "GET", path: "/ussd/truroute", proof: "key", screen: end(`^<ussd><type>3</type>`), secret: fortKey("truroute"),
			query: url.Values{"msisdn": {number()}, "sessionid": {id()}, "type": {"1"}, "msg": {"*120*384#"}}.Encode(),
		},
		{
			door: "cweetagram", method: "POST", path: "/ussd/cweetagram", kind: jsons, proof: "key", screen: end(`^{"getInput":"false"`), secret: fortKey("cweetagram"),
			body: fmt.Appendf(nil, `{"sessionid":%q,"msisdn":%q,"shortcode":"*120*384#","messageString":"*120*384#","mobileNetwork":"MTN"}`, id(), number()),
		},
		{
			door: "panacea", method: "GET", path: "/ussd/panacea", proof: "key", screen: end(`^[A-Z][^\n]+`), secret: fortKey("panacea"),
			query: url.Values{"ussd_msisdn": {number()}, "ussd_session_id": {id()}, "ussd_type": {"1"}, "ussd_request": {"*120*384#"}}.Encode(),
		},
		{
			door: "reports of africastalking", method: "POST", path: "/sms/africastalking/reports", kind: forms, proof: "key", screen: refused, secret: fortShared,
			body: form(url.Values{"id": {id()}, "status": {"Success"}, "phoneNumber": {"+" + number()}}),
		},
		{
			door: "reports of bulksms", method: "POST", path: "/sms/bulksms/reports", kind: jsons, proof: "key", screen: refused, secret: fortShared,
			body: fmt.Appendf(nil, `[{"id":"%d","to":%q,"body":%q,"status":{"type":"DELIVERED","subtype":null}}]`, 4_000_000_000+r.IntN(1000), number(), marker),
		},
		{
			door: "telegram", method: "POST", path: "/telegram/webhook", kind: jsons, proof: "token", screen: refused, secret: fortTGSecret,
			body: fmt.Appendf(nil, `{"update_id":%d,"message":{"message_id":7,"from":{"id":%d,"is_bot":false,"first_name":%q},"chat":{"id":%d,"type":"private"},"date":1763700000,"text":%q}}`,
				1+r.IntN(1<<40), chat, marker, chat, marker),
		},
		{
			door: "whatsapp", method: "POST", path: "/whatsapp/webhook", kind: jsons, proof: "signature", screen: refused, secret: f.wa.AppSecret,
			body: f.wa.Body(f.wa.Text(user, marker)),
		},
		{
			door: "whatsapp handshake", method: "GET", path: "/whatsapp/webhook", proof: "handshake", screen: refused, secret: f.wa.VerifyToken,
			query: "hub.mode=subscribe&hub.challenge=" + strconv.Itoa(r.IntN(1<<30)),
		},
	}
}

// gateway says whether a person waits for a screen at the door.
func (c *call) gateway() bool {
	return c.proof == "key" && !strings.HasPrefix(c.screen.String(), "^refused")
}

// request makes the call with the secret given for its own; it is not given at all
// where bare is set.
func (f *fort) request(t *testing.T, c call, secret string, bare bool) *http.Request {
	t.Helper()
	query := c.query
	if !bare && c.proof == "key" {
		query = strings.TrimPrefix(query+"&key="+url.QueryEscape(secret), "&")
	}
	if !bare && c.proof == "handshake" {
		query += "&hub.verify_token=" + url.QueryEscape(secret)
	}
	req, err := http.NewRequestWithContext(t.Context(), c.method, f.url+c.path, bytes.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.RawQuery = query
	if c.kind != "" {
		req.Header.Set("Content-Type", c.kind)
	}
	switch {
	case bare:
	case c.proof == "token":
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	case c.proof == "signature":
		req.Header.Set("X-Hub-Signature-256", signedBy(secret, c.body))
	}
	return req
}

func signedBy(secret string, body []byte) string {
	return (&chatfake.WhatsApp{AppSecret: secret}).Sign(body)
}

// answer is what came of a request; status is zero where the connection ended
// without an answer.
type answer struct {
	status int
	body   string
}

func ask(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if req.ContentLength > 1<<20 { // the server may hang up before it has read it all
			return answer{}
		}
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return answer{resp.StatusCode, string(b)}
}

// metrics reads the sums of the counters of a fort, by name without labels.
func (f *fort) metrics(t *testing.T) (sums map[string]float64, page string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+f.env["SPAZA_ADMIN_LISTEN"]+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+fortAdmin)
	a := ask(t, req)
	if a.status != http.StatusOK {
		t.Fatalf("metrics: HTTP status %d", a.status)
	}
	sums = map[string]float64{}
	for line := range strings.Lines(a.body) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if i := strings.IndexByte(name, '{'); i >= 0 {
			value = line[strings.LastIndexByte(line, ' ')+1:]
			name = name[:i]
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && !strings.HasPrefix(line, "#") {
			sums[name] += n
		}
	}
	return sums, a.body
}

// asked is how often the engine was asked, and how many letters were taken in.
func (f *fort) asked(t *testing.T) (turns, letters float64) {
	t.Helper()
	sums, _ := f.metrics(t)
	return sums["spaza_turns_total"] + sums["spaza_sessions_ended_total"], sums["spaza_letters_total"]
}

// secrets are all that a fort knows and must not tell.
func (f *fort) secrets() []string {
	all := []string{fortShared, fortAdmin, fortTGSecret, fortSMSKey, fortBulk, f.tg.Token, f.wa.Token, f.wa.AppSecret, f.wa.VerifyToken, "c2FuZGJveDpzYW5kYm94"}
	for _, g := range fortGateways {
		all = append(all, fortKey(g))
	}
	return all
}

// unharmed checks what must hold whatever was sent: no panic, nothing of it in the
// log, and a process that has not grown.
func (f *fort) unharmed(t *testing.T) {
	t.Helper()
	log := f.logged()
	for _, word := range append(f.secrets(), "panic", marker, strings.ToLower(marker), markedNumber, "0"+markedNumber[2:]) {
		if i := strings.Index(log, word); i >= 0 {
			line := log[strings.LastIndexByte(log[:i], '\n')+1:]
			t.Errorf("%q is in the log: %.400s", word, line)
		}
	}
	if mb := f.memory(t, "VmRSS"); mb >= 200 {
		t.Errorf("the process holds %d MB after it", mb)
	}
}

// memory is how many MB of memory the process holds (VmRSS), or held at its most
// (VmHWM); zero where this machine does not tell.
func (f *fort) memory(t *testing.T, what string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.cmd.Process.Pid))
	if err != nil {
		t.Logf("the memory of the process is not looked at: %v", err)
		return 0
	}
	found := regexp.MustCompile(what + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatal("the memory of the process is not in its status")
	}
	kb, _ := strconv.Atoi(string(found[1]))
	t.Logf("%s: %d MB", what, kb>>10)
	return kb >> 10
}

// wrong says what is wrong with an answer to what can not be used.
func (c *call) wrong(a answer) string {
	switch {
	case a.status == 0:
		return ""
	case a.status >= 500:
		return fmt.Sprintf("HTTP status %d", a.status)
	case strings.Contains(a.body, marker) || strings.Contains(a.body, markedNumber):
		return "the answer repeats what was sent"
	case a.status == http.StatusRequestHeaderFieldsTooLarge: // nobody knows for which door it was
		return ""
	case c.gateway() && !c.screen.MatchString(a.body):
		return fmt.Sprintf("HTTP status %d, and no last screen: %.200q", a.status, a.body)
	}
	return ""
}
