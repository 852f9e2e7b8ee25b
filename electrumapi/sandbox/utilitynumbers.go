package sandbox

import (
	"fmt"
	"strconv"

	"spaza/simulator"
)

// The error types of the Prepaid Utility interface alone.
const (
	typeUnknownMeter  = "UNKNOWN_METER_ID"
	typeMeterBlocked  = "METER_ID_BLOCKED"
	typeAmountTooLow  = "AMOUNT_TOO_LOW"
	typeAmountTooHigh = "AMOUNT_TOO_HIGH"
	typeNoFreeUnits   = "NO_FREE_UNITS_DUE"
	typeUtility       = "UTILITY_INVALID"
	typeMeterKey      = "METER_KEY_INVALID"
	typeDeclined      = "TRANSACTION_DECLINED"
)

// luhn says whether the last digit of a number is its check digit. A meter of
// IEC 62055-41 has 11 digits (2 of its maker, 8 of its own) or 13 (4 and 8).
func luhn(number string) bool {
	n := len(number)
	return n > 1 && allDigits(number) && simulator.CheckDigit(number[:n-1]) == number[n-1]
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// meterBy finds a meter by its number: a test meter, or else an ordinary one.
func (u *utilities) meterBy(number string) (meter, *refusal) {
	if m, known := u.meters[number]; known {
		return m, nil
	}
	switch {
	case !luhn(number) || len(number) != 11 && len(number) != 13:
		return meter{}, &refusal{kind: typeUnknownMeter, message: "Unknown meter ID"}
	case len(number) == 13:
		return townMeter(number, ""), nil
	default:
		return eskomMeter(number, ""), nil
	}
}

// Meters of these makers, who do not exist, are for what goes wrong. Six digits
// follow before the last two: CCCC0000 wants the refusal of number CCCC, FF000000
// meets fault FF; the zeros may be anything.
const (
	makerFaultAtPurchase   = "96"
	makerRefusalAtPurchase = "97"
	makerFault             = "98"
	makerRefusal           = "99"
)

// meterRefusal is one reason for which a test meter is refused.
type meterRefusal struct {
	number  int
	kind    string
	meaning string
}

// meterRefusals have the numbers that the shop's other provider gives the same
// reasons. Below 100 the number is the place of an error type in errorTypes.
func meterRefusals() []meterRefusal {
	return []meterRefusal{
		{2304, typeUnknownMeter, "not a meter number"},
		{2305, typeUnknownMeter, "customer not found"},
		{2309, typeNotSupported, "request not supported"},
		{2310, typeUnknownMeter, "not registered"},
		{2311, typeMeterBlocked, "blocked from purchasing"},
		{2313, typeDeclined, "customer has arrears"},
		{2314, typeDeclined, "customer not active or blocked"},
		{2319, typeUnavailable, "the utility does not respond"},
		{2322, typeUnknownMeter, "customer's account not found"},
		{2329, typeDeclined, "customer's account not active"},
		{2343, typeUtility, "not this utility's"},
		{2346, "DO_NOT_HONOR", "not allowed"},
		{2348, typeUnknownMeter, "meter was deleted"},
		{2352, typeDeclined, "customer account has arrears"},
		{2354, typeDeclined, "customer account not active"},
		{2363, typeUnknownMeter, "invalid meter ID"},
		{2365, typeMeterKey, "invalid token technology"},
	}
}

// faultMeter and refusalMeter make meter numbers for what goes wrong, with their
// check digits.

func faultMeter(maker string, f fault) string {
	number := fmt.Sprintf("%s%02d000000", maker, int(f))
	return number + string(simulator.CheckDigit(number))
}

func refusalMeter(maker string, number int) string {
	s := fmt.Sprintf("%s%04d0000", maker, number)
	return s + string(simulator.CheckDigit(s))
}

// wish is what a meter's number wants to go wrong.
func (u *utilities) wish(number string, purchase bool) (kind string, f fault) {
	if len(number) != 11 || !luhn(number) {
		return "", 0
	}
	maker := number[:2]
	switch {
	case maker == makerRefusal || maker == makerRefusalAtPurchase && purchase:
		n, _ := strconv.Atoi(number[2:6])
		kind = u.refusals[n]
		if n < 100 {
			kind = errorType(number[4:6])
		}
	case maker == makerFault || maker == makerFaultAtPurchase && purchase:
		f = faultOf(number[2:4])
	}
	return kind, f
}

// utilityNumbers are the test numbers of the utility interface, one example of
// everything.
func utilityNumbers() []TestNumber {
	var list []TestNumber
	for _, m := range testMeters() {
		list = append(list, TestNumber{Kind: "meter", Value: m.number, Meaning: m.meaning})
	}
	list = append(list,
		TestNumber{Kind: "meter", Value: "04123456784", Meaning: "ordinary: any 11 digits, or 13, with a Luhn digit"},
		TestNumber{Kind: "meter", Value: "04123456789", Meaning: "wrong check digit (UNKNOWN_METER_ID)"},
		TestNumber{Kind: "meter", Value: "7654321", Meaning: "not registered: any other 7 digits (UNKNOWN_METER_ID)"})
	for _, r := range meterRefusals() {
		list = append(list, TestNumber{
			Kind: "meter", Value: refusalMeter(makerRefusal, r.number),
			Meaning: fmt.Sprintf("%s (%s); 99CCCCNNNN and its check digit answer reason CCCC", r.meaning, r.kind),
		})
	}
	for i, kind := range errorTypes() {
		list = append(list, TestNumber{
			Kind: "meter", Value: refusalMeter(makerRefusal, i+1), Meaning: "answers " + kind + ", whose number is below 100",
		})
	}
	list = append(list, TestNumber{
		Kind: "meter", Value: refusalMeter(makerRefusalAtPurchase, 2319),
		Meaning: "found, then the purchase is answered UPSTREAM_UNAVAILABLE; 97CCCCNNNN and its check digit do so with reason CCCC",
	})
	for _, k := range faultKinds() {
		meaning := "fault " + k.fault.number() + ": " + k.meaning
		list = append(list,
			TestNumber{Kind: "meter", Value: faultMeter(makerFault, k.fault), Meaning: meaning, Fault: int(k.fault)},
			TestNumber{
				Kind: "meter", Value: faultMeter(makerFaultAtPurchase, k.fault),
				Meaning: "found, then at the purchase " + meaning, Fault: int(k.fault),
			})
	}
	return list
}
