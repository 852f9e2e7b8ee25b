package electrumapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"spaza/secret"
)

// Message is a request or an advice made ready: the exact bytes that are sent, now
// and in every repetition. The body can hold a PIN; keep it encrypted. For an
// operation that is a GET the body is the query.
type Message struct {
	Op Op
	ID string // of this message; empty for a GET
	// Original is the id of the request that an advice, a retry or a status is
	// about; otherwise empty.
	Original string
	Body     secret.Text
}

// MarshalJSON returns an error: a secret.Text is not written, and a message without
// its body is lost. Keep the parts, the body sealed.
func (Message) MarshalJSON() ([]byte, error) {
	return nil, errors.New("an electrumapi.Message is not kept as JSON: its body must be sealed")
}

// Format implements fmt.Formatter; it shows no body.
func (m Message) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%s(%s about %q, %d bytes)", m.Op, m.ID, m.Original, m.Body.Len())
}

// Head is what a caller says of a request; the client adds the originator, the
// client, the settlement entity, the receiver and the thirdPartyIdentifiers. ID and
// Time are required, and OwnRef, which becomes our entry of thirdPartyIdentifiers.
type Head struct {
	ID, Stan, Rrn, ChannelID, OwnRef string
	Time                             time.Time

	// The rest is optional.
	OperatorID              string
	Labels                  []TransactionLabel
	Identifiers             []ThirdPartyIdentifier // of other institutions
	SlipData                *SlipData
	BasketRef               string
	TranType                TranType
	SrcAccType, DestAccType AccountType
}

// Request is one of this package's request types.
type Request interface {
	// build checks the request and makes its message.
	build(c *Client) (Message, error)
}

// Build checks the request against the document and makes its bytes. It sends
// nothing; its errors are ErrInvalid and name the field, never the value.
func (c *Client) Build(r Request) (Message, error) {
	m, err := r.build(c)
	if err != nil {
		return Message{}, fmt.Errorf("build %T: %w", r, err)
	}
	return m, nil
}

// transaction makes the part that every request has.
func (c *Client) transaction(h Head) (Transaction, error) {
	if h.OwnRef == "" {
		return Transaction{}, needed("own reference")
	}
	o := c.options
	ids := []ThirdPartyIdentifier{{o.Institution, h.OwnRef}}
	if o.Client != o.Institution {
		ids = append(ids, ThirdPartyIdentifier{o.Client, h.OwnRef})
	}
	for _, id := range h.Identifiers {
		if id.InstitutionID == o.Institution || id.InstitutionID == o.Client {
			return Transaction{}, fmt.Errorf("%w: identifiers has our own institution", ErrInvalid)
		}
	}
	ids = append(ids, h.Identifiers...)
	if err := check(&struct {
		IDs []ThirdPartyIdentifier `json:"thirdPartyIdentifiers"`
	}{ids}); err != nil {
		return Transaction{}, err
	}
	raw, err := rawIdentifiers(ids)
	if err != nil {
		return Transaction{}, fmt.Errorf("write thirdPartyIdentifiers: %w", err)
	}
	t := Transaction{
		TransactionLabels: h.Labels, ID: h.ID, Time: h.Time, Originator: c.originator(h),
		Client:                Institution{ID: o.Client, Name: o.ClientName},
		ThirdPartyIdentifiers: raw, SlipData: h.SlipData, BasketRef: h.BasketRef, TranType: h.TranType,
		SrcAccType: h.SrcAccType, DestAccType: h.DestAccType, Stan: h.Stan, Rrn: h.Rrn,
	}
	if o.Settlement != "" {
		t.SettlementEntity = &Institution{ID: o.Settlement, Name: o.Settlement}
	}
	if o.Receiver != "" {
		t.Receiver = &Institution{ID: o.Receiver, Name: o.Receiver}
	}
	return t, check(t)
}

func (c *Client) originator(h Head) Originator {
	o := c.options
	return Originator{
		Institution: Institution{ID: o.Institution, Name: o.InstitutionName}, TerminalID: o.Terminal,
		Merchant: Merchant{MerchantType: o.MerchantType, MerchantID: o.MerchantID, MerchantName: MerchantName{
			Name: o.MerchantName, City: o.MerchantCity, Region: o.MerchantRegion, Country: o.MerchantCountry,
		}},
		OperatorID: h.OperatorID, ChannelID: h.ChannelID,
	}
}

// compose makes a message of a request: the transaction's fields, then those of the
// struct fields, which are checked by their tags.
func (c *Client) compose(op Op, h Head, fields any) (Message, error) {
	t, err := c.transaction(h)
	if err != nil {
		return Message{}, err
	}
	if err := check(fields); err != nil {
		return Message{}, err
	}
	return Message{Op: op, ID: h.ID, Body: secret.New(string(encode(t, fields)))}, nil
}

// params are the fields of a struct of strings as the parameters of a query, by their
// JSON names; what is empty is left out.
func params(fields any) url.Values {
	v, values := reflect.ValueOf(fields), url.Values{}
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); v.Field(i).String() != "" {
			values.Set(name, v.Field(i).String())
		}
	}
	return values
}

// query makes a message of a GET.
func query(op Op, original string, values url.Values) Message {
	return Message{Op: op, Original: original, Body: secret.New(values.Encode())}
}

// examine says what is wrong with a message that is to be sent; nil when nothing is.
func (c *Client) examine(m Message) (operation, string, error) {
	o, ok := operations[m.Op]
	if !ok {
		return o, "", fmt.Errorf("%w: no such operation", ErrInvalid)
	}
	for _, id := range []string{m.ID, m.Original} { // they become parts of a path
		if id != "" && !forms["uuid"].MatchString(id) {
			return o, "", fmt.Errorf("%w: id of the message is no UUID", ErrInvalid)
		}
	}
	url, ok := c.address(o, m)
	if !ok {
		return o, "", fmt.Errorf("%w: no address is configured for this interface", ErrInvalid)
	}
	if o.method == http.MethodGet {
		return o, url, nil
	}
	var body struct {
		ID, RequestID string
	}
	switch {
	case json.Unmarshal([]byte(m.Body.Reveal()), &body) != nil:
		return o, "", fmt.Errorf("%w: body is not JSON", ErrInvalid)
	case m.ID == "" || body.ID != m.ID:
		return o, "", fmt.Errorf("%w: body does not carry the message's id", ErrInvalid)
	case o.effect.advises() && (m.Original == "" || body.RequestID != m.Original):
		return o, "", fmt.Errorf("%w: advice does not carry the request's id", ErrInvalid)
	case (m.Op == OpTokenRetry || m.Op == OpVoucherRetry) && m.Original == "":
		return o, "", fmt.Errorf("%w: retry does not say of what", ErrInvalid)
	}
	return o, url, nil
}
