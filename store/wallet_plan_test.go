package store

import (
	"strings"
	"testing"
)

// TestACallerIsReadByTheOrdersIndexAndInItsOrder holds the plan of what runs on
// every dial: no more orders are read than are wanted, however many there are.
func TestACallerIsReadByTheOrdersIndexAndInItsOrder(t *testing.T) {
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			how := "EXPLAIN QUERY PLAN "
			if s.d.numbered {
				how = "EXPLAIN "
			}
			for query, index := range map[string]string{
				callerOf(10): "orders_customer", selectLinked: "orders_customer", lastOrder: "orders_customer", selectRegulars + "?, ?" + selectRegulars2: "orders_customer", selectBoughtFor: "orders_",
			} {
				args := []any{"27", "27"}
				switch query {
				case callerOf(10), selectLinked, lastOrder:
				case selectBoughtFor:
					args = []any{"27", "c", "airtime"}
				default:
					args = []any{"c", "airtime", "data"}
				}
				plan := strings.Join(explain(t, s, how, query, args), "\n")
				if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan on orders") || strings.Contains(plan, "SCAN orders") {
					t.Errorf("%s does not serve\n%s\n%s", index, query, plan)
				}
				if query != callerOf(10) && query != selectLinked && query != lastOrder {
					continue
				}
				if s.d.numbered && !strings.Contains(plan, "Index Scan Backward using orders_customer") && !strings.Contains(plan, "Index Scan Backward on orders_customer") {
					t.Errorf("the orders are not read in the order of their index\n%s", plan)
				}
				if strings.Contains(plan, "SCAN links") || strings.Contains(plan, "Seq Scan on links") {
					t.Errorf("the link is not read by its key\n%s", plan)
				}
				if strings.Contains(plan, "SCAN customers") || strings.Contains(plan, "Seq Scan on customers") {
					t.Errorf("the customer is not read by an index\n%s", plan)
				}
			}
		})
	}
}

// TestACallerIsOneRead counts what is sent.
func TestACallerIsOneRead(t *testing.T) {
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			seedBuyers(t, s, 3)
			tape := record(s)
			for _, msisdn := range []string{buyerOf(1).msisdn, "27000000000"} {
				tape.take()
				if _, err := s.Caller(t.Context(), msisdn, 10); err != nil {
					t.Fatal(err)
				}
				if calls := tape.take(); len(calls) != 1 {
					t.Errorf("%s takes %d statements", msisdn, len(calls))
				}
			}
		})
	}
}
