package test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// notShort leaves out what waits for leases and for requests to be sent again.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short: it waits for a minute")
	}
}

// TestKilledBetweenConfirmAndReceipt is the worst moment: the customer said yes,
// the provider has the request, and the process is gone.
func TestKilledBetweenConfirmAndReceipt(t *testing.T) {
	t.Parallel()
	notShort(t)
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			service := startService(t, sandbox, briefly(env(t)))
			p := newPhone(t, service)
			p.number = "27600010010" // the simulator sells, and never answers the first time
			p.topUp(50)
			p.toPay("R20")
			p.choose("Pay R20")
			p.sees("END We are busy: R20", "Your R20 is safe")
			service.kill()
			service.start("/readyz")
			p.dial()
			p.sees("We are checking: R20 Vodacom airtime. Your R20 is safe. Do not buy again.")
			p.choose("My money")
			p.sees("You have R30.", "R20 is kept")
			p.gets(40*time.Second, "R20 Vodacom airtime is on")
			if cents, sales := sandbox.books().sold(p.number); cents != 2000 || sales != 1 {
				t.Errorf("the provider sold %d cents in %d sales", cents, sales)
			}
			p.menu()
			p.choose("My money")
			p.sees("You have R30.")
			if strings.Contains(p.screen, "is kept") {
				t.Errorf("the hold is still there: %s", p.screen)
			}
		})
	}
}

// TestFaultsOfTheProvider sells through every fault that the simulator knows of:
// each ends in exactly one sale, and the customer is told.
func TestFaultsOfTheProvider(t *testing.T) {
	t.Parallel()
	notShort(t)
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Too many faults at once would open the breaker, and then nothing is
			// sent that could go wrong.
			const faults, together = 25, 9
			var sandbox, service *process
			for fault := 1; fault <= faults; fault++ {
				if fault%together == 1 {
					sandbox = startSandbox(t)
					service = startService(t, sandbox, briefly(env(t)))
				}
				t.Run(fmt.Sprintf("fault %02d", fault), func(t *testing.T) {
					t.Parallel()
					p := newPhone(t, service)
					p.number = fmt.Sprintf("276000100%02d", fault)
					p.topUp(50)
					p.toPay("R10")
					p.choose("Pay R10")
					if !strings.HasPrefix(p.screen, "END Done: ") {
						p.sees("END We are busy: R10", "Do not buy again")
					}
					p.gets(75*time.Second, "R10 Vodacom airtime is on")
					if cents, sales := sandbox.books().sold(p.number); cents != 1000 || sales != 1 {
						t.Errorf("the provider sold %d cents in %d sales", cents, sales)
					}
					if got := p.balance(); got != "You have R40." {
						t.Errorf("balance says %q", got)
					}
				})
			}
		})
	}
}

// TestFaultsOnAVoucher hands a voucher in through faults on both sides of its
// being taken: it is credited once, whatever the customer does meanwhile.
func TestFaultsOnAVoucher(t *testing.T) {
	t.Parallel()
	notShort(t)
	sandbox := startSandbox(t)
	service := startService(t, sandbox, briefly(nil))
	for _, fault := range []string{"02", "03", "05", "06", "08"} {
		t.Run("fault "+fault, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, service)
			pin := faultyVoucher(fault, 50)
			p.dial()
			p.choose("Use a 1Voucher")
			p.press(pin)
			if !strings.Contains(p.screen, "R50 added") {
				p.sees("END We are checking your voucher. Keep the slip.")
				// The customer does not trust it and hands it in again.
				p.dial()
				p.choose("Use a 1Voucher")
				p.press(pin)
				p.sees("END We are checking your voucher.")
				p.gets(60*time.Second, "R50 from your 1Voucher was added")
			}
			if got := p.balance(); got != "You have R50." {
				t.Errorf("balance says %q", got)
			}
		})
	}
}

func TestDeclinedSalesGiveTheMoneyBack(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	service := startService(t, sandbox, nil)
	for number, words := range map[string]string{
		"27600002337": "END The network does not allow airtime for this number. No money was taken. You still have R50.",
		"27600002355": "END This SIM is not RICA registered yet. No money was taken. You still have R50.",
		"27600002003": "END This is not available right now. No money was taken. You still have R50.",
		"27600002368": "CON This number is on another network. No money was taken.\nAirtime for",
	} {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, service)
			p.number = number
			p.topUp(50)
			p.toPay("R10")
			p.choose("Pay R10")
			p.sees(words)
			if got := p.balance(); got != "You have R50." {
				t.Errorf("balance says %q", got)
			}
			if cents, sales := sandbox.books().sold(p.number); cents != 0 || sales != 0 {
				t.Errorf("the provider sold %d cents in %d sales", cents, sales)
			}
		})
	}
}

func TestWrongPINsAreCounted(t *testing.T) {
	t.Parallel()
	service := startService(t, nil, nil)
	p := newPhone(t, service)
	p.dial()
	p.choose("Use a 1Voucher")
	for i := range 5 {
		p.press(fmt.Sprintf("624020000000%04d", i))
		p.sees("CON This PIN does not work.")
	}
	good := voucher(50)
	p.press(good)
	p.sees("END Too many wrong PINs. Wait 15 minutes", "Keep the slip. No money was taken.")
	q := newPhone(t, service)
	q.dial()
	q.choose("Use a 1Voucher")
	q.press(good)
	q.sees("R50 added")
}
