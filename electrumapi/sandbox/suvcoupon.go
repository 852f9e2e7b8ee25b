package sandbox

import (
	"encoding/json"
	"time"
)

// stage is where a voucher is on its way.
type stage int

const (
	issued   stage = iota // and neither confirmed nor reversed
	active                // confirmed: it can be redeemed
	redeemed              // not confirmed yet
	spent                 // redeemed, and that is confirmed
	refunded              // not confirmed yet; then it is active again
	void                  // its provision was reversed
)

// coupon is one voucher.
type coupon struct {
	entry        *entry // of the provision
	gift         gift
	value        int64 // cents
	code, serial string
	pin          string // "" for none
	expires      time.Time
	stage        stage
}

// wanted is what a ProvisionRequest asks for.
type wanted struct {
	product string // "" for none: a voucher of no shop
	amount  int64  // cents
	priced  bool   // the amount is given
	code    string // that the client proposes; "" for none
	fields  *fields
}

// provision issues a voucher. The caller holds the lock.
func (c *coupons) provision(o wanted, e *entry) (outcome, *refusal) {
	g, known := c.gifts[o.product]
	switch {
	case o.product == "":
		g = gift{name: "Voucher", max: 1<<62 - 1}
	case !known:
		return outcome{}, &refusal{kind: typeNotSupported, message: "No such product"}
	case !o.priced && g.fixed():
		o.amount = g.min
	}
	if o.amount < g.min || o.amount > g.max {
		return outcome{}, &refusal{kind: typeInvalidAmount, message: "Invalid amount"}
	}
	if o.amount > c.s.books.float {
		return outcome{}, &refusal{kind: typeFunds, message: "Float is too small"}
	}
	if c.byCode[o.code] != nil {
		return outcome{}, &refusal{kind: typeProvisioned, message: "Code exists already"}
	}
	v := &coupon{
		entry: e, gift: g, value: o.amount, code: o.code, expires: c.expiry(),
		serial: "SN" + c.s.randomDigits(12),
	}
	for v.code == "" || o.code == "" && c.byCode[v.code] != nil {
		v.code = c.s.randomDigits(16)
	}
	if g.pin {
		v.pin = c.s.randomDigits(4)
	}
	c.byCode[v.code] = v
	parties := c.parties()
	e.goods, e.parties = v, parties[:]
	return outcome{body: v.issued(o.fields, parties), amount: v.value}, nil
}

// parties are whom the answers name besides the client, each with a reference of
// its own. The caller holds the lock.
func (c *coupons) parties() [2]party {
	n := c.s.randomDigits(10)
	return [2]party{{"ELECTRUM", "Electrum", "EL" + n}, {shopID, "Gift Shops", "GS" + n}}
}

// issued is the ProvisionResponse to a request.
func (v *coupon) issued(f *fields, parties [2]party) map[string]any {
	answer := f.echo(parties[0], parties[1])
	answer["voucher"] = v.wire()
	if v.gift.id != "" {
		product := v.gift.wire()
		product["productId"] = f.find("product.productId") // a test number says more than the product
		answer["product"] = product
	}
	answer["amounts"] = v.amounts()
	for _, name := range [...]string{"posInfo", "recipient", "tenders"} {
		if given := f.find(name); given != nil {
			answer[name] = given
		}
	}
	answer["slipData"] = slip(parties[1].reference, v.gift.name, inWords(v.value), "Code "+v.code)
	return answer
}

// wire is the voucher with what it is redeemed by.
func (v *coupon) wire() map[string]any {
	w := v.known()
	w["code"], w["redeemInstructions"] = v.code, v.gift.redeemLines()
	if v.pin != "" {
		w["pin"] = map[string]any{"type": "CLEAR_PIN", "pin": v.pin}
	}
	return w
}

// known is the voucher without what it is redeemed by.
func (v *coupon) known() map[string]any {
	return map[string]any{"serialNumber": v.serial, "expiryDate": v.expires.Format(time.RFC3339)}
}

// amounts tell the value of the voucher as a credit.
func (v *coupon) amounts() map[string]any {
	approved := inRands(v.value)
	approved["ledgerIndicator"] = "CREDIT"
	return map[string]any{"requestAmount": inRands(v.value), "approvedAmount": approved}
}

// lookup is a VoucherLookupResponse. The document recommends that a code, which
// can be spent, stands in no other answer than that of the provision.
func (v *coupon) lookup() map[string]any {
	answer := map[string]any{"voucher": v.known(), "amounts": v.amounts()}
	if v.gift.id != "" {
		answer["product"] = v.gift.wire()
	}
	return answer
}

// used is what a redemption or a refund keeps: its voucher.
type used struct{ coupon *coupon }

// redeem takes a voucher in. The caller holds the lock.
func (c *coupons) redeem(f *fields, code, pin string, e *entry) (outcome, *refusal) {
	v := c.byCode[code]
	switch {
	case v == nil || v.pin != "" && v.pin != pin:
		return outcome{}, &refusal{kind: typeInvalidVoucher, message: "No such voucher"}
	case v.stage == redeemed || v.stage == spent:
		return outcome{}, &refusal{kind: typeRedeemed, message: "Redeemed already"}
	case v.stage != active || !c.s.options.Now().Before(v.expires):
		return outcome{}, &refusal{kind: typeNotRedeemable, message: "Voucher cannot be redeemed"}
	}
	return c.use(v, redeemed, f, e), nil
}

// refund gives a redeemed voucher back. The caller holds the lock.
func (c *coupons) refund(f *fields, code string, e *entry) (outcome, *refusal) {
	v := c.byCode[code]
	switch {
	case v == nil:
		return outcome{}, &refusal{kind: typeInvalidVoucher, message: "No such voucher"}
	case v.stage == redeemed:
		return outcome{}, &refusal{kind: typeUnconfirmed, message: "Redemption is not confirmed"}
	case v.stage == refunded:
		return outcome{}, &refusal{kind: typeRefunded, message: "Refunded already"}
	case v.stage != spent:
		return outcome{}, &refusal{kind: typeNotRedeemed, message: "Voucher is not redeemed"}
	}
	return c.use(v, refunded, f, e), nil
}

// use moves a voucher on and answers, as a redemption and a refund do. The caller
// holds the lock.
func (c *coupons) use(v *coupon, to stage, f *fields, e *entry) outcome {
	parties := c.parties()
	v.stage = to
	e.goods, e.parties = used{v}, parties[:]
	answer := f.echo(parties[0], parties[1])
	answer["voucher"], answer["amounts"] = v.wire(), v.amounts()
	return outcome{body: answer}
}

// advised moves the voucher of an entry on that a confirmation or a reversal has
// changed. The caller holds the lock.
func (c *coupons) advised(e *entry) {
	confirmed := e.state == Confirmed
	switch goods := e.goods.(type) {
	case *coupon:
		goods.stage = void
		if confirmed {
			goods.stage = active
		}
	case used:
		v := goods.coupon
		switch {
		case confirmed && v.stage == redeemed, !confirmed && v.stage == refunded:
			v.stage = spent
		default: // a redemption that was undone, a refund that was made
			v.stage = active
		}
	}
}

// rawAnswer writes an answer that was given already.
func rawAnswer(answer []byte) json.RawMessage { return answer }
