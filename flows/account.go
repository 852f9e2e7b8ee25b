package flows

import (
	"context"
	"time"

	"spaza/dialog"
	"spaza/vend"
)

const accountShow dialog.StateID = "account.show"

// account is what is the customer's own: the balance, and the ways to what was
// bought, to the names of numbers and meters, and to the PIN. Its numbers never
// change their meaning.
func account(s Shop) []dialog.State {
	f := accountFlow{s}
	return []dialog.State{{
		ID: accountShow, Back: menuStart,
		Enter: f.read, Ask: f.ask,
		Answer: picked,
		Edges: []dialog.Edge{
			{Move: "purchases", To: purchasesList},
			{Move: "token", To: tokenStart},
			{Move: "voucher", To: voucherPIN},
			{Move: "names", To: namesList},
			{Move: "pin", To: walletPINMenu},
		},
	}}
}

type accountFlow struct{ Shop }

// read begins with an empty basket, on the way to nothing: what was about to be
// bought is not what the flows behind this screen put into it.
func (f accountFlow) read(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	clearBasket(t)
	t.SetText(backTo, "")
	b, err := f.Purse.Balance(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	t.SetInt(available, int64(b.Available))
	t.SetInt(held, int64(b.Held))
	_, err = f.readPIN(ctx, t)
	return dialog.Stay, err
}

func (f accountFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	a, h := cents(t, available), cents(t, held)
	switch {
	case f.onTheHouse() && a+h == 0:
		s.Text = t.Say("account.house")
	case h > 0:
		s.Text = lines(t.Say("account.show", money("balance", a)), t.Say("account.held", money("held", h)))
	default:
		s.Text = t.Say("account.show", money("balance", a))
	}
	s.Add("purchases", t.Say("account.purchases"))
	s.Offer(len(f.Shelf.Of(vend.KindElectricity)) > 0, "token", t.Say("account.token"))
	s.Offer(f.takesVouchers(), "voucher", t.Say("account.voucher"))
	s.Add("names", t.Say("account.names"))
	s.Offer(t.Int(pinIs) != pinOff, "pin", t.Say("account.pin"))
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
