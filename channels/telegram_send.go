package channels

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"spaza/dialog"
)

const (
	// tgAnswerSize bounds an answer in bytes: to getUpdates, the largest, it has
	// tgBatch updates.
	tgAnswerSize = 4 << 20
	// tgLongest is the longest wait that the API is believed to ask for.
	tgLongest = 24 * time.Hour
)

// tgParams are the parameters of a method.
type tgParams = tgbotapi.Params

// Show implements Surface. What was confidential goes first, so that it is gone
// also where the screen does not come through.
func (t *Telegram) Show(ctx context.Context, s Said, r dialog.Reply) error {
	if !tgIsID(s.From) {
		return tgNobody()
	}
	shown := tgAnswer(t.o.Log, s, r)
	if f := t.forget(ctx, s, r); f != nil {
		return f.remedy()
	}
	f := t.answer(ctx, s, shown)
	if s.Tap != "" && (f == nil || f.answered && f.code != http.StatusTooManyRequests) {
		// It only ends the turning wheel on the button: what does not come of it is
		// nobody's loss, and not worth waiting for an API that is away.
		_, _ = t.call(ctx, s.From, "answerCallbackQuery", tgParams{"callback_query_id": s.Tap})
	}
	return f.remedy()
}

// Tell implements Surface. The API reports on nothing, so the name of a message
// is for people.
func (t *Telegram) Tell(ctx context.Context, to Person, m Message) (taken string, err error) {
	if !tgIsID(to.User) {
		return "", tgNobody()
	}
	id, f := t.send(ctx, to.User, tgTold(t.o.Log, m))
	if f != nil {
		return "", f.remedy()
	}
	return tgName + ":" + id, nil
}

// tgIsID says whether s is what the API calls a person.
func tgIsID(s string) bool {
	id, err := strconv.ParseInt(s, 10, 64)
	return err == nil && id > 0
}

// forget deletes what the person typed, where it should not stay in sight. That
// it is gone already, or too old, is no failure.
func (t *Telegram) forget(ctx context.Context, s Said, r dialog.Reply) *tgFault {
	if !tgIsID(s.Message) || !tgHasPIN(s.Text) && (r.Chat == nil || !r.Chat.Forget) {
		return nil
	}
	_, f := t.call(ctx, s.From, "deleteMessage", tgParams{"chat_id": s.From, "message_id": s.Message})
	if f == nil || f.code != http.StatusBadRequest {
		return f
	}
	if !f.says("message to delete not found") {
		t.o.Log.Warn("telegram: what was confidential stays in sight", "reason", f.reason())
	}
	return nil
}

// answer shows a screen: in the place of the one whose button was tapped, where
// it can be.
func (t *Telegram) answer(ctx context.Context, s Said, shown tgShown) *tgFault {
	tapped := tgIsID(s.Button)
	if tapped && shown.replace {
		p := tgParams{"chat_id": s.From, "message_id": s.Button}
		if shown.markup != nil {
			_ = p.AddInterface("reply_markup", shown.markup) // structs of strings
		}
		_, f := t.write(ctx, s.From, "editMessageText", p, shown.parts[0], shown.code)
		switch {
		case f == nil, f.code == http.StatusBadRequest && f.says("message is not modified"):
			return nil
		case f.code != http.StatusBadRequest:
			return f
		}
	}
	_, f := t.send(ctx, s.From, shown)
	if f == nil && tapped && !shown.replace {
		// The buttons above were for another screen. Tapped, they would do nothing
		// but show this one again, so they may also stay.
		_, _ = t.call(ctx, s.From, "editMessageReplyMarkup", tgParams{"chat_id": s.From, "message_id": s.Button})
	}
	return f
}

// send writes new messages, and gives the id of the last.
func (t *Telegram) send(ctx context.Context, chat string, shown tgShown) (id string, f *tgFault) {
	if len(shown.parts) == 0 {
		return "", &tgFault{code: http.StatusBadRequest, said: "message text is empty"}
	}
	for i, text := range shown.parts {
		p := tgParams{"chat_id": chat}
		p.AddBool("protect_content", shown.protect)
		markup := shown.markup
		if i < len(shown.parts)-1 {
			if markup = nil; i == 0 {
				markup = shown.first
			}
		}
		if markup != nil {
			_ = p.AddInterface("reply_markup", markup)
		}
		result, f := t.write(ctx, chat, "sendMessage", p, text, shown.code)
		if f != nil {
			return "", f
		}
		var sent struct {
			ID int64 `json:"message_id"`
		}
		_ = json.Unmarshal(result, &sent) // it went all the same
		id = strconv.FormatInt(sent.ID, 10)
	}
	return id, nil
}

// write calls a method with a text; once more without markup where the API can
// not read it.
func (t *Telegram) write(ctx context.Context, chat, method string, p tgParams, text string, code []string) (json.RawMessage, *tgFault) {
	p["link_preview_options"] = `{"is_disabled":true}`
	p["text"], p["parse_mode"] = tgHTML(text, code), tgbotapi.ModeHTML
	result, f := t.call(ctx, chat, method, p)
	if f == nil || f.code != http.StatusBadRequest || !f.says("can't parse entities") {
		return result, f
	}
	t.o.Log.Warn("telegram: markup was not understood; the text goes without it")
	p["text"] = text
	delete(p, "parse_mode")
	return t.call(ctx, chat, method, p)
}

// call calls a method about a chat, unless the API asked to wait. Without a chat
// it is about the bot.
func (t *Telegram) call(ctx context.Context, chat, method string, p tgParams) (json.RawMessage, *tgFault) {
	if left := t.holds.left(chat); chat != "" && left > 0 {
		return nil, &tgFault{code: http.StatusTooManyRequests, wait: left}
	}
	result, f := t.request(ctx, t.o.Timeout, method, p)
	if f != nil && f.code == http.StatusTooManyRequests {
		t.holds.hold(chat, f.wait)
	}
	return result, f
}

// request makes one request within a time.
func (t *Telegram) request(ctx context.Context, within time.Duration, method string, p tgParams) (json.RawMessage, *tgFault) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	d := &tgDoer{ctx: ctx, client: t.client}
	// Made anew for every request, so that the token lies nowhere in the open.
	// Its Debug prints whatever is sent and is never set.
	bot := tgbotapi.BotAPI{Token: t.o.Token.Reveal(), Client: d}
	bot.SetAPIEndpoint(t.endpoint)
	answer, err := bot.MakeRequest(method, p)
	if err == nil {
		return answer.Result, nil
	}
	f := &tgFault{code: d.status}
	var refused *tgbotapi.Error
	if errors.As(err, &refused) {
		f.answered, f.said = true, strings.ToLower(refused.Message)
		if refused.Code != 0 {
			f.code = refused.Code
		}
		f.wait = min(time.Duration(min(max(refused.RetryAfter, 0), int(tgLongest/time.Second)))*time.Second, tgLongest)
	}
	return nil, f // not err: it can hold the address with the token
}

// tgDoer sends one request of the library, which knows neither contexts, nor how
// large an answer may be, nor what the status was where the answer is no JSON.
type tgDoer struct {
	ctx    context.Context
	client *http.Client
	status int
}

// Do implements tgbotapi.HTTPClient.
func (d *tgDoer) Do(r *http.Request) (*http.Response, error) {
	resp, err := d.client.Do(r.WithContext(d.ctx)) //nolint:gosec // G704: the address is the operator's, and holds nothing of a customer
	if err != nil {
		return nil, err
	}
	d.status = resp.StatusCode
	resp.Body = tgBounded{io.LimitReader(resp.Body, tgAnswerSize), resp.Body}
	return resp, nil
}

// tgBounded is a body of which so much is read.
type tgBounded struct {
	io.Reader
	io.Closer
}
