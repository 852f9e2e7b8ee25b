package chatfake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The gateways for text messages.
const (
	AfricasTalking = "africastalking"
	BulkSMS        = "bulksms"
)

// SMSMessage is one text message that a gateway took.
type SMSMessage struct {
	Gateway string
	ID      string // the gateway's
	At      time.Time
	To      string // 11 digits
	Text    string // as a handset shows it
	From    string // sender asked for; empty for the account's own
	Own     string // the sender's name for it, where the gateway takes one
	Dedup   int32  // deduplication id; zero where the gateway has none
}

// SMSHow is how a gateway treats a request.
type SMSHow uint8

// The ways to treat a request. All are of one that could be read; others are
// refused.
const (
	SMSTaken     SMSHow = iota
	SMSLost             // taken, and the connection is cut instead of an answer
	SMSLate             // taken, and answered when Release says so
	SMSCut              // not taken, and the connection is cut after reading
	SMSFailed           // not taken: 502
	SMSThrottled        // not taken: 429
	SMSNoCredit         // not taken: the account is empty
	SMSRefused          // not taken: this number can not be sent to
)

// SMS stands in for the messaging APIs of Africa's Talking (POST
// /version1/messaging, a form) and of BulkSMS (POST /v1/messages, JSON), on one
// host. It is safe for concurrent use.
//
// As BulkSMS does, it answers a request with a deduplication id that it knows as
// it answered the first, and keeps nothing of it; and it fills in templates, for
// which it is given no fields.
type SMS struct {
	server *httptest.Server
	how    func(SMSMessage) SMSHow
	held   chan struct{}

	mu    sync.Mutex
	kept  []SMSMessage
	calls map[string]int
	first map[int32]SMSMessage
	gate  chan struct{}
	over  chan struct{}
}

// NewSMS starts the host. how says how to treat each request, of which ID and At
// are not set yet; nil takes all. It may be called by several goroutines at once.
func NewSMS(how func(SMSMessage) SMSHow) *SMS {
	if how == nil {
		how = func(SMSMessage) SMSHow { return SMSTaken }
	}
	s := &SMS{
		how: how, held: make(chan struct{}, 1024), calls: map[string]int{}, first: map[int32]SMSMessage{},
		gate: make(chan struct{}), over: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /version1/messaging", s.africasTalking)
	mux.HandleFunc("POST /v1/messages", s.bulkSMS)
	s.server = httptest.NewServer(mux)
	return s
}

// URL is the bare host.
func (s *SMS) URL() string { return s.server.URL }

// Close ends the host, and what it holds back.
func (s *SMS) Close() {
	close(s.over)
	s.server.Close()
}

// All are the messages taken so far, in the order of coming.
func (s *SMS) All() []SMSMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.kept)
}

// To are those to one number of 11 digits.
func (s *SMS) To(number string) []SMSMessage {
	return slices.DeleteFunc(s.All(), func(m SMSMessage) bool { return m.To != number })
}

// Calls is how many requests came for a gateway, whatever became of them.
func (s *SMS) Calls(gateway string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[gateway]
}

// AwaitLate returns when one more request is held back.
func (s *SMS) AwaitLate(ctx context.Context) error {
	select {
	case <-s.held:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("await a late answer: %w", ctx.Err())
	}
}

// Release answers what is held back.
func (s *SMS) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.gate)
	s.gate = make(chan struct{})
}

// smsDoor is what the two APIs do differently.
type smsDoor struct {
	id       func(n int) string
	taken    func(m SMSMessage) string // the body of a 201
	noCredit func(http.ResponseWriter)
	refused  func(w http.ResponseWriter, m SMSMessage)
}

// treat does with a request what it is to be done.
func (s *SMS) treat(w http.ResponseWriter, r *http.Request, m SMSMessage, door smsDoor) {
	s.mu.Lock()
	s.calls[m.Gateway]++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	how := s.how(m)
	switch how {
	case SMSCut:
		panic(http.ErrAbortHandler)
	case SMSFailed:
		http.Error(w, "not now", http.StatusBadGateway)
		return
	case SMSThrottled:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many", http.StatusTooManyRequests)
		return
	case SMSNoCredit:
		door.noCredit(w)
		return
	case SMSRefused:
		door.refused(w, m)
		return
	}
	m, gate := s.keep(m, door)
	switch how {
	case SMSLost:
		panic(http.ErrAbortHandler)
	case SMSLate:
		s.held <- struct{}{}
		select {
		case <-gate:
		case <-s.over:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		}
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, door.taken(m))
}

// keep takes a message, unless it was taken before; and gives what its answer
// waits for, if it is to be late.
func (s *SMS) keep(m SMSMessage, door smsDoor) (SMSMessage, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, again := s.first[m.Dedup]; again {
		return first, s.gate
	}
	m.ID, m.At = door.id(len(s.kept)+1), time.Now()
	s.kept = append(s.kept, m)
	if m.Dedup != 0 {
		s.first[m.Dedup] = m
	}
	return m, s.gate
}

func (s *SMS) africasTalking(w http.ResponseWriter, r *http.Request) {
	number, plus := strings.CutPrefix(r.FormValue("to"), "+")
	m := SMSMessage{Gateway: AfricasTalking, To: number, Text: r.FormValue("message"), From: r.FormValue("from")}
	if r.Header.Get("Apikey") == "" || r.FormValue("username") == "" || !plus || len(m.To) != 11 || m.Text == "" {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	one := func(code int, word string, m SMSMessage) string {
		return fmt.Sprintf(`{"SMSMessageData":{"Message":"Sent to 1/1","Recipients":[{"statusCode":%d,"status":%q,`+
			`"number":"+%s","cost":"ZAR 0.3000","messageId":%q}]}}`, code, word, m.To, m.ID)
	}
	bad := func(w http.ResponseWriter, code int, word string) {
		m := m
		m.ID = "None"
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, one(code, word, m))
	}
	s.treat(w, r, m, smsDoor{
		id:       func(n int) string { return "ATXid_" + strconv.Itoa(n) },
		taken:    func(m SMSMessage) string { return one(102, "Success", m) },
		noCredit: func(w http.ResponseWriter) { bad(w, 405, "InsufficientBalance") },
		refused:  func(w http.ResponseWriter, _ SMSMessage) { bad(w, 403, "InvalidPhoneNumber") },
	})
}

// bulkTemplate is a field of a body that the API fills in.
var bulkTemplate = regexp.MustCompile(`\{[A-Za-z][A-Za-z0-9]*#*\}`)

func (s *SMS) bulkSMS(w http.ResponseWriter, r *http.Request) {
	m, ok := bulkMessage(r)
	if !ok {
		bulkProblem(w, http.StatusBadRequest, "Bad Request")
		return
	}
	s.treat(w, r, m, smsDoor{
		id:       func(n int) string { return strconv.Itoa(4_023_450_000 + n) },
		taken:    func(m SMSMessage) string { return "[" + bulkJSON(m, "ACCEPTED", "") + "]" },
		noCredit: func(w http.ResponseWriter) { bulkProblem(w, http.StatusForbidden, "Insufficient Credits") },
		refused: func(w http.ResponseWriter, m SMSMessage) {
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "["+bulkJSON(m, "FAILED", "BLOCKED")+"]")
		},
	})
}

// bulkMessage reads a request of exactly one message.
func bulkMessage(r *http.Request) (m SMSMessage, ok bool) {
	id, secret, basic := r.BasicAuth()
	dedup, err := strconv.ParseInt(r.URL.Query().Get("deduplication-id"), 10, 32)
	if !basic || id == "" || secret == "" || err != nil || r.Header.Get("Content-Type") != "application/json" {
		return m, false
	}
	var b struct {
		To, Body, Encoding, DeliveryReports, UserSuppliedID, RoutingGroup string
		From                                                              struct{ Type, Address string }
		LongMessageMaxParts                                               int
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if dec.Decode(&b) != nil {
		return m, false
	}
	number, plus := strings.CutPrefix(b.To, "+")
	if !plus || len(number) != 11 || b.Body == "" || b.Encoding != "TEXT" || len(b.UserSuppliedID) > 20 {
		return m, false
	}
	return SMSMessage{
		Gateway: BulkSMS, To: number, Text: bulkTemplate.ReplaceAllString(b.Body, ""), From: b.From.Address,
		Own: b.UserSuppliedID, Dedup: int32(dedup),
	}, true
}

// bulkJSON is a message as the API gives it.
func bulkJSON(m SMSMessage, status, subtype string) string {
	or := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	b, err := json.Marshal(map[string]any{
		"id": m.ID, "type": "SENT", "from": m.From, "to": m.To, "body": m.Text, "encoding": "TEXT", "protocolId": 0, "messageClass": 0,
		"numberOfParts": nil, "creditCost": nil, "userSuppliedId": m.Own, "relatedSentMessageId": nil,
		"submission": map[string]any{"id": "1-" + m.ID, "date": m.At.UTC().Format(time.RFC3339)},
		"status":     map[string]any{"id": status + "." + map[bool]string{true: "null", false: subtype}[subtype == ""], "type": status, "subtype": or(subtype)},
	})
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(b)
}

func bulkProblem(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"https://developer.bulksms.com/json/v1/errors","title":%q,"status":%d}`, title, status)
}

// SMSFate is what a delivery report says of a message.
type SMSFate uint8

// The fates.
const (
	SMSArrived SMSFate = iota
	SMSOnTheWay
	SMSExpired
	SMSBlocked
)

// Report posts delivery reports to an address, with the key in it, as the gateway
// of the messages does: one call each, or one for all. Status is that of the last
// call. The messages are of one gateway.
func (s *SMS) Report(ctx context.Context, address string, fate SMSFate, messages ...SMSMessage) (status int, err error) {
	if len(messages) > 0 && messages[0].Gateway == AfricasTalking {
		for _, m := range messages {
			if status, err = s.reportForm(ctx, address, fate, m); err != nil || status != http.StatusOK {
				return status, err
			}
		}
		return status, nil
	}
	said := [...][2]string{SMSArrived: {"DELIVERED", ""}, SMSOnTheWay: {"SENT", ""}, SMSExpired: {"FAILED", "EXPIRED"}, SMSBlocked: {"FAILED", "BLOCKED"}}[fate]
	parts := make([]string, len(messages))
	for i, m := range messages {
		if m.Gateway != BulkSMS {
			return 0, errors.New("report: messages of two gateways")
		}
		parts[i] = bulkJSON(m, said[0], said[1])
	}
	return smsPost(ctx, address, "application/json", []byte("["+strings.Join(parts, ",")+"]"))
}

func (*SMS) reportForm(ctx context.Context, address string, fate SMSFate, m SMSMessage) (status int, err error) {
	if m.Gateway != AfricasTalking {
		return 0, errors.New("report: messages of two gateways")
	}
	said := [...][2]string{
		SMSArrived: {"Success", ""}, SMSOnTheWay: {"Sent", ""}, SMSExpired: {"Expired", ""}, SMSBlocked: {"Failed", "UserInBlackList"},
	}[fate]
	form := url.Values{"id": {m.ID}, "status": {said[0]}, "phoneNumber": {"+" + m.To}, "networkCode": {"65501"}, "retryCount": {"0"}}
	if said[1] != "" {
		form.Set("failureReason", said[1])
	}
	return smsPost(ctx, address, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// smsPost sends a callback and gives the status of its answer.
func smsPost(ctx context.Context, address, kind string, body []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make callback: %w", err)
	}
	req.Header.Set("Content-Type", kind)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // it leaves nothing open behind a test
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("send callback: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, fmt.Errorf("read answer to callback: %w", err)
	}
	return resp.StatusCode, nil
}
