package flashapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"spaza/secret"
)

// Message is a request made ready: the exact bytes that are sent, now and in
// every repetition. The body can hold a PIN; keep it encrypted.
type Message struct {
	Op        Op
	Dialect   Dialect // of the client that built it; no other posts it
	Reference string
	Body      secret.Text
}

// MarshalJSON returns an error: a secret.Text is not written, and a message
// without its body is lost. Keep the parts, the body sealed.
func (Message) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a flashapi.Message is not kept as JSON: its body must be sealed")
}

// Till says where in a shop of many a transaction is made. Letters and digits
// only; what is empty is taken from the Options.
type Till struct{ StoreID, TerminalID string }

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
	if _, _, ok := c.route(op); !ok {
		return Message{}, fmt.Errorf("build %s: %w", op, ErrNotInDialect)
	}
	body, err := json.Marshal(wire)
	if err != nil {
		return Message{}, fmt.Errorf("build %s: %w", op, err)
	}
	return Message{Op: op, Dialect: c.options.Dialect, Reference: r.reference(), Body: secret.New(string(body))}, nil
}

// Metadata are up to 9 pairs that Flash keeps with the transaction: names up to
// 10 characters, values up to 43. Never put personal data or secrets in them.
type Metadata map[string]string

// common are the fields of every POST (section 2.3.1.1).
type common struct {
	Reference     string `json:"reference"`
	AccountNumber string `json:"accountNumber,omitempty"`
	// SubAccountNumber takes the account's place in one operation of the draft.
	SubAccountNumber string   `json:"subAccountNumber,omitempty"`
	StoreID          string   `json:"storeId,omitempty"`
	TerminalID       string   `json:"terminalId,omitempty"`
	Metadata         Metadata `json:"metadata,omitempty"`
}

// common checks and fills the fields of every POST.
func (c *Client) common(reference string, t Till, m Metadata) (common, error) {
	if !validReference(reference) {
		return common{}, fmt.Errorf("%w: reference must be 1 to %d letters, digits, '-', '.' or '='", ErrInvalid, maxReference)
	}
	if !only(t.StoreID+t.TerminalID, alphanumerics) {
		return common{}, fmt.Errorf("%w: store and terminal must be letters and digits", ErrInvalid)
	}
	if len(m) > 9 {
		return common{}, fmt.Errorf("%w: metadata has more than 9 properties", ErrInvalid)
	}
	for name, value := range m {
		if name == "" || len([]rune(name)) > 10 || len([]rune(value)) > 43 {
			return common{}, fmt.Errorf("%w: metadata property is longer than 10 and 43 characters", ErrInvalid)
		}
	}
	w := common{Reference: reference, AccountNumber: c.options.AccountNumber, Metadata: m}
	if c.options.Dialect != Draft2023 { // where only gift vouchers have a store and a terminal
		w.place(c, t)
	}
	return w, nil
}

// place fills in the store and the terminal.
func (w *common) place(c *Client, t Till) {
	w.StoreID, w.TerminalID = cmp.Or(t.StoreID, c.options.StoreID), cmp.Or(t.TerminalID, c.options.TerminalID)
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

// validForeign wants a number of another country as people write it abroad,
// without a plus: 8 to 15 digits (ITU-T E.164). The document wants 11 that begin
// with 27, for a number that it calls international.
func validForeign(s string) bool {
	return len(s) >= 8 && len(s) <= 15 && only(s, digits) && s[0] != '0'
}

// validName wants letters and digits, at least one: a serial number, a meter, a
// customer's account at a biller. The bound is this client's own.
func validName(s string) bool { return s != "" && len(s) <= 50 && only(s, alphanumerics) }

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
