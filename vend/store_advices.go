package vend

import (
	"context"
	"time"
)

// AdviceState is where an advice stands.
type AdviceState string

// The states of an advice.
const (
	// AdviceWaiting: it says that the sale stands, which nobody is sure of. It
	// becomes due when the order turns out to have happened, and is never sent
	// otherwise.
	AdviceWaiting AdviceState = "waiting"
	// AdviceDue: it is sent until the provider has given its last word.
	AdviceDue AdviceState = "due"

	AdviceTaken   AdviceState = "taken"   // the provider has accepted it
	AdviceRefused AdviceState = "refused" // the provider will not accept it
	AdviceDropped AdviceState = "dropped" // a person decided otherwise; it is not sent, or not any more
)

// Over says that an advice is not sent any more; then its bytes are gone.
func (s AdviceState) Over() bool { return s != AdviceWaiting && s != AdviceDue }

// AdviceStates lists every state of an advice.
func AdviceStates() []AdviceState {
	return []AdviceState{AdviceWaiting, AdviceDue, AdviceTaken, AdviceRefused, AdviceDropped}
}

// StoredAdvice is an Advice as it is kept. There is one for a reference at most,
// for ever, and whether it undoes never changes: that is what keeps a sale from
// being confirmed and undone as well.
type StoredAdvice struct {
	Ref    string // of the order; empty: there is no advice
	Undo   bool
	Op     string // as Request has it
	Sealed []byte // the exact bytes, sealed under "advice " and the reference; nil when it is over
	State  AdviceState
	Tries  int    // how often the provider has answered to it, or should have
	Code   string // the provider's last code
	MadeAt time.Time
	// TriedAt is when it was sent last; zero for never.
	TriedAt time.Time
}

// AdviceStore is the part of Store that knows what providers must be told.
type AdviceStore interface {
	// Advice reads the advice of an order; the zero StoredAdvice when there is
	// none.
	Advice(ctx context.Context, ref string) (StoredAdvice, error)
}

// AdviceTx is the part of Tx that keeps what providers must be told. Whoever
// writes an advice has locked its order first.
type AdviceTx interface {
	// AddAdvice writes an advice where its order has none. Otherwise nothing is
	// written, and the one that is there comes back, locked, with added false.
	AddAdvice(a StoredAdvice) (there StoredAdvice, added bool, err error)
	// Advice reads and locks the advice of an order; the zero StoredAdvice when
	// there is none.
	Advice(ref string) (StoredAdvice, error)
	// UpdateAdvice writes state, bytes, tries, code and the last try of an
	// advice.
	UpdateAdvice(a StoredAdvice) error
}
