package whole

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Message is one text message that the host took.
type Message struct {
	At   time.Time
	To   string // 11 digits
	Text string
}

// Answer is how the messaging host answers a message.
type Answer uint8

// The answers. A lost one is that of a message which arrived all the same.
const (
	Taken Answer = iota
	Failed
	Lost
)

// Messages stand in for the messaging API of Africa's Talking (POST
// /version1/messaging, a form). They are safe for concurrent use.
type Messages struct {
	server *httptest.Server

	mu   sync.Mutex
	kept []Message
}

// NewMessages starts the host. Answer says how to answer each message that comes;
// nil takes all.
func NewMessages(answer func() Answer) *Messages {
	m := &Messages{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /version1/messaging", func(w http.ResponseWriter, r *http.Request) {
		to, text := strings.TrimPrefix(r.FormValue("to"), "+"), r.FormValue("message")
		if r.Header.Get("Apikey") == "" || r.FormValue("username") == "" || len(to) != 11 || text == "" {
			http.Error(w, "not a message", http.StatusBadRequest)
			return
		}
		how := Taken
		if answer != nil {
			how = answer()
		}
		if how == Failed {
			http.Error(w, "not now", http.StatusBadGateway)
			return
		}
		m.mu.Lock()
		m.kept = append(m.kept, Message{time.Now(), to, text})
		id := len(m.kept)
		m.mu.Unlock()
		if how == Lost {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		answer := fmt.Sprintf(`{"SMSMessageData":{"Message":"Sent to 1/1","Recipients":[{"statusCode":102,"status":"Success",`+
			`"number":"+%s","cost":"ZAR 0.3000","messageId":"ATXid_%d"}]}}`, to, id)
		_, _ = w.Write([]byte(answer)) //nolint:gosec // JSON for the service: no browser runs it
	})
	m.server = httptest.NewServer(mux)
	return m
}

// URL is the bare host.
func (m *Messages) URL() string { return m.server.URL }

// All are the messages so far, in the order of coming.
func (m *Messages) All() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Message(nil), m.kept...)
}

// Close ends the host.
func (m *Messages) Close() { m.server.Close() }
