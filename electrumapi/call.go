package electrumapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/sony/gobreaker/v2"

	"spaza/hostcall"
	"spaza/secret"
)

// Exchange is everything known after a Post. It holds no more than the host said;
// Class and Detail read it.
type Exchange struct {
	// Sent says that at least one byte may have reached the host. False is certain
	// knowledge.
	Sent   bool
	Status int         // HTTP status; 0 when no answer was read
	Body   secret.Text // the answer, whole; it can hold a PIN
	Err    error       // why there is no answer
	op     Op
	// secrets are what was sent in confidence, taken out of all that is said about
	// the exchange.
	secrets []secret.Text
}

// Format implements fmt.Formatter, since fmt prints unexported fields without asking
// their types how.
func (x Exchange) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "exchange(%s, sent %v, HTTP %d, %d bytes, error %v)", x.op, x.Sent, x.Status, x.Body.Len(), x.Err)
}

var (
	// errCallerLeft marks an attempt that ended because its caller went away, which
	// says nothing about the host.
	errCallerLeft = errors.New("caller left")
	// errUnwell marks an answer that counts against the host.
	errUnwell = errors.New("host is unwell")
)

// Post sends a message made by Build and returns what came of it. It sends the body a
// second time only when a bearer token was refused (401), with a new token, once.
// What is no message of this package's making is not sent: the error is then
// ErrInvalid. Whether a message may be sent again is for the caller to know: advices
// and retries may be, requests never.
func (c *Client) Post(ctx context.Context, m Message) Exchange {
	o, url, err := c.examine(m)
	if err != nil {
		return Exchange{op: m.Op, Err: err}
	}
	call := hostcall.Call{Method: o.method, URL: url, Limit: maxAnswer}
	if o.method != http.MethodGet {
		call.Body = m.Body.Reveal()
	}
	if o.list {
		call.Limit = maxList
	}
	start := c.options.Now()
	x := c.exchange(ctx, o.on, call)
	x.op = m.Op
	x.secrets = append(x.secrets, confidences(m)...)
	x.Err = hostcall.ScrubError(x.Err, x.secrets)
	class := x.Class()
	if o.effect == sells {
		if share, fresh := c.share.Saw(c.options.Now(), c.options.AlarmAbove, class == Unknown); fresh {
			c.options.Alarm(share)
		}
	}
	c.options.Observe(string(m.Op), class.String(), c.options.Now().Sub(start))
	return x
}

// exchange authorises and sends a call, with one renewal of the token.
func (c *Client) exchange(ctx context.Context, on Interface, k hostcall.Call) Exchange {
	ctx, cancel := context.WithTimeout(ctx, c.options.HTTPTimeout)
	defer cancel()
	x := Exchange{secrets: c.secrets()}
	for renewed := false; ; renewed = true {
		bearer, err := c.authorise(ctx, &k)
		if err == nil {
			err = c.wait(ctx)
		}
		if err != nil {
			if !renewed { // otherwise the refusal of the first attempt stands
				x.Err = err
			}
			return x
		}
		if !bearer.Empty() {
			x.secrets = append(x.secrets, bearer)
		}
		r, err := c.attempt(ctx, on, k)
		if renewed && err != nil && !r.Sent {
			return x
		}
		x.Sent, x.Status, x.Body, x.Err = r.Sent, r.Status, secret.New(string(r.Body)), err
		switch {
		case err != nil || c.tokens == nil:
			return x
		case r.Status != http.StatusUnauthorized:
			c.tokens.Accept(bearer)
			return x
		case renewed:
			c.tokens.Refuse(bearer)
			return x
		}
		c.tokens.Invalidate(bearer)
	}
}

// authorise puts the credentials into a call, and returns the bearer token where it is
// one.
func (c *Client) authorise(ctx context.Context, k *hostcall.Call) (secret.Text, error) {
	if c.tokens == nil {
		k.Authorization = c.basic.Reveal()
		return secret.Text{}, nil
	}
	bearer, err := c.tokens.Get(ctx)
	if errors.Is(err, hostcall.ErrRefused) {
		err = fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	k.Authorization = "Bearer " + bearer.Reveal()
	return bearer, err
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

// attempt sends once, unless the breaker is open. The error is nil when an answer was
// read to its end, whatever it says.
func (c *Client) attempt(ctx context.Context, on Interface, k hostcall.Call) (hostcall.Reply, error) {
	var got hostcall.Reply // survives an error
	var cause error        // the error itself; the breaker only sees its kind
	_, err := c.breakers[on].Execute(func() (hostcall.Reply, error) {
		got, cause = hostcall.Send(ctx, c.transport, k)
		switch {
		case cause == nil && unwell(got):
			return got, errUnwell
		case errors.Is(cause, context.Canceled):
			return got, errCallerLeft
		default:
			return got, cause
		}
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return hostcall.Reply{}, ErrBreakerOpen
	}
	return got, cause
}

// unwell says which answers count against the host: server errors and throttling. An
// answer with an errorType does not, whatever its status: the host thought about it,
// and one provider behind it that is down must not close the way to all others.
func unwell(r hostcall.Reply) bool {
	if r.Status < 500 && r.Status != http.StatusTooManyRequests {
		return false
	}
	d, err := readDetail(secret.New(string(r.Body)), nil)
	return err != nil || d.Type == ""
}

// confidences are what in a message is worth money to who reads it, and who it is for.
func confidences(m Message) []secret.Text {
	wire, err := Decode[struct {
		Voucher *struct {
			Pin  Raw         `json:"pin"` // a text in airtime, a Pin in SUV
			Code secret.Text `json:"code"`
		} `json:"voucher"`
		PaymentMethods []PaymentMethod `json:"paymentMethods"`
		Recipient      struct {
			Msisdn secret.Text `json:"msisdn"`
		} `json:"recipientMsisdn"`
		Meter struct {
			MeterID secret.Text `json:"meterId"`
		} `json:"meter"`
	}](m.Body)
	if err != nil {
		return nil
	}
	all := []secret.Text{wire.Recipient.Msisdn, wire.Meter.MeterID}
	digits := func(p *Pin) {
		if p != nil {
			all = append(all, p.Pin, p.PinBlock, p.Hash)
		}
	}
	if v := wire.Voucher; v != nil {
		all = append(all, v.Code)
		if p, err := Decode[Pin](secret.New(string(v.Pin))); err == nil {
			digits(p)
		} else if len(v.Pin) > 0 {
			s, _ := scalar(v.Pin)
			all = append(all, secret.New(s))
		}
	}
	for _, p := range wire.PaymentMethods {
		all = append(all, p.Token, p.CardNumber, p.Pan, p.RewardCode, p.PartnerPaymentToken)
		digits(p.Pin)
	}
	return all
}

// call builds, sends and reads in one, for a caller that does its own keeping. The
// error is ErrInvalid, or else an *Error.
func call[T any](ctx context.Context, c *Client, r Request) (*T, error) {
	m, err := c.Build(r)
	if err != nil {
		return nil, err
	}
	x := c.Post(ctx, m)
	class := x.Class()
	if class != Success {
		return nil, x.failure(class)
	}
	result, err := Decode[T](x.Body)
	if err != nil {
		if operations[m.Op].effect.advises() { // whose answer may be empty
			return new(T), nil
		}
		e := x.failure(Unknown)
		e.Err = err
		return nil, e
	}
	return result, nil
}

// failure words an exchange as an error.
func (x Exchange) failure(class Class) *Error {
	return &Error{Op: x.op, Class: class, HTTPStatus: x.Status, Sent: x.Sent, Detail: x.Detail(), Err: x.Err}
}
