package sandbox

import (
	"slices"
	"strings"
)

// article is a product of the airtime catalogue.
type article struct {
	id, name, kind string // kind is a product type of the interface
	operator       operator
	price          int64 // cents; 0 where the customer chooses
	pin            bool  // is a voucher and no direct top-up
	days           int   // how long it is good for; 0 for no end
	contents       []content
	hidden         bool // is sold and in no list
}

type content struct {
	amount int64
	unit   string
}

type operator struct{ id, name string }

// The bounds of an amount that the customer chooses, in cents.
const (
	minTopUp = 2_00
	maxTopUp = 1000_00
)

func operators() (vodacom, mtn, cellC, telkom operator) {
	return operator{"VODACOM", "Vodacom"}, operator{"MTN", "MTN"}, operator{"CELLC", "Cell C"}, operator{"TELKOM", "Telkom"}
}

// articles are the airtime catalogue, in the order of its list.
func articles() []article {
	vodacom, mtn, cellC, telkom := operators()
	var list []article
	for _, o := range [...]struct {
		operator
		code string
	}{{vodacom, "VOD"}, {mtn, "MTN"}, {cellC, "CELLC"}, {telkom, "TELKOM"}} {
		list = append(list,
			article{id: o.code + "AIR", name: o.name + " Airtime", kind: "AIRTIME_VARIABLE", operator: o.operator},
			article{id: o.code + "AIR29", name: o.name + " Airtime R29", kind: "AIRTIME_FIXED", operator: o.operator, price: 29_00},
			article{id: o.code + "D100", name: "100MB", kind: "DATA_FIXED", operator: o.operator, price: 29_00, days: 30, contents: []content{{100, "MB"}}},
			article{id: o.code + "D1G", name: "1GB", kind: "DATA_FIXED", operator: o.operator, price: 85_00, days: 30, contents: []content{{1, "GB"}}},
			article{id: o.code + "D1GN", name: "1GB + 1GB Night", kind: "COMBO", operator: o.operator, price: 99_00, days: 30, contents: []content{{1, "GB"}, {1, "GB"}}},
			article{id: o.code + "PIN10", name: o.name + " R10 Voucher", kind: "AIRTIME_FIXED", operator: o.operator, price: 10_00, pin: true},
			article{id: o.code + "PIN29", name: o.name + " R29 Voucher", kind: "AIRTIME_FIXED", operator: o.operator, price: 29_00, pin: true},
		)
	}
	return append(list,
		article{id: "VODD50D", name: "50MB Daily", kind: "DATA", operator: vodacom, price: 5_00, days: 1, contents: []content{{50, "MB"}}},
		article{id: "VODSMS50", name: "50 SMS", kind: "SMS_BUNDLE", operator: vodacom, price: 12_00, days: 30, contents: []content{{50, "Unit"}}},
		article{id: "MTNVOICE30", name: "30 Minutes", kind: "VOICE_BUNDLE", operator: mtn, price: 25_00, days: 7, contents: []content{{30, "Minutes"}}},
		article{id: "MTNWHATSAPP", name: "WhatsApp 250MB", kind: "APP_RELATED", operator: mtn, price: 15_00, days: 7, contents: []content{{250, "MB"}}},
		article{id: "CELLCDPIN", name: "1GB Voucher", kind: "DATA_FIXED", operator: cellC, price: 79_00, pin: true, days: 30, contents: []content{{1, "GB"}}},
		article{id: "TELKOMDVAR", name: "Telkom Data", kind: "DATA_VARIABLE", operator: telkom},
		article{id: "VODPINVAR", name: "Vodacom Voucher", kind: "AIRTIME_VARIABLE", operator: vodacom, pin: true},
		// What one of Electrum's own collections buys.
		article{id: "productId123", name: "TalkALot", kind: "AIRTIME_FIXED", operator: vodacom, price: 50_00, pin: true, hidden: true},
		article{id: "productId321", name: "TalkAsYouLike", kind: "AIRTIME_VARIABLE", operator: vodacom, pin: true, hidden: true},
	)
}

// find is the article of an id, which may ask for a fault or an error type, as
// VODPIN10F03 and VODPIN10E05 do.
func find(list []article, id string) (a article, f fault, wish string, known bool) {
	plain, f, wish := heedProduct(id)
	i := slices.IndexFunc(list, func(a article) bool { return a.id == plain })
	if i < 0 {
		return article{}, 0, "", false
	}
	return list[i], f, wish, true
}

// data says that the article gives something to surf with.
func (a article) data() bool { return strings.HasPrefix(a.kind, "DATA") || a.kind == "COMBO" }

// category is what menus sort the article under.
func (a article) category() string {
	switch {
	case a.pin:
		return "Vouchers"
	case a.data():
		return "Data"
	case a.kind == "SMS_BUNDLE", a.kind == "VOICE_BUNDLE":
		return "Bundles"
	case a.kind == "APP_RELATED":
		return "Apps"
	default:
		return "Airtime"
	}
}

// wholesale is what the merchant would pay: 96 cents for a rand.
func (a article) wholesale() int64 { return a.price * 96 / 100 }

// wire is the article as Product; order is its place in menus.
func (a article) wire(order int) map[string]any {
	p := map[string]any{
		"productId": a.id, "isDirectTopup": !a.pin, "name": a.name, "type": a.kind,
		"description": map[string]any{"primaryDescription": a.operator.name + ": " + a.name},
		"operator":    map[string]any{"id": a.operator.id, "name": a.operator.name},
		"channels":    []any{a.listing("USSD", order), a.listing("WhatsApp", order)},
	}
	if a.price > 0 {
		// Rand and the currencies of Lesotho and Eswatini are worth the same.
		p["productValues"] = []any{inRands(a.price), map[string]any{"amount": a.price, "currency": "426"}}
		p["wholesalePrice"] = inRands(a.wholesale())
		p["recipientAmount"] = inRands(a.price)
	}
	if a.days > 0 {
		p["validityPeriod"] = map[string]any{"duration": a.days, "durationUnit": "DAYS"}
	}
	var contents []any
	for _, c := range a.contents {
		contents = append(contents, map[string]any{"amount": c.amount, "unit": c.unit})
	}
	if contents != nil {
		p["productContents"] = contents
	}
	return p
}

func (a article) listing(channel string, order int) map[string]any {
	return map[string]any{
		"channelName": channel, "productDisplayName": a.name, "productDisplayCategory": a.category(),
		"productDisplaySortOrder": order, "channelProductIdentifier": strings.ToLower(a.id),
	}
}

// listed are the articles of a list that has these properties; an empty one fits
// all.
func listed(list []article, channel, operator, kind, category string) []any {
	out := []any{}
	fits := func(want string, is ...string) bool {
		return want == "" || slices.ContainsFunc(is, func(s string) bool { return strings.EqualFold(s, want) })
	}
	for i, a := range list {
		if !a.hidden && fits(channel, "USSD", "WhatsApp") && fits(operator, a.operator.id, a.operator.name) &&
			fits(kind, a.kind) && fits(category, a.category()) {
			out = append(out, a.wire(i+1))
		}
	}
	return out
}

// networkOf is the operator to which a South African number was first given, as
// far as the prefix tells; false for one of elsewhere.
func networkOf(msisdn string) (operator, bool) {
	vodacom, mtn, cellC, telkom := operators()
	local, here := strings.CutPrefix(msisdn, "27")
	if !here || len(local) != 9 {
		return operator{}, false
	}
	switch local[:2] {
	case "63", "73", "78", "83":
		return mtn, true
	case "61", "62", "74", "84":
		return cellC, true
	case "65", "67", "68", "69", "81":
		return telkom, true
	default:
		return vodacom, true
	}
}
