package sandbox

func (s *Sandbox) exclusiveRoutes() {
	s.post("exclusive-voucher/purchase", s.readPurchase(groupExclusive))
	s.post("exclusive-voucher/cancel", s.readCancel(groupExclusive))
	s.post("exclusive-voucher/reverse", s.readReverse(groupExclusive))
	s.post("exclusive-voucher/redeem", s.readExclusiveRedeem)
}

// readExclusiveRedeem understands a redemption (section 2.6.4). Only an exclusive
// voucher will do.
func (s *Sandbox) readExclusiveRedeem(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	pin, mobile, product := f.pin(), f.mobile(), f.product(false)
	if no := f.refusal(); no != nil {
		return job, no
	}
	return s.redemption(job, groupExclusive, pin, mobile, product), nil
}
