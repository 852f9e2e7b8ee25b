package channels

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"strings"

	"spaza/dialog"
)

// AAT speaks the USSD callback of AAT, which is also that of Vodacom Messaging: a
// query with msisdn, provider, request and ussdSessionId, where request is what
// was dialled, then the last input; the answer is XML. Its option element says at
// which address the customer's answer is brought to us, so that address carries
// what the gateway does not: the code that was dialled (to_addr) and the name of
// the screen (t), which with the input is the key of the turn. A callback with
// neither is the start of a session.
type AAT struct {
	ussd
	base string
}

var _ Channel = (*AAT)(nil)

// AATOptions are the lines for who gets no screen, and what is known of us outside.
type AATOptions struct {
	Sorry   string // for a callback that can not be used; required
	Foreign string // for a number that is no South African cell number; default Sorry
	Code    string // what customers dial, such as *120*99#; empty where it is not known
	// PublicURL is where the gateway finds this service, such as
	// https://shop.example.co.za. Empty: where it found it for this callback, by
	// HTTPS but on this machine.
	PublicURL string
}

// NewAAT makes the channel.
func NewAAT(e Engine, o AATOptions) *AAT {
	return &AAT{newUSSD(e, o.Sorry, o.Foreign, o.Code), strings.TrimRight(o.PublicURL, "/")}
}

// Name implements Channel.
func (*AAT) Name() string { return "aat" }

const aatPath = "/ussd/aat"

// Routes implements Channel.
func (a *AAT) Routes() []Route {
	sorry := a.Encode(a.refusal(ErrMalformed), "")
	return []Route{{
		Method: "GET", Path: aatPath, Guard: GuardGateway,
		Sorry: string(sorry.Body), SorryType: sorry.Type, SorryHeader: sorry.Header, Handle: a.turn,
	}}
}

func (a *AAT) turn(ctx context.Context, c *Callback) Answer {
	t, err := a.Decode(c)
	base, ok := a.address(c.Host)
	if !ok && err == nil {
		err = ErrMalformed // the customer's answer would never come back
	}
	if err != nil {
		return a.Encode(a.refusal(err), "")
	}
	reply := a.ask(ctx, t)
	return a.Encode(reply, base+aatPath+"?"+aatParameters(c.RawQuery, t.Code, reply.Screen))
}

// Decode makes a Turn of a callback. Where there is none in it the error is
// ErrMalformed or ErrForeign.
func (a *AAT) Decode(c *Callback) (dialog.Turn, error) {
	f, err := ussdQuery(c.RawQuery, "msisdn", "provider", "request", "ussdSessionId", "to_addr", "t")
	if err != nil {
		return dialog.Turn{}, err
	}
	request, asked := f["request"]
	to, later := f["to_addr"]
	screen := f["t"]
	if !asked || len(to) > ussdCode || !printable(to) || !aatScreen(screen) {
		return dialog.Turn{}, ErrMalformed
	}
	t := dialog.Turn{
		Channel: a.Name(), Text: request, Network: ussdNetwork(f["provider"]), Caps: dialog.Caps{Septets: ussdSeptets},
	}
	switch {
	case screen != "":
		t.Code, t.Key, t.Answers = to, screen+"\x00"+request, screen
	case later:
		t.Code = to // the screen had no name, or only our first parameter came back
	default:
		t.Dial, t.Text, t.Key = true, "", "start\x00"+request
		t.Code, t.Deep = a.dialled(request)
	}
	t.Code = cmp.Or(t.Code, a.code)
	// Without an id a redial can not be told from a repeated start: the screen that
	// stands is shown again.
	t.Session = cmp.Or(f["ussdSessionId"], "none:"+t.Code)
	if !ussdUsable(t.Session, request) {
		return dialog.Turn{}, ErrMalformed
	}
	if t.User, err = ussdNumber(f["msisdn"]); err != nil {
		return dialog.Turn{}, err
	}
	return t, nil
}

const aatLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// aatScreen says whether s can be a dialog.Reply.Screen, or is empty.
func aatScreen(s string) bool {
	return s == "" || len(s) == 8 && strings.Trim(s, aatLetters) == ""
}

// address is what the address of a callback begins with; ok is false where the
// sender named us by something that is no host.
func (a *AAT) address(host string) (base string, ok bool) {
	if a.base != "" {
		return a.base, true
	}
	u, err := url.Parse("https://" + host)
	if err != nil || u.Hostname() == "" || strings.Trim(host, aatLetters+".:[]") != "" {
		return "", false
	}
	name := u.Hostname()
	if addr, err := netip.ParseAddr(name); name == "localhost" || err == nil && addr.IsLoopback() {
		u.Scheme = "http"
	}
	return u.String(), true
}

// aatParameters are what we want to hear again with the customer's answer.
//
// A key in the query is repeated only to who wrote it there, as it was written:
// the next callback comes to the address that is given here and nowhere else, so
// without it that one would be refused. A gateway that authenticates itself with
// a header, or by its address, is never told a key.
func aatParameters(query, code, screen string) string {
	var b strings.Builder
	b.WriteString("to_addr=" + url.QueryEscape(code))
	if screen != "" {
		b.WriteString("&t=" + screen)
	}
	if key, once := queryKey([]byte(query)); once && len(key) > 0 {
		b.WriteString("&key=")
		const hex = "0123456789ABCDEF"
		for _, c := range key {
			if c <= ' ' || c > '~' {
				b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			} else {
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}

// Encode writes a Reply as the gateway wants it. callback is the address that
// the customer's answer is brought to, where there is to be one.
func (a *AAT) Encode(r dialog.Reply, callback string) Answer {
	r = a.screen(r)
	b := make([]byte, 0, 512)
	b = append(b, "<request><headertext>"...)
	b = ussdXML(b, r.Text)
	b = append(b, "</headertext>"...)
	if !r.End {
		b = append(b, `<options><option command="1" order="1" callback="`...)
		b = ussdXML(b, callback)
		b = append(b, `" display="false"/></options>`...)
	}
	b = append(b, "</request>"...)
	return Answer{Type: ussdXMLType, Body: b, Header: [][2]string{ussdPrivate}}
}
