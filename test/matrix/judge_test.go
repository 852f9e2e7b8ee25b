package matrix

import (
	"context"
	"slices"
	"strings"

	"spaza/ledger"
	"spaza/vend"
)

// mark is what a cell ends as, in one letter.
type mark byte

// The marks. They say how it ended and by which way, since a longer way is
// another judgement too.
const (
	atOnce       mark = 'D' // delivered by the first answer
	asked        mark = 'd' // delivered, after it was not clear
	fetched      mark = 'o' // paid, and the goods fetched later
	refused      mark = 'X' // declined by the first answer
	askedRefused mark = 'x' // declined, after it was not clear
	person       mark = 'V' // to a person, who found that it had happened
	personOwed   mark = 'O' // paid; to a person, who had the goods read out
	personNot    mark = 'N' // to a person, who found that it had not happened
	torn         mark = 'C' // to a person by an answer; it had happened
	tornNot      mark = 'c' // to a person by an answer; it had not happened
	undone       mark = 'r' // declined, since it was undone
	keptThere    mark = 'R' // to a person, since it could not be undone; it had happened
	unconfirmed  mark = 'u' // delivered, and the provider does not take its confirmation
	lied         mark = 'L' // declined by a final answer, and it had happened
	nothing      mark = '?' // none of these
)

// marks says what each means.
func marks() [][2]string {
	return [][2]string{
		{string(atOnce), "delivered by the first answer"},
		{string(asked), "unknown at first, then delivered"},
		{string(fetched), "owed (paid, the goods missing), then delivered"},
		{string(refused), "declined by the first answer, the money back"},
		{string(askedRefused), "unknown at first, then declined, the money back"},
		{string(person), "unknown to the end of the window; a person found that it had happened"},
		{string(personOwed), "owed to the end of the window; a person had the goods read out"},
		{string(personNot), "unknown to the end of the window; a person found that it had not happened: the money back"},
		{string(torn), "to a person by an answer that contradicts itself, and it had happened"},
		{string(tornNot), "to a person by an answer that contradicts itself, and it had not happened: the money back"},
	}
}

// judge lays everything about a cell's order side by side, and says what it ended
// as.
func (c *cell) judge(ctx context.Context) mark {
	f, err := c.service.File(ctx, c.ref)
	if !c.check("read order", err) {
		return nothing
	}
	o, happened := f.Order, c.happened(c.ref)
	m := c.mark(o, f.Trail)
	switch {
	case m == nothing:
		c.wrong("it rests as %s %s, code %s", o.State, o.Resolution, o.Code)
	case o.Done() != happened, o.Refused() == happened:
		c.wrong("it is %s %s, and at the provider it happened: %t", o.State, o.Resolution, happened)
	}
	c.settled(ctx, c.ref, m)
	c.follow(f)
	c.handed(ctx, o)
	c.money(ctx)
	c.once(o)
	c.informed(o, f.Trail)
	if o.Kind == vend.KindRedeem && len(o.Sealed) > 0 {
		c.wrong("its PIN is still kept")
	}
	if c.original == "" {
		return m
	}
	undone, err := c.service.Order(ctx, c.original)
	if c.check("read what was to be undone", err) && (undone.State == vend.StateReversed) != happened {
		c.wrong("%s is %s, and at the provider it was undone: %t", c.original, undone.State, happened)
	}
	return m
}

func (c *cell) mark(o vend.Order, trail []vend.Move) mark {
	was := func(s vend.State) bool {
		return slices.ContainsFunc(trail, func(m vend.Move) bool { return m.To == s })
	}
	unclear, owed, decided := was(vend.StateUnknown), was(vend.StateOwed), was(vend.StatePerson)
	told := func(why vend.Cause) bool {
		return slices.ContainsFunc(trail, func(m vend.Move) bool { return m.Cause == why })
	}
	byAnswer := slices.ContainsFunc(trail, func(m vend.Move) bool { return m.To == vend.StatePerson && m.Cause == vend.CauseAnswer })
	switch {
	case o.State == vend.StateResolved && o.Done() && told(vend.CauseNotTaken):
		return keptThere
	case o.State == vend.StateDelivered && !decided && told(vend.CauseNotTaken):
		return unconfirmed
	case o.State == vend.StateDeclined && !decided && !owed && told(vend.CauseTaken):
		return undone
	case o.State == vend.StateDeclined && !unclear && !decided && !owed && c.lied():
		return lied
	case o.State == vend.StateResolved && o.Done() && byAnswer:
		return torn
	case o.State == vend.StateResolved && o.Refused() && byAnswer:
		return tornNot
	case o.State == vend.StateResolved && o.Done() && owed:
		return personOwed
	case o.State == vend.StateResolved && o.Done():
		return person
	case o.State == vend.StateResolved && o.Refused() && !owed:
		return personNot
	case o.State == vend.StateDelivered && owed && !decided:
		return fetched
	case o.State == vend.StateDelivered && unclear && !decided:
		return asked
	case o.State == vend.StateDelivered && !decided:
		return atOnce
	case o.State == vend.StateDeclined && unclear && !decided && !owed:
		return askedRefused
	case o.State == vend.StateDeclined && !decided && !owed:
		return refused
	}
	return nothing
}

// follow goes along the trail: from nothing to where the order stands, by legal
// moves, with every sending in it.
func (c *cell) follow(f vend.File) {
	var at vend.State
	last, answers := 0, 0
	for i, m := range f.Trail {
		switch {
		case m.From != at, m.From != m.To && m.From.To(m.To) != nil, m.Cause == "", m.At.IsZero():
			c.wrong("move %d of its trail leads astray: %+v", i, m)
			return
		case i > 0 && m.At.Before(f.Trail[i-1].At):
			c.wrong("move %d of its trail was before the last: %+v", i, m)
		case m.Cause == vend.CauseResolve && (m.By == "" || m.Note == ""):
			c.wrong("nobody says who decided, and why: %+v", m)
		}
		at = m.To
		if m.Attempt != 0 && m.Cause != vend.CauseTaken && m.Cause != vend.CauseNotTaken { // those are of an advice
			if m.Attempt != last+1 {
				c.wrong("after attempt %d its trail tells of attempt %d", last, m.Attempt)
			}
			last = m.Attempt
		}
		if m.Cause == vend.CauseAnswer {
			answers++
		}
	}
	if at != f.Order.State {
		c.wrong("its trail ends at %s, and it is %s", at, f.Order.State)
	}
	if n := c.host.arrivals(c.ref); n < answers || answers == 0 {
		c.wrong("its trail tells of %d answers, and %d requests reached the provider", answers, n)
	}
}

// handed compares what the customer has with what the provider gave.
func (c *cell) handed(ctx context.Context, o vend.Order) {
	if !o.Done() {
		if got := c.hand(o); len(got) > 0 {
			c.wrong("it did not happen, and the customer has %d numbers of it", len(got))
		}
		return
	}
	if o.Kind.Handed() {
		gave, err := c.host.gave(ctx, o.Ref)
		c.check("ask the provider", err)
		if got, want := c.hand(o), gave.secrets(); len(want) == 0 || !slices.Equal(got, want) {
			c.wrong("the customer has %d numbers, and the provider gave %d, not the same", len(got), len(want))
		}
	}
	if o.Kind == vend.KindBill && o.State == vend.StateDelivered {
		if g, err := c.service.Goods(o); err != nil || g.Payment == nil {
			c.wrong("the receipt of the payment is missing: %v", err)
		}
	}
	if o.Delivery != vend.DeliverySent && o.Delivery != vend.DeliveryShown {
		c.wrong("it is done, and its delivery is %q", o.Delivery)
	}
}

// money compares what the customer has with the provider's books: vouchers taken
// in, less everything that was done for it and not undone.
func (c *cell) money(ctx context.Context) {
	var spent, redeemed, broken int64
	books := c.host.books()
	for _, t := range books.lines {
		switch {
		case !slices.Contains(c.refs, t.ref):
			c.wrong("the provider did what nobody asked for: %+v", t)
		case t.ref == c.ref && c.lied():
			broken += t.spent
		default:
			spent, redeemed = spent+t.spent, redeemed+t.redeemed
		}
	}
	due := redeemed
	if !c.merchant {
		due -= spent
	}
	if c.till != c.host {
		purse, _ := c.till.entry(c.purse)
		due += purse.redeemed
	}
	b, err := c.service.Balance(ctx, c.msisdn)
	if want := (vend.Balance{Available: ledger.Cents(due)}); err != nil || b != want {
		c.wrong("the customer has %s and %s held, and should have %s, %v", b.Available, b.Held, want.Available, err)
	}
	if books.spent != spent+broken || books.redeemed != redeemed {
		c.wrong("the provider's float went down by %d and its redemptions are %d, by its own lines %d and %d", books.spent, books.redeemed, spent+broken, redeemed)
	}
	if b, err := c.service.Balance(ctx, c.friend); err != nil || b != (vend.Balance{}) {
		c.wrong("somebody else has %+v, %v", b, err)
	}
}

// once counts what the provider did: the operation at most once.
func (c *cell) once(o vend.Order) {
	b, n := c.host.books(), 0
	for _, t := range b.lines {
		if t.op == c.row.op && t.done && t.ref != c.purse && t.ref != c.original && !(t.ref == c.ref && c.lied()) {
			n++
		}
	}
	if o.Kind == vend.KindReverse {
		n = b.undone
	}
	if n > 1 || (n == 1) != o.Done() {
		c.wrong("it is %s, and the provider did it %d times", o.State, n)
	}
}

// informed looks whether the customer knows how it ended. Of an undoing that was
// not done nobody is told: it changes nothing for them.
func (c *cell) informed(o vend.Order, trail []vend.Move) {
	if o.Kind == vend.KindReverse && !o.Done() {
		return
	}
	if !c.heard(func(n news) bool {
		return n.ref == o.Ref && n.state == o.State && n.done == o.Done() && n.refuse == o.Refused()
	}) {
		c.wrong("nobody told the customer that it is %s", o.State)
	}
	if twice := c.twice(); twice != "" {
		c.wrong("a message was sent twice: %s", twice)
	}
	if o.Done() && o.Kind != vend.KindRedeem && !c.heard(func(n news) bool { return n.ref == o.Ref && n.event != vend.NoticePerson && n.done }) {
		c.wrong("there is no receipt")
	}
	waited := slices.ContainsFunc(trail, func(m vend.Move) bool { return m.To == vend.StatePerson })
	if waited && o.Kind != vend.KindReverse && !c.heard(func(n news) bool { return n.ref == o.Ref && n.event == vend.NoticePerson }) {
		c.wrong("nobody told the customer that a person looks at it")
	}
}

// twice is a message that was sent more than once; empty when there is none.
func (c *cell) twice() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[string]bool{}
	for _, n := range c.told {
		key := n.ref + "/" + n.event
		if n.event != "" && seen[key] {
			return key
		}
		seen[key] = true
	}
	return ""
}

// report is everything that is wrong with a cell.
func (c *cell) report() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wrongs) == 0 {
		return nil
	}
	return []string{c.String() + ":\n\t" + strings.Join(c.wrongs, "\n\t")}
}
