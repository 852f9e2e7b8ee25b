package flows

import (
	"context"
	"time"

	"spaza/dialog"
)

const balanceShow dialog.StateID = "balance.show"

func balance(s Shop) []dialog.State {
	f := balanceFlow{s}
	return []dialog.State{{
		ID: balanceShow, Back: menuStart,
		Enter: f.read, Ask: f.ask,
		Answer: func(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
			return dialog.Move(in.Option), nil
		},
		Edges: []dialog.Edge{{Move: "airtime", To: airtimeNetwork}, {Move: "voucher", To: voucherPIN}},
	}}
}

type balanceFlow struct{ Shop }

func (f balanceFlow) read(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	b, err := f.Purse.Balance(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	t.SetInt(available, int64(b.Available))
	t.SetInt(held, int64(b.Held))
	return dialog.Stay, nil
}

func (f balanceFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	a, h := cents(t, available), cents(t, held)
	if s.Text = t.Say("balance.show", money("balance", a)); h > 0 {
		s.Text += "\n" + t.Say("balance.held", money("held", h))
	}
	if f.onTheHouse() && a+h == 0 {
		s.Text = t.Say("balance.house")
	}
	s.Add("airtime", t.Say("menu.airtime"))
	if !f.onTheHouse() {
		s.Add("voucher", t.Say("menu.voucher"))
	}
}

// unknownBalance stands for a balance that could not be read.
const unknownBalance = -1

// balanceWait is how long a balance may be waited for when the turn's own time is
// up: what became of the money is known, and only the sum is missing.
const balanceWait = time.Second

// readBalance refreshes the balance for a screen that tells how a sale ended.
// When it cannot be read it is unknown, and the screen says nothing of it: an old
// balance would be a false one.
func (s Shop) readBalance(ctx context.Context, t *dialog.Talk) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), balanceWait)
	defer cancel()
	b, err := s.Purse.Balance(ctx, t.User)
	if err != nil {
		t.SetInt(available, unknownBalance)
		return
	}
	t.SetInt(available, int64(b.Available))
}
