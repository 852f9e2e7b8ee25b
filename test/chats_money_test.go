package test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"spaza/test/chatfake"
)

// Meters that the simulator answers at the purchase, and not before, after five
// seconds; and after it has cut the connection, with the sale made.
const (
	meterSlow = "96010000006"
	meterCut  = "96030000002"
)

// digitsAlone are the lines of a text that are digits in fours, as they are typed.
func digitsAlone(text string) (all []string) {
	for _, line := range regexp.MustCompile(`(?m)^(\d{4} ?)+$`).FindAllString(text, -1) {
		all = append(all, strings.ReplaceAll(line, " ", ""))
	}
	return all
}

// copies are what the buttons under a message copy, in their order.
func copies(m chatfake.TelegramMessage) (all []string) {
	for _, row := range m.Buttons {
		for _, b := range row {
			if b.Copy != "" {
				all = append(all, b.Copy)
			}
		}
	}
	return all
}

// TestElectricityOnTelegram hands tokens over so that they are typed without
// mistakes and not passed on, and takes PINs out of sight.
func TestElectricityOnTelegram(t *testing.T) {
	t.Parallel()
	s := newStreet(t, nil, nil)
	h := s.onTelegram(freshNumber())
	h.opens()
	code := oneTimeCode(t, s.sms, h.msisdn)
	pin := voucher(200)
	h.says("voucher")
	reads(h, soon, "16 digits")
	h.says(pin[:4] + " " + pin[4:8] + "-" + pin[8:])
	reads(h, soon, "R200 added")
	for meter, tokens := range map[string]int{"14000000019": 1, "14000000118": 3} {
		toYes(h, meter)
		h.picks("Pay R50")
		reads(h, soon, "meter "+meter+":", "Ref ")
		m := h.fake.Last(h.chat)
		if all := digitsAlone(m.Text); len(all) != tokens || !slices.Equal(all, copies(m)) {
			t.Errorf("the tokens are %q, and the buttons copy %q:\n%s", all, copies(m), m.Text)
		}
		if !m.Protected || !m.NoPreview || m.Edits > 0 {
			t.Errorf("the token can be passed on: %+v", m)
		}
		for _, token := range digitsAlone(m.Text) {
			if len(token) != 20 || !strings.Contains(m.Source, "<code>"+token[:4]) && !strings.Contains(m.Source, token[:4]) {
				t.Errorf("%q is no token", token)
			}
		}
		if n := len(s.texts(h.msisdn, "meter "+meter)); n > 0 {
			t.Errorf("%d SMS bring what was shown", n)
		}
	}
	s.sells(ofPower, 2)
	h.says("balance")
	reads(h, soon, "You have R100.")
	h.picks("My PIN")
	reads(h, soon, "A PIN of 5 digits keeps")
	const wallet = "74213" // no port is that high
	for _, label := range []string{"Make a PIN", wallet, wallet} {
		if label == wallet {
			h.says(label)
		} else {
			h.picks(label)
		}
	}
	reads(h, soon, "Your PIN is set.")
	h.says("buy airtime")
	reads(h, soon, "Airtime for which number?")
	h.picks("My number")
	if strings.Contains(h.shown(), "Which network") {
		h.picks("Vodacom")
	}
	h.picks("R20")
	h.picks("Pay R20")
	reads(h, soon, "Type your PIN")
	h.says("11111")
	reads(h, soon, "Wrong PIN, nothing was done.")
	h.says(wallet)
	reads(h, soon, "Done: R20")
	s.sells(ofAirtime, 1)
	for _, m := range h.fake.Messages(h.chat) {
		digits := regexp.MustCompile(`\D`).ReplaceAllString(m.Text, "")
		if !m.Bot && !m.Deleted && slices.Contains([]string{code, pin, wallet, "11111"}, digits) {
			t.Errorf("%q stays in sight", m.Text)
		}
		if m.Bot && (strings.Contains(m.Text, wallet) || strings.Contains(digits, pin)) {
			t.Errorf("a PIN is repeated: %s", m.Text)
		}
	}
	hidden := canaries{long: []string{pin, h.fake.Token, secretForChats}, short: []string{code, wallet}}
	hidden.absent(t, "log", s.service.logged())
}

// TestElectricityOnWhatsAppTakesFewMessages counts them: they are charged.
func TestElectricityOnWhatsAppTakesFewMessages(t *testing.T) {
	t.Parallel()
	s := newStreet(t, nil, nil)
	h := s.onWhatsApp(freshNumber())
	h.says("buy electricity")
	h.says("14000000118")
	h.picks("R50")
	h.picks("Use a 1Voucher")
	h.says(voucher(200))
	h.picks("Go on: R50 electricity")
	h.picks("Pay R50")
	reads(h, soon, "meter 14000000118:", "Enter all of these, in this order:", "Ref ")
	if n := len(h.all()); n > 8 {
		t.Errorf("it took %d messages: %+v", n, h.all())
	}
	if n := len(digitsAlone(h.shown())); n != 3 {
		t.Errorf("%d tokens: %s", n, h.shown())
	}
	s.sells(ofPower, 1)
	if n := len(s.sms.All()); n > 0 {
		t.Errorf("%d SMS as well", n)
	}
	if n := len(h.fake.All()); n != len(h.all()) {
		t.Errorf("%d messages, and %d of them to the customer", n, len(h.all()))
	}
}

// TestASlowSaleIsToldInTheChat promises to write, and does.
func TestASlowSaleIsToldInTheChat(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStreet(t, briefly(env(t)), nil)
			refs := map[hand]string{}
			for meter, h := range map[string]hand{meterSlow: s.onTelegram(freshNumber()), meterCut: s.onWhatsApp(freshNumber())} {
				h.opens()
				topsUp(h, 100)
				toYes(h, meter)
				h.picks("Pay R50")
				refs[h] = refOf(t, told(h, soon, "We are busy: R50 electricity", "We will write to you here.", "Do not buy again"))
			}
			for h, ref := range refs {
				reads(h, patient, "Eskom, meter", "Ref "+ref)
				if n := len(digitsAlone(h.shown())); n != 1 {
					t.Errorf("%d tokens: %s", n, h.shown())
				}
				if tg, ok := h.(*telegramHand); ok {
					if m := tg.fake.Last(tg.chat); !m.Protected || !slices.Equal(copies(m), digitsAlone(m.Text)) {
						t.Errorf("the token can be passed on, or not copied: %+v", m)
					}
				}
				h.says("balance")
				reads(h, soon, "You have R50.")
				if all := s.texts(h.number(), ref); len(all) > 0 {
					t.Errorf("SMS as well: %q", all)
				}
			}
			s.sells(ofPower, 2)
		})
	}
}

// TestTheSameMoneyInTwoChatsIsSpentOnce says yes in both at once.
func TestTheSameMoneyInTwoChatsIsSpentOnce(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStreet(t, env(t), nil)
			number := freshNumber()
			tg, wa := s.onTelegram(number), s.onWhatsApp(number)
			tg.opens()
			topsUp(wa, 50)
			toYes(tg, "14000000019")
			toYes(wa, "14000000027")
			pays, err := wa.fake.TapOn(wa.user, wa.last(), "Pay R50")
			if err != nil {
				t.Fatal(err)
			}
			pay := tg.button("Pay R50")
			var wg sync.WaitGroup
			wg.Go(func() { tg.brings(pay) })
			wg.Go(func() { wa.brings(pays) })
			wg.Wait()
			tokens := func() int { return len(tokensOf(tg)) + len(tokensOf(wa)) }
			eventually(t, patient, "a token", func() bool { return tokens() > 0 })
			for _, h := range []hand{tg, wa} {
				h.says("balance")
				reads(h, soon, "You have R0.")
			}
			if n := tokens(); n != 1 {
				t.Errorf("%d tokens", n)
			}
			s.sells(ofPower, 1)
		})
	}
}

// TestWhatsAppIsWaitedForAsItAsks sends the token once the pause is over, and once.
func TestWhatsAppIsWaitedForAsItAsks(t *testing.T) {
	t.Parallel()
	s := newStreet(t, nil, nil)
	h := s.onWhatsApp(freshNumber())
	topsUp(h, 100)
	toYes(h, "14000000019")
	calls := h.fake.Calls()
	h.fake.Fail(chatfake.WhatsAppFault{To: h.user.ID, Code: 131056})
	pay, err := h.fake.TapOn(h.user, h.last(), "Pay R50")
	if err != nil {
		t.Fatal(err)
	}
	h.brings(pay)
	h.brings(h.fake.Text(h.user, "balance"))
	reads(h, patient, "You have R50.")
	if n := h.fake.Calls() - calls; n != 3 || len(tokensOf(h)) != 1 {
		t.Errorf("it took %d requests, and brought %q", n, tokensOf(h))
	}
	if n := len(s.sms.All()); n > 0 {
		t.Errorf("%d SMS as well", n)
	}
	s.sells(ofPower, 1)
}
