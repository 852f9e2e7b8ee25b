package flows

import (
	"context"
	"errors"
	"time"

	"spaza/dialog"
	"spaza/secret"
	"spaza/vend"
)

// enterPIN goes on at once where no wallet PIN is wanted, and sends customers who
// must have one and do not to make one.
func (f till) enterPIN(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	p, err := f.Locks.PIN(ctx, t.User)
	switch {
	case err != nil:
		return "go", nil //nolint:nilerr // the sale asks for it itself, and says what happened to the money
	case p.Policy == vend.PINOff, !p.Set && p.Policy != vend.PINRequired:
		return "go", nil
	case !p.Set:
		t.SetText(backTo, f.c.flow)
		t.Note("walletpin.required")
		return "make", nil
	}
	if f.lockedNow(t, p) {
		return "locked", nil
	}
	return dialog.Stay, nil
}

func (f till) askPIN(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("walletpin.pay", f.what(t))
}

// takePIN passes the PIN on without keeping it.
func (till) takePIN(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return takeWalletPIN(t, in, "go")
}

// takeWalletPIN reads a wallet PIN into the Talk, for the one turn that needs it.
func takeWalletPIN(t *dialog.Talk, in dialog.Input, move dialog.Move) (dialog.Move, error) {
	pin, err := ParseWalletPIN(in.Text)
	if err != nil {
		return t.Again("walletpin.digits")
	}
	t.Secret = secret.New(pin)
	return move, nil
}

// wrongPIN asks again, or ends where the PIN is locked. Nothing was bought.
func (f till) wrongPIN(t *dialog.Talk, err error) (dialog.Move, error) {
	if locked := noteWrongPIN(t, err); locked {
		return "locked", nil
	}
	return "pin", nil
}

// provedPIN is the move after a wallet PIN was looked at, by the error that came of
// it: right, also where there is none any more, or to asking again, or to the end
// where it is locked. What is no answer comes back.
func provedPIN(t *dialog.Talk, err error, right dialog.Move) (dialog.Move, error) {
	switch {
	case err == nil, errors.Is(err, vend.ErrPINNotSet):
		return right, nil
	case errors.Is(err, vend.ErrPINWrong), errors.Is(err, vend.ErrPINNeeded):
		if noteWrongPIN(t, err) {
			return "locked", nil
		}
		return "wrong", nil
	}
	return dialog.Stay, err
}

// noteWrongPIN says how many tries are left, or that there are none.
func noteWrongPIN(t *dialog.Talk, err error) (locked bool) {
	wrong, ok := errors.AsType[*vend.PINError](err)
	switch {
	case ok && wrong.Locked > 0:
		lockFor(t, wrong.Locked)
		return true
	case ok:
		t.Note("walletpin.wrong", arg("left", wrong.Left))
	}
	return false
}

// lockFor remembers how long to wait, in whole minutes.
func lockFor(t *dialog.Talk, wait time.Duration) {
	t.SetInt(lockWait, int64((wait+time.Minute-1)/time.Minute))
}

// sayLocked says how long to wait, and that nothing was bought.
func (s Shop) sayLocked(t *dialog.Talk, screen *dialog.Screen) {
	if wait := t.Int(lockWait); wait <= 60 {
		screen.Text = t.Say("walletpin.locked", arg("wait", max(wait, 1)))
		return
	}
	screen.Text = t.Say("walletpin.locked.day", text("help", s.Help))
}
