package vend

import (
	"context"
	"time"

	"spaza/ledger"
	"spaza/secret"
)

// Sale is what a provider is asked for.
type Sale struct {
	Ref     string // our reference: [A-Z0-9-], at most 30 characters, unique for ever
	Kind    Kind
	Product string       // the product's code; empty for KindRedeem and KindRefund
	Amount  ledger.Cents // the price; zero for KindRedeem, which always takes the whole voucher, and where Free is set
	// Target is who gets it: an MSISDN of 11 digits for KindAirtime and
	// KindData, a meter for KindElectricity, the whole account reference (with
	// the product's Biller in front) for KindBill; otherwise empty.
	Target string
	PIN    secret.Text // the voucher's 16 digits for KindRedeem
	// Free asks for the month's free basic electricity, for KindElectricity.
	Free bool
	// Enquiry is the Handle of the Meter that was looked up before, for
	// KindElectricity. Some providers need it.
	Enquiry string
	// Original and OriginalKind name the sale that KindReverse undoes, and
	// OriginalOp is the operation that it was sent with; Product is then that
	// sale's.
	Original, OriginalOp string
	OriginalKind         Kind
	// At is when it was asked for, and Channel where ("ussd", "whatsapp"), for
	// providers that want to be told.
	At      time.Time
	Channel string
}

// Request is a provider request made ready: it is stored, sealed, before it is
// sent, and sent again as it stands, byte for byte.
type Request struct {
	Op   string      // which operation of the provider; the provider's own word
	Ref  string      // the reference inside the body
	Body secret.Text // the exact bytes
}

// Past is what is known of earlier sendings of a request. The zero value says
// that there were none.
type Past struct {
	// Again says that the request may have been sent before.
	Again bool
	// Code is the provider's last code, Times how often in a row it came, and
	// For how long ago the first of these was.
	Code  string
	Times int
	For   time.Duration
	// Age is how long ago the first sending was begun.
	Age time.Duration
}

// Outcome is what is known of a sale at the provider. The zero value is
// Unknown: forgetting to decide is the safe mistake.
type Outcome uint8

// The outcomes.
const (
	Unknown   Outcome = iota // may have happened; keep the hold, ask again
	Delivered                // happened
	Declined                 // did not happen, and will not under this reference
)

// String names the outcome for logs and metrics.
func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Declined:
		return "declined"
	default:
		return "unknown"
	}
}

// Answer is what came of sending a Request.
type Answer struct {
	Outcome Outcome
	Reason  Reason // why declined

	// Amount is what the provider says was moved: for KindRedeem the value to
	// credit. Zero where the answer does not say.
	Amount      ledger.Cents
	Goods       Goods  // what was bought, where it is something to hand over; when Owed, a part of it
	ProviderRef string // the provider's own number of the transaction
	CallCentre  string // the network's help number, for the receipt

	// Owed says that the sale happened, but that the goods are not in the
	// answer. The outcome stays Unknown: asking again fetches them. No later
	// refusal takes it back: that is for a person.
	Owed bool
	// Person asks for a human: the answer contradicts itself, and sending
	// again will not clear it.
	Person bool
	// Alert asks for the operator's attention (float empty, credentials
	// refused, catalogue stale).
	Alert bool
	// Code and Detail are for logs and support; they hold no secret.
	Code, Detail string

	// Advice is what the provider must be told in consequence; nil where it
	// wants to be told nothing. With Delivered it says that the sale stands. With
	// Unknown it undoes the sale, whatever became of it: then nothing is asked
	// any more, and the sale is declined once the provider has taken the advice.
	Advice *Advice
}

// Advice is a message to a provider about an earlier request: that the sale
// stands, or (Undo) that it must not. For one request there is ever one of the two
// and never the other. It is stored before it is sent, and sent until the
// provider's answer is final, byte for byte the same.
type Advice struct {
	Request
	Undo bool
}

// Advised is what came of sending an Advice. The zero value says that it must be
// sent again.
type Advised struct {
	// Final says that the provider has given its last word, and Taken that it
	// accepts the advice; after Undo, that the sale never was or is undone.
	Final, Taken bool
	// Alert asks for the operator's attention.
	Alert bool
	// Code and Detail are for logs and support; they hold no secret.
	Code, Detail string
}

// Adviser is a provider that wants to be told how sales ended. Whoever answers
// with an Advice must be one. Advise may be called as often as wanted, with the
// same advice, also after its answer was final.
type Adviser interface {
	Advise(ctx context.Context, a Advice) Advised
}

// Confirmer is an Adviser that wants to be told also of a sale that only a person
// found to stand.
type Confirmer interface {
	// Confirm makes the advice that the sale of a request stands, of which no answer
	// came that says so; nil where the provider wants to be told nothing. It sends
	// nothing, and the same request makes an advice of the same sense and name.
	Confirm(r Request) (*Advice, error)
}

// Provider sells. Its contract, which the suite in test/provider proves of every
// implementation:
//
//   - The caller allots the reference. The same Request sent twice is one sale.
//   - Prepare sends nothing. It refuses a Sale that the provider's document
//     would refuse, and every kind that Can says it does not sell.
//   - Send never retries by itself under another reference, and turns
//     everything that is not a clear answer (a timeout, a cut connection, an
//     unreadable or unlisted answer) into Unknown. It has no error: there is
//     nothing else to be done with one.
//   - past tells Send what came of earlier sendings. Unknown is then sticky: a
//     refusal of the repetition (credentials, throttling, "used already") does
//     not settle the first attempt.
//   - Delivered means that the goods are in the answer, where the kind has any.
//   - A provider for which the same request twice is two sales, or an error, keeps
//     this contract by asking after the first one when past says Again, or by an
//     Advice that undoes it.
type Provider interface {
	Prepare(s Sale) (Request, error)
	Send(ctx context.Context, r Request, past Past) Answer
}

// Cataloguer is a provider that can list what it sells.
type Cataloguer interface {
	// Products lists what can be sold now; it may be called as often as
	// wanted, and the caller keeps its last good answer.
	Products(ctx context.Context) ([]Product, error)
}

// Capability says what a provider can do about one kind of sale.
type Capability struct {
	Sells bool
	// Reverses says that a sale can be undone, where its Product is Reversible
	// and it was not used.
	Reverses bool
	// Enquires says that Enquirer answers for its targets, and EnquiryFirst
	// that a sale needs the handle of such an answer.
	Enquires, EnquiryFirst bool
}

// Capable is a provider that says what it can do.
type Capable interface {
	Can(k Kind) Capability
}
