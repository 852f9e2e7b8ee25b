package sandbox

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func (l *till) page(path string) (string, map[string][]string) {
	l.t.Helper()
	resp, err := l.server.Client().Get(l.server.URL + path)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		l.t.Fatalf("%s: HTTP %d, %v", path, resp.StatusCode, err)
	}
	return string(b), resp.Header
}

func TestThePagesShowTheBooksAndNoPIN(t *testing.T) {
	l := setup(t)
	l.post("1voucher/redeem", redeemBody("A-ONE", "5123456789012345", "100"))
	l.post("cellular/pinless/purchase", pinlessBody("B-TWO", "27821234567", "101", "1000"))
	page, header := l.page("/")
	for _, want := range []string{"A-ONE", "B-TWO", "...2345", "27821234567", "R99990.00", "R1.00", "27600002355"} {
		if !strings.Contains(page, want) {
			t.Errorf("page does not show %q", want)
		}
	}
	if csp := strings.Join(header["Content-Security-Policy"], ""); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "style=") {
		t.Error("page has what its policy forbids")
	}
	l.page("/sandbox/page.css")
	books, _ := l.page("/sandbox/books")
	var b Books
	if err := json.Unmarshal([]byte(books), &b); err != nil {
		t.Fatal(err)
	}
	if b.Float != DefaultFloat-10_00 || b.RedemptionBalance != 1_00 || len(b.Transactions) != 2 || b.Transactions[0].Reference != "B-TWO" || b.Counts["success"] != 2 {
		t.Errorf("books %+v", b)
	}
	for name, text := range map[string]string{"page": page, "books": books} {
		if strings.Contains(text, "5123456789012345") || strings.Contains(text, "123456789012") {
			t.Errorf("%s shows a PIN", name)
		}
	}
}
