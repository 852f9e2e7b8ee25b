package channels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	if err != nil || u.Host == "" {
		return nil, errors.New("make SMS messenger: base URL is not usable")
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

// Send implements Messenger. Its errors hold neither the text nor the number.
func (a *AfricasTalkingSMS) Send(ctx context.Context, m Message) error {
	form := url.Values{
		"username": {a.opt.Username}, "to": {"+" + m.To}, "message": {gsm7.Fold(m.Text)},
		"bulkSMSMode": {"1"}, "enqueue": {"1"},
	}
	if a.opt.Sender != "" {
		form.Set("from", a.opt.Sender)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("send SMS: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("apiKey", a.opt.APIKey.Reveal())
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("send SMS: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, atSMSAnswer))
	if err != nil {
		return fmt.Errorf("read answer to SMS: %w", err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("send SMS: %w: HTTP status %d", ErrSMSRefused, resp.StatusCode)
	}
	return atSMSTaken(body)
}

// atSMSTaken reads the answer: the message was taken only if its one recipient
// says so. The list is empty when the whole request was refused.
func atSMSTaken(body []byte) error {
	var answer struct {
		Data struct {
			Recipients []struct {
				StatusCode int    `json:"statusCode"`
				Status     string `json:"status"`
			} `json:"Recipients"`
		} `json:"SMSMessageData"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%w: the answer is not readable", ErrSMSRefused)
	}
	if len(answer.Data.Recipients) == 0 {
		return fmt.Errorf("%w: no recipient in the answer", ErrSMSRefused)
	}
	r := answer.Data.Recipients[0]
	// 100 processed, 101 sent, 102 queued.
	if r.Status == "Success" || (r.StatusCode >= 100 && r.StatusCode <= 102) {
		return nil
	}
	return fmt.Errorf("%w: status code %d", ErrSMSRefused, r.StatusCode)
}
