package sandbox

import (
	"testing"

	"pgregory.net/rapid"
)

func TestEveryListedMeterHasAValidCheckDigit(t *testing.T) {
	wrong := map[string]bool{"04123456789": true}
	noStandard := map[string]bool{"7012345": true, "7654321": true}
	seen := make(map[string]bool)
	for _, n := range utilityNumbers() {
		long := len(n.Value) == 11 || len(n.Value) == 13
		if n.Kind != "meter" || n.Meaning == "" || seen[n.Value] {
			t.Errorf("%+v", n)
		}
		if !noStandard[n.Value] && !long || luhn(n.Value) == (wrong[n.Value] || noStandard[n.Value]) {
			t.Errorf("%s (%s) is not numbered as it should be", n.Value, n.Meaning)
		}
		seen[n.Value] = true
	}
}

func TestMetersForWhatGoesWrongSayItAndHaveCheckDigits(t *testing.T) {
	for code := range 10_000 {
		always, later := codeMeter(makerCode, code), codeMeter(makerCodeAtPurchase, code)
		for _, number := range [...]string{always, later} {
			if got, f := wish(number, true); !luhn(number) || len(number) != 11 || got != code || f != 0 {
				t.Fatalf("%s for code %04d: %d, %d", number, code, got, f)
			}
		}
		at, _ := wish(always, false)
		if after, _ := wish(later, false); at != code || after != 0 {
			t.Fatalf("code %04d: %d and %d in a lookup", code, at, after)
		}
	}
	for f := range fault(100) {
		always, later := faultMeter(makerFault, f), faultMeter(makerFaultAtPurchase, f)
		for _, number := range [...]string{always, later} {
			if code, got := wish(number, true); !luhn(number) || len(number) != 11 || got != f || code != 0 {
				t.Fatalf("%s for fault %d: %d, %d", number, f, code, got)
			}
		}
		_, at := wish(always, false)
		if _, after := wish(later, false); at != f || after != 0 {
			t.Fatalf("fault %d: %d and %d in a lookup", f, at, after)
		}
	}
}

func TestAnyOtherNumberWithAGoodCheckDigitIsAnOrdinaryMeter(t *testing.T) {
	u := newUtilities(New(Options{}))
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-8][0-9]{9}([0-9]{2})?`).Draw(t, "digits")
		number := digits + string(checkDigit(digits))
		if _, listed := u.meters[number]; listed {
			t.Skip("a listed one")
		}
		m, no := u.meterBy(number)
		if no != nil || m.number != number || m.debt.value != 0 || len(m.charges)+len(m.next) != 0 {
			t.Fatalf("%s: %+v, %v", number, m, no)
		}
		if code, f := wish(number, true); code != 0 || f != 0 {
			t.Fatalf("%s wants %d, %d", number, code, f)
		}
		slip := digits + string('0'+(number[len(number)-1]-'0'+1)%10)
		if _, no := u.meterBy(slip); no == nil || no.code != 2304 {
			t.Fatalf("%s: %v", slip, no)
		}
	})
	for number, code := range map[string]int{"": 2304, "1234567": 2310, "123456": 2304, "0412345678A": 2304, "041234567897": 2304, "600727041234567842": 2304} {
		if _, no := u.meterBy(number); no == nil || no.code != code {
			t.Errorf("meter %q: %v, want %d", number, no, code)
		}
	}
}
