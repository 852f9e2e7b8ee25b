package test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/gsm7"
	"spaza/locales"
)

func TestAFirstSaleFromDialToReceipt(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			p := newPhone(t, startService(t, sandbox, asking(env(t))))
			p.dial()
			p.speaks(t, "en")
			p.sees("Spaza. What do you need?")
			p.choose("Airtime")
			p.sees("Airtime for which number?")
			p.choose("My number")
			p.sees("CON Vodacom airtime for 0"+p.number[2:], "How much?")
			p.choose("R20")
			p.sees("R20 Vodacom airtime for 0"+p.number[2:], "R20 short")
			p.choose("Use a 1Voucher")
			pin := voucher(50)
			p.press(pin[:4] + " " + pin[4:8] + "-" + pin[8:12] + " " + pin[12:])
			p.sees("R50 added")
			p.choose("Go on: R20 Vodacom airtime")
			p.sees("R20 Vodacom airtime for 0"+p.number[2:], "You have R50")
			p.choose("Pay R20")
			p.sees("END Done: R20 Vodacom airtime for 0"+p.number[2:], "R30 left")
			p.gets(soon, "R20 Vodacom airtime is on", "Ref ")
			if cents, sales := sandbox.books().sold(p.number); cents != 2000 || sales != 1 {
				t.Errorf("the provider sold %d cents in %d sales", cents, sales)
			}
			if got := p.balance(); got != "You have R30." {
				t.Errorf("balance says %q", got)
			}
		})
	}
}

func TestEverythingWorksWithNothingConfigured(t *testing.T) {
	t.Parallel()
	p := newPhone(t, startService(t, nil, nil))
	p.topUp(100)
	p.toPay("R20")
	p.choose("Pay R20")
	p.sees("END Done: R20", "R80 left")
}

// TestADialStringGoesStraightToTheYes has the answers of the way there behind the
// code, as people keep them: they must go on leading there.
func TestADialStringGoesStraightToTheYes(t *testing.T) {
	t.Parallel()
	p := newPhone(t, startService(t, nil, asking(nil)))
	p.dial("4") // no language was chosen, and none is asked for
	p.sees("CON Type the 16 digits")
	p.press(voucher(100))
	p.dial("1", "1", "2") // airtime, my number, R20
	p.sees("R20 Vodacom airtime for 0"+p.number[2:], "You have R100", "1 Pay R20")
	p.dial("1", "1", "2", "1") // never past it
	p.sees("R20 Vodacom airtime for 0"+p.number[2:], "You have R100", "1 Pay R20")
	p.press("1")
	p.sees("END Done: R20", "R80 left")
	p.dial("1", "1", "2", "1") // nor past the question that comes before it now
	p.sees("CON You bought this at ", "Once more?")
}

// TestTheSameAgainIsAskedAboutAndSoldOnce buys once more from the menu, and then
// changes its mind.
func TestTheSameAgainIsAskedAboutAndSoldOnce(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			p := newPhone(t, startService(t, sandbox, env(t)))
			p.network = "99999" // a gateway that does not know it
			p.topUp(100)
			p.dial()
			p.choose("Airtime", "My number")
			p.sees("Airtime for 0"+p.number[2:]+". Which network?", "1 Vodacom")
			p.choose("MTN", "R20", "Pay R20")
			p.sees("END Done: R20 MTN airtime", "R80 left")
			p.dial()
			p.sees("It worked: R20 MTN airtime. Ref ")
			p.choose("Again: R20 MTN airtime")
			p.sees("You bought this at ", "R20 MTN airtime for 0"+p.number[2:], "Once more?")
			p.choose("Yes")
			p.sees("You have R80")
			p.choose("Pay R20")
			p.sees("END Done: R20 MTN airtime", "R60 left")
			p.dial()
			p.choose("Airtime", "My number") // whose network is known by now
			p.sees("MTN airtime for 0"+p.number[2:], "How much?")
			p.choose("R20", "No")
			p.sees("END Good. Nothing more was bought.")
			if cents, sales := sandbox.books().sold(p.number); cents != 4000 || sales != 2 {
				t.Errorf("the provider sold %d cents in %d sales", cents, sales)
			}
			if got := p.balance(); got != "You have R60." {
				t.Errorf("balance says %q", got)
			}
		})
	}
}

// asking is an environment in which customers are asked for their language.
func asking(env map[string]string) map[string]string {
	asks := map[string]string{"SPAZA_LANGUAGE": ""}
	maps.Copy(asks, env)
	return asks
}

// speaks answers the first screen of all, which asks for the language, and
// returns the texts. Where there is one language only nobody is asked.
func (p *phone) speaks(t *testing.T, code string) *locales.Catalogue {
	t.Helper()
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	if all := words.Languages(); len(all) > 1 {
		i := slices.IndexFunc(all, func(l locales.Language) bool { return l.Code == code })
		p.choose(gsm7.Fold(all[i].Name))
		p.sees(gsm7.Fold(words.Say(code, "language.done")))
	}
	return words
}

func TestTheLanguageIsAskedOnceAndKept(t *testing.T) {
	t.Parallel()
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	service := startService(t, nil, asking(nil))
	for _, l := range words.Languages() {
		t.Run(l.Code, func(t *testing.T) {
			p := newPhone(t, service)
			p.dial()
			p.speaks(t, l.Code)
			says := gsm7.Fold(words.Say(l.Code, "menu.prompt"))
			p.sees(says)
			p.dial()
			p.sees("CON " + says)
			p.choose(gsm7.Fold(words.Say(l.Code, "menu.airtime")))
			p.sees("CON " + gsm7.Fold(words.Say(l.Code, "airtime.who.ask")))
		})
	}
}

func TestARepeatedPayBuysOnce(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			service := startService(t, sandbox, env(t))
			p := newPhone(t, service)
			p.topUp(100)
			p.toPay("R20")
			p.text += "*" + p.option("Pay R20")
			var wg sync.WaitGroup
			screens := make([]string, 8)
			for i := range screens {
				wg.Go(func() { screens[i], _ = p.post(service.url) })
			}
			wg.Wait()
			for _, s := range screens {
				if s != screens[0] || !strings.HasPrefix(s, "END Done: ") {
					t.Errorf("screens differ: %q and %q\n%s", screens[0], s, service.logged())
				}
			}
			if cents, sales := sandbox.books().sold(p.number); cents != 2000 || sales != 1 {
				t.Errorf("the provider sold %d cents in %d sales", cents, sales)
			}
		})
	}
}

func TestTwoReplicasAnswerAsOne(t *testing.T) {
	t.Parallel()
	env, ok := stores(t)["redis and postgres"]
	if !ok {
		t.Skip("needs real Redis and PostgreSQL: two processes can not share the embedded ones")
	}
	sandbox := startSandbox(t)
	shared := env(t)
	shared["SPAZA_SECRET_KEY"] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	replicas := []*process{startService(t, sandbox, shared), startService(t, sandbox, shared)}
	p := newPhone(t, replicas[0])
	step := func(input string) string {
		t.Helper()
		if input != "" {
			p.text = strings.TrimPrefix(p.text+"*"+input, "*")
		}
		p.at = replicas[len(p.text)%2]
		first := p.send()
		p.at = replicas[(len(p.text)+1)%2]
		if again := p.send(); again != first {
			t.Fatalf("after %q one says %q and the other %q", p.text, first, again)
		}
		return first
	}
	p.dial()
	step("")
	step(p.option("Use a 1Voucher"))
	step(voucher(100))
	p.sees("R100 added")
	for _, label := range []string{"Buy airtime", "My number", "R20", "Pay R20"} {
		step(p.option(label))
	}
	p.sees("END Done: R20", "R80 left")
	if cents, sales := sandbox.books().sold(p.number); cents != 2000 || sales != 1 {
		t.Errorf("the provider sold %d cents in %d sales", cents, sales)
	}
}

func TestAGracefulStopLosesNothing(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	service := startService(t, sandbox, briefly(nil))
	p := newPhone(t, service)
	p.number = "27600010001" // the simulator answers after five seconds
	p.topUp(50)
	p.toPay("R10")
	p.choose("Pay R10")
	p.sees("END We are busy: R10", "SMS follows")
	if err := service.stop(); err != nil {
		t.Fatalf("stopped with %v\n%s", err, service.logged())
	}
	service.start("/readyz")
	eventually(t, 40*time.Second, "the sale is done", func() bool { return strings.Contains(strings.Join(p.sms(), "\n"), "R10 Vodacom airtime is on") })
	if cents, sales := sandbox.books().sold(p.number); cents != 1000 || sales != 1 {
		t.Errorf("the provider sold %d cents in %d sales", cents, sales)
	}
}

func TestReadinessFollowsTheProvider(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	service := startService(t, sandbox, map[string]string{"SPAZA_FLASH_TOKEN_URL": "http://" + freeAddr(t) + "/token"}, withoutWaiting)
	waitsForAToken(t, service)
}

// waitsForAToken looks at a service whose provider gives no token: it is not ready,
// and a customer is shown the menu without what cannot be sold.
func waitsForAToken(t *testing.T, service *process) {
	t.Helper()
	resp, err := http.Get(service.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("readyz says %d without a token to be had", resp.StatusCode)
	}
	p := newPhone(t, service)
	p.dial()
	p.sees("What do you need?", "Use a 1Voucher")
	if missing := p.walk("Airtime"); missing == "" {
		t.Errorf("airtime is on the menu, and nothing is on sale: %q", p.screen)
	}
}
