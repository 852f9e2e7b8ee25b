package main

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"spaza/vend"
)

// What a person finds to stand at Electrum is confirmed to it: the decision is made
// here, and the service tells it.
func TestADecisionOfAPersonIsToldToElectrum(t *testing.T) {
	for _, c := range []struct {
		as      string
		without bool // the operator's machine knows of Flash alone
	}{{"vended", false}, {"not_vended", false}, {"vended", true}} {
		inEachCounter(t, func(s *counter) {
			s.environ = append(s.environ, "SPAZA_PROVIDER=flash,airtime=electrum")
			cfg, err := readConfig(s.environ)
			s.must(err)
			clients, err := cfg.preparing()
			s.must(err)
			defer clients.close()
			routes, err := cfg.route(clients)
			s.must(err)
			s.customer(thandi, 100_00)
			bought := airtime(ref("ELEC22"), thandi, thandi, 10_00)
			bought.Product.Code = "VOD10@electrum"
			s.buy(routes, bought)
			s.answers = []vend.Answer{{Person: true, Detail: "it contradicts itself"}}
			s.work(s, s.now) // nobody is called
			if got := s.state(bought.Ref); got != vend.StatePerson {
				t.Fatalf("order is %s", got)
			}
			if c.without {
				s.environ = append(s.environ, "SPAZA_PROVIDER=flash")
			}
			status, _, errs := s.run("orders", "resolve", bought.Ref, "--as="+c.as, "--by=lerato", "--reason=in the statement")
			if said := strings.Contains(errs, "cannot be confirmed"); status != 0 || said != c.without {
				t.Errorf("%s: status %d, said %q", c.as, status, errs)
			}
			advice, err := s.sql.Advice(t.Context(), bought.Ref)
			s.must(err)
			if told := advice.State == vend.AdviceDue && !advice.Undo && advice.Op == "airtime/purchases/confirmations@electrum"; told != (c.as == "vended" && !c.without) {
				t.Errorf("%s: the advice is %q %q", c.as, advice.Op, advice.State)
			}
			rows, err := csv.NewReader(strings.NewReader(s.ok("orders", "export", "--from=2025-06-01", "--reason=books"))).ReadAll()
			s.must(err)
			if i := slices.Index(rows[0], "provider"); len(rows) != 2 || i < 0 || rows[1][i] != "electrum" {
				t.Errorf("it is exported as %q", rows)
			}
			s.sound()
		})
	}
}
