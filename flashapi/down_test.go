package flashapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/secret"
	"spaza/vend"
)

func TestWhatMakesTheHostDown(t *testing.T) {
	refused := func(context.Context) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	for _, c := range []struct {
		name string
		err  func(context.Context) error // of the transaction; nil when it was answered, badly
		for_ time.Duration               // how long the caller waits
		down bool
	}{
		{"it refuses connections", refused, time.Minute, true},
		{"its name is not found", func(context.Context) error { return &net.DNSError{Err: "no such host", Name: "flash.example"} }, time.Minute, true},
		{"a connection takes too long", func(context.Context) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
		}, time.Minute, true},
		{"the caller leaves while it is dialled", func(ctx context.Context) error {
			<-ctx.Done()
			return &net.OpError{Op: "dial", Net: "tcp", Err: context.Canceled}
		}, time.Second, false},
		{"the connection is cut", func(context.Context) error { return io.ErrUnexpectedEOF }, time.Minute, false},
		{"it answers badly", nil, time.Minute, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, err := New(Options{
				BaseURL: "http://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", Rate: 1e6, Burst: 1e6,
				Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
					w := httptest.NewRecorder()
					switch {
					case strings.HasSuffix(r.URL.Path, "/token"):
						giveToken(w, testToken, 3600)
					case c.err == nil:
						w.WriteHeader(http.StatusServiceUnavailable)
					default:
						return nil, c.err(r.Context())
					}
					return w.Result(), nil
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			var p vend.Faltering = NewProvider(client, ProviderOptions{})
			if p.Down() {
				t.Errorf("%s: it is down before anything was tried", c.name)
			}
			m, err := client.Build(tenRand())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(c.for_, cancel)
			x := client.Post(ctx, m)
			if p.Down() != c.down {
				t.Errorf("%s: down %t after %v", c.name, p.Down(), x.Err)
			}
			cancel()
			client.Post(ctx, m) // a caller who is gone before it begins says nothing
			time.Sleep(unreachedFor - time.Second)
			if p.Down() != c.down {
				t.Errorf("%s: down %t half a minute later", c.name, p.Down())
			}
			time.Sleep(time.Second)
			if p.Down() {
				t.Errorf("%s: it stays down, and nobody would find out", c.name)
			}
		})
	}
}

func TestAHostThatAnswersAgainIsNotDown(t *testing.T) {
	away := true
	b := setup(t, func(o *Options) {
		o.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
			if away && !strings.HasSuffix(r.URL.Path, "/token") {
				return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
			}
			return http.DefaultTransport.RoundTrip(r)
		})
	})
	b.answerOp(OpPinlessPurchase, http.StatusBadGateway, "")
	m := b.build(tenRand())
	if b.client.Post(t.Context(), m); !b.client.Down() {
		t.Error("it is not down")
	}
	away = false
	if b.client.Post(t.Context(), m); b.client.Down() {
		t.Error("it is down, and answered")
	}
}

func TestAnOpenBreakerOfTransactionsIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := New(Options{
			BaseURL: "http://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", BreakerFailures: 2, BreakerOpenFor: time.Minute,
			Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				if strings.HasSuffix(r.URL.Path, "/token") {
					giveToken(w, testToken, 3600)
				} else {
					w.WriteHeader(http.StatusBadGateway)
				}
				return w.Result(), nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		m := message(tenRand())
		for _, want := range []bool{false, true} {
			if client.Post(t.Context(), m); client.Down() != want {
				t.Errorf("down %t, want %t", client.Down(), want)
			}
		}
		time.Sleep(time.Minute + time.Second) // of the test's own time
		if client.Down() {
			t.Error("it is down when one sale may try")
		}
		for range 3 { // lists have a breaker of their own
			_, _ = client.Products(t.Context())
		}
		if client.Down() {
			t.Error("it is down because its list is")
		}
	})
}
