package channels

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"spaza/gsm7"
	"spaza/secret"
)

// Limits of the messaging API.
const (
	atSMSTimeout = 20 * time.Second
	atSMSAnswer  = 64 << 10 // bytes of an answer that are read
)

// ErrSMSRefused is returned when the messaging API answered, and did not take
// the message.
var ErrSMSRefused = errors.New("message was not taken")

// AfricasTalkingSMS sends messages through the Africa's Talking messaging API
// (POST /version1/messaging, a form; 201 with one Recipients entry a number).
// The API has no way to recognise a repeated message, so one whose answer was
// lost may arrive twice: better than not at all.
type AfricasTalkingSMS struct {
	url    string
	opt    SMSOptions
	client *http.Client
}

var _ Messenger = (*AfricasTalkingSMS)(nil)

// SMSOptions are the account. Username and APIKey are required.
type SMSOptions struct {
	BaseURL  string // bare host, such as https://api.africastalking.com
	Username string
	APIKey   secret.Text
	Sender   string // registered sender name or short code; empty for the default one
	// Transport sends the requests; default http.DefaultTransport's settings.
	Transport http.RoundTripper
}

// NewAfricasTalkingSMS makes the messenger; it does not call the network.
func NewAfricasTalkingSMS(o SMSOptions) (*AfricasTalkingSMS, error) {
	if o.Username == "" || o.APIKey.Empty() {
		return nil, errors.New("make SMS messenger: user name and API key are required")
	}
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("make SMS messenger: base URL is not usable") // it may hold a secret
	}
	return &AfricasTalkingSMS{
		url: strings.TrimRight(o.BaseURL, "/") + "/version1/messaging",
		opt: o,
		client: &http.Client{
			Timeout: atSMSTimeout, Transport: o.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// atTaken begins the name of every message that the messaging API took: its
// reports give the id alone.
const atTaken = "africastalking:"

// Send implements Messenger. Its errors hold neither the text nor the number nor
// the key, whatever the other side does.
func (a *AfricasTalkingSMS) Send(ctx context.Context, m Message) (taken string, err error) {
	form := url.Values{
		"username": {a.opt.Username}, "to": {"+" + m.To}, "message": {gsm7.Fold(m.Text)},
		"bulkSMSMode": {"1"}, "enqueue": {"1"},
	}
	if a.opt.Sender != "" {
		form.Set("from", a.opt.Sender)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("send SMS: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("apiKey", a.opt.APIKey.Reveal())
	resp, err := a.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("send SMS: %w", plainCause(ctx, err))
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, atSMSAnswer))
	if err != nil {
		return "", fmt.Errorf("read answer to SMS: %w", plainCause(ctx, err))
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return "", fmt.Errorf("send SMS: %w: HTTP status %d", ErrSMSRefused, resp.StatusCode)
	}
	return atSMSTaken(body)
}

// plainCause is why a request failed, without the bytes of the other side that
// an error of the HTTP client can repeat.
func plainCause(ctx context.Context, err error) error {
	var network *net.OpError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &name):
		return name
	case errors.As(err, &network):
		return network
	case errors.As(err, &certificate):
		return certificate
	case errors.Is(err, context.DeadlineExceeded): // the client's own limit
		return context.DeadlineExceeded
	}
	return errors.New("no usable answer")
}

// atSMSTaken reads the answer: the message was taken only if its one recipient
// says so. The list is empty when the whole request was refused. An id that is
// none is left out: the message went all the same, and is never reported on.
func atSMSTaken(body []byte) (taken string, err error) {
	var answer struct {
		Data struct {
			Recipients []struct {
				StatusCode int    `json:"statusCode"`
				Status     string `json:"status"`
				MessageID  atWord `json:"messageId"`
			} `json:"Recipients"`
		} `json:"SMSMessageData"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", fmt.Errorf("%w: the answer is not readable", ErrSMSRefused)
	}
	if len(answer.Data.Recipients) == 0 {
		return "", fmt.Errorf("%w: no recipient in the answer", ErrSMSRefused)
	}
	r := answer.Data.Recipients[0]
	// 100 processed, 101 sent, 102 queued. The word stands in where there is no
	// code, and does not speak against one.
	if r.StatusCode >= 100 && r.StatusCode <= 102 || r.StatusCode == 0 && r.Status == "Success" {
		return atMessage(string(r.MessageID)), nil
	}
	return "", fmt.Errorf("%w: status code %d", ErrSMSRefused, r.StatusCode)
}

// atMessage is the name of the message that the API calls id; empty where that
// is no id.
func atMessage(id string) string {
	if id == "" || id == "None" || len(id) > atID || !atPrintable(id) {
		return ""
	}
	return atTaken + id
}

// atWord is a text of an answer, or nothing where the answer has something else
// in its place: what is beside the point must not make a message that went into
// one that did not.
type atWord string

// UnmarshalJSON implements json.Unmarshaler.
func (w *atWord) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*w = atWord(s)
	}
	return nil
}
