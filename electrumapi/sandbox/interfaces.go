package sandbox

// The bases of what is served, each with a slash at its end.
const (
	airtimeBase = "/airtime/v5/"
	controlBase = "/sandbox/electrum/"
)

// interfaces are the operations of every interface.
func (s *Sandbox) interfaces() []func() []route {
	return []func() []route{s.airtimeRoutes, s.voucherRoutes, s.utilityRoutes}
}
