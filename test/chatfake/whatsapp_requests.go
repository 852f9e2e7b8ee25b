package chatfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// whatsAppRequest is every field that a request here may have.
type whatsAppRequest struct {
	Product       string `json:"messaging_product"`
	RecipientType string `json:"recipient_type"`
	To            string `json:"to"`
	Recipient     string `json:"recipient"`
	Type          string `json:"type"`
	Data          string `json:"biz_opaque_callback_data"`
	Text          *struct {
		Body    string `json:"body"`
		Preview bool   `json:"preview_url"`
	} `json:"text"`
	Interactive *whatsAppInteractive `json:"interactive"`
	Template    *struct {
		Name     string `json:"name"`
		Language struct {
			Policy string `json:"policy"`
			Code   string `json:"code"`
		} `json:"language"`
		Components []struct {
			Type       string `json:"type"`
			Parameters []struct {
				Type string `json:"type"`
				Text string `json:"text"`
			} `json:"parameters"`
		} `json:"components"`
	} `json:"template"`
}

type whatsAppInteractive struct {
	Type string `json:"type"`
	Body struct {
		Text string `json:"text"`
	} `json:"body"`
	Action struct {
		Name    string `json:"name"`
		Buttons []struct {
			Type  string      `json:"type"`
			Reply whatsAppRow `json:"reply"`
		} `json:"buttons"`
		Button   string `json:"button"`
		Sections []struct {
			Title string        `json:"title"`
			Rows  []whatsAppRow `json:"rows"`
		} `json:"sections"`
	} `json:"action"`
}

type whatsAppRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

var (
	whatsAppNumber  = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)
	whatsAppUserID  = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)
	whatsAppVersion = regexp.MustCompile(`^v[1-9][0-9]\.0$`)
	// whatsAppRuns is what the parameter of a template may not hold.
	whatsAppRuns = regexp.MustCompile("[\n\t]| {4}")
)

// read reads a request, or says what is wrong with it and by which code.
func (w *WhatsApp) read(r *http.Request, body []byte) (m WhatsAppMessage, code int, complaint string) {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+w.Token:
		return m, 190, "another token"
	case !whatsAppVersion.MatchString(r.PathValue("version")) || r.PathValue("number") != w.PhoneNumberID:
		return m, 100, "another path: " + r.URL.Path
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return m, 100, "another content type"
	case !utf8.Valid(body):
		return m, 100, "not UTF-8"
	}
	var q whatsAppRequest
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil || dec.More() {
		return m, 100, fmt.Sprint("not the JSON of a message: ", err)
	}
	m = WhatsAppMessage{To: q.To + q.Recipient, Data: q.Data}
	switch {
	case q.Product != "whatsapp" || q.RecipientType != "individual":
		return m, 100, "messaging_product or recipient_type"
	case q.To != "" && q.Recipient != "" || !whatsAppNumber.MatchString(q.To) && !whatsAppUserID.MatchString(q.Recipient):
		return m, 131009, "to a number by to, or to a user id by recipient"
	case len(q.Data) > 512:
		return m, 131009, "biz_opaque_callback_data is too long"
	}
	if complaint := q.fill(&m); complaint != "" {
		return m, 131009, complaint
	}
	return m, 0, ""
}

// fill fills in what a message says; what is wrong with it otherwise.
func (q *whatsAppRequest) fill(m *WhatsAppMessage) (complaint string) {
	m.Kind = q.Type
	switch {
	case (q.Type == "text") != (q.Text != nil), (q.Type == "interactive") != (q.Interactive != nil), (q.Type == "template") != (q.Template != nil):
		return "type says another thing than there is"
	case q.Text != nil:
		m.Body = q.Text.Body
		return within("text.body", m.Body, 1, 4096)
	case q.Interactive != nil:
		m.Kind, m.Body = q.Interactive.Type, q.Interactive.Body.Text
		if c := within("interactive.body.text", m.Body, 1, 1024); c != "" {
			return c
		}
		return q.Interactive.fill(m)
	case q.Template == nil:
		return "no such type"
	}
	t := q.Template
	m.Template, m.Language = t.Name, t.Language.Code
	if t.Name == "" || t.Language.Code == "" || t.Language.Policy != "deterministic" ||
		len(t.Components) != 1 || t.Components[0].Type != "body" || len(t.Components[0].Parameters) != 1 || t.Components[0].Parameters[0].Type != "text" {
		return "the template"
	}
	m.Body = t.Components[0].Parameters[0].Text
	if whatsAppRuns.MatchString(m.Body) {
		return "the parameter of the template has ends of lines, tabs or many blanks"
	}
	return within("the parameter of the template", m.Body, 1, 1024)
}

// fill fills in the choices of a message.
func (i *whatsAppInteractive) fill(m *WhatsAppMessage) (complaint string) {
	a := i.Action
	title := 20
	switch {
	case i.Type == "request_contact_info" && a.Name == i.Type && a.Buttons == nil && a.Sections == nil && a.Button == "":
		return ""
	case i.Type == "button" && a.Name == "" && len(a.Buttons) >= 1 && len(a.Buttons) <= 3 && a.Sections == nil && a.Button == "":
		for _, b := range a.Buttons {
			if b.Type != "reply" || b.Reply.Description != "" {
				return "a button that is none"
			}
			m.Choices = append(m.Choices, WhatsAppChoice(b.Reply))
		}
	case i.Type == "list" && a.Name == "" && a.Buttons == nil && len(a.Sections) == 1:
		title = 24
		m.Open = a.Button
		if c := within("action.button", a.Button, 1, 20); c != "" {
			return c
		}
		if c := within("the title of a section", a.Sections[0].Title, 0, 24); c != "" {
			return c
		}
		if n := len(a.Sections[0].Rows); n < 1 || n > 10 {
			return "a list of no row, or more than ten"
		}
		for _, r := range a.Sections[0].Rows {
			m.Choices = append(m.Choices, WhatsAppChoice(r))
		}
	default:
		return "an interactive message that is none"
	}
	seen := map[string]bool{}
	for _, c := range m.Choices {
		if seen["id "+c.ID] || seen["title "+c.Title] {
			return "two choices alike"
		}
		seen["id "+c.ID], seen["title "+c.Title] = true, true
		for _, complaint := range []string{
			within("the id of a choice", c.ID, 1, 200), within("the title of a choice", c.Title, 1, title),
			within("the description of a choice", c.Description, 0, 72),
		} {
			if complaint != "" {
				return complaint
			}
		}
	}
	return ""
}

// within complains of a text that has too few characters or too many, or is blank
// at an end.
func within(what, s string, least, most int) (complaint string) {
	if n := utf8.RuneCountInString(s); n < least || n > most || strings.TrimSpace(s) != s {
		return fmt.Sprintf("%s has %d characters, or blanks at an end", what, n)
	}
	return ""
}
