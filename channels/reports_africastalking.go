package channels

import (
	"bytes"
	"context"
	"strings"
)

// Report is what a gateway says of a message that it took.
type Report struct {
	Message string // as Messenger.Send named it
	Own     string // Message.ID, where the report has it: it can come before Send has returned
	Arrived bool   // the handset has it; otherwise it will not get it
	Detail  string // for support: the gateway's words, where they are known
}

// AfricasTalkingReports takes the delivery reports of the Africa's Talking
// messaging API: a form with id, status, phoneNumber, networkCode and, where it
// failed, failureReason. Reports may come twice, late, out of order or never.
//
// Whose message it was, and whether it is known at all, is not told: every report
// that can be read is answered alike.
type AfricasTalkingReports struct {
	told func(context.Context, Report) error
}

var _ Channel = (*AfricasTalkingReports)(nil)

// NewAfricasTalkingReports makes the door. told is told of every report that
// settles something, of messages that are not known too; its error says that the
// report should come again.
func NewAfricasTalkingReports(told func(context.Context, Report) error) *AfricasTalkingReports {
	return &AfricasTalkingReports{told: told}
}

// Name implements Channel.
func (*AfricasTalkingReports) Name() string { return "africastalking-reports" }

// Routes implements Channel.
func (a *AfricasTalkingReports) Routes() []Route {
	return []Route{{Method: "POST", Path: "/sms/africastalking/reports", Guard: GuardGateway, Sorry: "refused", Handle: a.report}}
}

func (a *AfricasTalkingReports) report(ctx context.Context, c *Callback) Answer {
	r, settles, err := a.Decode(c)
	if err != nil {
		return Answer{Status: 400, Body: []byte("refused")}
	}
	if settles {
		if err := a.told(ctx, r); err != nil {
			return Answer{Status: 503, Body: []byte("later")}
		}
	}
	return Answer{}
}

// Decode makes a Report of a callback; ErrMalformed where there is none in it.
// settles is false for one that says where the message is on its way, and for a
// word that is not known.
func (*AfricasTalkingReports) Decode(c *Callback) (r Report, settles bool, err error) {
	f, err := atReportForm(c.Body)
	if err != nil {
		return Report{}, false, err
	}
	r = Report{Message: atMessage(f.id), Detail: f.status}
	if r.Message == "" {
		return Report{}, false, ErrMalformed
	}
	switch f.status {
	case "Success":
		r.Arrived = true
	case "Failed", "Rejected", "Expired":
		if f.reason != "" {
			r.Detail += ": " + atReason(f.reason)
		}
	default: // Sent, Submitted, Buffered
		return Report{}, false, nil
	}
	return r, true, nil
}

// atReason is why a message will not arrive, of the reasons that the gateway
// lists: what it says besides could be anything.
func atReason(said string) string {
	switch said {
	case "InsufficientCredit", "InvalidLinkId", "UserIsInactive", "UserInBlackList", "UserAccountSuspended",
		"NotNetworkSubscriber", "UserNotSubscribedToProduct", "UserDoesNotExist", "DeliveryFailure":
		return said
	}
	return "another reason"
}

// atReportFields are the fields of a report that are used.
type atReportFields struct{ id, status, reason string }

// atReportForm reads the form of a report, as strictly as atForm reads a
// callback.
func atReportForm(body []byte) (f atReportFields, err error) {
	var seen [3]bool
	for rest := body; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		name, raw, _ := bytes.Cut(pair, []byte("="))
		var to *string
		var i int
		switch string(name) {
		case "id":
			i, to = 0, &f.id
		case "status":
			i, to = 1, &f.status
		case "failureReason":
			i, to = 2, &f.reason
		default:
			continue
		}
		var plain strings.Builder
		if seen[i] || !atUnescape(&plain, raw) {
			return atReportFields{}, ErrMalformed
		}
		seen[i], *to = true, plain.String()
	}
	if f.id == "" || f.status == "" {
		return atReportFields{}, ErrMalformed
	}
	return f, nil
}
