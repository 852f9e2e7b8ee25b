package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"spaza/simulator"
)

// The defaults of Options, which are public: they open nothing but a simulator.
const (
	DefaultUser         = "sandbox"
	DefaultPassword     = "sandbox"
	DefaultClientID     = "sandbox" // of the OAuth2 client
	DefaultClientSecret = "sandbox"
	DefaultFloat        = 100_000_00 // R100 000
	// TokenPath is where bearer tokens are given out.
	TokenPath = "/oauth/token"
)

// Options configure a Sandbox. All have defaults.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// User and Password open the interfaces, by HTTP basic or by the password
	// grant; User is also the client.id that every request must carry. Default
	// DefaultUser and DefaultPassword.
	User, Password string
	// Users are further users and their passwords; default none.
	Users map[string]string
	// ClientID and ClientSecret are those of the OAuth2 client; default
	// DefaultClientID and DefaultClientSecret.
	ClientID, ClientSecret string
	// Float is the merchant's prepaid money in cents; default DefaultFloat. A
	// negative one means none.
	Float int64
	// SlowFor is how long fault 01 takes; default 5 s.
	SlowFor time.Duration
	// LateFor is how long after its arrival a request with fault 27 is processed;
	// default 30 s. Release does not wait for it.
	LateFor time.Duration
	// KeepFor is how long a request is remembered; default 24 h. Its money stays
	// counted.
	KeepFor time.Duration
	// TokenTTL is how long a bearer token lives; default 3600 s.
	TokenTTL time.Duration
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
	for _, t := range []struct {
		is       *string
		standard string
	}{
		{&o.User, DefaultUser}, {&o.Password, DefaultPassword},
		{&o.ClientID, DefaultClientID}, {&o.ClientSecret, DefaultClientSecret},
	} {
		if *t.is == "" {
			*t.is = t.standard
		}
	}
	if o.Float == 0 {
		o.Float = DefaultFloat
	}
	o.Float = max(o.Float, 0)
	for _, d := range []struct {
		is       *time.Duration
		standard time.Duration
	}{{&o.SlowFor, 5 * time.Second}, {&o.LateFor, 30 * time.Second}, {&o.KeepFor, 24 * time.Hour}, {&o.TokenTTL, time.Hour}} {
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
	options Options
	mux     *http.ServeMux
	ops     []string // of the control endpoint, in order
	fresh   []func() // what empties the memory
	rules   rules

	mu       sync.Mutex
	tokens   map[string]bearer
	books    books
	switches simulator.Switches[trouble]
	late     []latecomer
}

var _ http.Handler = (*Sandbox)(nil)

// New makes a simulator with an empty memory.
func New(o Options) *Sandbox {
	o.setDefaults()
	s := &Sandbox{
		options: o,
		mux:     http.NewServeMux(),
		rules:   standardRules(),
		tokens:  make(map[string]bearer),
	}
	s.remember(func() {
		s.books = newBooks(o.Float)
		s.switches = simulator.Switches[trouble]{}
		s.late = nil
	})
	s.tokenRoutes()
	s.controlRoutes()
	s.pageRoutes()
	for _, routes := range s.interfaces() {
		for _, one := range routes() {
			s.serve(one)
		}
	}
	return s
}

// Paths are the patterns under which the simulator wants to be mounted where
// another handler has the rest: none of them is used by the Flash simulator.
func Paths() []string {
	return []string{
		airtimeBase, "/suv/v1/", "/prepaidutility/v3/", TokenPath, controlBase, "/electrum", "/electrum/",
	}
}

// remember makes a piece of memory: fresh is called at once, and again with the
// lock held whenever the simulator is reset.
func (s *Sandbox) remember(fresh func()) {
	fresh()
	s.fresh = append(s.fresh, fresh)
}

// Reset forgets everything but the bearer tokens, which RevokeTokens ends.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fresh := range s.fresh {
		fresh()
	}
}

// ServeHTTP implements http.Handler.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// handle serves a pattern with and without a slash at its end: Electrum's own
// collections use both.
func (s *Sandbox) handle(method, path string, serve http.HandlerFunc) {
	s.mux.HandleFunc(method+" "+path, serve)
	s.mux.HandleFunc(method+" "+strings.TrimSuffix(path, "/")+"/{$}", serve)
}

// known remembers the name of an operation for the control endpoint.
func (s *Sandbox) known(op string) {
	if !slices.Contains(s.ops, op) {
		s.ops = append(s.ops, op)
	}
}

// randomDigits makes n digits. The caller holds the lock.
func (s *Sandbox) randomDigits(n int) string {
	return simulator.Digits(s.options.Random, n)
}

// randomToken makes a bearer token.
func (s *Sandbox) randomToken() string {
	return hex.EncodeToString(simulator.Bytes(s.options.Random, 20))
}
