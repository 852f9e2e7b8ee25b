package sandbox

import (
	"strconv"
	"strings"
)

const opInternationalLookup = "cellular/international/lookup"

func (s *Sandbox) internationalRoutes() { s.post(opInternationalLookup, s.readInternational) }

// destination is a network abroad.
type destination struct {
	country string // its code
	network string
	ranges  []string // what its numbers begin with, after the country's code
	digits  int      // of a number, with the country's code
	first   int64    // product id; the others follow
	wares   []ware
}

// ware is what can be sent to a number abroad.
type ware struct {
	name  string
	price int64 // cents
}

func destinations() []destination {
	return []destination{
		{"263", "Econet Zimbabwe", []string{"77", "78"}, 12, 26301, []ware{{"Airtime USD 1", 21_50}, {"Airtime USD 5", 104_00}, {"1GB Weekly Data", 62_00}}},
		{"263", "NetOne Zimbabwe", []string{"71"}, 12, 26321, []ware{{"Airtime USD 1", 21_50}, {"OneFusion USD 5", 104_00}}},
		{"258", "Vodacom Mozambique", []string{"84", "85"}, 12, 25801, []ware{{"Airtime MZN 50", 16_50}, {"Airtime MZN 200", 63_00}, {"1.2GB Weekly Data", 36_00}}},
		{"258", "Movitel Mozambique", []string{"86", "87"}, 12, 25821, []ware{{"Airtime MZN 50", 16_50}, {"Airtime MZN 100", 32_00}}},
		{"258", "Tmcel Mozambique", []string{"82", "83"}, 12, 25841, []ware{{"Airtime MZN 50", 16_50}}},
		{"265", "Airtel Malawi", []string{"98", "99"}, 12, 26501, []ware{{"Airtime MWK 1000", 13_50}, {"Airtime MWK 5000", 62_00}}},
		{"265", "TNM Malawi", []string{"88", "89"}, 12, 26521, []ware{{"Airtime MWK 1000", 13_50}, {"Daily Pamtsetse 300MB", 9_50}}},
		{"266", "Vodacom Lesotho", []string{"5"}, 11, 26601, []ware{{"Airtime LSL 10", 10_80}, {"Airtime LSL 50", 53_00}, {"500MB Weekly Data", 32_00}}},
		{"266", "Econet Lesotho", []string{"6"}, 11, 26621, []ware{{"Airtime LSL 10", 10_80}, {"Airtime LSL 20", 21_40}}},
		{"234", "MTN Nigeria", []string{"703", "706", "803", "806", "810", "813", "816", "903", "906"}, 13, 23401, []ware{{"Airtime NGN 500", 7_90}, {"Airtime NGN 2000", 30_50}, {"1GB Daily Data", 10_50}}},
		{"234", "Airtel Nigeria", []string{"701", "708", "802", "808", "812", "901", "902", "907"}, 13, 23421, []ware{{"Airtime NGN 500", 7_90}, {"Airtime NGN 1000", 15_50}}},
		{"260", "MTN Zambia", []string{"96", "76"}, 12, 26001, []ware{{"Airtime ZMW 20", 15_50}, {"Airtime ZMW 100", 76_00}}},
		{"267", "Mascom Botswana", []string{"71", "74", "76"}, 11, 26701, []ware{{"Airtime BWP 10", 14_60}, {"Airtime BWP 50", 71_00}}},
		{"268", "MTN Eswatini", []string{"76", "78"}, 11, 26801, []ware{{"Airtime SZL 10", 10_80}, {"Airtime SZL 30", 32_00}}},
		{"264", "MTC Namibia", []string{"81"}, 12, 26401, []ware{{"Airtime NAD 10", 10_80}, {"Aweh Gig", 44_00}}},
	}
}

// readInternational understands a look at what can be sent abroad (section
// 2.8.2). Its table asks for the form of a South African number in the
// destination, too, which no number abroad could have.
func (s *Sandbox) readInternational(f *fields) (work, *refusal) {
	job := work{head: f.head()}
	from, to := f.text("mobileNumber", true), f.text("destinationMobileNumber", true)
	f.alphanumeric("paymentMethod")
	f.wrong = f.wrong || !isDigits(from, len(from)) || !isDigits(to, len(to))
	if no := f.refusal(); no != nil {
		return job, no
	}
	job.target = to
	job.answer, job.fault = mobileWish(from)
	job.run = func() (map[string]any, int64, *refusal) {
		if !isSouthAfrican(from) {
			return nil, 0, &refusal{code: 2335}
		}
		d, no := destinationOf(to)
		if no != nil {
			return nil, 0, no
		}
		return map[string]any{"mobileNumber": from, "products": d.wire()}, 0, nil
	}
	return job, nil
}

// mobileWish is what a mobile number wants to go wrong: 2760000CCCC wants code
// CCCC, 276000100FF meets fault FF.
func mobileWish(mobile string) (code int, f fault) {
	if !isSouthAfrican(mobile) {
		return 0, 0
	}
	n, _ := strconv.Atoi(mobile[7:])
	switch mobile[:7] {
	case "2760000":
		return n, 0
	case "2760001":
		return 0, fault(n)
	default:
		return 0, 0
	}
}

// destinationOf finds the network of a number: 2632 for a country that nothing
// is sent to, 2335 for a number that its country does not have.
func destinationOf(number string) (destination, *refusal) {
	no := &refusal{code: 2632}
	for _, d := range destinations() {
		rest, its := strings.CutPrefix(number, d.country)
		if !its {
			continue
		}
		no = &refusal{code: 2335}
		for _, r := range d.ranges {
			if len(number) == d.digits && strings.HasPrefix(rest, r) {
				return d, nil
			}
		}
	}
	return destination{}, no
}

func (d destination) wire() []map[string]any {
	list := []map[string]any{}
	for i, w := range d.wares {
		list = append(list, map[string]any{
			"productId": d.first + int64(i), "productName": d.network + " " + w.name, "price": w.price,
		})
	}
	return list
}
