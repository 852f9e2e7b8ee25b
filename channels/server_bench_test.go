package channels

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"spaza/dialog"
)

// bare is the least that the framework can do with a request.
func bare[C interface {
	Body() []byte
	SendString(s string) error
}](c C) error {
	if len(c.Body()) == 0 {
		return io.ErrUnexpectedEOF
	}
	return c.SendString("CON Welcome")
}

// oneFor makes what a handler takes.
func oneFor[T any](func(*T)) *T { return new(T) }

// benchServer has the door of a gateway before an engine that does nothing, the
// same door as a neighbour's, and /bare beside them.
func benchServer() *Server {
	engine := engineFunc(func(context.Context, dialog.Turn) (dialog.Reply, error) { return dialog.Reply{Text: "Welcome"}, nil })
	s := NewServer([]Channel{newAT(engine), routes{{
		Method: "POST", Path: "/nothing", Handle: func(context.Context, *Callback) Answer { return Answer{Body: []byte("CON Welcome")} },
	}}}, ServerOptions{Key: key("hunter2hunter2hunter2"), Logger: slog.New(slog.DiscardHandler)})
	s.app.Post("/bare", bare)
	return s
}

// benchRequest is what a gateway sends for the fourth screen.
func benchRequest(path string) []byte {
	return []byte(post(path+"?key=hunter2hunter2hunter2", callback("text", "1*2*1"),
		"User-Agent: gateway/1.0", "Accept: */*", "Accept-Encoding: gzip, deflate", "Connection: keep-alive"))
}

var benchPaths = []string{"/bare", "/nothing", atDoor}

// BenchmarkRequest is a request without a network: read, routed, answered. The
// bare handler is called by the router itself, the others by the server.
func BenchmarkRequest(b *testing.B) {
	for _, path := range benchPaths {
		b.Run(path, func(b *testing.B) {
			s := benchServer()
			handler := s.app.Handler()
			if path != "/bare" {
				handler = s.app.Server().Handler
			}
			ctx := oneFor(handler)
			ctx.Init(&oneFor(handler).Request, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1).To4(), Port: 4000}, nil)
			raw := bytes.NewReader(nil)
			r := bufio.NewReaderSize(raw, maxHeader)
			request := benchRequest(path)
			b.ReportAllocs()
			for b.Loop() {
				raw.Reset(request)
				r.Reset(raw)
				if err := ctx.Request.Read(r); err != nil {
					b.Fatal(err)
				}
				ctx.Response.Reset()
				handler(ctx)
			}
			if got := string(ctx.Response.Body()); got != "CON Welcome" {
				b.Fatalf("answered %q", got)
			}
		})
	}
}

// BenchmarkLoopback is the same over a socket, one connection, both ends in
// this process.
func BenchmarkLoopback(b *testing.B) {
	for _, path := range benchPaths {
		b.Run(path, func(b *testing.B) {
			s := benchServer()
			l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback, at once
			if err != nil {
				b.Fatal(err)
			}
			served := make(chan error, 1)
			if path == "/bare" {
				s.app.Server().Handler = s.app.Handler()
				go func() { served <- s.app.Listener(l) }()
			} else {
				go func() { served <- s.Serve(l) }()
			}
			c, err := net.Dial("tcp", l.Addr().String()) //nolint:noctx // loopback, at once
			if err != nil {
				b.Fatal(err)
			}
			request, answer := benchRequest(path), make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				n, err := c.Read(answer)
				if err != nil || !bytes.HasSuffix(answer[:n], []byte("\r\n\r\nCON Welcome")) {
					b.Fatalf("answered %q, %v", answer[:n], err)
				}
			}
			b.StopTimer()
			_ = c.Close()
			// b.Context is over by now in a cleanup, and not yet here.
			if err := s.Shutdown(b.Context()); err != nil {
				b.Error(err)
			}
			if err := <-served; err != nil {
				b.Error(err)
			}
		})
	}
}
