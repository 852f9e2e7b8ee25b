package vend

import (
	"context"
	"fmt"
	"log/slog"

	"spaza/ledger"
)

// Enquirer is a provider that knows about meters and accounts. To ask moves no
// money and may be repeated. An error that is a *RefusalError is the provider's
// answer; any other means that there was none.
type Enquirer interface {
	Meter(ctx context.Context, q MeterQuestion) (Meter, error)
	Account(ctx context.Context, q AccountQuestion) (Account, error)
}

// MeterQuestion asks about a meter and a purchase for it.
type MeterQuestion struct {
	Ref    string // as in Sale; an enquiry needs one of its own
	Meter  string
	Amount ledger.Cents // what is to be bought; zero with Free
	Free   bool         // free basic electricity
}

// Meter is what is known of a meter. Holder and Address are a person's: show
// them masked, and never log them.
type Meter struct {
	Number           string
	Holder, Address  string
	Utility, Phone   string // who supplies, and their help line
	Tariff           string
	Arrears          ledger.Cents // owed on the meter; part of a purchase may go there
	ArrearsNote      string
	Min, Max         ledger.Cents // limits of one purchase; zero where none is known
	Handle           string       // for Sale.Enquiry
	TokensAreNumbers bool         // whether it takes tokens of 20 digits, as STS meters do
}

// Format implements fmt.Formatter: what is printed names nobody.
func (m Meter) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "meter of %s", m.Utility) }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (m Meter) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// AccountQuestion asks about an account at a biller.
type AccountQuestion struct {
	Ref     string // as in Sale; an enquiry needs one of its own
	Account string // the whole reference, with the biller's prefix
}

// Account is what is known of an account at a biller. Holder is a person's: show
// it masked, and never log it.
type Account struct {
	Biller, Phone string // who is paid, and their help line
	Holder        string
	Number        string // as the biller writes it
	Status        string // the biller's word
	// Balance is what the biller says of the account; whether it is owed or
	// held, only the customer knows. BalanceKnown is false where it says
	// nothing.
	Balance      ledger.Cents
	BalanceKnown bool
}

// Format implements fmt.Formatter: what is printed names nobody.
func (a Account) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "account at %s", a.Biller) }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (a Account) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(a)) }

// RefusalError is a provider's refusal to answer.
type RefusalError struct {
	Reason       Reason
	Alert        bool   // the operator should look
	Code, Detail string // for logs and support
}

// Error describes the refusal for logs.
func (e *RefusalError) Error() string {
	return fmt.Sprintf("enquiry refused: %s, code %s, %s", e.Reason, e.Code, e.Detail)
}
