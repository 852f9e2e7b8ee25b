package sandbox

import (
	"slices"
	"strconv"

	"spaza/simulator"
)

// TestNumber is a number that makes the simulator do something. Its kinds here are
// "voucher", "exclusive", "serial", "mobile", "amount", "meter", ...
type TestNumber = simulator.TestNumber

// form is how test numbers of 16 digits begin.
type form struct {
	plain  byte // then VVVVV rand
	faulty byte // then the fault FF and VVVVV rand
}

// answers begins the test numbers that answer a code, of every form.
const answers = '6'

// testPINs is how PINs of a group begin. Those of others are never redeemed
// through this API.
func testPINs(group string) form {
	switch group {
	case groupVoucher:
		return form{'5', '7'}
	case groupExclusive:
		return form{'4', '9'}
	default:
		return form{}
	}
}

// testSerials is how serial numbers begin.
func testSerials() form { return form{'5', '7'} }

// heed takes a test number's wish for a code or a fault.
func (job *work) heed(number string, as form) {
	if !isDigits(number, 16) {
		return
	}
	switch number[0] {
	case answers:
		job.answer, _ = strconv.Atoi(number[1:5])
	case as.faulty:
		n, _ := strconv.Atoi(number[1:3])
		job.fault = fault(n)
	}
}

// testVoucher makes the voucher that a test number stands for, still without its
// numbers; nil when it stands for none.
func (s *Sandbox) testVoucher(number, group string, as form) *voucher {
	if !isDigits(number, 16) {
		return nil
	}
	var rands string
	switch number[0] {
	case as.plain:
		rands = number[1:6]
	case as.faulty:
		rands = number[3:8]
	}
	n, _ := strconv.ParseInt(rands, 10, 64)
	if n <= 0 {
		return nil
	}
	for _, a := range s.catalogue {
		if a.group == group {
			return &voucher{article: a, value: n * 100, status: active, expires: s.expiry()}
		}
	}
	return nil
}

// TestNumbers lists one example of everything that doc.go describes.
func TestNumbers() []TestNumber { return append(ordinaryNumbers(), faultNumbers()...) }

// ordinaryNumbers are those that bring no fault, and the others' of all kinds.
func ordinaryNumbers() []TestNumber {
	plain := func(kind, value, meaning string) TestNumber {
		return TestNumber{Kind: kind, Value: value, Meaning: meaning}
	}
	return slices.Concat([]TestNumber{
		plain("voucher", "5000050000000001", "worth R5, once; 5VVVVVNNNNNNNNNN is worth VVVVV rand"),
		plain("voucher", "5000500000000001", "worth R50, once"),
		plain("voucher", "5001000000000001", "worth R100, once"),
		plain("voucher", "6240100000000000", "used already; 6CCCCNNNNNNNNNNN answers code CCCC"),
		plain("voucher", "6240200000000000", "does not exist"),
		plain("voucher", "6240300000000000", "cancelled"),
		plain("voucher", "6240500000000000", "expired"),
		plain("exclusive", "4000500000000001", "worth R50, once; 4VVVVVNNNNNNNNNN is worth VVVVV rand"),
		plain("exclusive", "6240100000000001", "used already; 6CCCCNNNNNNNNNNN answers code CCCC"),
		plain("serial", "5000500000000001", "an unused PIN worth R50; 5VVVVVNNNNNNNNNN is worth VVVVV rand"),
		plain("serial", "6240900000000000", "cancelled already; 6CCCCNNNNNNNNNNN answers code CCCC"),
		plain("serial", "6241400000000000", "cannot be cancelled"),
		plain("serial", "6261200000000000", "does not exist"),
		plain("mobile", "27600000000", "an ordinary number"),
		plain("mobile", "27600002355", "SIM is not registered; 2760000CCCC answers code CCCC"),
		plain("mobile", "27600002368", "number is on another network"),
		plain("mobile", "27600002337", "number is barred"),
		plain("mobile", "27600002003", "the merchant's float is empty"),
	}, utilityNumbers(), payNumbers())
}

// faultNumbers are one of each kind for each fault.
func faultNumbers() []TestNumber {
	var list []TestNumber
	for _, k := range faultKinds() {
		list = append(list, k.numbers()...)
	}
	return list
}

// numbers are those that bring a fault.
func (k faultKind) numbers() []TestNumber {
	ff, meaning, n := k.fault.number(), "fault "+k.fault.number()+": "+k.meaning, int(k.fault)
	return []TestNumber{
		{Kind: "voucher", Value: "7" + ff + "0005000000001", Meaning: "worth R50, " + meaning, Fault: n},
		{Kind: "exclusive", Value: "9" + ff + "0005000000001", Meaning: "worth R50, " + meaning, Fault: n},
		{Kind: "serial", Value: "7" + ff + "0005000000001", Meaning: "worth R50, " + meaning, Fault: n},
		{Kind: "mobile", Value: "276000100" + ff, Meaning: meaning, Fault: n},
		{Kind: "amount", Value: "20" + ff, Meaning: "R20." + ff + ", " + meaning, Fault: n},
	}
}
