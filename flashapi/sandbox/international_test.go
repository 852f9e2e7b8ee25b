package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

func abroadBody(ref, from, to, more string) string {
	return fmt.Sprintf(`{"reference":%q,"accountNumber":%q,"mobileNumber":%q,"destinationMobileNumber":%q%s}`, ref, DefaultAccount, from, to, more)
}

func TestEveryCountryHasProductsForItsNumbers(t *testing.T) {
	l := setup(t)
	seen := make(map[float64]bool)
	for _, d := range destinations() {
		for _, r := range d.ranges {
			to := d.country + r
			to += strings.Repeat("1", d.digits-len(to))
			status, answer := l.post(opInternationalLookup, abroadBody("A-"+to, "27821234567", to, ""))
			wantCode(t, to, status, answer, 200, 0)
			list := objects(answer, "products")
			if len(list) != len(d.wares) || answer["mobileNumber"] != "27821234567" {
				t.Fatalf("%s: %v", to, answer)
			}
			for _, p := range list {
				name, _ := p["productName"].(string)
				if !strings.HasPrefix(name, d.network+" ") || number(p, "price") <= 0 {
					t.Errorf("%s: %v", to, p)
				}
			}
		}
		for i := range d.wares {
			id := float64(d.first + int64(i))
			if seen[id] {
				t.Errorf("%s: product %v is another's", d.network, id)
			}
			seen[id] = true
		}
	}
	if b := l.sandbox.Books(); b.Float != DefaultFloat {
		t.Errorf("float %d", b.Float)
	}
}

func TestALookAbroadIsAnsweredInTheWordsOfTheDocument(t *testing.T) {
	l := setup(t)
	status, answer := l.post(opInternationalLookup, abroadBody("A", "27821234567", "263771234567", `,"storeId":"S1","terminalId":"T1","paymentMethod":"Cash","metadata":{"shop":"7"}`))
	wantCode(t, "lookup", status, answer, 200, 0)
	wantShape(t, answer, strings.Replace(everyAnswer, ".amount=n", "", 1)+`.transactionId=n .metadata.shop=s .storeId=s .terminalId=s .mobileNumber=s
		.products[].productId=n .products[].productName=s .products[].price=n`)
}

func TestALookAbroadIsRefusedForAReason(t *testing.T) {
	l := setup(t)
	for name, c := range map[string]struct {
		from, to, more string
		code           int
	}{
		"unknown country":       {"27821234567", "447700900123", "", 2632},
		"at home":               {"27821234567", "27831234567", "", 2632},
		"unknown range":         {"27821234567", "263991234567", "", 2335},
		"a digit short":         {"27821234567", "26377123456", "", 2335},
		"from a landline":       {"27111234567", "263771234567", "", 2335},
		"wanted by the number":  {"27600002373", "263771234567", "", 2373},
		"with a plus":           {"27821234567", "+263771234567", "", 2231},
		"no destination":        {"27821234567", "", "", 2308},
		"with an amount":        {"27821234567", "263771234567", `,"amount":1`, 2231},
		"paid for with a space": {"27821234567", "263771234567", `,"paymentMethod":"a b"`, 2231},
	} {
		status, answer := l.post(opInternationalLookup, abroadBody(strings.ReplaceAll(name, " ", "-"), c.from, c.to, c.more))
		wantRefusal(t, name, status, answer, c.code)
	}
	body := abroadBody("F", "27600010004", "263771234567", "")
	if status, answer := l.post(opInternationalLookup, body); status != 500 || answer != nil {
		t.Errorf("fault 04: HTTP %d, %v", status, answer)
	}
	status, answer := l.post(opInternationalLookup, body)
	wantCode(t, "fault 04, repeated", status, answer, 200, 0)
}
