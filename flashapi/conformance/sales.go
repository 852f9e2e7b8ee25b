package conformance

import (
	"fmt"
	"strings"
)

// sale is an operation that gives something for money, and how to try it.
type sale struct {
	path    string
	section string
	lacks   string // what is missing from a fixture without it
	product func(Fixture) Sale
	// fields makes the request's own properties.
	fields func(*trial, Sale) fields
	// goods demands what was bought.
	goods func(*trial, answer, int64)
	// prepare does what must come before; nil for nothing.
	prepare func(*trial, Sale)
}

// sales are all operations that sell, in the order of the document. Utilities and
// billers are sales like any other here; what is special about them is in their
// own files.
func sales() []sale {
	byAmount := func(_ *trial, s Sale) fields { return fields{"amount": s.Amount} }
	byCode := func(_ *trial, s Sale) fields { return fields{"amount": s.Amount, "productCode": s.ProductCode} }
	voucher := func(f Fixture) Sale { return f.Voucher }
	biller := func(f Fixture) Sale {
		if len(f.Billers) == 0 {
			return Sale{}
		}
		return Sale{Amount: f.Billers[0].Amount}
	}
	toBiller := func(t *trial, s Sale) fields {
		return fields{"amount": s.Amount, "accountReference": t.run.target.Fixture.Billers[0].AccountReference}
	}
	billed := func(t *trial, a answer, _ int64) { t.billed("the payment", a) }
	return []sale{
		{voucherPurchase, "2.3.1", "1Voucher to buy (voucher.amount)", voucher, byAmount, (*trial).voucherOf, nil},
		{voucherDisburse, "2.3.2", "1Voucher to disburse (voucher.amount)", voucher, byAmount, (*trial).voucherOf, nil},
		{voucherRefund, "2.3.4", "1Voucher to refund (voucher.amount)", voucher, byAmount, (*trial).voucherOf, (*trial).fillRedemptions},
		{giftPurchase, "2.4.1", "gift voucher (gift)", func(f Fixture) Sale { return f.Gift }, func(t *trial, s Sale) fields {
			return t.till(byCode(t, s))
		}, (*trial).voucherOf, nil},
		{cashOutPurchase, "2.5.1", "Cash Out PIN (cashOut)", func(f Fixture) Sale { return f.CashOut }, byCode, (*trial).voucherOf, nil},
		{exclusivePurchase, "2.6.1", "exclusive voucher (exclusive)", func(f Fixture) Sale { return f.Exclusive }, byCode, (*trial).voucherOf, nil},
		{tokenPurchase, "2.7.1", "Flash Token (flashToken)", func(f Fixture) Sale { return f.FlashToken }, byAmount, (*trial).voucherOf, nil},
		{pinlessPurchase, "2.8.1", "airtime or data (cellular, mobileNumber)", func(f Fixture) Sale {
			if len(f.Cellular) == 0 || f.MobileNumber == "" {
				return Sale{}
			}
			return f.Cellular[0]
		}, (*trial).recharge, (*trial).recharged, nil},
		{eeziPurchase, "2.9.1", "Eezi voucher (eezi)", func(f Fixture) Sale { return f.Eezi }, byCode, (*trial).voucherOf, nil},
		{utilityPurchase, "2.10.2", "good meter (meters.good)", func(f Fixture) Sale { return Sale{Amount: f.Meters.Good.Amount} }, func(t *trial, _ Sale) fields {
			m := t.run.target.Fixture.Meters.Good
			return fields{"amount": m.Amount, "meterNumber": m.Number}
		}, (*trial).utility, nil},
		{billerPurchase, "2.11.2", "customer's account at a biller (billers)", biller, toBiller, billed, nil},
		{billerDisburse, "2.11.3", "customer's account at a biller to disburse into (disburse)", func(f Fixture) Sale {
			return Sale{Amount: f.Disburse.Amount}
		}, func(t *trial, s Sale) fields {
			return fields{"amount": s.Amount, "accountReference": t.run.target.Fixture.Disburse.AccountReference}
		}, billed, nil},
	}
}

// till adds the store and the terminal where the document demands them.
func (t *trial) till(f fields) fields {
	return fields{"storeId": "1", "terminalId": "1"}.with(f)
}

// recharge is a recharge of the product's own number, or of the fixture's.
func (t *trial) recharge(s Sale) fields {
	number := s.MobileNumber
	if number == "" {
		number = t.run.target.Fixture.MobileNumber
	}
	return fields{"amount": s.Amount, "productCode": s.ProductCode, "mobileNumber": number}
}

// recharged demands what a recharge says of itself (3.1.22).
func (t *trial) recharged(a answer, amount int64) {
	t.amounts("the recharge", a, amount, "amount")
	for _, name := range []string{"rechargeType", "callCentre", "rechargeVendor"} {
		t.has("the recharge", a, "text", "rechargeDetails", name)
	}
	t.learn("Which words are a rechargeType?", "%s", a.text("rechargeDetails", "rechargeType"))
}

// begin makes the request of a sale, and counts its amount.
func (t *trial) begin(s sale) (fields, int64) {
	p := s.product(t.run.target.Fixture)
	t.need(p.Amount > 0, s.lacks)
	if s.prepare != nil {
		s.prepare(t, p)
	}
	t.spend(p.Amount)
	// The sale's own till stands in only where the target has none.
	return s.fields(t, p).with(t.head(t.run.ops[s.path])), p.Amount
}

// buy makes a sale that must succeed.
func (t *trial) buy(path string) (a answer, request fields, amount int64) {
	for _, s := range sales() {
		if s.path == path {
			request, amount = t.begin(s)
			a = t.post(path, request)
			t.sold("the purchase", a)
			return a, request, amount
		}
	}
	panic("no such sale: " + path)
}

// voucherOf demands a voucher of an amount (3.1.4), one that nobody had before.
func (t *trial) voucherOf(a answer, amount int64) {
	const tried = "the purchase"
	t.amounts(tried, a, amount, "amount")
	t.amounts(tried, a, amount, "voucher", "amount")
	t.has(tried, a, "text", "voucher", "pin")
	t.has(tried, a, "text", "voucher", "serialNumber")
	t.has(tried, a, "text", "voucher", "expiryDate")
	t.has(tried, a, "text", "voucher", "status")
	t.has(tried, a, "string", "voucher", "content", "redemptionInstructions")
	t.has(tried, a, "string", "voucher", "content", "termsAndConditions")
	if strings.HasPrefix(t.check.name, "gift-voucher.") {
		t.has(tried, a, "string", "voucher", "barcode")
	}
	t.learnOf(t.operation(), "Which words are a voucher's status?", "%s", a.text("voucher", "status"))
	pin := a.text("voucher", "pin")
	t.learnOf(t.operation(), "How long is a PIN?", "%d characters", len(pin))
	if strings.HasPrefix(t.check.name, "1voucher.") || strings.HasPrefix(t.check.name, "exclusive-voucher.") {
		t.redeemable(tried, a)
	}
	if first, seen := t.run.pins[pin]; seen && first != a.reference {
		t.fault(tried, "a PIN of its own", "the one of "+first+", reference "+a.reference)
	}
	t.run.pins[pin] = a.reference
}

// redeemable demands a PIN that can be redeemed: 16 digits (2.3.3.1).
func (t *trial) redeemable(tried string, a answer) {
	if pin := a.text("voucher", "pin"); len(pin) != 16 || strings.Trim(pin, "0123456789") != "" {
		t.fault(tried, "voucher.pin, 16 digits", fmt.Sprintf("%d characters, reference %s", len(pin), a.reference))
	}
}

// fillRedemptions redeems a voucher first: a refund is paid from what was
// redeemed.
func (t *trial) fillRedemptions(s Sale) {
	v := t.voucher(voucherKind())
	a := t.post(voucherRedeem, t.redeem(voucherKind(), v, v.amount))
	t.sold("the redemption before the refund", a)
	if v.amount < s.Amount {
		t.skip("the voucher redeemed beforehand is smaller than the refund")
	}
}
