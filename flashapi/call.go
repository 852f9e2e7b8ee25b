package flashapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"

	"spaza/hostcall"
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
	x := c.exchange(ctx, l, hostcall.Call{Method: http.MethodPost, URL: c.base + path, Body: m.Body.Reveal(), Limit: maxAnswer})
	x.posted = &posted{body: m.Body, asked: asked}
	x.secrets = append(x.secrets, x.posted.asked.pins()...)
	x.Err = hostcall.ScrubError(x.Err, x.secrets)
	label := x.label()
	if l == lanePurchase {
		if share, fresh := c.share.Saw(c.options.Now(), c.options.AlarmAbove, label == ClassUnknown.String()); fresh {
			c.options.Alarm(share)
		}
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
func (c *Client) exchange(ctx context.Context, l lane, k hostcall.Call) Exchange {
	ctx, cancel := context.WithTimeout(ctx, c.options.HTTPTimeout)
	defer cancel()
	x := Exchange{secrets: append(make([]secret.Text, 0, 4), c.options.APIKey)}
	for renewed := false; ; renewed = true {
		token, err := c.token(ctx)
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
		k.Authorization = "Bearer " + token.Reveal()
		a, err := c.attempt(ctx, l, k)
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
			c.tokens.Accept(token)
			return x
		}
		if renewed {
			c.tokens.Refuse(token)
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
func (c *Client) attempt(ctx context.Context, l lane, k hostcall.Call) (answer, error) {
	var sent answer // survives an error
	var cause error // the error itself; the breaker only sees its kind
	a, err := c.breakers[l].Execute(func() (answer, error) {
		sent, cause = c.send(ctx, k)
		c.reach.saw(c.options.Now(), sent.sent, cause)
		switch {
		case cause == nil && sent.unwell(l):
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

// send sends once and reads the answer.
func (c *Client) send(ctx context.Context, k hostcall.Call) (answer, error) {
	got, err := hostcall.Send(ctx, c.transport, k)
	if err != nil {
		return answer{sent: got.Sent}, err
	}
	r := readAnswer(got.Status, got.Body)
	r.answer = secret.New(string(got.Body))
	return answer{sent: true, reading: r}, nil
}

// Ready says whether the client could make a call: nil when it has a token or
// can get one.
func (c *Client) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.HTTPTimeout)
	defer cancel()
	if _, err := c.token(ctx); err != nil {
		return fmt.Errorf("flash is not ready: %w", hostcall.ScrubError(err, []secret.Text{c.options.APIKey}))
	}
	return nil
}

func (c *Client) since(start time.Time) time.Duration { return c.options.Now().Sub(start) }
