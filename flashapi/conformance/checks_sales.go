package conformance

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// duplicates is how many requests are sent at once.
const duplicates = 4

// saleChecks are made on every operation that sells.
func saleChecks() []check {
	var list []check
	for _, s := range sales() {
		list = append(list,
			check{name: checkName(s.path, "sale"), section: s.section, spends: true, says: "sells, and the answer is complete", run: func(t *trial) {
				a, _, amount := t.buy(s.path)
				s.goods(t, a, amount)
			}},
			check{name: checkName(s.path, "repeated"), section: "1.2.2", spends: true, says: "the same request again is one sale; another under its reference is refused with 2256", run: func(t *trial) { t.repeated(s) }},
			check{name: checkName(s.path, "concurrent"), section: "1.2.2", spends: true, says: "the same request several times at once is one sale", run: func(t *trial) {
				f, _ := t.begin(s)
				t.oneSale(s.path, f)
			}},
			check{name: checkName(s.path, "foreign-account"), section: s.section, spends: true, says: "nothing is sold to another account", run: func(t *trial) {
				f, amount := t.begin(s)
				a := t.post(s.path, f.with(fields{"accountNumber": t.run.target.Fixture.otherAccount()}))
				t.run.spent -= amount // it is not to be sold
				t.lost(a, amount)
				t.refused("another account", a, accountCodes())
			}},
		)
	}
	for _, s := range sales() {
		if s.path == utilityPurchase || s.path == billerPurchase || s.path == billerDisburse || s.path == voucherRefund {
			continue // their limits are not in the product list
		}
		list = append(list, check{name: checkName(s.path, "limits"), section: "2.2.1", spends: true, says: "an amount outside the product's limits is refused", run: func(t *trial) { t.limits(s) }})
	}
	for _, s := range sales() {
		if op := operationOf(s.path); op.takes("productCode") && op.path != tokenPurchase {
			list = append(list, check{name: checkName(s.path, "foreign-product"), section: s.section, spends: true, says: "the product of another group is refused", run: func(t *trial) { t.foreign(s) }})
		}
	}
	return append(list,
		check{name: "1voucher.purchase.echo", section: "3.1.4", spends: true, asks: true, says: "are storeId, terminalId and metadata given back?", run: checkEcho},
		check{name: "1voucher.purchase.other-operation", section: "1.2.2", spends: true, says: "a reference is one for all operations", run: func(t *trial) {
			first, f, _ := t.buy(voucherPurchase)
			other := t.head(t.run.ops[voucherDisburse]).with(fields{"reference": f["reference"], "amount": f["amount"]})
			a := t.post(voucherDisburse, other)
			t.refused("a disbursement under the purchase's reference", a, some(2201, 2248, 2256, 2359, 2372))
			t.differs(first, a)
		}},
		check{name: "gift-voucher.purchase.barcode", section: "2.4.1.1", spends: true, says: "sells by barcode in place of the product code", run: func(t *trial) {
			p := t.run.target.Fixture.Gift
			t.need(p.Barcode != "" && p.Amount > 0, "gift voucher with a barcode (gift.barcode)")
			t.spend(p.Amount)
			f := t.till(fields{"amount": p.Amount, "barcode": p.Barcode}).with(t.head(t.run.ops[giftPurchase]))
			a := t.post(giftPurchase, f)
			t.sold("the barcode", a)
			t.voucherOf(a, p.Amount)
		}},
		check{name: "cellular.pinless.purchase.each", section: "2.8.1", spends: true, says: "every product of the fixture is sold", run: func(t *trial) {
			f := t.run.target.Fixture
			t.need(len(f.Cellular) > 0 && f.MobileNumber != "", "airtime or data (cellular, mobileNumber)")
			for _, p := range f.Cellular {
				t.spend(p.Amount)
				a := t.post(pinlessPurchase, t.head(t.run.ops[pinlessPurchase]).with(t.recharge(p)))
				before := len(t.faults)
				if t.success("product "+strconv.FormatInt(p.ProductCode, 10), a); len(t.faults) == before {
					t.recharged(a, p.Amount)
				}
			}
		}},
		check{name: "cellular.pinless.purchase.number", section: "2.8.1.1", spends: true, says: "a mobile number in another form than documented is refused", run: func(t *trial) {
			f := t.run.target.Fixture
			t.need(len(f.Cellular) > 0, "airtime or data (cellular)")
			list, fit := spoils("mobileNumber")
			for _, s := range list {
				if p := f.Cellular[0]; t.risk(s.says, p.Amount) {
					a := t.post(pinlessPurchase, t.head(t.run.ops[pinlessPurchase]).with(t.recharge(p)).with(fields{"mobileNumber": s.value}))
					t.refused("mobileNumber "+s.says, a, fit)
					t.lost(a, p.Amount)
				}
			}
		}},
		check{name: "prepaid-utilities.purchase.water", section: "2.10.2", spends: true, says: "water is sold as electricity is", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Water
			t.need(m.Number != "", "water meter (meters.water)")
			t.spend(m.Amount)
			a := t.post(utilityPurchase, t.meter(utilityPurchase, m))
			t.sold("water", a)
			t.utility(a, m.Amount)
		}},
	)
}

func operationOf(path string) operation {
	for _, op := range operations() {
		if op.path == path {
			return op
		}
	}
	return operation{}
}

// same demands the first answer again: nothing in it may differ.
func (t *trial) same(tried string, first, again answer) {
	if again.err != nil || again.status != first.status || !reflect.DeepEqual(first.object, again.object) {
		got := "another answer"
		if again.err != nil || !again.succeeded() {
			got = t.got(again)
		} else if names := differing(first.object, again.object); len(names) > 0 {
			got += ", which differs in " + strings.Join(names, ", ")
		}
		t.fault(tried, "the first answer again", got)
		return
	}
	t.learn("Is a repeated request answered with the same bytes?", "%s", yes(bytes.Equal(first.raw, again.raw)))
}

// differing names the properties that two answers do not share.
func differing(a, b map[string]any) (names []string) {
	for name := range a {
		if !reflect.DeepEqual(a[name], b[name]) {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// differs demands that a refusal does not carry the first answer's goods.
func (t *trial) differs(first, refused answer) {
	if refused.get("voucher") != nil || refused.get("tokens") != nil {
		t.fault("the refusal", "no goods", "a voucher or tokens, reference "+first.reference)
	}
}

func (t *trial) repeated(s sale) {
	first, f, amount := t.buy(s.path)
	t.same("the same again", first, t.post(s.path, f))

	want := some(2256)
	if code, ok := f["productCode"].(int64); ok {
		if p, listed := t.product(code); listed && p.fixed {
			want = want.or(amountCodes()) // another amount is wrong in itself
		}
	}
	other := t.post(s.path, f.with(fields{"amount": amount + 100}))
	t.lost(other, amount+100)
	t.refused("another amount under the same reference", other, want)
	t.differs(first, other)

	t.same("the first request once more", first, t.post(s.path, f))
	other = t.post(s.path, f.with(fields{"metadata": map[string]string{"n": "v"}}))
	t.learn("Is a request with other metadata the same request?", "%s", yes(other.succeeded()))
}

// oneSale sends a request several times at once: those that are answered with
// success must be answered alike, and the others must say that it is under way or
// was seen before.
func (t *trial) oneSale(path string, f fields) {
	var first answer
	for i, a := range t.together(duplicates, path, f) {
		tried := fmt.Sprintf("duplicate %d", i+1)
		code, _ := a.code()
		switch {
		case a.succeeded() && first.object == nil:
			first = a
		case a.succeeded():
			t.same(tried, first, a)
		default:
			t.refused(tried, a, some(2201, 2220, 2248, 2372))
			t.learn("How are duplicates answered that come at once?", "some with code %d", code)
		}
	}
	last := t.post(path, f)
	t.success("the same, afterwards", last)
	if first.object != nil {
		t.same("the same, afterwards", first, last)
	}
}

// limits goes beyond what the product list allows.
func (t *trial) limits(s sale) {
	fixture := t.run.target.Fixture
	p := s.product(fixture)
	t.need(p.Amount > 0, s.lacks)
	listed, ok := product{}, false
	if p.ProductCode != 0 {
		listed, ok = t.product(p.ProductCode)
	} else {
		for _, q := range t.products() {
			if strings.EqualFold(q.group, "1Voucher") {
				listed, ok = q, true
			}
		}
	}
	if !ok {
		t.skip("the product is not in the account's list")
	}
	op := t.run.ops[s.path]
	request := func(amount int64) answer {
		f := s.fields(t, p).with(t.head(op)).with(fields{"amount": amount})
		return t.post(s.path, f)
	}
	for _, c := range []struct {
		says   string
		amount int64
	}{{"nothing", 0}, {"less than the minimum", listed.min - 1}, {"more than the maximum", listed.max + 100}} {
		if c.amount < 0 || !t.risk(c.says, c.amount) {
			continue
		}
		a := request(c.amount)
		t.lost(a, c.amount)
		if t.refused(c.says, a, amountCodes()) {
			code, _ := a.code()
			t.learnOf(s.path, "Which code refuses an amount outside the product's limits?", "%d", code)
		}
	}
}

// foreign asks for a product of a group that the operation does not sell.
func (t *trial) foreign(s sale) {
	p := s.product(t.run.target.Fixture)
	t.need(p.Amount > 0, s.lacks)
	own, ok := t.product(p.ProductCode)
	if !ok {
		t.skip("the product is not in the account's list")
	}
	for _, q := range t.products() {
		code, err := strconv.ParseInt(q.code, 10, 64)
		if err != nil || strings.EqualFold(q.group, own.group) {
			continue
		}
		if !t.risk("product "+q.code, q.min) {
			return
		}
		f := s.fields(t, p).with(t.head(t.run.ops[s.path])).with(fields{"productCode": code, "amount": q.min})
		a := t.post(s.path, f)
		t.lost(a, q.min)
		t.refused("product "+q.code+" of group "+q.group, a, productCodes().or(amountCodes()))
		return
	}
	t.skip("the account's list has no product of another group")
}

func checkEcho(t *trial) {
	p := t.run.target.Fixture.Voucher
	t.need(p.Amount > 0, "1Voucher to buy (voucher.amount)")
	t.spend(p.Amount)
	sent := t.till(t.head(t.run.ops[voucherPurchase])).with(fields{
		"amount": p.Amount, "paymentMethod": "Cash", "metadata": map[string]string{"till": "four", "shift": "two"},
	})
	a := t.post(voucherPurchase, sent)
	t.sold("the purchase", a)
	for _, name := range []string{"storeId", "terminalId"} {
		t.learn("Are storeId, terminalId and metadata given back?", "%s: %s", name, yes(a.get(name) == sent[name]))
	}
	t.learn("Are storeId, terminalId and metadata given back?", "metadata: %s",
		yes(reflect.DeepEqual(a.get("metadata"), map[string]any{"till": "four", "shift": "two"})))
}
