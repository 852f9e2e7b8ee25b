package flows

import (
	"context"
	"errors"
	"slices"
	"strings"

	"spaza/dialog"
	"spaza/secret"
	"spaza/vend"
)

const (
	purchasesList    dialog.StateID = "purchases.list"
	purchasesOrder   dialog.StateID = "purchases.order"
	purchasesPIN     dialog.StateID = "purchases.pin"
	purchasesProving dialog.StateID = "purchases.proving"
	purchasesGoods   dialog.StateID = "purchases.goods"
	purchasesGone    dialog.StateID = "purchases.gone"
	purchasesSendPIN dialog.StateID = "purchases.sendpin"
	purchasesSending dialog.StateID = "purchases.sending"
	purchasesSent    dialog.StateID = "purchases.sent"
	purchasesOften   dialog.StateID = "purchases.often"
	purchasesLocked  dialog.StateID = "purchases.locked"
)

// purchases are what a customer did lately: how it stands with each, and what it
// brought, on the screen or by message once more. Whoever has set a PIN is asked
// for it before what is as good as money.
func purchases(s Shop) []dialog.State {
	f := purchasesFlow{s}
	locked := dialog.Edge{Move: "locked", To: purchasesLocked}
	gone := dialog.Edge{Move: "gone", To: purchasesList}
	return []dialog.State{
		{
			ID: purchasesList, Back: accountShow, Private: true,
			Enter: f.enterList, Ask: showSheet, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "one", To: purchasesOrder}},
		},
		{
			ID: purchasesOrder, Back: purchasesList, Private: true,
			Enter: f.enterOrder, Ask: showSheet, Answer: f.pickWhat,
			Edges: append(menuFlow{s}.repeats(),
				dialog.Edge{Move: "show", To: purchasesPIN}, dialog.Edge{Move: "send", To: purchasesSendPIN}, gone),
		},
		{
			ID: purchasesPIN, Back: purchasesOrder, Secret: true, Free: true,
			Enter: f.enterPIN, Ask: says("walletpin.show"), Answer: f.takePIN,
			Edges: []dialog.Edge{{Move: "check", To: purchasesProving}, {Move: "go", To: purchasesGoods}, locked},
		},
		{
			ID: purchasesProving, Do: f.prove,
			Edges: []dialog.Edge{{Move: "right", To: purchasesGoods}, {Move: "wrong", To: purchasesPIN}, locked},
		},
		{
			ID: purchasesGoods, End: true, Private: true,
			Enter: f.enterGoods, Ask: f.askGoods,
			Edges: []dialog.Edge{{Move: "gone", To: purchasesGone}},
		},
		{ID: purchasesGone, End: true, Ask: f.sayGone},
		{
			ID: purchasesSendPIN, Back: purchasesOrder, Secret: true, Free: true,
			Enter: f.enterSendPIN, Ask: says("walletpin.show"), Answer: f.takePIN,
			Edges: []dialog.Edge{{Move: "check", To: purchasesSending}, {Move: "go", To: purchasesSending}, locked, gone},
		},
		{
			ID: purchasesSending, Do: f.send,
			Edges: []dialog.Edge{
				{Move: "sent", To: purchasesSent}, {Move: "often", To: purchasesOften}, {Move: "open", To: purchasesOrder},
				{Move: "wrong", To: purchasesSendPIN}, locked, gone,
			},
		},
		{ID: purchasesSent, Back: purchasesList, Ask: f.askSent, Answer: picked},
		{ID: purchasesOften, Back: purchasesList, Ask: f.askOften, Answer: picked},
		{ID: purchasesLocked, End: true, Ask: f.sayLocked},
	}
}

type purchasesFlow struct{ Shop }

const (
	// purchasesShown is how many are listed.
	purchasesShown = 8
	// purchasesOwn is among how many of a customer's newest the one that is
	// looked at must be: others can come while it is.
	purchasesOwn = 3 * purchasesShown
)

func (f purchasesFlow) enterList(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	recent, err := f.History.Recent(ctx, t.User, purchasesShown)
	if err != nil {
		return dialog.Stay, err
	}
	if len(recent) == 0 {
		keepSheet(t, t.Say("purchases.none"))
		return dialog.Stay, nil
	}
	var options []dialog.Option
	for _, o := range recent {
		options = append(options, dialog.Option{ID: o.Ref, Label: f.line(t.Say, o)})
	}
	keepSheet(t, t.Say("purchases.ask"), options...)
	return dialog.Stay, nil
}

// line is an order in a list: "R20 Vodacom airtime 21/11", one of today with its
// time, and how it stands where it is not simply done.
func (f purchasesFlow) line(say say, o vend.Order) string {
	at, today := o.CreatedAt.In(southAfrica()), f.Now().In(southAfrica())
	when := at.Format("2/1")
	if at.YearDay() == today.YearDay() && at.Year() == today.Year() {
		when = at.Format("15:04")
	}
	line := text("line", f.briefly(say, o)+" "+when)
	switch {
	case o.Done():
		return line.Value
	case o.Refused():
		return say("purchases.failed", line)
	case o.State == vend.StateReversed:
		return say("purchases.undone", line)
	}
	return say("purchases.checking", line)
}

// briefly names an order. A voucher that was not taken in has added nothing.
func (f purchasesFlow) briefly(say say, o vend.Order) string {
	if o.Kind == vend.KindRedeem && o.Amount == 0 {
		return say("account.voucher")
	}
	return f.brief(say, f.ordered(o))
}

// wholly names an order, and whom it was for, as the customer wrote that.
func (f purchasesFlow) wholly(say say, o vend.Order) string {
	if o.Target == vend.ErasedTarget || o.Kind == vend.KindRedeem {
		return f.briefly(say, o)
	}
	return f.whole(say, f.ordered(o))
}

// pick goes on with an order that is the customer's own: the numbers stand for
// what was just listed, and it is looked for among their own again.
func (purchasesFlow) pick(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	t.SetText(shownRef, in.Option)
	return "one", nil
}

// own is the order that is looked at, where it is the customer's.
func (f purchasesFlow) own(ctx context.Context, t *dialog.Talk) (o vend.Order, ok bool, err error) {
	recent, err := f.History.Recent(ctx, t.User, purchasesOwn)
	if err != nil {
		return o, false, err
	}
	at := slices.IndexFunc(recent, func(o vend.Order) bool { return o.Ref == t.Text(shownRef) })
	if at < 0 {
		return o, false, nil
	}
	return recent[at], true, nil
}

// enterOrder reads the order anew, and puts what was bought into the basket where
// its end is known and it can be bought again.
func (f purchasesFlow) enterOrder(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	o, ok, err := f.own(ctx, t)
	switch {
	case err != nil:
		return dialog.Stay, err
	case !ok:
		keepSheet(t, t.Say("purchases.none"))
		return "gone", nil
	}
	var options []dialog.Option
	offer := func(on bool, id, key string) {
		if on {
			options = append(options, dialog.Option{ID: id, Label: t.Say(key)})
		}
	}
	offer(o.Done() && o.Kind.Handed(), "show", "purchases.show")
	offer(o.State.Final(), "send", "purchases.send")
	again := ""
	if clearBasket(t); o.State.Final() {
		again = f.recall(t, o)
	}
	offer(again != "", string(repeatMove(again)), "purchases.again")
	keepSheet(t, f.stands(t.Say, o), options...)
	return dialog.Stay, nil
}

// stands says how it stands with an order, where its money is, when it was, and
// under which reference.
func (f purchasesFlow) stands(say say, o vend.Order) string {
	at := text("date", o.CreatedAt.In(southAfrica()).Format("2/1 15:04"))
	how := say(lastKey(o), money("amount", o.Amount), text("what", f.wholly(say, o)), ref(o.Ref))
	if strings.Contains(how, vend.ShortRef(o.Ref)) {
		return say("purchases.order", at, text("what", strings.TrimSuffix(how, ".")))
	}
	return how + " " + say("sms.tail", at, ref(o.Ref))
}

// pickWhat leaves the order where another is about to be made.
func (purchasesFlow) pickWhat(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option != "show" && in.Option != "send" {
		t.SetText(shownRef, "")
		t.SetInt(held, 0)
		t.SetInt(pinIs, pinOff)
	}
	return dialog.Move(in.Option), nil
}

// enterPIN goes on at once where there is no PIN to ask for.
func (f purchasesFlow) enterPIN(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch p, err := f.readPIN(ctx, t); {
	case err != nil:
		return dialog.Stay, err
	case t.Int(pinIs) <= pinNone:
		return "go", nil
	case f.lockedNow(t, p):
		return "locked", nil
	}
	return dialog.Stay, nil
}

// takePIN passes the PIN on without keeping it.
func (purchasesFlow) takePIN(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return takeWalletPIN(t, in, "check")
}

// prove checks the PIN. Run again without it, it asks anew.
func (f purchasesFlow) prove(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	pin := t.Secret
	t.Secret = secret.Text{}
	return provedPIN(t, f.Locks.CheckPIN(ctx, t.User, pin), "right")
}

// enterGoods opens what was bought, for the one screen that shows it.
func (f purchasesFlow) enterGoods(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	o, ok, err := f.own(ctx, t)
	if err != nil {
		return dialog.Stay, err
	}
	if !ok || !o.Done() || !o.Kind.Handed() {
		return "gone", nil
	}
	g, err := f.Till.Goods(o)
	if err != nil || !g.Satisfy(o.Kind) {
		return "gone", nil //nolint:nilerr // there is nothing to show any more
	}
	t.Secret = secret.New(f.handover(t, o, g))
	return dialog.Stay, nil
}

func (f purchasesFlow) askGoods(t *dialog.Talk, s *dialog.Screen) {
	if t.Secret.Empty() { // erased between two showings
		f.sayGone(t, s)
		return
	}
	s.Text = t.Secret.Reveal()
	s.Copy = copies(s.Text)
}

func (f purchasesFlow) sayGone(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("purchases.gone", text("help", f.Help), ref(t.Text(shownRef)))
}

// enterSendPIN goes on at once where the message brings nothing that is worth
// a PIN: the phone that it comes to is the one in the hand.
func (f purchasesFlow) enterSendPIN(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch o, ok, err := f.own(ctx, t); {
	case err != nil:
		return dialog.Stay, err
	case !ok:
		return "gone", nil
	case !worthPIN(o):
		return "go", nil
	}
	return f.enterPIN(ctx, t)
}

// worthPIN says that the message of an order can have a PIN or a token in it.
func worthPIN(o vend.Order) bool {
	return o.Kind.Handed() || o.Kind == vend.KindRedeem && len(o.Goods) > 0
}

// send has the message sent again.
func (f purchasesFlow) send(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch o, ok, err := f.own(ctx, t); {
	case err != nil:
		return dialog.Stay, err
	case !ok:
		return "gone", nil
	case worthPIN(o):
		if move, err := f.prove(ctx, t); move != "right" {
			return move, err
		}
	}
	switch err := f.History.SendAgain(ctx, t.User, t.Text(shownRef)); {
	case errors.Is(err, vend.ErrTooOften):
		return "often", nil
	case errors.Is(err, vend.ErrNotDone):
		return "open", nil
	case errors.Is(err, vend.ErrNoOrder):
		return "gone", nil
	case err != nil:
		return dialog.Stay, err
	}
	return "sent", nil
}

func (purchasesFlow) askSent(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("purchases.sent", ref(t.Text(shownRef)))
}

func (f purchasesFlow) askOften(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("purchases.often", text("help", f.Help))
}

// keepSheet keeps a whole screen for the Ask of a Private state, which reads it
// anew for each composing: text and options.
func keepSheet(t *dialog.Talk, text string, options ...dialog.Option) {
	var b strings.Builder
	b.WriteString(text)
	for _, o := range options {
		b.WriteString(recordEnd + o.Label + recordEnd + o.ID)
	}
	t.Secret = secret.New(b.String())
}

// showSheet composes what keepSheet kept.
func showSheet(t *dialog.Talk, s *dialog.Screen) {
	parts := strings.Split(t.Secret.Reveal(), recordEnd)
	s.Text = parts[0]
	for i := 1; i+1 < len(parts); i += 2 {
		s.Add(parts[i+1], parts[i])
	}
}
