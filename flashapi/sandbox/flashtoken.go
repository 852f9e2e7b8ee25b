package sandbox

import "strconv"

// withoutVersion is where section 2.7.1 puts the purchase of a Flash Token.
const withoutVersion = "/aggregation/"

// flashTokenRoutes serves the purchase where the document has it, without the
// version, and where all other operations are, its own reversal included: the
// document contradicts itself, and a client may have followed either.
func (s *Sandbox) flashTokenRoutes() {
	s.postAt(withoutVersion, "flash-token/purchase", s.readFlashToken)
	s.post("flash-token/purchase", s.readFlashToken)
	s.post("flash-token/reverse", s.readReverse(groupToken))
}

// readFlashToken understands a purchase (section 2.7.1). The product code is in
// the example only, and 0 there.
func (s *Sandbox) readFlashToken(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	product := strconv.Itoa(codeFlashToken)
	switch raw := string(f.left["productCode"]); raw {
	case `0`, `"0"`:
		f.take("productCode", false)
	default:
		if given := f.product(false); given != "" {
			product = given
		}
	}
	f.alphanumeric("paymentMethod")
	if no := f.refusal(); no != nil {
		return job, no
	}
	return s.saleOf(job, product, groupToken), nil
}
