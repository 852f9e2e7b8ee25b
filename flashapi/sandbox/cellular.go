package sandbox

import "strconv"

func (s *Sandbox) cellularRoutes() { s.post("cellular/pinless/purchase", s.readPinless) }

// readPinless understands a recharge (section 2.8.1).
func (s *Sandbox) readPinless(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	product, mobile := f.product(true), f.loose("mobileNumber")
	f.alphanumeric("paymentMethod")
	if no := f.refusal(); no != nil {
		return job, no
	}
	job.target = mobile
	if isSouthAfrican(mobile) {
		n, _ := strconv.Atoi(mobile[7:])
		switch mobile[:7] {
		case "2760000":
			job.answer = n
		case "2760001":
			job.fault = fault(n)
		}
	}
	job.run = func() (map[string]any, int64, *refusal) { return s.recharge(product, job.amount, mobile) }
	return job, nil
}

// recharge sells airtime from the float. The caller holds the lock.
func (s *Sandbox) recharge(product string, amount int64, mobile string) (map[string]any, int64, *refusal) {
	a, known := s.article(product, groupCellular)
	if !known {
		return nil, 0, &refusal{code: 2101}
	}
	if no := a.price(amount); no != nil {
		return nil, 0, no
	}
	switch {
	case !isSouthAfrican(mobile):
		return nil, 0, &refusal{code: 2335}
	case amount > s.books.float:
		return nil, 0, &refusal{code: 2003}
	}
	s.books.float -= amount
	kind := "Airtime"
	if a.fixed {
		kind = "Bundle"
	}
	return map[string]any{
		"amount":          amount,
		"rechargeDetails": map[string]string{"rechargeType": kind, "callCentre": a.callCentre(), "rechargeVendor": a.vendor},
	}, amount, nil
}

// callCentre is the help number that customers of a network dial on their phone.
func (a article) callCentre() string {
	switch a.supplier {
	case "Vodacom":
		return "082 111"
	case "MTN":
		return "083 173"
	case "Cell C":
		return "084 140"
	case "Telkom":
		return "081 180"
	default:
		return ""
	}
}
