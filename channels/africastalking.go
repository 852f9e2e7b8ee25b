package channels

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"spaza/dialog"
	"spaza/msisdn"
)

// Limits of what Africa's Talking sends, beside those of every gateway.
const (
	atText = 2000 // bytes of the cumulative text: more was never typed by a person
	atID   = 128  // bytes of an id of a message
)

// AfricasTalking speaks the USSD callback of Africa's Talking and of the many
// gateways that copy it: a form with sessionId, phoneNumber, networkCode,
// serviceCode and text, where text is everything typed since the dial, joined by
// '*'; the answer is plain text that begins with CON (go on) or END. A gateway
// that gets an HTTP error instead shows the customer a text of its own, so a
// callback that can not be used is answered with an END screen.
//
// The whole text is the key of a turn: a repeated callback has the same.
type AfricasTalking struct{ ussd }

var _ Channel = (*AfricasTalking)(nil)

// AfricasTalkingOptions are the lines for who gets no screen, without the END.
type AfricasTalkingOptions struct {
	Sorry   string // for a callback that can not be used; required
	Foreign string // for a number that is no South African cell number; default Sorry
}

// NewAfricasTalking makes the channel.
func NewAfricasTalking(e Engine, o AfricasTalkingOptions) *AfricasTalking {
	return &AfricasTalking{newUSSD(e, o.Sorry, o.Foreign, "")}
}

// Name implements Channel.
func (*AfricasTalking) Name() string { return "africastalking" }

// Routes implements Channel.
func (a *AfricasTalking) Routes() []Route {
	sorry := a.Encode(a.refusal(ErrMalformed))
	return []Route{
		{Method: "POST", Path: "/ussd/africastalking", Guard: GuardGateway, Sorry: string(sorry.Body), Handle: a.turn},
		{Method: "POST", Path: "/ussd/africastalking/events", Guard: GuardGateway, Sorry: "refused", Handle: a.event},
	}
}

func (a *AfricasTalking) turn(ctx context.Context, c *Callback) Answer {
	t, err := a.Decode(c)
	if err != nil {
		return a.Encode(a.refusal(err))
	}
	return a.Encode(a.ask(ctx, t))
}

// event takes the notice that a session is over. What it repeats of the
// conversation is not looked at.
func (a *AfricasTalking) event(ctx context.Context, c *Callback) Answer {
	f, err := atForm(c.Body)
	if err == nil {
		f.phone, err = ussdNumber(f.phone)
	}
	switch {
	case errors.Is(err, ErrForeign): // who never had a session
		return Answer{Body: []byte("ok")}
	case err != nil:
		return Answer{Status: 400, Body: []byte("refused")}
	}
	status := "other"
	switch f.status {
	case "Success", "Incomplete", "Failed":
		status = strings.ToLower(f.status)
	}
	// An error is reported by the engine; the gateway can do nothing about it.
	a.ask(ctx, dialog.Turn{Channel: a.Name(), User: f.phone, Session: f.session, Event: dialog.Ended, Status: status})
	return Answer{Body: []byte("ok")}
}

// Decode makes a Turn of a callback. Where there is none in it the error is
// ErrMalformed or ErrForeign.
func (a *AfricasTalking) Decode(c *Callback) (dialog.Turn, error) {
	f, err := atForm(c.Body)
	if err != nil {
		return dialog.Turn{}, err
	}
	number, err := ussdNumber(f.phone)
	if err != nil {
		return dialog.Turn{}, err
	}
	return dialog.Turn{
		Channel: a.Name(), User: number, Session: f.session,
		Text: f.text, Cumulative: true, Code: f.code, Network: atNetwork(f.network),
		Caps: dialog.Caps{Septets: ussdSeptets},
	}, nil
}

// Encode writes a Reply as the gateway wants it.
func (a *AfricasTalking) Encode(r dialog.Reply) Answer {
	r = a.screen(r)
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
		return msisdn.Vodacom
	case "65502":
		return msisdn.Telkom
	case "65507":
		return msisdn.CellC
	case "65510", "65512":
		return msisdn.MTN
	}
	return ""
}

// atFields are the fields of a callback that are used.
type atFields struct{ session, phone, network, code, text, status string }

// atForm reads a form whose fields are within their limits; ErrMalformed for
// any other. A field that is there twice contradicts itself, and bytes that are
// not UTF-8 are nothing a customer typed. Fields that are not used are not
// looked at.
func atForm(body []byte) (atFields, error) {
	var f atFields
	var seen [6]bool
	var plain strings.Builder // of all values: each is a part of it
	plain.Grow(len(body))
	for rest := body; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		name, raw, _ := bytes.Cut(pair, []byte("="))
		var to *string
		var i int
		switch string(name) {
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
		from := plain.Len()
		if seen[i] || !atUnescape(&plain, raw) {
			return atFields{}, ErrMalformed
		}
		seen[i], *to = true, plain.String()[from:]
	}
	if !ussdUsable(f.session, "") || len(f.code) > ussdCode || !printable(f.code) || len(f.text) > atText || !ussdTyped(f.text) {
		return atFields{}, ErrMalformed
	}
	return f, nil
}

// atUnescape appends a value as it was before it was written into a form, and
// says whether that could be done.
func atUnescape(to *strings.Builder, raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; b {
		case '+':
			to.WriteByte(' ')
		case '%':
			var one [1]byte
			if i+3 > len(raw) {
				return false
			}
			if _, err := hex.Decode(one[:], raw[i+1:i+3]); err != nil {
				return false
			}
			to.WriteByte(one[0])
			i += 2
		default:
			to.WriteByte(b)
		}
	}
	return true
}
