package flashapi

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
)

// UtilitySale is electricity or water that was bought. The holder's name and
// address, and the meter's number, are a person's: never log them.
type UtilitySale struct {
	Receipt
	Supply
	// Tokens are as the host gave them; see InOrder.
	Tokens []MeterToken
	// Old and New are the keys before and after a key change, where the answer
	// tells them; see KeysChange.
	Old, New Keys

	// Units are what was bought and FreeUnits what was given, of UnitType
	// ("kWh" or "kl").
	Units, FreeUnits Decimal
	UnitsKnown       bool // the answer says how many units were bought
	UnitType         string

	Bill         Bill
	TariffBlocks []TariffBlock

	ReceiptNumber     string // the utility's
	TransactionNumber string // the utility's
	ConsumerMessage   string // the utility's word to its customer
}

// TariffBlock is a stretch of units at one price.
type TariffBlock struct {
	Name   string
	Amount Cents // see Bill.AddsUp
	Units  Decimal
	// CostPerUnit is as given; whether in cents or rand, and with or without
	// tax, is not documented.
	CostPerUnit Decimal
}

// InOrder gives the tokens in the order in which they must be entered: key
// change tokens first, then credit, then what is free. Credit tokens from an
// earlier purchase must be entered before a key change.
func (s UtilitySale) InOrder() []MeterToken { return inOrder(s.Tokens) }

// KeysChange says that the meter comes onto other keys.
func (s UtilitySale) KeysChange() bool { return s.Old.differ(s.New) }

// Format implements fmt.Formatter: what is printed names nobody.
func (s UtilitySale) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "sale of %d tokens by %s", len(s.Tokens), s.Reference)
}

// LogValue implements slog.LogValuer, as Format does for fmt.
func (s UtilitySale) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// saleWire is the answer to a purchase (section 3.1.27, and 3.1.13 of the draft,
// which alone has the last three).
type saleWire struct {
	Amount             whole                 `json:"amount"`
	BillingInfo        object[billingWire]   `json:"billingInfo"`
	Charges            object[chargesWire]   `json:"charges"`
	MeterInfo          object[meterInfoWire] `json:"meterInfo"`
	Meterinfo          object[meterInfoWire] `json:"meterinfo"`
	Tokens             several[tokenWire]    `json:"tokens"`
	TariffBlocks       several[blockWire]    `json:"tariffBlocks"`
	KeyChangeTokenData object[meterInfoWire] `json:"keyChangeTokenData"`
	Debt               several[chargeWire]   `json:"debt"`
	FixedCost          several[chargeWire]   `json:"fixedCost"`
}

type billingWire struct {
	TaxAmount         decimal `json:"taxAmount"`
	ExclusiveAmount   decimal `json:"exclusiveAmount"`
	UnitType          text    `json:"unitType"`
	Units             decimal `json:"units"`
	FreeUnits         decimal `json:"freeUnits"`
	ReceiptNumber     text    `json:"receiptNumber"`
	TransactionNumber text    `json:"transactionNumber"`
	TariffName        text    `json:"tariffName"`
}

type blockWire struct {
	TariffName  text    `json:"tariffName"`
	Name        text    `json:"name"` // its name in the draft
	Amount      decimal `json:"amount"`
	Units       decimal `json:"units"`
	CostPerUnit decimal `json:"costPerUnit"`
}

// findUtility wants a token: without one the electricity is paid for and not
// had. Key change tokens alone are not what anybody paid for, and where one that
// is paid for or changes keys cannot be read, the others are no more than a part.
func findUtility(a asked, body []byte) finding {
	var w saleWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	info, billing, change := cmp.Or(w.MeterInfo.is, w.Meterinfo.is), w.BillingInfo.is, w.KeyChangeTokenData.is
	sale := &UtilitySale{
		Supply: info.supply(a.MeterNumber),
		Old:    cmp.Or(info.before(), change.before()), New: cmp.Or(info.after(), change.after()),
		UnitType:      string(billing.UnitType),
		ReceiptNumber: string(billing.ReceiptNumber), TransactionNumber: string(billing.TransactionNumber),
		ConsumerMessage: string(info.ConsumerMessage),
	}
	sale.Tariff = cmp.Or(sale.Tariff, string(billing.TariffName))
	f := finding{result: sale, amount: Cents(w.Amount.n), callCentre: sale.Utility.CallCentre}

	tokens, lost, vital := w.tokens()
	paid := a.Amount > 0
	for i, use := range uses(tokens, paid, !paid || billing.FreeUnits.is.Sign() > 0, sale.KeysChange()) {
		t := tokens[i]
		f.secrets = append(f.secrets, t.Token.Text)
		sale.Tokens = append(sale.Tokens, MeterToken{
			Use: use, Description: string(t.TokenDescription), SerialNumber: string(t.SerialNumber),
			Value: t.Token.Text, Units: t.Units.is.Quantity.is,
		})
	}
	if !slices.ContainsFunc(sale.Tokens, func(t MeterToken) bool { return t.Use != TokenKeyChange }) {
		f.missing, f.result = true, nil
		return f
	}
	f.missing = vital
	unreadable := sale.readUnits(billing, tokens)
	amount := a.Amount
	if w.Amount.present {
		amount = f.amount
	}
	sale.Bill = divide(amount, w.readings(tokens)...)
	sale.readBlocks(w.TariffBlocks.all)
	switch {
	case w.Amount.bad:
		f.odd = "sold, but the amount cannot be read"
	case amount != a.Amount:
		f.odd = "sold for another amount than was asked for"
	case !sameMeter(info.MeterNumber, a.MeterNumber):
		f.odd = "sold for another meter than was asked for"
	case lost:
		f.odd = "sold, but a token in the answer cannot be read"
	case unreadable:
		f.odd = "sold, but the units cannot be read"
	}
	return f
}

// tokens are those that have a value. lost says that the answer speaks of
// another, and vital that this may be one without which the customer does not
// have what was paid for.
func (w saleWire) tokens() (tokens []tokenWire, lost, vital bool) {
	lost, vital = w.Tokens.bad, w.Tokens.bad
	for _, t := range w.Tokens.all {
		switch use, told := t.use(); {
		case !t.Token.Empty():
			tokens = append(tokens, t)
		case t.TokenDescription != "" || t.SerialNumber != "":
			lost = true
			vital = vital || !told || use == TokenCredit || use == TokenKeyChange
		}
	}
	return tokens, lost, vital
}

// readUnits takes the units from the bill, or else adds up those of the tokens.
// True says that there are some which cannot be read.
func (s *UtilitySale) readUnits(b billingWire, tokens []tokenWire) (unreadable bool) {
	s.Units, s.UnitsKnown = b.Units.is, b.Units.present
	s.FreeUnits = b.FreeUnits.is
	unreadable = b.Units.bad || b.FreeUnits.bad
	for i, t := range tokens {
		units, use := t.Units.is, s.Tokens[i].Use
		s.UnitType = cmp.Or(s.UnitType, string(units.UnitType))
		var sum *Decimal
		switch {
		case use == TokenCredit && b.Units == decimal{}:
			s.UnitsKnown = s.UnitsKnown || units.Quantity.present
			sum = &s.Units
		case use == TokenFree && b.FreeUnits == decimal{}:
			sum = &s.FreeUnits
		default:
			continue
		}
		more, err := sum.Add(units.Quantity.is)
		*sum = more
		unreadable = unreadable || err != nil || units.Quantity.bad || t.Units.bad
	}
	s.UnitsKnown = s.UnitsKnown && !unreadable
	return unreadable
}

// readBlocks reads tariff blocks in the unit of the bill.
func (s *UtilitySale) readBlocks(wires []blockWire) {
	for _, b := range wires {
		amount, _ := b.Amount.is.cents(s.Bill.InRand)
		s.TariffBlocks = append(s.TariffBlocks, TariffBlock{
			Name: string(cmp.Or(b.TariffName, b.Name)), Amount: amount, Units: b.Units.is, CostPerUnit: b.CostPerUnit.is,
		})
	}
}
