package test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"spaza/test/chatfake"
)

// TestAFloodStandsInItsOwnWay has single people write and dial more than anybody
// does: what they may have waiting is bounded, and nobody else waits for them.
func TestAFloodStandsInItsOwnWay(t *testing.T) {
	t.Parallel()
	f := startFort(t, map[string]string{"SPAZA_LIMIT_TURNS": "60"})
	const flood, most = 500, 51 // one that is worked on, and fifty behind it

	// Somebody on Telegram, whose answers the API is slow to take.
	chat := 1 + rand.Int64N(1<<50)
	hold := make(chan struct{})
	f.tg.Fail(chatfake.TelegramFault{Chat: chat, Times: -1, Late: hold})
	f.update(t, f.tg.Text(chat, chat, "/start"))
	eventually(t, soon, "an answer on Telegram is under way", func() bool { return len(f.tg.Calls("sendMessage")) > 0 })
	var wg sync.WaitGroup
	for range 10 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range flood / 10 {
				f.update(t, f.tg.Text(chat, chat, marker))
			}
		}()
	}
	wg.Wait()
	f.counted(t, flood+1)
	onTelegram := f.letters(t, "taken")
	if onTelegram > most {
		t.Errorf("%d letters of one person on Telegram were taken", onTelegram)
	}
	// And somebody on WhatsApp, in one webhook.
	w := f.whatsApp(t)
	f.wa.Fail(chatfake.WhatsAppFault{To: w.user.ID, Times: flood, Slow: true, Taken: true}, chatfake.WhatsAppFault{To: w.user.Number, Times: flood, Slow: true, Taken: true})
	events := make([]chatfake.WhatsAppEvent, flood)
	for i := range events {
		events[i] = f.wa.Text(w.user, marker)
	}
	f.webhook(t, f.wa.Body(events...))
	f.counted(t, 2*flood+1)
	onWhatsApp := f.letters(t, "taken") - onTelegram
	if onWhatsApp > most {
		t.Errorf("%d letters of one person on WhatsApp were taken", onWhatsApp)
	}
	if n := f.letters(t, "known"); n > 0 {
		t.Errorf("%d letters are known, and none came twice", n)
	}

	// Everybody else is served meanwhile.
	p := f.phone(t)
	p.topUp(50)
	p.toPay("R20")
	p.choose("Pay R20")
	p.sees("END Done: R20", "R30 left")
	f.telegram(t).opens()
	f.whatsApp(t).opens()

	// Who flooded is answered what was kept, and then as before.
	close(hold)
	f.wa.Release()
	answered := func() int { return len(f.tg.Shown(chat)) }
	// Of WhatsApp too: those are turns of the engine, which are counted below.
	eventually(t, patient, "the answers to what was kept", func() bool { return answered() >= onTelegram && len(w.all()) >= onWhatsApp })
	f.update(t, f.tg.Text(chat, chat, "/start"))
	eventually(t, soon, "one more answer", func() bool { return answered() == onTelegram+1 })

	// Somebody who dials all the time, by any gateway, is told to wait.
	dials := f.phone(t)
	before, _ := f.asked(t)
	slow := 0
	for range 200 {
		if dials.dial(); strings.HasPrefix(dials.screen, "END ") {
			slow++
		}
	}
	// One more may pass each second, of which a slow machine takes some.
	if after, _ := f.asked(t); after-before > 80 || slow < 120 {
		t.Errorf("the engine was asked %v times, and %d dials were put off", after-before, slow)
	}
	others := f.phone(t)
	others.dial()
	others.sees("CON Spaza.")
	f.unharmed(t)
}

// counted waits until it is counted what became of so many letters: who brought one
// is answered before.
func (f *fort) counted(t *testing.T, letters int) {
	t.Helper()
	n := 0
	eventually(t, soon, fmt.Sprintf("%d letters are counted", letters), func() bool {
		n = f.letters(t, "taken") + f.letters(t, "dropped") + f.letters(t, "known")
		return n >= letters
	})
	if n != letters {
		t.Errorf("%d letters came, and %d were counted", letters, n)
	}
}

// letters is how many letters something became of.
func (f *fort) letters(t *testing.T, what string) int {
	t.Helper()
	_, page := f.metrics(t)
	found := regexp.MustCompile(fmt.Sprintf(`(?m)^spaza_letters_total\{result="%s"\} (\d+)$`, what)).FindStringSubmatch(page)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}
