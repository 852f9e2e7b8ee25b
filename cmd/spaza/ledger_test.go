package main

import (
	"encoding/json"
	"strings"
	"testing"

	"spaza/ledger"
	"spaza/vend"
)

// give credits a customer as a voucher of an order would.
func (s *counter) give(ref, number string, amount ledger.Cents) {
	s.t.Helper()
	s.must(s.sql.InTx(s.t.Context(), func(tx vend.Tx) error {
		c, err := tx.EnsureCustomer(number, vend.NewCustomerID(), s.now)
		if err != nil {
			return err
		}
		o := vend.Order{
			Ref: ref, Kind: vend.KindRedeem, Customer: c.ID, Amount: amount, Fund: vend.FundBalance,
			State: vend.StateDelivered, CreatedAt: s.now, FirstSentAt: s.now, UpdatedAt: s.now,
		}
		if _, _, err := tx.AddOrder(o); err != nil {
			return err
		}
		return tx.Post(ledger.Redeemed(ref, c.ID, amount), s.now)
	}))
}

func TestSoundBooksAreProved(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.give("R-1", thandi, ledger.Rand(50))
		out := s.ok("ledger", "check")
		for _, want := range []string{"The books are sound", "cust:*:available", "R50  owed to customers, to spend", "flash:redemption", "owed to us by the provider"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
		var report checkReport
		if err := json.Unmarshal([]byte(s.ok("ledger", "check", "--json")), &report); err != nil || !report.Sound || report.Balances["cust:*:available"] != 5000 {
			t.Errorf("report %+v, %v", report, err)
		}
	})
}

func TestUnsoundBooksAreListed(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.give("R-1", thandi, ledger.Rand(50))
		s.must(s.sql.InTx(t.Context(), func(tx vend.Tx) error { // money for an order that there is not
			return tx.Post(ledger.Redeemed("R-2\x1b[2J", "C1", 100), s.now)
		}))
		status, out, errs := s.run("ledger", "check")
		if status != 1 || !strings.Contains(out, "order_differs") || !strings.Contains(out, "there is no such order") ||
			!strings.Contains(errs, "not sound") || strings.Contains(out, "\x1b") {
			t.Errorf("status %d\n%s%s", status, out, errs)
		}
		status, out, _ = s.run("ledger", "check", "--json")
		var report checkReport
		if err := json.Unmarshal([]byte(out), &report); status != 1 || err != nil || report.Sound || len(report.Faults) != 1 || report.Faults[0].Entry != ledger.KindRedeemed {
			t.Errorf("status %d, report %+v, %v", status, report, err)
		}
	})
}

func TestTheBookkeeperEntersStatements(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.give("R-1", thandi, ledger.Rand(50))
		post := func(args ...string) string {
			return s.ok(append([]string{"ledger", "post", "--by", "lindiwe"}, args...)...)
		}
		post("top_up", "R10 000", "--ref", "EFT 77", "--reason", "float")
		post("top_up", "R10 000", "--ref", "EFT 77", "--reason", "float") // the same again
		s.fails(1, "another amount", "ledger", "post", "top_up", "R1", "--ref", "EFT 77", "--reason", "float")
		post("settled", "R20", "--ref", "ST-1", "--reason", "statement")
		post("moved", "R5", "--ref", "ST-2", "--reason", "statement")
		post("commission", "R3.50", "--ref", "ST-3", "--reason", "statement")
		post("--ref", "ST-4", "--reason", "statement", "--", "adjusted", "-R1.50")
		post("top_up", "R500", "--ref", "EFT 78", "--reason", "float", "--provider", "electrum")
		s.fails(2, "at electrum", "ledger", "post", "moved", "R5", "--ref", "ST-9", "--reason", "x", "--provider", "electrum")
		post("suspended", "R7", "--ref", "ST-5", "--reason", "voucher of the provider's file")
		s.fails(1, "not so much", "ledger", "post", "attributed", "R8", "--ref", "ST-6", "--msisdn", thandi, "--reason", "found")
		s.fails(1, "no customer", "ledger", "post", "attributed", "R7", "--ref", "ST-6", "--msisdn", sipho, "--reason", "found")
		post("attributed", "R7", "--ref", "ST-6", "--msisdn", "082 123 4567", "--reason", "found")
		for _, wrong := range [][]string{
			{"top_up", "R5", "--ref", "X"}, {"top_up", "R5", "--reason", "x"}, {"top_up", "-R5", "--ref", "X", "--reason", "x"},
			{"captured", "R5", "--ref", "X", "--reason", "x"}, {"top_up", "5.5.5", "--ref", "X", "--reason", "x"},
			{"attributed", "R5", "--ref", "X", "--reason", "x"}, {"top_up", "R5", "--ref", strings.Repeat("x", 61), "--reason", "x"},
		} {
			if status, _, _ := s.run(append([]string{"ledger", "post"}, wrong...)...); status == 0 {
				t.Errorf("posted: %q", wrong)
			}
		}
		var got map[ledger.Account]ledger.Cents
		s.must(json.Unmarshal([]byte(s.ok("ledger", "balances", "--json")), &got))
		for a, want := range map[ledger.Account]ledger.Cents{
			"cust:*:available": ledger.Rand(57), ledger.ProviderFloat: -(ledger.Rand(10_005) + 200), ledger.ProviderRedemption: -ledger.Rand(32),
			ledger.Float("electrum"): -ledger.Rand(500), ledger.Bank: ledger.Rand(10_500) - ledger.Rand(20), ledger.IncomeCommission: 350, ledger.EquityAdjust: -150, ledger.Suspense: 0,
		} {
			if got[a] != want {
				t.Errorf("%s: %s, want %s", a, got[a], want)
			}
		}
		if out := s.ok("ledger", "check"); !strings.Contains(out, "The books are sound") || !strings.Contains(out, "our float at electrum") {
			t.Error(out)
		}
		if out := s.ok("orders", "acts"); !strings.Contains(out, "lindiwe") || !strings.Contains(out, "EFT 77") {
			t.Errorf("acts\n%s", out)
		}
	})
}
