package sandbox

import (
	"encoding/json"
	"fmt"
)

// block is a stretch of a tariff. The price is without VAT, in hundredths of a
// cent per kWh or kl; size is how much of it a month has, in hundredths of a
// unit, and 0 for the last, which has no end.
type block struct {
	name  string
	price int64
	size  int64
}

type tariff struct {
	name   string
	unit   string // "kWh" or "kl"
	blocks []block
}

// fixedCharge is taken besides the units: once a month, or with every purchase.
type fixedCharge struct {
	description string
	value       int64 // cents, with VAT
	everyTime   bool
}

// debt is what a customer owes the utility and pays off with purchases. It is
// there anew every month, so that a test number does not wear out.
type debt struct {
	description string
	value       int64 // cents, with VAT
	percent     int64 // of each purchase that goes to it
	all         bool  // nothing is sold for less than what is owed
}

// history is what a meter was sold this month.
type history struct {
	units   int64 // hundredths, of those paid for
	paid    int64 // debt, in cents
	charges int64 // monthly charges, in cents
	granted bool  // the free units
}

// cost is a part of a purchase that buys no units, in cents with VAT.
type cost struct {
	description string
	value       int64
}

// stretch is what one block gave.
type stretch struct {
	block  block
	amount int64 // cents, without VAT
	units  int64 // hundredths
}

// bill says where the money of a purchase went, in cents: amount is the sum of
// exclusive, tax, debt and fixed, and exclusive that of the stretches.
type bill struct {
	amount, exclusive, tax int64
	debt                   int64
	monthly                int64 // how much of fixed counts for the month
	fixed                  []cost
	stretches              []stretch
	units                  int64 // hundredths, the sum of the stretches'
}

// vat is the part of an amount that is VAT, at 15 %, to the nearest cent.
func vat(amount int64) int64 { return amount - (amount*200+115)/230 }

// bill divides an amount: the debt first, then the fixed charges, which take
// no more than half of what is left, then VAT, then the tariff.
func (m meter) bill(amount int64, past history) bill {
	b := bill{amount: amount}
	owed := max(m.debt.value-past.paid, 0)
	share := m.debt.percent
	if m.debt.all {
		share = 100
	}
	b.debt = min(owed, amount*share/100)
	left := amount - b.debt

	room, settled := left/2, past.charges
	for _, c := range m.charges {
		due := c.value
		if !c.everyTime {
			due = max(c.value-settled, 0)
			settled = max(settled-c.value, 0)
		}
		if due = min(due, room); due == 0 {
			continue
		}
		room -= due
		left -= due
		if !c.everyTime {
			b.monthly += due
		}
		b.fixed = append(b.fixed, cost{c.description, due})
	}
	b.tax = vat(left)
	b.exclusive = left - b.tax
	b.stretches = m.tariff.sell(b.exclusive, past.units)
	for _, s := range b.stretches {
		b.units += s.units
	}
	return b
}

// sell turns money without VAT into units, from where the month stands.
func (t tariff) sell(money, used int64) []stretch {
	var list []stretch
	for _, b := range t.blocks {
		if b.size > 0 && used >= b.size {
			used -= b.size
			continue
		}
		spend, units := money, money*10_000/b.price
		if rest := b.size - used; b.size > 0 && units >= rest {
			units = rest
			spend = min(money, (rest*b.price+9_999)/10_000)
		}
		used = 0
		if spend == 0 {
			break
		}
		money -= spend
		list = append(list, stretch{block: b, amount: spend, units: units})
	}
	return list
}

// decimal writes hundredths as a JSON number with one digit or two after the
// point.
func decimal(hundredths int64) json.Number {
	if hundredths%10 == 0 {
		return json.Number(fmt.Sprintf("%d.%d", hundredths/100, hundredths/10%10))
	}
	return json.Number(fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100))
}

// The tariffs, with prices near to those of 2025.

func homelightTariff() tariff {
	return tariff{name: "Homelight 20A", unit: "kWh", blocks: []block{{name: "Energy Charge", price: 216_58}}}
}

func residentialTariff() tariff {
	return tariff{name: "Residential Prepaid High", unit: "kWh", blocks: []block{
		{name: "Block 1 (0-350 kWh)", price: 240_67, size: 350_00},
		{name: "Block 2 (350-500 kWh)", price: 276_06, size: 150_00},
		{name: "Block 3 (over 500 kWh)", price: 314_55},
	}}
}

func lifelineTariff() tariff {
	return tariff{name: "Lifeline", unit: "kWh", blocks: []block{
		{name: "Block 1 (0-350 kWh)", price: 195_40, size: 350_00},
		{name: "Block 2 (over 350 kWh)", price: 402_15},
	}}
}

func submeterTariff() tariff {
	return tariff{name: "Sub-meter Flat Rate", unit: "kWh", blocks: []block{{name: "Energy", price: 265_00}}}
}

func waterTariff() tariff {
	return tariff{name: "Prepaid Water Residential", unit: "kl", blocks: []block{
		{name: "Step 1 (0-6 kl)", price: 2398_00, size: 6_00},
		{name: "Step 2 (6-15 kl)", price: 3305_50, size: 9_00},
		{name: "Step 3 (over 15 kl)", price: 4471_25},
	}}
}
