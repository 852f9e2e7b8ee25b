package flows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

// counter is where one kind of thing is paid for. Every flow that sells ends at
// one, and all of them are the same but for what is said here.
type counter struct {
	flow string // names the states: "airtime" makes airtime.confirm and so on
	kind vend.Kind
	back dialog.StateID // the last question; 0 on the confirm screen leads there
	// onSale says whether there is anything to sell.
	onSale func() bool
	// product is what is sold for what was chosen; not ok when it is not on
	// sale any more.
	product func(t *dialog.Talk) (vend.Product, bool)
	// warning is what must be read before a yes; nil for nothing.
	warning func(t *dialog.Talk) string
	// cautions is what should be read as well, in several wordings, the longest
	// first: the first with which the confirm screen is one page is shown.
	cautions func(t *dialog.Talk) []string
	// person says that the confirm screen tells of a person, whose name is kept
	// nowhere.
	person bool
	// ready says that what must be looked up before a yes was, for exactly what
	// is being bought; where it was not, again does it and comes back. nil where
	// nothing is looked up.
	ready func(t *dialog.Talk) bool
	// least is the cheapest that could be bought instead; nil where there is
	// no choice of amount.
	least func(t *dialog.Talk) ledger.Cents
	// mend says where the customer can put right what a sale was refused for.
	mend map[vend.Reason]dialog.StateID
	// recall sets the variables as they were for an order, so that it can be
	// bought again; false where it cannot. nil where that is never offered.
	recall func(t *dialog.Talk, o vend.Order) bool
	// again is where buying once more begins; empty for the confirm screen.
	again dialog.StateID
	// handed says that a screen shows what was bought, a PIN or tokens.
	handed bool
	// free says that it costs nothing.
	free bool
	// refund says that balance is given back, and nothing bought.
	refund bool
}

// vouched says that a voucher can be handed in to pay here: not for a voucher, nor
// for what is free.
func (c counter) vouched() bool { return !c.refund && !c.free }

func (c counter) state(step string) dialog.StateID { return dialog.StateID(c.flow + "." + step) }

// otherKey is the word for going back to choose something else.
func (c counter) otherKey() string {
	if c.kind == vend.KindData {
		return "data.group.other"
	}
	return "pay.short.other"
}

func (c counter) confirm() dialog.StateID { return c.state("confirm") }

// repeat is where buying once more begins.
func (c counter) repeat() dialog.StateID { return cmp.Or(c.again, c.confirm()) }

// mends are the ways to where something can be put right.
func (c counter) mends() []dialog.Edge {
	var all []dialog.Edge
	seen := map[dialog.StateID]bool{}
	for _, r := range mendable() {
		if to := c.mend[r]; to != "" && !seen[to] {
			seen[to] = true
			all = append(all, dialog.Edge{Move: mendMove(to), To: to})
		}
	}
	return all
}

// checkout are the states from the confirm screen to the receipt, in the order in
// which a customer meets them.
func checkout(s Shop, c counter) []dialog.State {
	f := till{s, c}
	what := "what." + c.flow
	paying := []dialog.Edge{
		{Move: "sold", To: c.state("sold")},
		{Move: "pending", To: c.state("pending")},
		{Move: "owed", To: c.state("owed")},
		{Move: "declined", To: c.state("declined")},
		{Move: "undone", To: c.state("undone")},
		{Move: "ask", To: c.confirm()},
	}
	yes := []dialog.Edge{
		{Move: "cancel", To: c.state("cancelled")},
		{Move: "begun", To: c.state("paying")},
		{Move: "gone", To: c.back},
	}
	var priced []dialog.State // what there is only where something is paid
	if !c.free {
		short := dialog.Edge{Move: "short", To: c.state("short")}
		locked := dialog.Edge{Move: "locked", To: c.state("locked")}
		create := dialog.Edge{Move: "make", To: walletPINNew}
		other := []dialog.Edge{{Move: "other", To: c.back}, {Move: "enough", To: c.confirm()}}
		if !c.refund { // no voucher for a voucher
			other = append(other, dialog.Edge{Move: "voucher", To: voucherPIN})
		}
		paying = append(paying, short, dialog.Edge{Move: "pin", To: c.state("pin")}, create, locked)
		yes = append(yes, dialog.Edge{Move: "pay", To: c.state("pin")}, short)
		priced = append(priced, dialog.State{
			ID: c.state("short"), Back: c.back, What: what,
			Enter: f.enterShort, Ask: f.askShort, Answer: f.answerShort, Edges: other,
		}, dialog.State{
			ID: c.state("pin"), Back: c.back, Secret: true, Free: true,
			Enter: f.enterPIN, Ask: f.askPIN, Answer: f.takePIN,
			Edges: []dialog.Edge{{Move: "go", To: c.state("paying")}, create, locked},
		}, dialog.State{ID: c.state("locked"), End: true, Ask: f.sayLocked})
	} else {
		yes = append(yes, dialog.Edge{Move: "pay", To: c.state("paying")})
	}
	if c.vouched() { // what is limited
		over := []dialog.Edge{{Move: "over", To: c.state("over")}, {Move: "reached", To: c.state("limit")}}
		paying, yes = append(paying, over...), append(yes, over...)
		priced = append(priced, dialog.State{
			ID: c.state("over"), Back: c.back, What: what,
			Enter: f.enterOver, Ask: f.askOver, Answer: picked,
			Edges: []dialog.Edge{{Move: "other", To: c.back}, {Move: "within", To: c.confirm()}, {Move: "reached", To: c.state("limit")}},
		}, dialog.State{ID: c.state("limit"), End: true, Ask: f.askLimit})
	}
	if c.ready != nil {
		yes = append(yes, dialog.Edge{Move: "look", To: c.again})
	}
	paying = append(paying, c.mends()...)
	sold := dialog.State{ID: c.state("sold"), End: true, Ask: f.askSold}
	if c.handed {
		sold.Private, sold.Enter = true, f.enterSold
	}
	if !c.refund { // nobody loses by money that is given back in two parts
		yes = append(yes, dialog.Edge{Move: "twice", To: c.state("twice")})
	}
	asked := []dialog.State{
		{
			ID: c.confirm(), Back: c.back, Confirm: true,
			Enter: f.enterConfirm, Ask: f.askConfirm, Answer: f.answerConfirm, Edges: yes,
			Private: c.person,
		},
	}
	if !c.refund {
		asked = append(asked, dialog.State{
			// As with a yes, no dial string answers it.
			ID: c.state("twice"), Back: c.back, Confirm: true,
			Ask: f.askTwice, Answer: f.answerTwice,
			Edges: []dialog.Edge{{Move: "once", To: c.state("once")}, {Move: "again", To: c.confirm()}},
		}, dialog.State{ID: c.state("once"), End: true, Ask: f.askOnce})
	}
	return slices.Concat(asked, priced, []dialog.State{
		{ID: c.state("paying"), Do: f.pay, Edges: paying},
		sold,
		{ID: c.state("pending"), End: true, Ask: f.askPending},
		{ID: c.state("owed"), End: true, Ask: f.askOwed},
		{ID: c.state("declined"), End: true, Ask: f.askDeclined},
		{ID: c.state("undone"), End: true, Ask: f.askUndone},
		{ID: c.state("cancelled"), End: true, Ask: says("pay.cancelled")},
	})
}

// till is a counter of a shop.
type till struct {
	Shop
	c counter
}

// costless says that nobody's balance pays.
func (f till) costless() bool { return f.c.free || f.onTheHouse() && !f.c.refund }

// what is bought, in words.
func (f till) what(t *dialog.Talk) dialog.Arg {
	return text("what", f.whole(t.Say, f.basket(t, f.c.kind)))
}

// justBought is how long after a purchase the very same is asked about first:
// most who press it again did not see that it worked.
const justBought = 2 * time.Minute

// enterConfirm sees whether it may be bought, and allots the reference that every
// way of saying yes to this screen will share: pressing twice, a gateway's retry,
// a redial. It stays the same until the customer changes what is bought. Who is
// past a limit learns it before they are sent for money.
func (f till) enterConfirm(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	move, err := f.mayAgree(ctx, t)
	if move == dialog.Stay && t.Int(agreed) == 0 {
		t.SetInt(agreed, f.words(t))
	}
	return move, err
}

// mayAgree leads away where there is nothing to be agreed to.
func (f till) mayAgree(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if _, ok := f.c.product(t); !ok {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	if f.c.ready != nil && !f.c.ready(t) {
		return "look", nil
	}
	if !f.c.refund && t.Int(sure) == 0 && f.boughtJustNow(ctx, t) {
		return "twice", nil
	}
	if t.Text(buyRef) == "" {
		t.SetText(buyRef, vend.NewRef(f.c.kind, f.Now()))
	}
	if f.c.free {
		return dialog.Stay, nil
	}
	if !f.c.refund {
		if move, err := f.mayBuy(ctx, t); move != dialog.Stay || err != nil || f.onTheHouse() {
			return move, err
		}
	}
	b, err := f.Purse.Balance(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	t.SetInt(available, int64(b.Available))
	t.Once(available)
	if b.Available < cents(t, amount) {
		return "short", nil
	}
	return dialog.Stay, nil
}

// boughtJustNow looks for the same purchase a moment ago, under another reference
// than the one that is about to be agreed to. Not being able to look is no reason
// not to sell.
func (f till) boughtJustNow(ctx context.Context, t *dialog.Talk) bool {
	last, err := f.History.Recent(ctx, t.User, 5)
	if err != nil {
		return false
	}
	w, to := f.basket(t, f.c.kind), f.sentTo(t)
	p, _ := f.c.product(t)
	for _, o := range last {
		if f.Now().Sub(o.CreatedAt) > justBought || o.Refused() || o.State == vend.StateReversed {
			continue
		}
		// Where no product was picked, it can have another code since.
		what := o.Product == p.Code || w.product == "" && o.Label == p.Vendor
		if o.Ref != t.Text(buyRef) && o.Kind == w.kind && o.Amount == w.amount && o.Target == to && what {
			t.SetInt(twiceAt, o.CreatedAt.Unix())
			return true
		}
	}
	return false
}

func (f till) askTwice(t *dialog.Talk, s *dialog.Screen) {
	at := time.Unix(t.Int(twiceAt), 0).In(southAfrica()).Format("15:04")
	s.Text = t.Say("pay.twice.ask", f.what(t), text("time", at))
	s.Add("once", t.Say("pay.twice.no"))
	s.Add("again", t.Say("pay.twice.yes"))
}

func (till) answerTwice(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option == "again" {
		t.SetInt(sure, 1)
		t.SetInt(twiceAt, 0)
	}
	return dialog.Move(in.Option), nil
}

func (f till) askOnce(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("pay.twice.kept", text("help", f.Help))
}

func (f till) askConfirm(t *dialog.Talk, s *dialog.Screen) {
	key := "pay.confirm.ask"
	if f.costless() {
		key = "pay.confirm.ask.house"
	}
	s.Text = capital(t.Say(key, f.what(t), money("balance", cents(t, available))))
	if f.c.warning != nil {
		if more := f.c.warning(t); more != "" {
			s.Text += " " + more
		}
	}
	s.Besides = f.c.cautions(t)
	yes := "pay.confirm.pay"
	switch {
	case f.c.free:
		yes = "pay.confirm.free"
	case f.c.refund:
		yes = "pay.confirm.refund"
	case f.onTheHouse():
		yes = "pay.confirm.pay.house"
	}
	s.Add("pay", t.Say(yes, money("amount", cents(t, amount))))
	no := "pay.confirm.cancel"
	if f.c.free || f.c.refund || f.c.kind == vend.KindBill { // which nobody buys
		no = "pay.confirm.no"
	}
	s.Add("cancel", t.Say(no))
}

// words stand for what the confirm screen says: of what is sold, for whom, and who
// pays. What is sold is read off the shelf, which can change between the screen and
// the sale. They tell a few wordings apart, and are short in a session.
func (f till) words(t *dialog.Talk) int64 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, f.whole(t.Say, f.basket(t, f.c.kind)), "\x00", f.sentTo(t), "\x00", f.costless())
	return int64(h.Sum32()>>16) + 1
}

// answerConfirm looks up anew what was looked up too long ago, and asks again. Who
// does not want any more what an earlier yes has bought learns how that went.
func (f till) answerConfirm(ctx context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	switch {
	case in.Option == "pay" && f.c.ready != nil && !f.c.ready(t):
		return "look", nil
	case in.Option == "cancel":
		switch _, err := f.Till.Order(ctx, t.Text(buyRef)); {
		case err == nil: // to be joined: nothing is bought that is not there
			return "begun", nil
		case !errors.Is(err, vend.ErrNoOrder):
			return dialog.Stay, err
		}
	}
	return dialog.Move(in.Option), nil
}

// enterShort looks again, since money may have come in while the customer was
// away; the screen says what they have.
func (f till) enterShort(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if t.Once(available) || t.Int(available) == unknownBalance {
		b, err := f.Purse.Balance(ctx, t.User)
		if err != nil {
			return dialog.Stay, err
		}
		t.SetInt(available, int64(b.Available))
	}
	if f.costless() || cents(t, available) >= cents(t, amount) {
		return "enough", nil
	}
	return dialog.Stay, nil
}

func (f till) askShort(t *dialog.Talk, s *dialog.Screen) {
	missing := cents(t, amount) - cents(t, available)
	s.Text = capital(t.Say("pay.short.ask", f.what(t), money("balance", cents(t, available)), money("missing", missing)))
	if !f.c.refund && f.takesVouchers() { // a voucher for a voucher
		s.Add("voucher", t.Say("pay.short.voucher"))
	}
	s.Add("other", t.Say(f.c.otherKey()))
}

func (f till) answerShort(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option == "voucher" {
		t.SetText(backTo, f.c.flow)
	}
	return dialog.Move(in.Option), nil
}
