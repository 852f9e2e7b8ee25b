package sandbox

import (
	"net/url"
	"strings"
	"testing"
)

func TestTheProductsAreListedWholeAndByCodeAndByGroup(t *testing.T) {
	l := setup(t)
	list := "/aggregation/4.0/accounts/" + DefaultAccount + "/products"
	want := map[string]int{list: len(catalogue()), list + "/101": 1, list + "/229": 1, list + "/cellular": 33}
	for _, a := range catalogue() {
		want[list+"/"+url.PathEscape(a.group)]++
		want[list+"/"+url.PathEscape(strings.ToUpper(a.group))]++
	}
	for path, want := range want {
		status, answer := l.get(path)
		products, _ := answer["products"].([]any)
		if status != 200 || answer["responseCode"] != 0.0 || len(products) != want {
			t.Errorf("%s: HTTP %d, %d products, want %d", path, status, len(products), want)
		}
	}
	for _, selection := range []string{"nothing", "0", "0101", "Cellular%2F101"} {
		status, answer := l.get(list + "/" + selection)
		wantCode(t, "no such product", status, answer, 404, 2101)
	}
	status, answer := l.get("/aggregation/4.0/accounts/1/products")
	wantCode(t, "another account", status, answer, 404, 2202)
}

func TestTheCatalogueIsSound(t *testing.T) {
	seen := make(map[int64]bool)
	barcodes, billers := make(map[string]bool), make(map[string]bool)
	groups := make(map[string]bool)
	for _, a := range catalogue() {
		if seen[a.code] || a.code <= 0 || a.min <= 0 || a.max < a.min || a.fixed != (a.min == a.max) || a.vendor == "" || a.supplier == "" || a.howTo == "" {
			t.Errorf("product %+v", a)
		}
		seen[a.code], groups[a.group] = true, true
		if (a.group == groupGift) != (a.barcode != "") || (a.group == groupPay) != (a.biller != "") {
			t.Errorf("%s has barcode %q and biller code %q", a.name, a.barcode, a.biller)
		}
		if a.barcode != "" && (barcodes[a.barcode] || !isEAN(a.barcode)) {
			t.Errorf("barcode %s of %s", a.barcode, a.name)
		}
		if a.biller != "" && billers[a.biller] {
			t.Errorf("biller code %s is given twice", a.biller)
		}
		barcodes[a.barcode], billers[a.biller] = true, true
		if want := a.group == "1Voucher" || a.group == "Cash Out PIN" || a.group == "Eezi Vouchers"; a.reversal != want {
			t.Errorf("%s: reversal %t", a.name, a.reversal)
		}
	}
	for _, group := range []string{"1Voucher", "Cash Out PIN", "Cellular", "Eezi Vouchers", "Flash Token", "Gift Vouchers", "Prepaid Utilities", "Flash Pay", "Exclusive Voucher"} {
		if !groups[group] {
			t.Errorf("group %s has no products", group)
		}
	}
	if !isEAN("4006381333931") || isEAN("4006381333932") {
		t.Error("the check of barcodes is wrong")
	}
}

// isEAN checks the last of 13 digits.
func isEAN(s string) bool {
	if !isDigits(s, 13) {
		return false
	}
	sum := 0
	for i, r := range s {
		sum += int(r-'0') * (1 + i%2*2)
	}
	return sum%10 == 0
}

func TestAProductSaysAllThatTheDocumentShows(t *testing.T) {
	l := setup(t)
	_, answer := l.get("/aggregation/4.0/accounts/" + DefaultAccount + "/products/501")
	products, _ := answer["products"].([]any)
	if len(products) != 1 {
		t.Fatalf("answer %v", answer)
	}
	product, _ := products[0].(map[string]any)
	content, _ := product["content"].(map[string]any)
	for name, want := range (props{
		"productCode": 501.0, "productName": "Game Store Gift Voucher", "minimumAmount": 5000.0, "maximumAmount": 5000.0,
		"status": "Active", "supplierName": "Flash", "vendor": "Game Store", "productGroup": "Gift Vouchers",
		"barcode": "2900000005013", "billerCode": "", "productType": 0.0, "allowReversal": false, "fixedAmount": true,
	}) {
		if product[name] != want {
			t.Errorf("%s is %v, want %v", name, product[name], want)
		}
	}
	if content["redemptionInstructions"] == "" || content["termsAndConditions"] == "" {
		t.Errorf("content %v", content)
	}
}
