package sandbox

import (
	"fmt"
	"strconv"
)

// meter is a prepaid meter, who has it and what it is sold.
type meter struct {
	number  string
	meaning string // for people who look for a test number
	// holder and utility are what a lookup tells. The holders are invented, and
	// so are the addresses and VAT numbers of the utilities.
	holder  holder
	utility utility
	product string // its code in the catalogue
	tariff  tariff
	keys    keys
	// next are the keys after each change that is due. The change stays due:
	// nobody ever keys its tokens in.
	next      []keys
	algorithm string // "07" is that of the standard
	debt      debt
	charges   []fixedCharge
	min, max  int64 // cents; 0 leaves it to the product
	free      grant
}

type holder struct{ name, address string }

type utility struct{ name, address, callCentre, vatNumber string }

// grant is the Free Basic Electricity of a meter.
type grant struct {
	units   int64 // hundredths of a kWh a month
	refusal int   // the code that every claim gets; 0 for none
	along   bool  // the month's first purchase brings them, too
}

// eskomMeter and townMeter are meters with nothing particular about them.

func eskomMeter(number, meaning string) meter {
	return meter{
		number: number, meaning: meaning, product: "401", algorithm: "07", tariff: homelightTariff(),
		holder:  holder{"N MOKOENA", "1432 PROTEA GLEN EXT 2 SOWETO"},
		utility: utility{"Eskom", "MAXWELL DRIVE SANDTON", "08600 37566", "4999999901"},
		keys:    keys{"004521", "07", "2"}, free: grant{refusal: 2306},
	}
}

func townMeter(number, meaning string) meter {
	return meter{
		number: number, meaning: meaning, product: "401", algorithm: "07", tariff: residentialTariff(),
		holder:  holder{"T NAIDOO", "17 JACARANDA STREET ORANGE GROVE JOHANNESBURG"},
		utility: utility{"City Power Johannesburg", "HERONMERE ROAD REUVEN", "0860 562 874", "4999999902"},
		keys:    keys{"100711", "01", "2"}, free: grant{refusal: 2306},
	}
}

// but is a meter with something particular about it.
func (m meter) but(change func(*meter)) meter {
	change(&m)
	return m
}

// testMeters are the meters that stand for something. They do so every month,
// and some with every purchase, so that they do not wear out.
func testMeters() []meter {
	return []meter{
		eskomMeter("14000000019", "ordinary: Eskom, one price per kWh"),
		townMeter("14000000027", "ordinary: municipal, three tariff blocks"),
		townMeter("0014000000035", "ordinary: municipal, 13 digits"),
		eskomMeter("14000000043", "owes R350 each month; 40 % of a purchase goes to it").but(func(m *meter) {
			m.debt = debt{description: "Outstanding account", value: 350_00, percent: 40}
		}),
		townMeter("14000000050", "owes R120 each month, which must be paid before anything is sold").but(func(m *meter) {
			m.debt = debt{description: "Rates in arrears", value: 120_00, all: true}
		}),
		townMeter("14000000068", "monthly charges of R230, half of a purchase at most").but(func(m *meter) {
			m.charges = monthlyCharges()
		}),
		eskomMeter("14000000076", "takes R50 at least and R500 at most").but(func(m *meter) {
			m.min, m.max = 50_00, 500_00
		}),
		eskomMeter("14000000084", "registered for FBE: claims 50 kWh once a month").but(func(m *meter) {
			m.free = grant{units: 50_00}
		}),
		townMeter("14000000092", "registered for FBE: 60 kWh, claimed or with the first purchase of a month").but(func(m *meter) {
			m.tariff, m.free = lifelineTariff(), grant{units: 60_00, along: true}
		}),
		eskomMeter("14000000100", "registered for FBE, and this month's was issued (2312)").but(func(m *meter) {
			m.free = grant{units: 50_00, refusal: 2312}
		}),
		townMeter("14000000167", "not registered for FBE, as another host says it (2356)").but(func(m *meter) {
			m.free = grant{refusal: 2356}
		}),
		eskomMeter("14000000118", "key change: two tokens before the credit").but(func(m *meter) {
			m.keys = keys{"004521", "07", "1"}
			m.next = []keys{{"004521", "07", "2"}}
		}),
		eskomMeter("14000000126", "two key changes: four tokens before the credit").but(func(m *meter) {
			m.keys = keys{"004521", "07", "1"}
			m.next = []keys{{"004521", "07", "2"}, {"100405", "03", "2"}}
		}),
		townMeter("14000000134", "debt, charges, blocks, key change and free units at once").but(func(m *meter) {
			m.debt = debt{description: "Rates in arrears", value: 900_00, percent: 30}
			m.charges = monthlyCharges()
			m.keys = keys{"100711", "01", "1"}
			m.next = []keys{{"100711", "01", "2"}}
			m.free = grant{units: 60_00, along: true}
		}),
		townMeter("7012345", "private sub-meter of 7 digits: no keys, a fee with every purchase").but(func(m *meter) {
			m.utility = utility{"Khaya Sub-metering", "4 LOOP STREET CAPE TOWN", "0860 000 000", "4999999903"}
			m.tariff, m.keys, m.algorithm = submeterTariff(), keys{"000000", "00", "0"}, ""
			m.charges = []fixedCharge{{description: "Service fee", value: 5_75, everyTime: true}}
			m.free = grant{refusal: 2349}
		}),
		townMeter("14000000159", "water, sold in kl; no FBE (2349)").but(func(m *meter) {
			m.utility = utility{"Johannesburg Water", "17 HARRISON STREET JOHANNESBURG", "0860 562 874", "4999999904"}
			m.product, m.tariff, m.keys = "402", waterTariff(), keys{"100811", "02", "2"}
			m.free = grant{refusal: 2349}
		}),
	}
}

func monthlyCharges() []fixedCharge {
	return []fixedCharge{{description: "Service charge", value: 80_50}, {description: "Network capacity charge", value: 149_50}}
}

// meterBy finds a meter by its number: a test meter, or else an ordinary one.
func (u *utilities) meterBy(number string) (meter, *refusal) {
	if m, known := u.meters[number]; known {
		return m, nil
	}
	switch {
	case isDigits(number, 7):
		return meter{}, &refusal{code: 2310}
	case !luhn(number) || len(number) != 11 && len(number) != 13:
		return meter{}, &refusal{code: 2304}
	case len(number) == 13:
		return townMeter(number, ""), nil
	default:
		return eskomMeter(number, ""), nil
	}
}

// Meters of these makers, who do not exist, are for what goes wrong. Six digits
// follow before the last two: CCCC0000 wants code CCCC, FF000000 meets fault
// FF; the zeros may be anything.
const (
	makerFaultAtPurchase = "96"
	makerCodeAtPurchase  = "97"
	makerFault           = "98"
	makerCode            = "99"
)

// faultMeter and codeMeter make meter numbers for what goes wrong, with their
// check digits.

func faultMeter(maker string, f fault) string {
	number := maker + f.number() + "000000"
	return number + string(checkDigit(number))
}

func codeMeter(maker string, code int) string {
	number := fmt.Sprintf("%s%04d0000", maker, code)
	return number + string(checkDigit(number))
}

// wish is what a meter's number wants to go wrong.
func wish(number string, purchase bool) (code int, f fault) {
	if len(number) != 11 || !luhn(number) {
		return 0, 0
	}
	maker := number[:2]
	switch {
	case maker == makerCode || maker == makerCodeAtPurchase && purchase:
		code, _ = strconv.Atoi(number[2:6])
	case maker == makerFault || maker == makerFaultAtPurchase && purchase:
		n, _ := strconv.Atoi(number[2:4])
		f = fault(n)
	}
	return code, f
}

// utilityNumbers are the test meters, one example of everything.
func utilityNumbers() []TestNumber {
	var list []TestNumber
	add := func(number, meaning string) {
		list = append(list, TestNumber{Kind: "meter", Value: number, Meaning: meaning})
	}
	for _, m := range testMeters() {
		add(m.number, m.meaning)
	}
	add("04123456784", "ordinary: any 11 digits, or 13, with a Luhn digit")
	add("04123456789", "wrong check digit (2304)")
	add("7654321", "not registered: any other 7 digits (2310)")
	for _, c := range []struct {
		code    int
		meaning string
	}{
		{2305, "customer not found"}, {2309, "request not supported"}, {2310, "not registered"},
		{2311, "blocked from purchasing"}, {2313, "customer has arrears"}, {2314, "customer not active or blocked"},
		{2322, "customer's account not found"}, {2329, "customer's account not active"}, {2343, "not this utility's"},
		{2346, "not allowed"}, {2348, "meter was deleted"}, {2352, "customer account has arrears"},
		{2354, "customer account not active"}, {2363, "invalid meter ID"}, {2365, "invalid token technology"},
	} {
		add(codeMeter(makerCode, c.code), fmt.Sprintf("%s (%d); 99CCCCNNNN and its check digit answer code CCCC", c.meaning, c.code))
	}
	add(codeMeter(makerCodeAtPurchase, 2319), "found, then the purchase is answered 2319; 97CCCCNNNN and its check digit do so with code CCCC")
	for _, k := range faultKinds() {
		meaning := "fault " + k.fault.number() + ": " + k.meaning
		list = append(list,
			TestNumber{Kind: "meter", Value: faultMeter(makerFault, k.fault), Meaning: meaning, Fault: int(k.fault)},
			TestNumber{
				Kind: "meter", Value: faultMeter(makerFaultAtPurchase, k.fault),
				Meaning: "found, then at the purchase " + meaning, Fault: int(k.fault),
			})
	}
	return list
}
