package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spaza/test/schema"
	"spaza/vend"
)

// asked is the questions that support asks, each with the index that must
// serve it.
func asked() map[string]vend.Query {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	below := vend.Order{Ref: "P-1", CreatedAt: at}
	one := []vend.State{vend.StatePerson}
	all := map[string]vend.Query{
		"orders_short":        {Ref: "ABCDEF"},
		"orders_provider_ref": {ProviderRef: "77"},
		"orders_customer":     {Customer: "c1", After: below},
		"orders_target":       {Target: "27820001111", After: below},
		"orders_original":     {Original: "P-1"},
		"orders_open":         {States: one, Idle: at},
		"orders_decided":      {States: []vend.State{vend.StateResolved}},
		"orders_given_back":   {Kinds: []vend.Kind{vend.KindRefund, vend.KindReverse}},
		"orders_declined":     {States: []vend.State{vend.StateDeclined}, Kinds: []vend.Kind{vend.KindBill}},
		"orders_made":         {From: at, To: at.Add(time.Hour), States: []vend.State{vend.StateDelivered}, After: below},
	}
	return all
}

func TestEveryQuestionOfSupportHasItsIndex(t *testing.T) {
	for _, d := range []struct {
		name, explain string
		url           func(*testing.T) string
	}{
		{"sqlite", "EXPLAIN QUERY PLAN ", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "spaza.db") }},
		{"postgres", "EXPLAIN ", func(t *testing.T) string { return schema.Fresh(t) }},
	} {
		t.Run(d.name, func(t *testing.T) {
			s := openPlain(t, d.url(t))
			for index, q := range asked() {
				query, args := findQuery(q)
				plan := strings.Join(explain(t, s, d.explain, query, args), "\n")
				if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan on orders") || strings.Contains(plan, "SCAN orders") {
					t.Errorf("%s does not serve\n%s\n%s", index, query, plan)
				}
			}
			query, args := findQuery(vend.Query{})
			if plan := strings.Join(explain(t, s, d.explain, query, args), "\n"); !strings.Contains(plan, "orders_made") {
				t.Errorf("the newest of all are looked for by\n%s", plan)
			}
		})
	}
}
