package sandbox

import (
	"crypto/rand"
	"io"
	"net/http"
	"sync"
	"time"

	"spaza/simulator"
)

// The defaults of Options, which are public: they open nothing but a simulator.
const (
	DefaultAPIKey  = "c2FuZGJveDpzYW5kYm94"
	DefaultAccount = "1000200030004000"
	DefaultFloat   = 100_000_00 // R100 000
)

// apiPath is where the API lives.
const apiPath = "/aggregation/4.0/"

// Reversals is how the account treats them (section 2.3.5).
type Reversals int

// The document says that an account which reverses gets no text messages sent.
const (
	// ReversalsAndSMS lets both be tried.
	ReversalsAndSMS Reversals = iota
	// ReversalsOnly refuses a mobile number on redemptions and refunds with 2279.
	ReversalsOnly
	// NoReversals refuses to reverse with 2274.
	NoReversals
)

// Options configure a Sandbox. All have defaults.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// APIKey is what the token endpoint expects after "Basic"; default
	// DefaultAPIKey.
	APIKey string
	// Account is the one merchant account; default DefaultAccount.
	Account string
	// Float is the merchant's prepaid money in cents; default DefaultFloat. A
	// negative one means none.
	Float int64
	// SlowFor is how long fault 01 takes; default 5 s.
	SlowFor time.Duration
	// TokenTTL is how long a token lives; default 3600 s.
	TokenTTL time.Duration
	// KeepFor is how long a reference is remembered; default 1 h.
	KeepFor time.Duration
	// ReverseWithin is how old a transaction can be when it is reversed; default
	// 30 min. Later it is refused with 2281.
	ReverseWithin time.Duration
	// Reversals is how the account treats reversals; default ReversalsAndSMS.
	Reversals Reversals
	// ControlHosts are names, without port, by which the control endpoint may be
	// called besides localhost and addresses in figures; default none.
	ControlHosts []string
	// Random makes PINs and tokens; default crypto/rand.
	Random io.Reader
}

func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.APIKey == "" {
		o.APIKey = DefaultAPIKey
	}
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	if o.Float == 0 {
		o.Float = DefaultFloat
	}
	o.Float = max(o.Float, 0)
	for _, d := range []struct {
		is       *time.Duration
		standard time.Duration
	}{{&o.SlowFor, 5 * time.Second}, {&o.TokenTTL, time.Hour}, {&o.KeepFor, time.Hour}, {&o.ReverseWithin, 30 * time.Minute}} {
		if *d.is <= 0 {
			*d.is = d.standard
		}
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
}

// Sandbox is the simulator. It is an http.Handler and safe for concurrent use.
type Sandbox struct {
	options   Options
	mux       *http.ServeMux
	catalogue []article
	articles  map[int64]article // by code
	ops       []string          // of the control endpoint, in order
	fresh     []func()          // what empties the memory

	mu       sync.Mutex
	tokens   map[string]time.Time // when each ends
	books    books
	drawer   drawer
	sms      []SMS
	switches simulator.Switches[trouble]
}

var _ http.Handler = (*Sandbox)(nil)

// New makes a simulator with an empty memory.
func New(o Options) *Sandbox {
	o.setDefaults()
	s := &Sandbox{
		options:   o,
		mux:       http.NewServeMux(),
		catalogue: catalogue(),
		articles:  make(map[int64]article),
		ops:       []string{opToken, opProducts},
		tokens:    make(map[string]time.Time),
	}
	for _, a := range s.catalogue {
		s.articles[a.code] = a
	}
	s.remember(func() {
		s.books = newBooks(o.Float)
		s.drawer = newDrawer()
		s.sms = nil
		s.switches = simulator.Switches[trouble]{}
	})
	s.tokenRoutes()
	s.accountRoutes()
	s.voucherRoutes()
	s.giftRoutes()
	s.cashOutRoutes()
	s.exclusiveRoutes()
	s.flashTokenRoutes()
	s.cellularRoutes()
	s.internationalRoutes()
	s.eeziRoutes()
	s.utilityRoutes()
	s.payRoutes()
	s.draftRoutes()
	s.controlRoutes()
	s.pageRoutes()
	return s
}

// remember makes a piece of memory: fresh is called at once, and again with the
// lock held whenever the simulator is reset.
func (s *Sandbox) remember(fresh func()) {
	fresh()
	s.fresh = append(s.fresh, fresh)
}

// Reset forgets everything but the access tokens, which RevokeTokens ends.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fresh := range s.fresh {
		fresh()
	}
}

// ServeHTTP implements http.Handler.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SMS is a text message that the real host would have sent.
type SMS struct {
	To  string `json:"to"`
	PIN string `json:"pin"`
}

// SMSs are the messages sent so far.
func (s *Sandbox) SMSs() []SMS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SMS(nil), s.sms...)
}

// randomDigits makes n digits. The caller holds the lock.
func (s *Sandbox) randomDigits(n int) string {
	return simulator.Digits(s.options.Random, n)
}
