package flows

import (
	"context"
	"errors"
	"strings"

	"spaza/dialog"
	"spaza/msisdn"
	"spaza/secret"
	"spaza/vend"
)

const (
	whoAsk      dialog.StateID = "who.ask"
	whoSending  dialog.StateID = "who.sending"
	whoCode     dialog.StateID = "who.code"
	whoChecking dialog.StateID = "who.checking"
	whoKnown    dialog.StateID = "who.known"
	whoOften    dialog.StateID = "who.often"
)

// Chats joins people in chats to the customers that they are; vend.Service does.
type Chats interface {
	// SendCode sends a code by SMS to a number that a person in a chat says is
	// theirs. vend.ErrTooOften when there were too many lately.
	SendCode(ctx context.Context, channel, person, msisdn string) error
	// CheckCode makes the person the customer whose number the code was sent to.
	// vend.ErrCodeWrong, vend.ErrCodeOver, vend.ErrTooOften.
	CheckCode(ctx context.Context, channel, person string, code secret.Text) (msisdn string, err error)
	// Links lists the chats of a customer, newest first.
	Links(ctx context.Context, msisdn string) ([]vend.Link, error)
	Unlink(ctx context.Context, msisdn, channel, person string) error
}

// who finds out who writes in a chat: the surface says that a number is their own,
// and a code by SMS proves that they have it now. Nothing else is shown to them
// before.
func who(s Shop) []dialog.State {
	f := whoFlow{s}
	return []dialog.State{
		{
			ID: whoAsk, Stranger: true, First: true, Free: true,
			Ask: f.ask, Answer: f.share,
			Edges: []dialog.Edge{{Move: "shared", To: whoSending}},
		},
		{
			ID: whoSending, Stranger: true, Do: f.send,
			Edges: []dialog.Edge{{Move: "sent", To: whoCode}, {Move: "often", To: whoOften}},
		},
		{
			ID: whoCode, Stranger: true, First: true, Free: true, Secret: true,
			Ask: f.askCode, Answer: f.takeCode,
			Edges: []dialog.Edge{{Move: "check", To: whoChecking}, {Move: "again", To: whoSending}, {Move: "other", To: whoAsk}},
		},
		{
			ID: whoChecking, Stranger: true, Do: f.check,
			Edges: []dialog.Edge{{Move: "known", To: whoKnown}, {Move: "wrong", To: whoCode}, {Move: "over", To: whoAsk}, {Move: "often", To: whoOften}},
		},
		{ID: whoKnown, Stranger: true, End: true, Ask: f.welcome},
		{ID: whoOften, Stranger: true, End: true, Ask: says("who.often")},
	}
}

type whoFlow struct{ Shop }

func (f whoFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("who.ask", text("operator", f.Operator))
	s.Add(dialog.ContactOption, t.Say("who.share"))
	s.Wants = dialog.WantsContact
}

// share takes a number only as the surface's own button brings it: one that is
// typed could be anybody's, who would be sent codes.
func (whoFlow) share(_ context.Context, t *dialog.Talk, _ dialog.Input) (dialog.Move, error) {
	if t.Contact == "" {
		return t.Again("who.tap")
	}
	t.SetText(claimed, t.Contact)
	return "shared", nil
}

func (f whoFlow) send(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch err := f.Chats.SendCode(ctx, t.Channel, t.Person, t.Text(claimed)); {
	case errors.Is(err, vend.ErrTooOften):
		return "often", nil
	case err != nil:
		return dialog.Stay, err
	}
	return "sent", nil
}

func (whoFlow) askCode(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("who.code.ask", text("number", msisdn.Local(t.Text(claimed))))
	s.Add("again", t.Say("who.code.again"))
	s.Add("other", t.Say("who.code.other"))
}

// takeCode takes six digits, however they are set out.
func (whoFlow) takeCode(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option != "" {
		return dialog.Move(in.Option), nil
	}
	digits := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, in.Text)
	if len(digits) != codeDigits || strings.Trim(digits, "0123456789") != "" {
		return t.Again("who.code.wrong")
	}
	t.Secret = secret.New(digits)
	return "check", nil
}

const codeDigits = 6

func (f whoFlow) check(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	code := t.Secret
	t.Secret = secret.Text{}
	if code.Empty() { // the process ended before it was looked at
		return "wrong", nil
	}
	number, err := f.Chats.CheckCode(ctx, t.Channel, t.Person, code)
	switch {
	case errors.Is(err, vend.ErrCodeWrong):
		t.Note("who.code.wrong")
		return "wrong", nil
	case errors.Is(err, vend.ErrCodeOver):
		t.Note("who.code.over")
		return "over", nil
	case errors.Is(err, vend.ErrTooOften):
		return "often", nil
	case err != nil:
		return dialog.Stay, err
	}
	t.SetText(claimed, number)
	t.Linked()
	return "known", nil
}

func (whoFlow) welcome(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("who.known", text("number", msisdn.Local(t.Text(claimed))))
}
