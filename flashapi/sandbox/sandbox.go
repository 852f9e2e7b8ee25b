package sandbox

import (
	"crypto/rand"
	"io"
	"net/http"
	"sync"
	"time"
)

// The defaults of Options, which are public: they open nothing but a simulator.
const (
	DefaultAPIKey  = "c2FuZGJveDpzYW5kYm94"
	DefaultAccount = "1000200030004000"
	DefaultFloat   = 100_000_00 // R100 000
)

// apiPath is where the API lives.
const apiPath = "/aggregation/4.0/"

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
	// Random makes PINs and tokens; default crypto/rand.
	Random io.Reader
}

// Sandbox is the simulator. It is an http.Handler and safe for concurrent use.
type Sandbox struct {
	options Options
	mux     *http.ServeMux

	mu     sync.Mutex
	tokens map[string]time.Time // when each ends
	books  books
	pins   map[string]bool  // test vouchers that were redeemed
	change map[string]int64 // change vouchers not yet redeemed, in cents
	sms    []SMS
}

var _ http.Handler = (*Sandbox)(nil)

// New makes a simulator with an empty memory.
func New(o Options) *Sandbox {
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
	if o.SlowFor <= 0 {
		o.SlowFor = 5 * time.Second
	}
	if o.TokenTTL <= 0 {
		o.TokenTTL = time.Hour
	}
	if o.KeepFor <= 0 {
		o.KeepFor = time.Hour
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	s := &Sandbox{
		options: o,
		mux:     http.NewServeMux(),
		tokens:  make(map[string]time.Time),
		books:   newBooks(max(o.Float, 0)),
		pins:    make(map[string]bool),
		change:  make(map[string]int64),
	}
	s.tokenRoutes()
	s.accountRoutes()
	s.voucherRoutes()
	s.cellularRoutes()
	s.pageRoutes()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SMS is a text message that the real host would have sent.
type SMS struct{ To, PIN string }

// SMSs are the messages sent so far.
func (s *Sandbox) SMSs() []SMS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SMS(nil), s.sms...)
}

// randomDigits makes n digits. The caller holds the lock.
func (s *Sandbox) randomDigits(n int) string {
	b := make([]byte, n)
	_, _ = io.ReadFull(s.options.Random, b)
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b)
}
