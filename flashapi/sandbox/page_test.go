package sandbox

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"
)

func TestTheProductsAreListedWholeAndByCodeAndByGroup(t *testing.T) {
	l := setup(t)
	list := "/aggregation/4.0/accounts/" + DefaultAccount + "/products"
	for path, want := range map[string]int{list: len(catalogue()), list + "/101": 1, list + "/cellular": 11, list + "/Eezi%20Vouchers": 2} {
		status, answer := l.get(path)
		products, _ := answer["products"].([]any)
		if status != 200 || answer["responseCode"] != 0.0 || len(products) != want {
			t.Errorf("%s: HTTP %d, %d products, want %d", path, status, len(products), want)
		}
	}
	status, answer := l.get(list + "/nothing")
	wantCode(t, "no such product", status, answer, 404, 2101)
	status, answer = l.get("/aggregation/4.0/accounts/1/products")
	wantCode(t, "another account", status, answer, 404, 2202)
}

func TestTheCatalogueIsSound(t *testing.T) {
	seen := make(map[int64]bool)
	for _, a := range catalogue() {
		if seen[a.code] || a.code <= 0 || a.min <= 0 || a.max < a.min || a.fixed != (a.min == a.max) || a.vendor == "" {
			t.Errorf("product %+v", a)
		}
		seen[a.code] = true
	}
}

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

func TestEveryTestNumberDoesWhatItSays(t *testing.T) {
	for i, n := range TestNumbers() {
		if n.Value == "7100005000000001" || n.Value == "27600010010" {
			continue // never answers; has a test of its own
		}
		l := setup(t)
		op, body := "1voucher/redeem", redeemBody("A", n.Value, "0")
		if n.Kind == "mobile" {
			op, body = "cellular/pinless/purchase", pinlessBody("A", n.Value, "101", "1000")
		}
		status, answer := l.post(op, body)
		plain := strings.HasPrefix(n.Meaning, "worth") && !strings.Contains(n.Meaning, "fault") || n.Meaning == "an ordinary number"
		clean := status == 200 && answer["responseCode"] == 0.0
		slow := strings.Contains(n.Meaning, "fault 01")
		if clean != (plain || slow) {
			t.Errorf("number %d, %s (%s): HTTP %d, %v", i, n.Value, n.Meaning, status, answer)
		}
		if rest, ok := strings.CutPrefix(n.Meaning, "worth R"); ok {
			rands := rest[:strings.IndexByte(rest, ',')]
			for range 5 {
				_, answer = l.post(op, body)
			}
			want, _ := strconv.Atoi(rands)
			if answer["amount"] != float64(want*100) {
				t.Errorf("%s is %s but gives %v", n.Value, n.Meaning, answer["amount"])
			}
		}
	}
}
