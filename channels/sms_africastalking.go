package channels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"spaza/gsm7"
	"spaza/secret"
)

// AfricasTalkingSMS sends messages through the Africa's Talking messaging API
// (POST /version1/messaging, a form; 201 with one Recipients entry a number).
// The API has no way to recognise a repeated message, so one whose answer was
// lost may arrive twice: better than not at all.
type AfricasTalkingSMS struct {
	api smsAPI
	opt SMSOptions
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
	api, err := newSMSAPI(o.BaseURL, "/version1/messaging", o.Transport)
	if err != nil {
		return nil, err
	}
	return &AfricasTalkingSMS{api: api, opt: o}, nil
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
	body, err := a.api.post(ctx, "", form.Encode(), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("apiKey", a.opt.APIKey.Reveal())
	})
	if err != nil {
		return "", err
	}
	return atSMSTaken(body)
}

// atSMSTaken reads the answer: the message was taken only if its one recipient
// says so. The list is empty when the whole request was refused. An id that is
// none is left out: the message went all the same, and is never reported on.
func atSMSTaken(body []byte) (taken string, err error) {
	var answer struct {
		Data *struct {
			Recipients []struct {
				StatusCode int     `json:"statusCode"`
				Status     string  `json:"status"`
				MessageID  smsWord `json:"messageId"`
			} `json:"Recipients"`
		} `json:"SMSMessageData"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Data == nil {
		return "", fmt.Errorf("%w: the answer is not readable", errSMSUnclear)
	}
	if len(answer.Data.Recipients) == 0 {
		return "", fmt.Errorf("%w: no recipient in the answer", ErrSMSRefused)
	}
	r := answer.Data.Recipients[0]
	switch c := r.StatusCode; {
	// 100 processed, 101 sent, 102 queued. The word stands in where there is no
	// code, and does not speak against one.
	case c >= 100 && c <= 102, c == 0 && r.Status == "Success":
		return atMessage(string(r.MessageID)), nil
	case c == 402, c == 405: // a sender that is not ours, no credit
		return "", fmt.Errorf("%w: %w: status code %d", ErrSMSRefused, ErrSMSAccount, c)
	case c >= 400 && c <= 499, c == 502: // 502: the network behind it refused
		return "", fmt.Errorf("%w: status code %d", ErrSMSRefused, c)
	default:
		return "", fmt.Errorf("%w: status code %d", errSMSUnclear, c)
	}
}

// atMessage is the name of the message that the API calls id; empty where that
// is no id.
func atMessage(id string) string {
	if id == "None" {
		return ""
	}
	return smsName(atTaken, id)
}
