package channels

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/msisdn"
)

// Limits of what was said.
const (
	waID    = 256  // bytes of Meta's name for a message
	waText  = 2000 // bytes of a text: more is no answer to anything
	waInput = 32   // bytes of what a button stands for
)

// waLate is how much older than now a message must say it is to be believed. Its
// own time is a hint only: it is cut to the second, and by another clock. But one
// that Meta could not bring for an hour must not answer a question that was shown
// since. Nor is one believed that says it is older than Meta delivers again: its
// clock is wrong.
const waLate, waOver = 30 * time.Second, 8 * 24 * time.Hour

// errWaFlood is returned for a webhook with more parts than one may have.
var errWaFlood = errors.New("more messages than a webhook may have")

// waGot is what a webhook holds for us.
type waGot struct {
	said     []Said
	reports  []Report
	unshown  []waUnshown
	odd      int // parts that are of no known shape
	lost     int // screens that did not arrive
	lostCode int // why the last of them did not
	alarm    int // a code that says that the account is at fault
	foreign  int // changes of another number of the account
}

// waUnshown is a receipt that was sent to a person as a screen, and did not arrive.
type waUnshown struct{ user, receipt string }

type waEnvelope struct {
	Object string `json:"object"`
	Entry  []struct {
		Changes []struct {
			Field string          `json:"field"`
			Value json.RawMessage `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

type waValue struct {
	Metadata struct {
		PhoneNumberID string `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts []json.RawMessage `json:"contacts"`
	Messages []json.RawMessage `json:"messages"`
	Statuses []json.RawMessage `json:"statuses"`
	Errors   []waError         `json:"errors"`
}

type waError struct {
	Code int `json:"code"`
}

type waMessage struct {
	From        string          `json:"from"`
	FromUserID  string          `json:"from_user_id"`
	ID          string          `json:"id"`
	GroupID     string          `json:"group_id"`
	Timestamp   json.RawMessage `json:"timestamp"`
	Type        string          `json:"type"`
	Text        waBodyText      `json:"text"`
	Interactive struct {
		ButtonReply waTapped `json:"button_reply"`
		ListReply   waTapped `json:"list_reply"`
	} `json:"interactive"`
	Button struct {
		Payload string `json:"payload"`
		Text    string `json:"text"`
	} `json:"button"`
	Contacts []struct {
		Origin string `json:"origin"`
		Phones []struct {
			Phone string `json:"phone"`
			WaID  string `json:"wa_id"`
		} `json:"phones"`
	} `json:"contacts"`
}

type waBodyText struct {
	Body string `json:"body"`
}

type waTapped struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type waStatus struct {
	ID     string    `json:"id"`
	Status string    `json:"status"`
	Data   string    `json:"biz_opaque_callback_data"`
	Errors []waError `json:"errors"`
}

// decode reads a webhook. One part that is not as it should be is counted and
// left out: it must not take the others with it. What is for another number, of
// another field or of a kind that nobody answers is none of ours.
func (w *WhatsApp) decode(body []byte) (got waGot, err error) {
	var e waEnvelope
	if !got.read(body, &e) {
		return waGot{}, fmt.Errorf("read webhook: %w", ErrMalformed)
	}
	if e.Object != "whatsapp_business_account" {
		return got, nil
	}
	now, messages, statuses := w.o.Now(), 0, 0
	for _, entry := range e.Entry {
		for _, change := range entry.Changes {
			if change.Field != "messages" || len(change.Value) == 0 {
				continue
			}
			var v waValue
			if !got.read(change.Value, &v) {
				continue
			}
			if v.Metadata.PhoneNumberID != w.o.PhoneNumberID {
				got.foreign++
				continue
			}
			messages, statuses = messages+len(v.Messages), statuses+len(v.Statuses)
			if max(messages, statuses, len(v.Contacts)) > waBatch {
				return waGot{}, errWaFlood
			}
			got.take(v, now)
		}
	}
	return got, nil
}

// read decodes a part into a shape of ours. A field of another type than ours
// stays empty and is counted; false says that the part is no JSON.
func (got *waGot) read(part []byte, into any) bool {
	err := json.Unmarshal(part, into)
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) {
		got.odd++
		return true
	}
	return err == nil
}

// take reads the messages, statuses and errors of one change.
func (got *waGot) take(v waValue, now time.Time) {
	who := newWaPeople(got, v.Contacts)
	for _, raw := range v.Messages {
		var m waMessage
		if before := got.odd; !got.read(raw, &m) || got.odd > before {
			continue
		}
		s, kind := m.said(who, now)
		switch kind {
		case waSaid:
			got.said = append(got.said, s)
		case waOdd:
			got.odd++
		}
	}
	for _, raw := range v.Statuses {
		var s waStatus
		if before := got.odd; got.read(raw, &s) && got.odd == before {
			got.status(s)
		}
	}
	for _, e := range v.Errors {
		got.fault(e.Code)
	}
}

// fault keeps a code that the operator must hear of.
func (got *waGot) fault(code int) {
	if c, ok := waFind(code); ok && c.do == SendAlarm {
		got.alarm = code
	}
}

// status makes a report of a status that settles something. The other words say
// that the message is on its way, or what the person did with it.
func (got *waGot) status(s waStatus) {
	if !waName(s.ID) {
		got.odd++
		return
	}
	r := Report{Message: whatsAppName + ":" + s.ID, Detail: s.Status}
	code := 0
	switch s.Status {
	case "delivered", "read":
		r.Arrived = true
	case "failed":
		if len(s.Errors) > 0 {
			code = s.Errors[0].Code
			got.fault(code)
		}
		r.Detail = waWhyLost(code)
	default: // sent, deleted, played and what there will be
		return
	}
	receipt, isReceipt := strings.CutPrefix(s.Data, waReceipt)
	switch {
	case !isReceipt && !strings.HasPrefix(s.Data, waShown):
		r.Own, _ = strings.CutPrefix(s.Data, waTold)
		got.reports = append(got.reports, r)
		return
	case r.Arrived: // nobody waits for a screen
		return
	}
	got.lost++
	got.lostCode = code
	if name, user, ok := strings.Cut(receipt, " "); ok {
		got.unshown = append(got.unshown, waUnshown{user, name})
	}
}

// waKind is what to do with a message.
type waKind uint8

const (
	waNothing waKind = iota // nobody answers this
	waSaid
	waOdd // of no known shape
)

// said makes a Said of a message.
func (m *waMessage) said(who waPeople, now time.Time) (Said, waKind) {
	if m.GroupID != "" {
		return Said{}, waNothing
	}
	s := Said{Channel: whatsAppName, ID: m.ID, Arrived: m.arrived(now)}
	s.From, s.Number = who.of(m)
	switch m.Type {
	case "text":
		s.Text = waTyped(m.Text.Body)
	case "interactive":
		tapped := m.Interactive.ButtonReply
		if tapped.ID == "" {
			tapped = m.Interactive.ListReply
		}
		if screen, input, ok := waTap(tapped.ID); ok {
			s.Answers, s.Text = screen, input
		} else {
			s.Text = waTyped(tapped.Title)
		}
	case "button": // of a template
		s.Text = waTyped(m.Button.Payload)
		if s.Text == "" {
			s.Text = waTyped(m.Button.Text)
		}
	case "contacts":
		s.Contact = m.ownCard()
	case "image", "audio", "voice", "video", "document", "sticker", "location", "order", "unsupported":
		// Nothing that we read: the screen that stands is the answer.
	case "reaction", "system":
		// A thumb wants no answer, and that a number changed is found out when the
		// person writes: the new one is vouched for then.
		return Said{}, waNothing
	default:
		return Said{}, waOdd
	}
	if s.From == "" || !waName(s.ID) {
		return Said{}, waOdd
	}
	return s, waSaid
}

// ownCard is the number of a card that came because we asked for it: then
// WhatsApp sends the person's own. A card that was picked is anybody's.
func (m *waMessage) ownCard() string {
	if len(m.Contacts) != 1 || m.Contacts[0].Origin != "contact_request" || len(m.Contacts[0].Phones) == 0 {
		return ""
	}
	phone := m.Contacts[0].Phones[0]
	for _, s := range []string{phone.WaID, phone.Phone} {
		if n, err := msisdn.Parse(s); err == nil {
			return n
		}
	}
	return ""
}

// arrived is when a message came: now, unless it says that it is far older.
func (m *waMessage) arrived(now time.Time) time.Time {
	n, err := strconv.ParseInt(strings.Trim(string(m.Timestamp), `"`), 10, 64)
	if err != nil || n <= 0 {
		return now
	}
	at := time.Unix(n, 0)
	if n >= 1e12 { // thirteen digits: milliseconds, as have been seen
		at = time.UnixMilli(n)
	}
	if at.Before(now.Add(-waLate)) && at.After(now.Add(-waOver)) {
		return at.In(now.Location())
	}
	return now
}

// waTap reads what waTapID wrote.
func waTap(id string) (screen, input string, ok bool) {
	screen, input, ok = strings.Cut(id, ":")
	if !ok || len(screen) != 8 || !waOf(screen, 8, waAlnum+"-_") || input == "" || len(input) > waInput || !printable(input) {
		return "", "", false
	}
	return screen, input, true
}

// waName says whether s can be Meta's name for a message.
func waName(s string) bool { return s != "" && len(s) <= waID && printable(s) }

// waTyped bounds what was typed; control characters but the ends of lines can not
// be, and are blanks.
func waTyped(s string) string {
	if len(s) > waText {
		s = s[:waText]
		for !utf8.ValidString(s) { // at most a character was cut
			s = s[:len(s)-1]
		}
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
