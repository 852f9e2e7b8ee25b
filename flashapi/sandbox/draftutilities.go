package sandbox

import "strconv"

// readDraftPurchase understands the second step of a purchase (the draft's
// section 2.8.2): the lookup that it names has the meter, and whether Free Basic
// Electricity is claimed. A lookup is good for one purchase.
func (u *utilities) readDraftPurchase(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	id := f.whole("transactionID")
	if no := f.refusal(); no != nil {
		return job, no
	}
	u.s.mu.Lock()
	first, known := u.lookups[id]
	u.s.mu.Unlock()
	job.target = "lookup " + strconv.FormatInt(id, 10)
	if known {
		job.target = "meter " + first.meter
		job.answer, job.fault = wish(first.meter, true)
	}
	job.run = func() (map[string]any, int64, *refusal) {
		first, known := u.lookups[id]
		switch {
		case !known:
			return nil, 0, &refusal{code: 2249}
		case first.used:
			return nil, 0, &refusal{code: 2248}
		}
		v, no := u.sell(order{amount: job.amount, meter: first.meter, free: first.free})
		if no != nil {
			return nil, 0, no
		}
		first.used = true
		u.lookups[id] = first
		answer := v.draftWire()
		answer["billingInfo"] = u.limits(v.meter, u.past[v.meter.number])
		return answer, job.amount, nil
	}
	return job, nil
}

// draftWire is what a purchase of the draft answers (its section 3.1.13). Money
// is in cents, and every value includes its tax, so that the values of debt,
// fixed costs and tokens add up to the amount.
func (v vend) draftWire() map[string]any {
	owing := map[string]any{
		"value": v.bill.debt, "description": v.meter.debt.description, "outstanding": strconv.FormatInt(v.owed, 10),
		"tariffDescription": "", "tax": vat(v.bill.debt), "taxInvoiceNumber": "",
	}
	if v.bill.debt > 0 {
		owing["taxInvoiceNumber"] = v.number
	}
	fixed := []map[string]any{}
	for _, c := range v.bill.fixed {
		fixed = append(fixed, map[string]any{
			"value": c.value, "description": c.description, "tariffDescription": v.meter.tariff.name, "tax": vat(c.value),
		})
	}
	before, after := v.change()
	blocks := []map[string]any{}
	for _, s := range v.bill.stretches {
		blocks = append(blocks, map[string]any{"name": s.block.name})
	}
	tokens := []map[string]any{}
	for _, t := range v.tokens {
		tokens = append(tokens, v.draftToken(t))
	}
	return map[string]any{
		"amount": v.bill.amount, "debt": owing, "fixedCost": fixed,
		"keyChangeTokenData": map[string]string{
			"oldSupplyGroupCode": before.group, "oldTariffIndex": before.tariff, "oldKeyRevisionNumber": before.revision,
			"newSupplyGroupCode": after.group, "newTariffIndex": after.tariff, "newKeyRevisionNumber": after.revision,
		},
		"meterInfo": v.meter.wire(v.keys), "tariffBlocks": blocks, "tokens": tokens,
	}
}

func (v vend) draftToken(t token) map[string]any {
	var value, tax int64
	if t.kind == tokenCredit {
		value, tax = v.bill.exclusive+v.bill.tax, v.bill.tax
	}
	return map[string]any{
		"value": value, "tax": tax, "tariffName": v.meter.tariff.name, "tariffDescription": v.meter.tariff.name,
		"token": t.code, "tokenDescription": t.description, "type": t.kind,
		"units": map[string]any{"description": t.description, "quantity": decimal(t.units), "unitType": v.meter.tariff.unit},
	}
}
