package browser

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestAFirstPurchaseInTheBrowser plays the README's first conversation on the
// page: the language where it is asked for, airtime, short of money, a voucher,
// pay, the receipt and its SMS.
func TestAFirstPurchaseInTheBrowser(t *testing.T) {
	p := newPhone(t)
	wantMenu(t, p.dial(p.code()))
	if !strings.Contains(p.screen().Text, "What do you need?") {
		p.choose("English")
	}
	p.choose("Airtime")
	shows(t, p.choose("My number"), "Vodacom airtime for 0")
	shows(t, p.choose("R20"), "R20 short")
	p.choose("Use a 1Voucher")
	shows(t, p.send(freshVoucher()), "R50 added", "Go on: R20 Vodacom")
	shows(t, p.choose("Go on"), "You have R50", "A wrong number")
	s := p.choose("Pay R20")
	shows(t, s, "Done: R20 Vodacom airtime", "You have R30 left")
	if s.Left != "OK" {
		t.Errorf("after the end the left soft key says %q", s.Left)
	}
	if sms := p.messages(1); !strings.Contains(sms[0], "R20 Vodacom airtime is on") {
		t.Errorf("SMS: %q", sms)
	}
	if log := p.transcript(); strings.Contains(log, "500050") {
		t.Errorf("the transcript shows the voucher:\n%s", log)
	}
}

func shows(t *testing.T, s screen, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(strings.ReplaceAll(s.Text, "\n", " "), w) {
			t.Fatalf("%q is not on the screen: %+v", w, s)
		}
	}
}

// freshVoucher is the PIN of an unused voucher of R50 at the simulator.
func freshVoucher() string { return fmt.Sprintf("500050%010d", rand.Int64N(10_000_000_000)) }
