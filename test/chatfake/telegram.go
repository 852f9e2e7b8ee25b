package chatfake

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Telegram is a Bot API with one bot and the private chats of the people that
// write to it. It answers over HTTP as the real one does, and can be told to
// fail. It is safe for concurrent use.
type Telegram struct {
	Token string
	URL   string // of the server; empty where there is none

	srv *httptest.Server

	mu       sync.Mutex
	calls    []TelegramCall
	chats    map[int64]*telegramChat
	langs    map[int64]string // of people
	faults   []*TelegramFault
	taps     map[string]bool // by id; true once it was answered
	hook     TelegramHook
	commands []TelegramCommand
	queue    []TelegramUpdate
	arrived  chan struct{} // closed when the queue grows
	updates  int64         // the last id of one
	floor    map[int64]time.Time
	hammered int
}

// TelegramCall is one request that was made.
type TelegramCall struct {
	Method  string
	Params  url.Values
	Refused string // why, where what it asks for can not be done
}

// TelegramHook is what setWebhook set.
type TelegramHook struct {
	URL, Secret    string
	MaxConnections int
	Allowed        []string
}

// TelegramCommand is an entry of the bot's menu.
type TelegramCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// NewTelegram makes one that listens nowhere: it is a handler, and a transport
// that needs no network.
func NewTelegram(token string) *Telegram {
	return &Telegram{
		Token: token, chats: map[int64]*telegramChat{}, langs: map[int64]string{}, taps: map[string]bool{},
		arrived: make(chan struct{}), updates: 91000, floor: map[int64]time.Time{},
	}
}

// StartTelegram makes one that listens on this machine until Close.
func StartTelegram(token string) *Telegram {
	f := NewTelegram(token)
	f.srv = httptest.NewServer(f)
	f.URL = f.srv.URL
	return f
}

// Close ends the server, if there is one.
func (f *Telegram) Close() {
	if f.srv != nil {
		f.srv.CloseClientConnections()
		f.srv.Close()
	}
}

// Calls are the requests that were made so far: of one method, or with "" all.
func (f *Telegram) Calls(method string) []TelegramCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []TelegramCall
	for _, c := range f.calls {
		if method == "" || c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// Hook is the webhook that is set.
func (f *Telegram) Hook() TelegramHook {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hook
}

// Commands is the bot's menu.
func (f *Telegram) Commands() []TelegramCommand {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.commands)
}

// RoundTrip implements http.RoundTripper: a call without a network.
func (f *Telegram) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	type outcome struct {
		resp *http.Response
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		w := httptest.NewRecorder()
		defer func() {
			if recover() != nil {
				done <- outcome{nil, errors.New("connection reset: " + r.URL.String())}
				return
			}
			res := w.Result()
			res.Request = r
			done <- outcome{res, nil}
		}()
		f.ServeHTTP(w, r)
	}()
	select {
	case o := <-done:
		return o.resp, o.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// ServeHTTP implements http.Handler.
func (f *Telegram) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, method, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	switch {
	case !ok || !strings.HasPrefix(r.URL.Path, "/bot") || !strings.Contains(token, ":"):
		telegramRefuse(w, http.StatusNotFound, "Not Found", 0)
		return
	case token != f.Token:
		telegramRefuse(w, http.StatusUnauthorized, "Unauthorized", 0)
		return
	}
	params, err := telegramParams(r)
	if err != nil {
		telegramRefuse(w, http.StatusBadRequest, "Bad Request: can't parse request", 0)
		return
	}
	chat, _ := strconv.ParseInt(params.Get("chat_id"), 10, 64)
	result, refusal, x := f.meets(r.Context(), method, params, chat)
	switch {
	case x != nil && x.fails():
		x.answer(w)
	case refusal != nil:
		telegramRefuse(w, refusal.status, refusal.description, 0)
	default:
		telegramAnswer(w, http.StatusOK, map[string]any{"ok": true, "result": result})
	}
}

// meets notes a call and does what it asks for, unless x goes wrong with it. The
// two are one step, but where the call is held back: who sees a call sees what it
// did.
func (f *Telegram) meets(ctx context.Context, method string, p url.Values, chat int64) (result any, no *refusal, x *TelegramFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	this := len(f.calls)
	if x = f.called(method, p, chat); x != nil && x.Late != nil {
		f.mu.Unlock()
		select {
		case <-x.Late:
		case <-ctx.Done():
		}
		f.mu.Lock()
		if ctx.Err() != nil {
			return nil, nil, x // nobody hears it
		}
	}
	if x == nil || !x.fails() || x.Done {
		result, no = f.do(ctx, method, p, chat)
	}
	if no != nil {
		f.calls[this].Refused = no.description
	}
	return result, no, x
}

// refusal is an answer that is not ok.
type refusal struct {
	status      int
	description string
}

func telegramBad(description string) *refusal {
	return &refusal{http.StatusBadRequest, "Bad Request: " + description}
}

// do does what a method does. The lock is held.
func (f *Telegram) do(ctx context.Context, method string, p url.Values, chat int64) (any, *refusal) {
	switch method {
	case "getMe":
		return map[string]any{"id": 1, "is_bot": true, "first_name": "Spaza", "username": "SpazaTestBot"}, nil
	case "getUpdates":
		return f.getUpdates(ctx, p)
	case "sendMessage":
		return f.sendMessage(p, chat)
	case "editMessageText", "editMessageReplyMarkup":
		return f.editMessage(p, chat, method == "editMessageText")
	case "deleteMessage":
		return f.deleteMessage(p, chat)
	case "answerCallbackQuery":
		if _, ok := f.taps[p.Get("callback_query_id")]; !ok {
			return nil, telegramBad("query is too old and response timeout expired or query ID is invalid")
		}
		f.taps[p.Get("callback_query_id")] = true
		return true, nil
	case "setWebhook":
		return f.setWebhook(p)
	case "deleteWebhook":
		f.hook = TelegramHook{}
		if p.Get("drop_pending_updates") == "true" {
			f.queue = nil
		}
		return true, nil
	case "getWebhookInfo":
		return map[string]any{
			"url": f.hook.URL, "has_custom_certificate": false, "pending_update_count": len(f.queue),
			"max_connections": f.hook.MaxConnections, "allowed_updates": f.hook.Allowed,
		}, nil
	case "setMyCommands":
		var c []TelegramCommand
		if json.Unmarshal([]byte(p.Get("commands")), &c) != nil || len(c) > 100 {
			return nil, telegramBad("can't parse commands")
		}
		f.commands = c
		return true, nil
	}
	return nil, &refusal{http.StatusNotFound, "Not Found: method not found"}
}

func (f *Telegram) setWebhook(p url.Values) (any, *refusal) {
	u, err := url.Parse(p.Get("url"))
	if err != nil || u.Scheme != "https" {
		return nil, telegramBad("bad webhook: An HTTPS URL must be provided for webhook")
	}
	if !slices.Contains([]string{"", "443", "80", "88", "8443"}, u.Port()) {
		return nil, telegramBad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
	}
	if s := p.Get("secret_token"); len(s) > 256 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return nil, telegramBad("secret token contains unallowed characters")
	}
	h := TelegramHook{URL: p.Get("url"), Secret: p.Get("secret_token"), MaxConnections: 40}
	if n, err := strconv.Atoi(p.Get("max_connections")); err == nil {
		h.MaxConnections = n
	}
	if a := p.Get("allowed_updates"); a != "" && json.Unmarshal([]byte(a), &h.Allowed) != nil {
		return nil, telegramBad("can't parse allowed updates")
	}
	f.hook = h
	return true, nil
}

// telegramParams are the parameters of a call, whichever way they came.
func telegramParams(r *http.Request) (url.Values, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var object map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&object); err != nil {
			return nil, err
		}
		p := url.Values{}
		for name, raw := range object {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			p.Set(name, text)
		}
		return p, nil
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	return maps.Clone(r.Form), nil
}

func telegramRefuse(w http.ResponseWriter, status int, description string, retryAfter int) {
	answer := map[string]any{"ok": false, "error_code": status, "description": description}
	if retryAfter > 0 {
		answer["parameters"] = map[string]any{"retry_after": retryAfter}
	}
	telegramAnswer(w, status, answer)
}

func telegramAnswer(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
