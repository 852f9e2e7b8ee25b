package channels

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"spaza/secret"
)

const (
	// maxBody bounds a request body in bytes: a callback has a few hundred.
	maxBody = 16 << 10
	// maxHeader bounds the request line and headers in bytes.
	maxHeader = 8 << 10
)

// ServerOptions are what the public listener needs. Only Logger is required.
type ServerOptions struct {
	// Key is the shared secret that gateways send. Without one, only this
	// machine may come through a guarded door.
	Key secret.Text
	// Keys are the channels, by name, that have a key of their own in place of the
	// shared one. An empty one counts as none.
	Keys map[string]secret.Text
	// Allow is where the callbacks of a channel, by name, may come from. With none
	// they may come from anywhere; the key is asked for all the same.
	Allow map[string][]netip.Prefix
	// TrustedProxies are the reverse proxies whose X-Forwarded-For is believed,
	// so that Allow and Callback.Remote see who is behind them.
	TrustedProxies []netip.Prefix
	// Live and Ready answer /healthz and /readyz; without one its path is not
	// found.
	Live, Ready func(ctx context.Context) (status int, body []byte)
	Logger      *slog.Logger
	// Refused is told of every request that was turned away, by the path of
	// the route ("other" where there is none or it is not known) and the HTTP
	// status; 500 stands for a panic.
	Refused func(path string, status int)

	// TurnTime is how long an answer may take, default 8 s. Gateways give up at
	// 10 to 15 seconds, and the inner time must be the shorter one.
	TurnTime time.Duration
	// ReadTime is how long a whole request may take to arrive, default 10 s.
	ReadTime time.Duration
	// WriteTime is how long an answer may take to be fetched, default 15 s.
	WriteTime time.Duration
	// IdleTime is how long a connection may wait for its next request, default
	// 75 s: longer than a gateway or proxy keeps one.
	IdleTime time.Duration
	// LingerTime is how long is still read from a sender who was refused before
	// all of the request was, default 1 s: one that is cut off sees no answer.
	LingerTime time.Duration
	// Connections is how many may be open at once, default 16,384; more are
	// closed at once. Each costs some 20 KiB while it is served.
	Connections int
	// Now is the clock of the log's budget; default time.Now.
	Now func() time.Time
}

func (o ServerOptions) withDefaults() ServerOptions {
	orElse := func(d *time.Duration, or time.Duration) {
		if *d <= 0 {
			*d = or
		}
	}
	orElse(&o.TurnTime, 8*time.Second)
	orElse(&o.ReadTime, 10*time.Second)
	orElse(&o.WriteTime, 15*time.Second)
	orElse(&o.IdleTime, 75*time.Second)
	orElse(&o.LingerTime, time.Second)
	if o.Connections <= 0 {
		o.Connections = 16 << 10
	}
	if o.Refused == nil {
		o.Refused = func(string, int) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// keyOf is the key that opens the doors of a channel.
func (o *ServerOptions) keyOf(channel string) secret.Text {
	if own := o.Keys[channel]; !own.Empty() {
		return own
	}
	return o.Key
}

// Server is the public listener: it bounds, authenticates and times every
// request, catches panics, and hands what is left to the channels.
type Server struct {
	app      *fiber.App
	opt      ServerOptions
	refusals *refusals
	bodies   map[string]largeDoor // by path, where a body may be larger than maxBody
	large    *largeBodies
}

// NewServer mounts the channels.
func NewServer(channels []Channel, o ServerOptions) *Server {
	o = o.withDefaults()
	s := &Server{opt: o, refusals: newRefusals(o.Logger, o.Refused, o.Now), bodies: map[string]largeDoor{}}
	s.large = newLargeBodies(o.ReadTime+o.TurnTime, o.Now)
	s.app = fiber.New(fiber.Config{
		AppName:               "spaza",
		DisableStartupMessage: true,
		// One spelling a door: the line of a refusal is found by it.
		CaseSensitive: true,
		StrictRouting: true,
		BodyLimit:     maxBody, // of a path that has none of its own, see bound
		// A multipart body would be parsed, and its files written to disk, for
		// strangers too.
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               maxHeader,
		ReadTimeout:                  o.ReadTime,
		WriteTimeout:                 o.WriteTime,
		IdleTimeout:                  o.IdleTime,
		Concurrency:                  o.Connections,
		ErrorHandler:                 s.failed,
	})
	srv := s.app.Server()
	srv.Handler = s.front(srv.Handler)
	srv.SecureErrorLogMessage = true // else each error repeats the request
	srv.HeaderReceived = s.bound
	for _, ch := range channels {
		g := newGate(o.keyOf(ch.Name()), o.Allow[ch.Name()])
		for _, r := range ch.Routes() {
			s.mount(r, &g)
		}
	}
	s.mountHealth("/healthz", o.Live)
	s.mountHealth("/readyz", o.Ready)
	return s
}

func (s *Server) mount(r Route, g *gate) {
	s.refusals.add(r)
	if r.MaxBody > 0 {
		s.bodies[r.Path] = largeDoor{r, g}
	}
	s.app.Add(r.Method, r.Path, s.handler(r, g))
}

func (s *Server) mountHealth(path string, check func(context.Context) (int, []byte)) {
	if check == nil {
		return
	}
	r := Route{Path: path, Guard: GuardNone, Handle: func(ctx context.Context, _ *Callback) Answer {
		status, body := check(ctx)
		return Answer{Status: status, Body: body}
	}}
	for _, r.Method = range []string{fiber.MethodGet, fiber.MethodHead} {
		s.mount(r, new(gate))
	}
}

// Serve answers on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	if err := s.app.Listener(patientListener{l, s.opt.LingerTime}); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Shutdown stops taking requests and waits for those under way until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.app.ShutdownWithContext(ctx); err != nil {
		return fmt.Errorf("shut down server: %w", err)
	}
	return nil
}

// front stands before every route: it refuses what must not be routed, and
// nothing behind it can bring the service down.
func (s *Server) front(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer s.large.give(&ctx.Request.Header)
		defer s.caught(ctx)
		switch h := &ctx.Request.Header; {
		case !routable(h.Method()):
			s.refuse(ctx, fiber.StatusBadRequest)
		case contradictsLength(h.RawHeaders()):
			// Whatever stands before us may have read another end of this
			// request, so nothing more is read from the connection.
			ctx.SetConnectionClose()
			s.refuse(ctx, fiber.StatusBadRequest)
		case len(h.Peek(fiber.HeaderContentEncoding)) > 0:
			// A packed body could unpack to any size; no gateway sends one.
			s.refuse(ctx, fiber.StatusUnsupportedMediaType)
		default:
			next(ctx)
		}
	}
}

// caught ends a panic. The value of one can hold anything, so it is not said.
func (s *Server) caught(ctx *fasthttp.RequestCtx) {
	p := recover()
	if p == nil {
		return
	}
	s.refusals.panicked(requestPath(ctx), p)
	s.refuse(ctx, fiber.StatusInternalServerError)
}

// bound is how large the body of a request may be, known before any of it is read:
// no larger than anybody's for a stranger, where its head tells, and for what there
// is no room for now, where it does not.
func (s *Server) bound(h *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
	path, query, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	door, may := s.bodies[string(path)]
	n := h.ContentLength()
	if n < 0 {
		n = door.MaxBody // in chunks
	}
	if !may || n <= maxBody || n > door.MaxBody {
		return c // zero: the server's own
	}
	who := door.sender(h, query)
	if who == senderKnown || who == senderUnclear && s.large.take(h, string(path), n) {
		c.MaxRequestBodySize = door.MaxBody
	}
	return c
}

// handler is what stands before one door.
func (s *Server) handler(r Route, g *gate) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx := c.Context()
		h, query := &ctx.Request.Header, ctx.URI().QueryString()
		peer, _ := netip.AddrFromSlice(ctx.RemoteIP())
		from, sure := proxies(s.opt.TrustedProxies).client(peer.Unmap(), h)
		call := &Callback{
			Method: r.Method, Path: r.Path, RawQuery: string(query), Host: string(h.Host()), Remote: from,
			Header: func(name string) string { return string(h.Peek(name)) },
		}
		if r.Guard == GuardOwn {
			call.Body = ctx.Request.Body() // it can be signed
		}
		if r.Guard != GuardNone && !g.expects(from, sure) || !admits(&r, g, h, query, call) {
			if r.Guard == GuardBrowser && g.keyed {
				ctx.Response.Header.Set(fiber.HeaderWWWAuthenticate, `Basic realm="Spaza", charset="UTF-8"`)
			}
			s.refuse(ctx, fiber.StatusUnauthorized)
			return nil
		}
		call.Body = bytes.Clone(ctx.Request.Body())
		within, cancel := context.WithTimeout(context.Background(), s.opt.TurnTime)
		defer cancel()
		a := r.Handle(within, call)
		setHeader(ctx, a.Header)
		if a.Type == "" {
			a.Type = plainText
		}
		ctx.SetContentType(a.Type)
		if a.Status != 0 {
			ctx.SetStatusCode(a.Status)
		}
		ctx.Response.SetBodyRaw(a.Body)
		return nil
	}
}

// admits says whether a request may come through a door.
func admits(r *Route, g *gate, h *fasthttp.RequestHeader, query []byte, c *Callback) bool {
	switch r.Guard {
	case GuardNone:
		return true
	case GuardOwn:
		return r.Admit != nil && r.Admit(c)
	}
	return g.admits(h, query, c.Remote)
}

// setHeader writes the headers of a channel, each name as the channel spells it:
// who reads an answer may compare it letter by letter.
func setHeader(ctx *fasthttp.RequestCtx, header [][2]string) {
	for _, h := range header {
		ctx.Response.Header.SetCanonical([]byte(h[0]), []byte(h[1]))
	}
}

const plainText = "text/plain; charset=utf-8"

// refuse turns a request away with the fixed line of its door. A gateway shows
// a customer our line only where it comes with 200, so a fault of ours does.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, status int) {
	door := s.refusals.refuse(requestPath(ctx), status)
	if status >= fiber.StatusInternalServerError && door.gateway {
		status = fiber.StatusOK
	}
	ctx.SetStatusCode(status)
	setHeader(ctx, door.header)
	ctx.SetContentType(door.kind)
	ctx.SetBodyString(door.line)
}

// failed answers what never reached a door: no such route, too large, too slow,
// not HTTP. All of it is the sender's doing.
func (s *Server) failed(c *fiber.Ctx, err error) error {
	status := fiber.StatusBadRequest
	//nolint:errorlint // the framework hands its own error, not wrapped
	if fe, ok := err.(*fiber.Error); ok && fe.Code < fiber.StatusInternalServerError {
		status = fe.Code
	}
	ctx := c.Context()
	if conn, ok := ctx.Conn().(*patientConn); ok {
		conn.linger()
	}
	if path, crowded := s.large.turnedAway(&ctx.Request.Header); crowded {
		// Whoever signs what they send can send it again.
		s.refusals.refuse(path, fiber.StatusTooManyRequests)
		ctx.SetStatusCode(fiber.StatusTooManyRequests)
		ctx.Response.Header.Set(fiber.HeaderRetryAfter, largeAgain)
		ctx.SetContentType(plainText)
		ctx.SetBodyString("later")
		return nil
	}
	s.refuse(ctx, status)
	return nil
}

// requestPath is the path of a request; empty where it is not known, because the
// head was never read to the end, or the body was not and both were dropped.
func requestPath(ctx *fasthttp.RequestCtx) string {
	path := ctx.URI().PathOriginal()
	if len(path) == 1 && len(ctx.Request.Header.RawHeaders()) == 0 {
		return ""
	}
	return string(path)
}

// routable says whether the router knows a method; it answers others itself,
// with a text of its own.
func routable(method []byte) bool {
	switch string(method) {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch,
		fiber.MethodDelete, fiber.MethodConnect, fiber.MethodOptions, fiber.MethodTrace:
		return true
	}
	return false
}
