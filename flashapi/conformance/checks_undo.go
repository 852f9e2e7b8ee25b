package conformance

import (
	"fmt"
	"strconv"
)

// reversal is an operation that undoes a purchase.
type reversal struct {
	purchase, reverse string
	section           string
	redeem            string // where what was bought can be redeemed; empty for nowhere
	// disputed is true where section 1.2.3 does not list the product, though
	// chapter 2 has the operation.
	disputed bool
}

func reversals() []reversal {
	return []reversal{
		{voucherPurchase, voucherReverse, "2.3.5", voucherRedeem, false},
		{cashOutPurchase, cashOutReverse, "2.5.4", "", false},
		{exclusivePurchase, exclusiveReverse, "2.6.3", exclusiveRedeem, true},
		{tokenPurchase, tokenReverse, "2.7.2", "", true},
		{eeziPurchase, eeziReverse, "2.9.2", "", false},
	}
}

// undoChecks are about reversals and cancellations.
func undoChecks() []check {
	var list []check
	for _, v := range reversals() {
		add := func(what, says string, run func(*trial)) {
			list = append(list, check{name: checkName(v.reverse, what), section: v.section, spends: true, says: says, run: run})
		}
		add("whole", "a purchase is reversed, once", func(t *trial) { t.reverseWhole(v) })
		add("repeated", "the same reversal again is answered again", func(t *trial) {
			sale, _, _ := t.buy(v.purchase)
			f := t.undo(v.reverse, sale.reference)
			a := t.reversed(v, t.post(v.reverse, f))
			t.same("the same again", a, t.post(v.reverse, f))
			other := t.post(v.reverse, f.with(fields{"originalReference": sale.reference + "-X"}))
			t.refused("another reversal under the same reference", other, some(2256))
		})
		add("concurrent", "of several reversals of one purchase at once, one wins", func(t *trial) {
			sale, _, _ := t.buy(v.purchase)
			var bodies []fields
			for range duplicates {
				bodies = append(bodies, t.undo(v.reverse, sale.reference))
			}
			won := 0
			for i, a := range t.together(duplicates, v.reverse, bodies...) {
				if a.succeeded() {
					won++
					continue
				}
				if code, _ := a.code(); noReversalCodes().has(code) {
					t.reversed(v, a)
				}
				t.refused(fmt.Sprintf("reversal %d", i+1), a, reversedCodes().or(some(2220)))
			}
			if won != 1 {
				t.fault("all of them", "one success", fmt.Sprintf("%d successes", won))
			}
		})
		add("foreign", "the reversal of another product is refused, and reverses nothing", func(t *trial) {
			sale, _, _ := t.buy(v.purchase)
			other := voucherReverse
			if v.reverse == other {
				other = eeziReverse
			}
			t.refused(other, t.post(other, t.undo(other, sale.reference)), noSuchSaleCodes().or(noReversalCodes(), productCodes()))
			t.reversed(v, t.post(v.reverse, t.undo(v.reverse, sale.reference)))
		})
		if v.redeem != "" {
			k := voucherKind()
			if v.redeem == exclusiveRedeem {
				k = exclusiveKind()
			}
			add("redeemed-in-part", "what was redeemed in part cannot be reversed", func(t *trial) {
				sale, _, amount := t.buy(v.purchase)
				part := t.redeem(k, bearer{pin: sale.text("voucher", "pin")}, partOf(amount))
				t.sold("the redemption", t.post(k.redeem, part))
				a := t.post(v.reverse, t.undo(v.reverse, sale.reference))
				t.refused("the reversal", a, reversedCodes().or(usedCodes(), noReversalCodes()))
			})
			add("redeemed", "what was bought and redeemed cannot be reversed", func(t *trial) {
				sale, _, amount := t.buy(v.purchase)
				t.sold("the redemption", t.post(k.redeem, t.redeem(k, bearer{pin: sale.text("voucher", "pin")}, amount)))
				a := t.post(v.reverse, t.undo(v.reverse, sale.reference))
				t.refused("the reversal", a, reversedCodes().or(usedCodes(), noReversalCodes()))
			})
		}
	}
	list = append(list, check{
		name: "1voucher.reverse.redemption", section: "2.3.5", spends: true, asks: true, says: "can a redemption be reversed?", run: checkReverseRedemption,
	})
	for _, c := range []cancellation{
		{cashOutPurchase, cashOutCancel, "2.5.2", func(f Fixture) Sale { return f.CashOut }},
		{exclusivePurchase, exclusiveCancel, "2.6.2", func(f Fixture) Sale { return f.Exclusive }},
	} {
		add := func(what, says string, run func(*trial)) {
			list = append(list, check{name: checkName(c.cancel, what), section: c.section, spends: true, says: says, run: run})
		}
		add("whole", "a purchase is cancelled by its serial number, once", func(t *trial) { t.cancelWhole(c) })
		add("repeated", "the same cancellation again is answered again", func(t *trial) {
			sale, _, _ := t.buy(c.purchase)
			f := t.cancellation(c, sale)
			a := t.post(c.cancel, f)
			t.sold("the cancellation", a)
			t.same("the same again", a, t.post(c.cancel, f))
			other := t.post(c.cancel, f.with(fields{"serialNumber": "NOSUCHSERIAL00"}))
			t.refused("another cancellation under the same reference", other, some(2256))
		})
		add("wrong-product", "a product code of another product is refused, and cancels nothing", func(t *trial) {
			sale, _, _ := t.buy(c.purchase)
			f := t.cancellation(c, sale)
			t.refused("another product", t.post(c.cancel, f.with(fields{"productCode": noSuchProduct})), productCodes().or(noVoucherCodes()))
			f["reference"] = t.run.reference()
			t.sold("the right one, afterwards", t.post(c.cancel, f))
		})
		if c.cancel == exclusiveCancel {
			add("redeemed", "what was redeemed cannot be cancelled", func(t *trial) {
				sale, _, _ := t.buy(c.purchase)
				k := exclusiveKind()
				t.sold("the redemption", t.post(k.redeem, t.redeem(k, bearer{pin: sale.text("voucher", "pin")}, 0)))
				t.refused("the cancellation", t.post(c.cancel, t.cancellation(c, sale)), undoneCodes().or(usedCodes(), some(2676)))
			})
		}
		add("reversed-after", "what was cancelled cannot be reversed as well", func(t *trial) {
			sale, _, _ := t.buy(c.purchase)
			t.sold("the cancellation", t.post(c.cancel, t.cancellation(c, sale)))
			for _, v := range reversals() {
				if v.purchase == c.purchase {
					a := t.post(v.reverse, t.undo(v.reverse, sale.reference))
					t.refused("the reversal", a, reversedCodes().or(undoneCodes(), noReversalCodes(), noSuchSaleCodes()))
				}
			}
		})
	}
	return append(list,
		check{name: "cash-out-pin.lookup.found", section: "2.5.3", spends: true, says: "a Cash Out PIN is found by its serial number", run: checkCashOutLookup},
	)
}

// undo makes a reversal.
func (t *trial) undo(path, original string) fields {
	return t.head(t.run.ops[path]).with(fields{"originalReference": original})
}

// reversed demands a reversal, unless the host says that it does none of these.
func (t *trial) reversed(v reversal, a answer) answer {
	code, _ := a.code()
	if noReversalCodes().has(code) {
		t.learnOf(v.reverse, "Which reversals are not possible here?", "%s", a.describe(&t.run.scrub))
		t.skip("the host says that this is not set up for reversals (code %d)", code)
	}
	if v.disputed {
		t.learnOf(v.reverse, "Are reversals possible that section 1.2.3 does not list?", "%s", yes(a.succeeded()))
	}
	t.sold("the reversal", a)
	return a
}

func (t *trial) reverseWhole(v reversal) {
	sale, _, amount := t.buy(v.purchase)
	a := t.reversed(v, t.post(v.reverse, t.undo(v.reverse, sale.reference)))
	t.amounts("the reversal", a, amount, "amount")
	t.amounts("the reversal", a, amount, "voucher", "amount")
	t.learnOf(t.operation(), "Which words are a voucher's status?", "%s", a.text("voucher", "status"))
	t.refused("the reversal once more", t.post(v.reverse, t.undo(v.reverse, sale.reference)), reversedCodes())
	if v.redeem != "" {
		k := kind{redeem: v.redeem}
		again := t.post(v.redeem, t.redeem(k, bearer{pin: sale.text("voucher", "pin")}, 0))
		t.refused("redeeming what was reversed", again, cancelledCodes().or(noVoucherCodes(), some(2413)))
	}
	for _, s := range sales() {
		if p, listed := t.product(s.product(t.run.target.Fixture).ProductCode); s.path == v.purchase && listed {
			t.learnOf(v.reverse, "What does allowReversal say of a product that was reversed?", "%t", p.reverses)
		}
	}
}

// checkReverseRedemption undoes a redemption, which the document neither allows
// nor forbids, and looks whether the voucher is good again.
func checkReverseRedemption(t *trial) {
	k := voucherKind()
	v := t.voucher(k)
	redeemed := t.post(k.redeem, t.redeem(k, v, 0))
	t.sold("the redemption", redeemed)
	a := t.post(voucherReverse, t.undo(voucherReverse, redeemed.reference))
	if !a.succeeded() {
		t.learn("Can the redemption of a 1Voucher be reversed?", "no: %s", a.describe(&t.run.scrub))
		return
	}
	again := t.post(k.redeem, t.redeem(k, v, 0))
	t.learn("Can the redemption of a 1Voucher be reversed?", "yes, and the PIN is then good again: %s", yes(again.succeeded()))
}

// cancellation is an operation that cancels a purchase by its serial number.
type cancellation struct {
	purchase, cancel string
	section          string
	product          func(Fixture) Sale
}

func (t *trial) cancellation(c cancellation, sale answer) fields {
	serial := sale.text("voucher", "serialNumber")
	if serial == "" {
		t.fault("the purchase", "voucher.serialNumber", t.kind(sale, "voucher", "serialNumber"))
		t.stop()
	}
	return t.head(t.run.ops[c.cancel]).with(fields{"serialNumber": serial, "productCode": c.product(t.run.target.Fixture).ProductCode})
}

func (t *trial) cancelWhole(c cancellation) {
	sale, _, amount := t.buy(c.purchase)
	a := t.post(c.cancel, t.cancellation(c, sale))
	t.sold("the cancellation", a)
	t.amounts("the cancellation", a, amount, "amount")
	t.learnOf(t.operation(), "Which words are a voucher's status?", "%s", a.text("voucher", "status"))
	t.refused("the cancellation once more", t.post(c.cancel, t.cancellation(c, sale)), undoneCodes())
	if c.cancel == exclusiveCancel {
		k := exclusiveKind()
		again := t.post(k.redeem, t.redeem(k, bearer{pin: sale.text("voucher", "pin")}, 0))
		t.refused("redeeming what was cancelled", again, cancelledCodes().or(noVoucherCodes()))
		return
	}
	found := t.post(cashOutLookup, t.lookup(sale))
	was, is := sale.text("voucher", "status"), found.text("voucher", "status")
	if found.succeeded() && was == is {
		t.fault("the lookup after the cancellation", "another status than at first", "the same, "+t.got(found))
	}
	t.learn("How is a cancelled Cash Out PIN looked up?", "%s, status %q", found.describe(&t.run.scrub), is)
}

// lookup makes the lookup of a Cash Out PIN.
func (t *trial) lookup(sale answer) fields {
	return t.head(t.run.ops[cashOutLookup]).with(fields{
		"serialNumber": sale.text("voucher", "serialNumber"), "productCode": t.run.target.Fixture.CashOut.ProductCode,
	})
}

func checkCashOutLookup(t *trial) {
	sale, _, amount := t.buy(cashOutPurchase)
	a := t.post(cashOutLookup, t.lookup(sale))
	t.sold("the lookup", a)
	t.amounts("the lookup", a, amount, "voucher", "amount")
	if a.text("voucher", "serialNumber") != sale.text("voucher", "serialNumber") {
		t.fault("the lookup", "the serial number that was asked for", t.kind(a, "voucher", "serialNumber"))
	}
	for _, name := range []string{"expiryDate", "status"} {
		t.has("the lookup", a, "text", "voucher", name)
	}
	t.learn("Does the lookup of a Cash Out PIN show the PIN?", "%s", yes(a.text("voucher", "pin") == sale.text("voucher", "pin")))
	f := t.lookup(sale).with(fields{"productCode": strconv.FormatInt(t.run.target.Fixture.CashOut.ProductCode, 10)})
	t.learnOf(cashOutLookup+" (one that exists)", "Is productCode accepted as a string?", "%s", yes(t.post(cashOutLookup, f).succeeded()))
}

// knownChecks try what the fixture knows to be refused.
func knownChecks() []check {
	return []check{{name: "fixture.refusals", section: "4", spends: true, says: "what the fixture knows to be refused is refused with its code", run: func(t *trial) {
		list := t.run.target.Fixture.Refusals
		t.need(len(list) > 0, "known refusals (refusals)")
		for _, r := range list {
			op, known := t.run.ops[r.Operation]
			if !known {
				t.fault(r.Name, "an operation of the document", "the fixture names "+r.Operation)
				continue
			}
			t.refused(r.Name, t.post(op.path, t.nothing(op).with(fields(r.Fields))), some(r.Code))
		}
	}}}
}
