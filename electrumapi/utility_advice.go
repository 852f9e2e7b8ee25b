package electrumapi

import "context"

// TokenConfirmation says that a purchase stands and was paid for (PPU v3,
// confirmTokenPurchase, ConfirmationAdvice). It is repeated until its answer is final;
// Electrum swallows it where the provider has no use for it.
type TokenConfirmation struct {
	About
	// Tenders are what was paid; nil means those of the request.
	Tenders []Tender
}

func (r TokenConfirmation) build(*Client) (Message, error) {
	return r.confirmation(OpTokenConfirm, paidWith(r.Tenders, r.Request), nil)
}

// ConfirmToken builds and sends a TokenConfirmation and returns its answer, which may
// be empty. An *Error that is Unknown, Auth or NotSent means: again.
func (c *Client) ConfirmToken(ctx context.Context, r TokenConfirmation) (*BasicAdvice, error) {
	return call[BasicAdvice](ctx, c, r)
}

// TokenReversal says that a purchase must not stand (PPU v3, reverseTokenPurchase,
// ReversalAdvice). It is repeated until its answer is final; "there is no such
// purchase" is a success, which this document does not say and the other two do. Many
// providers refuse: then the token stays issued, and whoever sold it answers for it.
type TokenReversal struct {
	About
	Reason ReversalReason
}

func (r TokenReversal) build(*Client) (Message, error) { return r.reversal(OpTokenReverse, r.Reason) }

// ReverseToken builds and sends a TokenReversal and returns its answer, which may be
// empty. An *Error that is Unknown, Auth or NotSent means: again.
func (c *Client) ReverseToken(ctx context.Context, r TokenReversal) (*BasicAdvice, error) {
	return call[BasicAdvice](ctx, c, r)
}
