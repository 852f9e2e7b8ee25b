package flashapi

import (
	"encoding/json"
	"fmt"
	"strings"

	"spaza/secret"
)

// Op names an operation: the path after /aggregation/4.0/.
type Op string

// The operations.
const (
	OpToken           Op = "token" // not sent by callers; it names the token call to Options.Observe
	OpProducts        Op = "accounts/products"
	OpRedeem          Op = "1voucher/redeem"
	OpPinlessPurchase Op = "cellular/pinless/purchase"
)

// lane is what shares a breaker: the fate of one says nothing of another.
type lane uint8

const (
	laneToken lane = iota
	laneLookup
	lanePurchase
	lanes // how many there are
)

// route says where a POST operation goes and in which lane; ok is false for an
// operation that this client does not post.
func (o Op) route() (path string, l lane, ok bool) {
	switch o {
	case OpRedeem, OpPinlessPurchase:
		return apiPath + string(o), lanePurchase, true
	default:
		return "", 0, false
	}
}

// Message is a request made ready: the exact bytes that are sent, now and in
// every repetition. The body can hold a PIN; keep it encrypted.
type Message struct {
	Op        Op
	Reference string
	Body      secret.Text
}

// Request is one of this package's request types.
type Request interface {
	// build checks the request and makes its wire form.
	build(c *Client) (op Op, wire any, err error)
	reference() string
}

// Build checks the request against the document and makes its bytes. It sends
// nothing; its errors are ErrInvalid and name the field, never the value.
func (c *Client) Build(r Request) (Message, error) {
	op, wire, err := r.build(c)
	if err != nil {
		return Message{}, fmt.Errorf("build %s: %w", op, err)
	}
	body, err := json.Marshal(wire)
	if err != nil {
		return Message{}, fmt.Errorf("build %s: %w", op, err)
	}
	return Message{Op: op, Reference: r.reference(), Body: secret.New(string(body))}, nil
}

// Metadata are up to 9 pairs that Flash keeps with the transaction: names up to
// 10 characters, values up to 43. Never put personal data or secrets in them.
type Metadata map[string]string

// common are the fields of every POST (section 2.3.1.1).
type common struct {
	Reference     string   `json:"reference"`
	AccountNumber string   `json:"accountNumber"`
	StoreID       string   `json:"storeId,omitempty"`
	TerminalID    string   `json:"terminalId,omitempty"`
	Metadata      Metadata `json:"metadata,omitempty"`
}

func (c *Client) common(reference string, m Metadata) (common, error) {
	if !validReference(reference) {
		return common{}, fmt.Errorf("%w: reference must be 1 to %d letters, digits, '-', '.' or '='", ErrInvalid, maxReference)
	}
	if len(m) > 9 {
		return common{}, fmt.Errorf("%w: metadata has more than 9 properties", ErrInvalid)
	}
	for name, value := range m {
		if name == "" || len([]rune(name)) > 10 || len([]rune(value)) > 43 {
			return common{}, fmt.Errorf("%w: metadata property is longer than 10 and 43 characters", ErrInvalid)
		}
	}
	return common{
		Reference:     reference,
		AccountNumber: c.options.AccountNumber,
		StoreID:       c.options.StoreID,
		TerminalID:    c.options.TerminalID,
		Metadata:      m,
	}, nil
}

// maxReference is this client's own limit: the document has one (code 2301) but
// does not say it. It leaves room for a UUID with a prefix.
const maxReference = 50

// validReference follows "only -,.,= and alphanumeric", reading the commas as
// those of the sentence: what is left is allowed under either reading.
func validReference(s string) bool {
	return s != "" && len(s) <= maxReference && only(s, alphanumerics+"-.=")
}

const (
	digits        = "0123456789"
	alphanumerics = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

func only(s, alphabet string) bool {
	for _, r := range s {
		if !strings.ContainsRune(alphabet, r) {
			return false
		}
	}
	return true
}

// validMobile wants 11 digits, the country code 27 and no leading 0.
func validMobile(s string) bool {
	return len(s) == 11 && only(s, digits) && s[:2] == "27" && s[2] != '0'
}

func validPIN(s string) bool { return len(s) == 16 && only(s, digits) }

// validProductCode wants a positive integer, written the one way.
func validProductCode(s string) bool {
	return s != "" && len(s) <= 18 && s[0] != '0' && only(s, digits)
}

// productCode writes a product code as the table of the document says, or as
// its examples do.
func (c *Client) productCode(code string) any {
	if c.options.ProductCodeAsText {
		return code
	}
	return json.Number(code)
}
