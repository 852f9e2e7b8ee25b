package electrumapi

import (
	"context"

	"spaza/secret"
)

// SingleUseConfirmation says that a provision stands and was paid for (SUV v1,
// confirmVoucher, TenderAdvice). It is repeated until its answer is final. Under a
// contract for single messaging it is not sent.
type SingleUseConfirmation struct {
	About
	// Tenders are what was paid; nil means those of the request.
	Tenders []Tender
}

func (r SingleUseConfirmation) build(*Client) (Message, error) {
	return r.confirmation(OpVoucherConfirm, paidWith(r.Tenders, r.Request), nil)
}

// paidWith are the tenders of a confirmation: those given, else those of the request.
func paidWith(tenders []Tender, request secret.Text) []Tender {
	if tenders != nil {
		return tenders
	}
	wire, err := Decode[struct {
		Tenders []Tender `json:"tenders"`
	}](request)
	if err != nil {
		return nil // and the advice is refused for lack of them
	}
	return wire.Tenders
}

// ConfirmSingleUse builds and sends a SingleUseConfirmation and returns its answer,
// which may be empty. An *Error that is Unknown, Auth or NotSent means: again.
func (c *Client) ConfirmSingleUse(ctx context.Context, r SingleUseConfirmation) (*TenderAdvice, error) {
	return call[TenderAdvice](ctx, c, r)
}

// SingleUseReversal says that a provision must not stand (SUV v1, reverseVoucher,
// BasicReversal), whether it was answered or not. It is repeated until its answer is
// final; "there is no such provision" is a success.
type SingleUseReversal struct {
	About
	Reason ReversalReason
}

func (r SingleUseReversal) build(*Client) (Message, error) {
	return r.reversal(OpVoucherReverse, r.Reason)
}

// ReverseSingleUse builds and sends a SingleUseReversal and returns its answer, which
// may be empty. An *Error that is Unknown, Auth or NotSent means: again.
func (c *Client) ReverseSingleUse(ctx context.Context, r SingleUseReversal) (*BasicReversal, error) {
	return call[BasicReversal](ctx, c, r)
}
