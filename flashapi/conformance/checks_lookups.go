package conformance

import (
	"strings"

	"spaza/secret"
)

// lookupChecks read and redeem nothing that is any good: they cost nothing.
func lookupChecks() []check {
	list := []check{
		{name: "1voucher.redeem.not-found", section: "1.2.1.2", says: "a PIN that no voucher has is refused with 2402, as in the document's example", run: func(t *trial) {
			t.refused("PIN of zeros", t.post(voucherRedeem, t.nothing(t.run.ops[voucherRedeem])), some(2402))
		}},
		{name: "gift-voucher.purchase.barcode-and-code", section: "2.4.1.1", says: "a barcode and a product code together are refused", run: func(t *trial) {
			op := t.run.ops[giftPurchase]
			t.refused("barcode and productCode", t.post(op.path, t.nothing(op).with(fields{"barcode": "6000000000000"})), formCodes().or(productCodes()))
		}},
		{name: "cellular.international.lookup.found", section: "2.8.2", says: "the products for a number abroad", run: func(t *trial) {
			abroad := t.run.target.Fixture.International.DestinationMobileNumber
			t.need(abroad != "", "number abroad (international.destinationMobileNumber)")
			op := t.run.ops[internationalLook]
			f := t.nothing(op).with(fields{"destinationMobileNumber": abroad})
			a := t.post(op.path, f)
			t.sold("the number abroad", a)
			t.has("the number abroad", a, "text", "mobileNumber")
			t.has("the number abroad", a, "list", "products")
			t.learn("How long is destinationMobileNumber, which the document says has 11 digits?", "a number of %d digits is accepted", len(abroad))
			t.open = len(rows(a, "products")) == 0
			for _, row := range rows(a, "products") {
				_, id := whole(row["productId"])
				name, _ := row["productName"].(string)
				price, priced := whole(row["price"])
				if !id || name == "" || !priced || price < 0 {
					t.fault("a product abroad", "productId and price whole, productName", "something else, reference "+a.reference)
				}
			}
		}},
		{name: "flash-pay.balance.found", section: "2.11.1", says: "a customer's account at a biller", run: func(t *trial) {
			t.need(len(t.run.target.Fixture.Billers) > 0, "customer's account at a biller (billers)")
			for _, b := range t.run.target.Fixture.Billers {
				op := t.run.ops[billerBalance]
				a := t.post(op.path, t.nothing(op).with(fields{"accountReference": b.AccountReference}))
				t.sold("a customer's account", a)
				t.has("a customer's account", a, "whole", "amount")
				t.billed("a customer's account", a)
			}
		}},
		{name: "prepaid-utilities.lookup.foreign-account", section: "2.10.1", says: "another account looks up nothing", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Good
			t.need(m.Number != "", "good meter (meters.good)")
			f := t.meter(utilityLookup, m).with(fields{"accountNumber": t.run.target.Fixture.otherAccount()})
			t.refused("another account", t.post(utilityLookup, f), accountCodes())
		}},
		{name: "flash-pay.balance.foreign-account", section: "2.11.1", says: "another account looks up nothing", run: func(t *trial) {
			t.need(len(t.run.target.Fixture.Billers) > 0, "customer's account at a biller (billers)")
			op := t.run.ops[billerBalance]
			f := t.nothing(op).with(fields{
				"accountReference": t.run.target.Fixture.Billers[0].AccountReference, "accountNumber": t.run.target.Fixture.otherAccount(),
			})
			t.refused("another account", t.post(op.path, f), accountCodes())
		}},
		{name: "prepaid-utilities.lookup.repeated", section: "1.2.2", says: "a lookup sent again under its reference is answered again", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Good
			t.need(m.Number != "", "good meter (meters.good)")
			f := t.meter(utilityLookup, m)
			first, again := t.post(utilityLookup, f), t.post(utilityLookup, f)
			t.sold("the lookup", first)
			t.success("the same again", again)
			other := t.post(utilityLookup, f.with(fields{"amount": m.Amount + 100}))
			t.learn("What becomes of another lookup under a used reference?", "%s", other.describe(&t.run.scrub))
		}},
	}
	fixed := func(name, section, says, pin string, of func(Fixture) secret.Text, want codes) check {
		return check{name: "1voucher.redeem." + name, section: section, says: says, run: func(t *trial) {
			p := of(t.run.target.Fixture)
			t.need(!p.Empty(), pin)
			op := t.run.ops[voucherRedeem]
			for _, amount := range []int{0, 1} {
				t.refused("that PIN", t.post(op.path, t.nothing(op).with(fields{"pin": p.Reveal(), "amount": amount})), want)
			}
		}}
	}
	return append(list,
		fixed("used", "4", "a PIN that was used is refused with 2401", "used 1Voucher (usedPin)", func(f Fixture) secret.Text { return f.UsedPIN }, some(2401)),
		fixed("cancelled", "4", "a PIN that was cancelled is refused with 2403", "cancelled 1Voucher (cancelledPin)", func(f Fixture) secret.Text { return f.CancelledPIN }, some(2403)),
		fixed("expired", "4", "a PIN that has expired is refused with 2405", "expired 1Voucher (expiredPin)", func(f Fixture) secret.Text { return f.ExpiredPIN }, some(2405)),
	)
}

// rows are the objects of a list.
func rows(a answer, names ...string) []map[string]any {
	list, _ := a.get(names...).([]any)
	var out []map[string]any
	for _, row := range list {
		m, _ := row.(map[string]any)
		out = append(out, m)
	}
	return out
}

// billed demands who is paid, and for whom (3.1.28 to 3.1.30).
func (t *trial) billed(tried string, a answer) {
	for _, name := range []string{"code", "name"} {
		t.has(tried, a, "text", "biller", name)
	}
	for _, path := range [][]string{{"biller", "callCentre"}, {"biller", "reference"}, {"consumer", "cellNumber"}} {
		t.has(tried, a, "string", path...)
	}
	for _, name := range []string{"name", "accountNo", "accountStatus"} {
		t.has(tried, a, "text", "consumer", name)
	}
	t.learn("Which words are a biller customer's accountStatus?", "%s", a.text("consumer", "accountStatus"))
}

// meter makes a request about a meter.
func (t *trial) meter(path string, m Meter) fields {
	return t.head(t.run.ops[path]).with(fields{"meterNumber": m.Number, "amount": m.Amount})
}

// digits is the string without what it is grouped by.
func digits(s string) string { return strings.NewReplacer(" ", "", "-", "").Replace(s) }
