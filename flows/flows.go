package flows

import (
	"context"
	"fmt"
	"time"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

// Language is one that can be chosen, by its own name.
type Language struct{ Code, Name string }

// Shop is what the conversations need of the house.
type Shop struct {
	Till    Till
	Purse   Purse
	Shelf   Shelf
	Members Members
	History History
	Desk    Desk
	Locks   Locks
	Chats   Chats
	// Sleepers keeps the wallets that nobody used for long.
	Sleepers Sleepers
	// Words are the texts of all languages; what people write in a chat to get
	// somewhere is among them.
	Words dialog.Words
	// ChatsOn are the chats that the shop is in, such as telegram.
	ChatsOn []string
	// Hash is a keyed hash, by which a PIN that was typed once is compared with
	// the second typing: a PIN is kept nowhere.
	Hash func(purpose, s string) [32]byte

	// Languages lists those that can be chosen, in the order of the screen.
	Languages func() []Language
	// Language is given to customers who have not chosen one; empty: they are
	// asked at their first dial.
	Language string
	// Help is the operator's support number, as people dial it.
	Help string
	// Code is what customers dial.
	Code string
	// Operator is who runs the shop, and Terms where its terms can be read.
	Operator, Terms string
	// Now is the clock; default time.Now.
	Now func() time.Time

	counters []counter // made once, by Book
	spoken   *spoken   // likewise
}

// onTheHouse says that the operator pays for what is bought, so that nobody needs
// a balance.
func (s Shop) onTheHouse() bool { return s.Till.Fund() == vend.FundMerchant }

// takesVouchers says that 1Vouchers become balance here. Where the operator pays, that
// would be money that buys nothing.
func (s Shop) takesVouchers() bool { return !s.onTheHouse() && s.Till.Sells(vend.KindRedeem) }

// byFund is the text for whoever pays: for customers who do, and for those who
// do not.
func (s Shop) byFund(customer, house string) string {
	if s.onTheHouse() {
		return house
	}
	return customer
}

// Book is every conversation of the shop. Adding one: write its file, list its
// states here, and, where it sells, its counter in counters.
func Book(s Shop) dialog.Book {
	if s.Now == nil {
		s.Now = time.Now
	}
	s.spoken = new(spoken)
	s.counters = counters(s)
	var all []dialog.State
	for _, flow := range [][]dialog.State{
		menu(s), airtime(s), data(s), electricity(s), voucher(s), more(s), airtimePIN(s), water(s), freeUnits(s), bill(s),
		gift(s), newVoucher(s), payback(s), cash(s), account(s), purchases(s), names(s), walletPIN(s), help(s), language(s),
		who(s), chats(s), idle(s),
	} {
		all = append(all, flow...)
	}
	return dialog.Book{
		Start: menuStart, Stranger: whoAsk, Verb: s.verb, States: all, Keep: []dialog.TextVar{lastRef}, Receipt: lastRef, Common: []dialog.Arg{text("help", s.Help)},
	}
}

// counters are the places where something is paid for, in the order of the menus.
func counters(s Shop) []counter {
	return []counter{
		airtimeCounter(s), dataCounter(s), meterCounter(s, powerMeter()), airtimePINCounter(s), meterCounter(s, waterMeter()),
		meterCounter(s, freeMeter()), billCounter(s), giftCounter(s), newVoucherCounter(s), paybackCounter(s), cashCounter(s),
	}
}

// counter is the one of a flow; one that sells nothing where there is none.
func (s Shop) counter(flow string) counter {
	for _, c := range s.counters {
		if c.flow == flow {
			return c
		}
	}
	return counter{onSale: func() bool { return false }}
}

// The variables of a session. The numbers are stored: a new variable takes the
// next one, and no number is ever used for something else.
const (
	network       dialog.TextVar = 1  // canonical name of the network picked
	amount        dialog.IntVar  = 2  // price in cents
	buyRef        dialog.TextVar = 3  // reference of the purchase, allotted for exactly what is being bought
	available     dialog.IntVar  = 4  // balance in cents when it was last read
	voucherRef    dialog.TextVar = 5  // reference of the voucher handed in
	backTo        dialog.TextVar = 6  // flow that sent the customer for a voucher, or to make a PIN
	lastRef       dialog.TextVar = 7  // the order to report on at the next dial
	why           dialog.TextVar = 8  // vend.Reason of what was declined
	voucherAmount dialog.IntVar  = 9  // value of the voucher in cents
	held          dialog.IntVar  = 10 // money set aside, in cents
	chosenLang    dialog.TextVar = 11 // language picked, before it is stored
	label         dialog.TextVar = 12 // the vendor as people read it
	lockWait      dialog.IntVar  = 13 // minutes to wait after too many wrong PINs
	limitKind     dialog.TextVar = 14 // vend.LimitKind that the amount went past
	limitMost     dialog.IntVar  = 15 // that limit, in cents; of sales a day, their number
	limitLeft     dialog.IntVar  = 16 // what was left of it, in cents, when it was last read
	target        dialog.TextVar = 17 // who gets it: a number, a meter, the customer's part of an account
	product       dialog.TextVar = 18 // code of the product picked; for airtime, which amounts decide on, empty
	group         dialog.TextVar = 19 // what narrows a list: the validity of bundles, a vendor
	regulars      dialog.TextVar = 20 // what the customer has bought for, as packed by packRegulars
	againFlow     dialog.TextVar = 21 // flow of the purchase that the menu offers to repeat
	twiceAt       dialog.IntVar  = 22 // Unix seconds of the same purchase a moment ago
	sure          dialog.IntVar  = 23 // 1: the customer wants it once more all the same
	handle        dialog.TextVar = 24 // vend.Meter.Handle of the meter that was looked up
	holder        dialog.TextVar = 25 // who the meter or account belongs to, masked
	supplier      dialog.TextVar = 26 // who supplies it
	arrears       dialog.IntVar  = 27 // owed on the meter, or to the biller, in cents
	least         dialog.IntVar  = 28 // smallest purchase for the meter, in cents
	most          dialog.IntVar  = 29 // largest one
	pinIs         dialog.IntVar  = 30 // how it was with the wallet PIN when that was last read: see pinOff
	pinHash       dialog.TextVar = 31 // keyed hash of the PIN that was chosen, until it is typed again
	pinProved     dialog.IntVar  = 32 // 1: the PIN was right in this conversation
	shownRef      dialog.TextVar = 33 // the order whose details are looked at
	spare         dialog.TextVar = 34 // what was typed and must be asked about, such as an unusual meter number
	lookedAt      dialog.IntVar  = 35 // Unix seconds of when a supplier was asked about exactly what is being bought
	agreed        dialog.IntVar  = 36 // stands for the words of the screen that asks for the yes
	newcomer      dialog.IntVar  = 37 // 1: whoever is calling had bought nothing when the menu was shown
	claimed       dialog.TextVar = 38 // number that somebody in a chat says is theirs
)

func cents(t *dialog.Talk, v dialog.IntVar) ledger.Cents { return ledger.Cents(t.Int(v)) }

// choose sets a variable that says what is bought. What was agreed to before is
// something else then: it gets a reference of its own, and is looked up anew.
func choose(t *dialog.Talk, v dialog.TextVar, value string) {
	if t.Text(v) != value {
		t.SetText(v, value)
		another(t)
	}
}

// chooseAmount does the same for the price.
func chooseAmount(t *dialog.Talk, c ledger.Cents) {
	if cents(t, amount) != c {
		t.SetInt(amount, int64(c))
		another(t)
	}
}

func another(t *dialog.Talk) {
	t.SetText(buyRef, "")
	t.SetInt(sure, 0)
	t.SetText(handle, "")
	t.SetInt(lookedAt, 0)
	t.SetInt(agreed, 0)
}

// arg makes an argument of anything that prints itself.
func arg(name string, value any) dialog.Arg {
	return dialog.Arg{Name: name, Value: fmt.Sprint(value)}
}

func money(name string, c ledger.Cents) dialog.Arg { return dialog.Arg{Name: name, Value: c.String()} }

func text(name, value string) dialog.Arg { return dialog.Arg{Name: name, Value: value} }

func ref(full string) dialog.Arg { return text("ref", vend.ShortRef(full)) }

// picked goes on with the option that was picked: its id is the move.
func picked(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return dialog.Move(in.Option), nil
}

// says is a screen of one text with no values.
func says(key string) func(*dialog.Talk, *dialog.Screen) {
	return func(t *dialog.Talk, s *dialog.Screen) { s.Text = t.Say(key) }
}
