package channels

import (
	"context"
	_ "embed" // the page
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// The page is plain HTML, CSS and modules; nothing comes from elsewhere and
// nothing is inline, so the policy below can forbid both.
var (
	//go:embed handset/index.html
	handsetPage []byte
	//go:embed handset/app.css
	handsetStyle []byte
	//go:embed handset/icon.svg
	handsetIcon []byte
	//go:embed handset/app.js
	handsetApp []byte
	//go:embed handset/phone.js
	handsetPhone []byte
	//go:embed handset/gateway.js
	handsetGateway []byte
	//go:embed handset/inbox.js
	handsetInbox []byte
	//go:embed handset/septets.js
	handsetSeptets []byte
)

const handsetPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Handset is a feature phone in the browser. The page plays the gateway itself:
// it speaks to the Africa's Talking door as the gateway would, so this channel
// has no engine. It is for developers and demonstrations, never for production.
type Handset struct {
	inbox *Inbox
	about handsetAbout
}

// HandsetOptions says what the handset shows.
type HandsetOptions struct {
	Code   string // the code to dial; default *120*384#
	MSISDN string // the number of the phone, 11 digits; default 27821234567
	// Hints are values worth typing, such as test vouchers.
	Hints []HandsetHint
}

// HandsetHint is one value worth typing and what it does.
type HandsetHint struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

type handsetAbout struct {
	Code     string           `json:"code"`
	MSISDN   string           `json:"msisdn"`
	Networks []handsetNetwork `json:"networks"`
	Hints    []HandsetHint    `json:"hints"`
}

// handsetNetwork is a network by its mobile country and network codes.
type handsetNetwork struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// NewHandset returns a handset that shows the messages of inbox. Where messages
// really go out there is none to show: inbox is nil, and no message ever
// arrives.
func NewHandset(inbox *Inbox, o HandsetOptions) *Handset {
	if o.Code == "" {
		o.Code = "*120*384#"
	}
	if o.MSISDN == "" {
		o.MSISDN = "27821234567"
	}
	return &Handset{inbox: inbox, about: handsetAbout{
		Code:   o.Code,
		MSISDN: o.MSISDN,
		Networks: []handsetNetwork{
			{"65501", "Vodacom"},
			{"65510", "MTN"},
			{"65507", "Cell C"},
			{"65502", "Telkom"},
		},
		Hints: append([]HandsetHint{}, o.Hints...),
	}}
}

// Name implements Channel.
func (h *Handset) Name() string { return "handset" }

// Routes implements Channel.
func (h *Handset) Routes() []Route {
	const script = "text/javascript; charset=utf-8"
	return []Route{
		handsetFile("/", "text/html; charset=utf-8", handsetPage),
		handsetFile("/handset/app.css", "text/css; charset=utf-8", handsetStyle),
		handsetFile("/handset/icon.svg", "image/svg+xml", handsetIcon),
		handsetFile("/handset/app.js", script, handsetApp),
		handsetFile("/handset/phone.js", script, handsetPhone),
		handsetFile("/handset/gateway.js", script, handsetGateway),
		handsetFile("/handset/inbox.js", script, handsetInbox),
		handsetFile("/handset/septets.js", script, handsetSeptets),
		{Method: "GET", Path: "/handset/about", Guard: GuardBrowser, Handle: h.serveAbout},
		{Method: "GET", Path: "/handset/inbox", Guard: GuardBrowser, Handle: h.serveInbox},
	}
}

func (h *Handset) serveAbout(context.Context, *Callback) Answer { return handsetJSON(h.about) }

func (h *Handset) serveInbox(_ context.Context, c *Callback) Answer {
	msisdn, after, ok := decodeInboxQuery(c.RawQuery)
	if !ok {
		return handsetAnswer(400, "text/plain; charset=utf-8", []byte("msisdn must be 11 digits, after a number\n"))
	}
	type message struct {
		ID   int64  `json:"id"`
		At   string `json:"at"`
		Text string `json:"text"`
	}
	messages := []message{}
	if h.inbox != nil {
		for _, r := range h.inbox.Since(msisdn, after) {
			messages = append(messages, message{r.ID, r.At.UTC().Format(time.RFC3339Nano), r.Text})
		}
	}
	return handsetJSON(struct {
		Messages []message `json:"messages"`
	}{messages})
}

// decodeInboxQuery reads msisdn=<11 digits> and after=<ID>, which may be left
// out.
func decodeInboxQuery(raw string) (msisdn string, after int64, ok bool) {
	q, err := url.ParseQuery(raw)
	if err != nil || len(q["msisdn"]) != 1 || len(q["after"]) > 1 {
		return "", 0, false
	}
	msisdn = q.Get("msisdn")
	if len(msisdn) != 11 {
		return "", 0, false
	}
	for _, c := range []byte(msisdn) {
		if c < '0' || c > '9' {
			return "", 0, false
		}
	}
	if s := q.Get("after"); s != "" {
		if after, err = strconv.ParseInt(s, 10, 64); err != nil || after < 0 {
			return "", 0, false
		}
	}
	return msisdn, after, true
}

func handsetFile(path, contentType string, body []byte) Route {
	return Route{Method: "GET", Path: path, Guard: GuardBrowser, Handle: func(context.Context, *Callback) Answer {
		return handsetAnswer(200, contentType, body)
	}}
}

func handsetJSON(v any) Answer {
	body, err := json.Marshal(v)
	if err != nil {
		return handsetAnswer(500, "text/plain; charset=utf-8", []byte("cannot answer\n"))
	}
	return handsetAnswer(200, "application/json", body)
}

// handsetAnswer gives every answer the headers that keep strangers out of the
// page.
func handsetAnswer(status int, contentType string, body []byte) Answer {
	return Answer{Status: status, Type: contentType, Body: body, Header: [][2]string{
		{"Content-Security-Policy", handsetPolicy},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cache-Control", "no-store"},
	}}
}

var _ Channel = (*Handset)(nil)
