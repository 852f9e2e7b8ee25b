package test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestTheDraftOf2023IsSoldThrough uses a host that speaks the draft alone, as the
// simulator does under its paths.
func TestTheDraftOf2023IsSoldThrough(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	p := newPhone(t, startService(t, sandbox, map[string]string{"SPAZA_FLASH_REVISION": "2023", "SPAZA_FLASH_PRODUCT_CODES": "text"}))
	p.topUp(50)
	p.dial()
	p.choose("Airtime", "Other number")
	p.press("083 765 4321")
	p.sees("Airtime for 0837654321. Which network?", "MTN", "Vodacom", "Cell C", "Telkom")
	p.choose("Vodacom", "R20", "Pay R20")
	p.sees("END Done: R20 Vodacom airtime for 0837654321.", "R30 left")
	p.gets(soon, "R20 Vodacom airtime is on 0837654321")
	if cents, sales := sandbox.books().sold("27837654321"); cents != 2000 || sales != 1 {
		t.Errorf("the provider sold %d cents in %d sales", cents, sales)
	}
}

// TestTheLastCatalogueOpensTheShop starts the service while its provider is away.
func TestTheLastCatalogueOpensTheShop(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			service := startService(t, sandbox, env(t))
			p := newPhone(t, service)
			p.topUp(50)
			if err := service.stop(); err != nil {
				t.Fatal(err)
			}
			sandbox.kill()
			service.start(withoutWaiting)
			p.toPay("R20")
			p.choose("Pay R20")
			p.sees("END This did not work now.", "No money was taken")
			if got := p.balance(); got != "You have R50." {
				t.Errorf("balance says %q", got)
			}
			sandbox.start("/sandbox/books")
			eventually(t, 30*time.Second, "the service sells again", func() bool {
				p.toPay("R20")
				return p.walk("Pay R20") == "" && strings.HasPrefix(p.screen, "END Done: ")
			})
		})
	}
}

// TestAFaultIsSwitchedOnForWhateverComesNext drives the simulator as an
// integrator would.
func TestAFaultIsSwitchedOnForWhateverComesNext(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	p := newPhone(t, startService(t, sandbox, nil))
	p.topUp(50)
	control := func(path, body string) {
		t.Helper()
		resp, err := http.Post(sandbox.url+"/sandbox/"+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode > 299 {
			t.Fatalf("%s: HTTP %d", path, resp.StatusCode)
		}
	}
	control("float", `{"cents":0}`)
	p.toPay("R20")
	p.choose("Pay R20")
	p.sees("END This is not available right now.", "No money was taken")
	control("float", `{"cents":10000}`)
	control("faults", `{"fault":"cut_after","op":"cellular/pinless/purchase","target":"`+p.number+`"}`)
	p.toPay("R20")
	p.choose("Pay R20")
	p.sees("Do not buy again")
	p.gets(30*time.Second, "R20 Vodacom airtime is on")
	if got := p.balance(); got != "You have R30." {
		t.Errorf("balance says %q", got)
	}
}
