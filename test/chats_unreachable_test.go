package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spaza/test/chatfake"
)

// unreachable are the ways in which a chat does not show a token: each pays for one
// for a meter, and says what to do when the message is there, nil for nothing. What
// goes wrong with a message is set up before the sale, since the message comes when
// it comes.
func unreachable() map[string]struct {
	meter string
	pays  func(s *street, meter string) (h hand, after func())
} {
	type way = struct {
		meter string
		pays  func(s *street, meter string) (h hand, after func())
	}
	onTelegram := func(s *street, meter string) *telegramHand {
		h := s.onTelegram(freshNumber())
		h.opens()
		topsUp(h, 100)
		toYes(h, meter)
		return h
	}
	onWhatsApp := func(s *street, meter string) *whatsAppHand {
		h := s.onWhatsApp(freshNumber())
		topsUp(h, 100)
		toYes(h, meter)
		return h
	}
	return map[string]way{
		"telegram blocked": {"14000000019", func(s *street, meter string) (hand, func()) {
			h := onTelegram(s, meter)
			pay := h.button("Pay R50")
			h.fake.Blocked(h.chat, h.chat)
			h.deliver(pay)
			return h, nil
		}},
		"telegram blocked before the message": {meterSlow, func(s *street, meter string) (hand, func()) {
			h := onTelegram(s, meter)
			// The screen is taken; the message is not.
			to := chatfake.TelegramFault{Method: "sendMessage", Chat: h.chat}
			h.fake.Fail(to)
			to.Times, to.Status, to.Description = -1, http.StatusForbidden, "Forbidden: bot was blocked by the user"
			h.fake.Fail(to)
			h.picks("Pay R50")
			told(h, soon, "We will write to you here.")
			return h, nil
		}},
		"telegram stopped before the message": {"14000000019", func(s *street, meter string) (hand, func()) {
			h := onTelegram(s, meter)
			s.slow(15 * time.Second) // time enough to stop it
			h.picks("Pay R50")
			told(h, soon, "We will write to you here.")
			p := s.onUSSD(h.msisdn)
			p.menu()
			p.choose("Help", "Chats", "Telegram, since", "Stop it")
			return h, nil
		}},
		"whatsapp refuses": {"14000000027", func(s *street, meter string) (hand, func()) {
			h := onWhatsApp(s, meter)
			h.fake.Fail(chatfake.WhatsAppFault{To: h.user.ID, Code: 131026})
			pay, err := h.fake.TapOn(h.user, h.last(), "Pay R50")
			if err != nil {
				h.t.Fatal(err)
			}
			h.brings(pay)
			return h, nil
		}},
		"whatsapp reports the screen as failed": {"14000000019", func(s *street, meter string) (hand, func()) {
			h := onWhatsApp(s, meter)
			h.picks("Pay R50")
			return h, func() { h.brings(h.fake.Status(h.last(), "failed", 131026)) }
		}},
		"whatsapp, outside the window": {meterSlow, func(s *street, meter string) (hand, func()) {
			h := onWhatsApp(s, meter)
			// The screen is taken; the message is not.
			h.fake.Fail(chatfake.WhatsAppFault{To: h.user.ID, Taken: true}, chatfake.WhatsAppFault{To: h.user.ID, Code: 131047})
			h.picks("Pay R50")
			told(h, soon, "We will write to you here.")
			return h, nil
		}},
		"whatsapp reports the message as failed": {meterSlow, func(s *street, meter string) (hand, func()) {
			h := onWhatsApp(s, meter)
			h.picks("Pay R50")
			told(h, soon, "We will write to you here.")
			return h, func() { h.brings(h.fake.Status(h.last(), "failed", 131047)) }
		}},
	}
}

// TestATokenThatTheChatDoesNotShowComesBySMS in every way that a chat can fail.
func TestATokenThatTheChatDoesNotShowComesBySMS(t *testing.T) {
	t.Parallel()
	s := newStreet(t, briefly(nil), nil)
	hands, after := map[string]hand{}, map[string]func(){}
	for name, way := range unreachable() {
		hands[name], after[name] = way.pays(s, way.meter)
	}
	for name, way := range unreachable() {
		t.Run(name, func(t *testing.T) {
			h := hands[name]
			if then := after[name]; then != nil {
				reads(h, patient, "meter "+way.meter+":")
				then()
			}
			text := s.getsSMS(h.number(), "meter "+way.meter+":")
			tokens := digitsAlone(text)
			if len(tokens) != 1 {
				t.Fatalf("%d tokens: %s", len(tokens), text)
			}
			ref := refOf(t, text)
			var o supports
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("support sees %+v", o)
				}
			})
			eventually(t, soon, "support sees that it was sent", func() bool {
				o = s.order(ref)
				return o.Delivery == "sent" && len(o.Jobs) == 0
			})
			if causes := o.causes(); o.State != "delivered" || !slices.Contains(causes, "message") || slices.Contains(causes, "again") {
				t.Errorf("support sees %+v", o)
			}
			sent := s.sms.To(h.number())
			if got, err := s.sms.Report(t.Context(), s.service.url+"/sms/africastalking/reports", chatfake.SMSArrived, sent[len(sent)-1]); err != nil || got != http.StatusOK {
				t.Errorf("report: HTTP status %d, %v", got, err)
			}
			eventually(t, soon, "support sees that it arrived", func() bool { return s.order(ref).Delivery == "acknowledged" })
			p := s.onUSSD(h.number())
			p.menu()
			p.choose("My money", "Last token")
			if !slices.Equal(tokensOn(p.screen), tokens) {
				t.Errorf("the last token is %q, and was %q", p.screen, tokens)
			}
			s.getsSMS(h.number(), "Ref "+ref) // one and no more
		})
	}
	s.sells(ofPower, len(hands))
}

// tokensOn are the tokens on a screen of USSD.
func tokensOn(screen string) []string { return digitsAlone(strings.TrimPrefix(screen, "CON ")) }

// TestATokenThatNobodyCouldBeToldIsSeenBySupport has no way out at all.
func TestATokenThatNobodyCouldBeToldIsSeenBySupport(t *testing.T) {
	t.Parallel()
	s := newStreet(t, nil, func(m chatfake.SMSMessage) chatfake.SMSHow {
		if strings.Contains(m.Text, "meter") {
			return chatfake.SMSRefused
		}
		return chatfake.SMSTaken
	})
	h := s.onTelegram(freshNumber())
	h.opens()
	topsUp(h, 100)
	toYes(h, "14000000019")
	pay, _ := h.fake.Press(h.chat, "Pay R50", h.msisdn)
	h.fake.Blocked(h.chat, h.chat)
	before := s.sms.Calls(chatfake.AfricasTalking)
	h.deliver(pay)
	eventually(t, soon, "an SMS is tried", func() bool { return s.sms.Calls(chatfake.AfricasTalking) > before })
	var found []struct{ Ref string }
	if err := json.Unmarshal([]byte(s.command("orders", "list", "--msisdn", h.msisdn, "--kind", "electricity", "--json")), &found); err != nil || len(found) != 1 {
		t.Fatalf("%d orders, %v", len(found), err)
	}
	ref := found[0].Ref
	var o supports
	eventually(t, soon, "support sees why", func() bool {
		o = s.order(ref)
		return len(o.Jobs) > 0 && o.Jobs[0].Note != ""
	})
	if o.Delivery != "stored" || !slices.Contains(o.causes(), "by_sms") {
		t.Errorf("support reads that it is %q: %+v", o.Delivery, o)
	}
	h.says("last token") // who writes again can be written to
	h.says("balance")
	h.picks("Last token")
	reads(h, soon, "14000000019")
	if len(digitsAlone(h.shown())) != 1 {
		t.Errorf("there is no token: %s", h.shown())
	}
	s.sells(ofPower, 1)
}

// TestTelegramIsWaitedForAsItAsks does not hammer.
func TestTelegramIsWaitedForAsItAsks(t *testing.T) {
	t.Parallel()
	s := newStreet(t, nil, nil)
	h := s.onTelegram(freshNumber())
	h.opens()
	topsUp(h, 100)
	toYes(h, "14000000019")
	h.fake.Fail(chatfake.TelegramFault{Chat: h.chat, Status: http.StatusTooManyRequests, Description: "Too Many Requests: retry after 3", RetryAfter: 3})
	h.picks("Pay R50")
	for range 3 { // who is impatient
		u := h.fake.Text(h.chat, h.chat, "menu")
		if status, _, err := h.fake.Post(t.Context(), s.service.url+"/telegram/webhook", secretForChats, u); err != nil || status != http.StatusOK {
			t.Fatalf("update: HTTP status %d, %v", status, err)
		}
	}
	eventually(t, 30*time.Second, "the token, and then the menu three times", func() bool {
		all := h.fake.Shown(h.chat)
		at := slices.IndexFunc(all, func(m chatfake.TelegramMessage) bool { return strings.Contains(m.Text, "meter 14000000019:") })
		return at >= 0 && len(all) == at+4 && strings.Contains(all[at+3].Text, "What do you need?")
	})
	if n := h.fake.Hammered(); n > 0 {
		t.Errorf("%d calls came before Telegram wanted any", n)
	}
	if n := len(s.texts(h.msisdn, "meter")); n > 0 {
		t.Errorf("%d SMS bring what was shown", n)
	}
	s.sells(ofPower, 1)
}

// TestSMSByTwoGateways prefers one, falls back to the other, and tells nobody
// twice.
func TestSMSByTwoGateways(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first   chatfake.SMSHow // what BulkSMS does with the first request
		gateway string          // which has the message in the end
		bulk    int             // requests to BulkSMS
		report  chatfake.SMSFate
		reads   string // how support reads of it
	}{
		"taken":             {chatfake.SMSTaken, chatfake.BulkSMS, 1, chatfake.SMSArrived, "acknowledged"},
		"taken and expired": {chatfake.SMSTaken, chatfake.BulkSMS, 1, chatfake.SMSExpired, "failed"},
		"the answer lost":   {chatfake.SMSLost, chatfake.BulkSMS, 2, chatfake.SMSArrived, "acknowledged"},
		"the number barred": {chatfake.SMSRefused, chatfake.AfricasTalking, 1, chatfake.SMSArrived, "acknowledged"},
		"no credit":         {chatfake.SMSNoCredit, chatfake.AfricasTalking, 1, chatfake.SMSBlocked, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			sms := chatfake.NewSMS(func(m chatfake.SMSMessage) chatfake.SMSHow {
				if m.Gateway == chatfake.BulkSMS && strings.Contains(m.Text, "R20") && asked.Add(1) == 1 {
					return c.first
				}
				return chatfake.SMSTaken
			})
			t.Cleanup(sms.Close)
			s := &street{t: t, sandbox: startSandbox(t), sms: sms, env: map[string]string{
				"SPAZA_SMS_API_URL": sms.URL(), "SPAZA_SMS_USERNAME": "shop", "SPAZA_SMS_API_KEY": "key", "SPAZA_DATA_DIR": t.TempDir(),
				"SPAZA_BULKSMS_API_URL": sms.URL(), "SPAZA_BULKSMS_TOKEN_ID": "id", "SPAZA_BULKSMS_TOKEN_SECRET": "canary-bulk",
			}}
			s.service = startService(t, s.sandbox, s.env)
			p := newPhone(t, s.service)
			p.topUp(50)
			p.toPay("R20")
			p.choose("Pay R20")
			p.sees("END Done: R20")
			text := s.getsSMS(p.number, "R20 Vodacom airtime is on")
			ref := refOf(t, text)
			eventually(t, 30*time.Second, "support sees that it was sent", func() bool { return s.order(ref).Delivery == "sent" })
			all := sms.To(p.number)
			m := all[len(all)-1]
			if m.Gateway != c.gateway || sms.Calls(chatfake.BulkSMS) != c.bulk || len(all) != 1 {
				t.Errorf("%d messages, the last by %s, and %d requests to BulkSMS", len(all), m.Gateway, sms.Calls(chatfake.BulkSMS))
			}
			address := s.service.url + "/sms/" + m.Gateway + "/reports"
			for range 2 {
				if got, err := sms.Report(t.Context(), address, c.report, m); err != nil || got != http.StatusOK {
					t.Fatalf("report: HTTP status %d, %v", got, err)
				}
			}
			eventually(t, soon, fmt.Sprintf("support reads %q", c.reads), func() bool { return s.order(ref).Delivery == c.reads })
			if strings.Contains(s.service.logged(), "canary") || strings.Contains(s.service.logged(), p.number) {
				t.Errorf("the log tells too much:\n%s", s.service.logged())
			}
		})
	}
}
