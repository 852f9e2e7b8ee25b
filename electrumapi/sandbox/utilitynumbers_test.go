package sandbox

import (
	"strings"
	"testing"
)

func TestACheckDigitMakesAMeterNumber(t *testing.T) {
	for number, want := range map[string]bool{
		"14000000019": true, "0014000000035": true, "04123456784": true, "14000000018": false, "41000000019": false,
		"": false, "0": false, "1400000001A": false, "１４": false,
	} {
		if luhn(number) != want {
			t.Errorf("%s: %t", number, !want)
		}
	}
}

func TestATestMeterAnswersWhatTheListSays(t *testing.T) {
	l := setup(t)
	seen := make(map[string]bool)
	for _, n := range TestNumbers() {
		if seen[n.Kind+n.Value] {
			t.Errorf("%s %s is in the list twice", n.Kind, n.Value)
		}
		seen[n.Kind+n.Value] = true
		if n.Kind != "meter" || n.Fault != 0 {
			continue
		}
		found := l.lookup(n.Value)
		kind, _ := found.at("errorType").(string)
		switch first := n.Value[:2]; {
		case first == makerRefusal && (kind == "" || !strings.Contains(n.Meaning, kind)):
			t.Errorf("meter %s (%s): %s", n.Value, n.Meaning, found.text)
		case first != makerRefusal && found.status != 201 && !strings.Contains(n.Meaning, "("+kind+")"):
			t.Errorf("meter %s (%s): %s", n.Value, n.Meaning, found.text)
		}
	}
}

func TestOneVoucherNumberOfEveryKindIsListed(t *testing.T) {
	l := setup(t)
	for _, n := range voucherNumbers() {
		if n.Kind != "product" || n.Fault != 0 {
			continue
		}
		id := l.id()
		r := l.post(voucherBase+"vouchers", wish(id, n.Value, 0, nil))
		kind, _ := r.at("errorType").(string)
		if want := strings.TrimPrefix(n.Meaning, "answers "); want != n.Meaning && kind != want {
			t.Errorf("product %s (%s): %s", n.Value, n.Meaning, r.text)
		} else if want == n.Meaning && kind != "" && kind != "INVALID_AMOUNT" {
			t.Errorf("product %s (%s): %s", n.Value, n.Meaning, r.text)
		}
	}
}
