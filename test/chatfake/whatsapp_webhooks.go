package chatfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
)

// WhatsAppUser is a person as Meta knows them: by number, by a user id made for
// this business, or by both.
type WhatsAppUser struct {
	Number string // digits; empty where it is hidden
	ID     string // such as ZA.13491208655302741918; empty for who has none yet
}

// Address is where the person is written to.
func (u WhatsAppUser) Address() string {
	if u.ID != "" {
		return u.ID
	}
	return u.Number
}

// WhatsAppEvent is something that happened, to be posted: alone, with others, or
// again.
type WhatsAppEvent struct {
	ID      string // of the message
	contact map[string]any
	message map[string]any
	status  map[string]any
}

// said makes a message of a person.
func (w *WhatsApp) said(u WhatsAppUser, kind string, more map[string]any) WhatsAppEvent {
	w.mu.Lock()
	w.ids++
	id := fmt.Sprintf("wamid.IN%06d==", w.ids)
	w.mu.Unlock()
	m := map[string]any{"id": id, "timestamp": w.seconds(), "type": kind}
	c := map[string]any{"profile": map[string]any{"name": "Thandi Nkosi"}}
	if u.Number != "" {
		m["from"], c["wa_id"] = u.Number, u.Number
	}
	if u.ID != "" {
		m["from_user_id"], c["user_id"] = u.ID, u.ID
	}
	for k, v := range more {
		m[k] = v
	}
	return WhatsAppEvent{ID: id, contact: c, message: m}
}

func (w *WhatsApp) seconds() string { return strconv.FormatInt(w.Now().Unix(), 10) }

// Text is a text that a person typed.
func (w *WhatsApp) Text(u WhatsAppUser, text string) WhatsAppEvent {
	return w.said(u, "text", map[string]any{"text": map[string]any{"body": text}})
}

// Tap is a tap on the button, or on the row, with that title or description on the
// last message to the person. It fails where there is none.
func (w *WhatsApp) Tap(u WhatsAppUser, title string) (WhatsAppEvent, error) {
	return w.TapOn(u, w.Last(u.Address()), title)
}

// TapOn is a tap on a message of the past.
func (w *WhatsApp) TapOn(u WhatsAppUser, m WhatsAppMessage, title string) (WhatsAppEvent, error) {
	for _, c := range m.Choices {
		if c.Title != title && (c.Description == "" || c.Description != title) {
			continue
		}
		reply := map[string]any{"id": c.ID, "title": c.Title}
		kind := "button_reply"
		if m.Kind == "list" {
			kind = "list_reply"
			if c.Description != "" {
				reply["description"] = c.Description
			}
		}
		return w.said(u, "interactive", map[string]any{
			"context": map[string]any{"from": "27101234567", "id": m.ID}, "interactive": map[string]any{"type": kind, kind: reply},
		}), nil
	}
	return WhatsAppEvent{}, fmt.Errorf("tap %q: it is not among the %d choices of the message", title, len(m.Choices))
}

// Contact is a contact card: own says that the person shared their own because
// they were asked to.
func (w *WhatsApp) Contact(u WhatsAppUser, number string, own bool) WhatsAppEvent {
	origin := "other"
	if own {
		origin = "contact_request"
	}
	return w.said(u, "contacts", map[string]any{"contacts": []any{map[string]any{
		"origin": origin, "name": map[string]any{"formatted_name": "Thandi Nkosi"},
		"phones": []any{map[string]any{"phone": "+" + number, "wa_id": number, "type": "CELL"}},
	}}})
}

// Other is a message of another kind, such as image, audio or reaction.
func (w *WhatsApp) Other(u WhatsAppUser, kind string) WhatsAppEvent {
	return w.said(u, kind, map[string]any{kind: map[string]any{"id": "1", "mime_type": "x/y"}})
}

// Status is what became of a message: sent, delivered, read, or failed with a code.
func (w *WhatsApp) Status(m WhatsAppMessage, status string, code int) WhatsAppEvent {
	s := map[string]any{"id": m.ID, "status": status, "timestamp": w.seconds(), "recipient_id": m.To}
	if strings.Contains(m.To, ".") {
		delete(s, "recipient_id")
		s["recipient_user_id"] = m.To
	}
	if m.Data != "" {
		s["biz_opaque_callback_data"] = m.Data
	}
	if status == "failed" {
		s["errors"] = []any{map[string]any{
			"code": code, "title": "Something", "message": "Something", "error_data": map[string]any{"details": "Something about " + m.To},
		}}
	} else {
		s["pricing"] = map[string]any{"billable": true, "pricing_model": "PMP", "category": "service", "type": "regular"}
	}
	return WhatsAppEvent{ID: m.ID, status: s}
}

// Body is one webhook with all of that, as Meta writes it: beyond ASCII in escapes.
func (w *WhatsApp) Body(events ...WhatsAppEvent) []byte {
	var contacts, messages, statuses []any
	seen := map[string]bool{}
	for _, e := range events {
		if e.status != nil {
			statuses = append(statuses, e.status)
			continue
		}
		messages = append(messages, e.message)
		if who := fmt.Sprint(e.contact); !seen[who] {
			seen[who] = true
			contacts = append(contacts, e.contact)
		}
	}
	var changes []any
	change := func(more map[string]any) {
		more["messaging_product"] = "whatsapp"
		more["metadata"] = map[string]any{"display_phone_number": "27101234567", "phone_number_id": w.PhoneNumberID}
		changes = append(changes, map[string]any{"field": "messages", "value": more})
	}
	if len(messages) > 0 {
		change(map[string]any{"contacts": contacts, "messages": messages})
	}
	if len(statuses) > 0 {
		change(map[string]any{"statuses": statuses})
	}
	b, err := json.Marshal(map[string]any{
		"object": "whatsapp_business_account", "entry": []any{map[string]any{"id": "8856996819413533", "changes": changes}},
	})
	if err != nil {
		panic(err) // maps of plain values
	}
	var out bytes.Buffer
	for _, r := range string(b) {
		switch {
		case r == '/':
			out.WriteString(`\/`)
		case r < 0x80:
			out.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		}
	}
	return out.Bytes()
}

// Sign is the header X-Hub-Signature-256 for a body.
func (w *WhatsApp) Sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(w.AppSecret))
	_, _ = mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Post brings a webhook with all of that to an address, and gives the HTTP status
// of the answer: all but 200 mean that it should come again.
func (w *WhatsApp) Post(ctx context.Context, address string, events ...WhatsAppEvent) (status int, err error) {
	body := w.Body(events...)
	return w.PostBody(ctx, address, body, w.Sign(body))
}

// PostBody brings any bytes, with any signature; an empty one is left out.
func (w *WhatsApp) PostBody(ctx context.Context, address string, body []byte, signature string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("post webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if signature != "" {
		req.Header.Set("X-Hub-Signature-256", signature)
	}
	status, _, err = whatsAppAsk(req)
	return status, err
}

// Handshake asks an address whether webhooks may come, as Meta does when it is
// entered.
func (w *WhatsApp) Handshake(ctx context.Context, address string) error {
	const challenge = "1158201444"
	q := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {w.VerifyToken}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	status, body, err := whatsAppAsk(req)
	if err != nil {
		return err
	}
	if status != http.StatusOK || string(body) != challenge {
		return fmt.Errorf("shake hands: HTTP status %d, and not the challenge alone", status)
	}
	return nil
}

// whatsAppAsk makes a request of Meta's: on a connection of its own, so that
// nothing is left of it.
func whatsAppAsk(req *http.Request) (status int, body []byte, err error) {
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return 0, nil, fmt.Errorf("read answer: %w", err)
	}
	return resp.StatusCode, body, nil
}
