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
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of the messaging APIs.
const (
	smsTimeout = 20 * time.Second
	smsAnswer  = 64 << 10 // bytes of an answer that are read
	smsID      = 128      // bytes of an API's name for a message
)

// What a messaging API did with a message. An error that is none of these leaves
// open whether it was taken.
var (
	// ErrSMSRefused is returned when the messaging API answered, and did not take
	// the message.
	ErrSMSRefused = errors.New("message was not taken")
	// ErrSMSUnsent is returned when the messaging API was not reached: nothing of
	// the message left.
	ErrSMSUnsent = errors.New("message did not leave")
	// ErrSMSAccount is returned beside ErrSMSRefused when no message will be taken
	// until the operator acts: a wrong key, a sender that is not ours, no credit.
	ErrSMSAccount = errors.New("the account is at fault")

	errSMSUnclear = errors.New("message may have been taken")
)

// smsAPI is where the messages for one gateway are posted.
type smsAPI struct {
	url    string
	client *http.Client
}

// newSMSAPI makes it of a bare host and the path of the API there. Nothing of
// the address is said in an error: it may hold a secret.
func newSMSAPI(base, path string, transport http.RoundTripper) (smsAPI, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return smsAPI{}, errors.New("make SMS messenger: base URL is not usable")
	}
	return smsAPI{
		url: strings.TrimRight(base, "/") + path,
		client: &http.Client{
			Timeout: smsTimeout, Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// post sends one message and returns the answer of an API that took it, as far
// as the HTTP status says. Its errors hold nothing of what was sent, whatever
// the other side does.
func (a smsAPI) post(ctx context.Context, query, body string, set func(*http.Request)) ([]byte, error) {
	// Whether a connection was asked for and not had says for certain that
	// nothing left; what kind of error came of it does not.
	var asked, had atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true); had.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { had.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+query, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("send SMS: %w: no request can be made of it", ErrSMSUnsent)
	}
	req.Header.Set("Accept", "application/json")
	set(req)
	resp, err := a.client.Do(req)
	switch {
	case err != nil && asked.Load() && !had.Load():
		return nil, fmt.Errorf("send SMS: %w: %w", ErrSMSUnsent, plainCause(ctx, err))
	case err != nil:
		return nil, fmt.Errorf("send SMS: %w", plainCause(ctx, err))
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, smsAnswer))
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized, s == http.StatusPaymentRequired, s == http.StatusForbidden:
		return nil, fmt.Errorf("send SMS: %w: %w: HTTP status %d", ErrSMSRefused, ErrSMSAccount, s)
	case s >= 500: // of a proxy too, behind which it may have gone on
		return nil, fmt.Errorf("send SMS: %w: HTTP status %d", errSMSUnclear, s)
	case s < 200 || s > 299:
		return nil, fmt.Errorf("send SMS: %w: HTTP status %d", ErrSMSRefused, s)
	case err != nil:
		return nil, fmt.Errorf("read answer to SMS: %w", plainCause(ctx, err))
	}
	return answer, nil
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

// smsName is what a message is called that a gateway calls id; empty where that
// is no id.
func smsName(gateway, id string) string {
	if id == "" || len(id) > smsID || !printable(id) {
		return ""
	}
	return gateway + id
}

// smsWord is a text of an answer, or nothing where the answer has something else
// in its place: what is beside the point must not make a message that went into
// one that did not.
type smsWord string

// UnmarshalJSON implements json.Unmarshaler.
func (w *smsWord) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*w = smsWord(s)
	}
	return nil
}
