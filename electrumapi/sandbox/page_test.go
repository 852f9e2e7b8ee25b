package sandbox

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestThePagesShowTheBooksAndNoPIN(t *testing.T) {
	l := setup(t)
	id := l.id()
	r := l.post(purchases, pin(id, "VODPIN10"))
	secret, _ := r.at("voucher.pin").(string)
	if secret == "" {
		t.Fatal(r.text)
	}
	l.post(confirmations, confirmation(l.id(), id, 10_00))
	l.post(purchases, topUp(l.id(), "MTNAIR", "27831234567", 5_00))
	l.post(purchases, topUp(l.id(), "MTNAIR", wishedMobile+"02", 5_00))
	l.fault(Fault{Name: "hang", Op: "token", Times: 3, Delay: time.Minute})
	l.fault(Fault{Type: "OUT_OF_STOCK", Reference: "P-7"})
	page := l.get("/electrum")
	for _, want := range []string{
		"P-0001", id, "P-0003", "27831234567", "confirmed", "refused: DECLINED_BY_MNO", "R99985.00", "R15.00", "User sandbox",
		"hang, after 1m0s", "OUT_OF_STOCK under HTTP 400", "reference P-7", "outcome_unknown_under_400", "airtime/purchases/status",
		"CELLCDPIN", "R2.00 to R1000.00", "Faults</a>",
	} {
		if !strings.Contains(page.text, want) {
			t.Errorf("page does not show %q", want)
		}
	}
	for _, n := range TestNumbers() {
		if !strings.Contains(page.text, ">"+n.Value+"<") {
			t.Errorf("page does not show %s %s", n.Kind, n.Value)
		}
	}
	if csp := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if strings.Contains(page.text, "<script") || strings.Contains(page.text, "style=") || strings.Contains(page.text, "productId123") {
		t.Error("page has what it must not")
	}
	if r := l.get(controlBase + "page.css"); r.status != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), "text/css") {
		t.Errorf("style: HTTP %d", r.status)
	}
	books := l.get(controlBase + "books")
	var b Books
	if err := json.Unmarshal([]byte(books.text), &b); err != nil {
		t.Fatal(err)
	}
	if b.Float != DefaultFloat-15_00 || b.Sold != 15_00 || len(b.Transactions) != 3 || b.Transactions[2].Paid != 10_00 || b.Transactions[2].State != Confirmed || b.Counts["transactions"] != 3 {
		t.Errorf("books %+v", b)
	}
	for name, text := range map[string]string{"page": page.text, "books": books.text} {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows a PIN", name)
		}
	}
}
