package electrumapi

import (
	"context"

	"spaza/secret"
)

// KeyChange asks for the tokens that bring a meter onto new keys (PPU v3,
// createKeyChangeTokenRequest). It is rare: such tokens usually come with a purchase.
// It can be confirmed and not reversed.
type KeyChange struct {
	Confidential
	Head
	Meter Meter `json:"meter"`
}

func (r KeyChange) build(c *Client) (Message, error) { return c.compose(OpKeyChange, r.Head, r) }

// KeyChangeResult has the tokens (PPU v3, KeyChangeTokenResponse).
type KeyChangeResult struct {
	Confidential
	Transaction
	Meter      Meter        `json:"meter"`
	Tokens     []MeterToken `json:"tokens"` // as the host gave them; see InOrder
	TokensLost int          `json:"-"`      // see TokenPurchaseResult
}

// InOrder gives the tokens in the order in which they must be entered.
func (r KeyChangeResult) InOrder() []MeterToken { return inOrder(r.Tokens) }

// Slip is the text of a slip that came ready; where there is one the document wants it
// used. Tokens may stand in it.
func (r KeyChangeResult) Slip() []secret.Text { return slipOf(r.SlipData) }

// ReadKeyChange reads the answer to a KeyChange: Decode, and what Decode leaves out
// without a word (TokensLost). Its errors quote nothing.
func ReadKeyChange(body secret.Text) (*KeyChangeResult, error) {
	r, err := Decode[KeyChangeResult](body)
	if err != nil {
		return nil, err
	}
	r.TokensLost = lostTokens(body, r.Tokens)
	return r, nil
}

// RequestKeyChange builds, sends and reads a KeyChange. The error is ErrInvalid or an
// *Error.
func (c *Client) RequestKeyChange(ctx context.Context, r KeyChange) (*KeyChangeResult, error) {
	return callAndRead(ctx, c, r, ReadKeyChange)
}

// KeyChangeConfirmation says that the tokens of a KeyChange were handed over (PPU v3,
// confirmKeyChange). It is repeated until its answer is final.
type KeyChangeConfirmation struct{ About }

func (r KeyChangeConfirmation) build(*Client) (Message, error) {
	b, err := r.basic()
	if err != nil {
		return Message{}, err
	}
	return advise(OpKeyChangeConfirm, b.ID, b.RequestID, b)
}

// ConfirmKeyChange builds and sends a KeyChangeConfirmation and returns its answer,
// which may be empty. An *Error that is Unknown, Auth or NotSent means: again.
func (c *Client) ConfirmKeyChange(ctx context.Context, r KeyChangeConfirmation) (*BasicAdvice, error) {
	return call[BasicAdvice](ctx, c, r)
}
