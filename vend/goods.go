package vend

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"spaza/ledger"
	"spaza/secret"
)

// Goods are what is handed to the customer: a PIN, tokens for a meter, the
// receipt of a payment. The zero value is none, as for airtime.
type Goods struct {
	Voucher *Voucher `json:",omitempty"` // what was bought, or the change of what was handed in
	Utility *Utility `json:",omitempty"`
	Payment *Payment `json:",omitempty"`
}

// Empty says whether there is nothing to hand over.
func (g Goods) Empty() bool { return g.Voucher == nil && g.Utility == nil && g.Payment == nil }

// Satisfy says whether the goods have what a sale of this kind must hand over:
// a PIN, or a token that is not only for the keys of a meter.
func (g Goods) Satisfy(k Kind) bool {
	switch {
	case !k.Handed():
		return true
	case k == KindElectricity:
		return g.Utility != nil && slices.ContainsFunc(g.Utility.Tokens, func(t Token) bool { return t.Use != TokenKeyChange && !t.Value.Empty() })
	}
	return g.Voucher != nil && !g.Voucher.PIN.Empty()
}

// elsewhere says that the goods are for another meter than was asked for.
// Numbers can lose their leading zeros on the way.
func (g Goods) elsewhere(meter string) bool {
	if g.Utility == nil || g.Utility.Meter == "" || meter == "" {
		return false
	}
	return !strings.EqualFold(strings.TrimLeft(g.Utility.Meter, "0"), strings.TrimLeft(meter, "0"))
}

// Format implements fmt.Formatter: goods name people and hold money.
func (g Goods) Format(f fmt.State, _ rune) {
	switch {
	case g.Voucher != nil:
		_, _ = fmt.Fprint(f, "goods(voucher)")
	case g.Utility != nil:
		_, _ = fmt.Fprintf(f, "goods(%d tokens)", len(g.Utility.Tokens))
	case g.Payment != nil:
		_, _ = fmt.Fprint(f, "goods(payment)")
	default:
		_, _ = fmt.Fprint(f, "goods(none)")
	}
}

// LogValue implements slog.LogValuer, as Format does for fmt.
func (g Goods) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(g)) }

// Voucher is a PIN with a value.
type Voucher struct {
	PIN     secret.Text
	Amount  ledger.Cents
	Serial  string
	Expires string      // a date, as the provider gave it
	HowTo   secret.Text // how to use it, in the provider's words; the PIN may stand in it
}

// TokenUse says what a token does.
type TokenUse string

// The uses of tokens, in the order in which they must be entered.
const (
	TokenKeyChange TokenUse = "key_change" // brings the meter onto a new key; goes in before all others
	TokenCredit    TokenUse = "credit"     // units that were paid for
	TokenFree      TokenUse = "free"       // free basic units
	TokenOther     TokenUse = "other"
)

// Token is one number to enter into a meter.
type Token struct {
	Use    TokenUse
	Label  string // the provider's description
	Value  secret.Text
	Serial string
}

// Charge is a part of the price that bought no units.
type Charge struct {
	Label  string
	Amount ledger.Cents
}

// Utility is what was bought for a meter.
type Utility struct {
	Meter              string
	Tokens             []Token // in the order in which they must be entered
	Units, Unit        string  // an exact decimal, and of what ("kWh", "kl")
	FreeUnits          string
	Holder             string
	Utility, VATNumber string
	Phone              string
	Tariff             string
	Receipt            string // the utility's receipt number
	Message            string // the utility's word to its customer
	// SupplyGroup, TariffIndex and KeyRevision are the meter's settings, as
	// printed on receipts.
	SupplyGroup, TariffIndex, KeyRevision string
	// PartsKnown says that what follows adds up to the price. Otherwise none
	// of it is fit to be shown.
	PartsKnown bool
	Net, VAT   ledger.Cents
	Debt       []Charge
	Fixed      []Charge
}

// Payment is the receipt of a payment to a biller.
type Payment struct {
	Biller, Phone string
	Holder        string
	Account       string
	Status        string
}

// goodsText is goods as text, to be sealed and nothing else.
func goodsText(g Goods) (secret.Text, error) {
	b, err := json.Marshal(struct {
		Goods
		Secrets [][]byte // JSON would change text that is not Unicode
	}{g, g.secrets()})
	if err != nil {
		return secret.Text{}, fmt.Errorf("write goods: %w", err)
	}
	return secret.New(string(b)), nil
}

// secrets lists the secrets in an order that only depends on the shape.
func (g Goods) secrets() [][]byte {
	var all [][]byte
	for _, s := range g.places() {
		all = append(all, []byte(s.Reveal()))
	}
	return all
}

// places are where the secrets stand.
func (g Goods) places() []*secret.Text {
	var all []*secret.Text
	if g.Voucher != nil {
		all = append(all, &g.Voucher.PIN, &g.Voucher.HowTo)
	}
	if g.Utility != nil {
		for i := range g.Utility.Tokens {
			all = append(all, &g.Utility.Tokens[i].Value)
		}
	}
	return all
}

// readGoods reads what goodsText wrote.
func readGoods(t secret.Text) (Goods, error) {
	var w struct {
		Goods
		Secrets [][]byte
	}
	if err := json.Unmarshal([]byte(t.Reveal()), &w); err != nil {
		return Goods{}, fmt.Errorf("read goods: %w", err)
	}
	places := w.places()
	if len(places) != len(w.Secrets) {
		return Goods{}, fmt.Errorf("read goods: %d secrets for %d places", len(w.Secrets), len(places))
	}
	for i, s := range w.Secrets {
		*places[i] = secret.New(string(s))
	}
	return w.Goods, nil
}
