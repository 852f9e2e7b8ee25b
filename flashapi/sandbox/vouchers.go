package sandbox

import (
	"strconv"
)

func (s *Sandbox) voucherRoutes() {
	s.post("1voucher/purchase", s.readVoucherSale(true))
	s.post("1voucher/disburse", s.readVoucherSale(false))
	s.post("1voucher/redeem", s.readRedeem)
	s.post("1voucher/refund", s.readRefund)
	s.post("1voucher/reverse", s.readReverse(groupVoucher))
}

// readVoucherSale understands a purchase (section 2.3.1) or a disbursement
// (section 2.3.2), which differ in the method of payment.
func (s *Sandbox) readVoucherSale(paid bool) reader {
	return func(f *fields) (work, *refusal) {
		job := work{head: f.head(), amount: f.whole("amount")}
		if paid {
			f.alphanumeric("paymentMethod")
		}
		if no := f.refusal(); no != nil {
			return job, no
		}
		return s.sale(job, s.articles[codeVoucher]), nil
	}
}

// readRedeem understands a redemption (section 2.3.3).
func (s *Sandbox) readRedeem(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	pin, mobile := f.pin(), f.mobile()
	if no := f.refusal(); no != nil {
		return job, no
	}
	return s.redemption(job, groupVoucher, pin, mobile, ""), nil
}

// readRefund understands a refund (section 2.3.4). It does not name what is
// refunded: a new voucher is paid from the redemption balance.
func (s *Sandbox) readRefund(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	mobile := f.mobile()
	if no := f.refusal(); no != nil {
		return job, no
	}
	job.target, job.fault = mobile, faultOfCents(job.amount)
	job.deed = &deed{group: groupVoucher, mobile: mobile}
	job.run = func() (map[string]any, int64, *refusal) {
		if no := s.mayText(mobile); no != nil {
			return nil, 0, no
		}
		a := s.articles[codeVoucher]
		if job.amount < 1 || job.amount > a.max { // what was redeemed may be less than is sold
			return nil, 0, &refusal{code: 2204}
		}
		v, no := s.fund(a, job.amount, &s.books.redemption, job.deed)
		if no != nil {
			return nil, 0, no
		}
		answer := map[string]any{"amount": job.amount}
		s.deliver(v, mobile, answer)
		return answer, job.amount, nil
	}
	return job, nil
}

// sale is the purchase of a voucher from the float. The cents of its amount
// choose a fault.
func (s *Sandbox) sale(job work, a article) work {
	job.fault = faultOfCents(job.amount)
	job.target = a.name
	if a.reversible() {
		job.deed = &deed{group: a.group}
	}
	job.run = func() (map[string]any, int64, *refusal) {
		if no := a.price(job.amount); no != nil {
			return nil, 0, no
		}
		v, no := s.fund(a, job.amount, &s.books.float, job.deed)
		if no != nil {
			return nil, 0, no
		}
		return map[string]any{"amount": job.amount, "voucher": v.wire()}, job.amount, nil
	}
	return job
}

// saleOf is sale for a product that is looked up in the group first.
func (s *Sandbox) saleOf(job work, product, group string) work {
	a, known := s.article(product, group)
	if !known {
		job.target, job.run = "product "+product, func() (map[string]any, int64, *refusal) {
			return nil, 0, &refusal{code: 2101}
		}
		return job
	}
	return s.sale(job, a)
}

// fund issues a voucher for money of the merchant's. The caller holds the lock.
func (s *Sandbox) fund(a article, amount int64, purse *int64, d *deed) (*voucher, *refusal) {
	if amount > *purse {
		return nil, &refusal{code: 2003}
	}
	*purse -= amount
	v := s.issue(a, amount)
	if d != nil {
		d.undo = func() (*voucher, int64, *refusal) {
			s.age(v)
			if no := v.irreversible(); no != nil {
				return nil, 0, no
			}
			s.drawer.end(v, reversed)
			*purse += amount
			return v, amount, nil
		}
	}
	return v, nil
}

// redemption takes a voucher of a group in; an amount of zero takes all of it. A
// product, where it is given, must be that of the voucher.
func (s *Sandbox) redemption(job work, group, pin, mobile, product string) work {
	job.target = "PIN ..." + pin[12:]
	job.heed(pin, testPINs(group))
	job.deed = &deed{group: group, mobile: mobile}
	job.run = func() (map[string]any, int64, *refusal) {
		if no := s.mayText(mobile); no != nil {
			return nil, 0, no
		}
		v, no := s.byPIN(pin, group)
		if no != nil {
			return nil, 0, no
		}
		if product != "" && product != strconv.FormatInt(v.article.code, 10) {
			return nil, 0, &refusal{code: 2257}
		}
		return s.redeem(v, job.amount, mobile, job.deed)
	}
	return job
}

// redeem moves a voucher into the redemption balance. The caller holds the lock.
func (s *Sandbox) redeem(v *voucher, amount int64, mobile string, d *deed) (map[string]any, int64, *refusal) {
	no := v.unusable()
	switch {
	case no != nil:
		return nil, 0, no
	case amount > v.value:
		return nil, 0, &refusal{code: 2408}
	case amount == 0:
		amount = v.value
	}
	s.drawer.end(v, redeemed)
	v.used = s.options.Now()
	s.books.redemption += amount

	answer := map[string]any{"amount": amount}
	var change *voucher
	if rest := v.value - amount; rest > 0 {
		change = s.issue(v.article, rest)
		s.deliver(change, mobile, answer)
	} else {
		answer["voucher"] = v.wire()
	}
	d.undo = func() (*voucher, int64, *refusal) {
		if change != nil {
			s.age(change)
			if change.status != active {
				return nil, 0, &refusal{code: 2412}
			}
		}
		if amount > s.books.redemption {
			return nil, 0, &refusal{code: 2003}
		}
		if change != nil {
			s.drawer.end(change, reversed)
		}
		s.drawer.revive(v)
		s.books.redemption -= amount
		return v, amount, nil
	}
	return answer, amount, nil
}

// deliver hands a voucher out: by text message where there is a number, else in
// the answer. The caller holds the lock.
func (s *Sandbox) deliver(v *voucher, mobile string, answer map[string]any) {
	if mobile == "" {
		answer["voucher"] = v.wire()
		return
	}
	v.mobile = mobile
	s.sms = append(s.sms, SMS{To: mobile, PIN: v.pin})
}

// mayText refuses a number where the account is set up for reversals only.
func (s *Sandbox) mayText(mobile string) *refusal {
	if mobile != "" && s.options.Reversals == ReversalsOnly {
		return &refusal{code: 2279}
	}
	return nil
}

// isSouthAfrican wants the country code and a mobile range.
func isSouthAfrican(number string) bool {
	return isDigits(number, 11) && number[:2] == "27" && (number[2] == '6' || number[2] == '7' || number[2] == '8')
}
