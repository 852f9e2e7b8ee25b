package hostcall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

var (
	// ErrTooLarge says that the answer was longer than the call's limit.
	ErrTooLarge = errors.New("answer is too large")
	// errNoAnswer is for a transport that breaks its word.
	errNoAnswer = errors.New("transport returned nothing")
	errNoStatus = errors.New("answer has HTTP status 000")
)

// Call is one request in the making.
type Call struct {
	Method, URL   string
	Authorization string // the whole value of the header
	Body          string
	ContentType   string // of the body; application/json when empty
	Limit         int64  // bytes of answer that are read
}

// Reply is what one sending brought back.
type Reply struct {
	// Sent says that at least one byte may have reached the host. False is
	// certain knowledge.
	Sent   bool
	Status int // 0 when no answer was read
	Body   []byte
}

// Send sends a call once. The error is nil when an answer was read to its end,
// whatever it says; with an error the Reply still says whether anything was sent.
// Its errors may quote what a broken host sent: see ScrubError.
func Send(ctx context.Context, transport http.RoundTripper, k Call) (Reply, error) {
	if err := ctx.Err(); err != nil {
		return Reply{}, err
	}
	var way journey
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: way.getConn, GotConn: way.gotConn})
	req, err := http.NewRequestWithContext(ctx, k.Method, k.URL, strings.NewReader(k.Body))
	if err != nil {
		return Reply{}, fmt.Errorf("make request: %w", errBadRequest)
	}
	values := []string{k.Authorization, "application/json", "spaza", "application/json"} // one array for all saves four
	req.Header = http.Header{"Authorization": values[0:1:1], "Accept": values[1:2:2], "User-Agent": values[2:3:3]}
	if k.ContentType != "" {
		values[3] = k.ContentType
	}
	if k.Body != "" {
		req.Header["Content-Type"] = values[3:4:4]
	}
	resp, err := transport.RoundTrip(req)
	switch {
	case err != nil:
		return Reply{Sent: way.connected.Load() || !(way.asked.Load() || neverConnected(err))}, fmt.Errorf("send: %w", err)
	case resp == nil || resp.Body == nil:
		return Reply{Sent: true}, errNoAnswer
	}
	defer resp.Body.Close()
	if resp.StatusCode == 0 { // which net/http lets through
		return Reply{Sent: true}, errNoStatus
	}
	var body []byte
	if resp.StatusCode != http.StatusSwitchingProtocols { // after which the transport heeds no deadline
		if body, err = readAll(resp, k.Limit); err != nil {
			return Reply{Sent: true}, fmt.Errorf("read answer: %w", err)
		}
	}
	return Reply{Sent: true, Status: resp.StatusCode, Body: body}, nil
}

// errBadRequest takes the place of an error that quotes the address, in which
// there may be a customer's number.
var errBadRequest = errors.New("address or method is not valid")

// journey is how far a request came.
type journey struct{ asked, connected atomic.Bool }

func (w *journey) getConn(string) { w.asked.Store(true) }

// gotConn is called before the transport writes, in a goroutine of its own, so
// that anything later could come too late to be seen.
func (w *journey) gotConn(httptrace.GotConnInfo) { w.connected.Store(true) }

// readAll reads an answer of at most so many bytes. It differs from io.ReadAll
// in making room once where the host says how much is to come.
func readAll(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, ErrTooLarge
	}
	b := make([]byte, 0, 1+min(max(resp.ContentLength, 511), 64<<10)) // one more, to see the end
	for {
		n, err := resp.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return nil, ErrTooLarge
		case err == io.EOF: // itself: what wraps it is something else
			return b, nil
		case err != nil:
			return nil, err
		case len(b) == cap(b):
			b = slices.Grow(b, 512)
		}
	}
}

// neverConnected recognises errors of reaching the host at all, for transports
// that do not report to httptrace. What it does not recognise counts as sent.
func neverConnected(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return (errors.As(err, &op) && op.Op == "dial") || errors.As(err, &dns)
}

// NewTransport speaks HTTP/1.1 only (a custom dialer turns HTTP/2 off), where
// net/http repeats a POST by itself in one case alone: on a kept connection
// that turned out dead before a single byte was written. Such a repetition is
// the first sending. It asks for no compression and unpacks none: what is small
// on the wire cannot become large here.
//
// It is used without an http.Client around it: no redirect is ever followed (a
// redirected POST would carry the credentials and the body to a place nobody
// configured, or lose the body on the way), and no cookie kept.
func NewTransport(timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: min(5*time.Second, timeout), KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    min(5*time.Second, timeout),
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    64,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}
