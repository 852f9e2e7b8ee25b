package vend

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/ledger"
)

// State is where an order stands.
type State string

// The states of an order.
const (
	// StateConfirmed: the customer said yes; order, hold and request are
	// committed, and not a byte was sent. Nothing is lost by giving it up.
	StateConfirmed State = "confirmed"
	// StateSending: a process is at work on the first sending. It is entered
	// in a transaction of its own before the first byte leaves, or in that
	// which commits the order.
	StateSending State = "sending"
	// StateUnknown: sent, and not answered clearly; sent again until it is.
	StateUnknown State = "unknown"
	// StateOwed: the provider says that the sale happened, so the money is
	// spent; what was bought has not come, and is asked for again.
	StateOwed State = "owed"
	// StatePerson: the automatic means are at an end; a person decides. What
	// was held stays held.
	StatePerson State = "person"

	StateDelivered State = "delivered" // it happened
	StateDeclined  State = "declined"  // it did not, and will not; the money is the customer's
	StateResolved  State = "resolved"  // a person decided; see Resolution
	StateReversed  State = "reversed"  // it happened and was undone; the money is the customer's again
)

// step is one thing that may happen to an order.
type step struct {
	from, to State
	when     string
}

// steps is the whole of what may happen to an order, in the order in which a
// sale meets it. The empty state is where there is no order yet.
func steps() []step {
	return []step{
		{"", StateSending, "committed with hold, request and job"},
		{"", StateConfirmed, "the same, while nobody has room to send"},
		{StateConfirmed, StateSending, "a process has room"},
		{StateConfirmed, StateDeclined, "nobody had room in time"},
		{StateConfirmed, StatePerson, "the request does not open"},
		{StateSending, StateDelivered, "done"},
		{StateSending, StateDeclined, "refused"},
		{StateSending, StateUnknown, "not clear, or its process ended"},
		{StateSending, StateOwed, "done, and the goods are missing"},
		{StateSending, StatePerson, "the answer contradicts itself"},
		{StateUnknown, StateUnknown, "sent again, still not clear; or to be undone"},
		{StateUnknown, StateDelivered, "done"},
		{StateUnknown, StateDeclined, "refused, in a way that settles the first sending; or undone"},
		{StateUnknown, StateOwed, "done, and the goods are missing"},
		{StateUnknown, StatePerson, "the window is over, the answer contradicts itself, or it cannot be undone"},
		{StateOwed, StateOwed, "asked for the goods again"},
		{StateOwed, StateDelivered, "the goods came"},
		{StateOwed, StatePerson, "the window is over, or it is refused after all"},
		{StatePerson, StatePerson, "an answer came late: for the person to weigh"},
		{StatePerson, StateUnknown, "a person has it sent again"},
		{StatePerson, StateOwed, "the same, when its money is spent"},
		{StatePerson, StateDeclined, "undone after all"},
		{StatePerson, StateResolved, "a person decides"},
		{StateDelivered, StateReversed, "undone by the provider"},
		{StateDeclined, StateResolved, "it had happened after all"},
		{StateResolved, StateResolved, "it had happened after all"},
		{StateResolved, StateReversed, "undone by the provider"},
	}
}

// Moves lists every move of an order, from and to. The empty state is where
// there is no order yet.
func Moves() [][2]State {
	var all [][2]State
	for _, s := range steps() {
		all = append(all, [2]State{s.from, s.to})
	}
	return all
}

// Diagram draws the moves of an order, as Mermaid does.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range steps() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", cmp.Or(s.from, "[*]"), s.to, s.when)
	}
	for _, s := range States() {
		if s.Final() {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	return b.String()
}

// States lists every state, in the order in which a sale meets them.
func States() []State {
	return []State{
		StateConfirmed, StateSending, StateUnknown, StateOwed, StatePerson,
		StateDelivered, StateDeclined, StateResolved, StateReversed,
	}
}

// Final says that nothing more happens to the order by itself.
func (s State) Final() bool {
	return s == StateDelivered || s == StateDeclined || s == StateResolved || s == StateReversed
}

// To returns ErrIllegalMove when an order may not go from s to next.
func (s State) To(next State) error {
	if slices.ContainsFunc(steps(), func(m step) bool { return m.from == s && m.to == next }) {
		return nil
	}
	return fmt.Errorf("%w: from %q to %q", ErrIllegalMove, s, next)
}

// Resolution is what a person decided about an order.
type Resolution string

// The resolutions.
const (
	ResolvedVended    Resolution = "vended"     // it happened
	ResolvedNotVended Resolution = "not_vended" // it did not; the money is the customer's
)

// Delivery says how far what was bought has come on its way to the customer. It
// only ever goes on, but for a message that turns out not to have arrived.
type Delivery string

// The steps of a delivery. An order with nothing to hand over has its receipt
// instead, and begins at shown or sent.
const (
	DeliveryNone         Delivery = ""
	DeliveryStored       Delivery = "stored"       // kept, sealed, with the order
	DeliveryShown        Delivery = "shown"        // given to a screen that waited for it
	DeliverySent         Delivery = "sent"         // taken by a message gateway
	DeliveryAcknowledged Delivery = "acknowledged" // the gateway says that the handset has it
	DeliveryFailed       Delivery = "failed"       // the gateway says that the message will not arrive
)

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

	State      State
	Resolution Resolution // what a person decided; for StateResolved
	Reason     Reason     // why declined
	Delivery   Delivery
	// Original is the reference of the sale that an order of KindReverse undoes.
	Original string
	Channel  string // the channel it was asked on, where the message about it goes first; it never changes

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
	FirstSentAt time.Time // when StateSending was committed; the re-send window counts from here. Zero while confirmed
	UpdatedAt   time.Time
}

// Done says that the sale happened and stands.
func (o Order) Done() bool {
	return o.State == StateDelivered || o.State == StateResolved && o.Resolution == ResolvedVended
}

// Refused says that the sale did not happen, and that the money is the
// customer's.
func (o Order) Refused() bool {
	return o.State == StateDeclined || o.State == StateResolved && o.Resolution == ResolvedNotVended
}

// Provider is the name of the provider that the order was made ready for; empty
// for the only or the first one. It is for ever: see Routes.
func (o Order) Provider() string { return providerOf(o.Op) }

// payer is who pays for the order.
func (o Order) payer() ledger.Payer {
	if o.Fund == FundMerchant {
		return ledger.MerchantPays()
	}
	return ledger.CustomerPays(o.Customer)
}

// Fund says whose money pays for an order.
type Fund string

// The funds.
const (
	FundBalance  Fund = "balance"  // the customer's balance
	FundMerchant Fund = "merchant" // the operator's float, for agents, sponsors and promotions
)

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
		(o.Amount == b.Amount || o.Kind == KindRedeem) && o.Target == b.Target && o.Fund == b.Fund && o.Original == b.Original &&
		bytes.Equal(o.PINHash, b.PINHash)
}

// Customer is who buys. ID is opaque and is what the books know; the MSISDN (11
// digits, 27...) is how they are reached.
type Customer struct {
	ID       string
	MSISDN   string
	Language string // catalogue code such as "en"; empty until chosen
	PIN      bool   // a wallet PIN is set
	// PINSince is when the first wallet PIN was set, of those that were changed
	// for one another; zero where none is set.
	PINSince time.Time
	// PINProved is when that PIN was last right for CheckPIN; zero for never, or
	// where a new one was set since.
	PINProved time.Time
	// UsedAt is when the owner last used the wallet, beside by orders and by the
	// PIN, as far as that had to be known; see Options.IdleAfter.
	UsedAt    time.Time
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
	// ErrNotWritten says that an order could not be written, and that it is
	// certain that it was not: nothing was bought or sent, and nothing will be.
	ErrNotWritten = errors.New("order was not written")
)
