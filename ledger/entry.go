package ledger

import (
	"errors"
	"fmt"
	"strings"
)

// Account names one account. The grammar is flat: a kind, or
// "cust:<id>:available" and "cust:<id>:held" for a customer.
type Account string

// The accounts that are nobody's wallet. Most say where money is, or where it
// went, and may be negative (see the package comment).
const (
	// ProviderRedemption is money that the provider owes us for vouchers
	// taken in.
	ProviderRedemption Account = "flash:redemption"
	// ProviderFloat is our prepaid money at the first provider; sales draw on it.
	// Others have floats of their own, see Float.
	ProviderFloat Account = "flash:float"
	// Bank is the operator's bank account.
	Bank Account = "bank"
	// Suspense is money taken in for vouchers of which it is not known whose
	// they are. It is owed to somebody, and never negative.
	Suspense Account = "cust:suspense:available"
	// MerchantFunds is what the operator has paid for customers, as sponsor or
	// agent.
	MerchantFunds Account = "merchant:funds"
	// IncomeCommission is what the provider pays us for selling.
	IncomeCommission Account = "income:commission"
	// ExpenseLoss is what mistakes have cost the operator.
	ExpenseLoss Account = "expense:loss"
	// EquityAdjust is where the operator brings the books in line with the
	// world, such as with the float at the first start.
	EquityAdjust Account = "equity:adjust"
)

// floatOf ends the name of a float.
const floatOf = ":float"

// Float is our prepaid money at a provider, by its name; without one the first
// provider's.
func Float(provider string) Account {
	if provider == "" {
		return ProviderFloat
	}
	return Account(provider + floatOf)
}

// FloatOf is the name of the provider whose float an account is.
func (a Account) FloatOf() (provider string, ok bool) { return strings.CutSuffix(string(a), floatOf) }

// Available is what a customer can spend.
func Available(customer string) Account { return Account("cust:" + customer + ":available") }

// Held is a customer's money that waits for the outcome of a sale.
func Held(customer string) Account { return Account("cust:" + customer + ":held") }

// MayGoNegative says whether the account's balance may fall below zero. What is
// owed to a customer may not.
func (a Account) MayGoNegative() bool { return len(a) < 5 || a[:5] != "cust:" }

// Payer is who pays for a sale: where the money comes from, and where it waits
// for the outcome.
type Payer struct{ From, Held Account }

// CustomerPays is a sale from the customer's own balance.
func CustomerPays(customer string) Payer { return Payer{Available(customer), Held(customer)} }

// MerchantPays is a sale that the operator pays.
func MerchantPays() Payer { return Payer{MerchantFunds, Held("merchant")} }

// Posting moves Amount (more than zero) from the debited to the credited
// account.
type Posting struct {
	Debit, Credit Account
	Amount        Cents
}

// Kind says which event an entry records. An order has at most one entry of
// each kind: (Ref, Kind) is unique in the books.
type Kind string

// The events that move money. The first are a sale's, the last the operator's.
const (
	KindRedeemed    Kind = "redeemed"    // a voucher was taken in, its value credited
	KindHeld        Kind = "held"        // the price of a sale set aside
	KindCaptured    Kind = "captured"    // the sale happened, the hold is spent
	KindReleased    Kind = "released"    // the sale did not happen, the hold goes back
	KindPaidOut     Kind = "paid_out"    // redeemed money went back into a voucher, the hold is spent
	KindReversed    Kind = "reversed"    // a sale that happened was undone, its price given back
	KindRestored    Kind = "restored"    // a voucher that was paid out was undone, its value given back
	KindCompensated Kind = "compensated" // a sale was paid and not had; the operator bears it
	KindLost        Kind = "lost"        // a sale that was given back had happened; the operator bears it
	KindRecovered   Kind = "recovered"   // and then it was undone by the provider: nobody bears it

	KindTopUp      Kind = "top_up"     // money from the bank to the float
	KindSettled    Kind = "settled"    // the provider paid out what it owed for vouchers
	KindMoved      Kind = "moved"      // the provider turned what it owed for vouchers into float
	KindCommission Kind = "commission" // the provider paid commission into the float
	KindAdjusted   Kind = "adjusted"   // the float was brought in line with the provider's statement
	KindSuspended  Kind = "suspended"  // a voucher was taken in, for whom is not known
	KindAttributed Kind = "attributed" // it is known now
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
func Hold(ref string, p Payer, amount Cents) Entry {
	return Entry{ref, KindHeld, []Posting{{p.From, p.Held, amount}}}
}

// Capture spends a hold: the sale was made from our float at, see Float.
func Capture(ref string, p Payer, at Account, amount Cents) Entry {
	return Entry{ref, KindCaptured, []Posting{{p.Held, at, amount}}}
}

// Release gives a hold back: the sale was not made.
func Release(ref string, p Payer, amount Cents) Entry {
	return Entry{ref, KindReleased, []Posting{{p.Held, p.From, amount}}}
}

// PayOut spends a hold: redeemed money became a voucher again, so the provider
// owes us less for those taken in.
func PayOut(ref string, p Payer, amount Cents) Entry {
	return Entry{ref, KindPaidOut, []Posting{{p.Held, ProviderRedemption, amount}}}
}

// Reverse gives the price of a sale back that the provider has undone, from our
// float at. ref is that of the sale, not of what undid it: two requests to undo it
// may both be told that it is.
func Reverse(ref string, p Payer, at Account, amount Cents) Entry {
	return Entry{ref, KindReversed, []Posting{{at, p.From, amount}}}
}

// Restore gives back what was paid out as a voucher that the provider has
// undone. ref is that of the pay-out, as with Reverse.
func Restore(ref string, p Payer, amount Cents) Entry {
	return Entry{ref, KindRestored, []Posting{{ProviderRedemption, p.From, amount}}}
}

// Compensate gives the price of a sale back that the provider keeps.
func Compensate(ref string, p Payer, amount Cents) Entry {
	return Entry{ref, KindCompensated, []Posting{{ExpenseLoss, p.From, amount}}}
}

// Lose pays the provider for a sale whose hold was given back before it was
// known to have happened. The customer is not asked for it again. at is where
// the provider took it from: a float or ProviderRedemption.
func Lose(ref string, at Account, amount Cents) Entry {
	return Entry{ref, KindLost, []Posting{{ExpenseLoss, at, amount}}}
}

// Recover undoes Lose: the provider has undone the sale after all.
func Recover(ref string, at Account, amount Cents) Entry {
	return Entry{ref, KindRecovered, []Posting{{at, ExpenseLoss, amount}}}
}

// Operator is an entry that the operator makes under a reference of the
// statement that it follows, for the float at where the kind is about one; customer
// matters to KindAttributed only. ok is false for a kind that is not the operator's
// to make, and for KindMoved to the float of a provider that takes no vouchers in.
// The amount is above zero, but for KindAdjusted, where a negative one takes from
// the float.
func Operator(k Kind, ref string, at Account, customer string, amount Cents) (e Entry, ok bool) {
	side := map[Kind]Posting{
		KindTopUp:      {at, Bank, 0},
		KindSettled:    {Bank, ProviderRedemption, 0},
		KindMoved:      {at, ProviderRedemption, 0},
		KindCommission: {at, IncomeCommission, 0},
		KindAdjusted:   {at, EquityAdjust, 0},
		KindSuspended:  {ProviderRedemption, Suspense, 0},
		KindAttributed: {Suspense, Available(customer), 0},
	}
	p, ok := side[k]
	if !ok || k == KindAttributed && customer == "" || k == KindMoved && at != ProviderFloat {
		return Entry{}, false
	}
	if k == KindAdjusted && amount < 0 {
		p.Debit, p.Credit, amount = p.Credit, p.Debit, -amount
	}
	p.Amount = amount
	return Entry{ref, k, []Posting{p}}, true
}

// EndsHold says whether the entry ends a hold; a hold ends at most once.
func (e Entry) EndsHold() bool {
	return e.Kind == KindCaptured || e.Kind == KindReleased || e.Kind == KindPaidOut
}

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
