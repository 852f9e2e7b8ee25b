package chatfake

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// WhatsApp is a Cloud API with one business number, and the people who write to
// it. It answers over HTTP as the real one does, refuses what that would refuse,
// and can be told to fail. It is safe for concurrent use; its exported fields are
// to be changed before anybody else uses it.
type WhatsApp struct {
	URL           string // bare host of the API
	Token         string
	PhoneNumberID string
	AppSecret     string           // webhooks are signed with it
	VerifyToken   string           // for the handshake
	Now           func() time.Time // default time.Now

	srv  *httptest.Server
	over chan struct{} // closed with the server

	mu         sync.Mutex
	messages   []WhatsAppMessage
	complaints []string
	faults     []*WhatsAppFault
	calls, ids int
	changed    chan struct{} // closed when a message comes, or is held
	release    chan struct{} // closed by Release
	held       int
}

// WhatsAppMessage is one message that the API took.
type WhatsAppMessage struct {
	ID       string
	To       string // a number of digits, or a user id
	Kind     string // text, button, list, request_contact_info or template
	Body     string // of a template: its parameter
	Open     string // what opens a list
	Choices  []WhatsAppChoice
	Template string
	Language string
	Data     string // what its statuses repeat
	At       time.Time
}

// WhatsAppChoice is a button, or a row of a list.
type WhatsAppChoice struct{ ID, Title, Description string }

// WhatsAppFault is how the API treats the next requests.
type WhatsAppFault struct {
	To    string // only for this person; empty: for anybody
	Times int    // how many requests; zero: one

	Code    int  // with an error of this code; zero: with a page in place of one
	Subcode int  // beside Code
	Status  int  // HTTP status; zero: 400
	Cut     bool // by cutting the connection instead
	Slow    bool // not before Release
	Taken   bool // and the message went all the same: only the answer is late, cut or an error

	RetryAfter string // header
}

// NewWhatsApp opens it on the loopback.
func NewWhatsApp() *WhatsApp {
	w := &WhatsApp{
		Token: "EAAG-fake-token", PhoneNumberID: "104996122399160", AppSecret: "fake-app-secret", VerifyToken: "fake-verify-token",
		Now: time.Now, over: make(chan struct{}), changed: make(chan struct{}), release: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{version}/{number}/messages", w.serve)
	w.srv = httptest.NewServer(mux)
	w.URL = w.srv.URL
	return w
}

// Close ends the API, and what it holds back.
func (w *WhatsApp) Close() {
	close(w.over)
	w.srv.Close()
}

// Fail makes the next requests fail, in the order of the faults.
func (w *WhatsApp) Fail(faults ...WhatsAppFault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		w.faults = append(w.faults, &f)
	}
}

// Release answers the requests that are held back, and all that would be.
func (w *WhatsApp) Release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.release:
	default:
		close(w.release)
	}
}

// All are the messages taken so far, in the order of coming.
func (w *WhatsApp) All() []WhatsAppMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.messages)
}

// Messages are those to one person.
func (w *WhatsApp) Messages(to string) []WhatsAppMessage {
	return slices.DeleteFunc(w.All(), func(m WhatsAppMessage) bool { return m.To != to })
}

// Last is the last message to a person; the zero message where there is none.
func (w *WhatsApp) Last(to string) WhatsAppMessage {
	if all := w.Messages(to); len(all) > 0 {
		return all[len(all)-1]
	}
	return WhatsAppMessage{}
}

// Wait waits until so many messages to a person were taken.
func (w *WhatsApp) Wait(ctx context.Context, to string, n int) ([]WhatsAppMessage, error) {
	all := []WhatsAppMessage(nil)
	err := w.until(ctx, func() bool { return len(all) >= n }, func() { all = w.Messages(to) })
	return all, err
}

// WaitHeld waits until so many requests are, or were, held back.
func (w *WhatsApp) WaitHeld(ctx context.Context, n int) error {
	held := 0
	return w.until(ctx, func() bool { return held >= n }, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		held = w.held
	})
}

func (w *WhatsApp) until(ctx context.Context, enough func() bool, look func()) error {
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if look(); enough() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for messages: %w", ctx.Err())
		}
	}
}

// Complaints say what was wrong with requests that were of a wrong shape: a test
// that did not mean to send one wants none.
func (w *WhatsApp) Complaints() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.complaints)
}

// Calls is how many requests there were, whatever became of them.
func (w *WhatsApp) Calls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

func (w *WhatsApp) serve(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the client went away
	}
	m, code, complaint := w.read(r, body)
	w.mu.Lock()
	w.calls++
	if complaint != "" {
		w.complaints = append(w.complaints, complaint)
	}
	w.mu.Unlock()
	if complaint != "" {
		status := http.StatusBadRequest
		if code == 190 {
			status = http.StatusUnauthorized
		}
		whatsAppError(rw, status, code, 0, complaint)
		return
	}
	fault := w.fault(m.To)
	if fault == nil || fault.Taken {
		m = w.take(m)
	}
	if fault != nil {
		w.fail(rw, r, fault, m)
		return
	}
	whatsAppTaken(rw, m)
}

// fault takes the next fault for a person; nil where there is none.
func (w *WhatsApp) fault(to string) *WhatsAppFault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range w.faults {
		if f.To != "" && f.To != to {
			continue
		}
		if f.Times--; f.Times == 0 {
			w.faults = slices.Delete(w.faults, i, i+1)
		}
		return f
	}
	return nil
}

// take keeps a message.
func (w *WhatsApp) take(m WhatsAppMessage) WhatsAppMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids++
	m.ID, m.At = fmt.Sprintf("wamid.OUT%06d==", w.ids), w.Now()
	w.messages = append(w.messages, m)
	w.stir()
	return m
}

// stir wakes whoever waits. The lock is held.
func (w *WhatsApp) stir() {
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *WhatsApp) fail(rw http.ResponseWriter, r *http.Request, f *WhatsAppFault, m WhatsAppMessage) {
	if f.Slow {
		w.mu.Lock()
		w.held++
		w.stir()
		release := w.release
		w.mu.Unlock()
		select {
		case <-release:
		case <-w.over:
		case <-r.Context().Done():
		}
	}
	if f.RetryAfter != "" {
		rw.Header().Set("Retry-After", f.RetryAfter)
	}
	status := f.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.Code != 0:
		whatsAppError(rw, status, f.Code, f.Subcode, "something about "+m.To+": "+m.Body)
	case f.Status != 0:
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, "<html>something about "+m.To+"</html>")
	case m.ID == "": // only slow
		whatsAppTaken(rw, w.take(m))
	default:
		whatsAppTaken(rw, m)
	}
}

func whatsAppTaken(rw http.ResponseWriter, m WhatsAppMessage) {
	contact := map[string]any{"input": m.To, "wa_id": m.To}
	if strings.Contains(m.To, ".") {
		contact = map[string]any{"input": m.To, "user_id": m.To}
	}
	whatsAppJSON(rw, http.StatusOK, map[string]any{
		"messaging_product": "whatsapp", "contacts": []any{contact},
		"messages": []any{map[string]any{"id": m.ID, "message_status": "accepted"}},
	})
}

func whatsAppError(rw http.ResponseWriter, status, code, subcode int, details string) {
	e := map[string]any{
		"message": fmt.Sprintf("(#%d) %s", code, details), "type": "OAuthException", "code": code, "fbtrace_id": "AfAkE",
		"error_data": map[string]any{"messaging_product": "whatsapp", "details": details},
	}
	if subcode != 0 {
		e["error_subcode"] = subcode
	}
	whatsAppJSON(rw, status, map[string]any{"error": e})
}

func whatsAppJSON(rw http.ResponseWriter, status int, what any) {
	b, err := json.Marshal(what)
	if err != nil {
		panic(err) // maps of plain values
	}
	rw.Header().Set("Content-Type", "application/json; charset=UTF-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(b)
}
