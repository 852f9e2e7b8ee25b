package electrumapi

import (
	"context"
	"fmt"
)

// AirtimePurchase buys a direct top-up or a PIN (Airtime v5, PurchaseRequest). The
// product's ID is required, Amounts.RequestAmount for a product of variable value, and
// RecipientMsisdn for a direct top-up; some providers want SenderMsisdn too.
type AirtimePurchase struct {
	Head            `json:"-"`
	Product         AirtimeProduct  `json:"product"`
	Amounts         *Amounts        `json:"amounts,omitempty"`
	Tenders         []Tender        `json:"tenders,omitempty"`
	PaymentMethods  []PaymentMethod `json:"paymentMethods,omitempty"`
	RecipientMsisdn *Msisdn         `json:"recipientMsisdn,omitempty"`
	SenderMsisdn    *Msisdn         `json:"senderMsisdn,omitempty"`
}

// check wants a number for what recharges one.
func (r AirtimePurchase) check() error {
	direct := r.Product.IsDirectTopup != nil && *r.Product.IsDirectTopup
	return needed(unless(!direct || r.RecipientMsisdn != nil, "recipientMsisdn"))
}

func (r AirtimePurchase) build(c *Client) (Message, error) {
	return c.compose(OpAirtimePurchase, r.Head, r)
}

// AirtimeSale is the answer to a purchase, a trial and a status (PurchaseResponse). A
// PIN is in the Voucher, which a direct top-up does not have.
type AirtimeSale struct {
	Transaction
	Product AirtimeProduct  `json:"product"`
	Amounts *Amounts        `json:"amounts"`
	Msisdn  *Msisdn         `json:"msisdn"` // the recipient
	Voucher *AirtimeVoucher `json:"voucher"`
}

// PurchaseAirtime buys. It is Build, Post and Decode in one, for a caller that has kept
// the request by other means: after an *Error of class Unknown the sale may stand,
// and making the call again, with the same head or another, is wrong. Ask with
// AirtimeStatus, or reverse. After a sale it must be confirmed. The error is
// ErrInvalid, with nothing sent, or an *Error.
func (c *Client) PurchaseAirtime(ctx context.Context, r AirtimePurchase) (*AirtimeSale, error) {
	return call[AirtimeSale](ctx, c, r)
}

// AirtimeTrial asks whether a purchase would go through: nothing is applied, no money
// moves and no advice follows (Airtime v5, purchaseTrial). Its answer promises
// nothing. FUNCTION_NOT_SUPPORTED says that the provider cannot tell. Its head must
// have an ID of its own (LabelLookup): the purchase may not use the same.
type AirtimeTrial struct{ AirtimePurchase }

func (r AirtimeTrial) build(c *Client) (Message, error) {
	return c.compose(OpAirtimeTrial, r.Head, r)
}

// TryAirtime asks whether a purchase would go through. It changes nothing. The error is
// ErrInvalid, or an *Error.
func (c *Client) TryAirtime(ctx context.Context, r AirtimeTrial) (*AirtimeSale, error) {
	return call[AirtimeSale](ctx, c, r)
}

// AirtimeStatus asks what became of a purchase (Airtime v5, purchaseStatus): by the id
// of its request alone, or by the provider's reference and the provider.
type AirtimeStatus struct {
	OriginalMsgID     string `json:"originalMsgId,omitempty" send:"form=uuid"`
	PurchaseReference string `json:"purchaseReference,omitempty"`
	Provider          string `json:"provider,omitempty"`
}

func (r AirtimeStatus) build(*Client) (Message, error) {
	byID, byReference := r.OriginalMsgID != "", r.PurchaseReference != "" || r.Provider != ""
	switch {
	case byID == byReference:
		return Message{}, fmt.Errorf("%w: either originalMsgId, or purchaseReference and provider", ErrInvalid)
	case byReference && (r.PurchaseReference == "" || r.Provider == ""):
		return Message{}, fmt.Errorf("%w: purchaseReference and provider go together", ErrInvalid)
	}
	return query(OpAirtimeStatus, r.OriginalMsgID, params(r)), check(r)
}

// AirtimePurchaseStatus asks what became of a purchase. A sale means that it stands.
// An *Error of class Failed settles the purchase only where its Detail.Type is
// Definite; 404 means that Electrum has no such purchase now, which may be because it
// has not arrived yet. It changes nothing and may be repeated after any error.
func (c *Client) AirtimePurchaseStatus(ctx context.Context, r AirtimeStatus) (*AirtimeSale, error) {
	return call[AirtimeSale](ctx, c, r)
}
