package flashapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"spaza/test/provider"
)

// listen serves each connection with a function of its own.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// nameless is a name server that knows no name.
func nameless(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		packet := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			if n < 4 {
				continue
			}
			packet[2] |= 0x80                     // an answer,
			packet[3] = packet[3]&0xf0 | 0x80 | 3 // which is: no such name (RFC 1035, section 4.1.1)
			_, _ = server.WriteTo(packet[:n], from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// hijack answers nothing and does something to the naked connection.
func hijack(do func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		do(c)
		_ = c.Close()
	}
}

// secure is a TLS server and the certificates by which a client trusts it.
func secure(t *testing.T, h http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s, pool
}

// (R5) What had been sent when a connection failed decides: before the first
// byte nothing can have happened, and after it nothing is known.
func TestWhatWasSentDecidesWhatAFailedConnectionMeans(t *testing.T) {
	quiet := func(http.ResponseWriter, *http.Request) {}
	for name, c := range map[string]struct {
		sent bool
		// prepare points the client at a host that fails in its way.
		prepare func(t *testing.T, c *Client)
	}{
		"refused connection": {false, func(t *testing.T, c *Client) { c.base = provider.Nobody }},
		"no such name": {false, func(t *testing.T, c *Client) {
			c.owned.Proxy = nil
			c.owned.DialContext = (&net.Dialer{Resolver: nameless(t)}).DialContext
			c.base = "http://flash.invalid."
		}},
		"certificate that nobody trusts": {false, func(t *testing.T, c *Client) {
			s, _ := secure(t, quiet)
			c.base = s.URL
		}},
		"TLS cut in the handshake": {false, func(t *testing.T, c *Client) {
			c.base = "https://" + listen(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 16)) })
		}},
		"TLS with one who does not speak it": {false, func(t *testing.T, c *Client) {
			c.base = "https://" + listen(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") })
		}},
		"TLS cut after the handshake": {true, func(t *testing.T, c *Client) {
			s, pool := secure(t, quiet)
			config := &tls.Config{Certificates: s.TLS.Certificates}
			c.owned.TLSClientConfig = &tls.Config{RootCAs: pool}
			c.base = "https://" + listen(t, func(conn net.Conn) { _ = tls.Server(conn, config).Handshake() })
		}},
		"TLS cut after the request": {true, func(t *testing.T, c *Client) {
			s, pool := secure(t, hijack(func(conn net.Conn) { _ = conn.(*tls.Conn).NetConn().Close() }))
			c.owned.TLSClientConfig = &tls.Config{RootCAs: pool}
			c.base = s.URL
		}},
		"TLS cut in the body": {true, func(t *testing.T, c *Client) {
			s, pool := secure(t, hijack(func(conn net.Conn) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"responseCode\":0")
				_ = conn.(*tls.Conn).NetConn().Close()
			}))
			c.owned.TLSClientConfig = &tls.Config{RootCAs: pool}
			c.base = s.URL
		}},
		"reset before it was read": {true, func(t *testing.T, c *Client) {
			c.base = "http://" + listen(t, func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.(*net.TCPConn).SetLinger(0)
			})
		}},
		"cut before the headers": {true, func(t *testing.T, c *Client) {
			c.base, _ = rawHost(t, func(_ int, conn net.Conn, _ *http.Request) { _ = conn.Close() })
		}},
		"cut in the headers": {true, func(t *testing.T, c *Client) {
			c.base, _ = rawHost(t, func(_ int, conn net.Conn, _ *http.Request) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-")
				_ = conn.Close()
			})
		}},
		"cut in the body": {true, func(t *testing.T, c *Client) {
			c.base, _ = rawHost(t, func(_ int, conn net.Conn, _ *http.Request) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"responseCode\":2402}")
				_ = conn.Close()
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(o *Options) { o.HTTPTimeout = 20 * time.Second })
			if err := b.client.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, b.client)
			for _, s := range specimens() {
				m := b.build(s.request)
				x := b.client.Post(t.Context(), m)
				if x.Sent != c.sent || x.Err == nil || x.Status != 0 {
					t.Errorf("%v: sent %v, want %v; HTTP %d, %v", s, x.Sent, c.sent, x.Status, x.Err)
				}
				first, later := Judge(m, x, First), Judge(m, x, Again)
				wantFirst, wantLater := Refused, Open
				if operations[s.op].effect == reads {
					wantLater = Refused
				} else if c.sent {
					wantFirst = Open
				}
				if first.Settled != wantFirst || later.Settled != wantLater {
					t.Errorf("%v: settled %d then %d, want %d then %d", s, first.Settled, later.Settled, wantFirst, wantLater)
				}
				if !c.sent && (first.Class != ClassRetryLater || first.Reason != "try_later") {
					t.Errorf("%v: %+v", s, first)
				}
			}
		})
	}
}
