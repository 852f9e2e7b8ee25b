package flashapi

// Dialect is a revision of the API. A merchant is told by Flash which one its
// account speaks.
type Dialect uint8

// The dialects.
const (
	// Revision2025 is document v3.0 of 1 May 2025.
	Revision2025 Dialect = iota
	// Draft2023 is the draft of March 2023, for accounts that are still on it.
	// It lives under another path, lacks all that came later (reversals, the
	// look-up of a cash-out PIN, exclusive vouchers, Flash Tokens, foreign
	// numbers, Flash Pay, product groups), sells utilities in two steps, and
	// names some fields in another way. Answers of both are read alike.
	Draft2023
)

// Where the operations live below the host.
const (
	apiPath   = "/aggregation/4.0/" // section 2 of the document
	draftPath = "/v4/"              // section 2.1 of the draft

	// tokenPurchasePath is the one path without a version (section 2.7.1),
	// though the reversal of the same thing has one.
	tokenPurchasePath = "/aggregation/flash-token/purchase"
)

// api is where this client's operations live.
func (c *Client) api() string {
	if c.options.Dialect == Draft2023 {
		return draftPath
	}
	return apiPath
}

// Has says whether the client's dialect has an operation.
func (c *Client) Has(op Op) bool {
	if op == OpProducts {
		return true
	}
	_, _, ok := c.route(op)
	return ok
}
