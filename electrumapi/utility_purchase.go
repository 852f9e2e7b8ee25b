package electrumapi

import (
	"context"

	"spaza/secret"
)

// TokenPurchase buys tokens for a meter (PPU v3, createTokenPurchaseRequest,
// PurchaseRequest). It is sent once: what became of one whose answer did not come is
// found out by TokenRetry, or undone by TokenReversal.
type TokenPurchase struct {
	Confidential
	Head
	Meter Meter `json:"meter"`
	// PurchaseAmount is what the customer pays, of which debt and fees may take a
	// part. Zero asks for the free units that are due and nothing else.
	PurchaseAmount LedgerAmount `json:"purchaseAmount"`
	UtilityType    UtilityType  `json:"utilityType,omitempty" send:"form=word"`
	// Msisdn is the customer's, who may be told of the purchase; here alone also
	// as it is dialled at home (0821234567).
	Msisdn         string          `json:"msisdn,omitempty" send:"form=phone"`
	Tenders        []Tender        `json:"tenders,omitempty"`
	PaymentMethods []PaymentMethod `json:"paymentMethods,omitempty"`
}

func (r TokenPurchase) build(c *Client) (Message, error) {
	return c.compose(OpTokenPurchase, r.Head, r)
}

// TokenPurchaseResult is what was bought (PPU v3, PurchaseResponse), also in the answer
// to a retry, a trial and a reprint.
type TokenPurchaseResult struct {
	Confidential
	Transaction
	Meter    Meter    `json:"meter"`
	Customer Customer `json:"customer"`
	Utility  Supplier `json:"utility"`
	// PurchaseTotal is what was paid for tokens, without tax, debt and fees.
	PurchaseTotal *LedgerAmount `json:"purchaseTotal"`
	TaxTotal      *LedgerAmount `json:"taxTotal"` // all tax
	Amounts       *Amounts      `json:"amounts"`
	UtilityType   UtilityType   `json:"utilityType"`
	// Tokens are as the host gave them; see InOrder.
	Tokens              []MeterToken         `json:"tokens"`
	DebtRecoveryCharges []DebtRecoveryCharge `json:"debtRecoveryCharges"`
	ServiceCharges      []ServiceCharge      `json:"serviceCharges"`
	VatInvoiceNumber    string               `json:"vatInvoiceNumber"`
	// TokensLost is how many tokens are in the answer, but cannot be read. A
	// purchase with one is not complete; a retry may bring it.
	TokensLost int `json:"-"`
}

// ReadTokenPurchase reads the answer to a TokenPurchase, TokenTrial, TokenRetry or
// TokenReprint: Decode, and what Decode leaves out without a word (TokensLost). Its
// errors quote nothing.
func ReadTokenPurchase(body secret.Text) (*TokenPurchaseResult, error) {
	r, err := Decode[TokenPurchaseResult](body)
	if err != nil {
		return nil, err
	}
	r.TokensLost = lostTokens(body, r.Tokens)
	return r, nil
}

// InOrder gives the tokens in the order in which they must be entered: those that
// change keys first.
func (r TokenPurchaseResult) InOrder() []MeterToken { return inOrder(r.Tokens) }

// UnitsOf adds up the units of the tokens of these types, exactly. False says that
// there is no such token, or that the units of one cannot be read.
func (r TokenPurchaseResult) UnitsOf(types ...TokenType) (Decimal, bool) {
	return unitsOf(r.Tokens, types)
}

// Slip is the text of a slip that came ready, one line an element, which some providers
// send beside the other fields or in their stead; it must then be handed over. Tokens
// may stand in it.
func (r TokenPurchaseResult) Slip() []secret.Text { return slipOf(r.SlipData) }

// slipOf are the lines of a slip.
func slipOf(s *SlipData) []secret.Text {
	if s == nil {
		return nil
	}
	var lines []secret.Text
	for _, l := range s.MessageLines {
		lines = append(lines, secret.New(l.Text))
	}
	return lines
}

// PurchaseToken builds, sends and reads a TokenPurchase. The error is ErrInvalid or an
// *Error; after Unknown the tokens may have been issued. A result without tokens is a
// success all the same where AllDebt says so, or where there is a Slip.
func (c *Client) PurchaseToken(ctx context.Context, r TokenPurchase) (*TokenPurchaseResult, error) {
	return callAndRead(ctx, c, r, ReadTokenPurchase)
}

// TokenTrial asks what a purchase would bring (PPU v3, trialTokenPurchaseRequest). It
// moves nothing, needs an id of its own, and is advice only: ErrorUnsupported says that
// the provider has no such thing, not that the purchase would fail.
type TokenTrial struct{ TokenPurchase }

func (r TokenTrial) build(c *Client) (Message, error) {
	return c.compose(OpTokenTrial, r.Head, r.TokenPurchase)
}

// TryToken builds, sends and reads a TokenTrial. What stands in the answer in place of
// tokens is not valid, and is taken out, the slip with it. It may be repeated at will
// with a new id. The error is ErrInvalid or an *Error.
func (c *Client) TryToken(ctx context.Context, r TokenTrial) (*TokenPurchaseResult, error) {
	result, err := callAndRead(ctx, c, r, ReadTokenPurchase)
	if err != nil {
		return nil, err
	}
	for i := range result.Tokens {
		result.Tokens[i].Token = secret.Text{}
	}
	result.SlipData, result.TokensLost = nil, 0
	return result, nil
}
