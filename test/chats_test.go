package test

import (
	"fmt"
	"strings"
	"testing"

	"spaza/gsm7"
	"spaza/locales"
	"spaza/test/chatfake"
)

// TestOneCustomerOnManyChannels follows somebody from a phone to Telegram to
// WhatsApp and back.
func TestOneCustomerOnManyChannels(t *testing.T) {
	t.Parallel()
	const meter = "14000000019"
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStreet(t, asking(env(t)), nil)
			number := freshNumber()
			local := "0" + number[2:]

			ussd := s.onUSSD(number)
			ussd.dial()
			ussd.speaks(t, "en")
			ussd.topUp(100)
			ussd.dial()
			ussd.choose("Electricity")
			ussd.press(meter)
			ussd.choose("R50", "Pay R50")
			s.getsSMS(number, "meter "+meter)

			tg := s.onTelegram(number)
			tg.fake.Speaks(tg.chat, "zu")
			tg.says("/start")
			reads(tg, soon, words.Say("zu", "who.share")) // until they are known, the language of the app
			for _, no := range []chatfake.TelegramUpdate{
				tg.fake.Contact(tg.chat, tg.chat, tg.chat+1, number, false), tg.fake.Contact(tg.chat, tg.chat, tg.chat, number, true), tg.fake.Text(tg.chat, tg.chat, number),
			} {
				tg.deliver(no)
				reads(tg, soon, words.Say("zu", "who.tap"))
				tg.says("/start")
				reads(tg, soon, words.Say("zu", "who.share"))
			}
			if n := len(s.texts(number, "code")); n > 0 {
				t.Fatalf("%d codes for somebody else's number", n)
			}
			tg.picks(words.Say("zu", "who.share"))
			reads(tg, soon, local)
			first := oneTimeCode(t, s.sms, number)
			tg.says(first)
			reads(tg, soon, local, "Spaza. What do you need?") // and then their own
			s.getsSMS(number, "can now be used on Telegram")
			tg.says("balance")
			reads(tg, soon, "You have R50.")
			tg.picks("My purchases")
			reads(tg, soon, "Your last purchases:")
			if labels := fmt.Sprint(tg.fake.Last(tg.chat).Labels()); !strings.Contains(labels, "R50 electricity") || !strings.Contains(labels, "1Voucher added, R100") {
				t.Errorf("the purchases are %s", labels)
			}
			tg.says("electricity")
			reads(tg, soon, "for which meter")
			if labels := fmt.Sprint(tg.fake.Last(tg.chat).Labels()); !strings.Contains(labels, "***0019") {
				t.Errorf("the meters are %s", labels)
			}

			wa := s.onWhatsApp(number)
			wa.says("buy airtime")
			reads(wa, soon, "Airtime for which number?")
			s.getsSMS(number, "can now be used on WhatsApp")
			wa.picks("My number")
			if strings.Contains(wa.shown(), "Which network") {
				wa.picks("Vodacom")
			}
			wa.picks("R20")
			wa.picks("Pay R20")
			reads(wa, soon, "Done: R20 Vodacom airtime for "+local, "R30 left")

			ussd.menu()
			ussd.sees("Again: R20 Vodacom airtime")
			ussd.choose("Language/Ulimi", "Afrikaans")
			wa.says("hallo")
			reads(wa, soon, words.Say("af", "menu.prompt"))
			tg.says("koop krag")
			reads(tg, soon, words.Say("af", "meter.ask.electricity"))
			ussd.dial()
			ussd.choose(gsm7.Fold(words.Say("af", "menu.language")), "English")

			ussd.menu()
			ussd.choose("Help", "Chats")
			ussd.sees("WhatsApp, since", "Telegram, since")
			ussd.choose("Telegram, since", "Stop it")
			ussd.sees("Stopped: Telegram.", "WhatsApp, since")
			if strings.Contains(ussd.screen, "Telegram, since") {
				t.Errorf("Telegram is still there: %s", ussd.screen)
			}
			s.getsSMS(number, "can no longer be used on Telegram")

			u, ok := tg.fake.Press(tg.chat, "***0019", number)
			if !ok {
				t.Fatal("the old buttons are gone")
			}
			before := len(tg.fake.Shown(tg.chat))
			tg.deliver(u)
			for _, text := range []string{"balance", "menu", "last token", "1"} {
				tg.says(text)
			}
			reads(tg, soon, words.Say("af", "who.share")) // in the language of the conversation
			for _, m := range tg.fake.Shown(tg.chat)[before:] {
				if strings.Contains(m.Text, "R30") || strings.Contains(m.Text, local) || strings.Contains(m.Text, "0019") || !strings.Contains(m.Text, words.Say("af", "who.share")) {
					t.Errorf("shown to whoever it is now: %s", m.Text)
				}
			}
			// WhatsApp goes on saying whose number it is; that alone links nothing now.
			ussd.menu()
			ussd.choose("Help", "Chats", "WhatsApp, since", "Stop it")
			s.getsSMS(number, "can no longer be used on WhatsApp")
			shown := len(wa.all())
			wa.says("balance")
			wa.says("menu")
			for _, m := range wa.all()[shown:] {
				if strings.Contains(m.Body, "R30") || strings.Contains(m.Body, local) || m.Kind != "request_contact_info" {
					t.Errorf("shown to whoever it is now: %+v", m)
				}
			}
			wa.deliver(wa.fake.Contact(wa.user, number, true))
			reads(wa, soon, local)
			wa.says(oneTimeCode(t, s.sms, number, first))
			reads(wa, soon, local, "Spaza. What do you need?")
			wa.says("balance")
			reads(wa, soon, "You have R30.")
			s.sells(ofPower, 1)
			s.sells(ofAirtime, 1)
		})
	}
}

// TestWhatPeopleSayOpensTheFlow says it in many languages; in a question for a PIN
// it is an answer.
func TestWhatPeopleSayOpensTheFlow(t *testing.T) {
	t.Parallel()
	s := newStreet(t, nil, nil)
	tg, wa := s.onTelegram(freshNumber()), s.onWhatsApp(freshNumber())
	tg.opens()
	hands := []hand{tg, wa}
	for _, c := range [][2]string{
		{"/start", "What do you need?"}, {"buy airtime", "Airtime for which number?"}, {"/airtime", "Airtime for which number?"}, {"koop krag", "number of the meter"},
		{"Thenga ugesi!", "number of the meter"}, {"BALANCE", "You have R0."}, {"help", "Help: 0800"}, {"Sawubona", "What do you need?"},
	} {
		for _, h := range hands {
			h.says(c[0])
			if reads(h, soon, c[1]); strings.Contains(h.shown(), "Choose 1") {
				t.Errorf("%q is no answer, and was taken for one:\n%s", c[0], h.shown())
			}
		}
	}
	for _, h := range hands {
		h.says("voucher")
		reads(h, soon, "Type the 16 digits")
		for _, text := range []string{"balance", "buy airtime"} {
			h.says(text)
			reads(h, soon, "A 1Voucher PIN has 16 digits.")
		}
		h.says("/start") // nothing else looks like it
		reads(h, soon, "What do you need?")
	}
	for _, m := range tg.fake.Messages(tg.chat) {
		if !m.Bot && !m.Deleted && m.Text == "BALANCE" {
			return
		}
	}
	t.Error("what is no PIN was deleted")
}
