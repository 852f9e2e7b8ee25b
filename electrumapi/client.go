package electrumapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"spaza/hostcall"
	"spaza/secret"
)

// Limits of what is read, in bytes. A list of products can be long.
const (
	maxAnswer = 1 << 20
	maxList   = 8 << 20
)

// Options configure a Client. Required are an address, the credentials, and all that
// says who sells.
type Options struct {
	// BaseURL is the bare host, such as https://electrum.example; /airtime/v5,
	// /suv/v1 and /prepaidutility/v3 are added. AirtimeURL, VoucherURL and UtilityURL
	// are the whole base address of one interface and win. An interface without an
	// address is not called.
	BaseURL                            string
	AirtimeURL, VoucherURL, UtilityURL string

	// Username and Password go into HTTP basic authentication, or, where TokenURL
	// is set, into the OAuth2 password grant for which ClientID and ClientSecret
	// were issued as well.
	Username     string
	Password     secret.Text
	TokenURL     string
	ClientID     string
	ClientSecret secret.Text

	// Client is the id of the institution that sends (client.id); default
	// Username, with which Electrum's own servers compare it.
	Client, ClientName string
	// Institution is the originator's; default Client. Names are default their
	// ids.
	Institution, InstitutionName string
	Terminal                     string // 8 characters
	MerchantID                   string // 15 characters
	MerchantType                 string // merchant category code, 4 digits
	MerchantName                 string // up to 23 characters
	MerchantCity                 string // up to 13 characters
	MerchantRegion               string // up to 2 characters
	MerchantCountry              string // up to 2 characters; default ZA
	// Settlement and Receiver are the ids of settlementEntity and receiver, where
	// the contract wants them.
	Settlement, Receiver string

	// RetryPath is where a voucher's provision is retried, below the interface's
	// address; {provisionId} stands for the original id. Default
	// /vouchers/{provisionId}/retry, which is inferred from Prepaid Utility: the
	// document at hand does not say.
	RetryPath string

	// HTTPTimeout bounds one call from token to last byte; default 60 s, as the
	// documents have it.
	HTTPTimeout time.Duration
	// Rate is how many requests a second are sent, tokens not counted; default
	// 100. A call waits its turn as long as its deadline allows.
	Rate rate.Limit
	// Burst is how many may go at once after a pause; default 100.
	Burst int
	// BreakerFailures in a row open the breaker of an interface; default 5.
	BreakerFailures uint32
	// BreakerOpenFor is how long an open breaker sends nothing before it lets one
	// call try; default 10 s.
	BreakerOpenFor time.Duration
	// TokenRetryGap is the least time between two tries for a token after one
	// failed; default 2 s.
	TokenRetryGap time.Duration

	// AlarmAbove is the share of purchases with an unknown outcome, of all in the
	// last five minutes, above which Alarm is called; default 0.05. It needs at
	// least 20 purchases to say anything.
	AlarmAbove float64
	// Alarm, when set, is called once each time that share is exceeded anew. It
	// must not block.
	Alarm func(share float64)

	// Transport sends the requests; default a pool of HTTP/1.1 connections with
	// time limits of its own.
	Transport http.RoundTripper
	// Now is the clock for token lifetimes and durations; default time.Now.
	Now func() time.Time
	// Observe, when set, is told of every call: the operation ("token" for
	// tokens), what came of it (a Class; "ok" and "failed" for tokens), and how long
	// it took. It must be safe for concurrent use and must not block.
	Observe func(op string, outcome string, d time.Duration)
}

// Client speaks for one seller. It is safe for concurrent use.
type Client struct {
	options   Options
	bases     [interfaces]string // without a trailing slash; empty where there is none
	transport http.RoundTripper
	limit     *rate.Limiter
	breakers  [interfaces]*gobreaker.CircuitBreaker[hostcall.Reply]
	basic     secret.Text      // the Authorization header of every call, with OAuth2 of those for tokens
	tokens    *hostcall.Tokens // nil without OAuth2
	share     hostcall.Share
	owned     *http.Transport // the default transport, when in use
}

// New makes a Client. It checks the options and does not call the network.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	c := &Client{options: o, limit: rate.NewLimiter(o.Rate, o.Burst), transport: o.Transport}
	if err := errors.Join(c.setAddresses(), c.setCredentials(), c.setSeller()); err != nil {
		return nil, fmt.Errorf("make electrum client: %w", err)
	}
	if c.transport == nil {
		c.owned = hostcall.NewTransport(o.HTTPTimeout)
		c.transport = c.owned
	}
	for i := range interfaces {
		c.breakers[i] = gobreaker.NewCircuitBreaker[hostcall.Reply](gobreaker.Settings{
			Timeout:      o.BreakerOpenFor,
			ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= o.BreakerFailures },
			IsExcluded:   func(err error) bool { return errors.Is(err, errCallerLeft) },
			IsSuccessful: func(err error) bool { return err == nil },
		})
	}
	return c, nil
}

// setAddresses finds the base address of each interface.
func (c *Client) setAddresses() error {
	o, found := c.options, false
	for i, a := range [...]struct{ own, name, path string }{
		InterfaceAirtime: {o.AirtimeURL, "airtime URL", "/airtime/v5"},
		InterfaceVoucher: {o.VoucherURL, "voucher URL", "/suv/v1"},
		InterfaceUtility: {o.UtilityURL, "utility URL", "/prepaidutility/v3"},
		tokenEndpoint:    {o.TokenURL, "token URL", ""},
	} {
		whole, name, path := a.own, a.name, ""
		if whole == "" && a.path != "" && o.BaseURL != "" {
			whole, name, path = o.BaseURL, "base URL", a.path
		}
		if whole == "" {
			continue
		}
		base, err := hostcall.BareURL(whole)
		if err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
		c.bases[i] = base + path
		found = found || Interface(i) != tokenEndpoint
	}
	if !found {
		return errors.New("no interface has an address")
	}
	if p := o.RetryPath; !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "?# \t\r\n") {
		return errors.New("retry path must be a path")
	}
	return nil
}

// setCredentials checks the credentials and makes what is sent of them.
func (c *Client) setCredentials() error {
	o := c.options
	switch {
	case o.Username == "" || strings.Contains(o.Username, ":"):
		return errors.New("user name is missing, or has a colon")
	case o.Password.Empty():
		return errors.New("password is missing")
	case o.TokenURL == "":
		c.basic = basicAuth(o.Username, o.Password)
		return nil
	case o.ClientID == "" || o.ClientSecret.Empty():
		return errors.New("OAuth2 client id or secret is missing")
	}
	// What stands in this header is form-encoded first (RFC 6749, 2.3.1).
	c.basic = basicAuth(url.QueryEscape(o.ClientID), secret.New(url.QueryEscape(o.ClientSecret.Reveal())))
	c.tokens = &hostcall.Tokens{Now: o.Now, Gap: o.TokenRetryGap, Timeout: o.HTTPTimeout, Fetch: c.fetchToken}
	return nil
}

// setSeller checks what says who sells, by making the head of a request of it.
func (c *Client) setSeller() error {
	_, err := c.transaction(NewHead("check", time.Unix(1, 0), ""))
	return err
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		at *string
		is string
	}{
		{&o.Client, o.Username}, {&o.MerchantCountry, "ZA"}, {&o.RetryPath, operations[OpVoucherRetry].path},
	} {
		if *d.at == "" {
			*d.at = d.is
		}
	}
	for _, d := range []struct{ at, is *string }{
		{&o.ClientName, &o.Client}, {&o.Institution, &o.Client}, {&o.InstitutionName, &o.Institution},
	} {
		if *d.at == "" {
			*d.at = *d.is
		}
	}
	if o.HTTPTimeout <= 0 {
		o.HTTPTimeout = time.Minute
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

// Has says whether an interface has an address.
func (c *Client) Has(i Interface) bool { return i < tokenEndpoint && c.bases[i] != "" }

// Down says that an interface failed repeatedly and is left alone for now, or that it
// has no address.
func (c *Client) Down(i Interface) bool {
	return !c.Has(i) || c.breakers[i].State() == gobreaker.StateOpen
}

// Ready says whether the client could make a call: nil when it needs no token, has
// one or can get one.
func (c *Client) Ready(ctx context.Context) error {
	if c.tokens == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.HTTPTimeout)
	defer cancel()
	if _, err := c.tokens.Get(ctx); err != nil {
		return fmt.Errorf("electrum is not ready: %w", hostcall.ScrubError(err, c.secrets()))
	}
	return nil
}

// Format implements fmt.Formatter: a client printed whole would show its credentials.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "electrum client") }
