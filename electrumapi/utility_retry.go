package electrumapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"spaza/secret"
)

// TokenRetry asks again for the tokens of a purchase whose outcome is unknown (PPU v3,
// retryPurchaseRequest): those that were issued, or else new ones, or a refusal. It may
// be sent as often as wanted.
type TokenRetry struct {
	Request secret.Text // the body of the TokenPurchase
	// ID is a new id to be put into the body in place of the original one, which
	// stays in the path. Empty leaves the body as it was, byte for byte, as the
	// document has it; one published collection of requests has a new id.
	ID string
}

func (r TokenRetry) build(*Client) (Message, error) {
	original, err := earlier(r.Request)
	if err != nil {
		return Message{}, err
	}
	m := Message{Op: OpTokenRetry, ID: original, Original: original, Body: r.Request}
	if r.ID == "" {
		return m, nil
	}
	if !forms["uuid"].MatchString(r.ID) {
		return Message{}, fmt.Errorf("%w: id is no UUID", ErrInvalid)
	}
	m.ID = r.ID
	m.Body, err = withID(r.Request, r.ID)
	return m, err
}

// withID is a JSON object with another id, and otherwise the same bytes.
func withID(body secret.Text, id string) (secret.Text, error) {
	b := []byte(body.Reveal())
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return secret.Text{}, fmt.Errorf("%w: earlier request is not JSON", ErrInvalid)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			break
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			break
		}
		if name == "id" {
			end := int(d.InputOffset())
			return secret.New(string(b[:end-len(value)]) + `"` + id + `"` + string(b[end:])), nil
		}
	}
	return secret.Text{}, fmt.Errorf("%w: earlier request has no id", ErrInvalid)
}

// RetryToken builds, sends and reads a TokenRetry. The error is ErrInvalid or an
// *Error, of which only one whose Detail.Type is Definite settles the purchase.
func (c *Client) RetryToken(ctx context.Context, r TokenRetry) (*TokenPurchaseResult, error) {
	return callAndRead(ctx, c, r, ReadTokenPurchase)
}

// TokenReprint asks once more for tokens that were issued (PPU v3,
// requestTokenReprint). It sells nothing; not every provider has it.
type TokenReprint struct {
	Confidential
	Head
	Meter       Meter  `json:"meter"`
	OriginalRef string `json:"originalRef,omitempty"` // of the purchase; empty means the last token of the meter
}

func (r TokenReprint) build(c *Client) (Message, error) { return c.compose(OpTokenReprint, r.Head, r) }

// ReprintToken builds, sends and reads a TokenReprint. It may be asked again at will,
// with a new id each time. The error is ErrInvalid or an *Error.
func (c *Client) ReprintToken(ctx context.Context, r TokenReprint) (*TokenPurchaseResult, error) {
	return callAndRead(ctx, c, r, ReadTokenPurchase)
}
