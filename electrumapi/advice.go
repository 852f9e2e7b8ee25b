package electrumapi

import (
	"fmt"
	"time"

	"spaza/secret"
)

// BasicAdvice is a message about an earlier request, and the answer to one.
type BasicAdvice struct {
	ID                    string    `json:"id" send:"need,form=uuid"` // of the advice; the same in every repetition
	RequestID             string    `json:"requestId" send:"need,form=uuid"`
	Time                  time.Time `json:"time" send:"need"`
	ThirdPartyIdentifiers Raw       `json:"thirdPartyIdentifiers" send:"need"`
	Stan                  string    `json:"stan,omitempty"`
	Rrn                   string    `json:"rrn,omitempty"`
	// Amounts have the final amount as ApprovedAmount. Absent means all of it.
	Amounts *Amounts `json:"amounts,omitempty"`
}

// ReversalReason is why a request is reversed; other values than these may be
// received.
type ReversalReason string

// The reasons.
const (
	ReversedTimeout   ReversalReason = "TIMEOUT"            // no answer came
	ReversedCancelled ReversalReason = "CANCELLED"          // the customer gave up
	ReversedNotFinal  ReversalReason = "RESPONSE_NOT_FINAL" // the answer was 500 or 504
)

// BasicReversal is the advice that a request must not stand (PurchaseReversal,
// ReversalAdvice), and its answer.
type BasicReversal struct {
	BasicAdvice
	ReversalReason ReversalReason `json:"reversalReason" send:"need,form=word"`
}

// TenderAdvice is the advice that a request stands and was paid for
// (PurchaseConfirmation, ConfirmationAdvice), and its answer. Java's model lets the
// tenders be absent, the schema does not; so they are required.
type TenderAdvice struct {
	BasicAdvice
	Tenders []Tender `json:"tenders" send:"need"`
}

// About is what every advice is made from.
type About struct {
	ID      string    // of the advice, see ID
	At      time.Time // when it is made
	Request secret.Text
	// Response is the body of the answer; empty where none came. What of it can
	// not be read counts as not come.
	Response secret.Text
	// Amounts, where not all of it is confirmed or reversed.
	Amounts *Amounts
}

// maxEcho is how long a thirdPartyIdentifiers array is echoed. The provider chooses
// its length, and an advice is stored.
const maxEcho = 64 << 10

// basic makes an advice from what it is about: the request's id, STAN and RRN, and the
// thirdPartyIdentifiers of the answer, byte for byte, or the request's where there is
// no answer or it has none (BasicAdvice.thirdPartyIdentifiers).
func (a About) basic() (BasicAdvice, error) {
	request, err := Decode[Transaction](a.Request)
	if err != nil {
		return BasicAdvice{}, fmt.Errorf("%w: request of the advice cannot be read: %w", ErrInvalid, err)
	}
	advice := BasicAdvice{
		ID: a.ID, RequestID: request.ID, Time: a.At, ThirdPartyIdentifiers: request.ThirdPartyIdentifiers,
		Stan: request.Stan, Rrn: request.Rrn, Amounts: a.Amounts,
	}
	if answer, err := Decode[Transaction](a.Response); err == nil {
		if raw := answer.ThirdPartyIdentifiers; len(raw) <= maxEcho && len(Identifiers(raw)) > 0 {
			advice.ThirdPartyIdentifiers = raw
		}
	}
	return advice, nil
}

// confirmation makes the message that a request stands; more are the fields that
// some confirmations have beside the tenders, or nil.
func (a About) confirmation(op Op, tenders []Tender, more any) (Message, error) {
	b, err := a.basic()
	if err != nil {
		return Message{}, err
	}
	return advise(op, b.ID, b.RequestID, TenderAdvice{b, tenders}, more)
}

// reversal makes the message that a request must not stand.
func (a About) reversal(op Op, why ReversalReason) (Message, error) {
	b, err := a.basic()
	if err != nil {
		return Message{}, err
	}
	return advise(op, b.ID, b.RequestID, BasicReversal{b, why})
}

// advise writes an advice.
func advise(op Op, id, original string, parts ...any) (Message, error) {
	var written []any
	for _, p := range parts {
		if p == nil {
			continue
		}
		if err := check(p); err != nil {
			return Message{}, err
		}
		written = append(written, p)
	}
	return Message{Op: op, ID: id, Original: original, Body: secret.New(string(encode(written...)))}, nil
}
