package store

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"spaza/vend"
)

// seedAgent adds customers with ten orders each, and one, "C-agent", with many. The
// n-th of these, from 1 on, is for the number n, and later than the ones before;
// every tenth is a redemption. The planner has not heard of them.
func seedAgent(t *testing.T, s *SQL, customers, many int) {
	t.Helper()
	series := func(n int) string {
		if s.d.numbered {
			return fmt.Sprintf("(SELECT generate_series(1, %d) AS n) s", n)
		}
		return fmt.Sprintf("(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s) s", n)
	}
	const columns = `INSERT INTO orders (ref, kind, customer, product, label, amount, target, fund, state, reason, channel, op, provider_ref, code, call_centre, told, created_at, first_sent_at, updated_at)
SELECT `
	const rest = `, 'balance', 'delivered', '', 'ussd', 'sell', '', '0', '', 1, n * 1000, n * 1000, n * 1000 FROM `
	for _, query := range []string{
		columns + `'P-' || n, 'airtime', 'C-' || n / 10, '101', 'Vodacom', 500, '27'` + rest + series(10*customers),
		"ANALYZE",
		`INSERT INTO customers (id, msisdn, language, created_at) VALUES ('C-agent', '27820000000', 'en', 1)`,
		columns + `'A-' || n, CASE WHEN n % 10 = 0 THEN 'redeem' ELSE 'airtime' END, 'C-agent', '101', 'Vodacom', n, CASE WHEN n % 10 = 0 THEN '' ELSE CAST(n AS TEXT) END` + rest + series(many),
	} {
		if _, err := s.write.db.ExecContext(t.Context(), query); err != nil {
			t.Fatalf("%s\n%v", query, err)
		}
	}
}

func TestRegularsAreThoseOfTheNewestOrders(t *testing.T) {
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			const many = 2 * vend.RegularOrders
			seedAgent(t, s, 10, many)
			got, err := s.Regulars(t.Context(), "C-agent", []vend.Kind{vend.KindAirtime, vend.KindData})
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for n := many; n > many-vend.RegularOrders; n-- {
				if n%10 != 0 { // redemptions count among the newest, and are for nobody
					want = append(want, strconv.Itoa(n))
				}
			}
			var targets []string
			for _, r := range got {
				targets = append(targets, r.Target)
			}
			if strings.Join(targets, " ") != strings.Join(want, " ") {
				t.Errorf("they are %d, %v\nwant %d, %v", len(targets), targets, len(want), want)
			}
		})
	}
}

// TestADialOfWhoSoldMuchIsAsQuick has a customer with far more orders than others
// have, and counts what is read of them at a dial.
func TestADialOfWhoSoldMuchIsAsQuick(t *testing.T) {
	const many = 20_000
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			seedAgent(t, s, 500, many)
			c, err := s.write.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, q := range []struct {
				sent
				most int // pages
			}{
				{sent{"regulars", s.d.bind(selectRegulars + "?, ?" + selectRegulars2), []driver.Value{"C-agent", "airtime", "data"}}, 100},
				{sent{"caller", s.d.bind(callerOf(10)), []driver.Value{"27820000000", "27820000000"}}, 30},
			} {
				if s.d.numbered {
					got := measurePostgres(t, c, q.sent)
					if t.Logf("%s: %d pages", q.name, got.pages); got.pages == 0 || got.pages > q.most {
						t.Errorf("%s reads %d pages, want %d at most\n%s", q.name, got.pages, q.most, got.plan)
					}
					continue
				}
				// In the order of the index, and no further than the limit.
				plan := measureSQLite(t, c, q.sent).plan
				if !strings.Contains(plan, "SEARCH orders USING INDEX orders_customer (customer=?)\n") || !strings.Contains(plan, "LAST TERM OF ORDER BY") {
					t.Errorf("%s\n%s", q.name, plan)
				}
			}
		})
	}
}

func TestTheLimitOfRegularsIsTheShops(t *testing.T) {
	if regularOrders != fmt.Sprintf("(SELECT %d)", vend.RegularOrders) {
		t.Errorf("%s is not %d", regularOrders, vend.RegularOrders)
	}
}
