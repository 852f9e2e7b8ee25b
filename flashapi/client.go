package flashapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"spaza/hostcall"
	"spaza/secret"
)

// Limits of what is read, in bytes. A list of products carries the terms and
// conditions of every one of them.
const (
	maxAnswer = 1 << 20
	maxList   = 8 << 20
)

// Options configure a Client. BaseURL, APIKey and AccountNumber are required.
type Options struct {
	// BaseURL is the bare host, such as https://flash.example; the client adds
	// the paths.
	BaseURL string
	// TokenURL is where tokens are had; default BaseURL + "/token".
	TokenURL string
	// APIKey is sent as "Authorization: Basic <key>", as it was handed out.
	APIKey secret.Text
	// AccountNumber is the merchant's.
	AccountNumber string
	// StoreID and TerminalID go into every request where they are set. Letters
	// and digits only.
	StoreID, TerminalID string
	// ProductCodeAsText sends product codes as JSON strings, as the document's
	// examples do; default: integers, as its tables say.
	ProductCodeAsText bool

	// Dialect is the revision of the API; default Revision2025.
	Dialect Dialect
	// TokenPurchaseUnder4 buys Flash Tokens at /aggregation/4.0/flash-token/purchase.
	// Default: without the version, as section 2.7.1 says, and against all
	// other paths of the document. Never both for one purchase.
	TokenPurchaseUnder4 bool

	// HTTPTimeout bounds one call from token to last byte; default 25 s.
	HTTPTimeout time.Duration
	// Rate is how many requests a second are sent, tokens not counted; default
	// 100. A call waits its turn as long as its deadline allows.
	Rate rate.Limit
	// Burst is how many may go at once after a pause; default 100.
	Burst int
	// BreakerFailures in a row open the breaker of a lane; default 5.
	BreakerFailures uint32
	// BreakerOpenFor is how long an open breaker sends nothing before it lets
	// one call try; default 10 s.
	BreakerOpenFor time.Duration
	// TokenRetryGap is the least time between two tries for a token after one
	// failed; default 2 s.
	TokenRetryGap time.Duration

	// AlarmAbove is the share of transactions with an unknown outcome, of all
	// in the last five minutes, above which Alarm is called; default 0.05. It
	// needs at least 20 transactions to say anything.
	AlarmAbove float64
	// Alarm, when set, is called once each time that share is exceeded anew.
	// It must not block.
	Alarm func(share float64)

	// Transport sends the requests; default a pool of HTTP/1.1 connections
	// with time limits of its own.
	Transport http.RoundTripper
	// Now is the clock for token lifetimes and durations; default time.Now.
	Now func() time.Time
	// Observe, when set, is told of every call: the operation, what came of it
	// (a Class, "not_sent", or "ok" and "failed" for tokens), and how long it
	// took. It must be safe for concurrent use and must not block.
	Observe func(op string, outcome string, d time.Duration)
}

// Client speaks to one merchant account. It is safe for concurrent use.
type Client struct {
	options   Options
	base      string // without a trailing slash
	transport http.RoundTripper
	limit     *rate.Limiter
	breakers  [lanes]*gobreaker.CircuitBreaker[answer]
	tokens    *hostcall.Tokens
	share     hostcall.Share
	reach     reach
	owned     *http.Transport // the default transport, when in use
}

// New makes a Client. It checks the options and does not call the network.
func New(o Options) (*Client, error) {
	if _, err := codeRules(); err != nil {
		return nil, fmt.Errorf("make flash client: %w", err)
	}
	base, err := hostcall.BareURL(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("make flash client: base URL: %w", err)
	}
	if o.TokenURL == "" {
		o.TokenURL = base + "/token"
	}
	if _, err := hostcall.BareURL(o.TokenURL); err != nil {
		return nil, fmt.Errorf("make flash client: token URL: %w", err)
	}
	var missing []error
	if o.APIKey.Empty() || !hostcall.HeaderSafe(o.APIKey.Reveal()) {
		missing = append(missing, errors.New("API key is missing, or has characters that no header can carry (it is given without the word Basic)"))
	}
	if o.AccountNumber == "" {
		missing = append(missing, errors.New("account number is missing"))
	}
	if o.Dialect > Draft2023 {
		missing = append(missing, errors.New("there is no such dialect"))
	}
	if !only(o.StoreID, alphanumerics) || !only(o.TerminalID, alphanumerics) {
		missing = append(missing, errors.New("store and terminal must be letters and digits"))
	}
	if err := errors.Join(missing...); err != nil {
		return nil, fmt.Errorf("make flash client: %w", err)
	}
	o = o.withDefaults()

	c := &Client{options: o, base: base, limit: rate.NewLimiter(o.Rate, o.Burst)}
	c.transport = o.Transport
	if c.transport == nil {
		c.owned = hostcall.NewTransport(o.HTTPTimeout)
		c.transport = c.owned
	}
	for l := range lanes {
		c.breakers[l] = gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
			Timeout:      o.BreakerOpenFor,
			ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= o.BreakerFailures },
			IsExcluded:   func(err error) bool { return errors.Is(err, errCallerLeft) },
			IsSuccessful: func(err error) bool { return err == nil },
		})
	}
	c.tokens = &hostcall.Tokens{Now: o.Now, Gap: o.TokenRetryGap, Fetch: c.fetchToken, Timeout: o.HTTPTimeout}
	return c, nil
}

func (o Options) withDefaults() Options {
	if o.HTTPTimeout <= 0 {
		o.HTTPTimeout = 25 * time.Second
	}
	if o.Rate <= 0 {
		o.Rate = 100
	}
	if o.Burst <= 0 {
		o.Burst = 100
	}
	if o.BreakerFailures == 0 {
		o.BreakerFailures = 5
	}
	if o.BreakerOpenFor <= 0 {
		o.BreakerOpenFor = 10 * time.Second
	}
	if o.TokenRetryGap <= 0 {
		o.TokenRetryGap = 2 * time.Second
	}
	if o.AlarmAbove <= 0 {
		o.AlarmAbove = 0.05
	}
	if o.Alarm == nil {
		o.Alarm = func(float64) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, string, time.Duration) {}
	}
	return o
}

// Close lets idle connections go. Calls under way end by themselves.
func (c *Client) Close() {
	if c.owned != nil {
		c.owned.CloseIdleConnections()
	}
}

// Format implements fmt.Formatter: a client printed whole would show its key.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "flash client of %s", c.base)
}
