package channels

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/dialog"
)

// Limits of the API.
const (
	waTimeout = 15 * time.Second
	waAnswer  = 64 << 10 // bytes of an answer that are read
	waData    = 512      // bytes of what a status repeats
)

// waWindow is how long after the last word of a person free text may be sent. It
// is 24 hours; what takes a while to get there must still be in time.
const waWindow = 24*time.Hour - 5*time.Minute

// waParam bounds the parameter of a template, in characters: the whole text of
// one has no more.
const waParam = 1024

// What a message was, as its statuses repeat it: a screen, and what it answered;
// a screen with a receipt, its name and for whom; a message, and our name for it.
const (
	waShown   = "shown:"
	waReceipt = "receipt:"
	waTold    = "told:"
)

// waShownData is what the statuses of a screen repeat.
func waShownData(s Said, r dialog.Reply) string {
	if r.Chat != nil && r.Chat.Receipt != "" && printable(r.Chat.Receipt) {
		return waReceipt + r.Chat.Receipt + " " + s.From
	}
	return waShown + s.ID
}

type waTemplate struct {
	Name       string        `json:"name"`
	Language   waLanguage    `json:"language"`
	Components []waComponent `json:"components"`
}

type waLanguage struct {
	Policy string `json:"policy"`
	Code   string `json:"code"`
}

type waComponent struct {
	Type       string     `json:"type"`
	Parameters []waFilled `json:"parameters"`
}

type waFilled struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Show implements Surface. A PIN that was typed stays in the chat: WhatsApp lets
// nobody delete what somebody else wrote, so the flow's words ask for it.
func (w *WhatsApp) Show(ctx context.Context, s Said, r dialog.Reply) error {
	all, data := w.screen(r), waShownData(s, r)
	_, err := w.sendAll(ctx, s.From, data, all)
	var refused *SendError
	if errors.As(err, &refused) && refused.Do == SendNever && len(all) > 0 && all[0].Interactive != nil {
		// Who does not take our buttons still takes our words.
		w.o.Log.WarnContext(ctx, "a screen is shown with numbers: its buttons were not taken",
			"channel", whatsAppName, "kind", all[0].Interactive.Type, "code", refused.Code)
		_, err = w.sendAll(ctx, s.From, data, waTexts(r.Text))
	}
	return err
}

// Tell implements Surface. Free text goes to who wrote within 24 hours; to others
// goes the template, where there is one.
func (w *WhatsApp) Tell(ctx context.Context, to Person, m Message) (taken string, err error) {
	user := to.User
	if user == "" {
		user = to.Number
	}
	if !to.Seen.IsZero() && w.o.Now().Sub(to.Seen) < waWindow {
		taken, err = w.sendAll(ctx, user, waTold+m.ID, waTexts(m.Text))
		var closed *SendError
		if !errors.As(err, &closed) || closed.Code != 131047 {
			return taken, err
		}
	}
	param := waFlat(m.Text)
	switch {
	case w.o.Template == "":
		return "", &SendError{Do: SendElsewhere, Code: 131047, What: "the person wrote more than 24 hours ago, and there is no template"}
	case param == "" || utf8.RuneCountInString(param) > waParam:
		return "", &SendError{Do: SendElsewhere, What: "the text does not fit the template"}
	}
	return w.sendAll(ctx, user, waTold+m.ID, []waMessageOut{{Type: "template", Template: &waTemplate{
		Name: w.o.Template, Language: waLanguage{Policy: "deterministic", Code: w.o.TemplateLanguage},
		Components: []waComponent{{Type: "body", Parameters: []waFilled{{Type: "text", Text: param}}}},
	}}})
}

// waFlat makes one line of a text: the parameter of a template may hold neither
// ends of lines, nor tabs, nor many blanks in a row. Lines stay apart, so that
// what was in two is not read as one number.
func waFlat(s string) string {
	var out strings.Builder
	for line := range strings.Lines(waPlain(s)) {
		line = strings.Join(strings.Fields(line), " ")
		switch so := out.String(); {
		case line == "":
			continue
		case so == "":
		case strings.HasSuffix(so, ":"):
			out.WriteString(" ")
		default:
			out.WriteString(" | ")
		}
		out.WriteString(line)
	}
	return out.String()
}

// sendAll sends messages to one person, in order, and names the last of them. It
// stops at the first that is not taken.
func (w *WhatsApp) sendAll(ctx context.Context, user, data string, all []waMessageOut) (taken string, err error) {
	if !waBSUID(user) && !waDigits(user) {
		return "", &SendError{Do: SendNever, What: "not a person of WhatsApp"}
	}
	if len(data) > waData {
		data = ""
	}
	for _, m := range all {
		m.Product, m.RecipientType, m.Data = "whatsapp", "individual", data
		if waBSUID(user) {
			m.Recipient = user
		} else {
			m.To = user
		}
		if taken, err = w.send(ctx, m); err != nil {
			return "", err
		}
	}
	return taken, nil
}

// send makes one request. A message whose answer is lost may have gone, and the
// API knows no repetition: sent again, it comes twice.
func (w *WhatsApp) send(ctx context.Context, m waMessageOut) (taken string, err error) {
	body, err := json.Marshal(m)
	if err != nil {
		return "", &SendError{Do: SendNever, What: "a message that can not be written"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return "", &SendError{Do: SendAlarm, What: "the API's address is wrong"}
	}
	req.Header.Set("Authorization", "Bearer "+w.o.Token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := w.client.Do(req)
	if err != nil {
		return "", waLost(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(resp.Body, waAnswer))
	if err != nil {
		return "", waLost(ctx, err)
	}
	var answer struct {
		Messages []struct {
			ID json.RawMessage `json:"id"`
		} `json:"messages"`
		Error *waFailure `json:"error"`
	}
	readable := json.Unmarshal(said, &answer) == nil
	if answer.Error != nil || resp.StatusCode < 200 || resp.StatusCode > 299 {
		var f waFailure
		if readable && answer.Error != nil {
			f = *answer.Error
		}
		return "", waRefused(resp.StatusCode, f, resp.Header.Get("Retry-After"))
	}
	if !readable || len(answer.Messages) == 0 {
		return "", &SendError{Do: SendLater, Code: resp.StatusCode, What: "the answer is not readable"}
	}
	var id string
	if json.Unmarshal(answer.Messages[0].ID, &id) != nil || !waName(id) {
		return "", nil // it went, and is never reported on
	}
	return whatsAppName + ":" + id, nil
}

// waLost is the error for a request that had no whole answer, in words of ours:
// those of the HTTP client can repeat what it was told.
func waLost(ctx context.Context, err error) *SendError {
	what := "no usable answer"
	var network net.Error
	switch {
	case ctx.Err() != nil:
		what = "given up before there was an answer"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		what = "no answer in time"
	}
	return &SendError{Do: SendLater, What: what}
}
