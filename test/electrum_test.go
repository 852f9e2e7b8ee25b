package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The whole of what is sold through Electrum, from the built binary: what customers
// read, and what becomes of it at the provider.

// fours are tokens as a message writes them.
var fours = regexp.MustCompile(`(?m)^(\d{4} ){4}\d{4}$`)

func TestEverythingIsSoldThroughElectrum(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			p := newPhone(t, startService(t, sandbox, throughElectrum(sandbox, besideFlash, env(t))))
			for range 2 {
				p.topUp(500)
			}
			p.goes(toAirtime())
			p.sees("CON R20 Vodacom airtime for 0"+p.number[2:], "You have R1000")
			p.choose("Pay R20")
			p.sees("END Done: R20 Vodacom airtime for 0"+p.number[2:], "R980 left")
			p.gets(soon, "R20 Vodacom airtime is on 0"+p.number[2:])

			p.goes(way{"Data", "My number", "A month"})
			p.sees("100MB R29")
			p.choose("100MB", "Pay R29")
			p.sees("END Done: Vodacom 100MB", "R951 left")
			p.gets(soon, "Vodacom bundle of R29 is on")

			p.goes(toMeter("14000000118")) // it gets new keys first
			p.sees("R100 electricity, meter 14000000118?", "It is for N M*****, Eskom.")
			p.choose("Pay R100")
			p.sees("Enter all of these, in this order:", "1. New key of the meter:")
			p.gets(soon, "R100 Eskom, meter 14000000118:", "1. New key of the meter:", "2. New key of the meter:", "3. Token:", "Units: ")
			if all := fours.FindAllString(strings.Join(p.sms(), "\n"), -1); len(all) != 3 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != 3 {
				t.Errorf("the tokens are %q", all)
			}

			p.goes(way{"Electricity"})
			p.choose("***0118", "R50", "Pay R50") // it is known by now
			p.gets(soon, "R50 Eskom, meter 14000000118:")

			p.goes(way{"Electricity", "Other meter", ":14000000043", "R100"})
			p.sees("R350 is owed: part of this pays it.")
			p.choose("Pay R100")
			p.gets(soon, "R100 Eskom, meter 14000000043:", "Debt paid, Outstanding account: R40")

			p.goes(way{"More to buy", "Free electricity", "Other meter", ":14000000084"})
			p.choose("Yes, get it")
			p.gets(soon, "Free units, Eskom, meter 14000000084:", "Free units: 50 kWh")

			p.goes(toGift())
			p.sees("You have R701", "Whoever has the PIN has the money.")
			p.choose("Pay R50")
			p.sees("Game Store gift voucher of R50. The PIN:", "An SMS brings it too.")
			p.gets(soon, "Your Game Store gift voucher of R50. The PIN:")

			p.goes(toPIN())
			p.choose("Pay R10")
			p.sees("R10 Vodacom airtime. Your PIN:", "An SMS brings it too.")
			p.gets(soon, "R10 Vodacom airtime. Your PIN:", "Dial *")

			if got := p.balance(); got != "You have R641." {
				t.Errorf("balance says %q", got)
			}
			sandbox.booked(soon,
				"airtime/purchases confirmed", "airtime/purchases confirmed", "utility/tokenPurchases confirmed", "utility/tokenPurchases confirmed",
				"utility/tokenPurchases confirmed", "utility/tokenPurchases confirmed", "suv/vouchers confirmed", "airtime/purchases confirmed")
			for _, x := range sandbox.books().Transactions {
				if !strings.Contains(x.Op, "redeem") {
					t.Errorf("Flash was asked for %+v", x)
				}
			}
		})
	}
}

// TestTokensOfElectrumComeIntoTheChat as those of Flash do.
func TestTokensOfElectrumComeIntoTheChat(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	h := newWhatsAppHand(t, func(more map[string]string) *process {
		return startService(t, sandbox, throughElectrum(sandbox, besideFlash, more))
	})
	h.opens()
	h.picks("Use a 1Voucher")
	h.says(voucher(50))
	h.says("buy electricity")
	h.says("14000000118")
	h.picks("R50")
	h.picks("Pay R50")
	if all := digitsAlone(h.shown()); len(all) != 3 || !strings.Contains(h.shown(), "Enter all of these, in this order:") {
		t.Errorf("the tokens are %q:\n%s", all, h.shown())
	}
	sandbox.booked(soon, "utility/tokenPurchases confirmed")
}

// TestElectrumAloneIsPaidForByTheMerchant: nobody there takes vouchers in, makes them or
// pays money back, and none of that is on a menu.
func TestElectrumAloneIsPaidForByTheMerchant(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	service := startService(t, nil, throughElectrum(sandbox, electrumAlone, map[string]string{"SPAZA_FUNDING": "merchant"}))
	p := newPhone(t, service)
	var menus []string
	for _, path := range []way{{}, {"More to buy"}, {"My money"}} {
		p.goes(path)
		menus = append(menus, p.screen)
		for whole := p.walk("More"); whole == "" && strings.HasPrefix(p.screen, "CON ") && !slices.Contains(menus, p.screen); whole = p.walk("9") {
			menus = append(menus, p.screen)
		}
	}
	all := strings.Join(menus, "\n")
	for _, never := range []string{"1Voucher", "bill", "cash", "Water"} {
		if strings.Contains(all, never) {
			t.Errorf("%q is on a menu:\n%s", never, all)
		}
	}
	for _, there := range []string{"Airtime", "Data", "Electricity", "Airtime PIN", "Free electricity", "You need no balance here"} {
		if !strings.Contains(all, there) {
			t.Errorf("%q is on no menu:\n%s", there, all)
		}
	}
	p.goes(toAirtime())
	p.choose("Yes, send R20")
	p.sees("END Done: R20 Vodacom airtime for 0"+p.number[2:], "Ref ")
	p.goes(toPIN())
	p.choose("Yes, send R10")
	p.gets(soon, "R10 Vodacom airtime. Your PIN:")
	p.number = numberDeclined
	p.goes(toAirtime())
	p.choose("Yes, send R20")
	p.sees("END The network does not allow airtime for this number. Nothing was bought.")
	sandbox.booked(soon, "airtime/purchases confirmed", "airtime/purchases confirmed", "airtime/purchases refused")
}

// TestAServiceThatNobodyCouldPayInDoesNotStart is of routes without vouchers.
func TestAServiceThatNobodyCouldPayInDoesNotStart(t *testing.T) {
	t.Parallel()
	out, err := spaza(t, []string{"SPAZA_PROVIDER=electrum", "SPAZA_LISTEN=127.0.0.1:0", "SPAZA_DATA_DIR=" + t.TempDir()}, "serve")
	if err == nil || !strings.Contains(out, "SPAZA_FUNDING=merchant") || !strings.Contains(out, "redeem=flash") {
		t.Errorf("%v\n%s", err, out)
	}
}

// unclear is a sale whose answer is not clear.
type unclear struct {
	number  string // the customer's; empty for any
	way     way
	amount  string
	what    string // on the screen that says so
	fault   string // to be switched on first; empty where a number brings it
	says    []string
	balance string // afterwards
	booked  string
}

// unclearSales runs them side by side, each at a simulator of its own, and at one
// service.
func unclearSales(t *testing.T, more map[string]string, sales map[string]unclear) {
	t.Helper()
	for name, s := range sales {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			p := newPhone(t, startService(t, sandbox, throughElectrum(sandbox, besideFlash, more)))
			if s.number != "" {
				p.number = s.number
			}
			p.topUp(200)
			p.goes(s.way)
			if s.fault != "" {
				sandbox.trouble(electrumFaults, s.fault)
			}
			p.choose("Pay " + s.amount)
			if p.sees("END "); !strings.Contains(p.screen, "Do not buy again") || !strings.Contains(p.screen, s.what) {
				t.Fatalf("the screen says %q", p.screen)
			}
			p.gets(75*time.Second, s.says...)
			if got := p.balance(); got != s.balance {
				t.Errorf("balance says %q", got)
			}
			sandbox.booked(soon, s.booked)
		})
	}
}

// TestWhatIsUnclearAtElectrumIsAskedFor: nothing is sold twice, and the customer is told
// what became of it.
func TestWhatIsUnclearAtElectrumIsAskedFor(t *testing.T) {
	t.Parallel()
	notShort(t)
	unclearSales(t, nil, map[string]unclear{
		"airtime that went out": {
			number: "27610010003", way: toAirtime(), amount: "R20", what: "We are busy: R20 Vodacom airtime for 0610010003",
			says: []string{"R20 Vodacom airtime is on 0610010003", "Ref "}, balance: "You have R180.", booked: "airtime/purchases confirmed",
		},
		"airtime that was refused": {
			way: toAirtime(), amount: "R20", what: "We are busy: R20 Vodacom airtime",
			fault: `{"fault":"cut_after","type":"DECLINED_BY_MNO","op":"airtime/purchases"}`,
			says:  []string{"R20 airtime for ", "did not work. The network does not allow airtime for this number.", "Your R20 is back in your balance."}, balance: "You have R200.",
			booked: "airtime/purchases refused",
		},
		"a PIN whose answer is lost": {
			way: toPIN(), amount: "R10", what: "R10 Vodacom airtime PIN", fault: `{"fault":"http_504_after","op":"airtime/purchases"}`,
			says: []string{"R10 Vodacom airtime. Your PIN:"}, balance: "You have R190.", booked: "airtime/purchases confirmed",
		},
		"a PIN that is not in the answer": {
			way: toPIN(), amount: "R10", what: "It is paid: R10 Vodacom airtime PIN", fault: `{"fault":"no_goods_once","op":"airtime/purchases"}`,
			says: []string{"R10 Vodacom airtime. Your PIN:"}, balance: "You have R190.", booked: "airtime/purchases confirmed",
		},
		"a gift voucher": {
			way: toGift(), amount: "R50", what: "Game Store gift voucher of R50", fault: `{"fault":"cut_after","op":"suv/vouchers"}`,
			says: []string{"Your Game Store gift voucher of R50. The PIN:"}, balance: "You have R150.", booked: "suv/vouchers confirmed",
		},
		"electricity": {
			way: toMeter(meterCut), amount: "R100", what: "R100 electricity, meter " + meterCut,
			says: []string{"meter " + meterCut + ":", "Units: "}, balance: "You have R100.", booked: "utility/tokenPurchases confirmed",
		},
	})
}

// TestWhatIsUnclearAtElectrumIsReversed where that is what the contract has.
func TestWhatIsUnclearAtElectrumIsReversed(t *testing.T) {
	t.Parallel()
	notShort(t)
	reverse := map[string]string{"SPAZA_ELECTRUM_UNKNOWN": "airtime_pin=reverse,gift=reverse,electricity=reverse"}
	unclearSales(t, reverse, map[string]unclear{
		"a PIN whose answer is lost": {
			way: toPIN(), amount: "R10", what: "R10 Vodacom airtime PIN", fault: `{"fault":"http_504_after","op":"airtime/purchases"}`,
			says: []string{"Your R10 purchase (Vodacom) did not work.", "Your R10 is back in your balance."}, balance: "You have R200.", booked: "airtime/purchases reversed",
		},
		"a gift voucher that never came": { // the reversal finds nothing
			way: toGift(), amount: "R50", what: "Game Store gift voucher of R50", fault: `{"fault":"cut_before","op":"suv/vouchers"}`,
			says: []string{"Your R50 purchase (Game Store) did not work.", "Your R50 is back in your balance."}, balance: "You have R200.", booked: "suv/vouchers/reversals overtaken",
		},
		"electricity": { // of a utility that takes tokens back
			way: way{"Electricity", ":TST001", "It is right", "R100"}, amount: "R100", what: "R100 electricity, meter TST001", fault: `{"fault":"http_500_after","op":"utility/tokenPurchases"}`,
			says: []string{"Your R100 purchase", "did not work.", "Your R100 is back in your balance."}, balance: "You have R200.", booked: "utility/tokenPurchases reversed",
		},
	})
}

// TestAReversalThatIsRefusedIsForAPerson: utilities take no token back, and the money
// stays where it is until somebody knows.
func TestAReversalThatIsRefusedIsForAPerson(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	service := startService(t, sandbox, throughElectrum(sandbox, besideFlash, map[string]string{"SPAZA_ELECTRUM_UNKNOWN": "electricity=reverse"}))
	p := newPhone(t, service)
	p.topUp(200)
	p.goes(toMeter(meterCut))
	p.choose("Pay R100")
	p.sees("Do not buy again", "Your R100 is safe")
	eventually(t, soon, "a person has it", func() bool { return listed(t, service, "electricity")[0].State == "person" })
	p.dial()
	p.sees("We are checking: R100 electricity. Your R100 is safe. Do not buy again.")
	p.choose("My money")
	p.sees("You have R100.", "R100 is kept safe")
	shown := command(t, service, "orders", "show", listed(t, service, "electricity")[0].Ref)
	if !strings.Contains(shown, "electrum") || !regexp.MustCompile(`(?m)^  Advice +to undo it: the provider does not accept it`).MatchString(shown) {
		t.Errorf("support reads\n%s", shown)
	}
	sandbox.booked(soon, "utility/tokenPurchases provisioned")
}

// TestKilledWhileElectrumOwesAWord has three customers wait for the same leases and
// retries: one whose sale is under way, one whose sale never came to Electrum, and one
// who has the goods while Electrum does not know that they were taken.
func TestKilledWhileElectrumOwesAWord(t *testing.T) {
	t.Parallel()
	notShort(t)
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			service := startService(t, sandbox, briefly(throughElectrum(sandbox, besideFlash, env(t))))
			has, waits, lost := newPhone(t, service), newPhone(t, service), newPhone(t, service)
			waits.number, lost.number = numberHangs, numberLost
			for _, p := range []*phone{has, waits, lost} {
				p.topUp(50)
			}
			sandbox.trouble(electrumFaults, `{"fault":"http_503_before","op":"airtime/purchases/confirmations","times":100}`)
			has.goes(toPIN())
			has.choose("Pay R10")
			has.sees("R10 Vodacom airtime. Your PIN:", "An SMS brings it too.")
			for _, p := range []*phone{lost, waits} {
				p.goes(toAirtime())
				p.choose("Pay R20")
				p.sees("END We are busy: R20 Vodacom airtime", "Do not buy again. SMS follows. Your R20 is safe")
			}
			sandbox.booked(soon, "airtime/purchases provisioned", "airtime/purchases provisioned")
			service.kill()
			sandbox.trouble(electrumFaults, "")
			service.start("/readyz")
			for _, p := range []*phone{lost, waits} {
				p.dial()
				p.sees("We are checking: R20 Vodacom airtime. Your R20 is safe. Do not buy again.")
			}
			waits.gets(60*time.Second, "R20 Vodacom airtime is on 0"+numberHangs[2:])
			lost.gets(60*time.Second, "R20 airtime for 0"+numberLost[2:]+" did not work. Please try again later. Your R20 is back in your balance.")
			sandbox.booked(60*time.Second, "airtime/purchases confirmed", "airtime/purchases confirmed")
			for p, want := range map[*phone]string{has: "You have R40.", waits: "You have R30.", lost: "You have R50."} {
				if got := p.balance(); got != want {
					t.Errorf("balance of %s says %q", p.number, got)
				}
			}
			if n := strings.Count(strings.Join(has.sms(), "\n"), "Your PIN:"); n > 1 {
				t.Errorf("%d messages bring the PIN", n)
			}
		})
	}
}

// TestAirtimeComesFromFlashWhileElectrumIsAway: each sale is at one of them, and never
// at both.
func TestAirtimeComesFromFlashWhileElectrumIsAway(t *testing.T) {
	t.Parallel()
	electrum, flash := startSandbox(t), startSandbox(t)
	service := startService(t, flash, throughElectrum(electrum, besideFlash+",airtime=electrum|flash"))
	p := newPhone(t, service)
	p.topUp(100)
	p.goes(toAirtime())
	p.choose("Pay R20")
	p.sees("END Done: R20 Vodacom airtime", "R80 left")
	electrum.booked(soon, "airtime/purchases confirmed")
	electrum.kill()
	again := func() {
		p.goes(toAirtime())
		p.choose("Yes", "Pay R20") // the same again
	}
	again() // whoever is the first finds out
	p.sees("END This did not work now. Please try again later. No money was taken. You still have R80.")
	again()
	p.sees("END Done: R20 Vodacom airtime", "R60 left")
	if cents, sales := flash.books().sold(p.number); cents != 2000 || sales != 1 {
		t.Errorf("Flash sold %d cents in %d sales", cents, sales)
	}
	p.goes(toPIN()) // of which Flash has no equivalent
	p.choose("Pay R10")
	p.sees("END This did not work now.", "No money was taken. You still have R60.")
	orders := listed(t, service, "airtime")
	if len(orders) != 3 || orders[0].Provider != "" && orders[0].Provider != "flash" || orders[2].Provider != "electrum" {
		t.Errorf("orders are %+v", orders)
	}
}

// TestAnOrderStaysWithItsProvider when the shop goes to another meanwhile.
func TestAnOrderStaysWithItsProvider(t *testing.T) {
	t.Parallel()
	notShort(t)
	sandbox := startSandbox(t)
	service := startService(t, sandbox, briefly(throughElectrum(sandbox, besideFlash)))
	p := newPhone(t, service)
	p.number = numberHangs
	p.topUp(50)
	p.goes(toAirtime())
	p.choose("Pay R20")
	p.sees("END We are busy: R20")
	if err := service.stop(); err != nil {
		t.Fatalf("stopped with %v\n%s", err, service.logged())
	}
	service.env["SPAZA_PROVIDER"] = "flash"
	service.start("/readyz")
	p.gets(60*time.Second, "R20 Vodacom airtime is on")
	sandbox.booked(soon, "airtime/purchases confirmed")
	if _, sales := sandbox.books().sold(p.number); sales != 0 {
		t.Errorf("Flash sold it too")
	}
	q := newPhone(t, service)
	q.topUp(50)
	q.toPay("R20")
	q.choose("Pay R20")
	q.sees("END Done: R20", "R30 left")
	if _, sales := sandbox.books().sold(q.number); sales != 1 {
		t.Errorf("what is new was not sold by Flash")
	}
	sandbox.booked(soon, "airtime/purchases confirmed")
}

// TestWhatSupportReadsOfAnOrderAtElectrum: whose it is, and whether it was confirmed. It
// is no matter for Flash's file.
func TestWhatSupportReadsOfAnOrderAtElectrum(t *testing.T) {
	t.Parallel()
	for name, env := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := startSandbox(t)
			service := startService(t, sandbox, throughElectrum(sandbox, besideFlash, env(t)))
			p := newPhone(t, service)
			p.topUp(50)
			p.goes(toAirtime())
			p.choose("Pay R20")
			p.sees("END Done: R20")
			sandbox.booked(soon, "airtime/purchases confirmed")
			order := listed(t, service, "airtime")[0]
			eventually(t, soon, "the confirmation is written down", func() bool {
				return regexp.MustCompile(`(?m)^  Advice +that the sale stands: the provider has accepted it`).MatchString(command(t, service, "orders", "show", order.Ref))
			})
			if shown := command(t, service, "orders", "show", order.Ref); !regexp.MustCompile(`(?m)^  Provider +electrum, `).MatchString(shown) {
				t.Errorf("support reads\n%s", shown)
			}
			var asJSON struct {
				Provider string
				Advice   struct {
					Undo  bool
					State string
				}
			}
			if err := json.Unmarshal([]byte(command(t, service, "orders", "show", order.Ref, "--json")), &asJSON); err != nil {
				t.Fatal(err)
			}
			if asJSON.Provider != "electrum" || asJSON.Advice.Undo || asJSON.Advice.State != "taken" {
				t.Errorf("programs read %+v", asJSON)
			}

			var redeemed string
			for _, x := range sandbox.books().Transactions {
				redeemed = x.Reference
			}
			file := filepath.Join(t.TempDir(), "flash.csv")
			now := time.Now().In(time.FixedZone("SAST", 2*60*60))
			day, yesterday, tomorrow := now.Format(time.DateTime), now.AddDate(0, 0, -1).Format(time.DateOnly), now.AddDate(0, 0, 1).Format(time.DateOnly)
			if err := os.WriteFile(file, []byte("reference,transaction id,amount,status,time,kind\n"+redeemed+",1,50.00,success,"+day+",redeem\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			out := strings.Join(strings.Fields(command(t, service, "reconcile", file, "--from="+yesterday, "--to="+tomorrow)), " ")
			if !strings.Contains(out, "1 of electrum") || strings.Contains(out, order.Ref) {
				t.Errorf("reconciled:\n%s", out)
			}
		})
	}
}

// TestReadinessFollowsElectrumsTokens as it follows Flash's.
func TestReadinessFollowsElectrumsTokens(t *testing.T) {
	t.Parallel()
	sandbox := startSandbox(t)
	service := startService(t, sandbox, throughElectrum(sandbox, besideFlash, map[string]string{
		"SPAZA_ELECTRUM_TOKEN_URL": "http://" + freeAddr(t) + "/token", "SPAZA_ELECTRUM_CLIENT_ID": "shop", "SPAZA_ELECTRUM_CLIENT_SECRET": "secret",
	}), withoutWaiting)
	waitsForAToken(t, service)
}
