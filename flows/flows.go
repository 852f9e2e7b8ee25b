package flows

import (
	"context"
	"fmt"
	"time"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

// Till sells and takes vouchers in; vend.Service is one.
type Till interface {
	Buy(ctx context.Context, p vend.Purchase) (vend.Order, error)
	Redeem(ctx context.Context, r vend.Redemption) (vend.Order, error)
	// Join waits for news of an order; vend.ErrNoOrder when there is none.
	Join(ctx context.Context, ref string) (vend.Order, error)
	Order(ctx context.Context, ref string) (vend.Order, error)
	// MaySpend is the *vend.LimitError in which buying would end now. What is
	// bought decides: a nil is no promise.
	MaySpend(ctx context.Context, msisdn string, k vend.Kind, amount ledger.Cents) error
	// MostAtOnce is the most that one sale of a kind may cost; zero is no limit.
	MostAtOnce(k vend.Kind) ledger.Cents
	// Fund is whose money pays.
	Fund() vend.Fund
}

// Purse knows what a customer has.
type Purse interface {
	Balance(ctx context.Context, msisdn string) (vend.Balance, error)
}

// Shelf knows what is on sale; vend.Shelf is one.
type Shelf interface {
	Airtime() []vend.Network
	Network(id string) (vend.Network, bool)
}

// Members knows the customers.
type Members interface {
	Customer(ctx context.Context, msisdn string) (vend.Customer, error)
	SetLanguage(ctx context.Context, msisdn, language string) error
}

// Language is one that can be chosen, by its own name.
type Language struct{ Code, Name string }

// Shop is what the conversations need of the house.
type Shop struct {
	Till      Till
	Purse     Purse
	Shelf     Shelf
	Members   Members
	Languages []Language
	// Help is the operator's support number, as people dial it.
	Help string
	// Code is what customers dial.
	Code string
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// onTheHouse says that the operator pays for what is bought, so that nobody needs
// a balance.
func (s Shop) onTheHouse() bool { return s.Till.Fund() == vend.FundMerchant }

// byFund is the text for whoever pays: for customers who do, and for those who
// do not.
func (s Shop) byFund(customer, house string) string {
	if s.onTheHouse() {
		return house
	}
	return customer
}

// Book is every conversation of the shop. Adding one: write its file, list its
// states here.
func Book(s Shop) dialog.Book {
	if s.Now == nil {
		s.Now = time.Now
	}
	var all []dialog.State
	for _, flow := range [][]dialog.State{
		menu(s), airtime(s), voucher(s), balance(s), help(s), language(s),
	} {
		all = append(all, flow...)
	}
	return dialog.Book{Start: menuStart, States: all, Open: open(s), Keep: []dialog.TextVar{lastRef}, Common: []dialog.Arg{text("help", s.Help)}}
}

// open reads who is calling. A customer that can not be read is served in the
// default language: the database being away must not close the help screen.
func open(s Shop) func(context.Context, *dialog.Talk) error {
	return func(ctx context.Context, t *dialog.Talk) error {
		if c, err := s.Members.Customer(ctx, t.User); err == nil {
			t.SetLang(c.Language)
		}
		return nil
	}
}

// The variables of a session. The numbers are stored: a new variable takes the
// next one, and no number is ever used for something else.
const (
	network       dialog.TextVar = 1  // canonical name of the network picked
	amount        dialog.IntVar  = 2  // price in cents
	buyRef        dialog.TextVar = 3  // reference of the purchase, allotted for this network and amount
	available     dialog.IntVar  = 4  // balance in cents when it was last read
	voucherRef    dialog.TextVar = 5  // reference of the voucher handed in
	backTo        dialog.TextVar = 6  // flow that sent the customer for a voucher
	lastRef       dialog.TextVar = 7  // the order to report on at the next dial
	why           dialog.TextVar = 8  // vend.Reason of what was declined
	voucherAmount dialog.IntVar  = 9  // value of the voucher in cents
	held          dialog.IntVar  = 10 // money set aside, in cents
	chosenLang    dialog.TextVar = 11 // language picked, before it is stored
	label         dialog.TextVar = 12 // the network as people read it, where the shelf has it no more
	lockWait      dialog.IntVar  = 13 // minutes to wait after too many wrong PINs
	limitKind     dialog.TextVar = 14 // vend.LimitKind that the amount went past
	limitMost     dialog.IntVar  = 15 // that limit, in cents; of sales a day, their number
	limitLeft     dialog.IntVar  = 16 // what was left of it, in cents, when it was last read
)

func cents(t *dialog.Talk, v dialog.IntVar) ledger.Cents { return ledger.Cents(t.Int(v)) }

// arg makes an argument of anything that prints itself.
func arg(name string, value any) dialog.Arg {
	return dialog.Arg{Name: name, Value: fmt.Sprint(value)}
}

func money(name string, c ledger.Cents) dialog.Arg { return dialog.Arg{Name: name, Value: c.String()} }

func text(name, value string) dialog.Arg { return dialog.Arg{Name: name, Value: value} }

// own is the customer's number as they write it.
func own(t *dialog.Talk) dialog.Arg { return text("number", msisdn.Local(t.User)) }

func ref(full string) dialog.Arg { return text("ref", vend.ShortRef(full)) }

// says is a screen of one text with no values.
func says(key string, args ...dialog.Arg) func(*dialog.Talk, *dialog.Screen) {
	return func(t *dialog.Talk, s *dialog.Screen) { s.Text = t.Say(key, args...) }
}
