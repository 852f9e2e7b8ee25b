package flashapi

import "slices"

// Bill says where the money of a purchase went. The document gives no unit for
// its parts: they are read as cents, and as rand where only that makes them add
// up to the amount.
type Bill struct {
	Exclusive  Cents // what bought units, without tax
	Tax        Cents
	Debts      []Charge // paid off what was owed
	FixedCosts []Charge
	// AddsUp says that the parts are all there and, each rounded by itself, add
	// up to the amount: to half a cent for each of them, and to one cent at
	// least. Otherwise none of them, nor the amounts of tariff blocks, is fit
	// to be shown.
	AddsUp bool
	InRand bool // the host gave them in rand; CostPerUnit is then likely to be, too
}

// Charge is a part of a purchase that bought no units.
type Charge struct {
	Description string
	Amount      Cents
	// The draft's answers tell more of it, as given.
	Tariff, Outstanding, TaxInvoice string
}

// chargeWire is a debt or a fixed cost in an answer: the first two fields in
// both documents, the others in the draft alone.
type chargeWire struct {
	Value             decimal `json:"value"`
	Description       text    `json:"description"`
	TariffDescription text    `json:"tariffDescription"`
	Tax               decimal `json:"tax"`
	Outstanding       text    `json:"outstanding"`
	TaxInvoiceNumber  text    `json:"taxInvoiceNumber"`
}

// chargesWire are the parts that bought no units, an object of the answer to a
// purchase (section 3.1.27). In the draft the answer itself has its fields.
type chargesWire struct {
	Debt      several[chargeWire] `json:"debt"`
	FixedCost several[chargeWire] `json:"fixedCost"`
}

// parts are the parts of an amount, in a unit yet to be found.
type parts struct {
	exclusive, tax Decimal
	debts, fixed   []chargeWire
	complete       bool // nothing is missing or cannot be read
}

// add adds exactly, and notes where that cannot be done.
func (p *parts) add(to *Decimal, n decimal) {
	sum, err := to.Add(n.is)
	if err != nil || n.bad {
		p.complete = false
		return
	}
	*to = sum
}

// readings are what the answer to a purchase may mean by its parts. The document
// is plain: what bought units is without tax, and the tax is by itself. The
// draft tells the value and the tax of each token and charge, and not whether
// the one has the other in it.
func (w saleWire) readings(tokens []tokenWire) []parts {
	charges := w.Charges.is
	given := parts{
		debts: slices.Concat(charges.Debt.all, w.Debt.all), fixed: slices.Concat(charges.FixedCost.all, w.FixedCost.all),
		complete: !w.BillingInfo.bad && !w.Charges.bad && !charges.Debt.bad && !charges.FixedCost.bad && !w.Debt.bad && !w.FixedCost.bad,
	}
	if b := w.BillingInfo.is; b.ExclusiveAmount != (decimal{}) || b.TaxAmount != (decimal{}) {
		given.complete = given.complete && b.ExclusiveAmount.present && !b.TaxAmount.bad
		given.exclusive, given.tax = b.ExclusiveAmount.is, b.TaxAmount.is
		return []parts{given}
	}
	valued := false
	for _, t := range tokens {
		valued = valued || t.Value.present
		given.add(&given.exclusive, t.Value)
		given.add(&given.tax, t.Tax)
	}
	given.complete = given.complete && valued
	within, besides := given, given
	within.add(&within.exclusive, decimal{is: given.tax.neg()})
	for _, c := range slices.Concat(given.debts, given.fixed) {
		besides.add(&besides.tax, c.Tax)
	}
	return []parts{within, besides}
}

// bill reads the parts in one unit and adds them up.
func (p parts) bill(amount Cents, rand bool) Bill {
	b := Bill{AddsUp: p.complete, InRand: rand}
	var sum Cents
	read := func(d Decimal, bad bool) Cents {
		c, ok := d.cents(rand)
		b.AddsUp = b.AddsUp && ok && !bad
		sum += c
		return c
	}
	charges := func(wires []chargeWire) []Charge {
		var list []Charge
		for _, w := range wires {
			c := read(w.Value.is, w.Value.bad)
			if c != 0 {
				list = append(list, Charge{
					Description: string(w.Description), Amount: c,
					Tariff: string(w.TariffDescription), Outstanding: string(w.Outstanding), TaxInvoice: string(w.TaxInvoiceNumber),
				})
			}
		}
		return list
	}
	b.Exclusive, b.Tax = read(p.exclusive, false), read(p.tax, false)
	b.Debts, b.FixedCosts = charges(p.debts), charges(p.fixed)

	tolerance := Cents(2+len(b.Debts)+len(b.FixedCosts)+1) / 2
	b.AddsUp = b.AddsUp && max(sum-amount, amount-sum) <= tolerance
	return b
}

// divide finds the reading of the parts that adds up to the amount, of several
// that a host may have meant. Without one, it is the first, in cents.
func divide(amount Cents, readings ...parts) Bill {
	for _, rand := range [...]bool{false, true} {
		for _, p := range readings {
			if b := p.bill(amount, rand); b.AddsUp {
				return b
			}
		}
	}
	return readings[0].bill(amount, false)
}
