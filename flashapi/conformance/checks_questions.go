package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// questionChecks put what the document leaves open, at no cost: what is asked for
// does not exist, and whether the answer is the usual refusal says it.
func questionChecks() []check {
	return []check{
		{name: "open.token-path", section: "2.7.1", says: "does Flash Token purchase live with or without /4.0?", first: true, run: checkTokenPath},
		{name: "open.unknown-property", section: "1.2.1.1", says: "are unknown properties in requests ignored?", asks: true, run: func(t *trial) {
			t.eachAs("Are unknown properties in requests ignored?", fields{"somethingElse": "x"}, func(operation) bool { return true })
		}},
		{name: "open.product-code-type", section: "3.1", says: "is productCode accepted as string and as integer?", asks: true, run: func(t *trial) {
			t.eachAs("Is productCode accepted as a string?", fields{"productCode": strconv.Itoa(noSuchProduct)}, func(o operation) bool { return o.takes("productCode") })
		}},
		{name: "open.mobile-type", section: "3.1.22", says: "is mobileNumber accepted as a number?", asks: true, run: func(t *trial) {
			t.eachAs("Is mobileNumber accepted as a JSON number?", fields{"mobileNumber": json.RawMessage("27600000000")}, func(o operation) bool { return o.path == pinlessPurchase })
		}},
		{name: "open.amount-type", section: "2.3.3", says: "is amount accepted in other forms?", asks: true, run: func(t *trial) {
			redeem := func(o operation) bool { return o.path == voucherRedeem }
			t.eachAs("Is amount accepted as a string?", fields{"amount": "100"}, redeem)
			t.eachAs("Is amount accepted as 100.0?", fields{"amount": json.RawMessage("100.0")}, redeem)
			t.eachAs("Is amount accepted as 1e2?", fields{"amount": json.RawMessage("1e2")}, redeem)
		}},
		{name: "open.reference-alphabet", section: "2.3.3", says: "which characters may a reference have besides letters and digits?", run: func(t *trial) {
			op := t.run.ops[voucherRedeem]
			for _, c := range "-.=_,:" {
				f := t.nothing(op)
				f["reference"] = f["reference"].(string) + string(c) + "z"
				a := t.post(op.path, f)
				code, _ := a.code()
				accepted := a.err == nil && op.refuses.has(code) && !formCodes().has(code)
				if !accepted && strings.ContainsRune("-.=", c) {
					t.fault("a reference with "+string(c), "accepted", t.got(a))
				}
				t.learn("Which characters may a reference have besides letters and digits?", "%c: %s", c, yes(accepted))
			}
		}},
		{name: "open.reference-length", section: "4", says: "how long may a reference be?", asks: true, run: checkReferenceLength},
		{name: "open.payment-method", section: "2.11.2.1", says: "is a space allowed in paymentMethod?", asks: true, run: func(t *trial) {
			t.eachAs(`Is paymentMethod "Credit Card" accepted?`, fields{"paymentMethod": "Credit Card"}, func(o operation) bool { return o.takes("paymentMethod") })
		}},
		{name: "open.till-names", section: "2.11.2.1", says: "are storeID and terminalID accepted in Flash Pay purchase?", asks: true, run: func(t *trial) {
			t.eachAs("Are storeID and terminalID accepted, as the table of Flash Pay purchase has them?", fields{"storeID": "1", "terminalID": "1"}, func(o operation) bool { return o.path == billerPurchase })
		}},
		{name: "open.refusal-repeated", section: "1.2.2", says: "is a refusal given again under its reference?", asks: true, run: checkRefusalRepeated},
		{name: "open.refusal-form", section: "1.2.1.2", says: "what does a refusal carry?", asks: true, run: func(t *trial) {
			op := t.run.ops[voucherRedeem]
			a := t.post(op.path, t.nothing(op))
			for _, name := range []string{"reference", "transactionId", "path"} {
				kind := "missing"
				switch a.get(name).(type) {
				case string:
					kind = "string"
				case json.Number:
					kind = "number"
				}
				t.learn("What does a refusal carry besides responseCode and responseMessage?", "%s: %s", name, kind)
			}
		}},
	}
}

// eachAs compares the refusal of a request with that of the same in another form,
// on all operations that fit, and writes down where they differ.
func (t *trial) eachAs(question string, other fields, fits func(operation) bool) {
	for _, op := range operations() {
		if !fits(op) {
			continue
		}
		bare, changed := t.post(op.path, t.nothing(op)), t.post(op.path, t.nothing(op).with(other))
		want, known := bare.code()
		got, ok := changed.code()
		switch {
		case bare.err != nil || changed.err != nil || !known:
			t.fault(op.path, "an answer", t.got(changed))
		case ok && got == want, ok && op.refuses.has(got) && !formCodes().has(got):
			t.learnOf(op.path, question, "yes")
		default:
			t.learnOf(op.path, question, "no (code %d)", got)
		}
	}
}

// checkTokenPath finds where Flash Token purchase lives, for all later checks.
func checkTokenPath(t *trial) {
	op := t.run.ops[tokenPurchase]
	served := func(versioned bool) bool {
		t.run.tokenPathVersioned = versioned
		a := t.post(op.path, t.nothing(op))
		code, _ := a.code()
		return a.err == nil && documented().has(code) && a.status != http.StatusMethodNotAllowed
	}
	with, without := served(true), served(false)
	t.run.tokenPathVersioned = with && !without
	const question = "Does Flash Token purchase live with or without /4.0?"
	switch {
	case with && without:
		t.learn(question, "both")
	case with:
		t.learn(question, "with /4.0 only, other than section 2.7.1 shows")
	case without:
		t.learn(question, "without /4.0 only, as section 2.7.1 shows")
	default:
		t.fault("both addresses", "one of them answers", "neither does")
	}
	t.open = true
}

func checkReferenceLength(t *trial) {
	op := t.run.ops[voucherRedeem]
	longest := 0
	for _, n := range []int{20, 30, 36, 40, 50, 64, 100, 128, 255, 256, 500} {
		f := t.nothing(op)
		f["reference"] = f["reference"].(string) + "-" + strings.Repeat("L", n-len(f["reference"].(string))-1)
		a := t.post(op.path, f)
		code, _ := a.code()
		if a.err != nil || !op.refuses.has(code) || formCodes().has(code) {
			t.learn("How long may a reference be?", "%d characters are accepted, %d are not (%s)", longest, n, a.describe(&t.run.scrub))
			return
		}
		longest = n
	}
	t.learn("How long may a reference be?", "%d characters are accepted; more were not tried", longest)
}

// checkRefusalRepeated sends a refused request again, and another one under its
// reference.
func checkRefusalRepeated(t *trial) {
	op := t.run.ops[voucherRedeem]
	f := t.nothing(op)
	first, again := t.post(op.path, f), t.post(op.path, f)
	t.learn("Is a refusal given again under its reference?", "%s", yes(bytes.Equal(first.raw, again.raw)))
	other := t.post(op.path, f.with(fields{"amount": 200}))
	t.learn("Is the reference of a refused request used up?", "another request under it: %s", other.describe(&t.run.scrub))
}
