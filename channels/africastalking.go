package channels

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"spaza/dialog"
	"spaza/msisdn"
)

// Limits of an Africa's Talking callback.
const (
	atSeptets = 160  // of one screen: what every network behind it shows
	atText    = 2000 // bytes of the cumulative text: more was never typed by a person
	atID      = 128  // bytes of the session id
)

// AfricasTalking speaks the USSD callback of Africa's Talking and of the many
// gateways that copy it: a form with sessionId, phoneNumber, networkCode,
// serviceCode and text, where text is everything typed since the dial, joined by
// '*'; the answer is plain text that begins with CON (go on) or END. A gateway
// that gets an HTTP error instead shows the customer a text of its own, so a
// callback that can not be used is answered with an END screen.
//
// The whole text is the key of a turn: a repeated callback has the same.
type AfricasTalking struct {
	engine Engine
	sorry  string
}

var _ Channel = (*AfricasTalking)(nil)

// NewAfricasTalking makes the channel. sorry is the one line for a callback that
// can not be used, without the END.
func NewAfricasTalking(e Engine, sorry string) *AfricasTalking {
	return &AfricasTalking{engine: e, sorry: "END " + sorry}
}

// Name implements Channel.
func (*AfricasTalking) Name() string { return "africastalking" }

// Routes implements Channel.
func (a *AfricasTalking) Routes() []Route {
	return []Route{
		{Method: "POST", Path: "/ussd/africastalking", Guard: GuardGateway, Sorry: a.sorry, Handle: a.turn},
		{Method: "POST", Path: "/ussd/africastalking/events", Guard: GuardGateway, Sorry: "refused", Handle: a.event},
	}
}

// ErrMalformed is returned for a callback that can not be used.
var ErrMalformed = errors.New("callback is malformed")

func (a *AfricasTalking) turn(ctx context.Context, c *Callback) Answer {
	t, err := a.Decode(c)
	if err != nil {
		return Answer{Body: []byte(a.sorry)}
	}
	reply, _ := a.engine.Handle(ctx, t) // the engine has reported its error; the reply can be shown
	return a.Encode(reply)
}

// event takes the notice that a session is over. What it repeats of the
// conversation is not looked at.
func (a *AfricasTalking) event(ctx context.Context, c *Callback) Answer {
	f, err := atForm(c.Body)
	if err != nil || f.session == "" {
		return Answer{Status: 400, Body: []byte("refused")}
	}
	number, err := msisdn.Parse(f.phone)
	if err != nil {
		return Answer{Status: 400, Body: []byte("refused")}
	}
	status := "other"
	switch f.status {
	case "Success", "Incomplete", "Failed":
		status = strings.ToLower(f.status)
	}
	_, err = a.engine.Handle(ctx, dialog.Turn{
		Channel: a.Name(), User: number, Session: f.session, Event: dialog.Ended, Status: status,
	})
	_ = err // reported by the engine; the gateway can do nothing about it
	return Answer{Body: []byte("ok")}
}

// Decode makes a Turn of a callback; ErrMalformed when there is none in it.
func (a *AfricasTalking) Decode(c *Callback) (dialog.Turn, error) {
	f, err := atForm(c.Body)
	if err != nil {
		return dialog.Turn{}, err
	}
	if f.session == "" || len(f.session) > atID || len(f.text) > atText {
		return dialog.Turn{}, ErrMalformed
	}
	number, err := msisdn.Parse(f.phone)
	if err != nil {
		return dialog.Turn{}, ErrMalformed
	}
	return dialog.Turn{
		Channel: a.Name(), User: number, Session: f.session,
		Text: f.text, Cumulative: true, Code: f.code, Network: atNetwork(f.network),
		Caps: dialog.Caps{Septets: atSeptets},
	}, nil
}

// Encode writes a Reply as the gateway wants it.
func (*AfricasTalking) Encode(r dialog.Reply) Answer {
	b := make([]byte, 0, 4+len(r.Text))
	if r.End {
		b = append(b, "END "...)
	} else {
		b = append(b, "CON "...)
	}
	return Answer{Body: append(b, r.Text...)}
}

// atNetwork is the network behind an operator's MCC and MNC; empty for the
// sandbox (99999) and for whom we do not know.
func atNetwork(code string) string {
	switch code {
	case "65501":
		return "vodacom"
	case "65502":
		return "telkom"
	case "65507":
		return "cellc"
	case "65510", "65512":
		return "mtn"
	}
	return ""
}

// atFields are the fields of a callback that are used.
type atFields struct{ session, phone, network, code, text, status string }

// atForm reads a form. A field that is there twice contradicts itself, and
// bytes that are not UTF-8 are nothing a customer typed: ErrMalformed.
func atForm(body []byte) (atFields, error) {
	var f atFields
	var seen [6]bool
	for rest := string(body); rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		name, raw, _ := strings.Cut(pair, "=")
		var to *string
		var i int
		switch name {
		case "sessionId":
			i, to = 0, &f.session
		case "phoneNumber":
			i, to = 1, &f.phone
		case "networkCode":
			i, to = 2, &f.network
		case "serviceCode":
			i, to = 3, &f.code
		case "text":
			i, to = 4, &f.text
		case "status":
			i, to = 5, &f.status
		default:
			continue
		}
		value, err := url.QueryUnescape(raw)
		if err != nil || seen[i] || !utf8.ValidString(value) {
			return atFields{}, ErrMalformed
		}
		seen[i], *to = true, value
	}
	return f, nil
}
