package vend

import (
	"context"

	"spaza/ledger"
	"spaza/secret"
)

// Kind is a kind of sale.
type Kind string

// The kinds of sale.
const (
	KindAirtime Kind = "airtime" // airtime straight onto a number
	KindRedeem  Kind = "redeem"  // a 1Voucher taken in, in full, for balance
)

// Product is one article of the provider's catalogue that the shop can sell.
type Product struct {
	Code    string // the provider's code
	Kind    Kind
	Name    string // the provider's name for it
	Network string // canonical network ("vodacom", "mtn", "cellc", "telkom"), or the vendor's own name in lower case
	Vendor  string // the vendor's name as people read it ("Vodacom")
	// Min and Max are the limits of one sale. A product of fixed price has
	// Min equal to Max.
	Min, Max ledger.Cents
}

// Fixed says whether the product has one price.
func (p Product) Fixed() bool { return p.Min == p.Max }

// Sale is what a provider is asked for.
type Sale struct {
	Ref     string // our reference: [A-Z0-9-], at most 30 characters, unique for ever
	Kind    Kind
	Product string       // the product's code; empty for KindRedeem
	Amount  ledger.Cents // the price; zero for KindRedeem, which always takes the whole voucher
	Target  string       // who gets it: an MSISDN of 11 digits for KindAirtime
	PIN     secret.Text  // the voucher's 16 digits for KindRedeem
}

// Request is a provider request made ready: it is stored, sealed, before it is
// sent, and sent again as it stands, byte for byte.
type Request struct {
	Op   string      // which operation of the provider; the provider's own word
	Ref  string      // the reference inside the body
	Body secret.Text // the exact bytes
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

// Reason says why a sale was declined, in words that belong to no provider.
// Flows turn it into the customer's language.
type Reason string

// The reasons. An unlisted one is worded as ReasonUnavailable.
const (
	ReasonUnavailable      Reason = "unavailable"         // our side or the provider's: not the customer's doing
	ReasonTryLater         Reason = "try_later"           // not accepted now
	ReasonProductGone      Reason = "product_gone"        // not on sale any more
	ReasonAmount           Reason = "amount"              // the amount does not suit the product
	ReasonAmountLow        Reason = "amount_low"          // too little
	ReasonAmountHigh       Reason = "amount_high"         // too much
	ReasonNumber           Reason = "number"              // the phone number is wrong
	ReasonNumberBarred     Reason = "number_barred"       // the network refuses this number
	ReasonNumberUnreg      Reason = "number_unregistered" // the SIM is not registered (RICA)
	ReasonWrongNetwork     Reason = "wrong_network"       // the number is on another network
	ReasonVoucherNotFound  Reason = "voucher_not_found"
	ReasonVoucherUsed      Reason = "voucher_used"
	ReasonVoucherExpired   Reason = "voucher_expired"
	ReasonVoucherCancelled Reason = "voucher_cancelled"
	ReasonVoucherNotActive Reason = "voucher_not_active"
	ReasonCustomerInactive Reason = "customer_inactive"
)

// Answer is what came of sending a Request.
type Answer struct {
	Outcome Outcome
	Reason  Reason // why declined

	// Amount is what the provider says was moved: for KindRedeem the value to
	// credit. Zero where the answer does not say.
	Amount      ledger.Cents
	ProviderRef string // the provider's own number of the transaction
	CallCentre  string // the network's help number, for the receipt

	// Person asks for a human: the answer contradicts itself, and sending
	// again will not clear it.
	Person bool
	// Alert asks for the operator's attention (float empty, credentials
	// refused, catalogue stale).
	Alert bool
	// Code and Detail are for logs and support; they hold no secret.
	Code, Detail string
}

// Provider sells. Its contract, which every implementation's tests prove:
//
//   - The caller allots the reference. The same Request sent twice is one sale.
//   - Prepare sends nothing. It refuses a Sale that the provider's document
//     would refuse.
//   - Send never retries by itself under another reference, and turns
//     everything that is not a clear answer (a timeout, a cut connection, an
//     unreadable or unlisted answer) into Unknown. It has no error: there is
//     nothing else to be done with one.
//   - again tells Send that the request may have been sent before. Unknown is
//     then sticky: a refusal of the repetition (credentials, throttling, "used
//     already") does not settle the first attempt.
type Provider interface {
	Prepare(s Sale) (Request, error)
	Send(ctx context.Context, r Request, again bool) Answer
}

// Cataloguer is a provider that can list what it sells.
type Cataloguer interface {
	// Products lists what can be sold now; it may be called as often as
	// wanted, and the caller keeps its last good answer.
	Products(ctx context.Context) ([]Product, error)
}
