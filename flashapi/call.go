package flashapi

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

	"github.com/sony/gobreaker/v2"

	"spaza/secret"
)

// Exchange is everything known after a Post. It holds no more than the host
// said; Judge says what it means.
type Exchange struct {
	// Sent says that at least one byte may have reached the host. False is
	// certain knowledge.
	Sent   bool
	Status int         // HTTP status; 0 when no answer was read
	Body   secret.Text // the answer, whole; it can hold a PIN
	Err    error       // why there is no answer
	// secrets are what was sent in confidence, taken out of all that is said
	// about the exchange.
	secrets []secret.Text
	reading *reading // of Status and Body; see read
	posted  *posted  // what was asked for; see Judge
}

// Format implements fmt.Formatter, since fmt prints unexported fields without
// asking their types how.
func (x Exchange) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "exchange(sent %v, HTTP %d, %d bytes, error %v)", x.Sent, x.Status, x.Body.Len(), x.Err)
}

// call is one request in the making.
type call struct {
	lane   lane
	method string
	url    string
	body   string
	form   bool   // the body is a form, not JSON
	auth   string // the value of the Authorization header
	limit  int64  // bytes of answer that are read
}

// answer is what one attempt brought back.
type answer struct {
	sent    bool
	reading *reading // nil when no answer was read
}

var (
	// errCallerLeft marks an attempt that ended because its caller went away,
	// which says nothing about the host.
	errCallerLeft = errors.New("caller left")
	// errUnwell marks an answer that counts against the host.
	errUnwell = errors.New("host is unwell")
	// errNoAnswer is for a transport that breaks its word.
	errNoAnswer = errors.New("transport returned nothing")
	errNoStatus = errors.New("answer has HTTP status 000")
)

// Post sends a message made by Build, the first time or again, and returns what
// came of it. It sends the body a second time only when the token was refused,
// with a new token, once. What is no message of this client's making is not
// sent: the error is then ErrInvalid or ErrNotInDialect.
func (c *Client) Post(ctx context.Context, m Message) Exchange {
	path, l, ok := c.route(m.Op)
	asked := readAsked(m)
	switch {
	case m.Dialect != c.options.Dialect:
		return Exchange{Err: fmt.Errorf("message of another dialect: %w", ErrNotInDialect)}
	case !ok:
		return Exchange{Err: fmt.Errorf("%w: no such operation", ErrInvalid)}
	case m.Reference == "" || asked.Reference != m.Reference:
		return Exchange{Err: fmt.Errorf("%w: body does not carry the message's reference", ErrInvalid)}
	}
	start := c.options.Now()
	x := c.exchange(ctx, call{
		lane: l, method: http.MethodPost, url: c.base + path, body: m.Body.Reveal(), limit: maxAnswer,
	})
	x.posted = &posted{body: m.Body, asked: asked}
	x.secrets = append(x.secrets, x.posted.asked.pins()...)
	x.Err = scrubError(x.Err, x.secrets)
	label := x.label()
	if l == lanePurchase {
		c.watch.saw(c.options, label == ClassUnknown.String())
	}
	c.options.Observe(string(m.Op), label, c.since(start))
	return x
}

// label is what an exchange is called in metrics.
func (x Exchange) label() string {
	if x.Status == 0 && !x.Sent {
		return "not_sent"
	}
	return x.read().class.String()
}

// exchange authorises and sends a call, with one renewal of the token.
func (c *Client) exchange(ctx context.Context, k call) Exchange {
	ctx, cancel := context.WithTimeout(ctx, c.options.HTTPTimeout)
	defer cancel()
	x := Exchange{secrets: append(make([]secret.Text, 0, 4), c.options.APIKey)}
	for renewed := false; ; renewed = true {
		token, err := c.tokens.get(ctx)
		if err == nil {
			err = c.wait(ctx)
		}
		if err != nil {
			if !renewed { // otherwise the refusal of the first attempt stands
				x.Err = err
			}
			return x
		}
		x.secrets = append(x.secrets, token)
		k.auth = "Bearer " + token.Reveal()
		a, err := c.attempt(ctx, k)
		if renewed && err != nil && !a.sent {
			return x
		}
		x.Sent, x.Err = a.sent, err
		x.Status, x.Body, x.reading = 0, secret.Text{}, nil
		if a.reading == nil {
			return x
		}
		x.reading = a.reading
		x.Status, x.Body = a.reading.status, a.reading.answer
		if a.reading.class != ClassAuth {
			c.tokens.accept(token)
			return x
		}
		if renewed {
			c.tokens.refuse(token)
			return x
		}
		c.tokens.Invalidate(token)
	}
}

// wait takes a place under our own rate limit.
func (c *Client) wait(ctx context.Context) error {
	if err := c.limit.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrRateLimited
	}
	return nil
}

// attempt sends once, unless the lane's breaker is open. The error is nil when
// an answer was read to its end, whatever it says.
func (c *Client) attempt(ctx context.Context, k call) (answer, error) {
	var sent answer // survives an error
	var cause error // the error itself; the breaker only sees its kind
	a, err := c.breakers[k.lane].Execute(func() (answer, error) {
		sent, cause = c.roundTrip(ctx, k)
		c.reach.saw(c.options.Now(), sent.sent, cause)
		switch {
		case cause == nil && sent.unwell(k.lane):
			return sent, errUnwell
		case errors.Is(cause, context.Canceled):
			return sent, errCallerLeft
		default:
			return sent, cause
		}
	})
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return answer{}, ErrBreakerOpen
	case cause != nil:
		return answer{sent: sent.sent}, cause
	default:
		return a, nil
	}
}

// unwell says which answers count against the host: server errors, throttling,
// and answers to a transaction that cannot be read. An answer with a response
// code does not, whatever it says under whatever status: it was thought about.
func (a answer) unwell(l lane) bool {
	if a.reading.code != "" {
		return false
	}
	status := a.reading.status
	return status >= 500 || status == http.StatusTooManyRequests || (l == lanePurchase && status < 300)
}

// roundTrip is the one place where bytes leave.
func (c *Client) roundTrip(ctx context.Context, k call) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	var way journey
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: way.getConn, GotConn: way.gotConn})
	req, err := http.NewRequestWithContext(ctx, k.method, k.url, strings.NewReader(k.body))
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	values := []string{k.auth, "application/json", "spaza", "application/json"} // one array for all saves four
	req.Header = http.Header{"Authorization": values[0:1:1], "Accept": values[1:2:2], "User-Agent": values[2:3:3]}
	if k.form {
		values[3] = "application/x-www-form-urlencoded"
	}
	if k.body != "" {
		req.Header["Content-Type"] = values[3:4:4]
	}
	resp, err := c.transport.RoundTrip(req)
	switch {
	case err != nil:
		return answer{sent: way.connected.Load() || !(way.asked.Load() || neverConnected(err))}, fmt.Errorf("send: %w", err)
	case resp == nil || resp.Body == nil:
		return answer{sent: true}, errNoAnswer
	}
	defer resp.Body.Close()
	if resp.StatusCode == 0 { // which net/http lets through
		return answer{sent: true}, errNoStatus
	}
	var body []byte
	if resp.StatusCode != http.StatusSwitchingProtocols { // after which the transport heeds no deadline
		if body, err = readAll(resp, k.limit); err != nil {
			return answer{sent: true}, fmt.Errorf("read answer: %w", err)
		}
	}
	r := readAnswer(resp.StatusCode, body)
	r.answer = secret.New(string(body))
	return answer{sent: true, reading: r}, nil
}

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

// Ready says whether the client could make a call: nil when it has a token or
// can get one.
func (c *Client) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.HTTPTimeout)
	defer cancel()
	if _, err := c.tokens.get(ctx); err != nil {
		return fmt.Errorf("flash is not ready: %w", scrubError(err, []secret.Text{c.options.APIKey}))
	}
	return nil
}

func (c *Client) since(start time.Time) time.Duration { return c.options.Now().Sub(start) }
