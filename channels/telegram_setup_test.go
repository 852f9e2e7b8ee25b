package channels

import (
	"errors"
	"strings"
	"testing"
	"time"

	"spaza/test/chatfake"
)

func TestTelegramIsSetUp(t *testing.T) {
	b := newTG(t)
	menu := []TelegramCommand{{"buy", "Buy airtime & more"}, {"balance", "What I have"}}
	for range 2 {
		if err := b.Setup(t.Context(), "https://shop.example:8443/spaza/", 20, menu); err != nil {
			t.Fatal(err)
		}
	}
	tgSame(t, "webhook", chatfake.TelegramHook{
		URL: "https://shop.example:8443/spaza/telegram/webhook", Secret: tgHush, MaxConnections: 20,
		Allowed: []string{"message", "callback_query", "my_chat_member"},
	}, b.api.Hook())
	tgSame(t, "menu", []chatfake.TelegramCommand{{Command: "buy", Description: "Buy airtime & more"}, {Command: "balance", Description: "What I have"}}, b.api.Commands())
	b.api.Queue(b.api.Text(7, 7, "x"))
	info, err := b.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tgSame(t, "info", TelegramWebhook{
		URL: "https://shop.example:8443/spaza/telegram/webhook", Pending: 1, MaxConnections: 20, Allowed: []string{"message", "callback_query", "my_chat_member"},
	}, info)
	if err := b.Delete(t.Context(), false); err != nil || b.api.Hook().URL != "" || b.api.Queued() != 1 {
		t.Errorf("%v: %+v, %d queued", err, b.api.Hook(), b.api.Queued())
	}
	if err := b.Delete(t.Context(), true); err != nil || b.api.Queued() != 0 {
		t.Errorf("%v: %d queued", err, b.api.Queued())
	}
}

func TestTelegramIsNotSetUpWrongly(t *testing.T) {
	const home = "https://shop.example"
	fine := []TelegramCommand{{"buy", "Buy"}}
	for _, c := range []struct {
		name, url   string
		connections int
		menu        []TelegramCommand
		secret      string
	}{
		{"without a secret", home, 20, fine, ""},
		{"without TLS", "http://shop.example", 20, fine, tgHush},
		{"nowhere", "https://", 20, fine, tgHush},
		{"nowhere, on a port", "https://:443", 20, fine, tgHush},
		{"on another port", home + ":8080", 20, fine, tgHush},
		{"with a query", home + "?canary", 20, fine, tgHush},
		{"with a password", "https://u:canary@shop.example", 20, fine, tgHush},
		{"with no connections", home, 0, fine, tgHush},
		{"with too many", home, 101, fine, tgHush},
		{"with a slash", home, 20, []TelegramCommand{{"/buy", "Buy"}}, tgHush},
		{"with a large letter", home, 20, []TelegramCommand{{"Buy", "Buy"}}, tgHush},
		{"with a name too long", home, 20, []TelegramCommand{{strings.Repeat("x", 33), "Buy"}}, tgHush},
		{"with no name", home, 20, []TelegramCommand{{"", "Buy"}}, tgHush},
		{"with no description", home, 20, []TelegramCommand{{"buy", ""}}, tgHush},
		{"with a description too long", home, 20, []TelegramCommand{{"buy", strings.Repeat("é", 257)}}, tgHush},
		{"with too many commands", home, 20, make([]TelegramCommand, 101), tgHush},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTG(t, func(o *TelegramOptions) { o.Secret = key(c.secret) })
			err := b.Setup(t.Context(), c.url, c.connections, c.menu)
			if err == nil || tgSpills(err.Error()) || len(b.api.Calls("")) != 0 {
				t.Errorf("%v after %v", err, b.methods(0))
			}
		})
	}
}

func TestTelegramExplainsToTheOperator(t *testing.T) {
	b := newTG(t)
	words := "Bad Request: bad webhook: " + tgToken + " " + strings.ToLower(tgHush) + " IP address is reserved\x1b[2J" + strings.Repeat("x", 1000)
	for method, do := range map[string]func() error{
		"setWebhook":     func() error { return b.Setup(t.Context(), "https://shop.example", 1, nil) },
		"setMyCommands":  func() error { return b.Setup(t.Context(), "https://shop.example", 1, []TelegramCommand{{"a", "b"}}) },
		"deleteWebhook":  func() error { return b.Delete(t.Context(), true) },
		"getWebhookInfo": func() error { _, err := b.Info(t.Context()); return err },
	} {
		b.api.Fail(chatfake.TelegramFault{Method: method, Status: 400, Description: words})
		err := do()
		var e *SendError
		if !errors.As(err, &e) || e.Do != SendNever || !strings.Contains(err.Error(), "ip address is reserved") || len(err.Error()) > 600 || tgSpills(err.Error()) {
			t.Errorf("%s: %v", method, err)
		}
		b.api.Fail(chatfake.TelegramFault{Method: method, Status: 502, Body: "<html>canary"})
		if err := do(); !errors.As(err, &e) || e.Do != SendLater || tgSpills(err.Error()) {
			t.Errorf("%s: %v", method, err)
		}
	}
	b.api.Fail(chatfake.TelegramFault{Method: "getWebhookInfo", Status: 200, Body: `{"ok":true,"result":{"url":"https://x.example/` + tgToken +
		`","last_error_date":1763700000,"last_error_message":"Wrong response: 401 ` + tgHush + `"}}`})
	info, err := b.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tgSame(t, "info", TelegramWebhook{
		URL: "https://x.example/[secret]", LastError: "Wrong response: 401 [secret]", LastErrorAt: time.Unix(1763700000, 0),
	}, info)
	b.api.Fail(chatfake.TelegramFault{Method: "getWebhookInfo", Status: 200, Body: `{"ok":true,"result":"canary"}`})
	if _, err := b.Info(t.Context()); err == nil || tgSpills(err.Error()) {
		t.Errorf("got %v", err)
	}
}
