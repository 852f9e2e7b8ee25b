package channels

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"spaza/dialog"
	"spaza/gsm7"
	"spaza/msisdn"
)

// Limits of what a USSD gateway sends and shows.
const (
	ussdSeptets = 160 // of one screen: what every network behind a gateway shows
	ussdID      = 128 // bytes of the session id
	ussdCode    = 64  // bytes of the service code
	ussdInput   = 364 // bytes of one input: a USSD message has 182 characters, some of two bytes
)

var (
	// ErrMalformed is returned for a callback that can not be used.
	ErrMalformed = errors.New("callback is malformed")
	// ErrForeign is returned for a callback with nothing wrong but that its
	// number is no South African cell number.
	ErrForeign = errors.New("callback is from no South African cell number")
)

// ussd is what the doors of all USSD gateways share: the engine, the screens for
// who gets none of its, and the code that customers dial, where it is known. A
// gateway that gets an HTTP error, or a body that it can not read, shows a text
// of its own or the operator's; so each answers with a screen, whatever was wrong.
type ussd struct {
	engine         Engine
	sorry, foreign string
	code           string
}

func newUSSD(e Engine, sorry, foreign, code string) ussd {
	return ussd{engine: e, sorry: sorry, foreign: cmp.Or(foreign, sorry), code: code}
}

// refusal is the last screen for a callback that no Turn could be made of.
func (u *ussd) refusal(err error) dialog.Reply {
	if errors.Is(err, ErrForeign) {
		return dialog.Reply{Text: u.foreign, End: true}
	}
	return dialog.Reply{Text: u.sorry, End: true}
}

// ask has the engine answer a turn. Its error was reported by itself, and what
// it returns can be shown.
func (u *ussd) ask(ctx context.Context, t dialog.Turn) dialog.Reply {
	reply, _ := u.engine.Handle(ctx, t)
	return reply
}

// screen is a reply that every gateway takes and every phone shows. The engine
// makes no other; one that it did make would end the session at the gateway
// without a word.
func (u *ussd) screen(r dialog.Reply) dialog.Reply {
	if r.Text == "" {
		r = u.refusal(ErrMalformed)
	}
	n, ok := gsm7.Cost(r.Text)
	if !ok {
		r.Text = gsm7.Fold(r.Text)
		n, _ = gsm7.Cost(r.Text)
	}
	if n > ussdSeptets {
		r.Text, _ = gsm7.Cut(r.Text, ussdSeptets)
	}
	return r
}

// dialled takes apart what was dialled: the code, and the inputs that came with
// it. Another code than ours is believed, since an operator can have several at
// one door; what is no code at all stands for ours.
func (u *ussd) dialled(s string) (code, deep string) {
	if deep, ok := ussdDeep(s, u.code); ok {
		return u.code, deep
	}
	if len(s) <= ussdCode && ussdIsCode(s) {
		return s, ""
	}
	return u.code, ""
}

// ussdDeep is what was dialled after a code: 1*2 of *120*99*1*2# after *120*99#.
// ok is false where it is not that code that was dialled.
func ussdDeep(dialled, code string) (deep string, ok bool) {
	rest, ok := strings.CutPrefix(dialled, strings.TrimSuffix(code, "#"))
	if rest = strings.TrimSuffix(rest, "#"); !ok || code == "" || rest != "" && rest[0] != '*' {
		return "", false
	}
	return strings.TrimPrefix(rest, "*"), true
}

// ussdIsCode says whether s looks like something to dial: *120*99#.
func ussdIsCode(s string) bool {
	return len(s) > 2 && s[0] == '*' && s[len(s)-1] == '#' && strings.Trim(s, "0123456789*#") == ""
}

// ussdNumber is the caller as the house spells it; ErrMalformed or ErrForeign.
func ussdNumber(phone string) (string, error) {
	number, err := msisdn.Parse(phone)
	switch {
	case err == nil:
		return number, nil
	case errors.Is(err, msisdn.ErrForeign), errors.Is(err, msisdn.ErrNotMobile), ussdAbroad(phone):
		return "", ErrForeign
	}
	return "", ErrMalformed
}

// ussdAbroad says whether a gateway wrote a number of another country without its
// plus, or with one that decoding made a blank. A person's contact list would
// not, so msisdn knows no such form.
func ussdAbroad(phone string) bool {
	phone = strings.TrimPrefix(phone, " ")
	if len(phone) < 7 || len(phone) > 15 || phone[0] == '0' || strings.HasPrefix(phone, "27") {
		return false
	}
	return strings.Trim(phone, "0123456789") == ""
}

// ussdNetwork is the network behind a name such as "Vodacom", "Cell C" or
// "Telkom_8ta"; empty for a name that we do not know.
func ussdNetwork(name string) string {
	if len(name) > ussdCode {
		return ""
	}
	plain := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, network := range [...]string{msisdn.Vodacom, msisdn.MTN, msisdn.CellC, msisdn.Telkom} {
		if strings.HasPrefix(plain, network) {
			return network
		}
	}
	return ""
}

// ussdQuery reads the fields of a query that are used; ErrMalformed where one of
// them is there twice, and so contradicts itself, or can not be decoded. Others
// are not looked at.
func ussdQuery(raw string, used ...string) (map[string]string, error) {
	fields := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if !slices.Contains(used, name) {
			continue
		}
		plain, err := url.QueryUnescape(value)
		if _, twice := fields[name]; twice || err != nil {
			return nil, ErrMalformed
		}
		fields[name] = plain
	}
	return fields, nil
}

// ussdUsable says whether the name of a session and one input are what a gateway
// and a person can have sent.
func ussdUsable(session, input string) bool {
	return session != "" && len(session) <= ussdID && printable(session) && len(input) <= ussdInput && ussdTyped(input)
}

// printable says whether s is visible ASCII, as the ids of machines are.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ussdTyped says whether s can have been typed on a phone: UTF-8, with no control
// characters but the ends of lines.
func ussdTyped(s string) bool {
	for i := range len(s) {
		if b := s[i]; b < ' ' && b != '\n' && b != '\r' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

const ussdXMLType = "text/xml; charset=utf-8"

// ussdXML appends s as XML writes it in text and between quotes. What XML has no
// spelling for becomes a blank.
func ussdXML(b []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case r == '\n':
			b = append(b, "&#10;"...)
		case r < ' ':
			b = append(b, ' ')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// ussdPrivate keeps what is between a phone and us out of every cache: where a
// gateway asks by GET, its questions and our answers look like pages.
var ussdPrivate = [2]string{"Cache-Control", "no-store"}
