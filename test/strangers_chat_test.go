package test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/test/chatfake"
)

// TestStrangersInChats has people in chats try to be somebody else, to pay with
// what they do not have in their hands, and to be told what is not theirs. One
// after the other: each waits for answers.
func TestStrangersInChats(t *testing.T) {
	t.Parallel()
	f := startFort(t, map[string]string{"SPAZA_LIMIT_TURNS": "0"})
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"cards of others", f.cardsOfOthers},
		{"forged taps", f.forgedTaps},
		{"groups and bots", f.groupsAndBots},
		{"what is not for us", f.notForUs},
		{"odd texts", f.oddTexts},
		{"a code is not guessed", f.guessing},
		{"codes are not a way to send SMS", f.manyCodes},
		{"old messages", f.oldMessages},
	} {
		t.Run(part.name, part.run)
	}
	for _, c := range f.wa.Complaints() {
		t.Errorf("WhatsApp complains: %s", c)
	}
	f.unharmed(t)
}

func (f *fort) telegram(t *testing.T) *telegramHand {
	return &telegramHand{t: t, at: f.process, fake: f.tg, sms: f.sms, chat: 1 + rand.Int64N(1<<50), msisdn: freshNumber()}
}

func (f *fort) whatsApp(t *testing.T) *whatsAppHand {
	return &whatsAppHand{t: t, at: f.process, fake: f.wa, user: chatfake.WhatsAppUser{Number: freshNumber(), ID: fmt.Sprint("ZA.", rand.Int64())}}
}

// update brings Telegram's words, whatever they are.
func (f *fort) update(t *testing.T, u chatfake.TelegramUpdate) {
	t.Helper()
	if status, _, err := f.tg.Post(t.Context(), f.url+"/telegram/webhook", fortTGSecret, u); err != nil || status != http.StatusOK {
		t.Errorf("update: HTTP status %d, %v", status, err)
	}
}

// webhook brings Meta's words, whatever they are.
func (f *fort) webhook(t *testing.T, body []byte) {
	t.Helper()
	if status, err := f.wa.PostBody(t.Context(), f.url+"/whatsapp/webhook", body, f.wa.Sign(body)); err != nil || status != http.StatusOK {
		t.Errorf("webhook: HTTP status %d, %v", status, err)
	}
}

// heard waits until all that came in before is worked on: by then somebody new, who
// writes last, is answered.
func (f *fort) heard(t *testing.T) {
	t.Helper()
	chat := 1 + rand.Int64N(1<<50)
	f.update(t, f.tg.Text(chat, chat, "/start"))
	eventually(t, soon, "an answer on Telegram", func() bool { return f.tg.Last(chat).ID != 0 })
}

func (f *fort) cardsOfOthers(t *testing.T) {
	victim := freshNumber()
	h := f.telegram(t)
	h.says("/start")
	before := len(f.sms.All())
	for what, u := range map[string]chatfake.TelegramUpdate{
		"of somebody else":             f.tg.Contact(h.chat, h.chat, h.chat+1, victim, false),
		"of nobody that is known":      f.tg.Contact(h.chat, h.chat, 0, victim, false),
		"of somebody else, passed on":  f.tg.Contact(h.chat, h.chat, h.chat+1, victim, true),
		"their own, passed on":         f.tg.Contact(h.chat, h.chat, h.chat, victim, true),
		"their own, abroad":            f.tg.Contact(h.chat, h.chat, h.chat, "+447700900123", false),
		"their own, at a desk":         f.tg.Contact(h.chat, h.chat, h.chat, "+27115550123", false),
		"their own, no number":         f.tg.Contact(h.chat, h.chat, h.chat, "0;"+victim, false),
		"their own, for premium":       f.tg.Contact(h.chat, h.chat, h.chat, "+27862000000", false),
		"a number that is typed":       f.tg.Text(h.chat, h.chat, "+"+victim),
		"the word behind the button":   f.tg.Text(h.chat, h.chat, "contact"),
		"the label of the button":      f.tg.Text(h.chat, h.chat, "Share my number"),
		"a tap with a number":          f.tg.Tap(h.chat, h.chat, 51, "AAAAAAAA:"+victim),
		"a tap that stands for a card": f.tg.Tap(h.chat, h.chat, 51, "AAAAAAAA:contact"),
	} {
		h.deliver(u)
		if s := h.shown(); strings.Contains(s, "by SMS to") || strings.Contains(s, victim[2:]) {
			t.Errorf("a card %s is believed:\n%s", what, s)
		}
		if strings.Contains(h.shown(), "What do you need") {
			t.Fatalf("a card %s opens the shop", what)
		}
	}
	w := f.whatsApp(t)
	w.user.Number = "" // hidden, so that it must be proved
	w.says("menu")
	w.deliver(f.wa.Contact(w.user, victim, false))
	w.deliver(f.wa.Text(w.user, victim))
	if s := w.shown(); !strings.Contains(s, "share your own cell number") && !strings.Contains(s, "the number is your own") {
		t.Errorf("somebody else's card on WhatsApp:\n%s", s)
	}
	if n := len(f.sms.All()) - before; n != 0 || len(f.sms.To(victim)) != 0 {
		t.Errorf("%d SMS went out", n)
	}
	h.opens() // and with their own they come in
	w.deliver(f.wa.Contact(w.user, victim, true))
	if !strings.Contains(w.shown(), "by SMS to 0"+victim[2:]) {
		t.Errorf("their own card on WhatsApp:\n%s", w.shown())
	}
}

// toPay brings a customer in a chat to the question whether to pay R20, and gives
// what is on the button that says yes, and on one from before.
func toPay(h *telegramHand) (pay, old chatfake.TelegramButton) {
	h.t.Helper()
	h.opens()
	h.picks("Airtime")
	h.picks("My number")
	if strings.Contains(h.shown(), "Which network") || !strings.Contains(h.shown(), "R20") {
		h.picks("Vodacom")
	}
	old, _ = h.fake.Last(h.chat).Button("R20")
	h.picks("R20")
	pay, ok := h.fake.Last(h.chat).Button("Pay R20")
	if !ok || len(pay.Data) < 10 || old.Data == "" {
		h.t.Fatalf("there is no yes:\n%s", h.shown())
	}
	return pay, old
}

func (f *fort) forgedTaps(t *testing.T) {
	a, b := f.telegram(t), f.telegram(t)
	for _, h := range []*telegramHand{a, b} {
		h.opens()
		h.picks("Use a 1Voucher")
		h.says(voucher(50))
	}
	pay, old := toPay(a)
	bPay, _ := toPay(b)
	sold := func(why string, want int) {
		t.Helper()
		if cents, sales := f.sandbox.books().sold(a.msisdn); sales != want || cents != int64(want)*2000 {
			t.Fatalf("%s: the provider sold %d cents in %d sales", why, cents, sales)
		}
	}
	tap := func(chat, from int64, data string) chatfake.TelegramUpdate {
		return f.tg.Tap(chat, from, f.tg.Last(a.chat).ID, data)
	}
	for what, data := range map[string]string{
		"somebody else's screen": bPay.Data, "another screen": "AAAAAAAA" + pay.Data[8:], "a screen of one's own before": old.Data, "no screen": pay.Data[9:],
		"65 bytes": pay.Data + strings.Repeat("1", 65-len(pay.Data)), "nothing": "", "garbage": "\x00\xff{}", "capitals": strings.ToUpper(pay.Data[:8]) + pay.Data[8:],
		"another mark": pay.Data[:8] + "?" + pay.Data[9:], "no mark": pay.Data[:8] + pay.Data[9:], "a mark without width": pay.Data[:9] + "\u200b" + pay.Data[9:],
	} {
		if data == pay.Data { // whose letters are capitals
			continue
		}
		a.deliver(tap(a.chat, a.chat, data))
		sold("a tap with "+what, 0)
	}
	for _, input := range []string{"99", "0x1", "Pay R20", strings.Repeat("1", 55), "contact", "-1", "1*1"} {
		a.deliver(tap(a.chat, a.chat, pay.Data[:9]+input)) // of the screen that stands
		sold("a tap that stands for "+input, 0)
		pay, old = toPay(a)
	}
	for what, u := range map[string]chatfake.TelegramUpdate{
		"from somebody else in the chat": tap(a.chat, b.chat, pay.Data), "in the chat of somebody else": tap(b.chat, a.chat, pay.Data),
	} {
		f.update(t, u)
		f.heard(t)
		sold("a tap "+what, 0)
	}
	b.deliver(tap(b.chat, b.chat, pay.Data)) // the screen of a, by b
	sold("a tap of b on what a was shown", 0)
	if _, sales := f.sandbox.books().sold(b.msisdn); sales != 0 {
		t.Errorf("b paid by what a was shown")
	}
	yes := tap(a.chat, a.chat, pay.Data)
	a.deliver(yes)
	eventually(t, soon, "the receipt", func() bool { return strings.Contains(a.shown(), "Done: R20") })
	for range 3 { // delivered again, tapped again, and taps from before
		f.update(t, yes)
		a.deliver(tap(a.chat, a.chat, pay.Data))
		a.deliver(tap(a.chat, a.chat, old.Data))
	}
	f.heard(t)
	sold("the yes and all after it", 1)
}

func (f *fort) groupsAndBots(t *testing.T) {
	id := func() int64 { return 1 + rand.Int64N(1<<50) }
	var chats []int64
	for _, c := range []struct{ chat, from string }{
		{`{"id":-%d,"type":"group"}`, `{"id":%d}`}, {`{"id":-%d,"type":"supergroup"}`, `{"id":%d}`}, {`{"id":-%d,"type":"channel"}`, `{"id":%d}`},
		{`{"id":%d,"type":"private"}`, `{"id":%d,"is_bot":true}`}, {`{"id":%d,"type":"private"}`, `{"id":1%d}`}, {`{"id":%d,"type":"private"}`, `{"id":-%d}`},
		{`{"id":%d,"type":"secret"}`, `{"id":%d}`}, {`{"id":%d}`, `{"id":%d}`}, {`{"id":%d,"type":"private"}`, `null`},
	} {
		n := id()
		if !strings.HasPrefix(c.chat, `{"id":-`) {
			chats = append(chats, n)
		}
		number := func(s string) string {
			if strings.Contains(s, "%d") {
				return fmt.Sprintf(s, n)
			}
			return s
		}
		message := fmt.Sprintf(`{"message_id":7,"date":1763700000,"chat":%s,"from":%s,"text":"/start"}`, number(c.chat), number(c.from))
		for _, kind := range []string{
			`"message":` + message, `"callback_query":{"id":"1","data":"AAAAAAAA:1","from":` + number(c.from) + `,"message":` + message + `}`,
			`"edited_message":` + message, `"channel_post":` + message, `"inline_query":{"id":"1","query":"` + marker + `","from":` + number(c.from) + `}`,
			`"my_chat_member":{"chat":` + number(c.chat) + `,"from":` + number(c.from) + `}`,
		} {
			f.update(t, chatfake.TelegramUpdate{Body: fmt.Appendf(nil, `{"update_id":%d,%s}`, id(), kind)})
		}
	}
	f.heard(t)
	for _, c := range f.tg.Calls("") {
		chat := c.Params.Get("chat_id")
		for _, n := range chats {
			if strings.HasPrefix(chat, "-") || chat == strconv.FormatInt(n, 10) {
				t.Errorf("%s to chat %s", c.Method, chat)
			}
		}
	}
}

func (f *fort) notForUs(t *testing.T) {
	h := f.whatsApp(t)
	h.opens()
	before := len(f.wa.All())
	text := f.wa.Body(f.wa.Text(h.user, "menu"))
	for _, swap := range [][2]string{
		{f.wa.PhoneNumberID, "99999"}, {f.wa.PhoneNumberID, ""}, {"whatsapp_business_account", "page"}, {`"field":"messages"`, `"field":"message_echoes"`},
		{`"type":"text"`, `"type":"text","group_id":"g"`}, {`"type":"text"`, `"type":"reaction"`}, {`"messages":[`, `"smb_message_echoes":[`},
	} {
		f.webhook(t, bytes.Replace(text, []byte(swap[0]), []byte(swap[1]), 1))
	}
	for _, m := range []chatfake.WhatsAppMessage{
		{ID: "wamid.UNKNOWN", To: h.user.Number}, {ID: "wamid.UNKNOWN", To: h.user.ID, Data: "order/AAAAAA/receipt"}, {ID: strings.Repeat("w", 5000), To: "27"}, {},
		{ID: "africastalking:ATXid_1", To: h.user.Number, Data: strings.Repeat(marker, 100)},
	} {
		for _, status := range []string{"sent", "delivered", "read", "failed", "deleted", marker} {
			f.webhook(t, f.wa.Body(f.wa.Status(m, status, 131026)))
		}
	}
	f.heard(t)
	if n := len(f.wa.All()) - before; n != 0 {
		t.Errorf("%d messages went out", n)
	}
}

func (f *fort) oddTexts(t *testing.T) {
	h, w := f.telegram(t), f.whatsApp(t)
	stranger := f.telegram(t)
	h.opens()
	w.opens()
	for _, text := range []string{
		strings.Repeat("9", 10_000), strings.Repeat("😀", 10_000), strings.Repeat("x\n", 5000), strings.Repeat("*1", 5000), strings.Repeat("\u0301", 3000), strings.Repeat("/start ", 500),
		"\u202e" + marker, "\u2067\u2066\u061c1", "١", "१", "１", "𝟭", "1\u0000", "\u0000", "\ufeff", "\u200b", "<b>" + marker + "</b>", "{\"a\":1}", "'; DROP TABLE orders;--", "%s%n%d",
		"/menu@OtherBot", "/start " + strings.Repeat("a", 64), "//", "/", "0", "-1", "99999999999999999999", "1e9", "ussd", "pay R20", "yes",
	} {
		h.says(text)
		stranger.says(text)
		if s := stranger.shown(); strings.Contains(s, "My money") || strings.Contains(s, marker) {
			t.Fatalf("%.20q shows a stranger\n%s", text, s)
		}
		if text != "\u0000" {
			w.says(text)
		}
	}
	for _, who := range []string{h.msisdn, w.user.Number} {
		if _, sales := f.sandbox.books().sold(who); sales != 0 {
			t.Errorf("something was sold")
		}
	}
}

// wrongCode is a code that was not sent.
func wrongCode(right string, n int) string {
	number, _ := strconv.Atoi(right)
	return fmt.Sprintf("%06d", (number+1+n)%1_000_000)
}

func (f *fort) guessing(t *testing.T) {
	h := f.telegram(t)
	h.says("/start")
	right := ""
	var sent []string
	for guess := range 100 {
		if strings.Contains(h.shown(), "share your own cell number") && len(sent) < 3 || guess == 0 {
			h.picks("Share my number")
			right = oneTimeCode(t, f.sms, h.msisdn, sent...)
			sent = append(sent, right)
		}
		h.says(wrongCode(right, guess))
		if strings.Contains(h.shown(), "belongs to") || strings.Contains(h.shown(), "My money") {
			t.Fatalf("guess %d: it is linked\n%s", guess, h.shown())
		}
	}
	h.says(right) // whose tries are over
	h.deliver(f.tg.Contact(h.chat, h.chat, h.chat, h.msisdn, false))
	h.says(right)
	if s := h.shown(); strings.Contains(s, "belongs to") || strings.Contains(s, "My money") {
		t.Errorf("a code whose tries are over links\n%s", s)
	}
	if n := len(f.sms.To(h.msisdn)); n > 3 {
		t.Errorf("%d SMS", n)
	}
	// And many guesses at once, of somebody whose number is hidden.
	w := f.whatsApp(t)
	number := w.user.Number
	w.user.Number = ""
	w.says("menu")
	w.deliver(f.wa.Contact(w.user, number, true))
	right = oneTimeCode(t, f.sms, number)
	events := make([]chatfake.WhatsAppEvent, 100)
	for i := range events {
		events[i] = f.wa.Text(w.user, wrongCode(right, i))
	}
	events[20] = f.wa.Text(w.user, right) // too late
	f.webhook(t, f.wa.Body(events...))
	// Fifty are kept; or one more, where what was said before was put away by then.
	eventually(t, patient, "the answers to the guesses", func() bool { return len(w.all()) >= 2+50 })
	w.says("menu") // behind all of them
	for _, m := range w.all() {
		if strings.Contains(m.Body, "belongs to") {
			t.Errorf("guesses at once: it is linked\n%s", m.Body)
		}
	}
	p := f.phone(t)
	p.number = number
	p.dial()
	p.choose("Help", "Chats")
	p.sees("No chat")
}

func (f *fort) manyCodes(t *testing.T) {
	h := f.telegram(t)
	h.says("/start")
	for range 50 {
		h.deliver(f.tg.Contact(h.chat, h.chat, h.chat, h.msisdn, false))
		if b, ok := f.tg.Last(h.chat).Button("Send a new code"); ok {
			h.deliver(f.tg.Tap(h.chat, h.chat, f.tg.Last(h.chat).ID, b.Data))
		}
	}
	for range 5 { // other people, who say that it is theirs
		other := f.telegram(t)
		other.says("/start")
		other.deliver(f.tg.Contact(other.chat, other.chat, other.chat, h.msisdn, false))
	}
	codes := regexp.MustCompile(`\b\d{6}\b`)
	n := 0
	for _, m := range f.sms.To(h.msisdn) {
		if codes.MatchString(m.Text) {
			n++
		}
	}
	if n == 0 || n > 3 {
		t.Errorf("%d codes were sent", n)
	}
}

// oldMessages are delivered late, again and out of their order, while a yes is
// asked for.
func (f *fort) oldMessages(t *testing.T) {
	h := f.whatsApp(t)
	h.opens()
	h.picks("Use a 1Voucher")
	h.says(voucher(50))
	h.opens()
	h.picks("Airtime")
	h.picks("My number")
	if strings.Contains(h.shown(), "Which network") || !strings.Contains(h.shown(), "R20") {
		h.picks("Vodacom")
	}
	early := f.wa.Body(f.wa.Text(h.user, "1"))
	h.picks("R20")
	if !strings.Contains(h.shown(), "Pay R20") && len(h.last().Choices) == 0 {
		t.Fatalf("there is no yes: %+v", h.last())
	}
	late := regexp.MustCompile(`"timestamp":"\d+"`).ReplaceAll(early, fmt.Appendf(nil, `"timestamp":"%d"`, time.Now().Add(-10*time.Minute).Unix()))
	var wg sync.WaitGroup
	for range 5 {
		wg.Add(1)
		go func() { defer wg.Done(); f.webhook(t, late) }()
	}
	wg.Wait()
	f.heard(t)
	if _, sales := f.sandbox.books().sold(h.user.Number); sales != 0 {
		t.Fatalf("what was written ten minutes before says yes")
	}
	h.picks("Pay R20")
	eventually(t, soon, "the receipt", func() bool { return strings.Contains(h.shown(), "Done: R20") })
	f.webhook(t, late)
	f.heard(t)
	if _, sales := f.sandbox.books().sold(h.user.Number); sales != 1 {
		t.Errorf("the provider sold %d times", sales)
	}
}
