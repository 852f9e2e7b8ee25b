package sandbox

import (
	"strings"
	"testing"
)

// wish asks for a voucher: of a product, or of none where it is "", and for an
// amount in cents where it is more than none.
func wish(id, product string, amount int64, more props) props {
	body := request(id, more)
	if product != "" {
		body["product"] = props{"productId": product}
	}
	if amount > 0 {
		body["amounts"] = props{"requestAmount": rands(amount)}
	}
	return body
}

// provision asks for a voucher with a new id.
func (l *till) provision(product string, amount int64) (id string, r reply) {
	l.t.Helper()
	id = l.id()
	return id, l.post(voucherBase+"vouchers", wish(id, product, amount, nil))
}

// tell advises about a provision, a redemption or a refund: "vouchers",
// "redemptions" or "refunds", and there "confirmations" or "reversals".
func (l *till) tell(where, id string) reply {
	l.t.Helper()
	var more props
	if strings.Contains(where, "reversals") {
		more = props{"reversalReason": "CANCELLED"}
	}
	return l.post(voucherBase+where, advice(l.id(), id, more))
}

// use redeems or refunds a voucher: where is "redemptions" or "refunds".
func (l *till) use(where, code string, more props) (id string, r reply) {
	l.t.Helper()
	id = l.id()
	return id, l.post(voucherBase+where, request(id, props{"voucher": with(props{"code": code}, more)}))
}

func codeOf(r reply) string {
	code, _ := r.at("voucher.code").(string)
	return code
}

func TestTheProductsAreTold(t *testing.T) {
	l := setup(t)
	all := objects(l.get(voucherBase + "products").at("products"))
	if len(all) != len(gifts()) {
		t.Fatalf("%d products", len(all))
	}
	for i, g := range gifts() {
		p := all[i]
		name, _ := p.at("name").(string)
		fixed := p.at("isFixedValue") == true
		if p.at("productId") != g.id || name == "" || len(name) > 40 || len(g.id) > 20 || len(g.barcode) != 13 || fixed != (g.min == g.max) ||
			fixed && cents(p.at("amount.amount")) != g.min || !fixed && cents(p.at("maxAmount.amount")) != g.max {
			t.Errorf("product %v", p.body)
		}
	}
}

func TestAVoucherIsIssuedForItsPrice(t *testing.T) {
	for name, c := range map[string]struct {
		product     string
		amount      int64
		more        props
		status      int
		kind        string
		value, paid int64
	}{
		"one price":              {"GAMESTORE50", 50_00, nil, 201, "", 50_00, 50_00},
		"one price, unsaid":      {"KWELAMUSIC1", 0, nil, 201, "", 59_99, 59_99},
		"another than its price": {"GAMESTORE50", 60_00, nil, 400, "INVALID_AMOUNT", 0, 0},
		"any price":              {"PROTEAFASHION", 75_50, nil, 201, "", 75_50, 75_50},
		"no price":               {"PROTEAFASHION", 0, nil, 400, "INVALID_AMOUNT", 0, 0},
		"too low":                {"PROTEAFASHION", 49_99, nil, 400, "INVALID_AMOUNT", 0, 0},
		"too high":               {"PROTEAFASHION", 2000_01, nil, 400, "INVALID_AMOUNT", 0, 0},
		"price of the product":   {"", 0, props{"product": props{"productId": "MARULAMARKET", "amount": rands(20_00)}}, 201, "", 20_00, 20_00},
		"unknown product":        {"NOTHING", 50_00, nil, 400, "TRANSACTION_NOT_SUPPORTED", 0, 0},
		"no product":             {"", 0, nil, 201, "", 0, 0},
		"more than the float":    {"MARULAMARKET", 1000_01, nil, 400, "INSUFFICIENT_FUNDS", 0, 0},
		"a code of the client":   {"", 0, props{"voucher": props{"code": "4711"}}, 201, "", 0, 0},
		"wanted error":           {"PROTEAFASHIONE06", 50_00, nil, 400, errorTypes()[5], 0, 0},
		"product with a dash":    {"GAME-50", 50_00, nil, 400, "FORMAT_ERROR", 0, 0},
		"unknown field":          {"GAMESTORE50", 50_00, props{"surprise": true}, 400, "FORMAT_ERROR", 0, 0},
		"no terminal":            {"GAMESTORE50", 50_00, props{"originator": nil}, 400, "FORMAT_ERROR", 0, 0},
		"another client":         {"GAMESTORE50", 50_00, props{"client": props{"id": "other", "name": "Other"}}, 400, "AUTHENTICATION_ERROR", 0, 0},
	} {
		l := setup(t, func(o *Options) { o.Float = 1000_00 })
		id := l.id()
		r := l.post(voucherBase+"vouchers", wish(id, c.product, c.amount, c.more))
		r.want(t, name, c.status, c.kind)
		l.money(name, 1000_00-c.paid)
		if c.kind != "" {
			continue
		}
		if code := codeOf(r); code == "" || len(code) > 40 || r.at("id") != id || cents(r.at("amounts.approvedAmount.amount")) != c.value ||
			r.at("voucher.expiryDate") != "2028-05-01T08:00:00Z" || len(objects(r.at("thirdPartyIdentifiers"))) != 4 {
			t.Errorf("%s: %s", name, r.text)
		}
		if proposed, _ := c.more["voucher"].(props); proposed != nil && codeOf(r) != proposed["code"] {
			t.Errorf("%s: code %s", name, codeOf(r))
		}
	}
}

func TestARetryGivesTheVoucherThatWasIssuedOrIssuesOne(t *testing.T) {
	l := setup(t)
	retry := func(id, product string) reply {
		return l.post(voucherBase+"vouchers/"+id+"/retry", wish(id, product, 100_00, nil))
	}
	id, first := l.provision("PROTEAFASHION", 100_00)
	for range 2 {
		again := retry(id, "PROTEAFASHION")
		again.want(t, "retry", 200, "")
		if codeOf(first) == "" || codeOf(again) != codeOf(first) {
			t.Errorf("issued %s, then %s", first.text, again.text)
		}
	}
	l.post(voucherBase+"vouchers", wish(id, "PROTEAFASHION", 100_00, nil)).want(t, "the same id", 400, "DUPLICATE_RECORD")
	retry(id, "MARULAMARKET").want(t, "another product", 400, "FORMAT_ERROR")
	other := l.id()
	l.post(voucherBase+"vouchers/"+id+"/retry", wish(other, "PROTEAFASHION", 100_00, nil)).want(t, "another id", 400, "FORMAT_ERROR")
	l.money("one voucher", DefaultFloat-100_00)

	unseen := l.id()
	retry(unseen, "PROTEAFASHION").want(t, "retry of what never came", 200, "")
	l.tell("vouchers/confirmations", unseen).want(t, "confirmation of it", 202, "")
	l.money("two vouchers", DefaultFloat-200_00)

	l.tell("vouchers/reversals", id).want(t, "reversal", 202, "")
	retry(id, "PROTEAFASHION").want(t, "retry of what is reversed", 400, "VOUCHER_ALREADY_REVERSED")
	gone := l.id()
	l.tell("vouchers/reversals", gone).want(t, "reversal before its provision", 404, "UNABLE_TO_LOCATE_RECORD")
	retry(gone, "PROTEAFASHION").want(t, "its retry", 400, "VOUCHER_ALREADY_REVERSED")
	l.post(voucherBase+"vouchers", wish(gone, "PROTEAFASHION", 100_00, nil)).want(t, "the provision", 400, "VOUCHER_ALREADY_REVERSED")
	l.money("one is left", DefaultFloat-100_00)
}

func TestAProvisionIsConfirmedOrReversed(t *testing.T) {
	l := setup(t)
	id, _ := l.provision("GAMESTORE50", 50_00)
	l.tell("vouchers/confirmations", id).want(t, "confirmation", 202, "")
	l.tell("vouchers/confirmations", id).want(t, "confirmation again", 202, "")
	l.tell("vouchers/reversals", id).want(t, "reversal of what is confirmed", 400, "VOUCHER_ALREADY_CONFIRMED")
	id, _ = l.provision("GAMESTORE50", 50_00)
	l.tell("vouchers/reversals", id).want(t, "reversal", 202, "")
	l.tell("vouchers/reversals/", id).want(t, "reversal again", 202, "")
	l.tell("vouchers/confirmations/", id).want(t, "confirmation of what is reversed", 400, "VOUCHER_ALREADY_REVERSED")
	l.tell("vouchers/confirmations", l.id()).want(t, "confirmation of nothing", 404, "UNABLE_TO_LOCATE_RECORD")
	meter, _ := l.buy("TST001", 100_00)
	l.tell("vouchers/reversals", meter).want(t, "reversal of tokens", 404, "UNABLE_TO_LOCATE_RECORD")
	l.money("one voucher and one token", DefaultFloat-150_00)
}

func TestALookupTellsOfAVoucherAndKeepsItsCode(t *testing.T) {
	l := setup(t)
	id, issued := l.provision("BAOBABFILMS99", 99_00)
	serial, _ := issued.at("voucher.serialNumber").(string)
	for _, query := range []string{"provisionRequestId=" + id, "voucherCode=" + codeOf(issued), "voucherSerialNumber=" + serial} {
		r := l.get(voucherBase + "vouchers?" + query)
		r.want(t, "lookup by "+query[:9], 200, "")
		if cents(r.at("amounts.approvedAmount.amount")) != 99_00 || r.at("product.productId") != "BAOBABFILMS99" || strings.Contains(r.text, codeOf(issued)) || r.at("voucher.pin") != nil {
			t.Errorf("lookup by %s: %s", query[:9], r.text)
		}
	}
	l.get(voucherBase+"vouchers?provisionRequestId="+l.id()).want(t, "unknown", 404, "UNABLE_TO_LOCATE_RECORD")
	l.get(voucherBase+"vouchers?provisionRequestId=1").want(t, "no id", 400, "FORMAT_ERROR")
	l.get(voucherBase+"vouchers").want(t, "no question", 400, "FORMAT_ERROR")
	l.tell("vouchers/reversals", id)
	l.get(voucherBase+"vouchers?provisionRequestId="+id).want(t, "reversed", 404, "UNABLE_TO_LOCATE_RECORD")
}

func TestAVoucherIsRedeemedAndRefunded(t *testing.T) {
	l := setup(t)
	id, issued := l.provision("BAOBABFILMS99", 99_00)
	code, pin := codeOf(issued), props{"pin": issued.at("voucher.pin")}
	use := func(where string) (string, reply) { return l.use(where, code, pin) }
	_, r := use("redemptions")
	r.want(t, "redemption before the confirmation", 400, "VOUCHER_NOT_REDEEMABLE")
	l.tell("vouchers/confirmations", id)
	_, r = l.use("redemptions", code, nil)
	r.want(t, "without its PIN", 400, "INVALID_VOUCHER")
	_, r = l.use("redemptions", "0000", nil)
	r.want(t, "no such code", 400, "INVALID_VOUCHER")
	_, r = use("refunds")
	r.want(t, "refund of what is not redeemed", 400, "VOUCHER_NOT_REDEEMED")

	first, r := use("redemptions")
	r.want(t, "redemption", 201, "")
	_, r = use("redemptions")
	r.want(t, "another redemption", 400, "VOUCHER_ALREADY_REDEEMED")
	_, r = use("refunds")
	r.want(t, "refund too early", 400, "REDEMPTION_NOT_CONFIRMED")
	l.get(voucherBase+"redemptions/"+first).want(t, "question", 200, "")
	l.tell("redemptions/reversals", first).want(t, "reversal", 202, "")
	l.get(voucherBase+"redemptions/"+first).want(t, "question after the reversal", 404, "UNABLE_TO_LOCATE_RECORD")

	second, r := use("redemptions")
	r.want(t, "redemption after the reversal", 201, "")
	l.tell("redemptions/confirmations", second).want(t, "confirmation", 202, "")
	l.tell("redemptions/reversals", second).want(t, "reversal of what is confirmed", 400, "REDEMPTION_ALREADY_CONFIRMED")
	third, r := use("refunds")
	r.want(t, "refund", 201, "")
	_, r = use("refunds")
	r.want(t, "another refund", 400, "VOUCHER_ALREADY_REFUNDED")
	l.tell("refunds/reversals", third).want(t, "reversal of the refund", 202, "")
	fourth, r := use("refunds")
	r.want(t, "refund after the reversal", 201, "")
	l.tell("refunds/confirmations", fourth).want(t, "confirmation of the refund", 202, "")
	l.tell("refunds/reversals", fourth).want(t, "its reversal", 400, "REFUND_ALREADY_CONFIRMED")
	_, r = use("redemptions")
	r.want(t, "redemption after the refund", 201, "")
	l.money("the voucher", DefaultFloat-99_00)

	id, issued = l.provision("GAMESTORE50", 50_00)
	l.tell("vouchers/confirmations", id)
	l.now.Store(3 * 366 * 86400)
	_, r = l.use("redemptions", codeOf(issued), nil)
	r.want(t, "redemption after its end", 400, "VOUCHER_NOT_REDEEMABLE")
}

func TestAFaultOfAGiftStrikesAndIsRecoveredFrom(t *testing.T) {
	for _, k := range faultKinds() {
		switch k.fault {
		case faultHang, faultLate, faultHuge, faultDrip, faultDeep, faultSlow:
			continue // have tests of their own, or are no trouble to this customer
		}
		l := setup(t)
		for _, product := range []string{"PROTEAFASHION", "PROTEAFASHIONF" + k.fault.number()} {
			amount := 100_00 + int64(k.fault)
			id, first := l.provision(product, amount)
			if first.status == 201 && first.at("id") == id && first.at("product.productId") == product && codeOf(first) != "" {
				t.Errorf("fault %s did not strike: %s", k.fault.number(), first.text)
			}
			if l.sandbox.Done(id) == k.before {
				t.Errorf("fault %s: sold is %t", k.fault.number(), l.sandbox.Done(id))
			}
			again := l.post(voucherBase+"vouchers/"+id+"/retry", wish(id, product, amount, nil))
			if whole := again.status == 200 && codeOf(again) != ""; whole == (k.fault == faultNoGoods) {
				t.Errorf("fault %s, retried: %s", k.fault.number(), again.text)
			}
		}
		l.money("fault "+k.fault.number(), DefaultFloat-200_00-2*int64(k.fault))
	}
}
