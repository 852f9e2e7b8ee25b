package channels

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"spaza/dialog"
)

// Cweetagram speaks the USSD callback of Cweetagram: JSON with sessionid, msisdn,
// shortcode, messageString and mobileNetwork, where messageString is what was
// dialled, then the last input; the answer is JSON that says whether an input is
// wanted.
//
// Nothing in it tells a repetition, so a turn has no key; and a session begins
// where messageString is the code itself, or begins with it.
type Cweetagram struct{ ussd }

var _ Channel = (*Cweetagram)(nil)

// CweetagramOptions are the lines for who gets no screen, and what is dialled.
type CweetagramOptions struct {
	Sorry   string // for a callback that can not be used; required
	Foreign string // for a number that is no South African cell number; default Sorry
	Code    string // what customers dial, such as *120*99#; empty: what the gateway says
}

// NewCweetagram makes the channel.
func NewCweetagram(e Engine, o CweetagramOptions) *Cweetagram {
	return &Cweetagram{newUSSD(e, o.Sorry, o.Foreign, o.Code)}
}

// Name implements Channel.
func (*Cweetagram) Name() string { return "cweetagram" }

// Routes implements Channel.
func (g *Cweetagram) Routes() []Route {
	sorry := g.Encode(g.refusal(ErrMalformed), "")
	return []Route{{
		Method: "POST", Path: "/ussd/cweetagram", Guard: GuardGateway,
		Sorry: string(sorry.Body), SorryType: sorry.Type, Handle: g.turn,
	}}
}

func (g *Cweetagram) turn(ctx context.Context, c *Callback) Answer {
	t, err := g.Decode(c)
	if err != nil {
		return g.Encode(g.refusal(err), "")
	}
	return g.Encode(g.ask(ctx, t), t.User)
}

// Decode makes a Turn of a callback. Where there is none in it the error is
// ErrMalformed or ErrForeign.
func (g *Cweetagram) Decode(c *Callback) (dialog.Turn, error) {
	f, err := cweetFields(c.Body)
	if err != nil {
		return dialog.Turn{}, err
	}
	t := dialog.Turn{
		Channel: g.Name(), Session: f["sessionid"], Network: ussdNetwork(f["mobileNetwork"]),
		Caps: dialog.Caps{Septets: ussdSeptets},
	}
	said, there := f["messageString"]
	if !there || len(f["shortcode"]) > ussdInput {
		return dialog.Turn{}, ErrMalformed
	}
	// The shortcode may be what was dialled to the end, with the inputs in it.
	t.Code, _ = g.dialled(f["shortcode"])
	if t.Deep, t.Dial = ussdDeep(said, t.Code); !t.Dial {
		t.Text = said
	}
	if !ussdUsable(t.Session, said) {
		return dialog.Turn{}, ErrMalformed
	}
	if t.User, err = ussdNumber(f["msisdn"]); err != nil {
		return dialog.Turn{}, err
	}
	return t, nil
}

// cweetFields reads the members of an object that are used, written exactly as
// the gateway does; ErrMalformed for what is no object, or has one of them twice.
// The package json takes the last of two, and a name in any case. Others are not
// looked at.
func cweetFields(body []byte) (map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if first, err := d.Token(); err != nil || first != json.Delim('{') || !utf8.Valid(body) {
		return nil, ErrMalformed
	}
	fields := map[string]string{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, ErrMalformed
		}
		switch name {
		case "sessionid", "msisdn", "shortcode", "messageString", "mobileNetwork":
		default:
			var skipped json.RawMessage
			if d.Decode(&skipped) != nil {
				return nil, ErrMalformed
			}
			continue
		}
		value, ok := cweetValue(d)
		if _, twice := fields[name.(string)]; twice || !ok {
			return nil, ErrMalformed
		}
		fields[name.(string)] = value
	}
	if _, err := d.Token(); err != nil { // the end of the object
		return nil, ErrMalformed
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed
	}
	return fields, nil
}

// cweetValue is a text, or a number as its digits, since an id or an input can
// look like one; nothing at all is what a customer sends who types nothing.
func cweetValue(d *json.Decoder) (string, bool) {
	token, err := d.Token()
	if err != nil {
		return "", false
	}
	switch v := token.(type) {
	case string:
		// Half a character, which the package json replaces.
		return v, !strings.ContainsRune(v, utf8.RuneError)
	case json.Number:
		return v.String(), true
	case nil:
		return "", true
	}
	return "", false
}

// Encode writes a Reply to a number as the gateway wants it.
func (g *Cweetagram) Encode(r dialog.Reply, number string) Answer {
	r = g.screen(r)
	answer := struct {
		GetInput string `json:"getInput"`
		MenuText string `json:"menuText"`
		Code     string `json:"code"`
		MSISDN   string `json:"msisdn"`
	}{"true", r.Text, "200", number}
	if r.End {
		answer.GetInput = "false"
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is shown on a phone, and read by who may not know the long way to write it
	if e.Encode(answer) != nil {
		return Answer{Type: cweetType} // texts always encode
	}
	return Answer{Type: cweetType, Body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}

const cweetType = "application/json"
