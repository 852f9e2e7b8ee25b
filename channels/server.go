package channels

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"spaza/secret"
)

const (
	// maxBody bounds a request body in bytes: a callback has a few hundred.
	maxBody = 16 << 10
	// maxHeader bounds the request line and headers in bytes.
	maxHeader = 8 << 10
	// turnTime is how long an answer may take. Gateways give up at 10 to 15
	// seconds, and the inner time must be the shorter one.
	turnTime = 8 * time.Second
)

// ServerOptions are what the public listener needs.
type ServerOptions struct {
	// Key is the shared secret that gateways send. Without one, only this
	// machine may come through a guarded door.
	Key secret.Text
	// Live and Ready answer /healthz and /readyz.
	Live, Ready func(ctx context.Context) (status int, body []byte)
	Logger      *slog.Logger
	// Refused is told of every request that was turned away, by the path of
	// the route ("other" for none) and the HTTP status.
	Refused func(path string, status int)
}

// Server is the public listener: it bounds, authenticates and times every
// request, catches panics, and hands what is left to the channels.
type Server struct {
	app   *fiber.App
	opt   ServerOptions
	key   [sha256.Size]byte
	sorry map[string]string // by path
}

// NewServer mounts the channels.
func NewServer(channels []Channel, o ServerOptions) *Server {
	if o.Refused == nil {
		o.Refused = func(string, int) {}
	}
	s := &Server{opt: o, key: sha256.Sum256([]byte(o.Key.Reveal())), sorry: map[string]string{}}
	s.app = fiber.New(fiber.Config{
		AppName:               "spaza",
		DisableStartupMessage: true,
		Immutable:             true, // parts of a request outlive its handler
		BodyLimit:             maxBody,
		ReadBufferSize:        maxHeader,
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          15 * time.Second,
		IdleTimeout:           75 * time.Second,
		ErrorHandler:          s.failed,
	})
	for _, ch := range channels {
		for _, r := range ch.Routes() {
			s.sorry[r.Path] = r.Sorry
			s.app.Add(r.Method, r.Path, s.handler(r))
		}
	}
	for path, check := range map[string]func(context.Context) (int, []byte){"/healthz": o.Live, "/readyz": o.Ready} {
		if check == nil {
			continue
		}
		s.app.Get(path, func(c *fiber.Ctx) error {
			status, body := check(c.UserContext())
			return c.Status(status).Send(body)
		})
	}
	return s
}

// Serve answers on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	if err := s.app.Listener(l); err != nil {
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

// handler is what stands before every door.
func (s *Server) handler(r Route) fiber.Handler {
	return func(c *fiber.Ctx) (err error) {
		defer func() {
			if p := recover(); p != nil {
				s.opt.Logger.Error("panic at a door", "path", r.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				err = s.refuse(c, r.Path, fiber.StatusOK)
			}
		}()
		req := c.Request()
		if len(req.Header.Peek(fiber.HeaderContentEncoding)) > 0 {
			// A packed body could unpack to any size; no gateway sends one.
			return s.refuse(c, r.Path, fiber.StatusUnsupportedMediaType)
		}
		addr, _ := netip.AddrFromSlice(c.Context().RemoteIP())
		cb := &Callback{
			Method: c.Method(), Path: r.Path, RawQuery: string(req.URI().QueryString()),
			Body: append([]byte(nil), req.Body()...), Remote: addr.Unmap(),
			Header: func(name string) string { return c.Get(name) },
		}
		if !s.admits(r.Guard, cb) {
			if r.Guard == GuardBrowser && !s.opt.Key.Empty() {
				c.Set(fiber.HeaderWWWAuthenticate, `Basic realm="Spaza", charset="UTF-8"`)
			}
			return s.refuse(c, r.Path, fiber.StatusUnauthorized)
		}
		ctx, cancel := context.WithTimeout(context.Background(), turnTime)
		defer cancel()
		a := r.Handle(ctx, cb)
		for _, h := range a.Header {
			c.Set(h[0], h[1])
		}
		if a.Type == "" {
			a.Type = "text/plain; charset=utf-8"
		}
		c.Set(fiber.HeaderContentType, a.Type)
		if a.Status != 0 {
			c.Status(a.Status)
		}
		return c.Send(a.Body)
	}
}

// admits checks who is at the door.
func (s *Server) admits(g Guard, c *Callback) bool {
	if g == GuardNone {
		return true
	}
	if s.opt.Key.Empty() {
		// This machine only: not through a proxy on it, and not by a web page
		// whose name was made to point here.
		return c.Remote.IsLoopback() && namesThisMachine(c.Header(fiber.HeaderHost)) &&
			c.Header(fiber.HeaderXForwardedFor) == "" && c.Header("Forwarded") == ""
	}
	for _, given := range []string{queryKey(c.RawQuery), basicPassword(c.Header(fiber.HeaderAuthorization))} {
		sum := sha256.Sum256([]byte(given)) // equal lengths, so that the comparison tells nothing
		if given != "" && subtle.ConstantTimeCompare(sum[:], s.key[:]) == 1 {
			return true
		}
	}
	return false
}

// namesThisMachine says whether a Host header is an address or localhost, and
// not a name that anybody can register.
func namesThisMachine(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

func queryKey(raw string) string {
	for pair := range strings.SplitSeq(raw, "&") {
		if v, ok := strings.CutPrefix(pair, "key="); ok {
			if key, err := url.QueryUnescape(v); err == nil {
				return key
			}
		}
	}
	return ""
}

func basicPassword(header string) string {
	b64, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		return ""
	}
	_, password, _ := strings.Cut(string(b), ":")
	return password
}

// refuse turns a request away with the fixed text of its door.
func (s *Server) refuse(c *fiber.Ctx, path string, status int) error {
	known, ok := s.sorry[path]
	if !ok {
		path, known = "other", "not found"
		if status != fiber.StatusNotFound {
			known = "refused"
		}
	}
	s.opt.Refused(path, status)
	s.opt.Logger.Warn("refused", "path", path, "status", status)
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	return c.Status(status).SendString(known)
}

// failed answers what never reached a door: no such route, too large, too slow,
// not HTTP.
func (s *Server) failed(c *fiber.Ctx, err error) error {
	status := fiber.StatusInternalServerError
	var fe *fiber.Error
	if errors.As(err, &fe) {
		status = fe.Code
	}
	return s.refuse(c, c.Path(), status)
}
