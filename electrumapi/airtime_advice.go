package electrumapi

import "context"

// AirtimeConfirmation tells that a purchase stands and was paid for (Airtime v5,
// purchaseConfirmation). At least one tender is required. It is made from the request
// and its answer; a purchase has either it or an AirtimeReversal, ever.
type AirtimeConfirmation struct {
	About
	Tenders []Tender
}

func (r AirtimeConfirmation) build(*Client) (Message, error) {
	return r.confirmation(OpAirtimeConfirm, r.Tenders, nil)
}

// ConfirmAirtime confirms a purchase. The advice is idempotent: it is repeated, with
// everything the same, after any *Error whose class is not Failed; after Failed (a
// person must look) it is not taken. What Electrum answers is an echo and may be
// empty.
func (c *Client) ConfirmAirtime(ctx context.Context, r AirtimeConfirmation) (*TenderAdvice, error) {
	return call[TenderAdvice](ctx, c, r)
}

// AirtimeReversal tells that a purchase must not stand (Airtime v5,
// purchaseReversal). No provider supports it for direct top-ups. About.Response may be
// empty.
type AirtimeReversal struct {
	About
	Reason ReversalReason
}

func (r AirtimeReversal) build(*Client) (Message, error) {
	return r.reversal(OpAirtimeReverse, r.Reason)
}

// ReverseAirtime reverses a purchase; that there was none is a success too. Errors and
// repetition are as for ConfirmAirtime.
func (c *Client) ReverseAirtime(ctx context.Context, r AirtimeReversal) (*BasicReversal, error) {
	return call[BasicReversal](ctx, c, r)
}
