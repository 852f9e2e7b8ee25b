package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/test/chatfake"
)

// street is a service with both chats and a gateway for SMS, all of them fakes
// over real sockets, and the people around it.
type street struct {
	t        *testing.T
	env      map[string]string // of the service, but for where it listens
	sandbox  *process
	service  *process
	sms      *chatfake.SMS
	telegram *chatfake.Telegram
	whatsApp *chatfake.WhatsApp
}

// newStreet starts all of it. how treats SMS, as for chatfake.NewSMS.
func newStreet(t *testing.T, env map[string]string, how func(chatfake.SMSMessage) chatfake.SMSHow) *street {
	t.Helper()
	s := &street{
		t: t, sandbox: startSandbox(t), sms: chatfake.NewSMS(how),
		telegram: chatfake.StartTelegram("123456:AA-bot-token"), whatsApp: chatfake.NewWhatsApp(),
	}
	t.Cleanup(s.sms.Close)
	t.Cleanup(s.telegram.Close)
	t.Cleanup(s.whatsApp.Close)
	s.env = whatsAppEnv(s.whatsApp)
	maps.Copy(s.env, map[string]string{
		"SPAZA_TELEGRAM_TOKEN": s.telegram.Token, "SPAZA_TELEGRAM_SECRET": secretForChats, "SPAZA_TELEGRAM_API_URL": s.telegram.URL,
		"SPAZA_SMS_API_URL": s.sms.URL(), "SPAZA_SMS_USERNAME": "shop", "SPAZA_SMS_API_KEY": "key", "SPAZA_DATA_DIR": t.TempDir(),
	})
	maps.Copy(s.env, env)
	s.service = startService(t, s.sandbox, s.env)
	return s
}

func (s *street) onTelegram(number string) *telegramHand {
	return &telegramHand{t: s.t, at: s.service, fake: s.telegram, sms: s.sms, chat: 1 + rand.Int64N(1<<50), msisdn: number}
}

func (s *street) onWhatsApp(number string) *whatsAppHand {
	return &whatsAppHand{t: s.t, at: s.service, fake: s.whatsApp, user: chatfake.WhatsAppUser{Number: number, ID: fmt.Sprint("ZA.", rand.Int64())}}
}

func (s *street) onUSSD(number string) *phone {
	p := newPhone(s.t, s.service)
	p.number = number
	return p
}

// restart ends the service as an operator does, and starts it again.
func (s *street) restart() {
	s.t.Helper()
	if err := s.service.stop(); err != nil {
		s.t.Fatalf("stopped with %v\n%s", err, s.service.logged())
	}
	s.service.start("/readyz")
}

// store is the environment of a command that works on what the service keeps.
func (s *street) store() (env []string) {
	for _, name := range []string{"SPAZA_DATA_DIR", "SPAZA_DATABASE_URL", "SPAZA_REDIS_URL", "SPAZA_SECRET_KEY"} {
		if v := s.env[name]; v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// command runs such a command.
func (s *street) command(args ...string) string {
	s.t.Helper()
	out, err := spaza(s.t, s.store(), args...)
	if err != nil {
		s.t.Fatalf("spaza %q: %v\n%s", args, err, out)
	}
	return out
}

// supports is what support reads of an order.
type supports struct {
	State, Delivery, Channel string
	Trail                    []struct{ Cause, Note, Words string }
	Jobs                     []struct {
		Key, Note string
		Dead      bool
	}
}

func (s *street) order(ref string) (o supports) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.command("orders", "show", ref, "--json")), &o); err != nil {
		s.t.Fatal(err)
	}
	return o
}

// causes are those of an order's trail.
func (o supports) causes() (all []string) {
	for _, m := range o.Trail {
		all = append(all, m.Cause)
	}
	return all
}

// texts are the SMS to a number that have these words.
func (s *street) texts(number string, words ...string) (all []string) {
	for _, m := range s.sms.To(number) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Text, w) }) {
			all = append(all, m.Text)
		}
	}
	return all
}

// getsSMS waits for the SMS with these words, and returns it. There must be one.
func (s *street) getsSMS(number string, words ...string) string {
	s.t.Helper()
	eventually(s.t, 30*time.Second, fmt.Sprintf("an SMS with %q", words), func() bool { return len(s.texts(number, words...)) > 0 })
	all := s.texts(number, words...)
	if len(all) != 1 {
		s.t.Errorf("%d SMS with %q: %q", len(all), words, all)
	}
	return all[0]
}

// What the simulator calls its sales.
const (
	ofAirtime = "cellular/pinless/purchase"
	ofPower   = "prepaid-utilities/purchase"
)

// slow has the simulator make the next sale of electricity at once, and answer it
// only after a while.
func (s *street) slow(answer time.Duration) {
	s.t.Helper()
	s.sandbox.trouble(flashFaults, fmt.Sprintf(`{"op":%q,"delayMs":%d}`, ofPower, answer.Milliseconds()))
}

// sold is how many sales of one kind the simulator made.
func (s *street) sold(op string) (sales int) {
	s.t.Helper()
	for _, t := range s.sandbox.books().Transactions {
		if t.Op == op && t.Status == "success" {
			sales++
		}
	}
	return sales
}

// sells checks how many sales of one kind there were, and that the books agree.
func (s *street) sells(op string, sales int) {
	s.t.Helper()
	if n := s.sold(op); n != sales {
		s.t.Errorf("%s: the provider sold %d times and not %d", op, n, sales)
	}
	if out := s.command("ledger", "check"); !strings.Contains(out, "The books are sound") {
		s.t.Errorf("the books: %s", out)
	}
}

// ample is the longest that an answer may wait for the provider, for those who want
// the sale on the screen however slow the machine is.
const ample = "6s"

// briefly is an environment for those who want to be told later of a slow sale (see
// meterSlow).
func briefly(env map[string]string) map[string]string {
	all := map[string]string{"SPAZA_REPLY_BUDGET": "3s"}
	maps.Copy(all, env)
	return all
}

// reads waits until words stand on the newest screen.
func reads(h hand, within time.Duration, words ...string) {
	t := testOf(h)
	t.Helper()
	there := false
	defer func() {
		if !there {
			t.Logf("the newest screen:\n%s", h.shown())
		}
	}()
	eventually(t, within, fmt.Sprintf("%q on the screen", words), func() bool {
		shown := h.shown()
		there = holds(shown, words)
		return there
	})
}

// holds says whether a text has all words.
func holds(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// told waits until a message of a chat has the words, and returns its text. Others
// may have come after it: what is told outside the conversation comes at any time.
func told(h hand, within time.Duration, words ...string) (text string) {
	t := testOf(h)
	t.Helper()
	eventually(t, within, fmt.Sprintf("a message with %q", words), func() bool {
		for _, text = range messagesTo(h) {
			if holds(text, words) {
				return true
			}
		}
		return false
	})
	return text
}

// messagesTo are the texts that stand in a chat, oldest first.
func messagesTo(h hand) (all []string) {
	switch h := h.(type) {
	case *telegramHand:
		for _, m := range h.fake.Shown(h.chat) {
			all = append(all, m.Text)
		}
	case *whatsAppHand:
		for _, m := range h.all() {
			all = append(all, m.Body)
		}
	}
	return all
}

func testOf(h hand) *testing.T {
	switch h := h.(type) {
	case *telegramHand:
		return h.t
	case *whatsAppHand:
		return h.t
	case *gatewayHand:
		return h.t
	}
	panic("a hand of another kind")
}

// soon is patience for what only has to be done by processes that run.
const soon = 30 * time.Second

// topsUp hands a voucher in.
func topsUp(h hand, rand int) {
	t := testOf(h)
	t.Helper()
	h.says("voucher")
	reads(h, soon, "16 digits")
	h.says(voucher(rand))
	reads(h, soon, fmt.Sprintf("R%d added", rand))
}

// toYes goes to the yes for R50 of electricity for a meter not bought for before.
func toYes(h hand, meter string) {
	t := testOf(h)
	t.Helper()
	h.says("buy electricity")
	reads(h, soon, "meter")
	if strings.Contains(h.shown(), "for which meter") {
		h.picks("Other meter")
		reads(h, soon, "Type the number of the meter")
	}
	h.says(meter)
	reads(h, soon, "How much?")
	h.picks("R50")
	reads(h, soon, "R50 electricity, meter "+meter+"?")
}

var refOnScreen = regexp.MustCompile(`Ref ([0-9A-Z-]+)`)

// refOf is the reference that a text names.
func refOf(t *testing.T, text string) string {
	t.Helper()
	m := refOnScreen.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("there is no reference: %s", text)
	}
	return m[1]
}
