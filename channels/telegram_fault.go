package channels

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// tgFault is why a call came to nothing. It is no error: what the API says of it
// can repeat what was sent.
type tgFault struct {
	code     int    // the API's, or the HTTP status; zero where nothing was answered
	answered bool   // by the API, and not by what stands before it
	said     string // the API's words, in small letters
	wait     time.Duration
}

// says whether the API's words have these in them.
func (f *tgFault) says(words string) bool { return strings.Contains(f.said, words) }

// reason is what the API said, of what it is known to say.
func (f *tgFault) reason() string {
	for _, known := range [...]string{
		"message can't be deleted", "message is too long", "message text is empty", "button_data_invalid", "button_copy_text_invalid",
		"can't parse entities", "reply markup", "keyboard", "message to edit not found", "message can't be edited", "peer_id_invalid",
		"too many requests", "query is too old",
	} {
		if f.says(known) {
			return known
		}
	}
	return "another reason"
}

// remedy is the error of a Surface; nil for none.
func (f *tgFault) remedy() error {
	if f == nil {
		return nil
	}
	e := &SendError{Do: SendLater, Code: f.code}
	switch {
	case f.code == 0:
		e.What = "Telegram could not be reached"
	case f.code == http.StatusTooManyRequests:
		e.What, e.Wait = "Telegram asks to wait", f.wait
	case f.code >= 500:
		e.What = "Telegram has a fault"
	case !f.answered && f.said == "":
		e.What = "the answer of Telegram can not be read"
	case f.code == http.StatusForbidden,
		f.says("chat not found"), f.says("user is deactivated"), f.says("user not found"), f.says("peer_id_invalid"):
		e.Do, e.What = SendElsewhere, "the bot can not write to this person on Telegram"
	case f.code == http.StatusUnauthorized, f.code == http.StatusNotFound:
		e.Do, e.What = SendAlarm, "Telegram does not know the token of the bot"
	case f.code == http.StatusConflict:
		e.Do, e.What = SendAlarm, "a webhook is set, which must be deleted before polling, or another process polls for this bot"
	case f.code >= 400 && f.code != http.StatusRequestTimeout:
		e.Do, e.What = SendNever, "Telegram refuses the request: "+f.reason()
	default:
		e.What = "Telegram did not do it"
	}
	return e
}

// tgNobody is the error for somebody who can not be on Telegram.
func tgNobody() error {
	return &SendError{Do: SendElsewhere, What: "this is nobody on Telegram"}
}

const (
	// tgHeld is how many chats are remembered to wait.
	tgHeld = 1000
	// tgMany is how many chats wait at once when the whole bot is taken to be
	// asked to: the API does not say whom it means.
	tgMany = 10
	// tgPause is how long the whole bot waits then. A few people who tap as fast
	// as they can must not silence it for the rest.
	tgPause = 5 * time.Second
	// tgBreath is the wait where the API names none.
	tgBreath = time.Second
)

// tgHolds are the chats that nothing is sent to for a while, as the API asked:
// whoever does not heed it waits ever longer.
type tgHolds struct {
	now func() time.Time

	mu    sync.Mutex
	chats map[string]time.Time // until when
	all   time.Time
}

func newTGHolds(now func() time.Time) *tgHolds {
	return &tgHolds{now: now, chats: map[string]time.Time{}}
}

// left is how long a chat must wait still.
func (h *tgHolds) left(chat string) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	until := h.chats[chat]
	if h.all.After(until) {
		until = h.all
	}
	return max(until.Sub(h.now()), 0)
}

// hold has a chat wait; without one, all.
func (h *tgHolds) hold(chat string, wait time.Duration) {
	if wait <= 0 {
		wait = tgBreath
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for c, until := range h.chats {
		if !until.After(now) {
			delete(h.chats, c)
		}
	}
	pause := min(wait, tgPause)
	switch {
	case chat == "":
		h.all = now.Add(wait)
		return
	case len(h.chats) < tgHeld:
		h.chats[chat] = now.Add(wait)
	default:
		pause = tgPause
	}
	if until := now.Add(pause); len(h.chats) >= tgMany && until.After(h.all) {
		h.all = until
	}
}
