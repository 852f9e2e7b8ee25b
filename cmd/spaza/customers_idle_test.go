package main

import (
	"encoding/json"
	"strings"
	"testing"

	"spaza/ledger"
	"spaza/vend"
)

// The wallets of these tests were used last in 2025, and so are idle by now.

func TestSupportWakesAWalletThatWasNotUsedForLong(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.fails(1, "is no customer", "customers", "wake", thandi, "--reason=asked")
		s.customer(thandi, 10_00)
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "Idle") || !strings.Contains(out, "R10 to spend") {
			t.Errorf("before\n%s", out)
		}
		s.fails(2, "--reason", "customers", "wake", thandi)
		if out := s.ok("customers", "wake", "082 123 4567", "--reason=knew her last purchases", "--by=lerato"); !strings.Contains(out, "alive again") {
			t.Error(out)
		}
		if out := s.ok("customers", "show", thandi); strings.Contains(out, "Idle") {
			t.Errorf("after\n%s", out)
		}
		s.fails(1, "used lately", "customers", "wake", thandi, "--reason=asked")
		if got := strings.Join(s.acts(), "\n"); !strings.Contains(got, "lerato: wake wallet of *4567 (") || strings.Contains(got, thandi) {
			t.Errorf("recorded\n%s", got)
		}
	})
}

func TestSupportGivesAWalletBackThatWasPutAside(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		today := vend.New(s.sql, s, s.keys, vend.Options{}) // as the command has it
		today.Attach(vend.Elsewhere{})
		s.customer(thandi, 10_00)
		s.fails(1, "no such wallet", "customers", "rejoin", thandi, "--reason=asked")
		s.must(today.SetAside(t.Context(), thandi))
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "R0 to spend") {
			t.Errorf("put aside\n%s", out)
		}
		s.fails(2, "--reason", "customers", "rejoin", thandi)
		s.fails(2, "number", "customers", "rejoin", thandi, "--to=12", "--reason=asked")
		out := s.ok("customers", "rejoin", thandi, "--reason=id checked", "--by=lerato")
		if !strings.Contains(out, "0821234567 has the wallet C") || !strings.Contains(out, "R10 to spend") {
			t.Error(out)
		}
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "R10 to spend") || strings.Contains(out, "Idle") {
			t.Errorf("given back\n%s", out)
		}
		// To another number, where the first is used by somebody else now.
		s.customer(sipho, 20_00)
		s.must(today.SetAside(t.Context(), sipho))
		s.must(s.sql.InTx(t.Context(), func(tx vend.Tx) error {
			c, err := tx.EnsureCustomer(sipho, "C-other", s.now)
			if err != nil {
				return err
			}
			return tx.Post(ledger.Redeemed("R-other", c.ID, 5_00), s.now)
		}))
		s.fails(1, "that was used", "customers", "rejoin", sipho, "--reason=asked")
		s.fails(1, "that was used", "customers", "rejoin", sipho, "--to="+thandi, "--reason=asked")
		if out := s.ok("customers", "rejoin", sipho, "--to="+sipho[:10]+"8", "--reason=asked"); !strings.Contains(out, "R20 to spend") {
			t.Error(out)
		}
		s.sound()
	})
}

func TestAWalletThatWasPutAsideIsErased(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		today := vend.New(s.sql, s, s.keys, vend.Options{})
		today.Attach(vend.Elsewhere{})
		s.customer(thandi, 0)
		s.must(today.SetAside(t.Context(), thandi))
		list, err := today.Asides(t.Context(), thandi)
		s.must(err)
		wallet := "--wallet=" + list[0].Customer.ID
		s.fails(1, "no such wallet", "customers", "erase", sipho, wallet, "--reason=asked")
		s.fails(2, "--confirm "+thandi, "customers", "erase", thandi, wallet, "--reason=asked")
		if out := s.ok("customers", "erase", thandi, wallet, "--reason=asked", "--confirm="+thandi); !strings.Contains(out, "In the books it is "+list[0].Customer.ID) {
			t.Error(out)
		}
		s.fails(1, "no such wallet", "customers", "rejoin", thandi, "--reason=asked")
		if out := s.ok("customers", "show", thandi); !strings.Contains(out, "Customer 0821234567") {
			t.Errorf("who has the number is\n%s", out)
		}
	})
}

func TestSupportSeesAndEndsChats(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		today := vend.New(s.sql, s, s.keys, vend.Options{})
		today.Attach(vend.Elsewhere{})
		s.fails(1, "is no customer", "customers", "unlink", thandi, "--reason=stolen")
		for _, user := range []string{"ZA.1", "ZA.2"} {
			if _, err := today.Meet(t.Context(), "whatsapp", user, thandi); err != nil {
				t.Fatal(err)
			}
		}
		if out := s.ok("customers", "show", thandi); strings.Count(out, "Chat        whatsapp since ") != 2 {
			t.Errorf("shown\n%s", out)
		}
		var all struct {
			Customer struct {
				Chats []struct {
					Channel string
					Name    string `json:"name_there"`
					How     string `json:"proved_by"`
					Since   string
				}
			}
		}
		s.must(json.Unmarshal([]byte(s.ok("customers", "export", thandi, "--reason=asked")), &all))
		if c := all.Customer.Chats; len(c) != 2 || c[0].Channel != "whatsapp" || !strings.HasPrefix(c[0].Name, "ZA.") || c[0].How != "vouched" || c[0].Since == "" {
			t.Errorf("exported %+v", c)
		}
		s.fails(2, "--reason", "customers", "unlink", thandi)
		if out := s.ok("customers", "unlink", thandi, "--reason=the phone was stolen"); !strings.Contains(out, "There were 2 chats") {
			t.Error(out)
		}
		if out := s.ok("customers", "show", thandi); strings.Count(out, "Chat        whatsapp, stopped ") != 2 || strings.Contains(out, "last seen") {
			t.Errorf("unlinked\n%s", out)
		}
		if out := s.ok("customers", "erase", thandi, "--reason=asked", "--confirm="+thandi); !strings.Contains(out, "2 chats") {
			t.Error(out)
		}
	})
}
