package sandbox

import (
	"slices"
	"strconv"
	"strings"

	"spaza/simulator"
)

// TestNumber is a number that makes the simulator do something. Its kinds here are
// "mobile", "product", "meter", ...
type TestNumber = simulator.TestNumber

// The mobile numbers that ask for something: two figures follow.
const (
	wishedMobile = "276100000" // an error type, by its place in errorTypes
	faultyMobile = "276100100" // a fault
)

// errorTypes are those that test numbers can ask for; the first is 01.
func errorTypes() []string {
	return []string{
		"INVALID_MSISDN", "DECLINED_BY_MNO", "INVALID_PRODUCT", "OUT_OF_STOCK", "INVALID_AMOUNT", "INSUFFICIENT_FUNDS",
		"LIMIT_EXCEEDED", "DO_NOT_HONOR", "INVALID_MERCHANT", "TRANSACTION_NOT_SUPPORTED", "FUNCTION_NOT_SUPPORTED",
		"ROUTING_ERROR", "UPSTREAM_UNAVAILABLE", "SYSTEM_MALFUNCTION", "GENERAL_ERROR", "UNABLE_TO_LOCATE_RECORD",
		"TRANSACTION_DECLINED", "INVALID_VOUCHER", "INSUFFICIENT_AMOUNT", "VOUCHER_STATUS_UNKNOWN",
		"UNKNOWN_METER_ID", "METER_ID_BLOCKED", "METER_KEY_INVALID", "UTILITY_INVALID", "AMOUNT_TOO_LOW",
		"AMOUNT_TOO_HIGH", "NO_FREE_UNITS_DUE", "AUTHENTICATION_ERROR", "INVALID_ACCOUNT", "ACCOUNT_ALREADY_SETTLED",
	}
}

// errorType is the one of a number of two figures; "" for none.
func errorType(figures string) string {
	n, err := strconv.Atoi(figures)
	if err != nil || n < 1 || n > len(errorTypes()) {
		return ""
	}
	return errorTypes()[n-1]
}

// faultOf is the fault of a number of two figures; 0 for none.
func faultOf(figures string) fault {
	n, err := strconv.Atoi(figures)
	if err != nil || len(figures) != 2 || n < 1 || n > len(faultKinds()) {
		return 0
	}
	return fault(n)
}

// heedMobile is what a mobile number asks for.
func heedMobile(msisdn string) (f fault, wish string) {
	msisdn = strings.TrimPrefix(msisdn, "+")
	if len(msisdn) != len(faultyMobile)+2 {
		return 0, ""
	}
	if figures, is := strings.CutPrefix(msisdn, wishedMobile); is {
		return 0, errorType(figures)
	}
	if figures, is := strings.CutPrefix(msisdn, faultyMobile); is {
		return faultOf(figures), ""
	}
	return 0, ""
}

// heedProduct is the product that an id stands for and what it asks for: F and two
// figures at its end are a fault, E and two figures an error type.
func heedProduct(id string) (plain string, f fault, wish string) {
	if len(id) < 4 {
		return id, 0, ""
	}
	plain, figures := id[:len(id)-3], id[len(id)-2:]
	switch id[len(id)-3] {
	case 'F':
		f = faultOf(figures)
	case 'E':
		wish = errorType(figures)
	}
	if f == 0 && wish == "" {
		return id, 0, ""
	}
	return plain, f, wish
}

// TestNumbers lists one example of everything that doc.go describes.
func TestNumbers() []TestNumber {
	return slices.Concat(airtimeNumbers(), voucherNumbers(), utilityNumbers())
}

// airtimeNumbers are those of the airtime interface.
func airtimeNumbers() []TestNumber {
	list := []TestNumber{
		{Kind: "mobile", Value: "27821234567", Meaning: "an ordinary number of Vodacom"},
		{Kind: "mobile", Value: "27831234567", Meaning: "an ordinary number of MTN"},
		{Kind: "mobile", Value: "27841234567", Meaning: "an ordinary number of Cell C"},
		{Kind: "mobile", Value: "27811234567", Meaning: "an ordinary number of Telkom"},
	}
	for i, kind := range errorTypes() {
		figures := fault(i + 1).number()
		list = append(list,
			TestNumber{Kind: "mobile", Value: wishedMobile + figures, Meaning: "answers " + kind},
			TestNumber{Kind: "product", Value: "VODPIN10E" + figures, Meaning: "answers " + kind})
	}
	for _, k := range faultKinds() {
		figures, meaning := k.fault.number(), "fault "+k.fault.number()+": "+k.meaning
		list = append(list,
			TestNumber{Kind: "mobile", Value: faultyMobile + figures, Meaning: meaning, Fault: int(k.fault)},
			TestNumber{Kind: "product", Value: "VODPIN10F" + figures, Meaning: meaning, Fault: int(k.fault)})
	}
	return list
}
