package channels

import (
	"context"

	"spaza/dialog"
)

// Panacea speaks the USSD callback of Panacea Mobile (a "proxy campaign"): a query
// with ussd_msisdn, ussd_session_id, ussd_type, ussd_request and
// ussd_network_name, where ussd_request is what was dialled, then the last input;
// the answer is the bare text of the screen, and a header where it is the last.
//
// Nothing in it tells a repetition, so a turn has no key.
type Panacea struct{ ussd }

var _ Channel = (*Panacea)(nil)

// PanaceaOptions are the lines for who gets no screen, and what is dialled.
type PanaceaOptions struct {
	Sorry   string // for a callback that can not be used; required
	Foreign string // for a number that is no South African cell number; default Sorry
	Code    string // what customers dial, such as *120*99#; empty where it is not known
}

// NewPanacea makes the channel.
func NewPanacea(e Engine, o PanaceaOptions) *Panacea {
	return &Panacea{newUSSD(e, o.Sorry, o.Foreign, o.Code)}
}

// Name implements Channel.
func (*Panacea) Name() string { return "panacea" }

// Routes implements Channel.
func (p *Panacea) Routes() []Route {
	sorry := p.Encode(p.refusal(ErrMalformed))
	return []Route{{
		Method: "GET", Path: "/ussd/panacea", Guard: GuardGateway,
		Sorry: string(sorry.Body), SorryHeader: sorry.Header, Handle: p.turn,
	}}
}

func (p *Panacea) turn(ctx context.Context, c *Callback) Answer {
	t, err := p.Decode(c)
	if err != nil {
		return p.Encode(p.refusal(err))
	}
	return p.Encode(p.ask(ctx, t))
}

// Decode makes a Turn of a callback. Where there is none in it the error is
// ErrMalformed or ErrForeign.
func (p *Panacea) Decode(c *Callback) (dialog.Turn, error) {
	f, err := ussdQuery(c.RawQuery, "ussd_msisdn", "ussd_session_id", "ussd_type", "ussd_request", "ussd_network_name")
	if err != nil {
		return dialog.Turn{}, err
	}
	t := dialog.Turn{
		Channel: p.Name(), Session: f["ussd_session_id"], Network: ussdNetwork(f["ussd_network_name"]),
		Caps: dialog.Caps{Septets: ussdSeptets},
	}
	request, asked := f["ussd_request"]
	kind, typed := f["ussd_type"]
	switch {
	case kind == "1", !typed && ussdIsCode(request): // the gateway's own list of fields has no type
		t.Dial = true
		t.Code, t.Deep = p.dialled(request)
	case asked:
		t.Code, t.Text = p.code, request
	default:
		return dialog.Turn{}, ErrMalformed
	}
	if !ussdUsable(t.Session, request) {
		return dialog.Turn{}, ErrMalformed
	}
	if t.User, err = ussdNumber(f["ussd_msisdn"]); err != nil {
		return dialog.Turn{}, err
	}
	return t, nil
}

// Encode writes a Reply as the gateway wants it.
func (p *Panacea) Encode(r dialog.Reply) Answer {
	r = p.screen(r)
	a := Answer{Body: []byte(r.Text), Header: [][2]string{ussdPrivate}}
	if r.End {
		a.Header = append(a.Header, [2]string{"X-ussd-close", "1"})
	}
	return a
}
