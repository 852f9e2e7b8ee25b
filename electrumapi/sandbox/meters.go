package sandbox

import "fmt"

// meter is a prepaid meter, who has it and what it is sold.
type meter struct {
	number  string
	meaning string // for people who look for a test number
	// holder and utility are what a lookup tells. Holders are invented, and so
	// are the addresses and VAT numbers of the utilities.
	holder  holder
	utility utility
	kind    string // "electricity" or "water", the utilityType
	tariff  tariff
	keys    keys
	// next are the keys after each change that is due. The change stays due:
	// nobody ever keys its tokens in.
	next      []keys
	algorithm string // "07" is that of the standard, none for a sub-meter
	debts     []debt
	fees      []fee
	min, max  int64 // cents; bounds of a purchase, 0 is only sold for free units
	free      grant
	refund    int64 // hundredths of a unit that every purchase gives back

	// fresh forgets each purchase, so that the next one is the month's first.
	fresh bool
	// loose writes money as the examples of the document's own test server do:
	// the currency as a number, and none on key change tokens.
	loose bool
	// reverses lets tokens that were issued be taken back. Utilities do not.
	reverses bool
	// slip has the purchase answered by a slip in place of the fields.
	slip bool
	// late answers every purchase HTTP 504, before it is made; a retry makes it.
	late bool
}

type holder struct{ first, last, address string }

type utility struct{ name, address, vat string }

// keys are what a meter's tokens are made for: supply group code, tariff index
// and key revision number, as they are written, with leading zeros.
type keys struct{ group, tariff, revision string }

// grant is the free basic service of a meter.
type grant struct {
	units int64 // hundredths of a kWh a month; 0 for none
	given bool  // this month's was issued
}

// The bounds of a purchase, in cents, where a meter has none of its own.
const (
	leastVend     = 10_00
	mostPower     = 5000_00
	mostWater     = 2000_00
	kindPower     = "electricity"
	kindWater     = "water"
	tokenByKeypad = "02"
)

// eskomMeter and townMeter are meters with nothing particular about them.

func eskomMeter(number, meaning string) meter {
	return meter{
		number: number, meaning: meaning, kind: kindPower, algorithm: "07", tariff: homelightTariff(),
		holder:  holder{"N", "MOKOENA", "1432 PROTEA GLEN EXT 2 SOWETO"},
		utility: utility{"Eskom", "MAXWELL DRIVE SANDTON", "4999999901"},
		keys:    keys{"004521", "07", "2"}, min: leastVend, max: mostPower,
	}
}

func townMeter(number, meaning string) meter {
	return meter{
		number: number, meaning: meaning, kind: kindPower, algorithm: "07", tariff: residentialTariff(),
		holder:  holder{"T", "NAIDOO", "17 JACARANDA STREET ORANGE GROVE JOHANNESBURG"},
		utility: utility{"City Power Johannesburg", "HERONMERE ROAD REUVEN", "4999999902"},
		keys:    keys{"100711", "01", "2"}, min: leastVend, max: mostPower,
	}
}

// but is a meter with something particular about it.
func (m meter) but(change func(*meter)) meter {
	change(&m)
	return m
}

// testMeters are the meters that stand for something: those of the shop's hints,
// and the scenarios TST001 to TST011 of the document's test server. They stand for
// it every month, and some with every purchase, so that they do not wear out.
func testMeters() []meter { return append(shopMeters(), scenarioMeters()...) }

// shopMeters have the numbers and meanings that the shop's test numbers have with
// its other provider, so that the same hints serve for both.
func shopMeters() []meter {
	return []meter{
		eskomMeter("14000000019", "ordinary: Eskom, one price per kWh"),
		townMeter("14000000027", "ordinary: municipal, three tariff blocks"),
		townMeter("0014000000035", "ordinary: municipal, 13 digits"),
		eskomMeter("14000000043", "owes R350 each month; 40 % of a purchase goes to it").but(func(m *meter) {
			m.debts = []debt{{description: "Outstanding account", value: 350_00, percent: 40}}
		}),
		townMeter("14000000050", "owes R120 each month, which must be paid before anything is sold").but(func(m *meter) {
			m.debts = []debt{{description: "Rates in arrears", value: 120_00, all: true}}
		}),
		townMeter("14000000068", "monthly charges of R230, half of a purchase at most").but(func(m *meter) {
			m.fees = monthlyFees()
		}),
		eskomMeter("14000000076", "takes R50 at least and R500 at most").but(func(m *meter) {
			m.min, m.max = 50_00, 500_00
		}),
		eskomMeter("14000000084", "free units: 50 kWh once a month, for amount 0 or with the first purchase").but(func(m *meter) {
			m.free = grant{units: 50_00}
		}),
		townMeter("14000000092", "free units: 60 kWh once a month, for amount 0 or with the first purchase").but(func(m *meter) {
			m.tariff, m.free = lifelineTariff(), grant{units: 60_00}
		}),
		eskomMeter("14000000100", "free units, and this month's were issued (NO_FREE_UNITS_DUE)").but(func(m *meter) {
			m.free = grant{units: 50_00, given: true}
		}),
		townMeter("14000000167", "no free units (NO_FREE_UNITS_DUE)"),
		eskomMeter("14000000118", "key change: two tokens before the credit").but(func(m *meter) {
			m.keys = keys{"004521", "07", "1"}
			m.next = []keys{{"004521", "07", "2"}}
		}),
		eskomMeter("14000000126", "two key changes: four tokens before the credit").but(func(m *meter) {
			m.keys = keys{"004521", "07", "1"}
			m.next = []keys{{"004521", "07", "2"}, {"100405", "03", "2"}}
		}),
		townMeter("14000000134", "debt, charges, blocks, key change and free units at once").but(func(m *meter) {
			m.debts = []debt{{description: "Rates in arrears", value: 900_00, percent: 30, taxed: true}}
			m.fees = monthlyFees()
			m.keys = keys{"100711", "01", "1"}
			m.next = []keys{{"100711", "01", "2"}}
			m.free = grant{units: 60_00}
		}),
		townMeter("7012345", "private sub-meter of 7 digits: no keys, a fee with every purchase").but(func(m *meter) {
			m.utility = utility{"Khaya Sub-metering", "4 LOOP STREET CAPE TOWN", "4999999903"}
			m.tariff, m.keys, m.algorithm = submeterTariff(), keys{"000000", "00", "0"}, ""
			m.fees = []fee{{description: "Service fee", value: 5_75, everyTime: true}}
		}),
		townMeter("14000000159", "water, sold in kl; no free units").but(func(m *meter) {
			m.utility = utility{"Johannesburg Water", "17 HARRISON STREET JOHANNESBURG", "4999999904"}
			m.kind, m.tariff, m.keys, m.max = kindWater, waterTariff(), keys{"100811", "02", "2"}, mostWater
		}),
	}
}

func monthlyFees() []fee {
	return []fee{{description: "Service charge", value: 80_50}, {description: "Network capacity charge", value: 149_50}}
}

// scenarioMeters are those of Electrum's Prepaid Utility test server: one amount
// each, the same answer every time, and reversals are taken.
func scenarioMeters() []meter {
	arrears := func(name string) debt { return debt{description: name, value: 323_00, percent: 25, taxed: true} }
	levy := func(name string) fee { return fee{description: name, value: 50_00, everyTime: true} }
	var list []meter
	for i, c := range []struct {
		amount  int64
		meaning string
		change  func(*meter)
	}{
		{100_00, "one token", func(*meter) {}},
		{0, "a free token, for amount 0", func(m *meter) { m.free = grant{units: 50_00} }},
		{100_00, "a token and a free token", func(m *meter) { m.free = grant{units: 50_00} }},
		{100_00, "a token of two tariff blocks", func(m *meter) { m.tariff = steepTariff() }},
		{50_00, "a token and a refund token", func(m *meter) { m.refund = 73_80 }},
		{100_00, "two key change tokens and a token", func(m *meter) { m.next = []keys{{"000001", "01", "2"}} }},
		{200_00, "a token, debt and a service charge", func(m *meter) {
			m.debts, m.fees = []debt{arrears("Municipal rates arrears")}, []fee{levy("Connection fee")}
		}},
		{200_00, "a token and two debts", func(m *meter) {
			m.debts = []debt{arrears("Municipal rates arrears"), arrears("Municipal water arrears")}
		}},
		{200_00, "a token and two service charges", func(m *meter) {
			m.fees = []fee{levy("Connection fee"), levy("Service fee")}
		}},
		{100_00, "a slip in place of the tokens", func(m *meter) { m.slip = true }},
		{100_00, "HTTP 504 at the purchase, a token at the retry", func(m *meter) { m.late = true }},
	} {
		m := townMeter(fmt.Sprintf("TST%03d", i+1), fmt.Sprintf("%s; R%d", c.meaning, c.amount/100)).but(func(m *meter) {
			m.holder = holder{"Test", "Customer", "1 Scenario Street"}
			m.utility = utility{"Electrum Test Server", "The Cloud", "0000000000"}
			m.tariff, m.keys = submeterTariff(), keys{"000001", "01", "1"}
			m.min, m.max, m.fresh, m.loose, m.reverses = c.amount, c.amount, true, true, true
		})
		list = append(list, m.but(c.change))
	}
	return list
}
