package sandbox

import "strconv"

// article is one product of the catalogue. All prices are in cents.
type article struct {
	code      int64
	name      string
	min, max  int64
	supplier  string // who makes it
	vendor    string // whose name the customer knows
	group     string
	barcode   string // gift vouchers only: EAN-13
	biller    string // Flash Pay only: what an account reference begins with
	fixed     bool   // one price
	reversal  bool   // section 1.2.3
	howTo     string // how the customer uses it
	smallText string
}

// The groups, as section 2.2.3 names them. Exclusive vouchers are missing there.
const (
	groupVoucher   = "1Voucher"
	groupCashOut   = "Cash Out PIN"
	groupCellular  = "Cellular"
	groupEezi      = "Eezi Vouchers"
	groupToken     = "Flash Token"
	groupGift      = "Gift Vouchers"
	groupUtility   = "Prepaid Utilities"
	groupPay       = "Flash Pay"
	groupExclusive = "Exclusive Voucher"
)

// catalogue is what the account may sell.
func catalogue() []article {
	list := []article{{
		code: codeVoucher, name: "1Voucher", min: 5_00, max: 4000_00, supplier: "Flash", vendor: "1Voucher", group: groupVoucher,
		reversal: true, howTo: "Enter the PIN where 1Voucher is accepted.", smallText: "Good for three years. Whoever has the PIN has the money.",
	}}
	list = append(list, airtime()...)
	list = append(list, bundles()...)
	list = append(list, eeziVouchers()...)
	list = append(list,
		article{
			code: 401, name: "Prepaid Electricity", min: 10_00, max: 5000_00, supplier: "Flash", vendor: "Electricity", group: groupUtility,
			howTo: "Key the tokens into the meter in the order given.", smallText: "A token works in one meter only and is not taken back.",
		},
		article{
			code: 402, name: "Prepaid Water", min: 10_00, max: 2000_00, supplier: "Flash", vendor: "Water", group: groupUtility,
			howTo: "Key the tokens into the water meter in the order given.", smallText: "A token works in one meter only and is not taken back.",
		},
	)
	list = append(list, giftVouchers()...)
	list = append(list,
		article{
			code: 601, name: "Cash Out PIN", min: 20_00, max: 3000_00, supplier: "Flash", vendor: "Flash", group: groupCashOut,
			reversal: true, howTo: "Show the PIN and your ID at a Flash trader to get cash.", smallText: "The trader may ask for a fee.",
		},
		article{
			code: 701, name: "School Uniform Voucher", min: 10_00, max: 2000_00, supplier: "Flash", vendor: "Flash", group: groupExclusive,
			howTo: "Give the PIN at a shop that takes this voucher.", smallText: "Only for what the voucher names.",
		},
		article{
			code: 702, name: "Food Parcel Voucher", min: 10_00, max: 2000_00, supplier: "Flash", vendor: "Flash", group: groupExclusive,
			howTo: "Give the PIN at a shop that takes this voucher.", smallText: "Only for what the voucher names.",
		},
		article{
			code: 801, name: "Flash Token", min: 5_00, max: 3000_00, supplier: "Flash", vendor: "Flash", group: groupToken,
			howTo: "Enter the PIN where Flash Token is accepted.", smallText: "Good for three years.",
		},
	)
	return append(list, billers()...)
}

// codeVoucher is the product of the operations that name none.
const codeVoucher, codeFlashToken = 1, 801

func airtime() []article {
	list := []article{
		{code: 101, name: "Vodacom Airtime", min: 2_00, supplier: "Vodacom", vendor: "Vodacom"},
		{code: 102, name: "MTN Airtime", min: 5_00, supplier: "MTN", vendor: "MTN"},
		{code: 103, name: "Cell C Airtime", min: 5_00, supplier: "Cell C", vendor: "Cell C"},
		{code: 104, name: "Telkom Airtime", min: 5_00, supplier: "Telkom", vendor: "Telkom Mobile"},
	}
	for i := range list {
		list[i].max, list[i].group, list[i].howTo = 1000_00, groupCellular, "The airtime is on the number already."
	}
	return list
}

// bundles are data and message bundles, each with one price and its validity in
// its name.
func bundles() []article {
	var list []article
	add := func(supplier, vendor string, code int64, name string, price int64) {
		list = append(list, article{
			code: code, name: supplier + " " + name, min: price, max: price, supplier: supplier, vendor: vendor,
			group: groupCellular, fixed: true, howTo: "The bundle is on the number already.",
		})
	}
	for _, b := range [...]struct {
		network string
		code    int64
		name    string
		price   int64
	}{
		{"Vodacom", 201, "100MB Daily Data", 10_00},
		{"Vodacom", 202, "1GB 30 Day Data", 85_00},
		{"MTN", 203, "500MB Weekly Data", 30_00},
		{"MTN", 204, "1GB 30 Day Data", 79_00},
		{"Cell C", 205, "1GB 30 Day Data", 85_00},
		{"Telkom", 206, "1GB 30 Day Data", 69_00},
		{"Vodacom", 207, "50 SMS Bundle", 12_00},
		{"Vodacom", 208, "20MB Hourly Data", 5_00},
		{"Vodacom", 209, "500MB Weekly Data", 39_00},
		{"Vodacom", 210, "1GB Weekly Data", 59_00},
		{"Vodacom", 211, "3GB 30 Day Data", 199_00},
		{"Vodacom", 212, "250MB Social Weekly", 15_00},
		{"Vodacom", 213, "1GB Night Daily Data", 12_00},
		{"MTN", 214, "50MB Daily Data", 6_00},
		{"MTN", 215, "1GB Daily Data", 29_00},
		{"MTN", 216, "2GB Weekly Data", 75_00},
		{"MTN", 217, "5GB 30 Day Data", 299_00},
		{"MTN", 218, "300MB Social Monthly", 30_00},
		{"MTN", 219, "1GB Night Weekly Data", 25_00},
		{"MTN", 220, "100 SMS Monthly Bundle", 25_00},
		{"Cell C", 221, "100MB Daily Data", 9_00},
		{"Cell C", 222, "1GB Weekly Data", 49_00},
		{"Cell C", 223, "250MB Social Daily", 6_00},
		{"Cell C", 224, "3GB 30 Day Data", 149_00},
		{"Telkom", 225, "75MB Daily Data", 7_00},
		{"Telkom", 226, "750MB Weekly Data", 34_00},
		{"Telkom", 227, "2GB 30 Day Data", 99_00},
		{"Telkom", 228, "500MB Social Monthly", 20_00},
		{"Telkom", 229, "30 SMS Weekly Bundle", 8_00},
	} {
		vendor := b.network
		if vendor == "Telkom" {
			vendor = "Telkom Mobile"
		}
		add(b.network, vendor, b.code, b.name, b.price)
	}
	return list
}

func eeziVouchers() []article {
	list := []article{
		{code: 301, name: "Vodacom Airtime Voucher R29", min: 29_00, max: 29_00, supplier: "Vodacom", vendor: "Vodacom", howTo: "Dial *135*PIN# and press call."},
		{code: 302, name: "MTN Airtime Voucher R30", min: 30_00, max: 30_00, supplier: "MTN", vendor: "MTN", howTo: "Dial *136*PIN# and press call."},
		{code: 303, name: "Cell C Airtime Voucher R10", min: 10_00, max: 10_00, supplier: "Cell C", vendor: "Cell C", howTo: "Dial *102*PIN# and press call."},
		{code: 304, name: "Telkom Airtime Voucher R10", min: 10_00, max: 10_00, supplier: "Telkom", vendor: "Telkom Mobile", howTo: "Dial *188*PIN# and press call."},
		{code: 305, name: "Eezi Airtime Any Network", min: 2_00, max: 1000_00, supplier: "Flash", vendor: "Eezi", howTo: "Dial *130*3621*PIN# and choose your network."},
	}
	for i := range list {
		a := &list[i]
		a.group, a.fixed, a.reversal = groupEezi, a.min == a.max, true
		a.smallText = "Keep the PIN secret until you load it."
	}
	return list
}

// giftVouchers have barcodes of the range that every shop may use for itself
// (GS1 prefixes 200 to 299), so that none is that of a real article.
func giftVouchers() []article {
	list := []article{
		{code: 501, name: "Game Store Gift Voucher", min: 50_00, max: 50_00, vendor: "Game Store", barcode: "2900000005013"},
		{code: 502, name: "Game Store Gift Voucher R200", min: 200_00, max: 200_00, vendor: "Game Store", barcode: "2900000005020"},
		{code: 503, name: "Kwela Music Month", min: 59_99, max: 59_99, vendor: "Kwela Music", barcode: "2900000005037"},
		{code: 504, name: "Baobab Films Gift Card", min: 99_00, max: 99_00, vendor: "Baobab Films", barcode: "2900000005044"},
		{code: 505, name: "Protea Fashion Gift Voucher", min: 50_00, max: 2000_00, vendor: "Protea Fashion", barcode: "2900000005051"},
		{code: 506, name: "Marula Market Grocery Voucher", min: 20_00, max: 5000_00, vendor: "Marula Market", barcode: "2900000005068"},
	}
	for i := range list {
		a := &list[i]
		a.group, a.fixed, a.supplier = groupGift, a.min == a.max, "Flash"
		a.howTo, a.smallText = "Enter the PIN in the shop's app or give it at the till.", "Not exchangeable for cash."
	}
	return list
}

// billers take payments through Flash Pay; an account reference begins with the
// biller's code.
func billers() []article {
	list := []article{
		{code: 901, name: "Kasi Fibre", biller: "1101", min: 10_00, max: 2000_00},
		{code: 902, name: "Imbewu Funeral Cover", biller: "1102", min: 20_00, max: 3000_00},
		{code: 903, name: "Thuto School Fees", biller: "1103", min: 50_00, max: 5000_00},
		{code: 904, name: "Umlilo Gas", biller: "1104", min: 30_00, max: 1500_00},
		{code: 905, name: "Ikhaya Rentals", biller: "1105", min: 100_00, max: 5000_00},
		{code: 906, name: "Khokha Store Account", biller: "1106", min: 10_00, max: 3000_00},
	}
	for i := range list {
		a := &list[i]
		a.vendor, a.supplier, a.group = a.name, "Flash", groupPay
		a.howTo = "The payment is with the biller by the next working day."
	}
	return list
}

// article finds a product of a group by its code.
func (s *Sandbox) article(code, group string) (article, bool) {
	n, err := strconv.ParseInt(code, 10, 64)
	if err != nil {
		return article{}, false
	}
	a, known := s.articles[n]
	return a, known && a.group == group
}

// price is the refusal that an amount deserves, nil when the product can be sold
// for it.
func (a article) price(amount int64) *refusal {
	switch {
	case a.fixed && amount != a.min:
		return &refusal{code: 2103}
	case amount < a.min || amount > a.max:
		return &refusal{code: 2204}
	}
	return nil
}

func (a article) wire() map[string]any {
	return map[string]any{
		"productCode": a.code, "productName": a.name, "minimumAmount": a.min, "maximumAmount": a.max,
		"status": "Active", "supplierName": a.supplier, "vendor": a.vendor, "productGroup": a.group,
		"barcode": a.barcode, "billerCode": a.biller, "productType": 0, "allowReversal": a.reversal, "fixedAmount": a.fixed,
		"content": a.content(),
	}
}

// content is what is printed for the customer.
func (a article) content() map[string]string {
	return map[string]string{"redemptionInstructions": a.howTo, "termsAndConditions": a.smallText}
}
