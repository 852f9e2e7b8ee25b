package sandbox

func (s *Sandbox) eeziRoutes() {
	s.post("eezi-voucher/purchase", s.readPurchase(groupEezi))
	s.post("eezi-voucher/reverse", s.readReverse(groupEezi))
}
