package recon

import (
	"spaza/ledger"
)

// Bucket is where an order and its lines belong. Every order and every line is
// in exactly one.
type Bucket string

// The buckets.
const (
	Agree         Bucket = "agree"
	OursOnly      Bucket = "ours_only"
	TheirsOnly    Bucket = "theirs_only"
	AmountDiffers Bucket = "amount_differs"
	ReversedThere Bucket = "reversed"      // the provider reversed what we count as done, or wait for
	StatesDiffer  Bucket = "states_differ" // both sides know it, and one says no
	Pending       Bucket = "pending"       // not to be judged yet, or not by this file
)

// Buckets lists all, in the order of the report.
func Buckets() []Bucket {
	return []Bucket{Agree, OursOnly, TheirsOnly, AmountDiffers, ReversedThere, StatesDiffer, Pending}
}

// claim is what all the lines of one transaction say together.
type claim struct {
	status Status
	amount ledger.Cents // zero where it is not said
	sold   ledger.Cents // what the provider counts as sold, or taken in
}

// lines makes one claim of the lines of one transaction. Repeated lines have
// been taken out.
func (t *Table) lines(rows []*row, incoming bool) claim {
	var count [Unreadable + 1]int
	var c claim
	same := true // all that say an amount say the same
	var sales []*row
	for _, r := range rows {
		status, amount := t.statusOf(r, incoming), t.cents(r)
		if status == Success && relisted(t, sales, r) {
			continue
		}
		count[status]++
		if status == Success {
			sales = append(sales, r)
			c.sold += amount
		}
		if status != Failed && status != Waiting && amount != 0 {
			same = same && (c.amount == 0 || c.amount == amount)
			c.amount = amount
		}
	}
	sold, credited, undone := count[Success], count[Credit], count[Undone]
	switch {
	case len(rows) == 0:
		c.status = Absent
	case sold == 0 && credited == 0 && undone == 0 && count[Waiting] > 0:
		c.status = Waiting
	case sold == 0 && credited == 0 && undone == 0:
		c.status = Failed
	case sold == 1 && credited == 0 && undone == 0:
		c.status = Success
	case sold > 1 && credited == 0 && undone == 0:
		c.status = Twice
	case sold <= 1 && credited == 0 && same, sold == 1 && credited == 1 && undone == 0 && same:
		c.status, c.sold = Undone, 0
	default:
		c.status = Unclear
	}
	return c
}

// relisted says that the line is one of the sales once more: with the
// provider's own reference and the same amount.
func relisted(t *Table, sales []*row, r *row) bool {
	for _, s := range sales {
		if r.provLen > 0 && string(t.prov(r)) == string(t.prov(s)) && r.amount == s.amount {
			return true
		}
	}
	return false
}

// verdict is what becomes of an order and a claim.
type verdict struct {
	bucket Bucket
	advice Advice
	action Action // empty: none is proposed
	amount ledger.Cents
}

// setting is what a verdict depends on beside the two sides.
type setting struct {
	inside bool // an absence proves something
	window bool // the order is still inside the window of automatic means
}

// judge is the whole of the rules. It never proposes what would cost a customer
// more than the price on hold for what the provider says was delivered.
func judge(o Ours, c claim, s setting) verdict {
	switch {
	case o.Standing == Open && s.window:
		return verdict{bucket: Pending, advice: AdviceOpen}
	case c.status == Unreadable:
		return verdict{bucket: Pending, advice: AdviceUnreadable}
	case o.NoLine:
		return judgeNoLine(o, c)
	case c.status == Waiting:
		return verdict{bucket: Pending, advice: AdviceWaiting}
	case c.status == Twice:
		return verdict{bucket: StatesDiffer, advice: AdviceTwice}
	case c.status == Unclear:
		return verdict{bucket: StatesDiffer, advice: AdviceUnclear}
	}
	undone := c.status == Failed || c.status == Absent || c.status == Undone
	if undone && (o.Standing == Refused || o.Standing == Reversed) {
		return verdict{bucket: Agree}
	}
	if c.status == Absent && !s.inside {
		return verdict{bucket: Pending, advice: AdviceEdge}
	}
	if o.Standing != Reversed && o.known() && c.status != Failed && c.status != Absent && c.amount != o.Amount &&
		(c.amount != 0 || c.status == Success) {
		return verdict{bucket: AmountDiffers, advice: AdviceAmount}
	}
	switch o.Standing {
	case Done:
		return judgeDone(o, c)
	case Person:
		return judgePerson(o, c)
	case Refused:
		return judgeRefused(o, c)
	case Reversed: // sold there, and the customer has the money
		return verdict{bucket: StatesDiffer, advice: AdviceStillSold}
	default:
		return judgeOpen(c)
	}
}

func judgeNoLine(o Ours, c claim) verdict {
	if c.status == Absent && (o.Standing == Open || o.Standing == Person) {
		return verdict{bucket: Pending, advice: AdviceNoLineOpen}
	}
	if c.status == Absent || o.Standing == Done && (c.status == Success || c.status == Undone) || o.Standing == Refused && c.status == Failed {
		return verdict{bucket: Agree}
	}
	return verdict{bucket: StatesDiffer, advice: AdviceNoLine}
}

func judgeDone(o Ours, c claim) verdict {
	switch {
	case c.status == Success:
		return verdict{bucket: Agree}
	case c.status == Absent:
		return verdict{bucket: OursOnly, advice: AdviceDoneAbsent}
	case c.status == Failed:
		return verdict{bucket: StatesDiffer, advice: AdviceDoneFailed}
	case o.Incoming: // its undoing would take the customer's balance
		return verdict{bucket: ReversedThere, advice: AdviceRedeemReversed}
	}
	return verdict{bucket: ReversedThere, advice: AdviceReversed, action: GiveBack, amount: o.Amount}
}

func judgePerson(o Ours, c claim) verdict {
	amount := o.Amount
	if o.Incoming {
		amount = c.amount
	}
	said := o.Captured || o.Given // the provider once said that it happened
	notVended := verdict{bucket: StatesDiffer, advice: AdviceNotVended, action: ResolveNotVended, amount: o.Amount}
	if o.Incoming {
		notVended.amount = 0
	}
	switch {
	case c.status == Success && (o.Captured || o.Handed):
		return verdict{bucket: StatesDiffer, advice: AdviceGoods}
	case c.status == Success && o.Incoming && amount == 0:
		return verdict{bucket: StatesDiffer, advice: AdviceNoValue}
	case c.status == Success:
		return verdict{bucket: StatesDiffer, advice: AdviceVended, action: ResolveVended, amount: amount}
	case c.status == Undone && o.Captured:
		return judgeDone(o, c)
	case c.status == Undone:
		notVended.bucket = ReversedThere
		return notVended
	case c.status == Absent && said:
		return verdict{bucket: OursOnly, advice: AdviceDoneAbsent}
	case c.status == Absent:
		notVended.bucket = OursOnly
		return notVended
	case said:
		return verdict{bucket: StatesDiffer, advice: AdviceDoneFailed}
	}
	return notVended
}

func judgeRefused(o Ours, c claim) verdict { // c.status is Success
	switch {
	case o.Incoming && c.amount == 0:
		return verdict{bucket: StatesDiffer, advice: AdviceNoValue}
	case o.Incoming:
		return verdict{bucket: StatesDiffer, advice: AdviceCredit, action: ResolveVended, amount: c.amount}
	case o.Amount == 0:
		return verdict{bucket: StatesDiffer, advice: AdviceFreeSold}
	}
	return verdict{bucket: StatesDiffer, advice: AdviceLoss, action: ResolveAtLoss, amount: o.Amount}
}

// judgeOpen is for an order that the automatic means should have ended. Nothing
// is proposed: what has it may still be at work.
func judgeOpen(c claim) verdict {
	v := verdict{bucket: StatesDiffer, advice: AdviceStuck}
	switch c.status {
	case Absent:
		v.bucket = OursOnly
	case Undone:
		v.bucket = ReversedThere
	}
	return v
}

// judgeNobody judges lines for which there is no order.
func judgeNobody(c claim, incoming, plain bool) verdict {
	v := verdict{bucket: TheirsOnly}
	switch {
	case c.status == Twice:
		v.advice = AdviceTwice
	case c.status == Unclear:
		v.advice = AdviceUnclear
	case c.status != Success:
		v.advice = AdviceNoMoney
	case incoming && plain && c.amount > 0:
		v.advice, v.action, v.amount = AdviceAside, BookAside, c.amount
	case incoming:
		v.advice = AdviceOdd
	default:
		v.advice = AdviceNotOurs
	}
	return v
}
