package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

const (
	thandisPIN   = "9988776655443322"
	thandisToken = "11112222333344445555"
	thandisMeter = "14000000019"
)

// past is a counter whose customer bought airtime, a voucher and electricity, and
// was bought for.
func past(s *counter) {
	s.t.Helper()
	s.customer(thandi, 212_50)
	s.customer(sipho, 100_00)
	answer := func(a vend.Answer) {
		a.Outcome, a.Code = vend.Delivered, "0"
		s.answers = []vend.Answer{a}
		s.work(s, s.now.Add(time.Minute))
	}
	s.buy(s, airtime(ref("AAAAAA"), thandi, thandi, 12_50))
	answer(vend.Answer{ProviderRef: "770001"})
	s.buy(s, vend.Purchase{
		Ref: ref("BBBBBB"), MSISDN: thandi, Amount: 100_00, Target: thandisMeter, Channel: "africastalking",
		Product: vend.Product{Code: "311", Kind: vend.KindElectricity, Vendor: "Eskom Prepaid Electricity", Min: 10_00, Max: 1000_00},
	})
	answer(vend.Answer{ProviderRef: "770002", Goods: vend.Goods{Utility: &vend.Utility{
		Meter: thandisMeter, Holder: "T Nkosi", Units: "43.2", Unit: "kWh", Tokens: []vend.Token{{Use: vend.TokenCredit, Value: secret.New(thandisToken)}},
	}}})
	s.buy(s, vend.Purchase{
		Ref: ref("CCCCCC"), MSISDN: thandi, Amount: 100_00, Channel: "africastalking",
		Product: vend.Product{Code: "9", Kind: vend.KindVoucher, Vendor: "1Voucher", Min: 10_00, Max: 1000_00},
	})
	answer(vend.Answer{ProviderRef: "770003", Goods: vend.Goods{Voucher: &vend.Voucher{PIN: secret.New(thandisPIN), Amount: 100_00}}})
	s.buy(s, airtime(ref("DDDDDD"), sipho, thandi, 20_00))
	answer(vend.Answer{ProviderRef: "770004"})
}

// handOver has every message go out.
func (s *counter) handOver() {
	s.t.Helper()
	_, service := s.service(s)
	claimed, err := s.sql.Claim(s.t.Context(), []jobs.Kind{vend.JobNotice}, 100, "gateway", s.now, s.now.Add(time.Minute))
	s.must(err)
	for _, j := range claimed {
		ref, _, _ := strings.Cut(j.Key, "/")
		s.must(service.Sent(s.t.Context(), j, ref, "gateway:"+j.Key))
	}
	if len(claimed) > 0 { // the next of each lane
		s.handOver()
	}
}

func TestAnExportHasAllThatIsHeldAboutSomebodyAndNoSecret(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		past(s)
		s.fails(2, "--reason", "customers", "export", thandi)
		out := s.ok("customers", "export", "082 123 4567", "--reason=asked in writing", "--by=lerato")
		var all struct {
			MSISDN   string
			Customer struct {
				ID             string
				AvailableCents int64 `json:"available_cents"`
			}
			NotInHere []string `json:"not_in_here"`
			Orders    []struct {
				Ref, Target, Buyer string
				Trail              []struct{ State, Words string }
				Books              []struct{ Kind string }
				Messages           []struct{ What string } `json:"messages_on_their_way"`
				Goods              []string
			}
			FromOthers []map[string]any `json:"orders_of_others_for_this_number"`
		}
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if all.MSISDN != thandi || all.Customer.ID == "" || all.Customer.AvailableCents != 0 || len(all.NotInHere) < 5 {
			t.Errorf("the customer is %+v", all)
		}
		var refs []string
		for _, o := range all.Orders {
			refs = append(refs, o.Ref[len(o.Ref)-1:])
			if o.Buyer != thandi || len(o.Trail) < 3 || len(o.Books) != 2 || len(o.Messages) != 1 || len(o.Goods) != 0 {
				t.Errorf("an order is %+v", o)
			}
		}
		if got := strings.Join(refs, ""); got != "CBA" || all.Orders[1].Target != thandisMeter {
			t.Errorf("the orders are %s", got)
		}
		if len(all.FromOthers) != 1 || all.FromOthers[0]["amount_cents"] != 20_00.0 {
			t.Errorf("from others: %v", all.FromOthers)
		}
		for _, never := range []string{thandisPIN, thandisToken, sipho, sipho[2:], "T Nkosi", "lerato", ref("DDDDDD")} {
			if strings.Contains(out, never) {
				t.Errorf("%s is in\n%s", never, out)
			}
		}
		if got := s.acts(); len(got) != 1 || !strings.HasPrefix(got[0], "lerato: export customer *4567 (") || strings.Contains(got[0], thandi) {
			t.Errorf("recorded: %q", got)
		}
	})
}

func TestPINsAndTokensAreExportedOnlyWhenAskedForAndItIsWrittenDown(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		past(s)
		file := filepath.Join(t.TempDir(), "thandi.json")
		s.ok("customers", "export", thandi, "--goods", "--reason=asked in writing", "--by=lerato", "--out="+file)
		b, err := os.ReadFile(file)
		s.must(err)
		for _, want := range []string{thandisPIN, thandisToken} {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s is missing", want)
			}
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("its mode is %s, %v", info.Mode(), err)
		}
		s.fails(2, "there is a", "customers", "export", thandi, "--reason=again", "--out="+file)
		if out := s.ok("orders", "show", "CCCCCC"); !strings.Contains(out, "lerato looked at it: with its goods, for the customer: asked in writing") {
			t.Errorf("the trail does not say so\n%s", out)
		}
		if out := s.ok("orders", "show", "AAAAAA"); strings.Contains(out, "looked at it") {
			t.Errorf("there was nothing to look at\n%s", out)
		}
	})
}

func TestWhatStandsInTheWayOfAnErasureIsListedAndNothingErased(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		past(s)
		s.customer(thandi, 0)
		s.must(s.sql.InTx(t.Context(), func(tx vend.Tx) error {
			return tx.Post(ledger.Redeemed("R-more", "C-567", 30_00), s.now)
		}))
		s.buy(s, airtime(ref("EEEEEE"), thandi, thandi, 10_00))
		s.buy(s, airtime(ref("FFFFFF"), sipho, thandi, 10_00))
		status, out, errs := s.run("customers", "erase", thandi, "--reason=asked", "--confirm=0821234567", "--by=lerato")
		if status != 1 || !strings.Contains(errs, "nothing was erased") {
			t.Errorf("status %d: %s", status, errs)
		}
		for _, want := range []string{
			"Order " + ref("EEEEEE") + " is not begun", "Order " + ref("FFFFFF") + ", which somebody else made for this number", "R20 on the balance",
			"R10 held", ref("BBBBBB") + " (electricity", ref("CCCCCC") + " (1Voucher",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
		if c, err := s.sql.Customer(t.Context(), thandi); err != nil || c.ID == "" {
			t.Errorf("the customer is %+v, %v", c, err)
		}
		if got := s.acts(); len(got) != 2 || !strings.Contains(got[0], "refused: erase customer: 6 things stand in the way") {
			t.Errorf("recorded: %q", got)
		}
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "R20 to spend, R10 held") || !strings.Contains(out, "4, from 2025-06-10 to 2025-06-10; 1 have not ended") {
			t.Errorf("shown is\n%s", out)
		}
	})
}

func TestACustomerIsErasedOnceTheNumberIsConfirmed(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		past(s)
		s.handOver()
		before, err := s.sql.Balances(t.Context())
		s.must(err)
		s.fails(2, "--reason", "customers", "erase", thandi, "--confirm="+thandi)
		s.fails(2, "another number", "customers", "erase", thandi, "--reason=asked", "--confirm="+sipho)
		status, out, errs := s.run("customers", "erase", thandi, "--reason=asked")
		if status != 2 || !strings.Contains(errs, "nothing was erased yet; to do it: --confirm 0821234567") || !strings.Contains(out, "what its 3 orders say") {
			t.Errorf("without confirmation: status %d: %s%s", status, out, errs)
		}
		out = s.ok("customers", "erase", thandi, "--reason=asked, from 082 123 4567", "--confirm=+27 82 123 4567", "--by=lerato")
		if !strings.Contains(out, "0821234567 is forgotten: 3 orders, 1 order of others") {
			t.Errorf("said\n%s", out)
		}
		for _, args := range [][]string{
			{"orders", "list", "--from=2025-06-01", "--unmask", "--reason=look", "--json"}, {"orders", "show", "BBBBBB", "--unmask", "--reason=look"},
			{"orders", "show", "DDDDDD", "--unmask", "--reason=look"}, {"orders", "acts"}, {"orders", "export", "--unmask", "--reason=look", "--from=2025-06-01"},
		} {
			out := s.ok(args...)
			for _, gone := range []string{thandi[2:], "82 123 4567", thandisMeter, "T Nkosi"} {
				if strings.Contains(out, gone) {
					t.Errorf("%v: %s is in\n%s", args, gone, out)
				}
			}
		}
		if out := s.ok("orders", "show", "BBBBBB"); !strings.Contains(out, "770002") || !strings.Contains(out, "what was kept is erased: the customer's data: asked, from [erased]") {
			t.Errorf("the order shows\n%s", out)
		}
		s.fails(1, "nothing to hand over", "orders", "show", "CCCCCC", "--goods", "--reason=look")
		after, err := s.sql.Balances(t.Context())
		s.must(err)
		if len(before) != len(after) {
			t.Errorf("the balances were %v and are %v", before, after)
		}
		for account, cents := range before {
			if after[account] != cents {
				t.Errorf("%s had %s and has %s", account, cents, after[account])
			}
		}
		s.sound()
		for _, again := range [][]string{{"customers", "erase", thandi, "--reason=asked", "--confirm=" + thandi}, {"customers", "erase", thandi, "--reason=asked"}} {
			if out := s.ok(again...); out != "Nothing is held about 0821234567.\n" {
				t.Errorf("once more: %s", out)
			}
		}
		s.fails(1, "nothing is held about 0821234567", "customers", "show", thandi)
		s.customer(thandi[:10]+"8", 0) // somebody else goes on
		s.must(s.sql.InTx(t.Context(), func(tx vend.Tx) error {
			c, err := tx.EnsureCustomer(thandi, "C-new", s.now) // who has the number next
			if err == nil && c.ID != "C-new" {
				t.Errorf("the number is of %s", c.ID)
			}
			return err
		}))
	})
}

func TestWhatWasNeverHandedOverIsErasedWhenItIsGivenUp(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		past(s)
		status, out, _ := s.run("customers", "erase", thandi, "--reason=asked", "--confirm="+thandi)
		if status != 1 || !strings.Contains(out, "--even-undelivered") {
			t.Errorf("status %d\n%s", status, out)
		}
		out = s.ok("customers", "erase", thandi, "--reason=asked", "--confirm="+thandi, "--even-undelivered")
		if !strings.Contains(out, "3 messages that had not gone out") {
			t.Errorf("said\n%s", out)
		}
		left, err := s.sql.Claim(t.Context(), []jobs.Kind{vend.JobNotice}, 100, "gateway", s.now, s.now.Add(time.Minute))
		s.must(err)
		if len(left) != 1 || left[0].Key != ref("DDDDDD")+"/"+vend.NoticeEnded {
			t.Errorf("messages left: %v", left)
		}
	})
}

func TestANumberThatOnlyGotIsErasedToo(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(sipho, 100_00)
		s.buy(s, airtime(ref("AAAAAA"), sipho, thandi, 20_00))
		s.answers = []vend.Answer{{Outcome: vend.Delivered, Code: "0"}}
		s.work(s, s.now.Add(time.Minute))
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "is no customer") || !strings.Contains(out, "others for this number: 1") {
			t.Errorf("shown is\n%s", out)
		}
		if out := s.ok("customers", "erase", thandi, "--reason=asked", "--confirm="+thandi); !strings.Contains(out, "0 orders, 1 order of others") {
			t.Errorf("said\n%s", out)
		}
		o, err := s.sql.Order(t.Context(), ref("AAAAAA"))
		s.must(err)
		if o.Target != vend.ErasedTarget || len(o.Sealed) != 0 || o.State != vend.StateDelivered {
			t.Errorf("the order is for %q, %s", o.Target, o.State)
		}
	})
}

func TestHowLongThingsAreKeptIsConfigured(t *testing.T) {
	day := 24 * time.Hour
	c, err := readConfig(nil)
	if err != nil || c.keep() != vend.DefaultKeep() {
		t.Errorf("by default %+v, %v", c.keep(), err)
	}
	c, err = readConfig(set("SPAZA_KEEP_REQUESTS=36h", "SPAZA_KEEP_GOODS=3d", "SPAZA_KEEP_TOKENS=0"))
	if k := c.keep(); err != nil || k.Requests != 36*time.Hour || k.Goods != 3*day || k.Tokens != 0 || k.Vouchers != 90*day {
		t.Errorf("%+v, %v", k, err)
	}
	for _, v := range []struct{ value, want string }{{"36h", "36h0m0s"}, {"3d", "3d"}, {"72h", "3d"}, {"0", "0"}, {"90m", "1h30m0s"}} {
		var k keepTime
		if err := k.UnmarshalText([]byte(v.value)); err != nil || k.String() != v.want {
			t.Errorf("%s is %s, %v", v.value, k, err)
		}
	}
	for _, refused := range [][]string{
		set("SPAZA_KEEP_GOODS=2d"), set("SPAZA_KEEP_TOKENS=1h"), set("SPAZA_KEEP_REQUESTS=-1h"), set("SPAZA_KEEP_GOODS=long"),
		live("SPAZA_KEEP_GOODS=0"), live("SPAZA_KEEP_TOKENS=0"), live("SPAZA_KEEP_REQUESTS=0"),
	} {
		if _, err := readConfig(refused); err == nil {
			t.Errorf("%v is accepted", slices.DeleteFunc(refused, func(s string) bool { return !strings.Contains(s, "KEEP") }))
		}
	}
}

func TestSupportResetsAForgottenWalletPINAndItIsWrittenDown(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 10_00)
		s.fails(1, "has no wallet PIN", "customers", "reset-pin", thandi, "--reason=asked", "--by=lerato")
		_, service := s.service(s)
		s.must(service.SetPIN(t.Context(), thandi, secret.Text{}, secret.New("97135")))
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "Wallet PIN  set\n") {
			t.Errorf("before\n%s", out)
		}
		today := vend.New(s.sql, s, s.keys, vend.Options{}) // as the command has it
		for range 3 {
			if today.CheckPIN(t.Context(), thandi, secret.New("86420")) == nil {
				t.Fatal("it is right")
			}
		}
		var r struct {
			Set    bool   `json:"wallet_pin_set"`
			Locked string `json:"wallet_pin_locked_until"`
		}
		s.must(json.Unmarshal([]byte(s.ok("customers", "show", thandi, "--json")), &r))
		if out := s.ok("customers", "show", thandi); !r.Set || r.Locked == "" || !strings.Contains(out, "Wallet PIN  set, and locked until ") {
			t.Errorf("%+v\n%s", r, out)
		}
		s.fails(2, "--reason", "customers", "reset-pin", thandi)
		s.fails(2, "number", "customers", "reset-pin", "12", "--reason=asked")
		if out := s.ok("customers", "reset-pin", "082 123 4567", "--reason=knew her last purchases", "--by=lerato"); !strings.Contains(out, "gone") {
			t.Error(out)
		}
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "Wallet PIN  not set\n") {
			t.Errorf("after\n%s", out)
		}
		acts := s.acts()
		if len(acts) != 3 || !slices.ContainsFunc(acts, func(a string) bool { return strings.Contains(a, "lerato: reset wallet PIN of *4567 (") }) {
			t.Errorf("recorded: %q", acts)
		}
		for _, a := range acts {
			if strings.Contains(a, thandi) {
				t.Errorf("%q has the number", a)
			}
		}
		s.must(service.SetPIN(t.Context(), thandi, secret.Text{}, secret.New("97135")))
	})
}

func TestAnExportHasTheNamesThatACustomerGaveAndThatThereIsAPIN(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 10_00)
		_, service := s.service(s)
		s.must(service.SetPIN(t.Context(), thandi, secret.Text{}, secret.New("97135")))
		s.must(service.NameRegular(t.Context(), thandi, vend.KindElectricity, thandisMeter, "Gogo"))
		out := s.ok("customers", "export", thandi, "--reason=asked in writing", "--by=lerato")
		var all struct {
			Customer struct {
				PIN   bool   `json:"wallet_pin_set"`
				Since string `json:"wallet_pin_since"`
				Names []struct{ Kind, For, Name, Since string }
			}
		}
		s.must(json.Unmarshal([]byte(out), &all))
		if n := all.Customer.Names; !all.Customer.PIN || all.Customer.Since == "" || len(n) != 1 || n[0].For != thandisMeter || n[0].Name != "Gogo" || n[0].Since == "" {
			t.Errorf("%+v", all.Customer)
		}
		if strings.Contains(out, "argon2") || strings.Contains(out, "97135") {
			t.Errorf("the PIN is in\n%s", out)
		}
	})
}
