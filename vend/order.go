package vend

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"spaza/ledger"
)

// State is where an order stands.
type State string

// The states of an order. Sending is entered in the transaction that commits
// the request, before its first byte leaves.
const (
	StateSending   State = "sending"   // committed; the first answer is awaited
	StateUnknown   State = "unknown"   // asked, and not answered clearly; asked again until it is
	StatePerson    State = "person"    // a person must decide; the hold stays
	StateDelivered State = "delivered" // done, final
	StateDeclined  State = "declined"  // refused, final; the money is the customer's
)

// moves is the whole of what may happen to an order.
var moves = map[State][]State{
	StateSending: {StateUnknown, StatePerson, StateDelivered, StateDeclined},
	StateUnknown: {StateUnknown, StatePerson, StateDelivered, StateDeclined},
	StatePerson:  {StateDelivered, StateDeclined},
}

// Moves lists every move of an order, from and to, in no order.
func Moves() [][2]State {
	var all [][2]State
	for from, tos := range moves {
		for _, to := range tos {
			all = append(all, [2]State{from, to})
		}
	}
	return all
}

// Final says whether nothing more can happen to the order.
func (s State) Final() bool { return s == StateDelivered || s == StateDeclined }

// To returns ErrIllegalMove when an order may not go from s to next.
func (s State) To(next State) error {
	for _, m := range moves[s] {
		if m == next {
			return nil
		}
	}
	return fmt.Errorf("%w: from %q to %q", ErrIllegalMove, s, next)
}

// Order is one sale, from the customer's yes to its end. It is the row that
// pressing pay twice, a gateway's retry, a redial, two replicas and a crash all
// meet.
type Order struct {
	Ref      string
	Kind     Kind
	Customer string // the customer's id; see Customer
	Product  string
	Label    string       // the product as the customer knows it ("Vodacom")
	Amount   ledger.Cents // the price; for KindRedeem what was credited, once it was
	Target   string       // who gets it
	Fund     Fund

	State   State
	Reason  Reason // why declined, or ReasonOwed
	Channel string // the channel it was asked on, for the log

	// Op and Sealed are the provider request: its operation, and its exact
	// bytes sealed under the reference. Sealed is erased when the order ends,
	// where it carries a PIN.
	Op     string
	Sealed []byte
	// Goods is what was bought, sealed; see Service.Goods. Empty where there is
	// nothing to hand over.
	Goods []byte
	// PINHash recognises a voucher's PIN (KindRedeem), so that one that may
	// have been taken is not sent a second time under another reference.
	PINHash []byte

	ProviderRef string
	Code        string // the provider's last code, for support
	// CodeTimes is how often in a row that code came, and CodeSince when the
	// first of these did.
	CodeTimes  int
	CodeSince  time.Time
	CallCentre string
	// Told says that a customer's screen waited for the end of it as it was
	// written. Whether it showed it is seen to by the message that is kept.
	Told bool

	CreatedAt   time.Time
	FirstSentAt time.Time // when the request was committed; the re-send window counts from here
	UpdatedAt   time.Time
}

// ReasonOwed is on an order that is not declined: the provider said that the
// sale happened, and what was bought is still to come. Once it is there, no
// refusal gives the money back.
const ReasonOwed Reason = "owed"

// Fund says whose money pays for an order.
type Fund string

// FundBalance pays from the customer's balance, which is the only way so far.
const FundBalance Fund = "balance"

// heard counts the provider's code.
func (o *Order) heard(code string, now time.Time) {
	if code != o.Code || o.CodeTimes == 0 {
		o.CodeTimes, o.CodeSince = 0, now
	}
	o.Code = code
	o.CodeTimes++
}

// Same says whether b asks for the same sale as o: everything the customer
// agreed to. What a voucher is worth is not among it, since that is the answer;
// its PIN is.
func (o Order) Same(b Order) bool {
	return o.Ref == b.Ref && o.Kind == b.Kind && o.Customer == b.Customer && o.Product == b.Product &&
		(o.Amount == b.Amount || o.Kind == KindRedeem) && o.Target == b.Target && o.Fund == b.Fund &&
		bytes.Equal(o.PINHash, b.PINHash)
}

// Customer is who buys. ID is opaque and is what the books know; the MSISDN (11
// digits, 27...) is how they are reached.
type Customer struct {
	ID        string
	MSISDN    string
	Language  string // catalogue code such as "en"; empty until chosen
	CreatedAt time.Time
}

// Balance is a customer's money.
type Balance struct {
	Available ledger.Cents // can be spent
	Held      ledger.Cents // waits for the outcome of sales
}

var (
	// ErrIllegalMove is returned when an order is asked to do what its state
	// does not allow; it is a defect, never a customer's doing.
	ErrIllegalMove = errors.New("illegal move of an order")
	// ErrNoOrder is returned when no order has that reference.
	ErrNoOrder = errors.New("no such order")
	// ErrReferenceReused is returned when the reference belongs to an order
	// with other contents. Nothing was bought.
	ErrReferenceReused = errors.New("reference was used for another order")
	// ErrTooManyTries is returned when a customer, or everybody together,
	// entered too many wrong PINs lately. Nothing was sent.
	ErrTooManyTries = errors.New("too many wrong PINs")
	// ErrRefused is returned when the provider's rules forbid the sale before
	// it is sent. Nothing was bought.
	ErrRefused = errors.New("sale refused before sending")
	// ErrNoGoods is returned when an order has nothing to hand over, or no
	// more.
	ErrNoGoods = errors.New("no goods")
	// ErrClosing says that the shop is shutting down and bought nothing. A
	// Service does not return it: what is written while its runner stops is
	// done after the restart.
	ErrClosing = errors.New("service is closing")
)
