package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

// The types of token (Token, tokenType).
const (
	tokenStandard  = "STD"
	tokenFree      = "BSST"
	tokenRefund    = "REFUND"
	tokenKeyChange = "KC"
)

// token is one number of 20 digits to be keyed in, which tells nothing of what it
// is for: only the meter could read it.
type token struct {
	kind, code, receipt string
	units               int64 // hundredths of a kWh or kl; 0 for a key change
	net, tax            int64 // cents
	blocks              []stretch
}

// vending is a purchase that was made.
type vending struct {
	entry   *entry // nil for a trial
	meter   meter
	amount  int64 // cents
	bill    bill
	owed    int64 // debt that is left, in cents
	tokens  []token
	number  string // of the receipt, letters and digits
	parties [2]party
}

// lookup tells whose meter it is. The caller holds the lock.
func (u *utilities) lookup(o meterOrder) (outcome, *refusal) {
	m, past, no := u.find(o)
	if no != nil {
		return outcome{}, no
	}
	parties := u.parties(m, u.s.randomDigits(10))
	answer := o.fields.echo(parties[0], parties[1])
	answer["meter"], answer["customer"], answer["utility"] = m.wire(), m.customer(), m.issuer("")
	answer["minAmount"], answer["maxAmount"] = m.rands(m.min), m.rands(m.max)
	answer["bsstDue"] = m.freeDue(past) > 0
	if owed := m.owed(past); owed > 0 {
		answer["arrearsAmount"] = m.rands(owed)
	}
	return outcome{body: answer}, nil
}

// freeDue is how many free units the meter has to get, in hundredths.
func (m meter) freeDue(past history) int64 {
	if m.free.given || past.granted {
		return 0
	}
	return m.free.units
}

// price is the refusal that an amount deserves, nil when it can be sold for. The
// caller holds the lock.
func (u *utilities) price(m meter, past history, amount int64) *refusal {
	owed := m.owed(past)
	switch {
	case amount == 0 && m.freeDue(past) == 0:
		return &refusal{kind: typeNoFreeUnits, message: "No free units due"}
	case amount == 0:
		return nil
	case amount > m.max:
		return &refusal{kind: typeAmountTooHigh, message: "Amount too high", detail: "At most " + inWords(m.max)}
	case amount < m.min:
		return &refusal{kind: typeAmountTooLow, message: "Amount too low", detail: "At least " + inWords(m.min)}
	case len(m.debts) == 1 && m.debts[0].all && amount <= owed: // nothing would be left to buy units with
		return &refusal{kind: typeAmountTooLow, message: "Arrears are higher", detail: "More than " + inWords(owed)}
	case amount > u.s.books.float:
		return &refusal{kind: typeFunds, message: "Float is too small"}
	}
	return nil
}

func inWords(cents int64) string { return fmt.Sprintf("R%d.%02d", cents/100, cents%100) }

// sell makes a purchase. The caller holds the lock.
func (u *utilities) sell(o meterOrder, e *entry) (outcome, *refusal) {
	m, past, no := u.find(o)
	if no == nil {
		no = u.price(m, past, o.amount)
	}
	if no != nil {
		return outcome{}, no
	}
	u.receipts++
	v := u.vend(m, past, o.amount, "R"+u.now().Format("060102")+strconv.FormatInt(7_000_000+u.receipts, 10))
	v.entry = e
	if !m.fresh {
		past.granted = past.granted || m.freeDue(past) > 0
		past.units += v.bill.units
		past.paid += v.bill.paidOff()
		past.fees += v.bill.monthly
		u.past[m.number] = past
	}
	u.latest[m.number] = v
	e.goods, e.parties, e.final = v, v.parties[:], !m.reverses
	return outcome{body: v.wire(o.fields), amount: o.amount}, nil
}

// trial tells what a purchase would bring, with tokens that no meter takes. The
// caller holds the lock.
func (u *utilities) trial(o meterOrder) (outcome, *refusal) {
	m, past, no := u.find(o)
	if no == nil {
		no = u.price(m, past, o.amount)
	}
	if no != nil {
		return outcome{}, no
	}
	v := u.vend(m, past, o.amount, "TRIAL")
	for i := range v.tokens {
		v.tokens[i].code = strings.Repeat("0", 20)
	}
	return outcome{body: v.wire(o.fields)}, nil
}

// vend makes out what an amount brings, and its tokens in the order in which they
// are keyed in. The caller holds the lock.
func (u *utilities) vend(m meter, past history, amount int64, receipt string) *vending {
	v := &vending{meter: m, amount: amount, number: receipt, parties: u.parties(m, u.s.randomDigits(10))}
	v.bill = m.bill(amount, past)
	v.owed = max(m.owed(past)-v.bill.paidOff(), 0)
	v.tokens = u.changeKeys(m)
	add := func(t token) {
		t.code = u.s.randomDigits(20)
		t.receipt = fmt.Sprintf("%s-%d", receipt, len(v.tokens)+1)
		v.tokens = append(v.tokens, t)
	}
	if amount > 0 {
		add(token{kind: tokenStandard, units: v.bill.units, net: v.bill.net, tax: v.bill.tax, blocks: v.bill.stretches})
	}
	if free := m.freeDue(past); free > 0 && (amount > 0 || !m.fresh || m.max == 0) {
		add(token{kind: tokenFree, units: free})
	}
	if m.refund > 0 {
		add(token{kind: tokenRefund, units: m.refund, net: amount})
	}
	return v
}

// changeKeys are the tokens that take a meter from one set of keys to the next,
// two for each change, to be keyed in before any other. The caller holds the lock.
func (u *utilities) changeKeys(m meter) []token {
	var list []token
	for range 2 * len(m.next) {
		list = append(list, token{kind: tokenKeyChange, code: u.s.randomDigits(20)})
	}
	return list
}

// parties are whom the answers name besides the client: the aggregator and the
// utility's host, each with a reference of its own.
func (u *utilities) parties(m meter, reference string) [2]party {
	return [2]party{
		{"ELECTRUM", "Electrum", "EL" + reference},
		{"UTILITYHOST", m.utility.name, "UT" + reference},
	}
}
