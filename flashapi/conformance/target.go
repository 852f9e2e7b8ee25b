package conformance

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"spaza/secret"
)

// productionHost is the host of section 2.1 where money is money.
const productionHost = "api.flashswitch.flash-group.com"

// Target is a server that claims to speak the API, and how to speak to it.
type Target struct {
	BaseURL  string      // bare host
	TokenURL string      // where tokens are had; default BaseURL + /token
	APIKey   secret.Text // as handed out: what follows "Basic"
	Account  string      // account number of the merchant
	StoreID  string      // sent where it is documented, if set
	Terminal string      // likewise
	Fixture  Fixture
}

// Options say how far a run may go.
type Options struct {
	// AllowSpending lets checks buy, redeem and pay.
	AllowSpending bool
	// SpendLimit is how much all sales of a run may come to, in cents; default
	// R1 000.
	SpendLimit int64
	// AllowProduction lets a run touch the documented production host.
	AllowProduction bool
	// Only runs the checks whose names begin so, and those that others stand on;
	// all when empty.
	Only string
	// Pace is the least time between two requests; default 250 ms, none when
	// negative.
	Pace time.Duration
	// Timeout is the time limit of one request; default 60 s.
	Timeout time.Duration
	// Progress is told of every result as it is had; default none.
	Progress func(Result)
	// Transport carries requests; default one of its own that ignores proxies'
	// caches and follows no redirects.
	Transport http.RoundTripper
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Random makes references; default crypto/rand.
	Random io.Reader
}

func (o Options) withDefaults() Options {
	if o.SpendLimit <= 0 {
		o.SpendLimit = 1000_00
	}
	if o.Pace == 0 {
		o.Pace = 250 * time.Millisecond
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.Progress == nil {
		o.Progress = func(Result) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return o
}

// ErrProduction says that the target is the production host and nobody said that
// it may be touched.
var ErrProduction = errors.New("the target is the production host, where money is money")

// ErrNoSuchCheck says that Options.Only picks nothing: a run that checks nothing
// must not look like one that passed.
var ErrNoSuchCheck = errors.New("no check has a name that begins with")

// check refuses a target that must not be touched.
func (t Target) check(o Options) error {
	if t.APIKey.Empty() || t.Account == "" {
		return errors.New("a target needs an API key and an account number")
	}
	for name, address := range map[string]string{"base": t.BaseURL, "token": t.tokenURL()} {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("the %s address is not an http or https address of a server", name)
		}
		host := strings.ToLower(strings.TrimRight(u.Hostname(), "."))
		if host == productionHost && !o.AllowProduction {
			return ErrProduction
		}
		if u.Scheme == "http" && !loopback(host) {
			return fmt.Errorf("the %s address is plain http: the API key would travel in the clear", name)
		}
	}
	return nil
}

func (t Target) tokenURL() string {
	if t.TokenURL == "" {
		return strings.TrimRight(t.BaseURL, "/") + "/token"
	}
	return t.TokenURL
}

// loopback says whether a host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// transport carries requests to a server that is given; a proxy of the
// environment may stand between, for hosts that are reached in no other way.
func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConnsPerHost:   duplicates,
		IdleConnTimeout:       30 * time.Second,
		DisableCompression:    true, // a small answer must not unpack into a large one
		ResponseHeaderTimeout: 0,    // Options.Timeout
	}
}
