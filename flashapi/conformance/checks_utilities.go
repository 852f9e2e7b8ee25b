package conformance

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// utilityChecks are about section 2.10. The lookups cost nothing.
func utilityChecks() []check {
	list := []check{
		{name: "prepaid-utilities.lookup.fbe", section: "2.10.1", says: "free electricity is looked up with amount 0", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.FBE
			t.need(m.Number != "", "meter with Free Basic Electricity (meters.fbe)")
			a := t.post(utilityLookup, t.free(utilityLookup, m))
			t.unclaimed(a)
			t.looked("a meter with free electricity", a, 0)
			if a.get("isFBE") != true {
				t.fault("a meter with free electricity", "isFBE true", t.kind(a, "isFBE"))
			}
		}},
		{name: "prepaid-utilities.lookup.fbe-with-amount", section: "4", says: "free electricity with an amount is refused with 2230", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.FBE
			t.need(m.Number != "", "meter with Free Basic Electricity (meters.fbe)")
			t.refused("amount 100", t.post(utilityLookup, t.free(utilityLookup, m).with(fields{"amount": 100})), some(2230))
		}},
		{name: "prepaid-utilities.lookup.fbe-not-registered", section: "4", says: "free electricity for a meter that gets none is refused", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Good
			t.need(m.Number != "", "good meter (meters.good)")
			t.refused("an ordinary meter", t.post(utilityLookup, t.free(utilityLookup, m)), notFreeCodes())
		}},
		{name: "prepaid-utilities.lookup.blocked", section: "4", says: "a blocked meter is refused", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Blocked
			t.need(m.Number != "", "blocked meter (meters.blocked)")
			t.refused("a blocked meter", t.post(utilityLookup, t.meter(utilityLookup, m)), blockedMeterCodes())
		}},
		{name: "prepaid-utilities.lookup.arrears", section: "2.10.1", says: "arrears are shown, or the lookup is refused for them", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Arrears
			t.need(m.Number != "", "meter in arrears (meters.arrears)")
			a := t.post(utilityLookup, t.meter(utilityLookup, m))
			t.learn("How does the lookup of a meter in arrears end?", "%s", a.describe(&t.run.scrub))
			if !a.succeeded() {
				t.refused("a meter in arrears", a, arrearsCodes())
				return
			}
			t.looked("a meter in arrears", a, m.Amount)
			if owed := number(a.get("billingInfo", "arrearValue")); owed == nil || owed.Sign() <= 0 {
				t.fault("a meter in arrears", "billingInfo.arrearValue above 0", t.kind(a, "billingInfo", "arrearValue"))
			}
		}},
		{name: "prepaid-utilities.purchase.fbe", section: "2.10.2", spends: true, says: "free electricity for nothing", run: checkFBE},
		{name: "prepaid-utilities.purchase.fbe-with-amount", section: "4", spends: true, says: "free electricity with an amount is refused with 2230", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.FBE
			t.need(m.Number != "", "meter with Free Basic Electricity (meters.fbe)")
			t.refused("amount 100", t.post(utilityPurchase, t.free(utilityPurchase, m).with(fields{"amount": 100})), some(2230))
		}},
		{name: "prepaid-utilities.purchase.fbe-not-registered", section: "4", spends: true, says: "free electricity for a meter that gets none is refused", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Good
			t.need(m.Number != "", "good meter (meters.good)")
			t.refused("an ordinary meter", t.post(utilityPurchase, t.free(utilityPurchase, m)), notFreeCodes())
		}},
		{name: "prepaid-utilities.purchase.blocked", section: "4", spends: true, says: "a blocked meter buys nothing", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Blocked
			t.need(m.Number != "", "blocked meter (meters.blocked)")
			t.refused("a blocked meter", t.post(utilityPurchase, t.meter(utilityPurchase, m)), blockedMeterCodes())
		}},
		{name: "prepaid-utilities.purchase.arrears", section: "4", spends: true, says: "less than what must be paid of the arrears is refused", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.Arrears
			t.need(m.Number != "", "meter in arrears (meters.arrears)")
			t.refused("too little", t.post(utilityPurchase, t.meter(utilityPurchase, m)), arrearsCodes())
		}},
		{name: "prepaid-utilities.purchase.key-change", section: "3.1.27", spends: true, says: "key change tokens come with the purchase, and what changed", run: func(t *trial) {
			m := t.run.target.Fixture.Meters.KeyChange
			t.need(m.Number != "", "meter that changes its key (meters.keyChange)")
			t.spend(m.Amount)
			a := t.post(utilityPurchase, t.meter(utilityPurchase, m))
			t.sold("a meter that changes its key", a)
			t.utility(a, m.Amount)
			if n := len(rows(a, "tokens")); n < 2 {
				t.fault("a meter that changes its key", "more than one token", fmt.Sprintf("%d, reference %s", n, a.reference))
			}
			info := t.meterInfo(a)
			changed := false
			for _, name := range []string{"SupplyGroupCode", "TariffIndex", "KeyRevisionNumber"} {
				was, now := info["old"+name], info["new"+name]
				if was == nil || was == "" || now == nil || now == "" {
					t.fault("a meter that changes its key", "old"+name+" and new"+name, "missing or empty, reference "+a.reference)
				}
				changed = changed || was != now
			}
			if !changed {
				t.fault("a meter that changes its key", "an old and a new that differ", "they are all the same, reference "+a.reference)
			}
			for _, row := range rows(a, "tokens") {
				s, _ := row["tokenDescription"].(string)
				t.learn("What is in tokenDescription, in which order, with a key change?", "%s", s)
			}
		}},
	}
	found := func(what string, of func(Meters) Meter) check {
		return check{name: "prepaid-utilities.lookup." + what, section: "2.10.1", says: "whose meter it is, and what may be bought", run: func(t *trial) {
			m := of(t.run.target.Fixture.Meters)
			t.need(m.Number != "", "meter (meters."+what+")")
			t.looked("the meter", t.post(utilityLookup, t.meter(utilityLookup, m)), m.Amount)
		}}
	}
	return append(list,
		found("good", func(m Meters) Meter { return m.Good }), found("water", func(m Meters) Meter { return m.Water }))
}

// free makes a request for free electricity.
func (t *trial) free(path string, m Meter) fields {
	return t.meter(path, m).with(fields{"isFBE": true, "amount": 0})
}

// looked demands a whole lookup (3.1.26).
func (t *trial) looked(tried string, a answer, amount int64) {
	t.sold(tried, a)
	t.amounts(tried, a, amount, "amount")
	t.has(tried, a, "bool", "isFBE")
	for _, name := range []string{"arrearValue", "minimumVendValue", "maximumVendValue"} {
		t.has(tried, a, "number", "billingInfo", name)
	}
	t.has(tried, a, "text", "billingInfo", "tariffName")
	info := t.meterInfo(a)
	for _, name := range []string{"meterNumber", "keyRevisionNumber", "supplyGroupCode", "tariffIndex"} {
		if info[name] == nil || info[name] == "" {
			t.fault(tried, "meterInfo."+name, "missing or empty, reference "+a.reference)
		}
	}
	for _, name := range []string{"customerInfo", "utilityInfo"} {
		if _, ok := info[name].(map[string]any); !ok {
			t.fault(tried, "meterInfo."+name+", object", "something else, reference "+a.reference)
		}
	}
}

// meterInfo is the object about the meter, under either of its documented names.
func (t *trial) meterInfo(a answer) map[string]any {
	const question = "How is the meter's object spelled, and its utility's name?"
	for _, name := range []string{"meterInfo", "meterinfo"} {
		if info, ok := a.get(name).(map[string]any); ok {
			utility, _ := info["utilityInfo"].(map[string]any)
			inner := "no name"
			for _, n := range []string{"name", "utilityname"} {
				if utility[n] != nil {
					inner = "utilityInfo." + n
				}
			}
			t.learnOf(t.operation(), question, "%s, %s", name, inner)
			for _, n := range []string{"keyRevisionNumber", "supplyGroupCode", "tariffIndex"} {
				kind := "integer"
				if _, is := info[n].(string); is {
					kind = "string"
				}
				t.learnOf(t.operation()+" "+n, "Are the meter's numbers strings or integers?", "%s", kind)
			}
			return info
		}
	}
	t.fault("the answer", "meterInfo, object", t.kind(a, "meterInfo"))
	return nil
}

// utility demands a whole sale of electricity or water (3.1.27).
func (t *trial) utility(a answer, amount int64) {
	const tried = "the sale"
	t.amounts(tried, a, amount, "amount")
	tokens := rows(a, "tokens")
	if len(tokens) == 0 {
		t.fault(tried, "tokens, at least one", t.kind(a, "tokens"))
	}
	for _, row := range tokens {
		token, _ := row["token"].(string)
		if bare := digits(token); len(bare) != 20 || strings.Trim(bare, "0123456789") != "" {
			t.fault(tried, "a token of 20 digits", fmt.Sprintf("one of %d characters, reference %s", len(bare), a.reference))
		}
		if s, _ := row["tokenDescription"].(string); s == "" {
			t.fault(tried, "a token with tokenDescription", "one without, reference "+a.reference)
		}
		t.learn("How is a token grouped? (# stands for any digit)", "%s", shape(token))
	}
	for _, name := range []string{"taxAmount", "units", "freeUnits", "exclusiveAmount"} {
		t.has(tried, a, "number", "billingInfo", name)
	}
	t.has(tried, a, "object", "charges")
	t.has(tried, a, "list", "charges", "fixedCost")
	t.has(tried, a, "list", "tariffBlocks")
	for _, row := range rows(a, "charges", "fixedCost") {
		if _, described := row["description"].(string); number(row["value"]) == nil || !described {
			t.fault(tried, "fixed costs with value and description", "something else, reference "+a.reference)
		}
	}
	for _, row := range rows(a, "tariffBlocks") {
		if number(row["amount"]) == nil || number(row["units"]) == nil || number(row["costPerUnit"]) == nil {
			t.fault(tried, "tariffBlocks with amount, units and costPerUnit", "something else, reference "+a.reference)
		}
	}
	t.has(tried, a, "text", "billingInfo", "unitType")
	t.has(tried, a, "text", "billingInfo", "receiptNumber")
	t.learn("Which words are a unitType?", "%s", a.text("billingInfo", "unitType"))
	info := t.meterInfo(a)
	if info["meterNumber"] == nil {
		t.fault(tried, "the meter's number", "none, reference "+a.reference)
	}
	t.sum(a, amount)
}

// sum asks in which unit a receipt counts: whether its parts make up the amount.
func (t *trial) sum(a answer, amount int64) {
	total := new(big.Rat)
	add := func(v any) {
		if n := number(v); n != nil {
			total.Add(total, n)
		}
	}
	for _, v := range []any{a.get("billingInfo", "exclusiveAmount"), a.get("billingInfo", "taxAmount"), a.get("charges", "debt", "value")} {
		add(v)
	}
	for _, row := range rows(a, "charges", "fixedCost") {
		add(row["value"])
	}
	verdict := "no"
	if total.Cmp(big.NewRat(amount, 1)) == 0 {
		verdict = "yes, in cents"
	} else if total.Cmp(big.NewRat(amount, 100)) == 0 {
		verdict = "yes, in rand"
	}
	t.learn("Do exclusiveAmount, taxAmount, debt and fixed costs make up the amount?", "%s", verdict)
}

// number is a JSON number, or a string that is one, exactly.
func number(v any) *big.Rat {
	text := ""
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	if len(text) > 20 || strings.ContainsAny(text, "eE/") {
		return nil // no sum of money, and 1e999999999 would fill the memory
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return n
}

// unclaimed skips the check when the meter has had its free electricity, which it
// gets once a month.
func (t *trial) unclaimed(a answer) {
	if code, _ := a.code(); code == 2312 {
		t.skip("the fixture's meter has had its free electricity (code 2312)")
	}
}

// checkFBE claims what a household gets once a month.
func checkFBE(t *trial) {
	m := t.run.target.Fixture.Meters.FBE
	t.need(m.Number != "", "meter with Free Basic Electricity (meters.fbe)")
	f := t.free(utilityPurchase, m)
	a := t.post(utilityPurchase, f)
	t.unclaimed(a)
	t.sold("free electricity", a)
	t.utility(a, 0)
	t.same("the same again", a, t.post(utilityPurchase, f))
	again := t.post(utilityPurchase, t.free(utilityPurchase, m))
	t.learn("Is free electricity given twice?", "%s", again.describe(&t.run.scrub))
}
