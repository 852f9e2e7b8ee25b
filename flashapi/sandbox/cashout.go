package sandbox

func (s *Sandbox) cashOutRoutes() {
	s.post("cash-out-pin/purchase", s.readPurchase(groupCashOut))
	s.post("cash-out-pin/cancel", s.readCancel(groupCashOut))
	s.post("cash-out-pin/lookup", s.readLookup)
	s.post("cash-out-pin/reverse", s.readReverse(groupCashOut))
}

// readPurchase understands the purchase of a voucher by its product code
// (sections 2.5.1, 2.6.1 and 2.9.1).
func (s *Sandbox) readPurchase(group string) reader {
	return func(f *fields) (work, *refusal) {
		job := work{head: f.head(), amount: f.whole("amount")}
		product := f.product(true)
		f.alphanumeric("paymentMethod")
		if no := f.refusal(); no != nil {
			return job, no
		}
		return s.saleOf(job, product, group), nil
	}
}

// readNamed understands a request about a voucher that is named by its serial
// number; do works on it with the lock held.
func (s *Sandbox) readNamed(f *fields, group string, do func(*voucher) (map[string]any, int64, *refusal)) (work, *refusal) {
	job := work{head: f.head()}
	serial, product := f.text("serialNumber", true), f.product(true)
	f.wrong = f.wrong || !isAlphanumeric(serial, "")
	if no := f.refusal(); no != nil {
		return job, no
	}
	job.target = "serial " + serial
	job.heed(serial, testSerials())
	job.deed = &deed{group: group}
	job.run = func() (map[string]any, int64, *refusal) {
		a, known := s.article(product, group)
		if !known {
			return nil, 0, &refusal{code: 2101}
		}
		v, no := s.bySerial(serial, group)
		switch {
		case no != nil:
			return nil, 0, no
		case v.article.code != a.code:
			return nil, 0, &refusal{code: 2268}
		}
		return do(v)
	}
	return job, nil
}

// readCancel understands a cancellation (sections 2.5.2 and 2.6.2), which brings
// the money back to the float.
func (s *Sandbox) readCancel(group string) reader {
	return func(f *fields) (work, *refusal) {
		return s.readNamed(f, group, func(v *voucher) (map[string]any, int64, *refusal) {
			if no := v.uncancellable(); no != nil {
				return nil, 0, no
			}
			s.drawer.end(v, cancelled)
			s.books.float += v.value
			return map[string]any{"amount": v.value, "voucher": v.wire()}, v.value, nil
		})
	}
}

// readLookup understands a look at a Cash Out PIN (section 2.5.3).
func (s *Sandbox) readLookup(f *fields) (work, *refusal) {
	return s.readNamed(f, groupCashOut, func(v *voucher) (map[string]any, int64, *refusal) {
		return map[string]any{"voucher": v.wire()}, 0, nil
	})
}
