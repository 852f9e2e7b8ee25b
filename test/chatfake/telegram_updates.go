package chatfake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// TelegramUpdate is something that happened, as the API tells a bot of it.
type TelegramUpdate struct {
	ID   int64
	Body []byte
}

// update numbers an update and writes it. The lock is held.
func (f *Telegram) update(kind string, what map[string]any) TelegramUpdate {
	f.updates++
	b, err := json.Marshal(map[string]any{"update_id": f.updates, kind: what})
	if err != nil {
		panic(err) // maps of plain values
	}
	return TelegramUpdate{f.updates, b}
}

func (f *Telegram) person(id int64) map[string]any {
	p := map[string]any{"id": id, "is_bot": false, "first_name": "Thandi", "username": "thandi"}
	if l := f.langs[id]; l != "" {
		p["language_code"] = l
	}
	return p
}

func telegramPrivate(chat int64) map[string]any {
	return map[string]any{"id": chat, "type": "private", "first_name": "Thandi", "username": "thandi"}
}

// Speaks sets the language of a person's app, such as zu or en-GB.
func (f *Telegram) Speaks(from int64, lang string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.langs[from] = lang
}

// wrote puts a message of a person into the chat. The lock is held.
func (f *Telegram) wrote(chat, from int64, text string, more map[string]any) TelegramUpdate {
	c := f.chat(chat)
	c.blocked = false
	m := c.add(TelegramMessage{Text: text, Source: text})
	what := map[string]any{"message_id": m.ID, "from": f.person(from), "chat": telegramPrivate(chat), "date": 1763700000 + m.ID}
	if text != "" {
		what["text"] = text
	}
	if len(text) > 1 && text[0] == '/' {
		end := len(text)
		for i, r := range text {
			if r == ' ' {
				end = i
				break
			}
		}
		what["entities"] = []any{map[string]any{"type": "bot_command", "offset": 0, "length": end}}
	}
	for k, v := range more {
		what[k] = v
	}
	return f.update("message", what)
}

// Text is a text that a person types.
func (f *Telegram) Text(chat, from int64, text string) TelegramUpdate {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wrote(chat, from, text, nil)
}

// Photo is a picture that a person sends, with a caption.
func (f *Telegram) Photo(chat, from int64, caption string) TelegramUpdate {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := map[string]any{"file_id": "AgAC", "file_unique_id": "AQAD", "width": 90, "height": 60, "file_size": 1234}
	return f.wrote(chat, from, "", map[string]any{"photo": []any{size}, "caption": caption})
}

// Contact is a card that a person shares: with their own id as the owner's it is
// their own.
func (f *Telegram) Contact(chat, from, owner int64, phone string, forwarded bool) TelegramUpdate {
	f.mu.Lock()
	defer f.mu.Unlock()
	card := map[string]any{"phone_number": phone, "first_name": "Thandi"}
	if owner != 0 {
		card["user_id"] = owner
	}
	more := map[string]any{"contact": card}
	if forwarded {
		more["forward_origin"] = map[string]any{"type": "user", "date": 1763690000, "sender_user": f.person(owner)}
		more["forward_date"] = 1763690000
	}
	return f.wrote(chat, from, "", more)
}

// Tap is a tap on a button under a message.
func (f *Telegram) Tap(chat, from, message int64, data string) TelegramUpdate {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := strconv.FormatInt(4382e6+f.updates, 10)
	f.taps[id] = false
	under := map[string]any{"message_id": message, "chat": telegramPrivate(chat), "date": 0}
	if m := f.chat(chat).find(message); m != nil {
		under["date"], under["text"] = 1763700000, m.Text
		under["from"] = map[string]any{"id": 1, "is_bot": true, "first_name": "Spaza"}
	}
	return f.update("callback_query", map[string]any{
		"id": id, "from": f.person(from), "message": under, "chat_instance": "-3141", "data": data,
	})
}

// Press is a tap on the button with this label, under the newest message that
// has one; false where none does. One that asks for the person's number shares
// the number given.
func (f *Telegram) Press(chat int64, label, number string) (TelegramUpdate, bool) {
	all := f.Shown(chat)
	for i := len(all) - 1; i >= 0; i-- {
		b, ok := all[i].Button(label)
		switch {
		case !ok || b.Copy != "":
		case b.Contact:
			return f.Contact(chat, chat, chat, number, false), true
		case b.Data != "":
			return f.Tap(chat, chat, all[i].ID, b.Data), true
		default:
			return f.Text(chat, chat, b.Text), true
		}
	}
	return TelegramUpdate{}, false
}

// Answered says whether the tap of an update was acknowledged.
func (f *Telegram) Answered(u TelegramUpdate) bool {
	var tap struct {
		Query struct {
			ID string `json:"id"`
		} `json:"callback_query"`
	}
	_ = json.Unmarshal(u.Body, &tap)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.taps[tap.Query.ID]
}

// Blocked is that a person blocks the bot: what is sent to them is refused from
// now on, until they write again.
func (f *Telegram) Blocked(chat, from int64) TelegramUpdate {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chat(chat).blocked = true
	bot := map[string]any{"id": 1, "is_bot": true, "first_name": "Spaza"}
	return f.update("my_chat_member", map[string]any{
		"chat": telegramPrivate(chat), "from": f.person(from), "date": 1763700000,
		"old_chat_member": map[string]any{"user": bot, "status": "member"},
		"new_chat_member": map[string]any{"user": bot, "status": "kicked", "until_date": 0},
	})
}

// Post delivers an update to a webhook, as the API does. retryAfter is what the
// webhook asks to wait, empty where it does not.
func (*Telegram) Post(ctx context.Context, to, secret string, u TelegramUpdate) (status int, retryAfter string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(u.Body))
	if err != nil {
		return 0, "", fmt.Errorf("deliver update: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if secret != "" {
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("deliver update: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, resp.Header.Get("Retry-After"), nil
}

// Queue keeps updates until they are fetched by getUpdates.
func (f *Telegram) Queue(all ...TelegramUpdate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, all...)
	close(f.arrived)
	f.arrived = make(chan struct{})
}

// Queued is how many updates were not confirmed yet.
func (f *Telegram) Queued() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.queue)
}

// getUpdates forgets what is before the offset and gives what is after it; where
// there is nothing it waits, and lets go of the lock meanwhile. The lock is held.
func (f *Telegram) getUpdates(ctx context.Context, p url.Values) (any, *refusal) {
	offset, _ := strconv.ParseInt(p.Get("offset"), 10, 64)
	limit, err := strconv.Atoi(p.Get("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 100
	}
	seconds, _ := strconv.Atoi(p.Get("timeout"))
	over := time.NewTimer(time.Duration(seconds) * time.Second)
	defer over.Stop()
	for {
		if f.hook.URL != "" {
			return nil, &refusal{http.StatusConflict, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}
		}
		for len(f.queue) > 0 && f.queue[0].ID < offset {
			f.queue = f.queue[1:]
		}
		out := []json.RawMessage{}
		for _, u := range f.queue[:min(limit, len(f.queue))] {
			out = append(out, u.Body)
		}
		if len(out) > 0 || seconds == 0 || f.waits(ctx, over.C) {
			return out, nil
		}
	}
}

// waits waits for the queue to grow, until it is over. The lock is held, but for
// the time of the wait.
func (f *Telegram) waits(ctx context.Context, end <-chan time.Time) (over bool) {
	arrived := f.arrived
	f.mu.Unlock()
	defer f.mu.Lock()
	select {
	case <-arrived:
		return false
	case <-end:
	case <-ctx.Done():
	}
	return true
}
