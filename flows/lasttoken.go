package flows

import (
	"context"
	"errors"

	"spaza/dialog"
	"spaza/secret"
	"spaza/vend"
)

const (
	tokenStart   dialog.StateID = "token.start"
	tokenShow    dialog.StateID = "token.show"
	tokenSending dialog.StateID = "token.sending"
	tokenNone    dialog.StateID = "token.none"
	tokenGone    dialog.StateID = "token.gone"
	tokenLocked  dialog.StateID = "token.locked"
)

// lastToken shows the tokens that a customer bought last once more, to nobody
// who does not know the wallet PIN.
func lastToken(s Shop) []dialog.State {
	f := tokenFlow{s}
	return []dialog.State{
		{
			ID: tokenStart, Back: menuStart, Secret: true, Free: true,
			Enter: f.enterStart, Ask: says("walletpin.show"), Answer: f.takePIN,
			Edges: []dialog.Edge{
				{Move: "check", To: "token.checking"}, {Move: "show", To: tokenShow},
				{Move: "none", To: tokenNone}, {Move: "locked", To: tokenLocked},
			},
		},
		{
			ID: "token.checking", Do: f.check,
			Edges: []dialog.Edge{{Move: "show", To: tokenShow}, {Move: "pin", To: tokenStart}, {Move: "locked", To: tokenLocked}},
		},
		{
			ID: tokenShow, Back: menuStart, Private: true,
			Enter: f.open, Ask: f.ask, Answer: picked,
			Edges: []dialog.Edge{{Move: "send", To: tokenSending}, {Move: "gone", To: tokenGone}, {Move: "pin", To: tokenStart}},
		},
		{
			ID: tokenSending, Do: f.send,
			Edges: []dialog.Edge{{Move: "sent", To: "token.sent"}, {Move: "often", To: "token.often"}, {Move: "gone", To: tokenGone}},
		},
		{ID: "token.sent", End: true, Ask: f.says("purchases.sent")},
		{ID: "token.often", End: true, Ask: f.says("purchases.often")},
		{ID: tokenNone, End: true, Ask: says("purchases.token.none")},
		{ID: tokenGone, End: true, Ask: f.says("purchases.gone")},
		{ID: tokenLocked, End: true, Ask: f.sayLocked},
	}
}

type tokenFlow struct{ Shop }

// says is a screen about the order that is looked at.
func (f tokenFlow) says(key string) func(*dialog.Talk, *dialog.Screen) {
	return func(t *dialog.Talk, s *dialog.Screen) {
		s.Text = t.Say(key, ref(t.Text(shownRef)), text("help", f.Help))
	}
}

// tokensWithin is how many orders back the last tokens are looked for.
const tokensWithin = 50

// enterStart finds the order, and goes on at once where no PIN is wanted.
func (f tokenFlow) enterStart(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	all, err := f.History.Recent(ctx, t.User, tokensWithin)
	if err != nil {
		return dialog.Stay, err
	}
	t.SetText(shownRef, "")
	for _, o := range all {
		if o.Kind == vend.KindElectricity && o.Done() {
			t.SetText(shownRef, o.Ref)
			break
		}
	}
	if t.Text(shownRef) == "" {
		return "none", nil
	}
	p, err := f.Locks.PIN(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	if mayLook(t, p) {
		return "show", nil
	}
	if f.lockedNow(t, p) {
		return "locked", nil
	}
	return dialog.Stay, nil
}

// mayLook says that what was bought may be shown: the PIN was typed in this
// conversation, or there is none.
func mayLook(t *dialog.Talk, p vend.PINState) bool {
	return t.Int(pinProved) == 1 || p.Policy == vend.PINOff || !p.Set
}

// takePIN passes the PIN on without keeping it.
func (tokenFlow) takePIN(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	return takeWalletPIN(t, in, "check")
}

// check proves the PIN. Run again without it, which is kept nowhere, it asks
// anew.
func (f tokenFlow) check(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	pin := t.Secret
	t.Secret = secret.Text{}
	if pin.Empty() {
		return "pin", nil
	}
	switch err := f.Locks.CheckPIN(ctx, t.User, pin); {
	case err == nil, errors.Is(err, vend.ErrPINNotSet): // taken away meanwhile
		t.SetInt(pinProved, 1)
		return "show", nil
	case errors.Is(err, vend.ErrPINWrong):
		if noteWrongPIN(t, err) {
			return "locked", nil
		}
	default:
		t.Note(whyKey(vend.ReasonTryLater))
	}
	return "pin", nil
}

// open reads the tokens, for this one turn.
func (f tokenFlow) open(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	p, err := f.Locks.PIN(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	if !mayLook(t, p) {
		return "pin", nil
	}
	o, err := f.Till.Order(ctx, t.Text(shownRef))
	if err != nil {
		return dialog.Stay, err
	}
	g, err := f.Till.Goods(o)
	if err != nil || !g.Satisfy(o.Kind) {
		return "gone", nil //nolint:nilerr // whatever it is, the screen says whom to phone
	}
	t.Secret = secret.New(o.CreatedAt.In(southAfrica()).Format("2/1 15:04") + " " + f.handover(t, o, g))
	return dialog.Stay, nil
}

func (f tokenFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	if t.Secret.Empty() { // gone since it was shown
		f.says("purchases.gone")(t, s)
		return
	}
	s.Text = t.Secret.Reveal()
	s.Copy = copies(s.Text)
	s.Add("send", t.Say("purchases.send"))
}

// send has the message sent once more.
func (f tokenFlow) send(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch err := f.History.SendAgain(ctx, t.User, t.Text(shownRef)); {
	case err == nil:
		return "sent", nil
	case errors.Is(err, vend.ErrTooOften):
		return "often", nil
	case errors.Is(err, vend.ErrNoOrder), errors.Is(err, vend.ErrNotDone):
		return "gone", nil
	default:
		return dialog.Stay, err
	}
}
