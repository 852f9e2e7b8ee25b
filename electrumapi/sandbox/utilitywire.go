package sandbox

import (
	"fmt"
	"strings"
)

// wire is a PurchaseResponse to the request that f has.
func (v *vending) wire(f *fields) map[string]any {
	m := v.meter
	answer := f.echo(v.parties[0], v.parties[1])
	answer["meter"], answer["customer"] = m.wire(), m.customer()
	answer["utility"] = m.issuer(v.message())
	answer["utilityType"] = m.kind
	answer["slipData"] = slip(strings.ReplaceAll(v.number, "-", ""), v.lines()...)
	if m.slip { // in place of the fields
		return answer
	}
	tax := v.bill.tax
	debts, fees := []map[string]any{}, []map[string]any{}
	for i, c := range v.bill.debts {
		tax += c.tax
		debts = append(debts, map[string]any{
			"amount": m.taxed(c.net, c.tax), "description": c.description, "balance": m.rands(c.balance),
			"receiptNum": fmt.Sprintf("%s-D%d", v.number, i+1),
		})
	}
	for _, c := range v.bill.fees {
		tax += c.tax
		fees = append(fees, map[string]any{"amount": m.taxed(c.net, c.tax), "description": c.description})
	}
	if len(debts) > 0 {
		answer["debtRecoveryCharges"] = debts
	}
	if len(fees) > 0 {
		answer["serviceCharges"] = fees
	}
	answer["purchaseTotal"], answer["taxTotal"] = m.rands(v.bill.net), m.rands(tax)
	answer["amounts"] = map[string]any{"requestAmount": m.rands(v.amount), "approvedAmount": m.rands(v.amount)}
	answer["vatInvoiceNumber"] = "INV" + v.number
	answer["tokens"] = m.tokens(v.tokens)
	return answer
}

// tokens are Token objects.
func (m meter) tokens(all []token) []map[string]any {
	list := []map[string]any{}
	for _, t := range all {
		one := map[string]any{
			"tokenType": t.kind, "units": decimal(t.units), "amount": m.taxed(t.net, t.tax), "token": t.code,
		}
		if t.receipt != "" {
			one["receiptNum"] = t.receipt
		}
		if m.loose && t.kind == tokenKeyChange {
			one["amount"] = map[string]any{"amount": 0}
		}
		var blocks []map[string]any
		for _, s := range t.blocks {
			blocks = append(blocks, map[string]any{"units": decimal(s.units), "rate": decimal(s.block.price)})
		}
		if blocks != nil {
			one["tariffCalc"] = blocks
		}
		list = append(list, one)
	}
	return list
}

// rands is a LedgerAmount as the meter's host writes it.
func (m meter) rands(cents int64) map[string]any {
	amount := inRands(cents)
	if m.loose {
		amount["currency"] = 710
	}
	return amount
}

// taxed is a TaxableAmount. Where nothing is told of the tax, the amount has all.
func (m meter) taxed(net, tax int64) map[string]any {
	amount := m.rands(net)
	if tax > 0 {
		amount["tax"], amount["taxType"], amount["taxRate"] = tax, "VAT", vatRate
	}
	return amount
}

// wire is a Meter. Keys that change stand beside those that it has.
func (m meter) wire() map[string]any {
	w := map[string]any{
		"meterId": m.number, "serviceType": m.kind, "supplyGroupCode": m.keys.group, "keyRevisionNum": m.keys.revision,
		"tariffIndex": m.keys.tariff, "tokenTechCode": tokenByKeypad,
	}
	if m.algorithm != "" {
		w["algorithmCode"] = m.algorithm
	}
	if n := len(m.next); n > 0 {
		k := m.next[n-1]
		w["keyChangeData"] = map[string]any{
			"newSupplyGroupCode": k.group, "newKeyRevisionNumber": k.revision, "newTariffIndex": k.tariff,
		}
	}
	return w
}

func (m meter) customer() map[string]any {
	return map[string]any{"firstName": m.holder.first, "lastName": m.holder.last, "address": m.holder.address}
}

// issuer is a Utility.
func (m meter) issuer(message string) map[string]any {
	w := map[string]any{
		"name": m.utility.name, "address": m.utility.address, "vatRegNum": m.utility.vat, "clientId": "0001",
	}
	if message != "" {
		w["message"] = message
	}
	return w
}

// message is what the utility has printed for the customer, at most 80 characters.
func (v *vending) message() string {
	switch {
	case len(v.meter.next) > 0:
		return "Key in the key change tokens first, in their order."
	case v.owed > 0:
		return "Please settle your account: " + inWords(v.owed) + " is outstanding."
	default:
		return "Use electricity and water sparingly."
	}
}

// lines are the slip, ready for print.
func (v *vending) lines() []string {
	lines := []string{v.meter.utility.name, "Meter " + v.meter.number, "Receipt " + v.number}
	names := map[string]string{
		tokenStandard: "Credit", tokenFree: "Free units", tokenRefund: "Refund", tokenKeyChange: "Key change",
	}
	for _, t := range v.tokens {
		what := names[t.kind]
		if t.units > 0 {
			what += " " + decimal(t.units).String()
		}
		lines = append(lines, what, inFours(t.code))
	}
	for _, c := range v.bill.debts {
		lines = append(lines, c.description+" "+inWords(c.net+c.tax))
	}
	for _, c := range v.bill.fees {
		lines = append(lines, c.description+" "+inWords(c.net+c.tax))
	}
	return append(lines, "Paid "+inWords(v.amount))
}

// inFours parts digits as they are printed.
func inFours(code string) string {
	var b strings.Builder
	for i := range len(code) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(code[i])
	}
	return b.String()
}
