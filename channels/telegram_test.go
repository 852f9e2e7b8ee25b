package channels

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/test/chatfake"
)

const (
	tgToken    = "4711:canary-Bot-Token_abcdefghijklmn"
	tgHush     = "canary-Hook-Secret_0123456789"
	tgThandi   = int64(111222333)
	tgThandiID = "111222333"
)

var tgNoon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func tgClock() time.Time { return tgNoon }

// keeper is an Intake that keeps what it is given, unless it fails.
type keeper struct {
	mu    sync.Mutex
	err   error
	fails int // times; below zero for ever
	asked int
	said  []Said
}

func (k *keeper) Take(_ context.Context, said []Said) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	if k.fails != 0 {
		k.fails--
		return k.err
	}
	k.said = append(k.said, said...)
	return nil
}

func (k *keeper) kept() []Said {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.said)
}

// tgLog is a log that is read, and may hold nothing that is confidential.
type tgLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *tgLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *tgLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// tgSpills says whether a text gives away what nothing may.
func tgSpills(s string) bool {
	return strings.Contains(strings.ToLower(s), "canary") || strings.Contains(s, tgThandiID) ||
		strings.Contains(s, "4111222233334444") || strings.Contains(s, "4111 2222") || strings.Contains(s, "82123")
}

// tgBot is a bot, the API that it speaks to, and what it logs.
type tgBot struct {
	*Telegram
	api  *chatfake.Telegram
	log  *tgLog
	kept *keeper
}

// newTG makes a bot over a real socket. When the test is over, everything that
// was sent is held against the published methods, and the log is read.
func newTG(t *testing.T, change ...func(*TelegramOptions)) tgBot {
	t.Helper()
	api := chatfake.StartTelegram(tgToken)
	t.Cleanup(api.Close)
	return tgOver(t, api, change...)
}

// tgInMemory makes one without a socket, for clocks that are not the world's.
func tgInMemory(t *testing.T, change ...func(*TelegramOptions)) tgBot {
	t.Helper()
	api := chatfake.NewTelegram(tgToken)
	return tgOver(t, api, append([]func(*TelegramOptions){func(o *TelegramOptions) {
		o.APIURL, o.Transport = "http://telegram.example", api
	}}, change...)...)
}

func tgOver(t *testing.T, api *chatfake.Telegram, change ...func(*TelegramOptions)) tgBot {
	t.Helper()
	b := tgBot{api: api, log: &tgLog{}, kept: &keeper{}}
	o := TelegramOptions{
		Token: key(tgToken), Secret: key(tgHush), APIURL: api.URL, Intake: b.kept,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	if b.Telegram, err = NewTelegram(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		facts := tgReadFacts(t)
		for _, c := range api.Calls("") {
			if err := facts.call(c.Method, c.Params); err != nil {
				t.Errorf("%s is not as the API wants it: %v", c.Method, err)
			}
		}
		if s := b.log.String(); tgSpills(s) {
			t.Errorf("the log gives something away:\n%s", s)
		}
	})
	return b
}

// tgRemedy is what to do about an error, which must be one of a Surface and give
// nothing away.
func tgRemedy(t *testing.T, err error) SendRemedy {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *SendError
	if !errors.As(err, &e) {
		t.Fatalf("%v is no error of a surface", err)
	}
	for u := err; u != nil; u = errors.Unwrap(u) {
		for _, s := range []string{fmt.Sprint(u), fmt.Sprintf("%+v", u), fmt.Sprintf("%#v", u), fmt.Sprintf("%#v", *e)} {
			if tgSpills(s) {
				t.Errorf("the error gives something away: %s", s)
			}
		}
	}
	return e.Do
}

// tgCallback is a delivery with the given secret.
func tgCallback(secret string, body []byte) *Callback {
	return &Callback{Method: "POST", Path: TelegramPath, Body: body, Header: func(name string) string {
		if name == "X-Telegram-Bot-Api-Secret-Token" {
			return secret
		}
		return ""
	}}
}

func TestTelegramNeedsABotAndAWayToIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*TelegramOptions)
		ok     bool
	}{
		{"all of it", func(*TelegramOptions) {}, true},
		{"no secret: for polling", func(o *TelegramOptions) { o.Secret = key("") }, true},
		{"the API's own address", func(o *TelegramOptions) { o.APIURL = "" }, true},
		{"an address with a path and a sign of formats", func(o *TelegramOptions) { o.APIURL = "https://x.example/a%20b/" }, true},
		{"no token", func(o *TelegramOptions) { o.Token = key("") }, false},
		{"a token with a slash", func(o *TelegramOptions) { o.Token = key("canary:a/b") }, false},
		{"a token with a blank", func(o *TelegramOptions) { o.Token = key("canary:ab ") }, false},
		{"a secret that no header takes", func(o *TelegramOptions) { o.Secret = key("canary\n") }, false},
		{"a secret with a sign", func(o *TelegramOptions) { o.Secret = key("canary=") }, false},
		{"a secret that is too long", func(o *TelegramOptions) { o.Secret = key(strings.Repeat("canary", 43)) }, false},
		{"no host", func(o *TelegramOptions) { o.APIURL = "https://" }, false},
		{"another scheme", func(o *TelegramOptions) { o.APIURL = "ftp://canary.example" }, false},
		{"an address with a password", func(o *TelegramOptions) { o.APIURL = "https://u:canary@x.example" }, false},
		{"an address with a query", func(o *TelegramOptions) { o.APIURL = "https://x.example?canary" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := TelegramOptions{Token: key(tgToken), Secret: key(tgHush)}
			c.change(&o)
			bot, err := NewTelegram(o)
			if (err == nil) != c.ok || err != nil && tgSpills(err.Error()) {
				t.Fatalf("got %v", err)
			}
			if s := fmt.Sprintf("%v %+v %#v", bot, bot, bot); tgSpills(s) {
				t.Errorf("printed, the bot gives something away: %s", s)
			}
		})
	}
}

func TestTelegramsDoorIsOpenToTelegramAlone(t *testing.T) {
	for _, c := range []struct {
		name, secret, given string
		in                  bool
	}{
		{"the secret", tgHush, tgHush, true},
		{"nothing", tgHush, "", false},
		{"another", tgHush, "canary-Hook-Secret_0123456780", false},
		{"a part of it", tgHush, tgHush[:10], false},
		{"more than it", tgHush, tgHush + "0", false},
		{"in other letters", tgHush, strings.ToUpper(tgHush), false},
		{"the bot's token", tgHush, tgToken, false},
		{"none is set, and none given", "", "", false},
		{"none is set, and one given", "", tgHush, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTG(t, func(o *TelegramOptions) { o.Secret = key(c.secret) })
			routes := b.Routes()
			if len(routes) != 1 || routes[0].Guard != GuardOwn || routes[0].Method != "POST" || routes[0].Path != "/telegram/webhook" {
				t.Fatalf("doors: %+v", routes)
			}
			if got := routes[0].Admit(tgCallback(c.given, nil)); got != c.in {
				t.Errorf("let in: %t", got)
			}
		})
	}
}

func TestTelegramKeepsBeforeItAnswers(t *testing.T) {
	api := chatfake.NewTelegram(tgToken)
	text := api.Text(tgThandi, tgThandi, "canary 4111 2222 3333 4444").Body
	for _, c := range []struct {
		name   string
		body   []byte
		fails  int
		status int
		asked  int
	}{
		{"kept", text, 0, 0, 1},
		{"not kept", text, -1, 503, 1},
		{"of no use", api.Blocked(tgThandi, tgThandi).Body, -1, 0, 0},
		{"no JSON", []byte("canary<"), -1, 0, 0},
		{"nothing", nil, -1, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTG(t)
			b.kept.fails, b.kept.err = c.fails, errors.New("canary")
			a := b.Routes()[0].Handle(t.Context(), tgCallback(tgHush, c.body))
			if a.Status != c.status || b.kept.asked != c.asked || len(a.Body) > 10 {
				t.Errorf("answer %d %q after %d questions", a.Status, a.Body, b.kept.asked)
			}
			later := slices.Contains(a.Header, [2]string{"Retry-After", "5"})
			if later != (c.status == 503) {
				t.Errorf("headers: %v", a.Header)
			}
		})
	}
	t.Run("nobody keeps", func(t *testing.T) {
		b := newTG(t, func(o *TelegramOptions) { o.Intake = nil })
		if a := b.Routes()[0].Handle(t.Context(), tgCallback(tgHush, text)); a.Status != 503 {
			t.Errorf("answer %d", a.Status)
		}
	})
}

func TestTelegramDeliversThroughTheServer(t *testing.T) {
	b := newTG(t)
	var refused []string
	srv := NewServer([]Channel{b.Telegram}, ServerOptions{
		LingerTime: time.Minute, Logger: slog.New(slog.NewTextHandler(b.log, nil)), Refused: func(path string, status int) { refused = append(refused, fmt.Sprint(path, " ", status)) },
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	defer func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		<-done
	}()
	to := "http://" + l.Addr().String() + TelegramPath
	large := b.api.Photo(tgThandi, tgThandi, strings.Repeat("x", 200<<10))
	for _, c := range []struct {
		name, secret string
		update       chatfake.TelegramUpdate
		status, kept int
	}{
		{"a text", tgHush, b.api.Text(tgThandi, tgThandi, "1"), 200, 1},
		{"a large update", tgHush, large, 200, 2},
		{"without the secret", "", b.api.Text(tgThandi, tgThandi, "1"), 401, 2},
		{"with another", "canary", b.api.Text(tgThandi, tgThandi, "1"), 401, 2},
		{"too large", tgHush, b.api.Photo(tgThandi, tgThandi, strings.Repeat("x", 1<<20)), 413, 2},
	} {
		status, _, err := b.api.Post(t.Context(), to, c.secret, c.update)
		if err != nil || status != c.status || len(b.kept.kept()) != c.kept {
			t.Errorf("%s: %d, %v, %d kept", c.name, status, err, len(b.kept.kept()))
		}
	}
	b.kept.fails, b.kept.err = 1, errors.New("full")
	again := b.api.Text(tgThandi, tgThandi, "2")
	if status, after, err := b.api.Post(t.Context(), to, tgHush, again); status != http.StatusServiceUnavailable || after != "5" {
		t.Errorf("a full queue: %d, %q, %v", status, after, err)
	}
	if status, _, err := b.api.Post(t.Context(), to, tgHush, again); status != 200 || b.kept.kept()[2].Text != "2" {
		t.Errorf("delivered again: %d, %v", status, err)
	}
	if want := []string{TelegramPath + " 401", TelegramPath + " 401", TelegramPath + " 413"}; !slices.Equal(refused[:min(3, len(refused))], want) {
		t.Errorf("refused: %v", refused)
	}
}
