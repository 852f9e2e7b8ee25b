package flashapi

import (
	"context"
	"fmt"
	"log/slog"
)

// PayBalance asks about a customer's account at a biller, which must be done
// before it is paid (section 2.11.1).
type PayBalance struct {
	Reference string
	Account   string // the customer's reference with the biller's code in front; letters and digits
	Till      Till
	Metadata  Metadata
}

// PayPurchase pays a biller with money that the customer brought (section
// 2.11.2).
type PayPurchase struct {
	Reference     string
	Account       string // as in PayBalance
	Amount        Cents  // more than zero
	PaymentMethod string // optional; PayByCash or PayByCreditCard
	Till          Till
	Metadata      Metadata
}

// The ways to pay a biller.
const (
	PayByCash       = "Cash"
	PayByCreditCard = "Credit Card"
)

// PayDisburse pays a biller out of a balance that the customer has with the
// merchant (section 2.11.3).
type PayDisburse struct {
	Reference string
	Account   string // as in PayBalance
	Amount    Cents  // more than zero
	Till      Till
	Metadata  Metadata
}

// payBody is the wire form of all three. The document writes storeID and
// terminalID in one table, as in none of the other ones.
type payBody struct {
	common
	AccountReference string `json:"accountReference"`
	Amount           Cents  `json:"amount,omitempty"` // never zero where it is sent
	PaymentMethod    string `json:"paymentMethod,omitempty"`
}

// account checks and fills what all three have.
func (c *Client) account(reference, account string, t Till, m Metadata) (payBody, error) {
	common, err := c.common(reference, t, m)
	switch {
	case err != nil:
		return payBody{}, err
	case !validName(account):
		return payBody{}, fmt.Errorf("%w: account must be letters and digits", ErrInvalid)
	}
	return payBody{common: common, AccountReference: account}, nil
}

// payment is account with an amount.
func (c *Client) payment(reference, account string, amount Cents, t Till, m Metadata) (payBody, error) {
	body, err := c.account(reference, account, t, m)
	if err == nil && amount <= 0 {
		err = fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	}
	body.Amount = amount
	return body, err
}

func (r PayBalance) reference() string { return r.Reference }

func (r PayBalance) build(c *Client) (Op, any, error) {
	body, err := c.account(r.Reference, r.Account, r.Till, r.Metadata)
	return OpPayBalance, body, err
}

func (r PayPurchase) reference() string { return r.Reference }

func (r PayPurchase) build(c *Client) (Op, any, error) {
	body, err := c.payment(r.Reference, r.Account, r.Amount, r.Till, r.Metadata)
	switch r.PaymentMethod {
	case "", PayByCash, PayByCreditCard:
		body.PaymentMethod = r.PaymentMethod
	default:
		if err == nil {
			err = fmt.Errorf("%w: payment method must be %q or %q", ErrInvalid, PayByCash, PayByCreditCard)
		}
	}
	return OpPayPurchase, body, err
}

func (r PayDisburse) reference() string { return r.Reference }

func (r PayDisburse) build(c *Client) (Op, any, error) {
	body, err := c.payment(r.Reference, r.Account, r.Amount, r.Till, r.Metadata)
	return OpPayDisburse, body, err
}

// Biller is who is paid.
type Biller struct {
	Code, Name, CallCentre string
	Reference              string // the biller's
}

// Consumer is whose account at a biller it is: a person. Show the name masked,
// and never log any of it.
type Consumer struct {
	Name, AccountNumber, MobileNumber string
	Status                            string // of the account; the words are not documented
}

// Format implements fmt.Formatter: what is printed names nobody.
func (c Consumer) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "[consumer]") }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (c Consumer) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// BillerAccount is a customer's account at a biller, looked up.
type BillerAccount struct {
	Receipt
	Biller   Biller
	Consumer Consumer
	// Balance is what the biller says of the account, and BalanceKnown that it
	// says something. Whether it is owed or held is not documented.
	Balance      Cents
	BalanceKnown bool
}

// Format implements fmt.Formatter: what is printed names nobody.
func (a BillerAccount) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "account at a biller, looked up by %s", a.Reference)
}

// LogValue implements slog.LogValuer, as Format does for fmt.
func (a BillerAccount) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(a)) }

// Payment is money that a biller was paid.
type Payment struct {
	Receipt
	Biller   Biller
	Consumer Consumer
}

// Format implements fmt.Formatter: what is printed names nobody.
func (p Payment) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "payment to a biller by %s", p.Reference)
}

// LogValue implements slog.LogValuer, as Format does for fmt.
func (p Payment) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }

// LookupBillerAccount asks about an account at a biller. It changes nothing:
// after any error it can be made again, under another reference as well. An
// error is ErrInvalid, ErrNotInDialect or an *Error.
func (c *Client) LookupBillerAccount(ctx context.Context, r PayBalance) (*BillerAccount, error) {
	return transact[BillerAccount](ctx, c, r, First)
}

// PayBiller pays a biller. An error is ErrInvalid, ErrNotInDialect or an *Error.
// try says whether the same request may have been sent before; see Sending.
func (c *Client) PayBiller(ctx context.Context, r PayPurchase, try Sending) (*Payment, error) {
	return transact[Payment](ctx, c, r, try)
}

// DisburseToBiller pays a biller; otherwise as PayBiller.
func (c *Client) DisburseToBiller(ctx context.Context, r PayDisburse, try Sending) (*Payment, error) {
	return transact[Payment](ctx, c, r, try)
}

// payWire is the answer to all three (sections 3.1.28 to 3.1.30).
type payWire struct {
	Amount   decimal              `json:"amount"`
	Biller   object[billerWire]   `json:"biller"`
	Consumer object[consumerWire] `json:"consumer"`
}

type billerWire struct {
	Code       text `json:"code"`
	Name       text `json:"name"`
	CallCentre text `json:"callCentre"`
	Reference  text `json:"reference"`
}

type consumerWire struct {
	Name          text `json:"name"`
	AccountNo     text `json:"accountNo"`
	AccountStatus text `json:"accountStatus"`
	CellNumber    text `json:"cellNumber"`
}

// amount is the amount in whole cents; false where there is none to be read.
func (w payWire) amount() (Cents, bool) {
	if !w.Amount.present || !w.Amount.is.isWhole() {
		return 0, false
	}
	return w.Amount.is.cents(false)
}

// findBiller reads the answers to all three: a balance is the one that was asked
// for without an amount.
func findBiller(a asked, body []byte) finding {
	var w payWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	b, c := w.Biller.is, w.Consumer.is
	biller := Biller{Code: string(b.Code), Name: string(b.Name), CallCentre: string(b.CallCentre), Reference: string(b.Reference)}
	consumer := Consumer{
		Name: string(c.Name), AccountNumber: string(c.AccountNo), MobileNumber: string(c.CellNumber), Status: string(c.AccountStatus),
	}
	said, readable := w.amount()
	unreadable := !readable && w.Amount != (decimal{})
	f := finding{amount: max(said, 0), callCentre: biller.CallCentre}
	if a.Amount == 0 {
		f.amount = 0 // nothing was moved
		f.result = &BillerAccount{Biller: biller, Consumer: consumer, Balance: said, BalanceKnown: readable}
		switch {
		case w.Amount == decimal{} && b == billerWire{} && c == consumerWire{}:
			f.contradicts = "looked up, but there is no account in the answer"
		case unreadable:
			f.odd = "looked up, but the balance cannot be read"
		}
		return f
	}
	f.result = &Payment{Biller: biller, Consumer: consumer}
	switch {
	case unreadable:
		f.odd = "paid, but the amount cannot be read"
	case readable && said != a.Amount:
		f.odd = "paid with another amount than was asked for"
	}
	return f
}
