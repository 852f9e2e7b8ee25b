package conformance

import (
	"fmt"
)

// kind is a sort of voucher that can be bought and redeemed here.
type kind struct {
	group, purchase, redeem, section string
}

func voucherKind() kind { return kind{"1voucher", voucherPurchase, voucherRedeem, "2.3.3"} }
func exclusiveKind() kind {
	return kind{"exclusive-voucher", exclusivePurchase, exclusiveRedeem, "2.6.4"}
}

// bearer is a voucher in hand.
type bearer struct {
	pin       string
	amount    int64
	reference string // of its purchase; empty when the fixture gave it
}

// voucher is a fresh voucher: bought where the server sells it, else from the
// fixture.
func (t *trial) voucher(k kind) bearer {
	f := t.run.target.Fixture
	if k == voucherKind() && f.Voucher.Amount == 0 {
		if t.run.used >= len(f.Vouchers) {
			t.skip("the fixture has no 1Voucher (voucher.amount), or not enough to redeem (vouchers)")
		}
		v := f.Vouchers[t.run.used]
		t.run.used++
		return bearer{pin: v.PIN.Reveal(), amount: v.Amount}
	}
	a, _, amount := t.buy(k.purchase)
	pin := a.text("voucher", "pin")
	if pin == "" {
		t.fault("the purchase", "voucher.pin", t.kind(a, "voucher", "pin"))
		t.stop()
	}
	return bearer{pin, amount, a.reference}
}

// redeem makes a redemption.
func (t *trial) redeem(k kind, v bearer, amount int64) fields {
	return t.head(t.run.ops[k.redeem]).with(fields{"pin": v.pin, "amount": amount})
}

// voucherChecks are about what becomes of vouchers, of both redeemable kinds.
func voucherChecks() []check {
	var list []check
	for _, k := range []kind{voucherKind(), exclusiveKind()} {
		add := func(what, says string, run func(*trial)) {
			list = append(list, check{name: k.group + ".redeem." + what, section: k.section, spends: true, says: says, run: run})
		}
		add("full", "amount 0 redeems all of it, once", func(t *trial) {
			v := t.voucher(k)
			a := t.post(k.redeem, t.redeem(k, v, 0))
			t.sold("amount 0", a)
			t.learnOf(k.group, "Which amount does a full redemption (amount 0) answer?", "%s", t.whichAmount(a, v.amount, "amount"))
			t.learnOf(k.group, "What is in voucher after a full redemption?", "%s", t.whatVoucher(a, v, v.amount))
			t.refused("that PIN again", t.post(k.redeem, t.redeem(k, v, 0)), usedCodes())
		})
		add("exact", "the whole amount leaves no change", func(t *trial) {
			v := t.voucher(k)
			a := t.post(k.redeem, t.redeem(k, v, v.amount))
			t.sold("the whole amount", a)
			t.amounts("the whole amount", a, v.amount, "amount")
			if pin := a.text("voucher", "pin"); pin != "" && pin != v.pin {
				t.fault("the whole amount", "no change voucher", "another PIN, reference "+a.reference)
			}
			t.refused("that PIN again", t.post(k.redeem, t.redeem(k, v, 0)), usedCodes())
		})
		add("part", "a part leaves a change voucher, which can be redeemed in turn", func(t *trial) { t.part(k) })
		add("part-by-message", "a change voucher that is sent to a phone is not in the answer", func(t *trial) {
			number := t.run.target.Fixture.MobileNumber
			t.need(number != "", "mobile number (mobileNumber)")
			v := t.voucher(k)
			a := t.post(k.redeem, t.redeem(k, v, partOf(v.amount)).with(fields{"mobileNumber": number}))
			if code, _ := a.code(); code == 2279 {
				t.skip("the account is set up for reversals: no change vouchers by message (code 2279)")
			}
			t.sold("a part, with mobileNumber", a)
			if pin := a.text("voucher", "pin"); pin != "" && pin != v.pin {
				t.fault("a part, with mobileNumber", "no PIN in the answer", "a PIN, reference "+a.reference)
			}
			t.learnOf(k.group, "What is in voucher when the change is sent to a phone?", "%s", t.whatVoucher(a, v, partOf(v.amount)))
		})
		add("too-much", "more than its worth is refused, and it stays good", func(t *trial) {
			v := t.voucher(k)
			t.refused("more than its worth", t.post(k.redeem, t.redeem(k, v, v.amount+1)), some(2204, 2408))
			t.sold("the same PIN, all of it", t.post(k.redeem, t.redeem(k, v, 0)))
		})
		add("repeated", "the same redemption again is one; another under its reference is refused with 2256", func(t *trial) {
			v := t.voucher(k)
			f := t.redeem(k, v, partOf(v.amount))
			a := t.post(k.redeem, f)
			t.sold("a part", a)
			t.same("the same again", a, t.post(k.redeem, f))
			other := t.post(k.redeem, f.with(fields{"amount": 0}))
			t.refused("another amount under the same reference", other, some(2256))
			t.differs(a, other)
		})
		add("concurrent", "the same redemption several times at once is one", func(t *trial) {
			v := t.voucher(k)
			t.oneSale(k.redeem, t.redeem(k, v, 0))
		})
		add("race", "of several redemptions of one PIN at once, one wins", func(t *trial) {
			v := t.voucher(k)
			var bodies []fields
			for range duplicates {
				bodies = append(bodies, t.redeem(k, v, 0))
			}
			won := 0
			for i, a := range t.together(duplicates, k.redeem, bodies...) {
				if a.succeeded() {
					won++
					continue
				}
				t.refused(fmt.Sprintf("redemption %d", i+1), a, usedCodes().or(some(2220)))
			}
			if won != 1 {
				t.fault("all of them", "one success", fmt.Sprintf("%d successes", won))
			}
		})
	}
	return append(list,
		check{name: "1voucher.refund.redeemable", section: "2.3.4", spends: true, says: "a refund is a new voucher for the whole amount, and good", run: func(t *trial) {
			a, _, amount := t.buy(voucherRefund)
			t.voucherOf(a, amount)
			back := t.post(voucherRedeem, t.redeem(voucherKind(), bearer{pin: a.text("voucher", "pin")}, amount))
			t.sold("the refund's PIN", back)
		}},
		check{name: "1voucher.refund.by-message", section: "2.3.4", spends: true, says: "a refund that is sent to a phone is not in the answer", run: func(t *trial) {
			number, p := t.run.target.Fixture.MobileNumber, t.run.target.Fixture.Voucher
			t.need(number != "" && p.Amount > 0, "mobile number, or 1Voucher (mobileNumber, voucher.amount)")
			t.fillRedemptions(p)
			t.spend(p.Amount)
			a := t.post(voucherRefund, t.head(t.run.ops[voucherRefund]).with(fields{"amount": p.Amount, "mobileNumber": number}))
			if code, _ := a.code(); code == 2279 {
				t.skip("the account is set up for reversals: no refunds by message (code 2279)")
			}
			t.sold("a refund, with mobileNumber", a)
			if a.text("voucher", "pin") != "" {
				t.fault("a refund, with mobileNumber", "no PIN in the answer", "a PIN, reference "+a.reference)
			}
		}},
		check{name: "exclusive-voucher.redeem.1voucher", section: "2.6.4", spends: true, asks: true, says: "is a 1Voucher an exclusive voucher?", run: func(t *trial) {
			v := t.voucher(voucherKind())
			a := t.post(exclusiveRedeem, t.redeem(exclusiveKind(), v, 0))
			t.learn("Is a 1Voucher redeemed where exclusive vouchers are?", "%s", a.describe(&t.run.scrub))
		}},
		check{name: "exclusive-voucher.redeem.with-code", section: "2.6.4.1", spends: true, says: "the product code is optional", run: func(t *trial) {
			v := t.voucher(exclusiveKind())
			code := t.run.target.Fixture.Exclusive.ProductCode
			t.sold("with productCode", t.post(exclusiveRedeem, t.redeem(exclusiveKind(), v, 0).with(fields{"productCode": code})))
		}},
	)
}

// whichAmount says what an amount is, against what was redeemed.
func (t *trial) whichAmount(a answer, worth int64, names ...string) string {
	switch got, ok := a.cents(names...); {
	case !ok:
		return "none"
	case got == 0:
		return "0"
	case got == worth:
		return "the amount redeemed"
	default:
		return "neither"
	}
}

// whatVoucher describes the voucher in the answer to a redemption of an amount.
func (t *trial) whatVoucher(a answer, v bearer, redeemed int64) string {
	m, ok := a.get("voucher").(map[string]any)
	if !ok {
		return "there is none"
	}
	pin := "no PIN"
	switch p, _ := m["pin"].(string); p {
	case "":
	case v.pin:
		pin = "the PIN that was redeemed"
	default:
		pin = "another PIN"
	}
	amount := t.whichAmount(a, redeemed, "voucher", "amount")
	if left, ok := a.cents("voucher", "amount"); ok && left > 0 && left == v.amount-redeemed {
		amount = "what is left"
	}
	return pin + ", amount: " + amount
}

// partOf is less than half of an amount, so that what is redeemed and what is
// left cannot be mistaken for each other.
func partOf(amount int64) int64 { return amount * 2 / 5 }

// part redeems a part, and then what is left.
func (t *trial) part(k kind) {
	v := t.voucher(k)
	part := partOf(v.amount)
	a := t.post(k.redeem, t.redeem(k, v, part))
	t.sold("a part", a)
	t.amounts("a part", a, part, "amount")
	t.learnOf(k.group, "What is in voucher after a redemption in part?", "%s", t.whatVoucher(a, v, part))
	change := bearer{pin: a.text("voucher", "pin"), amount: v.amount - part}
	if change.pin == "" || change.pin == v.pin {
		t.fault("a part", "a change voucher in voucher.pin", t.whatVoucher(a, v, part)+", reference "+a.reference)
		return
	}
	t.redeemable("a part", a)
	t.amounts("a part", a, change.amount, "voucher", "amount")
	t.has("a part", a, "text", "voucher", "expiryDate")
	t.refused("the first PIN again", t.post(k.redeem, t.redeem(k, v, 0)), usedCodes())
	t.refused("more than the change", t.post(k.redeem, t.redeem(k, change, change.amount+1)), some(2204, 2408))
	t.sold("the change", t.post(k.redeem, t.redeem(k, change, 0)))
	t.refused("the change again", t.post(k.redeem, t.redeem(k, change, 0)), usedCodes())
}
