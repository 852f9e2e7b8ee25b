package sandbox

// TestNumber is a number that makes the simulator do something.
type TestNumber struct {
	Kind    string // "voucher" or "mobile"
	Value   string // a number that works as it stands
	Meaning string
}

// TestNumbers lists one example of everything that doc.go describes.
func TestNumbers() []TestNumber {
	list := []TestNumber{
		{"voucher", "5000050000000001", "worth R5, once; 5VVVVVNNNNNNNNNN is worth VVVVV rand"},
		{"voucher", "5000500000000001", "worth R50, once"},
		{"voucher", "5001000000000001", "worth R100, once"},
		{"voucher", "6240100000000000", "used already; 6CCCCNNNNNNNNNNN answers code CCCC"},
		{"voucher", "6240200000000000", "does not exist"},
		{"voucher", "6240300000000000", "cancelled"},
		{"voucher", "6240500000000000", "expired"},
		{"mobile", "27600000000", "an ordinary number"},
		{"mobile", "27600002355", "SIM is not registered; 2760000CCCC answers code CCCC"},
		{"mobile", "27600002368", "number is on another network"},
		{"mobile", "27600002337", "number is barred"},
		{"mobile", "27600002003", "the merchant's float is empty"},
	}
	for i, meaning := range [...]string{
		"slow, then success", "cut before it was processed", "cut after it was processed",
		"HTTP 500 before", "HTTP 503 after", "unreadable answer after", "HTTP 429 before",
		"busy twice, then success", "HTTP 401 once", "no answer, processed",
		"answer without a code, processed", "empty answer, processed", "times out three times, then success",
	} {
		ff := string([]byte{'0' + byte((i+1)/10), '0' + byte((i+1)%10)})
		list = append(list,
			TestNumber{"voucher", "7" + ff + "0005000000001", "worth R50, fault " + ff + ": " + meaning},
			TestNumber{"mobile", "276000100" + ff, "fault " + ff + ": " + meaning})
	}
	return list
}
