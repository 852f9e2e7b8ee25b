package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/vend"
)

// TestEveryQuestionOfSupportHasItsIndex holds the plans at which it does not
// matter how many orders there are, on tables that are small.
func TestEveryQuestionOfSupportHasItsIndex(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	o := vend.Order{Ref: "P-3PJ58SUFGEPXYGYB62MJ", Customer: "c1", Target: "27820001111", ProviderRef: "77", CreatedAt: now}
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			for _, q := range questions(o, "YB62MJ", now) {
				for _, sent := range asSent(t, s, []question{q}) {
					plan := strings.Join(explainSent(t, s, sent), "\n")
					served := slices.ContainsFunc(strings.Split(q.index, "|"), func(index string) bool { return strings.Contains(plan, index) })
					if !served || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN orders") {
						t.Errorf("%s: %s does not serve\n%s\n%s", q.name, q.index, brief(sent.query, 500), plan)
					}
				}
			}
		})
	}
}
