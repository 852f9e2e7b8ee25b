package flows

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"time"

	"spaza/dialog"
	"spaza/secret"
	"spaza/vend"
)

const (
	walletPINMenu     dialog.StateID = "walletpin.menu"
	walletPINOld      dialog.StateID = "walletpin.old"
	walletPINChecking dialog.StateID = "walletpin.checking"
	walletPINNew      dialog.StateID = "walletpin.new"
	walletPINAgain    dialog.StateID = "walletpin.again"
	walletPINSaving   dialog.StateID = "walletpin.saving"
	walletPINDone     dialog.StateID = "walletpin.done"
	walletPINRemove   dialog.StateID = "walletpin.remove"
	walletPINRemoving dialog.StateID = "walletpin.removing"
	walletPINRemoved  dialog.StateID = "walletpin.removed"
	walletPINLocked   dialog.StateID = "walletpin.locked"
)

// walletPIN makes, changes and takes away the PIN that guards a customer's money.
// No PIN is kept: of the one that was chosen, a keyed hash stays until it is
// typed again.
func walletPIN(s Shop) []dialog.State {
	f := walletPINFlow{s}
	locked := dialog.Edge{Move: "locked", To: walletPINLocked}
	return []dialog.State{
		{
			ID: walletPINMenu, Back: accountShow,
			Enter: f.enterMenu, Ask: f.askMenu, Answer: picked,
			Edges: []dialog.Edge{{Move: "make", To: walletPINNew}, {Move: "change", To: walletPINOld}, {Move: "remove", To: walletPINRemove}, locked},
		},
		{
			ID: walletPINOld, Back: walletPINMenu, Secret: true, Free: true,
			Enter: f.enterOld, Ask: says("walletpin.old"), Answer: f.takeOld,
			Edges: []dialog.Edge{{Move: "check", To: walletPINChecking}, {Move: "make", To: walletPINNew}, locked},
		},
		{
			ID: walletPINChecking, Do: f.check,
			Edges: []dialog.Edge{{Move: "right", To: walletPINNew}, {Move: "wrong", To: walletPINOld}, locked},
		},
		{
			ID: walletPINNew, Back: walletPINMenu, Secret: true, Free: true,
			Enter: f.enterNew, Ask: says("walletpin.new"), Answer: f.takeNew,
			Edges: []dialog.Edge{{Move: "chosen", To: walletPINAgain}, {Move: "old", To: walletPINOld}},
		},
		{
			ID: walletPINAgain, Back: walletPINNew, Secret: true, Free: true,
			Ask: says("walletpin.again"), Answer: f.takeAgain,
			Edges: []dialog.Edge{{Move: "save", To: walletPINSaving}, {Move: "differs", To: walletPINNew}},
		},
		{
			ID: walletPINSaving, Do: f.save,
			Edges: []dialog.Edge{{Move: "saved", To: walletPINDone}, {Move: "anew", To: walletPINNew}, {Move: "old", To: walletPINOld}},
		},
		{
			ID: walletPINDone, Back: accountShow,
			Ask: f.askDone, Answer: f.answerDone, Edges: f.goingOn(),
		},
		{
			ID: walletPINRemove, Back: walletPINMenu, Secret: true, Free: true,
			Enter: f.enterRemove, Ask: says("walletpin.old"), Answer: f.takeRemove,
			Edges: []dialog.Edge{{Move: "remove", To: walletPINRemoving}, {Move: "menu", To: walletPINMenu}, locked},
		},
		{
			ID: walletPINRemoving, Do: f.remove,
			Edges: []dialog.Edge{{Move: "removed", To: walletPINRemoved}, {Move: "wrong", To: walletPINRemove}, locked},
		},
		{ID: walletPINRemoved, Back: accountShow, Ask: says("walletpin.removed"), Answer: picked},
		{ID: walletPINLocked, End: true, Ask: f.sayLocked},
	}
}

type walletPINFlow struct{ Shop }

// How it is with the wallet PIN, as pinIs has it.
const (
	pinOff   = iota // nobody is asked for one
	pinNone         // there is none
	pinSet          // there is one, which can be taken away
	pinFixed        // there is one, and there must be
)

// readPIN reads how a customer stands with the wallet PIN.
func (s Shop) readPIN(ctx context.Context, t *dialog.Talk) (vend.PINState, error) {
	p, err := s.Locks.PIN(ctx, t.User)
	if err != nil {
		return p, err
	}
	is := pinSet
	switch {
	case p.Policy == vend.PINOff:
		is = pinOff
	case !p.Set:
		is = pinNone
	case p.Policy == vend.PINRequired:
		is = pinFixed
	}
	t.SetInt(pinIs, int64(is))
	return p, nil
}

// lockedNow says that the PIN is locked, and remembers for how long.
func (s Shop) lockedNow(t *dialog.Talk, p vend.PINState) bool {
	wait := p.LockedUntil.Sub(s.Now())
	if !p.Set || wait <= 0 {
		return false
	}
	lockFor(t, wait)
	return true
}

func (f walletPINFlow) enterMenu(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch p, err := f.readPIN(ctx, t); {
	case err != nil:
		return dialog.Stay, err
	case f.lockedNow(t, p):
		return "locked", nil
	}
	t.SetInt(pinProved, 0)
	return dialog.Stay, nil
}

func (walletPINFlow) askMenu(t *dialog.Talk, s *dialog.Screen) {
	if t.Int(pinIs) <= pinNone {
		s.Text = t.Say("walletpin.none")
		s.Add("make", t.Say("walletpin.make"))
		return
	}
	s.Text = t.Say("walletpin.set")
	s.Add("change", t.Say("walletpin.change"))
	s.Offer(t.Int(pinIs) == pinSet, "remove", t.Say("walletpin.remove"))
}

// enterOld leads on where there is no PIN to prove.
func (f walletPINFlow) enterOld(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch p, err := f.readPIN(ctx, t); {
	case err != nil:
		return dialog.Stay, err
	case !p.Set:
		return "make", nil
	case f.lockedNow(t, p):
		return "locked", nil
	}
	return dialog.Stay, nil
}

func (walletPINFlow) takeOld(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return takeWalletPIN(t, in, "check")
}

// check looks whether the PIN is right. Run again without it, it asks anew.
func (f walletPINFlow) check(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	pin := t.Secret
	t.Secret = secret.Text{}
	move, err := provedPIN(t, f.Locks.CheckPIN(ctx, t.User, pin), "right")
	if move == "right" {
		t.SetInt(pinProved, 1)
	}
	return move, err
}

// enterNew wants the PIN that there is first.
func (f walletPINFlow) enterNew(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	t.SetText(pinHash, "")
	p, err := f.readPIN(ctx, t)
	if err == nil && p.Set && t.Int(pinProved) == 0 {
		return "old", nil
	}
	return dialog.Stay, err
}

func (f walletPINFlow) takeNew(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	pin, err := ParseWalletPIN(in.Text)
	if err != nil {
		return t.Again("walletpin.digits")
	}
	if vend.WeakPIN(t.User, secret.New(pin)) {
		return t.Again("walletpin.weak")
	}
	t.SetText(pinHash, f.chosen(t, pin))
	return "chosen", nil
}

// chosen stands for a PIN until it is typed again. Nobody learns from it what was
// typed without the key of the hash.
func (f walletPINFlow) chosen(t *dialog.Talk, pin string) string {
	sum := f.Hash("wallet pin chosen", t.User+"\x00"+pin)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

func (f walletPINFlow) takeAgain(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	pin, err := ParseWalletPIN(in.Text)
	if err != nil {
		return t.Again("walletpin.digits")
	}
	if subtle.ConstantTimeCompare([]byte(f.chosen(t, pin)), []byte(t.Text(pinHash))) != 1 {
		t.Note("walletpin.differs")
		return "differs", nil
	}
	t.Secret = secret.New(pin)
	return "save", nil
}

// save sets the PIN. Run again without it, which is kept nowhere, it finds out
// whether it was set, and otherwise asks anew.
func (f walletPINFlow) save(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	pin := t.Secret
	t.Secret = secret.Text{}
	if pin.Empty() {
		switch set, err := f.wasSet(ctx, t); {
		case err != nil:
			return dialog.Stay, err
		case !set:
			return "anew", nil
		}
		return f.saved(t)
	}
	switch err := f.Locks.SetPIN(ctx, t.User, secret.Text{}, pin); {
	case errors.Is(err, vend.ErrPINWeak):
		t.Note("walletpin.weak")
		return "anew", nil
	case errors.Is(err, vend.ErrPINNeeded): // one was set meanwhile, or the old one was proved too long ago
		t.SetInt(pinProved, 0)
		return "old", nil
	case err != nil:
		return dialog.Stay, err
	}
	return f.saved(t)
}

func (walletPINFlow) saved(t *dialog.Talk) (dialog.Move, error) {
	t.SetText(pinHash, "")
	t.SetInt(pinProved, 0)
	return "saved", nil
}

// errSaving is returned while another turn may still be setting the PIN.
var errSaving = errors.New("PIN is being set by an earlier turn")

// wasSet says whether the turn before this one set the PIN: it may be about to,
// here or in another process. A PIN that was proved to be changed is not proved any
// more once it is.
func (f walletPINFlow) wasSet(ctx context.Context, t *dialog.Talk) (bool, error) {
	look := time.NewTicker(beginLook)
	defer look.Stop()
	for {
		p, err := f.Locks.PIN(ctx, t.User)
		switch {
		case err != nil:
			return false, err
		case p.Set && p.ProvedAt.IsZero():
			return true, nil
		case f.Now().Sub(t.Since) >= begunFor:
			return false, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return false, errSaving
		}
	}
}

// askDone offers the purchase that the PIN was made for.
func (f walletPINFlow) askDone(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("walletpin.done")
	for _, c := range f.counters {
		if !c.free && t.Text(backTo) == c.flow {
			s.Add(string(goOn(c.flow)), t.Say("walletpin.continue", text("what", f.brief(t.Say, f.basket(t, c.kind)))))
		}
	}
}

// goingOn are the ways back to what a PIN was wanted for.
func (f walletPINFlow) goingOn() []dialog.Edge {
	var all []dialog.Edge
	for _, c := range f.counters {
		if !c.free {
			all = append(all, dialog.Edge{Move: goOn(c.flow), To: c.confirm()})
		}
	}
	return all
}

func (walletPINFlow) answerDone(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	t.SetText(backTo, "")
	return dialog.Move(in.Option), nil
}

// enterRemove turns back who has no PIN, or must have one.
func (f walletPINFlow) enterRemove(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch p, err := f.readPIN(ctx, t); {
	case err != nil:
		return dialog.Stay, err
	case t.Int(pinIs) != pinSet:
		return "menu", nil
	case f.lockedNow(t, p):
		return "locked", nil
	}
	return dialog.Stay, nil
}

func (walletPINFlow) takeRemove(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return takeWalletPIN(t, in, "remove")
}

// remove takes the PIN away. Run again without it, it asks anew, unless the PIN
// is gone.
func (f walletPINFlow) remove(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	pin := t.Secret
	t.Secret = secret.Text{}
	return provedPIN(t, f.Locks.RemovePIN(ctx, t.User, pin), "removed")
}
