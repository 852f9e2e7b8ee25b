package flows

import (
	"context"
	"errors"

	"spaza/jobs"
	"spaza/secret"
	"spaza/vend"
)

// LinkDesk is what there is to be told of chats and their codes; vend.Service is
// one.
type LinkDesk interface {
	// Code is what a JobCode sends, and to whom; vend.ErrNoCode when it is not
	// wanted any more.
	Code(ctx context.Context, j jobs.Job) (msisdn, language string, code secret.Text, err error)
	// Linked is what a JobLinked tells, and whom; vend.ErrNobody when they are gone.
	Linked(ctx context.Context, j jobs.Job) (vend.LinkNews, error)
}

// LinkNotices send the codes by which people in chats prove their numbers, and tell
// a customer that a chat was linked or is no more. Both go by SMS alone: to the
// phone, and not to who is in the chat.
type LinkNotices struct {
	Notices
	Desk LinkDesk
	// Operator is who runs the shop, and Dial what customers dial.
	Operator, Dial string
}

// Code is the Handler of vend.JobCode.
func (n LinkNotices) Code(ctx context.Context, j jobs.Job) jobs.Result {
	to, lang, code, err := n.Desk.Code(ctx, j)
	if errors.Is(err, vend.ErrNoCode) {
		return jobs.Done()
	}
	if err == nil {
		_, err = n.Send(ctx, Outgoing{
			ID: messageID(j), To: to, Try: j.Runs(),
			Text: n.Words.Say(lang, "who.sms", text("operator", n.Operator), text("code", code.Reveal())),
		})
	}
	if err != nil {
		return n.later(j, err)
	}
	return jobs.Done()
}

// Linked is the Handler of vend.JobLinked.
func (n LinkNotices) Linked(ctx context.Context, j jobs.Job) jobs.Result {
	news, err := n.Desk.Linked(ctx, j)
	if errors.Is(err, vend.ErrNobody) {
		return jobs.Done()
	}
	if err == nil {
		key := "who.sms.linked"
		if news.Ended {
			key = "who.sms.ended"
		}
		_, err = n.Send(ctx, Outgoing{
			ID: messageID(j), To: news.MSISDN, Try: j.Runs(),
			Text: n.Words.Say(news.Language, key, text("operator", n.Operator), text("chat", chatName(news.Channel)), text("dial", n.Dial), text("help", n.Help)),
		})
	}
	if err != nil {
		return n.later(j, err)
	}
	return jobs.Done()
}
