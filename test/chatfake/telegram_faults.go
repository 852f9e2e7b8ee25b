package chatfake

import (
	"io"
	"net/http"
	"net/url"
	"time"
)

// TelegramFault is what goes wrong instead of an answer.
type TelegramFault struct {
	Method string // which method; empty for any
	Chat   int64  // which chat; zero for any
	Times  int    // how often; zero for once, below it for ever

	Status      int    // the HTTP status and the error code
	Description string // the words of the refusal
	RetryAfter  int    // seconds
	Body        string // the whole answer, where it is no JSON of the API
	Drop        bool   // the connection breaks and nothing is answered
	// Late waits until it is closed, or the caller gives up, and then does what
	// else the fault says; where that is nothing, the call is answered.
	Late <-chan struct{}
	// Done says that what was asked for is done all the same: only its answer
	// gets lost.
	Done bool
}

// Fail has calls fail from now on. Of several faults that fit, the first comes
// first.
func (f *Telegram) Fail(x TelegramFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x.Times == 0 {
		x.Times = 1
	}
	f.faults = append(f.faults, &x)
}

// Mend takes back all faults.
func (f *Telegram) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Hammered is how many calls came for a chat before the wait that it was told
// was over.
func (f *Telegram) Hammered() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hammered
}

// called notes a call and finds what is to go wrong with it. The lock is held.
func (f *Telegram) called(method string, params url.Values, chat int64) *TelegramFault {
	f.calls = append(f.calls, TelegramCall{Method: method, Params: params})
	if time.Now().Before(f.floor[chat]) {
		f.hammered++
	}
	for _, x := range f.faults {
		if x.Times != 0 && (x.Method == "" || x.Method == method) && (x.Chat == 0 || x.Chat == chat) {
			x.Times--
			if x.RetryAfter > 0 && chat != 0 {
				f.floor[chat] = time.Now().Add(time.Duration(x.RetryAfter) * time.Second)
			}
			return x
		}
	}
	return nil
}

func (x *TelegramFault) fails() bool { return x.Drop || x.Body != "" || x.Status != 0 }

func (x *TelegramFault) answer(w http.ResponseWriter) {
	switch {
	case x.Drop:
		panic(http.ErrAbortHandler)
	case x.Body != "":
		if x.Status != 0 {
			w.WriteHeader(x.Status)
		}
		_, _ = io.WriteString(w, x.Body) //nolint:gosec // G705: the words of a test, which no browser reads
	default:
		telegramRefuse(w, x.Status, x.Description, x.RetryAfter)
	}
}
