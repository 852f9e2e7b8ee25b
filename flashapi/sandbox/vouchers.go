package sandbox

import (
	"strconv"
	"strings"
)

func (s *Sandbox) voucherRoutes() { s.post("1voucher/redeem", s.readRedeem) }

// readRedeem understands a redemption (section 2.3.3).
func (s *Sandbox) readRedeem(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	pin, mobile := f.text("pin", true), f.text("mobileNumber", false)
	if pin != "" && !isDigits(pin, 16) || mobile != "" && !isSouthAfrican(mobile) {
		f.wrong = true
	}
	if no := f.refusal(); no != nil {
		return job, no
	}
	job.target = "PIN ..." + pin[12:]
	switch pin[0] {
	case '6':
		job.answer, _ = strconv.Atoi(pin[1:5])
	case '7':
		n, _ := strconv.Atoi(pin[1:3])
		job.fault = fault(n)
	}
	job.run = func() (map[string]any, int64, *refusal) { return s.redeem(pin, job.amount, mobile) }
	return job, nil
}

// redeem takes a voucher in; an amount of zero takes all of it. The caller holds
// the lock.
func (s *Sandbox) redeem(pin string, amount int64, mobile string) (map[string]any, int64, *refusal) {
	value, no := s.worth(pin)
	switch {
	case no != nil:
		return nil, 0, no
	case amount > value:
		return nil, 0, &refusal{code: 2408}
	case amount == 0:
		amount = value
	}
	s.pins[pin] = true
	delete(s.change, pin)
	s.books.redemption += amount

	answer := map[string]any{"amount": amount}
	rest := value - amount
	if rest == 0 {
		answer["voucher"] = s.voucherWire(value, "", pin[8:], "Redeemed")
		return answer, amount, nil
	}
	change := s.newPIN()
	s.change[change] = rest
	if mobile != "" {
		s.sms = append(s.sms, SMS{To: mobile, PIN: change})
		return answer, amount, nil
	}
	answer["voucher"] = s.voucherWire(rest, change, change[8:], "Active")
	return answer, amount, nil
}

// worth is what is left on a PIN, in cents.
func (s *Sandbox) worth(pin string) (int64, *refusal) {
	if s.pins[pin] {
		return 0, &refusal{code: 2401}
	}
	if value, ok := s.change[pin]; ok {
		return value, nil
	}
	var rands string
	switch pin[0] {
	case '5':
		rands = pin[1:6]
	case '7':
		rands = pin[3:8]
	}
	n, _ := strconv.ParseInt(rands, 10, 64)
	if n <= 0 {
		return 0, &refusal{code: 2402}
	}
	return n * 100, nil
}

// newPIN makes the PIN of a change voucher, outside the test numbers.
func (s *Sandbox) newPIN() string {
	for {
		pin := "8" + s.randomDigits(15)
		if _, taken := s.change[pin]; !taken && !s.pins[pin] {
			return pin
		}
	}
}

func (s *Sandbox) voucherWire(amount int64, pin, serial, status string) map[string]any {
	return map[string]any{
		"amount": amount, "pin": pin, "serialNumber": serial, "status": status,
		"expiryDate": s.options.Now().In(johannesburg()).AddDate(3, 0, 0).Format("2006-01-02"),
		"content":    map[string]string{"redemptionInstructions": "Enter the PIN where 1Voucher is accepted.", "termsAndConditions": ""},
	}
}

// isSouthAfrican wants the country code and a mobile range.
func isSouthAfrican(number string) bool {
	return isDigits(number, 11) && number[:2] == "27" && strings.IndexByte("678", number[2]) >= 0
}
