package test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/test/chatfake"
)

// brings delivers an update once, and checks that it was taken.
func (h *telegramHand) brings(u chatfake.TelegramUpdate) {
	h.t.Helper()
	if status, _, err := h.fake.Post(h.t.Context(), h.at.url+"/telegram/webhook", secretForChats, u); err != nil || status != http.StatusOK {
		h.t.Fatalf("update: HTTP status %d, %v", status, err)
	}
}

// button is the update of a tap on a button, as often as it is delivered.
func (h *telegramHand) button(label string) chatfake.TelegramUpdate {
	h.t.Helper()
	u, ok := h.fake.Press(h.chat, label, h.msisdn)
	if !ok {
		h.t.Fatalf("there is no button %q: %v", label, h.fake.Last(h.chat).Labels())
	}
	return u
}

// taps are further taps on the same button, each an update of its own.
func (h *telegramHand) taps(label string) func() chatfake.TelegramUpdate {
	h.t.Helper()
	m := h.fake.Last(h.chat)
	b, ok := m.Button(label)
	if !ok {
		h.t.Fatalf("there is no button %q: %v", label, m.Labels())
	}
	return func() chatfake.TelegramUpdate { return h.fake.Tap(h.chat, h.chat, m.ID, b.Data) }
}

// TestKilledWhilePeopleChat has the process gone when three messages of one customer
// were taken and none answered, and when another has said yes and the provider is
// selling.
func TestKilledWhilePeopleChat(t *testing.T) {
	t.Parallel()
	notShort(t)
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStreet(t, env(t), nil)
			buyer := s.onWhatsApp(freshNumber())
			topsUp(buyer, 100)
			toYes(buyer, meterSlow)
			pay, err := buyer.fake.TapOn(buyer.user, buyer.last(), "Pay R50")
			if err != nil {
				t.Fatal(err)
			}
			h := s.onTelegram(freshNumber())
			h.opens()
			before := len(h.fake.Shown(h.chat))
			never := make(chan struct{})
			t.Cleanup(func() { close(never) })
			h.fake.Fail(chatfake.TelegramFault{Method: "sendMessage", Chat: h.chat, Times: -1, Late: never})
			calls := len(h.fake.Calls("sendMessage"))
			for _, text := range []string{"voucher", voucher(50), "balance", "help"} {
				h.brings(h.fake.Text(h.chat, h.chat, text))
			}
			eventually(t, soon, "the first is being answered", func() bool { return len(h.fake.Calls("sendMessage")) > calls })
			buyer.brings(pay)
			eventually(t, soon, "the provider is selling", func() bool { return s.sold(ofPower) == 1 })
			s.service.kill()
			if n := len(h.fake.Shown(h.chat)); n != before {
				t.Fatalf("%d answers before the kill", n-before)
			}
			h.fake.Mend()
			s.service.start("/readyz")
			buyer.brings(pay)
			buyer.brings(buyer.fake.Text(buyer.user, "help"))

			reads(h, patient, "Help: 0800")
			all := h.fake.Shown(h.chat)[before:]
			for i, words := range []string{"Type the 16 digits", "R50 added", "You have R50.", "Help: 0800"} {
				if len(all) != 4 || !strings.Contains(all[i].Text, words) {
					t.Fatalf("the answers are not the four in their order: %+v", all)
				}
			}
			eventually(t, patient, "the token", func() bool { return len(tokensOf(buyer)) > 0 })
			buyer.brings(buyer.fake.Text(buyer.user, "balance"))
			told(buyer, patient, "You have R50.")
			// As the screen, and once more as the message for who may not have seen it.
			if all := tokensOf(buyer); len(all) > 2 || len(slices.Compact(all)) != 1 {
				t.Errorf("the tokens are %q", all)
			}
			if n := len(s.texts(buyer.number(), "meter")); n > 0 {
				t.Errorf("and %d SMS", n)
			}
			for _, of := range [][]string{{"jobs", "list", "--json"}, {"jobs", "list", "--json", "--waiting", "--kind", "chat"}} {
				eventually(t, soon, "nothing is stranded", func() bool {
					out, _ := spaza(t, s.store(), of...) // which fails where there is none
					return strings.HasPrefix(out, "[]")
				})
			}
			s.sells(ofPower, 1)
			s.sells("1voucher/redeem", 2)
		})
	}
}

// tokensOf are those in all messages to a customer.
func tokensOf(h hand) (all []string) {
	for _, text := range messagesTo(h) {
		all = append(all, digitsAlone(text)...)
	}
	return all
}

// brings posts what happened twice in one webhook, and checks that it was taken.
func (h *whatsAppHand) brings(e chatfake.WhatsAppEvent) {
	h.t.Helper()
	if status, err := h.fake.Post(h.t.Context(), h.at.url+"/whatsapp/webhook", e, e); err != nil || status != http.StatusOK {
		h.t.Fatalf("webhook: HTTP status %d, %v", status, err)
	}
}

// patient is patience for what waits until the lease of a killed process ends.
const patient = time.Minute

// TestOldButtonsNeverBuy taps on the yes that was said: at once and many times,
// after the purchase, after going elsewhere, and after a restart.
func TestOldButtonsNeverBuy(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStreet(t, env(t), nil)
			h := s.onTelegram(freshNumber())
			h.opens()
			topsUp(h, 200)
			toYes(h, "14000000019")
			again := h.taps("Pay R50")
			pay := h.button("Pay R50")
			before := len(h.fake.Shown(h.chat))
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					if status, _, err := h.fake.Post(t.Context(), h.at.url+"/telegram/webhook", secretForChats, pay); err != nil || status != http.StatusOK {
						t.Errorf("update: HTTP status %d, %v", status, err)
					}
				})
			}
			wg.Wait()
			reads(h, soon, "meter 14000000019:")
			token := h.shown()
			h.deliver(again())
			reads(h, soon, token)
			h.says("help")
			reads(h, soon, "Help: 0800")
			h.deliver(again())
			eventually(t, soon, "help once more", func() bool { return len(h.fake.Shown(h.chat)) == before+4 })
			// One turn for five deliveries, and one for each of the others.
			if all := h.fake.Shown(h.chat)[before:]; len(all) != 4 || all[0].Text != token || all[1].Text != token || all[2].Text != all[3].Text {
				t.Errorf("the taps were answered by %+v", all)
			}
			s.restart()
			h.brings(again())
			h.brings(pay)
			h.brings(h.fake.Text(h.chat, h.chat, "balance"))
			reads(h, patient, "You have R150.")
			s.sells(ofPower, 1)
		})
	}
}

// TestOldButtonsNeverBuyOnWhatsApp does the same there.
func TestOldButtonsNeverBuyOnWhatsApp(t *testing.T) {
	t.Parallel()
	s := newStreet(t, nil, nil)
	h := s.onWhatsApp(freshNumber())
	topsUp(h, 200)
	toYes(h, "14000000019")
	yes := h.last()
	again := func() chatfake.WhatsAppEvent {
		t.Helper()
		e, err := h.fake.TapOn(h.user, yes, "Pay R50")
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	tap := func() {
		t.Helper()
		h.deliver(again())
	}
	tap()
	reads(h, soon, "meter 14000000019:")
	token := h.shown()
	tap()
	reads(h, soon, token)
	h.says("help")
	reads(h, soon, "Help: 0800")
	tap()
	reads(h, soon, "Help: 0800")
	s.restart()
	h.brings(again())
	h.brings(h.fake.Text(h.user, "balance"))
	reads(h, patient, "You have R150.")
	s.sells(ofPower, 1)
}

// TestTwoReplicasAnswerOneChat brings what one customer says to both alternately.
func TestTwoReplicasAnswerOneChat(t *testing.T) {
	t.Parallel()
	env, ok := stores(t)["redis and postgres"]
	if !ok {
		t.Skip("needs real Redis and PostgreSQL: two processes can not share the embedded ones")
	}
	shared := env(t)
	shared["SPAZA_SECRET_KEY"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	s := newStreet(t, shared, nil)
	other := maps.Clone(s.env)
	other["SPAZA_DATA_DIR"] = t.TempDir()
	replicas := []*process{s.service, startService(t, s.sandbox, other)}
	h := s.onTelegram(freshNumber())
	h.opens()
	topsUp(h, 200)
	const turns = 12
	before := len(h.fake.Shown(h.chat))
	for i := range turns {
		h.at = replicas[i%2]
		h.brings(h.fake.Text(h.chat, h.chat, []string{"balance", "help", "buy airtime", "voucher", "/start", "language"}[i%6]))
	}
	eventually(t, 30*time.Second, "all are answered", func() bool { return len(h.fake.Shown(h.chat)) >= before+turns })
	all := h.fake.Shown(h.chat)[before:]
	for i, words := range []string{"You have R200.", "Help: 0800", "Airtime for which", "16 digits", "What do you need?", "language"} {
		for at := i; at < turns; at += 6 {
			if len(all) != turns || !strings.Contains(all[at].Text, words) {
				t.Fatalf("answer %d of %d is not %q: %s", at, len(all), words, all[min(at, len(all)-1)].Text)
			}
		}
	}
	toYes(h, "14000000019")
	again := h.taps("Pay R50")
	pay := h.button("Pay R50")
	var wg sync.WaitGroup
	for i, u := range []chatfake.TelegramUpdate{pay, pay, again(), again(), pay, again()} {
		wg.Go(func() {
			if status, _, err := h.fake.Post(t.Context(), replicas[i%2].url+"/telegram/webhook", secretForChats, u); err != nil || status != http.StatusOK {
				t.Errorf("update: HTTP status %d, %v", status, err)
			}
		})
	}
	wg.Wait()
	reads(h, soon, "meter 14000000019:")
	h.says("balance")
	reads(h, soon, "You have R150.")
	s.sells(ofPower, 1)
}

// TestPollingForWhoHasNoAddress buys without a webhook, and loses nothing of what
// Telegram was told has come.
func TestPollingForWhoHasNoAddress(t *testing.T) {
	t.Parallel()
	notShort(t)
	s := newStreet(t, map[string]string{"SPAZA_TELEGRAM_SECRET": ""}, nil)
	h := s.onTelegram(freshNumber())
	asked := func() int { return len(h.fake.Calls("getUpdates")) }
	says := func(u chatfake.TelegramUpdate, words ...string) {
		t.Helper()
		h.fake.Queue(u)
		reads(h, soon, words...)
	}
	text := func(s string) chatfake.TelegramUpdate { return h.fake.Text(h.chat, h.chat, s) }
	says(text("/start"), "share your own cell number")
	says(h.button("Share my number"), "We sent a code")
	says(text(oneTimeCode(t, s.sms, h.msisdn)), "What do you need?")
	says(text("voucher"), "16 digits")
	says(text(voucher(100)), "R100 added")
	says(text("buy electricity"), "number of the meter")
	says(text("14000000019"), "How much?")
	says(h.button("R50"), "R50 electricity, meter 14000000019?")
	pay := h.button("Pay R50")
	says(pay, "meter 14000000019:")
	says(pay, "meter 14000000019:")
	eventually(t, soon, "all is confirmed", func() bool { return h.fake.Queued() == 0 })

	// Telegram forgets what comes before an offset as soon as it is asked with
	// it: from then on, only this service knows of the message.
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	h.fake.Fail(chatfake.TelegramFault{Method: "sendMessage", Times: -1, Late: never})
	before := asked()
	h.fake.Queue(text("balance"))
	eventually(t, soon, "it is confirmed", func() bool { return asked() > before && h.fake.Queued() == 0 })
	s.service.kill()
	h.fake.Mend()
	s.service.start("/readyz")
	reads(h, patient, "You have R50.")
	s.sells(ofPower, 1)
}

// TestPollingConfirmsWhatWasKept has the database away while somebody writes.
func TestPollingConfirmsWhatWasKept(t *testing.T) {
	t.Parallel()
	env, ok := stores(t)["redis and postgres"]
	if !ok {
		t.Skip("needs a real PostgreSQL: the embedded database can not be cut off")
	}
	shared := env(t)
	db, err := url.Parse(shared["SPAZA_DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	c := newCable(t, db.Host)
	db.Host = c.addr
	shared["SPAZA_DATABASE_URL"], shared["SPAZA_TELEGRAM_SECRET"] = db.String(), ""
	s := newStreet(t, shared, nil)
	h := s.onTelegram(freshNumber())
	h.fake.Queue(h.fake.Text(h.chat, h.chat, "/start"))
	reads(h, soon, "share your own cell number")
	asked := func() int { return len(h.fake.Calls("getUpdates")) }
	c.pull()
	before, shown := asked(), len(h.fake.Shown(h.chat))
	h.fake.Queue(h.fake.Text(h.chat, h.chat, "/start"))
	eventually(t, patient, "it is asked for again", func() bool { return asked() > before+1 })
	if h.fake.Queued() == 0 || len(h.fake.Shown(h.chat)) > shown {
		t.Error("what could not be kept was confirmed, or answered")
	}
	c.putBack()
	eventually(t, patient, "it is confirmed and answered", func() bool { return h.fake.Queued() == 0 && len(h.fake.Shown(h.chat)) > shown })
	if n := len(h.fake.Shown(h.chat)); n != shown+1 {
		t.Errorf("answered %d times", n-shown)
	}
}
