package flows

import (
	"context"
	"errors"
	"time"

	"spaza/dialog"
	"spaza/secret"
	"spaza/vend"
)

const (
	voucherPIN       dialog.StateID = "voucher.pin"
	voucherRedeeming dialog.StateID = "voucher.redeeming"
	voucherAdded     dialog.StateID = "voucher.added"
	voucherChecking  dialog.StateID = "voucher.checking"
	voucherLocked    dialog.StateID = "voucher.locked"
	voucherDeclined  dialog.StateID = "voucher.declined"
	voucherUndone    dialog.StateID = "voucher.undone"
)

// voucher turns a 1Voucher into balance, in full.
func voucher(s Shop) []dialog.State {
	f := voucherFlow{s}
	return []dialog.State{
		{
			ID: voucherPIN, Back: menuStart, Secret: true, Free: true,
			Enter: f.enterPIN, Ask: says("voucher.pin.ask"), Answer: f.takePIN,
			Edges: []dialog.Edge{{Move: "redeem", To: voucherRedeeming}},
		},
		{
			ID: voucherRedeeming, Do: f.redeem,
			Edges: []dialog.Edge{
				{Move: "added", To: voucherAdded},
				{Move: "again", To: voucherPIN},
				{Move: "checking", To: voucherChecking},
				{Move: "locked", To: voucherLocked},
				{Move: "declined", To: voucherDeclined},
				{Move: "undone", To: voucherUndone},
			},
		},
		{
			ID: voucherAdded, Back: menuStart,
			Ask: f.askAdded, Answer: f.answerAdded,
			Edges: append(f.goingOn(), dialog.Edge{Move: "airtime", To: airtimeWho}),
		},
		{ID: voucherChecking, End: true, Ask: f.askChecking},
		{ID: voucherLocked, End: true, Ask: f.askLocked},
		{ID: voucherDeclined, End: true, Ask: f.askDeclined},
		{ID: voucherUndone, End: true, Ask: f.askUndone},
	}
}

type voucherFlow struct{ Shop }

// enterPIN allots the reference under which the next PIN is handed in.
func (f voucherFlow) enterPIN(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	if t.Text(voucherRef) == "" {
		t.SetText(voucherRef, vend.NewRef(vend.KindRedeem, f.Now()))
	}
	return dialog.Stay, nil
}

// takePIN passes the PIN on without keeping it.
func (voucherFlow) takePIN(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	pin, err := ParsePIN(in.Text)
	if err != nil {
		return t.Again("voucher.pin.bad")
	}
	t.Secret = secret.New(pin)
	return "redeem", nil
}

// redeem hands the voucher in. Run again without its PIN, which is kept
// nowhere, it looks for the order that was begun, and otherwise asks anew.
func (f voucherFlow) redeem(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	o, err := f.order(ctx, t)
	switch {
	case errors.Is(err, vend.ErrNoOrder):
		return "again", nil
	case errors.Is(err, vend.ErrTooManyTries):
		if limit, ok := errors.AsType[vend.TriesError](err); ok {
			t.SetInt(lockWait, int64(limit.Within/time.Minute))
		}
		return "locked", nil
	case errors.Is(err, vend.ErrPINTaken):
		return f.again(t, vend.ReasonVoucherUsed)
	case errors.Is(err, vend.ErrRefused), errors.Is(err, vend.ErrReferenceReused):
		return f.again(t, vend.ReasonVoucherNotFound)
	case errors.Is(err, vend.ErrNotWritten):
		return f.declined(t, vend.ReasonTryLater)
	case err != nil:
		return dialog.Stay, err
	}
	t.SetText(lastRef, o.Ref) // the screen that tells of it may be lost
	t.SetInt(voucherAmount, int64(o.Amount))
	switch {
	case o.Done():
		t.SetText(voucherRef, "")
		f.readBalance(ctx, t)
		return "added", nil
	case o.Refused() && ofVoucher(o.Reason):
		return f.again(t, o.Reason)
	case o.Refused():
		return f.declined(t, o.Reason)
	case o.State == vend.StateReversed:
		return "undone", nil
	default:
		return "checking", nil
	}
}

func (f voucherFlow) order(ctx context.Context, t *dialog.Talk) (vend.Order, error) {
	if t.Secret.Empty() {
		return f.begun(ctx, t, t.Text(voucherRef))
	}
	return f.Till.Redeem(ctx, vend.Redemption{Ref: t.Text(voucherRef), MSISDN: t.User, PIN: t.Secret, Channel: t.Channel})
}

// again asks for another PIN, under a new reference.
func (voucherFlow) again(t *dialog.Talk, r vend.Reason) (dialog.Move, error) {
	t.SetText(voucherRef, "")
	t.Note(whyKey(r))
	return "again", nil
}

// askLocked says how long to wait: the time of the limit that was reached.
func (f voucherFlow) askLocked(t *dialog.Talk, s *dialog.Screen) {
	if wait := t.Int(lockWait); wait < 24*60 {
		s.Text = t.Say("voucher.pin.locked", arg("wait", max(wait, 1)))
		return
	}
	s.Text = t.Say("voucher.pin.locked.day", text("help", f.Help))
}

func (voucherFlow) declined(t *dialog.Talk, r vend.Reason) (dialog.Move, error) {
	t.SetText(voucherRef, "")
	t.SetText(why, string(r))
	return "declined", nil
}

func (f voucherFlow) askAdded(t *dialog.Talk, s *dialog.Screen) {
	key := "voucher.added"
	if t.Int(available) == unknownBalance {
		key = "voucher.added.plain"
	}
	s.Text = t.Say(key, money("amount", cents(t, voucherAmount)), money("balance", cents(t, available)))
	for _, c := range f.counters {
		if c.vouched() && t.Text(backTo) == c.flow {
			s.Add(string(goOn(c.flow)), t.Say("voucher.added.continue", text("what", f.brief(t.Say, f.basket(t, c.kind)))))
			return
		}
	}
	s.Add("airtime", t.Say("voucher.added.airtime"))
}

// goingOn are the ways back to what the customer was short for.
func (f voucherFlow) goingOn() []dialog.Edge {
	var all []dialog.Edge
	for _, c := range f.counters {
		if c.vouched() {
			all = append(all, dialog.Edge{Move: goOn(c.flow), To: c.confirm()})
		}
	}
	return all
}

// goOn names the way back to the counter of a flow.
func goOn(flow string) dialog.Move { return dialog.Move("to " + flow) }

func (voucherFlow) answerAdded(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	t.SetText(backTo, "")
	t.SetText(lastRef, "") // whoever answers has seen it
	t.SetInt(voucherAmount, 0)
	if in.Option == "airtime" {
		clearBasket(t)
	}
	return dialog.Move(in.Option), nil
}

func (f voucherFlow) askChecking(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(here(t, "voucher.checking"), ref(t.Text(lastRef)))
}

func (voucherFlow) askDeclined(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("voucher.declined", text("why", t.Say(whyKey(vend.Reason(t.Text(why))))))
}

func (voucherFlow) askUndone(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("voucher.undone", money("amount", cents(t, voucherAmount)), ref(t.Text(lastRef)))
}
