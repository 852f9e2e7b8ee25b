package flows

import (
	"context"
	"errors"

	"spaza/dialog"
	"spaza/secret"
	"spaza/vend"
)

const (
	idleStart  dialog.StateID = "idle.start"
	idlePIN    dialog.StateID = "idle.pin"
	idleWaking dialog.StateID = "idle.waking"
	idleSure   dialog.StateID = "idle.sure"
	idleAside  dialog.StateID = "idle.aside"
)

// Sleepers are wallets that nobody used for long: the number may be somebody
// else's by now. vend.Service keeps them.
type Sleepers interface {
	// Wake proves by its PIN that the wallet is the caller's; errors as of
	// Locks.CheckPIN.
	Wake(ctx context.Context, msisdn string, pin secret.Text) error
	// SetAside keeps the wallet for its owner, and begins a new one.
	SetAside(ctx context.Context, msisdn string) error
}

// idle stands before the menu of a number that was not used for long: its owner
// says the PIN, or phones; whoever else has the number now begins anew.
func idle(s Shop) []dialog.State {
	f := idleFlow{s}
	return []dialog.State{
		{
			ID: idleStart, First: true,
			Enter: f.enter, Ask: f.ask, Answer: picked,
			Edges: []dialog.Edge{{Move: "pin", To: idlePIN}, {Move: "locked", To: walletPINLocked}, {Move: "new", To: idleSure}},
		},
		{
			ID: idlePIN, First: true, Secret: true, Free: true,
			Ask: f.askPIN, Answer: f.takePIN,
			Edges: []dialog.Edge{{Move: "check", To: idleWaking}, {Move: "new", To: idleSure}},
		},
		{
			ID: idleWaking, Do: f.wake,
			Edges: []dialog.Edge{{Move: "right", To: menuStart}, {Move: "wrong", To: idlePIN}, {Move: "locked", To: walletPINLocked}},
		},
		{
			ID: idleSure, First: true, Back: idleStart,
			Ask: f.askSure, Answer: picked,
			Edges: []dialog.Edge{{Move: "aside", To: idleAside}},
		},
		{ID: idleAside, Do: f.setAside, Edges: []dialog.Edge{{Move: "begun", To: menuStart}}},
	}
}

type idleFlow struct{ Shop }

func (f idleFlow) enter(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch p, err := f.Locks.PIN(ctx, t.User); {
	case err != nil:
		return dialog.Stay, err
	case f.lockedNow(t, p):
		return "locked", nil
	case p.Set:
		return "pin", nil
	}
	return dialog.Stay, nil
}

func (f idleFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("idle.ask", text("help", f.Help))
	s.Add("new", t.Say("idle.new"))
}

func (idleFlow) askPIN(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("idle.pin")
	s.Add("new", t.Say("idle.new"))
}

func (idleFlow) takePIN(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option != "" {
		return dialog.Move(in.Option), nil
	}
	return takeWalletPIN(t, in, "check")
}

func (f idleFlow) wake(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	pin := t.Secret
	t.Secret = secret.Text{}
	return provedPIN(t, f.Sleepers.Wake(ctx, t.User, pin), "right")
}

func (f idleFlow) askSure(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("idle.sure", text("help", f.Help))
	s.Add("aside", t.Say("idle.sure.yes"))
}

func (f idleFlow) setAside(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	err := f.Sleepers.SetAside(ctx, t.User)
	if err != nil && !errors.Is(err, vend.ErrNotIdle) { // it was, before a crash
		return dialog.Stay, err
	}
	return "begun", nil
}

var _ Sleepers = (*vend.Service)(nil)
