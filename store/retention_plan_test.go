package store

import (
	"path/filepath"
	"strings"
	"testing"

	"spaza/test/schema"
)

// TestWhatIsErasedIsFoundByItsIndex holds the plans at which it does not matter
// how many orders there are.
func TestWhatIsErasedIsFoundByItsIndex(t *testing.T) {
	refs := make([]any, erasedAtOnce)
	for i := range refs {
		refs[i] = "r"
	}
	in := marks(erasedAtOnce) + ")"
	for _, d := range []struct {
		name, explain string
		url           func(*testing.T) string
	}{
		{"sqlite", "EXPLAIN QUERY PLAN ", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "spaza.db") }},
		{"postgres", "EXPLAIN ", func(t *testing.T) string { return schema.Fresh(t) }},
	} {
		t.Run(d.name, func(t *testing.T) {
			s := openPlain(t, d.url(t))
			lock, skip := s.d.forUpdate, s.d.skipLocked
			for _, c := range []struct {
				query, index string
				args         []any
			}{
				{dueRequests + skip, "orders_keep_requests", []any{1, 200}},
				{duePINs + skip, "orders_keep_pins", []any{1, 200}},
				{dueGoods + skip, "orders_keep_goods", []any{"gift", "shown", 1, 200}},
				{eraseRequests + in, "", refs},
				{erasePINs + in, "", refs},
				{eraseGoods + in, "", refs},
				{tellErased + in, "", append([]any{1}, refs...)},
				{selectUnderWayOwn, "orders_", []any{"c", 20}},
				{selectUnderWayFor, "orders_", []any{"27", "c", 20}},
				{selectNotHanded + "?, ?, ?" + selectNotHanded2, "orders_customer", []any{"c", "", "stored", "failed", 20}},
				{selectNamingOwn + lock, "orders_customer", []any{"c", 200}},
				{selectNamingFor + lock, "orders_target", []any{"27", "c", 200}},
				{forgetOrder, "", []any{"erased", nil, nil, "r"}},
				{forgetCustomer, "", []any{"erased:c", "", "c"}},
				{deleteSavedOwn, "", []any{"c"}},
				{deleteSavedElse, "regulars_target", []any{"27"}},
				{deletePINTries, "pin_tries_customer", []any{"c"}},
				{deleteEnquiries, "", []any{"c"}},
				{purgePINTries, "pin_tries_at", []any{1, 200}},
				{purgeEnquiries, "enquiries_at", []any{1, 200}},
				{selectNotes, "moves_ref", []any{"r"}},
				{selectCustomerNotes, "moves_ref", []any{"c"}},
				{updateNote, "", []any{"", 1}},
				{updateActWords, "", []any{"", "", 1}},
				{deleteLinks, "links_customer", []any{"c"}},
				{purgeLinks, "links_seen", []any{1, 1, 200}},
				{purgeCodes, "codes_expires", []any{1, 1, 200}},
				{deleteCodesTo, "codes_number", []any{[]byte("n")}},
				{forgetCodeCount, "code_counts_whom", []any{[]byte("n")}},
				{purgeCodeCounts, "code_counts_at", []any{1, 200}},
				{deleteNotices, "orders_customer", []any{"c", "c", "c", "c", "c", "c", "c"}},
			} {
				plan := strings.Join(explain(t, s, d.explain, c.query, c.args), "\n")
				if strings.Contains(c.index, "keep") && (strings.Contains(plan, "Sort") || strings.Contains(plan, "TEMP B-TREE")) {
					t.Errorf("%s\nis sorted\n%s", c.query, plan)
				}
				if !strings.Contains(plan, c.index) || strings.Contains(plan, "Seq Scan on") ||
					strings.Contains(plan, "SCAN regulars") || strings.Contains(plan, "SCAN pin_tries") || strings.Contains(plan, "SCAN enquiries") ||
					strings.Contains(plan, "SCAN links") || strings.Contains(plan, "SCAN codes") || strings.Contains(plan, "SCAN code_counts") ||
					strings.Contains(plan, "SCAN orders") || strings.Contains(plan, "SCAN moves") || strings.Contains(plan, "SCAN jobs") {
					t.Errorf("%s\n%s", c.query, plan)
				}
			}
		})
	}
}
