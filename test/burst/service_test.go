package burst_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2" //nolint:depguard // the floor is a bare handler of the framework

	"spaza/channels"
	"spaza/dialog"
	"spaza/intake"
	"spaza/jobs"
	"spaza/secret"
	"spaza/store"
	"spaza/test/chatfake"
	"spaza/test/schema"
	"spaza/vend"
)

const (
	customers   = 200
	each        = 5  // messages of a customer in one burst
	connections = 40 // that Telegram opens to a webhook unless it is told otherwise
	chatsAtOnce = 64 // as in the service
	hook        = "hook-secret"
)

// databases are where letters are kept.
var databases = []struct {
	name string
	url  func(testing.TB) string
}{
	{"sqlite", func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "spaza.db") }},
	{"postgres", schema.Fresh},
}

// service is the service under load, with the chat APIs it speaks to.
type service struct {
	telegram *chatfake.Telegram
	whatsApp *chatfake.WhatsApp
	address  string // of the public listener
	sent     *counter

	box  *intake.Box
	chat *channels.Chat
}

// startService starts one for the length of the benchmark.
func startService(b *testing.B, url string) *service {
	b.Helper()
	s := &service{telegram: chatfake.NewTelegram("123:abc"), whatsApp: chatfake.NewWhatsApp(), sent: newCounter()}
	b.Cleanup(s.whatsApp.Close)
	api := httptest.NewServer(s.sent.before(s.telegram, "/sendMessage"))
	b.Cleanup(api.Close)

	sql := must(store.OpenSQL(b.Context(), url, store.Options{}))(b)
	b.Cleanup(func() { _ = sql.Close() })
	keys := must(secret.NewKeyring(bytes.Repeat([]byte{7}, secret.KeySize)))(b)
	log := slog.New(slog.DiscardHandler)
	runner := jobs.NewRunner(sql, jobs.Options{Limits: map[jobs.Kind]int{intake.JobChat: chatsAtOnce}, Logger: log})
	shop := vend.New(sql, nil, keys, vend.Options{Logger: log})
	shop.Attach(runner)
	for c := range customers {
		for _, channel := range []string{"telegram", "whatsapp"} {
			if _, err := shop.Meet(b.Context(), channel, person(channel, c), number(c)); err != nil {
				b.Fatal(err)
			}
		}
	}
	engine := must(dialog.New(book(), phrases{}, dialog.NewMemory(), dialog.Options{Hash: keys.Hash, MaxTurns: 1 << 20}))(b)
	telegram := must(channels.NewTelegram(channels.TelegramOptions{
		Token: secret.New(s.telegram.Token), Secret: secret.New(hook), APIURL: api.URL, Intake: s, Log: log,
	}))(b)
	whatsApp := must(channels.NewWhatsApp(channels.WhatsAppOptions{
		Token: secret.New(s.whatsApp.Token), PhoneNumberID: s.whatsApp.PhoneNumberID, AppSecrets: []secret.Text{secret.New(s.whatsApp.AppSecret)},
		VerifyToken: secret.New(s.whatsApp.VerifyToken), APIURL: s.whatsApp.URL, Intake: s, Log: log, Transport: s.sent.behind(graph()),
		Told: func(context.Context, channels.Report) error { return nil },
	}))(b)
	s.chat = channels.NewChat(channels.ChatOptions{Engine: engine, Surfaces: []channels.Surface{telegram, whatsApp}, Meet: shop.Meet, Log: log})
	s.box = intake.New(intake.Options{Store: sql, Seal: keys, Runner: runner, Handle: s.handle, Logger: log})
	runner.Handle(intake.JobChat, s.box.Work)
	runner.Start(context.Background())
	s.box.Start(context.Background())

	server := channels.NewServer([]channels.Channel{telegram, whatsApp}, channels.ServerOptions{Logger: log})
	l := listen(b)
	s.address = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	b.Cleanup(func() {
		ctx := context.Background()
		if err := errors.Join(server.Shutdown(ctx), <-served, s.box.Close(ctx), runner.Stop(ctx)); err != nil {
			b.Error(err)
		}
	})
	return s
}

// Take implements channels.Intake.
func (s *service) Take(ctx context.Context, said []channels.Said) error {
	letters := make([]intake.Letter, len(said))
	for i, one := range said {
		letters[i] = intake.Letter{Door: one.Channel, ID: one.ID, From: one.From, Body: one.Pack(), At: one.Arrived}
	}
	return s.box.Take(ctx, letters)
}

// handle answers one letter.
func (s *service) handle(ctx context.Context, l intake.Letter) intake.Fate {
	said, err := channels.UnpackSaid(l.Body)
	if err != nil {
		return intake.Never("it is not readable")
	}
	if again := s.chat.Answer(ctx, said, l.Try); again > 0 {
		return intake.Later(again, "it was not answered")
	}
	return intake.Done()
}

// startFloor serves a handler that reads a body and answers 200, and nothing else.
func startFloor(b *testing.B) (address string) {
	b.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Post("/*", func(c *fiber.Ctx) error {
		if len(c.Body()) == 0 {
			return fiber.ErrBadRequest
		}
		return c.SendStatus(fiber.StatusOK)
	})
	l := listen(b)
	served := make(chan error, 1)
	go func() { served <- app.Listener(l) }()
	b.Cleanup(func() {
		if err := errors.Join(app.Shutdown(), <-served); err != nil {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback, at once
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// number is the phone number of a customer, and person what a surface calls them.
func number(customer int) string { return strconv.Itoa(27_820_000_000 + customer) }

func person(channel string, customer int) string {
	if channel == "telegram" {
		return strconv.FormatInt(chatOf(customer), 10)
	}
	return number(customer)
}

func chatOf(customer int) int64 { return 70_000_000 + int64(customer) }

// phrases says keys as they are.
type phrases struct{}

func (phrases) Say(_, key string, _ ...dialog.Arg) string { return key }

// book is one question, whose screen says what was written last.
func book() dialog.Book {
	const last dialog.TextVar = 1
	return dialog.Book{Start: "desk.listen", States: []dialog.State{
		{
			ID: "desk.listen", Free: true, Words: true,
			Ask: func(t *dialog.Talk, s *dialog.Screen) {
				s.Text = cmp.Or(t.Text(last), "Nothing") + " was heard. What else?"
				for _, o := range []string{"Airtime", "Data", "Electricity", "My money"} {
					s.Add(o, o)
				}
				s.Add("bye", "Nothing")
			},
			Answer: func(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
				if in.Option == "bye" {
					return "bye", nil
				}
				t.SetText(last, in.Text)
				return dialog.Stay, nil
			},
			Edges: []dialog.Edge{{Move: "bye", To: "desk.end"}},
		},
		{ID: "desk.end", End: true, Ask: func(_ *dialog.Talk, s *dialog.Screen) { s.Text = "Bye." }},
	}}
}

// graph keeps as many connections as messages are sent at once: the real API speaks
// HTTP/2 and needs but one.
func graph() http.RoundTripper { return &http.Transport{MaxIdleConnsPerHost: chatsAtOnce} }

// counter counts the screens that an API took.
type counter struct {
	mu   sync.Mutex
	more sync.Cond
	n    int
}

func newCounter() *counter {
	c := &counter{}
	c.more.L = &c.mu
	return c
}

func (c *counter) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	c.more.Broadcast()
}

// before counts the requests to one method that a handler has answered.
func (c *counter) before(h http.Handler, method string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, method) {
			c.count()
		}
	})
}

// behind counts the requests that were answered with 200.
func (c *counter) behind(t http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := t.RoundTrip(r)
		if err == nil && resp.StatusCode == http.StatusOK {
			c.count()
		}
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// so is how many were counted so far.
func (c *counter) so() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// wait waits until so many were counted; false where that takes too long.
func (c *counter) wait(n int, atMost time.Duration) bool {
	over := false
	t := time.AfterFunc(atMost, func() {
		c.mu.Lock()
		over = true
		c.more.Broadcast()
		c.mu.Unlock()
	})
	defer t.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.n < n && !over {
		c.more.Wait()
	}
	return c.n >= n
}

// must is for what has no reason to fail.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}
