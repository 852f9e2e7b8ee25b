package sandbox

import (
	"encoding/json"
	"fmt"
)

// block is a stretch of a tariff. The price is without VAT, in hundredths of a
// cent per kWh or kl; size is how much of it a month has, in hundredths of a
// unit, and 0 for the last, which has no end.
type block struct{ price, size int64 }

// tariff is the price of units, by how many a month already brought.
type tariff []block

// debt is what a customer owes the utility and pays off with purchases. It is
// there anew every month, so that a test meter does not wear out.
type debt struct {
	description string
	value       int64 // cents, with VAT
	percent     int64 // of each purchase that goes to it
	all         bool  // nothing is sold for less than what is owed
	taxed       bool  // what goes to it is told without its VAT, which stands beside it
}

// fee is a fixed charge that is taken besides the units: once a month, or
// with every purchase.
type fee struct {
	description string
	value       int64 // cents, with VAT
	everyTime   bool
}

// history is what a meter was sold this month.
type history struct {
	units   int64 // hundredths, of those paid for
	paid    int64 // debt, in cents
	fees    int64 // monthly charges, in cents
	granted bool  // the free units
}

// charge is a part of a purchase that buys no units, in cents. net is all of it
// where no VAT stands beside it.
type charge struct {
	description string
	net, tax    int64
	balance     int64 // what is still owed; debts only
}

// stretch is what one block gave.
type stretch struct {
	block  block
	amount int64 // cents, without VAT
	units  int64 // hundredths
}

// bill says where the money of a purchase went, in cents: the amount is the sum
// of net and tax, here and in every charge, and net that of the stretches.
type bill struct {
	net, tax  int64
	debts     []charge
	fees      []charge
	monthly   int64 // how much of the fees counts for the month, with VAT
	stretches []stretch
	units     int64 // hundredths, the sum of the stretches'
}

// vatRate is in percent.
const vatRate = 15

// vat is the part of an amount that is VAT, to the nearest cent.
func vat(amount int64) int64 { return amount - (amount*200+100+vatRate)/(2*(100+vatRate)) }

// paidOff is the money that went to debts, in cents.
func (b bill) paidOff() (sum int64) {
	for _, c := range b.debts {
		sum += c.net + c.tax
	}
	return sum
}

// owed is what is still owed of a meter's debts, in cents.
func (m meter) owed(past history) (sum int64) {
	for _, d := range m.debts {
		sum += d.value
	}
	return max(sum-past.paid, 0)
}

// bill divides an amount: the debts first, then the fixed charges, which take no
// more than half of what is left, then VAT, then the tariff.
func (m meter) bill(amount int64, past history) bill {
	var b bill
	left, settled := amount, past.paid
	for _, d := range m.debts {
		due := max(d.value-settled, 0)
		settled = max(settled-d.value, 0)
		share := d.percent
		if d.all {
			share = 100
		}
		pay := min(due, amount*share/100, left)
		if pay == 0 {
			continue
		}
		left -= pay
		c := charge{description: d.description, net: pay, balance: due - pay}
		if d.taxed {
			c.tax = vat(pay)
			c.net -= c.tax
		}
		b.debts = append(b.debts, c)
	}
	left -= m.fix(&b, left/2, past.fees)
	b.tax = vat(left)
	b.net = left - b.tax
	b.stretches = m.tariff.sell(b.net, past.units)
	for _, s := range b.stretches {
		b.units += s.units
	}
	return b
}

// fix puts the fixed charges on a bill, no more than there is room for, and
// says what they take, in cents.
func (m meter) fix(b *bill, room, settled int64) (taken int64) {
	for _, s := range m.fees {
		due := s.value
		if !s.everyTime {
			due = max(s.value-settled, 0)
			settled = max(settled-s.value, 0)
		}
		if due = min(due, room-taken); due == 0 {
			continue
		}
		taken += due
		if !s.everyTime {
			b.monthly += due
		}
		tax := vat(due)
		b.fees = append(b.fees, charge{description: s.description, net: due - tax, tax: tax})
	}
	return taken
}

// sell turns money without VAT into units, from where the month stands.
func (t tariff) sell(money, used int64) []stretch {
	var list []stretch
	for _, b := range t {
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

// decimal writes hundredths as a JSON number.
func decimal(hundredths int64) json.Number {
	switch {
	case hundredths%100 == 0:
		return json.Number(fmt.Sprintf("%d", hundredths/100))
	case hundredths%10 == 0:
		return json.Number(fmt.Sprintf("%d.%d", hundredths/100, hundredths/10%10))
	default:
		return json.Number(fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100))
	}
}

// The tariffs, with prices near to those of 2025.

func homelightTariff() tariff { return tariff{{price: 216_58}} }

func residentialTariff() tariff {
	return tariff{{price: 240_67, size: 350_00}, {price: 276_06, size: 150_00}, {price: 314_55}}
}

func lifelineTariff() tariff { return tariff{{price: 195_40, size: 350_00}, {price: 402_15}} }

func submeterTariff() tariff { return tariff{{price: 265_00}} }

// steepTariff leaves its first block within a purchase of R100.
func steepTariff() tariff { return tariff{{price: 117_30, size: 50_00}, {price: 173_74}} }

// waterTariff is per kilolitre.
func waterTariff() tariff {
	return tariff{{price: 2398_00, size: 6_00}, {price: 3305_50, size: 9_00}, {price: 4471_25}}
}
