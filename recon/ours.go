package recon

import (
	"context"
	"iter"
	"time"

	"spaza/ledger"
)

// Standing is where an order of ours stands, as far as its money goes.
type Standing string

// The standings of an order. Done and Refused also mean what a person decided.
const (
	Open     Standing = "open"     // an answer is awaited, or is asked for again
	Person   Standing = "person"   // a person must decide
	Done     Standing = "done"     // it happened: the price is spent, a voucher credited
	Refused  Standing = "refused"  // it did not happen: the customer has the money
	Reversed Standing = "reversed" // it happened and was undone: the customer has the money
)

// Ours is an order of ours, or an entry of ours that stands for a line of an
// earlier file (see BookAside).
type Ours struct {
	Ref         string `json:"reference"`
	ProviderRef string `json:"provider_reference,omitempty"`
	Kind        string `json:"kind"`
	// Amount is the price, or what a redemption credited; of a redemption that
	// is not done it is not heeded.
	Amount   ledger.Cents `json:"amount_cents"`
	Standing Standing     `json:"standing"`
	// State is the standing in the words of the books, handed back with a
	// proposal.
	State string `json:"state,omitempty"`
	// At is when the request was first sent, or committed to be.
	At time.Time `json:"at"`
	// Incoming is true where the provider owes us for it: a redemption.
	Incoming bool `json:"incoming,omitempty"`
	// Captured is true where the books have the price as spent although the
	// order is a person's to decide: the provider said that it happened, and
	// what was bought never came.
	Captured bool `json:"captured,omitempty"`
	// Handed is true where what was bought must be handed over, such as a PIN:
	// of an order that waits for a decision, only whoever has it can say that
	// it was delivered.
	Handed bool `json:"handed,omitempty"`
	// Given is true where the provider has given such a thing.
	Given bool `json:"given,omitempty"`
	// NoLine is true where the provider lists none: a reversal changes the
	// line of what it reverses.
	NoLine bool `json:"no_line,omitempty"`
	// Aside is true of what BookAside booked: no order, but money that stands
	// in the books under the reference of a line. Its standing is Done.
	Aside bool `json:"aside,omitempty"`
}

// known says whether the amount is ours to say.
func (o Ours) known() bool { return !o.Incoming || o.Standing == Done || o.Standing == Reversed }

// Books is our side. Of what it returns, one reference appears once.
type Books interface {
	// Between yields the orders whose At is not before from and before to, in
	// any order.
	Between(ctx context.Context, from, to time.Time) iter.Seq2[Ours, error]
	// ByRef finds orders by their whole Ref, and what BookAside booked by
	// the reference of its line. What there is none of is left out. At most 500
	// are asked for at a time.
	ByRef(ctx context.Context, refs []string) ([]Ours, error)
	// ByProviderRef finds the same by the provider's references. Several orders
	// may have one.
	ByProviderRef(ctx context.Context, refs []string) ([]Ours, error)
}

// lookup is how many references Books is asked for at a time.
const lookup = 500
