package channels

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"

	"spaza/dialog"
)

// TruRoute speaks the XML of TruTeq's TruRoute, and of the gateways in other
// countries that copy it: msisdn, sessionid, type and msg, in an element ussd or
// in the query. A type says what happened; msg is what was dialled, then the last
// input. The answer is such an element with a type of its own.
//
// Nothing in it tells a repetition, so a turn has no key.
type TruRoute struct {
	ussd
	redirect string
}

var _ Channel = (*TruRoute)(nil)

// TruRouteOptions are the lines for who gets no screen, and what is dialled.
type TruRouteOptions struct {
	Sorry   string // for a callback that can not be used; required
	Foreign string // for a number that is no South African cell number; default Sorry
	Code    string // what customers dial, such as *120*99#; empty where it is not known
	// Redirect is the whole code of another service to which the gateway is asked
	// to bring whoever dials, as when a code has moved. Empty: nobody.
	Redirect string
}

// NewTruRoute makes the channel.
func NewTruRoute(e Engine, o TruRouteOptions) *TruRoute {
	return &TruRoute{newUSSD(e, o.Sorry, o.Foreign, o.Code), o.Redirect}
}

// Name implements Channel.
func (*TruRoute) Name() string { return "truroute" }

// The types of a callback, and of an answer.
const (
	truRequest  = "1"  // a session begins
	truResponse = "2"  // the customer answered; in an answer: we want to hear more
	truRelease  = "3"  // the customer, or in an answer we, ended it
	truTimeout  = "4"  // the customer did not answer
	truRedirect = "5"  // in an answer: msg is the code of another service
	truCharge   = "10" // what the session costs could not be charged
)

// Routes implements Channel.
func (tr *TruRoute) Routes() []Route {
	sorry := tr.Encode(tr.refusal(ErrMalformed))
	r := Route{
		Path: "/ussd/truroute", Guard: GuardGateway,
		Sorry: string(sorry.Body), SorryType: sorry.Type, SorryHeader: sorry.Header, Handle: tr.turn,
	}
	get, post := r, r
	get.Method, post.Method = "GET", "POST"
	return []Route{get, post}
}

func (tr *TruRoute) turn(ctx context.Context, c *Callback) Answer {
	t, err := tr.Decode(c)
	switch {
	case err != nil:
		return tr.Encode(tr.refusal(err))
	case t.Event == dialog.Ended:
		tr.ask(ctx, t)
		return truAnswer(truRelease, "")
	case t.Dial && tr.redirect != "":
		return truAnswer(truRedirect, tr.redirect)
	}
	return tr.Encode(tr.ask(ctx, t))
}

// Decode makes a Turn of a callback. Where there is none in it the error is
// ErrMalformed or ErrForeign.
func (tr *TruRoute) Decode(c *Callback) (dialog.Turn, error) {
	read := func() (map[string]string, error) { return truFields(c.Body) }
	if c.Method == http.MethodGet {
		read = func() (map[string]string, error) { return ussdQuery(c.RawQuery, "msisdn", "sessionid", "type", "msg") }
	}
	f, err := read()
	if err != nil {
		return dialog.Turn{}, err
	}
	t := dialog.Turn{Channel: tr.Name(), Session: f["sessionid"]}
	msg, said := f["msg"]
	switch f["type"] {
	case truRequest:
		t.Dial = true
		t.Code, t.Deep = tr.dialled(msg)
	case truResponse:
		if !said {
			return dialog.Turn{}, ErrMalformed
		}
		t.Code, t.Text = tr.code, msg
	case truRelease:
		t.Event, t.Status, msg = dialog.Ended, "released", ""
	case truTimeout:
		t.Event, t.Status, msg = dialog.Ended, "timeout", ""
	case truCharge:
		t.Event, t.Status, msg = dialog.Ended, "charge_failed", ""
	default:
		return dialog.Turn{}, ErrMalformed
	}
	if !ussdUsable(t.Session, msg) {
		return dialog.Turn{}, ErrMalformed
	}
	if t.User, err = ussdNumber(f["msisdn"]); err != nil {
		return dialog.Turn{}, err
	}
	if t.Event == dialog.Typed {
		t.Caps = dialog.Caps{Septets: ussdSeptets}
	}
	return t, nil
}

// truFields reads the elements of an element ussd; ErrMalformed for what is none,
// or has one of those that are used twice. Elements that are not used are not
// looked at. What a document declares of itself but its charset is refused: it
// could only be an attack.
func truFields(body []byte) (map[string]string, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = truCharset
	fields := map[string]string{}
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && depth == 0 && len(fields) > 0 {
			return fields, nil
		}
		if err != nil {
			return nil, ErrMalformed
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if depth == 0 && (name != "ussd" || len(fields) > 0) {
				return nil, ErrMalformed
			}
			if depth++; depth == 1 {
				continue
			}
			err = truField(d, name, fields)
			depth--
		case xml.EndElement:
			depth--
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				err = ErrMalformed // beside the elements
			}
		case xml.Directive:
			err = ErrMalformed
		}
		if err != nil {
			return nil, ErrMalformed
		}
	}
}

// truField reads one element to its end.
func truField(d *xml.Decoder, name string, fields map[string]string) error {
	switch name {
	case "msisdn", "sessionid", "type", "msg":
	default:
		return d.Skip()
	}
	if _, twice := fields[name]; twice {
		return ErrMalformed
	}
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return ErrMalformed
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			// Who indents a document puts blanks around what it says.
			fields[name] = strings.TrimSpace(text.String())
			return nil
		case xml.StartElement, xml.Directive:
			return ErrMalformed
		}
	}
}

// truCharset reads a document that says it is not in UTF-8: the gateway's older
// protocol is in ISO 8859-1, whose characters are the first of Unicode.
func truCharset(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "us-ascii":
	default:
		return nil, ErrMalformed
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, ErrMalformed
	}
	text := make([]rune, len(raw))
	for i, b := range raw {
		text[i] = rune(b)
	}
	return strings.NewReader(string(text)), nil
}

// Encode writes a Reply as the gateway wants it.
func (tr *TruRoute) Encode(r dialog.Reply) Answer {
	r = tr.screen(r)
	kind := truResponse
	if r.End {
		kind = truRelease
	}
	return truAnswer(kind, r.Text)
}

func truAnswer(kind, msg string) Answer {
	b := make([]byte, 0, 256)
	b = append(b, "<ussd><type>"+kind+"</type><msg>"...)
	b = ussdXML(b, msg)
	b = append(b, "</msg></ussd>"...)
	return Answer{Type: ussdXMLType, Body: b, Header: [][2]string{ussdPrivate}}
}
