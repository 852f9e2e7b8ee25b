package ledger

import (
	"errors"
	"fmt"
)

// Account names one account. The grammar is flat: a kind, or
// "cust:<id>:available" and "cust:<id>:held" for a customer.
type Account string

// The accounts that are not a customer's. They say where the money is, and may
// be negative (see the package comment).
const (
	// ProviderRedemption is money that the provider owes us for vouchers
	// taken in.
	ProviderRedemption Account = "flash:redemption"
	// ProviderFloat is our prepaid money at the provider; sales draw on it.
	ProviderFloat Account = "flash:float"
)

// Available is what a customer can spend.
func Available(customer string) Account { return Account("cust:" + customer + ":available") }

// Held is a customer's money that waits for the outcome of a sale.
func Held(customer string) Account { return Account("cust:" + customer + ":held") }

// MayGoNegative says whether the account's balance may fall below zero. A
// customer's may not.
func (a Account) MayGoNegative() bool { return len(a) < 5 || a[:5] != "cust:" }

// Posting moves Amount (more than zero) from the debited to the credited
// account.
type Posting struct {
	Debit, Credit Account
	Amount        Cents
}

// Kind says which event an entry records. An order has at most one entry of
// each kind: (Ref, Kind) is unique in the books.
type Kind string

// The events that move money.
const (
	KindRedeemed Kind = "redeemed" // a voucher was taken in, its value credited
	KindHeld     Kind = "held"     // the price of a sale set aside
	KindCaptured Kind = "captured" // the sale was delivered, the hold is spent
	KindReleased Kind = "released" // the sale was declined, the hold goes back
)

// Entry is one event in the books: postings that belong together, under the
// reference of the order that caused them.
type Entry struct {
	Ref      string
	Kind     Kind
	Postings []Posting
}

var (
	// ErrUnbalanced is returned for an entry that is not well formed: no
	// postings, an amount that is not above zero, or both sides the same.
	ErrUnbalanced = errors.New("entry is not well formed")
	// ErrInsufficient is returned when an entry would take a customer's
	// account below zero. Nothing was written.
	ErrInsufficient = errors.New("balance is too small")
	// ErrReused is returned when the books hold an entry under the same
	// reference and kind with other contents. Nothing was written.
	ErrReused = errors.New("entry exists with other contents")
	// ErrEnded is returned when a hold that was captured or released already
	// would be ended a second time. Nothing was written.
	ErrEnded = errors.New("hold has ended")
)

// Redeemed credits a customer with the value of a voucher.
func Redeemed(ref, customer string, amount Cents) Entry {
	return Entry{ref, KindRedeemed, []Posting{{ProviderRedemption, Available(customer), amount}}}
}

// Hold sets the price of a sale aside.
func Hold(ref, customer string, amount Cents) Entry {
	return Entry{ref, KindHeld, []Posting{{Available(customer), Held(customer), amount}}}
}

// Capture spends a hold: the sale was delivered from our float.
func Capture(ref, customer string, amount Cents) Entry {
	return Entry{ref, KindCaptured, []Posting{{Held(customer), ProviderFloat, amount}}}
}

// Release gives a hold back: the sale was declined.
func Release(ref, customer string, amount Cents) Entry {
	return Entry{ref, KindReleased, []Posting{{Held(customer), Available(customer), amount}}}
}

// EndsHold says whether the entry ends a hold; a hold ends at most once.
func (e Entry) EndsHold() bool { return e.Kind == KindCaptured || e.Kind == KindReleased }

// Validate returns ErrUnbalanced when the entry is not well formed.
func (e Entry) Validate() error {
	if e.Ref == "" || e.Kind == "" || len(e.Postings) == 0 {
		return fmt.Errorf("%w: reference, kind and postings are required", ErrUnbalanced)
	}
	for _, p := range e.Postings {
		if p.Amount <= 0 || p.Debit == p.Credit || p.Debit == "" || p.Credit == "" {
			return fmt.Errorf("%w: posting of %s from %q to %q", ErrUnbalanced, p.Amount, p.Debit, p.Credit)
		}
	}
	return nil
}
