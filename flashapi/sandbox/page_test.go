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

func TestThePageShowsVouchersNumbersFaultsAndCatalogue(t *testing.T) {
	l := setup(t)
	voucher := l.buy("1voucher/purchase", "A", props{"amount": 12300})
	l.buy("cash-out-pin/purchase", "B", props{"amount": 4500, "productCode": 601})
	l.buy("1voucher/reverse", "C", props{"originalReference": "A"})
	l.post("1voucher/redeem", ask("D", props{"pin": "5000500000000001", "amount": 4500, "mobileNumber": "27829876543"}))
	page, _ := l.page("/")
	pin, _ := voucher["pin"].(string)
	serial, _ := voucher["serialNumber"].(string)
	for _, want := range []string{
		"..." + pin[12:], serial, "Reversed", "R123.00", "Cash Out PIN", "reversed", "Vouchers not used yet</dt><dd>R50.00", "<td data-label=\"Sent to\" class=\"n\">27829876543</td>",
		"Mobile number", "Exclusive voucher PIN", "no_goods_once", "276000100" + "14", "Protea Fashion Gift Voucher", "2900000005013", "No fault is switched on",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page does not show %q", want)
		}
	}
	if strings.Contains(page, pin) {
		t.Error("page shows a whole PIN")
	}
	for _, n := range TestNumbers() {
		if !strings.Contains(page, ">"+n.Value+"<") {
			t.Errorf("page does not show %s %s", n.Kind, n.Value)
		}
	}
	if books, _ := l.page("/sandbox/books"); strings.Contains(books, pin) || !strings.Contains(books, `"outstanding":5000`) {
		t.Errorf("books %s", books)
	}
}
