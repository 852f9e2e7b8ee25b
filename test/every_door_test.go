package test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spaza/test/chatfake"
	"spaza/test/whole"
)

// The same purchase through every door of the built binary, each spoken to as its
// gateway or chat does, and every message delivered twice where that can be told.

// hand is a customer at one door.
type hand interface {
	// opens begins a conversation; the menu is on the screen then.
	opens()
	// says types something.
	says(text string)
	// picks chooses by label, as that door lets one.
	picks(label string)
	// shown is what can be read now, all of it.
	shown() string
	// number is the customer's, 11 digits.
	number() string
}

// doors are all of them, by name: what is configured for each, and whoever stands
// there.
func doors() map[string]func(t *testing.T, start func(map[string]string) *process) hand {
	gateway := func(send func(g *gatewayHand, first bool, input string) (screen string, end bool)) func(*testing.T, func(map[string]string) *process) hand {
		return func(t *testing.T, start func(map[string]string) *process) hand {
			return &gatewayHand{t: t, at: start(nil), msisdn: freshNumber(), send: send}
		}
	}
	return map[string]func(*testing.T, func(map[string]string) *process) hand{
		"africastalking": gateway((*gatewayHand).africasTalking),
		"aat":            gateway((*gatewayHand).aat),
		"truroute":       gateway((*gatewayHand).truRoute),
		"cweetagram":     gateway((*gatewayHand).cweetagram),
		"panacea":        gateway((*gatewayHand).panacea),
		"telegram":       newTelegramHand,
		"whatsapp":       newWhatsAppHand,
	}
}

func freshNumber() string { return fmt.Sprintf("2782%07d", rand.IntN(10_000_000)) }

func TestTheSamePurchaseThroughEveryDoor(t *testing.T) {
	t.Parallel()
	for where, env := range stores(t) {
		for name, open := range doors() {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				sandbox := startSandbox(t)
				h := open(t, func(more map[string]string) *process {
					all := map[string]string{}
					maps.Copy(all, env(t))
					maps.Copy(all, more)
					return startService(t, sandbox, all)
				})
				h.opens()
				reads(h, soon, "What do you need?")
				h.picks("Use a 1Voucher")
				h.says(voucher(50))
				reads(h, soon, "R50 added")
				h.opens()
				h.picks("Airtime")
				h.picks("My number")
				if strings.Contains(h.shown(), "Which network") || !strings.Contains(h.shown(), "R20") {
					h.picks("Vodacom")
				}
				h.picks("R20")
				reads(h, soon, "R20 Vodacom airtime for 0"+h.number()[2:], "You have R50")
				h.picks("Pay R20")
				reads(h, soon, "Done: R20 Vodacom airtime for 0"+h.number()[2:], "R30 left")
				if cents, sales := sandbox.books().sold(h.number()); cents != 2000 || sales != 1 {
					t.Errorf("the provider sold %d cents in %d sales", cents, sales)
				}
				h.opens()
				h.picks("My money")
				reads(h, soon, "You have R30.")
			})
		}
	}
}

// gatewayHand is a phone behind one gateway.
type gatewayHand struct {
	t       *testing.T
	at      *process
	msisdn  string
	session string
	typed   string // all of it, joined by *
	screen  string
	back    string // where AAT was told to call back
	send    func(g *gatewayHand, first bool, input string) (screen string, end bool)
}

func (g *gatewayHand) number() string { return g.msisdn }
func (g *gatewayHand) shown() string  { return g.screen }

func (g *gatewayHand) opens() {
	g.t.Helper()
	g.session, g.typed, g.back = fmt.Sprintf("S%x", rand.Uint64()), "", ""
	g.call(true, "*120*384#")
}

func (g *gatewayHand) says(text string) {
	g.t.Helper()
	if g.typed != "" {
		g.typed += "*"
	}
	g.typed += text
	g.call(false, text)
}

func (g *gatewayHand) call(first bool, input string) {
	g.t.Helper()
	back := g.back
	screen, _ := g.send(g, first, input)
	if g.repeats(first) { // a gateway that did not hear the answer
		after := g.back
		g.back = back
		again, _ := g.send(g, first, input)
		if g.back = after; again != screen {
			g.t.Errorf("%q, delivered again, is answered\n%s\nand was\n%s", input, again, screen)
		}
	}
	g.screen = screen
}

// repeats says whether a repetition can be told from what is typed next: where it
// can not, it is not one.
func (g *gatewayHand) repeats(first bool) bool {
	return first || g.back != "" || strings.HasPrefix(g.session, "AT")
}

func (g *gatewayHand) picks(label string) {
	g.t.Helper()
	for range 5 {
		if n := whole.Screen("CON " + g.screen).Find(label); n != "" {
			g.says(n)
			return
		}
		more := whole.Screen("CON " + g.screen).Find("More")
		if more == "" {
			break
		}
		g.says(more)
	}
	g.t.Fatalf("there is no %q on the screen:\n%s", label, g.screen)
}

func (g *gatewayHand) get(path string, q url.Values) (body string, header http.Header) {
	g.t.Helper()
	return g.do("GET", g.at.url+path+"?"+q.Encode(), "", nil)
}

func (g *gatewayHand) do(method, address, kind string, body []byte) (string, http.Header) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: HTTP status %d, %v\n%s", address, resp.StatusCode, err, b)
	}
	return string(b), resp.Header
}

func (g *gatewayHand) africasTalking(_ bool, _ string) (string, bool) {
	g.session = "AT" + strings.TrimPrefix(g.session, "AT")
	form := url.Values{
		"sessionId": {g.session}, "phoneNumber": {"+" + g.msisdn}, "networkCode": {"65501"}, "serviceCode": {"*120*384#"}, "text": {g.typed},
	}
	body, _ := g.do("POST", g.at.url+"/ussd/africastalking", "application/x-www-form-urlencoded", []byte(form.Encode()))
	return body[4:], strings.HasPrefix(body, "END ")
}

func (g *gatewayHand) aat(first bool, input string) (string, bool) {
	address := g.at.url + "/ussd/aat"
	if !first {
		address = g.back
	}
	u, err := url.Parse(address)
	if err != nil {
		g.t.Fatal(err)
	}
	q := u.Query()
	q.Set("msisdn", "+"+g.msisdn)
	q.Set("provider", "Vodacom")
	q.Set("request", input)
	q.Set("ussdSessionId", g.session)
	u.RawQuery = q.Encode()
	body, _ := g.do("GET", u.String(), "", nil)
	var answer struct {
		Text    string `xml:"headertext"`
		Options []struct {
			Callback string `xml:"callback,attr"`
		} `xml:"options>option"`
	}
	if err := xml.Unmarshal([]byte(body), &answer); err != nil {
		g.t.Fatalf("%v: %s", err, body)
	}
	if len(answer.Options) == 1 {
		g.back = answer.Options[0].Callback
	}
	return answer.Text, len(answer.Options) == 0
}

func (g *gatewayHand) truRoute(first bool, input string) (string, bool) {
	kind := "2"
	if first {
		kind = "1"
	}
	body, _ := g.do("POST", g.at.url+"/ussd/truroute", "text/xml",
		[]byte("<ussd><msisdn>"+g.msisdn+"</msisdn><sessionid>"+g.session+"</sessionid><type>"+kind+"</type><msg>"+input+"</msg></ussd>"))
	var answer struct {
		Type string `xml:"type"`
		Msg  string `xml:"msg"`
	}
	if err := xml.Unmarshal([]byte(body), &answer); err != nil {
		g.t.Fatalf("%v: %s", err, body)
	}
	return answer.Msg, answer.Type == "3"
}

func (g *gatewayHand) cweetagram(_ bool, input string) (string, bool) {
	b, err := json.Marshal(map[string]string{
		"sessionid": g.session, "shortcode": "*120*384#", "messageString": input, "mobileNetwork": "Vodacom", "msisdn": g.msisdn,
	})
	if err != nil {
		g.t.Fatal(err)
	}
	body, _ := g.do("POST", g.at.url+"/ussd/cweetagram", "application/json", b)
	var answer struct{ GetInput, MenuText string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		g.t.Fatalf("%v: %s", err, body)
	}
	return answer.MenuText, answer.GetInput == "false"
}

func (g *gatewayHand) panacea(first bool, input string) (string, bool) {
	kind := "2"
	if first {
		kind = "1"
	}
	body, header := g.get("/ussd/panacea", url.Values{
		"ussd_msisdn": {g.msisdn}, "ussd_session_id": {g.session}, "ussd_type": {kind}, "ussd_request": {input}, "ussd_network_name": {"Vodacom"},
	})
	return body, header.Get("X-ussd-close") == "1"
}

// secretForChats is long enough for production.
const secretForChats = "0123456789abcdef-Secret"

// telegramHand is a person on Telegram who is known by the time they open.
type telegramHand struct {
	t      *testing.T
	at     *process
	fake   *chatfake.Telegram
	sms    *chatfake.SMS
	chat   int64
	msisdn string
}

func newTelegramHand(t *testing.T, start func(map[string]string) *process) hand {
	t.Helper()
	h := &telegramHand{t: t, fake: chatfake.StartTelegram("123456:AA-bot-token"), sms: chatfake.NewSMS(nil), chat: 1 + rand.Int64N(1<<50), msisdn: freshNumber()}
	t.Cleanup(h.fake.Close)
	t.Cleanup(h.sms.Close)
	h.at = start(map[string]string{
		"SPAZA_TELEGRAM_TOKEN": h.fake.Token, "SPAZA_TELEGRAM_SECRET": secretForChats, "SPAZA_TELEGRAM_API_URL": h.fake.URL,
		"SPAZA_SMS_API_URL": h.sms.URL(), "SPAZA_SMS_USERNAME": "shop", "SPAZA_SMS_API_KEY": "key",
	})
	return h
}

func (h *telegramHand) number() string { return h.msisdn }

// screens is how many times the bot has put a screen up in this chat, or could not;
// the same API serves others beside it.
func (h *telegramHand) screens() (n int) {
	for _, method := range []string{"sendMessage", "editMessageText"} {
		for _, c := range h.fake.Calls(method) {
			// The screen that was to stand in the place of another comes as one more.
			instead := strings.Contains(c.Refused, "message can't be edited") || strings.Contains(c.Refused, "message to edit not found")
			if c.Params.Get("chat_id") == strconv.FormatInt(h.chat, 10) && !instead {
				n++
			}
		}
	}
	return n
}

// deliver brings an update twice, and waits for what it is answered with.
func (h *telegramHand) deliver(u chatfake.TelegramUpdate) {
	h.t.Helper()
	before := h.screens()
	for range 2 {
		if status, _, err := h.fake.Post(h.t.Context(), h.at.url+"/telegram/webhook", secretForChats, u); err != nil || status != http.StatusOK {
			h.t.Fatalf("update: HTTP status %d, %v", status, err)
		}
	}
	eventually(h.t, 30*time.Second, "an answer on Telegram\n"+h.at.logged(), func() bool { return h.screens() > before })
}

func (h *telegramHand) opens() {
	h.t.Helper()
	h.deliver(h.fake.Text(h.chat, h.chat, "/start"))
	if !strings.Contains(h.shown(), "share your own cell number") {
		return
	}
	h.picks("Share my number")
	if !strings.Contains(h.shown(), "by SMS to 0"+h.msisdn[2:]) {
		h.t.Fatalf("after the number was shared:\n%s", h.shown())
	}
	h.says(oneTimeCode(h.t, h.sms, h.msisdn))
	if !strings.Contains(h.shown(), "belongs to 0"+h.msisdn[2:]) {
		h.t.Fatalf("after the code:\n%s", h.shown())
	}
}

// oneTimeCode is the code in an SMS to a number, once there is one that is not
// among those used before: the screen that tells of an SMS may come first.
func oneTimeCode(t *testing.T, sms *chatfake.SMS, number string, before ...string) (code string) {
	t.Helper()
	eventually(t, 30*time.Second, "an SMS with a code", func() bool {
		for _, m := range sms.To(number) {
			found := regexp.MustCompile(`\b\d{6}\b`).FindString(m.Text)
			if found != "" && strings.Contains(m.Text, "is your code") && !slices.Contains(before, found) {
				code = found
			}
		}
		return code != ""
	})
	return code
}

func (h *telegramHand) says(text string) {
	h.t.Helper()
	h.deliver(h.fake.Text(h.chat, h.chat, text))
}

func (h *telegramHand) picks(label string) {
	h.t.Helper()
	u, ok := h.fake.Press(h.chat, label, h.msisdn)
	if !ok {
		h.t.Fatalf("there is no button %q: %v\n%s", label, h.fake.Last(h.chat).Labels(), h.shown())
	}
	h.deliver(u)
}

// shown is the bot's newest message.
func (h *telegramHand) shown() string {
	all := h.fake.Shown(h.chat)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Bot {
			return all[i].Text
		}
	}
	return ""
}

// whatsAppHand is a person on WhatsApp, whose number everybody sees.
type whatsAppHand struct {
	t    *testing.T
	at   *process
	fake *chatfake.WhatsApp
	user chatfake.WhatsAppUser
}

func newWhatsAppHand(t *testing.T, start func(map[string]string) *process) hand {
	t.Helper()
	h := &whatsAppHand{t: t, fake: chatfake.NewWhatsApp(), user: chatfake.WhatsAppUser{Number: freshNumber(), ID: fmt.Sprint("ZA.", rand.Int64())}}
	t.Cleanup(h.fake.Close)
	h.at = start(whatsAppEnv(h.fake))
	if err := h.fake.Handshake(t.Context(), h.at.url+"/whatsapp/webhook"); err != nil {
		t.Fatal(err)
	}
	return h
}

func whatsAppEnv(f *chatfake.WhatsApp) map[string]string {
	return map[string]string{
		"SPAZA_WHATSAPP_TOKEN": f.Token, "SPAZA_WHATSAPP_PHONE_NUMBER_ID": f.PhoneNumberID, "SPAZA_WHATSAPP_APP_SECRET": f.AppSecret,
		"SPAZA_WHATSAPP_VERIFY_TOKEN": f.VerifyToken, "SPAZA_WHATSAPP_API_URL": f.URL,
	}
}

func (h *whatsAppHand) number() string { return h.user.Number }

func (h *whatsAppHand) all() []chatfake.WhatsAppMessage {
	return append(h.fake.Messages(h.user.Number), h.fake.Messages(h.user.ID)...)
}

func (h *whatsAppHand) last() chatfake.WhatsAppMessage {
	if all := h.all(); len(all) > 0 {
		return all[len(all)-1]
	}
	return chatfake.WhatsAppMessage{}
}

func (h *whatsAppHand) deliver(e chatfake.WhatsAppEvent) {
	h.t.Helper()
	before := len(h.all())
	for range 2 {
		if status, err := h.fake.Post(h.t.Context(), h.at.url+"/whatsapp/webhook", e); err != nil || status != http.StatusOK {
			h.t.Fatalf("webhook: HTTP status %d, %v", status, err)
		}
	}
	eventually(h.t, 30*time.Second, "an answer on WhatsApp\n"+h.at.logged(), func() bool { return len(h.all()) > before })
	if c := h.fake.Complaints(); len(c) > 0 {
		h.t.Errorf("the API complains: %q", c)
	}
}

func (h *whatsAppHand) opens() {
	h.t.Helper()
	h.says("menu")
}

func (h *whatsAppHand) says(text string) {
	h.t.Helper()
	h.deliver(h.fake.Text(h.user, text))
}

// picks taps what has the label, or types its number where there is nothing to tap.
func (h *whatsAppHand) picks(label string) {
	h.t.Helper()
	m := h.last()
	for _, c := range m.Choices {
		if c.Title == label || c.Description == label {
			e, err := h.fake.TapOn(h.user, m, label)
			if err != nil {
				h.t.Fatal(err)
			}
			h.deliver(e)
			return
		}
	}
	n := whole.Screen("CON " + m.Body).Find(label)
	if n == "" {
		h.t.Fatalf("there is no %q: %+v", label, m)
	}
	h.says(n)
}

func (h *whatsAppHand) shown() string { return h.last().Body }
