package test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAFirstSaleFromDialToReceipt(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			p := newPhone(t, startService(t, sandbox, env(t)))
			p.dial()
			p.sees("CON Spaza.", "1 Buy airtime")
			p.press("1")
			p.sees("Which network?", "1 Vodacom")
			p.press("1", "2")
			p.sees("R20 short", "1 Add a 1Voucher")
			pin := voucher(50)
			p.press("1", pin[:4]+" "+pin[4:8]+"-"+pin[8:12]+" "+pin[12:])
			p.sees("R50 added", "Go on: R20 Vodacom")
			p.press("1")
			p.sees("R20 Vodacom airtime for 0"+p.number[2:], "You have R50", "1 Pay R20")
			p.press("1")
			p.sees("END Done. R20 Vodacom airtime", "R30 left")
			p.gets(5*time.Second, "R20 Vodacom airtime is on", "Ref ")
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
	p.dial("1", "1", "2")
	p.sees("1 Pay R20")
	p.press("1")
	p.sees("END Done.", "R80 left")
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
			p.dial()
			p.press("1", "1", "2")
			p.text += "*1"
			var wg sync.WaitGroup
			screens := make([]string, 8)
			for i := range screens {
				wg.Go(func() { screens[i], _ = p.post(service.url) })
			}
			wg.Wait()
			for _, s := range screens {
				if s != screens[0] || !strings.HasPrefix(s, "END Done.") {
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
	step("2")
	step(voucher(100))
	p.sees("R100 added")
	step("1")
	step("1")
	step("2")
	step("1")
	p.sees("END Done.", "R80 left")
	if cents, sales := sandbox.books().sold(p.number); cents != 2000 || sales != 1 {
		t.Errorf("the provider sold %d cents in %d sales", cents, sales)
	}
}

func TestAGracefulStopLosesNothing(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	service := startService(t, sandbox, nil)
	p := newPhone(t, service)
	p.number = "27600010001" // the simulator answers after five seconds
	p.topUp(50)
	p.dial()
	p.press("1", "1", "1", "1")
	p.sees("END We are busy buying R10", "SMS follows")
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
	p.press("1")
	p.sees("END Airtime is not on sale right now. Nothing was bought.")
}
