package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// The error types of airtime that the simulator answers of itself.
const (
	typeProduct = "INVALID_PRODUCT"
	typeAmount  = "INVALID_AMOUNT"
)

// airtime is Airtime v5. It shares the books with the other interfaces.
type airtime struct {
	*Sandbox
	articles []article
}

func (s *Sandbox) airtimeRoutes() []route {
	a := airtime{s, articles()}
	service := &service{base: airtimeBase, settled: func(State) string { return typeSettled }}
	op := func(method, path, name, requestType string, success int, read func(*fields, *incoming) work) route {
		return route{service: service, method: method, path: path, op: "airtime/" + name, requestType: requestType, success: success, read: read}
	}
	return []route{
		op("GET", "msisdn", "msisdn", "MSISDN_INFO_REQUEST", http.StatusOK, a.readLookup),
		op("GET", "products", "products", "LIST_PRODUCTS_REQUEST", http.StatusOK, a.readList),
		op("POST", "purchases", "purchases", "PURCHASE_REQUEST", http.StatusCreated, a.readPurchase),
		op("POST", "purchases/trials", "purchases/trials", "TRIAL_PURCHASE_REQUEST", http.StatusOK, a.readTrial),
		op("POST", "purchases/confirmations", "purchases/confirmations", "PURCHASE_CONFIRMATION", http.StatusAccepted, readConfirmation),
		op("POST", "purchases/reversals", "purchases/reversals", "PURCHASE_REVERSAL", http.StatusAccepted, readReversal),
		op("GET", "purchases/status", "purchases/status", "PURCHASE_STATUS_REQUEST", http.StatusOK, a.readStatus),
		op("POST", "vouchers/{requestId}", "vouchers", "VOUCHER_REQUEST", http.StatusCreated, a.readVoucher),
		op("POST", "vouchers/{requestId}/confirmations/{adviceId}", "vouchers/confirmations", "VOUCHER_CONFIRMATION", http.StatusAccepted, readVoucherConfirmation),
		op("POST", "vouchers/{requestId}/reversals/{adviceId}", "vouchers/reversals", "VOUCHER_REVERSAL", http.StatusAccepted, readVoucherReversal),
	}
}

// query reads a parameter of a GET.
func (f *fields) query(in *incoming, name string, required bool, must rule) string {
	v := in.URL.Query().Get(name)
	switch {
	case v == "" && required:
		f.complain("query param "+name, "may not be null", nil)
	case v != "" && !must.fits(v):
		f.complain("query param "+name, must.words, v)
	default:
		return v
	}
	return ""
}

// readList lists the products (Airtime v5, listProducts).
func (a airtime) readList(f *fields, in *incoming) work {
	channel := f.query(in, "channelName", false, length(0, 50))
	return work{run: func(*entry) (outcome, *refusal) {
		return outcome{body: listed(a.articles, channel, "", "", "")}, nil
	}}
}

// readLookup says what a number can be sold (Airtime v5, lookupMsisdn). A plus
// before the number is a space once it has been through a query.
func (a airtime) readLookup(f *fields, in *incoming) work {
	q := in.URL.Query()
	number := strings.TrimSpace(f.query(in, "msisdn", true, pattern(`[+ ]?[1-9]\d{1,14}`)))
	number = strings.TrimPrefix(number, "+")
	sender := f.query(in, "senderMsisdn", false, pattern(`[+ ]?[1-9]\d{1,14}`))
	_, wish := heedMobile(number)
	return work{target: number, wish: wish, run: func(*entry) (outcome, *refusal) {
		who, here := networkOf(number)
		answer := map[string]any{}
		if here {
			products := listed(a.articles, q.Get("channelName"), who.id, q.Get("productType"), q.Get("productCategory"))
			answer["availableProducts"] = fixedFirst(products)
			if who.id == "CELLC" {
				now := a.options.Now().UTC()
				answer["promotion"] = map[string]any{
					"promotion": "Double airtime this week", "startDate": now.Format(time.RFC3339), "endDate": now.AddDate(0, 0, 7).Format(time.RFC3339),
				}
			}
		} else {
			who = operator{id: q.Get("operator"), name: q.Get("operator")}
			if strings.HasPrefix(number, "98") { // the only country abroad that has products
				answer["availableProducts"] = abroad()
			}
			if who.id == "" {
				return outcome{}, &refusal{kind: typeNotFound, message: "Number not known"}
			}
		}
		answer["msisdn"] = map[string]any{"msisdn": number, "country": country(here), "operator": map[string]any{"id": who.id, "name": who.name}}
		if sender != "" {
			answer["senderMsisdn"] = map[string]any{"msisdn": strings.TrimSpace(sender)}
		}
		return outcome{body: answer}, nil
	}}
}

func country(here bool) string {
	if here {
		return "ZA"
	}
	return "XX"
}

// fixedFirst puts what has a price before what has none.
func fixedFirst(products []any) []any {
	var first, last []any
	for _, p := range products {
		if one, _ := p.(map[string]any); one["productValues"] != nil {
			first = append(first, p)
		} else {
			last = append(last, p)
		}
	}
	return append(append([]any{}, first...), last...)
}

// abroad are products for numbers of elsewhere, priced in two currencies. They
// are shown and not sold.
func abroad() []any {
	var list []any
	for i, name := range [...]string{"Airtime 5", "Airtime 10", "Data 1GB"} {
		list = append(list, map[string]any{
			"productId": "ABROAD" + string('1'+rune(i)), "name": name, "type": "AIRTIME_FIXED", "isDirectTopup": true,
			"productValues":  []any{inRands(int64(i+1) * 10_00), map[string]any{"amount": (i + 1) * 50, "currency": "840"}},
			"wholesalePrice": inRands(int64(i+1) * 9_00), "recipientAmount": map[string]any{"amount": (i + 1) * 50, "currency": "840"},
		})
	}
	return list
}

// order is what a purchase asks for.
type order struct {
	work
	article article
	product string // the id that was asked for
	number  string // the recipient's
	amount  int64  // requestAmount
	named   bool   // whether it is given
	wrongIs bool   // isDirectTopup contradicts the catalogue
	known   bool
}

// readOrder understands a PurchaseRequest.
func (a airtime) readOrder(f *fields, in *incoming) order {
	var o order
	o.id, o.reference = f.transaction(in.user)
	if f.object("product", true) {
		o.product = f.text("product.productId", true, pattern(`[0-9A-Za-z]{1,20}`))
	}
	o.article, o.fault, o.wish, o.known = find(a.articles, o.product)
	if f.find("product.isDirectTopup") != nil {
		o.wrongIs = f.flag("product.isDirectTopup") == o.article.pin
	}
	if f.object("amounts", false) {
		o.amount, o.named = f.money("amounts.requestAmount", false)
	}
	f.tenders()
	if f.object("senderMsisdn", false) {
		f.text("senderMsisdn.msisdn", true, f.msisdn)
	}
	if f.object("recipientMsisdn", o.known && !o.article.pin) {
		o.number = strings.TrimPrefix(f.text("recipientMsisdn.msisdn", true, f.msisdn), "+")
	}
	o.target = o.number
	if o.target == "" {
		o.target = o.product
	}
	if byNumber, wish := heedMobile(o.number); byNumber != 0 || wish != "" {
		o.fault, o.wish = byNumber, wish
	}
	return o
}

// price is what the order costs.
func (o order) price() (int64, *refusal) {
	switch {
	case !o.known:
		return 0, &refusal{kind: typeProduct, message: "No such product"}
	case o.wrongIs:
		return 0, &refusal{kind: typeProduct, message: "Other kind of product"}
	case o.article.price > 0 && o.named && o.amount != o.article.price:
		return 0, &refusal{kind: typeAmount, message: "Not the price"}
	case o.article.price > 0:
		return o.article.price, nil
	case o.amount < minTopUp || o.amount > maxTopUp:
		return 0, &refusal{kind: typeAmount, message: "Amount out of range"}
	default:
		return o.amount, nil
	}
}

// answer is the PurchaseResponse, without a voucher.
func (a airtime) answer(f *fields, o order, price int64, electrum, provider party) map[string]any {
	answer := f.echo(electrum, provider)
	product := o.article.wire(0)
	product["productId"] = o.product
	delete(product, "channels")
	answer["product"] = product
	answer["amounts"] = map[string]any{"requestAmount": inRands(price), "approvedAmount": inRands(price)}
	if o.number != "" {
		who, here := networkOf(o.number)
		answer["msisdn"] = map[string]any{
			"msisdn": o.number, "country": country(here), "operator": map[string]any{"id": who.id, "name": who.name},
		}
	}
	return answer
}

// parties are Electrum and the operator, each with a new reference. The caller
// holds the lock.
func (a airtime) parties(o order) (electrum, provider party) {
	return party{"33333333", "Electrum", a.randomDigits(11)}, party{o.article.operator.id, o.article.operator.name, a.randomDigits(16)}
}

// voucher makes a PIN. The caller holds the lock.
func (a airtime) voucher() map[string]any {
	return map[string]any{
		"pin": a.randomDigits(16), "serialNumber": a.randomDigits(12), "batchNumber": a.randomDigits(6),
		"expiryDate":         a.options.Now().UTC().AddDate(3, 0, 0).Format(time.RFC3339),
		"redeemInstructions": []string{"Dial *100*PIN#"},
	}
}

// readPurchase sells a product (Airtime v5, purchase). That a direct top-up cannot
// be reversed is what its providers do.
func (a airtime) readPurchase(f *fields, in *incoming) work {
	o := a.readOrder(f, in)
	job := o.work
	job.deed = buys
	job.run = func(e *entry) (outcome, *refusal) {
		price, no := o.price()
		if no != nil {
			return outcome{}, no
		}
		electrum, provider := a.parties(o)
		answer := a.answer(f, o, price, electrum, provider)
		answer["slipData"] = slip(provider.reference, o.article.name, "Thank you")
		if o.article.pin {
			answer["voucher"] = a.voucher()
		}
		e.final = !o.article.pin
		e.parties = namedParties(answer, electrum, provider)
		return outcome{body: answer, amount: price}, nil
	}
	return job
}

// namedParties are those by which a purchase is found: by the references that they
// gave, and by the settlement entity's own id, as one of Electrum's collections does.
func namedParties(answer map[string]any, electrum, provider party) []party {
	list := []party{electrum, provider, {provider.name, provider.name, provider.reference}, {electrum.name, electrum.name, electrum.id}}
	if given, is := answer["settlementEntity"].(map[string]any); is {
		id, _ := given["id"].(string)
		name, _ := given["name"].(string)
		list = append(list, party{id, name, electrum.reference}, party{name, name, id})
	}
	return list
}

// readTrial says whether a purchase would do (Airtime v5, purchaseTrial). Telkom
// here has no such check, as some providers have none.
func (a airtime) readTrial(f *fields, in *incoming) work {
	o := a.readOrder(f, in)
	job := o.work
	job.fault = 0
	job.run = func(*entry) (outcome, *refusal) {
		if o.article.operator.id == "TELKOM" {
			return outcome{}, &refusal{kind: typeNoFunction, message: "No trials here"}
		}
		price, no := o.price()
		if no != nil {
			return outcome{}, no
		}
		electrum, provider := a.parties(o)
		return outcome{body: a.answer(f, o, price, electrum, provider)}, nil
	}
	return job
}

// readConfirmation takes a PurchaseConfirmation.
func readConfirmation(f *fields, _ *incoming) work {
	job := work{deed: confirms, echo: f.m}
	job.id, job.original, job.reference = f.advice()
	job.paid = f.tenders()
	return job
}

// readReversal takes a PurchaseReversal.
func readReversal(f *fields, _ *incoming) work {
	job := work{deed: reverses, echo: f.m}
	job.id, job.original, job.reference = f.reversal()
	return job
}

// readStatus says what came of a purchase (Airtime v5, purchaseStatus): the answer
// that it had, or 404.
func (a airtime) readStatus(f *fields, in *incoming) work {
	id := f.query(in, "originalMsgId", false, f.uuid)
	q := in.URL.Query()
	provider, reference := q.Get("provider"), q.Get("purchaseReference")
	if id == "" && len(f.wrong) == 0 {
		provider = f.query(in, "provider", true, f.anything)
		reference = f.query(in, "purchaseReference", true, f.anything)
	}
	return work{original: id, run: func(*entry) (outcome, *refusal) {
		var e *entry
		if id != "" {
			e = a.books.byID[key(id)]
		} else {
			e = a.books.byParty(provider, reference)
		}
		switch {
		case e == nil || e.state == Overtaken || !strings.HasPrefix(e.op, "airtime/"):
			return outcome{}, &refusal{kind: typeNotFound, message: "Original not found"}
		case e.state == Reversed:
			return outcome{}, &refusal{kind: typeSettled, message: "Reversed already"}
		case e.state == Refused:
			return outcome{status: e.status, body: json.RawMessage(e.answer)}, nil
		default:
			return outcome{body: json.RawMessage(e.answer)}, nil
		}
	}}
}
